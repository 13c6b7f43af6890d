"""What no syringe, bag or pump can follow: the sentence beside each field, and what is made otherwise."""

from dataclasses import replace
from typing import Any

import pytest

from evenkeel.clinical.ordering import UnableToMakeDose, make_dose, make_plan, refuse_disagreement
from evenkeel.values.dose_plan import DosePlan, Stage
from evenkeel.values.drug import DrugMass
from evenkeel.values.issues import Issue
from evenkeel.values.quantities import DosePerWeight, FlowRate, Minutes, Volume, Weight
from tests.rules.case import DAY
from tests.rules.records import DOSE, ORDER


def stage(per_weight: str, minutes: str) -> Stage:
    """One stage, in mg/kg and minutes."""
    return Stage(per_weight=DosePerWeight.of(per_weight), duration=Minutes.of(minutes))


def planned(*stages: Stage, **changes: Any) -> DosePlan:
    """A plan for 80 kg from a vial of 10 mL with 50 mg/mL, but for what a test changes."""
    plain: dict[str, Any] = {
        "weight": Weight.of("80"),
        "weighed_date": DAY,
        "product": "ketamine_50_10",
        "bag": Volume.of("100"),
    }
    return make_plan(stages=stages or (stage("0.5", "40"),), **{**plain, **changes})


def refused(*stages: Stage, **changes: Any) -> tuple[Issue, ...]:
    """What is said of a plan that cannot be made."""
    with pytest.raises(UnableToMakeDose) as refusal:
        planned(*stages, **changes)
    return refusal.value.issues


@pytest.mark.parametrize(
    ("stages", "changes", "field", "sentence"),
    [
        ((stage("0", "40"),), {}, "per_weight", "The dose in mg/kg must be more than zero."),
        ((stage("0.5", "0"),), {}, "duration", "The duration must be more than zero."),
        ((), {"weight": Weight.of("0")}, "weight", "The weight must be more than zero."),
        ((), {"bag": Volume.of("0")}, "bag", "The bag must be more than zero."),
        (
            (stage("0.5", "40"), stage("0", "40")),
            {},
            "per_weight_2",
            "The dose in mg/kg of step 2 must be more than zero.",
        ),
        (
            (stage("0.5", "40"), stage("0.1", "40"), stage("0.1", "0")),
            {},
            "duration_3",
            "The duration of step 3 must be more than zero.",
        ),
    ],
)
def test_zero_is_refused_beside_its_field(
    stages: tuple[Stage, ...], changes: dict[str, Any], field: str, sentence: str
) -> None:
    assert refused(*stages, **changes) == (Issue(sentence=sentence, code="zero", field=field),)


def test_every_zero_is_said_and_so_is_the_vial() -> None:
    found = refused(stage("0", "0"), weight=Weight.of("0"), bag=Volume.of("0"), product="unheard of")
    assert [issue.field for issue in found] == ["weight", "bag", "per_weight", "duration", "product"]


@pytest.mark.parametrize(
    ("product", "code", "sentence"),
    [
        ("unheard of", "not-in-stock", "Choose a vial from the clinic's list."),
        (
            "midazolam_1_2",
            "not-orderable",
            "An order names a ketamine vial; this is midazolam 1 mg/mL, 2 mL.",
        ),
    ],
)
def test_an_order_names_a_ketamine_vial(product: str, code: str, sentence: str) -> None:
    assert refused(product=product) == (Issue(sentence=sentence, code=code, field="product"),)


TOO_SMALL = Issue(
    sentence="The dose is too small for a syringe or a pump. Check mg/kg and duration.",
    code="too-small",
    field="per_weight",
)


@pytest.mark.parametrize(
    "stages",
    [
        # 0.24 mg are 0.0048 mL of 50 mg/mL, and a syringe is read to 0.01 mL.
        (stage("0.003", "40"),),
        # 100 mL over 999,999 min are 0.006 mL/h, and a pump is set to 0.1 mL/h.
        (stage("0.5", "999999"),),
        # One step of two is enough.
        (stage("0.5", "40"), stage("0.5", "999999")),
    ],
)
def test_what_rounds_to_nothing_is_too_small(stages: tuple[Stage, ...]) -> None:
    assert refused(*stages) == (TOO_SMALL,)


def test_the_drug_must_leave_room_in_the_bag() -> None:
    # 40 mg are 0.8 mL.
    issue = Issue(
        sentence="0.8 mL of drug do not go into 0.8 mL: ketamine is given diluted.",
        code="over-bag",
        field="bag",
    )
    assert refused(bag=Volume.of("0.8")) == (issue,)
    assert planned(bag=Volume.of("0.81")).dose.draw == Volume.of("0.8")


def test_one_vial_holds_the_dose() -> None:
    # 6.26 mg/kg for 80 kg are 500.8 mg: 10.016 mL, of which a syringe shows 10.02.
    issue = Issue(
        sentence="10.02 mL is more than a vial holds. Check mg/kg and weight.",
        code="over-vial",
        field="product",
    )
    assert refused(stage("6.26", "40")) == (issue,)
    assert planned(stage("6.25", "40")).dose.draw == Volume.of("10")


def test_too_much_for_bag_and_vial_is_said_of_both() -> None:
    found = refused(stage("6.26", "40"), bag=Volume.of("10"))
    assert [issue.code for issue in found] == ["over-bag", "over-vial"]


def test_a_plan_keeps_its_stages_its_weight_and_its_day() -> None:
    stages = (stage("0.1", "10"), stage("0.4", "30"))
    plan = planned(*stages, on=ORDER.on)
    assert plan == DosePlan.of(
        stages=stages,
        weight=Weight.of("80"),
        weighed_date=DAY,
        strength=DOSE.strength,
        bag=Volume.of("100"),
        on=ORDER.on,
    )
    # A fifth of the bag, 20 mL, in 10 min is 120 mL/h; the other 80 mL in 30 min are 160 mL/h.
    assert [step.rate for step in plan.steps] == [FlowRate.of("120"), FlowRate.of("160")]


def test_a_dose_in_one_step_is_of_no_known_day() -> None:
    made = make_dose(
        per_weight=DosePerWeight.of("0.5"),
        weight=Weight.of("80"),
        product="ketamine_50_10",
        bag=Volume.of("100"),
        duration=Minutes.of("40"),
    )
    assert made == DOSE
    assert planned(weighed_date=None) == DosePlan.around(DOSE, weighed_date=None)


def test_a_dose_that_contradicts_itself_is_given_to_nobody() -> None:
    wrong = replace(DOSE, ordered=DrugMass.mg("50"))
    (issue,) = refuse_disagreement(DosePlan.around(wrong, weighed_date=None))
    assert issue == Issue(
        sentence="The dose does not agree with itself: mg is not mg/kg times kg.", code="ways-disagree"
    )
    assert refuse_disagreement(DosePlan.around(DOSE, weighed_date=None)) == []
