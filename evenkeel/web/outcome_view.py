"""Outcomes as plain values: a scale over a course as chart and table, and the weeks without an answer."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from evenkeel.clinical.outcomes import baseline_of, scale_of
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.clinical.scales import scale
from evenkeel.clinical.scales.shape import Scale
from evenkeel.clinical.screening import QUESTIONS
from evenkeel.journey.rules import clinic_day
from evenkeel.journey.scales import scale_on_record
from evenkeel.record.courses import SUICIDE_QUESTION, CourseState
from evenkeel.record.outcomes import AssessmentPoint, AssessmentRecorded
from evenkeel.record.screening import ScreeningRecorded
from evenkeel.record.state import Written
from evenkeel.values.ids import reference_of
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import Percent
from evenkeel.web.jinja import clinic_date, clinic_datetime, clinic_zone

POINT_WORDS: Final[dict[AssessmentPoint, str]] = {
    "baseline": "Baseline",
    "before_infusion": "Before an infusion",
    "after_series": "After the series",
    "maintenance": "In maintenance",
    "other": "Another time",
}
RESPONSE_WORDS: Final[dict[str, tuple[str, str]]] = {
    "response": ("Response", "ok"),
    "partial": ("Partial response", "low"),
    "none": ("No response", "stopped"),
    "worse": ("Worse", "high"),
    "unknown": ("Not known", "unknown"),
}
REMISSION_WORDS: Final[dict[str, tuple[str, str]]] = {
    "yes": ("Remission", "ok"),
    "no": ("No remission", "neutral"),
    "unknown": ("Remission not known", "unknown"),
}

WEEK: Final = timedelta(days=7)
# Two lines of the picture need this much of the baseline between them for both their words. Proposal.
APART_PERCENT: Final = 10
# Room at both ends of the picture, so that no mark stands on its edge.
MARGIN: Final = timedelta(days=3)


def weeks_without(course: CourseState, scale_id: str, at: datetime) -> tuple[datetime, ...]:
    """The ends of the weeks, past by `at`, in which an infusion was given and no complete form answered.

    Weeks are counted from the first infusion; a week without an infusion asks for no answer.
    """
    if not course.infusions:
        return ()
    complete = [fact.at for fact in course.assessments_of(scale_id) if fact.payload.total is not None]
    first_at = course.infusions[0].payload.started_at
    treated = sorted({(fact.payload.started_at - first_at) // WEEK for fact in course.infusions})
    answered = {(when - first_at) // WEEK for when in complete}
    ends = (first_at + (number + 1) * WEEK for number in treated if number not in answered)
    return tuple(end for end in ends if end <= at)


def charts(book: Rulebook, course: CourseState, at: datetime) -> list[dict[str, Any]]:
    """One chart and its table for every scale that was used, the one that the course is judged by first."""
    own = scale_of(course)
    used = dict.fromkeys([own.id, *(fact.payload.scale for fact in course.assessments)])
    return [
        _chart(book, course, scale(id_), weeks_without(course, id_, at) if id_ == own.id else (), at)
        for id_ in used
        if course.assessments_of(id_) or course.infusions
    ]


def _chart(
    book: Rulebook, course: CourseState, of: Scale, missing: tuple[datetime, ...], at: datetime
) -> dict[str, Any]:
    """`missing` are the weeks without an answer: only the scale of the course is asked for every week."""
    facts = course.assessments_of(of.id)
    return {
        "id": f"outcome-{of.id}",
        "short": of.short,
        "empty": not facts,
        "data": _data(book, course, of, facts, missing, at),
        "columns": ["When", of.short, "Range", "At"],
        "rows": _rows(course, of, facts, missing),
        "credit": of.credit,
    }


def _data(
    book: Rulebook,
    course: CourseState,
    of: Scale,
    facts: tuple[Written[AssessmentRecorded], ...],
    missing: tuple[datetime, ...],
    at: datetime,
) -> dict[str, Any]:
    baseline = baseline_of(course, of.id)
    starts = [fact.payload.started_at for fact in course.infusions]
    times = [*(fact.at for fact in facts), *starts, *missing] or [at]
    return {
        "title": f"{of.short} over the course",
        "scale": of.short,
        "zone": clinic_zone(),
        "x": {"from": _unix(min(times) - MARGIN), "to": _unix(max(times) + MARGIN)},
        "y": {"from": _number(of.low), "to": _number(of.high)},
        "points": [
            {"at": _unix(fact.at), "total": _number(fact.payload.total), "label": fact.payload.band}
            for fact in facts
            if fact.payload.total is not None
        ],
        "bands": [{"from": band.low, "to": band.high, "label": band.label} for band in of.bands],
        "response_at_or_below": _response_line(of, baseline.payload.total if baseline else None),
        "partial_at_or_below": _partial_line(book, of, baseline.payload.total if baseline else None, at),
        "remission_below": _number(of.remission_below.value) if of.remission_below else None,
        "infusions": [
            {"at": _unix(fact.payload.started_at), "label": str(fact.payload.number)}
            for fact in course.infusions
        ],
        "missing": [{"due_at": _unix(when)} for when in missing],
    }


def _response_line(of: Scale, baseline: Decimal | None) -> float | None:
    """The highest total that counts as response: the fall that the scale asks for, from the baseline."""
    return _fallen_by(baseline, of.response_fall) if baseline and of.response_fall else None


def _partial_line(book: Rulebook, of: Scale, baseline: Decimal | None, at: datetime) -> float | None:
    """The highest total that counts as partial; None where it lies too near the line of response."""
    partial: Percent = book.limits("OUT-PRT-001", clinic_day(at)).fall
    if not baseline or of.response_fall is None or of.response_fall.value - partial.value < APART_PERCENT:
        return None
    return _fallen_by(baseline, partial)


def _fallen_by(baseline: Decimal, fall: Percent) -> float:
    return float(Fraction(baseline) * (100 - Fraction(fall.value)) / 100)


def _rows(
    course: CourseState,
    of: Scale,
    facts: tuple[Written[AssessmentRecorded], ...],
    missing: tuple[datetime, ...],
) -> list[list[str]]:
    told = [
        *((fact.at, clinic_datetime(fact.at), *_said(fact.payload)) for fact in facts),
        *(
            (when, f"{clinic_date(when - WEEK)} to {clinic_date(when)}", "no complete answer", "–", "–")
            for when in missing
        ),
        *(
            (
                fact.payload.started_at,
                clinic_datetime(fact.payload.started_at),
                "–",
                "–",
                f"Infusion {fact.payload.number}, {fact.payload.given.shown()}",
            )
            for fact in course.infusions
        ),
    ]
    return [list(cells) for _, *cells in sorted(told)]


def _said(payload: AssessmentRecorded) -> tuple[str, str, str]:
    total = plain(payload.total) if payload.total is not None else "not scored, an answer is missing"
    return total, payload.band or "–", point_words(payload)


def point_words(payload: AssessmentRecorded) -> str:
    """When in the course a form was answered, in words."""
    if payload.point == "before_infusion" and payload.infusion_number:
        return f"Before infusion {payload.infusion_number}"
    return POINT_WORDS[payload.point]


def open_risks(course: CourseState) -> tuple[Written[AssessmentRecorded] | Written[ScreeningRecorded], ...]:
    """Every answer that alerts and that nobody has acted on yet: on a scale, or on a screening."""
    return (*course.open_risks, *course.open_screening_risks)


def risk(
    course: CourseState, fact: Written[AssessmentRecorded] | Written[ScreeningRecorded]
) -> dict[str, Any]:
    """An answer that alerts, with the words that were chosen."""
    if isinstance(fact.payload, ScreeningRecorded):
        said, cause = _of_screening(fact.payload)
    else:
        said, cause = _of_scale(fact.payload)
    return {
        "at": fact.at,
        "by": fact.by.printed_name,
        "items": said,
        "cause": cause,
        "course": reference_of(course.stream),
        "seq": fact.seq,
    }


def _of_screening(recorded: ScreeningRecorded) -> tuple[list[dict[str, str]], str]:
    question = next(each for each in QUESTIONS if each.key == SUICIDE_QUESTION)
    answer = {"yes": "Yes", "no": "No", "unknown": "Not known"}[recorded.answers.get(question.key, "unknown")]
    said = [{"title": "Screening", "question": question.text, "answer": answer}] if answer != "No" else []
    return said, f"Screening, {question.subject}: {answer.lower()}"


def _of_scale(recorded: AssessmentRecorded) -> tuple[list[dict[str, str]], str]:
    of = scale_on_record(recorded.scale)
    said = []
    for number in recorded.risk_items:
        item, answer = of.item(number), recorded.answers[number - 1]
        chosen = "" if answer is None else item.answer_words(answer)
        said.append({"title": f"{of.short}, question {item.key}", "question": item.words, "answer": chosen})
    return said, "; ".join(f"{each['title']}: {each['answer']}" for each in said)


def _unix(moment: datetime) -> int:
    return int(moment.timestamp())


def _number(value: Decimal | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
