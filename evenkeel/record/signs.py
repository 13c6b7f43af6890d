"""One set of signs, as charted by a person or confirmed by a person from a monitor."""

from typing import Literal

from evenkeel.values.quantities import Breaths, Pressure, Pulse, Saturation
from evenkeel.values.shape import frozen


@frozen
class Signs:
    """Every sign is optional, because a check that got only half its values is still worth keeping.

    `sedation` is MOAA/S 0-5 (5 = responds readily to name). `dissociation`, `pain` and `nausea` are 0-10
    ratings in the patient's own words.
    """

    systolic: Pressure | None = None
    diastolic: Pressure | None = None
    pulse: Pulse | None = None
    spo2: Saturation | None = None
    breaths: Breaths | None = None
    sedation: int | None = None
    dissociation: int | None = None
    nausea: int | None = None
    pain: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was measured."""
        return all(getattr(self, name) is None for name in SIGN_NAMES)


SIGN_NAMES = (
    "systolic",
    "diastolic",
    "pulse",
    "spo2",
    "breaths",
    "sedation",
    "dissociation",
    "nausea",
    "pain",
)

SignSource = Literal["manual", "monitor"]
