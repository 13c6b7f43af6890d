"""The session as its owner meets it.

Still there, signed in again, handed to the next person on a shared tablet.
"""

from typing import Any

from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from evenkeel.record.entry import ROLE_WORDS
from evenkeel.store.queries import people
from evenkeel.store.queries.people import Person
from evenkeel.values.ids import ClinicianId
from evenkeel.web.accounts import SignInForm
from evenkeel.web.pages import REFUSED, Page, now


class Here(Page):
    """Asked by a page's script.

    Looking says who is signed in; sending says that somebody is typing.
    """

    action = "own_account.use"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Say who is signed in, what time it is here, and what this session's forms are sent with.

        A page that a tablet kept, or one from before a new sign-in, holds a token that counts no more.
        """
        return JsonResponse({"person": self.author.id, "now": now().isoformat(), "token": get_token(request)})

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Count as activity; the middleware has noted it already."""
        return JsonResponse({"person": self.author.id})


class SignedIn(Page):
    """Where somebody lands who signed in again in a second tab to send a form that waits in the first."""

    action = "own_account.use"
    template = "session/signed_in.html.jinja"


class SwitchUser(Page):
    """Hand a shared tablet to somebody else: their name, their password, and on with the same page."""

    action = "own_account.use"
    template = "session/switch.html.jinja"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Show who is on duty or, once somebody is chosen, ask for their password."""
        person = self.chosen(request.GET.get("person", ""))
        return self.show(self.context(chosen=person, form=SignInForm(request=request) if person else None))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """End the session of the one who hands over and begin one for the next."""
        person = self.chosen(request.POST.get("person", ""))
        if person is None:
            return self.show(self.context(chosen=None, form=None), status=REFUSED)
        typed = {"login": person.username, "password": request.POST.get("password", "")}
        form: Any = SignInForm(typed, request=request)
        if not form.is_valid():
            return self.show(self.context(chosen=person, form=form), status=REFUSED)
        logout(request)
        response: HttpResponseBase = form.login(request, redirect_url=self.next_address())
        return response

    def chosen(self, reference: str) -> Person | None:
        """The person that the address names, if they are on duty."""
        return next((each for each in people.on_duty(at=now()) if each.id == ClinicianId(reference)), None)

    def next_address(self) -> str:
        """The page to go on with: one of this clinic's own, or the first page."""
        asked = self.request.POST.get(REDIRECT_FIELD_NAME) or self.request.GET.get(REDIRECT_FIELD_NAME, "")
        is_ours = url_has_allowed_host_and_scheme(
            asked, {self.request.get_host()}, require_https=self.request.is_secure()
        )
        return asked if asked and is_ours else "/"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Tiles of the people on duty, the next page, and the way to sign in as anybody else."""
        after = self.next_address()
        tiles = [
            {
                "name": person.printed_name,
                "role": ROLE_WORDS[person.role],
                "url": f"{reverse('switch_user')}?{urlencode({'person': person.id, 'next': after})}",
            }
            for person in people.on_duty(at=now())
            if person.id != self.author.id
        ]
        sign_in = f"{reverse('account_login')}?{urlencode({REDIRECT_FIELD_NAME: after})}"
        back = f"{reverse('switch_user')}?{urlencode({REDIRECT_FIELD_NAME: after})}"
        return super().context(tiles=tiles, next=after, sign_in=sign_in, back=back, **extra)


urlpatterns = [
    path("here/", Here.as_view(), name="here"),
    path("signed-in/", SignedIn.as_view(), name="signed_in"),
    path("switch/", SwitchUser.as_view(), name="switch_user"),
]
