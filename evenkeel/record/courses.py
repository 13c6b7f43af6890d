"""A course, as the record now reads: one indication, from referral to its end."""

from typing import Literal

from evenkeel.record.maintenance import MaintenancePlanned, MaintenancePlannedOpenEnded
from evenkeel.record.outcomes import AssessmentRecorded, ResponseJudged, RiskAnswered
from evenkeel.record.preparation import ConsentGiven, ConsentWithdrawn
from evenkeel.record.referral import CourseEnded, CourseReferred
from evenkeel.record.screening import ScreeningDecided, ScreeningRecorded, ScreeningWithTrialsCounted
from evenkeel.record.series import (
    CheckRecorded,
    InfusionCounted,
    RepeatedCheck,
    ReviewRecorded,
    SeriesPlanned,
    SeriesPlannedWithoutDose,
)
from evenkeel.record.state import State, Written
from evenkeel.values.shape import frozen

CourseStage = Literal[
    "referred",
    "awaiting_prescriber",
    "not_today",
    "declined",
    "screened",
    "consented",
    "in_series",
    "review_due",
    "response_due",
    "responded",
    "maintenance",
    "consent_withdrawn",
    "ended",
]

REVIEW_AFTER = (3, 6)
# The question of the checklist whose answer somebody must act on, unless it is a plain "no".
SUICIDE_QUESTION = "suicidal_thoughts"


@frozen
class CourseState(State):
    """Where a course stands, and what it has gathered."""

    @property
    def referral(self) -> CourseReferred:
        """The referral; a course stream always begins with it."""
        fact = self.latest(CourseReferred)
        assert fact is not None, "a course stream begins with a referral"
        return fact.payload

    @property
    def screening(self) -> Written[ScreeningRecorded] | Written[ScreeningWithTrialsCounted] | None:
        """The last screening checklist."""
        found: list[Written[ScreeningRecorded] | Written[ScreeningWithTrialsCounted]] = [
            *self.every(ScreeningRecorded),
            *self.every(ScreeningWithTrialsCounted),
        ]
        return max(found, key=lambda fact: (fact.at, fact.seq), default=None)

    @property
    def screening_decision(self) -> Written[ScreeningDecided] | None:
        """The prescriber's decision on the last checklist; one on an earlier checklist does not count."""
        decided, recorded = self.latest(ScreeningDecided), self.screening
        return decided if decided and recorded and decided.seq > recorded.history[-1].seq else None

    @property
    def is_screened_fit(self) -> bool:
        """Whether the last checklist came out fit, or a prescriber accepted it."""
        if self.screening is None:
            return False
        if self.screening_decision is not None:
            return self.screening_decision.payload.decision == "accept"
        return self.screening.payload.outcome == "fit"

    @property
    def consent(self) -> Written[ConsentGiven] | None:
        """The consent that stands now; None when never given or withdrawn since."""
        given, withdrawn = self.latest(ConsentGiven), self.latest(ConsentWithdrawn)
        if given is None or (withdrawn is not None and withdrawn.seq > given.seq):
            return None
        return given

    @property
    def consent_withdrawn(self) -> Written[ConsentWithdrawn] | None:
        """The withdrawal, while no later consent stands."""
        return None if self.consent else self.latest(ConsentWithdrawn)

    @property
    def series_plans(self) -> tuple[Written[SeriesPlanned] | Written[SeriesPlannedWithoutDose], ...]:
        """Every plan of a series, by clinical time; a later one takes the place of the one before."""
        plans: list[Written[SeriesPlanned] | Written[SeriesPlannedWithoutDose]] = [
            *self.every(SeriesPlanned),
            *self.every(SeriesPlannedWithoutDose),
        ]
        return tuple(sorted(plans, key=lambda fact: (fact.at, fact.seq)))

    @property
    def series(self) -> Written[SeriesPlanned] | Written[SeriesPlannedWithoutDose] | None:
        """The series that is planned now."""
        plans = self.series_plans
        return plans[-1] if plans else None

    @property
    def infusions(self) -> tuple[Written[InfusionCounted], ...]:
        """Every infusion in which drug was given, in order."""
        return self.every(InfusionCounted)

    @property
    def assessments(self) -> tuple[Written[AssessmentRecorded], ...]:
        """Every completed scale, by the time it was answered."""
        return self.every(AssessmentRecorded)

    def assessments_of(self, scale: str) -> tuple[Written[AssessmentRecorded], ...]:
        """Completed forms of one scale, by the time they were answered."""
        return tuple(fact for fact in self.assessments if fact.payload.scale == scale)

    @property
    def open_risks(self) -> tuple[Written[AssessmentRecorded], ...]:
        """Assessments with an answer that alerts and that no named person has answered yet."""
        answered = {fact.payload.assessment for fact in self.every(RiskAnswered)}
        return tuple(fact for fact in self.assessments if fact.payload.risk_items and fact.id not in answered)

    @property
    def open_screening_risks(self) -> tuple[Written[ScreeningRecorded], ...]:
        """Checklists on which thoughts of suicide are not answered "no", and on which nobody has acted yet.

        A later checklist takes nothing back: somebody said it, so somebody says what was done. Checklists
        of the first kind went to a prescriber for this answer, and do not alert afterwards.
        """
        answered = {fact.payload.assessment for fact in self.every(RiskAnswered)}
        return tuple(
            fact
            for fact in self.every(ScreeningRecorded)
            if fact.payload.answers.get(SUICIDE_QUESTION, "unknown") != "no" and fact.id not in answered
        )

    def last_check(self, what: RepeatedCheck) -> Written[CheckRecorded] | None:
        """The check of one kind that was done on the latest day."""
        found = [fact for fact in self.every(CheckRecorded) if fact.payload.what == what]
        return max(found, key=lambda fact: (fact.payload.done_date, fact.seq), default=None)

    @property
    def reviews(self) -> tuple[Written[ReviewRecorded], ...]:
        """Every review of the series."""
        return self.every(ReviewRecorded)

    @property
    def reviews_due(self) -> tuple[int, ...]:
        """After which infusions a review is still owed."""
        held = {fact.payload.after_infusion for fact in self.reviews}
        return tuple(
            number for number in REVIEW_AFTER if len(self.infusions) >= number and number not in held
        )

    @property
    def response(self) -> Written[ResponseJudged] | None:
        """The last verdict on response and remission."""
        return self.latest(ResponseJudged)

    @property
    def maintenance_plans(
        self,
    ) -> tuple[Written[MaintenancePlanned] | Written[MaintenancePlannedOpenEnded], ...]:
        """Every maintenance plan, by clinical time; a later one takes the place of the one before."""
        plans: list[Written[MaintenancePlanned] | Written[MaintenancePlannedOpenEnded]] = [
            *self.every(MaintenancePlanned),
            *self.every(MaintenancePlannedOpenEnded),
        ]
        return tuple(sorted(plans, key=lambda fact: (fact.at, fact.seq)))

    @property
    def maintenance(self) -> Written[MaintenancePlanned] | Written[MaintenancePlannedOpenEnded] | None:
        """The maintenance plan that stands now."""
        plans = self.maintenance_plans
        return plans[-1] if plans else None

    @property
    def stage(self) -> CourseStage:
        """Where the course stands, worked out from the facts and never stored."""
        if self.latest(CourseEnded):
            return "ended"
        if self.consent_withdrawn:
            return "consent_withdrawn"
        if self.maintenance:
            return "maintenance"
        if self.reviews_due:
            return "response_due" if self.reviews_due[-1] >= REVIEW_AFTER[-1] else "review_due"
        if self.response:
            return "responded"
        if self.series:
            return "in_series"
        if self.consent:
            return "consented"
        return self._screening_stage()

    def _screening_stage(self) -> CourseStage:
        if self.screening is None:
            return "referred"
        decision = self.screening_decision
        if decision is not None and decision.payload.decision == "decline":
            return "declined"
        if self.is_screened_fit:
            return "screened"
        if decision is not None or self.screening.payload.outcome == "not_today":
            return "not_today"
        return "awaiting_prescriber"
