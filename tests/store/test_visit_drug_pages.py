"""The pages of a visit's drug: what is left is measured before anybody is told, wasted by two, and shown."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from evenkeel.journey import infusion, ordering
from evenkeel.journey.custody import waste
from evenkeel.record.entry import Author
from evenkeel.store import reading
from evenkeel.store.queries import custody, settings
from evenkeel.values.drug import to_decimal
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.quantities import Volume
from evenkeel.web import pages
from tests import factories_chairside as chairside
from tests.factories import PASSWORD, act, checked_in_visit, key, people, user_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

AFTER = chairside.STOPPED_AT + timedelta(minutes=5)
Clock = Callable[[datetime], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Clock:
    """Set the pages' clock; nobody is signed out, and nobody needs a second factor here."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    settings.IDLE_LOGOFF_MINUTES = 600

    def at(moment: datetime) -> None:
        monkeypatch.setattr("evenkeel.web.pages.now", lambda: moment)
        monkeypatch.setattr("evenkeel.web.middleware.now", lambda: moment)

    at(AFTER)
    return at


def as_(person: Author) -> Client:
    """A browser that this person signed in with."""
    client = Client()
    client.force_login(user_of(person))
    session = client.session
    session["active_at"] = session["signed_in_at"] = pages.now().timestamp()
    session.save()
    return client


def page_of(visit: StreamId, name: str) -> str:
    """The address of a page of a visit."""
    return f"/visits/{reference_of(visit)}/{name}/"


def html(answer: Any) -> str:
    """What was answered."""
    found: str = answer.content.decode()
    return found


def text_of(answer: Any) -> str:
    """What a page says, without its marks, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html(answer)))


def stopped_visit(minutes: int = 16, pump_volume: str | None = None) -> StreamId:
    """A visit whose pump ran so long: after 16 minutes 40 of 100 mL are given, 60 mL (21 mg) are left."""
    visit = chairside.running_visit()
    infusion.stop(
        act(people().nurse, chairside.STARTED_AT + timedelta(minutes=minutes)),
        visit=visit,
        reason="patient_wish",
        note="",
        pump_volume=Volume.of(pump_volume) if pump_volume else None,
    )
    return visit


def boxes(visit: StreamId, **milliliters: str) -> dict[str, str]:
    """The boxes of the page with what was measured: as expected, but for the places that are named."""
    found = {}
    for each in waste.expected_rests(reading.visit(visit)):
        name = f"rest_{each.account.place}_{each.account.ref.encode().hex()}"
        found[name] = milliliters.get(each.account.place) or str(to_decimal(each.volume_ml, 1))
    return found


def filled_in(visit: StreamId, **changes: str) -> dict[str, str]:
    """The whole form, as two nurses would send it."""
    rests = {name: changes.pop(name) for name in ("bag", "vial") if name in changes}
    return {
        **boxes(visit, **rests),
        "cause": "left_over",
        "explanation": "",
        "second_person": str(people().nurse2.id),
        "password_of_second": PASSWORD,
        "idempotency_key": key(),
        **changes,
    }


def wasted_mcg(visit: StreamId) -> int:
    """Micrograms of the visit's movements into waste."""
    return sum(each.amount.mcg for each in custody.movements(visits=(visit,)) if each.into.place == "wasted")


# --- the waste ---


def test_the_page_of_the_waste_tells_nothing_of_what_should_be_left(clock: Clock) -> None:
    visit = stopped_visit()
    answer = as_(people().nurse).get(page_of(visit, "drug/waste"))
    said = text_of(answer)
    assert "Left in the bag" in said
    for name in boxes(visit):
        assert re.search(rf'name="{name}"[^>]*value=""', html(answer)) or f'name="{name}"' in html(answer)
        assert not re.search(rf'name="{name}"[^>]*value="[^"]', html(answer))
    # Drawn 35 mg in 100 mL; given 14 mg, left 60 mL (21 mg) in the bag and 9.3 mL (465 mg) in the vial.
    for told in ("35 mg", "35.1 mg", "14 mg", "21 mg", "60 mL", "9.3 mL", "465 mg", "100 mL"):
        assert told not in said, told


def test_what_was_measured_is_wasted_before_a_witness_and_then_compared(clock: Clock) -> None:
    visit = stopped_visit()
    client = as_(people().nurse)
    answer = client.post(page_of(visit, "drug/waste"), filled_in(visit))
    assert (answer.status_code, answer["Location"]) == (302, page_of(visit, "drug"))
    said = text_of(client.get(answer["Location"]))
    # The vial of 500 mg: 35 mg drawn, 465 mg wasted. The bag of 100 mL: 14 mg given, 21 mg (60 mL) wasted.
    for told in ("500 mg (10 mL)", "35 mg (0.7 mL)", "465 mg (9.3 mL)", "14 mg (40 mL)", "21 mg (60 mL)"):
        assert told in said, told
    assert "Witnessed by Samuel Abebe RN" in said
    assert "As expected" in said
    assert wasted_mcg(visit) == 465_000 + 21_000


def test_a_form_that_is_sent_twice_wastes_once(clock: Clock) -> None:
    visit = stopped_visit()
    client = as_(people().nurse)
    sent = filled_in(visit)
    for _ in range(2):
        answer = client.post(page_of(visit, "drug/waste"), sent)
        assert (answer.status_code, answer["Location"]) == (302, page_of(visit, "drug"))
    assert wasted_mcg(visit) == 486_000
    assert len(reading.visit(visit).facts) == len({fact.seq for fact in reading.visit(visit).facts})


def test_a_page_from_before_somebody_else_wasted_changes_nothing(clock: Clock) -> None:
    visit = stopped_visit()
    stale = filled_in(visit)
    chairside.waste(visit, AFTER)
    answer = as_(people().nurse).post(page_of(visit, "drug/waste"), stale)
    assert answer.status_code == 422
    assert "Nothing is in hand: all is accounted for." in text_of(answer)
    assert wasted_mcg(visit) == 486_000


def test_every_box_that_is_wrong_says_so_and_nothing_that_was_typed_is_lost(clock: Clock) -> None:
    visit = stopped_visit()
    bag, vial = sorted(boxes(visit))
    sent = filled_in(
        visit, **{bag: "6,0", vial: "", "cause": "", "explanation": "spilled some", "second_person": ""}
    )
    answer = as_(people().nurse).post(page_of(visit, "drug/waste"), sent)
    assert answer.status_code == 422
    for name in (bag, vial, "cause", "second_person"):
        assert f'id="id_{name}-error"' in html(answer), name
    assert 'value="6,0"' in html(answer)
    assert "spilled some" in html(answer)
    assert "measure it and write it down; 0 if it is empty." in text_of(answer)
    assert PASSWORD not in html(answer)
    assert wasted_mcg(visit) == 0


@pytest.mark.parametrize("typed", ["-1", ".5", "1e3", "60 mL", "nan"])
def test_a_measure_that_is_no_plain_number_is_refused(clock: Clock, typed: str) -> None:
    visit = stopped_visit()
    answer = as_(people().nurse).post(page_of(visit, "drug/waste"), filled_in(visit, bag=typed))
    assert answer.status_code == 422
    assert re.search(r'id="id_rest_bag_\w+-error"', html(answer))
    assert wasted_mcg(visit) == 0


def test_less_than_should_be_left_asks_for_an_explanation_and_then_opens_a_case(clock: Clock) -> None:
    visit = stopped_visit()
    client = as_(people().nurse)
    sent = filled_in(visit, bag="40")
    answer = client.post(page_of(visit, "drug/waste"), sent)
    assert answer.status_code == 422
    assert 'id="id_explanation-error"' in html(answer)
    assert 'value="40"' in html(answer)
    # Still nothing of what was expected, so that nobody measures what they were told.
    assert "60 mL" not in text_of(answer)
    assert wasted_mcg(visit) == 0
    sent |= {"explanation": "The line came off.", "idempotency_key": key()}
    answer = client.post(page_of(visit, "drug/waste"), sent)
    assert answer.status_code == 302
    said = text_of(client.get(page_of(visit, "drug")))
    # 20 of 60 mL are missing: 20 mL hold 7 mg.
    assert "7 mg (20 mL)" in said
    assert "Differs, explained" in said
    assert f"7 mg missing, bag: {people().registrant.printed_name} finds out why" in said


def test_more_than_was_drawn_is_said_beside_the_box_of_the_bag(clock: Clock) -> None:
    visit = stopped_visit()
    answer = as_(people().nurse).post(
        page_of(visit, "drug/waste"), filled_in(visit, bag="140", explanation="overfilled")
    )
    assert answer.status_code == 422
    assert re.search(r'id="id_rest_bag_\w+-error"', html(answer))
    assert "This is more than was drawn." in text_of(answer)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"second_person": "me"}, "second_person"),
        ({"password_of_second": "not theirs"}, "password_of_second"),
        ({"password_of_second": ""}, "password_of_second"),
    ],
)
def test_nobody_wastes_without_a_witness(clock: Clock, changes: dict[str, str], field: str) -> None:
    visit = stopped_visit()
    if changes.get("second_person"):
        changes = {"second_person": str(people().nurse.id)}
    answer = as_(people().nurse).post(page_of(visit, "drug/waste"), filled_in(visit, **changes))
    assert answer.status_code == 422
    assert f'id="id_{field}-error"' in html(answer)
    assert wasted_mcg(visit) == 0


def test_one_acts_alone_only_where_the_clinic_lets_them(clock: Clock) -> None:
    visit = stopped_visit()
    alone = filled_in(
        visit, second_person="", password_of_second="", alone_because="The other nurse is at an emergency."
    )
    client = as_(people().nurse)
    assert "Nobody else is here" not in text_of(client.get(page_of(visit, "drug/waste")))
    assert client.post(page_of(visit, "drug/waste"), alone).status_code == 422
    assert wasted_mcg(visit) == 0
    settings.choose("may_waste_alone", value=True, by=people().lead, at=AFTER, reason="small clinic")
    assert "Nobody else is here" in text_of(client.get(page_of(visit, "drug/waste")))
    answer = client.post(page_of(visit, "drug/waste"), alone | {"idempotency_key": key()})
    assert answer.status_code == 302
    said = text_of(client.get(page_of(visit, "drug")))
    assert "Nobody witnessed: The other nurse is at an emergency." in said


def test_a_witness_who_did_not_see_it_says_why_and_nothing_is_wasted(clock: Clock) -> None:
    visit = stopped_visit()
    client = as_(people().nurse)
    sent = filled_in(visit, vial="not a number", witness_refuses="yes")
    answer = client.post(page_of(visit, "drug/waste"), sent)
    assert answer.status_code == 422
    assert 'id="id_reason-error"' in html(answer)
    assert 'value="not a number"' in html(answer)
    sent |= {"reason": "I came when it was done.", "idempotency_key": key()}
    answer = client.post(page_of(visit, "drug/waste"), sent)
    assert (answer.status_code, answer["Location"]) == (302, page_of(visit, "drug"))
    said = text_of(client.get(answer["Location"]))
    assert "Samuel Abebe RN, asked by Nora Lindqvist RN, did not confirm" in said
    assert "I came when it was done." in said
    assert wasted_mcg(visit) == 0
    assert reading.visit(visit).reconciled is None


def test_a_refusal_is_proved_too(clock: Clock) -> None:
    visit = stopped_visit()
    sent = filled_in(visit, witness_refuses="yes", reason="not seen", password_of_second="not theirs")
    answer = as_(people().nurse).post(page_of(visit, "drug/waste"), sent)
    assert answer.status_code == 422
    assert 'id="id_password_of_second-error"' in html(answer)


def test_nothing_is_wasted_while_the_pump_runs(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(chairside.STARTED_AT + timedelta(minutes=5))
    client = as_(people().nurse)
    assert "The pump holds the bag." in text_of(client.get(page_of(visit, "drug/waste")))
    answer = client.post(page_of(visit, "drug/waste"), filled_in(visit))
    assert answer.status_code == 422
    assert "The pump holds the bag." in text_of(answer)
    assert wasted_mcg(visit) == 0


def test_a_pump_that_counted_otherwise_is_explained_with_the_waste(clock: Clock) -> None:
    visit = stopped_visit(pump_volume="55")
    client = as_(people().nurse)
    assert "The pump counted 15 mL more, not explained" in text_of(client.get(page_of(visit, "drug")))
    answer = client.post(page_of(visit, "drug/waste"), filled_in(visit))
    assert answer.status_code == 422
    assert 'id="id_explanation-error"' in html(answer)
    answer = client.post(
        page_of(visit, "drug/waste"), filled_in(visit, explanation="Primed with the drug line.")
    )
    assert answer.status_code == 302
    assert "The pump counted 15 mL more, explained" in text_of(client.get(page_of(visit, "drug")))


# --- who and where ---


@pytest.mark.parametrize("name", ["drug", "drug/waste"])
def test_the_drug_of_a_visit_is_for_who_handles_drug(clock: Clock, name: str) -> None:
    visit = stopped_visit()
    for person in (people().nurse, people().prescriber, people().lead, people().registrant):
        assert as_(person).get(page_of(visit, name)).status_code == 200, person.role
    assert as_(people().front_desk).get(page_of(visit, name)).status_code == 403
    # A registrant meets no patients, and is led to no page that they may not open.
    shown = html(as_(people().registrant).get(page_of(visit, name)))
    assert page_of(visit, "chart") not in shown
    assert "/patients/" not in shown.split("<main")[1]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (checked_in_visit, "Nothing was ordered for this visit"),
        (chairside.ordered_visit, "is kept in the cabinet"),
        (chairside.drawn_visit, "35 mg (0.7 mL)"),
        (chairside.running_visit, "is kept for the patient while the pump runs"),
        (chairside.discharged_visit, "As expected"),
    ],
)
def test_the_page_of_the_drug_shows_every_phase(
    clock: Clock, made: Callable[[], StreamId], said: str
) -> None:
    visit = made()
    clock(chairside.LEFT_AT + timedelta(minutes=1))
    for name in ("drug", "drug/waste"):
        answer = as_(people().nurse).get(page_of(visit, name))
        assert answer.status_code == 200
        if name == "drug":
            assert said in text_of(answer)


def test_a_cancelled_order_is_wasted_by_the_bag_as_it_was_made_up(clock: Clock) -> None:
    visit = chairside.drawn_visit()
    clock(chairside.CHECKED_AT)
    ordering.cancel_order(act(people().prescriber, chairside.CHECKED_AT), visit=visit, reason="unwell")
    client = as_(people().nurse)
    assert page_of(visit, "drug/waste") in html(client.get(f"/visits/{reference_of(visit)}/cancel/"))
    # Nothing of the 100 mL was given.
    bag = next(name for name in boxes(visit) if name.startswith("rest_bag"))
    answer = client.post(page_of(visit, "drug/waste"), filled_in(visit, cause="cancelled", **{bag: "100"}))
    assert answer.status_code == 302
    assert wasted_mcg(visit) == 500_000


def test_before_the_order_is_cancelled_the_page_says_what_is_in_hand(clock: Clock) -> None:
    visit = chairside.drawn_visit()
    clock(chairside.CHECKED_AT)
    shown = as_(people().prescriber).get(page_of(visit, "order/cancel"))
    assert "Drug of this visit is still in hand: bag, vial" in text_of(shown)
    assert page_of(visit, "drug/waste") in html(shown)


def test_after_the_stop_the_chart_and_the_discharge_lead_to_the_waste(clock: Clock) -> None:
    visit = stopped_visit()
    client = as_(people().nurse)
    for name in ("chart", "discharge"):
        shown = client.get(page_of(visit, name))
        assert page_of(visit, "drug/waste") in html(shown), name
        # Whoever leaves against advice is not held up.
        assert page_of(visit, "discharge") in html(client.get(page_of(visit, "chart")))
    client.post(page_of(visit, "drug/waste"), filled_in(visit))
    for name in ("chart", "discharge"):
        assert page_of(visit, "drug/waste") not in html(client.get(page_of(visit, name))), name


def test_drug_in_hand_waits_for_who_handles_it_until_it_is_wasted(clock: Clock) -> None:
    visit = stopped_visit()
    waits = page_of(visit, "drug/waste")
    for person in (people().nurse, people().registrant, people().lead):
        assert waits in html(as_(person).get("/")), person.role
    assert waits not in html(as_(people().front_desk).get("/"))
    # On another day it is still there.
    clock(AFTER + timedelta(days=20))
    assert waits in html(as_(people().registrant).get("/"))
    clock(AFTER)
    as_(people().nurse).post(waits, filled_in(visit))
    assert waits not in html(as_(people().registrant).get("/"))


def test_drug_on_the_pump_waits_for_nobody(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(chairside.STARTED_AT + timedelta(minutes=5))
    assert page_of(visit, "drug/waste") not in html(as_(people().nurse).get("/"))


def test_the_account_stands_in_the_record_of_the_visit(clock: Clock) -> None:
    visit = stopped_visit()
    client = as_(people().nurse)
    client.post(page_of(visit, "drug/waste"), filled_in(visit))
    said = text_of(client.get(page_of(visit, "chart")))
    assert "Drug accounted for (left over)" in said
    assert "witnessed by Samuel Abebe RN" in said
