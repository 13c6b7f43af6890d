"""A few requests at a time: each lane gets on whatever stands in another, and nobody is refused."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from evenkeel.web import lanes
from evenkeel.web.lanes import PAGES_AT_ONCE, PARTS_AT_ONCE, SENT_AT_ONCE, Lanes

SOON_S = 20
A_WHILE_S = 0.3

asks = RequestFactory()
REQUESTS: dict[str, tuple[int, Callable[[], HttpRequest]]] = {
    "sent": (SENT_AT_ONCE, lambda: asks.post("/visits/made-up/signs/")),
    "parts": (PARTS_AT_ONCE, lambda: asks.get("/board/tiles/", headers={"X-Evenkeel-Fragment": "1"})),
    "data": (PARTS_AT_ONCE, lambda: asks.get("/data/", headers={"Sec-Fetch-Dest": "empty"})),
    "pages": (PAGES_AT_ONCE, lambda: asks.get("/stock/")),
    "levels": (PAGES_AT_ONCE, lambda: asks.get("/levels/", headers={"X-Evenkeel-Fragment": "levels"})),
}


class House:
    """A clinic in which every answer takes until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.inside = threading.Semaphore(0)
        self._lanes = Lanes(self._answer)
        self._threads: list[threading.Thread] = []

    def _answer(self, request: HttpRequest) -> HttpResponse:
        self.inside.release()
        assert self.let_go.wait(SOON_S)
        return HttpResponse("here")

    def ask(self, request: HttpRequest) -> None:
        """Somebody asks."""
        thread = threading.Thread(target=partial(self._lanes, request))
        self._threads.append(thread)
        thread.start()

    def gets_in(self, seconds: float = SOON_S) -> bool:
        """Whether one more comes to where answers are made."""
        return self.inside.acquire(timeout=seconds)

    def close(self) -> None:
        """Let everybody go."""
        self.let_go.set()
        for thread in self._threads:
            thread.join(SOON_S)
            assert not thread.is_alive()


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_lane_takes_so_many_at_once_and_the_next_when_one_is_done(kind: str) -> None:
    places, request = REQUESTS[kind]
    house = House()
    for _ in range(places + 1):
        house.ask(request())
    assert all(house.gets_in() for _ in range(places))
    assert not house.gets_in(A_WHILE_S)
    house.let_go.set()
    assert house.gets_in()
    house.close()


@pytest.mark.parametrize("slow", ["pages", "parts", "sent"])
def test_what_stands_in_one_lane_holds_up_no_other(slow: str) -> None:
    house = House()
    places, request = REQUESTS[slow]
    for _ in range(places + 1):
        house.ask(request())
    assert all(house.gets_in() for _ in range(places))
    for other in {"pages", "parts", "sent"} - {slow}:
        house.ask(REQUESTS[other][1]())
        assert house.gets_in()
    house.close()


def test_who_has_waited_long_enough_goes_on_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "PATIENCE_SECONDS", A_WHILE_S)
    house = House()
    for _ in range(PARTS_AT_ONCE + 1):
        house.ask(REQUESTS["parts"][1]())
    assert all(house.gets_in() for _ in range(PARTS_AT_ONCE + 1))
    house.close()


def test_an_answer_that_fails_gives_its_turn_back() -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        raise ValueError("made up")

    broken = Lanes(fail)
    for _ in range(SENT_AT_ONCE + 1):
        with pytest.raises(ValueError, match="made up"):
            broken(REQUESTS["sent"][1]())
