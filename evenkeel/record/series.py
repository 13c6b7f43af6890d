"""A planned run of infusions, its visits, and the reviews along it."""

from datetime import date, datetime
from typing import Literal

from evenkeel.record.codec import payload
from evenkeel.record.verdict import Override, Verdict
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.quantities import DosePerWeight

SeriesPurpose = Literal["induction", "maintenance"]


@payload("series.planned")
class SeriesPlannedWithoutDose:
    """How many infusions are planned, and how often, as it was written before a plan could name doses."""

    purpose: SeriesPurpose
    infusions: int
    per_week: int
    first_date: date

    @property
    def protocol(self) -> None:
        """No protocol was planned."""
        return None

    @property
    def per_weight(self) -> tuple[DosePerWeight, ...]:
        """No dose was planned."""
        return ()


@payload("series.planned", 2)
class SeriesPlanned:
    """How many infusions are planned, how often, and with what dose where a prescriber planned one.

    `protocol` is a key of `clinical.stock.PROTOCOLS`; `per_weight` holds one dose for every infusion alike,
    or one for each in order, and is empty where `protocol` is None.
    """

    purpose: SeriesPurpose
    infusions: int
    per_week: int
    first_date: date
    protocol: str | None = None
    per_weight: tuple[DosePerWeight, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    overrides: tuple[Override, ...] = ()


AnySeriesPlanned = SeriesPlanned | SeriesPlannedWithoutDose


@payload("visit.booked")
class VisitBooked:
    """A visit of a series has a chair and a time. `number` counts infusions of the course from 1."""

    patient: StreamId
    course: StreamId
    chair: ChairId
    starts_at: datetime
    ends_at: datetime
    number: int
    purpose: SeriesPurpose
    verdicts: tuple[Verdict, ...] = ()
    overrides: tuple[Override, ...] = ()


@payload("visit.rebooked")
class VisitRebooked:
    """The visit moved to another chair or time."""

    chair: ChairId
    starts_at: datetime
    ends_at: datetime
    reason: str
    verdicts: tuple[Verdict, ...] = ()
    overrides: tuple[Override, ...] = ()


@payload("visit.cancelled")
class VisitCancelled:
    """The visit will not take place, or was broken off before any drug was given."""

    reason: str


@payload("series.infusion_counted")
class InfusionCounted:
    """A visit in which drug was given has ended; the course counts it."""

    visit: StreamId
    number: int
    started_at: datetime
    given: DrugMass
    per_weight: DosePerWeight
    stopped_early: bool


RepeatedCheck = Literal["liver", "bladder", "cognition", "prescription_monitoring"]


@payload("check.recorded")
class CheckRecorded:
    """A check that a long course asks for again and again: what, on which day, and whether it was normal."""

    what: RepeatedCheck
    done_date: date
    finding: Literal["normal", "abnormal"]
    note: str


@payload("review.recorded")
class ReviewRecorded:
    """The look at the curve after the third and the sixth infusion.

    What the rules found, what was decided.
    """

    after_infusion: int
    verdicts: tuple[Verdict, ...]
    decision: Literal["continue", "change_dose", "stop"]
    reason: str
    overrides: tuple[Override, ...]
