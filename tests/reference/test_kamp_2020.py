"""Kamp 2020 against numbers that were published or derived outside this code.

"Derived": computed before this code existed, from the same six parameters, by a matrix exponential.
"""

import math
from importlib.resources import files

import numpy as np
import pytest
from numpy.typing import NDArray

from evenkeel.pharmacology import (
    InfusionProfile,
    ParameterSet,
    ParameterSetError,
    load_parameter_set,
    predict_level,
    read_parameter_set,
    solve_modes,
)
from evenkeel.pharmacology.bodies import Bodies

pytestmark = pytest.mark.reference

DOSE_MG_PER_KG = 0.5
DURATION_MIN = 40.0


@pytest.fixture(scope="module")
def kamp() -> ParameterSet:
    return load_parameter_set("kamp_2020")


def standard_infusion(weight_kg: float) -> InfusionProfile:
    return InfusionProfile(
        start_min=np.array([0.0]),
        end_min=np.array([DURATION_MIN]),
        rate_mg_per_h=np.array([DOSE_MG_PER_KG * weight_kg / DURATION_MIN * 60]),
    )


def kamp_text() -> str:
    return (files("evenkeel.pharmacology") / "parameter_sets" / "kamp_2020.toml").read_text(encoding="utf-8")


def level_at(kamp: ParameterSet, weight_kg: float, at_min: float | list[float]) -> NDArray[np.float64]:
    times = np.atleast_1d(np.array(at_min, dtype=np.float64))
    level = predict_level(kamp, weight_kg, standard_infusion(weight_kg), times).level_ng_per_ml
    assert level is not None
    return level


# Derived, printed as whole ng/mL; accepted within 1 % or 1 ng/mL.
@pytest.mark.parametrize(
    ("at_min", "level_ng_per_ml"),
    [(10, 155), (20, 198), (40, 253), (45, 155), (80, 74), (110, 54), (230, 27), (240, 26)],
)
def test_level_after_half_a_milligram_per_kilogram(
    kamp: ParameterSet, at_min: float, level_ng_per_ml: float
) -> None:
    assert level_at(kamp, 70, at_min)[0] == pytest.approx(level_ng_per_ml, rel=0.01, abs=1.0)


# Derived: 240, 261 and 276 ng/mL at the end of the infusion.
@pytest.mark.parametrize(("weight_kg", "level_ng_per_ml"), [(50, 240), (85, 261), (120, 276)])
def test_level_at_40_min_by_weight(kamp: ParameterSet, weight_kg: float, level_ng_per_ml: float) -> None:
    assert level_at(kamp, weight_kg, 40)[0] == pytest.approx(level_ng_per_ml, rel=0.01)


def test_area_under_the_first_24_hours(kamp: ParameterSet) -> None:
    # Derived: 415 ng h/mL. Trapezoids of 3 s: their error is far below the 1 % that is accepted.
    at_min = np.linspace(0, 24 * 60, 24 * 60 * 20 + 1)
    level = predict_level(kamp, 70, standard_infusion(70), at_min).level_ng_per_ml
    assert level is not None
    assert np.trapezoid(level, at_min) / 60 == pytest.approx(415, rel=0.01)


def test_half_lives(kamp: ParameterSet) -> None:
    # Derived: 2.8, 28.4 and 183.8 min, to the digit that is printed.
    (modes,) = solve_modes(kamp.system(Bodies.typical(70.0)), "iv", ["ketamine"])
    half_life_min = np.log(2) / modes.main.decay_per_min[0]
    assert np.sort(half_life_min) == pytest.approx([2.8, 28.4, 183.8], abs=0.05)


def test_half_life_between_4_and_8_hours(kamp: ParameterSet) -> None:
    # Derived: 3.0 h. Observed about 2 h over the first 8 h in three people; the project accepts 1.5 to 3.5 h.
    early, late = level_at(kamp, 70, [240.0, 480.0])
    assert 4 * math.log(2) / math.log(early / late) == pytest.approx(3.0, abs=0.05)


def test_clearance_and_volume_lie_in_the_published_intervals(kamp: ParameterSet) -> None:
    # Published, abstract of doi:10.1097/ALN.0000000000003577: clearance 79 (69 to 90) L/h at 70 kg,
    # volume of distribution 252 (200 to 304) L per 70 kg.
    assert 69 <= kamp.parameters["CL"].value <= 90
    assert 200 <= sum(kamp.parameters[name].value for name in ("V1", "V2", "V3")) <= 304


def test_clearances_do_not_grow_in_proportion_to_weight() -> None:
    # SimTIVA scales clearances by weight^0.75, OpenTIVA by weight^1: equal at 70 kg only. With the
    # exponent 1 every weight would get one level for one mg/kg, which the check value at 50 kg refuses.
    text = kamp_text()
    linear = text.replace("exponent = { value = 0.75", "exponent = { value = 1.0")
    assert linear != text
    with pytest.raises(ParameterSetError, match=r"check 1: .* at 40 min"):
        read_parameter_set(linear, origin="linear.toml")


def test_spread_between_bodies_at_40_min(kamp: ParameterSet) -> None:
    # Derived: the widened variances give a coefficient of variation of 13 % at 40 min (stated to the percent;
    # 200 bodies estimate it to about one more).
    prediction = predict_level(kamp, 70, standard_infusion(70), [40.0])
    assert prediction.band_low_ng_per_ml is not None
    assert prediction.band_high_ng_per_ml is not None
    ratio = float(prediction.band_high_ng_per_ml[0] / prediction.band_low_ng_per_ml[0])
    # A lognormal 90 % interval spans 2 * 1.645 standard deviations of the logs.
    assert math.log(ratio) / (2 * 1.645) == pytest.approx(0.13, abs=0.015)


def test_citation_is_the_published_one(kamp: ParameterSet) -> None:
    # Publisher's page of the article.
    assert kamp.citation.doi == "10.1097/ALN.0000000000003577"
    assert kamp.citation.year == 2020
    assert kamp.citation.journal == "Anesthesiology 133(6):1192-1213"
