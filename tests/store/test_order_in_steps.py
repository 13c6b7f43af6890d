"""An order in two steps, from the signature to the account of the drug, and what no slip gets past."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from evenkeel.journey import alerting, infusion, ordering
from evenkeel.record.codec import decode
from evenkeel.record.ordering import DoseCheckedAtOneRate, OrderSignedAtOneRate
from evenkeel.record.verdict import Override
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId
from evenkeel.values.quantities import FlowRate
from evenkeel.web.dose_label import label
from tests import factories_chairside as chairside
from tests.factories import NOW, PASSWORD, act, checked_in_visit, people
from tests.pages import look, page_of, send

pytestmark = pytest.mark.django_db

START = chairside.STARTED_AT
MINUTE = timedelta(minutes=1)
# 0.5 mg/kg for 70.2 kg: 35.1 mg, 0.7 mL of 50 mg/mL are 35 mg in 100 mL. A fifth of the bag in 10 min is
# 120 mL/h, the other 80 mL in 30 min are 160 mL/h.
STAGES = chairside.in_stages(("0.1", "10"), ("0.4", "30"))
FIRST, SECOND = FlowRate.of(120), FlowRate.of(160)


def ordered() -> StreamId:
    """A visit with a signed order in two steps."""
    visit = checked_in_visit()
    chairside.order(visit, stages=STAGES)
    return visit


def drawn() -> StreamId:
    """The same, drawn up at the first step's rate."""
    visit = ordered()
    chairside.draw(visit, rate=FIRST)
    return visit


def ready() -> StreamId:
    """The same, checked and after the time-out."""
    visit = drawn()
    chairside.double_check(visit, rates=(FIRST, SECOND))
    chairside.hold_time_out(visit)
    return visit


def running() -> StreamId:
    """The same, and the pump runs."""
    visit = ready()
    chairside.start(visit)
    return visit


def set_second(visit: StreamId, minutes: int) -> None:
    """The nurse sets the second step, so many minutes after the start."""
    infusion.change_rate(
        act(people().nurse, START + minutes * MINUTE),
        visit=visit,
        rate=SECOND,
        reason="Step 2 of 2, as ordered",
    )


def test_the_record_keeps_the_steps_and_says_them() -> None:
    signed = reading.visit(ordered()).order
    assert signed is not None
    assert signed.payload.stages == STAGES
    assert signed.payload.plan.sentence == (
        "ketamine 0.5 mg/kg × 70.2 kg = 35.1 mg; draw 0.7 mL of 50 mg/mL (35 mg); to 100 mL total, "
        "over 40 min: 120 mL/h for 10 min, then 160 mL/h for 30 min"
    )


@pytest.mark.parametrize(("set_at", "given_mcg"), [(10, 35_000), (15, 33_833), (20, 32_667)])
def test_the_ledger_counts_the_rates_that_were_really_run(set_at: int, given_mcg: int) -> None:
    """Set 5 min late: 30 mL at 120 mL/h and 66.67 mL at 160 mL/h are 96.67 mL of 0.35 mg/mL."""
    visit = running()
    set_second(visit, set_at)
    chairside.stop(visit)
    state = reading.visit(visit)
    assert state.stopped is not None
    assert state.given(state.stopped.at) == DrugMass(mcg=given_mcg)
    held = {each.account.place: each.mass.mcg for each in custody.in_hand(visit, single_patient=False)}
    assert held.get("bag", 0) == 35_000 - given_mcg


def test_a_bag_that_ran_in_steps_leaves_nothing_when_it_is_empty() -> None:
    visit = running()
    set_second(visit, 10)
    chairside.stop(visit)
    chairside.chart(visit, chairside.STOPPED_AT + MINUTE)
    for minutes in range(15, 121, 15):
        chairside.chart(visit, chairside.STOPPED_AT + minutes * MINUTE)
    chairside.leave(visit)
    assert reading.visit(visit).phase == "discharged"


def test_the_mean_of_the_steps_is_no_rate_to_draw_up_for() -> None:
    visit = ordered()
    with pytest.raises(ordering.UnableToDraw) as refusal:
        chairside.draw(visit, rate=FlowRate.of(150))
    assert {issue.rule for issue in refusal.value.issues} == {"DRW-RTE-001"}


@pytest.mark.parametrize(
    "rates",
    [
        (FIRST,),
        (FIRST, FlowRate.of(16)),
        (SECOND, FIRST),
        (FIRST, FlowRate.of("160.1")),
        (FIRST, SECOND, SECOND),
    ],
)
def test_a_second_person_who_reads_another_step_does_not_agree(rates: tuple[FlowRate, ...]) -> None:
    visit = drawn()
    chairside.double_check(visit, rates=rates)
    check = reading.visit(visit).double_check
    assert check is not None
    assert not check.payload.agrees
    assert "160" not in " ".join(check.payload.disagreements)
    assert reading.visit(visit).phase == "drawn"


def test_the_next_step_is_not_set_long_before_it_is_due() -> None:
    visit = running()
    with pytest.raises(infusion.UnableToChangeRate) as refusal:
        set_second(visit, 5)
    assert {issue.rule for issue in refusal.value.issues} == {"INF-RATE-001"}
    set_second(visit, 9)


def test_a_prescriber_may_bring_a_step_forward_with_a_reason() -> None:
    visit = running()
    infusion.change_rate(
        act(people().prescriber, START + 5 * MINUTE),
        visit=visit,
        rate=SECOND,
        reason="well at the first step",
        overrides=(Override(rule="INF-RATE-001", reason="well at the first step"),),
    )
    assert reading.visit(visit).rate == SECOND


def words(html: str) -> str:
    """What a page says, without its marks, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_order_page_takes_steps(client: Client, at: Callable[[datetime], None]) -> None:
    at(chairside.ORDERED_AT)
    chairside.stock_up()
    visit = checked_in_visit()
    typed: dict[str, Any] = {
        "protocol": "mood_standard",
        "per_weight": "0.1",
        "duration": "10",
        "per_weight_2": "0.4",
        "duration_2": "30",
        "product": "ketamine_50_10",
        "bag": "100",
        "note": "",
    }
    worked = send(
        client, people().prescriber, page_of(visit, "order"), **typed, work_out="1"
    ).content.decode()
    assert "120 mL/h for 10 min (20 mL)" in worked
    assert "160 mL/h for 30 min (80 mL)" in worked
    assert "150 mL/h" not in worked
    signed = send(client, people().prescriber, page_of(visit, "order"), **typed, password=PASSWORD)
    assert signed.status_code == 302
    order = reading.visit(visit).order
    assert order is not None
    assert order.payload.stages == STAGES


def test_half_a_step_is_refused_beside_its_box(client: Client, at: Callable[[datetime], None]) -> None:
    at(chairside.ORDERED_AT)
    visit = checked_in_visit()
    answer = send(
        client,
        people().prescriber,
        page_of(visit, "order"),
        protocol="mood_standard",
        per_weight="0.1",
        duration="10",
        per_weight_2="0.4",
        product="ketamine_50_10",
        bag="100",
        work_out="1",
    )
    assert answer.status_code == 422
    assert "A step has a dose and a duration; write both or neither." in answer.content.decode()


def test_the_second_persons_page_asks_for_every_rate_and_shows_none(
    client: Client, at: Callable[[datetime], None]
) -> None:
    at(chairside.CHECKED_AT)
    visit = drawn()
    shown = look(client, people().nurse2, page_of(visit, "double_check"))
    assert "Rate of step 1" in shown
    assert "Rate of step 2" in shown
    # Not among what is written, nor in a box; a person's id may hold any digits.
    for rate in ("120", "160"):
        assert rate not in words(shown)
        assert f'value="{rate}' not in shown
    read: dict[str, Any] = {
        **{name: value for name, value in chairside.second_reading(visit).items() if name == "record_number"},
        "strength": "50000",
        "volume": "0.7",
        "bag": "100",
        "rate": "120",
        "rate_2": "160",
        "weight": "70.2",
    }
    assert send(client, people().nurse2, page_of(visit, "double_check"), **read).status_code == 302
    assert reading.visit(visit).phase == "double_checked"
    aloud = look(client, people().nurse, page_of(visit, "time_out"))
    assert "160 mL/h for 30 min (80 mL)" in aloud


def test_the_chart_says_what_to_set_when_and_calls_when_nobody_did(
    client: Client, at: Callable[[datetime], None]
) -> None:
    visit = running()
    at(START + 5 * MINUTE)
    before = words(look(client, people().nurse, page_of(visit, "chart")))
    assert "Set the pump to 160 mL/h at" in before
    assert "INF-STP-002" not in before
    at(START + 13 * MINUTE)
    alerting.watch(START + 13 * MINUTE)
    late = look(client, people().nurse, page_of(visit, "chart"))
    assert "step is late" in late
    assert "INF-STP-002" in late
    at(START + 14 * MINUTE)
    answer = send(
        client,
        people().nurse,
        page_of(visit, "rate"),
        rate="160",
        reason="Step 2 of 2, as ordered",
        seen=reading.visit(visit).seq,
    )
    assert answer.status_code == 302
    after = look(client, people().nurse, page_of(visit, "chart"))
    assert "step is late" not in after
    assert "INF-STP-002" not in after


def test_the_labels_bear_every_step() -> None:
    visit = drawn()
    state = reading.visit(visit)
    patient = reading.patient(state.booking.payload.patient)
    said = dict(label(patient, state, "Made-up Clinic", NOW)["bag"])
    assert said["Pump"] == "120 mL/h for 10 min, then 160 mL/h for 30 min"


def test_orders_and_checks_from_before_there_were_steps_still_read() -> None:
    """The texts are as they were written and hashed then."""
    order = decode(
        "order.signed",
        1,
        '{"dose":{"bag":"100","draw":"0.70","drawn":35000,"duration":"40","ordered":35100,"per_weight":"0.5",'
        '"rate":"150.0","strength":50000,"weight":"70.2"},"expires_at":"2026-06-02T02:00:00+00:00","note":"",'
        '"overrides":[],"protocol":"mood_standard","signature":{"meaning":"m","method":"password",'
        '"printed_name":"Dr. Made Up","signed_at":"2026-06-01T14:00:00+00:00"},"verdicts":[]}',
    )
    assert isinstance(order, OrderSignedAtOneRate)
    assert order.first_step.rate == FlowRate.of(150)
    assert order.plan.sentence == order.dose.sentence
    assert (order.route, order.on.basis, order.on.weighed) == ("iv", "actual", order.dose.weight)
    check = decode(
        "dose.checked",
        1,
        '{"agrees":true,"bag":"100","disagreements":[],"rate":"150","record_number":"EK-1","strength":50000,'
        '"volume":"0.70","weight":"70.2"}',
    )
    assert isinstance(check, DoseCheckedAtOneRate)
    assert check.rates == (FlowRate.of(150),)
