"""One case of a rule's table: where it lies, what the rule is asked about and what it must answer."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from evenkeel.record.verdict import Answer

DAY = date(2026, 6, 1)

Where = Literal["below", "at", "above", "missing", "yes", "no", "other"]


@dataclass(frozen=True, slots=True)
class Case:
    """`where` is the side of the limit; `answer` comes from the statement and source, never from the code.

    `says` is what a person then reads: what the rule saw, or what it lacks; None where a case leaves that to
    another of its rule.
    """

    rule: str
    where: Where
    subject: object
    answer: Answer
    note: str = ""
    on: date = DAY
    says: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return " ".join(filter(None, (self.rule, self.where, self.note)))
