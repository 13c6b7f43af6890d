"""The chart in words: every check and what was put right, what was missed, and what the monitor measured."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from evenkeel.clinical import infusion as rules
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.infusion import CheckDeferred, SignsCharted
from evenkeel.record.signs import SIGN_NAMES, Signs
from evenkeel.record.state import Written
from evenkeel.record.visits import VisitState
from evenkeel.store.queries.monitors import Sampled
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import Quantity
from evenkeel.web.infusion_view import deferred_words
from evenkeel.web.jinja import clinic_time
from evenkeel.web.sentences import signs_in_words

# What is written down later than this after it happened is told as charted late. Proposal.
WRITTEN_LATE: Final = timedelta(minutes=5)
# A table that is read line by line holds the first values of each such span from a monitor. Proposal.
DEVICE_EVERY: Final = timedelta(minutes=5)

COLUMNS: Final[tuple[Any, ...]] = (
    "Time",
    "Pressure mmHg",
    {"text": "Pulse /min", "numeric": True},
    {"text": "SpO2 %", "numeric": True},
    {"text": "Breathing /min", "numeric": True},
    {"text": "Sedation", "numeric": True},
    {"text": "Dissociation", "numeric": True},
    {"text": "Nausea", "numeric": True},
    {"text": "Pain", "numeric": True},
    {"text": "Given mg", "numeric": True},
    "By",
)
NOTHING: Final = "–"
_FROM_DEVICE: Final = ("pulse", "spo2", "breaths")

Row = tuple[datetime, list[Any]]


def table(rulebook: Rulebook, state: VisitState, samples: Iterable[Sampled], at: datetime) -> dict[str, Any]:
    """Columns and rows for `chart.chart_table`, by time; `samples` are the monitor's, by time."""
    facts: list[Written[Any]] = [
        fact for fact in state.facts if isinstance(fact.history[0].payload, SignsCharted)
    ]
    rows = [row for fact in facts for row in _checked(state, fact)]
    if state.check_in is not None:
        rows.append(_row(state, state.check_in.at, state.check_in.payload.signs, _by(state.check_in)))
    rows.extend(_deferred(fact) for fact in state.every(CheckDeferred))
    rows.extend(
        (missed.due_at, [clinic_time(missed.due_at), "check not done", *[NOTHING] * 9])
        for missed in rules.check_schedule(rulebook, state, at).missed
        if missed.late is None
    )
    device = _from_device(state, samples)
    rows.extend(device)
    return {
        "columns": list(COLUMNS),
        "rows": [cells for _, cells in sorted(rows, key=lambda row: row[0])],
        "has_device": bool(device),
        "device_every": f"{DEVICE_EVERY // timedelta(minutes=1)} minutes",
    }


def _checked(state: VisitState, fact: Written[Any]) -> list[Row]:
    """One check as it counts, with what it said before; one that was taken back says so."""
    before = [
        (entry.happened_at, signs_in_words(entry.payload.signs))
        for entry in fact.history[:-1]
        if isinstance(entry.payload, SignsCharted)
    ]
    if fact.in_error:
        words = f"taken back: {before[-1][1]}"
        return [(fact.at, [clinic_time(fact.at), words, *[NOTHING] * 8, _by(fact)])]
    by = _by(fact)
    if before:
        was = "; ".join(f"{clinic_time(when)} {said}" for when, said in before)
        by = f"{by}, amended (was {was})"
    return [_row(state, fact.at, fact.payload.signs, by)]


def _row(state: VisitState, when: datetime, signs: Signs, by: str) -> Row:
    high, low = (_cell(value) for value in (signs.systolic, signs.diastolic))
    pressure = f"{high}/{low}" if signs.systolic or signs.diastolic else NOTHING
    cells = [_cell(getattr(signs, name)) for name in SIGN_NAMES[2:]]
    return when, [clinic_time(when), pressure, *cells, _given(state, when), by]


def _given(state: VisitState, when: datetime) -> str:
    return plain(state.given(when).in_mg.quantize(Decimal("0.1")))


def _deferred(fact: Written[CheckDeferred]) -> Row:
    due_at = fact.payload.due_at
    return due_at, [clinic_time(due_at), f"check {deferred_words(fact)}", *[NOTHING] * 9]


def _from_device(state: VisitState, samples: Iterable[Sampled]) -> list[Row]:
    """The first value of each sign in each span, on one row with the time of the first of them."""
    spans: dict[int, dict[str, Sampled]] = {}
    for sampled in samples:
        if sampled.value is None:
            continue
        span = spans.setdefault(int(sampled.observed_at.timestamp() // DEVICE_EVERY.total_seconds()), {})
        span.setdefault(sampled.sign, sampled)
    rows = []
    for span in spans.values():
        when = min(sampled.observed_at for sampled in span.values())
        high, low = _sampled(span, "systolic"), _sampled(span, "diastolic")
        pressure = NOTHING if high == low == NOTHING else f"{high}/{low}"
        cells = [_sampled(span, name) for name in _FROM_DEVICE]
        rows.append(
            (
                when,
                [clinic_time(when), pressure, *cells, *[NOTHING] * 4, _given(state, when), "monitor"],
            )
        )
    return rows


def _sampled(span: dict[str, Sampled], sign: str) -> str:
    sampled = span.get(sign)
    return NOTHING if sampled is None or sampled.value is None else plain(sampled.value)


def _by(fact: Written[Any]) -> str:
    """Who charted it; where it was written down well after it happened, when that was."""
    first = fact.history[0]
    if first.recorded_at - first.happened_at <= WRITTEN_LATE:
        return fact.by.printed_name
    return f"{fact.by.printed_name}, charted late at {clinic_time(first.recorded_at)}"


def _cell(value: Quantity | int | None) -> str:
    return NOTHING if value is None else value.number if isinstance(value, Quantity) else str(value)
