"""Who saw it: the second person beside a movement, nobody with a reason, or somebody who would not say so."""

from evenkeel.journey.acting import Act, require_plausible_time, touch, use_case
from evenkeel.journey.custody.book import Book, policy_now
from evenkeel.journey.policy import Action
from evenkeel.journey.second_person import Proof, prove_second
from evenkeel.record.custody import WitnessRefused
from evenkeel.store import reading
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.shape import frozen

WHO_MAY = "a nurse, prescriber, registrant or lead"


@frozen
class Witness:
    """Who saw a movement, or why nobody did; made by `witnessed` alone."""

    id: ClinicianId | None
    name: str
    alone_because: str


class UnableToWitness(UnableTo):
    """The second person did not prove who they are, or nobody may act alone."""


def witnessed(
    act: Act,
    *,
    second: ClinicianId | None,
    proof: Proof | None,
    alone_because: str,
    action: Action = "custody.witness",
    who_may: str = WHO_MAY,
) -> Witness:
    """Prove the witness; where the clinic lets one person act alone, a reason stands in for them.

    `action` is what the witness must be permitted, for `who_may` to say in words. Raises UnableToWitness with
    the fields of the second person, or with `alone_because`.
    """
    if second is None and alone_because.strip() and policy_now().may_be_alone:
        return Witness(id=None, name="", alone_because=alone_because.strip())
    person = prove_second(
        act,
        second=second,
        proof=proof or Proof(),
        action=action,
        unable=UnableToWitness,
        who_may=who_may,
    )
    return Witness(id=person.id, name=person.printed_name, alone_because="")


@use_case("custody.witness")
def refuse_to_witness(
    act: Act,
    *,
    lots: tuple[StreamId, ...],
    visit: StreamId | None,
    what: str,
    second: ClinicianId | None,
    proof_of_second: Proof | None,
    reason: str,
) -> StreamId:
    """Write down that somebody was asked to witness and did not; nothing moves.

    `what` is the sentence that they were asked to confirm. It stands in every lot that it is about.
    """
    assert lots, "what is witnessed is of some lot"
    state = reading.visit(visit) if visit is not None else None
    if state is not None:
        touch(state.booking.payload.patient)
        require_plausible_time(act, state)
    book = Book(act, lots)
    person = prove_second(
        act,
        second=second,
        proof=proof_of_second or Proof(),
        action="custody.witness",
        unable=UnableToWitness,
        who_may=WHO_MAY,
    )
    if not reason.strip():
        sentence = "Reason: say why it cannot be confirmed."
        raise UnableToWitness([Issue(sentence=sentence, code="reason-missing", field="reason")])
    for lot in lots:
        book.note(
            lot,
            WitnessRefused(
                witness=person.id,
                witness_name=person.printed_name,
                what=what,
                visit=visit,
                reason=reason.strip(),
            ),
        )
    book.write()
    return visit or lots[0]
