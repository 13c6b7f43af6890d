"""Repeated checks: the limits as the sources in `clinical/rules` and the proposals state them."""

from datetime import datetime
from typing import Any

from evenkeel.clinical.repeated_checks import CheckFacts
from evenkeel.record.screening import WorkupLine
from evenkeel.record.series import CheckRecorded
from tests.rules.case import DAY as TODAY
from tests.rules.case import Case
from tests.rules.outcomes_cases import DAY, infusion
from tests.rules.records import NOON, SCREENING, changed, course

ALWAYS_KNOWN = {
    "SER-BLD-001": "without a check the days count from the first infusion, which the course knows",
    "SER-COG-001": "without a check the days count from the first infusion, which the course knows",
    "SER-PDM-001": "without a check the days count from the first infusion, which the course knows",
    "SER-ABN-001": "the course knows its checks",
}


def checks(*facts: tuple[datetime, Any], first_age: int | None = None) -> CheckFacts:
    """A course with checks, whose first infusion was so many days ago."""
    given = [(NOON - first_age * DAY, infusion(1, NOON - first_age * DAY))] if first_age is not None else []
    return CheckFacts(course=course(*given, *facts), on=TODAY)


def check(what: Any, age: int, finding: Any = "normal") -> tuple[datetime, CheckRecorded]:
    """A check that was done so many days ago, and written down today."""
    done = CheckRecorded(what=what, done_date=TODAY - age * DAY, finding=finding, note="Made-up")
    return NOON, done


def read_at_screening(age: int, result: Any = "normal") -> tuple[datetime, Any]:
    """A screening on which liver tests of so many days ago show this."""
    liver = WorkupLine(result=result, done_date=TODAY - age * DAY)
    return NOON, changed(SCREENING, checklist=changed(SCREENING.checklist, workup={"liver": liver}))


CASES = [
    Case("SER-LFT-001", "below", checks(check("liver", 89)), "clear", "89 days old"),
    Case("SER-LFT-001", "at", checks(check("liver", 90)), "clear", "90 days old"),
    Case(
        "SER-LFT-001",
        "above",
        checks(check("liver", 91)),
        "fires",
        "91 days old",
        says=("last done 2026-03-02",),
    ),
    Case("SER-LFT-001", "at", checks(read_at_screening(90)), "clear", "read at the screening 90 days ago"),
    Case(
        "SER-LFT-001",
        "above",
        checks(read_at_screening(91)),
        "fires",
        "read at the screening 91 days ago",
        says=("last done 2026-03-02",),
    ),
    Case(
        "SER-LFT-001",
        "missing",
        checks(read_at_screening(5, "unknown")),
        "unknown",
        "not read",
        says=("when liver tests were last read",),
    ),
    Case(
        "SER-LFT-001",
        "missing",
        checks(first_age=5),
        "unknown",
        "never asked",
        says=("when liver tests were last read",),
    ),
    *(
        case
        for rule, what, age in (
            ("SER-BLD-001", "bladder", 90),
            ("SER-COG-001", "cognition", 183),
            ("SER-PDM-001", "prescription_monitoring", 90),
        )
        for case in (
            Case(rule, "below", checks(first_age=age - 1), "clear", "under treatment a day less"),
            Case(rule, "at", checks(first_age=age), "clear", "under treatment for just as long"),
            Case(
                rule,
                "above",
                checks(first_age=age + 1),
                "fires",
                "under treatment a day longer, never done",
                says=(f"not done since the first infusion, {TODAY - (age + 1) * DAY}",),
            ),
            Case(rule, "at", checks(check(what, age), first_age=400), "clear", "done just so long ago"),
            Case(
                rule,
                "above",
                checks(check(what, age + 1), first_age=400),
                "fires",
                "done a day earlier",
                says=(f"last done {TODAY - (age + 1) * DAY}",),
            ),
            Case(rule, "other", checks(check("liver", 1), first_age=400), "fires", "another check was done"),
            Case(rule, "other", checks(), "clear", "no infusion yet"),
        )
    ),
    Case("SER-ABN-001", "no", checks(check("liver", 5)), "clear", "the last one was normal"),
    Case(
        "SER-ABN-001",
        "yes",
        checks(check("bladder", 5, "abnormal")),
        "fires",
        "the last one was not",
        says=("Bladder of 2026-05-27",),
    ),
    Case(
        "SER-ABN-001",
        "other",
        checks(check("liver", 5, "abnormal"), check("liver", 1)),
        "clear",
        "a normal one since",
    ),
    Case(
        "SER-ABN-001",
        "other",
        checks(check("liver", 5, "abnormal"), check("bladder", 1)),
        "fires",
        "another one settles nothing",
        says=("Liver tests of 2026-05-27",),
    ),
    Case(
        "SER-LFT-001",
        "above",
        checks(read_at_screening(91, "abnormal")),
        "fires",
        "read at the screening, and abnormal",
        says=("last done 2026-03-02",),
    ),
    Case(
        "SER-LFT-001",
        "missing",
        checks(
            (
                NOON,
                changed(
                    SCREENING,
                    checklist=changed(SCREENING.checklist, workup={"liver": WorkupLine(result="normal")}),
                ),
            )
        ),
        "unknown",
        "read on a day that nobody wrote down",
        says=("when liver tests were last read",),
    ),
    Case(
        "SER-BLD-001",
        "other",
        checks(read_at_screening(1), first_age=91),
        "fires",
        "liver tests say nothing about the bladder",
        says=("not done since the first infusion, 2026-03-02",),
    ),
    Case(
        "SER-ABN-001",
        "other",
        checks(check("prescription_monitoring", 2, "abnormal"), check("liver", 5, "abnormal")),
        "fires",
        "two of them",
        says=("Liver tests of 2026-05-27", "Prescription monitoring of 2026-05-30"),
    ),
    Case("SER-ABN-001", "other", checks(), "clear", "nothing was checked yet"),
]
