"""Run every rule's case table now and print the rule book with what came of it.

    python tools/write_rulebook.py FOLDER

Writes rulebook.html and rulebook.pdf, and ends with 1 when a case does not hold.
"""

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from evenkeel.clinical.case_tables import demand_cases  # noqa: E402 - the path first, so that tests are found
from evenkeel.clinical.rulebook import Rulebook  # noqa: E402
from evenkeel.config.rulebook_command import NAMES, write_book  # noqa: E402
from tests.rules.tables import run_tables  # noqa: E402


def main() -> int:
    """Write the book and say where it lies and whether every case held."""
    folder = Path(sys.argv[1])
    rules = Rulebook.shipped()
    tables = run_tables(rules)
    demand_cases(rules, tables)
    book = write_book(
        folder, rules, tables, clinic="As it is shipped", cases_run="run when this book was made"
    )
    held, of = book.held
    for name in NAMES:
        print(folder / name)
    print(f"{len(book.rules)} rules, {held} of {of} cases as they must be.")
    return 0 if held == of else 1


if __name__ == "__main__":
    sys.exit(main())
