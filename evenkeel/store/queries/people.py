"""Who works here, and whether somebody is who they say they are.

Wrong passwords count toward one lockout wherever they are typed: at sign-in django-axes counts them itself,
and for a signature this module asks it to. A passkey that is not theirs counts like a wrong password. The
count is kept by user name, because a clinic shares one address.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, Final, get_args

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from axes.utils import reset as forget_attempts
from django.contrib.auth.hashers import check_password
from django.db.models import Max
from django.http import HttpRequest

from evenkeel.record.entry import Author, Role
from evenkeel.store import models
from evenkeel.store.queries import passkeys
from evenkeel.store.queries.passkeys import Challenge
from evenkeel.values.ids import ClinicianId
from evenkeel.values.shape import frozen

# Somebody who signed in within this time is offered on a shared tablet. A working day; a proposal.
ON_DUTY_LASTS: Final = timedelta(hours=12)


@frozen
class Person:
    """One person who signs in."""

    id: ClinicianId
    username: str
    role: Role
    printed_name: str
    is_active: bool
    on_duty_since: datetime | None = None
    on_site_since: datetime | None = None

    @property
    def author(self) -> Author:
        """The person as the record names them."""
        return Author(id=self.id, role=self.role, printed_name=self.printed_name)


def _person(row: models.Clinician) -> Person:
    role: Role = row.role  # type: ignore[assignment]  # written from a Role
    return Person(
        id=ClinicianId(str(row.pk)),
        username=row.username,
        role=role,
        printed_name=row.printed_name,
        is_active=row.is_active,
        on_duty_since=row.on_duty_since,
        on_site_since=row.on_site_since,
    )


def every(role: Role | None = None) -> tuple[Person, ...]:
    """Everybody who may sign in, by printed name; of one role or of all."""
    rows = models.Clinician.objects.filter(is_active=True).order_by("printed_name")
    return tuple(_person(row) for row in (rows.filter(role=role) if role else rows))


def everybody() -> tuple[Person, ...]:
    """Everybody who may or once might sign in: those who may first, then by printed name."""
    rows = models.Clinician.objects.order_by("-is_active", "printed_name", "username")
    return tuple(_person(row) for row in rows)


def on_duty(*, at: datetime) -> tuple[Person, ...]:
    """Everybody who signed in within the last working day, by printed name."""
    rows = models.Clinician.objects.filter(is_active=True, on_duty_since__gt=at - ON_DUTY_LASTS)
    return tuple(_person(row) for row in rows.order_by("printed_name", "username"))


def on_site(*, at: datetime) -> tuple[Person, ...]:
    """Everybody who said within the last working day that they are on site, by printed name."""
    rows = models.Clinician.objects.filter(is_active=True, on_site_since__gt=at - ON_DUTY_LASTS)
    return tuple(_person(row) for row in rows.order_by("printed_name", "username"))


def by_username(username: str) -> Person | None:
    """The person with this user name, however it is capitalized, or None."""
    row = models.Clinician.objects.filter(username__iexact=username.strip()).first()
    return _person(row) if row else None


def by_id(clinician: ClinicianId) -> Person | None:
    """The person of this id, or None."""
    row = models.Clinician.objects.filter(pk=clinician).first()
    return _person(row) if row else None


def author_of(user: object) -> Author:
    """The signed-in user as the record names them."""
    assert isinstance(user, models.Clinician), "only signed-in clinicians act"
    assert user.role in get_args(Role), "everybody who signs in has a role"
    return _person(user).author


def came_on_duty(clinician: ClinicianId, *, at: datetime) -> None:
    """Note that somebody signed in; the start of a working day is kept until the day is over."""
    rows = models.Clinician.objects.filter(pk=clinician)
    rows.exclude(on_duty_since__gt=at - ON_DUTY_LASTS).update(on_duty_since=at)


# --- credentials --------------------------------------------------------------------------------------------


class _Asked:
    """What was asked during one use case: answers, and the user names that a wrong password was given for."""

    def __init__(self) -> None:
        self.answers: dict[tuple[ClinicianId, str], bool] = {}
        self.wrong: set[str] = set()


_asked: ContextVar[_Asked | None] = ContextVar("asked", default=None)


def lockout_name(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str | None:
    """Name the account that an attempt counts against; django-axes calls it.

    User names are told apart without regard to case, so "Nora" and "nora" share one count.
    """
    typed = (credentials or {}).get("username") or request.POST.get("login")
    return str(typed).strip().casefold() if typed else None


def locked_until(username: str, *, at: datetime) -> datetime | None:
    """When the lockout of this account ends, or None when it is not locked out."""
    request = _attempt()
    if not AxesProxyHandler.is_locked(request, {"username": username}):
        return None
    attempts = AccessAttempt.objects.filter(username=lockout_name(request, {"username": username}))
    last = attempts.aggregate(last=Max("attempt_time"))["last"]
    ends_at: datetime = (last or at) + get_cool_off(request)
    return ends_at


def password_is_right(clinician: ClinicianId, password: str, *, at: datetime) -> bool:
    """Whether this is the person's own password.

    It never is for somebody who may not sign in or is locked out. A wrong one counts toward the lockout.
    """
    return bool(password) and _is_right(
        clinician, password, lambda row: check_password(password, row.password), at
    )


def passkey_is_right(challenge: Challenge, response: Mapping[str, Any], *, at: datetime) -> bool:
    """Whether this answer comes from a passkey of the person who was asked; otherwise as for a password."""
    credential = f"{challenge.nonce} {json.dumps(response, sort_keys=True)}"
    return _is_right(challenge.of, credential, lambda _: passkeys.is_answered(challenge, response), at)


Check = Callable[[models.Clinician], bool]


def _is_right(clinician: ClinicianId, credential: str, check: Check, at: datetime) -> bool:
    asked = _asked.get()
    if asked is None:
        with asking_once():
            return _is_right(clinician, credential, check, at)
    if (clinician, credential) not in asked.answers:
        asked.answers[clinician, credential] = _ask(clinician, check, at, asked)
    return asked.answers[clinician, credential]


def _ask(clinician: ClinicianId, check: Check, at: datetime, asked: "_Asked") -> bool:
    row = models.Clinician.objects.filter(pk=clinician, is_active=True).first()
    if row is None or locked_until(row.username, at=at) is not None:
        return False
    if check(row):
        forget_attempts(username=lockout_name(_attempt(), {"username": row.username}))
        return True
    asked.wrong.add(row.username)
    return False


@contextmanager
def asking_once() -> Iterator[None]:
    """Ask for each credential once inside the block, and count the wrong ones when it has ended.

    A hash takes long on purpose, so a use case that reads and decides again must not compute it again; and a
    refused use case is rolled back, and the count must not be rolled back with it.
    """
    asked = _Asked()
    token = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(token)
        for username in sorted(asked.wrong):
            count_wrong_password(username)


def count_wrong_password(username: str) -> None:
    """Count one wrong credential toward the lockout of this account."""
    AxesProxyHandler.user_login_failed(__name__, {"username": username}, _attempt())


def _attempt() -> HttpRequest:
    """Stand in for the web request that django-axes asks about; a signature's place is no address."""
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": "0.0.0.0", "HTTP_USER_AGENT": "signature", "PATH_INFO": "signature"}  # noqa: S104 - no socket is bound
    return request
