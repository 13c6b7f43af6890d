"""What is said of an offered handover, also where nobody waits for a chart to load."""

from collections.abc import Sequence

from evenkeel.record.entry import Author
from evenkeel.record.visits import VisitState


def offered_words(state: VisitState) -> str | None:
    """To whom the handover is offered; None without an open offer."""
    return f"offered to {state.offer.payload.to_name}, not yet accepted" if state.offer is not None else None


def still_responsible_words(who: Author, left: Sequence[tuple[str, VisitState]]) -> str:
    """For the page after somebody signed out: the chairs that they answer for, and what to do about it."""
    chairs = []
    for chair, state in left:
        offered = offered_words(state)
        chairs.append(f"{chair} ({offered})" if offered else chair)
    return (
        f"{who.printed_name} is still responsible for {' and '.join(chairs)}: signing out hands nothing "
        "over. Somebody else accepts a handover, or takes over."
    )
