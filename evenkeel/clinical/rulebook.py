"""The rulebook: limits are data in `rules/*.toml`, a rule's shape is a function, and the answers are three.

A rule answers Clear, Fires or Unknown. Missing data is never Clear. Whatever is wrong with the files (a limit
without a unit, a rule without a function, two versions in force on one day) stops the program at start,
because a rule that is half there is worse than none.
"""

import importlib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

from evenkeel.record.entry import RuleRef
from evenkeel.record.verdict import SEVERITIES, Answer, Severity, Verdict
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.quantities import (
    Breaths,
    Days,
    DosePerWeight,
    FlowRate,
    Height,
    Hours,
    Minutes,
    Percent,
    Pressure,
    Pulse,
    Quantity,
    Saturation,
    Score,
    Volume,
    Weight,
    Years,
)
from evenkeel.values.shape import frozen

RULES: Final = Path(__file__).parent / "rules"


@frozen
class Clear:
    """Nothing stands in the way, and everything the rule needed was known."""


@frozen
class Fires:
    """The rule applies; `evidence` is what it saw, in words."""

    evidence: tuple[str, ...] = ()


@frozen
class Unknown:
    """The rule could not be answered; `missing` names what was not known, in words."""

    missing: tuple[str, ...]

    def __post_init__(self) -> None:
        assert self.missing, "an unknown answer names what is missing"


Finding = Clear | Fires | Unknown
Limit = Quantity | DrugMass | Strength | int | tuple[str, ...]
Overridable = Literal["none", "reason", "prescriber"]
Basis = Literal["source", "second-hand", "proposal"]

# Two dimensions share "/min" and two share "%", so in a rule file each is written out.
UNITS: Final[Mapping[str, Callable[[str], Limit]]] = {
    "mmHg": Pressure.of,
    "beats/min": Pulse.of,
    "breaths/min": Breaths.of,
    "% SpO2": Saturation.of,
    "%": Percent.of,
    "kg": Weight.of,
    "cm": Height.of,
    "mg": DrugMass.mg,
    "mg/kg": DosePerWeight.of,
    "mg/mL": Strength.mg_per_ml,
    "mL": Volume.of,
    "mL/h": FlowRate.of,
    "min": Minutes.of,
    "h": Hours.of,
    "d": Days.of,
    "years": Years.of,
    "points": Score.of,
}

_NUMBER_AND_UNIT = re.compile(r"([0-9]+(?:\.[0-9]+)?) (.+)", re.ASCII)
_RULE_ID = re.compile(r"[A-Z]{3}(-[A-Z0-9]{2,4})?-[0-9]{3}", re.ASCII)
_HAZARD_ID = re.compile(r"HAZ-[0-9]{3}", re.ASCII)
_PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)\}")


class RulebookError(Exception):
    """A rule file cannot be used as it stands; the program does not start with it."""


@frozen
class Limits:
    """The numbers of one version of one rule, by name: `limits.systolic` is a `Pressure`."""

    by_name: Mapping[str, Limit]

    def __getattr__(self, name: str) -> Any:
        """Return a limit by its name in the file."""
        try:
            return self.by_name[name]
        except KeyError:
            raise AttributeError(f"the rule has no limit called {name}") from None

    def __iter__(self) -> Iterator[tuple[str, Limit]]:
        """Every limit with its name, in the order of the file."""
        return iter(self.by_name.items())

    def shown(self) -> dict[str, str]:
        """Every limit as it reads in a sentence."""
        return {name: " or ".join(limit) if isinstance(limit, tuple) else str(limit) for name, limit in self}


Check = Callable[[Any, Limits], Finding]


@frozen
class Citation:
    """A key of `rules/sources.toml` and the place in that source."""

    key: str
    locator: str


@frozen
class RuleVersion:
    """The limits in force from a date until the next version's date, and what they are founded on."""

    number: int
    from_date: date
    limits: Limits
    cite: tuple[Citation, ...]
    basis: Basis
    authored_by: str
    checked_by: str
    review_due: date


@frozen
class Rule:
    """One rule of the clinic. `versions` are in the order they came into force."""

    id: str
    stage: str
    title: str
    statement: str
    severity: Severity
    unknown: Severity
    override: Overridable
    override_unknown: Overridable
    hazard: str
    versions: tuple[RuleVersion, ...]
    check: Check

    def version_on(self, on: date) -> RuleVersion:
        """The version in force on a day; a day before the first version is a broken invariant."""
        in_force = [version for version in self.versions if version.from_date <= on]
        assert in_force, f"no version of {self.id} was in force on that day"
        return in_force[-1]

    def sentence(self, version: RuleVersion) -> str:
        """The statement with the limits of a version filled in."""
        return self.statement.format(**version.limits.shown())

    def severity_of(self, answer: Answer) -> Severity | None:
        """What an answer asks for."""
        return {"clear": None, "fires": self.severity, "unknown": self.unknown}[answer]

    def override_of(self, answer: Answer) -> Overridable:
        """Who may go on in spite of an answer."""
        return self.override_unknown if answer == "unknown" else self.override


@frozen
class Rulebook:
    """Every rule that a clinic works by. It is passed in wherever something is decided, never looked up.

    `sources` are the full references by the keys that rules cite.
    """

    by_id: Mapping[str, Rule]
    sources: Mapping[str, str]

    @classmethod
    def shipped(cls) -> "Rulebook":
        """The rules that come with Evenkeel, read once."""
        return _shipped()

    @classmethod
    def read(cls, folder: Path, checks: Mapping[str, Check] | None = None) -> Self:
        """Read every rule in a folder, or raise RulebookError naming the rule and what is wrong with it.

        `checks` are the functions by rule id; without them the stage modules' own are used, each stage being
        the module of `evenkeel.clinical` that bears the file's name.
        """
        tables = dict(_rule_tables(folder))
        if checks is None:
            for stage in {stage for stage, _ in tables.values()}:
                importlib.import_module(f"evenkeel.clinical.{stage}")
            checks = _CHECKS
        sources = read_sources(folder)
        _demand(not (lost := checks.keys() - tables.keys()), f"no rule file has {', '.join(sorted(lost))}")
        return cls(
            by_id={
                id_: _read_rule(id_, stage, table, checks.get(id_), sources)
                for id_, (stage, table) in tables.items()
            },
            sources=sources,
        )

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, in the order of the files."""
        return tuple(self.by_id.values())

    def rule(self, id_: str) -> Rule:
        """One rule by its id; an id of no rule is a broken invariant."""
        assert id_ in self.by_id, f"there is no rule {id_}"
        return self.by_id[id_]

    def limits(self, id_: str, on: date) -> Limits:
        """The limits of a rule that are in force on a day."""
        return self.rule(id_).version_on(on).limits

    def consult(self, id_: str, subject: object, *, on: date) -> Verdict:
        """Ask one rule about a subject with the limits in force on a day."""
        rule = self.rule(id_)
        version = rule.version_on(on)
        finding = rule.check(subject, version.limits)
        answer: Answer
        evidence: tuple[str, ...] = ()
        missing: tuple[str, ...] = ()
        sentence = rule.sentence(version)
        if isinstance(finding, Fires):
            answer, evidence = "fires", finding.evidence
        elif isinstance(finding, Unknown):
            answer, missing = "unknown", finding.missing
            sentence = f"Not known: {', '.join(missing)}. {sentence}"
        else:
            answer = "clear"
        severity = rule.severity_of(answer)
        return Verdict(
            rule=RuleRef(rule=id_, version=version.number),
            answer=answer,
            severity=severity,
            sentence=sentence,
            hard=severity not in (None, "advise") and rule.override_of(answer) == "none",
            evidence=evidence,
            missing=missing,
        )

    def consult_all(self, ids: Iterable[str], subject: object, *, on: date) -> tuple[Verdict, ...]:
        """Ask several rules about one subject, in the order given."""
        return tuple(self.consult(id_, subject, on=on) for id_ in ids)


_CHECKS: dict[str, Check] = {}


def rule(id_: str) -> Callable[[Check], Check]:
    """Make a function the shape of a rule: from a subject and the limits in force to a Finding."""

    def register(check: Check) -> Check:
        assert id_ not in _CHECKS, f"two functions for {id_}"
        _CHECKS[id_] = check
        return check

    return register


@cache
def _shipped() -> Rulebook:
    return Rulebook.read(RULES)


def parse_limit(raw: object) -> Limit:
    """Read "180 mmHg", a whole number or a list of words as a typed value, or raise RulebookError."""
    if type(raw) is int:
        return raw
    if isinstance(raw, list) and raw and all(isinstance(word, str) and word for word in raw):
        return tuple(raw)
    _demand(isinstance(raw, str), f"the limit {raw!r} is not a whole number, a quantity or a list of words")
    found = _NUMBER_AND_UNIT.fullmatch(str(raw))
    _demand(found is not None, f'the limit "{raw}" is not a number, a space and a unit')
    assert found is not None
    number, unit = found.groups()
    _demand(unit in UNITS, f'the limit "{raw}" has an unknown unit; known are {", ".join(UNITS)}')
    return UNITS[unit](number)


def read_sources(folder: Path = RULES) -> dict[str, str]:
    """Every source that a rule may cite: its key and its full reference."""
    sources = tomllib.loads((folder / "sources.toml").read_text("utf-8"))
    _demand(
        all(isinstance(text, str) and text for text in sources.values()),
        "every line of sources.toml is a key and a reference",
    )
    return sources


def _demand(holds: bool, sentence: str) -> None:
    if not holds:
        raise RulebookError(sentence)


def _rule_tables(folder: Path) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    """Find the rules among the files: a rule's key is in capitals, a stage's other data in small letters."""
    seen: set[str] = set()
    for path in sorted(folder.glob("*.toml")):
        for key, table in tomllib.loads(path.read_text("utf-8")).items():
            if key == key.lower():
                continue
            _demand(_RULE_ID.fullmatch(key) is not None, f"{path.name}: {key} is not a rule id")
            _demand(key not in seen, f"{key} stands in two files")
            seen.add(key)
            yield key, (path.stem, table)


_RULE_KEYS: Final = {"title", "statement", "severity", "unknown", "override", "hazard", "version"}
_VERSION_KEYS: Final = {
    "number",
    "from",
    "limits",
    "cite",
    "basis",
    "authored_by",
    "checked_by",
    "review_due",
}


def _read_rule(
    id_: str, stage: str, table: dict[str, Any], check: Check | None, sources: Mapping[str, str]
) -> Rule:
    _demand(check is not None, f"{id_} has no function")
    assert check is not None
    keys = set(table) - {"override_unknown"}
    _demand(keys == _RULE_KEYS, f"{id_}: missing or unknown keys {', '.join(sorted(keys ^ _RULE_KEYS))}")
    _demand(table["severity"] in SEVERITIES, f"{id_}: severity {table['severity']!r} is not a severity")
    _demand(table["unknown"] in SEVERITIES, f"{id_}: unknown {table['unknown']!r} is not a severity")
    override = table["override"]
    override_unknown = table.get("override_unknown", override)
    for word in (override, override_unknown):
        _demand(word in get_args(Overridable), f"{id_}: override {word!r} is not none, reason or prescriber")
    for asked, word in ((table["severity"], override), (table["unknown"], override_unknown)):
        _demand((asked, word) != ("confirm", "none"), f"{id_}: asks to confirm, and lets nobody confirm")
    _demand(_HAZARD_ID.fullmatch(table["hazard"]) is not None, f"{id_}: {table['hazard']} is not a hazard id")
    versions = tuple(_read_version(id_, raw, sources) for raw in table["version"])
    _check_versions(id_, versions)
    rule = Rule(
        id=id_,
        stage=stage,
        title=table["title"],
        statement=table["statement"],
        severity=table["severity"],
        unknown=table["unknown"],
        override=override,
        override_unknown=override_unknown,
        hazard=table["hazard"],
        versions=versions,
        check=check,
    )
    for version in versions:
        blanks = set(_PLACEHOLDER.findall(rule.statement))
        lost = blanks - version.limits.by_name.keys()
        _demand(not lost, f"{id_}: version {version.number} has no limit {', '.join(sorted(lost))}")
    return rule


def _read_version(id_: str, raw: dict[str, Any], sources: Mapping[str, str]) -> RuleVersion:
    odd = set(raw) - _VERSION_KEYS
    lost = _VERSION_KEYS - {"limits", "cite"} - set(raw)
    _demand(not odd and not lost, f"{id_}: missing or unknown keys {', '.join(sorted(odd | lost))}")
    cite = tuple(Citation(key=one["key"], locator=one["locator"]) for one in raw.get("cite", []))
    basis = raw["basis"]
    _demand(basis in get_args(Basis), f"{id_}: basis {basis!r} is not source, second-hand or proposal")
    _demand(bool(cite) or basis == "proposal", f"{id_}: only a proposal may stand without a source")
    for one in cite:
        _demand(one.key in sources, f"{id_}: {one.key} is not in sources.toml")
    _demand(raw["authored_by"] != raw["checked_by"], f"{id_}: nobody checks their own rule")
    try:
        limits = {name: parse_limit(limit) for name, limit in raw.get("limits", {}).items()}
    except RulebookError as broken:
        raise RulebookError(f"{id_}: {broken}") from None
    return RuleVersion(
        number=raw["number"],
        from_date=raw["from"],
        limits=Limits(by_name=limits),
        cite=cite,
        basis=basis,
        authored_by=raw["authored_by"],
        checked_by=raw["checked_by"],
        review_due=raw["review_due"],
    )


def _check_versions(id_: str, versions: tuple[RuleVersion, ...]) -> None:
    """Each version runs until the next begins, so numbers and dates must both rise."""
    _demand(bool(versions), f"{id_} has no version")
    numbers = [version.number for version in versions]
    _demand(numbers == list(range(1, len(versions) + 1)), f"{id_}: versions are not numbered 1, 2, 3 ...")
    dates = [version.from_date for version in versions]
    _demand(all(a < b for a, b in pairwise(dates)), f"{id_}: versions overlap")
    _demand(
        all(version.review_due > version.from_date for version in versions),
        f"{id_}: a review is due before the version is in force",
    )
