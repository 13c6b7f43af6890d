"""Whose a device's values are: the patient that it was on, or beside, when it measured; never a guess."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from evenkeel.devices.pump import PumpValue
from evenkeel.devices.reading import DeviceObservation, Reading
from evenkeel.journey.phases import IN_THE_CHAIR, ON_THE_PUMP
from evenkeel.record.devices import Instrument
from evenkeel.record.series import VisitRebooked
from evenkeel.record.visits import VisitState
from evenkeel.store import intake, reading
from evenkeel.store.intake import Sample, SetAside, Stand, VisitAtChair
from evenkeel.store.queries import settings
from evenkeel.values.shape import frozen

NO_VISIT: Final = "no_visit"


@frozen
class Owner:
    """The visit that a message's values belong to, as it reads now.

    `stand` is the chair that its device stands at, if any.
    """

    at_chair: VisitAtChair
    state: VisitState
    stand: Stand | None
    instrument: Instrument


def owner_of(read: Reading, *, at: datetime, afterwards: bool = False) -> Owner | SetAside:
    """Find whose a message's values are, by what stood at `at`, its arrival; or why they are nobody's.

    `afterwards`: the message lay in quarantine, so who was in a chair is worked out from the record's times.
    """
    stand = intake.stand_of(read.device_id)
    told = intake.visit_with_device(read.device_id, at)
    if told is not None:
        visit, instrument = told
        if _is_present(visit, at, afterwards):
            other = _other_patient(read, (visit,))
            return other or _owner(visit, stand, instrument)
    if stand is None:
        return SetAside(
            reason="unknown_monitor",
            sentence=f'No chair has the monitor "{read.device_id}". Assign it to one on the monitors page.',
        )
    present = _present(stand, at, afterwards)
    on_the_pump = tuple(visit for visit, runs in present if runs)
    candidates = on_the_pump or tuple(visit for visit, _ in present)
    if not candidates:
        return SetAside(reason=NO_VISIT, sentence="No patient is checked in at this monitor's chair.")
    other = _other_patient(read, candidates)
    if other is not None:
        return other
    named = _named(read, candidates) or candidates
    if len(named) > 1:
        return SetAside(
            reason="several_visits",
            sentence=(
                "Several patients are checked in at this monitor's chair, and the message names none of them."
            ),
        )
    owner = _owner(named[0], stand, stand.instrument)
    return _contradicted(read.device_id, owner, at) or owner


def _owner(visit: VisitAtChair, stand: Stand | None, instrument: Instrument) -> Owner:
    return Owner(at_chair=visit, state=reading.visit(visit.visit), stand=stand, instrument=instrument)


def _named(read: Reading, visits: Iterable[VisitAtChair]) -> tuple[VisitAtChair, ...]:
    named = {identifier.value for identifier in read.patient_identifiers}
    return tuple(visit for visit in visits if visit.record_number in named)


def _other_patient(read: Reading, visits: tuple[VisitAtChair, ...]) -> SetAside | None:
    if not read.patient_identifiers or _named(read, visits):
        return None
    return SetAside(
        reason="other_patient",
        sentence="The message names another patient than the one at this monitor's chair.",
    )


def _is_present(visit: VisitAtChair, at: datetime, afterwards: bool) -> bool:
    return was_present(reading.visit(visit.visit), at) if afterwards else visit.phase in IN_THE_CHAIR


def _present(stand: Stand, at: datetime, afterwards: bool) -> tuple[tuple[VisitAtChair, bool], ...]:
    """Who was in the chair, each with whether the pump held their bag."""
    if not afterwards:
        visits = intake.visits_at(stand.chair, IN_THE_CHAIR)
        return tuple((visit, visit.phase in ON_THE_PUMP) for visit in visits)
    found = []
    for visit in intake.visits_around(stand.chair, at):
        state = reading.visit(visit.visit)
        if was_present(state, at):
            stopped = state.stopped is not None and state.stopped.at <= at
            runs = state.started is not None and state.started.at <= at and not stopped
            found.append((visit, runs))
    return tuple(found)


def was_present(state: VisitState, at: datetime) -> bool:
    """Whether the patient was checked in, and had not left, at a moment."""
    if state.cancelled or state.check_in is None or not state.is_gate_open or at < state.check_in.at:
        return False
    return state.discharge is None or at < state.discharge.at


def _contradicted(device: str, owner: Owner, at: datetime) -> SetAside | None:
    """What people said of the patient in the chair that forbids taking this device for theirs."""
    state, instrument = owner.state, owner.instrument
    span, other = state.device_span(device, at), state.device_on(instrument, at)
    if span is not None and not span.is_on:
        sentence = f"Somebody took this {instrument} off the patient at its chair, and nobody put it back on."
        return SetAside(reason="taken_off", sentence=sentence)
    if span is None and other is not None:
        sentence = f'Another {instrument} is on the patient at this chair: "{other.device}".'
        return SetAside(reason="other_device", sentence=sentence)
    if span is None and settings.current().devices_confirmed_per_visit:
        sentence = f"Nobody has confirmed that this {instrument} is on the patient at its chair."
        return SetAside(reason="not_confirmed", sentence=sentence)
    return None


def sorted_out(read: Reading, owner: Owner, *, received_at: datetime) -> tuple[list[Sample], list[SetAside]]:
    """Values to keep for the visit, and those to set aside with the reason of each."""
    set_aside = [
        SetAside(reason=refused.reason.value, sentence=f"{refused.sign.value}: {refused.sentence}")
        for refused in read.rejected
    ]
    samples = []
    for sample in _samples(read, received_at):
        wrong = _not_theirs(read.device_id, owner, sample)
        if wrong is None:
            samples.append(sample)
        else:
            reason, words = wrong
            set_aside.append(SetAside(reason=reason, sentence=f"{sample.sign}: measured {words}."))
    return samples, set_aside


def _samples(read: Reading, received_at: datetime) -> Iterable[Sample]:
    device = read.device_id[:100]
    for silence in read.no_signal:
        yield Sample(
            sign=silence.sign.value,
            value=None,
            no_signal=silence.reason.value,
            unit="",
            channel=silence.channel[:40],
            observed_at=silence.observed_at or received_at,
            device=device,
        )
    values: tuple[PumpValue | DeviceObservation, ...] = (*read.pump, *read.observations)
    for said in values:
        yield Sample(
            sign=said.sign.value,
            value=said.value,
            no_signal=None,
            unit=said.unit,
            channel=said.channel[:40],
            observed_at=said.observed_at,
            device=device,
        )


def _not_theirs(device: str, owner: Owner, sample: Sample) -> tuple[str, str] | None:
    """Why a value is not of this patient, as a reason and in words; by when it was measured."""
    at, state, instrument = sample.observed_at, owner.state, owner.instrument
    assert state.check_in is not None, "a visit at a chair is checked in"
    if at < state.check_in.at:
        # It may be of the patient before.
        return "before_check_in", "before this patient was checked in"
    if state.discharge is not None and at >= state.discharge.at:
        return "after_departure", "after this patient had left"
    span = state.device_span(device, at)
    if span is not None:
        return None if span.is_on else ("taken_off", f"while the {instrument} was off this patient")
    stand, moves = owner.stand, state.every(VisitRebooked)
    seated_at = max(moves, key=lambda fact: fact.seq).at if moves else None
    if (
        stand is None
        or stand.chair != state.chair
        or (stand.since is not None and at < stand.since)
        or (seated_at is not None and at < seated_at)
    ):
        # It may be of the patient that the device was on, or beside, before.
        return "before_device", f"before the {instrument} came to this patient"
    return None
