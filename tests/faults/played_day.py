"""What people and monitors send while a clinic is being killed, and the comparison with what it kept.

Who sends waits for each answer and, when none comes, sends the same again under the same key: as a browser
does whose person presses "Save" once more, and as a monitor does.
"""

import http.client
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from evenkeel.devices import mllp
from evenkeel.devices.acknowledge import read_acknowledgment
from evenkeel.devices.compose import Monitor, Sample, compose
from evenkeel.devices.nomenclature import Sign

# A double-submit token: the form's field must equal the cookie, and any 32 letters will do.
FORMS_TOKEN: Final = "f" * 32
AGAIN_SECONDS: Final = 0.01
# Longer than any answer takes on a busy machine; what is cut is noticed at once.
ANSWER_SECONDS: Final = 30
VALUES_A_MESSAGE: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One form: where it is sent, what is in it, and the entry that it must leave in the record."""

    key: str
    visit: str
    page: str
    form: dict[str, str]
    kind: str
    says: dict[str, Any]


@dataclass(slots=True)
class Told:
    """What was sent and answered. `again` counts requests that had no answer and were sent once more."""

    steps: list[Step] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)
    again: int = 0
    refused: list[str] = field(default_factory=list)
    # What pages said that could not save.
    broken: list[str] = field(default_factory=list)
    # Keys and control ids that are on their way and have no answer yet.
    waiting: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


def steps_of(visit: str, rng: random.Random, count: int) -> Iterator[Step]:
    """A visit from the start of the pump to its stop, and two checks. Each step says something else."""
    number = 0

    def step(page: str, kind: str, form: dict[str, str], says: dict[str, Any]) -> Step:
        nonlocal number
        number += 1
        key = f"fault-{visit[:8]}-{rng.getrandbits(64):016x}"
        return Step(key=key, visit=visit, page=page, form=form, kind=kind, says=says)

    def check() -> Step:
        # Together with the visit, pressure and pulse name the check: 30 times 40 of them in turn.
        systolic, pulse = str(110 + number % 30), str(60 + number // 30 % 40)
        form = {"systolic": systolic, "diastolic": "74", "pulse": pulse, "spo2": "98", "breaths": "14"}
        form |= {"sedation": "5", "dissociation": "3"}
        return step("signs", "signs.charted", form, {"signs": {"systolic": systolic, "pulse": pulse}})

    def rate() -> str:
        return f"{100 + number % 400 / 10 + 0.1:.1f}"

    start = {"pump": f"Pump {visit[:4]}", "cannula_site": "left forearm, 22 G"}
    yield step("start", "infusion.started", start, {"pump": start["pump"]})
    for _ in range(count):
        chosen = rng.choices(("check", "event", "note", "rate", "pause"), (5, 2, 1, 1, 1))[0]
        words = f"said {number} of {visit[:8]}"
        if chosen == "check":
            yield check()
        elif chosen == "event":
            yield step("event", "event.recorded", {"event": "nausea", "note": words}, {"note": words})
        elif chosen == "note":
            yield step("note", "note.written", {"text": words}, {"text": words})
        elif chosen == "rate":
            form = {"rate": rate(), "reason": words}
            yield step("rate", "infusion.rate_changed", form, {"reason": words})
        else:
            yield step("pause", "infusion.paused", {"reason": words}, {"reason": words})
            # The pump runs again only after a check since the pause (INF-RES-001).
            yield check()
            resumed = rate()
            yield step("resume", "infusion.resumed", {"rate": resumed}, {"rate": resumed})
    words = f"stopped {visit[:8]}"
    yield step("stop", "infusion.stopped", {"reason": "clinician_decision", "note": words}, {"note": words})
    yield check()
    yield check()


def notes_of(visit: str, rng: random.Random) -> Iterator[Step]:
    """Notes without end."""
    number = 0
    while True:
        number += 1
        key, words = f"note-{visit[:8]}-{rng.getrandbits(64):016x}", f"afterward {number} of {visit[:8]}"
        yield Step(
            key=key, visit=visit, page="note", form={"text": words}, kind="note.written", says={"text": words}
        )


class Nurse(threading.Thread):
    """Sends one form after another and goes on only when each was said to be saved.

    `fresh_keys` is a fault on purpose: a form sent again comes as if it were another one.
    """

    def __init__(
        self,
        port: int,
        cookie: str,
        steps: Iterator[Step],
        told: Told,
        *,
        fresh_keys: bool = False,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        super().__init__(daemon=True)
        self._answer_seconds = answer_seconds
        self._port, self._told, self._steps, self._fresh_keys = port, told, steps, fresh_keys
        self._headers = {
            "Cookie": f"{cookie}; forms={FORMS_TOKEN}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Host": "localhost",
        }
        self._line: http.client.HTTPConnection | None = None
        self.leaves = threading.Event()

    def run(self) -> None:
        """Send until there is nothing left to send, or until told to leave."""
        for step in self._steps:
            if self.leaves.is_set() or not self.land(step):
                return

    def land(self, step: Step) -> bool:
        """Send until it is answered; False when it was refused, which ends this nurse's day."""
        tries = 0
        while True:
            try:
                status, words = self._send(step, tries)
            except (OSError, http.client.HTTPException):
                status, words = 0, ""
            if status == 302:
                with self._told.lock:
                    self._told.steps.append(step)
                    self._told.waiting.discard(step.key)
                return True
            if status and status < 500:
                with self._told.lock:
                    self._told.refused.append(f"{step.page} {step.form}: {status} {words[:3000]}")
                return False
            if self._line is not None or status:
                with self._told.lock:
                    self._told.again += 1
                    self._told.broken += [words] if status else []
            self._let_go()
            tries += 1
            time.sleep(AGAIN_SECONDS)

    def _let_go(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None

    def _send(self, step: Step, tries: int) -> tuple[int, str]:
        if self._line is None:
            line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._answer_seconds)
            line.connect()
            self._line = line
        with self._told.lock:
            self._told.waiting.add(step.key)
        key = f"{step.key}-{tries}" if self._fresh_keys else step.key
        fields = {"csrfmiddlewaretoken": FORMS_TOKEN, "idempotency_key": key, **step.form}
        self._line.request("POST", f"/visits/{step.visit}/{step.page}/", urlencode(fields), self._headers)
        answer = self._line.getresponse()
        # The status line alone is no answer: a person sees the page that follows it.
        return answer.status, answer.read().decode()


class Bedside(threading.Thread):
    """A monitor that sends one message after another and repeats each until it is acknowledged."""

    def __init__(
        self, port: int, name: str, visit: str, told: Told, *, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        super().__init__(daemon=True)
        self._answer_seconds = answer_seconds
        self._port, self._visit, self._told = port, visit, told
        self._monitor = Monitor(device_id=name, zone=ZoneInfo("UTC"))
        self._socket: socket.socket | None = None
        self._sent = 0
        self.leaves = threading.Event()

    def run(self) -> None:
        """Send until told to leave."""
        while not self.leaves.is_set():
            self.land()
            time.sleep(AGAIN_SECONDS)

    def land(self) -> None:
        """Send one message until it is acknowledged."""
        self._sent += 1
        control_id = f"{self._monitor.device_id}-{self._sent}"
        samples = [
            Sample(sign=Sign.SPO2, value=Decimal(97 + self._sent % 3)),
            Sample(sign=Sign.PULSE, value=Decimal(60 + self._sent % 30)),
            Sample(sign=Sign.BREATHS, value=Decimal(12 + self._sent % 5)),
        ]
        assert len(samples) == VALUES_A_MESSAGE
        message = compose(self._monitor, samples, control_id=control_id, sent_at=datetime.now(UTC))
        while True:
            try:
                code = self._exchange(message, control_id)
            except (OSError, EOFError):
                if self._socket is not None:
                    self._socket.close()
                    with self._told.lock:
                        self._told.again += 1
                self._socket = None
                time.sleep(AGAIN_SECONDS)
                continue
            with self._told.lock:
                self._told.waiting.discard(control_id)
                if code == "AA":
                    self._told.messages.append((control_id, self._visit))
                else:
                    self._told.refused.append(f"{control_id}: {code}")
            return

    def _exchange(self, message: bytes, control_id: str) -> str:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), self._answer_seconds)
        with self._told.lock:
            self._told.waiting.add(control_id)
        self._socket.sendall(mllp.framed(message))
        frames = mllp.FrameReader()
        while True:
            data = self._socket.recv(65536)
            if not data:
                raise EOFError
            for event in frames.feed(data):
                assert isinstance(event, mllp.Frame), "an answer is short"
                answer = read_acknowledgment(event.message)
                if answer is not None and answer.control_id == control_id:
                    return answer.code


# --- comparing ----------------------------------------------------------------------------------------------


def _holds(payload: Any, says: Any) -> bool:
    if isinstance(says, dict):
        return all(name in payload and _holds(payload[name], value) for name, value in says.items())
    return bool(payload == says)


def faults(told: Told, found: dict[str, Any]) -> list[str]:
    """Everything in which the record differs from what was answered; empty when it holds.

    Every answered form stands in the record exactly once, by what it says and by its key, and nothing else of
    its kinds does; every acknowledged message is there once with all its values; chains, rows and balances
    agree.
    """
    wrong = [f"refused: {each}" for each in told.refused]
    kinds = {step.kind for step in told.steps}
    entries = [entry for entry in found["entries"] if entry["kind"] in kinds]
    claimed = [0] * len(entries)
    said = [(each["visit"], each["kind"], json.loads(each["payload"])) for each in entries]
    for step in told.steps:
        places = [
            place
            for place, (visit, kind, payload) in enumerate(said)
            if visit == step.visit and kind == step.kind and _holds(payload, step.says)
        ]
        for place in places:
            claimed[place] += 1
        if len(places) != 1:
            wrong.append(f"{'lost' if not places else f'{len(places)} times'}: {step.page} {step.says}")
        elif entries[places[0]]["key"] != step.key:
            wrong.append(f"under another key: {step.page} {step.says}")
    wrong += [
        f"never answered: {entry['kind']} {entry['payload']}"
        for entry, times in zip(entries, claimed, strict=True)
        if not times
    ]
    kept = Counter(control for control, _, _ in found["messages"])
    values = {control: (visit, count) for control, visit, count in found["messages"]}
    for control, visit in told.messages:
        if kept[control] != 1 or values[control] != (visit, VALUES_A_MESSAGE):
            wrong.append(f"message {control}: {kept[control]} times, {values.get(control)}")
    strays = kept.keys() - {control for control, _ in told.messages}
    wrong += [f"message {control} was never acknowledged" for control in sorted(strays)]
    if found["set_aside"]:
        wrong.append(f"{found['set_aside']} messages were set aside")
    wrong += found["verified"] + found["ledger"]
    return wrong
