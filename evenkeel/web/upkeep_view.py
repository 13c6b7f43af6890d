"""What a long course waits for: checks that are due again, scores that slip, and how many of each."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django.urls import reverse

from evenkeel.clinical.maintenance import assess_relapse
from evenkeel.clinical.outcomes import judge_response, scale_of
from evenkeel.clinical.repeated_checks import CHECK_WORDS, RULE_OF, CheckDue, checks_due
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.courses import CourseStage, CourseState
from evenkeel.record.visits import VisitState
from evenkeel.values.ids import reference_of
from evenkeel.web.jinja import clinic_date

# Why it waits, its tone, its mark, since when, what to do and where: as a row of Today takes them.
Call = tuple[str, str, str, datetime, str, str]

# Treatment goes on in these, so its checks do too.
UNDER_TREATMENT: Final[tuple[CourseStage, ...]] = ("in_series", "review_due", "response_due", "maintenance")


def overdue(course: CourseState, at: datetime) -> tuple[CheckDue, ...]:
    """The checks that are out of date, the longest first; none where treatment does not go on."""
    if not course.infusions or course.stage not in UNDER_TREATMENT:
        return ()
    today = clinic_day(at)
    late = [each for each in checks_due(book(), course, on=today) if each.due_date and each.due_date < today]
    return tuple(sorted(late, key=lambda each: (each.due_date, each.what)))


def checks(course: CourseState, at: datetime) -> Iterator[Call]:
    """One row for all checks that a course waits for."""
    late = overdue(course, at)
    if not late:
        return
    since = late[0].due_date
    assert since is not None, "what is overdue has a day on which it was due"
    names = ", ".join(CHECK_WORDS[each.what] for each in late)
    why = f"{names}: due since {clinic_date(since)}"
    when = datetime(since.year, since.month, since.day, tzinfo=UTC)
    url = reverse("repeated_checks", args=[reference_of(course.stream)])
    yield why, "low", "Checks", when, "Record the checks", url


def decisions(course: CourseState) -> Iterator[Call]:
    """What a prescriber decides about a long course: a check that was not normal, and scores that slip."""
    yield from _not_normal(course)
    yield from _relapse(course)


def _not_normal(course: CourseState) -> Iterator[Call]:
    """Of each kind the last check counts, so the row goes with a normal one."""
    if course.stage == "ended":
        return
    odd = [
        check
        for what in RULE_OF
        if (check := course.last_check(what)) and check.payload.finding == "abnormal"
    ]
    if odd:
        words = "; ".join(f"{CHECK_WORDS[each.payload.what]}: {each.payload.note}" for each in odd)
        url = reverse("repeated_checks", args=[reference_of(course.stream)])
        yield words, "medium", "Not normal", odd[0].at, "Look at the checks", url


def _relapse(course: CourseState) -> Iterator[Call]:
    """A response that slips; worse than at baseline is said by a row of its own."""
    if course.stage not in ("responded", "maintenance") or not course.assessments:
        return
    of = scale_of(course)
    last = course.facts[-1].at.date()
    found = assess_relapse(book(), course, on=last)
    if found.answer != "fires" or judge_response(book(), course, of.id).response == "worse":
        return
    at = course.assessments_of(of.id)[-1].at
    url = reverse("maintenance", args=[reference_of(course.stream)])
    yield "; ".join(found.evidence), "medium", "Slips", at, "Look at the plan", url


def counts(
    courses: Sequence[CourseState], visits: Sequence[VisitState], at: datetime
) -> list[dict[str, Any]]:
    """The lead's numbers of what is owed, each with what it is out of."""
    treated = [each for each in courses if each.infusions and each.stage in UNDER_TREATMENT]
    today = clinic_day(at)
    past = [each for each in visits if clinic_day(each.place.starts_at) < today and each.phase != "cancelled"]
    return [
        {
            "label": "Checks due again",
            "value": str(sum(1 for each in treated if overdue(each, at))),
            "note": f"of {_many(len(treated), 'course')} under treatment",
        },
        {
            "label": "Did not come",
            "value": str(sum(1 for each in past if each.phase == "booked")),
            "note": f"of {_many(len(past), 'visit')} before today",
        },
    ]


def _many(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
