"""What the course pages work out: weeks without an answer, the next step, the share that was answered."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Author
from evenkeel.record.maintenance import MaintenancePlanned
from evenkeel.record.outcomes import AssessmentRecorded, ResponseJudged
from evenkeel.record.preparation import ConsentWithdrawn
from evenkeel.record.referral import CourseEnded
from evenkeel.record.series import InfusionCounted, ReviewRecorded, SeriesPlanned
from evenkeel.store import projections
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId
from evenkeel.values.quantities import Days, DosePerWeight
from evenkeel.web import steps, today_view
from evenkeel.web.outcome_view import charts, weeks_without
from evenkeel.web.patient_view import stages
from evenkeel.web.today_view import Row, answered_share
from tests.rules.case import DAY
from tests.rules.records import CONSENT, NOON, PATIENT, SCREENING, VISIT, course

DAYS = timedelta(days=1)


def infusion(number: int, day: int) -> tuple[object, InfusionCounted]:
    at = NOON + day * DAYS
    counted = InfusionCounted(
        visit=VISIT,
        number=number,
        started_at=at,
        given=DrugMass.mg(35),
        per_weight=DosePerWeight.of("0.5"),
        stopped_early=False,
    )
    return at, counted


def form(day: float, total: int | None) -> tuple[object, AssessmentRecorded]:
    return NOON + day * DAYS, AssessmentRecorded(
        scale="phq9",
        scale_version="1",
        answers=(None,) * 9,
        total=None if total is None else Decimal(total),
        band=None,
        risk_items=(),
        point="other",
        infusion_number=None,
        entered_for="paper_form",
    )


def of(*facts: tuple[object, object]) -> CourseState:
    return course(*facts)  # type: ignore[arg-type]


SERIES = (
    NOON - DAYS,
    SeriesPlanned(purpose="induction", infusions=6, per_week=2, first_date=DAY),
)
READY = ((NOON - 3 * DAYS, SCREENING), (NOON - 2 * DAYS, CONSENT), SERIES)
REVIEWED = ReviewRecorded(after_infusion=3, verdicts=(), decision="continue", reason="Better.", overrides=())


def test_a_treated_week_without_a_complete_answer_is_missing_once_it_is_over() -> None:
    # Infusions in the weeks that begin on days 0, 7 and 21; complete answers in the first week alone.
    state = of(*READY, infusion(1, 0), form(2, 18), infusion(2, 8), form(9, None), infusion(3, 22))
    assert weeks_without(state, "phq9", NOON + 40 * DAYS) == (NOON + 14 * DAYS, NOON + 28 * DAYS)
    assert weeks_without(state, "phq9", NOON + 27 * DAYS) == (NOON + 14 * DAYS,)
    assert weeks_without(state, "phq9", NOON + 13 * DAYS) == ()
    assert weeks_without(of(*READY), "phq9", NOON) == ()


def test_the_chart_marks_infusions_and_the_line_of_response() -> None:
    state = of(*READY, form(-1, 18), infusion(1, 0), form(2, 9))
    (chart,) = charts(Rulebook.shipped(), state, NOON + 3 * DAYS)
    data = chart["data"]
    assert [point["total"] for point in data["points"]] == [18, 9]
    # Half of 18, which is what response asks for; remission is below 5 (CMS159).
    assert (data["response_at_or_below"], data["remission_below"]) == (9, 5)
    # A quarter less than 18.
    assert data["partial_at_or_below"] == 13.5
    assert data["infusions"] == [{"at": int(NOON.timestamp()), "label": "1"}]
    assert (data["y"]["from"], data["y"]["to"]) == (0, 27)
    assert len(chart["rows"]) == 3


def test_only_the_scale_of_the_course_misses_answers() -> None:
    when, asked = form(1, 9)
    other = replace(asked, scale="gad7", answers=(1,) * 7)
    own, beside = charts(Rulebook.shipped(), of(*READY, infusion(1, 0), (when, other)), NOON + 10 * DAYS)
    assert (own["id"], len(own["data"]["missing"])) == ("outcome-phq9", 1)
    assert (beside["id"], beside["data"]["missing"]) == ("outcome-gad7", [])


def test_a_form_with_a_gap_has_no_point_and_a_line_in_the_table() -> None:
    (chart,) = charts(Rulebook.shipped(), of(form(0, None)), NOON + DAYS)
    assert chart["data"]["points"] == []
    assert chart["rows"][0][1] == "not scored, an answer is missing"


@pytest.mark.parametrize(
    ("facts", "action", "tail"),
    [
        ((), "screening.record", "/screening/"),
        ((READY[0],), "consent.record", "/consent/"),
        (READY[:2], "series.plan", "/series/"),
        (READY, "visit.book", "/book/"),
        ((*READY, *(infusion(n, 3 * n) for n in (1, 2, 3))), "series.review", "/review/3/"),
        (
            (*READY, (NOON, ConsentWithdrawn(said_to="Made-up Nurse", reason=""))),
            "course.end",
            "/end/",
        ),
    ],
)
def test_every_stage_has_one_next_step(
    facts: tuple[tuple[object, object], ...], action: str, tail: str
) -> None:
    step = steps.of_course(of(*facts), ())
    assert step is not None
    assert step.action == action
    assert step.address.endswith(tail)


def test_a_series_that_a_review_stopped_is_judged() -> None:
    given = [infusion(n, 3 * n) for n in (1, 2, 3)]
    stopped = (
        NOON + 10 * DAYS,
        ReviewRecorded(after_infusion=3, verdicts=(), decision="stop", reason="No gain.", overrides=()),
    )
    state = of(*READY, *given, stopped)
    assert steps.needs_judging(state)
    assert not steps.needs_judging(of(*READY, *given, (NOON + 10 * DAYS, REVIEWED)))
    judged = ResponseJudged(
        scale="phq9",
        baseline=None,
        latest=None,
        fall_percent=None,
        response="unknown",
        remission="unknown",
        verdicts=(),
        note="",
    )
    assert not steps.needs_judging(of(*READY, *given, stopped, (NOON + 11 * DAYS, judged)))


def test_an_ended_course_has_no_next_step_and_skips_what_is_left() -> None:
    state = of((NOON, CourseEnded(reason="Moved away.")))
    assert steps.of_course(state, ()) is None
    assert [stage["state"] for stage in stages(state, (), "nurse")] == ["done"] + ["skipped"] * 6


def test_a_maintenance_series_counts_its_own_infusions() -> None:
    given = [infusion(n, n) for n in range(1, 7)]
    again = (
        NOON + 8 * DAYS,
        SeriesPlanned(purpose="maintenance", infusions=4, per_week=1, first_date=DAY),
    )
    state = of(*READY, *given, again, infusion(7, 9))
    assert steps.given_in_series(state) == 1
    _, columns = projections.row_of(state)
    # A list says how many there are to be in all: six before, four in the series that stands.
    assert (columns["infusions_given"], columns["infusions_planned"]) == (7, 10)


def test_an_infusion_after_the_plan_moves_the_next_date() -> None:
    plan = MaintenancePlanned(
        interval=Days.of(14),
        next_due_date=DAY + 20 * DAYS,
        goals="",
        return_signs="",
        psychotherapy="",
        support_contact="",
        craving="no",
        verdicts=(),
        overrides=(),
    )
    planned = (*READY, infusion(1, 0), (NOON + 2 * DAYS, plan))
    assert steps.maintenance_due(of(*READY)) is None
    assert steps.maintenance_due(of(*planned)) == DAY + 20 * DAYS
    assert steps.maintenance_due(of(*planned, infusion(2, 21))) == DAY + 35 * DAYS


def test_the_share_counts_only_weeks_that_are_over() -> None:
    answered = of(*READY, infusion(1, 0), form(6, 12))
    too_late = of(*READY, infusion(1, 0), form(8, 12))
    young = of(*READY, infusion(1, 25), form(26, 12))
    incomplete = of(*READY, infusion(1, 1), form(2, None))
    at = NOON + 30 * DAYS
    assert answered_share([answered, too_late, young, incomplete], at) == (1, 3)
    assert answered_share([], at) == (0, 0)
    # Infusions of more than 90 days ago are no longer counted.
    assert answered_share([answered], NOON + 91 * DAYS) == (0, 0)


def test_of_equal_harm_a_patient_under_the_drug_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def row(who: str, tone: str, days: int, is_in_the_chair: bool = False) -> Row:
        return Row(
            patient=PATIENT,
            who=who,
            why="",
            tone=tone,
            word="",
            at=NOON - days * DAYS,
            action="",
            url="",
            is_in_the_chair=is_in_the_chair,
        )

    found = [
        row("old paper", "medium", 10),
        row("in the chair", "medium", 0, is_in_the_chair=True),
        row("older harm", "high", 20),
    ]
    monkeypatch.setattr(today_view, "_of_role", lambda *_: iter(found))
    by = Author(id=ClinicianId("1"), role="nurse", printed_name="Nora")
    waiting = today_view.waiting(by, (), (), NOON)
    assert [each.who for each in waiting] == ["older harm", "in the chair", "old paper"]
