"""The folder of downtime packs: disk full, place gone, a write cut short. A pack is whole or not there."""

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from evenkeel.web import downtime_files
from evenkeel.web.downtime_files import KEPT, UnableToKeep, file_name, keep, packs

AT = datetime(2026, 6, 1, 14, 44, tzinfo=UTC)
OLD, NEW = b"%PDF an older pack", b"%PDF a newer pack"


def failing(code: int) -> Any:
    """A system call that fails with this error."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(code, os.strerror(code))

    return fail


def test_a_pack_lies_whole_under_its_name_for_this_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "packs"
    kept = keep(NEW, folder, AT)
    assert kept.path.name == "evenkeel-downtime-20260601T144400Z.pdf"
    assert kept.path.read_bytes() == NEW
    assert kept.made_at == AT
    assert folder.stat().st_mode & 0o777 == 0o700
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in folder.iterdir()] == [kept.path.name]
    assert packs(folder) == (kept,)


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        ("fsync", errno.ENOSPC, "The disk is full."),
        ("fsync", errno.EIO, "The disk gave an error."),
        ("open", errno.EACCES, "The program may not write to the folder."),
        ("open", errno.EROFS, "The folder is on a disk that can only be read."),
        ("open", errno.ESTALE, "The folder could not be used (Stale file handle)."),
    ],
)
def test_a_write_that_fails_says_why_and_leaves_the_older_pack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, words: str
) -> None:
    older = keep(OLD, tmp_path, AT)
    with monkeypatch.context() as patched:
        patched.setattr(os, call, failing(code))
        with pytest.raises(UnableToKeep) as refusal:
            keep(NEW, tmp_path, AT + timedelta(minutes=15))
    assert str(refusal.value) == words
    assert refusal.value.code == errno.errorcode[code]
    assert [path.name for path in tmp_path.iterdir()] == [older.path.name]
    assert older.path.read_bytes() == OLD


def test_a_pack_that_cannot_take_its_name_is_not_there_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(OLD, tmp_path, AT)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", failing(errno.ENOSPC))
        with pytest.raises(UnableToKeep, match="The disk is full"):
            keep(NEW, tmp_path, AT + timedelta(minutes=15))
    assert [path.name for path in tmp_path.iterdir()] == [file_name(AT)]


def test_a_folder_whose_place_is_gone_is_not_made_somewhere_else(tmp_path: Path) -> None:
    with pytest.raises(UnableToKeep, match="The folder is not there"):
        keep(NEW, tmp_path / "unplugged" / "packs", AT)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    in_the_way = tmp_path / "packs"
    in_the_way.write_bytes(b"notes")
    with pytest.raises(UnableToKeep, match="The folder's name is that of a file"):
        keep(NEW, in_the_way, AT)
    with pytest.raises(UnableToKeep):
        packs(in_the_way)
    assert in_the_way.read_bytes() == b"notes"


def test_a_disk_that_cannot_sync_a_folder_keeps_the_pack_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downtime_files, "_sync", failing(errno.EINVAL))
    assert keep(NEW, tmp_path, AT).path.read_bytes() == NEW


def test_the_last_few_are_kept_and_nothing_of_others_is_touched(tmp_path: Path) -> None:
    theirs = tmp_path / "rota.pdf"
    theirs.write_bytes(b"somebody else's")
    odd = tmp_path / "evenkeel-downtime-20269901T000000Z.pdf"
    odd.write_bytes(b"a name that is no moment")
    times = [AT + timedelta(minutes=15 * place) for place in range(KEPT + 3)]
    for at in times:
        keep(NEW, tmp_path, at)
    assert [each.made_at for each in packs(tmp_path)] == times[:2:-1]
    assert len(packs(tmp_path)) == KEPT
    assert theirs.exists()
    assert odd.exists()


def test_parts_that_a_crash_left_are_cleared_away_but_not_one_that_is_being_written(tmp_path: Path) -> None:
    left, fresh = (tmp_path / f".{file_name(AT)}.{pid}.part" for pid in (1, 2))
    for path, age in ((left, timedelta(hours=1)), (fresh, timedelta(minutes=1))):
        path.write_bytes(b"%PDF half")
        os.utime(path, ((AT - age).timestamp(),) * 2)
    assert packs(tmp_path) == ()
    keep(NEW, tmp_path, AT)
    assert not left.exists()
    assert fresh.exists()


def test_a_folder_that_is_not_there_yet_holds_no_pack(tmp_path: Path) -> None:
    assert packs(tmp_path / "packs") == ()
