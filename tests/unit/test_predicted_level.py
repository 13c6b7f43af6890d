"""Refusals, statuses and the words that go with a predicted level."""

import re
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest

from evenkeel.pharmacology import (
    BodyError,
    InfusionProfile,
    OutputTimeError,
    Prediction,
    PredictionStatus,
    ProfileError,
    load_parameter_set,
    predict_level,
)

KAMP = load_parameter_set("kamp_2020")


def infusion(**changes: Any) -> InfusionProfile:
    fields: dict[str, Any] = {"start_min": [0.0], "end_min": [40.0], "rate_mg_per_h": [52.5]}
    return InfusionProfile(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rate_mg_per_h": [-1.0]}, "rate_mg_per_h must be 0 or more, but value 0 is -1."),
        ({"rate_mg_per_h": [float("nan")]}, "rate_mg_per_h must be finite numbers, but value 0 is nan."),
        ({"end_min": [float("inf")]}, "end_min must be finite numbers, but value 0 is inf."),
        ({"start_min": [50.0]}, "end_min must not come before start_min, but segment 0 starts at 50 min"),
        ({"start_min": [0.0, 1.0]}, "one value per segment, but they have 2, 1 and 1."),
        ({"bolus_at_min": [0.0]}, "one value per bolus, but they have 1 and 0."),
        ({"bolus_at_min": [0.0], "bolus_mg": [-5.0]}, "bolus_mg must be 0 or more, but value 0 is -5."),
        ({"rate_mg_per_h": ["fast"]}, "rate_mg_per_h must be a list of numbers."),
        ({"rate_mg_per_h": 52.5}, "rate_mg_per_h must be a list of numbers, not an array with 0 dimensions."),
        ({"present_min": float("nan")}, "present_min must be a finite number of minutes, not nan."),
    ],
)
def test_profile_that_cannot_be_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ProfileError, match=re.escape(sentence)):
        infusion(**changes)


def test_profile_keeps_its_own_arrays() -> None:
    rate = np.array([52.5])
    profile = infusion(rate_mg_per_h=rate)
    rate[0] = 0.0
    assert profile.rate_mg_per_h[0] == 52.5
    with pytest.raises(ValueError, match="read-only"):
        profile.rate_mg_per_h[0] = 0.0
    with pytest.raises(FrozenInstanceError):
        profile.present_min = 3.0  # type: ignore[misc]


def test_segment_of_no_length_is_dropped() -> None:
    profile = infusion(start_min=[0.0, 40.0], end_min=[40.0, 40.0], rate_mg_per_h=[52.5, 99.0])
    assert profile.rate_mg_per_h.tolist() == [52.5]


def test_rate_changes_become_segments() -> None:
    profile = InfusionProfile.from_rate_changes(
        at_min=[0.0, 10.0, 15.0], rate_mg_per_h=[52.5, 0.0, 40.0], present_min=20.0, planned_end_min=55.0
    )
    assert profile.start_min.tolist() == [0.0, 10.0, 15.0]
    assert profile.end_min.tolist() == [10.0, 15.0, 55.0]
    assert profile.rate_mg_per_h.tolist() == [52.5, 0.0, 40.0]
    assert profile.present_min == 20.0


def test_pump_that_runs_past_its_planned_end_is_still_giving_drug() -> None:
    profile = InfusionProfile.from_rate_changes(
        at_min=[0.0], rate_mg_per_h=[52.5], planned_end_min=40.0, present_min=43.0
    )
    assert profile.end_min.tolist() == [43.0]


def test_stopped_pump_stays_stopped_whatever_was_planned() -> None:
    profile = InfusionProfile.from_rate_changes(
        at_min=[0.0, 25.0], rate_mg_per_h=[52.5, 0.0], planned_end_min=40.0, present_min=30.0
    )
    assert profile.end_min.tolist() == [25.0]
    assert profile.rate_mg_per_h.tolist() == [52.5]


@pytest.mark.parametrize("rates", [[], [0.0]])
def test_pump_that_never_ran_gave_nothing(rates: list[float]) -> None:
    profile = InfusionProfile.from_rate_changes(at_min=[3.0] * len(rates), rate_mg_per_h=rates)
    prediction = predict_level(KAMP, 70.0, profile, [0.0, 10.0])
    assert prediction.level_ng_per_ml is not None
    assert prediction.level_ng_per_ml.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"at_min": [0.0, -5.0], "rate_mg_per_h": [1.0, 0.0]}, "at_min must be in order of time"),
        ({"at_min": [0.0], "rate_mg_per_h": [1.0]}, "The last rate is not 0 and has no end"),
        ({"at_min": [0.0], "rate_mg_per_h": []}, "one value per change, but they have 1 and 0."),
        (
            {"at_min": [0.0], "rate_mg_per_h": [1.0], "planned_end_min": float("inf")},
            "planned_end_min and present_min must be finite",
        ),
        (
            {"at_min": [30.0], "rate_mg_per_h": [1.0], "planned_end_min": 20.0},
            "end_min must not come before start_min",
        ),
    ],
)
def test_rate_changes_that_cannot_be_are_refused(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ProfileError, match=re.escape(sentence)):
        InfusionProfile.from_rate_changes(**arguments)


@pytest.mark.parametrize(
    ("at_min", "sentence"),
    [
        ([1.0, 0.0], "at_min must be in order of time, but 0 min comes after 1 min."),
        ([], "at_min must be a list of at least one time."),
        (5.0, "at_min must be a list of at least one time."),
        ([float("nan")], "at_min must be finite numbers of minutes."),
        (["noon"], "at_min must be a list of numbers of minutes."),
    ],
)
def test_output_times_that_cannot_be_are_refused(at_min: Any, sentence: str) -> None:
    with pytest.raises(OutputTimeError, match=re.escape(sentence)):
        predict_level(KAMP, 70.0, infusion(), at_min)


def test_repeated_times_get_repeated_levels() -> None:
    level = predict_level(KAMP, 70.0, infusion(), [20.0, 20.0, 40.0]).level_ng_per_ml
    assert level is not None
    assert level[0] == level[1] < level[2]


@pytest.mark.parametrize("weight_kg", [0.0, -70.0, float("nan"), float("inf")])
def test_weight_that_cannot_be_is_refused(weight_kg: float) -> None:
    with pytest.raises(BodyError, match="weight_kg must be a finite number greater than 0"):
        predict_level(KAMP, weight_kg, infusion(), [10.0])


def test_bolus_counts_from_its_own_moment() -> None:
    profile = InfusionProfile(bolus_at_min=np.array([5.0]), bolus_mg=np.array([25.0]))
    level = predict_level(KAMP, 70.0, profile, [4.999, 5.0]).level_ng_per_ml
    assert level is not None
    # 25 mg into the central 25 L of a body of 70 kg is 1 mg/L at once.
    assert level == pytest.approx([0.0, 1000.0])


def test_ok_says_what_it_is() -> None:
    prediction = predict_level(KAMP, 70.0, infusion(present_min=12.0), [10.0], age_years=40.0)
    assert prediction.status is PredictionStatus.OK
    assert prediction.reasons == ()
    assert "Estimate, not a measurement" in prediction.words
    assert "Kamp 2020" in prediction.words
    assert "arterial-equivalent" in prediction.words
    assert "10.1097/ALN.0000000000003577" in prediction.citation
    assert prediction.band_statement is not None
    assert "assumption" in prediction.band_statement
    assert prediction.present_min == 12.0


def test_unknown_age_is_said_and_not_passed_over() -> None:
    assert predict_level(KAMP, 70.0, infusion(), [10.0]).caveats[0].startswith("Age was not given")


@pytest.mark.parametrize(
    ("weight_kg", "age_years", "sentence"),
    [
        (44.9, 40.0, "Weight 44.9 kg is outside 45 to 120 kg."),
        (121.0, 40.0, "Weight 121 kg is outside 45 to 120 kg."),
        (70.0, 76.0, "Age 76 is outside 18 to 75 years."),
    ],
)
def test_outside_the_range_is_computed_and_marked(weight_kg: float, age_years: float, sentence: str) -> None:
    prediction = predict_level(KAMP, weight_kg, infusion(), [10.0], age_years=age_years)
    assert prediction.status is PredictionStatus.OUTSIDE_POPULATION
    assert sentence in prediction.reasons
    assert prediction.drawable


@pytest.mark.parametrize(("weight_kg", "age_years"), [(45.0, 18.0), (120.0, 75.0)])
def test_limits_of_the_range_belong_to_it(weight_kg: float, age_years: float) -> None:
    prediction = predict_level(KAMP, weight_kg, infusion(), [10.0], age_years=age_years)
    assert prediction.status is PredictionStatus.OK


def test_nothing_is_drawn_for_a_child() -> None:
    prediction = predict_level(KAMP, 50.0, infusion(), [10.0], age_years=17.0)
    assert prediction.status is PredictionStatus.OUTSIDE_POPULATION
    assert not prediction.drawable
    assert prediction.time_min is None
    assert "No level is estimated below this range." in prediction.reasons


@pytest.mark.parametrize(
    ("weight_kg", "profile", "reasons"),
    [
        (None, infusion(), ("Weight is missing.",)),
        (70.0, None, ("The record of what the pump gave is missing.",)),
        (None, None, ("Weight is missing.", "The record of what the pump gave is missing.")),
    ],
)
def test_missing_input_leaves_nothing_to_draw(
    weight_kg: float | None, profile: InfusionProfile | None, reasons: tuple[str, ...]
) -> None:
    prediction = predict_level(KAMP, weight_kg, profile, [10.0])
    assert prediction.status is PredictionStatus.MISSING_INPUT
    assert prediction.reasons == reasons
    assert prediction.time_min is None
    assert prediction.level_ng_per_ml is None
    assert prediction.band_low_ng_per_ml is None
    assert prediction.band_high_ng_per_ml is None


def test_prediction_cannot_be_made_without_a_status() -> None:
    made = predict_level(KAMP, 70.0, infusion(), [10.0])
    fields: dict[str, Any] = {
        name: getattr(made, name) for name in Prediction.__dataclass_fields__ if name != "status"
    }
    with pytest.raises(TypeError, match="status"):
        Prediction(**fields)
    with pytest.raises(AssertionError, match="without a status"):
        Prediction(**(fields | {"status": "ok"}))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"status": PredictionStatus.MISSING_INPUT, "reasons": ("x",)}, "nothing to draw"),
        ({"status": PredictionStatus.OUTSIDE_POPULATION}, "must say why"),
        ({"band_statement": None}, "must say what it is"),
    ],
)
def test_prediction_that_contradicts_itself_cannot_be_made(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        replace(predict_level(KAMP, 70.0, infusion(), [10.0]), **changes)


def test_prediction_arrays_are_read_only() -> None:
    level = predict_level(KAMP, 70.0, infusion(), [10.0]).level_ng_per_ml
    assert level is not None
    with pytest.raises(ValueError, match="read-only"):
        level[0] = 0.0


def test_import_brings_neither_scipy_nor_django() -> None:
    program = (
        "import sys, evenkeel.pharmacology as p; p.load_parameter_set('kamp_2020'); "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'scipy', 'django'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
