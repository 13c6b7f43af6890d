"""What a played day asks of the clinic: every request with its key, and what the clinic answered.

A witness is told before each request is sent and after each answer is heard. Between the two stands the
clinic: a witness may end the process there, or wait as a slow disk would. A journal is the witness that
writes both down, on disk before the next thing happens, so that afterwards it is known what had been
acknowledged. A day that is played on from a journal does not ask again for what was answered, and asks again,
with the same keys, for what was not.
"""

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Literal, Protocol, Self

from evenkeel.values.shape import frozen

Kind = Literal["act", "message", "watch"]


@frozen
class Step:
    """One request: its place in the day from 1, the played moment, who sends what, and under which key.

    `hand` is the story that acts, the monitor, or the clinic that looks by the clock; `name` is the use
    case, or the kind.
    """

    number: int
    at: datetime
    kind: Kind
    hand: str
    name: str
    key: str


class Witness(Protocol):
    """Who watches what is asked and answered."""

    def sends(self, step: Step) -> None:
        """Told before the request is sent."""

    def hears(self, step: Step, answer: str) -> None:
        """Told when the answer has come; a refusal is an answer too, and begins with REFUSED."""


REFUSED = "refused: "


class NoWitness:
    """Nobody watches."""

    def sends(self, step: Step) -> None:
        """Pay no heed."""

    def hears(self, step: Step, answer: str) -> None:
        """Pay no heed."""


@frozen
class Scenario:
    """What was asked so far, in order, and the answer to each key that had one.

    A key that is asked for again, after a process was killed, stands in `steps` again.
    """

    steps: tuple[Step, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def acknowledged(self) -> tuple[Step, ...]:
        """The steps that were carried out, each key once."""
        first = {step.key: step for step in reversed(self.steps)}
        return tuple(
            step
            for step in self.steps
            if first[step.key] is step and not self.answers.get(step.key, REFUSED).startswith(REFUSED)
        )

    @property
    def unanswered(self) -> tuple[Step, ...]:
        """The steps of which nobody knows whether they were carried out."""
        return tuple(step for step in self.steps if step.key not in self.answers)

    @property
    def sent(self) -> Counter[str]:
        """How often each key was sent."""
        return Counter(step.key for step in self.steps)


class Journal:
    """A file of one line for each request and each answer, and the witness that writes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._end_what_was_cut_short()
        self._file = self._path.open("ab")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._file is not None, "a journal is closed after it was opened"
        self._file.close()

    def sends(self, step: Step) -> None:
        """Write the request down."""
        line = {name: getattr(step, name) for name in Step.__dataclass_fields__}
        self._write({"asks": line | {"at": step.at.isoformat()}})

    def hears(self, step: Step, answer: str) -> None:
        """Write the answer down."""
        self._write({"key": step.key, "answer": answer})

    def _write(self, line: dict[str, Any]) -> None:
        assert self._file is not None, "a journal is written to while it is open"
        self._file.write(json.dumps(line).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _end_what_was_cut_short(self) -> None:
        """A line that a killed process left half written counts for nothing, and must not eat the next."""
        if self._path.exists() and (kept := self._path.read_bytes()) and not kept.endswith(b"\n"):
            self._path.write_bytes(kept[: kept.rfind(b"\n") + 1])


def read_journal(path: Path) -> Scenario:
    """Read a journal, also one whose writer was killed. A file that is not there is an empty one."""
    if not path.exists():
        return Scenario()
    steps: list[Step] = []
    answers: dict[str, str] = {}
    for line in path.read_bytes().splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        found = json.loads(line)
        if "asks" in found:
            asked = found["asks"]
            steps.append(Step(**(asked | {"at": datetime.fromisoformat(asked["at"])})))
        else:
            answers[found["key"]] = found["answer"]
    return Scenario(steps=tuple(steps), answers=MappingProxyType(answers))
