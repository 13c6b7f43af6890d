"""Who works here."""

from datetime import datetime

from django.contrib.auth.hashers import check_password

from evenkeel.record.entry import Author, Role
from evenkeel.store import models
from evenkeel.values.ids import ClinicianId
from evenkeel.values.shape import frozen


@frozen
class Person:
    """One person who signs in."""

    id: ClinicianId
    username: str
    role: Role
    printed_name: str
    is_active: bool

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
    )


def every(role: Role | None = None) -> tuple[Person, ...]:
    """Everybody who may sign in, by printed name; of one role or of all."""
    rows = models.Clinician.objects.filter(is_active=True).order_by("printed_name")
    return tuple(_person(row) for row in (rows.filter(role=role) if role else rows))


def by_username(username: str) -> Person | None:
    """The person with this user name, or None."""
    row = models.Clinician.objects.filter(username=username).first()
    return _person(row) if row else None


def author_of(user: object) -> Author:
    """The signed-in user as the record names them."""
    assert isinstance(user, models.Clinician), "only signed-in clinicians act"
    return _person(user).author


def password_is_right(clinician: ClinicianId, password: str, *, at: datetime) -> bool:
    """Whether this is the person's own password; an inactive person's never is."""
    row = models.Clinician.objects.filter(pk=clinician, is_active=True).first()
    return row is not None and check_password(password, row.password)
