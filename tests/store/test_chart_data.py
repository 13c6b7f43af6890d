"""What the chart draws and its twin says: what was put right or taken back, and what a monitor sent since."""

from datetime import timedelta
from decimal import Decimal

import pytest

from evenkeel.devices.compose import Sample
from evenkeel.devices.nomenclature import Sign
from evenkeel.journey import amendments, infusion
from evenkeel.record.infusion import EventRecorded, SignsCharted
from evenkeel.store import reading
from evenkeel.values.ids import StreamId
from evenkeel.values.quantities import Pressure
from tests import factories_chairside as chairside
from tests.factories import act, key, people
from tests.rules.records import changed
from tests.store.test_chairside_pages import START, Clock, as_, clock, page_of, text_of
from tests.store.test_deferral import DUE, defer
from tests.store.test_monitors import send

__all__ = ["clock"]

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
AT = START + 9 * MINUTE


def put_right(visit: StreamId) -> None:
    """A check of 128/80 whose systolic is amended to 182 a minute later."""
    chairside.chart(visit, AT)
    fact = reading.visit(visit).every(SignsCharted)[-1]
    signs = changed(fact.payload.signs, systolic=Pressure.of(182))
    amendments.amend_entry(
        act(people().nurse, AT + MINUTE),
        stream=visit,
        entry=fact.id,
        payload=changed(fact.payload, signs=signs),
        reason="read wrongly",
    )


def test_an_amended_point_shows_what_it_was_and_what_it_is(clock: Clock) -> None:
    visit = chairside.running_visit()
    put_right(visit)
    clock(AT + 2 * MINUTE)
    client = as_(people().nurse)
    data = client.get(f"{page_of(visit, 'chart')}data/").json()
    now = next(sign for sign in data["signs"] if sign["amended"])
    assert (now["systolic"], now["diastolic"]) == (182, 80)
    assert now["was"].startswith("128/80 mmHg")
    # Only what became another value is struck; the diastolic still stands.
    (struck,) = data["struck"]
    assert (struck["systolic"], struck["diastolic"], struck["pulse"]) == (128, None, None)
    assert struck["now_at"] == now["at"] == AT.timestamp()
    table = text_of(client.get(f"{page_of(visit, 'chart')}table/"))
    assert "182/80" in table
    assert "amended (was 10:39 128/80 mmHg" in table


def test_what_was_taken_back_stays_as_struck_and_counts_for_nothing(clock: Clock) -> None:
    visit = chairside.running_visit()
    chairside.chart(visit, AT)
    fact = reading.visit(visit).every(SignsCharted)[-1]
    amendments.mark_in_error(
        act(people().nurse, AT + MINUTE), stream=visit, entry=fact.id, reason="another patient's"
    )
    clock(AT + 2 * MINUTE)
    client = as_(people().nurse)
    data = client.get(f"{page_of(visit, 'chart')}data/").json()
    assert AT.timestamp() not in {sign["at"] for sign in data["signs"]}
    (struck,) = data["struck"]
    assert (struck["systolic"], struck["diastolic"], struck["now_at"]) == (128, 80, None)
    assert "taken back: 128/80 mmHg" in text_of(client.get(f"{page_of(visit, 'chart')}table/"))


def test_a_page_that_holds_a_monitors_values_is_sent_only_newer_ones(clock: Clock) -> None:
    chairside.assign_monitor()
    visit = chairside.running_visit()
    for minute in (2, 4, 6):
        pulse = Sample(sign=Sign.PULSE, value=Decimal(70 + minute))
        send(pulse, control_id=f"c-{minute}", at=START + minute * MINUTE)
    clock(START + 7 * MINUTE)
    client = as_(people().nurse)
    address = f"{page_of(visit, 'chart')}data/"
    everything = client.get(address).json()

    def device(data: dict[str, list[dict[str, float]]]) -> list[float]:
        return [sign["at"] for sign in data["signs"] if str(sign["source"]) == "device"]

    assert len(device(everything)) == 3
    assert everything["signs_from"] == everything["x"]["from"]
    since = (START + 4 * MINUTE).timestamp()
    fresh = client.get(f"{address}?since={int(since)}").json()
    assert device(fresh) == device(everything)[1:]
    assert everything["x"]["from"] < fresh["signs_from"] <= since
    # What is no number of seconds is passed over.
    assert device(client.get(f"{address}?since=now").json()) == device(everything)
    assert "monitor" in text_of(client.get(f"{page_of(visit, 'chart')}table/"))


def test_a_check_that_was_put_off_is_on_the_chart_and_in_its_table(clock: Clock) -> None:
    visit = chairside.running_visit()
    defer(visit)
    clock(DUE)
    client = as_(people().nurse)
    data = client.get(f"{page_of(visit, 'chart')}data/").json()
    assert data["deferred"] == [
        {
            "due_at": DUE.timestamp(),
            "until_at": (DUE + 5 * MINUTE).timestamp(),
            "label": "put off: asleep",
        }
    ]
    assert "check deferred from 10:40 to 10:45" in text_of(client.get(f"{page_of(visit, 'chart')}table/"))


def test_what_was_just_saved_can_be_undone_by_who_saved_it(clock: Clock) -> None:
    visit = chairside.running_visit()
    infusion.record_event(act(people().nurse, AT), visit=visit, event="nausea", grade=None, note="")
    clock(AT + MINUTE)
    client = as_(people().nurse)
    saved = f"{page_of(visit, 'chart')}saved/"
    said = text_of(client.get(saved))
    for words in ("Saved 10:39", "Nausea", "Undo", "Add a grade or words"):
        assert words in said
    assert "Undo" not in text_of(as_(people().nurse2).get(saved))
    fact = reading.visit(visit).every(EventRecorded)[0]
    address = f"/streams/visit/{page_of(visit, 'x').split('/')[2]}/entries/{fact.seq}/in-error/"
    assert f'action="{address}"' in client.get(saved).content.decode()
    back = page_of(visit, "chart")
    form = {"reason": "Undone at once by who saved it", "next": back, "idempotency_key": key()}
    answer = client.post(address, form)
    assert (answer.status_code, answer.headers["location"]) == (302, back)
    assert not reading.visit(visit).every(EventRecorded)
    assert "Undo" not in text_of(client.get(saved))


def test_what_was_saved_long_ago_is_not_offered_to_be_undone(clock: Clock) -> None:
    visit = chairside.running_visit()
    infusion.record_event(act(people().nurse, AT), visit=visit, event="nausea", grade=None, note="")
    clock(AT + 11 * MINUTE)
    assert "Undo" not in text_of(as_(people().nurse).get(f"{page_of(visit, 'chart')}saved/"))


def test_undoing_a_pause_says_that_the_pump_is_not_touched(clock: Clock) -> None:
    visit = chairside.running_visit()
    infusion.pause(act(people().nurse, AT), visit=visit, reason="")
    clock(AT + MINUTE)
    said = text_of(as_(people().nurse).get(f"{page_of(visit, 'chart')}saved/"))
    assert "Undo changes the record, not the pump." in said
