"""The clinic's own limits: rows that are only ever added, each with the hash of the one before it.

The hashes show whatever was changed behind the program's back, and the newest stands for all rows at once.
"""

import hashlib
import json
from typing import Final

from evenkeel.clinical.clinic_settings import ClinicSetting
from evenkeel.clinical.limits import limit_written, parse_limit
from evenkeel.record.codec import plainly
from evenkeel.store import models
from evenkeel.values.ids import ClinicianId
from evenkeel.values.time import utc

# What stands before the first row, so that a chain of a stream cannot be taken for this one.
FIRST_HASH: Final = hashlib.sha256(b"limit settings").hexdigest()


def newest_hash() -> str:
    """The hash of the newest row, which is another one as soon as anything was set."""
    newest = models.LimitSetting.objects.order_by("-seq").values_list("hash", flat=True).first()
    return newest or FIRST_HASH


def every_setting() -> tuple[ClinicSetting, ...]:
    """Every setting there ever was, in the order they were made."""
    return tuple(_setting(row) for row in models.LimitSetting.objects.order_by("seq"))


def append(setting: ClinicSetting) -> None:
    """Write a setting behind the others; raises IntegrityError when somebody else wrote at the same time."""
    newest = models.LimitSetting.objects.order_by("-seq").first()
    seq, previous = (newest.seq, newest.hash) if newest else (0, FIRST_HASH)
    models.LimitSetting.objects.create(
        seq=seq + 1,
        rule=setting.rule,
        limit=setting.limit,
        number=setting.number,
        value=None if setting.value is None else json.dumps(limit_written(setting.value)),
        version=setting.version,
        from_date=setting.from_date,
        reason=setting.reason,
        is_confirmed=setting.is_confirmed,
        by_id=setting.by,
        by_name=setting.by_name,
        recorded_at=utc(setting.recorded_at),
        previous_hash=previous,
        hash=_hash(setting, seq + 1, previous),
    )


def count() -> int:
    """How many settings there are."""
    return models.LimitSetting.objects.count()


def first_broken() -> int | None:
    """The number of the first row that is not what was written, or None when the chain holds."""
    previous = FIRST_HASH
    for seq, row in enumerate(models.LimitSetting.objects.order_by("seq"), start=1):
        try:
            holds = row.hash == _hash(_setting(row), seq, previous)
        except Exception:  # a tampered text may break the reading in any way
            holds = False
        if row.seq != seq or row.previous_hash != previous or not holds:
            return seq
        previous = row.hash
    return None


def _setting(row: models.LimitSetting) -> ClinicSetting:
    return ClinicSetting(
        rule=row.rule,
        limit=row.limit,
        number=row.number,
        value=None if row.value is None else parse_limit(json.loads(row.value)),
        version=row.version,
        from_date=row.from_date,
        reason=row.reason,
        is_confirmed=row.is_confirmed,
        by=ClinicianId(row.by_id),
        by_name=row.by_name,
        recorded_at=utc(row.recorded_at),
    )


def _hash(setting: ClinicSetting, seq: int, previous: str) -> str:
    value = None if setting.value is None else limit_written(setting.value)
    body = [
        seq,
        setting.rule,
        setting.limit,
        setting.number,
        value,
        setting.version,
        setting.from_date,
        setting.reason,
        setting.is_confirmed,
        setting.by,
        setting.by_name,
        setting.recorded_at,
        previous,
    ]
    return hashlib.sha256(plainly(body).encode()).hexdigest()
