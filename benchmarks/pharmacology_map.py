"""What fitting one person costs: `python benchmarks/pharmacology_map.py`.

Six parameters that vary by 30 % between people and four levels, of ketamine and norketamine after one
infusion: the size of problem for which mapbayr took 320 ms on the reference machine, its model already built.
Times are of NumPy and of the fast path: for another person at each call, for the same person with other
levels, and for the search alone. The answers are compared with those of SciPy's minimizer, which knows no
derivatives. Prints times; only the answers are asserted.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import numpy as np
from scipy.optimize import minimize

from evenkeel.pharmacology import InfusionProfile, ParameterSet, fast, load_parameter_set
from evenkeel.pharmacology.individual import LevelModel, LevelSample, fit_individual, level_model
from evenkeel.pharmacology.parameter_set import Covariance

MAPBAYR_MS = 320.0
VARYING = ("V1", "CL", "V3", "Q3", "V_nk", "CL_nk")
LOG_VARIANCE = 0.09
WEIGHT_KG = 70.0
PROFILE = InfusionProfile.constant(35.0, 40.0)
PLACES = ((40.0, "ketamine"), (120.0, "ketamine"), (80.0, "norketamine"), (240.0, "norketamine"))
PEOPLE, ROUNDS = 20, 9


def six_parameters() -> ParameterSet:
    otto = load_parameter_set("otto_2021")
    omega = Covariance(
        names=VARYING,
        matrix=LOG_VARIANCE * np.eye(len(VARYING)),
        on_logit_scale=frozenset(),
        basis="assumption",
        statement="The size of the problem, not of a published model.",
    )
    return replace(otto, omega=omega)


def people(model: LevelModel) -> list[list[LevelSample]]:
    """Levels of made-up people, each with the error of a measurement."""
    chance = np.random.Generator(np.random.Philox(6))
    found = []
    for _ in range(PEOPLE):
        true = np.sqrt(LOG_VARIANCE) * chance.standard_normal(len(VARYING))
        error = model.proportional_sd * chance.standard_normal(len(PLACES))
        levels = model.predict(true) * np.exp(error)
        found.append(
            [
                LevelSample(at_min=at, level_ng_per_ml=float(level), output=output)
                for (at, output), level in zip(PLACES, levels, strict=True)
            ]
        )
    return found


def furthest_from_scipy(model: LevelModel, samples: list[list[LevelSample]]) -> float:
    """Largest difference of an estimated deviation from that of a minimizer that knows no derivatives."""
    furthest = 0.0
    for levels in samples:
        measured = np.array([sample.level_ng_per_ml for sample in levels])

        def objective(deviation: np.ndarray, measured: np.ndarray = measured) -> float:
            off = np.log(measured / model.predict(deviation)) / model.proportional_sd
            return float(off @ off + deviation @ deviation / LOG_VARIANCE)

        other = minimize(objective, np.zeros(len(VARYING)), options={"gtol": 1e-8}).x
        found, _ = model.find(measured)
        furthest = max(furthest, float(np.abs(found.deviation - other).max()))
    return furthest


def spent_ms(act: Callable[[list[LevelSample]], object], samples: list[list[LevelSample]]) -> str:
    """Of the processor, which others on a shared machine disturb less, and by the clock."""
    for levels in samples:
        act(levels)
    spent: dict[str, list[float]] = {"processor": [], "clock": []}
    for _ in range(ROUNDS):
        begun = time.process_time(), time.perf_counter()
        for levels in samples:
            act(levels)
        for name, now, then in zip(spent, (time.process_time(), time.perf_counter()), begun, strict=True):
            spent[name].append((now - then) / len(samples) * 1000)
    return ", ".join(
        f"{name} median {statistics.median(rounds):.3f} fastest {min(rounds):.3f} ms "
        f"(mapbayr over {MAPBAYR_MS / statistics.median(rounds):,.0f})"
        for name, rounds in spent.items()
    )


def main() -> None:
    parameter_set = six_parameters()
    planned = [LevelSample(at_min=at, level_ng_per_ml=1.0, output=output) for at, output in PLACES]
    engines: list[fast.Engine] = ["numpy", "fast"] if fast.status().loaded else ["numpy"]
    samples = people(level_model(parameter_set, PROFILE, planned, weight_kg=WEIGHT_KG))
    another = count()
    for engine in engines:

        def new_person(levels: list[LevelSample], engine: fast.Engine = engine) -> object:
            weight_kg = WEIGHT_KG + next(another) * 1e-3
            return fit_individual(parameter_set, PROFILE, levels, weight_kg=weight_kg, engine=engine)

        def same_person(levels: list[LevelSample], engine: fast.Engine = engine) -> object:
            return fit_individual(parameter_set, PROFILE, levels, weight_kg=WEIGHT_KG, engine=engine)

        model = level_model(parameter_set, PROFILE, planned, weight_kg=WEIGHT_KG, engine=engine)

        def search(levels: list[LevelSample], model: LevelModel = model) -> object:
            return model.find(np.array([sample.level_ng_per_ml for sample in levels]))

        print(f"{engine}, another person at each call: {spent_ms(new_person, samples)}")
        print(f"{engine}, the same person: {spent_ms(same_person, samples)}")
        print(f"{engine}, the search alone: {spent_ms(search, samples)}")
        furthest = furthest_from_scipy(model, samples)
        print(f"{engine}, furthest from SciPy's minimizer: {furthest:.1e}")
        assert furthest < 1e-4


if __name__ == "__main__":
    main()
