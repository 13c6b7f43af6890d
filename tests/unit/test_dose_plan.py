"""A dose in words: what was rounded and by how much, every step of the pump, and what a label says."""

from datetime import date

import pytest

from evenkeel.values.dose_plan import DosePlan, Stage
from evenkeel.values.drug import Strength
from evenkeel.values.quantities import DosePerWeight, Minutes, Volume, Weight


def plan(*stages: tuple[str, str], weight: str = "70.2", strength: str = "50", bag: str = "100") -> DosePlan:
    """A dose weighed on a made-up day."""
    return DosePlan.of(
        stages=tuple(
            Stage(per_weight=DosePerWeight.of(amount), duration=Minutes.of(minutes))
            for amount, minutes in stages
        ),
        weight=Weight.of(weight),
        weighed_date=date(2026, 11, 2),
        strength=Strength.mg_per_ml(strength),
        bag=Volume.of(bag),
    )


@pytest.mark.parametrize(
    ("made", "sentences"),
    [
        # 35.1 mg are 0.702 mL of 50 mg/mL; 0.002 of 0.702 is 0.285 %.
        (
            plan(("0.5", "40")),
            (
                "Draw: rounded to 0.01 mL, from 0.702 to 0.7 mL, 0.28 % less.",
                "Rate: 150 mL/h needs no rounding.",
            ),
        ),
        # 22.5 mg are 0.225 mL of 100 mg/mL, half way between two marks; 100 mL in 45 min are 133.33 mL/h.
        # The thirtieth that is left out is 0.025 % of it, which goes to the even digit.
        (
            plan(("0.5", "45"), weight="45", strength="100"),
            (
                "Draw: rounded to 0.01 mL, from 0.225 to 0.22 mL, 2.22 % less.",
                "Rate: rounded to 0.1 mL/h, from about 133.3333 to 133.3 mL/h, 0.02 % less.",
            ),
        ),
        # 0.3, 0.2 of 0.5 mg/kg: 60 mL in 17 min are 211.76 mL/h, 40 mL in 23 min 104.35 mL/h.
        (
            plan(("0.3", "17"), ("0.2", "23"), weight="70"),
            (
                "Draw: 0.7 mL needs no rounding.",
                "Rate of step 1: rounded to 0.1 mL/h, from about 211.7647 to 211.8 mL/h, 0.02 % more.",
                "Rate of step 2: rounded to 0.1 mL/h, from about 104.3478 to 104.3 mL/h, 0.05 % less.",
            ),
        ),
    ],
)
def test_every_rounding_is_said_with_its_size(made: DosePlan, sentences: tuple[str, ...]) -> None:
    assert tuple(rounding.sentence for rounding in made.roundings) == sentences


def test_a_run_in_steps_is_one_sentence() -> None:
    # A fifth of the bag in 10 min is 120 mL/h; the rest in 30 min 160 mL/h.
    made = plan(("0.1", "10"), ("0.4", "30"), weight="70")
    assert made.sentence == (
        "ketamine 0.5 mg/kg × 70 kg = 35 mg; draw 0.7 mL of 50 mg/mL (35 mg); "
        "to 100 mL total, over 40 min: 120 mL/h for 10 min, then 160 mL/h for 30 min"
    )
    assert made.second_way == (
        "120 mL/h for 10 min, then 160 mL/h for 30 min runs 100 mL; "
        "with 0.7 mL of 50 mg/mL in 100 mL that is 35 mg"
    )


def test_an_order_reads_as_it_was_signed() -> None:
    dose = plan(("0.5", "40")).dose
    assert DosePlan.around(dose, weighed_date=None).sentence == dose.sentence


def test_a_label_says_mg_before_ml_and_the_day_of_the_weighing() -> None:
    assert plan(("0.5", "40")).label == (
        ("In the bag", "35 mg in 100 mL total"),
        ("Concentration", "0.35 mg/mL"),
        ("Pump", "150 mL/h for 40 min"),
        ("Drawn", "0.7 mL of 50 mg/mL"),
        ("Ordered", "0.5 mg/kg × 70.2 kg, weighed 2 Nov 2026"),
    )
