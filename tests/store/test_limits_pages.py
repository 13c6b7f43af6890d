"""The pages of a clinic's own limits: what they show, who may change, and what comes back with a refusal."""

import uuid
from datetime import date, timedelta
from typing import Any, Final

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinical.limits import parse_limit
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.journey.limits import set_limit
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.entry import Role
from evenkeel.store import limit_settings
from evenkeel.web import pages
from tests import factories

pytestmark = pytest.mark.django_db

# As shipped 160 mmHg; 140 to 165 recommended, 120 to 180 allowed.
ID: Final = "CHK-BP-002"
NOW: Final = factories.NOW
TODAY: Final = clinic_day(NOW)
TOMORROW: Final = TODAY + timedelta(days=1)
REASON: Final = "Our patients are older than those of the trials."
CHANGE: Final = f"/limits/{ID}/systolic/"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day of these tests."""
    monkeypatch.setattr(pages, "now", lambda: NOW)


def signed_in(role: Role = "lead") -> Client:
    """A client, signed in as somebody of that role."""
    client = Client()
    client.force_login(factories.user_of(getattr(factories.people(), role)))
    return client


def form(**changed: Any) -> dict[str, Any]:
    """What is sent, unless a test says otherwise."""
    sent = {"value": "150", "from_date": TOMORROW.isoformat(), "reason": REASON, "button": "set", "seen": "0"}
    return {**sent, "idempotency_key": str(uuid.uuid4()), **changed}


def tightened(value: str = "150 mmHg", from_date: date = TODAY) -> None:
    """The lead has set a limit."""
    set_limit(
        factories.act(factories.people().lead),
        rule=ID,
        limit="systolic",
        value=parse_limit(value),
        from_date=from_date,
        reason=REASON,
    )


def read(client: Client, address: str) -> str:
    """A page that is there."""
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_every_limit_that_can_be_set_stands_beside_what_is_shipped_and_both_bounds() -> None:
    page = read(signed_in("nurse"), reverse("limits"))
    rules = [rule for rule in Rulebook.shipped().rules if rule.bounds]
    assert rules
    for rule in rules:
        assert f'href="/limits/{rule.id}/"' in page
    for said in ("160 mmHg", "140 to 165 mmHg", "120 to 180 mmHg", "as shipped"):
        assert said in page


def test_what_is_set_here_is_marked_and_can_be_looked_at_alone() -> None:
    client = signed_in("nurse")
    assert "Every limit is as it is shipped." in read(client, "/limits/?only=here")
    tightened()
    page = read(client, "/limits/?only=here")
    assert f'href="/limits/{ID}/"' in page
    assert "Stricter" in page
    assert "CHK-BP-003" not in page


def test_a_planned_setting_is_said_with_its_day() -> None:
    tightened(from_date=TOMORROW)
    page = read(signed_in("nurse"), "/limits/?only=here")
    assert f"From {TOMORROW.day} {TOMORROW:%b %Y}: 150 mmHg" in page


def test_a_looser_limit_is_marked_as_one() -> None:
    tightened("165 mmHg")
    assert "Looser" in read(signed_in("nurse"), "/limits/?only=here")


def test_rules_are_found_by_words_of_their_number_title_and_statement() -> None:
    client = signed_in("nurse")
    for words in ("chk-bp-002", "resting pressure repeat"):
        assert f'href="/limits/{ID}/"' in read(client, f"/limits/?words={words}")
    nothing = read(client, "/limits/?words=rule-that-is-not")
    assert f'href="/limits/{ID}/"' not in nothing
    assert "0 limits fit" in nothing
    assert "&lt;script&gt;" in read(client, "/limits/?words=<script>")


def test_the_page_of_a_rule_tells_its_history() -> None:
    tightened()
    set_limit(
        factories.act(factories.people().lead),
        rule=ID,
        limit="systolic",
        value=None,
        from_date=TOMORROW,
        reason="The study is over now.",
    )
    page = read(signed_in("nurse"), reverse("rule_limits", args=[ID]))
    for said in (
        "160 mmHg → 150 mmHg",
        "150 mmHg → 160 mmHg, as shipped",
        REASON,
        "The study is over now.",
        factories.people().lead.printed_name,
        "Today the rule reads:",
        "From 150 mmHg systolic",
        f"From {TOMORROW.day} {TOMORROW:%b %Y} the rule reads:",
        "From 160 mmHg systolic",
    ):
        assert said in page
    assert CHANGE not in page
    assert CHANGE in read(signed_in("lead"), reverse("rule_limits", args=[ID]))


@pytest.mark.parametrize(
    "address", ["/limits/CHK-BP-999/", "/limits/CHK-WGT-001/", f"/limits/{ID}/pulse/", "/limits/x/y/"]
)
def test_what_there_is_not_is_not_found(address: str) -> None:
    assert signed_in().get(address).status_code == 404


@pytest.mark.parametrize("role", ["front_desk", "nurse", "prescriber", "registrant", "administrator"])
def test_nobody_but_the_lead_changes_a_limit(role: Role) -> None:
    client = signed_in(role)
    # Some roles are led to their second factor before they reach any page.
    refused = {302} if role in ("prescriber", "registrant") else {403}
    assert {client.get(CHANGE).status_code, client.post(CHANGE, form()).status_code} == refused
    assert limit_settings.count() == 0


@pytest.mark.parametrize("typed", ["150", "150 mmHg", " 150 mmhg "])
def test_the_lead_sets_a_limit(typed: str) -> None:
    answer = signed_in().post(CHANGE, form(value=typed))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("rule_limits", args=[ID])
    assert str(book().limits(ID, TOMORROW).systolic) == "150 mmHg"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"value": "190"}, "Allowed is 120 to 180 mmHg; recommended is 140 to 165 mmHg."),
        ({"value": "150,5"}, "Write a decimal point, not a comma."),
        ({"value": "20 kPa"}, "Write the unit as &#34;mmHg&#34;."),
        ({"value": ""}, "Systolic is missing."),
        ({"value": "160"}, "Nothing is different."),
        ({"reason": "older"}, "Reason: write why this is changed, in at least 10 letters."),
        ({"reason": ""}, "Reason is missing."),
        ({"from_date": ""}, "From is missing."),
        ({"from_date": (TODAY - timedelta(days=1)).isoformat()}, "What is past stays as it was decided."),
    ],
)
def test_a_refusal_says_what_is_wrong_and_keeps_what_was_typed(wrong: dict[str, str], sentence: str) -> None:
    sent = form(**wrong)
    answer = signed_in().post(CHANGE, sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    for name in ("value", "from_date"):
        assert f'value="{sent[name]}"' in page or not sent[name]
    assert sent["reason"] in page
    assert limit_settings.count() == 0


def test_a_value_outside_what_is_recommended_asks_for_a_tick_and_keeps_what_was_typed() -> None:
    client = signed_in()
    assert 'name="is_confirmed"' not in read(client, CHANGE)
    answer = client.post(CHANGE, form(value="135"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Tick &#34;I mean this value&#34; if you do." in page
    assert 'name="is_confirmed"' in page
    assert 'value="135"' in page
    assert REASON in page
    assert limit_settings.count() == 0
    assert client.post(CHANGE, form(value="135", is_confirmed="on")).status_code == 302
    assert "confirmed when asked once more" in read(client, reverse("rule_limits", args=[ID]))


def test_a_limit_out_of_order_with_another_rules_asks_for_a_tick_also_when_going_back() -> None:
    client, change = signed_in(), "/limits/INF-BP-003/systolic/"
    for rule, seen in (("INF-BP-003", "0"), ("INF-RES-001", "0"), ("INF-BP-002", "0")):
        sent = client.post(f"/limits/{rule}/systolic/", form(value="160", seen=seen))
        assert sent.status_code == 302
    refused = client.post(change, form(value="", button="withdraw", seen="1"))
    page = refused.content.decode()
    assert refused.status_code == pages.REFUSED
    assert "the alert would not come before the drug is held" in page
    assert 'name="is_confirmed"' in page
    again = client.post(change, form(value="", button="withdraw", seen="1", is_confirmed="on"))
    assert again.status_code == 302
    assert "confirmed when asked once more" in read(client, reverse("rule_limits", args=["INF-BP-003"]))


def test_the_effect_is_shown_before_anything_is_saved() -> None:
    answer = signed_in().post(CHANGE, form(button="look", reason=""))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f"From {TOMORROW.day} {TOMORROW:%b %Y} the rule reads:" in page
    assert "From 150 mmHg systolic" in page
    assert 'value="150"' in page
    assert limit_settings.count() == 0
    assert signed_in().post(CHANGE, form(button="look", value="abc")).status_code == 422


def test_going_back_to_the_shipped_limit_needs_a_day_and_a_reason_and_no_value() -> None:
    client = signed_in()
    assert "Go back to the shipped limit" not in read(client, CHANGE)
    tightened()
    assert "Go back to the shipped limit" in read(client, CHANGE)
    back = form(value="", button="withdraw", seen="1")
    assert client.post(CHANGE, {**back, "reason": ""}).status_code == 422
    assert client.post(CHANGE, back).status_code == 302
    assert str(book().limits(ID, TOMORROW).systolic) == "160 mmHg"


def test_a_page_that_is_out_of_date_is_refused_with_who_wrote_since() -> None:
    tightened()
    answer = signed_in().post(CHANGE, form(value="145", seen="0"))
    assert answer.status_code == 409
    assert f"{factories.people().lead.printed_name} set systolic of this rule" in answer.content.decode()
    assert limit_settings.count() == 1


def test_a_form_sent_twice_lands_once() -> None:
    client, sent = signed_in(), form()
    assert client.post(CHANGE, sent).status_code == client.post(CHANGE, sent).status_code == 302
    assert limit_settings.count() == 1


def test_the_lead_is_led_here_from_settings_and_today() -> None:
    lead = signed_in("lead")
    assert 'href="/limits/"' in read(lead, reverse("settings"))
    tightened()
    today = " ".join(read(lead, reverse("today")).split())
    assert 'href="/limits/"' in today
    assert "Limits set here" in today


def test_the_check_in_page_says_the_limit_that_holds_here() -> None:
    visit = factories.booked_visit()
    address = reverse("check_in", args=[visit.partition(":")[2]])
    nurse = signed_in("nurse")
    assert "From 160 mmHg systolic" in read(nurse, address)
    tightened()
    page = read(nurse, address)
    assert "From 150 mmHg systolic" in page
    assert "From 160 mmHg systolic" not in page


# A list of words: the four indications that are shipped are those that are recommended.
OFFERED: Final = "/limits/SCR-IND-001/offered/"
SHIPPED_WORDS: Final = ["depression", "suicidal_ideation", "bipolar_depression", "crps"]


def test_a_list_of_words_is_ticked_and_said_in_the_words_of_other_pages() -> None:
    client = signed_in()
    page = read(client, OFFERED)
    assert "Complex regional pain syndrome" in page
    assert "suicidal_ideation" not in page.replace('value="suicidal_ideation"', "")
    answer = client.post(OFFERED, form(value=["crps", "depression"], button="look"))
    assert "Offered: Depression after two or more treatments failed, Complex" in answer.content.decode()
    assert client.post(OFFERED, form(value=["crps", "depression"])).status_code == 302
    assert book().limits("SCR-IND-001", TOMORROW).offered == ("depression", "crps")
    assert client.post(OFFERED, form(value=["headway"], seen="1")).status_code == 422
    assert client.post(OFFERED, form(value=[], seen="1")).status_code == 422


def test_a_word_that_is_not_recommended_asks_for_a_tick() -> None:
    client = signed_in()
    more = form(value=[*SHIPPED_WORDS, "back_pain"])
    answer = client.post(OFFERED, more)
    assert answer.status_code == 422
    assert "what is recommended does not hold back pain" in answer.content.decode()
    again = {**more, "is_confirmed": "on", "idempotency_key": str(uuid.uuid4())}
    assert client.post(OFFERED, again).status_code == 302
    assert book().limits("SCR-IND-001", TOMORROW).offered == (*SHIPPED_WORDS, "back_pain")
