"""The rating scales as this clinic may show them: what ships, and what it loaded under its own licenses."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from django.conf import settings

from evenkeel.clinical.scales import scale, scales
from evenkeel.clinical.scales.shape import Scale
from evenkeel.clinical.scales.texts import Text, read_texts


def clinic_scale(scale_id: str, on: date) -> Scale:
    """One scale with the words that the clinic may show on a day; an id of no scale is a broken invariant."""
    text = _texts().get(scale_id)
    return text.scale if text is not None and text.holds_on(on) else scale(scale_id)


def scale_on_record(scale_id: str) -> Scale:
    """One scale with the words that are loaded, run out or not: for reading what was answered under them."""
    text = _texts().get(scale_id)
    return text.scale if text is not None else scale(scale_id)


def clinic_scales(on: date) -> tuple[Scale, ...]:
    """Every scale, as the clinic may show it on a day."""
    return tuple(clinic_scale(scale_id, on) for scale_id in scales())


def require_scale_texts() -> None:
    """Read the clinic's texts, so that a file that cannot be used stops the program and not a page."""
    _texts()


def _texts() -> Mapping[str, Text]:
    folder: Path | None = settings.SCALE_TEXTS
    return {} if folder is None else _read(folder)


@cache
def _read(folder: Path) -> Mapping[str, Text]:
    return read_texts(folder, scales())
