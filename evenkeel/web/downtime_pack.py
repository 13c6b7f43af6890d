"""The downtime pack as a file that is there before it is needed: made, kept, and how that stands.

Whatever goes wrong with it is told, and reaches nobody who charts: a refresh never raises, and the sheet is
made in a process of its own.
"""

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings

from evenkeel.values.shape import frozen
from evenkeel.web import downtime_view
from evenkeel.web.downtime_files import Kept, UnableToKeep, keep, packs
from evenkeel.web.printing import UnableToPrint, make_long_pdf

log = logging.getLogger("evenkeel.downtime")

SHEET: Final = "downtime_pack"
# Between two packs little is charted that a nurse at the chair does not remember. Proposal.
EVERY: Final = timedelta(minutes=15)
# One refresh has failed or is late when the last pack is older than this. Proposal.
STALE_AFTER: Final = timedelta(minutes=20)


@frozen
class Attempt:
    """The last time that this process tried; `problem` is the sentence that says why it failed, or None."""

    at: datetime
    kept: Kept | None
    problem: str | None


@frozen
class Standing:
    """How it stands with the packs: the newest one, what is wrong, and whether the newest is too old."""

    folder: Path
    newest: Kept | None
    problem: str | None
    is_stale: bool


_last: Attempt | None = None


def make(at: datetime) -> bytes:
    """The pack of a moment as PDF; raises UnableToPrint."""
    return make_long_pdf(SHEET, downtime_view.pack(at))


def refresh(at: datetime, folder: Path | None = None) -> Attempt:
    """Make a pack and keep it in the folder, the clinic's own unless another is named. Never raises."""
    global _last
    was = _last
    attempt = _attempt(at, folder or settings.DOWNTIME_DIR)
    if folder is None:
        _last = attempt
        if was is not None and was.problem and not attempt.problem:
            log.warning("the downtime pack is written again")
    return attempt


def _attempt(at: datetime, folder: Path) -> Attempt:
    """Codes and names of errors reach the log, and nothing that an error says: it may quote the record."""
    try:
        return Attempt(at=at, kept=keep(make(at), folder, at), problem=None)
    except UnableToKeep as failed:
        code, problem = failed.code, str(failed)
    except UnableToPrint:
        code, problem = "UnableToPrint", "The pages could not be made into a PDF."
    except Exception as failed:  # whatever it is, charting goes on and a person is told
        code = type(failed).__name__
        problem = f"The record could not be read for it ({code})."
    log.error("the downtime pack was not written: %s", code)
    return Attempt(at=at, kept=None, problem=problem)


def standing(at: datetime) -> Standing:
    """How it stands at a moment: by what lies in the folder, and by what this process last met."""
    folder: Path = settings.DOWNTIME_DIR
    problem, newest = None, None
    try:
        newest = next(iter(packs(folder)), None)
    except UnableToKeep as failed:
        problem = str(failed)
    last = _last
    if last is not None and last.problem and (newest is None or newest.made_at < last.at):
        problem = last.problem
    is_stale = newest is None or at - newest.made_at > STALE_AFTER
    return Standing(folder=folder, newest=newest, problem=problem, is_stale=is_stale)
