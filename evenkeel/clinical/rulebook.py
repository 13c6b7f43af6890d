"""The rulebook: limits are data in `rules/*.toml`, a rule's shape is a function, and the answers are three.

A rule answers Clear, Fires or Unknown. Missing data is never Clear. Whatever is wrong with the files (a limit
without a unit, a rule without a function, two versions in force on one day) stops the program at start,
because a rule that is half there is worse than none.
"""

import importlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

from evenkeel.clinical.bounds import Bounds, read_bounds
from evenkeel.clinical.clinic_settings import ClinicSetting, in_order, overlaid
from evenkeel.clinical.limits import Limit, Limits, RulebookError, parse_limit
from evenkeel.clinical.rule_files import (
    RULES,
    RuleTable,
    Spot,
    read_sources,
    require_listed,
    rule_tables,
    shipped_sources,
)
from evenkeel.record.entry import RuleRef
from evenkeel.record.verdict import SEVERITIES, Answer, Severity, Verdict
from evenkeel.values.shape import frozen

# What the module of a stage needs to write its rules stands together here.
__all__ = [
    "RULES",
    "Basis",
    "Check",
    "Citation",
    "Clear",
    "Finding",
    "Fires",
    "Limit",
    "Limits",
    "NoSuchVersion",
    "Overridable",
    "Rule",
    "RuleVersion",
    "Rulebook",
    "RulebookError",
    "Unknown",
    "parse_limit",
    "require_listed",
    "rule",
    "shipped_sources",
]


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
Overridable = Literal["none", "reason", "prescriber"]
Basis = Literal["source", "second-hand", "proposal"]

_HAZARD_ID = re.compile(r"HAZ-[0-9]{3}", re.ASCII)
_PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)\}")

Check = Callable[[Any, Limits], Finding]


@frozen
class Citation:
    """A key of `rules/sources.toml` and the place in that source."""

    key: str
    locator: str


@frozen
class RuleVersion:
    """The limits in force from a date until the next version's date, and what they are founded on.

    `setting` is the number of the newest setting of the clinic that is in the limits; 0 is for none.
    """

    number: int
    from_date: date
    limits: Limits
    cite: tuple[Citation, ...]
    basis: Basis
    authored_by: str
    checked_by: str
    review_due: date
    setting: int = 0


class NoSuchVersion(LookupError):
    """A rule has no such version, or this clinic never made such a setting."""


@frozen
class Rule:
    """One rule of the clinic.

    `versions` are in the order they came into force. `bounds` say by limit how far a clinic may move it; a
    limit without bounds stays as it is. `place` is the file and line where the rule begins. `settings` are
    this clinic's, in the order in which they take effect.
    """

    id: str
    stage: str
    title: str
    statement: str
    severity: Severity
    unknown: Severity
    override: Overridable
    override_unknown: Overridable
    hazard: str
    bounds: Mapping[str, Bounds]
    versions: tuple[RuleVersion, ...]
    check: Check
    place: str
    settings: tuple[ClinicSetting, ...] = ()

    def shipped_on(self, on: date) -> RuleVersion:
        """The version in force on a day, as it is shipped; a day before the first is a broken invariant."""
        in_force = [version for version in self.versions if version.from_date <= on]
        assert in_force, f"no version of {self.id} was in force on that day"
        return in_force[-1]

    def version_on(self, on: date) -> RuleVersion:
        """The version in force on a day with the limits that this clinic has set for that day."""
        applied = [setting for setting in self.settings if setting.from_date <= on]
        return self._with(self.shipped_on(on), applied)

    def with_settings(self, settings: Iterable[ClinicSetting]) -> Self:
        """The rule with these settings of a clinic and no others."""
        return replace(self, settings=in_order(settings))

    def as_of(self, version: int, setting: int) -> RuleVersion:
        """The limits that an entry was decided by, which names them so; raises NoSuchVersion."""
        if not 1 <= version <= len(self.versions):
            raise NoSuchVersion
        numbers = [0, *(each.number for each in self.settings)]
        if setting not in numbers:
            raise NoSuchVersion
        return self._with(self.versions[version - 1], self.settings[: numbers.index(setting)])

    def _with(self, version: RuleVersion, applied: Sequence[ClinicSetting]) -> RuleVersion:
        if not applied:
            return version
        limits = overlaid(
            version.limits,
            applied,
            self.bounds,
            lambda number: self.versions[min(number, len(self.versions)) - 1].limits,
            is_hard=self.override == "none",
        )
        return replace(version, limits=limits, setting=applied[-1].number)

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
        tables = {found.id: found for found in rule_tables(folder)}
        if checks is None:
            for stage in {found.stage for found in tables.values()}:
                importlib.import_module(f"evenkeel.clinical.{stage}")
            checks = _CHECKS
        sources = read_sources(folder)
        for id_ in sorted(checks.keys() - tables.keys()):
            code = checks[id_].__code__
            where = f"{Path(code.co_filename).name}, line {code.co_firstlineno}"
            raise RulebookError(f"{where}: {id_}: no rule file has it")
        return cls(
            by_id={id_: _read_rule(found, checks.get(id_), sources) for id_, found in tables.items()},
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

    def with_settings(self, settings: Iterable[ClinicSetting]) -> Self:
        """The same rules with the limits that a clinic set; those of a rule that is no more do not count."""
        by_rule: dict[str, list[ClinicSetting]] = {}
        for setting in settings:
            by_rule.setdefault(setting.rule, []).append(setting)
        by_id = {id_: rule.with_settings(by_rule.get(id_, ())) for id_, rule in self.by_id.items()}
        return replace(self, by_id=by_id)

    def as_of(self, ref: RuleRef) -> RuleVersion:
        """The limits that an entry was decided by; `rule(ref.rule).sentence(...)` says them.

        Raises NoSuchVersion for a reference that no entry of this clinic can hold.
        """
        if ref.rule not in self.by_id:
            raise NoSuchVersion
        return self.by_id[ref.rule].as_of(ref.version, ref.setting)

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
            rule=RuleRef(rule=id_, version=version.number, setting=version.setting),
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


def _read_rule(found: RuleTable, check: Check | None, sources: Mapping[str, str]) -> Rule:
    table, spot = found.table, found.spot
    spot.demand(check is not None, "it has no function")
    assert check is not None
    keys = set(table) - {"override_unknown", "bounds"}
    spot.demand(keys == _RULE_KEYS, f"missing or unknown keys {', '.join(sorted(keys ^ _RULE_KEYS))}")
    _check_answers(table, spot)
    is_list = isinstance(table["version"], list) and all(isinstance(raw, dict) for raw in table["version"])
    spot.at("version").demand(is_list, "versions are a list of tables")
    versions = tuple(
        _read_version(raw, spot.at("version", place), sources) for place, raw in enumerate(table["version"])
    )
    _check_versions(versions, table["statement"], spot)
    return Rule(
        id=found.id,
        stage=found.stage,
        title=table["title"],
        statement=table["statement"],
        severity=table["severity"],
        unknown=table["unknown"],
        override=table["override"],
        override_unknown=table.get("override_unknown", table["override"]),
        hazard=table["hazard"],
        bounds=read_bounds(
            spot.at("bounds"),
            table.get("bounds", {}),
            [version.limits for version in versions],
            is_hard=table["override"] == "none",
        ),
        versions=versions,
        check=check,
        place=str(spot),
    )


def _check_answers(table: Mapping[str, Any], spot: Spot) -> None:
    """What each answer asks for, and who may go on in spite of it."""
    for key in ("title", "statement", "hazard"):
        spot.at(key).demand(isinstance(table[key], str), f"{key} is not a text")
    for key in ("severity", "unknown"):
        spot.at(key).demand(table[key] in SEVERITIES, f"{key} {table[key]!r} is not a severity")
    for asked, key in (("severity", "override"), ("unknown", "override_unknown")):
        word = table.get(key, table["override"])
        here = spot.at(key if key in table else "override")
        here.demand(word in get_args(Overridable), f"override {word!r} is not none, reason or prescriber")
        here.demand(
            (table[asked], word) != ("confirm", "none"), "it asks to confirm, and lets nobody confirm"
        )
    here = spot.at("hazard")
    here.demand(_HAZARD_ID.fullmatch(table["hazard"]) is not None, f"{table['hazard']} is not a hazard id")


def _read_version(raw: dict[str, Any], spot: Spot, sources: Mapping[str, str]) -> RuleVersion:
    odd = set(raw) - _VERSION_KEYS
    lost = _VERSION_KEYS - {"limits", "cite"} - set(raw)
    spot.demand(not odd and not lost, f"missing or unknown keys {', '.join(sorted(odd | lost))}")
    for key in ("from", "review_due"):
        spot.at(key).demand(type(raw[key]) is date, f"{key} is not a date such as 2026-06-01")
    basis = raw["basis"]
    spot.at("basis").demand(
        basis in get_args(Basis), f"basis {basis!r} is not source, second-hand or proposal"
    )
    cite = _read_citations(raw.get("cite", []), spot.at("cite"), sources)
    spot.demand(bool(cite) or basis == "proposal", "only a proposal may stand without a source")
    spot.at("checked_by").demand(raw["authored_by"] != raw["checked_by"], "nobody checks their own rule")
    return RuleVersion(
        number=raw["number"],
        from_date=raw["from"],
        limits=_read_limits(raw.get("limits", {}), spot.at("limits")),
        cite=cite,
        basis=basis,
        authored_by=raw["authored_by"],
        checked_by=raw["checked_by"],
        review_due=raw["review_due"],
    )


def _read_citations(raw: Any, spot: Spot, sources: Mapping[str, str]) -> tuple[Citation, ...]:
    cited = raw if isinstance(raw, list) else [raw]
    for one in cited:
        is_whole = isinstance(one, dict) and set(one) == {"key", "locator"}
        spot.demand(is_whole, "a citation is a key and a locator")
        spot.demand(one["key"] in sources, f"{one['key']} is not in sources.toml")
    return tuple(Citation(key=one["key"], locator=one["locator"]) for one in cited)


def _read_limits(raw: object, spot: Spot) -> Limits:
    spot.demand(isinstance(raw, dict), "limits are a table")
    assert isinstance(raw, dict)
    by_name: dict[str, Limit] = {}
    for name, limit in raw.items():
        try:
            by_name[name] = parse_limit(limit)
        except RulebookError as broken:
            spot.at(name).demand(False, f"{name}: {broken}")
    return Limits(by_name=by_name)


def _check_versions(versions: tuple[RuleVersion, ...], statement: str, spot: Spot) -> None:
    """Each version runs until the next begins, so numbers and dates must both rise."""
    spot.demand(bool(versions), "it has no version")
    blanks = set(_PLACEHOLDER.findall(statement))
    for place, version in enumerate(versions):
        here = spot.at("version", place)
        here.at("number").demand(version.number == place + 1, "versions are not numbered 1, 2, 3 ...")
        here.at("review_due").demand(
            version.review_due > version.from_date, "a review is due before the version is in force"
        )
        lost = blanks - version.limits.by_name.keys()
        here.at("limits").demand(not lost, f"version {version.number} has no limit {', '.join(sorted(lost))}")
    for place, (one, other) in enumerate(pairwise(versions), start=1):
        here = spot.at("version", place, "from")
        here.demand(one.from_date < other.from_date, f"versions {one.number} and {other.number} overlap")
