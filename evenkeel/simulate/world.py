"""The played world: one clock, one queue of what happens next, and the doors through which it happens."""

import asyncio
import hashlib
import heapq
import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from evenkeel.devices import mllp
from evenkeel.journey import monitors
from evenkeel.journey.acting import Act, KeyReused
from evenkeel.simulate.artefacts import RATES, Rates
from evenkeel.simulate.faults import FAULTS, Faults
from evenkeel.simulate.habits import STAFF_HABITS, Habits
from evenkeel.simulate.scenario import REFUSED, Kind, NoWitness, Scenario, Step, Witness
from evenkeel.simulate.staff import Colleague
from evenkeel.values.ids import ChairId, IdempotencyKey, StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.values.shape import frozen

P = ParamSpec("P")
T = TypeVar("T")

# A story yields the moment at which it wants to go on.
Story = Iterator[datetime]

log = logging.getLogger("evenkeel.simulate")


# Chairs of the demo clinic, in their places on the board; a played day may have others.
CHAIRS: Final = tuple(ChairId(f"chair-{number}") for number in range(1, 11))

# The answer to a request that was carried out before its process was killed, and is put in other words now.
CARRIED_OUT_BEFORE: Final = "carried out before"


@frozen
class Weather:
    """What goes wrong in a world: how staff slip, what monitors get wrong, which lines fail."""

    habits: Habits = STAFF_HABITS["usual"]
    artefacts: Rates = field(default_factory=lambda: RATES["usual"])
    faults: Faults = FAULTS["none"]


class StoryEndedEarly(Exception):
    """Somebody else's hand was on the record, and the story no longer fits it."""


class Line:
    """A monitor's cable: an MLLP client on a thread of its own, so that a story can send and wait."""

    def __init__(self, host: str, port: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="monitors", daemon=True)
        self._thread.start()
        self._sender = mllp.Sender(host, port, attempts=3)

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run asynchronous work on the cable's thread and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def send(self, message: bytes) -> str:
        """Send one message; return the code of its acknowledgment."""
        return self.call(self._sender.send(message)).code

    def close(self) -> None:
        """Let the connection and the thread go."""
        self.call(self._sender.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class OwnListener:
    """A clinic's monitor socket inside this process, on the played clock, for when no clinic is serving."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="listener", daemon=True)
        self._thread.start()
        opening = mllp.serve("127.0.0.1", 0, self._receive)
        self._listener = asyncio.run_coroutine_threadsafe(opening, self._loop).result()
        self.port = self._listener.port

    async def _receive(self, raw: bytes) -> bytes:
        return await sync_to_async(self._take_in, thread_sensitive=False)(raw)

    def _take_in(self, raw: bytes) -> bytes:
        close_old_connections()
        try:
            return monitors.receive(raw, received_at=self._clock())
        finally:
            close_old_connections()

    def close(self) -> None:
        """Stop listening."""
        asyncio.run_coroutine_threadsafe(self._listener.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class World:
    """The clock, the queue and the doors.

    `played_until` is how far an earlier process played the same world: stories run through that span again
    without acting, so that they stand where they were. From `looked_at_from` on it is played as it goes on
    when it is served. A `lenient` world lets a story end when real hands have changed what it stood on;
    otherwise a refusal is a fault of the story. `played` is what an earlier process was answered: nothing of
    it is asked again. `tally` counts what went wrong, by its name.
    """

    def __init__(
        self,
        *,
        seed: int,
        opens_at: datetime,
        lenient: bool = False,
        weather: Weather | None = None,
        chairs: tuple[ChairId, ...] = CHAIRS,
        witness: Witness | None = None,
        played: Scenario | None = None,
    ) -> None:
        self.seed = seed
        self.opens_at = opens_at
        self.now = opens_at - timedelta(days=400)
        self.played_until: datetime | None = None
        self.looked_at_from: datetime | None = None
        self.lenient = lenient
        self.weather = weather or Weather()
        self.chairs = chairs
        self.line: Line | None = None
        self.booked: set[tuple[str, datetime]] = set()
        self.seated: dict[ChairId, StreamId] = {}
        self.tally: Counter[str] = Counter()
        self._witness = witness or NoWitness()
        self._played = played or Scenario()
        self._asked = 0
        self._begun = 0
        self._queue: list[tuple[datetime, int, Story]] = []

    def begin(self, story: Story) -> None:
        """Put a story on the stage; it runs to its first moment at once."""
        self._begun += 1
        self._next(self._begun, story)

    def _next(self, place: int, story: Story) -> None:
        try:
            heapq.heappush(self._queue, (next(story), place, story))
        except StopIteration:
            return
        except StoryEndedEarly as ended:
            log.info("a demo story ended early: %s", ended)

    def play(self, until: datetime) -> None:
        """Let everything happen that is due up to a moment."""
        while (at := self.next_at) is not None and at <= until:
            at, place, story = heapq.heappop(self._queue)
            self.now = max(self.now, at)
            self._next(place, story)
        self.now = max(self.now, until)

    @property
    def next_at(self) -> datetime | None:
        """When the next thing happens; None when every story is told."""
        return self._queue[0][0] if self._queue else None

    @property
    def is_replaying(self) -> bool:
        """Whether an earlier process has played this moment already."""
        return self.played_until is not None and self.now <= self.played_until

    @property
    def is_looked_at(self) -> bool:
        """Whether somebody looks at the clinic now, or will right after it: monitors send often."""
        return self.is_live or (self.looked_at_from is not None and self.now >= self.looked_at_from)

    @property
    def is_live(self) -> bool:
        """Whether the world follows the machine's clock beside a serving clinic."""
        return self.lenient and not self.is_replaying

    def send(self, message: bytes, monitor: str = "nobody's") -> None:
        """Send a monitor's message down the line, if there is one and it was not sent before."""
        if self.line is None or self.is_replaying:
            return
        key = f"message-{self.now.timestamp():.0f}-{hashlib.sha256(message).hexdigest()}"
        line = self.line
        try:
            self.ask("message", monitor, "message", key, lambda: line.send(message))
        except mllp.NoAcknowledgmentError:
            if not self.lenient:
                raise

    def ask(self, kind: Kind, hand: str, name: str, key: str, send: Callable[[], str]) -> str:
        """Ask the clinic for one thing under its key, with a witness; what was answered before is not asked.

        An answer that is lost is asked for again and must be the same. A refusal is raised as it comes.
        """
        self._asked += 1
        if key in self._played.answers:
            return self._played.answers[key]
        step = Step(number=self._asked, at=self.now, kind=kind, hand=hand, name=name, key=key)
        self._witness.sends(step)
        try:
            answer = self._sent_again(key, send)
            if self._happens(self.weather.faults.answer_lost, "answer lost", key):
                assert send() == answer, f"{name} was answered otherwise when it came again under its key"
        except UnableTo as refusal:
            self._witness.hears(step, f"{REFUSED}{type(refusal).__name__}")
            raise
        self._witness.hears(step, answer)
        return answer

    def _sent_again(self, key: str, send: Callable[[], str]) -> str:
        """Send, also what a process that was killed had sent, of which nobody heard the answer.

        What was carried out then may have changed what a story would write now. The clinic says so by the
        key, and what it wrote then stands.
        """
        try:
            return send()
        except KeyReused:
            if key not in self._played.sent:
                raise
            return CARRIED_OUT_BEFORE

    def reaches_the_clinic_at(self, key: str) -> datetime:
        """When a request that is sent now arrives: at once, or on the second attempt."""
        faults = self.weather.faults
        if self._happens(faults.request_lost, "request lost", key):
            return self.now + timedelta(seconds=faults.resend_seconds)
        return self.now

    def _happens(self, rate: float, what: str, key: str) -> bool:
        if rate <= 0 or random.Random(f"{self.seed}/{what}/{key}").random() >= rate:
            return False
        self.count(what)
        return True

    def count(self, what: str) -> None:
        """Count something that went wrong, once, however often its moment is played again."""
        if not self.is_replaying:
            self.tally[what] += 1


class Hand:
    """One story's hand: numbers its requests, so that the same story sends the same requests again."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name
        self._count = 0

    def act(self, who: Colleague, happened_at: datetime | None = None) -> Act:
        """Make the next act of this story."""
        self._count += 1
        key = f"demo-{self._world.seed}-{self._name}-{self._count}"
        return Act(
            by=who.author,
            happened_at=happened_at or self._world.now,
            recorded_at=self._world.reaches_the_clinic_at(key),
            key=IdempotencyKey(key),
        )

    def make(
        self,
        use_case: Callable[Concatenate[Act, P], StreamId],
        who: Colleague,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> StreamId:
        """Carry out a use case whose answer the story needs; sent again, it gives the same answer."""
        act = self.act(who)
        if self._world.is_replaying:
            return self._sent(lambda: use_case(act, *args, **kwargs))
        return StreamId(self._ask(use_case.__name__, act, lambda: use_case(act, *args, **kwargs)))

    def do(
        self,
        use_case: Callable[Concatenate[Act, P], StreamId],
        who: Colleague,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> IdempotencyKey:
        """Carry out a use case, unless an earlier process already did. Returns the request's key."""
        return self.do_at(None, use_case, who, *args, **kwargs)

    def do_at(
        self,
        happened_at: datetime | None,
        use_case: Callable[Concatenate[Act, P], StreamId],
        who: Colleague,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> IdempotencyKey:
        """Carry out a use case for something that happened at an earlier moment; None is now."""
        act = self.act(who, happened_at)
        if not self._world.is_replaying:
            self._ask(use_case.__name__, act, lambda: use_case(act, *args, **kwargs))
        return act.key

    def is_refused(
        self,
        use_case: Callable[Concatenate[Act, P], StreamId],
        who: Colleague,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> bool:
        """Try what the clinic ought to refuse, and say whether it did."""
        act = self.act(who)
        if self._world.is_replaying:
            return True
        try:
            answer = self._world.ask(
                "act", self._name, use_case.__name__, act.key, lambda: use_case(act, *args, **kwargs)
            )
        except UnableTo:
            return True
        return answer.startswith(REFUSED)

    def _ask(self, name: str, act: Act, send: Callable[[], StreamId]) -> str:
        return self._sent(lambda: self._world.ask("act", self._name, name, act.key, send))

    def _sent(self, send: Callable[[], T]) -> T:
        try:
            return send()
        except UnableTo as refusal:
            raise self._unfit(refusal) from refusal

    def _unfit(self, refusal: UnableTo) -> Exception:
        if self._world.lenient:
            return StoryEndedEarly(str(refusal))
        sentences = " ".join(issue.sentence for issue in refusal.issues)
        return AssertionError(f"{self._name} at {self._world.now:%F %T}: {sentences}")


class Playing:
    """A world with its own listener, for the time of a `with` block."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __enter__(self) -> Self:
        self._listener = OwnListener(lambda: self._world.now)
        self._world.line = Line("127.0.0.1", self._listener.port)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._world.line is not None, "the line was laid on entering"
        self._world.line.close()
        self._world.line = None
        self._listener.close()
