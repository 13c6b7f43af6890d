"""The infusion as it is run and charted: who may what when, what a rule asks, what was really given."""

from dataclasses import replace
from datetime import timedelta, timezone
from decimal import Decimal

import pytest

from evenkeel.journey import discharge, infusion
from evenkeel.journey.acting import KeyReused
from evenkeel.journey.policy import NotPermitted
from evenkeel.journey.second_person import Proof
from evenkeel.record.discharge import AgainstAdvice
from evenkeel.record.infusion import NoteWritten
from evenkeel.record.signs import Signs
from evenkeel.record.verdict import Override
from evenkeel.record.visits import VisitState
from evenkeel.store import reading
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.values.quantities import FlowRate, Pressure, Saturation, Volume
from tests import factories_chairside as chairside
from tests.factories import NOW, PASSWORD, act, booked_visit, chairs, checked_in_visit, key, people

pytestmark = pytest.mark.django_db

START = chairside.STARTED_AT


def after(minutes: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=minutes)


def found(refusal: pytest.ExceptionInfo[UnableTo]) -> set[tuple[str, str | None]]:
    """Every issue as (code, rule or field)."""
    return {(issue.code, issue.rule or issue.field) for issue in refusal.value.issues}


def visit_of(visit: StreamId) -> VisitState:
    """The visit as it reads now."""
    return reading.visit(visit)


# --- time-out and start -----------------------------------------------------------------------------------


def test_the_time_out_names_both_people_and_what_was_read() -> None:
    held = visit_of(chairside.ready_visit()).time_out
    assert held is not None
    assert held.by == people().nurse
    assert held.payload.second_person_name == "Samuel Abebe RN"
    assert set(held.payload.confirmed) >= {"patient", "dose", "volume", "rate", "end"}


@pytest.mark.parametrize(
    ("changes", "issue"),
    [
        ({"second": "nurse"}, ("same-person", "second_person")),
        ({"second": "front_desk"}, ("second-person", "second_person")),
        ({"password": "not it"}, ("signature-refused", "password_of_second")),
        ({"confirmed": ("patient", "dose")}, ("not-confirmed", "confirmed")),
    ],
)
def test_a_time_out_takes_two_people_and_everything_read_aloud(
    changes: dict[str, object], issue: tuple[str, str]
) -> None:
    visit = chairside.double_checked_visit()
    values: dict[str, object] = {
        "second": "nurse2",
        "password": PASSWORD,
        "confirmed": tuple(infusion.TIME_OUT),
    }
    values |= changes
    with pytest.raises(infusion.UnableToHoldTimeOut) as refusal:
        infusion.hold_time_out(
            act(people().nurse, chairside.TIME_OUT_AT),
            visit=visit,
            second=getattr(people(), str(values["second"])).id,
            proof_of_second=Proof(password=str(values["password"])),
            confirmed=values["confirmed"],  # type: ignore[arg-type]
        )
    assert found(refusal) == {issue}
    assert visit_of(visit).phase == "double_checked"


@pytest.mark.parametrize("stage", [checked_in_visit, chairside.ordered_visit, chairside.double_checked_visit])
def test_nothing_starts_before_the_time_out(stage: object) -> None:
    visit = stage()  # type: ignore[operator]
    with pytest.raises(infusion.UnableToStart) as refusal:
        chairside.start(visit)
    assert found(refusal) == {("wrong-phase", None)}


def test_the_pump_starts_at_the_rate_that_was_checked() -> None:
    state = visit_of(chairside.running_visit())
    assert state.phase == "running"
    assert state.rate == FlowRate.of(150)
    assert state.started is not None
    assert {ref.rule for ref in state.started.history[0].rules} >= {"INF-STA-004", "INF-BP-001"}


def test_a_pressure_above_the_label_stops_the_start_for_everybody() -> None:
    visit = chairside.ready_visit()
    # Swiss SmPC: never above 180/100 (clinical-protocol.md, section 5).
    chairside.chart(visit, chairside.TIME_OUT_AT + after(1), chairside.signs(182, 98))
    reason = Override(rule="INF-BP-001", reason="the patient is nervous today")
    with pytest.raises(infusion.UnableToStart) as refusal:
        infusion.start(
            act(people().prescriber, START), visit=visit, pump="7", cannula_site="left", overrides=(reason,)
        )
    assert ("blocked", "INF-BP-001") in found(refusal)


def test_baseline_signs_that_are_an_hour_old_do_not_count() -> None:
    visit = chairside.ready_visit()
    # Signs were taken at check-in, an hour after NOW; the limit is 60 min, a proposal.
    with pytest.raises(infusion.UnableToStart) as refusal:
        chairside.start(visit, NOW + after(121))
    assert ("blocked", "INF-STA-005") in found(refusal)


# --- what was given ---------------------------------------------------------------------------------------


def test_what_was_given_follows_every_change_of_the_pump() -> None:
    visit, nurse = chairside.running_visit(), people().nurse
    infusion.change_rate(act(nurse, START + after(10)), visit=visit, rate=FlowRate.of(75), reason="dizzy")
    infusion.pause(act(nurse, START + after(20)), visit=visit, reason="vomiting")
    chairside.chart(visit, START + after(24))
    infusion.resume(act(nurse, START + after(25)), visit=visit, rate=FlowRate.of(150))
    state = visit_of(visit)
    # 150 mL/h for 10 min = 25 mL; 75 for 10 min = 12.5; 0; 150 for 5 min = 12.5: half of 100 mL with 35 mg.
    at = START + after(30)
    assert state.volume_run(at) == 50
    assert state.given(at) == DrugMass(mcg=17_500)
    assert state.volume_left(at) == Volume.of(50)
    infusion.stop(act(nurse, at), visit=visit, reason="patient_wish", note="", pump_volume=Volume.of(50))
    assert visit_of(visit).given(at + after(60)) == DrugMass(mcg=17_500)


def test_a_bag_gives_no_more_than_it_holds() -> None:
    state = visit_of(chairside.running_visit())
    assert state.given(START + after(90)) == DrugMass(mcg=35_000)


def test_faster_than_ordered_is_a_prescribers_decision() -> None:
    visit = chairside.running_visit()
    reason = Override(rule="INF-RATE-001", reason="prescriber asked on the telephone")
    with pytest.raises(infusion.UnableToChangeRate) as refusal:
        infusion.change_rate(
            act(people().nurse, START + after(5)),
            visit=visit,
            rate=FlowRate.of(160),
            reason="",
            overrides=(reason,),
        )
    assert ("needs-prescriber", "INF-RATE-001") in found(refusal)
    infusion.change_rate(
        act(people().prescriber, START + after(5)),
        visit=visit,
        rate=FlowRate.of(160),
        reason="",
        overrides=(reason,),
    )
    assert visit_of(visit).rate == FlowRate.of(160)


def test_a_rate_of_zero_is_a_pause_and_says_so() -> None:
    visit = chairside.running_visit()
    with pytest.raises(infusion.UnableToChangeRate) as refusal:
        infusion.change_rate(
            act(people().nurse, START + after(5)), visit=visit, rate=FlowRate.of(0), reason=""
        )
    assert found(refusal) == {("rate-zero", "rate")}


def test_the_drug_goes_on_only_when_signs_since_the_pause_are_back() -> None:
    visit, nurse = chairside.running_visit(), people().nurse
    infusion.pause(act(nurse, START + after(10)), visit=visit, reason="pressure")
    with pytest.raises(infusion.UnableToResume) as refusal:
        infusion.resume(act(nurse, START + after(12)), visit=visit, rate=FlowRate.of(150))
    assert ("needs-prescriber", "INF-RES-001") in found(refusal)
    chairside.chart(visit, START + after(15))
    infusion.resume(act(nurse, START + after(16)), visit=visit, rate=FlowRate.of(150))
    assert visit_of(visit).phase == "running"


def test_a_change_of_the_pump_cannot_come_before_the_last_one() -> None:
    visit, nurse = chairside.running_visit(), people().nurse
    infusion.change_rate(act(nurse, START + after(20)), visit=visit, rate=FlowRate.of(75), reason="")
    with pytest.raises(infusion.UnableToPause) as refusal:
        infusion.pause(act(nurse, START + after(15)), visit=visit, reason="")
    assert found(refusal) == {("before-last-change", "happened_at")}


def test_nothing_keeps_anybody_from_stopping() -> None:
    visit = chairside.running_visit()
    chairside.chart(visit, START + after(10), chairside.signs(200, 120))
    stop = act(people().nurse2, START + after(11), seen=1)
    infusion.stop(stop, visit=visit, reason="adverse_event", note="", pump_volume=None)
    assert visit_of(visit).phase == "recovery"


def test_the_second_of_two_stops_is_told_who_was_first() -> None:
    visit = chairside.running_visit()
    infusion.stop(
        act(people().nurse, START + after(11)), visit=visit, reason="other", note="", pump_volume=None
    )
    with pytest.raises(infusion.UnableToStop) as refusal:
        infusion.stop(
            act(people().nurse2, START + after(11)), visit=visit, reason="other", note="", pump_volume=None
        )
    assert "Nora Lindqvist RN" in refusal.value.issues[0].sentence


def test_a_stop_sent_twice_lands_once() -> None:
    visit = chairside.running_visit()
    stop = act(people().nurse, START + after(11), key())
    for _ in range(2):
        infusion.stop(stop, visit=visit, reason="other", note="", pump_volume=None)
    state = visit_of(visit)
    assert [fact.kind for fact in state.facts].count("infusion.stopped") == 1


# --- charting ---------------------------------------------------------------------------------------------


def test_a_high_pressure_is_charted_with_what_the_rules_ask() -> None:
    visit = chairside.running_visit()
    # Alert from 165/100 (Rodrigues 2020), hold from 180/110 (proposal).
    chairside.chart(visit, START + after(10), chairside.signs(184, 96))
    verdicts = {each.rule.rule: each for each in visit_of(visit).checks[-1].payload.verdicts}
    assert verdicts["INF-BP-002"].answer == "fires"
    assert verdicts["INF-BP-002"].severity == "pause"
    assert verdicts["INF-BP-003"].answer == "fires"


def test_a_missing_sign_is_unknown_and_never_fine() -> None:
    visit = chairside.running_visit()
    chairside.chart(visit, START + after(10), Signs(systolic=Pressure.of(130), diastolic=Pressure.of(80)))
    answers = {each.rule.rule: each.answer for each in visit_of(visit).checks[-1].payload.verdicts}
    assert answers["INF-OX-001"] == "unknown"
    assert answers["INF-BP-003"] == "clear"


def test_a_doubtful_value_is_asked_about_and_kept_when_confirmed() -> None:
    visit = chairside.running_visit()
    odd = chairside.signs(240, 120)
    with pytest.raises(infusion.UnableToChart) as refusal:
        chairside.chart(visit, START + after(10), odd)
    assert ("implausible", "systolic") in found(refusal)
    infusion.chart_signs(
        act(people().nurse, START + after(10)),
        visit=visit,
        signs=odd,
        source="manual",
        confirmed=("systolic", "pulse"),
    )
    charted = visit_of(visit).checks[-1].payload
    assert charted.signs.systolic == Pressure.of(240)
    assert charted.confirmed == ("systolic",)


@pytest.mark.parametrize(
    ("signs", "field"),
    [
        (Signs(spo2=Saturation.of(101)), "spo2"),
        (Signs(sedation=6), "sedation"),
        (Signs(systolic=Pressure.of(80), diastolic=Pressure.of(120)), "diastolic"),
    ],
)
def test_an_impossible_value_is_refused_even_when_confirmed(signs: Signs, field: str) -> None:
    visit = chairside.running_visit()
    with pytest.raises(infusion.UnableToChart) as refusal:
        infusion.chart_signs(
            act(people().nurse, START + after(5)),
            visit=visit,
            signs=signs,
            source="manual",
            confirmed=(field,),
        )
    assert ("impossible", field) in found(refusal)


def test_an_empty_check_is_no_check() -> None:
    visit = chairside.running_visit()
    with pytest.raises(infusion.UnableToChart) as refusal:
        chairside.chart(visit, START + after(5), Signs())
    assert found(refusal) == {("signs-empty", None)}


def test_a_check_may_be_written_down_later_but_not_before_check_in_or_in_the_future() -> None:
    visit = chairside.discharged_visit()
    late = act(people().nurse, chairside.LEFT_AT + after(30))
    values: dict[str, object] = {"visit": visit, "signs": chairside.signs(), "source": "manual"}
    infusion.chart_signs(replace(late, happened_at=START + after(5)), **values)  # type: ignore[arg-type]
    assert visit_of(visit).checks[0].at == START + after(5)
    with pytest.raises(UnableTo) as future:
        infusion.chart_signs(replace(late, key=key(), happened_at=late.recorded_at + after(10)), **values)  # type: ignore[arg-type]
    assert found(future) == {("time-in-future", "happened_at")}
    with pytest.raises(infusion.UnableToChart) as before:
        chairside.chart(chairside.running_visit(chairs()[1]), NOW + after(30))
    assert ("before-check-in", "happened_at") in found(before)


def test_nobody_charts_on_a_visit_that_is_only_booked() -> None:
    with pytest.raises(infusion.UnableToChart):
        chairside.chart(booked_visit(), NOW + after(61))


def test_the_front_desk_does_not_chart() -> None:
    visit = chairside.running_visit()
    with pytest.raises(NotPermitted):
        infusion.write_note(act(people().front_desk, START), visit=visit, text="hello")


def test_an_event_keeps_which_rule_was_asked() -> None:
    visit = chairside.running_visit()
    infusion.record_event(
        act(people().nurse, START + after(8)), visit=visit, event="chest_pain", grade=None, note=""
    )
    fact = visit_of(visit).facts[-1]
    assert fact.payload.event == "chest_pain"
    assert [ref.rule for ref in fact.history[0].rules] == ["INF-EVT-001"]


def test_something_else_is_said_in_words() -> None:
    visit = chairside.running_visit()
    with pytest.raises(infusion.UnableToChart) as refusal:
        infusion.record_event(
            act(people().nurse, START + after(8)), visit=visit, event="other", grade=1, note=" "
        )
    assert found(refusal) == {("note-missing", "note")}


# --- discharge --------------------------------------------------------------------------------------------


def test_leaving_counts_the_infusion_in_the_course() -> None:
    visit = chairside.discharged_visit()
    state = visit_of(visit)
    assert state.phase == "discharged"
    course = reading.course(state.booking.payload.course)
    counted = course.infusions[0].payload
    assert counted.visit == visit
    assert counted.given == DrugMass(mcg=35_000)
    assert counted.per_weight.value == Decimal("0.5")
    assert not counted.stopped_early
    assert state.discharge is not None
    assert state.discharge.payload.signature.meaning == discharge.SIGNING_MEANS


def test_nobody_leaves_the_first_time_before_two_hours() -> None:
    visit = chairside.recovering_visit()
    chairside.chart(visit, chairside.STOPPED_AT + after(85))
    with pytest.raises(discharge.UnableToDischarge) as refusal:
        chairside.leave(visit, chairside.STOPPED_AT + after(90))
    assert {issue.rule for issue in refusal.value.issues} == {"DIS-STAY-002"}
    assert reading.course(visit_of(visit).booking.payload.course).infusions == ()


def test_nobody_leaves_without_final_signs() -> None:
    visit = chairside.recovering_visit()
    with pytest.raises(discharge.UnableToDischarge) as refusal:
        chairside.leave(visit)
    assert "DIS-VIT-001" in {issue.rule for issue in refusal.value.issues}


def test_against_advice_holds_nobody_but_needs_a_reason() -> None:
    visit = chairside.recovering_visit()
    values: dict[str, object] = {
        "criteria": {},
        "received_by": "",
        "received_by_phone": "",
        "instructions_given": False,
        "against_advice": True,
        "note": "",
        "password": PASSWORD,
    }
    at = chairside.STOPPED_AT + after(10)
    with pytest.raises(discharge.UnableToDischarge) as refusal:
        discharge.discharge(act(people().nurse, at), visit=visit, overrides=(), **values)  # type: ignore[arg-type]
    asked = {"DIS-AMA-001", "DIS-AMA-002", "DIS-AMA-003"}
    assert {issue.rule for issue in refusal.value.issues} == asked
    reason = Override(rule="DIS-AMA-001", reason="told about the risks, wants to go home")
    call_at = at + timedelta(hours=20)
    discharge.discharge(
        act(people().prescriber, at),
        visit=visit,
        overrides=(reason,),
        prescriber_told=people().prescriber.id,
        call_at=call_at,
        **values,  # type: ignore[arg-type]
    )
    signed = visit_of(visit).discharge
    assert signed is not None
    assert signed.payload.signature.meaning == discharge.SIGNING_AGAINST_ADVICE_MEANS
    assert signed.payload.seen_to == AgainstAdvice(
        prescriber=people().prescriber.id, prescriber_name="Dr. Priya Raman", call_at=call_at
    )


def test_the_discharge_keeps_until_when_the_patient_does_not_drive() -> None:
    signed = visit_of(chairside.discharged_visit()).discharge
    assert signed is not None
    # The drug stopped at 11:10 in the clinic; a day later is after the next morning.
    day_later = chairside.STOPPED_AT + timedelta(hours=24)
    assert (signed.payload.no_driving_before_at, signed.payload.no_alcohol_before_at) == (
        day_later,
        day_later,
    )
    assert signed.payload.seen_to is None


def test_a_form_gone_back_to_and_changed_is_never_taken_for_the_one_that_was_sent() -> None:
    visit = chairside.running_visit()
    first = act(people().nurse, START + after(5))
    infusion.write_note(first, visit=visit, text="Calm, eyes closed.")
    again = replace(first, happened_at=START + after(6), recorded_at=START + after(6))
    infusion.write_note(again, visit=visit, text="Calm, eyes closed.")
    elsewhere = again.happened_at.astimezone(timezone(timedelta(hours=-7)))
    infusion.write_note(replace(again, happened_at=elsewhere), visit=visit, text="Calm, eyes closed.")
    with pytest.raises(KeyReused, match="key-reused"):
        infusion.write_note(again, visit=visit, text="Restless.")
    another_time = replace(first, happened_at=START + after(1))
    with pytest.raises(KeyReused, match="key-reused"):
        infusion.write_note(another_time, visit=visit, text="Calm, eyes closed.")
    notes = reading.visit(visit).every(NoteWritten)
    assert [fact.payload.text for fact in notes] == ["Calm, eyes closed."]
