"""The order, the draw and the second person's check."""

from datetime import date, datetime
from typing import Literal

from evenkeel.record.codec import payload
from evenkeel.record.verdict import Override, Signature, Verdict
from evenkeel.values.dose import Dose
from evenkeel.values.dose_plan import DosePlan, Stage, Step
from evenkeel.values.dosing_weight import DosingWeight
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.ids import StreamId
from evenkeel.values.quantities import FlowRate, Volume, Weight
from evenkeel.values.shape import frozen

# How a dose is given. Limits of one route never hold for another.
Route = Literal["iv", "im"]


@payload("order.signed")
class OrderSignedAtOneRate:
    """An order as it was written before it could have steps, another weight than the scale's, or days."""

    protocol: str
    dose: Dose
    expires_at: datetime
    note: str
    verdicts: tuple[Verdict, ...]
    overrides: tuple[Override, ...]
    signature: Signature

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The whole run is one stage."""
        return (Stage(per_weight=self.dose.per_weight, duration=self.dose.duration),)

    @property
    def on(self) -> DosingWeight:
        """The weight is the scale's; the day of the weighing was not kept."""
        return DosingWeight(
            basis="actual",
            weight=self.dose.weight,
            weighed=self.dose.weight,
            weighed_date=None,
            height=None,
            height_date=None,
        )

    @property
    def route(self) -> Route:
        """Only infusions into a vein were ordered."""
        return "iv"

    @property
    def day(self) -> None:
        """No order was one of several days."""
        return None

    @property
    def of_days(self) -> None:
        """No order was one of several days."""
        return None

    @property
    def plan(self) -> DosePlan:
        """The dose at its one rate."""
        return DosePlan.around(self.dose, weighed_date=None)

    @property
    def first_step(self) -> Step:
        """What the pump is started at."""
        return self.plan.steps[0]


@payload("order.signed", 2)
class OrderSigned:
    """A prescriber's signed instruction for one infusion. `plan.sentence` is what they saw and signed.

    `on` says what the dose's weight is. `day` counts from 1 where the protocol runs on `of_days` days.
    """

    protocol: str
    route: Route
    dose: Dose
    stages: tuple[Stage, ...]
    on: DosingWeight
    day: int | None
    of_days: int | None
    expires_at: datetime
    note: str
    verdicts: tuple[Verdict, ...]
    overrides: tuple[Override, ...]
    signature: Signature

    @property
    def plan(self) -> DosePlan:
        """The dose with every step of the pump."""
        return DosePlan.around(self.dose, self.on.weighed_date, stages=self.stages, on=self.on)

    @property
    def first_step(self) -> Step:
        """What the pump is started at."""
        return self.plan.steps[0]


AnyOrder = OrderSigned | OrderSignedAtOneRate


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
class DoseCheckedAtOneRate:
    """A second person's readings as they were written before an order could have steps or another weight."""

    record_number: str
    strength: Strength
    volume: Volume
    bag: Volume
    rate: FlowRate
    weight: Weight
    agrees: bool
    disagreements: tuple[str, ...]

    @property
    def rates(self) -> tuple[FlowRate, ...]:
        """The one rate."""
        return (self.rate,)

    @property
    def dosing_weight(self) -> None:
        """The dose was on the scale's weight."""
        return None


@payload("dose.checked", 2)
class DoseChecked:
    """What a second person read and entered for themselves, without seeing the first person's numbers.

    `rates` are those of every step; `dosing_weight` is None where the dose is on the scale's weight.
    """

    record_number: str
    strength: Strength
    volume: Volume
    bag: Volume
    rates: tuple[FlowRate, ...]
    weight: Weight
    dosing_weight: Weight | None
    agrees: bool
    disagreements: tuple[str, ...]


AnyCheck = DoseChecked | DoseCheckedAtOneRate
