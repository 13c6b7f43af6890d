"""What the level explorer shows of a made-up infusion."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from evenkeel.web.level_explorer import LevelForm, starting_point
from evenkeel.web.level_view import Asked, explored, number, offered_sets


def asked(**changes: Any) -> Asked:
    fields: dict[str, Any] = {
        "dose_mg_per_kg": Decimal("0.5"),
        "duration_min": Decimal(40),
        "weight_kg": Decimal(70),
        "pause_at_min": Decimal(0),
        "pause_for_min": Decimal(0),
        "infusion_number": 1,
    }
    return Asked(**(fields | changes))


@pytest.fixture(scope="module")
def usual() -> dict[str, Any]:
    return explored(asked())


def form(**typed: str) -> LevelForm:
    usual = {
        "dose": "0.5",
        "duration": "40",
        "weight": "70",
        "pause_at": "0",
        "pause_for": "0",
        "infusion": "1",
    }
    return LevelForm(usual | typed)


class TestInfusion:
    def test_it_opens_with_the_usual_first_infusion(self) -> None:
        assert starting_point() == asked()

    def test_the_whole_dose_runs_at_one_rate(self) -> None:
        profile = asked().profile()
        assert profile.start_min.tolist() == [0]
        assert profile.end_min.tolist() == [40]
        assert profile.rate_mg_per_h.tolist() == [52.5]  # 35 mg in 40 min

    def test_a_pause_moves_the_end_and_keeps_rate_and_dose(self) -> None:
        paused = asked(pause_at_min=Decimal(15), pause_for_min=Decimal(10))
        profile = paused.profile()
        assert paused.end_min == 50
        assert profile.start_min.tolist() == [0, 25]
        assert profile.end_min.tolist() == [15, 50]
        given = (profile.end_min - profile.start_min) * profile.rate_mg_per_h / 60
        assert given.sum() == pytest.approx(35)

    def test_a_pause_at_the_start_is_a_late_start(self) -> None:
        assert asked(pause_for_min=Decimal(10)).running == ((10.0, 50.0),)


class TestFound:
    def test_each_model_reads_what_the_reference_computed_for_it(self, usual: dict[str, Any]) -> None:
        # pharmacology.md section 3: level at the end of 0.5 mg/kg over 40 min in 70 kg, ng/mL, by matrix
        # exponential. The first column of the table is the minute.
        expected = {
            "Kamp 2020": 253,
            "Otto 2021": 158,
            "Clements 1981 (0.25 mg/kg)": 177,
            "Perez-Ruixo 2021": 125,
            "Simons 2022": 289,
            "Domino 1984": 240,
        }
        names = [each["text"] for each in usual["level_table"]["columns"][1:]]
        assert set(names) == set(expected)
        (end,) = [row for row in usual["level_table"]["rows"] if row[0] == "40, end"]
        for name, said in zip(names, end[1:], strict=True):
            assert float(said.split(" ")[0]) == pytest.approx(expected[name], abs=1), name

    def test_the_chart_s_own_model_comes_first_and_references_never(self) -> None:
        sets = offered_sets()
        assert sets[0].key == "kamp_2020"
        assert not [each.key for each in sets if "children" in each.key]

    def test_pictures_and_tables_say_the_same(self, usual: dict[str, Any]) -> None:
        picture = usual["charts"][0]
        end = picture["time"].index(40)
        assert picture["lines"][0]["name"] == "Kamp 2020"
        (row,) = [row for row in usual["level_table"]["rows"] if row[0] == "40, end"]
        line = picture["lines"][0]
        assert row[1] == (
            f"{number(line['value'][end])} ({number(line['low'][end])} to {number(line['high'][end])})"
        )

    def test_everything_is_called_an_estimate(self, usual: dict[str, Any]) -> None:
        assert usual["said"].startswith("Estimate: 0.5 mg/kg for 70 kg is 35 mg over 40 min.")
        assert all("estimate" in each["title"] for each in usual["charts"])
        assert all("Estimate, not a measurement." in each["words"] for each in usual["models"])
        assert all("Estimate, not a measurement." in each["words"] for each in usual["effects"])

    def test_each_model_says_site_band_and_status(self, usual: dict[str, Any]) -> None:
        for model in usual["models"]:
            assert model["site"]
            assert model["word"] == "Within its range"
            assert "and" in model["band"]
            assert model["citation"]
        assert [each["warning"] for each in usual["models"] if each["name"] == "Domino 1984"] != [None]

    def test_outside_the_range_is_shown_and_marked(self) -> None:
        found = explored(asked(weight_kg=Decimal(180)))
        kamp = found["models"][0]
        assert kamp["word"] == "Outside its range"
        assert kamp["highest"] is not None
        assert any("180 kg" in reason for reason in kamp["reasons"])

    def test_a_later_infusion_of_a_course_dissociates_less_and_changes_no_level(
        self, usual: dict[str, Any]
    ) -> None:
        later = explored(asked(infusion_number=6))
        assert max(later["charts"][1]["lines"][0]["value"]) < max(usual["charts"][1]["lines"][0]["value"])
        assert later["charts"][0]["lines"] == usual["charts"][0]["lines"]

    def test_twice_the_dose_is_twice_the_level(self, usual: dict[str, Any]) -> None:
        twice = explored(asked(dose_mg_per_kg=Decimal("0.25")))
        for half, whole in zip(twice["charts"][0]["lines"], usual["charts"][0]["lines"], strict=True):
            assert 2 * np.array(half["value"]) == pytest.approx(np.array(whole["value"]), abs=0.02)

    def test_four_hours_are_shown_and_two_after_a_long_infusion(self, usual: dict[str, Any]) -> None:
        assert usual["charts"][0]["time"][-1] == 240
        long = explored(asked(duration_min=Decimal(180), pause_at_min=Decimal(5), pause_for_min=Decimal(20)))
        assert long["charts"][0]["time"][-1] == 320

    @pytest.mark.parametrize(
        ("value", "places", "said"), [(252.7, 0, "253"), (-0.04, 1, "0"), (-3.14, 1, "−3.1"), (7.0, 1, "7")]
    )
    def test_numbers(self, value: float, places: int, said: str) -> None:
        assert number(value, places) == said


class TestTyped:
    @pytest.mark.parametrize(
        ("box", "typed", "sentence"),
        [
            ("dose", ".5", 'Write a zero before the point: "0.5".'),
            ("dose", "0", "Write a number from 0.01 to 5 mg/kg."),
            ("dose", "50", "Write a number from 0.01 to 5 mg/kg."),
            ("duration", "", "This field is required."),
            ("duration", "241", "Write a number from 1 to 240 min."),
            ("weight", "7,5", "Write a decimal point, not a comma."),
            ("weight", "70 kg", "Write the number alone; the unit stands beside the field."),
            ("weight", "19.9", "Write a number from 20 to 250 kg."),
            ("pause_at", "-1", "Write a number that is not negative."),
            ("pause_for", "121", "Write a number from 0 to 120 min."),
            ("infusion", "1.5", "Write a whole number from 1 to 100."),
            ("infusion", "0", "Write a whole number from 1 to 100."),
        ],
    )
    def test_a_bad_number_is_named_with_its_rule(self, box: str, typed: str, sentence: str) -> None:
        refused = form(**{box: typed})
        assert refused.errors == {box: [sentence]}
        assert refused[box].value() == typed

    @pytest.mark.parametrize(("box", "typed"), [("dose", "0.01"), ("dose", "5"), ("weight", "250")])
    def test_the_limits_themselves_are_taken(self, box: str, typed: str) -> None:
        assert form(**{box: typed}).is_valid()

    def test_a_pause_begins_before_the_end(self) -> None:
        assert form(pause_at="39", pause_for="5").is_valid()
        late = form(pause_at="40", pause_for="5")
        assert late.errors == {
            "pause_at": ["A pause must begin before the infusion ends, so before 40 min have run."]
        }
        assert form(pause_at="60", pause_for="0").is_valid(), "no pause is never late"
