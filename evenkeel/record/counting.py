"""Counting the stock: what two people found, the end of a day, and what became of every difference."""

from datetime import date, datetime
from typing import Literal

from evenkeel.record.codec import payload
from evenkeel.record.custody import Account, Item
from evenkeel.record.state import State, Written
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId, EntryId, StreamId
from evenkeel.values.shape import frozen

CountPurpose = Literal["opening", "closing", "initial", "biennial", "spot"]
CaseOutcome = Literal["recounted", "misrecorded", "found", "lost"]
AsOf = Literal["opening", "close"]


@payload("stockroom.opened")
class StockroomOpened:
    """A site begins to count its stock."""

    site: str


@frozen
class CountLine:
    """What two people found of one lot in one account, beside what the ledger expected at that moment."""

    lot: StreamId
    account: Account
    item: Item
    expected: DrugMass
    found: DrugMass

    @property
    def difference_mcg(self) -> int:
        """Micrograms too many or, below zero, too few."""
        return self.found.mcg - self.expected.mcg


@payload("count.recorded")
class CountRecorded:
    """A count of everything in some places of the site. What was expected is shown only after it."""

    purpose: CountPurpose
    lines: tuple[CountLine, ...]
    second: ClinicianId
    second_name: str
    note: str

    @property
    def variances(self) -> tuple[CountLine, ...]:
        """The lines where what was found is not what was expected."""
        return tuple(line for line in self.lines if line.difference_mcg)


@payload("day.closed")
class DayClosed:
    """The drug day is over: a closing count was made, and nothing was left without an explanation."""

    day: date
    count: EntryId
    second: ClinicianId
    second_name: str


@payload("inventory.taken")
class InventoryTaken:
    """A count stands as the site's inventory, as of the opening or the close of business that day."""

    count: EntryId
    as_of: AsOf


@frozen
class StockroomState(State):
    """The counts and closed days of one site."""

    @property
    def site(self) -> str:
        """The site whose stock it is."""
        fact = self.latest(StockroomOpened)
        assert fact is not None, "a stockroom's stream begins with its site"
        return fact.payload.site

    @property
    def counts(self) -> tuple[Written[CountRecorded], ...]:
        """Every count, by time."""
        return self.every(CountRecorded)

    @property
    def days_closed(self) -> tuple[Written[DayClosed], ...]:
        """Every day that was closed, by time."""
        return self.every(DayClosed)

    @property
    def inventories(self) -> tuple[Written[InventoryTaken], ...]:
        """Every count that stands as an inventory, by time."""
        return self.every(InventoryTaken)


@payload("case.opened")
class CaseOpened:
    """Drug is missing, or there is too much of it, and somebody has to find out why.

    `count` is the entry of the count that showed it; None when it was noticed otherwise.
    """

    site: str
    lot: StreamId
    account: Account
    item: Item
    expected: DrugMass
    found: DrugMass
    discovered_at: datetime
    owner: ClinicianId
    owner_name: str
    count: EntryId | None
    visit: StreamId | None
    note: str


@payload("case.noted")
class CaseNoted:
    """What was found out."""

    text: str


@payload("case.handed_over")
class CaseHandedOver:
    """Somebody else finds out."""

    owner: ClinicianId
    owner_name: str
    reason: str


@payload("case.notice_sent")
class NoticeSent:
    """The field office was told in writing, by a person; the application sends nothing."""

    sent_date: date
    how: str


@payload("case.form_filed")
class FormFiled:
    """Form 106 was filed, by a person, at the agency's own site."""

    filed_date: date
    reference: str


@payload("case.judged_not_significant")
class LossJudgedNotSignificant:
    """Who answers for the drug weighed the loss, and it is none that must be reported."""

    reason: str


@payload("case.closed")
class CaseClosed:
    """Why there was a difference. What the ledger had to be told stands in the lot's own stream."""

    outcome: CaseOutcome
    explanation: str
    second: ClinicianId
    second_name: str


@frozen
class CaseState(State):
    """A difference between the ledger and the stock, from its discovery to its explanation."""

    @property
    def opened(self) -> Written[CaseOpened]:
        """How it began."""
        fact = self.latest(CaseOpened)
        assert fact is not None, "a case begins with what was discovered"
        return fact

    @property
    def closed(self) -> Written[CaseClosed] | None:
        """How it ended, or None while it is open."""
        return self.latest(CaseClosed)

    @property
    def notice(self) -> Written[NoticeSent] | None:
        """The written notice to the field office, or None."""
        return self.latest(NoticeSent)

    @property
    def form(self) -> Written[FormFiled] | None:
        """The filed form, or None."""
        return self.latest(FormFiled)

    @property
    def not_significant(self) -> Written[LossJudgedNotSignificant] | None:
        """Why nothing has to be reported, or None."""
        return self.latest(LossJudgedNotSignificant)

    @property
    def owner(self) -> tuple[ClinicianId, str]:
        """Who finds out: their id and printed name."""
        handed = self.latest(CaseHandedOver)
        told = handed.payload if handed else self.opened.payload
        return told.owner, told.owner_name

    @property
    def difference_mcg(self) -> int:
        """Micrograms too many or, below zero, too few."""
        return self.opened.payload.found.mcg - self.opened.payload.expected.mcg
