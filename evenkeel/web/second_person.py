"""The second person on a page: who they are, their password or passkey, and a question to the passkey.

A form takes `SecondPersonFields` as a base and says what the second person must be permitted; the page gives
it who is signed in, and hands `proof_of(form, request)` to the use case.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import path

from evenkeel.journey import policy
from evenkeel.journey.second_person import Proof
from evenkeel.store.queries import passkeys, people
from evenkeel.store.queries.passkeys import Challenge, NoPasskey, PasskeyAnswer
from evenkeel.values.ids import ClinicianId, IdempotencyKey
from evenkeel.web import pages
from evenkeel.web.fields import AskedField
from evenkeel.web.pages import REFUSED, Page

# Where a session keeps what a passkey was asked; one at a time, and gone with the first answer.
CHALLENGE: Final = "second_person_challenge"


class NeverWrittenBack(forms.HiddenInput):
    """A hidden field that a page shown again leaves empty: a passkey's answer is good once."""

    def format_value(self, value: Any) -> None:
        """Nothing, whatever was sent."""
        return


class SecondPersonFields(forms.Form):
    """The fields of a second person, for a form to take as a base.

    `second_may` is what the second must be permitted. Made with `me`, whoever is signed in and cannot be the
    second. The button "witness_refuses" belongs to
    pages on which the second person may say that they did not see it.
    """

    second_may: ClassVar[policy.Action] = "custody.witness"

    second_person = forms.ChoiceField(
        label="Second person",
        error_messages={
            "required": "Second person: choose who is with you.",
            "invalid_choice": "Second person: choose somebody from the list.",
        },
    )
    password_of_second = AskedField(
        label="Their password", strip=False, widget=forms.PasswordInput(render_value=False)
    )
    passkey_of_second = forms.JSONField(required=False, widget=NeverWrittenBack)

    def __init__(self, *args: Any, me: ClinicianId, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["second_person"]
        chosen.choices = [
            ("", "Choose"),
            *(
                (person.id, person.printed_name)
                for person in people.every()
                if policy.may(person.role, self.second_may) and person.id != me
            ),
        ]

    @property
    def second(self) -> ClinicianId:
        """The one who was chosen, of a form that is valid."""
        return ClinicianId(self.cleaned_data["second_person"])

    @property
    def is_refused(self) -> bool:
        """Whether the second person says that they did not see it."""
        return "witness_refuses" in self.data


def proof_of(form: SecondPersonFields, request: HttpRequest) -> Proof:
    """What the second person proves with; takes the passkey's challenge out of the session."""
    answer = form.cleaned_data["passkey_of_second"]
    if not answer:
        return Proof(password=form.cleaned_data["password_of_second"])
    response = answer if isinstance(answer, dict) else {}
    return Proof(passkey=PasskeyAnswer(challenge=_taken(request.session), response=response))


class AskForPasskey(Page):
    """Asked by a page's script: begin to ask the chosen second person for their passkey.

    Takes `second_person` and the form's `idempotency_key`. The answer is JSON: what the browser's
    `navigator.credentials.get` needs, or a `sentence` that says why it cannot be asked for.
    """

    action = "custody.witness"
    http_method_names = ["post"]  # noqa: RUF012 - Django reads it from the class

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Choose the challenge and keep it in the session."""
        wanted = request.POST.get("second_person", "")
        person = next((each for each in people.every() if each.id == wanted), None)
        if person is None:
            return _cannot("Second person: choose who is with you, then use their passkey.")
        if person.id == self.author.id:
            return _cannot("Second person: choose somebody else than yourself.")
        try:
            options, challenge = passkeys.ask(
                person.id,
                for_key=IdempotencyKey(request.POST.get("idempotency_key", "")),
                # The name without the port, under which allauth had the passkey made.
                host=request.get_host().partition(":")[0],
                at=pages.now(),
            )
        except NoPasskey:
            return _cannot(f"{person.printed_name} has no passkey here. They type their password.")
        _keep(request.session, challenge)
        return JsonResponse(options)


def _cannot(sentence: str) -> JsonResponse:
    return JsonResponse({"sentence": sentence}, status=REFUSED)


def _keep(session: SessionBase, challenge: Challenge) -> None:
    session[CHALLENGE] = {
        "of": challenge.of,
        "for_key": challenge.for_key,
        "host": challenge.host,
        "nonce": challenge.nonce,
        "asked_at": challenge.asked_at.timestamp(),
    }


def _taken(session: SessionBase) -> Challenge | None:
    kept = session.pop(CHALLENGE, None)
    if kept is None:
        return None
    asked_at = datetime.fromtimestamp(kept["asked_at"], UTC)
    return Challenge(**{**kept, "asked_at": asked_at})


urlpatterns = [path("second-person/passkey/", AskForPasskey.as_view(), name="second_person_passkey")]
