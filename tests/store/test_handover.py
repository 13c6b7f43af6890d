"""Who is responsible under the drug: offered, accepted in person, declined, withdrawn, taken over."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from evenkeel.journey import amendments, handover, infusion
from evenkeel.journey.acting import Act, RecordMoved
from evenkeel.journey.handover import UnableToHandOver
from evenkeel.journey.policy import NotPermitted
from evenkeel.record.entry import Author
from evenkeel.record.handover import HandoverAccepted, HandoverOffered, HandoverTakenOver
from evenkeel.store import reading
from evenkeel.store.queries import board
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from tests import factories_chairside as chairside
from tests.factories import act, chairs, people

pytestmark = pytest.mark.django_db

START = chairside.STARTED_AT


def after(minutes: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=minutes)


def at(minutes: float, person: Author, *, seen: int | None = None) -> Act:
    """Somebody does something so many minutes after the start."""
    return act(person, START + after(minutes), seen=seen)


def offer(visit: StreamId, minutes: float = 12, **changes: object) -> None:
    """Nora offers it to Samuel, in the four parts."""
    values: dict[str, object] = {
        "to": people().nurse2.id,
        "situation": "Calm, eyes closed, 12 min in.",
        "background": "First infusion; was nervous.",
        "assessment": "Dissociates as expected.",
        "recommendation": "Watch the pressure.",
        **changes,
    }
    by = values.pop("by", people().nurse)
    handover.offer_handover(at(minutes, by), visit=visit, **values)  # type: ignore[arg-type]


def accept(visit: StreamId, minutes: float = 14, person: Author | None = None) -> None:
    """Samuel accepts."""
    handover.accept_handover(at(minutes, person or people().nurse2), visit=visit)


def take_over(visit: StreamId, minutes: float = 14, person: Author | None = None) -> None:
    """The prescriber takes over from Nora."""
    handover.take_over(
        at(minutes, person or people().prescriber),
        visit=visit,
        before=people().nurse.id,
        reason="Nora was called to a fall",
    )


def responsible(visit: StreamId) -> str | None:
    """Who is responsible now."""
    found = reading.visit(visit).responsible
    return found.who.printed_name if found else None


def refused(refusal: pytest.ExceptionInfo[UnableTo]) -> tuple[str, str]:
    """The one issue: its code and its sentence."""
    (issue,) = refusal.value.issues
    return issue.code, issue.sentence


# --- who it is ----------------------------------------------------------------------------------------------


def test_whoever_starts_is_responsible_until_the_patient_leaves() -> None:
    ready = chairside.ready_visit()
    assert responsible(ready) is None
    chairside.start(ready)
    found = reading.visit(ready).responsible
    assert found is not None
    assert (found.who, found.since) == (people().nurse, START)


def test_it_goes_on_through_a_pause_and_the_recovery_and_ends_with_the_discharge() -> None:
    paused, recovering, gone = chairs()
    visit = chairside.running_visit(paused)
    infusion.pause(at(5, people().nurse), visit=visit, reason="asked for a break")
    assert responsible(visit) == "Nora Lindqvist RN"
    assert responsible(chairside.recovering_visit(recovering)) == "Nora Lindqvist RN"
    assert responsible(chairside.discharged_visit(gone)) is None


def test_an_offer_changes_nothing_until_it_is_accepted_in_person() -> None:
    visit = chairside.running_visit()
    offer(visit)
    state = reading.visit(visit)
    assert state.offer is not None
    assert state.offer.payload.to_name == "Samuel Abebe RN"
    assert state.offer.payload.recommendation == "Watch the pressure."
    assert responsible(visit) == "Nora Lindqvist RN"
    accept(visit)
    state = reading.visit(visit)
    assert state.responsible is not None
    assert (state.responsible.who, state.responsible.since) == (people().nurse2, START + after(14))
    assert state.offer is None
    accepted = state.latest(HandoverAccepted)
    assert accepted is not None
    assert accepted.payload.before_name == "Nora Lindqvist RN"


def test_nothing_has_to_be_written_but_to_whom() -> None:
    visit = chairside.running_visit()
    offer(visit, situation="", background="", assessment="", recommendation="")
    accept(visit)
    assert responsible(visit) == "Samuel Abebe RN"


def test_it_goes_back_and_forth() -> None:
    visit = chairside.running_visit()
    offer(visit)
    accept(visit)
    offer(visit, 20, by=people().nurse2, to=people().nurse.id)
    accept(visit, 22, people().nurse)
    assert responsible(visit) == "Nora Lindqvist RN"


def test_the_chairs_that_somebody_answers_for_are_known() -> None:
    first, second, third = chairs()
    one, two, _ = (
        chairside.running_visit(first),
        chairside.running_visit(second),
        chairside.ready_visit(third),
    )
    offer(two)
    accept(two)
    assert [(chair, state.stream) for chair, state in board.responsible_for(people().nurse.id)] == [
        ("Chair 1", one)
    ]
    assert [chair for chair, _ in board.responsible_for(people().nurse2.id)] == ["Chair 2"]


# --- what is refused ----------------------------------------------------------------------------------------


def test_nothing_is_handed_over_before_the_start_or_after_the_patient_left() -> None:
    first, second, _ = chairs()
    for visit, minutes in ((chairside.ready_visit(first), 1), (chairside.discharged_visit(second), 300)):
        for attempt in (offer, accept, take_over):
            with pytest.raises(UnableToHandOver) as refusal:
                attempt(visit, minutes)
            assert refused(refusal)[0] == "wrong-phase"


_HANDS_OVER = (
    "Nora Lindqvist RN has been responsible since 10:30, and is the one who hands over. If they cannot, take "
    "over and write why."
)


def test_only_who_is_responsible_offers() -> None:
    visit = chairside.running_visit()
    with pytest.raises(UnableToHandOver) as refusal:
        offer(visit, by=people().nurse2, to=people().prescriber.id)
    assert refused(refusal) == (
        "not-responsible",
        _HANDS_OVER,
    )


@pytest.mark.parametrize("to", ["nurse", "front_desk", "lead", "registrant"])
def test_it_is_offered_to_another_nurse_or_prescriber(to: str) -> None:
    visit = chairside.running_visit()
    with pytest.raises(UnableToHandOver) as refusal:
        offer(visit, to=getattr(people(), to).id)
    assert refused(refusal)[0] == "receiver"
    offer(visit, to=people().prescriber.id)


def test_one_offer_at_a_time() -> None:
    visit = chairside.running_visit()
    offer(visit)
    with pytest.raises(UnableToHandOver) as refusal:
        offer(visit, 13, to=people().prescriber.id)
    assert refused(refusal)[0] == "offered-already"
    assert "offered to Samuel Abebe RN at 10:42" in refused(refusal)[1]


def test_somebody_who_was_not_asked_cannot_accept() -> None:
    visit = chairside.running_visit()
    offer(visit)
    with pytest.raises(UnableToHandOver) as refusal:
        accept(visit, person=people().prescriber)
    assert refused(refusal)[0] == "offered-to-another"
    with pytest.raises(UnableToHandOver) as refusal:
        accept(visit, person=people().nurse)
    assert refused(refusal)[0] == "offered-to-another"
    assert responsible(visit) == "Nora Lindqvist RN"


def test_it_is_accepted_on_what_the_record_holds_now() -> None:
    visit = chairside.running_visit()
    offer(visit)
    seen = reading.visit(visit).seq
    chairside.chart(visit, START + after(13))
    with pytest.raises(RecordMoved) as moved:
        handover.accept_handover(at(14, people().nurse2, seen=seen), visit=visit)
    assert "Nora Lindqvist RN wrote to this record after your page was opened" in refused(moved)[1]
    handover.accept_handover(at(15, people().nurse2, seen=reading.visit(visit).seq), visit=visit)
    assert responsible(visit) == "Samuel Abebe RN"


def test_of_two_who_act_at_once_one_counts_and_the_other_reads_who_it_is() -> None:
    visit = chairside.running_visit()
    offer(visit)
    seen = reading.visit(visit).seq
    take_over(visit)
    # Samuel's page was opened before, and so was the lead's copy of the emergency.
    with pytest.raises(UnableToHandOver) as late:
        handover.accept_handover(at(14, people().nurse2, seen=seen), visit=visit)
    assert refused(late) == (
        "no-offer",
        "The offer is not open any more. Dr. Priya Raman has been responsible since 10:44.",
    )
    with pytest.raises(UnableToHandOver) as second:
        take_over(visit, person=people().nurse2)
    assert refused(second)[0] == "other-responsible"
    assert "Dr. Priya Raman has been responsible since 10:44" in refused(second)[1]
    assert responsible(visit) == "Dr. Priya Raman"


@pytest.mark.django_db(transaction=True)
def test_of_several_at_the_very_same_moment_one_becomes_responsible() -> None:
    visit = chairside.running_visit()
    offer(visit)
    nurse, nurse2, prescriber = people().nurse, people().nurse2, people().prescriber

    def attempt(number: int) -> str:
        """Samuel accepts twice, on two tablets; the prescriber takes over twice."""
        try:
            if number % 2:
                handover.accept_handover(at(14, nurse2), visit=visit)
            else:
                handover.take_over(at(14, prescriber), visit=visit, before=nurse.id, reason="an emergency")
        except UnableToHandOver as refusal:
            return refusal.issues[0].code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(attempt, range(4)))
    assert answers.count("done") == 1
    assert set(answers) <= {"done", "no-offer", "responsible-already", "other-responsible"}
    state = reading.visit(visit)
    who = [fact.by for fact in state.every(HandoverAccepted)]
    who += [fact.by for fact in state.every(HandoverTakenOver)]
    assert state.responsible is not None
    assert who == [state.responsible.who]


def test_accepting_twice_says_that_it_is_done() -> None:
    visit = chairside.running_visit()
    offer(visit)
    accept(visit)
    with pytest.raises(UnableToHandOver) as refusal:
        accept(visit, 15)
    assert refused(refusal) == ("responsible-already", "You have been responsible since 10:44 already.")
    request = at(16, people().nurse2)
    offer(visit, 16, by=people().nurse2, to=people().nurse.id)
    again = act(people().nurse, START + after(17), request.key)
    assert handover.accept_handover(again, visit=visit) == handover.accept_handover(again, visit=visit)
    assert len(reading.visit(visit).every(HandoverAccepted)) == 2


# --- declined, withdrawn, taken over ------------------------------------------------------------------------


def test_declining_leaves_it_where_it_was_and_says_why() -> None:
    visit = chairside.running_visit()
    offer(visit)
    handover.decline_handover(at(13, people().nurse2), visit=visit, reason="I have three chairs already")
    state = reading.visit(visit)
    assert state.offer is None
    assert responsible(visit) == "Nora Lindqvist RN"
    with pytest.raises(UnableToHandOver) as refusal:
        accept(visit)
    assert refused(refusal)[0] == "no-offer"
    offer(visit, 15, to=people().prescriber.id)
    accept(visit, 16, people().prescriber)
    assert responsible(visit) == "Dr. Priya Raman"


def test_withdrawing_ends_the_offer() -> None:
    visit = chairside.running_visit()
    offer(visit)
    with pytest.raises(UnableToHandOver) as refusal:
        handover.withdraw_handover(at(13, people().nurse2), visit=visit, reason="not mine to withdraw")
    assert refused(refusal)[0] == "not-responsible"
    handover.withdraw_handover(at(13, people().nurse), visit=visit, reason="my break is later")
    with pytest.raises(UnableToHandOver) as refusal:
        accept(visit)
    assert refused(refusal)[0] == "no-offer"
    with pytest.raises(UnableToHandOver) as refusal:
        handover.withdraw_handover(at(15, people().nurse), visit=visit, reason="a second time")
    assert refused(refusal)[0] == "no-offer"
    assert responsible(visit) == "Nora Lindqvist RN"


@pytest.mark.parametrize("reason", ["", "   ", "no"])
def test_declining_withdrawing_and_taking_over_have_a_reason(reason: str) -> None:
    visit = chairside.running_visit()
    offer(visit)
    nurse, nurse2 = people().nurse, people().nurse2
    attempts: tuple[Callable[[], object], ...] = (
        lambda: handover.decline_handover(at(13, nurse2), visit=visit, reason=reason),
        lambda: handover.withdraw_handover(at(13, nurse), visit=visit, reason=reason),
        lambda: handover.take_over(at(13, nurse2), visit=visit, before=nurse.id, reason=reason),
    )
    for attempt in attempts:
        with pytest.raises(UnableToHandOver) as refusal:
            attempt()
        assert refused(refusal)[0] == "reason-missing"
    assert responsible(visit) == "Nora Lindqvist RN"


def test_in_an_emergency_anybody_at_the_chair_takes_over_and_an_open_offer_ends() -> None:
    visit = chairside.running_visit()
    offer(visit)
    take_over(visit)
    state = reading.visit(visit)
    taken = state.latest(HandoverTakenOver)
    assert taken is not None
    assert (taken.payload.before_name, taken.payload.reason) == (
        "Nora Lindqvist RN",
        "Nora was called to a fall",
    )
    assert state.offer is None
    assert responsible(visit) == "Dr. Priya Raman"
    with pytest.raises(UnableToHandOver) as refusal:
        take_over(visit, 15)
    assert refused(refusal)[0] == "responsible-already"


def test_a_takeover_written_down_later_does_not_come_before_the_last_change() -> None:
    visit = chairside.running_visit()
    with pytest.raises(UnableToHandOver) as refusal:
        take_over(visit, -1)
    assert refused(refusal)[0] == "before-last-change"
    offer(visit, 12)
    with pytest.raises(UnableToHandOver) as refusal:
        take_over(visit, 11)
    assert "10:42" in refused(refusal)[1]
    take_over(visit, 12)


def test_who_is_responsible_does_not_hang_on_the_order_of_times_alone() -> None:
    visit = chairside.running_visit()
    offer(visit, 12)
    accept(visit, 12)
    offer(visit, 12, by=people().nurse2, to=people().nurse.id)
    accept(visit, 12, people().nurse)
    assert responsible(visit) == "Nora Lindqvist RN"


# --- policy and amendments ----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["front_desk", "registrant", "lead", "administrator"])
def test_nobody_but_nurses_and_prescribers_hands_over(role: str) -> None:
    visit = chairside.running_visit()
    person = getattr(people(), role)
    attempts: tuple[Callable[[], object], ...] = (
        lambda: offer(visit, by=person),
        lambda: accept(visit, person=person),
        lambda: handover.decline_handover(at(13, person), visit=visit, reason="not permitted"),
        lambda: handover.withdraw_handover(at(13, person), visit=visit, reason="not permitted"),
        lambda: take_over(visit, person=person),
    )
    for attempt in attempts:
        with pytest.raises(NotPermitted):
            attempt()


def test_a_handover_is_not_amended_in_place() -> None:
    visit = chairside.running_visit()
    offer(visit)
    accept(visit)
    for cls in (HandoverOffered, HandoverAccepted):
        fact = reading.visit(visit).latest(cls)
        assert fact is not None
        assert not amendments.may_amend(fact)
        with pytest.raises(amendments.UnableToAmend) as refusal:
            amendments.mark_in_error(
                at(15, people().nurse2), stream=visit, entry=fact.id, reason="should not count"
            )
        assert refused(refusal)[0] == "not-amendable"
    assert responsible(visit) == "Samuel Abebe RN"


def test_amending_the_start_by_another_nurse_moves_nobody() -> None:
    visit = chairside.running_visit()
    state = reading.visit(visit)
    assert state.started is not None
    amendments.amend_entry(
        at(5, people().nurse2),
        stream=visit,
        entry=state.started.id,
        payload=state.started.payload,
        reason="the pump ran a minute earlier",
        happened_at=START - after(1),
    )
    found = reading.visit(visit).responsible
    assert found is not None
    assert (found.who, found.since) == (people().nurse, START - after(1))
