"""When checks are due and what was missed: every 10 minutes while drug runs, at its end, then every 15."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clinical.clinic_settings import ClinicSetting
from evenkeel.clinical.infusion import MissedCheck, Schedule, check_schedule
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.discharge import DischargeSigned
from evenkeel.record.signs import Signs
from evenkeel.record.visits import VisitState
from evenkeel.values.ids import ClinicianId
from evenkeel.values.quantities import Minutes
from tests.rules.discharge_cases import STARTED, STOPPED
from tests.rules.infusion_cases import AWAKE, charted
from tests.rules.records import NOON, SIGNATURE, visit

BOOK = Rulebook.shipped()
MINUTE = timedelta(minutes=1)
LEFT = DischargeSigned(
    criteria={},
    received_by="Made-up Escort",
    received_by_phone="",
    instructions_version="1",
    instructions_given=True,
    against_advice=False,
    note="",
    verdicts=(),
    overrides=(),
    signature=SIGNATURE,
)


def minute(value: float) -> datetime:
    """So many minutes after the start, which is at noon."""
    return NOON + value * MINUTE


def chart(
    *checks: float, stop: float | None = None, left: float | None = None, signs: Signs = AWAKE
) -> VisitState:
    """An infusion from noon, with full checks at these minutes."""
    facts: list[tuple[datetime, Any]] = [(NOON, STARTED)]
    facts += [(minute(at), charted(signs)) for at in checks]
    facts += [(minute(at), what) for at, what in ((stop, STOPPED), (left, LEFT)) if at is not None]
    return visit(*facts)


def at(state: VisitState, now: float) -> Schedule:
    return check_schedule(BOOK, state, minute(now))


def missed(schedule: Schedule) -> Sequence[tuple[float, float | None]]:
    """The minute at which each missed check was due, and how late it came; None while it has not come."""
    return [
        ((one.due_at - NOON) / MINUTE, one.late / MINUTE if one.late else None) for one in schedule.missed
    ]


def test_nothing_is_due_before_the_start() -> None:
    schedule = check_schedule(BOOK, visit(), NOON)
    assert (schedule.next_due_at, schedule.due, schedule.missed) == (None, "not_yet", ())


def test_nothing_is_due_in_a_moment_before_the_start() -> None:
    assert at(chart(10), -1) == Schedule(
        interval=Minutes.of(10), next_due_at=None, due="not_yet", missed=(), verdicts=()
    )


def test_each_late_check_is_told_with_when_it_came() -> None:
    schedule = at(chart(13, 36), 49)
    assert schedule.missed == (
        MissedCheck(due_at=minute(10), answered_at=minute(13), late=3 * MINUTE, is_missed=False),
        MissedCheck(due_at=minute(23), answered_at=minute(36), late=13 * MINUTE, is_missed=True),
        MissedCheck(due_at=minute(33), answered_at=minute(36), late=3 * MINUTE, is_missed=False),
        MissedCheck(due_at=minute(46), answered_at=None, late=None, is_missed=False),
    )


def test_the_rules_of_the_phase_answer_for_the_check_that_is_due() -> None:
    def asked(schedule: Schedule) -> list[tuple[str, tuple[str, ...]]]:
        return [(verdict.rule.rule, verdict.evidence) for verdict in schedule.verdicts]

    assert asked(at(chart(), 5)) == [("INF-CHK-001", ()), ("INF-CHK-003", ())]
    assert asked(at(chart(), 13)) == [("INF-CHK-001", ("due 3 min ago",)), ("INF-CHK-003", ())]
    assert asked(at(chart(10, 20, stop=20), 51)) == [
        ("INF-CHK-002", ("due 16 min ago",)),
        ("INF-CHK-004", ("due 16 min ago",)),
    ]


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (0, "not_yet"),
        (9.99, "not_yet"),
        (10, "due"),
        (12, "due"),
        (12.01, "late"),
        (20, "late"),
        (20.01, "missed"),
        (60, "missed"),
    ],
)
def test_the_first_check_is_due_after_ten_minutes(now: float, due: str) -> None:
    schedule = at(chart(), now)
    assert (schedule.due, schedule.next_due_at, schedule.interval) == (due, minute(10), Minutes.of(10))


def test_a_check_in_time_leaves_nothing_missed() -> None:
    schedule = at(chart(9, 19, 29.5), 39)
    assert (missed(schedule), schedule.next_due_at) == ([], minute(39.5))


def test_a_check_counts_from_the_moment_it_was_made() -> None:
    schedule = at(chart(10), 10)
    assert (schedule.due, schedule.next_due_at) == ("not_yet", minute(20))


def test_a_late_check_stays_visibly_late() -> None:
    schedule = at(chart(15, 25), 30)
    assert missed(schedule) == [(10, 5)]
    assert schedule.next_due_at == minute(35)


def test_a_long_gap_is_every_check_that_fell_into_it() -> None:
    assert missed(at(chart(35), 36)) == [(10, 25), (20, 15), (30, 5)]


def test_a_gap_that_is_still_open_is_told_as_open() -> None:
    schedule = at(chart(10), 33)
    assert missed(schedule) == [(20, None), (30, None)]
    assert (schedule.due, schedule.next_due_at) == ("missed", minute(20))
    assert [verdict.severity for verdict in schedule.verdicts] == ["confirm", "pause"]


def test_a_check_is_due_when_the_drug_stops_and_then_every_fifteen_minutes() -> None:
    running = (10, 20, 30)
    assert at(chart(*running, stop=38), 38).next_due_at == minute(38)
    assert (at(chart(*running, stop=38), 37.9).next_due_at, at(chart(*running, stop=38), 38).interval) == (
        minute(40),
        Minutes.of(15),
    )
    after = at(chart(*running, 40, stop=38), 41)
    assert (after.next_due_at, after.interval, missed(after)) == (minute(55), Minutes.of(15), [])


def test_a_check_just_before_the_end_is_the_check_at_the_end() -> None:
    schedule = at(chart(10, 20, 30, 39, stop=40), 41)
    assert (schedule.next_due_at, missed(schedule)) == (minute(54), [])


def test_of_two_checks_just_before_the_end_the_last_one_counts() -> None:
    assert at(chart(10, 20, 30, 36, 37, 39, stop=40), 41).next_due_at == minute(54)


def test_a_check_at_the_moment_the_drug_stops_is_the_check_at_the_end() -> None:
    assert at(chart(10, 20, 30, 40, stop=40), 41).next_due_at == minute(55)


def test_five_minutes_before_the_end_is_just_before() -> None:
    assert at(chart(10, 20, 30, 35, stop=40), 41).next_due_at == minute(50)


def test_a_check_well_before_the_end_is_not_the_check_at_the_end() -> None:
    schedule = at(chart(10, 20, 30, stop=39), 50)
    assert missed(schedule) == [(39, None)]


def test_what_was_missed_while_running_stays_missed_in_recovery() -> None:
    schedule = at(chart(10, 45, stop=40), 46)
    assert missed(schedule) == [(20, 25), (30, 15)]


def test_nothing_is_due_after_discharge_and_what_was_missed_remains() -> None:
    schedule = at(chart(10, 20, 30, 40, stop=40, left=100), 200)
    assert (schedule.next_due_at, schedule.due, schedule.interval) == (None, "not_yet", Minutes.of(15))
    assert schedule.verdicts == ()
    assert missed(schedule) == [(55, None), (70, None), (85, None)]


def test_a_number_alone_is_not_a_check() -> None:
    schedule = at(chart(10, signs=Signs(dissociation=4, spo2=AWAKE.spo2)), 13)
    assert (schedule.due, schedule.next_due_at) == ("late", minute(10))


def test_signs_charted_a_few_minutes_apart_are_one_check() -> None:
    pressure = Signs(systolic=AWAKE.systolic, diastolic=AWAKE.diastolic, pulse=AWAKE.pulse)
    rest = Signs(spo2=AWAKE.spo2, sedation=5)
    together = visit((NOON, STARTED), (minute(8), charted(pressure)), (minute(11), charted(rest)))
    apart = visit((NOON, STARTED), (minute(7), charted(pressure)), (minute(11), charted(rest)))
    assert check_schedule(BOOK, together, minute(12)).next_due_at == minute(21)
    assert check_schedule(BOOK, apart, minute(12)).next_due_at == minute(10)


def test_a_past_moment_is_told_as_it_was_then() -> None:
    whole = chart(15, 40, stop=40, left=100)
    assert missed(at(whole, 13)) == [(10, None)]
    assert at(whole, 13).next_due_at == minute(10)


@given(
    checks=st.lists(st.integers(1, 120), max_size=12, unique=True),
    stop=st.none() | st.integers(1, 60),
    now=st.integers(0, 150),
)
def test_a_gap_longer_than_the_interval_is_never_silent(
    checks: list[int], stop: int | None, now: int
) -> None:
    schedule = at(chart(*sorted(checks), stop=stop), now)
    assert schedule.next_due_at is not None
    # While the drug runs, 10 minutes and 2 of grace after any check must not pass unseen.
    until = min(now, stop) if stop is not None else now
    marks = [0, *sorted(check for check in checks if check <= until), until]
    longest = max(later - earlier for earlier, later in pairwise(marks))
    late_while_running = [one for one in schedule.missed if stop is None or one.due_at < minute(stop)]
    if longest > 12:
        assert late_while_running
    assert all(one.late is None or one.late > timedelta(0) for one in schedule.missed)
    assert [one.due_at for one in schedule.missed] == sorted(one.due_at for one in schedule.missed)


def test_a_visit_that_nobody_ended_is_laid_out_for_a_day_and_not_for_weeks() -> None:
    day_min = 24 * 60
    forgotten = at(chart(10), 60 * day_min)
    # Every ten minutes for a day after the check, and the one that follows.
    assert len(forgotten.missed) == day_min / 10 + 1
    assert (forgotten.due, forgotten.next_due_at) == ("missed", minute(20))


def test_a_check_after_more_than_a_day_counts_from_itself() -> None:
    day_min = 24 * 60
    found = at(chart(10, 3 * day_min), 3 * day_min + 5)
    assert found.next_due_at == minute(3 * day_min + 10)
    assert len(found.missed) == day_min / 10 + 1


def test_a_check_that_came_so_late_that_the_next_was_due_counts_as_missed() -> None:
    at_all_lengths = {came: at(chart(came), came).missed for came in (12, 12.5, 20, 20.5)}
    assert {came: [one.is_missed for one in missed] for came, missed in at_all_lengths.items()} == {
        12: [],
        12.5: [False],
        20: [False],
        # The one of minute 10 was missed, and the one of minute 20 came in its grace.
        20.5: [True],
    }


def test_in_recovery_a_check_is_missed_after_fifteen_minutes_and_calls_without_a_pause() -> None:
    running = (10, 20, 30, 40)
    late, gone = (at(chart(*running, stop=40), now) for now in (70, 70.1))
    assert (late.due, [verdict.severity for verdict in late.verdicts]) == ("late", ["confirm", None])
    assert (gone.due, [verdict.severity for verdict in gone.verdicts]) == ("missed", ["confirm", "confirm"])


@given(
    checks=st.lists(st.integers(1, 60), max_size=6, unique=True),
    stop=st.none() | st.integers(1, 60),
    seconds=st.integers(0, 2 * 60 * 60),
)
def test_time_is_parted_without_gap_or_overlap(checks: list[int], stop: int | None, seconds: int) -> None:
    """Not yet, due, late, missed: each begins where the one before ends, by the limits of the phase."""
    now = seconds / 60
    past = [check for check in sorted(checks) if check <= now]
    schedule = at(chart(*past, stop=stop if stop is not None and stop <= now else None), now)
    assert schedule.next_due_at is not None
    over = minute(now) - schedule.next_due_at
    grace, gone = (5, 15) if stop is not None and stop <= now else (2, 10)
    expected = (
        "not_yet"
        if over < timedelta(0)
        else "due"
        if over <= grace * MINUTE
        else "late"
        if over <= gone * MINUTE
        else "missed"
    )
    assert schedule.due == expected


def every_five_minutes(from_date: date) -> Rulebook:
    """A book whose clinic asks for a check every 5 minutes from a day on."""
    shorter = ClinicSetting(
        rule="INF-CHK-001",
        limit="interval",
        number=1,
        value=Minutes.of(5),
        version=1,
        from_date=from_date,
        reason="as the medical director asked",
        is_confirmed=False,
        by=ClinicianId("22222222-2222-4222-8222-222222222222"),
        by_name="Lea Lindqvist MD",
        recorded_at=NOON,
    )
    return BOOK.with_settings([shorter])


def test_a_visit_is_read_with_the_limits_of_its_day_on_any_later_one() -> None:
    state = chart(10, 20, 30, 40, stop=45, left=46)
    tightened = every_five_minutes(NOON.date() + timedelta(days=1))
    week_later = NOON + timedelta(days=7)
    assert tightened.limits("INF-CHK-001", week_later.date()).interval == Minutes.of(5)
    then, later = check_schedule(BOOK, state, minute(60)), check_schedule(tightened, state, week_later)
    assert (later.interval, later.missed) == (then.interval, then.missed)


def test_the_day_of_the_start_is_that_of_the_clinic() -> None:
    # Noon in UTC is two o'clock in the morning of the next day on Kiritimati.
    tightened = every_five_minutes(NOON.date() + timedelta(days=1))
    there = minute(1).astimezone(ZoneInfo("Pacific/Kiritimati"))
    assert check_schedule(tightened, chart(), minute(1)).next_due_at == minute(10)
    assert check_schedule(tightened, chart(), there).next_due_at == minute(5)
    # Before the start the day is that of the moment.
    assert check_schedule(tightened, visit(), there).interval == Minutes.of(5)
    assert check_schedule(tightened, visit(), minute(1)).interval == Minutes.of(10)
