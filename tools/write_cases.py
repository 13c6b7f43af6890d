"""Run every rule's case table and write what came of it, and the hazards, where the program can show them.

python tools/write_cases.py           writes evenkeel/clinical/rules/cases.json and hazards.json
python tools/write_cases.py --check   only says whether they are as the tables and docs/hazards say
"""

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from evenkeel.clinical import case_tables, hazards  # noqa: E402 - the path first, so that tests are found
from evenkeel.clinical.rulebook import Rulebook  # noqa: E402
from tests.rules.tables import run_tables  # noqa: E402


def texts() -> dict[Path, str]:
    """Each file with what it must say now."""
    return {
        case_tables.CASES_FILE: case_tables.as_text(run_tables(Rulebook.shipped())),
        hazards.HAZARDS_FILE: hazards.as_text(hazards.hazards_of(ROOT / "docs" / "hazards")),
    }


def main() -> int:
    """Write both files, or say which is out of date."""
    stale = [path for path, text in texts().items() if not path.is_file() or path.read_text("utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: run `make generate`.")
        return 1 if stale else 0
    for path, text in texts().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
