"""What the printed sheets say, as plain text for typst."""

from datetime import datetime
from typing import Any, Final

from evenkeel.clinical.discharge import INSTRUCTIONS
from evenkeel.clinical.infusion import MissedCheck, check_schedule
from evenkeel.journey.rules import book
from evenkeel.record.alerts import AlertsState
from evenkeel.record.discharge import AgainstAdvice
from evenkeel.record.handover import (
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
    HandoverTakenOver,
    HandoverWithdrawn,
)
from evenkeel.record.infusion import (
    BagReplaced,
    CheckDeferred,
    EventRecorded,
    InfusionPaused,
    InfusionResumed,
    InfusionStarted,
    InfusionStopped,
    NoteWritten,
    PressureDecided,
    RateChanged,
    RescueGiven,
    RescueGivenInWords,
)
from evenkeel.record.patients import PatientState
from evenkeel.record.state import Written
from evenkeel.record.verdict import Signature
from evenkeel.record.visits import STANDING_STILL, VisitState
from evenkeel.store.queries.settings import Settings
from evenkeel.values.quantities import Quantity
from evenkeel.web.alerts_view import SOURCE_WORDS, life
from evenkeel.web.jinja import clinic_date, clinic_datetime, clinic_time
from evenkeel.web.sentences import sentence_of, words

NOT_A_DEVICE: Final = (
    "Evenkeel is not a certified medical device. The bedside monitor is primary. "
    "Times are the clinic's. Copies on paper are not the record."
)

_PUMP = (InfusionStarted, RateChanged, InfusionPaused, BagReplaced, InfusionResumed, InfusionStopped)
_HAPPENED = (
    CheckDeferred,
    EventRecorded,
    PressureDecided,
    RescueGiven,
    RescueGivenInWords,
    NoteWritten,
    HandoverOffered,
    HandoverAccepted,
    HandoverDeclined,
    HandoverWithdrawn,
    HandoverTakenOver,
)

NOTHING = "–"


def _patient(patient: PatientState, visit: VisitState) -> list[tuple[str, str]]:
    details, allergies = patient.demographics, patient.allergies
    known = "not recorded"
    if allergies is not None:
        known = sentence_of(allergies).removeprefix("Allergies: ")
    return [
        ("Patient", details.full_name),
        ("Born", clinic_date(details.birth_date)),
        ("Record number", details.record_number),
        ("Visit", clinic_date(visit.place.starts_at)),
        ("Infusion number", str(visit.booking.payload.number)),
        ("Allergies", known),
    ]


def _signed(signature: Signature) -> str:
    return f"{signature.printed_name}, {clinic_datetime(signature.signed_at)}. {signature.meaning}"


def _by(fact: Written[Any]) -> str:
    return f"{fact.by.printed_name} ({words(fact.by.role)})"


def _number(value: Quantity | int | None) -> str:
    if value is None:
        return NOTHING
    return value.number if isinstance(value, Quantity) else str(value)


def infusion_record(
    patient: PatientState,
    visit: VisitState,
    alerts: AlertsState,
    settings: Settings,
    printed_at: datetime,
) -> dict[str, Any]:
    """Lay out everything that the record says of one infusion."""
    return {
        "title": "Infusion record",
        "clinic": settings.clinic_name,
        "record_number": patient.demographics.record_number,
        "footer": f"{settings.clinic_name} · printed {clinic_datetime(printed_at)} · {NOT_A_DEVICE}",
        "patient": _patient(patient, visit),
        "order": _order(visit),
        "pump": _pump(visit),
        "signs": _signs(visit),
        "missed": _missed(visit, printed_at),
        "alerts": _alerts(alerts),
        "events": _events(visit),
        "corrections": _corrections(visit),
        "discharge": _discharge(visit),
        "proof": f"Visit {visit.stream}, {visit.seq} entries, last hash {visit.head_hash}",
        "alerts_proof": f"Its alerts, {alerts.seq} entries, last hash {alerts.head_hash}"
        if alerts.seq
        else None,
    }


def _order(visit: VisitState) -> list[tuple[str, str]]:
    rows = []
    if visit.check_in is not None:
        weight = visit.check_in.payload.weight
        rows.append(("Weight", f"{weight or 'not measured'}, {clinic_datetime(visit.check_in.at)}"))
    if visit.order is not None:
        rows.append(("Order", visit.order.payload.plan.sentence))
        rows.append(("Signed", _signed(visit.order.payload.signature)))
    if visit.draw is not None:
        rows.append(("Drawn up", f"{sentence_of(visit.draw.payload)}, by {_by(visit.draw)}"))
    if visit.double_check is not None:
        rows.append(
            ("Second check", f"{sentence_of(visit.double_check.payload)}, by {_by(visit.double_check)}")
        )
    if visit.time_out is not None:
        rows.append(("Time-out", f"{sentence_of(visit.time_out.payload)}, {clinic_time(visit.time_out.at)}"))
    if visit.stopped is not None:
        left = visit.volume_left(visit.stopped.at)
        rows.append(("Given in all", f"{visit.given(visit.stopped.at)}, {left} left in the bag"))
    return rows


def _pump(visit: VisitState) -> list[list[str]]:
    facts = sorted((fact for cls in _PUMP for fact in visit.every(cls)), key=lambda fact: (fact.at, fact.seq))
    return [
        [
            clinic_time(fact.at),
            sentence_of(fact.payload),
            _number(_rate_after(fact)),
            visit.given(fact.at).shown(),
            _by(fact),
        ]
        for fact in facts
    ]


def _rate_after(fact: Written[Any]) -> Quantity:
    rate: Quantity = getattr(fact.payload, "rate", STANDING_STILL)
    return rate


def _signs(visit: VisitState) -> list[list[str]]:
    rows = []
    for fact in visit.checks:
        signs = fact.payload.signs
        rows.append(
            [
                clinic_time(fact.at) + (" *" if fact.is_amended else ""),
                f"{_number(signs.systolic)}/{_number(signs.diastolic)}",
                _number(signs.pulse),
                _number(signs.spo2),
                _number(signs.breaths),
                _number(signs.sedation),
                _number(signs.dissociation),
                _number(signs.nausea),
                _number(signs.pain),
                fact.payload.source,
                fact.by.printed_name,
            ]
        )
    return rows


def _missed(visit: VisitState, at: datetime) -> list[list[str]]:
    return [_missed_row(each) for each in check_schedule(book(), visit, at).missed]


def _missed_row(missed: MissedCheck) -> list[str]:
    late = f"{missed.late.total_seconds() / 60:.0f} min" if missed.late else "never charted"
    late = f"{late}, missed" if missed.is_missed and missed.late else late
    return [clinic_time(missed.due_at), clinic_time(missed.answered_at) if missed.answered_at else "no", late]


def _alerts(alerts: AlertsState) -> list[list[str]]:
    return [
        [
            clinic_time(alert.raised_at),
            alert.priority,
            f"{alert.short} ({alert.rule.rule}, {SOURCE_WORDS[alert.source]})",
            "; ".join(life(alert)) + ("" if alert.answered else "; not answered"),
        ]
        for alert in alerts.alerts
    ]


def _events(visit: VisitState) -> list[list[str]]:
    facts = sorted(
        (fact for cls in _HAPPENED for fact in visit.every(cls)), key=lambda fact: (fact.at, fact.seq)
    )
    return [[clinic_time(fact.at), sentence_of(fact.payload), _by(fact)] for fact in facts]


def _corrections(visit: VisitState) -> list[list[str]]:
    rows = []
    for fact in visit.facts:
        if not fact.is_amended:
            continue
        first, last = fact.history[0], fact.history[-1]
        now_reads = "does not count any more" if fact.in_error else sentence_of(last.payload)
        why = f"{last.amend_reason} – {last.by.printed_name}, {clinic_datetime(last.recorded_at)}"
        rows.append(
            [
                f"{words(fact.kind)} {clinic_time(first.happened_at)}",
                sentence_of(first.payload),
                f"{clinic_time(fact.at)} {now_reads}",
                why,
            ]
        )
    return rows


def _discharge(visit: VisitState) -> list[tuple[str, str]]:
    if visit.discharge is None:
        return [("Discharge", "not signed yet")]
    signed = visit.discharge.payload
    return [
        ("Left", clinic_datetime(visit.discharge.at)),
        ("Received by", f"{signed.received_by}, {signed.received_by_phone}"),
        (
            "Instructions",
            f"version {signed.instructions_version}, {'given' if signed.instructions_given else 'not given'}",
        ),
        ("Against advice", "yes" if signed.against_advice else "no"),
        *_seen_to(signed.seen_to),
        ("Signed", _signed(signed.signature)),
    ]


def _clinic(settings: Settings) -> str:
    """Whom to call; a clinic that set no number leaves room to write one."""
    return f"{settings.clinic_name}, telephone {settings.clinic_phone or '____________________'}"


def _until(driving_at: datetime | None, alcohol_at: datetime | None) -> list[str]:
    """The times that the sheet names; none on a visit from before they were written."""
    if driving_at is None or alcohol_at is None:
        return []
    return [
        f"Do not drive before {clinic_datetime(driving_at)}, and not before you have slept well.",
        f"No alcohol and nothing to sign before {clinic_datetime(alcohol_at)}.",
    ]


def _seen_to(signed: AgainstAdvice | None) -> list[tuple[str, str]]:
    if signed is None:
        return []
    call = f"on {clinic_datetime(signed.call_at)}" if signed.call_at else "none agreed"
    return [("Prescriber told", signed.prescriber_name or "none"), ("Call", call)]


def discharge_sheet(
    patient: PatientState, visit: VisitState, settings: Settings, printed_at: datetime
) -> dict[str, Any]:
    """Lay out what the patient and the person going with them need to know. It says nothing of doses."""
    assert visit.discharge is not None, "a sheet is printed after the discharge"
    signed = visit.discharge.payload
    return {
        "title": "After your infusion",
        "clinic": settings.clinic_name,
        "record_number": patient.demographics.record_number,
        "footer": f"{settings.clinic_name} · printed {clinic_datetime(printed_at)}",
        "patient": _patient(patient, visit),
        "lead": [
            f"You had a ketamine infusion on {clinic_date(visit.place.starts_at)}.",
            f"You went home with {signed.received_by} at {clinic_time(visit.discharge.at)}.",
            *_until(signed.no_driving_before_at, signed.no_alcohol_before_at),
        ],
        "instructions": [line.text for line in INSTRUCTIONS.lines],
        "contacts": [
            ("The clinic", _clinic(settings)),
            ("Person with you", f"{signed.received_by}, {signed.received_by_phone}"),
        ],
        "signed": [("Given by", _signed(signed.signature)), ("Sheet version", signed.instructions_version)],
    }
