"""Numbers with an address, and what is made of them: normals, covariances, covariates."""

import math

import numpy as np
import pytest
from scipy import stats

from evenkeel.pharmacology.chance import Purpose, correlate, lower_root, standard_normals, uniforms
from evenkeel.pharmacology.covariates import (
    CovariateModel,
    Spread,
    covariate_model_keys,
    load_covariate_model,
    read_covariate_models,
)
from evenkeel.pharmacology.errors import CohortError

SEED = 20261122


def test_a_body_has_the_same_numbers_in_any_chunk() -> None:
    whole = standard_normals(SEED, Purpose.BETWEEN_BODIES, first=0, bodies=1000, columns=6)
    for first, last in ((0, 1), (1, 7), (137, 640), (999, 1000)):
        part = standard_normals(SEED, Purpose.BETWEEN_BODIES, first=first, bodies=last - first, columns=6)
        assert np.array_equal(part, whole[first:last])


def test_seeds_purposes_parts_and_bodies_have_numbers_of_their_own() -> None:
    draws = [
        uniforms(seed, purpose, first=0, bodies=500, columns=5, part=part).ravel()
        for seed in (SEED, SEED + 1)
        for purpose in (Purpose.BETWEEN_BODIES, Purpose.OCCASION)
        for part in (0, 1)
    ]
    every = np.concatenate(draws)
    assert len(np.unique(every)) == len(every)


def test_the_numbers_are_even_and_the_normals_normal() -> None:
    # Kolmogorov-Smirnov at 1 in 1,000, for a fixed seed.
    even = uniforms(SEED, Purpose.RESIDUAL, first=0, bodies=50_000, columns=3)
    normal = standard_normals(SEED, Purpose.RESIDUAL, first=50_000, bodies=50_000, columns=3)
    assert stats.kstest(even.ravel(), "uniform").pvalue > 0.001
    assert stats.kstest(normal.ravel(), "norm").pvalue > 0.001
    # Columns and neighbors do not know each other: 4 standard errors of a correlation of 0.
    limit = 4 / math.sqrt(50_000)
    assert abs(np.corrcoef(normal[:, 0], normal[:, 1])[0, 1]) < limit
    assert abs(np.corrcoef(normal[:-1, 0], normal[1:, 0])[0, 1]) < limit


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, True, "1"])
def test_a_seed_must_be_a_whole_number(seed: object) -> None:
    with pytest.raises(CohortError, match="seed must be a whole number from 0"):
        uniforms(seed, Purpose.RESIDUAL, first=0, bodies=1, columns=1)  # type: ignore[arg-type]


def test_rows_get_the_covariance_of_the_root() -> None:
    # Otto 2021, Table 3: variances and covariance of V1 and CL.
    matrix = np.array([[0.084177, 0.02261], [0.02261, 0.026048]])
    root = lower_root(matrix, ("V1", "CL"), "The covariance")
    assert root @ root.T == pytest.approx(matrix, rel=1e-14)
    n = 200_000
    rows = correlate(root, standard_normals(SEED, Purpose.BETWEEN_BODIES, first=0, bodies=n, columns=2))
    # Standard error of a covariance of normals: sqrt((s11 s22 + s12^2) / n); 4 of them.
    error = np.sqrt((np.outer(np.diag(matrix), np.diag(matrix)) + matrix**2) / n)
    assert np.all(np.abs(np.cov(rows.T) - matrix) < 4 * error)


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ([[1.0, 2.0], [2.0, 1.0]], "variance left for CL once V1 are known is -3"),
        ([[0.0, 0.0], [0.0, 1.0]], "variance left for V1 is 0"),
        ([[1.0, 1.0], [1.0, 1.0]], "not positive definite"),
        ([[1.0, 0.5], [0.4, 1.0]], "must be symmetric"),
        ([[1.0, math.nan], [math.nan, 1.0]], "finite"),
        ([[1.0]], "2 by 2"),
    ],
)
def test_a_covariance_that_cannot_be_is_refused_by_name(matrix: list[list[float]], words: str) -> None:
    with pytest.raises(CohortError, match=words) as refusal:
        lower_root(np.array(matrix), ("V1", "CL"), "The covariance of Otto")
    assert str(refusal.value).startswith("The covariance of Otto")


def test_spreads_are_the_truncated_distributions_that_they_name() -> None:
    scores = standard_normals(SEED, Purpose.COVARIATES, first=0, bodies=50_000, columns=2)
    weight = Spread(kind="truncated lognormal", median=74, spread=0.2, low=45, high=120, unit="kg")
    logs = np.log([45 / 74, 120 / 74]) / 0.2
    expected = stats.truncnorm(*logs, loc=math.log(74), scale=0.2)
    assert stats.kstest(np.log(weight.at(scores[:, 0])), expected.cdf).pvalue > 0.001
    age = Spread(kind="truncated normal", median=45, spread=13, low=18, high=75, unit="year")
    expected = stats.truncnorm(-27 / 13, 30 / 13, loc=45, scale=13)
    assert stats.kstest(age.at(scores[:, 1]), expected.cdf).pvalue > 0.001


def test_the_ends_of_a_spread_hold_for_any_score() -> None:
    weight = Spread(kind="truncated lognormal", median=74, spread=0.2, low=45, high=120, unit="kg")
    found = weight.at(np.array([-40.0, -8.2, 0.0, 8.2, 40.0]))
    assert np.all((found >= 45) & (found <= 120))
    assert np.all(np.diff(found) >= 0)


def test_shipped_models_load_and_say_how_well_each_number_is_founded() -> None:
    assert "adults_perez_ruixo_2021" in covariate_model_keys()
    for key in covariate_model_keys():
        model = load_covariate_model(key)
        for spread in (model.weight, model.age):
            assert spread is not None
            assert set(spread.basis) == set(spread.source) >= {"median", "low", "high"}
        assert model.correlation_basis == "assumption"


def test_a_shipped_cohort_has_the_published_centers() -> None:
    # Perez-Ruixo 2021: median age 45, median weight 74 kg, 58.4 % women (pk_models.yaml).
    bodies = load_covariate_model("adults_perez_ruixo_2021").draw(40_000, SEED)
    assert bodies.age_years is not None
    assert bodies.sex is not None
    # The limits 45-120 and 18-75 lie nearly evenly about the medians: half a percent is allowed for them.
    assert np.median(bodies.weight_kg) == pytest.approx(74, rel=0.01)
    assert np.median(bodies.age_years) == pytest.approx(45, rel=0.01)
    assert np.mean(bodies.sex == "female") == pytest.approx(0.584, abs=4 * math.sqrt(0.25 / 40_000))


def test_covariates_do_not_depend_on_the_chunk() -> None:
    model = load_covariate_model("volunteers_otto_2021")
    whole = model.draw(700, SEED)
    part = model.draw(300, SEED, first=150)
    assert whole.age_years is not None
    assert part.age_years is not None
    assert whole.sex is not None
    assert part.sex is not None
    assert np.array_equal(part.weight_kg, whole.weight_kg[150:450])
    assert np.array_equal(part.age_years, whole.age_years[150:450])
    assert np.array_equal(part.sex, whole.sex[150:450])


def test_covariates_are_correlated_where_it_is_said() -> None:
    weight = Spread(kind="truncated lognormal", median=74, spread=0.2, low=20, high=300, unit="kg")
    age = Spread(kind="truncated normal", median=45, spread=5, low=1, high=100, unit="year")
    model = CovariateModel(
        name="made up",
        statement="For this test.",
        weight=weight,
        age=age,
        female_share=0.5,
        correlation={("weight", "age"): 0.4, ("weight", "sex"): -0.6},
    )
    n = 100_000
    bodies = model.draw(n, SEED)
    assert bodies.age_years is not None
    assert bodies.sex is not None
    # The ends are far out, so the scores are the standardized logs and ages themselves.
    found = np.corrcoef(np.log(bodies.weight_kg), bodies.age_years)[0, 1]
    assert found == pytest.approx(0.4, abs=4 * (1 - 0.4**2) / math.sqrt(n))
    # Mean score of the upper half of a standard normal is sqrt(2 / pi): women are lighter by 0.6 of that.
    women = np.log(bodies.weight_kg[bodies.sex == "female"] / 74) / 0.2
    assert np.mean(women) == pytest.approx(-0.6 * math.sqrt(2 / math.pi), abs=4 / math.sqrt(n / 2))


def test_a_fixed_model_gives_everybody_the_same_body() -> None:
    bodies = CovariateModel.fixed(weight_kg=82, age_years=40).draw(10, SEED)
    assert np.all(bodies.weight_kg == 82)
    assert bodies.age_years is not None
    assert np.all(bodies.age_years == 40)
    assert bodies.sex is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "gamma"}, "kind must be one of"),
        ({"median": -1.0}, "median must be a finite number greater than 0"),
        ({"median": 10.0}, "median must be between low and high"),
        ({"spread": 0.0}, "spread must be"),
        ({"low": 130.0}, "low must be"),
    ],
)
def test_a_spread_that_cannot_be_is_refused(change: dict[str, object], words: str) -> None:
    good = {"kind": "truncated lognormal", "median": 74.0, "spread": 0.2, "low": 45.0, "high": 120.0}
    with pytest.raises(CohortError, match=words):
        Spread(**{**good, "unit": "kg", **change})  # type: ignore[arg-type]


def test_a_covariate_model_that_cannot_be_is_refused() -> None:
    weight = Spread(kind="fixed", median=70, unit="kg")
    with pytest.raises(CohortError, match="weight must be in kg, not 'lb'"):
        CovariateModel(name="x", statement="x", weight=Spread(kind="fixed", median=70, unit="lb"))
    with pytest.raises(CohortError, match="female_share must be from 0 to 1"):
        CovariateModel(name="x", statement="x", weight=weight, female_share=1.5)
    with pytest.raises(CohortError, match="correlation must name two of weight, age, sex"):
        CovariateModel(name="x", statement="x", weight=weight, correlation={("weight", "height"): 0.1})
    pairs = {("weight", "age"): 0.9, ("age", "sex"): 0.9, ("weight", "sex"): -0.9}
    with pytest.raises(CohortError, match="correlation of covariates of 'x' is not positive definite"):
        CovariateModel(name="x", statement="x", weight=weight, correlation=pairs)
    with pytest.raises(CohortError, match="no covariate model 'nobody'; there is adults_perez"):
        load_covariate_model("nobody")


GOOD = """
[made_up]
name = "Made up"
statement = "For this test."
female_share = { value = 0.5, unit = "1", basis = "assumption", source = "test" }
[made_up.weight]
kind = "truncated lognormal"
median = { value = 70.0, unit = "kg", basis = "assumption", source = "test" }
log_sd = { value = 0.2, unit = "1", basis = "assumption", source = "test" }
low = { value = 45.0, unit = "kg", basis = "assumption", source = "test" }
high = { value = 120.0, unit = "kg", basis = "assumption", source = "test" }
[made_up.age]
kind = "truncated normal"
median = { value = 40.0, unit = "year", basis = "assumption", source = "test" }
sd = { value = 10.0, unit = "year", basis = "assumption", source = "test" }
low = { value = 18.0, unit = "year", basis = "assumption", source = "test" }
high = { value = 75.0, unit = "year", basis = "assumption", source = "test" }
[made_up.correlation]
basis = "assumption"
source = "test"
weight_age = 0.2
"""


def test_a_covariate_file_is_read_strictly() -> None:
    model = read_covariate_models(GOOD, origin="good.toml")["made_up"]
    assert model.weight.median == 70
    assert model.correlation == {("weight", "age"): 0.2}
    for old, new, words in (
        ('unit = "kg"', 'unit = "lb"', "weight.median.unit must be 'kg', not 'lb'"),
        ('median = { value = 70.0, unit = "kg"', 'median = { unit = "kg"', "weight.median.value must be"),
        ('basis = "assumption", source', 'basis = "hearsay", source', "basis must be one of source"),
        ("log_sd", "log_cv", "weight.log_cv is not a field here"),
        ("name =", "title =", "made_up.title is not a field here"),
        ("female_share", "female_percent", "is not a field here"),
        ("[made_up.correlation]", "[made_up", "good.toml is not valid TOML"),
    ):
        with pytest.raises(CohortError, match=words.replace(".", r"\.")):
            read_covariate_models(GOOD.replace(old, new), origin="good.toml")
