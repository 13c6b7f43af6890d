"""A check is put off with a reason: who may, until when, how it reads, and how it is taken back."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from evenkeel.journey import amendments, deferral
from evenkeel.journey.policy import NotPermitted
from evenkeel.journey.rules import book
from evenkeel.record.infusion import CheckDeferred
from evenkeel.store import reading
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.web import infusion_view, papers_view
from tests import factories_chairside as chairside
from tests.factories import act, chairs, key, people
from tests.store.test_chairside_pages import START, Clock, as_, clock, page_of, text_of
from tests.store.test_infusion import found

__all__ = ["clock"]

pytestmark = pytest.mark.django_db

# The check that is due ten minutes after the start, and a moment just before it.
DUE = START + timedelta(minutes=10)
NOW = START + timedelta(minutes=9)
MINUTE = timedelta(minutes=1)


def defer(visit: StreamId, at: datetime = NOW, **changes: Any) -> StreamId:
    """The nurse puts the first check off by five minutes, but for what is named."""
    values: dict[str, Any] = {
        "due_at": DUE,
        "until_at": DUE + 5 * MINUTE,
        "reason": "asleep",
        "words": "",
        **changes,
    }
    return deferral.defer_check(act(people().nurse, at), visit=visit, **values)


def refused(visit: StreamId, at: datetime = NOW, **changes: Any) -> set[tuple[str, str | None]]:
    """Code and field, or the rule, of each issue."""
    with pytest.raises(UnableTo) as refusal:
        defer(visit, at, **changes)
    return found(refusal)


def test_a_check_is_put_off_once_and_stays_visible() -> None:
    visit = chairside.running_visit()
    defer(visit)
    state = reading.visit(visit)
    said = state.latest(CheckDeferred)
    assert said is not None
    assert (said.payload.due_at, said.payload.until_at) == (DUE, DUE + 5 * MINUTE)
    assert {each.rule.rule for each in said.payload.verdicts} == {"INF-CHK-005", "INF-CHK-007"}
    due = infusion_view.checks_due(book(), state, DUE + 2 * MINUTE)
    assert (due["due"], due["next_due_at"], due["missed"]) == ("not_yet", DUE + 5 * MINUTE, [])
    assert due["deferred"] == "deferred from 10:40 to 10:45 by Nora Lindqvist RN: asleep"
    again = {"due_at": DUE + 5 * MINUTE, "until_at": DUE + 7 * MINUTE}
    assert refused(visit, DUE + 4 * MINUTE, **again) == {("blocked", "INF-CHK-005")}
    # It is still there when the check has come, and on the printed record.
    chairside.chart(visit, DUE + 5 * MINUTE)
    state = reading.visit(visit)
    assert infusion_view.checks_due(book(), state, DUE + 6 * MINUTE)["deferred"] is None
    assert state.every(CheckDeferred)
    assert CheckDeferred in papers_view._HAPPENED


def test_too_long_past_or_without_a_reason_is_refused() -> None:
    visit = chairside.running_visit()
    assert refused(visit, until_at=DUE + 6 * MINUTE) == {("blocked", "INF-CHK-005")}
    assert refused(visit, until_at=DUE) == {("until-past", "minutes")}
    assert refused(visit, DUE + 3 * MINUTE, until_at=DUE + 2 * MINUTE) == {("until-past", "minutes")}
    assert refused(visit, reason="other", words=" ") == {("words-missing", "words")}
    assert refused(visit, due_at=DUE + MINUTE) == {("check-moved", None)}
    assert not reading.visit(visit).every(CheckDeferred)


def test_a_check_that_was_charted_meanwhile_is_not_put_off() -> None:
    visit = chairside.running_visit()
    chairside.chart(visit, NOW - MINUTE)
    assert refused(visit) == {("check-moved", None)}


def test_nothing_waits_while_the_signs_hold_the_drug() -> None:
    visit = chairside.running_visit()
    chairside.chart(visit, NOW - MINUTE, chairside.signs(190, 112))
    due_at = NOW + 9 * MINUTE
    assert refused(visit, due_at=due_at, until_at=due_at + MINUTE) == {("blocked", "INF-CHK-007")}


def test_only_those_who_chart_may_and_only_under_the_drug() -> None:
    visit = chairside.running_visit()
    with pytest.raises(NotPermitted):
        deferral.defer_check(
            act(people().front_desk, NOW), visit=visit, due_at=DUE, until_at=DUE + MINUTE, reason="asleep"
        )
    assert refused(chairside.ready_visit(chairs()[1])) == {("wrong-phase", None)}


def test_it_is_put_right_and_taken_back_like_any_entry() -> None:
    visit = chairside.running_visit()
    defer(visit)
    fact = reading.visit(visit).every(CheckDeferred)[0]
    amendments.mark_in_error(
        act(people().nurse, NOW + MINUTE), stream=visit, entry=fact.id, reason="wrong patient"
    )
    due = infusion_view.checks_due(book(), reading.visit(visit), DUE + 3 * MINUTE)
    assert (due["due"], due["next_due_at"], due["deferred"]) == ("late", DUE, None)


def test_the_page_offers_what_the_rule_allows_and_the_chart_says_it(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(NOW)
    client = as_(people().nurse)
    chart = f"{page_of(visit, 'chart')}now/"
    assert "Put this check off" in text_of(client.get(chart))
    page = client.get(page_of(visit, "defer-check"))
    said = text_of(page)
    assert "10:45, 5 min later" in said
    assert "6 min later" not in said
    assert "10 min later" not in said
    due_at = re.search(r'name="due_at" value="([^"]+)"', page.content.decode())
    assert due_at is not None
    form = {"due_at": due_at[1].replace("&#x2B;", "+"), "minutes": "5", "idempotency_key": key()}
    assert client.post(page_of(visit, "defer-check"), form).status_code == 422
    sent = client.post(page_of(visit, "defer-check"), {**form, "reason": "toilet", "words": "walks alone"})
    assert sent.status_code == 302
    said = text_of(client.get(chart))
    assert "deferred from 10:40 to 10:45 by Nora Lindqvist RN: in the toilet, walks alone" in said
    assert "Put this check off" not in said
    assert "This check is not put off" in text_of(client.get(page_of(visit, "defer-check")))
    record = text_of(client.get(f"{page_of(visit, 'chart')}record/"))
    assert "Check deferred from 10:40 to 10:45: in the toilet, walks alone" in record


def test_its_reason_is_amended_on_the_page_for_amendments(clock: Clock) -> None:
    visit = chairside.running_visit()
    defer(visit)
    clock(NOW + MINUTE)
    seq = reading.visit(visit).every(CheckDeferred)[0].seq
    address = f"/streams/visit/{page_of(visit, 'x').split('/')[2]}/entries/{seq}/amend/"
    client = as_(people().nurse)
    form = {
        "deferred_because": "toilet",
        "words": "",
        "happened_at": "",
        "reason": "tapped beside it",
        "idempotency_key": key(),
    }
    assert client.post(address, form).status_code == 302
    assert reading.visit(visit).every(CheckDeferred)[0].payload.reason == "toilet"
