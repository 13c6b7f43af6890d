"""The order, the draw and the second person's check."""

from datetime import date, datetime
from typing import Final

from evenkeel.clinical import ordering as rules
from evenkeel.clinical.decision import objections, refs
from evenkeel.clinical.stock import PROTOCOLS
from evenkeel.journey import people
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.custody import weld
from evenkeel.journey.custody.weld import VialTake
from evenkeel.journey.phases import require_phase
from evenkeel.journey.rules import book, clinic_day, clinic_time
from evenkeel.record.entry import Draft
from evenkeel.record.ordering import DoseChecked, DoseDrawn, OrderCancelled, OrderSigned, Route, Vial
from evenkeel.record.referral import Sex
from evenkeel.record.series import InfusionCounted
from evenkeel.record.verdict import Override, Verdict
from evenkeel.record.visits import VisitState
from evenkeel.store import log, reading
from evenkeel.store.queries import custody, visits
from evenkeel.values.dose_plan import DosePlan, Stage
from evenkeel.values.dosing_weight import DosingWeight, WeightBasis
from evenkeel.values.drug import Strength
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import FlowRate, Height, Volume, Weight
from evenkeel.values.shape import frozen

SIGNING_MEANS = "I order this infusion for this patient, as the sentence above says."


class UnableToOrder(UnableTo):
    """The order may not be signed as it stands."""


class UnableToCancelOrder(UnableTo):
    """There is no order that could still be cancelled."""


class UnableToDraw(UnableTo):
    """What was drawn is not what was ordered, or nothing may be drawn now."""


class UnableToCheck(UnableTo):
    """The second check cannot be made now, or not by this person."""


@frozen
class AskedWeight:
    """Which weight a prescriber wants the dose on, and the measured height that another one follows from."""

    basis: WeightBasis
    height: Height | None
    height_date: date | None


ON_SCALE: Final = AskedWeight(basis="actual", height=None, height_date=None)


@frozen
class Proposal:
    """An order as it would be signed: the dose, what the rules say of it, and what was given last time."""

    plan: DosePlan
    verdicts: tuple[Verdict, ...]
    previous: InfusionCounted | None
    days: rules.Days | None


def propose_order(
    visit: VisitState,
    *,
    protocol: str,
    stages: tuple[Stage, ...],
    product: str,
    bag: Volume,
    at: datetime,
    asked: AskedWeight = ON_SCALE,
    days: rules.Days | None = None,
    route: Route = "iv",
) -> Proposal:
    """Work an order out and write nothing. `days` are those by the record unless others are asked for.

    Raises UnableToWeigh, UnableToMakeDose or UnableToOrder with the fields.
    """
    if protocol not in PROTOCOLS:
        sentence = "Protocol: choose one of the clinic's protocols."
        raise UnableToOrder([Issue(sentence=sentence, code="unknown-protocol", field="protocol")])
    if visit.weight is None:
        sentence = "There is no weight from this visit's check-in, and nothing is ordered on another weight."
        raise UnableToOrder([Issue(sentence=sentence, code="weight-missing")])
    patient = reading.patient(visit.booking.payload.patient)
    sex = patient.demographics.sex
    on = _weight_of(visit, visit.weight, asked, sex)
    plan = rules.make_plan(
        stages=stages, weight=on.weight, weighed_date=on.weighed_date, product=product, bag=bag, on=on
    )
    course = reading.course(visit.booking.payload.course)
    previous = course.infusions[-1].payload if course.infusions else None
    elsewhere_at = visits.started_at(visit.booking.payload.patient, apart_from=visit.stream)
    before = _visit_of(previous)
    days = days if days is not None else days_by_record(visit, protocol, at)
    verdicts = rules.assess_order(
        book(),
        plan=plan,
        protocol=protocol,
        visit=visit,
        course=course,
        patient_age=patient.age_on(clinic_day(at)),
        sex=sex,
        at=at,
        previous=previous,
        before=before,
        elsewhere_at=elsewhere_at,
        days=days,
        route=route,
    )
    return Proposal(plan=plan, verdicts=verdicts, previous=previous, days=days)


def _visit_of(counted: InfusionCounted | None) -> VisitState | None:
    """The visit in which the course's last infusion was given."""
    if counted is None or reading.head(counted.visit) is None:
        return None
    return reading.visit(counted.visit)


def days_by_record(visit: VisitState, protocol: str, at: datetime) -> rules.Days | None:
    """The day that an order on a protocol would be for by the record; None for a single infusion."""
    course = reading.course(visit.booking.payload.course)
    elsewhere_at = visits.started_at(visit.booking.payload.patient, apart_from=visit.stream)
    last_at = rules.last_started(course, elsewhere_at)
    before = _visit_of(course.infusions[-1].payload if course.infusions else None)
    return rules.days_to_come(
        PROTOCOLS[protocol], before, clinic_time(last_at) if last_at else None, clinic_day(at)
    )


def _weight_of(visit: VisitState, weighed: Weight, asked: AskedWeight, sex: Sex) -> DosingWeight:
    """The weight of the dose, beside the scale's with its day where it was measured on this one."""
    check_in = visit.check_in
    assert check_in is not None, "a visit with a weight was checked in"
    is_measured = check_in.payload.weight_measured_today == "yes"
    return rules.dosing_weight(
        asked.basis,
        weighed=weighed,
        weighed_date=clinic_day(check_in.at) if is_measured else None,
        height=asked.height,
        height_date=asked.height_date,
        sex=sex,
    )


def _held(act: Act, visit: StreamId) -> VisitState:
    state = log.fold_for_update(VisitState, visit)
    touch(state.booking.payload.patient)
    require_seen(state, act)
    require_plausible_time(act, state)
    return state


@use_case("order.sign")
def sign_order(
    act: Act,
    *,
    visit: StreamId,
    protocol: str,
    stages: tuple[Stage, ...],
    product: str,
    bag: Volume,
    note: str,
    overrides: tuple[Override, ...],
    password: str,
    asked: AskedWeight = ON_SCALE,
    days: rules.Days | None = None,
    route: Route = "iv",
) -> StreamId:
    """Sign the order for this visit's infusion."""
    state = _held(act, visit)
    proposal = propose_order(
        state,
        protocol=protocol,
        stages=stages,
        product=product,
        bag=bag,
        at=act.happened_at,
        asked=asked,
        days=days,
        route=route,
    )
    issues = objections(book(), proposal.verdicts, overrides, act.by.role)
    if issues:
        raise UnableToOrder(issues)
    plan = proposal.plan
    assert plan.on is not None, "an order says what its weight is"
    payload = OrderSigned(
        protocol=protocol,
        route=route,
        dose=plan.dose,
        stages=stages,
        on=plan.on,
        day=proposal.days.day if proposal.days else None,
        of_days=proposal.days.of_days if proposal.days else None,
        expires_at=rules.expiry(book(), act.happened_at),
        note=note,
        verdicts=proposal.verdicts,
        overrides=overrides,
        signature=people.sign(act, password=password, meaning=SIGNING_MEANS),
    )
    weld.keep_for_order(act, state, product=product, amount=plan.dose.drawn)
    draft = Draft(payload=payload, happened_at=act.happened_at, rules=refs(proposal.verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return visit


@use_case("order.cancel")
def cancel_order(act: Act, *, visit: StreamId, reason: str) -> StreamId:
    """Take an order back before the pump runs; whatever was drawn on it is wasted, never given."""
    state = _held(act, visit)
    require_phase(
        state,
        ("ordered", "drawn", "double_checked", "ready"),
        UnableToCancelOrder,
        "An order can be cancelled before the infusion starts",
    )
    if not reason.strip():
        sentence = "Reason: write why the order no longer stands."
        raise UnableToCancelOrder([Issue(sentence=sentence, code="reason-missing", field="reason")])
    weld.release(act, state, reason="the order was cancelled")
    draft = Draft(payload=OrderCancelled(reason=reason), happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return visit


@use_case("dose.draw")
def draw_dose(
    act: Act,
    *,
    visit: StreamId,
    takes: tuple[VialTake, ...],
    bag: Volume,
    rate: FlowRate,
    entry_was_wrong: bool = False,
) -> StreamId:
    """Record what was drawn from which vials, made up to which volume, and the rate set on the pump.

    The vials come out of the ledger in the same step. Drawn once more on the same order, the first draw must
    have been wasted, or `entry_was_wrong` says that it never was.
    """
    state = _held(act, visit)
    require_phase(state, ("ordered", "drawn"), UnableToDraw, "A dose is drawn up on an order that stands")
    assert state.order is not None, "a visit that is ordered has an order"
    facts = rules.DrawFacts(vials=labels_of(takes), bag=bag, rate=rate)
    verdicts = rules.assess_draw(book(), state.order.payload, facts, act.happened_at)
    issues = objections(book(), verdicts, (), act.by.role)
    if issues:
        raise UnableToDraw(issues)
    payload = DoseDrawn(
        vials=weld.take_for_draw(act, state, takes, entry_was_wrong=entry_was_wrong),
        volume=facts.volume,
        drawn=facts.drawn,
        bag=bag,
        rate=rate,
        verdicts=verdicts,
    )
    draft = Draft(payload=payload, happened_at=act.happened_at, rules=refs(verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return visit


def labels_of(takes: tuple[VialTake, ...]) -> tuple[rules.FromVial, ...]:
    """What the labels of the vials read; raises UnableToDraw when a vial is in no stock of the clinic."""
    found = []
    for take in takes:
        lot = custody.one_lot(take.lot)
        if lot is None:
            sentence = "Vial: this lot is not in the clinic's stock. Receive it first."
            raise UnableToDraw([Issue(sentence=sentence, code="not-in-stock", field="vial")])
        item = lot.item
        label = Vial(product=item.product, strength=item.strength, lot=item.lot, expiry_date=item.expiry_date)
        found.append(rules.FromVial(label=label, volume=take.volume))
    if not found:
        raise UnableToDraw(
            [Issue(sentence="Vial: choose the one in your hand.", code="required", field="vial")]
        )
    return tuple(found)


@use_case("dose.double_check")
def double_check(
    act: Act,
    *,
    visit: StreamId,
    record_number: str,
    strength: Strength,
    volume: Volume,
    bag: Volume,
    rates: tuple[FlowRate, ...],
    weight: Weight,
    dosing_weight: Weight | None = None,
) -> StreamId:
    """Record what a second person read for themselves. A disagreement is recorded too, and opens nothing.

    `rates` are those of every step; `dosing_weight` is the label's where the dose is not on the scale's.
    """
    state = _held(act, visit)
    require_phase(state, ("drawn",), UnableToCheck, "The second check follows the draw")
    assert state.order is not None, "a visit that is drawn has an order"
    assert state.draw is not None, "a visit that is drawn has a draw"
    if act.by.id == state.draw.by.id:
        sentence = "You drew this dose up. Somebody else must check it, signed in as themselves."
        raise UnableToCheck([Issue(sentence=sentence, code="same-person")])
    on_file = reading.patient(state.booking.payload.patient).demographics.record_number
    disagreements = rules.compare_check(
        state.order.payload,
        state.draw.payload,
        record_number_on_file=on_file,
        record_number=record_number,
        strength=strength,
        volume=volume,
        bag=bag,
        rates=rates,
        weight=weight,
        dosing_weight=dosing_weight,
    )
    payload = DoseChecked(
        record_number=record_number.strip(),
        strength=strength,
        volume=volume,
        bag=bag,
        rates=rates,
        weight=weight,
        dosing_weight=dosing_weight,
        agrees=not disagreements,
        disagreements=disagreements,
    )
    draft = Draft(payload=payload, happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return visit
