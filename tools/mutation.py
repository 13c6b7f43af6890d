"""Change the code of the ledger and of the rules in every small way, and say how many changes tests notice.

    python tools/mutation.py [--jobs N] [--again] [--place FOLDER] [custody|clinical] [MODULE ...]

mutmut works on a copy under .cache/mutation, so the checkout stays as it is. What it printed, and how each
change reads, stays there: `cd .cache/mutation/clinical && ../../../.venv/bin/mutmut show NAME`. While tests
are being added, `--again` tries only what went unnoticed before, and what is new.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = Path(sys.executable).parent
PLACE: Final = ROOT / ".cache" / "mutation"
# What the project demands of both. Proposal.
NOTICED_MIN: Final = 0.95
# The packages, and the tests that are run for each.
TESTS: Final = {
    "custody": ("tests/unit/custody",),
    "clinical": ("tests/rules/test_every_rule.py", "tests/unit/clinical"),
}
# The decorators of a rule's function, and its name.
DECORATED: Final = re.compile(r"^((?:@rule\(.+\)\n)+)def (\w+)", re.MULTILINE)
RULE_ID: Final = re.compile(r"@rule\((.+)\)")
# A change that makes the tests hang or crash was noticed too.
NOTICED: Final = frozenset({"killed", "timeout", "segfault", "suspicious"})
# What mutmut notes for a change with which a test failed, or pytest broke.
FAILED_CODES: Final = frozenset({1, 3})


def _mutmut(place: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(BIN / "mutmut"), *arguments],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    # Its progress is written over and over on one line.
    return done.stdout.replace("\r", "\n")


def undecorate(folder: Path) -> None:
    """Register rules at the end of their module: mutmut passes over a function that is decorated."""
    for path in folder.rglob("*.py"):
        text = path.read_text("utf-8")
        registered = [
            f"rule({id_})({name})"
            for decorators, name in DECORATED.findall(text)
            for id_ in RULE_ID.findall(decorators)
        ]
        if registered:
            path.write_text("\n".join([DECORATED.sub(r"def \2", text), *registered, ""]), "utf-8")


def found(place: Path) -> dict[str, str]:
    """What became of each change, by its name."""
    lines = (
        line.strip().rpartition(": ") for line in _mutmut(place, "results", "--all", "true").splitlines()
    )
    return {name: became for name, colon, became in lines if colon and "__mutmut_" in name}


def report(changes: dict[str, str]) -> bool:
    """Print the figures by module and what nobody noticed; returns whether enough was noticed."""
    modules: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    for name, became in changes.items():
        modules[name.split(".")[2]][became in NOTICED] += 1
    for module, counted in sorted(modules.items()):
        print(f"{module:14}{counted[True]:5} of {counted.total():5}")
    noticed = sum(counted[True] for counted in modules.values())
    share = noticed / len(changes)
    print(
        f"{'together':14}{noticed:5} of {len(changes):5}  {share:.1%} noticed; {NOTICED_MIN:.0%} is asked for"
    )
    for name, became in changes.items():
        if became not in NOTICED:
            print(f"  {became}: {name}")
    return share >= NOTICED_MIN


def forget_unnoticed(place: Path) -> None:
    """Leave only what made a test fail as it stands, since a busy machine can look like tests that hang.

    mutmut tries whatever has no result, whatever else it knows.
    """
    for path in (place / "mutants").rglob("*.meta"):
        known = json.loads(path.read_text("utf-8"))
        codes = known["exit_code_by_key"]
        known["exit_code_by_key"] = {
            name: code if code in FAILED_CODES else None for name, code in codes.items()
        }
        path.write_text(json.dumps(known), "utf-8")


def prepare(place: Path, package: str, modules: list[str], *, again: bool) -> None:
    """Copy what mutmut needs, with its settings, to where it works."""
    if again:
        forget_unnoticed(place)
    # Without the tests' old copy there a test that was taken away would still be run.
    for old in ("evenkeel", "tests", "docs", "mutants/tests") if again else (".",):
        shutil.rmtree(place / old, ignore_errors=True)
    place.mkdir(parents=True, exist_ok=True)
    for folder in ("evenkeel", "tests", "docs"):
        shutil.copytree(
            ROOT / folder,
            place / folder,
            ignore=shutil.ignore_patterns("__pycache__", "_build", "screenshots"),
        )
    undecorate(place / "evenkeel" / package)
    chosen = {
        "source_paths": [f"evenkeel/{package}"],
        "pytest_add_cli_args_test_selection": list(TESTS[package]),
        "only_mutate": [f"evenkeel/{package}/{module}" for module in modules],
    }
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in chosen.items() if value)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    (place / "pyproject.toml").write_text(
        project.replace("[tool.mutmut]", f"[tool.mutmut]\n{lines}"), "utf-8"
    )


def try_all(package: str, modules: list[str], jobs: int, place: Path, *, again: bool) -> bool:
    """Change a copy of a package and run its tests each time; returns whether enough is noticed."""
    prepare(place, package, modules, again=again)
    print(f"Changing evenkeel/{package} and running its tests each time; this takes long ...", flush=True)
    printed = _mutmut(place, "run", "--max-children", str(jobs))
    (place / "mutation.log").write_text(printed)
    changes = found(place)
    if not changes or "not checked" in changes.values():
        print(printed[-3000:])
        return False
    return report(changes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="how many changes to try at once"
    )
    parser.add_argument("--again", action="store_true", help="only what was not noticed the last time")
    parser.add_argument("--place", type=Path, default=PLACE, help="where to work")
    parser.add_argument("package", nargs="?", choices=TESTS, help="only this package")
    parser.add_argument("module", nargs="*", help='only these of its files, such as "ordering/*"')
    asked = parser.parse_args()
    packages = [asked.package] if asked.package else list(TESTS)
    place = asked.place.resolve()
    enough = [
        try_all(package, asked.module, asked.jobs, place / package, again=asked.again) for package in packages
    ]
    return 0 if all(enough) else 1


if __name__ == "__main__":
    sys.exit(main())
