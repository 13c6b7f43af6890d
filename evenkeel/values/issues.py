"""What went wrong, said so that a form and a machine can both show it."""

from collections.abc import Iterable
from typing import Literal

from evenkeel.values.shape import frozen

IssueSeverity = Literal["information", "warning", "error"]


@frozen
class Issue:
    """One thing a person must know or mend: a sentence, the field it stands beside and the rule behind it."""

    sentence: str
    code: str = "invalid"
    field: str | None = None
    rule: str | None = None
    severity: IssueSeverity = "error"


class UnableTo(Exception):
    """A person asked for something that cannot be done; every issue says why in a sentence.

    Subclasses are named for what could not be done (`UnableToStart`). The message carries codes only,
    because exceptions reach logs and logs must not hold patient data.
    """

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        assert self.issues, "a refusal without a reason helps nobody"
        super().__init__(", ".join(issue.code for issue in self.issues))


def refuse(
    sentence: str, *, code: str = "invalid", field: str | None = None, rule: str | None = None
) -> UnableTo:
    """Make a refusal with one issue."""
    return UnableTo([Issue(sentence=sentence, code=code, field=field, rule=rule)])
