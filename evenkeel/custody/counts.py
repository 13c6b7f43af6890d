"""Physical counts: two people write down what they find before they are shown what the ledger expects."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from evenkeel.custody.ledger import Ledger
from evenkeel.record.custody import Account, Item
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.shape import frozen

# A theft or a significant loss: written notice within one business day, form DEA-106 within 45 days
# (88 FR 40707; clinical-protocol.md section 9).
NOTICE_BUSINESS_DAYS: Final = 1
FORM_106_DAYS: Final = 45
SATURDAY: Final = 5


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
