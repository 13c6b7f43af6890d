"""Who is on site: said by each person themselves, since signing in may happen anywhere."""

from evenkeel.journey.acting import Act, use_case
from evenkeel.store import clinicians
from evenkeel.store.queries import board
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo


class UnableToLeave(UnableTo):
    """Somebody who is responsible for a patient under the drug does not just leave."""


@use_case("presence.say")
def come(act: Act) -> StreamId:
    """Say that one is on site, which holds for a working day or until one leaves."""
    clinicians.come_on_site(act.by.id, by=act.by, at=act.recorded_at)
    return StreamId(f"clinician:{act.by.id}")


@use_case("presence.say")
def leave(act: Act) -> StreamId:
    """Say that one leaves; refused while one is responsible for a patient under the drug."""
    held = [chair for chair, _ in board.responsible_for(act.by.id)]
    if held:
        sentence = f"You are responsible for the patient at {', '.join(held)}. Hand over before you leave."
        raise UnableToLeave([Issue(sentence=sentence, code="still-responsible")])
    clinicians.leave_site(act.by.id, by=act.by, at=act.recorded_at)
    return StreamId(f"clinician:{act.by.id}")
