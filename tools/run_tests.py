"""Run every test in its three turns and say in one line what came of them.

    python tools/run_tests.py

The whole suite runs on SQLite, what touches the database runs again on PostgreSQL, and then the browser tests
run. Every turn is run even when one before it failed; the exit status is 1 when any failed or found no tests.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

ROOT: Final = Path(__file__).resolve().parent.parent
REPORTS: Final = ROOT / ".cache" / "test-reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One run of pytest, in two processes: which tests, on which database."""

    name: str
    only: str
    database: str
    # Where to look.
    where: str = "tests"
    # Which tests one process must have; see `--dist` of pytest-xdist.
    dist: str = "load"


PROCESSES: Final = 2
TURNS: Final = (
    Turn(name="SQLite", only="not browser", database="sqlite"),
    Turn(name="PostgreSQL", only="store and not browser", database="postgresql"),
    # Each process has a browser and a clinic of its own, in which the stories of a file follow one another.
    Turn(name="browser", only="browser", database="sqlite", where="tests/journeys", dist="loadfile"),
)


def counted(report: Path) -> dict[str, int]:
    """Count the outcomes in a JUnit report; empty when pytest died before it wrote one."""
    if not report.is_file():
        return {}
    suite = ElementTree.parse(report).getroot().find("testsuite")  # noqa: S314  # pytest wrote it a moment ago
    assert suite is not None, "a report of pytest holds one suite"
    total, failed, errors, skipped = (
        int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")
    )
    return {"passed": total - failed - errors - skipped, "failed": failed + errors, "skipped": skipped}


def run(turn: Turn) -> tuple[bool, str]:
    """Run one turn; returns whether it passed, and what to say of it."""
    print(f"\n== {turn.name} ==", flush=True)
    report = REPORTS / f"{turn.name.lower()}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-m", turn.only, f"--junit-xml={report}"]
    command += ["-n", str(PROCESSES), "--dist", turn.dist, "--no-loadscope-reorder", turn.where]
    began_s = time.monotonic()
    status = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "EVENKEEL_TEST_DATABASE": turn.database}, check=False
    ).returncode
    took = f"in {time.monotonic() - began_s:.0f} s"
    counts = counted(report)
    if not sum(counts.values()):
        return False, f"{turn.name}: NO TESTS RAN (pytest ended with {status}) {took}"
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count or what == "passed")
    ended = "" if status in {0, 1} else f", pytest ended with {status}"
    return status == 0, f"{turn.name}: {told}{ended} {took}"


def main() -> int:
    """Run all turns and print the summary as the last line."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    results = [run(turn) for turn in TURNS]
    passed = all(ok for ok, _ in results)
    print(f"\n{'PASSED' if passed else 'FAILED'}. {'; '.join(told for _, told in results)}.")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
