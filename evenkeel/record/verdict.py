"""What a rule answered, kept with the entry that it bore on."""

from datetime import datetime
from typing import Literal

from evenkeel.record.entry import RuleRef
from evenkeel.values.shape import frozen

Answer = Literal["clear", "fires", "unknown"]
Severity = Literal["advise", "confirm", "pause", "block"]
SEVERITIES: tuple[Severity, ...] = ("advise", "confirm", "pause", "block")


@frozen
class Verdict:
    """One rule's answer on one state: which version, what it means and what it saw or missed.

    `severity` is what the answer asks for: for "fires" the rule's severity, for "unknown" what the rule says
    missing data means, and None for "clear". `hard` verdicts cannot be overridden by anybody.
    """

    rule: RuleRef
    answer: Answer
    severity: Severity | None
    sentence: str
    hard: bool = False
    evidence: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert (self.severity is None) == (self.answer == "clear"), "only a clear answer asks for nothing"


@frozen
class Override:
    """A named person's reason to go on although a rule asked for confirmation."""

    rule: str
    reason: str


@frozen
class Signature:
    """What a signature shows.

    Printed name, time and meaning (21 CFR 11.50), after the credential was asked again.
    """

    printed_name: str
    signed_at: datetime
    meaning: str
    method: Literal["password", "passkey"]
