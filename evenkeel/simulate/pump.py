"""A made-up infusion pump: says what it gives, as the body beside it takes it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from evenkeel.devices.compose import Monitor, PumpSays, compose_pump
from evenkeel.simulate.body import Run
from evenkeel.simulate.world import World
from evenkeel.values.drug import to_decimal
from evenkeel.values.ids import ChairId

# Not every chair has a pump that is heard. Made up.
CHAIRS_WITH_PUMP: Final = (ChairId("chair-1"), ChairId("chair-2"), ChairId("chair-3"))
MCG_PER_MG: Final = 1000
# What a pump shows: a tenth of a millilitre.
PLACES: Final = 1


def pump_of(chair: str) -> str:
    """The name of the pump that stands at a chair of the demo clinic."""
    return f"DEMO-PUMP-{chair.rpartition('-')[2]}"


class InfusionPump:
    """The pump at one chair: it is heard from when it is first set, and counts what it has delivered."""

    def __init__(self, world: World, chair: ChairId) -> None:
        self._world = world
        self._pump = Monitor(device_id=pump_of(chair), zone=ZoneInfo("UTC"), bed=chair)
        self._sent = 0

    def say(self, now: datetime, runs: Sequence[Run], mcg_per_ml: Fraction) -> None:
        """Send rate, volume and status by the rates really run, of a bag of so many micrograms in a mL."""
        set_by_now = [run for run in runs if run.from_at <= now]
        if not set_by_now:
            return
        self._sent += 1
        says = pump_says(now, set_by_now, mcg_per_ml)
        message = compose_pump(self._pump, says, control_id=str(self._sent), sent_at=now)
        self._world.send(message, self._pump.device_id)


def pump_says(now: datetime, runs: Sequence[Run], mcg_per_ml: Fraction) -> PumpSays:
    """What a pump shows at a moment that was set like this, the last time at that moment or before it."""
    delivered_ml = Fraction(0)
    for run, until in zip(runs, [*(following.from_at for following in runs[1:]), now], strict=True):
        delivered_ml += _ml_per_h(run, mcg_per_ml) * Fraction((until - run.from_at) / timedelta(hours=1))
    rate = to_decimal(_ml_per_h(runs[-1], mcg_per_ml), PLACES)
    return PumpSays(
        rate_ml_per_h=rate, delivered_ml=to_decimal(delivered_ml, PLACES), is_running=rate > Decimal(0)
    )


def _ml_per_h(run: Run, mcg_per_ml: Fraction) -> Fraction:
    return Fraction(run.mg_per_h) * MCG_PER_MG / mcg_per_ml
