"""One written line of the record, and the draft of one."""

from datetime import datetime
from typing import Any, Final, Literal, Protocol, Self

from evenkeel.values.ids import ClinicianId, EntryId, IdempotencyKey, StreamId
from evenkeel.values.shape import frozen

Role = Literal["front_desk", "nurse", "prescriber", "registrant", "lead", "administrator", "software"]

# What the program writes by itself, such as an alert, is written in this role. No person ever has it.
SOFTWARE: Final[Role] = "software"

ROLE_WORDS: dict[Role, str] = {
    "front_desk": "front desk",
    "nurse": "nurse",
    "prescriber": "prescriber",
    "registrant": "registrant",
    "lead": "clinic lead",
    "administrator": "administrator",
    SOFTWARE: "software",
}


@frozen
class RuleRef:
    """Which version of which rule was consulted, and the newest of the clinic's own settings that was in it.

    `setting` is 0 where the shipped limits stood. Then it is not written, so that entries from before clinics
    could set limits keep their hashes.
    """

    rule: str
    version: int
    setting: int = 0

    def __str__(self) -> str:
        own = f", clinic's setting {self.setting}" if self.setting else ""
        return f"{self.rule} v{self.version}{own}"

    @property
    def written(self) -> list[str | int]:
        """The reference as a row holds it and a hash is taken over it; `RuleRef.read` reads it back."""
        return [self.rule, self.version, *([self.setting] if self.setting else [])]

    @classmethod
    def read(cls, written: list[Any]) -> Self:
        """Read what `written` gave."""
        rule, version, *setting = written
        return cls(rule=rule, version=version, setting=setting[0] if setting else 0)


@frozen
class Author:
    """Who writes: the person, the role they act in, and the name as it is printed."""

    id: ClinicianId
    role: Role
    printed_name: str


class Payload(Protocol):
    """A frozen class made known to the record by `@payload`; it holds what was written and nothing else."""


@frozen
class Draft:
    """An entry before it is written: the store adds place, time of writing and chain."""

    payload: Payload
    happened_at: datetime
    rules: tuple[RuleRef, ...] = ()
    amends: EntryId | None = None
    amend_reason: str | None = None

    def __post_init__(self) -> None:
        assert (self.amends is None) == (self.amend_reason is None), (
            "an amendment has a reason, nothing else does"
        )


@frozen
class Entry:
    """One written line: never changed, corrected only by a later line that names it in `amends`."""

    id: EntryId
    stream: StreamId
    seq: int
    kind: str
    version: int
    happened_at: datetime
    recorded_at: datetime
    by: Author
    key: IdempotencyKey
    amends: EntryId | None
    amend_reason: str | None
    payload: Payload
    rules: tuple[RuleRef, ...]
    previous_hash: str
    hash: str
