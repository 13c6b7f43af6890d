"""Rating scales: one file per scale, read and checked once. A file that does not add up stops the program."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, get_args

from evenkeel.clinical.scales.reading import read_scale
from evenkeel.clinical.scales.shape import Family, Scale

SCALES: Final = Path(__file__).parent


def scale(scale_id: str) -> Scale:
    """One scale by its id; an id of no scale is a broken invariant."""
    known = scales()
    assert scale_id in known, "there is no scale of that id"
    return known[scale_id]


@cache
def scales() -> Mapping[str, Scale]:
    """Every shipped scale by its id."""
    found = [read_scale(path) for path in sorted(SCALES.glob("*.toml"))]
    families = sorted(one.family for one in found if one.family)
    assert families == sorted(get_args(Family)), "each family has one scale"
    return {one.id: one for one in found}


def scale_for(family: Family) -> Scale:
    """The scale by which a course of this family is judged."""
    return next(one for one in scales().values() if one.family == family)
