"""What moves drug: transfers that are never changed, and the steps that reserve, post and void a draw."""

from datetime import datetime

from evenkeel.custody.accounts import VISITS_OWN
from evenkeel.record.custody import Account, Item
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId
from evenkeel.values.shape import frozen


@frozen
class Transfer:
    """So much of one item from one account to another.

    With `pending` it only reserves: the amount stays where it is and nobody else can take it. `corrects`
    names the transfer that this one takes back, in whole or in part. `alone_because` is why there was no
    witness. `visit` is for whom a vial is opened, or its rest wasted, where it is for somebody.
    """

    id: str
    item: Item
    source: Account
    into: Account
    amount: DrugMass
    at: datetime
    by: ClinicianId
    witness: ClinicianId | None = None
    alone_because: str = ""
    pending: bool = False
    corrects: str | None = None
    reason: str = ""
    visit: str = ""

    @property
    def for_visit(self) -> str:
        """The visit that it moves for: named, or whose bag, syringe or patient it is; else empty."""
        if self.visit:
            return self.visit
        own = (account.ref for account in (self.into, self.source) if account.place in VISITS_OWN)
        return next(own, "")


@frozen
class Posted:
    """A reserved amount is taken, as much as was really drawn; what is left over is free again."""

    id: str
    reserves: str
    amount: DrugMass
    at: datetime
    by: ClinicianId


@frozen
class Voided:
    """A reserved amount is free again, since the draw did not happen."""

    id: str
    reserves: str
    at: datetime
    by: ClinicianId
    reason: str


@frozen
class Recalled:
    """A lot is no longer to be used; it can still be returned or destroyed."""

    id: str
    product: str
    lot: str
    at: datetime
    by: ClinicianId
    reason: str


Step = Transfer | Posted | Voided | Recalled
