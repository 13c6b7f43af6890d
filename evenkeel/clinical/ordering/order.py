"""The order: what the rules say of it, beside all that the record holds, before it is signed."""

from datetime import date, datetime, timedelta
from typing import Final

from evenkeel.clinical.ordering.dose_limits import DOSE_RULES, Family
from evenkeel.clinical.ordering.dosing_weight import WEIGHT_RULES, weight_on
from evenkeel.clinical.ordering.protocols import PROTOCOL_RULES, Days, last_started
from evenkeel.clinical.ordering.titration import TITRATION_RULES
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.clinical.screening import assess_age_of_screening
from evenkeel.clinical.series import PlannedInfusion, planned_infusion
from evenkeel.clinical.stock import PROTOCOLS, Protocol
from evenkeel.record.courses import CourseState
from evenkeel.record.ordering import AnyOrder, Route
from evenkeel.record.referral import Sex
from evenkeel.record.screening import Tri
from evenkeel.record.series import InfusionCounted
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.values.dose import Dose
from evenkeel.values.dose_plan import DosePlan
from evenkeel.values.dosing_weight import BASIS_WORDS, DosingWeight
from evenkeel.values.shape import frozen


@frozen
class OrderFacts:
    """An order that is about to be signed, beside what the record holds.

    `elsewhere_at` is when infusions of other visits of this patient began, whatever the course. `before` is
    the visit of `previous`, None where there is none to read.
    """

    plan: DosePlan
    protocol: Protocol
    visit: VisitState
    course: CourseState
    age: int | None
    sex: Sex
    at: datetime
    previous: InfusionCounted | None
    before: VisitState | None
    elsewhere_at: tuple[datetime, ...]
    days: Days | None
    planned: PlannedInfusion | None
    route: Route = "iv"

    @property
    def is_followed(self) -> bool:
        """Whether the course has counted an infusion."""
        return bool(self.course.infusions)

    @property
    def last_started_at(self) -> datetime | None:
        """When the patient's last infusion began, in the zone of the order's moment."""
        last_at = last_started(self.course, self.elsewhere_at)
        return last_at.astimezone(self.at.tzinfo) if last_at else None

    @property
    def dose(self) -> Dose:
        """The dose of the plan."""
        return self.plan.dose

    @property
    def on(self) -> DosingWeight:
        """The weight of the dose; an order always says which it is."""
        assert self.plan.on is not None, "the weight of an order has a basis"
        return self.plan.on

    @property
    def today(self) -> date:
        """The day of the order, in the zone that its moment bears."""
        return self.at.date()

    @property
    def family(self) -> Family:
        """What the protocol is for."""
        return self.protocol.family

    @property
    def is_first(self) -> Tri:
        """Whether this is the course's first infusion; the record always says."""
        return "no" if self.course.infusions else "yes"


@frozen
class OrderAge:
    """Until when an order stands, and the moment it is looked at."""

    expires_at: datetime
    at: datetime


_ORDER_RULES: Final = (
    "ORD-RTE-001",
    "ORD-CON-001",
    "ORD-SCR-001",
    "ORD-GAT-001",
    "ORD-GAT-002",
    "ORD-VIS-001",
    "ORD-DUP-001",
    "ORD-DUP-002",
    "ORD-WGT-001",
    "ORD-WGT-002",
    *WEIGHT_RULES,
    *TITRATION_RULES,
    *PROTOCOL_RULES,
    *DOSE_RULES,
)


def assess_order(
    book: Rulebook,
    *,
    plan: DosePlan,
    protocol: str,
    visit: VisitState,
    course: CourseState,
    patient_age: int | None,
    sex: Sex,
    at: datetime,
    previous: InfusionCounted | None,
    before: VisitState | None,
    elsewhere_at: tuple[datetime, ...],
    days: Days | None,
    route: Route,
) -> tuple[Verdict, ...]:
    """Ask every rule that bears on signing this order at this moment. `protocol` is a key of PROTOCOLS.

    The calendar day that counts is that of `at` in the zone it bears, so give it in the clinic's zone.
    """
    facts = OrderFacts(
        plan=plan,
        protocol=PROTOCOLS[protocol],
        visit=visit,
        course=course,
        age=patient_age,
        sex=sex,
        at=at,
        previous=previous,
        before=before,
        elsewhere_at=elsewhere_at,
        days=days,
        planned=planned_infusion(course, visit.booking.payload.number),
        route=route,
    )
    on = at.date()
    screened_date = course.screening.at.astimezone(at.tzinfo).date() if course.screening else None
    return (
        *book.consult_all(_ORDER_RULES, facts, on=on),
        book.consult("SCR-AGE-001", facts, on=on),
        assess_age_of_screening(book, screened_date, on=on),
    )


def expiry(book: Rulebook, signed_at: datetime) -> datetime:
    """Until when an order that is signed at a moment stands."""
    return signed_at + timedelta(hours=int(book.limits("ORD-EXP-001", signed_at.date()).valid.value))


def order_expired(book: Rulebook, order: AnyOrder, at: datetime) -> Verdict:
    """Whether a signed order still stands at a moment."""
    return book.consult("ORD-EXP-001", OrderAge(expires_at=order.expires_at, at=at), on=at.date())


@rule("ORD-CON-001")
def consent(order: OrderFacts, _: Limits) -> Finding:
    """A withdrawal counts from the moment it is written."""
    return Clear() if order.course.consent else Fires()


@rule("ORD-SCR-001")
def screened(order: OrderFacts, _: Limits) -> Finding:
    """A course without a screening is not fit."""
    return Clear() if order.course.is_screened_fit else Fires()


@rule("ORD-GAT-001")
def gate_open(order: OrderFacts, _: Limits) -> Finding:
    """The gate answers for identity, escort, fasting and today's signs."""
    return Clear() if order.visit.is_gate_open else Fires()


@rule("ORD-GAT-002")
def check_in_recent(order: OrderFacts, limits: Limits) -> Finding:
    """Weight, fasting and mood of another day say nothing about now, even if the gate stood open then."""
    check_in = order.visit.check_in
    if check_in is None:
        return Unknown(missing=("a check-in",))
    if order.at - check_in.at > timedelta(hours=int(limits.age.value)):
        return Fires(evidence=("the check-in is older than this",))
    return Clear()


@rule("ORD-VIS-001")
def not_started(order: OrderFacts, _: Limits) -> Finding:
    """A second order into a running infusion is how a dose is given twice."""
    visit = order.visit
    over = visit.started or visit.discharge or visit.cancelled
    return Fires(evidence=(f"the visit is in phase {visit.phase}",)) if over else Clear()


@rule("ORD-DUP-001")
def no_other_order(order: OrderFacts, _: Limits) -> Finding:
    """Two orders that both stand leave open which is meant."""
    return Fires(evidence=("an order stands",)) if order.visit.order else Clear()


@rule("ORD-DUP-002")
def time_since_last(order: OrderFacts, limits: Limits) -> Finding:
    """Counted from the start of the patient's last infusion. A run of days has ORD-DAY-002 for it."""
    last_at = order.last_started_at
    if last_at is None or order.days is not None:
        return Clear()
    if order.at - last_at < timedelta(hours=int(limits.apart.value)):
        return Fires(evidence=("the last infusion started less than this ago",))
    return Clear()


@rule("ORD-WGT-001")
def weight_of_this_visit(order: OrderFacts, _: Limits) -> Finding:
    """A dose on another visit's weight, or another patient's, does not agree with the scale."""
    weight, on = order.visit.weight, order.on
    if weight is None:
        return Unknown(missing=("this visit's weight",))
    if on.weighed != weight:
        return Fires(evidence=(f"dose on {on.weighed}, weighed {weight}",))
    follows = weight_on(on.basis, weight, on.height, order.sex)
    if follows is None:
        return Unknown(missing=("the height and sex that the weight follows from",))
    others = [used for used in (order.dose.weight, on.weight) if used != follows]
    if others:
        return Fires(evidence=(f"dose on {others[0]}, {BASIS_WORDS[on.basis]} {follows}",))
    return Clear()


@rule("ORD-WGT-002")
def weight_of_today(order: OrderFacts, _: Limits) -> Finding:
    """The check-in may have passed with a told weight, by a prescriber's decision; the dose asks again."""
    check_in = order.visit.check_in
    if check_in is None or check_in.payload.weight_measured_today == "unknown":
        return Unknown(missing=("whether the weight was measured today",))
    return Clear() if check_in.payload.weight_measured_today == "yes" else Fires()


@rule("ORD-EXP-001")
def order_out_of_date(order: OrderAge, _: Limits) -> Finding:
    """The end that was signed counts, whatever the limit is today; at that moment the order has ended."""
    return Fires() if order.at >= order.expires_at else Clear()
