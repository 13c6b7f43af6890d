"""Change the ledger's code in every small way there is, and say how many changes its tests notice.

    python tools/mutation.py [--jobs N]

mutmut works on a copy under .cache/mutation, so the checkout stays as it is. What it printed, and how each
change reads, stays there: `cd .cache/mutation && ../../.venv/bin/mutmut show NAME`.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = Path(sys.executable).parent
PLACE: Final = ROOT / ".cache" / "mutation"
# Issue 5 asks for it.
NOTICED_MIN: Final = 0.95
# A change that makes the tests hang or crash was noticed too.
NOTICED: Final = frozenset({"killed", "timeout", "segfault", "suspicious"})


def _mutmut(*arguments: str) -> str:
    done = subprocess.run(
        [str(BIN / "mutmut"), *arguments],
        cwd=PLACE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    # Its progress is written over and over on one line.
    return done.stdout.replace("\r", "\n")


def found() -> dict[str, str]:
    """What became of each change, by its name."""
    lines = (line.strip().rpartition(": ") for line in _mutmut("results", "--all", "true").splitlines())
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="how many changes to try at once"
    )
    jobs = parser.parse_args().jobs
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    for folder in ("evenkeel", "tests"):
        shutil.copytree(ROOT / folder, PLACE / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", PLACE)
    print(
        "Changing evenkeel/custody and running its tests each time; this takes some minutes ...", flush=True
    )
    printed = _mutmut("run", "--max-children", str(jobs))
    (PLACE / "mutation.log").write_text(printed)
    changes = found()
    if not changes or "not checked" in changes.values():
        print(printed[-3000:])
        return 1
    return 0 if report(changes) else 1


if __name__ == "__main__":
    sys.exit(main())
