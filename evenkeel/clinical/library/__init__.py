"""The evidence library: short, dated, graded pages with sources, for patients and staff.

One file per topic in `pages/`, and `claims.toml` for what clinics' web pages say. They cite the sources of
the rulebook. A file that is not whole stops the program.
"""

from functools import cache
from pathlib import Path
from typing import Final

from evenkeel.clinical.library.reading import read_library
from evenkeel.clinical.library.shape import Library
from evenkeel.clinical.rulebook import shipped_sources

LIBRARY: Final = Path(__file__).parent


@cache
def library() -> Library:
    """The library that comes with Evenkeel, read once."""
    return read_library(LIBRARY, shipped_sources())
