"""A high pressure: explained beside the alert, and decided on by a person whose choice is on record."""

from datetime import timedelta
from typing import Any

import pytest

from evenkeel.clinical.infusion import EXPECTED_RISES
from evenkeel.journey import pressure
from evenkeel.journey.infusion import UnableToChart
from evenkeel.record.infusion import PressureDecided
from evenkeel.store import reading
from evenkeel.values.ids import StreamId
from tests import factories_chairside as chairside
from tests.factories import act, key, people
from tests.store.test_chairside_pages import START, Clock, as_, clock, page_of, text_of

__all__ = ["clock"]

pytestmark = pytest.mark.django_db

AT = START + timedelta(minutes=20)


def high(systolic: int = 172, diastolic: int = 98) -> StreamId:
    """A running infusion with this pressure in its twentieth minute."""
    visit = chairside.running_visit()
    chairside.chart(visit, AT, chairside.signs(systolic, diastolic))
    return visit


def decide(visit: StreamId, **changes: Any) -> StreamId:
    """The nurse decides to watch, a minute later, but for what is named."""
    values: dict[str, Any] = {
        "choice": "watch",
        "symptoms": "no",
        "decided_by": people().nurse.id,
        "read_back": False,
        "note": "",
        **changes,
    }
    return pressure.decide_on_pressure(act(people().nurse, AT + timedelta(minutes=1)), visit=visit, **values)


def refused(visit: StreamId, **changes: Any) -> set[tuple[str, str | None]]:
    """Code and field, or the rule, of each issue."""
    with pytest.raises(UnableToChart) as refusal:
        decide(visit, **changes)
    return {(issue.code, issue.rule or issue.field) for issue in refusal.value.issues}


def test_a_nurse_may_watch_a_rise_without_symptoms() -> None:
    visit = high()
    decide(visit, note="Calm, measuring again in 5 minutes.")
    said = reading.visit(visit).latest(PressureDecided)
    assert said is not None
    assert (said.payload.choice, said.payload.decided_by_name) == ("watch", "Nora Lindqvist RN")
    assert str(said.payload.systolic) == "172 mmHg"


def test_symptoms_or_a_very_high_pressure_are_not_watched_by_a_nurse() -> None:
    visit = high()
    assert refused(visit, symptoms="yes") == {("blocked", "INF-BP-006")}
    assert refused(visit, symptoms="unknown") == {("blocked", "INF-BP-006")}
    chairside.chart(visit, AT + timedelta(seconds=30), chairside.signs(184, 104))
    assert refused(visit) == {("blocked", "INF-BP-006")}
    assert refused(visit, decided_by=people().prescriber.id) == {("not-read-back", "read_back")}
    decide(visit, decided_by=people().prescriber.id, read_back=True)
    said = reading.visit(visit).latest(PressureDecided)
    assert said is not None
    assert said.payload.decided_by_name == "Dr. Priya Raman"


def test_a_usual_pressure_asks_for_no_decision_and_others_do_not_decide() -> None:
    visit = high(150, 90)
    assert refused(visit) == {("pressure-not-high", None)}
    chairside.chart(visit, AT + timedelta(seconds=30), chairside.signs(172, 98))
    assert refused(visit, decided_by=people().nurse2.id) == {("who-decides", "decided_by")}


def test_the_usual_rise_stands_beside_the_alert_with_its_sources(clock: Clock) -> None:
    visit = high()
    clock(AT + timedelta(minutes=1))
    client = as_(people().nurse)
    said = text_of(client.get(f"{page_of(visit, 'chart')}now/"))
    assert "What rise to expect" in said
    # Riva-Posse 2018: 3.3 and 3.2 mmHg on average; Rodrigues 2020: 44.3 % reached 165/100.
    assert "3.3 mmHg systolic and 3.2 mmHg diastolic" in said
    assert "44.3 % reached 165/100 mmHg" in said
    assert "Rodrigues et al. 2020" in said
    chairside.chart(visit, AT + timedelta(minutes=9), chairside.signs(140, 85))
    clock(AT + timedelta(minutes=10))
    assert "What rise to expect" not in text_of(client.get(f"{page_of(visit, 'chart')}now/"))


def test_the_page_records_the_choice_and_the_chart_shows_it_until_the_next_reading(clock: Clock) -> None:
    visit = high()
    clock(AT + timedelta(minutes=1))
    client = as_(people().nurse)
    assert "172/98 mmHg, charted at 10:50" in text_of(client.get(page_of(visit, "pressure")))
    form = {"symptoms": "no", "choice": "watch", "decided_by": people().nurse.id, "idempotency_key": key()}
    assert client.post(page_of(visit, "pressure"), {**form, "symptoms": "yes"}).status_code == 422
    assert client.post(page_of(visit, "pressure"), {**form, "idempotency_key": key()}).status_code == 302
    now = f"{page_of(visit, 'chart')}now/"
    assert "Nora Lindqvist RN: watch, and measure again (no symptoms)." in text_of(client.get(now))
    chairside.chart(visit, AT + timedelta(minutes=6), chairside.signs(176, 99))
    clock(AT + timedelta(minutes=7))
    assert "Decided on this pressure" not in text_of(client.get(now))


def test_every_usual_rise_says_how_well_it_is_known() -> None:
    assert {rise.basis for rise in EXPECTED_RISES} == {"source", "second-hand"}
    assert all(rise.text.endswith(".") and rise.cite.locator for rise in EXPECTED_RISES)
