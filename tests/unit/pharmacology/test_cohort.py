"""Virtual patients against analytic moments, published spreads, and themselves in other chunks."""

import math
from dataclasses import replace

import numpy as np
import pytest

from evenkeel.pharmacology import cohort as cohort_module
from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.cohort import (
    Cohort,
    CohortLevels,
    Summary,
    draw_bodies,
    simulate_cohort,
)
from evenkeel.pharmacology.covariates import CovariateModel, Spread, load_covariate_model
from evenkeel.pharmacology.errors import (
    ArgumentError,
    CohortError,
    OutputTimeError,
    ProfileError,
    WorkersError,
)
from evenkeel.pharmacology.parameter_set import Covariance, ParameterSet
from evenkeel.pharmacology.prediction import PredictionStatus
from evenkeel.pharmacology.reading import load_parameter_set
from evenkeel.pharmacology.regimen import Given, Regimen
from evenkeel.pharmacology.residual import add_residual
from evenkeel.pharmacology.simulate import simulate
from evenkeel.pharmacology.streaming import QUANTILE_ERROR_RATIO
from evenkeel.pharmacology.system import System
from evenkeel.pharmacology.workers import Workers, local_workers

SEED = 20261122
INFUSION = Regimen(given=(Given(at_min=0, amount=0.5, unit="mg/kg", over_min=40),))
BOLUS = Regimen(given=(Given(at_min=0, amount=35, unit="mg"),))
OTTO = load_parameter_set("otto_2021")
KAMP = load_parameter_set("kamp_2020")
CLINIC = load_covariate_model("adults_perez_ruixo_2021")


def ketamine(found: CohortLevels) -> tuple[FloatArray, FloatArray]:
    return found.mean.select(output="ketamine").values, found.sd.select(output="ketamine").values


def test_levels_after_a_bolus_have_the_lognormal_moments() -> None:
    # Just after a bolus the level is dose / V1, and V1 is lognormal: mean (dose / V) exp(w / 2), CV
    # sqrt(exp(w) - 1), with V = 133 L and w = 0.084177 (Otto 2021).
    n, variance = 100_000, 0.084177
    mean, sd = ketamine(simulate_cohort(OTTO, n, BOLUS, [0.0], SEED))
    cv = math.sqrt(math.exp(variance) - 1)
    expected = 35 / 133 * 1000 * math.exp(variance / 2)
    # Four standard errors of a mean, and of an SD with the kurtosis of this lognormal (6 excess at most).
    assert mean[0] == pytest.approx(expected, rel=4 * cv / math.sqrt(n))
    assert sd[0] == pytest.approx(expected * cv, rel=4 * math.sqrt(8 / (4 * n)))


@pytest.mark.reference
def test_otto_cohort_has_the_published_spread() -> None:
    # shared pk_models.yaml, otto_2021.check: CV 17, 9 and 18 % at 40, 80 and 240 min, printed as whole
    # percents. With 40,000 bodies the Monte-Carlo error is below 0.1; the rest of the tolerance is rounding.
    mean, sd = ketamine(simulate_cohort(OTTO, 40_000, INFUSION, [40.0, 80.0, 240.0], SEED))
    assert 100 * sd / mean == pytest.approx([17, 9, 18], abs=1.0)


@pytest.mark.reference
def test_otto_cohort_with_residual_error_has_the_published_interval() -> None:
    # pk_models.yaml, otto_2021.check: 90 % interval with residual at 40 min 87-242, median 156. The standard
    # error of a 5 % quantile of 40,000 readings is about 0.5; the published ones come from a cohort of
    # unknown size, so 2 % are allowed.
    found = simulate_cohort(
        OTTO,
        40_000,
        INFUSION,
        [40.0],
        SEED,
        outputs=["ketamine"],
        with_residual=True,
        shares=(0.05, 0.5, 0.95),
    )
    assert found.quantiles.values[:, 0, 0] == pytest.approx([87, 156, 242], rel=0.02)


@pytest.mark.reference
def test_kamp_widened_has_the_published_spread() -> None:
    # pk_models.yaml, kamp_2020.iiv_borrowed.note: widened, 13 % CV at 40 min.
    mean, sd = ketamine(simulate_cohort(KAMP, 40_000, INFUSION, [40.0], SEED))
    assert 100 * sd / mean == pytest.approx([13], abs=0.5)


def test_deviations_have_the_covariance_of_the_model() -> None:
    n = 100_000
    bodies = draw_bodies(OTTO, n, SEED)
    assert OTTO.omega is not None
    rows = np.stack([bodies.log_deviation[name] for name in OTTO.omega.names])
    matrix = OTTO.omega.matrix
    # Standard error of a covariance of normals: sqrt((s11 s22 + s12^2) / n); 4 of them.
    error = np.sqrt((np.outer(np.diag(matrix), np.diag(matrix)) + matrix**2) / n)
    assert np.all(np.abs(np.cov(rows) - matrix) < 4 * error)


def test_a_body_is_the_same_in_any_chunk() -> None:
    plan = Cohort(
        parameter_set=OTTO,
        regimen=replace(INFUSION, on_days=(0.0, 2.0)),
        at_min=np.array([20.0, 40.0, 2900.0]),
        seed=SEED,
        covariates=CLINIC,
        with_occasions=True,
        with_residual=True,
    )
    whole = plan.levels(600)
    for first, n in ((0, 1), (17, 256), (599, 1)):
        assert np.array_equal(plan.levels(n, first=first), whole[first : first + n])


def result_bits(found: CohortLevels) -> list[FloatArray]:
    kept = [found.mean, found.sd, found.low, found.high, found.quantiles]
    return [one.values for one in (*kept, *([] if found.levels is None else [found.levels]))]


@pytest.mark.parametrize("summary", list(Summary))
def test_summaries_are_the_same_bits_for_any_chunks(
    summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> CohortLevels:
        return simulate_cohort(
            OTTO, 5000, INFUSION, [10.0, 40.0, 240.0], SEED, covariates=CLINIC, summary=summary
        )

    whole = run()
    for chunk_bodies, piece_chunks in ((256, 1), (512, 3), (2048, 2)):
        monkeypatch.setattr(cohort_module, "_CHUNK_BODIES", chunk_bodies)
        monkeypatch.setattr(cohort_module, "_PIECE_CHUNKS", piece_chunks)
        for one, other in zip(result_bits(run()), result_bits(whole), strict=True):
            assert np.array_equal(one, other)


def test_two_workers_give_the_bits_of_one_and_tell_how_far_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cohort_module, "_CHUNK_BODIES", 4096)
    monkeypatch.setattr(cohort_module, "_PIECE_CHUNKS", 1)
    seen: list[tuple[int, int]] = []

    def run(workers: Workers, summary: Summary) -> list[FloatArray]:
        seen.clear()
        found = simulate_cohort(
            OTTO,
            9000,
            INFUSION,
            [10.0, 40.0, 240.0],
            SEED,
            covariates=CLINIC,
            with_residual=summary is not Summary.EXACT,
            summary=summary,
            workers=workers,
            progress=lambda done, whole: seen.append((done, whole)),
        )
        # Three pieces of bodies, and for exact quantiles the times in as many blocks as there are workers.
        pieces = 3
        if summary is Summary.EXACT:
            pieces += 1 if workers.is_here else 2
        assert seen == [(done, pieces) for done in range(1, pieces + 1)]
        return result_bits(found)

    # Two processes for one call, and two that are already there.
    with local_workers(2) as there:
        others = {
            Summary.STREAMED: Workers(count=2),
            Summary.LEVELS: there,
            Summary.EXACT: there,
        }
        for summary, workers in others.items():
            for one, other in zip(run(workers, summary), run(Workers(), summary), strict=True):
                assert np.array_equal(one, other)


def otto_with_vein(bodies: Bodies) -> System:
    """A system that is not the parameter set's own."""
    return OTTO.system(bodies).with_venous_delay(11.0)


def test_a_system_of_ones_own_is_simulated() -> None:
    found = simulate_cohort(
        OTTO, 10, INFUSION, [40.0], SEED, system_of=otto_with_vein, summary=Summary.LEVELS
    )
    assert found.levels is not None
    bodies = draw_bodies(OTTO, 10, SEED)
    profile, _ = INFUSION.for_cohort()
    alone = simulate(otto_with_vein(bodies), profile, [40.0], dose_scale=bodies.weight_kg)
    assert np.array_equal(found.levels.values, alone.values)
    assert found.levels.axis("output").labels == ("ketamine", "norketamine", "ketamine, venous")


def test_streamed_and_whole_cohorts_agree() -> None:
    streamed, whole = (
        simulate_cohort(OTTO, 3000, INFUSION, [10.0, 40.0, 240.0], SEED, covariates=CLINIC, summary=summary)
        for summary in (Summary.STREAMED, Summary.LEVELS)
    )
    assert streamed.levels is None
    assert whole.levels is not None
    assert np.array_equal(streamed.mean.values, whole.mean.values)
    assert streamed.mean.values == pytest.approx(whole.levels.values.mean(axis=0), rel=1e-13)
    assert streamed.sd.values == pytest.approx(whole.levels.values.std(axis=0, ddof=1), rel=1e-11)
    # Ranks are not interpolated in a stream: neighbors among 3,000 add up to 0.3 % in the tails.
    assert streamed.quantiles.values == pytest.approx(
        whole.quantiles.values, rel=QUANTILE_ERROR_RATIO + 0.003
    )
    assert (streamed.quantile_error_ratio, whole.quantile_error_ratio) == (QUANTILE_ERROR_RATIO, 0.0)


def test_exact_quantiles_are_those_of_all_levels() -> None:
    exact, whole = (
        simulate_cohort(OTTO, 3000, INFUSION, [10.0, 40.0, 240.0], SEED, covariates=CLINIC, summary=summary)
        for summary in (Summary.EXACT, Summary.LEVELS)
    )
    # The two paths of the engine agree within 1e-10.
    assert exact.quantiles.values == pytest.approx(whole.quantiles.values, rel=1e-10)
    assert np.array_equal(exact.mean.values, whole.mean.values)
    assert (exact.levels, exact.quantile_error_ratio) == (None, 0.0)


def with_occasion(parameter_set: ParameterSet, matrix: FloatArray) -> ParameterSet:
    assert parameter_set.omega is not None
    occasion = Covariance(
        names=("V1", "CL"), matrix=matrix, on_logit_scale=frozenset(), basis="assumption", statement="Test."
    )
    return replace(parameter_set, omega=replace(parameter_set.omega, occasion=occasion))


def test_visits_differ_by_their_own_variance_around_the_body() -> None:
    # At each bolus of 1 mg/kg after a week the level is what is left, below 1e-12, plus dose / V1.
    model = with_occasion(OTTO, np.diag([0.04, 0.01]))
    weekly = Regimen(given=(Given(at_min=0, amount=1, unit="mg/kg"),), on_days=(0.0, 7.0, 14.0))
    n = 20_000
    found = simulate_cohort(
        model,
        n,
        weekly,
        [0.0, 10_080.0, 20_160.0],
        SEED,
        outputs=["ketamine"],
        with_occasions=True,
        summary=Summary.LEVELS,
    )
    assert found.levels is not None
    logs = np.log(found.levels.values[:, 0])
    matrix = np.cov(logs.T)
    # Between bodies 0.084177 everywhere, between visits 0.04 on the diagonal.
    expected = 0.084177 + 0.04 * np.eye(3)
    error = np.sqrt((np.outer(np.diag(expected), np.diag(expected)) + expected**2) / n)
    assert np.all(np.abs(matrix - expected) < 4 * error)


def test_visits_that_hardly_differ_are_one_course() -> None:
    model = with_occasion(OTTO, np.diag([1e-24, 1e-24]))
    course = replace(INFUSION, on_days=(0.0, 1.0, 2.0))
    times = [-5.0, 40.0, 1440.0, 1480.0, 2920.0]
    by_visit, whole = (
        simulate_cohort(model, 50, course, times, SEED, with_occasions=with_occasions, summary=Summary.LEVELS)
        for with_occasions in (True, False)
    )
    assert by_visit.levels is not None
    assert whole.levels is not None
    assert by_visit.levels.values == pytest.approx(whole.levels.values, rel=1e-9)


def test_residual_errors_have_their_sizes() -> None:
    n = 40_000
    levels = np.full((n, 2, 1), 100.0)
    add_residual(OTTO, levels, ("ketamine", "norketamine"), SEED)
    # Otto 2021: proportional SD 0.23609 and 0.14261; four standard errors of an SD.
    assert levels.std(axis=0)[:, 0] == pytest.approx([23.609, 14.261], rel=4 / math.sqrt(2 * n))
    assert levels.mean(axis=0)[:, 0] == pytest.approx([100, 100], abs=4 * 23.609 / math.sqrt(n))
    logs = np.full((n, 1, 1), 100.0)
    add_residual(load_parameter_set("perez_ruixo_2021"), logs, ("ketamine",), SEED)
    # Perez-Ruixo 2021: log SD 0.276.
    assert np.log(logs).std() == pytest.approx(0.276, rel=4 / math.sqrt(2 * n))


def test_bodies_out_of_range_are_computed_and_counted() -> None:
    heavy = CovariateModel.fixed(weight_kg=130.0, age_years=80.0)
    found = simulate_cohort(KAMP, 20, INFUSION, [40.0], SEED, covariates=heavy)
    assert found.status is PredictionStatus.OUTSIDE_POPULATION
    assert found.reasons[0] == "20 of 20 bodies weigh less than 45 or more than 120 kg."
    assert found.reasons[1] == "20 of 20 bodies are younger than 18 or older than 75 years."
    assert found.reasons[-1] == KAMP.range.statement
    assert np.all(found.mean.values > 0)
    high = Regimen(given=(Given(at_min=0, amount=3, unit="mg/kg", over_min=40),))
    assert "more than 2 mg/kg in a visit by iv" in simulate_cohort(KAMP, 2, high, [40.0], SEED).reasons[0]
    good = simulate_cohort(KAMP, 20, INFUSION, [40.0], SEED, covariates=CLINIC)
    assert (good.status, good.reasons) == (PredictionStatus.OK, ())
    assert any("Covariates: Adults, healthy and with" in words for words in good.caveats)
    assert any("Between bodies: basis assumption" in words for words in good.caveats)


def test_what_cannot_be_asked_is_refused_by_name() -> None:
    def refuse(error: type[ValueError], words: str, **change: object) -> None:
        asked = {"n": 10, "regimen": INFUSION, "at_min": [40.0], "seed": SEED, **change}
        with pytest.raises(error, match=words):
            simulate_cohort(OTTO, **asked)  # type: ignore[arg-type]

    refuse(CohortError, "n must be a whole number of 1 or more, not -3", n=-3)
    refuse(CohortError, "n must be a whole number of 1 or more, not 2.5", n=2.5)
    refuse(CohortError, "seed must be a whole number", seed=-1)
    refuse(OutputTimeError, "at_min must be in order of time", at_min=[40.0, 10.0])
    refuse(OutputTimeError, "at_min must hold each time once", at_min=[40.0, 40.0])
    refuse(
        ArgumentError, "outputs must be among ketamine, norketamine, not 'esketamine'", outputs=["esketamine"]
    )
    refuse(CohortError, "shares must be numbers from 0 to 1", shares=(5, 95))
    refuse(CohortError, "shares must be strictly increasing", shares=(0.9, 0.1))
    refuse(CohortError, 'summary "exact" is offered without', summary=Summary.EXACT, with_residual=True)
    refuse(CohortError, 'summary "exact" is offered without', summary=Summary.EXACT, with_occasions=True)
    with pytest.raises(ProfileError, match="unit must be one of mg, mg/kg"):
        Given(at_min=0, amount=0.5, unit="mcg/kg", over_min=40)
    with pytest.raises(CohortError, match=r"Domino.* gives no residual error for 'ketamine'"):
        simulate_cohort(load_parameter_set("domino"), 2, INFUSION, [40.0], SEED, with_residual=True)
    with pytest.raises(CohortError, match="first must be 0 or more"):
        draw_bodies(OTTO, 2, SEED, first=-1)


def test_a_covariance_that_is_not_positive_definite_is_refused() -> None:
    assert OTTO.omega is not None
    matrix = OTTO.omega.matrix.copy()
    matrix[0, 1] = matrix[1, 0] = 0.05
    broken = replace(OTTO, omega=replace(OTTO.omega, matrix=matrix))
    with pytest.raises(
        CohortError,
        match="The covariance of Otto 2021 between bodies is not positive definite: the variance left for",
    ):
        simulate_cohort(broken, 10, INFUSION, [40.0], SEED)
    occasion = with_occasion(OTTO, np.array([[0.01, 0.02], [0.02, 0.01]]))
    with pytest.raises(CohortError, match="Otto 2021 between visits is not positive definite"):
        simulate_cohort(occasion, 10, INFUSION, [40.0], SEED, with_occasions=True)


def test_a_model_without_variability_gives_typical_bodies() -> None:
    domino = load_parameter_set("domino")
    found = simulate_cohort(domino, 5, INFUSION, [40.0], SEED, summary=Summary.LEVELS)
    # A sum of squares tells an SD from 0 down to 1e-7 of the mean.
    assert np.all(found.sd.values < 1e-7 * found.mean.values)
    assert np.array_equal(found.low.values, found.high.values)
    assert any("gives no variability" in words for words in found.caveats)


def test_pieces_for_several_workers_grow_small_so_that_all_end_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cohort_module, "_CHUNK_BODIES", 256)
    monkeypatch.setattr(cohort_module, "_PIECE_CHUNKS", 16)
    cohort = Cohort(parameter_set=OTTO, regimen=INFUSION, at_min=np.array([40.0]), seed=SEED)

    def chunks(workers: Workers) -> list[int]:
        pieces = cohort_module._pieces_of(cohort, 10 * 256 - 1, workers)
        ends = [first + bodies for first, bodies in pieces]
        assert [first for first, _ in pieces] == [0, *ends[:-1]]
        assert ends[-1] == 10 * 256 - 1
        return [math.ceil(bodies / 256) for _, bodies in pieces]

    # By hand, of ten chunks: a quarter of what is left for two, rounded up, each time.
    assert chunks(Workers(scheduler="tcp://127.0.0.1:8786", cluster_hands=2)) == [3, 2, 2, 1, 1, 1]
    assert chunks(Workers()) == [10]


def test_workers_that_cannot_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in (0, -1, True, 1.5):
        with pytest.raises(WorkersError, match="workers must be a whole number of 1 or more"):
            Workers(count=wrong)  # type: ignore[arg-type]
        with pytest.raises(WorkersError, match="cluster_hands must be a whole number of 1 or more"):
            Workers(cluster_hands=wrong)  # type: ignore[arg-type]
    with pytest.raises(WorkersError, match="exclude each other"):
        Workers(count=2, scheduler="tcp://127.0.0.1:8786")
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(WorkersError, match=r'needs the package distributed. Install the extra "science"'):
        simulate_cohort(OTTO, 10, INFUSION, [40.0], SEED, workers=Workers(count=2))


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evenkeel.pharmacology.workers._CONNECT_S", 0.5)
    with pytest.raises(WorkersError, match=r"No scheduler answers at 'tcp://127.0.0.1:9'"):
        simulate_cohort(OTTO, 10, INFUSION, [40.0], SEED, workers=Workers(scheduler="tcp://127.0.0.1:9"))


def test_what_goes_wrong_in_a_worker_is_told_here() -> None:
    young = CovariateModel(
        name="old",
        statement="For this test.",
        weight=Spread(kind="fixed", median=70, unit="kg"),
        age=Spread(kind="fixed", median=150, unit="year"),
    )
    perez = load_parameter_set("perez_ruixo_2021")
    with pytest.raises(ValueError, match="at this age Qh would be"):
        simulate_cohort(perez, 10, INFUSION, [40.0], SEED, covariates=young)


def test_a_summary_is_named_by_a_word_too_and_an_unknown_one_is_refused() -> None:
    kept = simulate_cohort(OTTO, 30, INFUSION, [40.0], SEED, summary="levels", shares=(0.5,))
    assert kept.levels is not None
    assert np.array_equal(kept.quantiles.values[0], np.median(kept.levels.values, axis=0))
    with pytest.raises(CohortError, match="summary must be one of levels, exact, streamed, not 'all'"):
        simulate_cohort(OTTO, 30, INFUSION, [40.0], SEED, summary="all")
