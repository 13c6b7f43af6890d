"""The questions of a checklist: what staff ask, which answer is the safe one and which rule bears on it."""

import tomllib
from typing import Any

from evenkeel.clinical.rulebook import RULES, Check, Clear, Finding, Fires, Limits, Unknown
from evenkeel.record.screening import Tri
from evenkeel.values.shape import frozen


@frozen
class Question:
    """One question. It is asked for the indications named, or for all when none is named.

    `subject` says in a few words what is asked about, for "Not known: ..." and for evidence.
    """

    key: str
    text: str
    hint: str
    group: str
    subject: str
    rule: str
    safe: Tri
    indications: tuple[str, ...] = ()

    def is_asked_for(self, indication: str) -> bool:
        """Whether a patient with this indication is asked."""
        return not self.indications or indication in self.indications

    def finding(self, answers: dict[str, Tri]) -> Finding:
        """Clear on the safe answer only; no answer and "unknown" are both Unknown."""
        answer = answers.get(self.key, "unknown")
        if answer == "unknown":
            return Unknown(missing=(self.subject,))
        return Clear() if answer == self.safe else Fires(evidence=(f"{self.subject}: {answer}",))


def read_questions(stage: str) -> tuple[Question, ...]:
    """Read the `[[question]]` tables of a stage's rule file, in the order in which they are asked."""
    tables: list[dict[str, Any]] = tomllib.loads((RULES / f"{stage}.toml").read_text("utf-8"))["question"]
    found = tuple(
        Question(**{**table, "indications": tuple(table.get("indications", ()))}) for table in tables
    )
    assert len({question.key for question in found}) == len(found), f"a question of {stage} stands twice"
    assert {question.safe for question in found} <= {"yes", "no"}, "the safe answer is yes or no"
    return found


def check_of(question: Question) -> Check:
    """The shape of a rule that is one question, asked of whatever holds `answers` (and an `indication`)."""

    def check(subject: Any, _: Limits) -> Finding:
        indication: str | None = getattr(subject, "indication", None)
        if indication is not None and not question.is_asked_for(indication):
            return Clear()
        return question.finding(subject.answers)

    return check
