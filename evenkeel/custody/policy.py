"""What a clinic chooses for its drug, inside what the ledger always demands."""

from datetime import timedelta
from typing import Literal

from evenkeel.values.shape import frozen


@frozen
class VialPolicy:
    """Whether an opened vial may serve more than one visit, and for how long it may be drawn from.

    Both spans below are proposals of this project until a pharmacist has signed them.
    """

    reuse: Literal["single_patient", "multi_dose"]
    in_use: timedelta

    def __post_init__(self) -> None:
        assert self.in_use > timedelta(0), "a vial can be used for some time after it was opened"


@frozen
class CustodyPolicy:
    """The clinic's rules: how vials are used, and whether one person may waste alone with a reason.

    `sites` are the clinic's own. `slack` is how far two clocks may differ before a time lies in the past of
    what the ledger knows.
    """

    sites: frozenset[str]
    vials: VialPolicy
    may_be_alone: bool = False
    slack: timedelta = timedelta(minutes=2)

    def __post_init__(self) -> None:
        assert self.sites, "drug is held somewhere"


SINGLE_PATIENT = VialPolicy(reuse="single_patient", in_use=timedelta(hours=6))
MULTI_DOSE = VialPolicy(reuse="multi_dose", in_use=timedelta(days=28))
