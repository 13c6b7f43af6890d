"""The order, the draw and the second person's check."""

from datetime import date, datetime

from evenkeel.record.codec import payload
from evenkeel.record.verdict import Override, Signature, Verdict
from evenkeel.values.dose import Dose
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.ids import StreamId
from evenkeel.values.quantities import FlowRate, Volume, Weight
from evenkeel.values.shape import frozen


@payload("order.signed")
class OrderSigned:
    """A prescriber's signed instruction for one infusion. `dose.sentence` is what they saw and signed."""

    protocol: str
    dose: Dose
    expires_at: datetime
    note: str
    verdicts: tuple[Verdict, ...]
    overrides: tuple[Override, ...]
    signature: Signature


@payload("order.cancelled")
class OrderCancelled:
    """The order no longer stands; whatever was drawn on it is not to be given."""

    reason: str


@frozen
class Vial:
    """The vial that was drawn from, as its label reads."""

    product: str
    strength: Strength
    lot: str
    expiry_date: date


@payload("dose.drawn")
class DoseDrawnFromOne:
    """What was drawn and made up, as it was written before there was a ledger to draw it from."""

    vial: Vial
    volume: Volume
    drawn: DrugMass
    bag: Volume
    rate: FlowRate
    verdicts: tuple[Verdict, ...]

    @property
    def labels(self) -> tuple[Vial, ...]:
        """The vial, as a draw from several has them."""
        return (self.vial,)

    @property
    def strength(self) -> Strength:
        """The strength of what was drawn."""
        return self.vial.strength


@frozen
class VialDrawn:
    """So much from one vial: its lot in the ledger, its number there and its label."""

    lot: StreamId
    number: str
    label: Vial
    volume: Volume
    drawn: DrugMass


@payload("dose.drawn", 2)
class DoseDrawn:
    """What one nurse drew and made up. All vials have one strength."""

    vials: tuple[VialDrawn, ...]
    volume: Volume
    drawn: DrugMass
    bag: Volume
    rate: FlowRate
    verdicts: tuple[Verdict, ...]

    @property
    def labels(self) -> tuple[Vial, ...]:
        """The label of each vial that was drawn from."""
        return tuple(vial.label for vial in self.vials)

    @property
    def strength(self) -> Strength:
        """The strength of what was drawn."""
        return self.vials[0].label.strength


@payload("dose.checked")
class DoseChecked:
    """What a second person read and entered for themselves, without seeing the first person's numbers."""

    record_number: str
    strength: Strength
    volume: Volume
    bag: Volume
    rate: FlowRate
    weight: Weight
    agrees: bool
    disagreements: tuple[str, ...]
