"""The rhythm of a series, and what stands in the way of booking and of going on."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clinical.decision import objections
from evenkeel.clinical.repeated_checks import checks_due, last_done
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.clinical.series import (
    assess_booking,
    assess_review,
    assess_series_plan,
    exposure,
    planned_infusion,
    suggest_times,
)
from evenkeel.record.codec import decode, encode
from evenkeel.record.courses import CourseState
from evenkeel.record.series import CheckRecorded, SeriesPlanned, SeriesPlannedWithoutDose
from evenkeel.values.drug import DrugMass
from evenkeel.values.quantities import Days, DosePerWeight
from tests.rules.outcomes_cases import BEFORE_FIRST, DAY, FIRST_AT, form, infusion
from tests.rules.records import CONSENT, NOON, SCREENING, course, infusion_counted
from tests.rules.series_cases import THREE, WITHDRAWN, review

BOOK = Rulebook.shipped()
NEW_YORK = ZoneInfo("America/New_York")
READY: list[tuple[Any, Any]] = [(NOON - 30 * DAY, SCREENING), (NOON - 29 * DAY, CONSENT)]


def days(first: date, infusions: int, per_week: int) -> list[str]:
    series = SeriesPlanned(purpose="induction", infusions=infusions, per_week=per_week, first_date=first)
    times = suggest_times(series, begins=time(9, 30), zone=NEW_YORK)
    return [f"{when.astimezone(NEW_YORK):%a %d}" for when in times]


@pytest.mark.parametrize(
    ("per_week", "expected"),
    [
        # 1 June 2026 is a Monday. Twice a week for three weeks: Anand 2023. Three times: Singh 2016.
        (1, ["Mon 01", "Mon 08", "Mon 15", "Mon 22"]),
        (2, ["Mon 01", "Thu 04", "Mon 08", "Thu 11"]),
        (3, ["Mon 01", "Wed 03", "Fri 05", "Mon 08"]),
    ],
)
def test_a_series_is_spread_over_the_week(per_week: int, expected: list[str]) -> None:
    assert days(date(2026, 6, 1), 4, per_week) == expected


def test_a_closed_day_moves_the_visit_on() -> None:
    # Wednesday, then Saturday, which is closed; the one after keeps its day.
    assert days(date(2026, 6, 3), 3, 2) == ["Wed 03", "Mon 08", "Wed 10"]


def test_the_clock_time_stays_when_the_clocks_change() -> None:
    # New York leaves summer time on 1 November 2026: 09:30 is 13:30 UTC before and 14:30 after.
    series = SeriesPlanned(purpose="induction", infusions=2, per_week=1, first_date=date(2026, 10, 30))
    times = suggest_times(series, begins=time(9, 30), zone=NEW_YORK)
    assert [f"{when:%H:%M}" for when in times] == ["13:30", "14:30"]


@given(first=st.dates(date(2026, 1, 1), date(2027, 12, 31)), per_week=st.integers(1, 3))
def test_visits_never_crowd_and_never_fall_on_a_closed_day(first: date, per_week: int) -> None:
    series = SeriesPlanned(purpose="induction", infusions=8, per_week=per_week, first_date=first)
    found = [
        when.astimezone(NEW_YORK).date() for when in suggest_times(series, begins=time(9), zone=NEW_YORK)
    ]
    assert found[0] >= first
    assert all(day.weekday() < 5 for day in found)
    assert all(later - earlier >= timedelta(days=2) for earlier, later in pairwise(found))


def booking_codes(*facts: Any) -> list[tuple[str | None, str]]:
    verdicts = assess_booking(BOOK, course(*facts), NOON)
    return [(issue.rule, issue.code) for issue in objections(BOOK, verdicts, (), "front_desk")]


def test_a_screened_and_consenting_patient_may_be_booked() -> None:
    assert booking_codes(*READY) == []


def test_nobody_books_after_consent_was_withdrawn() -> None:
    assert booking_codes(*READY, WITHDRAWN) == [("SER-CON-001", "blocked")]


def test_a_review_that_is_owed_comes_first() -> None:
    assert booking_codes(*READY, *THREE) == [("SER-DUE-001", "needs-prescriber")]
    assert booking_codes(*READY, *THREE, review(3, "continue")) == []


def review_codes(total: int, after: int, risk: bool = False) -> list[tuple[str | None, str]]:
    state = course(
        (BEFORE_FIRST, form(20, "baseline")), (FIRST_AT, infusion()), (NOON, form(total, risk=risk))
    )
    verdicts = assess_review(BOOK, state, after)
    return [(issue.rule, issue.code) for issue in objections(BOOK, verdicts, (), "prescriber")]


@pytest.mark.parametrize(
    ("total", "after", "codes"),
    [
        (15, 3, []),
        (16, 3, [("SER-REV-001", "needs-reason")]),
        (10, 6, []),
        (11, 6, [("SER-REV-002", "needs-reason")]),
        (26, 3, [("OUT-WRS-001", "needs-reason"), ("SER-REV-001", "needs-reason")]),
    ],
)
def test_a_review_asks_for_a_reason_where_the_curve_does_not_carry(
    total: int, after: int, codes: list[tuple[str, str]]
) -> None:
    assert review_codes(total, after) == codes


def test_a_review_waits_for_an_answer_that_alerts() -> None:
    assert review_codes(10, 3, risk=True) == [("OUT-RSK-001", "blocked")]


def test_a_plan_from_before_doses_were_planned_is_read_on() -> None:
    text = '{"first_date":"2026-06-01","infusions":6,"per_week":2,"purpose":"induction"}'
    before = decode("series.planned", 1, text)
    assert encode(before) == text
    assert isinstance(before, SeriesPlannedWithoutDose)
    assert (before.protocol, before.per_weight) == (None, ())
    state = course((NOON - timedelta(days=9), before))
    assert state.series is not None
    assert state.series.payload.infusions == 6
    assert planned_infusion(state, 1) is None


def dosed(*doses: str, days_ago: int = 9) -> tuple[datetime, SeriesPlanned]:
    """A series of three with a planned dose."""
    at = NOON - timedelta(days=days_ago)
    return at, SeriesPlanned(
        purpose="induction",
        infusions=3,
        per_week=2,
        first_date=at.date(),
        protocol="mood_standard",
        per_weight=tuple(DosePerWeight.of(dose) for dose in doses),
    )


def planned_dose(state: CourseState, number: int) -> str | None:
    found = planned_infusion(state, number)
    return found.per_weight.number if found else None


def test_one_planned_dose_is_for_every_infusion_of_the_series() -> None:
    state = course(dosed("0.5"))
    assert [planned_dose(state, number) for number in (0, 1, 3, 4)] == [None, "0.5", "0.5", None]
    first = planned_infusion(state, 1)
    assert first is not None
    assert (first.number, first.protocol) == (1, "mood_standard")


def test_a_dose_for_each_infusion_is_read_in_order_after_what_was_given_before() -> None:
    before = (NOON - timedelta(days=20), infusion_counted(NOON - timedelta(days=20)))
    state = course(before, dosed("0.5", "0.6", "0.75"))
    assert [planned_dose(state, number) for number in (1, 2, 3, 4, 5)] == [None, "0.5", "0.6", "0.75", None]


def test_a_later_plan_takes_the_place_of_the_doses_before() -> None:
    state = course(dosed("0.5"), dosed("0.75", days_ago=2))
    assert planned_dose(state, 1) == "0.75"


def test_no_plan_plans_no_dose() -> None:
    assert planned_infusion(course(), 1) is None


def test_exposure_counts_every_course_within_the_span() -> None:
    # 40 mg each; a year ago to the day is out, the day after is in.
    given_at = [NOON - days * DAY for days in (365, 364, 0)]
    counted = [infusion(number, at) for number, at in enumerate(given_at, start=1)]
    found = exposure(counted, Days.of(365), on=NOON.date())
    assert (found.infusions, found.given) == (2, DrugMass.mg(80))


def test_a_check_is_due_so_long_after_it_was_last_done() -> None:
    done = CheckRecorded(what="bladder", done_date=NOON.date() - 10 * DAY, finding="normal", note="")
    state = course((NOON - 20 * DAY, infusion(1, NOON - 20 * DAY)), (NOON, done))
    due = {each.what: each for each in checks_due(BOOK, state, on=NOON.date())}
    assert due["bladder"].due_date == NOON.date() + 80 * DAY
    assert (due["cognition"].last_date, due["cognition"].due_date) == (None, NOON.date() + 163 * DAY)
    assert due["liver"].due_date is None
    assert [each.due_date for each in checks_due(BOOK, course(), on=NOON.date())] == [None] * 4


def test_of_two_checks_the_later_day_counts_however_they_were_written() -> None:
    late = CheckRecorded(what="liver", done_date=NOON.date() - 1 * DAY, finding="normal", note="")
    early = CheckRecorded(what="liver", done_date=NOON.date() - 9 * DAY, finding="abnormal", note="ALT")
    state = course((NOON - DAY, late), (NOON, early))
    assert last_done(state, "liver") == NOON.date() - DAY
    verdicts = assess_booking(BOOK, course(*READY, (NOON - DAY, late), (NOON, early)), NOON)
    assert "SER-ABN-001" not in {each.rule.rule for each in verdicts if each.answer == "fires"}


def test_exposure_counts_nothing_that_comes_later() -> None:
    counted = [infusion(1, NOON - DAY), infusion(2, NOON + DAY)]
    assert exposure(counted, Days.of(365), on=NOON.date()).infusions == 1
    nothing = exposure([], Days.of(365), on=NOON.date())
    assert (nothing.infusions, nothing.given) == (0, DrugMass(mcg=0))


def answers(verdicts: Any) -> list[tuple[str, str]]:
    return [(verdict.rule.rule, verdict.answer) for verdict in verdicts]


def test_a_booking_is_asked_about_consent_first_and_the_repeated_checks_last() -> None:
    screened = (NOON - 91 * DAY, SCREENING)
    assert answers(assess_booking(BOOK, course(screened, READY[1]), NOON)) == [
        ("SER-CON-001", "clear"),
        ("SER-SCR-001", "clear"),
        ("SER-WRK-001", "clear"),
        ("SER-GAP-001", "clear"),
        ("SER-FRQ-001", "clear"),
        ("SER-MIS-001", "clear"),
        ("SER-MIS-002", "clear"),
        ("SER-DUE-001", "clear"),
        ("SER-STP-001", "clear"),
        ("SCR-EXP-001", "fires"),
        ("SER-LFT-001", "unknown"),
        ("SER-BLD-001", "clear"),
        ("SER-COG-001", "clear"),
        ("SER-PDM-001", "clear"),
        ("SER-ABN-001", "clear"),
    ]
    never = dict(answers(assess_booking(BOOK, course(), NOON)))
    assert [id_ for id_, answer in never.items() if answer == "unknown"] == [
        "SER-CON-001",
        "SER-SCR-001",
        "SER-WRK-001",
        "SCR-EXP-001",
        "SER-LFT-001",
    ]


def test_a_booking_is_judged_on_the_day_of_the_visit() -> None:
    done = CheckRecorded(what="bladder", done_date=NOON.date() - 90 * DAY, finding="normal", note="")
    state = course((NOON, done))
    assert dict(answers(assess_booking(BOOK, state, NOON)))["SER-BLD-001"] == "clear"
    assert dict(answers(assess_booking(BOOK, state, NOON + DAY)))["SER-BLD-001"] == "fires"


def test_a_plan_is_asked_about_its_rhythm_and_about_the_year() -> None:
    seven = [infusion(number, NOON - 30 * DAY) for number in range(7)]
    verdicts = assess_series_plan(BOOK, infusions=6, per_week=3, given=seven, on=NOON.date())
    assert [(verdict.rule.rule, verdict.evidence) for verdict in verdicts] == [
        ("SER-RHY-001", ("3 a week",)),
        ("SER-CUM-001", ("7 given (280 mg) in 365 days, 6 planned",)),
        ("SER-CUM-002", ("7 given (280 mg) in 365 days, 6 planned",)),
    ]
    later = assess_series_plan(BOOK, infusions=6, per_week=2, given=seven, on=NOON.date() + 335 * DAY)
    assert answers(later) == [("SER-RHY-001", "clear"), ("SER-CUM-001", "clear"), ("SER-CUM-002", "clear")]


def test_a_review_looks_at_risk_age_and_worsening_before_it_looks_at_the_fall() -> None:
    state = course((BEFORE_FIRST, form(20, "baseline")), (FIRST_AT, infusion()), (NOON, form(16)))
    today = assess_review(BOOK, state, 6)
    assert [(verdict.rule.rule, verdict.evidence) for verdict in today] == [
        ("OUT-RSK-001", ()),
        ("OUT-AGE-001", ()),
        ("OUT-WRS-001", ()),
        ("SER-REV-001", ("fallen by 20 %",)),
        ("SER-REV-002", ("response: none",)),
    ]
    # Without a day, the day of the last entry; 15 days later the answer is too old to judge by.
    assert assess_review(BOOK, state, 6, on=NOON.date()) == today
    late = dict(answers(assess_review(BOOK, state, 6, on=NOON.date() + 15 * DAY)))
    assert (late["OUT-AGE-001"], late["SER-REV-002"]) == ("fires", "unknown")


def test_visits_keep_apart_and_to_the_days_that_a_clinic_is_open() -> None:
    # Four a week: every 1.75 days; two days of rest move each on, and Sunday is closed.
    assert days(date(2026, 6, 1), 4, 4) == ["Mon 01", "Wed 03", "Fri 05", "Mon 08"]
    series = SeriesPlanned(purpose="induction", infusions=4, per_week=2, first_date=date(2026, 6, 1))
    times = suggest_times(series, begins=time(9, 30), zone=NEW_YORK, open_weekdays={1, 5})
    # Tuesdays and Saturdays.
    assert [f"{when.astimezone(NEW_YORK):%a %d}" for when in times] == [
        "Tue 02",
        "Sat 06",
        "Tue 09",
        "Sat 13",
    ]
    # 09:30 of the summer in New York, as aware UTC.
    assert [when.isoformat() for when in times[:1]] == ["2026-06-02T13:30:00+00:00"]
    assert all(when.tzinfo is UTC for when in times)


@pytest.mark.parametrize(
    ("infusions", "per_week", "open_weekdays", "words"),
    [
        (0, 2, {0}, "a series has infusions"),
        (1, 0, {0}, "a series has a rhythm"),
        (1, 1, set(), "a clinic is open on some day"),
    ],
)
def test_a_series_of_nothing_cannot_be_laid_out(
    infusions: int, per_week: int, open_weekdays: set[int], words: str
) -> None:
    first = date(2026, 6, 1)
    series = SeriesPlanned(purpose="induction", infusions=infusions, per_week=per_week, first_date=first)
    with pytest.raises(AssertionError, match=f"^{words}"):
        suggest_times(series, begins=time(9), zone=NEW_YORK, open_weekdays=open_weekdays)


def test_the_shortest_series_can_be_laid_out() -> None:
    assert days(date(2026, 6, 1), 1, 1) == ["Mon 01"]


def test_an_infusion_that_began_when_the_series_was_planned_is_its_first() -> None:
    at = NOON - timedelta(days=9)
    state = course(dosed("0.5", "0.6", "0.75"), (at, infusion_counted(at)))
    assert [planned_dose(state, number) for number in (1, 2, 3, 4)] == ["0.5", "0.6", "0.75", None]
    third = planned_infusion(state, 3)
    assert third is not None
    assert (third.number, third.protocol, third.per_weight) == (3, "mood_standard", DosePerWeight.of("0.75"))
