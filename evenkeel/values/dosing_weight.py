"""Which weight a dose is worked out on: the one that the scale read, or one that follows from the height."""

from datetime import date
from typing import Final, Literal

from evenkeel.values.quantities import Height, Weight
from evenkeel.values.shape import frozen

WeightBasis = Literal["actual", "ideal", "adjusted"]

BASIS_WORDS: Final[dict[WeightBasis, str]] = {
    "actual": "actual weight",
    "ideal": "ideal weight",
    "adjusted": "adjusted weight",
}


@frozen
class DosingWeight:
    """The weight of a dose beside the one that the scale read; on actual weight the two are the same.

    `weighed_date` is None for a weight that was told, `height_date` for a height of no known day.
    """

    basis: WeightBasis
    weight: Weight
    weighed: Weight
    weighed_date: date | None
    height: Height | None
    height_date: date | None

    @property
    def words(self) -> str:
        """What stands behind the dose's weight where it is not the scale's; empty where it is."""
        if self.basis == "actual":
            return ""
        height = f", height {self.height}" if self.height else ""
        return f"{BASIS_WORDS[self.basis]}; weighed {self.weighed}{height}"
