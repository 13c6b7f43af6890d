"""What effects refuse, how they are marked, and that constants stay with the parameter set they belong to."""

import re
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from evenkeel.pharmacology import (
    BodyError,
    InfusionProfile,
    OutputTimeError,
    ParameterSet,
    ParameterSetError,
    PredictionStatus,
    load_parameter_set,
)
from evenkeel.pharmacology.effect_constants import EvidenceMark, link_keys, load_link, read_links
from evenkeel.pharmacology.effect_links import (
    Level,
    Pressure,
    SKetamine,
    SNorketamine,
    TotalKetamine,
    dissociation_score,
    heart_rate_rise_per_min,
    pain_change_cm,
    pressure_rise_mmhg,
    tolerance,
    unresponsive_probability,
)
from evenkeel.pharmacology.effects import Effect, EffectPrediction, predict_effect
from evenkeel.pharmacology.errors import EffectError
from evenkeel.pharmacology.profile import Dose

TEXT = (files("evenkeel.pharmacology") / "effects.toml").read_text(encoding="utf-8")
HALF_MG_PER_KG = InfusionProfile.constant(35.0, 40.0)
CURVES = [effect for effect in Effect if effect is not Effect.NAUSEA]


@pytest.fixture(scope="module")
def kamp() -> ParameterSet:
    return load_parameter_set("kamp_2020")


@pytest.fixture(scope="module")
def otto() -> ParameterSet:
    return load_parameter_set("otto_2021")


def level(of: type[Level], ng_per_ml: float, *, site: float | None, of_set: str = "kamp_2020") -> Any:
    return of(ng_per_ml=np.array([ng_per_ml]), parameter_set=of_set, site_half_life_min=site)


def test_a_racemic_total_cannot_be_fed_to_an_s_ketamine_constant() -> None:
    total = level(TotalKetamine, 250.0, site=8.3)
    with pytest.raises(EffectError, match="driven by S-ketamine, not by total ketamine"):
        dissociation_score(total)
    with pytest.raises(EffectError, match="driven by S-ketamine, not by total ketamine"):
        pressure_rise_mmhg(level(TotalKetamine, 250.0, site=2.28), Pressure.MEAN)
    with pytest.raises(EffectError, match="driven by S-ketamine, not by total ketamine"):
        heart_rate_rise_per_min(level(TotalKetamine, 250.0, site=None))


def test_an_s_ketamine_level_cannot_be_fed_to_a_constant_of_the_total() -> None:
    with pytest.raises(EffectError, match="driven by total ketamine, not by S-ketamine"):
        unresponsive_probability(level(SKetamine, 125.0, site=None))


def test_norketamine_is_not_ketamine() -> None:
    ketamine, norketamine = level(SKetamine, 100.0, site=6.1), level(SNorketamine, 50.0, site=None)
    assert pain_change_cm(ketamine, norketamine) == pytest.approx([-2.3])
    with pytest.raises(EffectError, match="driven by S-norketamine, not by S-ketamine"):
        pain_change_cm(ketamine, level(SKetamine, 50.0, site=None))


def test_a_level_of_another_parameter_set_is_refused_and_both_are_named() -> None:
    with pytest.raises(EffectError, match=r"'kamp_2020' and cannot be used with 'otto_2021'"):
        dissociation_score(level(SKetamine, 100.0, site=8.3, of_set="otto_2021"))


def test_a_level_at_another_site_is_refused() -> None:
    with pytest.raises(EffectError, match=r"half-life of 8\.3 min, but .* at an effect site .* 2\.28 min"):
        dissociation_score(level(SKetamine, 100.0, site=2.28))
    with pytest.raises(EffectError, match="but these levels stand at the sampling site"):
        dissociation_score(level(SKetamine, 100.0, site=None))


@pytest.mark.parametrize("effect", list(Effect))
def test_no_effect_can_be_asked_of_another_parameter_set(effect: Effect, otto: ParameterSet) -> None:
    with pytest.raises(EffectError, match=r"'kamp_2020' and cannot be used with 'otto_2021'"):
        predict_effect(effect, otto, 70.0, HALF_MG_PER_KG, [40.0])


@pytest.mark.parametrize("key", link_keys())
def test_every_link_names_a_parameter_set_that_ships(key: str) -> None:
    assert load_parameter_set(load_link(key).parameter_set).key == load_link(key).parameter_set


@pytest.mark.parametrize("number", [0, -1, 1.5])
def test_an_infusion_that_cannot_be_counted_is_refused(number: Any, kamp: ParameterSet) -> None:
    with pytest.raises(EffectError, match="infusion_number must be a whole number from 1"):
        tolerance(number)
    with pytest.raises(EffectError, match="infusion_number must be a whole number from 1"):
        predict_effect(Effect.DISSOCIATION, kamp, 70.0, HALF_MG_PER_KG, [40.0], infusion_number=number)


@pytest.mark.parametrize("effect", CURVES)
def test_a_curve_says_what_it_is(effect: Effect, kamp: ParameterSet) -> None:
    prediction = predict_effect(effect, kamp, 70.0, HALF_MG_PER_KG, [0.0, 40.0, 40.0, 80.0], age_years=40.0)
    assert prediction.status is PredictionStatus.OK
    assert prediction.reasons == ()
    assert prediction.drawable
    assert "Estimate, not a measurement" in prediction.words
    assert str(prediction.mark) in prediction.words
    assert prediction.parameter_set == "kamp_2020"
    assert "10.1097/ALN.0000000000003577" in prediction.citation
    assert prediction.value is not None
    assert prediction.value.shape == (4,)
    assert prediction.value[0] == 0
    assert prediction.value[1] == prediction.value[2]
    assert prediction.band_statement is not None
    assert prediction.band_low is not None
    assert prediction.band_high is not None
    assert np.all(prediction.band_low[1:] < prediction.value[1:])
    assert np.all(prediction.value[1:] < prediction.band_high[1:])
    with pytest.raises(ValueError, match="read-only"):
        prediction.value[0] = 1.0


@pytest.mark.parametrize("effect", CURVES)
def test_the_range_is_carried_in_the_result(effect: Effect, kamp: ParameterSet) -> None:
    valid = predict_effect(effect, kamp, 70.0, HALF_MG_PER_KG, [40.0]).valid
    # The proposal of the reference: adults 18 to 75, 45 to 120 kg; doses and route of one trial.
    assert (valid.weight_low_kg, valid.weight_high_kg) == (45.0, 120.0)
    assert (valid.age_low_years, valid.age_high_years) == (18.0, 75.0)
    assert (valid.dose_low_mg_per_kg, valid.dose_high_mg_per_kg) == (0.1, 1.0)
    assert valid.routes == ("iv",)


@pytest.mark.parametrize(
    ("weight_kg", "age_years", "dose_mg", "sentence"),
    [
        (44.0, 40.0, 22.0, "Weight 44 kg is outside 45 to 120 kg."),
        (70.0, 76.0, 35.0, "Age 76 is outside 18 to 75 years."),
        (70.0, 40.0, 70.1, "Dose 1.001 mg/kg is outside 0.1 to 1 mg/kg."),
        (70.0, 40.0, 6.9, "Dose 0.09857 mg/kg is outside 0.1 to 1 mg/kg."),
    ],
)
def test_outside_the_range_is_computed_and_marked(
    weight_kg: float, age_years: float, dose_mg: float, sentence: str, kamp: ParameterSet
) -> None:
    profile = InfusionProfile.constant(dose_mg, 40.0)
    prediction = predict_effect(Effect.DISSOCIATION, kamp, weight_kg, profile, [40.0], age_years=age_years)
    assert prediction.status is PredictionStatus.OUTSIDE_POPULATION
    assert sentence in prediction.reasons
    assert prediction.drawable


@pytest.mark.parametrize("dose_mg", [7.0, 70.0])
def test_limits_of_the_dose_belong_to_the_range(dose_mg: float, kamp: ParameterSet) -> None:
    profile = InfusionProfile.constant(dose_mg, 40.0)
    prediction = predict_effect(Effect.HEART_RATE, kamp, 70.0, profile, [40.0], age_years=40.0)
    assert prediction.status is PredictionStatus.OK


def test_each_visit_of_a_course_has_its_own_dose(kamp: ParameterSet) -> None:
    course = InfusionProfile.repeated(HALF_MG_PER_KG, [0.0, 2880.0, 5760.0])
    prediction = predict_effect(Effect.HEART_RATE, kamp, 70.0, course, [40.0], age_years=40.0)
    assert prediction.status is PredictionStatus.OK


def test_a_dose_given_too_fast_is_marked(kamp: ParameterSet) -> None:
    # 1 mg/kg at once: 70 mg into the central 25 L is 2,800 ng/mL.
    bolus = InfusionProfile(bolus_at_min=np.array([0.0]), bolus_mg=np.array([70.0]))
    prediction = predict_effect(Effect.DISSOCIATION, kamp, 70.0, bolus, [40.0], age_years=40.0)
    assert prediction.status is PredictionStatus.OUTSIDE_POPULATION
    assert prediction.reasons[0].startswith("A level of 2800 ng/mL is above 600 ng/mL")


def test_another_route_is_marked(kamp: ParameterSet) -> None:
    profile = InfusionProfile(doses=(Dose(at_min=0.0, amount_mg=35.0, route="im"),))
    prediction = predict_effect(Effect.NAUSEA, kamp, 70.0, profile, [40.0], age_years=40.0)
    assert prediction.status is PredictionStatus.OUTSIDE_POPULATION
    assert "Route im is outside iv for effects." in prediction.reasons


def test_nothing_is_given_for_a_child(kamp: ParameterSet) -> None:
    prediction = predict_effect(Effect.DISSOCIATION, kamp, 50.0, HALF_MG_PER_KG, [40.0], age_years=17.0)
    assert prediction.status is PredictionStatus.OUTSIDE_POPULATION
    assert not prediction.drawable
    assert prediction.value is None


@pytest.mark.parametrize(
    ("weight_kg", "profile", "reason"),
    [
        (None, HALF_MG_PER_KG, "Weight is missing."),
        (70.0, None, "The record of what the pump gave is missing."),
    ],
)
def test_missing_input_leaves_nothing_to_draw(
    weight_kg: float | None, profile: InfusionProfile | None, reason: str, kamp: ParameterSet
) -> None:
    prediction = predict_effect(Effect.SYSTOLIC_PRESSURE, kamp, weight_kg, profile, [40.0])
    assert prediction.status is PredictionStatus.MISSING_INPUT
    assert prediction.reasons == (reason,)
    assert not prediction.drawable
    assert prediction.individual_maximum is None


def test_what_cannot_be_is_refused(kamp: ParameterSet) -> None:
    with pytest.raises(BodyError, match="weight_kg must be a finite number greater than 0"):
        predict_effect(Effect.NAUSEA, kamp, -1.0, HALF_MG_PER_KG, [40.0])
    with pytest.raises(OutputTimeError, match="at_min must be in order of time"):
        predict_effect(Effect.NAUSEA, kamp, 70.0, HALF_MG_PER_KG, [40.0, 20.0])


def test_a_prediction_cannot_be_made_without_a_status(kamp: ParameterSet) -> None:
    made = predict_effect(Effect.NAUSEA, kamp, 70.0, HALF_MG_PER_KG, [40.0], age_years=40.0)
    fields: dict[str, Any] = {
        name: getattr(made, name) for name in EffectPrediction.__dataclass_fields__ if name != "status"
    }
    with pytest.raises(TypeError, match="status"):
        EffectPrediction(**fields)
    with pytest.raises(AssertionError, match="without a status"):
        EffectPrediction(**(fields | {"status": "ok"}))
    with pytest.raises(AssertionError, match="must say why"):
        EffectPrediction(**(fields | {"status": PredictionStatus.OUTSIDE_POPULATION}))
    with pytest.raises(AssertionError, match="nothing to draw is never OK"):
        EffectPrediction(**(fields | {"status": PredictionStatus.OK, "value": None}))


def test_only_systolic_pressure_has_individual_maxima(kamp: ParameterSet) -> None:
    for effect in CURVES:
        found = predict_effect(effect, kamp, 70.0, HALF_MG_PER_KG, [40.0]).individual_maximum
        assert (found is not None) == (effect is Effect.SYSTOLIC_PRESSURE)


def test_individual_maxima_follow_the_readings_and_the_seed(kamp: ParameterSet) -> None:
    def maxima(**changes: Any) -> Any:
        return predict_effect(
            Effect.SYSTOLIC_PRESSURE, kamp, 70.0, HALF_MG_PER_KG, [40.0], **changes
        ).individual_maximum

    usual = maxima()
    # Every 10 min while drug runs, at its end, then every 15 min for an hour.
    assert usual.reading_at_min.tolist() == [10.0, 20.0, 30.0, 40.0, 55.0, 70.0, 85.0, 100.0]
    assert np.array_equal(maxima().maximum_mmhg, usual.maximum_mmhg)
    assert not np.array_equal(maxima(seed=1).maximum_mmhg, usual.maximum_mmhg)
    # More readings find higher ones: noise alone raises a maximum.
    assert maxima(reading_at_min=[40.0]).mean_mmhg < usual.mean_mmhg


def test_without_drug_there_is_no_effect_and_no_maximum(kamp: ParameterSet) -> None:
    prediction = predict_effect(Effect.SYSTOLIC_PRESSURE, kamp, 70.0, InfusionProfile(), [0.0, 40.0])
    assert prediction.value is not None
    assert prediction.value.tolist() == [0.0, 0.0]
    assert prediction.individual_maximum is None


def test_dissociation_fades_over_a_course_and_pressure_does_not(kamp: ParameterSet) -> None:
    def peak(effect: Effect, number: int) -> float:
        value = predict_effect(effect, kamp, 70.0, HALF_MG_PER_KG, [40.0], infusion_number=number).value
        assert value is not None
        return float(value[0])

    assert peak(Effect.DISSOCIATION, 6) < peak(Effect.DISSOCIATION, 1)
    assert peak(Effect.SYSTOLIC_PRESSURE, 6) == peak(Effect.SYSTOLIC_PRESSURE, 1)


def test_the_mark_is_that_of_the_worst_founded_constant(kamp: ParameterSet) -> None:
    unresponsive = predict_effect(Effect.UNRESPONSIVENESS, kamp, 70.0, HALF_MG_PER_KG, [40.0])
    assert unresponsive.mark is EvidenceMark.DERIVED
    dissociation = predict_effect(Effect.DISSOCIATION, kamp, 70.0, HALF_MG_PER_KG, [40.0])
    assert dissociation.mark is EvidenceMark.ASSUMPTION
    assert dissociation.founded_on.startswith(
        "Evidence: effect site half life, half effect level. Assumption:"
    )


@pytest.mark.parametrize("part", ["unit", "mark", "source"])
def test_every_constant_needs_its_unit_its_mark_and_its_source(part: str) -> None:
    lines = TEXT.splitlines()
    for at in [i for i, line in enumerate(lines) if "mark = " in line]:
        missing = [*lines]
        missing[at] = re.sub(rf', {part} = "[^"]*"', "", lines[at])
        name = lines[at].split(" =")[0].strip()
        with pytest.raises(ParameterSetError, match=rf"links\.toml: .*{name}\.{part} is missing\."):
            read_links("\n".join(missing), origin="links.toml")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "value = 8.3,",
            "value = 3.8,",
            "dissociation.constants.effect_site_half_life.value must lie between",
        ),
        ("value = 121.0,", "value = nan,", "half_effect_level.value must be a finite number."),
        (
            'value = 36.0, unit = "points"',
            'value = 36.0, unit = "mmHg"',
            "maximum.unit must be 'points', not 'mmHg'",
        ),
        (
            'unit = "ng/mL", mark = "evidence"',
            'unit = "ng/mL", mark = "sure"',
            "mark must be one of evidence, derived, borrowed, assumption, not 'sure'.",
        ),
        ('routes     = ["iv"]', "routes = []", "offered.routes must be a list of at least one route."),
        ("[nausea]", "[sleep]", "nausea.name is missing."),
        ("[nausea.constants]", "[nausea.constants]\ncolor = 1", "nausea.constants.color is not a field"),
        ("[heart_rate]", "[heart_rate", "is not valid TOML"),
    ],
)
def test_an_unsound_file_of_links_is_refused(old: str, new: str, sentence: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(ParameterSetError, match=re.escape(sentence)):
        read_links(TEXT.replace(old, new), origin="links.toml")


def test_an_effect_is_named_by_a_word_too_and_an_unknown_one_is_refused(kamp: ParameterSet) -> None:
    assert predict_effect("nausea", kamp, 70.0, HALF_MG_PER_KG, [40.0]).effect is Effect.NAUSEA
    with pytest.raises(EffectError, match=r"effect must be one of dissociation, .*, not 'bliss'"):
        predict_effect("bliss", kamp, 70.0, HALF_MG_PER_KG, [40.0])
    level = SKetamine(ng_per_ml=np.array([428.0]), parameter_set="kamp_2020", site_half_life_min=2.28)
    assert pressure_rise_mmhg(level, "mean").tolist() == pytest.approx([30.5 / 2])
    with pytest.raises(EffectError, match="pressure must be one of systolic, diastolic, mean, not 'pulse'"):
        pressure_rise_mmhg(level, "pulse")
