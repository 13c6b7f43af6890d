"""Where drug can be, and which ways it can go.

An account holds micrograms of base of one item: a product's lot. Sealed vials lie in the safe and the cabinet
as whole vials; an opened vial, a syringe and a bag are accounts of their own. What has left the clinic for
good stands in accounts that only a correction takes from.
"""

from typing import Final

from evenkeel.record.custody import Place

# Drug comes into the ledger from here, so these alone may stand below zero: by as much as came in.
OUTSIDE: Final[frozenset[Place]] = frozenset({"supplier", "surplus"})
# Sealed vials, in whole vials only.
SEALED: Final[frozenset[Place]] = frozenset({"safe", "cabinet"})
# What a visit has in hand; it must be empty before the visit can close.
IN_HAND: Final[frozenset[Place]] = frozenset({"syringe", "bag"})
# Accounts that go by the visit's stream.
VISITS_OWN: Final[frozenset[Place]] = IN_HAND | {"patient"}
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

# What is in no schedule is simple stock: whole vials are used for a patient, or thrown away.
UNSCHEDULED_WAYS: Final[dict[Place, frozenset[Place]]] = {
    "safe": frozenset({"wasted"}),
    "cabinet": frozenset({"patient", "wasted"}),
}
