"""The pages at the chair: what is typed is kept, what is refused says why, what is sent twice lands once."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from evenkeel.journey import infusion
from evenkeel.journey import settings as clinic_settings
from evenkeel.record.entry import Author
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.quantities import Volume
from evenkeel.web import pages
from tests import factories_chairside as chairside
from tests.factories import PASSWORD, act, chairs, checked_in_visit, key, people, user_of
from tests.store.test_monitors import FULL, send

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

START = chairside.STARTED_AT
Clock = Callable[[datetime], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Clock:
    """Set the pages' clock. Nobody here has set up a second factor, which has tests of its own."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    # The clock leaps by hours between two pages, which is not somebody who went away.
    settings.IDLE_LOGOFF_MINUTES = 600

    def at(moment: datetime) -> None:
        monkeypatch.setattr("evenkeel.web.pages.now", lambda: moment)
        monkeypatch.setattr("evenkeel.web.middleware.now", lambda: moment)

    at(chairside.ORDERED_AT)
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


def text_of(answer: Any) -> str:
    """What a page says, without its marks, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


ORDER = {
    "protocol": "mood_standard",
    "per_weight": "0.5",
    "product": "ketamine_50_10",
    "bag": "100",
    "duration": "40",
    "note": "",
}


def test_the_order_is_worked_out_then_signed(clock: Clock) -> None:
    chairside.stock_up()
    visit = checked_in_visit()
    client = as_(people().prescriber)
    address = page_of(visit, "order")
    assert client.get(address).status_code == 200
    worked = client.post(address, {**ORDER, "work_out": "1"})
    assert worked.status_code == 200
    said = text_of(worked)
    for words in ("35.1 mg", "0.7 mL", "150 mL/h", "70.2 kg, measured today"):
        assert words in said
    assert reading.visit(visit).order is None
    signed = client.post(address, {**ORDER, "password": PASSWORD, "idempotency_key": key()})
    assert signed.status_code == 302
    assert reading.visit(visit).phase == "ordered"


def test_a_refused_order_keeps_what_was_typed_and_asks_for_the_reason(clock: Clock) -> None:
    chairside.stock_up()
    visit = checked_in_visit()
    client = as_(people().prescriber)
    address = page_of(visit, "order")
    form = {**ORDER, "per_weight": "0.6", "note": "slowly", "password": PASSWORD, "idempotency_key": key()}
    refused = client.post(address, form)
    assert refused.status_code == 422
    html = refused.content.decode()
    assert 'value="0.6"' in html
    assert "slowly" in html
    assert 'name="override_ORD-DOS-001"' in html
    assert PASSWORD not in html
    form["override_ORD-DOS-001"] = "has had 0.6 mg/kg elsewhere"
    assert client.post(address, form).status_code == 302


@pytest.mark.parametrize("typed", [".5", "5.", "0,5", "1e3", "-1", "0.5 mg"])
def test_a_number_that_could_be_misread_is_refused_beside_its_field(clock: Clock, typed: str) -> None:
    visit = checked_in_visit()
    answer = as_(people().prescriber).post(
        page_of(visit, "order"), {**ORDER, "per_weight": typed, "work_out": "1"}
    )
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.content.decode()


def test_an_order_from_a_stale_page_is_a_conflict(clock: Clock) -> None:
    visit = checked_in_visit()
    client = as_(people().prescriber)
    seen = reading.visit(visit).seq
    chairside.chart(visit, chairside.ORDERED_AT)
    form = {**ORDER, "password": PASSWORD, "idempotency_key": key(), "seen": seen}
    answer = client.post(page_of(visit, "order"), form)
    assert answer.status_code == 409
    assert "Nora Lindqvist RN wrote to this record" in text_of(answer)


def test_a_nurse_does_not_see_the_order_form(clock: Clock) -> None:
    visit = checked_in_visit()
    assert as_(people().nurse).get(page_of(visit, "order")).status_code == 403


DRAW = {"volume": "0.7", "bag": "100", "rate": "150"}


def test_a_draw_that_is_not_the_order_comes_back_with_every_value(clock: Clock) -> None:
    visit = chairside.ordered_visit()
    clock(chairside.DRAWN_AT)
    client = as_(people().nurse)
    address = page_of(visit, "draw")
    assert "35.1 mg" in text_of(client.get(address))
    vial = f"{reference_of(custody.kept_for(visit)[0].lot)}/"
    refused = client.post(address, {**DRAW, "vial": vial, "rate": "15", "idempotency_key": key()})
    assert refused.status_code == 422
    assert 'value="15"' in refused.content.decode()
    assert 'id="id_rate-error"' in refused.content.decode()
    assert re.search(rf'value="{vial}"\s+checked', refused.content.decode())
    assert client.post(address, {**DRAW, "vial": vial, "idempotency_key": key()}).status_code == 302
    assert reading.visit(visit).phase == "drawn"


def test_the_second_person_sees_none_of_the_first_ones_numbers(clock: Clock) -> None:
    visit = chairside.drawn_visit()
    clock(chairside.CHECKED_AT)
    record_number = str(chairside.second_reading(visit)["record_number"])
    page = as_(people().nurse2).get(page_of(visit, "double-check"))
    # Addresses and hidden fields hold random references, in which any digits may stand.
    shown = re.sub(r'(href|action|value|data-[\w-]+)="[^"]*"', "", page.content.decode())
    for number in (record_number, "70.2", "35.1", "35 mg", "0.7 ", "150", "100 mL"):
        assert number not in shown, number


def test_a_disagreement_is_said_and_the_next_reading_may_agree(clock: Clock) -> None:
    visit = chairside.drawn_visit()
    clock(chairside.CHECKED_AT)
    client = as_(people().nurse2)
    address = page_of(visit, "double-check")
    form = {
        "record_number": str(chairside.second_reading(visit)["record_number"]),
        "weight": "70.2",
        "strength": "50000",
        "volume": "0.75",
        "bag": "100",
        "rate": "150",
    }
    answer = client.post(address, {**form, "idempotency_key": key()}, follow=True)
    assert "volume in the syringe differs" in text_of(answer)
    assert "0.7 mL" not in text_of(answer)
    assert client.post(address, {**form, "volume": "0.7", "idempotency_key": key()}).status_code == 302
    assert reading.visit(visit).phase == "double_checked"


def test_whoever_drew_is_told_to_hand_the_tablet_over(clock: Clock) -> None:
    visit = chairside.drawn_visit()
    assert "Somebody else checks it" in text_of(as_(people().nurse).get(page_of(visit, "double-check")))


def test_the_time_out_asks_the_second_person_for_their_password(clock: Clock) -> None:
    visit = chairside.double_checked_visit()
    clock(chairside.TIME_OUT_AT)
    client = as_(people().nurse)
    address = page_of(visit, "time-out")
    form = {
        "confirmed": list(infusion.TIME_OUT),
        "second_person": people().nurse2.id,
        "password_of_second": "wrong",
    }
    refused = client.post(address, {**form, "idempotency_key": key()})
    assert refused.status_code == 422
    assert "it is not right" in text_of(refused)
    form["password_of_second"] = PASSWORD
    assert client.post(address, {**form, "idempotency_key": key()}).status_code == 302
    assert reading.visit(visit).phase == "ready"


def test_the_start_page_shows_every_rule_and_starts(clock: Clock) -> None:
    visit = chairside.ready_visit()
    clock(START)
    client = as_(people().nurse)
    assert "rules are clear" in text_of(client.get(page_of(visit, "start")))
    form = {"pump": "Pump 7", "cannula_site": "left forearm, 22 G", "idempotency_key": key()}
    assert client.post(page_of(visit, "start"), form).status_code == 302
    assert reading.visit(visit).phase == "running"


@pytest.mark.parametrize("part", ["", "now/", "controls/", "record/", "table/"])
@pytest.mark.parametrize(
    "stage",
    [
        checked_in_visit,
        chairside.ordered_visit,
        chairside.ready_visit,
        chairside.running_visit,
        chairside.recovering_visit,
        chairside.discharged_visit,
    ],
    ids=lambda stage: stage.__name__,
)
def test_the_chart_opens_at_every_stage(clock: Clock, stage: Callable[[], StreamId], part: str) -> None:
    visit = stage()
    clock(chairside.LEFT_AT + timedelta(minutes=1))
    answer = as_(people().nurse).get(f"{page_of(visit, 'chart')}{part}")
    assert answer.status_code == 200


def test_signs_that_were_charted_stand_in_chart_table_and_record(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(START + timedelta(minutes=10))
    client = as_(people().nurse)
    form = {"systolic": "142", "diastolic": "88", "pulse": "82", "spo2": "97", "sedation": "5"}
    assert client.post(page_of(visit, "signs"), {**form, "idempotency_key": "once"}).status_code == 302
    assert client.post(page_of(visit, "signs"), {**form, "idempotency_key": "once"}).status_code == 302
    assert len(reading.visit(visit).checks) == 1
    page = text_of(client.get(page_of(visit, "chart")))
    assert "142/88" in page
    assert "last 142 at 10:40" in page


def test_nothing_is_filled_in_for_the_next_check(clock: Clock) -> None:
    visit = chairside.running_visit()
    chairside.chart(visit, START + timedelta(minutes=10))
    clock(START + timedelta(minutes=20))
    html = as_(people().nurse).get(page_of(visit, "chart")).content.decode()
    for name in ("systolic", "diastolic", "pulse", "spo2", "sedation"):
        box = re.search(rf'<input[^>]*name="{name}"[^>]*>', html)
        assert box is not None
        assert 'value="' not in box.group().replace('value=""', "")


def test_a_strange_value_is_asked_about_and_taken_when_meant(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(START + timedelta(minutes=10))
    client = as_(people().nurse)
    form = {"systolic": "240", "diastolic": "120", "pulse": "82"}
    asked = client.post(page_of(visit, "signs"), {**form, "idempotency_key": key()})
    assert asked.status_code == 422
    assert "Really 240 mmHg" in text_of(asked)
    assert 'name="systolic_really"' in asked.content.decode()
    form["systolic_really"] = "on"
    assert client.post(page_of(visit, "signs"), {**form, "idempotency_key": key()}).status_code == 302
    assert reading.visit(visit).checks[-1].payload.confirmed == ("systolic",)


def test_signs_written_down_late_stand_where_they_belong(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(START + timedelta(minutes=30))
    # 14:40 UTC is 10:40 in New York in June.
    form = {"pulse": "82", "happened_at": "2026-06-01T10:40", "idempotency_key": key()}
    assert as_(people().nurse).post(page_of(visit, "signs"), form).status_code == 302
    assert reading.visit(visit).checks[-1].at == START + timedelta(minutes=10)


def test_pause_resume_and_stop_are_one_tap_each(clock: Clock) -> None:
    visit = chairside.running_visit()
    client = as_(people().nurse)
    clock(START + timedelta(minutes=5))
    assert client.post(page_of(visit, "pause"), {"idempotency_key": key()}).status_code == 302
    assert reading.visit(visit).phase == "paused"
    chairside.chart(visit, START + timedelta(minutes=7))
    clock(START + timedelta(minutes=8))
    assert client.post(page_of(visit, "resume"), {"rate": "150", "idempotency_key": key()}).status_code == 302
    clock(START + timedelta(minutes=12))
    stop = {"reason": "clinician_decision", "idempotency_key": "stop-once"}
    assert client.post(page_of(visit, "stop"), stop).status_code == 302
    assert client.post(page_of(visit, "stop"), stop).status_code == 302
    state = reading.visit(visit)
    assert state.phase == "recovery"
    assert state.volume_left(START + timedelta(hours=1)) == Volume.of("77.5")


def test_a_faster_rate_comes_back_asking_for_a_prescriber(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(START + timedelta(minutes=5))
    form = {"rate": "300", "reason": "behind schedule", "idempotency_key": key()}
    answer = as_(people().nurse).post(page_of(visit, "rate"), form)
    assert answer.status_code == 422
    assert "A prescriber must decide this" in text_of(answer)
    assert 'value="300"' in answer.content.decode()


def test_an_event_is_one_tap(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(START + timedelta(minutes=9))
    client = as_(people().nurse)
    assert (
        client.post(page_of(visit, "event"), {"event": "chest_pain", "idempotency_key": key()}).status_code
        == 302
    )
    page = text_of(client.get(f"{page_of(visit, 'chart')}now/"))
    assert "Chest pain" in page
    assert "INF-EVT-001" in page


def test_a_rescue_drug_names_who_ordered_it(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(START + timedelta(minutes=9))
    client = as_(people().nurse)
    form = {
        "drug": "ondansetron",
        "dose": "4",
        "route": "IV",
        "ordered_by": people().prescriber.id,
        "reason": "vomiting",
        "idempotency_key": key(),
    }
    refused = client.post(page_of(visit, "rescue"), form)
    assert refused.status_code == 422
    assert "read back" in text_of(refused)
    assert client.post(page_of(visit, "rescue"), {**form, "read_back": "on"}).status_code == 302


def test_a_very_high_pressure_is_on_the_chart_and_on_the_board(clock: Clock) -> None:
    visit = chairside.running_visit()
    chairside.chart(visit, START + timedelta(minutes=10), chairside.signs(184, 96))
    clock(START + timedelta(minutes=11))
    client = as_(people().nurse)
    assert "INF-BP-002" in text_of(client.get(f"{page_of(visit, 'chart')}now/"))
    board = client.get("/board/tiles/").content.decode()
    assert "ek-tile--alert-high" in board
    assert "184" in board


def test_what_the_monitor_sends_is_on_chart_and_board_with_its_age(clock: Clock) -> None:
    visit = chairside.running_visit()
    chairside.assign_monitor()
    send(*FULL)
    at = START + timedelta(minutes=5)
    client = as_(people().nurse)
    clock(at + timedelta(seconds=5))
    now = text_of(client.get(f"{page_of(visit, 'chart')}now/"))
    assert "131/82" in now
    assert "live" in now
    assert "ek-tile--unmonitored" not in client.get("/board/tiles/").content.decode()
    clock(at + timedelta(seconds=61))
    assert "offline" in text_of(client.get(f"{page_of(visit, 'chart')}now/"))
    assert "ek-tile--unmonitored" in client.get("/board/tiles/").content.decode()


def test_every_chair_has_its_place_on_the_board(clock: Clock) -> None:
    chairs(4)
    chairside.running_visit(chairs(4)[2])
    clock(START + timedelta(minutes=1))
    names = re.findall(r'aria-label="(Chair \d)"', as_(people().front_desk).get("/board/").content.decode())
    assert names == ["Chair 1", "Chair 2", "Chair 3", "Chair 4"]


def test_the_charts_data_say_what_was_given_what_was_missed_and_that_the_level_is_an_estimate(
    clock: Clock,
) -> None:
    visit = chairside.running_visit()
    chairside.chart(visit, START + timedelta(minutes=10))
    clock(START + timedelta(minutes=24))
    data = json.loads(as_(people().nurse).get(f"{page_of(visit, 'chart')}data/").content)
    assert data["start_at"] == START.timestamp()
    # 24 of 40 minutes at the ordered rate: 60 mL of 100 mL with 35 mg.
    assert data["drug"][-1]["given_mg"] == 21
    assert data["planned_end_at"] == (START + timedelta(minutes=40)).timestamp()
    assert data["missed"] == [{"due_at": (START + timedelta(minutes=20)).timestamp(), "late_min": None}]
    predicted = data["predicted"]
    assert predicted["model"] == "Kamp 2020"
    assert predicted["site"] == "arterial-equivalent"
    assert "estimate" in predicted["note"].lower()
    assert predicted["status"] == "ok"
    level = dict(zip(predicted["time"], predicted["level"], strict=True))
    # kamp_2020.toml, checks: 198 ng/mL at 20 min at 70 kg and 0.5 mg/kg; here 35.0 of 35.1 mg and 70.2 kg.
    assert level[(START + timedelta(minutes=20)).timestamp()] == pytest.approx(198, rel=0.01)
    assert max(predicted["time"]) > data["now"]


def test_the_chart_shows_the_level_if_the_pump_stopped_now_while_it_runs(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(START + timedelta(minutes=24))
    client = as_(people().nurse)
    predicted = json.loads(client.get(f"{page_of(visit, 'chart')}data/").content)["predicted"]
    (drawn,) = (way for way in predicted["ways_on"] if way["words"] == "if stopped now")
    stopped = dict(zip(drawn["time"], drawn["level"], strict=True))
    ordered = dict(zip(predicted["time"], predicted["level"], strict=True))
    now, later = START + timedelta(minutes=24), START + timedelta(minutes=40)
    assert min(stopped) == now.timestamp()
    assert stopped[now.timestamp()] == ordered[now.timestamp()]
    # Matrix exponential of Kamp 2020's parameters at 70.2 kg: 0.875 mg/min for 24 min, then nothing for 16.
    assert stopped[later.timestamp()] == pytest.approx(69.0, abs=0.1)
    chairside.stop(visit)
    clock(chairside.STOPPED_AT + timedelta(minutes=1))
    after = json.loads(client.get(f"{page_of(visit, 'chart')}data/").content)["predicted"]
    assert after["ways_on"] == []


def test_the_predicted_level_can_be_switched_off(clock: Clock) -> None:
    visit = chairside.running_visit()
    clinic_settings.change_settings(
        act(people().lead, START),
        clinic_name="Evenkeel clinic",
        predicted_level_shown=False,
        reason="not wanted here",
    )
    clock(START + timedelta(minutes=10))
    client = as_(people().nurse)
    assert json.loads(client.get(f"{page_of(visit, 'chart')}data/").content)["predicted"] is None
    assert "Kamp" not in client.get(page_of(visit, "chart")).content.decode()


def test_what_was_set_aside_is_listed_with_its_reason(clock: Clock) -> None:
    send(control_id="lost")
    answer = as_(people().lead).get("/devices/quarantine/")
    assert "Unknown monitor" in text_of(answer)


def test_a_monitor_is_moved_on_its_page(clock: Clock) -> None:
    chair = chairs()[0]
    client = as_(people().lead)
    form = {"chair": chair, "monitor": "MON-9", "idempotency_key": key()}
    assert client.post("/devices/monitors/", form).status_code == 302
    assert "MON-9" in text_of(client.get("/devices/monitors/"))
    elsewhere = client.post("/devices/monitors/", {**form, "chair": chairs()[1], "idempotency_key": key()})
    assert elsewhere.status_code == 422


@pytest.mark.parametrize(
    "name", ["draw", "double-check", "time-out", "start", "signs", "rate", "pause", "stop", "event", "note"]
)
def test_the_front_desk_charts_nothing(clock: Clock, name: str) -> None:
    visit = chairside.running_visit()
    assert as_(people().front_desk).post(page_of(visit, name), {}).status_code == 403


def test_a_visit_that_is_none_is_not_found(clock: Clock) -> None:
    people()
    address = "/visits/00000000-0000-4000-8000-000000000000/chart/"
    assert as_(people().nurse).get(address).status_code == 404
