"""The drug ledger as it is written: one stream for each lot of a site, with everything that moved of it.

Amounts are whole micrograms of what the label states, which for ketamine is base. The entry's own place in
the stream names a movement; what reserves, posts or corrects another movement says so by that name.
"""

from datetime import date
from typing import Literal

from evenkeel.record.codec import payload
from evenkeel.record.state import State, Written
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.ids import ClinicianId, EntryId, StreamId
from evenkeel.values.quantities import Volume
from evenkeel.values.shape import frozen

# What the Controlled Substances Act puts a drug in; None for a drug that is in no schedule.
Schedule = Literal["III", "IV"]
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
# Why drug moved, in a word that reports can count.
Cause = Literal[
    "received",
    "opening_stock",
    "stocked",
    "ordered",
    "drawn",
    "given",
    "left_over",
    "spilled",
    "broken",
    "expired",
    "recalled",
    "cancelled",
    "put_back",
    "returned",
    "destroyed",
    "transferred",
    "missing",
    "found",
    "reported",
    "wrong_entry",
]


@frozen
class Item:
    """One lot of one product, as its label reads. Label strengths are base, so the ledger counts base."""

    drug: str
    schedule: Schedule | None
    product: str
    label: str
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


@frozen
class Paper:
    """The paper that goes with a movement: an invoice, a return, a notice. `party_number` is a DEA number."""

    kind: Literal["invoice", "transfer", "return", "destruction", "recall", "loss"]
    number: str
    on_date: date
    party: str
    party_number: str = ""


@payload("lot.entered")
class LotEntered:
    """A lot came to a site for the first time; every movement of it follows in this stream."""

    site: str
    item: Item


@payload("drug.moved")
class DrugMoved:
    """So much of the lot went from one account to another, or with `pending` is kept for it.

    `visit` is for whom, where it is for somebody. `corrects` names the movement that this one takes back.
    `alone_because` is why there was no witness.
    """

    source: Account
    into: Account
    amount: DrugMass
    cause: Cause
    visit: StreamId | None = None
    witness: ClinicianId | None = None
    witness_name: str = ""
    alone_because: str = ""
    pending: bool = False
    corrects: EntryId | None = None
    reason: str = ""
    paper: Paper | None = None

    @property
    def opens_a_vial(self) -> bool:
        """Whether a sealed vial becomes one in use, now or, with `pending`, later."""
        return self.into.place == "vial" and self.source.place in ("safe", "cabinet")


@payload("draw.posted")
class DrawPosted:
    """What was kept is taken, as much as it really was; what is left over is free again."""

    reserves: EntryId
    amount: DrugMass


@payload("draw.voided")
class DrawVoided:
    """What was kept is free again, since nothing was taken."""

    reserves: EntryId
    reason: str


@payload("lot.recalled")
class LotRecalled:
    """The lot is no longer to be used; it can still be returned or destroyed."""

    reason: str
    paper: Paper | None = None


@payload("witness.refused")
class WitnessRefused:
    """Somebody was asked to witness and did not. Nothing moved; `what` says what they were asked to see."""

    witness: ClinicianId
    witness_name: str
    what: str
    visit: StreamId | None
    reason: str


@frozen
class RestMeasured:
    """What was left in one bag or vial of a visit: expected, measured, wasted, and what differs."""

    place: Place
    ref: str
    expected: DrugMass
    measured: Volume
    wasted: DrugMass
    missing: DrugMass
    surplus: DrugMass


@payload("drug.reconciled")
class DrugReconciled:
    """Two people accounted for the drug of a visit: drawn is given and wasted, and what differs is explained.

    It stands in the visit's stream; the movements stand in the lots'.
    """

    rests: tuple[RestMeasured, ...]
    cause: Cause
    explanation: str
    witness: ClinicianId | None
    witness_name: str
    alone_because: str


@frozen
class LotState(State):
    """A lot of a site: what it is, and what happened to it."""

    @property
    def entered(self) -> LotEntered:
        """What the lot is, and at which site; a lot's stream always begins with it."""
        entered = self.facts[0].payload
        assert isinstance(entered, LotEntered), "a lot's stream begins with the lot"
        return entered

    @property
    def item(self) -> Item:
        """The lot as its label reads."""
        return self.entered.item

    @property
    def site(self) -> str:
        """The site that holds it."""
        return self.entered.site

    @property
    def recall(self) -> Written[LotRecalled] | None:
        """The recall that stands, or None."""
        return self.latest(LotRecalled)

    @property
    def openings(self) -> int:
        """How many vials were opened or kept to be opened: the next one gets the number after it."""
        return sum(isinstance(fact.payload, DrugMoved) and fact.payload.opens_a_vial for fact in self.facts)
