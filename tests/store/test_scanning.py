"""The look-up of a label's code by its address, and codes that come with a form and no script."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django import forms
from django.http import QueryDict
from django.test import Client
from pytest_django import Settings

from evenkeel.journey.policy import ROLES, may
from evenkeel.record.entry import Role
from evenkeel.store import models
from evenkeel.web.scan_field import ScanFields
from tests.factories import people
from tests.pages import send, set_clock

pytestmark = [pytest.mark.store, pytest.mark.django_db]

GS = "\x1d"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
# "003", the NDC's ten digits, and the check digit as worked out in tests/unit/custody/test_scanning.py.
CODE = f"010030409205105717271130104K118A{GS}2110000000217"


@pytest.fixture(autouse=True)
def _quiet(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()
    set_clock(monkeypatch, NOW)


def look_up(client: Client, code: str, role: Role = "nurse") -> Any:
    """Ask what a code says."""
    return send(client, getattr(people(), role), "/stock/scan/", scan=code)


def test_a_code_is_answered_with_product_strength_lot_and_expiry(client: Client) -> None:
    answer = look_up(client, CODE)
    assert answer.status_code == 200
    assert answer.json() == {
        "product": "ketamine_100_5",
        "label": "ketamine 100 mg/mL, 5 mL",
        "strength": "100 mg/mL",
        "lot": "4K118A",
        "expiry_date": "2027-11-30",
        "sentence": "The code says: ketamine 100 mg/mL, 5 mL, lot 4K118A, expiry 30 Nov 2027.",
    }


def test_what_the_code_does_not_say_is_named(client: Client) -> None:
    assert look_up(client, "50458-028-02").json() == {
        "product": "esketamine_spray_28",
        "label": "esketamine 28 mg nasal spray, one device (Spravato)",
        "strength": "140 mg/mL",
        "lot": "",
        "expiry_date": "",
        "sentence": "The code says: esketamine 28 mg nasal spray, one device (Spravato). "
        "It does not say: lot, expiry date. Read that from the label.",
    }
    second = look_up(client, "]C117271130104K118A").json()
    assert second["product"] == second["label"] == second["strength"] == ""
    assert second["sentence"] == (
        "The code says: lot 4K118A, expiry 30 Nov 2027. It does not say: product. Read that from the label."
    )


@pytest.mark.parametrize(("raw", "passed"), [("260531", True), ("260601", False)])
def test_a_day_that_has_passed_is_read_and_said(client: Client, raw: str, passed: bool) -> None:
    told = look_up(client, f"(01)00304092051057(17){raw}(10)A").json()
    assert told["expiry_date"] == f"2026-{raw[2:4]}-{raw[4:]}"
    assert told["sentence"].endswith("The expiry date has passed.") == passed


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "Scan the code on the label"),
        ("00304092051056", "The check digit is wrong"),
        ("0409-2051-15", "no product with the code 0409-2051-15"),
        (CODE.replace(GS, ""), "leave out the separators"),
    ],
)
def test_a_refusal_is_a_sentence(client: Client, code: str, words: str) -> None:
    answer = look_up(client, code)
    assert answer.status_code == 422
    assert set(answer.json()) == {"sentence"}
    assert words in answer.json()["sentence"]


@pytest.mark.parametrize("role", ROLES)
def test_it_is_for_those_who_handle_drug(client: Client, role: Role) -> None:
    expected = 200 if role in {"nurse", "prescriber", "registrant", "lead"} else 403
    assert look_up(client, CODE, role).status_code == expected
    assert may(role, "stock.scan") == (expected == 200)


def test_it_only_answers_and_writes_nothing(client: Client) -> None:
    entries = models.Entry.objects.count()
    look_up(client, CODE)
    assert client.get("/stock/scan/").status_code == 405
    assert models.Entry.objects.count() == entries


# --- without a script ---------------------------------------------------------------------------------------


class Shelf(ScanFields):
    """A form with every box that a code can fill."""

    product = forms.ChoiceField(choices=[("ketamine_100_5", "K"), ("ketalar_10_20", "L")])
    lot = forms.CharField()
    expiry_date = forms.DateField()


def filled(**typed: str) -> Shelf:
    """The form as it arrives."""
    data = QueryDict(mutable=True)
    data.update(typed)
    return Shelf(data)


def test_a_code_fills_the_boxes_that_were_left_empty() -> None:
    form = filled(scan=CODE, product="", lot=" ")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["product"] == "ketamine_100_5"
    assert form.cleaned_data["lot"] == "4K118A"
    assert form.cleaned_data["expiry_date"] == date(2027, 11, 30)
    assert form.scanned is not None
    assert form.scanned.serial == "10000000217"
    assert form.scan_agrees == ("product", "lot", "expiry_date")


def test_what_the_code_does_not_say_must_be_typed() -> None:
    form = filled(scan="0409-2051-05", expiry_date="2027-11-30")
    assert set(form.errors) == {"lot"}
    assert filled(scan="0409-2051-05", expiry_date="2027-11-30", lot="9").is_valid()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"product": "ketalar_10_20"}, "The product in the code is ketamine 100 mg/mL, 5 mL"),
        ({"lot": "4K118B"}, "The lot in the code is 4K118A"),
        ({"expiry_date": "2027-12-31"}, "The expiry date in the code is 2027-11-30"),
    ],
)
def test_a_code_of_another_vial_is_refused(typed: dict[str, str], words: str) -> None:
    form = filled(scan=CODE, **typed)
    assert set(form.errors) == {"scan"}
    (sentence,) = form.errors["scan"]
    assert words in sentence


def test_a_product_that_cannot_be_chosen_fills_nothing() -> None:
    form = filled(scan="(01)00370860600024(17)271130(10)A")
    assert form.errors["scan"] == ["The code is of midazolam 1 mg/mL, 2 mL, which cannot be chosen here."]
    assert {"product", "lot", "expiry_date"} <= set(form.errors)


def test_a_code_that_cannot_be_read_stops_the_form_and_keeps_what_was_typed() -> None:
    typed = {"scan": "00304092051056", "product": "ketamine_100_5", "lot": "4", "expiry_date": "2027-11-30"}
    form = filled(**typed)
    assert set(form.errors) == {"scan"}
    assert {name: form[name].value() for name in typed} == typed


def test_an_empty_box_asks_for_nothing() -> None:
    form = filled(scan="  ", product="ketamine_100_5", lot="4", expiry_date="2027-11-30")
    assert form.is_valid()
    assert form.scanned is None


def test_several_of_them_on_one_page_are_kept_apart() -> None:
    data = QueryDict(mutable=True)
    data.update({"a-scan": CODE, "b-scan": "", "b-lot": "7"})
    first, second = Shelf(data, prefix="a"), Shelf(data, prefix="b")
    assert first.is_valid()
    assert set(second.errors) == {"product", "expiry_date"}
    assert first.scan_targets == {"product": "a-product", "lot": "a-lot", "expiry_date": "a-expiry_date"}
