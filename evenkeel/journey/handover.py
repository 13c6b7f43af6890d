"""Handing a patient under the drug over: offered by who is responsible, accepted in person, or taken over."""

from typing import Final, NoReturn

from evenkeel.journey.acting import Act, require_seen, use_case
from evenkeel.journey.infusion import append, held
from evenkeel.journey.phases import require_phase
from evenkeel.journey.policy import may
from evenkeel.journey.rules import clinic_clock
from evenkeel.record.handover import (
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
    HandoverTakenOver,
    HandoverWithdrawn,
    Responsible,
)
from evenkeel.record.state import Written
from evenkeel.record.visits import UNDER_THE_DRUG, VisitState
from evenkeel.store.queries import people
from evenkeel.store.queries.people import Person
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue, UnableTo

# As for an amendment: two words at least, so that the other one learns why. Proposal.
REASON_LETTERS_MIN: Final = 5


class UnableToHandOver(UnableTo):
    """Who is responsible does not change like this."""


def who_can_receive(besides: ClinicianId) -> tuple[Person, ...]:
    """Everybody who may be responsible for a patient under the drug, but for one."""
    return tuple(
        person for person in people.every() if person.id != besides and may(person.role, "infusion.hand_over")
    )


@use_case("infusion.hand_over")
def offer_handover(
    act: Act,
    *,
    visit: StreamId,
    to: ClinicianId,
    situation: str,
    background: str,
    assessment: str,
    recommendation: str,
) -> StreamId:
    """Offer the handover to somebody; until they accept, who offers stays responsible."""
    state, responsible = _held(act, visit)
    if responsible.who.id != act.by.id:
        _refuse(
            f"{_is_responsible(responsible)}, and is the one who hands over. If they cannot, take over and "
            "write why.",
            "not-responsible",
        )
    if state.offer is not None:
        _refuse(
            f"It was offered to {state.offer.payload.to_name} at {clinic_clock(state.offer.at)} and is not "
            "accepted yet. Withdraw that offer first.",
            "offered-already",
        )
    receiver = next((person for person in who_can_receive(act.by.id) if person.id == to), None)
    if receiver is None:
        _refuse("Hand over to: choose another nurse or prescriber of this clinic.", "receiver", "to")
    payload = HandoverOffered(
        to=receiver.id,
        to_name=receiver.printed_name,
        situation=situation.strip(),
        background=background.strip(),
        assessment=assessment.strip(),
        recommendation=recommendation.strip(),
    )
    return append(state, act, payload).stream


@use_case("infusion.hand_over")
def accept_handover(act: Act, *, visit: StreamId) -> StreamId:
    """Become responsible, having read what the page shows: refused when the record went on since."""
    state, responsible = _held(act, visit)
    offer = _offer_to(act, state, responsible)
    require_seen(state, act)
    before = responsible.who
    payload = HandoverAccepted(offer=offer.id, before=before.id, before_name=before.printed_name)
    return append(state, act, payload).stream


@use_case("infusion.hand_over")
def decline_handover(act: Act, *, visit: StreamId, reason: str) -> StreamId:
    """Say no, and why; who offered stays responsible."""
    state, responsible = _held(act, visit)
    offer = _offer_to(act, state, responsible)
    payload = HandoverDeclined(offer=offer.id, offered_by_name=offer.by.printed_name, reason=_written(reason))
    return append(state, act, payload).stream


@use_case("infusion.hand_over")
def withdraw_handover(act: Act, *, visit: StreamId, reason: str) -> StreamId:
    """Take the offer back before it is accepted, and say why."""
    state, responsible = _held(act, visit)
    offer = state.offer
    if offer is None:
        _refuse(f"No offer is open. {_is_responsible(responsible)}.", "no-offer")
    if offer.by.id != act.by.id:
        _refuse(f"{offer.by.printed_name} offered it, and alone can withdraw it.", "not-responsible")
    payload = HandoverWithdrawn(offer=offer.id, to_name=offer.payload.to_name, reason=_written(reason))
    return append(state, act, payload).stream


@use_case("infusion.hand_over")
def take_over(act: Act, *, visit: StreamId, before: ClinicianId, reason: str) -> StreamId:
    """Become responsible without being asked, in an emergency; the reason is shown to both.

    `before` is whom the page showed as responsible. Nothing else that was written since keeps anybody back.
    """
    state, responsible = _held(act, visit)
    if responsible.who.id == act.by.id:
        _refuse(
            f"You have been responsible since {clinic_clock(responsible.since)} already.",
            "responsible-already",
        )
    if responsible.who.id != before:
        _refuse(f"{_is_responsible(responsible)}. Take over from them only if you must.", "other-responsible")
    payload = HandoverTakenOver(
        before=before, before_name=responsible.who.printed_name, reason=_written(reason)
    )
    return append(state, act, payload).stream


def _held(act: Act, visit: StreamId) -> tuple[VisitState, Responsible]:
    """Hold the visit, and refuse what does not come after the last change of who is responsible."""
    state = held(act, visit)
    require_phase(
        state,
        UNDER_THE_DRUG,
        UnableToHandOver,
        "Somebody is responsible from the start of the drug until the patient leaves",
    )
    responsible = state.responsible
    assert responsible is not None, "somebody is responsible in these phases"
    last_at = max(responsible.since, state.offer.at if state.offer else responsible.since)
    if act.happened_at < last_at:
        sentence = f"Time: it lies before {clinic_clock(last_at)}, when this was last handed over or offered."
        _refuse(sentence, "before-last-change", "happened_at")
    return state, responsible


def _offer_to(act: Act, state: VisitState, responsible: Responsible) -> Written[HandoverOffered]:
    """The open offer, when it is made to who acts."""
    offer = state.offer
    if responsible.who.id == act.by.id and offer is None:
        _refuse(
            f"You have been responsible since {clinic_clock(responsible.since)} already.",
            "responsible-already",
        )
    if offer is None:
        _refuse(f"The offer is not open any more. {_is_responsible(responsible)}.", "no-offer")
    if offer.payload.to != act.by.id:
        _refuse(
            f"It is offered to {offer.payload.to_name} and not to you. In an emergency, take over and "
            "write why.",
            "offered-to-another",
        )
    return offer


def _is_responsible(responsible: Responsible) -> str:
    return f"{responsible.who.printed_name} has been responsible since {clinic_clock(responsible.since)}"


def _written(reason: str) -> str:
    kept = reason.strip()
    if len(kept) < REASON_LETTERS_MIN:
        _refuse(f"Reason: write why, in at least {REASON_LETTERS_MIN} letters.", "reason-missing", "reason")
    return kept


def _refuse(sentence: str, code: str, field: str | None = None) -> NoReturn:
    raise UnableToHandOver([Issue(sentence=sentence, code=code, field=field)])
