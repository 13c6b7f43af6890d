"""Run every check and say in one line what came of them.

    python tools/run_checks.py

All run even when one fails; what a check printed is shown only when it failed.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = Path(sys.executable).parent

CHECKS: Final[dict[str, list[str]]] = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "import contracts": ["lint-imports"],
    "migrations": ["python", "-m", "django", "makemigrations", "--check", "--dry-run"],
    "vendored files": ["python", "tools/vendor_static.py", "--check"],
    "generated pages": ["evenkeel", "pages", "--check"],
    "case tables": ["python", "tools/write_cases.py", "--check"],
    "docs": ["sphinx-build", "-q", "-W", "--keep-going", "-E", "docs", "docs/_build"],
    "changelog": ["towncrier", "build", "--draft", "--version", "next"],
}


def _environment() -> dict[str, str]:
    """Keep the checks away from the clinic that the person's environment may name."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EVENKEEL_")}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "evenkeel.config.settings",
        "EVENKEEL_DATA_DIR": str(ROOT / ".cache" / "checks"),
        "EVENKEEL_SECRET_KEY": "known to everybody, and used by checks alone",
        "NO_COLOR": "1",
    }


def run(name: str, command: list[str]) -> bool:
    """Run one check; returns whether it passed."""
    program, *rest = command
    began_s = time.monotonic()
    done = subprocess.run(
        [str(BIN / program), *rest],
        cwd=ROOT,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    print(f"{name:18}{'ok' if passed else 'FAILED'}  {time.monotonic() - began_s:.1f} s", flush=True)
    if not passed:
        print(done.stdout.strip(), flush=True)
    return passed


def main() -> int:
    """Run all checks and print the summary as the last line."""
    failed = [name for name, command in CHECKS.items() if not run(name, command)]
    if failed:
        print(f"FAILED: {', '.join(failed)}.")
        return 1
    print(f"All {len(CHECKS)} checks passed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
