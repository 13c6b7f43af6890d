"""A dose in all its forms: worked out, rounded once, worked out again another way, and written down.

`Dose` is what an order keeps, and its fields are part of a hash chain. `DosePlan` holds a `Dose` and what an
order keeps elsewhere or not at all: the day of the weighing and the steps of the pump. Everything else is
worked out from these when it is asked for (docs/decisions/0020).

The amount is worked out a second way, from the pump's side (rate times time times what is in the bag), so
that a slip in either chain shows as a disagreement and not as a number (clinic-peers.md, gap b1).
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Literal, Self

from evenkeel.values.dose import DRAW_PLACES, RATE_PLACES, Dose
from evenkeel.values.dosing_weight import DosingWeight
from evenkeel.values.drug import MICROGRAMS_PER_MG, DrugMass, Strength, to_decimal
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import DosePerWeight, FlowRate, Minutes, Volume, Weight
from evenkeel.values.shape import frozen

MINUTES_PER_HOUR: Final = 60
# As finely as an exact amount is said beside what it was rounded to.
_SAID_PLACES: Final = 4
# As finely as doses of two infusions are compared.
_COMPARED_PLACES: Final = 3


# A bolus is a first stage that is to fill up quickly; it has limits of its own.
StageKind = Literal["infusion", "bolus"]


@frozen
class Stage:
    """What a step of a run is to give: so much per weight, in so many minutes."""

    per_weight: DosePerWeight
    duration: Minutes
    kind: StageKind = "infusion"


@frozen
class Step:
    """One setting of the pump and for how long it stands, with what it is to give."""

    rate: FlowRate
    duration: Minutes
    per_weight: DosePerWeight
    kind: StageKind = "infusion"

    @property
    def sentence(self) -> str:
        """The setting in words."""
        bolus = "bolus " if self.kind == "bolus" else ""
        return f"{bolus}{self.rate} for {self.duration}"

    @property
    def volume(self) -> Fraction:
        """The volume that the pump runs in this step as it is set, in mL: rate times time."""
        return Fraction(self.rate.value) * Fraction(self.duration.value) / MINUTES_PER_HOUR

    @property
    def mg_per_kg_in_an_hour(self) -> Fraction:
        """How much it would give in an hour if it stood that long."""
        return Fraction(self.per_weight.value) * MINUTES_PER_HOUR / Fraction(self.duration.value)


@frozen
class Rounding:
    """One rounding of a dose: what was rounded, and from which number to one that an instrument can do."""

    what: str
    exact: Fraction
    rounded: Fraction
    unit: str
    place: str

    @property
    def is_exact(self) -> bool:
        """Whether nothing had to be rounded."""
        return self.exact == self.rounded

    @property
    def sentence(self) -> str:
        """The rounding in words, with its size in percent."""
        rounded = plain(to_decimal(self.rounded, _SAID_PLACES))
        if self.is_exact:
            return f"{self.what}: {rounded} {self.unit} needs no rounding."
        exact = plain(to_decimal(self.exact, _SAID_PLACES))
        way = "more" if self.rounded > self.exact else "less"
        apart = abs(self.rounded - self.exact) * 100 / self.exact
        share = plain(to_decimal(apart, 2))
        share = f"{share} %" if share != "0" else "less than 0.01 %"
        about = "" if to_decimal(self.exact, _SAID_PLACES) == self.exact else "about "
        was = f"{self.what}: rounded to {self.place}, from {about}{exact}"
        return f"{was} to {rounded} {self.unit}, {share} {way}."


@frozen
class DosePlan:
    """A dose with the day of its weight and the steps of its run. Build it with `of`, or `around` a `Dose`.

    `weighed_date` is None for a weight of nobody in particular. `on` is how the weight was come by; None
    where nobody asked, and then it is the scale's.
    """

    dose: Dose
    weighed_date: date | None
    steps: tuple[Step, ...]
    on: DosingWeight | None = None

    def __post_init__(self) -> None:
        assert self.steps, "a dose is run in at least one step"

    @classmethod
    def of(
        cls,
        *,
        stages: tuple[Stage, ...],
        weight: Weight,
        weighed_date: date | None,
        strength: Strength,
        bag: Volume,
        on: DosingWeight | None = None,
    ) -> Self:
        """Work a run of one or more stages out, in exact fractions; nothing that is asked for may be zero.

        The draw is rounded to what a syringe shows and each rate to what a pump takes, and nothing else is.
        """
        per_weight = DosePerWeight(value=sum((stage.per_weight.value for stage in stages), start=Decimal(0)))
        dose = Dose.of(
            per_weight=per_weight,
            weight=weight,
            strength=strength,
            bag=bag,
            duration=Minutes(value=sum((stage.duration.value for stage in stages), start=Decimal(0))),
        )
        return cls(dose=dose, weighed_date=weighed_date, steps=_steps(stages, dose), on=on)

    @classmethod
    def around(
        cls,
        dose: Dose,
        weighed_date: date | None,
        *,
        stages: tuple[Stage, ...] = (),
        on: DosingWeight | None = None,
    ) -> Self:
        """A dose that was ordered, in its stages; without stages, or in one, it runs at its one rate."""
        steps = _steps(stages, dose)
        if len(stages) <= 1:
            kind = stages[0].kind if stages else "infusion"
            steps = (Step(rate=dose.rate, duration=dose.duration, per_weight=dose.per_weight, kind=kind),)
        return cls(dose=dose, weighed_date=weighed_date, steps=steps, on=on)

    @property
    def per_actual_weight(self) -> DosePerWeight:
        """The dose by what the scale read, to compare it with other infusions and with trials."""
        if self.on is None or self.on.basis == "actual":
            return self.dose.per_weight
        exact = self.exact_mcg / MICROGRAMS_PER_MG / Fraction(self.on.weighed.value)
        return DosePerWeight(value=to_decimal(exact, _COMPARED_PLACES))

    @property
    def exact_mcg(self) -> Fraction:
        """What is ordered, in micrograms, before any rounding."""
        return Fraction(self.dose.per_weight.value) * Fraction(self.dose.weight.value) * MICROGRAMS_PER_MG

    @property
    def roundings(self) -> tuple[Rounding, ...]:
        """Everything that was rounded, and by how much: the draw, and the rate of each step."""
        dose = self.dose
        draw = Rounding(
            what="Draw",
            exact=self.exact_mcg / dose.strength.mcg_per_ml,
            rounded=Fraction(dose.draw.value),
            unit="mL",
            place=f"{_unit_of(DRAW_PLACES)} mL",
        )
        rates = tuple(
            Rounding(
                what="Rate" if len(self.steps) == 1 else f"Rate of step {number}",
                exact=_exact_rate(step, dose.per_weight, dose.bag),
                rounded=Fraction(step.rate.value),
                unit="mL/h",
                place=f"{_unit_of(RATE_PLACES)} mL/h",
            )
            for number, step in enumerate(self.steps, start=1)
        )
        return (draw, *rates)

    @property
    def run_volume(self) -> Fraction:
        """The volume that the pump runs as it is set, in mL: rate times time, over all steps."""
        return sum((step.volume for step in self.steps), start=Fraction(0))

    @property
    def pump_side_mcg(self) -> Fraction:
        """The amount again, from what is done and not from what was asked: volume run times what is in it."""
        in_bag = Fraction(self.dose.draw.value) * self.dose.strength.mcg_per_ml
        return self.run_volume * in_bag / Fraction(self.dose.bag.value)

    @property
    def rounding_mcg(self) -> Fraction:
        """How far rounding may part the two ways: half a mark of the syringe and half one of the pump."""
        strength = self.dose.strength.mcg_per_ml
        syringe = _half(DRAW_PLACES) * strength
        minutes = sum((Fraction(step.duration.value) for step in self.steps), start=Fraction(0))
        per_ml = Fraction(self.dose.draw.value) * strength / Fraction(self.dose.bag.value)
        return syringe + _half(RATE_PLACES) * minutes / MINUTES_PER_HOUR * per_ml

    @property
    def disagreements(self) -> tuple[str, ...]:
        """Where the numbers do not follow from each other by more than rounding explains."""
        dose = self.dose
        minutes = sum(step.duration.value for step in self.steps)
        per_weight = sum(step.per_weight.value for step in self.steps)
        half_mcg, again = Fraction(1, 2), DrugMass.nearest(self.pump_side_mcg)
        drawn_mcg = Fraction(dose.draw.value) * dose.strength.mcg_per_ml
        follows = (
            (abs(dose.ordered.mcg - self.exact_mcg) <= half_mcg, "mg is not mg/kg times kg"),
            (abs(dose.drawn.mcg - drawn_mcg) <= half_mcg, "the mg drawn is not mL times mg/mL"),
            (minutes == dose.duration.value, "the steps do not last as long as the run"),
            (per_weight == dose.per_weight.value, "the steps do not add up to the dose"),
            (
                abs(self.pump_side_mcg - self.exact_mcg) <= self.rounding_mcg,
                f"the pump would give {again.shown()}, and {dose.ordered.shown()} are ordered",
            ),
        )
        return tuple(sentence for holds, sentence in follows if not holds)

    @property
    def second_way(self) -> str:
        """The second computation in words."""
        run = plain(to_decimal(self.run_volume, 2))
        return (
            f"{', then '.join(step.sentence for step in self.steps)} runs {run} mL; with {self.dose.draw} of "
            f"{self.dose.strength} in {self.dose.bag} that is {DrugMass.nearest(self.pump_side_mcg).shown(2)}"
        )

    @property
    def sentence(self) -> str:
        """The whole as one sentence: that of `Dose`, with every step of the pump where there are several.

        Where the weight is not the scale's, the sentence says which it is and what the scale read.
        """
        said = self.dose.sentence
        if len(self.steps) > 1:
            said = f"{said.rpartition(' = ')[0]}: {', then '.join(step.sentence for step in self.steps)}"
        if self.on is None or not self.on.words:
            return said
        weight = f"× {self.dose.weight}"
        return said.replace(weight, f"{weight} ({self.on.words})", 1)

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON: units stand in the keys, and numbers are text, so that they stay exact."""
        dose = self.dose
        return {
            "drug": "ketamine",
            "dose_mg_per_kg": dose.per_weight.number,
            "weight_kg": dose.weight.number,
            "weight_basis": self.on.basis if self.on else "actual",
            "weighed_kg": self.on.weighed.number if self.on else dose.weight.number,
            "weighed_date": self.weighed_date.isoformat() if self.weighed_date else None,
            "ordered_mg": plain(dose.ordered.in_mg),
            "strength_mg_per_ml": plain(to_decimal(Fraction(dose.strength.mcg_per_ml, MICROGRAMS_PER_MG), 3)),
            "draw_ml": dose.draw.number,
            "drawn_mg": plain(dose.drawn.in_mg),
            "bag_ml": dose.bag.number,
            "bag_mg_per_ml": plain(to_decimal(dose.mcg_per_ml_in_bag / MICROGRAMS_PER_MG, 4)),
            "duration_min": dose.duration.number,
            "steps": [
                {
                    "kind": step.kind,
                    "rate_ml_per_h": step.rate.number,
                    "duration_min": step.duration.number,
                    "dose_mg_per_kg": step.per_weight.number,
                }
                for step in self.steps
            ],
            "pump_side_mg": plain(DrugMass.nearest(self.pump_side_mcg).in_mg),
            "rounding_mg": plain(to_decimal(self.rounding_mcg / MICROGRAMS_PER_MG, 4)),
            "roundings": [rounding.sentence for rounding in self.roundings],
            "sentence": self.sentence,
        }

    @property
    def label(self) -> tuple[tuple[str, str], ...]:
        """What a label of the bag says of its content and of the pump, in the order in which it is read."""
        dose = self.dose
        per_ml = plain(to_decimal(dose.mcg_per_ml_in_bag / MICROGRAMS_PER_MG, 4))
        day = self.weighed_date
        weighed = f", weighed {day.day} {day:%b %Y}" if day else ""
        if self.on is not None and self.on.words:
            weighed = f" ({self.on.words})" + (f" on {day.day} {day:%b %Y}" if day else "")
        return (
            ("In the bag", f"{dose.drawn.shown()} in {dose.bag} total"),
            ("Concentration", f"{per_ml} mg/mL"),
            ("Pump", ", then ".join(step.sentence for step in self.steps)),
            ("Drawn", f"{dose.draw} of {dose.strength}"),
            ("Ordered", f"{dose.per_weight} × {dose.weight}{weighed}"),
        )


def _steps(stages: tuple[Stage, ...], dose: Dose) -> tuple[Step, ...]:
    """Every stage as a setting of the pump; only the rate is rounded."""
    return tuple(
        Step(
            rate=FlowRate(value=to_decimal(_exact_rate(stage, dose.per_weight, dose.bag), RATE_PLACES)),
            duration=stage.duration,
            per_weight=stage.per_weight,
            kind=stage.kind,
        )
        for stage in stages
    )


def _exact_rate(stage: Stage | Step, per_weight: DosePerWeight, bag: Volume) -> Fraction:
    """The rate that runs a stage's share of the bag in its time, in mL/h."""
    share = Fraction(stage.per_weight.value) / Fraction(per_weight.value)
    return Fraction(bag.value) * share * MINUTES_PER_HOUR / Fraction(stage.duration.value)


def _half(places: int) -> Fraction:
    """Half of the last place: the most that rounding to it changes."""
    return Fraction(1, 2 * 10**places)


def _unit_of(places: int) -> str:
    return plain(to_decimal(Fraction(1, 10**places), places))
