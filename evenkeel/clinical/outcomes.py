"""Outcomes: judging response and remission over a course, on the scale that it is judged by."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.clinical.scales import scale, scale_for
from evenkeel.clinical.scales.shape import Scale
from evenkeel.clinical.screening import INDICATIONS
from evenkeel.record.courses import CourseState
from evenkeel.record.outcomes import AssessmentRecorded
from evenkeel.record.state import Written
from evenkeel.record.verdict import Verdict
from evenkeel.values.drug import to_decimal
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import Percent
from evenkeel.values.shape import frozen

Response = Literal["response", "partial", "none", "worse", "unknown"]
Remission = Literal["yes", "no", "unknown"]

PERCENT_PLACES: Final = 1


@frozen
class Judgement:
    """Response and remission on one scale. `fall_percent` is negative when the score has risen."""

    scale: str
    baseline: Decimal | None
    latest: Decimal | None
    fall_percent: Decimal | None
    response: Response
    remission: Remission
    verdicts: tuple[Verdict, ...]


@frozen
class OutcomeFacts:
    """What the rules on outcomes look at: a course, one scale, and the two forms that are compared."""

    course: CourseState
    scale: Scale
    baseline: Written[AssessmentRecorded] | None
    latest: Written[AssessmentRecorded] | None
    on: date

    @property
    def totals(self) -> tuple[Decimal, Decimal] | None:
        """Baseline and latest score; None when either is missing."""
        before = self.baseline.payload.total if self.baseline else None
        after = self.latest.payload.total if self.latest else None
        return None if before is None or after is None else (before, after)


_RULES: Final = (
    "OUT-RSK-001",
    "OUT-CMP-001",
    "OUT-BAS-001",
    "OUT-AGE-001",
    "OUT-WRS-001",
    "OUT-RSP-001",
    "OUT-PRT-001",
    "OUT-REM-001",
    "OUT-MIC-001",
)


def scale_of(course: CourseState) -> Scale:
    """The scale that a course is judged by, from its indication; one that nobody lists is taken as mood."""
    indication = INDICATIONS.get(course.referral.indication)
    return scale_for(indication.family if indication else "mood")


def baseline_of(course: CourseState, scale_id: str) -> Written[AssessmentRecorded] | None:
    """The last complete form marked as baseline, else the last complete one before the first infusion."""
    complete = [fact for fact in course.assessments_of(scale_id) if fact.payload.total is not None]
    marked = [fact for fact in complete if fact.payload.point == "baseline"]
    if marked:
        return marked[-1]
    if not course.infusions:
        return None
    first_at = course.infusions[0].payload.started_at
    before = [fact for fact in complete if fact.at <= first_at]
    return before[-1] if before else None


def later_forms(
    course: CourseState, scale_id: str, baseline: Written[AssessmentRecorded] | None
) -> tuple[Written[AssessmentRecorded], ...]:
    """Every complete form after the baseline; none where there is no baseline to compare them with."""
    if baseline is None:
        return ()
    return tuple(
        fact
        for fact in course.assessments_of(scale_id)
        if fact.payload.total is not None and (fact.at, fact.seq) > (baseline.at, baseline.seq)
    )


def latest_of(
    course: CourseState, scale_id: str, baseline: Written[AssessmentRecorded] | None
) -> Written[AssessmentRecorded] | None:
    """The last complete form after the baseline; None where there is no baseline to compare it with."""
    later = later_forms(course, scale_id, baseline)
    return later[-1] if later else None


def judge_response(
    book: Rulebook, course: CourseState, scale_id: str, *, on: date | None = None
) -> Judgement:
    """Compare the latest complete form with the baseline. What is missing makes the answer "unknown".

    `on` is the day of judging; without it the day of the course's last entry.
    """
    of = scale(scale_id)
    baseline = baseline_of(course, scale_id)
    latest = latest_of(course, scale_id, baseline)
    day = on or last_day_of(course)
    facts = OutcomeFacts(course=course, scale=of, baseline=baseline, latest=latest, on=day)
    partial_fall = Fraction(book.limits("OUT-PRT-001", day).fall.value)
    before = baseline.payload.total if baseline else None
    after = latest.payload.total if latest else None
    verdicts = book.consult_all(_RULES, facts, on=day)
    is_old = any(each.rule.rule == "OUT-AGE-001" and each.answer == "fires" for each in verdicts)
    return Judgement(
        scale=scale_id,
        baseline=before,
        latest=after,
        fall_percent=_fall_percent(before, after),
        response=_response(of, before, after, partial_fall, is_old=is_old),
        remission="unknown" if is_old else _remission(of, after),
        verdicts=verdicts,
    )


def last_day_of(course: CourseState) -> date:
    """The UTC day of the last thing that happened in a course."""
    return max(fact.at for fact in course.facts).date()


def exact_fall(before: Decimal | None, after: Decimal | None) -> Fraction | None:
    """The fall from baseline in percent, exactly; None when either is missing or nothing could fall."""
    if before is None or after is None or before == 0:
        return None
    return (Fraction(before) - Fraction(after)) * 100 / Fraction(before)


def _fall_percent(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    fall = exact_fall(before, after)
    return None if fall is None else to_decimal(fall, PERCENT_PLACES)


def _response(
    of: Scale, before: Decimal | None, after: Decimal | None, partial_fall: Fraction, *, is_old: bool
) -> Response:
    """A scale without a published response leaves it unknown, and so does a missing or an old score.

    Worse stays worse until somebody has asked again, however old the answer is.
    """
    if before is None or after is None:
        return "unknown"
    if of.worse_from is not None and after - before >= of.worse_from.value:
        return "worse"
    fall = exact_fall(before, after)
    if is_old or fall is None or of.response_fall is None:
        return "unknown"
    if fall >= Fraction(of.response_fall.value):
        return "response"
    return "partial" if fall >= partial_fall else "none"


def _remission(of: Scale, after: Decimal | None) -> Remission:
    """A scale without a published remission leaves it unknown, and so does a missing score."""
    if after is None or of.remission_below is None:
        return "unknown"
    return "yes" if after < of.remission_below.value else "no"


@rule("OUT-RSK-001")
def risk_not_answered(facts: OutcomeFacts, limits: Limits) -> Finding:
    """A course without any form cannot say that nobody is at risk."""
    if not facts.course.assessments:
        return Unknown(missing=("a completed scale",))
    open_risks = facts.course.open_risks
    if open_risks:
        return Fires(evidence=tuple(_risk_words(fact) for fact in open_risks))
    return Clear()


def _risk_words(fact: Written[AssessmentRecorded]) -> str:
    of = scale(fact.payload.scale)
    numbers = ", ".join(of.item(number).key for number in fact.payload.risk_items)
    return f"{of.short} of {fact.at.date()}, question {numbers}"


@rule("OUT-CMP-001")
def form_incomplete(facts: OutcomeFacts, limits: Limits) -> Finding:
    """Only the last form counts: an older gap has been asked again since."""
    forms = facts.course.assessments_of(facts.scale.id)
    if not forms:
        return Unknown(missing=(f"a completed {facts.scale.short}",))
    if forms[-1].payload.total is None:
        return Fires(evidence=(f"{facts.scale.short} of {forms[-1].at.date()} has an unanswered question",))
    return Clear()


@rule("OUT-BAS-001")
def baseline_not_fresh(facts: OutcomeFacts, limits: Limits) -> Finding:
    """Before the first infusion there is nothing yet to be too old for."""
    if facts.baseline is None:
        return Unknown(missing=(f"a complete baseline {facts.scale.short}",))
    if not facts.course.infusions:
        return Clear()
    first_at = facts.course.infusions[0].payload.started_at
    age = first_at - facts.baseline.at
    if age < timedelta(0) or age > timedelta(days=int(limits.age.value)):
        return Fires(evidence=(f"baseline of {facts.baseline.at.date()}, first infusion {first_at.date()}",))
    return Clear()


@rule("OUT-WRS-001")
def worse_than_baseline(facts: OutcomeFacts, limits: Limits) -> Finding:
    """The scale says how many points matter."""
    if facts.totals is None:
        return _no_scores(facts)
    before, after = facts.totals
    if facts.scale.worse_from is None:
        return Unknown(missing=(f"how many points on {facts.scale.short} matter",))
    if after - before >= facts.scale.worse_from.value:
        return Fires(evidence=(_moved(facts.scale, before, after),))
    return Clear()


@rule("OUT-AGE-001")
def last_answer_old(facts: OutcomeFacts, limits: Limits) -> Finding:
    """How somebody was a month ago says little about what the treatment does now."""
    if facts.latest is None:
        return Unknown(missing=(f"a later {facts.scale.short}",))
    answered_date = facts.latest.at.date()
    if facts.on - answered_date > timedelta(days=int(limits.age.value)):
        return Fires(evidence=(f"last {facts.scale.short} of {answered_date}",))
    return Clear()


@rule("OUT-RSP-001")
def no_response(facts: OutcomeFacts, limits: Limits) -> Finding:
    """The scale says what response is, and on what that is founded."""
    if facts.scale.response_fall is None:
        return Unknown(missing=(f"a published response of {facts.scale.short}",))
    return _fallen_short(facts, facts.scale.response_fall)


@rule("OUT-PRT-001")
def not_even_partial(facts: OutcomeFacts, limits: Limits) -> Finding:
    """What is short of this is no answer to the treatment."""
    return _fallen_short(facts, limits.fall)


def _fallen_short(facts: OutcomeFacts, asked: Percent) -> Finding:
    if facts.totals is None:
        return _no_scores(facts)
    before, after = facts.totals
    fall = exact_fall(before, after)
    if fall is None:
        return Unknown(missing=(f"a baseline {facts.scale.short} above zero",))
    if fall < Fraction(asked.value):
        return Fires(evidence=(f"{_moved(facts.scale, before, after)}; asked for: {asked} lower",))
    return Clear()


@rule("OUT-REM-001")
def no_remission(facts: OutcomeFacts, limits: Limits) -> Finding:
    """The scale says where it speaks of remission, and on what that is founded."""
    if facts.scale.remission_below is None:
        return Unknown(missing=(f"a published remission of {facts.scale.short}",))
    after = facts.latest.payload.total if facts.latest else None
    if after is None:
        return Unknown(missing=(f"a later {facts.scale.short}",))
    if after >= facts.scale.remission_below.value:
        return Fires(
            evidence=(f"{facts.scale.short}: {plain(after)}, not below {facts.scale.remission_below}",)
        )
    return Clear()


@rule("OUT-MIC-001")
def change_too_small_to_matter(facts: OutcomeFacts, limits: Limits) -> Finding:
    """Asked in both directions: a small rise is as much chance as a small fall."""
    least = min((abs(change.points) for change in facts.scale.changes), default=None)
    if least is None:
        return Unknown(missing=(f"a published change that matters on {facts.scale.short}",))
    if facts.totals is None:
        return _no_scores(facts)
    before, after = facts.totals
    if abs(after - before) < least:
        return Fires(evidence=(f"{_moved(facts.scale, before, after)}; {plain(least)} points matter",))
    return Clear()


def _no_scores(facts: OutcomeFacts) -> Unknown:
    return Unknown(missing=(f"a baseline and a later {facts.scale.short}",))


def _moved(of: Scale, before: Decimal, after: Decimal) -> str:
    return f"{of.short}: {plain(before)}, now {plain(after)}"
