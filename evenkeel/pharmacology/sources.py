"""Where a number comes from, and how it came to be known here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Mark(StrEnum):
    """How a number came to be known here."""

    PAPER = "paper"
    TRANSCRIPTION = "transcription"
    CODE = "code"
    COMPENDIUM = "compendium"
    DERIVED = "derived"
    ASSUMPTION = "assumption"
    PROPOSAL = "proposal"

    @property
    def words(self) -> str:
        return _MARK_WORDS[self]


_MARK_WORDS: Final[Mapping[Mark, str]] = {
    Mark.PAPER: "read in the paper, its abstract or its table page",
    Mark.TRANSCRIPTION: "read in a second work that transcribes the paper row by row",
    Mark.CODE: "read in the code of open simulators, not in the paper",
    Mark.COMPENDIUM: "read in a compendium or an extraction that quotes the paper",
    Mark.DERIVED: "calculated by the project from numbers with the other marks",
    Mark.ASSUMPTION: "chosen by the project where nothing could be read",
    Mark.PROPOSAL: "a limit that the project proposes and nobody has confirmed",
}


class ReadStatus(StrEnum):
    """How the parameters of a whole model were read."""

    SOURCE = "read_source"
    SECONDARY = "read_secondary"
    TWO_CODES = "read_two_codes"
    ONE_CODE = "read_one_code"

    @property
    def words(self) -> str:
        return _STATUS_WORDS[self]


_STATUS_WORDS: Final[Mapping[ReadStatus, str]] = {
    ReadStatus.SOURCE: "parameters read in the paper or its abstract",
    ReadStatus.SECONDARY: "parameters read in an independent work that transcribes the paper's tables",
    ReadStatus.TWO_CODES: "parameters read in two open simulators that agree; the paper's table was not read",
    ReadStatus.ONE_CODE: "parameters read in one open simulator alone; the paper's table was not read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """`title` and `doi` are None where they were not read, or where there is none."""

    authors: str
    title: str | None
    year: int
    journal: str
    doi: str | None

    def __str__(self) -> str:
        title = "" if self.title is None else f"{self.title}. "
        doi = "" if self.doi is None else f" doi:{self.doi}"
        return f"{self.authors.rstrip('.')}. {title}{self.journal} ({self.year}).{doi}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number with the unit, the source and the mark that the file gives for it."""

    value: float
    unit: str
    source: str
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A number of the source that the engine does not use, and the reason."""

    number: Quantity
    reason: str
