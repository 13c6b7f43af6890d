"""The clinic's own choices, and who changed them when and why."""

import json
from datetime import datetime
from typing import Any, Final, Literal

from evenkeel.record.entry import Author
from evenkeel.store import models
from evenkeel.store.rows import record_change
from evenkeel.values.shape import frozen

TABLE: Final = "setting"


@frozen
class Settings:
    """What a clinic chose, or what stands until it does."""

    clinic_name: str = "Evenkeel clinic"
    clinic_phone: str = ""
    predicted_level_shown: bool = True
    # An opened vial serves one patient for six hours, and nobody wastes drug alone: proposals.
    vial_reuse: Literal["single_patient", "multi_dose"] = "single_patient"
    vial_hours: int = 6
    may_waste_alone: bool = False
    # A chair's own monitor counts as its patient's, and samples stay whole for a week: proposals.
    devices_confirmed_per_visit: bool = False
    samples_full_days: int = 7

    @property
    def is_single_patient(self) -> bool:
        """Whether an opened vial serves one patient only."""
        return self.vial_reuse == "single_patient"


@frozen
class Change:
    """One line of the change log of ordinary rows."""

    at: datetime
    by_name: str
    row: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str


def current() -> Settings:
    """The choices in force."""
    chosen = dict(models.ClinicSetting.objects.values_list("key", "value"))
    return Settings(**{key: json.loads(value) for key, value in chosen.items()})


def choose(key: str, value: str | bool | int, *, by: Author, at: datetime, reason: str) -> None:
    """Set one choice and write down what it was."""
    before = getattr(current(), key)
    models.ClinicSetting.objects.update_or_create(key=key, defaults={"value": json.dumps(value)})
    record_change(at=at, by=by, table=TABLE, row=key, before={key: before}, after={key: value}, reason=reason)


def changes(table: str, row: str | None = None, *, count: int = 50) -> tuple[Change, ...]:
    """The newest changes of a table of ordinary rows, or of one of its rows."""
    found = models.ChangeRecord.objects.filter(table=table).order_by("-at", "-pk")
    if row is not None:
        found = found.filter(row=row)
    return tuple(
        Change(
            at=each.at,
            by_name=each.by_name,
            row=each.row,
            before=json.loads(each.before),
            after=json.loads(each.after),
            reason=each.reason,
        )
        for each in found[:count]
    )
