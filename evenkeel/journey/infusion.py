"""The infusion: time-out, start, every change of the pump, every check, and what was noticed on the way."""

from datetime import datetime
from typing import Final, Literal, get_args

from evenkeel.clinical import infusion as rules
from evenkeel.clinical.decision import objections, refs
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.custody.weld import settle_given
from evenkeel.journey.phases import IN_THE_CHAIR, ON_THE_PUMP, require_phase
from evenkeel.journey.rules import book
from evenkeel.journey.second_person import Proof, prove_second
from evenkeel.record.entry import Draft, Payload
from evenkeel.record.infusion import (
    EventKind,
    EventRecorded,
    InfusionPaused,
    InfusionResumed,
    InfusionStarted,
    InfusionStopped,
    NoteWritten,
    RateChanged,
    SignsCharted,
    TimeOutHeld,
)
from evenkeel.record.signs import Signs, SignSource
from evenkeel.record.verdict import Override, Verdict
from evenkeel.record.visits import STANDING_STILL, VisitState
from evenkeel.store import log
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import FlowRate, Volume

StopReason = Literal["completed", "adverse_event", "patient_wish", "clinician_decision", "other"]

# What both people read aloud from the label, the pump and the wristband before the pump runs.
# Patient, mg, mL, mL/h and the expected end: clinic-peers.md, (c), T-2. Rescue and airway within reach: the
# label asks for airway equipment immediately available, a guideline for training in advanced life support
# (clinical-protocol.md, section 5).
TIME_OUT: Final[dict[str, str]] = {
    "patient": "Name, birth date and record number agree with the patient and the wristband",
    "dose": "The milligrams on the bag's label agree with the order",
    "volume": "The milliliters in the bag agree with the order",
    "rate": "The mL/h on the pump agree with the order",
    "end": "The expected end is said aloud",
    "rescue": "Airway equipment and rescue drugs are within reach",
    "staff": "Somebody trained in advanced cardiac life support is in the clinic, and is named",
}


class UnableToHoldTimeOut(UnableTo):
    """The time-out was not held."""


class UnableToStart(UnableTo):
    """The infusion may not start."""


class UnableToChart(UnableTo):
    """A check, event, note or rescue drug could not be written down as it stands."""


class UnableToChangeRate(UnableTo):
    """The pump's rate may not be changed."""


class UnableToPause(UnableTo):
    """There is no running infusion to pause."""


class UnableToResume(UnableTo):
    """The infusion may not go on."""


class UnableToStop(UnableTo):
    """There is no infusion to stop."""


def held(act: Act, visit: StreamId) -> VisitState:
    """Fold and hold a visit, note the access, and refuse a time at which nothing of it can have happened."""
    state = log.fold_for_update(VisitState, visit)
    touch(state.booking.payload.patient)
    require_plausible_time(act, state)
    return state


def _write(state: VisitState, act: Act, payload: Payload, verdicts: tuple[Verdict, ...] = ()) -> StreamId:
    return append(state, act, payload, verdicts).stream


def append(state: VisitState, act: Act, payload: Payload, verdicts: tuple[Verdict, ...] = ()) -> VisitState:
    draft = Draft(payload=payload, happened_at=act.happened_at, rules=refs(verdicts))
    return log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)


def require_after(state: VisitState, act: Act, unable: type[UnableTo]) -> None:
    """A change of the pump cannot come before the last one: the rates really run would be told wrongly."""
    last_at = state.pump_changed_at
    if last_at is not None and act.happened_at < last_at:
        sentence = (
            "Time: the pump was set to its present state after the time given. "
            "Give a later time, or amend the earlier entry."
        )
        raise unable([Issue(sentence=sentence, code="before-last-change", field="happened_at")])


def _refuse_objections(
    verdicts: tuple[Verdict, ...], overrides: tuple[Override, ...], act: Act, unable: type[UnableTo]
) -> None:
    issues = objections(book(), verdicts, overrides, act.by.role)
    if issues:
        raise unable(issues)


@use_case("infusion.run")
def hold_time_out(
    act: Act,
    *,
    visit: StreamId,
    second: ClinicianId | None,
    proof_of_second: Proof,
    confirmed: tuple[str, ...],
) -> StreamId:
    """Record that two people stopped and read everything aloud; the second proves that they are there."""
    state = held(act, visit)
    require_seen(state, act)
    require_phase(
        state, ("double_checked",), UnableToHoldTimeOut, "The time-out follows an agreed double check"
    )
    missing = [words for key, words in TIME_OUT.items() if key not in confirmed]
    sentence = f"Read aloud: not yet confirmed: {'; '.join(missing)}."
    unread = [Issue(sentence=sentence, code="not-confirmed", field="confirmed")] if missing else []
    other = prove_second(
        act,
        second=second,
        proof=proof_of_second,
        action="infusion.run",
        unable=UnableToHoldTimeOut,
        who_may="a nurse or prescriber of this clinic",
        besides=unread,
    )
    read_aloud = tuple(key for key in TIME_OUT if key in confirmed)
    payload = TimeOutHeld(second_person=other.id, second_person_name=other.printed_name, confirmed=read_aloud)
    return _write(state, act, payload)


@use_case("infusion.run")
def start(
    act: Act, *, visit: StreamId, pump: str, cannula_site: str, overrides: tuple[Override, ...] = ()
) -> StreamId:
    """Start the pump at the rate that was drawn up and checked; the ledger keeps the bag for the patient."""
    state = held(act, visit)
    require_seen(state, act)
    require_phase(state, ("ready",), UnableToStart, "The infusion starts after the time-out")
    verdicts = rules.assess_start(book(), state, act.happened_at)
    _refuse_objections(verdicts, overrides, act, UnableToStart)
    assert state.draw is not None, "a visit that is ready has a draw"
    payload = InfusionStarted(
        rate=state.draw.payload.rate,
        pump=pump,
        cannula_site=cannula_site,
        verdicts=verdicts,
        overrides=overrides,
    )
    settle_given(act, append(state, act, payload, verdicts))
    return visit


@use_case("infusion.run")
def change_rate(
    act: Act, *, visit: StreamId, rate: FlowRate, reason: str, overrides: tuple[Override, ...] = ()
) -> StreamId:
    """Set the running pump to another rate."""
    state = held(act, visit)
    require_seen(state, act)
    require_phase(state, ("running",), UnableToChangeRate, "The rate of a running infusion can be changed")
    require_after(state, act, UnableToChangeRate)
    _refuse_still_rate(rate, "Rate: to stand still, pause or stop the infusion.", UnableToChangeRate)
    verdicts = rules.assess_rate(book(), state, rate, act.happened_at)
    _refuse_objections(verdicts, overrides, act, UnableToChangeRate)
    payload = RateChanged(rate=rate, reason=reason, verdicts=verdicts, overrides=overrides)
    return _write(state, act, payload, verdicts)


def _refuse_still_rate(rate: FlowRate, sentence: str, unable: type[UnableTo]) -> None:
    if rate == STANDING_STILL:
        raise unable([Issue(sentence=sentence, code="rate-zero", field="rate")])


@use_case("infusion.run")
def pause(act: Act, *, visit: StreamId, reason: str) -> StreamId:
    """Record that the pump stands still for now."""
    state = held(act, visit)
    require_phase(state, ("running",), UnableToPause, "A running infusion can be paused")
    require_after(state, act, UnableToPause)
    return _write(state, act, InfusionPaused(reason=reason))


@use_case("infusion.run")
def resume(act: Act, *, visit: StreamId, rate: FlowRate, overrides: tuple[Override, ...] = ()) -> StreamId:
    """Let the paused pump run again."""
    state = held(act, visit)
    require_seen(state, act)
    require_phase(state, ("paused",), UnableToResume, "A paused infusion can be resumed")
    require_after(state, act, UnableToResume)
    _refuse_still_rate(rate, "Rate: write the rate at which the pump runs again.", UnableToResume)
    verdicts = rules.assess_resume(book(), state, rate, act.happened_at)
    _refuse_objections(verdicts, overrides, act, UnableToResume)
    payload = InfusionResumed(rate=rate, verdicts=verdicts, overrides=overrides)
    return _write(state, act, payload, verdicts)


@use_case("infusion.run")
def stop(act: Act, *, visit: StreamId, reason: StopReason, note: str, pump_volume: Volume | None) -> StreamId:
    """Record that the pump stands still for good; nothing a rule says keeps anybody from stopping.

    The ledger posts what was given by the rates really run; what is left in the bag is in the visit's hand.
    """
    state = held(act, visit)
    assert reason in get_args(StopReason), "a page offers only known reasons"
    if state.stopped is not None:
        sentence = f"The infusion was already stopped, by {state.stopped.by.printed_name}."
        raise UnableToStop([Issue(sentence=sentence, code="wrong-phase")])
    require_phase(state, ON_THE_PUMP, UnableToStop, "A running or paused infusion can be stopped")
    require_after(state, act, UnableToStop)
    stopped = InfusionStopped(reason=reason, note=note, pump_volume=pump_volume)
    settle_given(act, append(state, act, stopped))
    return visit


def require_in_the_chair(state: VisitState, happened_at: datetime, what: str) -> None:
    """What is charted happened between check-in and departure; it may be written down even later."""
    if state.discharge is not None and happened_at <= state.discharge.at:
        return
    require_phase(state, IN_THE_CHAIR, UnableToChart, what)
    if state.check_in is not None and happened_at < state.check_in.at:
        sentence = "Time: it lies before the check-in of this visit."
        raise UnableToChart([Issue(sentence=sentence, code="before-check-in", field="happened_at")])


@use_case("infusion.chart")
def chart_signs(
    act: Act, *, visit: StreamId, signs: Signs, source: SignSource, confirmed: tuple[str, ...] = ()
) -> StreamId:
    """Chart one check. A doubtful value must be named in `confirmed`; an impossible one is refused."""
    state = held(act, visit)
    require_in_the_chair(state, act.happened_at, "Signs are charted while the patient is in the chair")
    if signs.is_empty:
        sentence = "Write at least one value, or write a note that says why there is none."
        raise UnableToChart([Issue(sentence=sentence, code="signs-empty")])
    issues = list(rules.refuse_impossible(signs))
    doubtful = rules.implausible(signs)
    issues.extend(
        Issue(sentence=sentence, code="implausible", field=name)
        for name, sentence in doubtful.items()
        if name not in confirmed
    )
    if issues:
        raise UnableToChart(issues)
    verdicts = rules.assess_signs(book(), state, signs, act.happened_at)
    payload = SignsCharted(
        signs=signs,
        source=source,
        confirmed=tuple(name for name in doubtful if name in confirmed),
        verdicts=verdicts,
    )
    return _write(state, act, payload, verdicts)


@use_case("infusion.chart")
def record_event(act: Act, *, visit: StreamId, event: EventKind, grade: int | None, note: str) -> StreamId:
    """Record that something happened to the patient."""
    state = held(act, visit)
    require_in_the_chair(state, act.happened_at, "Events are recorded while the patient is in the chair")
    assert event in get_args(EventKind), "a page offers only known events"
    if grade is not None and grade not in rules.GRADES:
        sentence = f"Grade: choose {' or '.join(str(number) for number in rules.GRADES)}."
        raise UnableToChart([Issue(sentence=sentence, code="grade", field="grade")])
    if event == "other" and not note.strip():
        sentence = "Note: say in words what happened."
        raise UnableToChart([Issue(sentence=sentence, code="note-missing", field="note")])
    verdicts = rules.assess_event(book(), event, grade, act.happened_at)
    return _write(state, act, EventRecorded(event=event, grade=grade, note=note), verdicts)


@use_case("infusion.chart")
def write_note(act: Act, *, visit: StreamId, text: str) -> StreamId:
    """Write free words to the visit, at any time after it was booked."""
    state = held(act, visit)
    if not text.strip():
        raise UnableToChart([Issue(sentence="Note: write something.", code="note-missing", field="text")])
    return _write(state, act, NoteWritten(text=text))
