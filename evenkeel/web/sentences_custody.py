"""What entries of the drug ledger say, as one sentence each: lots, movements, counts and cases."""

from collections.abc import Callable
from typing import Any, Final

from evenkeel.record.counting import (
    CaseClosed,
    CaseHandedOver,
    CaseNoted,
    CaseOpened,
    CountRecorded,
    DayClosed,
    FormFiled,
    InventoryTaken,
    LossJudgedNotSignificant,
    NoticeSent,
    StockroomOpened,
)
from evenkeel.record.custody import (
    Account,
    DrawPosted,
    DrawVoided,
    DrugMoved,
    DrugReconciled,
    LotEntered,
    LotRecalled,
    WitnessRefused,
)
from evenkeel.web.custody_words import CAUSE_WORDS, mg_words, paper_words, place_words, witness_words
from evenkeel.web.jinja import clinic_date


def _lot_entered(said: LotEntered) -> str:
    return f"Lot {said.item.lot} of {said.item.label} entered, expires {clinic_date(said.item.expiry_date)}"


def _drug_moved(said: DrugMoved) -> str:
    what = f"{mg_words(said.amount)} from {place_words(said.source)} to {place_words(said.into)}"
    start = (
        "Kept" if said.pending else "Taken back" if said.corrects else CAUSE_WORDS[said.cause].capitalize()
    )
    more = [
        witness_words(said.witness_name, said.alone_because),
        paper_words(said.paper) if said.paper else "",
        said.reason.strip(),
    ]
    return "; ".join([f"{start}: {what}", *(each for each in more if each)])


def _draw_posted(said: DrawPosted) -> str:
    return f"{mg_words(said.amount)} of what was kept is taken"


def _draw_voided(said: DrawVoided) -> str:
    return f"What was kept is free again: {said.reason}"


def _lot_recalled(said: LotRecalled) -> str:
    paper = f" ({paper_words(said.paper)})" if said.paper else ""
    return f"Lot recalled{paper}: {said.reason}"


def _witness_refused(said: WitnessRefused) -> str:
    return f"{said.witness_name} did not confirm it ({said.what}): {said.reason}"


def _drug_reconciled(said: DrugReconciled) -> str:
    rests = [
        f"{place_words(Account(site='', place=rest.place, ref=rest.ref))} {rest.measured} measured, "
        f"{mg_words(rest.wasted)} wasted"
        + (f", {mg_words(rest.missing)} missing" if rest.missing.mcg else "")
        + (f", {mg_words(rest.surplus)} more than expected" if rest.surplus.mcg else "")
        for rest in said.rests
    ]
    more = [witness_words(said.witness_name, said.alone_because), said.explanation]
    what = "; ".join([*rests, *(each for each in more if each)])
    return f"Drug accounted for ({CAUSE_WORDS[said.cause]}): {what}"


def _stockroom_opened(_said: StockroomOpened) -> str:
    return "Counting of this site's stock begins"


def _count_recorded(said: CountRecorded) -> str:
    variances = len(said.variances)
    found = "nothing differs" if not variances else f"{variances} of {len(said.lines)} lines differ"
    note = f"; {said.note.strip()}" if said.note.strip() else ""
    return f"{said.purpose.capitalize()} count with {said.second_name}: {found}{note}"


def _day_closed(said: DayClosed) -> str:
    return f"Drug day {clinic_date(said.day)} closed with {said.second_name}"


def _inventory_taken(said: InventoryTaken) -> str:
    return f"The count stands as the inventory, as of the {said.as_of} of business"


def _case_opened(said: CaseOpened) -> str:
    return (
        f"Case opened for {said.owner_name}: {said.item.label}, lot {said.item.lot}, "
        f"{place_words(said.account)}: {mg_words(said.expected)} expected, {mg_words(said.found)} found"
    )


def _case_noted(said: CaseNoted) -> str:
    return said.text


def _case_handed_over(said: CaseHandedOver) -> str:
    return f"Case handed over to {said.owner_name}: {said.reason}"


def _notice_sent(said: NoticeSent) -> str:
    return f"Field office told in writing on {clinic_date(said.sent_date)}: {said.how}"


def _form_filed(said: FormFiled) -> str:
    return f"Form 106 filed on {clinic_date(said.filed_date)}, reference {said.reference}"


def _loss_not_significant(said: LossJudgedNotSignificant) -> str:
    return f"Judged not to be a theft or a significant loss, so nothing is reported: {said.reason}"


def _case_closed(said: CaseClosed) -> str:
    return f"Case closed with {said.second_name}, {said.outcome}: {said.explanation}"


SENTENCES: Final[tuple[Callable[[Any], str], ...]] = (
    _lot_entered,
    _drug_moved,
    _draw_posted,
    _draw_voided,
    _lot_recalled,
    _witness_refused,
    _drug_reconciled,
    _stockroom_opened,
    _count_recorded,
    _day_closed,
    _case_opened,
    _case_noted,
    _case_handed_over,
    _notice_sent,
    _form_filed,
    _inventory_taken,
    _loss_not_significant,
    _case_closed,
)
