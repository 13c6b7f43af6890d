"""What the documentation names exists: tests, rules, entry kinds, settings, and the files it links to."""

import importlib
import pkgutil
import re
from pathlib import Path
from typing import Final

import pytest

import evenkeel.record
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.codec import known_kinds

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"
WRITTEN: Final = sorted(
    path for path in [ROOT / "README.md", *DOCS.rglob("*.md")] if "_build" not in path.parts
)
# Made by `evenkeel pages`, whose own check says when they are missing.
GENERATED: Final = frozenset({DOCS / "permissions.md"})

TEST_FILE: Final = re.compile(r"`(tests/[\w/]+\.py)`")
TEST_NAME: Final = re.compile(r"`(test_\w+)`")
LINK: Final = re.compile(r"\]\(([^)#:]+)\)")
SETTING: Final = re.compile(r"\bEVENKEEL_[A-Z_]+\b")


@pytest.mark.parametrize("page", ["record.md", "custody.md", "library.md", "downtime.md"])
def test_every_test_that_a_hazard_names_stands_in_the_file_beside_it(page: str) -> None:
    named = 0
    for line in (DOCS / "hazards" / page).read_text("utf-8").splitlines():
        file = None
        for file_match, test_match in re.findall(rf"{TEST_FILE.pattern}|{TEST_NAME.pattern}", line):
            if file_match:
                file = (ROOT / file_match).read_text("utf-8")
                continue
            assert file is not None, f"no file before {test_match}"
            assert f"def {test_match}(" in file, test_match
            named += 1
    assert named > 0


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        found = (page.parent / target).resolve()
        assert found.exists() or found in GENERATED, target


@pytest.mark.parametrize(
    "page", [*(DOCS / "journeys").glob("*.md"), DOCS / "deploy.md"], ids=lambda path: path.name
)
def test_rules_and_entry_kinds_that_are_named_exist(page: Path) -> None:
    for module in pkgutil.iter_modules(evenkeel.record.__path__, "evenkeel.record."):
        importlib.import_module(module.name)
    text = page.read_text("utf-8")
    rules = set(re.findall(r"\b[A-Z]{3}-[A-Z0-9]{2,4}-[0-9]{3}\b", text))
    assert rules <= {rule.id for rule in Rulebook.shipped().rules}
    kinds = {kind for kind, _ in known_kinds()}
    families = {kind.partition(".")[0] for kind in kinds}
    named = re.findall(r"`([a-z]+)\.([a-z_]+)`", text)
    assert {f"{family}.{what}" for family, what in named if family in families} <= kinds


def test_every_kind_of_entry_is_told_in_the_journey() -> None:
    told = "".join(path.read_text("utf-8") for path in (DOCS / "journeys").glob("*.md"))
    missing = {kind for kind, _ in known_kinds() if f"`{kind}`" not in told}
    assert missing == set()


def test_the_settings_that_are_explained_are_those_that_are_read() -> None:
    read = set(SETTING.findall((ROOT / "evenkeel" / "config" / "settings.py").read_text("utf-8")))
    table = [
        line
        for line in (DOCS / "deploy.md").read_text("utf-8").splitlines()
        if line.startswith("| `EVENKEEL_")
    ]
    assert {SETTING.findall(line)[0] for line in table} == read


# What each column of the gates asks for, by the severity of its rules.
GATES: Final = ("advise", "confirm", "block", "confirm", "pause", "block")


def test_the_gates_of_the_infusion_stand_where_their_rules_say() -> None:
    book = Rulebook.shipped()
    lines = (DOCS / "journeys" / "infuse.md").read_text("utf-8").splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("| Sign |"))
    named = set()
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")][1:]
        assert len(cells) == len(GATES)
        for severity, cell in zip(GATES, cells, strict=True):
            for id_ in filter(None, cell.split(", ")):
                assert book.rule(id_).severity == severity, id_
                named.add(id_)
    asked = {
        rule.id for rule in book.rules if re.fullmatch(r"INF-(BP|OX|HR|RR|SED|DIS|EVT)-[0-9]{3}", rule.id)
    }
    # Of the rules about signs only the one about a person's decision is no gate.
    assert asked - named == {"INF-BP-006"}
