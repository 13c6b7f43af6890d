"""Which monitor and which pump are on a patient: said by a person who looked, with the time it began."""

from datetime import datetime

from evenkeel.journey.acting import Act, require_seen, use_case
from evenkeel.journey.infusion import append, held
from evenkeel.journey.monitors import MONITOR_LETTERS_MAX
from evenkeel.journey.phases import IN_THE_CHAIR, require_phase
from evenkeel.record.devices import DeviceAssociated, DeviceReleased, Instrument
from evenkeel.record.series import VisitRebooked
from evenkeel.record.visits import VisitState
from evenkeel.store import intake, rows
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.issues import Issue, UnableTo

# Two words at least, so that the next reader learns why. Proposal.
REASON_LETTERS_MIN = 5


class UnableToAssociate(UnableTo):
    """The device cannot be put on this patient, or taken off, like this."""


def device_in_use(state: VisitState, instrument: Instrument, at: datetime) -> str | None:
    """The monitor, or pump, whose values are this patient's: as a person said, else the one at the chair."""
    told = state.device_on(instrument, at)
    if told is not None:
        return told.device
    chair = rows.chair(state.chair)
    device = chair and (chair.monitor if instrument == "monitor" else chair.pump)
    taken_off = device and state.device_span(device, at)
    return None if not device or (taken_off and not taken_off.is_on) else device


@use_case("infusion.chart")
def associate(act: Act, *, visit: StreamId, instrument: Instrument, device: str) -> StreamId:
    """Say that this device is on this patient from the act's time on; it takes the place of what was.

    What it measured before is not this patient's, and what the other one measures from then on is not either.
    """
    state = held(act, visit)
    require_seen(state, act)
    require_phase(state, IN_THE_CHAIR, UnableToAssociate, "A device is put on a patient who is in the chair")
    device = device.strip()
    if not 0 < len(device) <= MONITOR_LETTERS_MAX:
        _refuse(f"Device: write its id, at most {MONITOR_LETTERS_MAX} characters.", "device", "device")
    _refuse_before_check_in(state, act)
    stands = intake.stand_of(device)
    if stands is not None and stands.instrument != instrument:
        _refuse(f"Device: this id belongs to a {stands.instrument}.", "other-instrument", "device")
    elsewhere = intake.visit_with_device(device, act.happened_at)
    if elsewhere is not None and elsewhere[0].visit != visit and elsewhere[0].phase in IN_THE_CHAIR:
        where = rows.chair(elsewhere[0].chair)
        name = where.name if where is not None else "another chair"
        _refuse(f"Device: it is on the patient at {name}. Take it off there first.", "elsewhere", "device")
    told = state.device_on(instrument, act.happened_at)
    if told is not None and told.device == device:
        _refuse(f"Device: it is on this patient already, since {told.from_at:%H:%M}.", "already", "device")
    before = device_in_use(state, instrument, act.happened_at)
    replaces = before if before != device else None
    return append(
        state, act, DeviceAssociated(instrument=instrument, device=device, replaces=replaces)
    ).stream


@use_case("infusion.chart")
def release(act: Act, *, visit: StreamId, instrument: Instrument, reason: str) -> StreamId:
    """Say that the device in use is on this patient no longer, and why; nothing takes its place by itself."""
    state = held(act, visit)
    require_seen(state, act)
    require_phase(state, IN_THE_CHAIR, UnableToAssociate, "A device is taken off a patient in the chair")
    _refuse_before_check_in(state, act)
    if len(reason.strip()) < REASON_LETTERS_MIN:
        _refuse("Reason: write why it is taken off.", "reason", "reason")
    device = device_in_use(state, instrument, act.happened_at)
    if device is None:
        _refuse(f"No {instrument} is on this patient.", "none", "instrument")
    payload = DeviceReleased(instrument=instrument, device=device or "", reason=reason.strip())
    return append(state, act, payload).stream


@use_case("infusion.chart")
def move_patient(act: Act, *, visit: StreamId, chair: ChairId, reason: str) -> StreamId:
    """Say that the patient sits in another chair from now on.

    A device that a person put on the patient goes with them; the monitor that merely stands at the chair they
    left does not.
    """
    state = held(act, visit)
    require_seen(state, act)
    require_phase(state, IN_THE_CHAIR, UnableToAssociate, "A patient is moved who is in the chair")
    place, wanted = state.place, rows.chair(chair)
    if wanted is None or chair == place.chair:
        _refuse("Chair: choose another chair of this clinic.", "chair", "chair")
    if intake.visits_at(chair, IN_THE_CHAIR):
        _refuse("Chair: another patient sits there.", "chair-taken", "chair")
    if len(reason.strip()) < REASON_LETTERS_MIN:
        _refuse("Reason: write why the patient is moved.", "reason", "reason")
    rows.free_slots(visit)
    try:
        rows.take_slots(chair, visit, place.starts_at, place.ends_at)
    except rows.SlotTaken as taken:
        sentence = "Chair: it is booked for another visit in this time. Move that one first."
        raise UnableToAssociate([Issue(sentence=sentence, code="chair-taken", field="chair")]) from taken
    payload = VisitRebooked(
        chair=chair,
        starts_at=place.starts_at,
        ends_at=place.ends_at,
        reason=reason.strip(),
        verdicts=(),
        overrides=(),
    )
    return append(state, act, payload).stream


def _refuse_before_check_in(state: VisitState, act: Act) -> None:
    if state.check_in is not None and act.happened_at < state.check_in.at:
        _refuse("Time: it lies before the check-in of this patient.", "before-check-in", "happened_at")


def _refuse(sentence: str, code: str, field: str) -> None:
    raise UnableToAssociate([Issue(sentence=sentence, code=code, field=field)])
