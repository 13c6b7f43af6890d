"""The tree stays readable: modules and functions of a size to be read at once, nothing left lying about."""

import ast
import re
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
MODULE_LINES: Final = 500
FUNCTION_LINES: Final = 70
# Each exception says why it is easier to read as it is.
LONGER_MODULES: Final[dict[str, str]] = {}
LONGER_FUNCTIONS: Final[dict[str, str]] = {}
NO_FOLDERS: Final = frozenset({"common", "helpers", "misc", "scripts", "services", "util", "utils"})

# Places of somebody's machine, and hosts that an installation fetches from. A link for readers is neither.
_HOME = "|".join(("home", "root", "Users", "work", "tmp"))
MACHINE_PATH: Final = re.compile(rf"(?<![\w.:/-])/(?:{_HOME})/[\w.-]+/")
REGISTRY_HOST: Final = re.compile(r"\b(?:" + r"|".join(
    (r"files\.pythonhosted", r"test\.pypi", r"registry\.npmjs", r"registry\.yarnpkg", r"npm\.pkg\.github")
) + r")\.\w+")  # fmt: skip
# Written so that this file does not find itself.
LEFT_FOR_LATER: Final = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b|[#/]\s*(?:XX" + r"X|HA" + r"CK)\b")
TEXT_SUFFIXES: Final = frozenset(
    {
        "",
        ".cfg",
        ".css",
        ".html",
        ".in",
        ".ini",
        ".jinja",
        ".js",
        ".json",
        ".md",
        ".mjs",
        ".py",
        ".sh",
        ".svg",
    }
    | {".toml", ".txt", ".typ", ".yaml", ".yml"}
)


def _tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


TRACKED: Final = _tracked()
OURS: Final = [name for name in TRACKED if not name.startswith("evenkeel/web/static/vendor/")]
MODULES: Final = [name for name in OURS if name.endswith(".py") and "/migrations/" not in name]


def _text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def _found(pattern: re.Pattern[str], names: list[str]) -> list[str]:
    """Return every line with a match, as `file:line: match`."""
    return [
        f"{name}:{number}: {match.group()}"
        for name in names
        if Path(name).suffix in TEXT_SUFFIXES
        for number, line in enumerate(_text(name).splitlines(), start=1)
        for match in pattern.finditer(line)
    ]


def _long_functions() -> dict[str, int]:
    return {
        f"{name}:{node.name}": node.end_lineno - node.lineno + 1
        for name in MODULES
        for node in ast.walk(ast.parse(_text(name)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }


def test_modules_are_short_enough_to_be_read_at_once() -> None:
    long = {name: lines for name in MODULES if (lines := len(_text(name).splitlines())) > MODULE_LINES}
    assert long.keys() == LONGER_MODULES.keys(), f"split, or say why in LONGER_MODULES: {long}"


def test_functions_are_short_enough_to_be_read_at_once() -> None:
    long = _long_functions()
    assert long.keys() == LONGER_FUNCTIONS.keys(), f"split, or say why in LONGER_FUNCTIONS: {long}"


def test_every_folder_is_named_after_what_it_holds() -> None:
    folders = {part for name in OURS for part in Path(name).parts[:-1]}
    assert folders & NO_FOLDERS == set()


def test_no_file_names_a_place_of_one_machine() -> None:
    assert _found(MACHINE_PATH, OURS) == []


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert _found(REGISTRY_HOST, TRACKED) == []


def test_the_locks_hold_names_versions_and_hashes_only() -> None:
    for name in [name for name in TRACKED if name.startswith("requirements/")]:
        assert re.findall(r"https?://|@ |--index-url|--find-links|file:", _text(name)) == [], name
    assert '"resolved"' not in _text("package-lock.json")


def test_nothing_is_left_for_later() -> None:
    assert _found(LEFT_FOR_LATER, OURS) == []


def test_no_database_or_secret_is_committed() -> None:
    assert [name for name in TRACKED if Path(name).suffix in {".db", ".env", ".sqlite3"}] == []
