"""What stands in a downtime pack, as plain text for typst: the clinic as it was when the pack was made.

The pack is what nurses go on with on paper when the server or the power is gone. So it says of everything
when it was known, and shows nothing that was not written down or cannot be worked out with a pencil.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings as deployment
from django.utils import timezone

from evenkeel.clinical import checkin as checkin_rules
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.journey.phases import IN_THE_CHAIR
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.patients import PatientState
from evenkeel.record.visits import VisitPhase, VisitState
from evenkeel.store import reading, rows
from evenkeel.store.queries import monitors, settings, visits
from evenkeel.store.queries.monitors import MonitorNow
from evenkeel.values.shape import frozen
from evenkeel.web import downtime_sheet
from evenkeel.web.chairside import NEXT_STEPS, PHASE_MARKS
from evenkeel.web.downtime_sheet import patient_box
from evenkeel.web.downtime_sums import REACH, STEP
from evenkeel.web.infusion_data import planned_end_at
from evenkeel.web.jinja import clinic_date, clinic_datetime, clinic_time, clinic_zone, duration
from evenkeel.web.sentences import sentence_of, signs_in_words

# The pump of these runs, stands still, or has run; of the others nothing has begun.
BEGUN: Final[tuple[VisitPhase, ...]] = ("running", "paused", "recovery")
PRESENT: Final[tuple[VisitPhase, ...]] = ("awaiting_prescriber", *IN_THE_CHAIR)

FOOTER: Final = (
    "Evenkeel is not a certified medical device. The bedside monitor is primary. Keep what you wrote on this "
    "paper until all of it is entered."
)

# How many empty rows a form for signs has; a page holds so many that a pen can fill.
ROWS: Final = 24
# A chair sees about so many patients in the hours that a pack is for, and drug is drawn for each of them a
# few times. Proposals.
VISITS_A_CHAIR: Final = 2
DRUG_ROWS: Final = 14
DRUG_ROWS_A_VISIT: Final = 3


@frozen
class Present:
    """A patient who is here: visit, patient and what the monitor at their chair last sent."""

    state: VisitState
    patient: PatientState
    monitor: MonitorNow


def pack(at: datetime) -> dict[str, Any]:
    """Everything that the pack of a moment says. `at` is in the clinic's zone."""
    clinic, rulebook, utc = settings.current(), book(), at.astimezone(UTC)
    present = [
        Present(
            state=reading.visit(line.visit),
            patient=reading.patient(line.patient),
            monitor=monitors.monitor_now(line.visit),
        )
        for line in visits.in_phases(PRESENT)
    ]
    begun = [one for one in present if one.state.phase in BEGUN]
    waiting = [one for one in present if one.state.phase not in BEGUN]
    chairs = {chair.id: chair for chair in rows.chairs()}
    name_of = {id_: chair.name for id_, chair in chairs.items()}
    return {
        "title": "Downtime pack",
        "clinic": clinic.clinic_name,
        "phone": clinic.clinic_phone or "____________________",
        "demo": "Demo clinic: everybody in this pack is made up." if deployment.DEMO else "",
        "made": f"{clinic_datetime(at)} ({clinic_zone()})",
        "made_utc": f"{utc.day} {utc:%b %Y, %H:%M} UTC",
        "short": f"made {clinic_datetime(at)}",
        "until": clinic_datetime(timezone.localtime(at.astimezone(UTC) + REACH)),
        "reach": duration(REACH),
        "step": duration(STEP),
        "footer": f"{clinic.clinic_name} · {FOOTER}",
        "chairs": _chairs(name_of, present, at),
        "expected": _expected(name_of, at),
        "begun": [
            downtime_sheet.begun(
                rulebook,
                one.patient,
                one.state,
                one.monitor,
                at,
                chair=name_of.get(one.state.chair, one.state.chair),
                has_monitor=_has_monitor(chairs, one),
            )
            for one in begun
        ],
        "waiting": [_waiting(one, name_of.get(one.state.chair, one.state.chair), at) for one in waiting],
        "blanks": _blanks(rulebook, len(chairs), at),
    }


def _has_monitor(chairs: dict[Any, rows.Chair], one: Present) -> bool:
    chair = chairs.get(one.state.chair)
    return chair is not None and chair.monitor is not None


def _chairs(name_of: dict[Any, str], present: list[Present], at: datetime) -> list[list[str]]:
    """Every chair in its order with who is in it; a chair that is no more stands last while it is taken."""
    others = sorted({one.state.chair for one in present} - set(name_of))
    lines = []
    for chair in (*name_of, *others):
        here = [one for one in present if one.state.chair == chair]
        name = name_of.get(chair, chair)
        lines += [_chair_line(name, one, at) for one in here] or [[name, "free", "", "", ""]]
    return lines


def _chair_line(chair: str, one: Present, at: datetime) -> list[str]:
    details, state = one.patient.demographics, one.state
    known = f"{details.record_number}, {clinic_date(details.birth_date)}"
    return [chair, details.full_name, known, PHASE_MARKS[state.phase][0], _run_words(state, at)]


def _run_words(state: VisitState, at: datetime) -> str:
    """From when to when the drug runs or ran; nothing before the start."""
    if state.started is None:
        return ""
    began = f"began {clinic_time(state.started.at)}"
    ends_at = planned_end_at(state, at)
    if ends_at is None:
        return f"{began}, stands still"
    return f"{began}, {'stopped' if state.stopped else 'ends'} {clinic_time(ends_at)}"


def _expected(name_of: dict[Any, str], at: datetime) -> list[list[str]]:
    """Who is booked for the rest of the clinic's day and has not been checked in."""
    day_ends_at = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    lines = []
    for line in visits.between(at.replace(hour=0, minute=0, second=0, microsecond=0), day_ends_at):
        if line.phase != "booked":
            continue
        details = reading.patient(line.patient).demographics
        lines.append(
            [
                clinic_time(line.starts_at),
                details.full_name,
                f"{details.record_number}, {clinic_date(details.birth_date)}",
                name_of.get(line.chair, line.chair),
                f"infusion {line.number}",
            ]
        )
    return lines


def _waiting(one: Present, chair: str, at: datetime) -> dict[str, Any]:
    """A patient whose infusion has not begun: what was found, ordered and drawn up, and what is next."""
    state, day = one.state, clinic_day(at)
    lines: list[tuple[str, str]] = []
    if state.check_in is not None:
        found = state.check_in.payload
        lines.append(("Checked in", clinic_datetime(state.check_in.at)))
        lines.append(("Signs then", signs_in_words(found.signs)))
        lines.append(("Goes home with", downtime_sheet.escort_words(found.escort)))
    if state.order is not None:
        signed = state.order.payload
        lines.append(("Order", signed.plan.sentence))
        by = f"{signed.signature.printed_name}, {clinic_datetime(signed.signature.signed_at)}"
        lines.append(("Signed", by))
    else:
        lines.append(("Order", "none is signed"))
    lines += [
        (words, f"{sentence_of(fact.payload)}, {fact.by.printed_name}, {clinic_time(fact.at)}")
        for words, fact in (
            ("Drawn up", state.draw),
            ("Second check", state.double_check),
            ("Time-out", state.time_out),
        )
        if fact is not None
    ]
    step = NEXT_STEPS.get(state.phase)
    return {
        "header": downtime_sheet.header_of(one.patient),
        "heading": f"{chair}: {one.patient.demographics.full_name}, {PHASE_MARKS[state.phase][0]}",
        "patient": patient_box(one.patient, state, chair),
        "lines": lines,
        "next": f"{step[1]}." if step else "",
        "start_rules": downtime_sheet.start_rules(book(), day),
    }


def _blanks(rulebook: Rulebook, chair_count: int, at: datetime) -> dict[str, Any]:
    """Empty forms, enough for as long as a pack is for, and what the rules in force say beside them."""
    day, chair_count = clinic_day(at), max(1, chair_count)
    interval = rulebook.limits("INF-CHK-001", day).interval
    checks = REACH / timedelta(minutes=float(interval.value))
    drug_rows = chair_count * VISITS_A_CHAIR * DRUG_ROWS_A_VISIT
    return {
        "signs_copies": chair_count * -int(-checks // ROWS),
        "signs_rows": ROWS,
        "limits": downtime_sheet.limits_in_force(rulebook, None, at),
        "checks": downtime_sheet.check_rules(rulebook, day),
        "drug_copies": -(-drug_rows // DRUG_ROWS),
        "drug_rows": DRUG_ROWS,
        "checkin_copies": chair_count * VISITS_A_CHAIR,
        "questions": [question.text for question in checkin_rules.QUESTIONS],
    }
