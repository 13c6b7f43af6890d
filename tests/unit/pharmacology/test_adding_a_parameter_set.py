"""Adding a model is a file and no code: the file in the docs is read, simulated, and refused when broken."""

import math
import re
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from evenkeel.pharmacology import Dose, InfusionProfile, ParameterSetError, read_parameter_set, simulate
from evenkeel.pharmacology.bodies import Bodies

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "adding-a-parameter-set.md"


@pytest.fixture(scope="module")
def toy() -> str:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    return str(text)


def test_a_toy_model_is_added_by_its_file_alone(toy: str) -> None:
    model = read_parameter_set(toy, origin="toy_2026.toml")
    assert model.routes == ("iv", "drops")
    assert model.outputs == ("ketamine", "norketamine")
    system = model.system(Bodies.typical([70.0, 105.0]))
    # A bolus of 35 mg in 50 L, and in 75 L where volume grows with weight.
    bolus = InfusionProfile(bolus_at_min=np.zeros(1), bolus_mg=np.array([35.0]))
    start = simulate(system, bolus, [0.0, 60.0])
    assert start.values[:, 0, 0].tolist() == pytest.approx([700.0, 35.0 / 75 * 1000])
    # Two compartments after a bolus, from the textbook: the rates are the roots of
    # s^2 - (k10 + k12 + k21) s + k10 k21 = 0.
    k10, k12, k21 = 1.2, 0.6, 0.3
    middle, half = (k10 + k12 + k21) / 2, math.sqrt(((k10 + k12 + k21) / 2) ** 2 - k10 * k21)
    fast, slow = middle + half, middle - half
    after_1_h = 700 * (
        (fast - k21) / (fast - slow) * math.exp(-fast) + (k21 - slow) / (fast - slow) * math.exp(-slow)
    )
    assert start.values[0, 0, 1] == pytest.approx(after_1_h)
    # Half of the drops arrives in the end, four fifths of what is lost as norketamine.
    drops = InfusionProfile(doses=(Dose(at_min=0.0, amount_mg=20.0, route="drops"),))
    at_min = np.linspace(0.0, 6000.0, 24001)
    level = simulate(system, drops, at_min).values[0]
    assert np.trapezoid(level[0], at_min) / 60 * 60 / 1000 == pytest.approx(0.5 * 20.0, rel=1e-4)
    assert np.trapezoid(level[1], at_min) / 60 * 40 / 1000 == pytest.approx(0.8 * 0.5 * 20.0, rel=1e-4)


def test_its_variability_is_read(toy: str) -> None:
    omega = read_parameter_set(toy, origin="toy_2026.toml").omega
    assert omega is not None
    expected = [[math.log(1 + 0.2**2), 0.01], [0.01, 0.04]]
    np.testing.assert_allclose(omega.matrix, expected)


def test_it_is_refused_when_it_misses_its_check_value(toy: str) -> None:
    with pytest.raises(ParameterSetError, match=r"toy_2026\.toml: check 0: the parameters give 55 L/h"):
        read_parameter_set(toy.replace("value = 1.2", "value = 1.1"), origin="toy_2026.toml")
