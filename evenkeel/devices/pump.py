"""What an infusion pump says of itself: its rate, what it delivered, and whether it runs.

Codes: IHE PCD TF-2 rev 8: 157784 flow rate, 157993 volume delivered in all, 184519 infusing status with the
words "pump-status-infusing" and "pump-status-not-infusing"; units 265266 mL/h and 263762 mL.
Other codes that pumps are said to use for the same (157864 for the volume, 184508 for the status) were not
found in the profile and are not taken: a wrong code is not guessed.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from evenkeel.record.devices import PumpSign
from evenkeel.values.shape import frozen

PUMP_CODES: Final[dict[str, tuple[PumpSign, str]]] = {
    "157784": (PumpSign.RATE, "MDC_FLOW_FLUID_PUMP"),
    "157993": (PumpSign.VOLUME, "MDC_VOL_FLUID_DELIV_TOTAL"),
    "184519": (PumpSign.RUNNING, "MDC_PUMP_INFUSING_STATUS"),
}
PUMP_UNITS: Final[dict[PumpSign, frozenset[str]]] = {
    PumpSign.RATE: frozenset({"265266", "mL/h"}),
    PumpSign.VOLUME: frozenset({"263762", "mL"}),
}
PUMP_UNIT: Final[dict[PumpSign, str]] = {PumpSign.RATE: "mL/h", PumpSign.VOLUME: "mL", PumpSign.RUNNING: ""}
INFUSING: Final[dict[str, Decimal]] = {
    "pump-status-infusing": Decimal(1),
    "pump-status-not-infusing": Decimal(0),
}
# What an infusion pump can be set to, and hold. Proposals; a number outside is left out.
MOST: Final[dict[PumpSign, Decimal]] = {PumpSign.RATE: Decimal(1200), PumpSign.VOLUME: Decimal(9999)}


@frozen
class PumpValue:
    """One thing that a pump said; `value` in `unit` (canonical UCUM). `observed_at` is aware UTC."""

    sign: PumpSign
    value: Decimal
    unit: str
    observed_at: datetime
    channel: str


def pump_number(sign: PumpSign, sent_value: str, sent_unit: str) -> Decimal | None:
    """Read a rate or a volume, which may be 0; None for another unit, or for what no pump can say."""
    if sent_unit not in PUMP_UNITS[sign]:
        return None
    value = Decimal(sent_value)
    return value if 0 <= value <= MOST[sign] else None
