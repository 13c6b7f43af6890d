"""When the checks of a long course were last done, and until when they are in date."""

from datetime import date, datetime
from typing import Any

import pytest

from evenkeel.clinical.repeated_checks import CheckDue, assess_checks, checks_due, last_done
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.screening import ScreeningWithTrialsCounted, Tri, WorkupLine, WorkupResult
from evenkeel.record.series import CheckRecorded
from tests.rules.outcomes_cases import DAY, infusion
from tests.rules.records import NOON, SCREENING, changed, course

BOOK = Rulebook.shipped()
TODAY = NOON.date()


def check(what: Any, age: int) -> tuple[datetime, CheckRecorded]:
    """A check of so many days ago, written down today."""
    return NOON, CheckRecorded(what=what, done_date=TODAY - age * DAY, finding="normal", note="")


def screened(result: WorkupResult, done_date: date | None) -> tuple[datetime, Any]:
    """A screening of today with this line of liver tests."""
    workup = {"liver": WorkupLine(result=result, done_date=done_date)}
    return NOON, changed(SCREENING, checklist=changed(SCREENING.checklist, workup=workup))


def screened_at_first(answer: Tri, age: int) -> tuple[datetime, ScreeningWithTrialsCounted]:
    """A checklist of the first kind, so many days ago, and whether the work-up was read."""
    return NOON - age * DAY, ScreeningWithTrialsCounted(
        answers={"workup_read": answer},
        failed_trials=2,
        systolic=None,
        diastolic=None,
        note="",
        outcome="fit",
        verdicts=(),
    )


@pytest.mark.parametrize(
    ("facts", "age"),
    [
        ([], None),
        ([check("liver", 9)], 9),
        ([check("bladder", 9)], None),
        ([screened("normal", TODAY - 5 * DAY)], 5),
        ([screened("abnormal", TODAY - 5 * DAY)], 5),
        ([screened("not_done", TODAY - 5 * DAY)], None),
        ([screened("unknown", TODAY - 5 * DAY)], None),
        ([screened("normal", None)], None),
        ([(NOON, SCREENING)], None),
        ([screened_at_first("yes", 4)], 4),
        ([screened_at_first("no", 4)], None),
        ([check("liver", 9), screened("normal", TODAY - 5 * DAY), screened_at_first("yes", 7)], 5),
        ([screened_at_first("yes", 4), check("liver", 9), screened("normal", TODAY - 5 * DAY)], 4),
        ([screened("normal", TODAY - 5 * DAY), check("liver", 2), screened_at_first("yes", 3)], 2),
    ],
)
def test_liver_tests_count_wherever_they_were_read(facts: list[Any], age: int | None) -> None:
    expected = None if age is None else TODAY - age * DAY
    assert last_done(course(*sorted(facts, key=lambda fact: fact[0])), "liver") == expected


def test_what_was_read_at_a_screening_is_no_check_of_another_kind() -> None:
    state = course(screened_at_first("yes", 4), check("cognition", 8), screened("normal", TODAY))
    assert last_done(state, "bladder") is None
    assert last_done(state, "cognition") == TODAY - 8 * DAY


def test_every_check_says_when_it_was_done_and_until_when_it_stands() -> None:
    state = course((NOON - 20 * DAY, infusion(1, NOON - 20 * DAY)), check("bladder", 10), check("liver", 30))
    # Liver 90 days, bladder 90, thinking 183, prescriptions 90; what was not done counts from the infusion.
    assert checks_due(BOOK, state, on=TODAY) == (
        CheckDue(what="liver", last_date=TODAY - 30 * DAY, due_date=TODAY + 60 * DAY),
        CheckDue(what="bladder", last_date=TODAY - 10 * DAY, due_date=TODAY + 80 * DAY),
        CheckDue(what="cognition", last_date=None, due_date=TODAY + 163 * DAY),
        CheckDue(what="prescription_monitoring", last_date=None, due_date=TODAY + 70 * DAY),
    )


def test_liver_tests_that_nobody_read_are_not_counted_from_the_infusion() -> None:
    state = course((NOON - 20 * DAY, infusion(1, NOON - 20 * DAY)))
    liver = checks_due(BOOK, state, on=TODAY)[0]
    assert liver == CheckDue(what="liver", last_date=None, due_date=None)


def test_the_days_count_from_the_first_infusion_and_not_from_a_later_one() -> None:
    given = [(NOON - age * DAY, infusion(1, NOON - age * DAY)) for age in (40, 20)]
    assert checks_due(BOOK, course(*given), on=TODAY)[1].due_date == TODAY + 50 * DAY


def test_every_check_is_asked_about_in_order() -> None:
    state = course((NOON - 91 * DAY, infusion(1, NOON - 91 * DAY)), check("prescription_monitoring", 90))
    found = [(verdict.rule.rule, verdict.answer) for verdict in assess_checks(BOOK, state, on=TODAY)]
    assert found == [
        ("SER-LFT-001", "unknown"),
        ("SER-BLD-001", "fires"),
        ("SER-COG-001", "clear"),
        ("SER-PDM-001", "clear"),
        ("SER-ABN-001", "clear"),
    ]


def test_the_day_that_is_asked_about_decides() -> None:
    state = course(check("prescription_monitoring", 90))
    late = assess_checks(BOOK, state, on=TODAY + DAY)
    assert [verdict.rule.rule for verdict in late if verdict.answer == "fires"] == ["SER-PDM-001"]
