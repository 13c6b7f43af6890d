"""The end of the drug day: counted by two, every difference explained, and no drug left in hand."""

from datetime import date
from typing import Final

from evenkeel.custody.counts import places_to_count, to_count
from evenkeel.journey.acting import Act, use_case
from evenkeel.journey.custody.book import Book
from evenkeel.journey.custody.counting import WHO_MAY_COUNT, hold_stockroom
from evenkeel.journey.custody.stock import site_issues, time_issues
from evenkeel.journey.rules import clinic_clock, clinic_day
from evenkeel.journey.second_person import Proof, prove_second
from evenkeel.record.counting import CountRecorded, DayClosed, StockroomState
from evenkeel.record.entry import Draft
from evenkeel.record.state import Written
from evenkeel.store import log
from evenkeel.store.queries import counting, custody, settings
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue, UnableTo

PLACES: Final = ("safe", "cabinet", "vial")


class UnableToCloseDay(UnableTo):
    """Something is not counted, not explained or not wasted yet."""


@use_case("stock.count")
def close_day(act: Act, *, site: str, second: ClinicianId | None, proof_of_second: Proof | None) -> StreamId:
    """Close the clinic's drug day at a site, by two people; returns the stockroom's stream.

    Raises UnableToCloseDay with everything that `holds_the_day` names.
    """
    if issues := site_issues(site):
        raise UnableToCloseDay(issues)
    book = Book(act, {each.lot.stream for each in custody.balances(site, *PLACES, "bag", "syringe")})
    state = hold_stockroom(act, site)
    day = clinic_day(act.recorded_at)
    issues = [*time_issues(act), *holds_the_day(site, day)]
    count = closing_count(state, day)
    if count is not None and not issues and not _agrees(book, count.payload):
        issues.append(_moved_since())
    person = prove_second(
        act,
        second=second,
        proof=proof_of_second or Proof(),
        action="stock.count",
        unable=UnableToCloseDay,
        who_may=WHO_MAY_COUNT,
        besides=issues,
    )
    assert count is not None, "a day without a closing count was refused above"
    closed = DayClosed(day=day, count=count.id, second=person.id, second_name=person.printed_name)
    draft = Draft(payload=closed, happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return state.stream


def closing_count(state: StockroomState | None, day: date) -> Written[CountRecorded] | None:
    """The last closing count of a clinic day, or None."""
    counts = state.counts if state else ()
    closing = [fact for fact in counts if fact.payload.purpose == "closing" and clinic_day(fact.at) == day]
    return closing[-1] if closing else None


def holds_the_day(site: str, day: date) -> tuple[Issue, ...]:
    """Everything that keeps a site's drug day open: no count, an open case, a visit with drug in hand."""
    state = counting.stockroom(site)
    count = closing_count(state, day)
    issues = [*_count_issues(site, state, count)]
    issues += [_case_issue(each) for each in custody.cases(only_open=True, site=site)]
    single_patient = settings.current().is_single_patient
    issues += [_visit_issue(visit) for visit in sorted(counting.in_hand(site, single_patient=single_patient))]
    return tuple(issues)


def _count_issues(
    site: str, state: StockroomState | None, count: Written[CountRecorded] | None
) -> list[Issue]:
    if count is None:
        sentence = "The closing count of today is missing. Count the stock with a second person."
        return [Issue(sentence=sentence, code="no-closing-count")]
    counted_at, moved_at = count.history[0].recorded_at, counting.last_moved_at(site)
    if moved_at is not None and moved_at > counted_at:
        return [_moved_since()]
    closed = state.days_closed[-1] if state and state.days_closed else None
    if closed is not None and closed.payload.count == count.id:
        sentence = (
            f"{closed.by.printed_name} closed this day at {clinic_clock(closed.at)}; nothing moved since."
        )
        return [Issue(sentence=sentence, code="closed-already")]
    return []


def _moved_since() -> Issue:
    sentence = "Drug moved since the closing count. Count the stock again."
    return Issue(sentence=sentence, code="moved-since-count")


def _case_issue(case: custody.CaseLine) -> Issue:
    what = "something is missing" if case.difference_mcg < 0 else "there is too much"
    sentence = (
        f"A case is open: {what} of lot {case.lot.item.lot}, {case.lot.item.label} ({case.account}). "
        f"{case.owner_name} closes it with an explanation."
    )
    return Issue(sentence=sentence, code="case-open")


def _visit_issue(visit: StreamId) -> Issue:
    place = counting.visit_place(visit)
    where = f"of {clinic_clock(place.starts_at)} in {place.chair}" if place else "without a booking"
    sentence = f"The visit {where} has drug in hand. Give it, put it back, or waste it with a witness."
    return Issue(sentence=sentence, code="drug-in-hand")


def _agrees(book: Book, count: CountRecorded) -> bool:
    """Whether every place still holds what it was expected to hold at the count."""
    expected = {(line.lot, line.account): line.expected for line in count.lines if line.expected.mcg}
    held = {
        (book.lot_of(item), place): book.ledger.held(place, item)
        for place in places_to_count(book.ledger)
        for item in to_count(book.ledger, place)
    }
    return expected == held
