"""What the order, draw, check and time-out pages show, as plain values."""

from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from evenkeel.clinical.rulebook import Rulebook
from evenkeel.clinical.screening import INDICATIONS
from evenkeel.clinical.series import PlannedInfusion
from evenkeel.clinical.stock import ORDERABLE, PROTOCOLS, Product, Protocol
from evenkeel.journey.ordering import Proposal
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.courses import CourseState
from evenkeel.record.ordering import OrderSigned, OrderSignedAtOneRate
from evenkeel.record.screening import ScreeningRecorded
from evenkeel.record.series import InfusionCounted
from evenkeel.record.state import Written
from evenkeel.record.visits import VisitState
from evenkeel.values.dose_plan import DosePlan, Stage
from evenkeel.values.ids import reference_of
from evenkeel.values.numbers import plain
from evenkeel.web.infusion_steps import step_words
from evenkeel.web.jinja import clinic_date, clinic_time
from evenkeel.web.verdicts import BASIS_WORDS, link_to, reasons_of

# The rules whose limits stand beside the dose: first infusion, usual range, ceiling, and the two caps in mg.
_CAPS: Final = (
    ("ORD-DOS-002", "dose", "Usual range up to"),
    ("ORD-DOS-003", "dose", "Ceiling"),
    ("ORD-CAP-001", "amount", "Reason asked above"),
    ("ORD-CAP-002", "amount", "Never more than"),
)


def product_choices() -> list[tuple[str, str]]:
    """Vials that an order may name, for a choice, as their labels read."""
    return [(product.key, product_words(product)) for product in ORDERABLE.values()]


def product_words(product: Product) -> str:
    """A vial as a choice shows it: label, and the code where one is known."""
    return f"{product.label} · NDC {product.ndc}" if product.ndc else product.label


def strength_choices() -> list[tuple[str, str]]:
    """Every strength that such a vial has, once."""
    found = {product.strength.mcg_per_ml: str(product.strength) for product in ORDERABLE.values()}
    return [(str(mcg), words) for mcg, words in sorted(found.items())]


def protocol_for(course: CourseState, chosen: str | None, planned: PlannedInfusion | None) -> Protocol:
    """The protocol that was chosen, or the planned one, or else the first that fits the indication."""
    for key in (chosen, planned.protocol if planned else None):
        if key in PROTOCOLS:
            return PROTOCOLS[str(key)]
    indication = course.referral.indication
    family = INDICATIONS[indication].family
    own = [protocol for protocol in PROTOCOLS.values() if indication in protocol.indications]
    return next(iter(own), None) or next(each for each in PROTOCOLS.values() if each.family == family)


def stages_to_start_from(protocol: Protocol, planned: PlannedInfusion | None) -> tuple[Stage, ...]:
    """The stages of a protocol, at the planned dose where the series plans one with it."""
    if planned is None or planned.protocol != protocol.key:
        return protocol.stages
    return protocol.stages_of(planned.per_weight)


def height_of_screening(course: CourseState) -> dict[str, Any]:
    """The height measured at the last screening, and its day, for their boxes; nothing without one."""
    last = course.screening
    if last is None or not isinstance(last.payload, ScreeningRecorded):
        return {}
    height = last.payload.checklist.height
    if height is None:
        return {}
    return {"height": height.number, "height_date": clinic_day(last.at)}


def planned_words(planned: PlannedInfusion | None) -> str | None:
    """What the series plans for this infusion, in words; None where it plans no dose."""
    if planned is None:
        return None
    return f"{PROTOCOLS[planned.protocol].label}, {planned.per_weight}"


def protocols(current: Protocol) -> list[dict[str, Any]]:
    """Every protocol to start from, and which one it is now."""
    return [
        {
            "key": each.key,
            "label": each.label,
            "words": _protocol_words(each),
            "note": each.note,
            "basis": BASIS_WORDS[each.basis],
            "is_current": each.key == current.key,
        }
        for each in PROTOCOLS.values()
    ]


def _protocol_words(protocol: Protocol) -> str:
    bolus = f", {protocol.bolus} of it as a bolus" if protocol.bolus else ""
    days = f", on up to {protocol.days_most} days" if protocol.days_most else ""
    return f"{protocol.per_weight} over {protocol.duration} in {protocol.bag}{bolus}{days}"


def last_dose(previous: InfusionCounted | None) -> str:
    """What was given last time, in words."""
    if previous is None:
        return "none: this is the first infusion of the course"
    early = ", stopped early" if previous.stopped_early else ""
    return (
        f"{previous.per_weight}, {previous.given.shown()} given on {clinic_date(previous.started_at)}{early}"
    )


def caps(rulebook: Rulebook, at: datetime) -> list[dict[str, Any]]:
    """The limits that stand beside the dose, each with its rule."""
    return [
        {
            "key": words,
            "value": str(getattr(rulebook.limits(rule, at.date()), limit)),
            "rule": link_to(rule),
        }
        for rule, limit, words in _CAPS
    ]


def notes(state: VisitState, proposal: Proposal) -> list[dict[str, str]]:
    """What stands under the dose sentence: the weight's source, the rounding, how far from last time."""
    plan = proposal.plan
    found = [
        {"label": "Weight", "words": _weight_source(state)},
        {"label": "Rounding", "words": " ".join(rounding.sentence for rounding in plan.roundings)},
        {"label": "The pump's way", "words": plan.second_way},
        {"label": "Last dose", "words": last_dose(proposal.previous)},
    ]
    if proposal.previous is not None:
        apart = plan.per_actual_weight.value - proposal.previous.per_weight.value
        if apart:
            way = "more" if apart > 0 else "less"
            words = f"{plain(abs(apart))} mg/kg {way} than last time"
            found.append({"label": "Difference", "words": words, "tone": "high"})
        else:
            found.append({"label": "Difference", "words": "the same as last time"})
    if proposal.days is not None:
        found.append({"label": "Days", "words": f"day {proposal.days.day} of {proposal.days.of_days}"})
    return found


def _weight_source(state: VisitState) -> str:
    assert state.check_in is not None, "an order follows a check-in"
    facts = state.check_in.payload
    measured = {"yes": "measured today", "no": "not measured today", "unknown": "not known when measured"}
    return (
        f"{facts.weight}, {measured[facts.weight_measured_today]}, check-in at "
        f"{clinic_time(state.check_in.at)} by {state.check_in.by.printed_name}"
    )


def step_sentences(plan: DosePlan) -> list[str]:
    """Every step of the pump with the volume after which it is over; none where the run has one rate."""
    return [step_words(step) for step in plan.steps] if len(plan.steps) > 1 else []


def order_summary(order: Written[OrderSigned] | Written[OrderSignedAtOneRate]) -> dict[str, Any]:
    """A signed order for a page that follows it."""
    signed = order.payload
    return {
        "dose": signed.dose,
        "steps": step_sentences(signed.plan),
        "weight_words": signed.on.words,
        "day": f"Day {signed.day} of {signed.of_days}" if signed.day is not None else None,
        "label_url": reverse("dose_label_pdf", args=[reference_of(order.history[0].stream)]),
        "protocol": PROTOCOLS[signed.protocol].label,
        "note": signed.note,
        "by": signed.signature.printed_name,
        "signed_at": signed.signature.signed_at,
        "meaning": signed.signature.meaning,
        "expires_at": signed.expires_at,
        "reasons": reasons_of(book(), signed.overrides),
    }
