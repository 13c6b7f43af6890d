"""The stepwise solution against the closed form, and saturable loss against what is known of it."""

import subprocess
import sys

import numpy as np
import pytest

from evenkeel.pharmacology import InfusionProfile, ModelError, System, simulate
from evenkeel.pharmacology.ode import Saturation, simulate_ode
from tests.unit.pharmacology.engine_systems import (
    COURSE,
    COURSE_MIN,
    dosed,
    standard,
    with_delays,
    with_liver,
    worst_error,
)

# Issue 6: closed form against ODE to 1e-8.
ALLOWED = 1e-8


@pytest.mark.parametrize(
    ("system", "profile"),
    [(standard(2), COURSE), (with_liver(2), dosed("nasal")), (with_delays(1), dosed("sublingual"))],
    ids=["standard", "liver", "delays"],
)
def test_closed_form_agrees_with_stepping(system: System, profile: InfusionProfile) -> None:
    stepped = simulate_ode(system, profile, COURSE_MIN)
    closed = simulate(system, profile, COURSE_MIN, engine="numpy")
    assert worst_error(stepped.values, closed.values) <= ALLOWED
    assert [axis.name for axis in stepped.axes] == ["body", "output", "time"]


def test_loss_that_saturates_only_far_above_is_linear() -> None:
    system = standard(1)
    far = Saturation(network="ketamine", compartment="central", half_level_mg_per_l=1e9)
    bent = simulate_ode(system, COURSE, COURSE_MIN, saturations=[far]).values
    assert worst_error(bent, simulate(system, COURSE, COURSE_MIN, engine="numpy").values) <= ALLOWED


def test_loss_that_saturates_follows_michaelis_and_menten() -> None:
    # At a constant level C the balance of a long infusion is rate = clearance * C * K / (K + C), and what is
    # lost of the parent is what norketamine is made of: formation * C * K / (K + C) = its clearance * level.
    system = standard(1)
    clearance = system.networks[0].loss_l_per_min[0, 0]
    metabolite_clearance = system.networks[1].loss_l_per_min[0, 0]
    half_mg_per_l = 0.5
    rate_mg_per_min = 0.4 * clearance * half_mg_per_l
    forever = InfusionProfile.constant(rate_mg_per_min * 60_000, 60_000)
    some = Saturation(network="ketamine", compartment="central", half_level_mg_per_l=half_mg_per_l)
    found = simulate_ode(system, forever, [59_999.0], saturations=[some]).values[0, :, 0]
    # rate = 0.4 * greatest rate, so C = K * 0.4 / 0.6.
    assert found[0] == pytest.approx(half_mg_per_l * 0.4 / 0.6 * 1000, rel=1e-8)
    assert found[1] == pytest.approx(rate_mg_per_min / metabolite_clearance * 1000, rel=1e-8)


def test_doses_of_nothing_and_scales() -> None:
    system = standard(2)
    assert np.all(simulate_ode(system, InfusionProfile(), [1.0]).values == 0)
    found = simulate_ode(system, COURSE, [60.0], dose_scale=[0.0, 2.0], outputs=["ketamine"]).values
    expected = simulate(system, COURSE, [60.0], outputs=["ketamine"], engine="numpy").values
    np.testing.assert_allclose(found[:, 0, 0], expected[:, 0, 0] * [0.0, 2.0], rtol=ALLOWED)


def test_saturation_of_what_is_not_there_is_refused() -> None:
    system = standard(1)
    with pytest.raises(ModelError, match="network of a saturation must be one of ketamine, norketamine"):
        simulate_ode(
            system,
            COURSE,
            [1.0],
            saturations=[Saturation(network="liver", compartment="central", half_level_mg_per_l=1.0)],
        )
    with pytest.raises(ModelError, match="half_level_mg_per_l must be greater than 0"):
        simulate_ode(
            system,
            COURSE,
            [1.0],
            saturations=[Saturation(network="ketamine", compartment="central", half_level_mg_per_l=0.0)],
        )


def test_scipy_is_loaded_only_when_stepping() -> None:
    code = (
        "import sys, evenkeel.pharmacology, evenkeel.pharmacology.ode, evenkeel.pharmacology.exposure;"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'scipy']"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
