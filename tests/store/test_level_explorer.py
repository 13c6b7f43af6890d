"""The level explorer by its addresses: for clinical staff, by a plain form, and without anybody's data."""

import json
import re

import pytest
from django.test import Client
from pytest_django import Settings

from tests.factories import people
from tests.pages import look

pytestmark = [pytest.mark.store, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _without_second_factor(settings: Settings) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()


def test_it_says_what_it_is_not(client: Client) -> None:
    words = look(client, people().nurse, "/levels/")
    assert "gives no dose advice and gates nothing" in words
    assert "not measurements" in words
    assert re.search(r'<form method="get"[^>]*data-level-form', words), "it works by its address alone"


def test_numbers_in_the_address_are_worked_out(client: Client) -> None:
    words = look(client, people().prescriber, "/levels/?dose=1&weight=80&duration=60")
    assert "Estimate: 1 mg/kg for 80 kg is 80 mg over 60 min." in words
    assert "60, end" in words


def test_bad_numbers_come_back_as_they_were_typed(client: Client) -> None:
    words = look(client, people().nurse, "/levels/?dose=.5&weight=heavy", status=422)
    assert "Dose: Write a zero before the point: &#34;0.5&#34;." in words
    assert 'value=".5"' in words
    assert 'value="heavy"' in words
    assert "Estimated level in ng/mL" not in words, "nothing is shown for numbers that are wrong"


def test_what_was_typed_is_never_markup(client: Client) -> None:
    words = look(client, people().nurse, "/levels/?dose=%3Cscript%3Ealert(1)%3C/script%3E", status=422)
    assert "<script>alert" not in words


def test_the_script_s_part_holds_the_same_values(client: Client) -> None:
    part = look(client, people().nurse, "/levels/result/?dose=1")
    page = look(client, people().nurse, "/levels/?dose=1")
    assert "<html" not in part
    charts = json.loads(re.search(r'id="level-charts"[^>]*>(.*?)</script>', part, re.DOTALL)[1])  # type: ignore[index]
    for chart in charts:
        drawn = re.search(rf'id="{chart["id"]}-data"[^>]*>(.*?)</script>', page, re.DOTALL)
        assert drawn is not None
        assert json.loads(drawn[1]) == chart
    assert part.split("<table")[1].split("</table>")[0] == page.split("<table")[1].split("</table>")[0]


def test_the_script_s_part_refuses_with_the_same_words(client: Client) -> None:
    part = look(client, people().nurse, "/levels/result/?weight=7,5", status=422)
    assert "Weight: Write a decimal point, not a comma." in part
    assert "#id_weight" in part
    assert "level-charts" not in part


def test_it_is_for_clinical_staff_and_stands_in_their_navigation(client: Client) -> None:
    for person in (people().nurse, people().prescriber, people().lead):
        assert 'href="/levels/"' in look(client, person, "/levels/").split("</nav>")[0]
    for person in (people().front_desk, people().registrant):
        look(client, person, "/levels/", status=403)
        look(client, person, "/levels/result/", status=403)
        assert 'href="/levels/"' not in look(client, person, "/rulebook/")
