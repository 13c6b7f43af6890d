"""Nothing is thrown away: the application deletes no entry, no movement and no line of a log, however old."""

import ast
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = ROOT / "evenkeel"

# What may be deleted, each with why it is no record.
DELETES: Final = {
    "store/clinicians.py": "second factors that somebody lost; who removed them stays in the change log",
    "store/rows.py": "a visit's hold on a chair",
    "store/thinning.py": "samples of a visit that is written down as thinned; no charted value is a sample",
    "store/projections_custody.py": "what is no longer kept for a visit; the entries that say so stay",
}


def _deleting_calls(source: str) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"delete", "adelete", "_raw_delete"}
    ]


def _modules() -> dict[str, str]:
    return {
        path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def test_only_what_is_no_record_is_ever_deleted() -> None:
    found = {name for name, source in _modules().items() if _deleting_calls(source)}
    assert found == set(DELETES), "say in DELETES why it is no record, or keep it"


def test_no_statement_of_our_own_deletes_or_empties_a_table() -> None:
    found = [
        f"{name}: {node.value.strip()[:60]}"
        for name, source in _modules().items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.lstrip().upper().startswith(("DELETE FROM", "TRUNCATE ", "DROP TABLE"))
    ]
    assert found == []
