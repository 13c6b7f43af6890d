"""The plausible ranges of `plausible.toml`, read once."""

import tomllib
from datetime import timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files

from evenkeel.devices.nomenclature import CANONICAL_UNIT, Sign
from evenkeel.values.shape import frozen


@frozen
class Range:
    """Inclusive bounds in the sign's canonical unit."""

    low: Decimal
    high: Decimal

    def holds(self, value: Decimal) -> bool:
        """Whether a living, awake adult could have this value."""
        return self.low <= value <= self.high


@frozen
class Plausible:
    """The ranges by sign, and how far an observation's time may lie from its arrival."""

    ranges: dict[Sign, Range]
    future_limit: timedelta
    age_limit: timedelta


@cache
def plausible() -> Plausible:
    """Read the shipped ranges; a missing sign or a wrong unit is a broken installation."""
    text = files("evenkeel.devices").joinpath("plausible.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text, parse_float=Decimal)
    ranges = {}
    for sign in Sign:
        row = table[sign.value]
        assert row["unit"] == CANONICAL_UNIT[sign], f"the plausible range of {sign} is in another unit"
        ranges[sign] = Range(low=Decimal(row["low"]), high=Decimal(row["high"]))
        # Zero is treated as "no signal" for every sign, which holds only while no range includes it.
        assert 0 < ranges[sign].low < ranges[sign].high, (
            f"the plausible range of {sign} is not a range above zero"
        )
    return Plausible(
        ranges=ranges,
        future_limit=timedelta(seconds=table["time"]["future_seconds"]),
        age_limit=timedelta(minutes=table["time"]["age_minutes"]),
    )
