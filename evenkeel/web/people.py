"""Who may sign in: the list, a new person, and what may be changed about one."""

from typing import Any, ClassVar

from django import forms
from django.http import Http404
from django.urls import path, reverse

from evenkeel.journey import people as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import ROLES
from evenkeel.record.entry import ROLE_WORDS
from evenkeel.store import clinicians
from evenkeel.store.queries import people, settings
from evenkeel.store.queries.people import Person
from evenkeel.store.queries.settings import Change
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.web.pages import FormPage, Page

ROLE_CHOICES = [(role, ROLE_WORDS[role].capitalize()) for role in ROLES]
ROLE_HINTS = {
    "front_desk": "Refers patients, keeps details and books visits. Sees the record, charts nothing.",
    "nurse": "Checks in, draws up and checks doses, runs infusions, discharges.",
    "prescriber": "All that a nurse does, and decides, orders and signs.",
    "registrant": "Answers for controlled drugs. Sees no patients in this version.",
    "lead": "Sees the record, the access log and the settings.",
    "administrator": "Manages people. Sees the access log, but no record.",
}
WORDS = {
    "username": "User name",
    "printed_name": "Printed name",
    "role": "Role",
    "is_active": "May sign in",
    "password": "Password",
    "second_factors": "Second proofs",
}


def _reason() -> forms.CharField:
    return forms.CharField(
        label="Reason", max_length=300, help_text="It stands in the change log.", strip=True
    )


class PersonForm(forms.Form):
    """A new person."""

    printed_name = forms.CharField(
        label="Printed name", max_length=200, help_text="As it stands under a signature, with the title."
    )
    username = forms.CharField(
        label="User name", max_length=30, help_text="Letters a to z, digits, and . _ - between them."
    )
    role = forms.ChoiceField(label="Role", choices=ROLE_CHOICES, widget=forms.RadioSelect)
    new_password = forms.CharField(
        label="First password",
        widget=forms.PasswordInput,
        strip=False,
        help_text="At least 12 characters. Tell it in person; they change it under Security.",
    )
    reason = _reason()


class RoleForm(forms.Form):
    """Another role."""

    role = forms.ChoiceField(label="New role", choices=ROLE_CHOICES, widget=forms.RadioSelect)
    reason = _reason()


class PasswordForm(forms.Form):
    """Another password."""

    new_password = forms.CharField(
        label="New password",
        widget=forms.PasswordInput,
        strip=False,
        help_text="At least 12 characters. It ends this person's sessions everywhere.",
    )
    reason = _reason()


class ReasonForm(forms.Form):
    """Nothing but why."""

    reason = _reason()


class PeoplePage(Page):
    """Everybody who may or once might sign in."""

    action = "people.manage"
    template = "people/list.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """People, those who may sign in first."""
        rows = [_row(person) for person in people.everybody()]
        return super().context(people=rows, changes=_changes(settings.changes(clinicians.TABLE)), **extra)


class AddPerson(FormPage):
    """Add somebody."""

    action = "people.manage"
    template = "people/add.html.jinja"
    form_class = PersonForm
    done_sentence = "The person may now sign in."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Call the use case."""
        return use_cases.add_person(act, **form.cleaned_data)

    def done_address(self, stream: StreamId) -> str:
        """Back to the list."""
        return reverse("people")

    def context(self, **extra: Any) -> dict[str, Any]:
        """Say what each role may do."""
        return super().context(role_hints=ROLE_HINTS, **extra)


class OnePerson(FormPage):
    """What may be changed about one person; subclasses are one change each."""

    action = "people.manage"
    template = "people/change.html.jinja"
    heading: ClassVar[str]
    submit: ClassVar[str]
    kind: ClassVar[str] = "main"

    @property
    def person(self) -> Person:
        """The person that the address names."""
        found = people.by_id(ClinicianId(str(self.kwargs["person"])))
        if found is None:
            raise Http404
        return found

    def done_address(self, stream: StreamId) -> str:
        """Back to the person."""
        return reverse("person", args=[self.person.id])

    def context(self, **extra: Any) -> dict[str, Any]:
        """The person, and what this page does."""
        return super().context(
            person_shown=_row(self.person),
            heading=self.heading,
            submit=self.submit,
            kind=self.kind,
            role_hints=ROLE_HINTS,
            **extra,
        )


class PersonPage(Page):
    """One person and what was changed about them."""

    action = "people.manage"
    template = "people/person.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """The person and their changes."""
        found = people.by_id(ClinicianId(str(self.kwargs["person"])))
        if found is None:
            raise Http404
        return super().context(
            person_shown=_row(found), changes=_changes(settings.changes(clinicians.TABLE, found.id)), **extra
        )


class ChangeRole(OnePerson):
    """Another role from now on."""

    form_class = RoleForm
    heading = "Change the role"
    submit = "Change role"
    done_sentence = "The role is changed."

    def form_arguments(self) -> dict[str, Any]:
        """Start from the present role."""
        return {"initial": {"role": self.person.role}}

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Call the use case."""
        return use_cases.change_role(act, clinician=self.person.id, **form.cleaned_data)


class NewPassword(OnePerson):
    """Another password."""

    form_class = PasswordForm
    heading = "Give a new password"
    submit = "Give new password"
    done_sentence = "The new password holds, and the person's sessions have ended."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Call the use case."""
        return use_cases.reset_password(act, clinician=self.person.id, **form.cleaned_data)


class LostSecondFactor(OnePerson):
    """Remove authenticator app and passkeys after a loss."""

    form_class = ReasonForm
    heading = "Remove app and passkeys"
    submit = "Remove them"
    kind = "warning"
    done_sentence = "Authenticator app, passkeys and recovery codes are removed."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Call the use case."""
        return use_cases.reset_second_factor(act, clinician=self.person.id, **form.cleaned_data)


class EndAccess(OnePerson):
    """No more signing in."""

    form_class = ReasonForm
    heading = "End the access"
    submit = "End access"
    kind = "warning"
    done_sentence = "The person can no longer sign in. What they wrote stays theirs."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Call the use case."""
        return use_cases.deactivate(act, clinician=self.person.id, **form.cleaned_data)


class RestoreAccess(OnePerson):
    """Sign in again."""

    form_class = ReasonForm
    heading = "Let the person sign in again"
    submit = "Restore access"
    done_sentence = "The person may sign in again."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Call the use case."""
        return use_cases.reactivate(act, clinician=self.person.id, **form.cleaned_data)


def _row(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.printed_name,
        "username": person.username,
        "role": ROLE_WORDS[person.role],
        "is_active": person.is_active,
        "on_duty_since": person.on_duty_since,
        "url": reverse("person", args=[person.id]),
    }


def _changes(changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    names = {person.id: person.printed_name for person in people.everybody()}
    return [
        {
            "at": change.at,
            "by": change.by_name,
            "about": names.get(ClinicianId(change.row), change.row),
            "what": _what(change),
            "reason": change.reason,
        }
        for change in changes
    ]


def _what(change: Change) -> str:
    if not change.before:
        return f"Added as {_shown('role', change.after['role'])}"
    parts = []
    for key, value in change.after.items():
        was, now_is = _shown(key, change.before.get(key)), _shown(key, value)
        parts.append(f"{WORDS.get(key, key)}: {was} → {now_is}")
    return "; ".join(parts)


def _shown(key: str, value: Any) -> str:
    if key == "role":
        return ROLE_WORDS.get(value, str(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return str(value)


urlpatterns = [
    path("people/", PeoplePage.as_view(), name="people"),
    path("people/add/", AddPerson.as_view(), name="add_person"),
    path("people/<uuid:person>/", PersonPage.as_view(), name="person"),
    path("people/<uuid:person>/role/", ChangeRole.as_view(), name="person_role"),
    path("people/<uuid:person>/password/", NewPassword.as_view(), name="person_password"),
    path("people/<uuid:person>/second-factor/", LostSecondFactor.as_view(), name="person_second_factor"),
    path("people/<uuid:person>/end/", EndAccess.as_view(), name="person_end"),
    path("people/<uuid:person>/restore/", RestoreAccess.as_view(), name="person_restore"),
]
