"""The weight that a dose is worked out on: actual, ideal or adjusted, and when it may be which.

Trials used actual weight. That ideal weight is a choice at a BMI of 30 and more, and both formulas, come
from no source that was read; they are proposals (docs/decisions/0025).
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final, Protocol

from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Unknown, rule
from evenkeel.record.referral import Sex
from evenkeel.values.dosing_weight import DosingWeight, WeightBasis
from evenkeel.values.drug import to_decimal
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import BodyMassIndex, Height, Weight

# Devine's formula: so many kilograms at 60 inches, and 2.3 for each inch above. Proposal: in no source read.
# A man of 175 cm comes to 70.5 kg (clinical-protocol.md, arithmetic to test).
_AT_60_INCHES_KG: Final[dict[Sex, Fraction]] = {"male": Fraction(50), "female": Fraction(91, 2)}
_PER_INCH_KG: Final = Fraction(23, 10)
_LEAST_INCHES: Final = 60
_CM_PER_INCH: Final = Fraction(254, 100)
# Of what the scale shows above the ideal weight, adjusted weight counts this share. Proposal.
_ADJUSTED_SHARE: Final = Fraction(2, 5)
# As a scale shows it, and as the sentence says it.
_WEIGHT_PLACES: Final = 1

WEIGHT_RULES: Final = ("ORD-WGT-004", "ORD-WGT-005", "ORD-WGT-006")


class UnableToWeigh(UnableTo):
    """No ideal or adjusted weight follows from what is known."""


class OnSomeWeight(Protocol):
    """What these rules look at: an order."""

    @property
    def on(self) -> DosingWeight:
        """The weight of its dose."""
        ...

    @property
    def today(self) -> date:
        """The clinic's day of the order."""
        ...


def body_mass_index(weighed: Weight, height: Height) -> Fraction:
    """Weight by the square of the height, exactly, in kg/m²; the height is not zero."""
    return Fraction(weighed.value) * 10_000 / Fraction(height.value) ** 2


def ideal_weight(height: Height, sex: Sex) -> Fraction | None:
    """Devine's ideal weight in kg; None below 60 inches, where it says nothing, and for another sex."""
    at_60_inches, inches = _AT_60_INCHES_KG.get(sex), Fraction(height.value) / _CM_PER_INCH
    if at_60_inches is None or inches < _LEAST_INCHES:
        return None
    return at_60_inches + _PER_INCH_KG * (inches - _LEAST_INCHES)


def weight_on(basis: WeightBasis, weighed: Weight, height: Height | None, sex: Sex) -> Weight | None:
    """The weight of a dose, to 0.1 kg; None where it does not follow from what is known."""
    if basis == "actual":
        return weighed
    ideal = ideal_weight(height, sex) if height is not None else None
    if ideal is None:
        return None
    above = Fraction(weighed.value) - ideal
    exact = ideal if basis == "ideal" else ideal + _ADJUSTED_SHARE * above
    return Weight(value=to_decimal(exact, _WEIGHT_PLACES))


def dosing_weight(
    basis: WeightBasis,
    *,
    weighed: Weight,
    weighed_date: date | None,
    height: Height | None,
    height_date: date | None,
    sex: Sex,
) -> DosingWeight:
    """Work the weight of a dose out, or raise UnableToWeigh with the field that is missing."""
    found = weight_on(basis, weighed, height, sex)
    if found is None:
        if height is None:
            sentence, code = "Height: ideal and adjusted weight follow from it. Measure it.", "height-missing"
        elif sex not in _AT_60_INCHES_KG:
            sentence, code = "The formula knows women and men alone. Dose on actual weight.", "sex-unknown"
        else:
            sentence, code = "Height: the formula begins at 152.4 cm. Dose on actual weight.", "height-short"
        raise UnableToWeigh([Issue(sentence=sentence, code=code, field="height")])
    is_actual = basis == "actual"
    return DosingWeight(
        basis=basis,
        weight=found,
        weighed=weighed,
        weighed_date=weighed_date,
        height=None if is_actual else height,
        height_date=None if is_actual else height_date,
    )


@rule("ORD-WGT-004")
def another_weight_below_its_bmi(order: OnSomeWeight, limits: Limits) -> Finding:
    """Below it, ideal weight may even be more than the scale's."""
    on = order.on
    if on.basis == "actual":
        return Clear()
    if on.height is None or on.height.value == 0:
        return Unknown(missing=("the height",))
    index = body_mass_index(on.weighed, on.height)
    if index < Fraction(limits.bmi.value):
        return Fires(evidence=(str(BodyMassIndex(value=to_decimal(index, 2))),))
    return Clear()


@rule("ORD-WGT-005")
def height_of_no_known_day(order: OnSomeWeight, limits: Limits) -> Finding:
    """A height that somebody once said is not a measurement."""
    on = order.on
    if on.basis == "actual":
        return Clear()
    if on.height is None or on.height_date is None:
        return Unknown(missing=("when the height was measured",))
    if on.height_date > order.today:
        return Fires(evidence=(f"measured on {on.height_date}, which is to come",))
    if Decimal((order.today - on.height_date).days) > limits.age.value:
        return Fires(evidence=(f"measured on {on.height_date}",))
    return Clear()


@rule("ORD-WGT-006")
def height_no_adult_has(order: OnSomeWeight, limits: Limits) -> Finding:
    """Inches typed for centimeters, or two digits the wrong way round."""
    on = order.on
    if on.basis == "actual":
        return Clear()
    if on.height is None:
        return Unknown(missing=("the height",))
    outside = on.height < limits.least or on.height > limits.most
    return Fires(evidence=(f"height {on.height}",)) if outside else Clear()
