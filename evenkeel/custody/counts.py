"""Physical counts: two people write down what they find before they are shown what the ledger expects."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from evenkeel.custody.ledger import Ledger
from evenkeel.record.custody import Account, DrawPosted, DrugMoved, Item, LotState, Place
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.shape import frozen

# A theft or a significant loss: written notice within one business day, form DEA-106 within 45 days
# (88 FR 40707; clinical-protocol.md section 9).
NOTICE_BUSINESS_DAYS: Final = 1
FORM_106_DAYS: Final = 45
SATURDAY: Final = 5
# An inventory at least every two years (21 CFR 1304.11(c); clinical-protocol.md section 9).
INVENTORY_YEARS: Final = 2

# Where drug is counted. What a visit has in hand is on its way into a patient, and is told apart.
COUNTED: Final[frozenset[Place]] = frozenset({"safe", "cabinet", "vial"})


class UnableToCount(UnableTo):
    """What was written down is no count."""


@frozen
class Count:
    """What two people found in one place, item by item. What they did not find they write down as zero."""

    id: str
    place: Account
    found: Mapping[Item, DrugMass]
    at: datetime
    by: ClinicianId
    second: ClinicianId


@frozen
class Variance:
    """The count and the ledger differ: `found` less `expected`, in micrograms, so it may be below zero."""

    item: Item
    expected: DrugMass
    found: DrugMass

    @property
    def difference_mcg(self) -> int:
        """Micrograms too many, or, below zero, too few."""
        return self.found.mcg - self.expected.mcg


def to_count(ledger: Ledger, place: Account) -> tuple[Item, ...]:
    """What must be counted in a place: the items it holds any of. Not how much; the count is blind."""
    return tuple(sorted(ledger.items_in(place), key=lambda item: (item.product, item.lot)))


def places_to_count(ledger: Ledger) -> tuple[Account, ...]:
    """Every place that holds anything and is counted, sealed vials first."""
    holding = {account for account, _, mcg in ledger.balances() if mcg and account.place in COUNTED}
    return tuple(sorted(holding, key=lambda place: (place.place == "vial", place.place, place.ref)))


def compare(ledger: Ledger, count: Count) -> tuple[Variance, ...]:
    """Where the count and the ledger differ; empty when all is there and nothing else.

    Raises UnableToCount when one person counted alone, or left out something that the place should hold.
    """
    issues = []
    if count.by == count.second:
        issues.append(
            Issue(sentence="Two people count, each signed in.", code="counted-alone", field="second")
        )
    issues += [
        Issue(
            sentence=f"Count {item.product}, lot {item.lot}, too; write 0 if none is there.",
            code="not-counted",
            field="found",
        )
        for item in to_count(ledger, count.place)
        if item not in count.found
    ]
    if issues:
        raise UnableToCount(issues)
    held = ((item, ledger.held(count.place, item), mass) for item, mass in count.found.items())
    return tuple(
        Variance(item=item, expected=expected, found=found)
        for item, expected, found in held
        if expected != found
    )


def notice_due(discovered_at: datetime) -> datetime:
    """By when a theft or significant loss is to be told in writing: the next day that is no weekend.

    Public holidays are not known here, so the day may be one too early; it is never too late.
    """
    due = discovered_at + timedelta(days=NOTICE_BUSINESS_DAYS)
    while due.weekday() >= SATURDAY:
        due += timedelta(days=1)
    return due


def form_106_due(discovered_at: datetime) -> datetime:
    """By when form 106 is to be filed. Evenkeel prepares its data and files nothing."""
    return discovered_at + timedelta(days=FORM_106_DAYS)


def inventory_due(taken: date) -> date:
    """By when the next inventory is to be taken; after 29 February on the 28th."""
    day = 28 if (taken.month, taken.day) == (2, 29) else taken.day
    return taken.replace(year=taken.year + INVENTORY_YEARS, day=day)


def untold_mcg(difference_mcg: int, told: Collection[int]) -> int:
    """The part of a count's difference that no open case of that place tells yet; 0 when all is told.

    Cases add up: when more is missing than they tell, the rest is new. When they tell of something else, the
    whole difference is new, and they are there to be closed.
    """
    together = sum(told)
    if difference_mcg in {0, together, *told}:
        return 0
    goes_on = all(each * difference_mcg > 0 for each in told) and abs(difference_mcg) > abs(together)
    return difference_mcg - together if goes_on else difference_mcg


def retold_mcg(
    ledger: Ledger, lot: LotState, account: Account, *, discovered_at: datetime, known_at: datetime
) -> int:
    """By how much the ledger's word about an account, as of a discovery, changed since it was written down.

    Corrections of what stood there before change it, and so does what was written down late. What moved
    afterwards does not: it has nothing to do with the difference.
    """
    stood = {
        fact.id for fact in lot.facts if fact.history[0].recorded_at <= known_at or fact.at < discovered_at
    }
    changed = 0
    for fact in lot.facts:
        is_new = fact.history[0].recorded_at > known_at and not fact.in_error
        if not is_new or not _has_moved(fact.payload):
            continue
        moved = ledger.moved(fact.id)
        if (moved.corrects or fact.id) in stood:
            changed += moved.amount.mcg * ((moved.into == account) - (moved.source == account))
    return changed


def _has_moved(payload: object) -> bool:
    return isinstance(payload, DrawPosted) or (isinstance(payload, DrugMoved) and not payload.pending)
