"""The mood model: its equations, virtual patients, one patient's posterior, what a forecast must carry."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from evenkeel.pharmacology.errors import CohortError, MoodError
from evenkeel.pharmacology.mood import (
    Infusion,
    Score,
    dose_input,
    draw_patients,
    infusions_on,
    lasting_effect,
)
from evenkeel.pharmacology.mood_forecast import (
    MoodForecast,
    RelapseBasis,
    fit_mood,
    relapsed_by_visit,
)
from evenkeel.pharmacology.mood_model import DrugShare, load_mood_model, read_mood_model
from evenkeel.pharmacology.prediction import PredictionStatus

SIX = infusions_on((0, 2, 4, 7, 9, 11))


def scored(scale: str, totals: Mapping[float, float | None]) -> list[Score]:
    return [Score(scale=scale, at_day=day, total=total) for day, total in totals.items()]


class TestEquations:
    def test_the_effect_solves_its_differential_equations(self) -> None:
        # dD/dt = -kon D, dA/dt = kon D - koff A by small steps (midpoint), two infusions.
        on, off = math.log(2) / (3 / 24), math.log(2) / 5.2
        step, put_in, effect = 1e-4, 0.0, 0.0
        for i in range(30_000):
            if i in (0, 10_000):
                put_in += 1.0
            middle = put_in * math.exp(-on * step / 2)
            half = effect + (on * put_in - off * effect) * step / 2
            effect += (on * middle - off * half) * step
            put_in *= math.exp(-on * step)
        found = lasting_effect(infusions_on((0, 1)), np.array([3.0]), np.array([5.2]))
        assert found[0, 0] == pytest.approx(effect, rel=1e-6)

    def test_equal_half_lives_do_not_divide_by_nothing(self) -> None:
        at_day = np.array([0.125, 0.5])
        found = lasting_effect(infusions_on((0,)), at_day, np.array([0.125, 0.125 + 1e-7]))
        rate = math.log(2) / 0.125
        assert found[0] == pytest.approx(rate * at_day * np.exp(-rate * at_day), rel=1e-9)
        assert found[1] == pytest.approx(found[0], rel=1e-5)

    @pytest.mark.parametrize(("dose", "put_in"), [(0.0, 0.0), (0.3, 0.8), (0.5, 1.0), (1.0, 16 / 13)])
    def test_the_dose_enters_as_the_reference_says(self, dose: float, put_in: float) -> None:
        # The dose over the dose plus 0.3 mg/kg, times 0.8 over 0.5.
        assert dose_input(dose) == pytest.approx(put_in, rel=1e-12)

    def test_nothing_happens_before_the_first_session(self) -> None:
        left = draw_patients(50, 1).remaining(SIX, [-7.0, 0.0])
        assert np.all(left == 1.0)


class TestVirtualPatients:
    def test_a_patient_does_not_depend_on_how_many_are_drawn(self) -> None:
        whole, part = draw_patients(500, 9), draw_patients(100, 9, first=400)
        assert np.array_equal(whole.benefit[400:], part.benefit)
        assert np.array_equal(
            whole.scores(SIX, [3.0, 14.0], "phq9")[400:], part.scores(SIX, [3.0, 14.0], "phq9")
        )

    def test_another_seed_gives_other_patients(self) -> None:
        assert not np.array_equal(draw_patients(20, 1).benefit, draw_patients(20, 2).benefit)

    def test_they_are_distributed_as_the_model_says(self) -> None:
        drawn, n = draw_patients(20_000, 3), 20_000
        # Three standard errors.
        assert drawn.is_responder.mean() == pytest.approx(0.59, abs=3 * math.sqrt(0.59 * 0.41 / n))
        assert np.median(drawn.benefit[drawn.is_responder]) == pytest.approx(0.88, abs=0.005)
        assert np.median(drawn.benefit[~drawn.is_responder]) == pytest.approx(0.09, abs=0.005)
        assert drawn.nonspecific.mean() == pytest.approx(0.23, abs=3 * 0.15 / math.sqrt(n))
        assert np.log(drawn.offset_half_life_day).std() == pytest.approx(0.5, abs=0.01)
        assert drawn.baseline["madrs"].mean() == pytest.approx(33, abs=3 * 5 / math.sqrt(n))

    def test_a_changed_model_is_used_throughout(self) -> None:
        shipped = load_mood_model()
        changed = dict(shipped.constants)
        changed["half_benefit_effect"] = dataclasses.replace(changed["half_benefit_effect"], value=6.1)
        weaker = draw_patients(50, 1, model=dataclasses.replace(shipped, constants=changed))
        usual = draw_patients(50, 1)
        assert np.array_equal(weaker.benefit, usual.benefit)
        assert np.all(weaker.remaining(SIX, [12.0]) > usual.remaining(SIX, [12.0]))

    def test_scores_stay_on_their_scale(self) -> None:
        scores = draw_patients(5_000, 4).scores(SIX, [12.0], "phq9")
        assert scores.min() == 0
        assert scores.max() <= 27


class TestOnePatient:
    def test_without_scores_it_is_the_population(self) -> None:
        forecast = fit_mood(SIX, []).forecast("madrs", [1.0, 12.0, 21.0], draws=20_000)
        scores = draw_patients(20_000, 5).scores(SIX, [1.0, 12.0, 21.0], "madrs")
        assert forecast.without_median == pytest.approx(np.median(scores, axis=0), abs=0.4)
        assert forecast.without_high == pytest.approx(np.percentile(scores, 95, axis=0), abs=0.6)
        assert "not of this patient" in forecast.words

    def test_a_missing_score_changes_nothing_but_is_counted(self) -> None:
        known = {0.0: 20.0, 2.0: 14.0, 7.0: 9.0}
        with_gap = fit_mood(SIX, scored("phq9", {**known, 4.0: None}))
        whole = fit_mood(SIX, scored("phq9", known))
        assert with_gap.scores_missing == 1
        assert "1 missing" in with_gap.fitted_to
        a, b = (each.forecast("phq9", [14.0]) for each in (with_gap, whole))
        assert a.without_median[0] == b.without_median[0]

    def test_better_scores_forecast_better_ones(self) -> None:
        better = fit_mood(SIX, scored("phq9", {0.0: 20, 4.0: 8, 9.0: 4})).forecast("phq9", [14.0])
        worse = fit_mood(SIX, scored("phq9", {0.0: 20, 4.0: 19, 9.0: 18})).forecast("phq9", [14.0])
        assert better.without_high[0] < worse.without_median[0]

    def test_scores_of_one_scale_speak_for_another(self) -> None:
        totals = {0.0: 36.0, 4.0: 10.0, 9.0: 6.0, 11.0: 6.0}
        fitted = fit_mood(SIX, scored("madrs", totals)).forecast("phq9", [12.0])
        unknown = fit_mood(SIX, []).forecast("phq9", [12.0])
        assert fitted.without_high[0] < unknown.without_high[0]

    def test_scores_of_two_scales_say_more_than_of_one(self) -> None:
        one = fit_mood(SIX, scored("phq9", {0.0: 20, 4.0: 10, 9.0: 6}))
        both = fit_mood(
            SIX, [*scored("phq9", {0.0: 20, 4.0: 10, 9.0: 6}), *scored("qids", {0.0: 20, 4.0: 10, 9.0: 6})]
        )
        width = [
            float((each.without_high - each.without_low)[0])
            for each in (posterior.forecast("phq9", [14.0], draws=20_000) for posterior in (one, both))
        ]
        assert width[1] < width[0]

    def test_the_half_life_is_held_until_there_is_a_score_after_the_course(self) -> None:
        during = {0.0: 20.0, 2.0: 14.0, 4.0: 10.0, 7.0: 9.0, 9.0: 8.0, 11.0: 7.0}
        assert not fit_mood(SIX, scored("phq9", during)).is_half_life_learned
        assert not fit_mood(SIX, scored("phq9", {**during, 25.0: None})).is_half_life_learned
        after = fit_mood(SIX, scored("phq9", {**during, 18.0: 7.0, 25.0: 7.0, 32.0: 7.0}))
        assert after.is_half_life_learned
        lasting = after.relapse([21.0], RelapseBasis.TRIALS).still_well[0]
        assert (
            lasting > fit_mood(SIX, scored("phq9", during)).relapse([21.0], RelapseBasis.TRIALS).still_well[0]
        )

    def test_bands_hold_as_many_later_scores_as_they_say(self) -> None:
        # 200 virtual patients, six scores each before infusions, then a score on days 14 and 25. Of 400
        # outcomes 90 % lie in the band; a pair of one patient counts as one in the error, so 0.021 is one
        # standard error and three are granted.
        people = draw_patients(200, 77)
        at_day = np.array([0.0, 2.0, 4.0, 7.0, 9.0, 11.0, 14.0, 25.0])
        scores = people.scores(SIX, at_day, "madrs")
        inside = 0
        for row in scores:
            known = scored("madrs", dict(zip(at_day[:6].tolist(), row[:6].tolist(), strict=True)))
            forecast = fit_mood(SIX, known).forecast("madrs", at_day[6:], draws=1_000)
            inside += int(np.sum((forecast.without_low <= row[6:]) & (row[6:] <= forecast.without_high)))
        assert inside / (2 * len(people)) == pytest.approx(0.90, abs=0.064)

    def test_the_same_scores_give_the_same_forecast_in_any_order(self) -> None:
        scores = scored("phq9", {0.0: 20, 2.0: 14, 7.0: 9})
        first, second = (fit_mood(SIX, each).forecast("phq9", [14.0]) for each in (scores, scores[::-1]))
        assert first.without_median[0] == pytest.approx(second.without_median[0], rel=1e-12)


class TestNextInfusion:
    def test_it_makes_the_forecast_better_after_it_and_changes_nothing_before(self) -> None:
        posterior = fit_mood(SIX[:4], scored("phq9", {0.0: 20, 2.0: 14, 7.0: 9}))
        found = posterior.forecast("phq9", [8.0, 12.0], next_infusions=[Infusion(at_day=9.0)])
        assert found.with_median is not None
        assert found.with_median[0] == found.without_median[0]
        assert found.with_median[1] < found.without_median[1]

    def test_it_must_come_after_the_last(self) -> None:
        with pytest.raises(MoodError, match="later day"):
            fit_mood(SIX, []).forecast("phq9", [12.0], next_infusions=[Infusion(at_day=9.0)])

    def test_a_dose_outside_the_trials_is_computed_and_marked(self) -> None:
        found = fit_mood(SIX, []).forecast(
            "phq9", [13.0], next_infusions=[Infusion(at_day=12, dose_mg_per_kg=2)]
        )
        assert found.status is PredictionStatus.OUTSIDE_POPULATION
        assert "2 mg/kg" in found.reasons[0]
        assert found.reasons[0] in found.words

    def test_days_beyond_the_studies_are_marked(self) -> None:
        found = fit_mood(SIX, []).forecast("phq9", [80.0])
        assert found.status is PredictionStatus.OUTSIDE_POPULATION


class TestDrugShare:
    def forecast(self) -> MoodForecast:
        return fit_mood(SIX, scored("phq9", {0.0: 20, 2.0: 14})).forecast("phq9", [12.0, 14.0])

    def test_the_prior_is_that_of_the_reference(self) -> None:
        # Beta(2, 2) has the distribution 3x^2 - 2x^3.
        share = load_mood_model().share
        assert share.mean == 0.5
        assert 3 * share.low**2 - 2 * share.low**3 == pytest.approx(0.05, abs=1e-4)
        assert 3 * share.high**2 - 2 * share.high**3 == pytest.approx(0.95, abs=1e-4)

    def test_no_forecast_can_be_made_without_it(self) -> None:
        forecast = self.forecast()
        named: dict[str, Any] = {
            each.name: getattr(forecast, each.name) for each in dataclasses.fields(forecast)
        }
        without = {name: value for name, value in named.items() if name != "share"}
        with pytest.raises(TypeError, match="share"):
            MoodForecast(**without)
        with pytest.raises(AssertionError, match="drug's share"):
            MoodForecast(**without, share=None)  # type: ignore[arg-type]
        with pytest.raises(AssertionError, match="drug's share"):
            dataclasses.replace(forecast, share=None)  # type: ignore[arg-type]

    def test_it_stands_in_the_words_and_in_every_row(self) -> None:
        forecast = self.forecast()
        relapse = fit_mood(SIX, []).relapse([14.0, 28.0], RelapseBasis.ORDINARY_CARE)
        for found in (forecast, relapse):
            assert "the drug itself may cause 14 % to 86 %" in found.words
            assert found.columns()["drug_share_mean"].tolist() == [0.5, 0.5]

    def test_no_score_changes_it(self) -> None:
        assert self.forecast().share == load_mood_model().share

    def test_a_caller_may_hold_another(self) -> None:
        held = DrugShare(alpha=1.0, beta=3.0, statement="Held by the clinic.")
        assert held.mean == 0.25
        assert "Held by the clinic." in fit_mood(SIX, []).forecast("phq9", [12.0], share=held).words

    @pytest.mark.parametrize("shape", [0.0, -1.0, math.nan])
    def test_shapes_that_cannot_be(self, shape: float) -> None:
        with pytest.raises(MoodError, match="alpha"):
            DrugShare(alpha=shape, beta=2.0, statement="")

    def test_the_parts_of_one_person_are_not_on_offer(self) -> None:
        posterior = fit_mood(SIX, scored("phq9", {0.0: 20}))
        offered = {name for name in dir(posterior) if not name.startswith("_")}
        assert not {
            name for name in offered if any(part in name for part in ("benefit", "specific", "respond"))
        }
        assert "benefit" not in repr(posterior)

    def test_what_a_forecast_rests_on_is_in_it(self) -> None:
        grounds = self.forecast().grounds
        assert any("Kishimoto 2016" in each for each in grounds.evidence)
        assert any("half-life" in each.lower() for each in grounds.inferred)
        assert any("residual" in each for each in grounds.assumed)
        assert any("27 %" in each for each in grounds.misses)


class TestRelapse:
    def test_it_is_slower_in_ordinary_care_than_in_trials(self) -> None:
        posterior = fit_mood(SIX, scored("phq9", {0.0: 20, 4.0: 10, 11.0: 5}))
        trials, care = (posterior.relapse([14.0, 28.0, 56.0], each) for each in RelapseBasis)
        assert trials.basis is RelapseBasis.TRIALS
        assert np.all(care.still_well > trials.still_well)
        assert np.all(np.diff(trials.still_well) < 0)
        assert "Medication-free" in trials.words
        assert "Ordinary care" in care.words

    def test_who_does_not_respond_cannot_relapse(self) -> None:
        totals = dict.fromkeys((0.0, 2.0, 4.0, 7.0, 9.0, 11.0), 36.0)
        posterior = fit_mood(SIX, [*scored("madrs", totals), *scored("phq9", dict.fromkeys(totals, 24.0))])
        with pytest.raises(MoodError, match="relapse has no meaning"):
            posterior.relapse([14.0], RelapseBasis.TRIALS)

    def test_visits_are_counted_in_a_row(self) -> None:
        well = np.array(
            [
                [True, False, True, False, False],
                [True, False, False, True, True],
                [True, True, True, True, True],
                [False, False, False, False, False],
            ]
        )
        found = relapsed_by_visit(well, 2)
        assert found is not None
        assert found.tolist() == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3])


class TestBadInput:
    def test_scores(self) -> None:
        with pytest.raises(MoodError, match="madrs, phq9, qids"):
            Score(scale="hamd", at_day=0, total=10)
        with pytest.raises(MoodError, match="total of PHQ-9 must be 0 to 27"):
            Score(scale="phq9", at_day=0, total=28)
        with pytest.raises(MoodError, match="total"):
            Score(scale="phq9", at_day=0, total=math.nan)
        with pytest.raises(MoodError, match="at_day"):
            Score(scale="phq9", at_day=math.inf, total=3)
        with pytest.raises(MoodError, match="at most once"):
            fit_mood(SIX, scored("phq9", {1.0: 3}) * 2)

    def test_infusions(self) -> None:
        with pytest.raises(MoodError, match="dose_mg_per_kg"):
            Infusion(at_day=0, dose_mg_per_kg=-0.1)
        with pytest.raises(MoodError, match="at_day"):
            Infusion(at_day=math.nan)
        with pytest.raises(MoodError, match="first session"):
            fit_mood([], [])
        with pytest.raises(MoodError, match="in order"):
            fit_mood(infusions_on((2, 2)), [])

    def test_days_draws_and_seed(self) -> None:
        posterior = fit_mood(SIX, [])
        for bad in ([], [3.0, 2.0], [1.0, 1.0], [math.nan], "soon"):
            with pytest.raises(MoodError, match="at_day"):
                posterior.forecast("phq9", bad)
        with pytest.raises(MoodError, match="draws"):
            posterior.forecast("phq9", [1.0], draws=0)
        with pytest.raises(CohortError, match="seed"):
            posterior.forecast("phq9", [1.0], seed=-1)
        with pytest.raises(MoodError, match="n must"):
            draw_patients(0, 1)


class TestFile:
    TEXT = (
        __import__("importlib.resources", fromlist=["files"])
        .files("evenkeel.pharmacology")
        .joinpath("mood_model.toml")
        .read_text(encoding="utf-8")
    )

    def test_every_constant_has_a_mark_and_a_source(self) -> None:
        model = load_mood_model()
        for constants in (model.constants, model.relapse_trials, *model.scale_constants.values()):
            for name, constant in constants.items():
                assert constant.mark in ("evidence", "derived", "borrowed", "assumption"), name
                assert len(constant.source) > 10, name

    @pytest.mark.parametrize(
        ("written", "instead", "match"),
        [
            ('mark = "derived"', 'mark = "sure"', "mark must be one of"),
            ('unit = "h", ', "", "exactly value, unit, mark and source"),
            ("value = 5.2", 'value = "5.2"', "must be a finite number"),
            ("[relapse_trials]", "[relapse_trial]", "relapse_trials is missing"),
            ("[grounds]\n", "[surprise]\nx = 1\n[grounds]\n", "surprise is not a field"),
            ("evidence = [", "evidences = [", "grounds.evidence"),
            ("horizon  ", "horizons ", "constants must hold responder_fraction"),
            ("residual_sd   = ", "residual = ", "scales.madrs must hold low"),
            ('name      = "Responder mixture"', 'name = ""', "name must be words"),
            ("[constants]", "[constants", "not valid TOML"),
        ],
    )
    def test_a_file_that_is_not_sound_is_refused(self, written: str, instead: str, match: str) -> None:
        assert written in self.TEXT
        with pytest.raises(MoodError, match=match):
            read_mood_model(self.TEXT.replace(written, instead, 1))


def test_the_basis_of_a_relapse_is_named_by_a_word_too_and_an_unknown_one_is_refused() -> None:
    # In ordinary care the median is 72 days (McInnes 2022), whoever the patient is.
    relapse = fit_mood(SIX, []).relapse([72.0], str(RelapseBasis.ORDINARY_CARE))
    assert relapse.still_well[0] == pytest.approx(0.5, abs=0.01)
    with pytest.raises(MoodError, match=r"basis must be one of .*, not 'hope'"):
        fit_mood(SIX, []).relapse([72.0], "hope")
