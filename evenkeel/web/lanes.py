"""A few requests at a time, so that charting does not wait for fifty screens.

Threads of one Python process take turns to compute. When many work at once, each of them waits for all the
others after every question to the database, and whoever holds the turn to write holds up the next writer for
as long. Fewer at once finish sooner, one after another (docs/evidence/chairside.md has the figures).

There are three lanes, and each gets on whatever stands in another: what people send, what screens fetch by
themselves, and everything else, where a report may take its time.
"""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponseBase

from evenkeel.store.turns import Turns
from evenkeel.web.middleware import by_itself

# One of two may be slow, such as a replay of many messages or a report, without holding up the other.
SENT_AT_ONCE: Final = 2
PAGES_AT_ONCE: Final = 2
# Every screen asks for its parts again and again, each in a few hundredths of a second.
PARTS_AT_ONCE: Final = 1
# Who has waited this long goes on all the same: lanes keep order, and refuse nobody. Proposal.
PATIENCE_SECONDS: Final = 5.0


class Lanes:
    """Lets a request go on when it is its turn in its lane."""

    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._sent, self._parts = Turns(SENT_AT_ONCE), Turns(PARTS_AT_ONCE)
        self._pages = Turns(PAGES_AT_ONCE)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Wait for a turn, and hand it on once the answer is made; a stream is sent after that."""
        lane = self._lane(request)
        has_turn = lane.take(PATIENCE_SECONDS)
        try:
            return self.get_response(request)
        finally:
            if has_turn:
                lane.give()

    def _lane(self, request: HttpRequest) -> Turns:
        if request.method not in ("GET", "HEAD"):
            return self._sent
        # The explorer works out six models at a time.
        is_quick = by_itself(request) and request.headers.get("X-Evenkeel-Fragment") != "levels"
        return self._parts if is_quick else self._pages
