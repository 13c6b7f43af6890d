"""What a protocol asks of an order: indication, mood stabilizer, days, least amount, and the series' plan."""

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Final, Protocol

from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Unknown, rule
from evenkeel.clinical.screening import INDICATIONS
from evenkeel.clinical.series import PlannedInfusion
from evenkeel.clinical.stock import Protocol as DosingProtocol
from evenkeel.record.courses import CourseState
from evenkeel.record.visits import VisitState
from evenkeel.values.dose_plan import DosePlan
from evenkeel.values.drug import DrugMass
from evenkeel.values.shape import frozen

PROTOCOL_RULES: Final = (
    "ORD-PRT-001",
    "ORD-BIP-001",
    "ORD-PAI-001",
    "ORD-PAI-002",
    "ORD-DAY-001",
    "ORD-DAY-002",
    "ORD-DAY-003",
    "ORD-PLN-001",
)
BIPOLAR: Final = "bipolar_depression"
STABILIZER_QUESTION: Final = "mood_stabilizer"


@frozen
class Days:
    """Which day of how many an order is for."""

    day: int
    of_days: int


class OfProtocol(Protocol):
    """What these rules look at: an order with its protocol and its course."""

    @property
    def plan(self) -> DosePlan:
        """The dose that is ordered."""
        ...

    @property
    def protocol(self) -> DosingProtocol:
        """The protocol it was started from."""
        ...

    @property
    def course(self) -> CourseState:
        """The course as it now reads."""
        ...

    @property
    def before(self) -> VisitState | None:
        """The visit of the last infusion; None where there is none to read."""
        ...

    @property
    def days(self) -> Days | None:
        """Which day of a run of days it is; None for a single infusion."""
        ...

    @property
    def today(self) -> date:
        """The clinic's day of the order."""
        ...

    @property
    def at(self) -> datetime:
        """The moment of the order, in the clinic's zone."""
        ...

    @property
    def last_started_at(self) -> datetime | None:
        """When the patient's last infusion began, whatever the course, in the same zone."""
        ...

    @property
    def planned(self) -> PlannedInfusion | None:
        """What the series plans for this infusion; None where it plans no dose."""
        ...


def days_to_come(
    protocol: DosingProtocol, before: VisitState | None, last_at: datetime | None, today: date
) -> Days | None:
    """The day of a run of days that an order would be for by the record; None for a single infusion.

    It is the next day of the run of the last infusion while that was yesterday and its run is not over.
    `last_at` is when it began, in the clinic's zone.
    """
    if protocol.days_most is None:
        return None
    order = before.order.payload if before is not None and before.order is not None else None
    is_next = last_at is not None and (today - last_at.date()).days == 1
    if order is not None and order.protocol == protocol.key and order.day is not None and is_next:
        assert order.of_days is not None, "a day of a run is one of several"
        if order.day < order.of_days:
            return Days(day=order.day + 1, of_days=order.of_days)
    return Days(day=1, of_days=protocol.days_most)


@rule("ORD-PRT-001")
def protocol_of_another_indication(order: OfProtocol, _: Limits) -> Finding:
    """A dose for pain in a course for mood is more often a slip of the list than meant."""
    indication = INDICATIONS[order.course.referral.indication]
    if indication.family == order.protocol.family:
        return Clear()
    return Fires(evidence=(f"{order.protocol.label} in a course for {indication.label.lower()}",))


@rule("ORD-BIP-001")
def no_mood_stabilizer(order: OfProtocol, _: Limits) -> Finding:
    """Asked of the indication too, so that another protocol does not lead around it."""
    if order.course.referral.indication != BIPOLAR and BIPOLAR not in order.protocol.indications:
        return Clear()
    screening = order.course.screening
    answer = screening.payload.answers.get(STABILIZER_QUESTION, "unknown") if screening else "unknown"
    if answer == "unknown":
        return Unknown(missing=("whether a mood stabilizer is taken",))
    return Clear() if answer == "yes" else Fires(evidence=("no mood stabilizer at screening",))


@rule("ORD-PAI-001")
def little_for_pain(order: OfProtocol, limits: Limits) -> Finding:
    """The guideline's digest names the least that was seen to help."""
    if order.protocol.family != "pain":
        return Clear()
    ordered: DrugMass = order.plan.dose.ordered
    return Fires(evidence=(str(ordered),)) if ordered < limits.amount else Clear()


@rule("ORD-PAI-002")
def short_for_pain(order: OfProtocol, limits: Limits) -> Finding:
    """The same amount in less time is another treatment."""
    if order.protocol.family != "pain":
        return Clear()
    minutes = Fraction(order.plan.dose.duration.value)
    if minutes <= Fraction(limits.duration.value):
        return Fires(evidence=(str(order.plan.dose.duration),))
    return Clear()


@rule("ORD-DAY-001")
def beyond_the_days(order: OfProtocol, _: Limits) -> Finding:
    """The protocol says on how many days it was given at most."""
    most, days = order.protocol.days_most, order.days
    if most is None:
        return Fires(evidence=("this protocol has no days",)) if days is not None else Clear()
    if days is None:
        return Unknown(missing=("which day of how many this is",))
    if not 1 <= days.day <= days.of_days <= most:
        return Fires(evidence=(f"day {days.day} of {days.of_days}, at most {most} days",))
    return Clear()


@rule("ORD-DAY-002")
def twice_in_one_day(order: OfProtocol, limits: Limits) -> Finding:
    """A run of days is one infusion a day, by the clinic's calendar and never by midnight alone."""
    last_at = order.last_started_at
    if order.days is None or last_at is None:
        return Clear()
    if last_at.date() >= order.today:
        return Fires(evidence=("an infusion was started today",))
    if order.at - last_at < timedelta(hours=int(limits.apart.value)):
        return Fires(evidence=("the last infusion began less than this ago",))
    return Clear()


@rule("ORD-DAY-003")
def day_out_of_turn(order: OfProtocol, _: Limits) -> Finding:
    """A day that is skipped or counted twice would carry the run beyond its end."""
    days = order.days
    if days is None or order.protocol.days_most is None:
        return Clear()
    if order.course.infusions and order.before is None:
        return Unknown(missing=("which day the last infusion was",))
    due = days_to_come(order.protocol, order.before, order.last_started_at, order.today)
    assert due is not None, "this protocol has days"
    is_begun = due.day > 1
    if days.day == due.day and (days.of_days == due.of_days or not is_begun):
        return Clear()
    expected = f"day {due.day} of {due.of_days}" if is_begun else f"day {due.day}"
    return Fires(evidence=(f"day {days.day} of {days.of_days}; by the record {expected}",))


@rule("ORD-PLN-001")
def departs_from_plan(order: OfProtocol, _: Limits) -> Finding:
    """The plan is a start and no order, and whoever leaves it says why."""
    planned = order.planned
    if planned is None:
        return Clear()
    found = []
    if planned.protocol != order.protocol.key:
        found.append("another protocol is planned")
    if planned.per_weight != order.plan.dose.per_weight:
        found.append(f"{planned.per_weight} planned, {order.plan.dose.per_weight} ordered")
    return Fires(evidence=tuple(found)) if found else Clear()


def last_started(course: CourseState, elsewhere_at: tuple[datetime, ...]) -> datetime | None:
    """When the patient's last infusion began: two courses share one body."""
    return max([*elsewhere_at, *(fact.payload.started_at for fact in course.infusions)], default=None)
