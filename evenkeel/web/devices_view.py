"""Which monitor and which pump are taken for a patient's, in words."""

from typing import Final, get_args

from evenkeel.journey import associations
from evenkeel.record.devices import Instrument
from evenkeel.record.visits import VisitState
from evenkeel.web import pages
from evenkeel.web.jinja import clinic_time

INSTRUMENTS: Final[tuple[Instrument, ...]] = get_args(Instrument)


def device_words(state: VisitState) -> str:
    """Which monitor and which pump are taken for the patient's now, and by whose word."""
    at, found = pages.now(), []
    for instrument in INSTRUMENTS:
        words, told = instrument.capitalize(), state.device_on(instrument, at)
        device = associations.device_in_use(state, instrument, at)
        if told is not None:
            found.append(f"{words} {told.device}, confirmed for this patient at {clinic_time(told.from_at)}.")
        elif device is not None:
            found.append(f"{words} {device}, because it stands at the chair.")
        else:
            found.append(f"{words}: none.")
    return " ".join(found)
