"""Drug that is missing or too much: who finds out, what is due, and what the ledger is told in the end."""

from datetime import date
from typing import Final

from evenkeel.custody.counts import COUNTED, retold_mcg
from evenkeel.journey import policy
from evenkeel.journey.acting import Act, require_seen, use_case
from evenkeel.journey.custody.book import Book
from evenkeel.journey.custody.stock import reason_issues, time_issues
from evenkeel.journey.rules import clinic_day
from evenkeel.journey.second_person import Proof, prove_second
from evenkeel.record.counting import (
    CaseClosed,
    CaseHandedOver,
    CaseNoted,
    CaseOpened,
    CaseOutcome,
    CaseState,
    CountRecorded,
    FormFiled,
    LossJudgedNotSignificant,
    NoticeSent,
)
from evenkeel.record.custody import Account, Cause, DrugMoved, Item, LotState, Paper
from evenkeel.record.entry import Draft, Payload
from evenkeel.record.state import Written
from evenkeel.store import log, reading
from evenkeel.store.queries import counting, people
from evenkeel.store.queries.custody import CaseLine
from evenkeel.store.queries.people import Person
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId, EntryId, IdempotencyKey, StreamId, stream_for
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.shape import frozen

WHO_SEES_IT: Final = "a nurse, prescriber, registrant or lead who looked into it with you"
TEXT_CHARACTERS_MAX: Final = 2000
# The agency that is told of a loss, as the paper of a reported loss names it.
AGENCY: Final = "DEA"


class UnableToWorkOnCase(UnableTo):
    """The case cannot be opened, carried on or closed like this."""


@frozen
class Discovery:
    """A difference that somebody found: what the ledger expected in an account, and what was there.

    `count` is the entry of the count that showed it, `visit` the visit whose drug it is; None for neither.
    """

    lot: StreamId
    account: Account
    item: Item
    expected: DrugMass
    found: DrugMass
    count: EntryId | None = None
    visit: StreamId | None = None
    note: str = ""

    def __post_init__(self) -> None:
        assert self.expected != self.found, "where nothing differs there is no case"


def choose_owner(
    act: Act, owner: ClinicianId | None, *, unable: type[UnableTo], otherwise: Person | None = None
) -> Person:
    """Who finds out: the one who was chosen, or who acts, or a second person, of those who may.

    Raises `unable` with the field `owner` when none of them is a registrant or lead.
    """
    for wanted in (act.by.id, otherwise.id if otherwise else None) if owner is None else (owner,):
        person = next((each for each in people.every() if each.id == wanted), None)
        if person is not None and policy.may(person.role, "case.work"):
            return person
    sentence = "Who finds out: choose a registrant or lead."
    raise unable([Issue(sentence=sentence, code="owner", field="owner")])


def cases_standing(lot: StreamId, account: Account) -> tuple[CaseLine, ...]:
    """The open cases about an account, oldest first."""
    return tuple(
        each
        for each in counting.cases_of(lot, place=account.place, ref=account.ref)
        if each.closed_at is None
    )


def open_case_in(act: Act, found: Discovery, owner: Person) -> StreamId:
    """Open a case inside another use case's transaction, after its lots are held; returns the case."""
    key = IdempotencyKey(f"{act.key}/{found.lot}/{found.account.place}/{found.account.ref}")
    try:
        state = log.open_stream(CaseState, stream_for("case", key))
    except log.StreamExists as taken:
        # The same request is being carried out at this moment; deciding again finds what it wrote.
        raise log.LostRace from taken
    opened = CaseOpened(
        site=found.account.site,
        lot=found.lot,
        account=found.account,
        item=found.item,
        expected=found.expected,
        found=found.found,
        discovered_at=act.happened_at,
        owner=owner.id,
        owner_name=owner.printed_name,
        count=found.count,
        visit=found.visit,
        note=found.note,
    )
    draft = Draft(payload=opened, happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return state.stream


@use_case("stock.count")
def open_case(
    act: Act, *, lot: StreamId, account: Account, found: DrugMass, owner: ClinicianId | None, note: str
) -> StreamId:
    """Open a case for what somebody noticed without a count: `found` is what is there; returns the case.

    Raises UnableToWorkOnCase with the fields `found`, `owner` and `note`.
    """
    book = Book(act, [lot])
    item = book.item(lot)
    expected = book.ledger.held(account, item)
    issues = [*time_issues(act), *reason_issues(note, "note")]
    if account.place in ("safe", "cabinet") and found.mcg % item.vial.mcg:
        sentence = "How much is there now: sealed vials are counted whole."
        issues.append(Issue(sentence=sentence, code="not-whole-vials", field="found"))
    if found == expected:
        sentence = "How much is there now: this is what the ledger says, so nothing differs."
        issues.append(Issue(sentence=sentence, code="nothing-differs", field="found"))
    difference = found.mcg - expected.mcg
    if difference in {each.difference_mcg for each in cases_standing(lot, account)}:
        sentence = "How much is there now: an open case tells exactly this. Write a note there."
        issues.append(Issue(sentence=sentence, code="told-already", field="found"))
    if issues:
        raise UnableToWorkOnCase(issues)
    finds_out = choose_owner(act, owner, unable=UnableToWorkOnCase)
    visit = StreamId(account.ref) if account.place in ("bag", "syringe") else None
    discovery = Discovery(
        lot=lot, account=account, item=item, expected=expected, found=found, visit=visit, note=note.strip()
    )
    return open_case_in(act, discovery, finds_out)


# --- carrying on --------------------------------------------------------------------------------------------


@use_case("case.work")
def note_case(act: Act, *, case: StreamId, text: str) -> StreamId:
    """Write down what was found out; a closed case can still be added to."""
    state = log.fold_for_update(CaseState, case)
    issues = [*time_issues(act), *reason_issues(text, "text")]
    return _write(act, state, CaseNoted(text=text.strip()), issues)


@use_case("case.work")
def hand_over_case(act: Act, *, case: StreamId, owner: ClinicianId, reason: str) -> StreamId:
    """Let another registrant or lead find out."""
    state = log.fold_for_update(CaseState, case)
    issues = [*time_issues(act), *_open_issues(state), *reason_issues(reason)]
    if owner == state.owner[0]:
        sentence = "Who finds out: this person has the case already."
        issues.append(Issue(sentence=sentence, code="same-owner", field="owner"))
    if issues:
        raise UnableToWorkOnCase(issues)
    finds_out = choose_owner(act, owner, unable=UnableToWorkOnCase)
    handed = CaseHandedOver(owner=finds_out.id, owner_name=finds_out.printed_name, reason=reason.strip())
    return _write(act, state, handed, [])


@use_case("case.work")
def note_notice(act: Act, *, case: StreamId, sent_date: date, how: str) -> StreamId:
    """Write down that a person told the field office in writing; the application sends nothing."""
    state = log.fold_for_update(CaseState, case)
    issues = [*time_issues(act), *_report_issues(state, state.notice, "notice")]
    issues += _date_issues(act, state, sent_date, "sent_date")
    issues += reason_issues(how, "how")
    return _write(act, state, NoticeSent(sent_date=sent_date, how=how.strip()), issues)


@use_case("case.work")
def note_form(act: Act, *, case: StreamId, filed_date: date, reference: str) -> StreamId:
    """Write down that a person filed form 106; what was lost is then a reported loss in the ledger too."""
    opened = reading.case(case).opened.payload
    book = Book(act, [opened.lot])
    state = log.fold_for_update(CaseState, case)
    issues = [*time_issues(act), *_report_issues(state, state.form, "form 106")]
    issues += _date_issues(act, state, filed_date, "filed_date")
    if not reference.strip():
        sentence = "Reference: write the number that the agency's site gave the form."
        issues.append(Issue(sentence=sentence, code="reference-missing", field="reference"))
    filed = FormFiled(filed_date=filed_date, reference=reference.strip())
    written = _write(act, state, filed, issues)
    if state.closed is not None and state.closed.payload.outcome == "lost":
        _report(book, opened, filed, state.closed.payload.explanation)
        book.write()
    return written


@use_case("case.work")
def judge_not_significant(act: Act, *, case: StreamId, reason: str) -> StreamId:
    """Write down why the loss is neither a theft nor significant, so that nothing has to be reported.

    What is weighed stands in 21 CFR 1301.76(b); the judgment is the registrant's and not the application's.
    """
    state = log.fold_for_update(CaseState, case)
    issues = [*time_issues(act), *_report_issues(state, state.not_significant, "judgment")]
    if state.notice is not None or state.form is not None:
        sentence = "The loss was reported already, so it cannot be judged not to need it."
        issues.append(Issue(sentence=sentence, code="reported-already"))
    issues += reason_issues(reason)
    return _write(act, state, LossJudgedNotSignificant(reason=reason.strip()), issues)


def is_reportable(state: CaseState) -> bool:
    """Whether the law may ask for a report: drug of a schedule is missing, and was not found again."""
    closed = state.closed
    return (
        state.opened.payload.item.schedule is not None
        and state.difference_mcg < 0
        and (closed is None or closed.payload.outcome == "lost")
    )


def _report_issues(state: CaseState, stands: object | None, what: str) -> list[Issue]:
    if not is_reportable(state):
        sentence = "Nothing of a scheduled drug is lost in this case, so there is nothing to report."
        return [Issue(sentence=sentence, code="nothing-to-report")]
    if stands is not None:
        sentence = f"The {what} stands in this case already. Write a note if there is more to say."
        return [Issue(sentence=sentence, code="told-already")]
    return []


def _date_issues(act: Act, state: CaseState, day: date, field: str) -> list[Issue]:
    first = clinic_day(state.opened.payload.discovered_at)
    if first <= day <= clinic_day(act.recorded_at):
        return []
    sentence = f"Date: it must lie between {first:%d %b %Y}, when it was discovered, and today."
    return [Issue(sentence=sentence, code="date-range", field=field)]


def _open_issues(state: CaseState) -> list[Issue]:
    if state.closed is None:
        return []
    sentence = f"{state.closed.by.printed_name} closed this case on {state.closed.at:%d %b %Y}."
    return [Issue(sentence=sentence, code="case-closed")]


def _write(act: Act, state: CaseState, payload: Payload, issues: list[Issue]) -> StreamId:
    if issues:
        raise UnableToWorkOnCase(issues)
    draft = Draft(payload=payload, happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return state.stream


# --- closing ------------------------------------------------------------------------------------------------


@use_case("case.work")
def close_case(
    act: Act,
    *,
    case: StreamId,
    outcome: CaseOutcome,
    explanation: str,
    second: ClinicianId | None,
    proof_of_second: Proof | None,
) -> StreamId:
    """Close a case, and tell the ledger what it must know in the same transaction; returns the case.

    "recounted": a later count found it right. "misrecorded": corrections in the lot explain it. "found":
    a surplus is taken in, or what was missing was there at a later count. "lost": it goes to what is missing
    and, once form 106 is filed, to the reported losses. Raises UnableToWorkOnCase with the fields `outcome`
    and `explanation`, or UnableToTransfer when the ledger refuses.
    """
    opened = reading.case(case).opened.payload
    book = Book(act, [opened.lot])
    state = log.fold_for_update(CaseState, case)
    require_seen(state, act)
    if issues := _open_issues(state):
        raise UnableToWorkOnCase(issues)
    issues = [*time_issues(act), *reason_issues(explanation, "explanation")]
    issues += _outcome_issues(book, state, outcome)
    person = prove_second(
        act,
        second=second,
        proof=proof_of_second or Proof(),
        action="custody.witness",
        unable=UnableToWorkOnCase,
        who_may=WHO_SEES_IT,
        besides=issues,
    )
    _tell_ledger(book, state, outcome, explanation, person)
    book.write()
    closed = CaseClosed(
        outcome=outcome,
        explanation=explanation.strip(),
        second=person.id,
        second_name=person.printed_name,
    )
    return _write(act, state, closed, [])


def told_at_once(lot: LotState, state: CaseState) -> tuple[Written[DrugMoved], ...]:
    """The movements to what is missing that were written together with the case.

    There are some where the rest of a bag or vial was measured and wasted, and none after a count.
    """
    key, account = state.opened.history[0].key, state.opened.payload.account
    return tuple(
        fact
        for fact in lot.every(DrugMoved)
        if fact.history[0].key == key
        and (fact.payload.source, fact.payload.into.place) == (account, "missing")
    )


def _still_missing(book: Book, state: CaseState) -> tuple[Written[DrugMoved], ...]:
    """Those of them that nobody took back."""
    told, ledger = told_at_once(book.lot(state.opened.payload.lot), state), book.ledger
    return tuple(fact for fact in told if ledger.left_to_correct(ledger.moved(fact.id)))


def _tell_ledger(
    book: Book, state: CaseState, outcome: CaseOutcome, explanation: str, person: Person
) -> None:
    """Move what the outcome says moved; what the ledger was told before is not told again."""
    opened = state.opened.payload
    gone = _still_missing(book, state)
    missing = Account(site=opened.site, place="missing")
    if outcome == "found" and state.difference_mcg > 0:
        ways = Account(site=opened.site, place="surplus"), opened.account
        _move(book, opened, ways, cause="found", explanation=explanation, witness=person)
    elif outcome == "lost":
        if not gone:
            ways = opened.account, missing
            _move(book, opened, ways, cause="missing", explanation=explanation, witness=person)
        if state.form is not None:
            _report(book, opened, state.form.payload, explanation)
    elif outcome in ("found", "recounted"):
        # It was in what was opened, which nobody can use any more: it is waste, not missing.
        for fact in gone:
            ways = missing, opened.account
            _move(
                book,
                opened,
                ways,
                cause="wrong_entry",
                explanation=explanation,
                witness=person,
                corrects=fact.id,
            )
            ways = opened.account, Account(site=opened.site, place="wasted")
            _move(book, opened, ways, cause="left_over", explanation=explanation, witness=person)


def _move(
    book: Book,
    opened: CaseOpened,
    ways: tuple[Account, Account],
    *,
    cause: Cause,
    explanation: str,
    witness: Person,
    corrects: EntryId | None = None,
) -> None:
    """Move the whole difference one way."""
    source, into = ways
    book.move(
        opened.lot,
        DrugMoved(
            source=source,
            into=into,
            amount=DrugMass(mcg=abs(opened.found.mcg - opened.expected.mcg)),
            cause=cause,
            visit=opened.visit,
            witness=witness.id,
            witness_name=witness.printed_name,
            corrects=corrects,
            reason=explanation.strip(),
        ),
    )


def _report(book: Book, opened: CaseOpened, filed: FormFiled, explanation: str) -> None:
    """What is missing is a reported loss from now on."""
    lost = DrugMass(mcg=opened.expected.mcg - opened.found.mcg)
    book.move(
        opened.lot,
        DrugMoved(
            source=Account(site=opened.site, place="missing"),
            into=Account(site=opened.site, place="reported_loss"),
            amount=lost,
            cause="reported",
            visit=opened.visit,
            reason=explanation.strip(),
            paper=Paper(kind="loss", number=filed.reference, on_date=filed.filed_date, party=AGENCY),
        ),
    )


def _outcome_issues(book: Book, state: CaseState, outcome: CaseOutcome) -> list[Issue]:
    """Why the case cannot end like this."""
    difference = state.difference_mcg
    gone = _still_missing(book, state)
    sentence = None
    if outcome == "lost" and difference > 0:
        sentence = "Outcome: there is too much of it, so nothing is lost."
    elif outcome == "misrecorded":
        sentence = _not_corrected(book, state)
    elif outcome == "recounted" or (outcome == "found" and difference < 0):
        sentence = None if gone else _not_counted_again(state)
    return [Issue(sentence=sentence, code=f"not-{outcome}", field="outcome")] if sentence else []


def _not_corrected(book: Book, state: CaseState) -> str | None:
    """What is left to correct in the lot before the records alone explain the difference; else None."""
    opened = state.opened
    said = opened.payload
    if _still_missing(book, state):
        return f"Outcome: take back what went to the missing, in lot {said.item.lot}, first."
    lot = book.lot(said.lot)
    if told_at_once(lot, state):
        return None
    retold = retold_mcg(
        book.ledger,
        lot,
        said.account,
        discovered_at=said.discovered_at,
        known_at=opened.history[0].recorded_at,
    )
    others = counting.cases_of(said.lot, place=said.account.place, ref=said.account.ref)
    retold -= sum(
        each.difference_mcg
        for each in others
        if each.outcome == "misrecorded" and each.closed_at is not None and each.closed_at >= opened.at
    )
    if retold == state.difference_mcg:
        return None
    return (
        f"Outcome: correct the wrong movement in lot {said.item.lot} first. Corrections since then come to "
        f"{_signed(retold)}, and {_signed(state.difference_mcg)} is to be explained."
    )


def _signed(mcg: int) -> str:
    return f"{'-' if mcg < 0 else ''}{DrugMass(mcg=abs(mcg))}"


def _not_counted_again(state: CaseState) -> str | None:
    """Why no later count says that nothing differs here; None when one does.

    What a visit had in hand is in no count; two people's word that it was measured again stands for one.
    """
    opened = state.opened
    said = opened.payload
    if said.account.place not in COUNTED:
        return None
    stockroom = counting.stockroom(said.site)
    known_at = opened.history[0].recorded_at
    later = [
        fact.payload
        for fact in (stockroom.counts if stockroom else ())
        if fact.history[0].recorded_at > known_at
    ]
    if not later:
        return "Outcome: count the stock again first. Nobody has counted it since this case was opened."
    left = _difference_in(later[-1], said.lot, said.account)
    others = [
        each.difference_mcg
        for each in counting.cases_of(said.lot, place=said.account.place, ref=said.account.ref)
        if each.stream != state.stream and each.discovered_at >= said.discovered_at
    ]
    if left in {0, sum(others), *others}:
        return None
    return "Outcome: the last count found the same difference again, so a recount does not explain it."


def _difference_in(count: CountRecorded, lot: StreamId, account: Account) -> int:
    """What a count found too much or too little in an account; 0 too where it held nothing to count."""
    lines = [line for line in count.lines if (line.lot, line.account) == (lot, account)]
    return sum(line.difference_mcg for line in lines)
