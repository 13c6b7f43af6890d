"""The clinic's chairs: where an infusion can run."""

import re
from typing import Final

from evenkeel.journey.acting import Act, use_case
from evenkeel.store import rows
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.issues import Issue, UnableTo

NAME_LETTERS_MAX: Final = 60


class UnableToAddChair(UnableTo):
    """The chair cannot be added like this."""


@use_case("settings.change")
def add_chair(act: Act, *, name: str, reason: str) -> StreamId:
    """Put a chair behind the others; it keeps its place on the board from then on."""
    name = " ".join(name.split())
    issues = []
    id_ = ChairId(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40])
    if not id_ or len(name) > NAME_LETTERS_MAX:
        sentence = f"Name: write 1 to {NAME_LETTERS_MAX} letters or digits, such as Chair 7."
        issues.append(Issue(sentence=sentence, code="chair-name", field="name"))
    elif rows.chair(id_) is not None:
        sentence = f"Name: there is already a chair that is called {name}."
        issues.append(Issue(sentence=sentence, code="chair-exists", field="name"))
    if not reason.strip():
        issues.append(Issue(sentence="Reason: write why it is added.", code="required", field="reason"))
    if issues:
        raise UnableToAddChair(issues)
    rows.add_chair(id_, name, by=act.by, at=act.recorded_at, reason=reason)
    return StreamId(f"chair:{id_}")
