"""The work-up before a course: which tests there are, what each may show, and the rules on them."""

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Literal, Protocol, get_args

from evenkeel.clinical.rulebook import RULES, Clear, Finding, Fires, Limits, Unknown, rule
from evenkeel.record.screening import Checklist, WorkupLine
from evenkeel.values.quantities import Score
from evenkeel.values.shape import frozen

WorkupKind = Literal["heart", "blood", "urine", "airway"]
# What else a clinic may ask for beside tests: what is measured, and the points of the screen for sleep apnea.
MEASURES: Final = {"weight": "weight", "height": "height", "stop_bang": "STOP-Bang points"}
# The questionnaire has eight questions.
STOP_BANG_MAX: Final = 8

_NOTHING: Final = WorkupLine(result="unknown")


@frozen
class WorkupTest:
    """One test. `kind` says which limit its age is held against; `normal` and `abnormal` are its words."""

    key: str
    label: str
    hint: str
    kind: WorkupKind
    normal: str = "Normal"
    abnormal: str = "Abnormal"
    may_not_apply: bool = False


class HasWorkup(Protocol):
    """Whatever the rules on the work-up can be asked about."""

    @property
    def checklist(self) -> Checklist:
        """What was answered and measured."""
        ...

    @property
    def on(self) -> date:
        """The day on which the results are looked at."""
        ...


def read_tests(path: Path) -> dict[str, WorkupTest]:
    """Read the `[[workup]]` tables of a rule file, by key, in their order."""
    tables = tomllib.loads(path.read_text("utf-8"))["workup"]
    found = {table["key"]: WorkupTest(**table) for table in tables}
    assert len(found) == len(tables), "a test of the work-up stands twice"
    assert {each.kind for each in found.values()} <= set(get_args(WorkupKind)), "a test of no known kind"
    return found


TESTS: Final = read_tests(RULES / "screening.toml")


def is_positive(checklist: Checklist, key: str) -> bool:
    """Whether a test was read and is not as it should be."""
    return checklist.workup.get(key, _NOTHING).result == "abnormal"


@rule("SCR-LAB-001")
def workup_incomplete(subject: HasWorkup, limits: Limits) -> Finding:
    """What is known not to be done is said first; what nobody wrote down is missing."""
    held = subject.checklist
    asked = [key for key in (*TESTS, *MEASURES) if key not in limits.optional]
    not_done = tuple(
        f"not done: {TESTS[key].label}"
        for key in asked
        if key in TESTS and held.workup.get(key, _NOTHING).result == "not_done"
    )
    if not_done:
        return Fires(evidence=not_done)
    missing = tuple(words for key in asked if (words := _missing(held, key)))
    return Unknown(missing=missing) if missing else Clear()


@rule("SCR-LAB-002")
def workup_out_of_date(subject: HasWorkup, limits: Limits) -> Finding:
    """Only what was read can be out of date; a result without its day may be of any age."""
    read = _read(subject.checklist)
    if not read:
        return Unknown(missing=("results of the work-up",))
    old = []
    for key, line in read.items():
        days = int(getattr(limits, TESTS[key].kind).value)
        if line.done_date is not None and line.done_date + timedelta(days=days) < subject.on:
            old.append(f"{TESTS[key].label} of {line.done_date}; asked for: at most {days} days old")
    if old:
        return Fires(evidence=tuple(old))
    undated = tuple(f"date of {TESTS[key].label}" for key, line in read.items() if line.done_date is None)
    return Unknown(missing=undated) if undated else Clear()


@rule("SCR-LAB-003")
def result_not_normal(subject: HasWorkup, _: Limits) -> Finding:
    """A result that nobody wrote down is neither normal nor abnormal."""
    read = _read(subject.checklist)
    abnormal = tuple(
        f"{TESTS[key].label}: {TESTS[key].abnormal.lower()}"
        for key, line in read.items()
        if line.result == "abnormal"
    )
    if abnormal:
        return Fires(evidence=abnormal)
    return Clear() if read else Unknown(missing=("results of the work-up",))


@rule("SCR-OSA-001")
def risk_of_sleep_apnea(subject: HasWorkup, limits: Limits) -> Finding:
    """Some combinations of answers are high whatever the sum; the scale itself says so."""
    points = subject.checklist.stop_bang
    if points is None:
        return Unknown(missing=("STOP-Bang points",))
    if Score.of(points) >= limits.score:
        return Fires(evidence=(f"STOP-Bang {points} of {STOP_BANG_MAX}",))
    return Clear()


def _read(held: Checklist) -> dict[str, WorkupLine]:
    return {
        key: held.workup[key]
        for key in TESTS
        if key in held.workup and held.workup[key].result in ("normal", "abnormal")
    }


def _missing(held: Checklist, key: str) -> str:
    """What is not known of one thing that the clinic asks for; empty when it is there with its date."""
    if key in MEASURES:
        return MEASURES[key] if getattr(held, key) is None else ""
    line = held.workup.get(key, _NOTHING)
    if line.result == "unknown":
        return TESTS[key].label
    if line.result in ("normal", "abnormal") and line.done_date is None:
        return f"date of {TESTS[key].label}"
    return ""
