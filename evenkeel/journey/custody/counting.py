"""Blind counts: two people write down what they find; only then is it compared with the ledger."""

from collections.abc import Sequence
from typing import Final, get_args

from evenkeel.custody.counts import (
    COUNTED,
    Count,
    UnableToCount,
    Variance,
    compare,
    places_to_count,
    to_count,
    untold_mcg,
)
from evenkeel.journey.acting import Act, use_case
from evenkeel.journey.custody.book import Book
from evenkeel.journey.custody.cases import Discovery, cases_standing, choose_owner, open_case_in
from evenkeel.journey.custody.stock import VIALS_MAX, site_issues, time_issues
from evenkeel.journey.second_person import Proof, prove_second
from evenkeel.record.counting import (
    AsOf,
    CountLine,
    CountPurpose,
    CountRecorded,
    InventoryTaken,
    StockroomOpened,
    StockroomState,
)
from evenkeel.record.custody import Account, Item, Place
from evenkeel.record.entry import Draft
from evenkeel.store import log, reading
from evenkeel.store.queries import counting, custody
from evenkeel.store.queries.people import Person
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import (
    ClinicianId,
    EntryId,
    IdempotencyKey,
    StreamId,
    entry_id,
    reference_of,
    stream_for,
)
from evenkeel.values.issues import Issue
from evenkeel.values.quantities import Volume
from evenkeel.values.shape import frozen

WHO_MAY_COUNT: Final = "a nurse, prescriber, registrant or lead who counts with you"
INVENTORIES: Final[frozenset[CountPurpose]] = frozenset({"initial", "biennial"})


@frozen
class Found:
    """What two people found of a lot in one place: sealed vials, or the volume in an opened one.

    `ref` is the number of an opened vial and empty for safe and cabinet.
    """

    lot: StreamId
    place: Place
    ref: str = ""
    vials: int | None = None
    volume: Volume | None = None

    def __post_init__(self) -> None:
        assert self.place in COUNTED, "what a visit has in hand is not counted"
        assert (self.vials is None) == (self.place == "vial"), "sealed vials are counted in vials"
        assert (self.volume is None) == (self.place != "vial"), "an opened vial is measured"


def stockroom_stream(site: str) -> StreamId:
    """The stream of a site's counts."""
    return stream_for("stockroom", IdempotencyKey(site))


def field_of(lot: StreamId, place: Place, ref: str) -> str:
    """The form's field for what is found of a lot in a place; an opened vial goes by its last number."""
    number = ref.rpartition("-")[2]
    return f"found_{reference_of(lot)}_{place}{f'_{number}' if number else ''}"


@use_case("stock.count")
def record_count(
    act: Act,
    *,
    site: str,
    purpose: CountPurpose,
    found: tuple[Found, ...],
    second: ClinicianId | None,
    proof_of_second: Proof | None,
    owner: ClinicianId | None = None,
    as_of: AsOf | None = None,
    note: str = "",
) -> StreamId:
    """Write down a count of everything that is sealed or opened at a site; returns the stockroom's stream.

    What differs from the ledger opens a case for `owner`, unless an open case tells of it already; without
    one it goes to the registrant or lead who counts. An inventory says `as_of` when in the day it stands.
    Raises UnableToCount: whatever holds drug must be among what was found, and written as 0 when it was not
    there. Issues name the fields of `field_of`, `owner`, `as_of` and those of the second person.
    """
    assert purpose in get_args(CountPurpose), "pages offer the purposes that there are"
    standing = custody.balances(site, "safe", "cabinet", "vial")
    book = Book(act, {*(each.lot.stream for each in standing), *(each.lot for each in found)})
    issues = [*time_issues(act), *site_issues(site), *_found_issues(book, site, found)]
    issues += _left_out(book, found)
    if purpose in INVENTORIES:
        issues += _inventory_issues(site, as_of)
    person = prove_second(
        act,
        second=second,
        proof=proof_of_second or Proof(),
        action="stock.count",
        unable=UnableToCount,
        who_may=WHO_MAY_COUNT,
        besides=issues,
    )
    finds_out = choose_owner(act, owner, otherwise=person, unable=UnableToCount)
    lines = _lines(book, act, found, person.id)
    state = hold_stockroom(act, site)
    count = entry_id(state.stream, state.seq + 1)
    recorded = CountRecorded(
        purpose=purpose, lines=lines, second=person.id, second_name=person.printed_name, note=note.strip()
    )
    drafts = [Draft(payload=recorded, happened_at=act.happened_at)]
    if purpose in INVENTORIES:
        assert as_of is not None, "an inventory without its time of day was refused above"
        drafts.append(Draft(payload=InventoryTaken(count=count, as_of=as_of), happened_at=act.happened_at))
    log.append(state, drafts, by=act.by, key=act.key, recorded_at=act.recorded_at)
    for line in recorded.variances:
        _open_case(act, line, count, finds_out)
    return state.stream


def _found_issues(book: Book, site: str, found: Sequence[Found]) -> list[Issue]:
    """Everything wrong with what was written down, line by line."""
    issues, seen = [], set()
    for each in found:
        field = field_of(each.lot, each.place, each.ref)
        item = book.item(each.lot)
        if field in seen:
            sentence = f"Lot {item.lot} in the {each.place} stands here twice. Write down all of it once."
            issues.append(Issue(sentence=sentence, code="counted-twice", field=field))
        seen.add(field)
        if book.lot(each.lot).site != site:
            sentence = f"Lot {item.lot} is held at another site. Count it there."
            issues.append(Issue(sentence=sentence, code="other-site", field=field))
        elif each.place == "vial":
            issues += _opened_issues(book, each, field)
        elif not 0 <= (each.vials or 0) <= VIALS_MAX:
            sentence = f"Vials: write a whole number from 0 to {VIALS_MAX}."
            issues.append(Issue(sentence=sentence, code="vials-number", field=field))
    return issues


def _opened_issues(book: Book, each: Found, field: str) -> list[Issue]:
    item, vial = book.item(each.lot), book.account(each.lot, "vial", each.ref)
    if book.ledger.opened(vial, item) is None:
        sentence = f"No vial {each.ref} was opened. Read the number on it again."
        return [Issue(sentence=sentence, code="not-opened", field=field)]
    assert each.volume is not None, "an opened vial is measured"
    exact = item.strength.mass_in(each.volume)
    if exact.denominator != 1:
        sentence = "Write milliliters with at most three decimals."
        return [Issue(sentence=sentence, code="volume-too-fine", field=field)]
    if exact > item.vial.mcg:
        sentence = f"A vial of {item.label} holds less than {each.volume}. Look again."
        return [Issue(sentence=sentence, code="more-than-a-vial", field=field)]
    return []


def _left_out(book: Book, found: Sequence[Found]) -> list[Issue]:
    """What holds drug and was not written down, as after a vial was opened while two people counted."""
    told = {(each.lot, each.place, each.ref) for each in found}
    return [
        Issue(
            sentence=f"Count lot {item.lot} ({account}) too; write 0 if none is there.",
            code="not-counted",
            field=field_of(book.lot_of(item), account.place, account.ref),
        )
        for account in places_to_count(book.ledger)
        for item in to_count(book.ledger, account)
        if (book.lot_of(item), account.place, account.ref) not in told
    ]


def _inventory_issues(site: str, as_of: AsOf | None) -> list[Issue]:
    """An inventory stands for the opening or the close of business, when nothing runs."""
    issues = []
    if as_of is None:
        sentence = "Say whether it is taken at the opening or the close of business."
        issues.append(Issue(sentence=sentence, code="as-of-missing", field="as_of"))
    if counting.in_hand(site, single_patient=False):
        sentence = "An inventory is taken while no visit has drug in hand. Count when the last one is done."
        issues.append(Issue(sentence=sentence, code="in-use"))
    return issues


def _lines(book: Book, act: Act, found: Sequence[Found], second: ClinicianId) -> tuple[CountLine, ...]:
    """What was found beside what the ledger expects, place by place."""
    amounts: dict[Account, dict[Item, DrugMass]] = {}
    for each in found:
        place = book.account(each.lot, each.place, each.ref)
        amounts.setdefault(place, {})[book.item(each.lot)] = _amount(book.item(each.lot), each)
    lines = []
    for place, masses in amounts.items():
        count = Count(id=act.key, place=place, found=masses, at=act.recorded_at, by=act.by.id, second=second)
        differs = {each.item: each for each in compare(book.ledger, count)}
        lines += [_line(book, place, item, mass, differs.get(item)) for item, mass in masses.items()]
    return tuple(lines)


def _amount(item: Item, each: Found) -> DrugMass:
    if each.volume is not None:
        return DrugMass(mcg=int(item.strength.mass_in(each.volume)))
    assert each.vials is not None, "sealed vials are counted in vials"
    return DrugMass(mcg=item.vial.mcg * each.vials)


def _line(book: Book, place: Account, item: Item, mass: DrugMass, differs: Variance | None) -> CountLine:
    expected = differs.expected if differs else mass
    return CountLine(lot=book.lot_of(item), account=place, item=item, expected=expected, found=mass)


def hold_stockroom(act: Act, site: str) -> StockroomState:
    """The counts of a site, held until the transaction ends; call it after the lots are held."""
    stream = stockroom_stream(site)
    if reading.head(stream) is not None:
        return log.fold_for_update(StockroomState, stream)
    try:
        state = log.open_stream(StockroomState, stream)
    except log.StreamExists as taken:
        # Somebody else counted here for the first time at the same moment; this count decides again.
        raise log.LostRace from taken
    draft = Draft(payload=StockroomOpened(site=site), happened_at=act.happened_at)
    return log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)


def _open_case(act: Act, line: CountLine, count: EntryId, finds_out: Person) -> None:
    standing = cases_standing(line.lot, line.account)
    untold = untold_mcg(line.difference_mcg, [each.difference_mcg for each in standing])
    if not untold:
        return
    note = ""
    if untold != line.difference_mcg:
        note = "Beside what an earlier case tells of this place, which is still open."
    elif standing:
        note = "An earlier case tells another difference of this place. If this count is right, close it."
    open_case_in(
        act,
        Discovery(
            lot=line.lot,
            account=line.account,
            item=line.item,
            expected=DrugMass(mcg=line.found.mcg - untold),
            found=line.found,
            count=count,
            note=note,
        ),
        finds_out,
    )
