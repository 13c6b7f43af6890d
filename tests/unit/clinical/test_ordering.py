"""Making a dose, signing an order, drawing it up and checking it by a second person."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from evenkeel.clinical.decision import objections
from evenkeel.clinical.ordering import (
    ORDERABLE,
    PROTOCOLS,
    Days,
    DrawFacts,
    FromVial,
    UnableToMakeDose,
    assess_dose,
    assess_draw,
    assess_order,
    compare_check,
    expiry,
    make_dose,
    make_plan,
    order_expired,
)
from evenkeel.clinical.ordering.dose_limits import DOSE_RULES
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.series import SeriesPlanned
from evenkeel.record.verdict import Override, Verdict
from evenkeel.values.dose import Dose
from evenkeel.values.dose_plan import DosePlan
from evenkeel.values.dosing_weight import DosingWeight
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.numbers import BadNumber
from evenkeel.values.quantities import DosePerWeight, FlowRate, Height, Minutes, Volume, Weight
from tests.rules.case import DAY
from tests.rules.records import (
    CHECK_IN,
    CONSENT,
    DOSE,
    DRAWN,
    NOON,
    ORDER,
    SCREENING,
    VIAL,
    changed,
    course,
    infusion_counted,
    visit,
)
from tests.rules.titration_cases import last_visit

BOOK = Rulebook.shipped()
HOUR = timedelta(hours=1)


def made(**changes: str) -> Any:
    """A dose from typed numbers."""
    typed = {"per_weight": "0.5", "weight": "80", "product": "ketamine_50_10", "bag": "100", "duration": "40"}
    typed |= changes
    return make_dose(
        per_weight=DosePerWeight.of(typed["per_weight"]),
        weight=Weight.of(typed["weight"]),
        product=typed["product"],
        bag=Volume.of(typed["bag"]),
        duration=Minutes.of(typed["duration"]),
    )


def around(dose: Dose) -> DosePlan:
    """A dose at its one rate, on the scale's weight."""
    return DosePlan.around(dose, DAY, on=changed(ORDER.on, weight=dose.weight, weighed=dose.weight))


def order(**changes: Any) -> tuple[Verdict, ...]:
    """The verdicts on a first, ordinary order, but for what a test changes."""
    plain: dict[str, Any] = {
        "plan": ORDER.plan,
        "protocol": "mood_standard",
        "visit": visit((NOON - HOUR, CHECK_IN)),
        "course": course((NOON - 480 * HOUR, SCREENING), (NOON - 240 * HOUR, CONSENT)),
        "patient_age": 40,
        "sex": "female",
        "at": NOON,
        "previous": None,
        "before": None,
        "days": None,
        "elsewhere_at": (),
        "route": "iv",
    }
    return assess_order(BOOK, **{**plain, **changes})


def standing(verdicts: tuple[Verdict, ...]) -> set[str]:
    """The rules that did not answer clear."""
    return {verdict.rule.rule for verdict in verdicts if verdict.answer != "clear"}


def test_the_standard_dose_by_hand() -> None:
    dose = made()
    # 80 kg x 0.5 mg/kg = 40 mg = 0.8 mL of 50 mg/mL; 100 mL over 40 min = 150 mL/h.
    assert (dose.ordered, dose.draw, dose.rate) == (
        DrugMass(mcg=40_000),
        Volume.of("0.8"),
        FlowRate.of(150),
    )


@pytest.mark.parametrize("field", ["per_weight", "weight", "bag", "duration"])
def test_zero_makes_no_dose(field: str) -> None:
    with pytest.raises(UnableToMakeDose) as refused:
        made(**{field: "0"})
    assert [(issue.field, issue.code) for issue in refused.value.issues] == [(field, "zero")]


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(UnableToMakeDose) as refused:
        made(weight="0", bag="0", product="something else")
    assert {issue.field for issue in refused.value.issues} == {"weight", "bag", "product"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"product": "esketamine_25_2"}, "not-in-stock"),
        ({"product": "esketamine_spray_28"}, "not-orderable"),
        ({"product": "midazolam_1_2"}, "not-orderable"),
        ({"per_weight": "0.001", "weight": "10", "product": "ketamine_100_5"}, "too-small"),
        ({"duration": "999999"}, "too-small"),
        ({"bag": "0.8"}, "over-bag"),
        ({"per_weight": "50"}, "over-vial"),
        ({"per_weight": "35.1"}, "over-vial"),
    ],
)
def test_what_cannot_be_drawn_is_refused(changes: dict[str, str], code: str) -> None:
    with pytest.raises(UnableToMakeDose) as refused:
        made(**changes)
    assert code in {issue.code for issue in refused.value.issues}


def test_all_of_a_vial_may_be_drawn() -> None:
    # 6.25 mg/kg x 80 kg = 500 mg, all of a vial of 10 mL with 50 mg/mL; whether it is wise is for the rules.
    assert made(per_weight="6.25").draw == Volume.of(10)


@pytest.mark.parametrize("typed", [".5", "5.", "0,5", "1e3", "-1", "0.5 mg", "", "NaN"])
def test_a_number_that_must_be_guessed_never_becomes_a_dose(typed: str) -> None:
    with pytest.raises(BadNumber):
        made(per_weight=typed)


@pytest.mark.parametrize("key", sorted(PROTOCOLS))
@pytest.mark.parametrize("product", sorted(ORDERABLE))
@pytest.mark.parametrize("weight", ["45", "70.2", "110"])
def test_every_protocol_makes_a_dose_that_nothing_shuts_out(key: str, product: str, weight: str) -> None:
    protocol = PROTOCOLS[key]
    scale = Weight.of(weight)
    plan = make_plan(
        stages=protocol.stages,
        weight=scale,
        weighed_date=DAY,
        product=product,
        bag=protocol.bag,
        on=changed(ORDER.on, weight=scale, weighed=scale),
    )
    assert plan.dose.per_weight == protocol.per_weight
    assert plan.dose.duration == protocol.duration
    weighed = visit((NOON - HOUR, changed(CHECK_IN, weight=scale)))
    days = Days(day=1, of_days=protocol.days_most) if protocol.days_most else None
    verdicts = order(plan=plan, protocol=key, visit=weighed, days=days)
    assert [verdict.rule.rule for verdict in verdicts if verdict.hard] == []


def test_an_ordinary_first_order_is_clear() -> None:
    assert standing(order()) == set()


def test_every_rule_of_an_order_is_asked_and_what_screening_asks_of_age_and_date() -> None:
    asked = [verdict.rule.rule for verdict in order()]
    # The end of an order is asked about later, and an injection is no order.
    apart = {"ORD-EXP-001", "ORD-IMU-001", "ORD-IMU-002"}
    shipped = {rule.id for rule in BOOK.rules if rule.id.startswith("ORD-")} - apart
    assert asked[-2:] == ["SCR-AGE-001", "SCR-EXP-001"]
    assert set(asked[:-2]) == shipped
    assert len(asked) == len(shipped) + 2


PLANNED = SeriesPlanned(
    purpose="induction",
    infusions=2,
    per_week=2,
    first_date=DAY,
    protocol="mood_standard",
    per_weight=(DosePerWeight.of("0.5"), DosePerWeight.of("0.75")),
)
SCREENED_AND_CONSENTED = ((NOON - 480 * HOUR, SCREENING), (NOON - 240 * HOUR, CONSENT))
IDEAL = DosingWeight(
    basis="ideal",
    weight=Weight.of("70.5"),
    weighed=Weight.of("110"),
    weighed_date=DAY,
    height=Height.of("175"),
    height_date=DAY,
)


def on_ideal() -> dict[str, Any]:
    """A dose for a man of 175 cm and 110 kg on the 70.5 kg of Devine's formula."""
    plan = DosePlan.around(made(weight="70.5"), DAY, on=IDEAL)
    return {"plan": plan, "visit": visit((NOON - HOUR, changed(CHECK_IN, weight=Weight.of("110"))))}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"route": "im"}, {"ORD-RTE-001"}),
        ({"patient_age": 17}, {"SCR-AGE-001"}),
        ({"patient_age": None}, {"SCR-AGE-001"}),
        ({"elsewhere_at": (NOON - 23 * HOUR,)}, {"ORD-DUP-002"}),
        ({"days": Days(day=1, of_days=2)}, {"ORD-DAY-001"}),
        ({"course": course(*SCREENED_AND_CONSENTED[:1])}, {"ORD-CON-001"}),
        ({"visit": visit()}, {"ORD-GAT-001", "ORD-GAT-002", "ORD-WGT-001", "ORD-WGT-002"}),
        ({"at": NOON + 12 * HOUR}, {"ORD-GAT-002"}),
        ({"protocol": "crps_outpatient"}, {"ORD-PRT-001", "ORD-PAI-001", "ORD-PAI-002", "ORD-DAY-001"}),
        ({**on_ideal(), "sex": "male"}, set()),
        ({**on_ideal(), "sex": "female"}, {"ORD-WGT-001"}),
        # The first of two planned infusions is the visit's, and it is planned at 0.5 mg/kg.
        ({"course": course(*SCREENED_AND_CONSENTED, (NOON - 100 * HOUR, PLANNED))}, set()),
        (
            {
                "course": course(
                    *SCREENED_AND_CONSENTED,
                    (NOON - 100 * HOUR, changed(PLANNED, per_weight=(DosePerWeight.of("0.4"),))),
                )
            },
            {"ORD-PLN-001"},
        ),
    ],
    ids=lambda words: " ".join(sorted(words)),
)
def test_each_fact_of_an_order_is_seen_by_its_rules_alone(
    changes: dict[str, Any], expected: set[str]
) -> None:
    assert standing(order(**changes)) == expected


def test_a_dose_of_nobody_is_asked_about_by_the_rules_of_doses() -> None:
    dose = around(made(per_weight="0.6"))
    first = assess_dose(BOOK, dose, family="mood", is_first="yes", on=DAY)
    assert standing(first) == {"ORD-DOS-001"}
    assert {verdict.rule.rule for verdict in first} == set(DOSE_RULES)
    assert standing(assess_dose(BOOK, dose, family="mood", is_first="no", on=DAY)) == set()
    assert standing(assess_dose(BOOK, dose, family="pain", is_first="yes", on=DAY)) == set()
    low = around(made(per_weight="0.12"))
    # 0.12 mg/kg in 40 min are 0.18 mg/kg in an hour.
    assert standing(assess_dose(BOOK, low, family="pain", is_first="yes", on=DAY)) == {"ORD-DOS-007"}


def test_a_step_up_in_the_second_infusion_is_clear_and_in_the_first_asks() -> None:
    step = made(per_weight="0.75")
    assert standing(order(plan=around(step), protocol="mood_step")) == {"ORD-DOS-001"}
    counted = infusion_counted(NOON - 168 * HOUR)
    later = course(
        (NOON - 480 * HOUR, SCREENING), (NOON - 240 * HOUR, CONSENT), (counted.started_at, counted)
    )
    after = {"plan": around(step), "protocol": "mood_step", "course": later, "previous": counted}
    assert standing(order(**after, before=last_visit())) == set()
    assert standing(order(**after)) == {"ORD-TIT-001"}, "nobody knows how it was tolerated"


def test_nothing_written_blocks_on_everything_the_record_lacks() -> None:
    verdicts = order(visit=visit(), course=course(), patient_age=None)
    assert standing(verdicts) == {
        "ORD-CON-001",
        "ORD-SCR-001",
        "ORD-GAT-001",
        "ORD-GAT-002",
        "ORD-WGT-001",
        "ORD-WGT-002",
        "SCR-AGE-001",
        "SCR-EXP-001",
    }


def test_an_expired_screening_blocks_the_order() -> None:
    old = course((NOON - timedelta(days=91), SCREENING), (NOON - 240 * HOUR, CONSENT))
    found = objections(
        BOOK, order(course=old), (Override(rule="SCR-EXP-001", reason="seen last month"),), "prescriber"
    )
    assert [(issue.rule, issue.code) for issue in found] == [("SCR-EXP-001", "blocked")]


BEHIND, AHEAD = timezone(timedelta(hours=-6)), timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("screened_at", "last_at"),
    [
        # 3 March in a clinic six hours behind UTC, where it is 4 March in UTC; 90 days later is 1 June.
        (datetime(2026, 3, 3, 20, tzinfo=BEHIND), datetime(2026, 6, 1, 23, tzinfo=BEHIND)),
        # 4 March in a clinic nine hours ahead of UTC, where it is 3 March in UTC; 90 days later is 2 June.
        (datetime(2026, 3, 4, 2, tzinfo=AHEAD), datetime(2026, 6, 2, 23, tzinfo=AHEAD)),
    ],
    ids=["behind", "ahead"],
)
def test_the_day_is_the_day_of_the_zone_that_the_moment_bears(
    screened_at: datetime, last_at: datetime
) -> None:
    fresh = course((screened_at.astimezone(UTC), SCREENING), (NOON - 240 * HOUR, CONSENT))
    assert "SCR-EXP-001" not in standing(order(course=fresh, at=last_at))
    # The day after, in the clinic, it has lapsed.
    assert "SCR-EXP-001" in standing(order(course=fresh, at=last_at + HOUR))


def test_a_dose_over_the_ceiling_stands_whatever_is_written() -> None:
    high = made(per_weight="1.01")
    reasons = tuple(Override(rule=rule.id, reason="I want it all the same") for rule in BOOK.rules)
    found = objections(BOOK, order(plan=around(high)), reasons, "prescriber")
    assert [(issue.rule, issue.code) for issue in found] == [("ORD-DOS-003", "blocked")]


def test_an_order_ends_at_its_time() -> None:
    assert expiry(BOOK, NOON) == NOON + 12 * HOUR
    assert order_expired(BOOK, ORDER, NOON + 11 * HOUR).answer == "clear"
    assert order_expired(BOOK, ORDER, NOON + 12 * HOUR).answer == "fires"


def test_the_ordered_draw_is_clear_and_another_strength_stands() -> None:
    draw = DrawFacts(vials=(FromVial(label=VIAL, volume=DOSE.draw),), bag=DOSE.bag, rate=DOSE.rate)
    assert draw.drawn == DrugMass(mcg=40_000)
    assert standing(assess_draw(BOOK, ORDER, draw, NOON)) == set()
    tenfold = changed(VIAL, product="ketamine_10_20", strength=Strength.mg_per_ml("10"))
    assert "DRW-STR-001" in standing(
        assess_draw(BOOK, ORDER, changed(draw, vials=(FromVial(label=tenfold, volume=DOSE.draw),)), NOON)
    )
    assert standing(assess_draw(BOOK, ORDER, draw, NOON + 12 * HOUR)) == {"ORD-EXP-001"}
    old = changed(VIAL, expiry_date=date(2026, 5, 31))
    assert standing(
        assess_draw(BOOK, ORDER, changed(draw, vials=(FromVial(label=old, volume=DOSE.draw),)), NOON)
    ) == {"DRW-EXP-001"}


def second_person(**changes: Any) -> tuple[str, ...]:
    """What a second person's readings disagree with; a plain call agrees."""
    plain: dict[str, Any] = {
        "record_number_on_file": "MRN-0042",
        "record_number": "MRN-0042",
        "strength": Strength.mg_per_ml("50"),
        "volume": Volume.of("0.8"),
        "bag": Volume.of("100"),
        "rates": (FlowRate.of("150"),),
        "weight": Weight.of("80"),
        "dosing_weight": None,
    }
    return compare_check(ORDER, DRAWN, **{**plain, **changes})


def test_a_second_person_who_reads_the_same_agrees() -> None:
    assert second_person() == ()


@pytest.mark.parametrize(
    ("changes", "word", "hidden"),
    [
        ({"record_number": "MRN-0024"}, "record number", "0042"),
        ({"strength": Strength.mg_per_ml("10")}, "strength", "50"),
        ({"volume": Volume.of("8")}, "volume", "0.8"),
        ({"bag": Volume.of("50")}, "bag", "100"),
        ({"rates": (FlowRate.of("15"),)}, "rate", "150"),
        ({"weight": Weight.of("88")}, "weight", "80"),
    ],
)
def test_a_difference_is_said_without_giving_the_first_number_away(
    changes: dict[str, Any], word: str, hidden: str
) -> None:
    found = second_person(**changes)
    assert any(word in sentence for sentence in found)
    assert not any(hidden in sentence for sentence in found)


def test_a_slip_that_both_people_copied_still_shows() -> None:
    """Both read 8 mL in the syringe, where 0.8 mL follows from the order."""
    copied = compare_check(
        ORDER,
        changed(DRAWN, volume=Volume.of("8")),
        record_number_on_file="MRN-0042",
        record_number="MRN-0042",
        strength=Strength.mg_per_ml("50"),
        volume=Volume.of("8"),
        bag=Volume.of("100"),
        rates=(FlowRate.of("150"),),
        weight=Weight.of("80"),
        dosing_weight=None,
    )
    assert copied == ("The volume does not follow from this weight, this strength and the order.",)
