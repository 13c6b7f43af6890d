"""Questions of a checklist: read in order, asked where they apply, and clear on the safe answer only."""

from pathlib import Path

import pytest

from evenkeel.clinical import questions
from evenkeel.clinical.questions import Question, check_of, read_questions
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Unknown
from evenkeel.record.screening import Tri
from evenkeel.values.shape import frozen

FEVER = Question(
    key="fever",
    text="Do you have a fever?",
    hint="38 °C or more",
    group="today",
    subject="fever",
    rule="TOY-FEV-001",
    safe="no",
)
RIDE = Question(
    key="ride",
    text="Is there somebody to take you home?",
    hint="",
    group="today",
    subject="a ride home",
    rule="TOY-RID-001",
    safe="yes",
    indications=("depression", "ptsd"),
)
NO_LIMITS = Limits(by_name={})


@frozen
class Answered:
    """Answers of somebody whose indication nobody asks about."""

    answers: dict[str, Tri]


@frozen
class AnsweredFor:
    """Answers of somebody who comes for something."""

    answers: dict[str, Tri]
    indication: str | None


FINDINGS: list[tuple[Question, dict[str, Tri], Finding]] = [
    (FEVER, {"fever": "no"}, Clear()),
    (FEVER, {"fever": "yes"}, Fires(evidence=("fever: yes",))),
    (FEVER, {"fever": "unknown"}, Unknown(missing=("fever",))),
    (FEVER, {"ride": "no"}, Unknown(missing=("fever",))),
    (RIDE, {"ride": "yes"}, Clear()),
    (RIDE, {"ride": "no"}, Fires(evidence=("a ride home: no",))),
]


@pytest.mark.parametrize(("question", "answers", "finding"), FINDINGS)
def test_only_the_safe_answer_is_clear(question: Question, answers: dict[str, Tri], finding: Finding) -> None:
    assert question.finding(answers) == finding
    assert check_of(question)(Answered(answers=answers), NO_LIMITS) == finding


def test_a_question_is_asked_for_its_indications_or_for_all() -> None:
    assert [FEVER.is_asked_for(each) for each in ("depression", "pain")] == [True, True]
    assert [RIDE.is_asked_for(each) for each in ("depression", "ptsd", "pain")] == [True, True, False]


def test_who_is_not_asked_is_clear() -> None:
    check = check_of(RIDE)
    nothing: dict[str, Tri] = {}
    no_ride: dict[str, Tri] = {"ride": "no"}
    for answers in (nothing, no_ride):
        assert check(AnsweredFor(answers=answers, indication="pain"), NO_LIMITS) == Clear()
    assert check(AnsweredFor(answers={}, indication="ptsd"), NO_LIMITS) == Unknown(missing=("a ride home",))
    # While nobody has said what for, and where nobody says, it is asked.
    assert check(AnsweredFor(answers={}, indication=None), NO_LIMITS) == Unknown(missing=("a ride home",))
    assert check(Answered(answers={}), NO_LIMITS) == Unknown(missing=("a ride home",))


TOY = """\
[[question]]
key = "ride"
text = "Is there somebody to take you home?"
hint = ""
group = "today"
subject = "a ride home"
rule = "TOY-RID-001"
safe = "yes"
indications = ["depression", "ptsd"]

[[question]]
key = "fever"
text = "Do you have a fever?"
hint = "38 °C or more"
group = "today"
subject = "fever"
rule = "TOY-FEV-001"
safe = "no"
"""


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of rules of one's own."""
    monkeypatch.setattr(questions, "RULES", tmp_path)
    return tmp_path


def test_questions_are_read_in_the_order_of_their_file(rules: Path) -> None:
    (rules / "toy.toml").write_text(TOY, "utf-8")
    assert read_questions("toy") == (RIDE, FEVER)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('key = "fever"', 'key = "ride"', r"^a question of toy stands twice$"),
        ('safe = "no"', 'safe = "unknown"', r"^the safe answer is yes or no$"),
        ('safe = "yes"', 'safe = "maybe"', r"^the safe answer is yes or no$"),
    ],
)
def test_questions_that_do_not_add_up_stop_the_program(
    old: str, new: str, sentence: str, rules: Path
) -> None:
    (rules / "toy.toml").write_text(TOY.replace(old, new), "utf-8")
    with pytest.raises(AssertionError, match=sentence):
        read_questions("toy")
