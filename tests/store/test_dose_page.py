"""The dose calculator and the labels by their addresses."""

from io import BytesIO
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader
from pytest_django import Settings

from evenkeel.values.ids import StreamId, reference_of
from tests import factories_chairside as chairside
from tests.factories import booked_visit, checked_in_visit, people, user_of
from tests.pages import look

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

# The worked example of screens.md.
TYPED = {
    "per_weight": "0.5",
    "duration": "40",
    "weight": "70.2",
    "product": "ketamine_50_10",
    "bag": "100",
    "family": "mood",
    "is_first": "yes",
}


@pytest.fixture(autouse=True)
def _without_second_factor(settings: Settings) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()


def address(**changes: str) -> str:
    """The calculator with these numbers in its address."""
    return f"/dose/?{urlencode({**TYPED, **changes})}"


def test_nothing_is_filled_in_before_somebody_types(client: Client) -> None:
    words = look(client, people().nurse, "/dose/").split("<main")[1]
    assert 'value="0.5"' not in words
    assert " checked" not in words
    assert "No dose yet." in words


def test_the_worked_example_with_its_rounding_and_the_second_way(client: Client) -> None:
    words = look(client, people().registrant, address())
    assert "35.1 mg" in words
    assert "Draw: rounded to 0.01 mL, from 0.702 to 0.7 mL, 0.28 % less." in words
    # 100 mL hold 0.7 mL of 50 mg/mL, so 35 mg.
    assert "150 mL/h for 40 min runs 100 mL; with 0.7 mL of 50 mg/mL in 100 mL that is 35 mg." in words
    assert "No rule speaks against it." in words


def test_a_rule_that_speaks_is_named(client: Client) -> None:
    words = look(client, people().nurse, address(per_weight="1.1", is_first="no"))
    assert "ORD-DOS-003, version 1" in words
    assert "ORD-DOS-002, version 1" in words
    assert "A rule blocks this dose; no reason opens it." in words


def test_it_is_not_taken_for_clear_when_nobody_knows_whether_it_is_the_first(client: Client) -> None:
    words = look(client, people().nurse, address(per_weight="0.6", is_first=""))
    assert "Not known: whether this is the first infusion." in words


def test_a_run_in_steps(client: Client) -> None:
    typed = {"per_weight": "0.1", "duration": "10", "per_weight_2": "0.4", "duration_2": "30"}
    words = look(client, people().nurse, address(weight="70", **typed))
    # A fifth of 100 mL in 10 min, the rest in 30.
    assert "120 mL/h for 10 min" in words
    assert "160 mL/h for 30 min" in words


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"weight": "154 lb"}, "Weight: Write kg: 154 lb is 69.9 kg."),
        ({"per_weight": "0.5mg/kg/h"}, "Dose per weight: Write mg/kg for the whole run; mg/kg/h is a rate"),
        ({"per_weight": "500 mcg/kg"}, "Dose per weight: Write mg/kg: 500 mcg/kg is 0.5 mg/kg."),
        ({"bag": "0"}, "The bag must be more than zero."),
        ({"bag": "0.5"}, "0.7 mL of drug do not go into 0.5 mL"),
        ({"product": "esketamine_spray_28"}, "Select a valid choice"),
        ({"product": ""}, "Vial is missing."),
        ({"per_weight_2": "0.1"}, "A step has a dose and a duration; write both or neither."),
        ({"per_weight_3": "0.1", "duration_3": "5"}, "Fill in step 2 first."),
        ({"per_weight_2": "0", "duration_2": "5"}, "The dose in mg/kg of step 2 must be more than zero."),
    ],
)
def test_what_cannot_be_read_or_made_is_refused_and_stays_as_typed(
    client: Client, changes: dict[str, str], sentence: str
) -> None:
    words = look(client, people().nurse, address(**changes), status=422)
    assert sentence in words
    assert "No dose yet." in words
    typed = next(iter(changes.values()))
    assert not typed[:1].isdigit() or f'value="{typed}"' in words


def test_it_is_for_who_orders_draws_leads_or_counts(client: Client) -> None:
    for person in (people().nurse, people().prescriber, people().lead, people().registrant):
        assert 'href="/dose/"' in look(client, person, "/dose/").split("</nav>")[0]
    for person in (people().front_desk, people().administrator):
        look(client, person, "/dose/", status=403)


def labels(client: Client, visit: StreamId) -> list[str]:
    """The text of each label."""
    client.force_login(user_of(people().nurse))
    answer = client.get(reverse("dose_label_pdf", args=[reference_of(visit)]))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(answer.content)).pages]


def test_the_labels_name_the_patient_the_drug_and_what_is_inside(client: Client) -> None:
    visit = checked_in_visit()
    chairside.order(visit)
    bag, syringe = labels(client, visit)
    for text in (bag, syringe):
        assert "ketamine" in text
        assert "Mara" in text
        assert "Drawn up by ____" in text
    # The worked example of screens.md: 35 mg in 100 mL is 0.35 mg/mL.
    assert "35 mg in 100 mL total" in bag
    assert "0.35 mg/mL" in bag
    assert "150 mL/h for 40 min" in bag
    assert "0.5 mg/kg × 70.2 kg, weighed" in bag
    assert "35 mg in 0.7 mL" in syringe
    assert "never given undiluted" in syringe


def test_the_labels_say_who_drew_and_who_checked(client: Client) -> None:
    visit = checked_in_visit()
    chairside.order(visit)
    chairside.draw(visit)
    assert "Drawn up by Nora" in labels(client, visit)[0]
    assert "Checked by ____" in labels(client, visit)[0]
    chairside.double_check(visit)
    assert "Checked by Samuel" in labels(client, visit)[0]


def test_there_is_no_label_without_an_order(client: Client) -> None:
    client.force_login(user_of(people().nurse))
    visit = booked_visit()
    assert client.get(reverse("dose_label_pdf", args=[reference_of(visit)])).status_code == 404
