"""A second person on the same screen: who they may be, and that they are who they say.

Waste, counts, a bag change and the time-out take two people. The second one does not sign in; they choose
their name on the first one's page and prove it there, by password or passkey.
"""

from collections.abc import Sequence
from dataclasses import field
from datetime import timedelta
from typing import Final, Literal

from evenkeel.journey import policy
from evenkeel.journey.acting import Act
from evenkeel.journey.people import locked_sentence
from evenkeel.store.queries import people
from evenkeel.store.queries.passkeys import PasskeyAnswer
from evenkeel.store.queries.people import Person
from evenkeel.values.ids import ClinicianId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.shape import frozen

# How long a passkey may be used before the form is sent: time to check the form once more. Proposal.
PASSKEY_LASTS: Final = timedelta(minutes=5)


@frozen
class Proof:
    """What the second person proves with: their passkey when there is an answer of one, else the password."""

    password: str = field(default="", repr=False)
    passkey: PasskeyAnswer | None = field(default=None, repr=False)

    @property
    def method(self) -> Literal["password", "passkey"]:
        """How they prove it, in the words of a signature."""
        return "password" if self.passkey is None else "passkey"

    def is_right(self, act: Act, of: ClinicianId) -> bool:
        """Whether it is that person's own. A wrong one counts once toward their lockout.

        A passkey's answer is good for one request and a short time; one that is neither counts as none.
        """
        person = _who(of)
        if person is None or of == act.by.id:
            return False
        if self.passkey is None:
            return people.password_is_right(of, self.password, at=act.recorded_at)
        challenge = self.passkey.challenge
        if challenge is None or not self._is_for(act, of):
            return False
        return people.passkey_is_right(challenge, self.passkey.response, at=act.recorded_at)

    def why_refused(self, act: Act, person: Person) -> str:
        """Say why it was not taken, in a sentence."""
        until, name = people.locked_until(person.username, at=act.recorded_at), person.printed_name
        if until is not None:
            return f"Their password: {locked_sentence(until)} Nothing was signed."
        if self.passkey is None and not self.password:
            return f"Their password: {name} types it, or uses their passkey."
        if self.passkey is None:
            return f"Their password: it is not right, so nothing was signed. {name} types it again."
        if not self._is_for(act, person.id):
            return (
                "Their passkey: it was asked for too long ago, or for somebody or something else. "
                "Use it again, or type their password."
            )
        return (
            f"Their passkey: it is not one of {name}, so nothing was signed. Use theirs, or their password."
        )

    def _is_for(self, act: Act, of: ClinicianId) -> bool:
        challenge = self.passkey.challenge if self.passkey else None
        return (
            challenge is not None
            and (challenge.of, challenge.for_key) == (of, act.key)
            and act.recorded_at - challenge.asked_at <= PASSKEY_LASTS
        )


def _who(clinician: ClinicianId | None) -> Person | None:
    """The person, if they may sign in; what was sent need not be an id at all."""
    return next((person for person in people.every() if person.id == clinician), None)


def prove_second(
    act: Act,
    *,
    second: ClinicianId | None,
    proof: Proof,
    action: policy.Action,
    unable: type[UnableTo],
    who_may: str,
    besides: Sequence[Issue] = (),
) -> Person:
    """Return the second person, once it is certain that they are another one, may do this and are there.

    `who_may` says whom to choose, as in "a nurse of this clinic"; `besides` is what else is wrong with the
    request, told in the same answer. Raises `unable` with issues on `second_person` (codes `second-person`,
    `same-person`) or `password_of_second` (`signature-refused`).

    A use case that takes `second` and `proof_of_second` by these names has the credential asked for before
    its transaction (`acting.use_case`).
    """
    person = _who(second)
    issues = []
    if person is None or not policy.may(person.role, action):
        sentence = f"Second person: choose {who_may}."
        issues.append(Issue(sentence=sentence, code="second-person", field="second_person"))
    elif person.id == act.by.id:
        sentence = "Second person: choose somebody else than yourself."
        issues.append(Issue(sentence=sentence, code="same-person", field="second_person"))
    elif not proof.is_right(act, person.id):
        sentence = proof.why_refused(act, person)
        issues.append(Issue(sentence=sentence, code="signature-refused", field="password_of_second"))
    if issues or besides:
        raise unable([*issues, *besides])
    assert person is not None, "a missing second person was refused above"
    return person
