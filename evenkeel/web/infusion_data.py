"""The infusion chart's data, in the shape that the top of static/evenkeel/infusion_chart.js describes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any, Final

import numpy as np

from evenkeel.clinical.infusion import EVENTS, check_schedule, deferral_words, step_now
from evenkeel.clinical.infusion.schedule import LAID_OUT_MAX
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.pharmacology import (
    Bodies,
    Branch,
    InfusionProfile,
    Labelled,
    LiveModel,
    Prediction,
    load_parameter_set,
    predict_level,
)
from evenkeel.pharmacology.live import branch_levels
from evenkeel.pharmacology.prediction import LEVEL
from evenkeel.record.infusion import (
    BagReplaced,
    CheckDeferred,
    EventRecorded,
    InfusionPaused,
    InfusionResumed,
    InfusionStarted,
    InfusionStopped,
    RateChanged,
    SignsCharted,
)
from evenkeel.record.signs import Signs
from evenkeel.record.state import Written
from evenkeel.record.visits import STANDING_STILL, Bag, VisitState
from evenkeel.store.queries.monitors import Sampled
from evenkeel.values.drug import to_decimal
from evenkeel.values.quantities import Quantity
from evenkeel.values.shape import frozen
from evenkeel.web.jinja import clinic_time
from evenkeel.web.sentences import sentence_of

# The one published model of this version (pk_models.yaml).
MODEL: Final = "kamp_2020"
MCG_PER_MG: Final = 1000
# How long the pause lasts that the chart draws as one way on: a plain choice of ours.
PAUSE_DRAWN_MIN: Final = 10
WAYS_ON: Final = {
    Branch.FINISH_EARLY: "if stopped now",
    Branch.PAUSE_NOW: f"if paused {PAUSE_DRAWN_MIN} min",
}
# What a chart shows before the start and after the expected end.
BEFORE: Final = timedelta(minutes=10)
AFTER: Final = timedelta(minutes=15)
# A monitor sends every few seconds; a chart has room for a point this often. Each one shown was really sent.
GRAIN: Final = timedelta(seconds=20)
_DRAWN: Final = {
    "systolic": "systolic",
    "diastolic": "diastolic",
    "mean_pressure": "mean",
    "pulse": "pulse",
    "spo2": "spo2",
    "breaths": "breaths",
}
# Of the values that fall together, the one that must not be missed.
_LOWEST: Final = frozenset({"spo2", "breaths"})
_SIGNS: Final = (
    "systolic",
    "diastolic",
    "mean",
    "pulse",
    "spo2",
    "breaths",
    "sedation",
    "dissociation",
)


@frozen
class Run:
    """The pump ran at one rate from one bag, as far as the bag lasted."""

    from_at: datetime
    to_at: datetime
    ml_per_h: Fraction
    mg_per_ml: Fraction
    mg_since_start: Fraction


def runs(state: VisitState, until: datetime) -> tuple[Run, ...]:
    """The rates really run up to a moment, each cut off where its bag was empty; pauses are left out."""
    found: list[Run] = []
    for bag in state.bags:
        found.extend(
            _runs_from(state, bag, until, given_mg=found[-1].mg_since_start if found else Fraction(0))
        )
    return tuple(found)


def _runs_from(state: VisitState, bag: Bag, until: datetime, *, given_mg: Fraction) -> Iterator[Run]:
    """The runs from one bag, after so much was given from those before it."""
    holds, mg_per_ml, run = Fraction(bag.volume.value), bag.mcg_per_ml / MCG_PER_MG, Fraction(0)
    for segment in state.segments:
        from_at = max(segment.from_at, bag.from_at or segment.from_at)
        to_at = min(segment.to_at or until, bag.to_at or until, until)
        rate = Fraction(segment.rate.value)
        if segment.rate == STANDING_STILL or to_at <= from_at or run >= holds:
            continue
        to_at = min(to_at, from_at + _span((holds - run) / rate))
        run = min(holds, run + rate * hours_of(to_at - from_at))
        yield Run(
            from_at=from_at,
            to_at=to_at,
            ml_per_h=rate,
            mg_per_ml=mg_per_ml,
            mg_since_start=given_mg + run * mg_per_ml,
        )


def empty_at(state: VisitState, at: datetime) -> datetime | None:
    """When the bag is empty at the present rate and those of the steps to come; None while nothing runs."""
    spans = spans_to_come(state, at)
    return spans[-1][1] if spans else None


def spans_to_come(state: VisitState, at: datetime) -> list[tuple[datetime, datetime, Fraction]]:
    """From when to when the pump would run at which rate in mL/h, until the bag is empty.

    The present rate stands until what the step that should run has left is over, and then each step's own.
    Empty while nothing runs.
    """
    left, rate, now = state.volume_left(at), state.rate, step_now(state, at)
    if left is None or rate is None or rate == STANDING_STILL:
        return []
    volume = Fraction(left.value)
    steps = state.order.payload.plan.steps[now.number :] if state.order and now else ()
    shares = [(Fraction(rate.value), now.left if now and steps else volume)]
    shares += [(Fraction(step.rate.value), step.volume) for step in steps]
    if steps:
        # What rounding of the rates leaves in the bag runs in with the last step.
        shares[-1] = (shares[-1][0], volume)
    spans, from_at = [], at
    for ml_per_h, share in shares:
        share = min(share, volume)
        volume -= share
        to_at = from_at + _span(share / ml_per_h)
        spans.append((from_at, to_at, ml_per_h))
        from_at = to_at
    return spans


def planned_end_at(state: VisitState, at: datetime) -> datetime | None:
    """When the infusion ends as it runs now; after the stop, when it did."""
    if state.stopped is not None:
        return state.stopped.at
    return empty_at(state, at)


def _span(hours: Fraction) -> timedelta:
    return timedelta(microseconds=round(hours * 3_600_000_000))


def hours_of(span: timedelta) -> Fraction:
    """A length of time in hours, exact to the microsecond."""
    return Fraction(span // datetime.resolution, 3_600_000_000)


def chart_data(
    state: VisitState,
    samples: Iterable[Sampled],
    rulebook: Rulebook,
    *,
    zone: str,
    at: datetime,
    age_years: float | None,
    is_level_shown: bool,
    since: datetime | None = None,
) -> dict[str, Any]:
    """Everything that the chart draws. `samples` are the monitor's, by time.

    With `since`, of the monitor's values only those from about then on: `signs_from` says from when exactly,
    and what a page holds from before that still stands.
    """
    start_at = state.started.at if state.started else None
    left_at = state.discharge.at if state.discharge else None
    now = min(at, left_at) if left_at else at
    if start_at:
        # An infusion that somebody forgot to end is drawn for as long as its missed checks are listed.
        now = min(now, start_at + LAID_OUT_MAX)
    end_at = planned_end_at(state, now)
    first_at = (start_at or (state.check_in.at if state.check_in else at)) - BEFORE
    last_at = max((end_at or now) + AFTER, now + AFTER / 3)
    profile = _profile(state, now) if is_level_shown else None
    prediction = ways_on = None
    if profile is not None and start_at is not None:
        prediction = _prediction(state, profile, until=last_at, age_years=age_years)
        if prediction.drawable and end_at is not None and end_at > now:
            ways_on = _ways_on(state, profile, until=last_at, age_years=age_years)
    schedule = check_schedule(rulebook, state, at)
    signs_from = max(first_at, grain_of(since)) if since is not None else first_at
    return {
        "now": now.timestamp(),
        "zone": zone,
        "start_at": start_at.timestamp() if start_at else None,
        "planned_end_at": end_at.timestamp() if end_at else None,
        "x": {"from": first_at.timestamp(), "to": last_at.timestamp()},
        "signs": _signs(state, samples, first_at, signs_from),
        "signs_from": signs_from.timestamp(),
        "struck": _struck(state),
        "drug": _drug(state, now),
        "boluses": [
            {"at": fact.at.timestamp(), "label": f"{fact.payload.drug} {fact.payload.dose}"}
            for fact in state.rescues
        ],
        "events": _events(state),
        "predicted": _predicted(prediction, ways_on, start_at) if prediction and start_at else None,
        "level_note": said_of(prediction) if prediction and not prediction.drawable else None,
        "deferred": [
            {
                "due_at": fact.payload.due_at.timestamp(),
                "until_at": fact.payload.until_at.timestamp(),
                "label": f"put off: {deferral_words(fact.payload)}",
            }
            for fact in state.every(CheckDeferred)
        ],
        "missed": [
            {
                "due_at": missed.due_at.timestamp(),
                "late_min": None if missed.late is None else int(missed.late.total_seconds() // 60),
            }
            for missed in schedule.missed
        ],
    }


def _number(value: Quantity | int | None) -> float | int | None:
    return float(value.value) if isinstance(value, Quantity) else value


def _values(signs: Signs) -> dict[str, float | int | None]:
    return {name: _number(getattr(signs, name, None)) for name in _SIGNS}


def _by_hand(fact: Written[Any]) -> dict[str, Any]:
    before = [
        f"{sentence_of(entry.payload)} at {clinic_time(entry.happened_at)}"
        for entry in fact.history[:-1]
        if isinstance(entry.payload, SignsCharted)
    ]
    return {
        "at": fact.at.timestamp(),
        "source": "manual",
        "amended": fact.is_amended,
        "was": before[-1] if before else None,
        **_values(fact.payload.signs),
    }


def _signs(
    state: VisitState, samples: Iterable[Sampled], first_at: datetime, signs_from: datetime
) -> list[dict[str, Any]]:
    found = [_by_hand(fact) for fact in state.checks if fact.payload.source == "manual"]
    if state.check_in is not None and state.check_in.at >= first_at:
        found.append(_by_hand(state.check_in))
    found.extend(_from_device(sampled for sampled in samples if sampled.observed_at >= signs_from))
    return sorted(found, key=lambda sign: sign["at"])


def _struck(state: VisitState) -> list[dict[str, Any]]:
    """What was charted by hand and does not count any more: what was put right or taken back.

    Of a version that was put right only what became another value is here, or all of it where the time did.
    """
    found = []
    for fact in state.facts:
        if not fact.is_amended or not isinstance(fact.history[0].payload, SignsCharted):
            continue
        stands = {} if fact.in_error else _values(fact.payload.signs)
        for entry in fact.history:
            if not isinstance(entry.payload, SignsCharted) or (
                entry is fact.history[-1] and not fact.in_error
            ):
                continue
            is_moved = fact.in_error or entry.happened_at != fact.at
            values = {
                name: value if is_moved or value != stands[name] else None
                for name, value in _values(entry.payload.signs).items()
            }
            now_at = None if fact.in_error else fact.at.timestamp()
            found.append({"at": entry.happened_at.timestamp(), "now_at": now_at, **values})
    return found


def grain_of(moment: datetime) -> datetime:
    """The start of the grain that a moment lies in."""
    grain = GRAIN.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // grain * grain, moment.tzinfo)


def _from_device(samples: Iterable[Sampled]) -> list[dict[str, Any]]:
    """Thin the monitor's values to what a chart can show: of saturation and breathing the lowest."""
    kept: dict[tuple[int, str], Sampled] = {}
    for sampled in samples:
        if sampled.value is None or sampled.sign not in _DRAWN:
            continue
        place = (int(sampled.observed_at.timestamp() // GRAIN.total_seconds()), sampled.sign)
        held = kept.get(place)
        if held is None or held.value is None or _replaces(sampled, held):
            kept[place] = sampled
    rows: dict[float, dict[str, Any]] = {}
    for sampled in kept.values():
        at = sampled.observed_at.timestamp()
        row = rows.setdefault(
            at, {"at": at, "source": "device", "amended": False, "was": None, **dict.fromkeys(_SIGNS)}
        )
        row[_DRAWN[sampled.sign]] = float(sampled.value or 0)
    return list(rows.values())


def _replaces(sampled: Sampled, held: Sampled) -> bool:
    assert sampled.value is not None, "only values are compared"
    assert held.value is not None, "only values are compared"
    return sampled.sign not in _LOWEST or sampled.value < held.value


def _drug(state: VisitState, until: datetime) -> list[dict[str, Any]]:
    return [
        {
            "from": run.from_at.timestamp(),
            "to": run.to_at.timestamp(),
            "rate_ml_per_h": float(run.ml_per_h),
            "rate_mg_per_min": float(to_decimal(run.ml_per_h * run.mg_per_ml / 60, 3)),
            "given_mg": float(to_decimal(run.mg_since_start, 1)),
        }
        for run in runs(state, until)
    ]


def _events(state: VisitState) -> list[dict[str, Any]]:
    found = []
    for fact in state.facts:
        if fact.in_error:
            continue
        said = _event(fact.payload)
        if said is not None:
            found.append({"at": fact.at.timestamp(), "kind": said[0], "label": said[1]})
    return sorted(found, key=lambda event: event["at"])


def _event(payload: object) -> tuple[str, str] | None:
    match payload:
        case InfusionStarted(rate=rate):
            return "start", f"Start {rate}"
        case RateChanged(rate=rate):
            return "rate", str(rate)
        case InfusionPaused():
            return "pause", "Pause"
        case InfusionResumed(rate=rate):
            return "resume", f"Resume {rate}"
        case BagReplaced(drawn=drawn, bag=bag):
            return "bag", f"New bag {drawn} in {bag}"
        case InfusionStopped():
            return "stop", "Stop"
        case EventRecorded(event=event):
            return "complaint", EVENTS[event]
    return None


def _minute(state: VisitState, moment: datetime) -> float:
    """Minutes since the start: the clock of the profile."""
    assert state.started is not None, "only an infusion that was started has a clock"
    return (moment - state.started.at).total_seconds() / 60


def _profile(state: VisitState, at: datetime) -> InfusionProfile | None:
    """The rates really run and the bags really made up, then the present rate and the steps to come."""
    bag = state.bag(at)
    if state.started is None or bag is None:
        return None
    minute = partial(_minute, state)
    spans = [
        (minute(run.from_at), minute(run.to_at), float(run.ml_per_h * run.mg_per_ml))
        for run in runs(state, at)
    ]
    spans += [
        (minute(from_at), minute(to_at), float(ml_per_h * bag.mcg_per_ml / MCG_PER_MG))
        for from_at, to_at, ml_per_h in spans_to_come(state, at)
        if to_at > from_at
    ]
    start, end, mg_per_h_run = np.array(spans, dtype=np.float64).reshape(-1, 3).T
    return InfusionProfile(start_min=start, end_min=end, rate_mg_per_h=mg_per_h_run, present_min=minute(at))


def _prediction(
    state: VisitState, profile: InfusionProfile, *, until: datetime, age_years: float | None
) -> Prediction:
    # Every minute is fine enough for a line; the moments at which the rate changes keep its corners.
    present = profile.present_min
    assert present is not None, "a profile of a chart knows its present"
    minutes = np.arange(0.0, _minute(state, until) + 1.0)
    times = np.unique(np.concatenate([minutes, profile.start_min, profile.end_min, [present]]))
    weight = float(state.weight.value) if state.weight else None
    return predict_level(load_parameter_set(MODEL), weight, profile, times, age_years=age_years)


def _ways_on(
    state: VisitState, profile: InfusionProfile, *, until: datetime, age_years: float | None
) -> Mapping[Branch, Labelled]:
    """What else might follow from now on: the same body as the prediction beside which it is drawn."""
    present = profile.present_min
    assert present is not None, "a profile of a chart knows its present"
    assert state.weight is not None, "a level that is drawn has a weight"
    body = Bodies.typical(float(state.weight.value), age_years)
    model = LiveModel.of(load_parameter_set(MODEL).system(body), outputs=(LEVEL,))
    ahead_min = _minute(state, until) - present
    return branch_levels(model, profile, present, pause_min=PAUSE_DRAWN_MIN, ahead_min=ahead_min)


def _predicted(
    prediction: Prediction, ways_on: Mapping[Branch, Labelled] | None, start_at: datetime
) -> dict[str, Any] | None:
    if prediction.time_min is None or prediction.level_ng_per_ml is None:
        return None
    begin = start_at.timestamp()
    low, high = prediction.band_low_ng_per_ml, prediction.band_high_ng_per_ml
    return {
        "time": (prediction.time_min * 60 + begin).round(1).tolist(),
        "level": prediction.level_ng_per_ml.round(1).tolist(),
        "low": low.round(1).tolist() if low is not None else None,
        "high": high.round(1).tolist() if high is not None else None,
        "unit": "ng/mL",
        "model": prediction.model_name,
        "site": prediction.sampling_site,
        "population": prediction.population.rstrip("."),
        "citation": prediction.citation,
        "status": str(prediction.status),
        "ways_on": [_way_on(branch, ways_on[branch], begin) for branch in WAYS_ON] if ways_on else [],
        "note": said_of(prediction),
    }


def _way_on(branch: Branch, found: Labelled, begin: float) -> dict[str, Any]:
    minutes = np.asarray(found.axis("time").labels, dtype=np.float64)
    return {
        "words": WAYS_ON[branch],
        "time": (minutes * 60 + begin).round(1).tolist(),
        "level": found.values[0, 0].round(1).tolist(),
    }


def said_of(prediction: Prediction) -> str:
    """What must stand with a prediction, whether there is a curve or not."""
    said = " ".join(filter(None, (prediction.words, *prediction.reasons, prediction.band_statement)))
    return said.rstrip(".")
