"""Signing in, as this clinic does it.

People are added by an administrator, and nobody signs up by themselves.
"""

import hashlib
import hmac
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.mfa.signals import authentication_failed
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CSRF_ALLOWED_CHARS, CSRF_SECRET_LENGTH
from django.shortcuts import render
from django.utils import timezone

from evenkeel.journey.people import locked_sentence
from evenkeel.store.queries import board, people
from evenkeel.web.handover_words import still_responsible_words
from evenkeel.web.middleware import ACTIVE_AT, SIGNED_IN_AT
from evenkeel.web.pages import now

TOO_MANY = 429


class ClinicAccounts(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """No open sign-up; everything else as allauth does it."""

    error_messages = {  # noqa: RUF012 - allauth reads it from the class
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "User name and password do not belong together. Type both again.",
        "incorrect_password": "This is not your password. Type it again.",
        "too_many_login_attempts": "Too many tries in a short time. Wait five minutes, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody adds themselves."""
        return False


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth ships no types
    """User name and password, without the link to a password reset that this clinic does not have."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "User name"
        self.fields["login"].error_messages["required"] = "User name: write yours."
        self.fields["password"].help_text = ""
        self.fields["password"].error_messages["required"] = "Password: write yours."


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """Answer an account that is locked out with until when; django-axes calls it."""
    name = people.lockout_name(request, credentials)
    until = people.locked_until(name, at=now()) if name else None
    sentence = locked_sentence(until) if until else "There were too many wrong passwords. Try again later."
    return render(
        request, "errors/locked.html.jinja", {"sentence": sentence, "until": until}, status=TOO_MANY
    )


@receiver(user_logged_in)
def begin_session(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Start the clocks of a session, and keep forms that its owner opened before it good."""
    at = now()
    request.session[ACTIVE_AT] = request.session[SIGNED_IN_AT] = at.timestamp()
    people.came_on_duty(people.author_of(user).id, at=at)
    # Django renews the secret that forms are checked with at every sign-in. One made from the person and
    # the day lets them send a form that they filled in before an automatic logoff, and refuses it from
    # anybody else.
    request.META.update(CSRF_COOKIE=_form_secret(user), CSRF_COOKIE_NEEDS_UPDATE=True)


@receiver(user_logged_out)
def say_who_is_still_responsible(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Say on the next page that whoever left is responsible for a patient under the drug; it stops nobody."""
    if user is None:
        return
    author = people.author_of(user)
    left = board.responsible_for(author.id)
    if left:
        messages.warning(request, still_responsible_words(author, left))


def _form_secret(user: Any) -> str:
    """The secret of a person's forms for one day.

    It changes with their password and with the server's key.
    """
    words = f"forms|{user.pk}|{user.password}|{timezone.localdate()}"
    digest = hmac.new(settings.SECRET_KEY.encode(), words.encode(), hashlib.sha256).digest()
    return "".join(CSRF_ALLOWED_CHARS[byte % len(CSRF_ALLOWED_CHARS)] for byte in digest[:CSRF_SECRET_LENGTH])


@receiver(authentication_failed)
def count_wrong_code(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Count a wrong one-time code like a wrong password, so that codes cannot be tried until one fits."""
    people.count_wrong_password(user.username)
    if people.locked_until(user.username, at=now()) is not None:
        request.session.flush()
        request.axes_locked_out = True  # type: ignore[attr-defined]  # django-axes answers with `locked_out`
        request.axes_credentials = {"username": user.username}  # type: ignore[attr-defined]
