"""Where drug can be, and which ways it can go.

An account holds micrograms of base of one item: a product's lot. Sealed vials lie in the safe and the cabinet
as whole vials; an opened vial, a syringe and a bag are accounts of their own. What has left the clinic for
good stands in accounts that only a correction takes from.
"""

from datetime import date
from typing import Final, Literal

from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.shape import frozen

Drug = Literal["ketamine", "esketamine", "midazolam"]
Place = Literal[
    "supplier",
    "surplus",
    "safe",
    "cabinet",
    "vial",
    "syringe",
    "bag",
    "patient",
    "wasted",
    "destroyed",
    "distributor",
    "other_site",
    "missing",
    "reported_loss",
]

# Drug comes into the ledger from here, so these alone may stand below zero: by as much as came in.
OUTSIDE: Final[frozenset[Place]] = frozenset({"supplier", "surplus"})
# Sealed vials, in whole vials only.
SEALED: Final[frozenset[Place]] = frozenset({"safe", "cabinet"})
# What a visit has in hand; it must be empty before the visit can close.
IN_HAND: Final[frozenset[Place]] = frozenset({"syringe", "bag"})
# What the clinic answers for.
HELD: Final[frozenset[Place]] = frozenset({"safe", "cabinet", "vial", "syringe", "bag"})

# Every way drug can go. What stands in no row is refused; a correction goes a way back.
WAYS: Final[dict[Place, frozenset[Place]]] = {
    "supplier": frozenset({"safe", "cabinet"}),
    "surplus": frozenset({"safe", "cabinet", "vial"}),
    "safe": frozenset({"cabinet", "destroyed", "distributor", "other_site", "missing"}),
    "cabinet": frozenset({"safe", "vial", "destroyed", "distributor", "other_site", "missing"}),
    "vial": frozenset({"syringe", "bag", "wasted", "missing"}),
    "syringe": frozenset({"bag", "vial", "patient", "wasted", "missing"}),
    "bag": frozenset({"patient", "wasted", "missing"}),
    "patient": frozenset(),
    "wasted": frozenset(),
    "destroyed": frozenset(),
    "distributor": frozenset(),
    "other_site": frozenset(),
    "missing": frozenset({"reported_loss"}),
    "reported_loss": frozenset(),
}

# A second person sees these with their own eyes: waste (two-person witness strongly encouraged, DEA letter
# 2014) and destruction of stock (two employees, DEA form 41). What is missing is looked for by two: proposal.
WITNESSED: Final[frozenset[Place]] = frozenset({"wasted", "destroyed", "missing"})


@frozen
class Item:
    """One lot of one product, as its label reads. Label strengths are base, so the ledger counts base."""

    drug: Drug
    product: str
    strength: Strength
    vial: DrugMass
    lot: str
    expiry_date: date

    def __post_init__(self) -> None:
        assert self.vial.mcg > 0, "a vial holds something"
        assert self.lot.strip(), "a lot has a name"


@frozen
class Account:
    """A place that holds drug: `ref` names which vial, visit or supplier, and is empty for safe and cabinet.

    `site` is the clinic's own site. A vial's ref is the vial's number; a syringe, a bag and a patient go by
    the visit's stream.
    """

    site: str
    place: Place
    ref: str = ""

    def __post_init__(self) -> None:
        named = self.place in {"vial", "syringe", "bag", "patient", "supplier"}
        assert bool(self.ref) or not named, f"a {self.place} has a name of its own"

    @property
    def word(self) -> str:
        """What the place is called, without which one it is."""
        return self.place.replace("_", " ")

    def __str__(self) -> str:
        return f"{self.word} {self.ref}" if self.place == "vial" else self.word
