"""The page of a bag change: two turns of one form; nothing is lost between them, and no number is told."""

from collections.abc import Callable
from datetime import datetime

import pytest
from pytest_django import Settings

from evenkeel.record.entry import Author
from evenkeel.store import reading
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId, reference_of
from tests import factories_chairside as chairside
from tests.factories import PASSWORD, key, people
from tests.store.test_chairside_pages import Clock, as_, page_of, text_of
from tests.store.test_custody_bag import CHANGED_AT, lot_of, paused_visit

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Clock:
    """Set the pages' clock. Nobody here has set up a second factor, which has tests of its own."""
    settings.SECOND_FACTOR_ROLES = frozenset()

    def at(moment: datetime) -> None:
        monkeypatch.setattr("evenkeel.web.pages.now", lambda: moment)
        monkeypatch.setattr("evenkeel.web.middleware.now", lambda: moment)

    return at


def first(visit: StreamId, **changes: str) -> dict[str, str]:
    """What the first person writes: half the dose, from a new vial of the same lot."""
    return {
        "cause": "broken",
        "rest": "50",
        "explanation": "The port tore.",
        "vial": f"{reference_of(lot_of(visit))}/",
        "volume": "0.35",
        "bag": "50",
        **changes,
    }


def second(**changes: str) -> dict[str, str]:
    """What the second person reads, and their password."""
    return {
        "read_strength": "50000",
        "read_volume": "0.35",
        "read_bag": "50",
        "second_person": people().nurse2.id,
        "password_of_second": PASSWORD,
        **changes,
    }


def test_the_chart_of_a_paused_infusion_leads_to_the_page(clock: Clock) -> None:
    visit = paused_visit()
    clock(CHANGED_AT)
    address = page_of(visit, "bag")
    client = as_(people().nurse)
    assert f'href="{address}"' in client.get(page_of(visit, "chart")).content.decode()
    said = text_of(client.get(address))
    assert "17.5 mg of 35.1 mg given" in said
    # 17.6 mg are left: 0.35 mL, which are 17.5 mg, and at 0.35 mg/mL 50 mL.
    assert "draw 17.5 mg (0.35 mL of 50 mg/mL) and make the bag up to 50 mL in all: 0.35 mg/mL" in said
    # Nobody is told what the rest should measure before they measured it.
    assert 'name="rest" value' not in client.get(address).content.decode()


def test_first_one_writes_then_the_other_reads_and_the_bag_hangs(clock: Clock) -> None:
    visit = paused_visit()
    clock(CHANGED_AT)
    client, address = as_(people().nurse), page_of(visit, "bag")
    one = key()
    turned = client.post(address, {**first(visit), "to_second": "yes", "idempotency_key": one})
    assert turned.status_code == 200
    html = turned.content.decode()
    assert reading.visit(visit).bag_changes == ()
    assert "Change the bag: second person" in text_of(turned)
    assert f'name="idempotency_key" value="{one}"' in html
    # What was written goes along hidden, and no number of it is said.
    assert '<input type="hidden" name="volume" value="0.35"' in html
    assert "(optional)" not in text_of(turned)
    assert not any(words in text_of(turned) for words in ("0.35", "17.5", "make the bag"))
    done = client.post(address, {**first(visit), **second(), "idempotency_key": one})
    assert (done.status_code, done["Location"]) == (302, page_of(visit, "chart"))
    (change,) = reading.visit(visit).bag_changes
    assert (change.payload.cause, change.payload.explanation) == ("broken", "The port tore.")
    assert change.payload.drawn == DrugMass.mg("17.5")
    chart = text_of(client.get(page_of(visit, "chart")))
    assert "Bag changed (broken) with Samuel Abebe RN: of the old one 17.5 mg given" in chart
    assert "50 mL left" in chart


def test_what_is_wrong_in_the_first_turn_stays_there(clock: Clock) -> None:
    visit = paused_visit()
    clock(CHANGED_AT)
    wrong = first(visit, rest="about 50", bag="")
    refused = as_(people().nurse).post(page_of(visit, "bag"), {**wrong, "to_second": "yes"})
    assert refused.status_code == 422
    html = refused.content.decode()
    assert 'value="about 50"' in html
    assert 'id="id_rest-error"' in html
    assert 'id="id_bag-error"' in html
    assert "Let the second person read" in html
    assert "read_strength-error" not in html


def test_a_rule_is_said_beside_its_box_and_nothing_is_lost(clock: Clock) -> None:
    visit = paused_visit()
    clock(CHANGED_AT)
    client, address = as_(people().nurse), page_of(visit, "bag")
    # The whole bag's volume with half its drug: half the concentration.
    form = {**first(visit, bag="100"), **second(read_bag="100"), "idempotency_key": key()}
    refused = client.post(address, form)
    assert refused.status_code == 422
    html = refused.content.decode()
    assert 'id="id_bag-error"' in html
    assert 'value="100"' in html
    assert "The port tore." in html
    # The second one's readings go along, the password never.
    assert '<input type="hidden" name="read_volume" value="0.35"' in html
    assert PASSWORD not in html
    assert reading.visit(visit).bag_changes == ()


def test_a_reading_that_differs_is_said_in_the_second_turn_without_a_number(clock: Clock) -> None:
    visit = paused_visit()
    clock(CHANGED_AT)
    client, address = as_(people().nurse), page_of(visit, "bag")
    refused = client.post(address, {**first(visit), **second(read_volume="3.5"), "idempotency_key": key()})
    assert refused.status_code == 422
    html = refused.content.decode()
    assert 'id="id_read_volume-error"' in html
    assert 'name="read_volume"' in html
    assert 'value="3.5"' in html
    assert "differs from what was recorded" in html
    assert "0.35" not in text_of(refused)
    back = client.post(address, {**first(visit), **second(), "to_first": "yes", "idempotency_key": key()})
    assert back.status_code == 200
    assert 'value="0.35"' in back.content.decode()
    assert "Let the second person read" in back.content.decode()


def test_a_wrong_password_is_said_beside_its_box(clock: Clock) -> None:
    visit = paused_visit()
    clock(CHANGED_AT)
    form = {**first(visit), **second(password_of_second="not it"), "idempotency_key": key()}
    refused = as_(people().nurse).post(page_of(visit, "bag"), form)
    assert refused.status_code == 422
    assert 'id="id_password_of_second-error"' in refused.content.decode()


def test_sent_twice_it_lands_once(clock: Clock) -> None:
    visit = paused_visit()
    clock(CHANGED_AT)
    client, form = as_(people().nurse), {**first(visit), **second(), "idempotency_key": key()}
    answers = [client.post(page_of(visit, "bag"), form).status_code for _ in range(2)]
    assert answers == [302, 302]
    assert len(reading.visit(visit).bag_changes) == 1


@pytest.mark.parametrize(
    "make", [chairside.ordered_visit, chairside.running_visit, chairside.recovering_visit]
)
def test_it_says_when_a_bag_is_changed(clock: Clock, make: Callable[[], StreamId]) -> None:
    visit = make()
    clock(chairside.STOPPED_AT)
    answer = as_(people().nurse).get(page_of(visit, "bag"))
    assert answer.status_code == 200
    assert "Pause it first" in text_of(answer)
    assert 'name="rest"' not in answer.content.decode()


@pytest.mark.parametrize(
    ("who", "status"), [("prescriber", 200), ("lead", 403), ("registrant", 403), ("front_desk", 403)]
)
def test_only_who_runs_the_infusion_opens_it(clock: Clock, who: str, status: int) -> None:
    visit = paused_visit()
    clock(CHANGED_AT)
    person: Author = getattr(people(), who)
    assert as_(person).get(page_of(visit, "bag")).status_code == status
