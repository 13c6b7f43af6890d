"""Vials outside a visit's own course: broken, open for too long, thrown away, or given as a rescue drug."""

from fractions import Fraction
from typing import Final, Literal

from evenkeel.custody.remainders import VIAL_SLACK_ML, Remainder, remainder
from evenkeel.journey.acting import Act, require_plausible_time, touch, use_case
from evenkeel.journey.custody.book import Book, policy_now
from evenkeel.journey.custody.cases import Discovery, choose_owner, open_case_in
from evenkeel.journey.custody.stock import (
    KEPT_IN,
    KeptIn,
    reason_issues,
    time_issues,
    vial_issues,
    vials_of,
)
from evenkeel.journey.custody.witnessing import Witness, witnessed
from evenkeel.journey.rules import clinic_day
from evenkeel.journey.second_person import Proof
from evenkeel.record.custody import Account, Cause, DrugMoved, Place
from evenkeel.record.visits import VisitPhase, VisitState
from evenkeel.store import log, sites
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import Volume

OpenedCause = Literal["expired", "left_over", "spilled", "recalled"]
DiscardCause = Literal["expired", "broken", "recalled", "left_over"]

# A patient is in the clinic, so that a rescue drug can be given.
HERE: Final[tuple[VisitPhase, ...]] = (
    "awaiting_prescriber",
    "not_today",
    "checked_in",
    "ordered",
    "drawn",
    "double_checked",
    "ready",
    "running",
    "paused",
    "recovery",
)
# More units than this for one rescue dose is a slip of the pen. Proposal.
VIALS_AT_ONCE_MAX: Final = 20


class UnableToWasteStock(UnableTo):
    """The vial cannot be wasted like this; nothing moved."""


class UnableToGiveFromStock(UnableTo):
    """This drug cannot be given from stock like this; nothing moved."""


@use_case("custody.waste")
def break_vial(
    act: Act,
    *,
    lot: StreamId,
    source: KeptIn,
    vials: int,
    explanation: str,
    second: ClinicianId | None,
    proof_of_second: Proof | None,
    alone_because: str = "",
) -> StreamId:
    """Write down that sealed vials broke. A second person sees it, unless the drug is in no schedule.

    From the cabinet each one becomes an opened vial that is wasted. Out of the safe, or of a lot that is
    expired or recalled, no vial is opened: it counts as destroyed.
    """
    assert source in KEPT_IN, "a page offers only where stock is kept"
    issues = [*time_issues(act), *vial_issues(vials), *reason_issues(explanation, "explanation")]
    if issues:
        raise UnableToWasteStock(issues)
    book = Book(act, [lot])
    item = book.item(lot)
    if item.schedule is None:
        _move(book, lot, source, "wasted", vials_of(item, vials), "broken", None, explanation)
        book.write()
        return lot
    who = witnessed(act, second=second, proof=proof_of_second, alone_because=alone_because)
    usable = clinic_day(act.recorded_at) <= item.expiry_date and book.lot(lot).recall is None
    if source == "safe" or not usable:
        _move(book, lot, source, "destroyed", vials_of(item, vials), "broken", who, explanation)
    else:
        for _ in range(vials):
            number = book.next_vial(lot)
            _move(book, lot, source, "vial", item.vial, "broken", None, explanation, into_ref=number)
            _move(book, lot, "vial", "wasted", item.vial, "broken", who, explanation, source_ref=number)
    book.write()
    return lot


@use_case("custody.waste")
def waste_opened(
    act: Act,
    *,
    lot: StreamId,
    vial: str,
    measured: Volume,
    cause: OpenedCause,
    explanation: str,
    second: ClinicianId | None,
    proof_of_second: Proof | None,
    alone_because: str = "",
    owner: ClinicianId | None = None,
) -> StreamId:
    """Waste what is left of an opened vial that serves several visits, as it was measured.

    A difference beyond the slack needs an explanation; what is missing opens a case, which `owner` (a
    registrant or lead, by default who acts) looks into. A vial that serves one patient is in the hand of
    their visit and is wasted there.
    """
    book = Book(act, [lot])
    account, item = book.account(lot, "vial", vial), book.item(lot)
    expected = book.ledger.held(account, item)
    opened = book.ledger.opened(account, item)
    if opened is None or not expected.mcg:
        sentence = f"Vial {vial} holds nothing: it was never opened, or it is wasted already."
        raise UnableToWasteStock([Issue(sentence=sentence, code="nothing-left", field="vial")])
    issues = time_issues(act)
    if policy_now().vials.reuse == "single_patient" and opened.visit is not None:
        sentence = f"Vial {vial} was opened for a visit. Waste it on the page of that visit's drug."
        issues.append(Issue(sentence=sentence, code="of-a-visit", field="vial"))
    if book.ledger.free_mcg(account, item) < expected.mcg:
        sentence = f"Some of vial {vial} is kept for a visit. Cancel that order, or draw it, first."
        issues.append(Issue(sentence=sentence, code="kept", field="vial"))
    strength = Fraction(item.strength.mcg_per_ml)
    rest = remainder(expected, measured, mcg_per_ml=strength, slack_ml=VIAL_SLACK_ML)
    if rest.is_variance and not explanation.strip():
        sentence = "Explanation: what was measured is not what is expected. Say why."
        issues.append(Issue(sentence=sentence, code="variance-unexplained", field="explanation"))
    if issues:
        raise UnableToWasteStock(issues)
    who = witnessed(act, second=second, proof=proof_of_second, alone_because=alone_because)
    finder = choose_owner(act, owner, unable=UnableToWasteStock) if rest.missing.mcg else None
    _write_as_measured(book, lot, account, rest, cause, explanation, who)
    if finder is not None:
        found = Discovery(
            lot=lot,
            account=account,
            item=item,
            expected=rest.expected,
            found=rest.wasted,
            note=explanation.strip(),
        )
        open_case_in(act, found, finder)
    return lot


def _write_as_measured(
    book: Book,
    lot: StreamId,
    account: Account,
    rest: Remainder,
    cause: Cause,
    explanation: str,
    who: Witness,
) -> None:
    number = account.ref
    if rest.surplus.mcg:
        _move(book, lot, "surplus", "vial", rest.surplus, "found", None, explanation, into_ref=number)
    if rest.wasted.mcg:
        _move(book, lot, "vial", "wasted", rest.wasted, cause, who, explanation, source_ref=number)
    if rest.missing.mcg:
        _move(book, lot, "vial", "missing", rest.missing, "missing", who, explanation, source_ref=number)
    book.write()


@use_case("custody.waste")
def discard(
    act: Act, *, lot: StreamId, source: KeptIn, vials: int, cause: DiscardCause, reason: str
) -> StreamId:
    """Throw away vials of a drug that is in no schedule; nobody needs to witness it."""
    assert source in KEPT_IN, "a page offers only where stock is kept"
    issues = [*time_issues(act), *vial_issues(vials), *reason_issues(reason)]
    book = Book(act, [lot])
    item = book.item(lot)
    if item.schedule is not None:
        sentence = f"{item.label} is a controlled drug. Return it, or destroy it in front of a witness."
        issues.append(Issue(sentence=sentence, code="controlled"))
    if issues:
        raise UnableToWasteStock(issues)
    _move(book, lot, source, "wasted", vials_of(item, vials), cause, None, reason)
    book.write()
    return lot


@use_case("infusion.run")
def give_from_stock(
    act: Act,
    *,
    visit: StreamId,
    lot: StreamId,
    vials: int,
    given: DrugMass,
    second: ClinicianId | None = None,
    proof_of_second: Proof | None = None,
    alone_because: str = "",
) -> StreamId:
    """Take a rescue drug, or esketamine, out of the cabinet for a patient who is in the clinic.

    A controlled drug is opened, drawn and given, and what is left of it is wasted in front of a second person
    in the same step. Of a drug in no schedule whole vials are used, and `given` is all that they hold.
    Ketamine is drawn on an order and not here. Raises UnableToGiveFromStock.
    """
    state = log.fold_for_update(VisitState, visit)
    touch(state.booking.payload.patient)
    require_plausible_time(act, state)
    book = Book(act, [lot])
    item = book.item(lot)
    issues = _unfit(state, book, lot, vials, given)
    if issues:
        raise UnableToGiveFromStock(issues)
    if item.schedule is None:
        amount = vials_of(item, vials)
        _move(book, lot, "cabinet", "patient", amount, "given", None, "", into_ref=visit, visit=visit)
        book.write()
        return visit
    left = DrugMass(mcg=item.vial.mcg * vials - given.mcg)
    who = (
        witnessed(act, second=second, proof=proof_of_second, alone_because=alone_because)
        if left.mcg
        else None
    )
    to_give = given.mcg
    for _ in range(vials):
        number = book.next_vial(lot)
        part = DrugMass(mcg=min(to_give, item.vial.mcg))
        rest = item.vial - part
        to_give -= part.mcg
        _move(book, lot, "cabinet", "vial", item.vial, "drawn", None, "", into_ref=number, visit=visit)
        if part.mcg:
            _through_syringe(book, lot, number, part, visit)
        if rest.mcg:
            _move(book, lot, "vial", "wasted", rest, "left_over", who, "", source_ref=number, visit=visit)
    book.write()
    return visit


def _through_syringe(book: Book, lot: StreamId, number: str, part: DrugMass, visit: StreamId) -> None:
    _move(
        book, lot, "vial", "syringe", part, "drawn", None, "", source_ref=number, into_ref=visit, visit=visit
    )
    _move(
        book,
        lot,
        "syringe",
        "patient",
        part,
        "given",
        None,
        "",
        source_ref=visit,
        into_ref=visit,
        visit=visit,
    )


def _unfit(state: VisitState, book: Book, lot: StreamId, vials: int, given: DrugMass) -> list[Issue]:
    item, issues = book.item(lot), []
    if state.phase not in HERE:
        sentence = "The patient is not checked in, or has left. Nothing is given from stock."
        issues.append(Issue(sentence=sentence, code="not-here"))
    if item.drug == "ketamine":
        sentence = "Ketamine is drawn up on an order, on the page of the draw."
        issues.append(Issue(sentence=sentence, code="on-order-only", field="lot"))
    if book.lot(lot).site != sites.site_of(state.chair):
        sentence = "This lot is at another site than the patient."
        issues.append(Issue(sentence=sentence, code="other-site", field="lot"))
    if not 1 <= vials <= VIALS_AT_ONCE_MAX:
        sentence = f"Number opened: write a whole number from 1 to {VIALS_AT_ONCE_MAX}."
        issues.append(Issue(sentence=sentence, code="vials-number", field="vials"))
        return issues
    if item.schedule is not None:
        held, fewer = vials_of(item, vials), vials_of(item, vials - 1)
        if not fewer < given <= held:
            sentence = (
                f"Given: {given} is not what {vials} opened of {item.vial} each can have given. "
                f"It must be more than {fewer} and at most {held}."
            )
            issues.append(Issue(sentence=sentence, code="given-unlikely", field="given"))
    return issues


def _move(
    book: Book,
    lot: StreamId,
    source: Place,
    into: Place,
    amount: DrugMass,
    cause: Cause,
    who: Witness | None,
    reason: str,
    *,
    source_ref: str = "",
    into_ref: str = "",
    visit: StreamId | None = None,
) -> None:
    book.move(
        lot,
        DrugMoved(
            source=book.account(lot, source, source_ref),
            into=book.account(lot, into, into_ref),
            amount=amount,
            cause=cause,
            visit=visit,
            witness=who.id if who else None,
            witness_name=who.name if who else "",
            alone_because=who.alone_because if who else "",
            reason=reason.strip(),
        ),
    )
