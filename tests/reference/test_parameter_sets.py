"""Every shipped model against numbers that were published, or derived outside this code from its parameters.

"Derived": computed before this code existed, by a matrix exponential, for 0.5 mg/kg of racemate over 40 min
in 70 kg unless said otherwise. Each number is asked of the engine and of an independent matrix exponential.
"""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from evenkeel.pharmacology import (
    Dose,
    InfusionProfile,
    PredictionStatus,
    load_parameter_set,
    parameter_set_keys,
    predict_level,
    simulate,
)
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.exposure import area_ng_h_per_ml, peak
from evenkeel.pharmacology.parameter_checks import recomputed
from evenkeel.pharmacology.parameter_set import ParameterSet, Role
from tests.linear_oracle import levels

pytestmark = pytest.mark.reference

STANDARD = InfusionProfile.constant(dose_mg=35.0, duration_min=40.0)
TYPICAL = Bodies.typical(70.0)

# Derived; printed as whole ng/mL, so accepted within 1 % or 1 ng/mL.
LEVELS: Mapping[tuple[str, str], Mapping[float, float]] = {
    ("kamp_2020", "ketamine"): {10: 155, 20: 198, 40: 253, 45: 155, 80: 74, 110: 54, 230: 27, 240: 26},
    ("kamp_2020", "norketamine"): {40: 80, 57: 90, 80: 86, 240: 47},
    ("otto_2021", "ketamine"): {10: 56, 20: 98, 40: 158, 45: 140, 80: 79, 110: 60, 230: 27, 240: 25},
    ("otto_2021", "norketamine"): {40: 47, 80: 74, 89: 75, 240: 50},
    ("simons_2022", "ketamine"): {10: 195, 20: 234, 40: 289, 45: 139, 80: 63, 110: 42, 230: 21, 240: 20},
    ("simons_2022", "norketamine"): {40: 69, 51: 81, 80: 59, 240: 35},
    ("perez_ruixo_2021", "ketamine"): {10: 41, 20: 74, 40: 125, 80: 65, 240: 18},
    ("domino", "ketamine"): {10: 182, 20: 210, 40: 240, 45: 91, 80: 46, 110: 38, 230: 18, 240: 17},
    ("clements_250", "ketamine"): {10: 62, 20: 109, 40: 177, 45: 157, 80: 85, 110: 63, 230: 36, 240: 35},
    ("herd_2007_children", "ketamine"): {40: 253, 80: 96, 240: 24},
}


def taken(amount_mg: float, route: str = "nasal") -> InfusionProfile:
    return InfusionProfile(doses=(Dose(at_min=0.0, amount_mg=amount_mg, route=route),))


def area(parameter_set: ParameterSet, profile: InfusionProfile, output: str, until_h: float) -> float:
    system = parameter_set.system(TYPICAL)
    return float(area_ng_h_per_ml(system, profile, output, until_min=until_h * 60)[0])


def highest(parameter_set: ParameterSet, profile: InfusionProfile, output: str) -> tuple[float, float]:
    level, at_min = peak(parameter_set.system(TYPICAL), profile, output)
    return float(level[0]), float(at_min[0])


def oracle_curve(
    parameter_set: ParameterSet, profile: InfusionProfile, output: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minutes and ng/mL of a whole day, a quarter of a minute apart, by matrix exponential."""
    at_min = np.linspace(0.0, 1440.0, 5761)
    return at_min, levels(parameter_set.system(TYPICAL), profile, at_min)[output]


def test_these_models_ship_and_no_other() -> None:
    # Not shipped: Hornik 2018 as coded, Hijazi 2003 and the library entries of a modeling language
    # (implausible values), Flint 2017 and Herd 2007 with norketamine (reference only, with parts missing).
    assert parameter_set_keys() == (
        "clements_250",
        "domino",
        "herd_2007_children",
        "kamp_2020",
        "otto_2021",
        "perez_ruixo_2021",
        "simons_2022",
    )


@pytest.mark.parametrize(("key", "output"), LEVELS)
def test_levels_after_half_a_milligram_per_kilogram(key: str, output: str) -> None:
    expected = LEVELS[key, output]
    at_min = np.array(list(expected), dtype=np.float64)
    system = load_parameter_set(key).system(TYPICAL)
    wanted = [pytest.approx(level, rel=0.01, abs=1.0) for level in expected.values()]
    assert simulate(system, STANDARD, at_min, outputs=(output,)).values[0, 0].tolist() == wanted
    assert levels(system, STANDARD, at_min)[output].tolist() == wanted


@pytest.mark.parametrize("key", parameter_set_keys())
def test_engine_agrees_with_matrix_exponential_on_every_route(key: str) -> None:
    parameter_set = load_parameter_set(key)
    heavy = Bodies.typical([58.0, 104.0], age_years=71.0)
    at_min = np.array([1.0, 7.0, 20.0, 40.0, 41.5, 95.0, 240.0, 700.0])
    for route in parameter_set.routes:
        given = InfusionProfile.constant(42.0, 40.0) if route == "iv" else taken(42.0, route)
        system = parameter_set.system(heavy)
        found = simulate(system, given, at_min)
        for body in range(2):
            wanted = levels(system, given, at_min, body)
            for place, output in enumerate(parameter_set.outputs):
                # Levels below 0.001 ng/mL are differences of far larger numbers in the exponential.
                np.testing.assert_allclose(
                    found.values[body, place],
                    wanted[output],
                    rtol=1e-9,
                    atol=1e-9,
                    err_msg=f"{route} {output}",
                )


@pytest.mark.parametrize("key", parameter_set_keys())
def test_an_output_alone_is_what_it_is_among_the_others(key: str) -> None:
    # A part of a dose may reach one output only through another, or not at all.
    parameter_set = load_parameter_set(key)
    system = parameter_set.system(TYPICAL)
    at_min = [5.0, 40.0, 300.0]
    for route in parameter_set.routes:
        given = STANDARD if route == "iv" else taken(35.0, route)
        together = simulate(system, given, at_min).values[0]
        for place, output in enumerate(parameter_set.outputs):
            alone = simulate(system, given, at_min, outputs=(output,)).values[0, 0]
            np.testing.assert_allclose(alone, together[place], rtol=1e-9, err_msg=f"{route} {output}")


@pytest.mark.parametrize("key", parameter_set_keys())
def test_every_check_value_of_the_file_is_met_or_missed_as_documented(key: str) -> None:
    parameter_set = load_parameter_set(key)
    for check in parameter_set.checks:
        got = recomputed(parameter_set.system(check.body), check)
        held = [check.holds(wanted, value) for wanted, value in zip(check.expected, got, strict=True)]
        assert all(held) == (check.misses is None), (check.words, check.expected, got)


# Derived: 24-hour areas.
@pytest.mark.parametrize(("key", "expected"), [("kamp_2020", 415), ("otto_2021", 356)])
def test_area_of_the_first_24_hours(key: str, expected: float) -> None:
    parameter_set = load_parameter_set(key)
    at_min, level = oracle_curve(parameter_set, STANDARD, "ketamine")
    assert area(parameter_set, STANDARD, "ketamine", 24.0) == pytest.approx(expected, rel=0.01)
    assert np.trapezoid(level, at_min) / 60 == pytest.approx(expected, rel=0.01)


# Derived: norketamine's peak and its time; hydroxynorketamine's peak.
@pytest.mark.parametrize(
    ("key", "output", "level_ng_per_ml", "at_min"),
    [
        ("kamp_2020", "norketamine", 90, 57),
        ("otto_2021", "norketamine", 75, 89),
        ("simons_2022", "norketamine", 81, 51),
        ("perez_ruixo_2021", "norketamine", 73, 105),
        ("simons_2022", "hydroxynorketamine", 30, None),
    ],
)
def test_peak_of_a_metabolite(key: str, output: str, level_ng_per_ml: float, at_min: float | None) -> None:
    parameter_set = load_parameter_set(key)
    level, when = highest(parameter_set, STANDARD, output)
    times, curve = oracle_curve(parameter_set, STANDARD, output)
    for got_level, got_at in ((level, when), (float(curve.max()), float(times[curve.argmax()]))):
        assert got_level == pytest.approx(level_ng_per_ml, rel=0.01, abs=1.0)
        if at_min is not None:
            assert got_at == pytest.approx(at_min, abs=1.0)


# Derived, of the whole comparison of models: half-life between 4 and 8 h, in hours, to its digit.
@pytest.mark.parametrize(
    ("key", "hours"),
    [
        ("kamp_2020", 3.0),
        ("otto_2021", 2.4),
        ("clements_250", 3.0),
        ("simons_2022", 3.2),
        ("perez_ruixo_2021", 3.3),
        ("domino", 1.9),
        ("herd_2007_children", 1.3),
    ],
)
def test_half_life_between_4_and_8_hours(key: str, hours: float) -> None:
    system = load_parameter_set(key).system(TYPICAL)
    early, late = simulate(system, STANDARD, [240.0, 480.0]).values[0, 0]
    assert 4 * math.log(2) / math.log(early / late) == pytest.approx(hours, abs=0.1)


# Derived: clearances of the comparison, whole L/h.
@pytest.mark.parametrize(
    ("key", "litres_per_h"),
    [
        ("kamp_2020", 84),
        ("otto_2021", 95),
        ("clements_250", 80),
        ("simons_2022", 89),
        ("perez_ruixo_2021", 109),
        ("domino", 116),
        ("herd_2007_children", 90),
    ],
)
def test_clearance_is_dose_over_area(key: str, litres_per_h: float) -> None:
    whole_area = area(load_parameter_set(key), STANDARD, "ketamine", math.inf)
    assert 35.0 * 1000 / whole_area == pytest.approx(litres_per_h, abs=0.5)


class TestSimons:
    """A film of 50 mg S-ketamine under the tongue, and the metabolites."""

    FILM = taken(50.0, "sublingual film")

    # Derived peaks; then the published means (96, 276, 101 ng/mL; 18.8 min), met within 15 %.
    @pytest.mark.parametrize(
        ("output", "derived", "published"),
        [("ketamine", 86, 96), ("norketamine", 251, 276), ("hydroxynorketamine", 95, 101)],
    )
    def test_peak_after_a_film(self, output: str, derived: float, published: float) -> None:
        parameter_set = load_parameter_set("simons_2022")
        level, _ = highest(parameter_set, self.FILM, output)
        _, curve = oracle_curve(parameter_set, self.FILM, output)
        assert level == pytest.approx(derived, rel=0.01, abs=1.0)
        assert float(curve.max()) == pytest.approx(derived, rel=0.01, abs=1.0)
        assert level == pytest.approx(published, rel=0.15)

    def test_time_of_the_peak_after_a_film(self) -> None:
        _, at_min = highest(load_parameter_set("simons_2022"), self.FILM, "ketamine")
        assert at_min == pytest.approx(17, abs=1.0)
        assert at_min == pytest.approx(18.8, rel=0.15)

    def test_bioavailability_of_the_film_is_that_of_the_abstract(self) -> None:
        # Abstract: 26 (standard error 1) %.
        parameter_set = load_parameter_set("simons_2022")
        by_film = area(parameter_set, self.FILM, "ketamine", math.inf) / 50.0
        by_vein = area(parameter_set, STANDARD, "ketamine", math.inf) / 35.0
        assert by_film / by_vein == pytest.approx(0.26, abs=0.01)

    def test_additive_error_in_nanomoles_is_read_with_the_molar_mass(self) -> None:
        # 0.058 nmol/mL of norketamine (223.70 g/mol) and 0.020 of hydroxynorketamine (239.70 g/mol).
        residual = load_parameter_set("simons_2022").residual
        assert residual["norketamine"].additive_sd_ng_per_ml == pytest.approx(0.058 * 223.70)
        assert residual["hydroxynorketamine"].additive_sd_ng_per_ml == pytest.approx(0.020 * 239.70)


class TestPerezRuixo:
    """Esketamine through the nose and by mouth."""

    @pytest.fixture
    def model(self) -> ParameterSet:
        return load_parameter_set("perez_ruixo_2021")

    # Published in the paper's own table: 43.8 ng/mL, 147.3 ng h/mL, noresketamine 59.1 ng/mL.
    def test_28_mg_through_the_nose(self, model: ParameterSet) -> None:
        assert highest(model, taken(28.0), "ketamine")[0] == pytest.approx(43.8, rel=0.01)
        assert area(model, taken(28.0), "ketamine", 24.0) == pytest.approx(147.3, rel=0.01)
        assert highest(model, taken(28.0), "norketamine")[0] == pytest.approx(59.1, rel=0.01)
        _, curve = oracle_curve(model, taken(28.0), "ketamine")
        assert float(curve.max()) == pytest.approx(43.8, rel=0.01)

    def test_area_of_noresketamine_is_over_predicted_as_documented(self, model: ParameterSet) -> None:
        # Derived 387 ng h/mL; published 274.4. The known defect is a factor of 1.4.
        found = area(model, taken(28.0), "norketamine", 24.0)
        assert found == pytest.approx(387, rel=0.01)
        assert found / 274.4 == pytest.approx(1.4, abs=0.02)
        assert model.warning is not None
        assert "1.4-fold" in model.warning

    # Abstract: absolute bioavailability of 56 and 84 mg is 54 and 51 %; that of 28 mg, 62 %, is derived.
    @pytest.mark.parametrize(("devices", "fraction"), [(1, 0.62), (2, 0.54), (3, 0.51)])
    def test_bioavailability_falls_with_the_number_of_devices(
        self, model: ParameterSet, devices: int, fraction: float
    ) -> None:
        doses = tuple(
            Dose(at_min=5.0 * i, amount_mg=28.0, route="nasal" if i == 0 else "nasal later")
            for i in range(devices)
        )
        absorbed = area(model, InfusionProfile(doses=doses), "ketamine", math.inf) / (28.0 * devices)
        assert absorbed / (area(model, STANDARD, "ketamine", math.inf) / 35.0) == pytest.approx(
            fraction, abs=0.005
        )

    def test_bioavailability_by_mouth(self, model: ParameterSet) -> None:
        # Derived 0.178; abstract 18.6 % of the swallowed dose.
        by_mouth = area(model, taken(84.0, "oral"), "ketamine", math.inf) / 84.0
        fraction = by_mouth / (area(model, STANDARD, "ketamine", math.inf) / 35.0)
        assert fraction == pytest.approx(0.178, abs=0.0005)
        assert fraction == pytest.approx(0.186, rel=0.05)

    def test_clearance_falls_with_age_above_60_alone(self, model: ParameterSet) -> None:
        # Well-stirred liver: CL = Qh * CLint / (Qh + CLint), CLint = (1.11 + 2.77) / h * 101 L, and Qh
        # 151 L/h less 2.19 L/h for each year above 60.
        intrinsic = (1.11 + 2.77) * 101
        for age_years, flow in ((30.0, 151.0), (60.0, 151.0), (75.0, 151.0 - 15 * 2.19)):
            body = model.system(Bodies.typical(70.0, age_years=age_years))
            whole_area = float(area_ng_h_per_ml(body, STANDARD, "ketamine")[0])
            wanted = flow * intrinsic / (flow + intrinsic)
            assert 35.0 * 1000 / whole_area == pytest.approx(wanted, rel=1e-9)

    def test_weight_has_no_effect(self, model: ParameterSet) -> None:
        curves = simulate(model.system(Bodies.typical([50.0, 110.0])), STANDARD, [40.0, 240.0]).values
        np.testing.assert_array_equal(curves[0], curves[1])

    def test_groups_of_the_paper(self, model: ParameterSet) -> None:
        # Transcription: kel x 0.36 and noresketamine's clearance x 0.81 in Asian people, nasal fraction
        # x 1.34 in Japanese people.
        both = Bodies(
            weight_kg=np.array([70.0, 70.0]),
            groups={"Asian": np.array([False, True]), "Japanese": np.array([False, True])},
        )
        values = model.values(both)
        assert values["kel"][1] / values["kel"][0] == pytest.approx(0.36)
        assert values["CL_nk"][1] / values["CL_nk"][0] == pytest.approx(0.81)
        assert values["FR_nasal"].tolist() == pytest.approx([0.54, 0.54 * 1.34])

    def test_coefficients_of_variation_become_log_variances(self, model: ParameterSet) -> None:
        # CV% = 100 * sqrt(exp(omega2) - 1); the nasal fraction's 70.8 % is a standard deviation on the logit
        # scale.
        assert model.omega is not None
        variance = dict(zip(model.omega.names, np.diag(model.omega.matrix), strict=True))
        assert 100 * math.sqrt(math.exp(variance["kel"]) - 1) == pytest.approx(120.0)
        assert 100 * math.sqrt(math.exp(variance["Qh"]) - 1) == pytest.approx(23.2)
        assert variance["FR_nasal"] == pytest.approx(0.708**2)
        assert model.omega.on_logit_scale == {"FR_nasal"}
        # Blank in the paper's table.
        assert "kmet" not in variance

    def test_nasal_fraction_stays_below_one_in_every_body(self, model: ParameterSet) -> None:
        deviation = np.array([-4.0, 0.0, 1.0, 6.0])
        bodies = Bodies(weight_kg=np.full(4, 70.0), log_deviation={"FR_nasal": deviation})
        fraction = model.values(bodies)["FR_nasal"]
        assert np.all((fraction > 0) & (fraction < 1))
        assert fraction[2] == pytest.approx(1 / (1 + (0.46 / 0.54) * math.exp(-1.0)))


@pytest.fixture(scope="module")
def drawn() -> NDArray[np.float64]:
    model = load_parameter_set("otto_2021")
    assert model.omega is not None
    chance = np.random.Generator(np.random.Philox(20210421))
    normals = chance.standard_normal((20_000, len(model.omega.names)))
    deviation = normals @ np.linalg.cholesky(model.omega.matrix).T
    bodies = Bodies(
        weight_kg=np.full(len(normals), 70.0),
        log_deviation=dict(zip(model.omega.names, deviation.T, strict=True)),
    )
    found: NDArray[np.float64] = simulate(
        model.system(bodies), STANDARD, [40.0, 80.0, 240.0], outputs=("ketamine",)
    ).values[:, 0]
    return found


class TestOttoVariability:
    """Full covariance, as printed; 20,000 bodies of 70 kg from a fixed seed."""

    def test_covariance_is_the_published_one(self) -> None:
        omega = load_parameter_set("otto_2021").omega
        assert omega is not None
        assert omega.names == ("V1", "CL", "V_nk", "CL_nk")
        expected = [
            [0.084177, 0.02261, 0, 0],
            [0.02261, 0.026048, 0, 0],
            [0, 0, 0.040426, 0.04456],
            [0, 0, 0.04456, 0.10319],
        ]
        np.testing.assert_array_equal(omega.matrix, expected)

    # Derived: coefficients of variation 17, 9 and 18 % at 40, 80 and 240 min, whole percents.
    def test_spread_between_bodies(self, drawn: NDArray[np.float64]) -> None:
        spread = 100 * drawn.std(axis=0) / drawn.mean(axis=0)
        assert spread.tolist() == pytest.approx([17, 9, 18], abs=1.0)

    def test_ninety_percent_of_readings_at_the_end(self, drawn: NDArray[np.float64]) -> None:
        # Derived: 87 to 242 ng/mL with the residual error of ketamine, median 156.
        residual = load_parameter_set("otto_2021").residual["ketamine"]
        chance = np.random.Generator(np.random.Philox(40))
        readings = drawn[:, 0] * (1 + residual.proportional_sd * chance.standard_normal(len(drawn)))
        low, middle, high = np.percentile(readings, [5, 50, 95])
        # 20,000 readings give these percentiles to about 1 %; the derivation had its own noise.
        assert low == pytest.approx(87, rel=0.04)
        assert middle == pytest.approx(156, rel=0.02)
        assert high == pytest.approx(242, rel=0.04)


class TestKampVariability:
    # Derived: the variances of Simons 2022 give 8 % at 40 min on this model, the widened ones 13 %.
    @pytest.mark.parametrize(("widened", "percent"), [(False, 8), (True, 13)])
    def test_spread_at_the_end_of_the_infusion(self, widened: bool, percent: float) -> None:
        model = load_parameter_set("kamp_2020")
        borrowed = {"CL": 0.029, "V1": 0.057, "Q3": 0.026}
        assert model.omega is not None
        shipped = dict(zip(model.omega.names, np.diag(model.omega.matrix), strict=True))
        variance = {name: float(shipped[name]) for name in borrowed} if widened else borrowed
        chance = np.random.Generator(np.random.Philox(8))
        deviation = {
            name: math.sqrt(value) * chance.standard_normal(20_000) for name, value in variance.items()
        }
        bodies = Bodies(weight_kg=np.full(20_000, 70.0), log_deviation=deviation)
        level = simulate(model.system(bodies), STANDARD, [40.0], outputs=("ketamine",)).values[:, 0, 0]
        assert 100 * level.std() / level.mean() == pytest.approx(percent, abs=1.0)

    @pytest.mark.parametrize("key", ["kamp_2020", "otto_2021"])
    def test_occasions_differ_by_15_percent(self, key: str) -> None:
        omega = load_parameter_set(key).omega
        assert omega is not None
        assert omega.occasion is not None
        assert omega.occasion.names == ("CL", "V1")
        for variance in np.diag(omega.occasion.matrix):
            assert 100 * math.sqrt(math.exp(variance) - 1) == pytest.approx(15.0)
        assert omega.occasion.basis == "assumption"


class TestBorrowedRoutes:
    """Routes that Kamp's own paper does not have. Fractions are published, absorption is assumed."""

    # IM 0.93 (compendia), spray 0.45, tablet 0.20 (Yanagihara 2003), wafer 0.29 (Rolan 2014).
    @pytest.mark.parametrize(
        ("route", "fraction"), [("im", 0.93), ("nasal", 0.45), ("oral", 0.20), ("sublingual", 0.29)]
    )
    def test_fraction_that_reaches_the_blood(self, route: str, fraction: float) -> None:
        model = load_parameter_set("kamp_2020")
        absorbed = area(model, taken(25.0, route), "ketamine", math.inf) / 25.0
        assert absorbed / (area(model, STANDARD, "ketamine", math.inf) / 35.0) == pytest.approx(fraction)

    def test_peak_after_an_injection_into_muscle(self) -> None:
        # Compendia: 5 to 15 min.
        _, at_min = highest(load_parameter_set("kamp_2020"), taken(35.0, "im"), "ketamine")
        assert 5 <= at_min <= 15

    def test_peak_after_a_wafer_under_the_tongue(self) -> None:
        # Rolan 2014, abstract: 25 mg, median 0.75 h (0.25 to 1.0 h). Behind the assumed delay of 11 min.
        system = load_parameter_set("kamp_2020").system(TYPICAL).with_venous_delay(11.0, name="venous")
        _, at_min = peak(system, taken(25.0, "sublingual"), "venous")
        assert at_min[0] == pytest.approx(45.0, abs=3.0)

    def test_absorption_is_marked_as_assumed(self) -> None:
        model = load_parameter_set("kamp_2020")
        assert model.borrowed_routes == ("im", "nasal", "oral", "sublingual")
        for route in model.borrowed_routes:
            assert model.parameters[f"absorption_{route}"].mark == "assumption"


class TestRoles:
    def test_each_model_is_for_what_the_reference_says(self) -> None:
        roles = {key: load_parameter_set(key).role for key in parameter_set_keys()}
        assert roles == {
            "kamp_2020": Role.DEFAULT,
            "otto_2021": Role.SAMPLES,
            "clements_250": Role.ALTERNATIVE,
            "simons_2022": Role.ALTERNATIVE,
            "perez_ruixo_2021": Role.ALTERNATIVE,
            "domino": Role.LEGACY,
            "herd_2007_children": Role.REFERENCE,
        }

    def test_model_of_children_is_offered_to_nobody(self) -> None:
        assert not load_parameter_set("herd_2007_children").offered
        assert [key for key in parameter_set_keys() if not load_parameter_set(key).offered] == [
            "herd_2007_children"
        ]

    @pytest.mark.parametrize("age_years", [None, 8.0, 40.0])
    def test_nothing_is_drawn_for_anybody_from_a_reference(self, age_years: float | None) -> None:
        given = InfusionProfile.constant(dose_mg=30.0, duration_min=10.0)
        model = load_parameter_set("herd_2007_children")
        prediction = predict_level(model, 28.0, given, [10.0, 60.0], age_years=age_years)
        assert prediction.status is PredictionStatus.OUTSIDE_POPULATION
        assert not prediction.drawable
        assert any("a reference to compare with" in reason for reason in prediction.reasons)

    @pytest.mark.parametrize("key", ["domino", "perez_ruixo_2021", "herd_2007_children"])
    def test_models_with_a_known_fault_carry_a_warning(self, key: str) -> None:
        assert load_parameter_set(key).warning

    @pytest.mark.parametrize("key", ["otto_2021", "simons_2022", "perez_ruixo_2021"])
    def test_models_of_one_enantiomer_say_what_a_racemic_dose_means(self, key: str) -> None:
        model = load_parameter_set(key)
        assert "with the whole racemic dose, total ketamine" in model.analyte
        assert any("as if R-ketamine behaved like S-ketamine" in words for words in model.assumptions)

    def test_offered_range_is_adults_18_to_75_and_45_to_120_kg(self) -> None:
        for key in parameter_set_keys():
            model = load_parameter_set(key)
            if model.offered:
                offered = model.range
                assert (offered.age_low_years, offered.age_high_years) == (18, 75)
                assert (offered.weight_low_kg, offered.weight_high_kg) == (45, 120)
                assert set(offered.doses) == set(model.routes)
