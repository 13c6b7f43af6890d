"""The folder of downtime packs: a whole file or none, the last few kept, and why one could not be written.

No name of a file and no sentence of this module holds anything about a patient.
"""

import errno
import os
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from evenkeel.values.shape import frozen

# Two hours of packs: enough to look back to, and no archive of patients' data on a disk of its own. Proposal.
KEPT: Final = 8
# A part that was left behind is cleared away when it is this old: nobody is writing it any more.
PART_OVER_AFTER: Final = timedelta(minutes=15)

_NAME: Final = re.compile(r"evenkeel-downtime-(\d{8}T\d{6}Z)\.pdf")
_PART: Final = re.compile(r"\.evenkeel-downtime-\d{8}T\d{6}Z\.pdf\.\d+\.part")
_STAMP: Final = "%Y%m%dT%H%M%SZ"

_SENTENCES: Final[dict[int, str]] = {
    errno.ENOENT: "The folder is not there, and neither is the one that it should be in.",
    errno.ENOTDIR: "The folder's name is that of a file, or leads through one.",
    errno.EACCES: "The program may not write to the folder.",
    errno.EPERM: "The program may not write to the folder.",
    errno.EROFS: "The folder is on a disk that can only be read.",
    errno.ENOSPC: "The disk is full.",
    errno.EDQUOT: "The disk is full: the space for this program is used up.",
    errno.ENOTCONN: "The disk or the network place of the folder is not connected.",
    errno.EHOSTDOWN: "The disk or the network place of the folder is not connected.",
    errno.EIO: "The disk gave an error.",
}


@frozen
class Kept:
    """A pack that lies in the folder, whole, and the moment that it tells of."""

    path: Path
    made_at: datetime


class UnableToKeep(Exception):
    """A pack could not be written, or the folder not be read; the text says why to a person."""

    def __init__(self, cause: OSError) -> None:
        code = cause.errno or 0
        # The system's own words: "File name too long". They name no patient, since no file's name does.
        said = _SENTENCES.get(code, f"The folder could not be used ({os.strerror(code)}).")
        super().__init__(said)
        self.code = errno.errorcode.get(code, type(cause).__name__)


def file_name(made_at: datetime) -> str:
    """The name of a pack's file: when it was made, in UTC, so that names sort by age."""
    return f"evenkeel-downtime-{made_at.astimezone(UTC).strftime(_STAMP)}.pdf"


def keep(pdf: bytes, folder: Path, made_at: datetime) -> Kept:
    """Write a pack whole, under its name only once it is on the disk; then clear away what is too old.

    A folder that is missing is made for this user alone, in a folder that is there. Raises UnableToKeep, and
    then what lay in the folder lies there still.
    """
    target = folder / file_name(made_at)
    part = folder / f".{target.name}.{os.getpid()}.part"
    try:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        try:
            _write(part, pdf)
            part.replace(target)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
    except OSError as failed:
        raise UnableToKeep(failed) from failed
    with suppress(OSError):
        # Some network places cannot be told to; the file is there all the same.
        _sync(folder)
    _tidy(folder, made_at)
    return Kept(path=target, made_at=_moment(target) or made_at)


def packs(folder: Path) -> tuple[Kept, ...]:
    """Every whole pack in the folder, the newest first; none when the folder is not there yet."""
    try:
        names = sorted((path for path in folder.iterdir() if _moment(path)), reverse=True)
    except FileNotFoundError:
        return ()
    except OSError as failed:
        raise UnableToKeep(failed) from failed
    return tuple(Kept(path=path, made_at=made_at) for path in names if (made_at := _moment(path)))


def _write(path: Path, content: bytes) -> None:
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _tidy(folder: Path, at: datetime) -> None:
    """Clear away packs beyond the last few, and parts of packs that were never finished.

    What cannot be cleared away stays: too many packs are better than none.
    """
    with suppress(OSError, UnableToKeep):
        old = [each.path for each in packs(folder)[KEPT:]]
        over_at = (at - PART_OVER_AFTER).timestamp()
        left = [path for path in folder.iterdir() if _PART.fullmatch(path.name)]
        for path in (*old, *(path for path in left if path.stat().st_mtime < over_at)):
            path.unlink(missing_ok=True)


def _moment(path: Path) -> datetime | None:
    """The moment in a pack's name; None for any other file, and for a name that is no moment."""
    found = _NAME.fullmatch(path.name)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
