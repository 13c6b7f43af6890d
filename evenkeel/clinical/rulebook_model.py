"""The rule book as plain words: built once from rules, case tables, hazards and sources, rendered by others.

The documentation, the printed book and the pages of the application all show what is made here, so that none
of them can say something that another does not.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from evenkeel.clinical.bounds import Bounds
from evenkeel.clinical.case_tables import CaseTable, TableCase, Tables, Where
from evenkeel.clinical.disagreements import Disagreement, Position
from evenkeel.clinical.hazards import Hazard
from evenkeel.clinical.limits import Limit, Limits, limit_shown
from evenkeel.clinical.rulebook import Basis, Citation, Overridable, Rule, Rulebook, RuleVersion
from evenkeel.record.verdict import Answer, Severity
from evenkeel.values.shape import frozen

# The stages in the order of the journey, with their words.
STAGES: Final[Mapping[str, str]] = {
    "screening": "Screening",
    "series": "Series and visits",
    "checkin": "Check-in",
    "ordering": "Ordering and drawing up",
    "infusion": "Infusion",
    "rescue": "Rescue drugs",
    "discharge": "Discharge",
    "outcomes": "Outcomes",
    "maintenance": "Maintenance",
}
SEVERITY_WORDS: Final[Mapping[Severity, str]] = {
    "advise": "Advises",
    "confirm": "Asks for a confirmation",
    "pause": "Pauses",
    "block": "Stops",
}
OVERRIDE_WORDS: Final[Mapping[Overridable, str]] = {
    "none": "nobody",
    "reason": "anybody who may do this, with a written reason",
    "prescriber": "a prescriber, with a written reason",
}
BASIS_WORDS: Final[Mapping[Basis, str]] = {
    "source": "read in the source itself, at least its abstract, label or page",
    "second-hand": "read in somebody else's account of the source",
    "proposal": "a proposal for the clinic's medical director; what is cited only bears on it",
}
BASIS_NAMES: Final[Mapping[Basis, str]] = {
    "source": "Source",
    "second-hand": "Second-hand",
    "proposal": "Proposal",
}
ANSWER_WORDS: Final[Mapping[Answer, str]] = {"clear": "Clear", "fires": "Fires", "unknown": "Not known"}
WHERE_WORDS: Final[Mapping[Where, str]] = {
    "below": "below the limit",
    "at": "at the limit",
    "above": "above the limit",
    "missing": "something missing",
    "yes": "yes",
    "no": "no",
    "other": "",
}
STRICTER_WORDS: Final[Mapping[str, str]] = {
    "lower": "lower is stricter",
    "higher": "higher is stricter",
    "fewer": "fewer is stricter",
}


@frozen
class BookBounds:
    """How far a clinic may move a limit: freely as recommended, confirmed up to `absolute`, never beyond."""

    stricter: str
    recommended: str
    absolute: str


@frozen
class BookLimit:
    """One limit by its name. `shipped` is what comes with Evenkeel, where the clinic has set another."""

    name: str
    value: str
    shipped: str | None = None
    bounds: BookBounds | None = None


@frozen
class BookCitation:
    """A source by its key and full reference, and the place in it."""

    key: str
    reference: str
    locator: str


@frozen
class BookVersion:
    """One version of a rule as it reads."""

    number: int
    from_date: str
    sentence: str
    limits: tuple[BookLimit, ...]
    basis: Basis
    cited: tuple[BookCitation, ...]
    authored_by: str
    checked_by: str
    review_due: str


@frozen
class BookAnswer:
    """What an answer asks for, and who may go on in spite of it; nobody is named where it only advises."""

    asks: str
    who: str | None


@frozen
class BookCase:
    """One line of a rule's case table."""

    what: str
    expected: str
    given: str
    seen: str
    version: int
    holds: bool


@frozen
class BookRule:
    """One rule whole. `now` is the version in force; `versions` are all of them, the newest first."""

    id: str
    title: str
    stage: str
    stage_words: str
    fires: BookAnswer
    unknown: BookAnswer
    now: BookVersion
    limits: tuple[BookLimit, ...]
    sentence: str
    hazard: str
    harm: str
    cause: str
    versions: tuple[BookVersion, ...]
    cases: tuple[BookCase, ...]
    always_known: str | None
    held: int

    @property
    def is_proposal(self) -> bool:
        """Whether no source carries the rule as it stands."""
        return self.now.basis == "proposal"


@frozen
class BookStage:
    """The rules of one stage of the journey, in the order of its file."""

    id: str
    words: str
    rules: tuple[BookRule, ...]


@frozen
class BookMention:
    """A rule that cites a source, and the place that it cites."""

    rule: str
    title: str
    stage: str
    locator: str


@frozen
class BookSource:
    """One source with everything that cites it."""

    key: str
    reference: str
    rules: tuple[BookMention, ...]
    points: tuple[str, ...]


@frozen
class BookPosition:
    """What one side holds, and who holds it: full references, or that nothing read says so."""

    holds: str
    held_by: str


@frozen
class BookCarrier:
    """A rule that carries a default, and how firmly it is founded."""

    rule: str
    title: str
    stage: str
    basis: Basis


@frozen
class BookPoint:
    """A point on which sources disagree."""

    point: str
    default: str
    positions: tuple[BookPosition, ...]
    rules: tuple[BookCarrier, ...]
    carried_by: str | None


@frozen
class Book:
    """The whole book on one day."""

    on: str
    stages: tuple[BookStage, ...]
    sources: tuple[BookSource, ...]
    points: tuple[BookPoint, ...]

    @property
    def rules(self) -> tuple[BookRule, ...]:
        """Every rule, stage after stage."""
        return tuple(rule for stage in self.stages for rule in stage.rules)

    @property
    def proposals(self) -> tuple[BookRule, ...]:
        """The rules that wait for a clinician's signature, since no source carries them."""
        return tuple(rule for rule in self.rules if rule.is_proposal)

    @property
    def founded(self) -> Mapping[Basis, int]:
        """How many rules are founded on what."""
        bases = [rule.now.basis for rule in self.rules]
        return {basis: bases.count(basis) for basis in BASIS_WORDS}

    @property
    def held(self) -> tuple[int, int]:
        """How many cases answered as they must, of how many."""
        return sum(rule.held for rule in self.rules), sum(len(rule.cases) for rule in self.rules)


def day_words(day: date) -> str:
    """Write a day so that it cannot be misread across countries: "3 Feb 2026"."""
    return f"{day.day} {day:%b %Y}"


def make_book(
    book: Rulebook,
    tables: Tables,
    hazards: Mapping[str, Hazard],
    disagreements: tuple[Disagreement, ...],
    *,
    on: date,
) -> Book:
    """Build the book as it stands on a day. A rule of no known stage comes last, under its file's name."""
    names = [*STAGES, *sorted({rule.stage for rule in book.rules} - STAGES.keys())]
    stages = tuple(
        BookStage(
            id=name,
            words=_stage_words(name),
            rules=tuple(
                make_rule(book, rule, tables, hazards, on=on) for rule in book.rules if rule.stage == name
            ),
        )
        for name in names
    )
    return Book(
        on=day_words(on),
        stages=tuple(stage for stage in stages if stage.rules),
        sources=_sources(book, disagreements, on),
        points=tuple(_point(book, one, on) for one in disagreements),
    )


def make_rule(
    book: Rulebook, rule: Rule, tables: Tables, hazards: Mapping[str, Hazard], *, on: date
) -> BookRule:
    """Build one rule of the book as it stands on a day, with the clinic's own limits where it has set any.

    A rule without a table, or whose hazard is not described yet, is shown without: the tests of the rules
    refuse both, and a page that somebody looks up in a hurry does not.
    """
    version = rule.shipped_on(on)
    in_force = rule.version_on(on)
    table = tables.get(rule.id, CaseTable())
    hazard = hazards.get(rule.hazard, Hazard(id=rule.hazard, harm="", cause="", page=""))
    return BookRule(
        id=rule.id,
        title=rule.title,
        stage=rule.stage,
        stage_words=_stage_words(rule.stage),
        fires=_answer(rule.severity, rule.override),
        unknown=_answer(rule.unknown, rule.override_unknown),
        now=_version(book, rule, version),
        limits=_limits(rule, version, in_force.limits),
        sentence=rule.sentence(in_force),
        hazard=hazard.id,
        harm=hazard.harm,
        cause=hazard.cause,
        versions=tuple(_version(book, rule, each) for each in reversed(rule.versions)),
        cases=tuple(_case(case) for case in table.cases),
        always_known=table.always_known,
        held=table.held,
    )


def _limits(rule: Rule, version: RuleVersion, limits: Limits) -> tuple[BookLimit, ...]:
    """Every limit of a version, with what the clinic set in its place and how far it may go."""
    return tuple(
        BookLimit(
            name=name.replace("_", " "),
            value=_shown(limits.by_name[name]),
            shipped=_shown(shipped) if shipped != limits.by_name[name] else None,
            bounds=_bounds(rule.bounds.get(name)),
        )
        for name, shipped in version.limits
    )


def _stage_words(stage: str) -> str:
    return STAGES.get(stage, stage.capitalize())


def _shown(limit: Limit) -> str:
    return ", ".join(limit).replace("_", " ") if isinstance(limit, tuple) else limit_shown(limit)


def _bounds(bounds: Bounds | None) -> BookBounds | None:
    if bounds is None:
        return None
    return BookBounds(
        stricter=STRICTER_WORDS[bounds.stricter],
        recommended=bounds.recommended_shown.replace("_", " "),
        absolute=bounds.absolute_shown.replace("_", " "),
    )


def _answer(severity: Severity, override: Overridable) -> BookAnswer:
    who = None if severity == "advise" else OVERRIDE_WORDS[override]
    return BookAnswer(asks=SEVERITY_WORDS[severity], who=who)


def _version(book: Rulebook, rule: Rule, version: RuleVersion) -> BookVersion:
    return BookVersion(
        number=version.number,
        from_date=day_words(version.from_date),
        sentence=rule.sentence(version),
        limits=_limits(rule, version, version.limits),
        basis=version.basis,
        cited=tuple(_citation(book, cited) for cited in version.cite),
        authored_by=version.authored_by,
        checked_by=version.checked_by,
        review_due=day_words(version.review_due),
    )


def _citation(book: Rulebook, cited: Citation) -> BookCitation:
    return BookCitation(key=cited.key, reference=book.sources[cited.key], locator=cited.locator)


def _case(case: TableCase) -> BookCase:
    return BookCase(
        what=": ".join(filter(None, (WHERE_WORDS[case.where], case.note))) or "as it should be",
        expected=ANSWER_WORDS[case.expected],
        given=ANSWER_WORDS[case.given],
        seen="; ".join(case.seen),
        version=case.version,
        holds=case.holds,
    )


def _sources(book: Rulebook, disagreements: tuple[Disagreement, ...], on: date) -> tuple[BookSource, ...]:
    rules: dict[str, list[BookMention]] = {}
    points: dict[str, list[str]] = {}
    for rule in book.rules:
        for cited in rule.version_on(on).cite:
            rules.setdefault(cited.key, []).append(
                BookMention(rule=rule.id, title=rule.title, stage=rule.stage, locator=cited.locator)
            )
    for one in disagreements:
        for key in dict.fromkeys(key for position in one.positions for key in position.cite):
            points.setdefault(key, []).append(one.point)
    return tuple(
        BookSource(
            key=key,
            reference=book.sources[key],
            rules=tuple(rules.get(key, ())),
            points=tuple(points.get(key, ())),
        )
        for key in sorted(rules.keys() | points.keys())
    )


def _held_by(book: Rulebook, position: Position) -> str:
    references = "; ".join(book.sources[key] for key in position.cite) or "not found in anything read"
    return f"{references}; known through others' accounts" if position.is_second_hand else references


def _point(book: Rulebook, one: Disagreement, on: date) -> BookPoint:
    carriers = [book.rule(id_) for id_ in one.rules]
    return BookPoint(
        point=one.point,
        default=one.default,
        positions=tuple(
            BookPosition(holds=each.holds, held_by=_held_by(book, each)) for each in one.positions
        ),
        rules=tuple(
            BookCarrier(rule=rule.id, title=rule.title, stage=rule.stage, basis=rule.version_on(on).basis)
            for rule in carriers
        ),
        carried_by=one.carried_by,
    )
