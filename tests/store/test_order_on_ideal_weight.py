"""An order on ideal weight: what the page takes, what the second person reads, and what is refused."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from evenkeel.clinical.ordering import UnableToWeigh
from evenkeel.journey import checkin, ordering
from evenkeel.journey.ordering import AskedWeight
from evenkeel.journey.rules import clinic_day
from evenkeel.store import reading
from evenkeel.values.ids import StreamId
from evenkeel.values.quantities import Height, Volume, Weight
from tests import factories_chairside as chairside
from tests.factories import NOW, PASSWORD, act, booked_visit, check_in_facts, people
from tests.factories_chairside import in_stages
from tests.pages import look, page_of, send

pytestmark = pytest.mark.django_db

MEASURED = date(2026, 5, 20)
# The made-up patient is a woman; of 165.1 cm, which is 65 inches, Devine says 57 kg. 110 kg are a BMI of 40.
# 0.5 mg/kg of 57 kg are 28.5 mg, 0.57 mL of 50 mg/mL.
HEIGHT, IDEAL, SCALE, DRAW = Height.of("165.1"), Weight.of(57), Weight.of(110), Volume.of("0.57")
ASKED = AskedWeight(basis="ideal", height=HEIGHT, height_date=MEASURED)


def weighed(kg: Weight = SCALE) -> StreamId:
    """A visit whose gate is open, with this weight."""
    visit = booked_visit()
    checkin.check_in(
        act(people().nurse, NOW + timedelta(hours=1)), visit=visit, facts=check_in_facts(weight=kg)
    )
    return visit


def drawn() -> StreamId:
    """A visit with such an order, drawn up."""
    visit = weighed()
    chairside.order(visit, asked=ASKED)
    chairside.draw(visit, takes=(chairside.take(visit, DRAW),))
    return visit


def test_the_order_keeps_both_weights_and_what_they_follow_from() -> None:
    order = reading.visit(drawn()).order
    assert order is not None
    on = order.payload.on
    assert (on.basis, on.weight, on.weighed, on.height, on.height_date) == (
        "ideal",
        IDEAL,
        SCALE,
        HEIGHT,
        MEASURED,
    )
    assert order.payload.dose.draw == DRAW


@pytest.mark.parametrize(
    ("weight", "asked", "rule"),
    [
        (Weight.of(80), ASKED, "ORD-WGT-004"),
        (SCALE, AskedWeight(basis="ideal", height=HEIGHT, height_date=None), "ORD-WGT-005"),
        (SCALE, AskedWeight(basis="adjusted", height=Height.of(240), height_date=MEASURED), "ORD-WGT-006"),
    ],
)
def test_another_weight_is_refused_by_the_rules_name(weight: Weight, asked: AskedWeight, rule: str) -> None:
    visit = weighed(weight)
    with pytest.raises(ordering.UnableToOrder) as refusal:
        chairside.order(visit, asked=asked)
    assert rule in {issue.rule for issue in refusal.value.issues}


def test_without_a_height_nothing_is_worked_out() -> None:
    visit = weighed()
    with pytest.raises(UnableToWeigh) as refusal:
        chairside.order(visit, asked=AskedWeight(basis="ideal", height=None, height_date=None))
    assert [(issue.code, issue.field) for issue in refusal.value.issues] == [("height-missing", "height")]


@pytest.mark.parametrize(
    ("changes", "agrees"),
    [
        ({}, True),
        ({"dosing_weight": None}, False),
        ({"dosing_weight": SCALE, "weight": SCALE}, False),
        ({"dosing_weight": IDEAL, "weight": IDEAL}, False),
    ],
)
def test_the_second_person_reads_both_weights(changes: dict[str, Any], agrees: bool) -> None:
    visit = drawn()
    chairside.double_check(visit, **{"volume": DRAW, "weight": SCALE, "dosing_weight": IDEAL, **changes})
    check = reading.visit(visit).double_check
    assert check is not None
    assert check.payload.agrees is agrees


def test_a_weight_of_the_dose_where_there_is_none_does_not_agree() -> None:
    visit = chairside.drawn_visit()
    chairside.double_check(visit, dosing_weight=Weight.of("70.2"))
    check = reading.visit(visit).double_check
    assert check is not None
    assert not check.payload.agrees


def test_the_course_counts_such_an_infusion_by_the_scale() -> None:
    visit = weighed()
    chairside.order(visit, asked=ASKED)
    order = reading.visit(visit).order
    assert order is not None
    # 28.5 mg for 110 kg.
    assert str(order.payload.plan.per_actual_weight) == "0.259 mg/kg"


def test_the_page_takes_the_height_and_every_page_names_the_basis(
    client: Client, at: Callable[[datetime], None]
) -> None:
    at(chairside.ORDERED_AT)
    chairside.stock_up()
    visit = weighed()
    typed = {
        "protocol": "mood_standard",
        "per_weight": "0.5",
        "duration": "40",
        "product": "ketamine_50_10",
        "bag": "100",
        "basis": "ideal",
        "height": "165.1",
        "height_date": MEASURED.isoformat(),
        "note": "",
    }
    worked = send(client, people().prescriber, page_of(visit, "order"), **typed, work_out="1")
    assert "ideal weight; weighed 110 kg, height 165.1 cm" in worked.content.decode()
    signed = send(client, people().prescriber, page_of(visit, "order"), **typed, password=PASSWORD)
    assert signed.status_code == 302
    assert "ideal weight; weighed 110 kg" in look(client, people().nurse, page_of(visit, "draw"))
    chairside.draw(visit, takes=(chairside.take(visit, DRAW),))
    at(chairside.CHECKED_AT)
    shown = look(client, people().nurse2, page_of(visit, "double_check"))
    assert "The dose is on ideal weight" in shown
    assert "Weight of the dose" in shown
    # Not among what is written, nor in a box; a person's id may hold any digits.
    for weight in ("110", "57"):
        assert f'value="{weight}' not in shown
        assert f"{weight} kg" not in shown


def test_the_height_of_the_screening_stands_in_its_box_with_its_day(
    client: Client, at: Callable[[datetime], None]
) -> None:
    at(chairside.ORDERED_AT)
    visit = weighed()
    course = reading.course(reading.visit(visit).booking.payload.course)
    assert course.screening is not None
    page = look(client, people().prescriber, page_of(visit, "order"))
    # The patient was 168 cm tall on the day of the screening.
    assert re.search(r'name="height" type="text" value="168"', page)
    assert f'name="height_date" type="date" value="{clinic_day(course.screening.at)}"' in page
    assert "The height of the screening is filled in." in page
    # It is folded away until another weight is chosen.
    assert re.search(r'<details class="ek-details">\s*<summary>Ideal or adjusted weight', page)


def test_a_height_that_was_left_out_is_asked_for_at_its_box(
    client: Client, at: Callable[[datetime], None]
) -> None:
    at(chairside.ORDERED_AT)
    visit = weighed()
    answer = send(
        client,
        people().prescriber,
        page_of(visit, "order"),
        protocol="mood_standard",
        per_weight="0.5",
        duration="40",
        product="ketamine_50_10",
        bag="100",
        basis="ideal",
        work_out="1",
    )
    assert answer.status_code == 422
    assert "Height: ideal and adjusted weight follow from it. Measure it." in answer.content.decode()


def test_steps_and_ideal_weight_stand_in_one_sentence() -> None:
    visit = weighed()
    chairside.order(visit, stages=in_stages(("0.1", "10"), ("0.4", "30")), asked=ASKED)
    order = reading.visit(visit).order
    assert order is not None
    assert order.payload.plan.sentence.endswith("over 40 min: 120 mL/h for 10 min, then 160 mL/h for 30 min")
    assert "(ideal weight; weighed 110 kg, height 165.1 cm)" in order.payload.plan.sentence
