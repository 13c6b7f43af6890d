"""The files that the package brings along."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent


def shipped_text(name: str) -> str:
    """The text of one file, named from the folder of the package."""
    return (FOLDER / name).read_text(encoding="utf-8")
