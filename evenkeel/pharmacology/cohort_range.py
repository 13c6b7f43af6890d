"""Virtual patients outside the range in which a model is offered: computed all the same, and counted."""

from collections.abc import Iterator, Mapping

import numpy as np

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.parameter_set import ParameterSet
from evenkeel.pharmacology.regimen import Regimen


def outside_range(parameter_set: ParameterSet, regimen: Regimen, people: Bodies) -> Iterator[tuple[str, int]]:
    """What bodies can be outside the range in which the model is offered, and how many of these are."""
    offered = parameter_set.range
    weight, age = people.weight_kg, people.age_years
    low, high = offered.weight_low_kg, offered.weight_high_kg
    yield f"weigh less than {low:g} or more than {high:g} kg", _count_outside(weight, low, high)
    low, high = offered.age_low_years, offered.age_high_years
    if age is not None:
        yield f"are younger than {low:g} or older than {high:g} years", _count_outside(age, low, high)
    for route in dict.fromkeys(one.route for one in regimen.given):
        if route not in offered.doses:
            yield f"get a dose by the route {route}, for which the model is not offered", len(people)
            continue
        doses = offered.doses[route]
        dose = np.zeros(len(people))
        for one in regimen.given:
            if one.route == route:
                to_mg = weight if one.is_per_kg else 1.0
                dose += one.whole_amount * to_mg / (weight if doses.unit == "mg/kg" else 1.0)
        words = f"get less than {doses.low:g} or more than {doses.high:g} {doses.unit} in a visit by {route}"
        # Rounding must not put a dose at the limit outside.
        slack = 1e-9 * doses.high
        yield words, _count_outside(dose, doses.low - slack, doses.high + slack)


def reasons_outside(parameter_set: ParameterSet, n: int, outside: Mapping[str, int]) -> tuple[str, ...]:
    """Sentences on how many of n bodies are outside the range, and what it stands on; none when nobody is."""
    found = [f"{count} of {n} bodies {words}." for words, count in outside.items() if count]
    return (*found, parameter_set.range.statement) if found else ()


def _count_outside(values: FloatArray, low: float, high: float) -> int:
    return int(np.count_nonzero((values < low) | (values > high)))
