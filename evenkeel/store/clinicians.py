"""Writing the rows of people who sign in. The journey decides; every change is in the change log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from evenkeel.record.entry import Author, Role
from evenkeel.store import models
from evenkeel.store.rows import record_change
from evenkeel.values.ids import ClinicianId

TABLE = "clinician"


class NameTaken(Exception):
    """Somebody else signs in with this user name."""


def faults_of_password(password: str, *, username: str, printed_name: str) -> tuple[str, ...]:
    """What is wrong with a new password, a sentence each; empty when it will do."""
    try:
        validate_password(password, models.Clinician(username=username, printed_name=printed_name))
    except ValidationError as wrong:
        return tuple(wrong.messages)
    return ()


def add(
    clinician: ClinicianId,
    *,
    username: str,
    printed_name: str,
    role: Role,
    password: str,
    by: Author,
    at: datetime,
    reason: str,
) -> None:
    """Add a person who may sign in; raises NameTaken."""
    if models.Clinician.objects.filter(username__iexact=username).exists():
        raise NameTaken
    try:
        with transaction.atomic():
            models.Clinician.objects.create(
                pk=clinician,
                username=username,
                printed_name=printed_name,
                role=role,
                password=make_password(password),
            )
    except IntegrityError as taken:
        raise NameTaken from taken
    after = {"username": username, "printed_name": printed_name, "role": role, "is_active": True}
    record_change(at=at, by=by, table=TABLE, row=clinician, before={}, after=after, reason=reason)


def change(
    clinician: ClinicianId, values: Mapping[str, Any], *, by: Author, at: datetime, reason: str
) -> None:
    """Set role or standing of a person and write down what they were."""
    row = models.Clinician.objects.select_for_update().get(pk=clinician)
    before = {name: getattr(row, name) for name in values}
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
    record_change(at=at, by=by, table=TABLE, row=clinician, before=before, after=values, reason=reason)


def come_on_site(clinician: ClinicianId, *, by: Author, at: datetime) -> None:
    """Write down that somebody is on site from a moment on, and on duty."""
    _set_presence(clinician, on_site=at, by=by, at=at)


def leave_site(clinician: ClinicianId, *, by: Author, at: datetime) -> None:
    """Write down that somebody has left: neither on site nor on duty until they say or sign in again."""
    _set_presence(clinician, on_site=None, by=by, at=at)


def _set_presence(clinician: ClinicianId, *, on_site: datetime | None, by: Author, at: datetime) -> None:
    row = models.Clinician.objects.select_for_update().get(pk=clinician)
    before = {"on_site": row.on_site_since is not None}
    row.on_site_since = on_site
    row.on_duty_since = on_site
    row.save(update_fields=["on_site_since", "on_duty_since"])
    after = {"on_site": on_site is not None}
    record_change(
        at=at, by=by, table=TABLE, row=clinician, before=before, after=after, reason="said so themselves"
    )


def set_password(clinician: ClinicianId, password: str, *, by: Author, at: datetime, reason: str) -> None:
    """Give a person a new password, which also ends their sessions.

    The change log says only that it changed.
    """
    row = models.Clinician.objects.select_for_update().get(pk=clinician)
    row.password = make_password(password)
    row.save(update_fields=["password"])
    after = {"password": "new"}
    record_change(
        at=at, by=by, table=TABLE, row=clinician, before={"password": "former"}, after=after, reason=reason
    )


def remove_second_factors(clinician: ClinicianId, *, by: Author, at: datetime, reason: str) -> int:
    """Remove authenticator app, passkeys and recovery codes of a person; returns how many there were."""
    found = Authenticator.objects.filter(user_id=clinician)
    kinds = sorted(found.values_list("type", flat=True))
    if kinds:
        found.delete()
        before = {"second_factors": kinds}
        after: dict[str, list[str]] = {"second_factors": []}
        record_change(at=at, by=by, table=TABLE, row=clinician, before=before, after=after, reason=reason)
    return len(kinds)


def other_administrators(than: ClinicianId) -> int:
    """How many others could still manage people."""
    rows = models.Clinician.objects.select_for_update().filter(role="administrator", is_active=True)
    return len(rows.exclude(pk=than))
