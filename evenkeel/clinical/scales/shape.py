"""What a rating scale is: questions, answers, ranges, marks, and on what each of its numbers is founded."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

from evenkeel.clinical.rulebook import Basis
from evenkeel.values.quantities import Percent, Score
from evenkeel.values.shape import frozen

# What a course is for, in two words; the scale that a course is judged by is the one of its family.
Family = Literal["mood", "pain"]
Kind = Literal[
    "mood",
    "suicide",
    "anxiety",
    "pain",
    "function",
    "mania",
    "substances",
    "sleep",
    "infusion",
    "experience",
]
# The groups in which a person chooses a scale, in the order they are shown.
KIND_WORDS: Final[dict[Kind, str]] = {
    "mood": "Depression",
    "suicide": "Suicide risk",
    "anxiety": "Anxiety, trauma and obsessions",
    "pain": "Pain",
    "function": "Function and general state",
    "mania": "Mania",
    "substances": "Alcohol and drugs",
    "sleep": "Sleep",
    "infusion": "On the day of an infusion",
    "experience": "Experience and satisfaction",
}
Rater = Literal["self", "clinician", "self and measured"]
# What a higher score means.
Direction = Literal["worse", "better", "neither"]
Wording = Literal["ships", "clinic_permits", "clinic_loads"]
Method = Literal["sum", "mean", "group_max", "part", "levels", "components", "lookup", "none"]
PartMethod = Literal["sum", "mean", "percent"]
# What becomes of a question that was not to be asked: it counts as 0 whatever was answered, it counts what
# was answered all the same, or it is left out of the score.
Otherwise = Literal["zero", "count", "leave_out"]


@frozen
class Ground:
    """What a number stands on: how well it is founded, the keys of its sources, and a note in words."""

    basis: Basis
    sources: tuple[str, ...]
    note: str


@frozen
class Option:
    """One answer that can be chosen: the number that is kept, the points it gives, words and LOINC code.

    `text` is empty where the wording is not ours to give.
    """

    value: int
    points: int
    text: str
    code: str | None


@frozen
class Span:
    """Whole numbers that can be written as an answer; the unit "clock" is a time of day, in minutes."""

    low: int
    high: int
    unit: str


@frozen
class Condition:
    """A question is asked if, or unless, one of `items` was answered with `value_from` or more."""

    items: tuple[int, ...]
    value_from: int
    is_unless: bool
    otherwise: Otherwise


@frozen
class Item:
    """One question. From the answer `risk_from` on it alerts, whatever the total; None when it never does.

    `key` is the number that the published form prints ("5a"); `name` a neutral word where there is one;
    `text` is empty where the wording is not ours to give. A question that is not `scored` may stay open.
    """

    number: int
    key: str
    name: str
    text: str
    options: tuple[Option, ...]
    span: Span | None
    loinc: str | None
    scored: bool
    risk_from: int | None
    condition: Condition | None

    @property
    def words(self) -> str:
        """The question as it is shown: its own words, else a neutral name."""
        return self.text or self.name or f"Question {self.key}"

    @property
    def values(self) -> range | tuple[int, ...]:
        """Every number that may be kept as an answer."""
        if self.span:
            return range(self.span.low, self.span.high + 1)
        return tuple(option.value for option in self.options)

    def points_of(self, value: int) -> int:
        """What an answer counts."""
        if self.span:
            return value
        return next(option.points for option in self.options if option.value == value)

    def answer_words(self, value: int) -> str:
        """An answer in words, or as the number itself."""
        text = next((option.text for option in self.options if option.value == value), "")
        if self.span and self.span.unit == "clock":
            return f"{value // 60}:{value % 60:02}"
        if self.span:
            return f"{value} {self.span.unit}".strip()
        return text or str(value)


@frozen
class Band:
    """A range of totals with a name; both ends belong to it."""

    low: int
    high: int
    label: str


@frozen
class Part:
    """A score over some of the questions. With `at_least`, so many answers suffice and it is then prorated.

    `high` is the most points of a part that is given in percent.
    """

    name: str
    items: tuple[int, ...]
    method: PartMethod
    at_least: int | None
    high: int | None


@frozen
class Need:
    """So many of these questions were answered with `value_from` or more; `value_from_of` has exceptions."""

    items: tuple[int, ...]
    at_least: int
    at_most: int | None
    value_from: int
    value_from_of: Mapping[int, int]


@frozen
class Pattern:
    """A grade that is read from the answers and not from the total: all needs are met.

    `band` takes the place of the range that the total lies in.
    """

    label: str
    needs: tuple[Need, ...]
    band: str | None
    ground: Ground


@frozen
class Cut:
    """A total, or a part's score, from which or below which something is said."""

    label: str
    part: str | None
    low: Decimal | None
    high: Decimal | None
    ground: Ground

    def holds(self, score: Decimal) -> bool:
        """Whether a score lies on the side that is said something about."""
        return (self.low is None or score >= self.low) and (self.high is None or score <= self.high)


@frozen
class Level:
    """One level of a scale that sorts people instead of adding points; any need puts them there."""

    label: str
    any_of: tuple[Need, ...]


@frozen
class Step:
    """Numbers from `low` on, as far as the next step, become `points`."""

    low: Decimal
    points: int


@frozen
class Component:
    """A score of 0 to 3 that is worked out of a few questions before it is added.

    Each question first goes through its own steps where it has some; their sum goes through `steps`. With
    `share`, the questions are (asleep, to bed, up again), and the number is the share of time in bed that was
    slept, in percent.
    """

    name: str
    items: tuple[int, ...]
    steps: tuple[Step, ...]
    steps_of: Mapping[int, tuple[Step, ...]]
    share: bool


@frozen
class Scoring:
    """How answers become the one number that is kept, and between which ends it lies."""

    method: Method
    low: Decimal
    high: Decimal
    ground: Ground
    groups: tuple[tuple[int, ...], ...]
    part: str | None
    parts: tuple[Part, ...]
    components: tuple[Component, ...]
    levels: tuple[Level, ...]
    profile: tuple[int, ...]
    table: Mapping[int, Decimal]


@frozen
class Change:
    """A change that was found to matter; negative points are better where a higher score is worse."""

    points: Decimal
    label: str
    ground: Ground


@frozen
class License:
    """Whose scale it is, and whether its wording may stand here.

    "ships": it stands here. "clinic_permits": it stands here and is shown once the clinic names its
    permission. "clinic_loads": the clinic loads the text that it has a license for.
    """

    status: str
    owner: str
    note: str
    credit: str
    wording: Wording


@frozen
class Scale:
    """One instrument in one version: what is asked, how it is scored and what a change means.

    `remission_below` and `worse_from` are points. What is not published is None. `unusable` says why a scale
    cannot be filled in at all. `permission` is what the clinic says that it uses the wording by.
    """

    id: str
    version: str
    title: str
    short: str
    kind: Kind
    family: Family | None
    rater: Rater
    recall: str
    stem: str
    direction: Direction
    license: License
    permission: str
    unusable: str
    notes: tuple[str, ...]
    sources: Mapping[str, str]
    items: tuple[Item, ...]
    scoring: Scoring
    bands: tuple[Band, ...]
    bands_ground: Ground | None
    cuts: tuple[Cut, ...]
    patterns: tuple[Pattern, ...]
    risk_ground: Ground | None
    response_fall: Percent | None
    response_ground: Ground | None
    remission_below: Score | None
    remission_ground: Ground | None
    worse_from: Score | None
    worse_ground: Ground | None
    changes: tuple[Change, ...]
    loinc_panel: str | None
    loinc_total: str | None

    @property
    def scoring_version(self) -> str:
        """The version without the mark of the wording that a clinic loaded."""
        return self.version.partition("+")[0]

    @property
    def low(self) -> Decimal:
        """The lowest score."""
        return self.scoring.low

    @property
    def high(self) -> Decimal:
        """The highest score."""
        return self.scoring.high

    @property
    def credit(self) -> str:
        """The line that the license asks to be shown."""
        return self.license.credit

    @property
    def scored_items(self) -> tuple[Item, ...]:
        """The questions that count into the total."""
        return tuple(item for item in self.items if item.scored)

    @property
    def is_scorable(self) -> bool:
        """Whether all that scoring needs is here: some need a table that comes with the wording."""
        return not self.unusable and (self.scoring.method != "lookup" or bool(self.scoring.table))

    @property
    def is_ready(self) -> bool:
        """Whether it can be filled in here: it can be scored, and its wording is here and may be shown."""
        if not self.is_scorable:
            return False
        if self.license.wording != "ships" and not self.permission:
            return False
        return all(item.text and all(option.text for option in item.options) for item in self.items)

    def item(self, number: int) -> Item:
        """One question by its place, from 1 on."""
        return self.items[number - 1]

    def band_of(self, total: Decimal) -> str | None:
        """The name of the range that a total lies in, where the scale has ranges."""
        return next((band.label for band in self.bands if band.low <= total <= band.high), None)
