"""Validation targets of the kinetics: what the models must reproduce that they were not built on.

Each target keeps its number. V1, V2, V3, V6 and V8 are here; V10 and V11 are in test_effect_targets.py, V12
in test_mood_targets.py; there is no V4, V5, V7 or V9. A model that fails a target is tested to fail it, by
how much and in which direction, so that the failure stays known and a repair is noticed.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from evenkeel.pharmacology import (
    Dose,
    InfusionProfile,
    Outlet,
    load_parameter_set,
    parameter_set_keys,
    simulate,
)
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.exposure import area_ng_h_per_ml
from evenkeel.pharmacology.parameter_checks import recomputed

pytestmark = pytest.mark.reference

STANDARD = InfusionProfile.constant(dose_mg=35.0, duration_min=40.0)
VENOUS = "ketamine, venous"

# V3. Mean at the end of 0.5 mg/kg over 40 min (Zarate group, in Zanos 2018, 10.1124/pr.117.015198), venous.
END_OF_INFUSION_NG_PER_ML = 185.0
END_TOLERANCE = 0.25

# V6. S-ketamine 10 mg over 30 min in 48 volunteers (CHDR1311, in Otto 2021), venous medians that others
# digitized. The times were not written down beside the digits; they are those at which the norketamine
# predictions that were written down come out.
VENOUS_AT_H = np.array([0.5, 1, 2, 3, 5, 6, 8, 10])
VENOUS_KETAMINE_NG_PER_ML = np.array([56, 27, 15.5, 11.5, 6.0, 4.2, 2.5, 1.8])
VENOUS_NORKETAMINE_NG_PER_ML = np.array([10, 23, 20, 16, 12, 11, 8, 6.5])
# Mean weight of one of the two study groups (Otto 2021).
VENOUS_WEIGHT_KG = 68.0


def level(key: str, at_min: list[float], output: str = "ketamine") -> NDArray[np.float64]:
    """Typical level after the standard infusion in 70 kg; the venous one behind Kamp's assumed delay."""
    system = load_parameter_set(key).system(Bodies.typical(70.0))
    if output == VENOUS:
        system = system.with_venous_delay(12.0)
    found: NDArray[np.float64] = simulate(system, STANDARD, at_min, outputs=(output,)).values[0, 0]
    return found


def venous_study(key: str, output: str = "ketamine") -> NDArray[np.float64]:
    """Typical level in the study of V6, at its times."""
    system = load_parameter_set(key).system(Bodies.typical(VENOUS_WEIGHT_KG))
    given = InfusionProfile.constant(dose_mg=10.0, duration_min=30.0)
    found: NDArray[np.float64] = simulate(system, given, VENOUS_AT_H * 60, outputs=(output,)).values[0, 0]
    return found


def median_absolute_error_percent(observed: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Median of |observed - predicted| / predicted, the usual performance error of infusion models."""
    return float(100 * np.median(np.abs(observed / predicted - 1)))


class TestV1CheckValues:
    """All check values of the files, within 1 % or one unit of the last digit."""

    @pytest.mark.parametrize("key", parameter_set_keys())
    def test_v1(self, key: str) -> None:
        parameter_set = load_parameter_set(key)
        assert parameter_set.checks
        for check in parameter_set.checks:
            if check.misses is None:
                got = recomputed(parameter_set.system(check.body), check)
                assert all(map(check.holds, check.expected, got)), (check.words, check.expected, got)

    def test_v1_what_is_missed_is_known(self) -> None:
        # The known defects of the published models: noresketamine's area (1.4-fold), Domino's clearance.
        missed = {
            (key, check.words)
            for key in parameter_set_keys()
            for check in load_parameter_set(key).checks
            if check.misses is not None
        }
        assert missed == {
            ("perez_ruixo_2021", "norketamine area after 28 mg nasal"),
            ("domino", "ketamine clearance"),
        }


class TestV2Physics:
    """Mass balance, superposition, linearity, no step size: within 1e-6, on every model that ships."""

    @pytest.mark.parametrize("key", parameter_set_keys())
    def test_v2_mass_balance(self, key: str) -> None:
        # What is lost, loss times area of each compartment that loses, is what was given.
        system = load_parameter_set(key).system(Bodies.typical(82.0, age_years=66.0))
        parent = system.network("ketamine")
        lossy = [i for i in range(len(parent.compartments)) if parent.loss_l_per_min[0, i] > 0]
        assert len(lossy) == 1
        where_lost = Outlet(name="lost", network="ketamine", compartment=parent.compartments[lossy[0]])
        read_there = replace(system, outlets=(where_lost,))
        area_mg_min_per_l = float(area_ng_h_per_ml(read_there, STANDARD, "lost")[0]) * 60 / 1000
        assert parent.loss_l_per_min[0, lossy[0]] * area_mg_min_per_l == pytest.approx(35.0, rel=1e-6)

    @pytest.mark.parametrize("key", parameter_set_keys())
    def test_v2_superposition_and_linearity(self, key: str) -> None:
        parameter_set = load_parameter_set(key)
        system = parameter_set.system(Bodies.typical(82.0))
        at_min = np.linspace(1.0, 600.0, 121)
        first, second = (
            InfusionProfile.constant(20.0, 30.0),
            InfusionProfile.constant(50.0, 60.0, start_min=45.0),
        )
        both = InfusionProfile(
            start_min=np.array([0.0, 45.0]),
            end_min=np.array([30.0, 105.0]),
            rate_mg_per_h=np.array([40.0, 50.0]),
        )
        together = simulate(system, both, at_min).values
        apart = simulate(system, first, at_min).values + simulate(system, second, at_min).values
        np.testing.assert_allclose(together, apart, rtol=1e-6)
        np.testing.assert_allclose(
            simulate(system, both, at_min, dose_scale=[3.0]).values, 3 * together, rtol=1e-6
        )
        for route in parameter_set.routes[1:]:
            one = InfusionProfile(doses=(Dose(at_min=10.0, amount_mg=30.0, route=route),))
            two = InfusionProfile(doses=(Dose(at_min=10.0, amount_mg=60.0, route=route),))
            np.testing.assert_allclose(
                simulate(system, two, at_min).values, 2 * simulate(system, one, at_min).values, rtol=1e-6
            )

    @pytest.mark.parametrize("key", parameter_set_keys())
    def test_v2_no_step_size(self, key: str) -> None:
        # One infusion is two halves, whatever grid is asked for.
        system = load_parameter_set(key).system(Bodies.typical(82.0))
        halves = InfusionProfile(
            start_min=np.array([0.0, 20.0]),
            end_min=np.array([20.0, 40.0]),
            rate_mg_per_h=np.array([52.5, 52.5]),
        )
        few, many = np.array([40.0, 240.0]), np.linspace(0.0, 240.0, 2401)
        np.testing.assert_allclose(
            simulate(system, halves, many).values[..., [400, 2400]],
            simulate(system, STANDARD, few).values,
            rtol=1e-6,
        )


class TestV3EndOfInfusion:
    """Mean 185 ng/mL at the end of the infusion, within 25 %, for predictions of venous blood."""

    @pytest.mark.parametrize(
        ("key", "output", "percent"),
        [("otto_2021", "ketamine", -15), ("clements_250", "ketamine", -4), ("kamp_2020", VENOUS, 16)],
    )
    def test_v3(self, key: str, output: str, percent: float) -> None:
        error = level(key, [40.0], output)[0] / END_OF_INFUSION_NG_PER_ML - 1
        assert abs(error) <= END_TOLERANCE
        assert 100 * error == pytest.approx(percent, abs=1.0)

    # Known failures. Kamp, Simons and Domino predict arterial or arterial-like blood and must read above a
    # vein at the end of an infusion; Perez-Ruixo is venous and reads a third too low, with its higher
    # clearance.
    @pytest.mark.parametrize(
        ("key", "percent"),
        [("kamp_2020", 37), ("simons_2022", 56), ("domino", 30), ("perez_ruixo_2021", -32)],
    )
    def test_v3_fails_as_documented(self, key: str, percent: float) -> None:
        error = level(key, [40.0])[0] / END_OF_INFUSION_NG_PER_ML - 1
        assert abs(error) > END_TOLERANCE
        assert 100 * error == pytest.approx(percent, abs=1.0)

    def test_v3_venous_delay_of_12_min(self) -> None:
        # Derived: 62, 129, 215, 92 and 28 ng/mL at 10, 20, 40, 80 and 240 min; 1 % or 1 ng/mL.
        found = level("kamp_2020", [10.0, 20.0, 40.0, 80.0, 240.0], VENOUS)
        assert found.tolist() == [
            pytest.approx(wanted, rel=0.01, abs=1.0) for wanted in (62, 129, 215, 92, 28)
        ]

    def test_v3_models_agree_again_by_80_min(self) -> None:
        # Derived: Kamp, Otto and Clements within 15 %.
        found = [float(level(key, [80.0])[0]) for key in ("kamp_2020", "otto_2021", "clements_250")]
        assert max(found) / min(found) <= 1.15


class TestV6VenousStudy:
    """Kamp on the venous study of 10 mg over 30 min, 1 to 10 h: median absolute error at most 15 %."""

    def test_v6(self) -> None:
        predicted = venous_study("kamp_2020")
        after_1_h = median_absolute_error_percent(VENOUS_KETAMINE_NG_PER_ML[1:], predicted[1:])
        assert after_1_h <= 15
        # Derived: 10 % over all eight times, to the percent.
        assert median_absolute_error_percent(VENOUS_KETAMINE_NG_PER_ML, predicted) == pytest.approx(
            10, abs=1.0
        )

    def test_v6_reads_55_percent_above_a_vein_at_the_end(self) -> None:
        # Known: an arterial curve, at the end of an infusion. To the 5 % that the two study weights make.
        assert 100 * (venous_study("kamp_2020")[0] / VENOUS_KETAMINE_NG_PER_ML[0] - 1) == pytest.approx(
            55, abs=5
        )

    # Derived: Otto 15, Clements 18, Simons 25, Perez-Ruixo 37, Domino 75 %. The study's weights, 68 and
    # 71 kg, make up to 3 % between them. All but Otto fail the 15 % that is asked of Kamp.
    @pytest.mark.parametrize(
        ("key", "percent"),
        [
            ("otto_2021", 15),
            ("clements_250", 18),
            ("simons_2022", 25),
            ("perez_ruixo_2021", 37),
            ("domino", 75),
        ],
    )
    def test_v6_other_models_as_documented(self, key: str, percent: float) -> None:
        found = median_absolute_error_percent(VENOUS_KETAMINE_NG_PER_ML, venous_study(key))
        assert found == pytest.approx(percent, abs=3.1)
        assert (found <= 15) == (key == "otto_2021")

    def test_v6_norketamine_of_otto_on_kamp(self) -> None:
        # Derived, one decimal; above the data at 0.5 h alone.
        predicted = venous_study("kamp_2020", "norketamine")
        wanted = [22.5, 26.3, 20.8, 16.2, 11.5, 10.1, 7.8, 6.1]
        assert predicted.tolist() == pytest.approx(wanted, abs=0.06)
        ratio = predicted / VENOUS_NORKETAMINE_NG_PER_ML
        assert ratio[0] > 2
        assert np.all(np.abs(ratio[1:] - 1) <= 0.15)

    def test_v6_venous_delay_of_11_min(self) -> None:
        # The assumed delay was fitted to these eight medians: root mean square of the log error 0.15.
        body = (
            load_parameter_set("kamp_2020").system(Bodies.typical(VENOUS_WEIGHT_KG)).with_venous_delay(11.0)
        )
        given = InfusionProfile.constant(dose_mg=10.0, duration_min=30.0)
        predicted = simulate(body, given, VENOUS_AT_H * 60, outputs=(VENOUS,)).values[0, 0]
        error = np.log(predicted / VENOUS_KETAMINE_NG_PER_ML)
        assert math.sqrt(np.mean(error**2)) == pytest.approx(0.15, abs=0.005)

    def test_v6_domino_reads_about_40_percent_low_from_1_to_10_h(self) -> None:
        # Known failure, and the reason why Domino is for comparison alone.
        ratio = np.median(venous_study("domino")[1:] / VENOUS_KETAMINE_NG_PER_ML[1:])
        assert ratio == pytest.approx(0.60, abs=0.05)


class TestV8HalfLife:
    """Half-life over the first 8 h about 120 min (three people): 1.5 to 3.5 h accepted."""

    @pytest.mark.parametrize(
        ("key", "hours"),
        [
            ("kamp_2020", 3.0),
            ("otto_2021", 2.4),
            ("clements_250", 3.0),
            ("simons_2022", 3.2),
            ("perez_ruixo_2021", 3.3),
            ("domino", 1.9),
        ],
    )
    def test_v8(self, key: str, hours: float) -> None:
        early, late = level(key, [240.0, 480.0])
        found = 4 * math.log(2) / math.log(early / late)
        assert 1.5 <= found <= 3.5
        assert found == pytest.approx(hours, abs=0.1)

    def test_v8_children_are_faster(self) -> None:
        # Known failure of the pediatric reference, which is offered to nobody: 1.3 h.
        early, late = level("herd_2007_children", [240.0, 480.0])
        assert 4 * math.log(2) / math.log(early / late) == pytest.approx(1.3, abs=0.1)


class TestKnownFailures:
    """Comparisons without a number of their own that no model here passes."""

    def test_hydroxynorketamine_is_half_of_what_was_observed(self) -> None:
        # Published: areas of hydroxynorketamine and ketamine after intravenous S-ketamine, ratio 1.7 +/- 0.8.
        # Derived: 0.87 over 24 h. This is why hydroxynorketamine is never shown as a number.
        system = load_parameter_set("simons_2022").system(Bodies.typical(70.0))
        areas = [
            area_ng_h_per_ml(system, STANDARD, output, until_min=1440.0)[0]
            for output in ("hydroxynorketamine", "ketamine")
        ]
        assert areas[0] / areas[1] == pytest.approx(0.87, abs=0.01)
        assert areas[0] / areas[1] < 1.7 - 0.8

    @pytest.mark.parametrize(("key", "low", "high"), [("kamp_2020", 1250, 1400), ("domino", 1050, 1180)])
    def test_plateau_of_anesthesia_is_under_predicted(self, key: str, low: float, high: float) -> None:
        # Published: 2,210 ng/mL (9.3 umol/L) under 2 mg/kg, then 41 mcg/kg/min with nitrous oxide (Idvall
        # 1979, 10.1093/bja/51.12.1167). Derived: 1,250 to 1,400 (Kamp) and 1,050 to 1,180 (Domino), from 1 to
        # 2 h. The rate is an average over people whose need fell, so that this is no test of pass or fail.
        anesthesia = InfusionProfile(
            start_min=np.array([0.0]),
            end_min=np.array([180.0]),
            rate_mg_per_h=np.array([0.041 * 70 * 60]),
            bolus_at_min=np.array([0.0]),
            bolus_mg=np.array([140.0]),
        )
        system = load_parameter_set(key).system(Bodies.typical(70.0))
        found = simulate(system, anesthesia, [60.0, 120.0], outputs=("ketamine",)).values[0, 0]
        assert found.tolist() == pytest.approx([low, high], rel=0.01)
        assert found.max() < 0.65 * 2210
