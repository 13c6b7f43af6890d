"""A check that was put off is due later, and neither late nor missed before; it stays visible that it was."""

from datetime import datetime
from typing import Any

import pytest

from evenkeel.clinical.infusion import Schedule, assess_deferral, check_schedule, deferral_words, may_defer
from evenkeel.clinical.infusion.deferral import held_by
from evenkeel.clinical.infusion.signs import assess_signs
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.infusion import CheckDeferred, DeferralReason
from evenkeel.record.signs import Signs
from evenkeel.record.visits import VisitState
from evenkeel.values.quantities import Pressure
from tests.rules.discharge_cases import STARTED, STOPPED
from tests.rules.infusion_cases import AWAKE, charted
from tests.rules.records import NOON, changed, visit
from tests.unit.clinical.test_check_schedule import MINUTE, minute

BOOK = Rulebook.shipped()


def put_off(due: float, until: float, reason: DeferralReason = "asleep", words: str = "") -> CheckDeferred:
    """The check of one minute put off to another."""
    return CheckDeferred(due_at=minute(due), until_at=minute(until), reason=reason, words=words, verdicts=())


def run(*facts: tuple[float, Any]) -> VisitState:
    """An infusion from noon, with facts at these minutes."""
    found: list[tuple[datetime, Any]] = [(NOON, STARTED), *((minute(at), what) for at, what in facts)]
    return visit(*found)


def at(state: VisitState, now: float) -> Schedule:
    return check_schedule(BOOK, state, minute(now))


CHECK = charted(AWAKE)


def test_a_check_that_was_put_off_is_due_then_and_not_late_before() -> None:
    state = run((9, put_off(10, 15)))
    assert at(state, 8).next_due_at == minute(10)
    for now, due in (
        (9, "not_yet"),
        (14.9, "not_yet"),
        (15, "due"),
        (17, "due"),
        (17.1, "late"),
        (25.1, "missed"),
    ):
        schedule = at(state, now)
        assert (schedule.next_due_at, schedule.due) == (minute(15), due)
        assert [fact.payload.until_at for fact in schedule.deferred] == [minute(15)]
    assert at(state, 16).missed == ()


def test_the_check_that_was_put_off_is_never_told_as_late_once_it_came() -> None:
    state = run((10.5, put_off(10, 15)), (14, CHECK))
    schedule = at(state, 20)
    assert (schedule.missed, schedule.next_due_at, schedule.deferred) == ((), minute(24), ())


def test_lateness_counts_from_when_it_was_put_off_to() -> None:
    state = run((9, put_off(10, 15)), (18, CHECK))
    assert [(one.due_at, one.late) for one in at(state, 20).missed] == [(minute(15), 3 * MINUTE)]


def test_only_the_check_that_waited_is_put_off() -> None:
    state = run((9, put_off(10, 15)), (15, CHECK))
    assert at(state, 16).next_due_at == minute(25)
    assert at(state, 40).missed[0].due_at == minute(25)


def test_the_check_at_the_end_of_the_drug_is_not_put_off_by_what_was_said_during_it() -> None:
    state = run((9, put_off(10, 15)), (12, STOPPED))
    schedule = at(state, 13)
    assert (schedule.next_due_at, schedule.deferred) == (minute(12), ())


def test_in_recovery_two_in_a_row_add_up() -> None:
    facts = ((10, CHECK), (10, STOPPED), (24, put_off(25, 35)), (34, put_off(35, 45)))
    schedule = at(run(*facts), 36)
    assert (schedule.next_due_at, schedule.due, len(schedule.deferred)) == (minute(45), "not_yet", 2)


def test_a_deferral_that_is_taken_back_leaves_the_check_due_when_it_was() -> None:
    state = run((9, put_off(10, 15)))
    back = changed(
        state,
        facts=tuple(
            changed(fact, in_error=True) if isinstance(fact.payload, CheckDeferred) else fact
            for fact in state.facts
        ),
    )
    assert (at(back, 13).next_due_at, at(back, 13).due) == (minute(10), "late")


@pytest.mark.parametrize(
    ("facts", "until", "now", "fires"),
    [
        ((), 15, 9, set()),
        ((), 15.1, 9, {"INF-CHK-005"}),
        (((9, put_off(10, 15)),), 16, 14, {"INF-CHK-005"}),
        (((10, CHECK), (10, STOPPED)), 35, 24, set()),
        (((10, CHECK), (10, STOPPED)), 36, 24, {"INF-CHK-006"}),
        (((10, CHECK), (10, STOPPED), (24, put_off(25, 35)), (34, put_off(35, 45))), 46, 44, {"INF-CHK-006"}),
    ],
)
def test_how_long_and_how_often_depends_on_the_phase(
    facts: tuple[tuple[float, Any], ...], until: float, now: float, fires: set[str]
) -> None:
    state = run(*facts)
    verdicts = assess_deferral(BOOK, state, minute(until), minute(now))
    assert {each.rule.rule for each in verdicts if each.answer == "fires"} == fires


def test_a_page_offers_it_as_often_as_the_rule_allows() -> None:
    first, second = (24, put_off(25, 35)), (34, put_off(35, 45))
    assert not may_defer(BOOK, run((9, put_off(10, 15))), minute(14))
    assert may_defer(BOOK, run((10, CHECK), (10, STOPPED), first), minute(34))
    assert not may_defer(BOOK, run((10, CHECK), (10, STOPPED), first, second), minute(44))


def test_nothing_is_put_off_before_the_start_or_after_the_limit_has_passed() -> None:
    assert not may_defer(BOOK, visit(), NOON)
    assert may_defer(BOOK, run(), minute(14.9))
    assert not may_defer(BOOK, run(), minute(15))


def test_signs_that_hold_the_drug_keep_the_next_check_from_waiting() -> None:
    def assessed(when: float, signs: Signs) -> tuple[float, Any]:
        verdicts = assess_signs(BOOK, run(), signs, minute(when))
        return when, changed(charted(signs), verdicts=verdicts)

    high = changed(AWAKE, systolic=Pressure.of(190))
    assert held_by(run(), minute(5)) is None
    grave = run(assessed(9, high))
    assert held_by(grave, minute(10))
    assert not may_defer(BOOK, grave, minute(18))
    fired = assess_deferral(BOOK, grave, minute(20), minute(18))
    assert [each.rule.rule for each in fired if each.answer == "fires"] == ["INF-CHK-007"]
    # A check that leaves the pressure out does not make it better; one with a usual pressure does.
    without = changed(AWAKE, systolic=None, diastolic=None)
    assert held_by(run(assessed(9, high), assessed(12, without)), minute(13))
    assert held_by(run(assessed(9, high), assessed(12, AWAKE)), minute(13)) == ()


@pytest.mark.parametrize(
    ("reason", "words", "said"),
    [
        ("asleep", "", "asleep"),
        ("asleep", "snores", "asleep, snores"),
        ("being_treated", " ", "being treated"),
        ("other", "on the telephone", "on the telephone"),
    ],
)
def test_the_reason_is_said_with_the_words_that_were_added(
    reason: DeferralReason, words: str, said: str
) -> None:
    assert deferral_words(put_off(10, 15, reason, words)) == said
