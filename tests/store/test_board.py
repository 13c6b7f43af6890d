"""The board: how many chairs stand on it, which to look at first, who is here, and the wall."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evenkeel.journey import alerts, presence
from evenkeel.journey.policy import NotPermitted
from evenkeel.store.queries import people as people_now
from evenkeel.store.queries.alerts import for_visit
from evenkeel.web.board import density_of, initials, tiles, worst_of
from tests import factories_chairside as chairside
from tests.factories import act, chairs, people
from tests.store.test_chairside_pages import START, Clock, as_, clock, text_of
from tests.store.test_monitors import FULL, send

__all__ = ["clock"]

pytestmark = pytest.mark.django_db


def tile(chair: str, priority: str | None = None, signal: str = "live") -> dict[str, Any]:
    """A tile as far as its rank goes."""
    alert = {"priority": priority, "cause": f"cause at {chair}", "at": START, "answered": False}
    return {"chair": chair, "state": "running", "alert": alert if priority else None, "signal": signal}


@pytest.mark.parametrize(
    ("count", "density"),
    [
        (1, "few"),
        (6, "few"),
        (7, "many"),
        (12, "many"),
        (13, "dense"),
        (24, "dense"),
        (25, "tight"),
        (50, "tight"),
    ],
)
def test_the_more_chairs_the_closer_they_stand(count: int, density: str) -> None:
    assert density_of(count) == density


def test_the_worst_chair_is_named_first_and_a_chair_that_nobody_watches_before_a_medium_alert() -> None:
    shown: list[dict[str, Any]] = [
        tile("Chair 1", "low"),
        tile("Chair 2", "medium"),
        tile("Chair 3"),
        tile("Chair 4", signal="no signal"),
        tile("Chair 5", "high"),
        tile("Chair 6", "medium"),
        {"chair": "Chair 7", "state": "empty"},
    ]
    worst, more = worst_of(shown)
    assert [each["chair"] for each in worst] == ["Chair 5", "Chair 4", "Chair 2", "Chair 6"]
    assert more == 1
    assert worst_of([tile("Chair 3"), {"chair": "Chair 7", "state": "empty"}]) == ([], 0)


def test_tiles_keep_their_places_whatever_is_wrong(clock: Clock) -> None:
    visit = chairside.running_visit(chairs(9)[8])
    chairside.chart(visit, START + timedelta(minutes=10), chairside.signs(184, 96))
    clock(START + timedelta(minutes=11))
    page = as_(people().nurse).get("/board/")
    words = text_of(page)
    assert words.index("Chair 9") < words.index("Chair 1"), "the worst chair stands above the tiles"
    places = re.findall(r'data-chair="(Chair \d)"', page.content.decode())
    assert places == [f"Chair {number}" for number in range(1, 10)]
    assert "ek-board--many" in page.content.decode()


def test_nothing_wrong_is_said_in_words(clock: Clock) -> None:
    chairs(2)
    clock(START)
    assert "No alert at any chair" in text_of(as_(people().nurse).get("/board/"))


def test_a_wall_that_visitors_pass_shows_nobodys_name(clock: Clock) -> None:
    chairside.running_visit()
    clock(START + timedelta(minutes=1))
    reader = as_(people().front_desk)
    assert "Mara" in text_of(reader.get("/board/"))
    for address in ("/board/wall/", "/board/wall/tiles/"):
        page = reader.get(address)
        assert page.status_code == 200
        assert "Mara" not in page.content.decode()
        assert "EK-" not in page.content.decode()
        assert re.search(r"M\. (\d\. )?T\.", text_of(page))


def test_what_is_written_or_measured_is_on_the_board_at_once_and_what_only_time_moves_within_two_seconds(
    clock: Clock,
) -> None:
    visit = chairside.running_visit()
    chairside.assign_monitor()
    at = START + timedelta(minutes=5)
    clock(at)
    reader = as_(people().nurse)
    before = text_of(reader.get("/board/tiles/"))
    assert "131/82" not in before
    send(*FULL)
    assert "131/82" in text_of(reader.get("/board/tiles/")), "a measurement makes the tile anew"
    chairside.chart(visit, at, chairside.signs(124, 71))
    assert "124/71" in text_of(reader.get("/board/tiles/")), "an entry makes the tile anew"
    # 150 mL/h of 0.35 mg/mL are 0.0146 mg/s, so 7 s later there is another tenth.
    given = re.compile(r"(\d+\.\d) of 35\.1 mg")
    first = given.search(text_of(reader.get("/board/tiles/")))
    clock(at + timedelta(seconds=8))
    later = given.search(text_of(reader.get("/board/tiles/")))
    assert first is not None
    assert later is not None
    assert float(later[1]) > float(first[1])


@pytest.mark.parametrize("count", [3, 12])
def test_a_board_that_was_just_made_asks_the_database_as_often_for_many_chairs_as_for_few(
    clock: Clock, count: int
) -> None:
    for chair in chairs(count):
        chairside.running_visit(chair)
    at = START + timedelta(minutes=1)
    tiles(at)
    with CaptureQueriesContext(connection) as asked:
        tiles(at + timedelta(seconds=1))
    # Visits, bookings, people, heads, messages twice, and chairs.
    assert len(asked) <= 8


def test_an_alert_that_is_over_stays_until_somebody_answers_it(clock: Clock) -> None:
    visit = chairside.running_visit()
    at = START + timedelta(minutes=5)
    chairside.chart(visit, at, chairside.signs(186, 96))
    clock(at + timedelta(minutes=1))
    chairside.chart(visit, at + timedelta(minutes=1), chairside.signs(128, 80))
    clock(at + timedelta(minutes=2))
    reader = as_(people().nurse)
    assert "Systolic pressure 186 mmHg, over" in text_of(reader.get("/board/tiles/"))
    for alert in for_visit(visit).unanswered:
        said = act(people().nurse, at + timedelta(minutes=2))
        if for_visit(visit).alert(alert.id).waits:  # type: ignore[union-attr]  # it was listed a moment ago
            alerts.answer(said, visit=visit, alert=alert.id, choice="false_reading", note="arm was bent")
    assert "186" not in text_of(reader.get("/board/tiles/"))


def test_who_has_seen_an_alert_makes_its_sound_quiet_and_it_stays_on_the_board(clock: Clock) -> None:
    visit = chairside.running_visit()
    at = START + timedelta(minutes=5)
    chairside.chart(visit, at, chairside.signs(186, 96))
    clock(at)
    [worst, *_] = for_visit(visit).open
    alerts.acknowledge(act(people().nurse, at), visit=visit, alert=worst.id)
    words = text_of(as_(people().nurse).get("/board/tiles/"))
    assert "Systolic pressure 186 mmHg" in words
    # INF-ALM-002: two minutes, and the clinic's clock shows 10:35 at the start's fifth minute.
    assert "sound off until 10:37" in words
    alerts.answer(
        act(people().nurse, at),
        visit=visit,
        alert=worst.id,
        choice="expected",
        note="watching, next in 2 min",
    )
    words = text_of(as_(people().nurse).get("/board/tiles/"))
    assert "answered" in words


def test_what_fires_is_on_the_board_also_when_nothing_raises_alerts(clock: Clock) -> None:
    visit = chairside.running_visit()
    # Nobody looks as time passes here, so no late check is raised.
    clock(START + timedelta(minutes=13))
    assert for_visit(visit).open == ()
    assert "Check late, due 3 min ago" in text_of(as_(people().nurse).get("/board/tiles/"))


def test_initials_are_the_first_letters_of_each_part() -> None:
    assert initials("Ana R.") == "A. R."
    assert initials("Mary Ann de Vries") == "M. A. d. V."


def test_nobody_is_on_site_until_they_say_so(clock: Clock) -> None:
    clock(START)
    chairs(1)
    prescriber = as_(people().prescriber)
    assert people_now.on_site(at=START) == ()
    assert "No prescriber has said to be on site" in text_of(prescriber.get("/board/"))
    assert prescriber.post("/board/here/").status_code == 302
    assert f"Prescriber on site {people().prescriber.printed_name}" in text_of(prescriber.get("/board/"))
    assert prescriber.post("/board/gone/").status_code == 302
    assert "No prescriber has said to be on site" in text_of(prescriber.get("/board/"))


def test_being_on_site_ends_with_the_working_day() -> None:
    presence.come(act(people().prescriber, START))
    assert people_now.on_site(at=START + timedelta(hours=11, minutes=59))
    assert people_now.on_site(at=START + timedelta(hours=12)) == ()


def test_while_drug_runs_without_a_prescriber_the_board_says_so_loudly(clock: Clock) -> None:
    clock(START + timedelta(minutes=1))
    reader = as_(people().nurse)
    chairs(2)
    assert "ek-here__line--missing" not in reader.get("/board/").content.decode()
    chairside.running_visit()
    assert "ek-here__line--missing" in reader.get("/board/").content.decode()


def test_nurses_stand_there_with_their_chairs_and_who_is_free_first(clock: Clock) -> None:
    chairside.running_visit()
    at = START + timedelta(minutes=1)
    clock(at)
    presence.come(act(people().nurse, at))
    presence.come(act(people().nurse2, at))
    words = text_of(as_(people().nurse).get("/board/"))
    free, busy = f"{people().nurse2.printed_name} free", f"{people().nurse.printed_name} Chair 1"
    assert free in words
    assert busy in words
    assert words.index(free) < words.index(busy)


def test_a_nurses_chairs_are_named_as_they_stand_and_not_by_who_began_first(clock: Clock) -> None:
    for chair in (chairs(3)[2], chairs(3)[0]):
        chairside.running_visit(chair)
    at = START + timedelta(minutes=1)
    clock(at)
    presence.come(act(people().nurse, at))
    words = text_of(as_(people().nurse).get("/board/"))
    assert f"{people().nurse.printed_name} Chair 1, Chair 3" in words


def test_nobody_leaves_who_is_responsible_for_a_patient_under_the_drug(clock: Clock) -> None:
    chairside.running_visit()
    at = START + timedelta(minutes=1)
    clock(at)
    presence.come(act(people().nurse, at))
    client = as_(people().nurse)
    answer = client.post("/board/gone/", follow=True)
    assert "You are responsible for the patient at Chair 1. Hand over before you leave." in text_of(answer)
    assert [person.id for person in people_now.on_site(at=at)] == [people().nurse.id]


def test_the_front_desk_does_not_say_who_is_on_site() -> None:
    with pytest.raises(NotPermitted):
        presence.come(act(people().front_desk, START))
