"""What stands before every page: automatic logoff, the second factor, the policy and the access log.

All three run in a thread and never in the event loop: they ask the database, and WhiteNoise outside of them
does the same. Context variables travel with the request into async views and back, so the access log sees
those too.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Final

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from evenkeel.record.entry import Author
from evenkeel.store import access
from evenkeel.store.queries import people
from evenkeel.values.ids import StreamId
from evenkeel.web.pages import FORBIDDEN, now
from evenkeel.web.routes import ACCOUNT_ROUTES, Asked, asked_by, is_permitted

GetResponse = Callable[[HttpRequest], HttpResponseBase]

UNAUTHORIZED: Final = 401
ACTIVE_AT: Final = "active_at"
SIGNED_IN_AT: Final = "signed_in_at"
# The session is written again only when this much has passed, so that not every page costs a write.
ACTIVITY_GRAIN: Final = timedelta(seconds=20)
# A page that follows the clinic shows the same patients again and again; that is one look per this long.
# Proposal.
SAME_LOOK: Final = timedelta(minutes=5)

# What a page may use of the device, beyond what the content security policy says. The camera reads codes of
# labels, and the browser asks the person first.
PERMISSIONS: Final = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"


def by_itself(request: HttpRequest) -> bool:
    """Whether a page's script asks, and not a person: event streams, live fragments, chart data.

    Browsers mark what a script fetches with an empty destination; our own script names its fragments as
    well, since browsers leave that mark out where the connection is not encrypted.
    """
    if request.method not in ("GET", "HEAD"):
        return False
    return (
        request.headers.get("Sec-Fetch-Dest") == "empty"
        or "X-Evenkeel-Fragment" in request.headers
        or request.headers.get("Accept") == "text/event-stream"
    )


class AutomaticLogoff:
    """Signs a person out who has done nothing for a while (45 CFR 164.312(a)(2)(iii)), and says so.

    A session also ends some hours after the sign-in, whatever happens in it.
    """

    async_capable = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """End a session that is too old, or note that the person is there."""
        if not request.user.is_authenticated:
            return self.get_response(request)
        at = now()
        reason = _why_over(request.session, at)
        if reason is None:
            if not by_itself(request):
                _note_activity(request, at)
            return self.get_response(request)
        if by_itself(request):
            # The session stays, too old for anything, so that the person's own next step is told why.
            return _refused_script(reason)
        logout(request)
        return _signed_out(request, reason)


def _moment(session: SessionBase, key: str) -> datetime | None:
    stamp = session.get(key)
    return datetime.fromtimestamp(stamp, UTC) if stamp is not None else None


def _why_over(session: SessionBase, at: datetime) -> str | None:
    active_at = _moment(session, ACTIVE_AT)
    signed_in_at = _moment(session, SIGNED_IN_AT)
    if active_at is None or signed_in_at is None:
        return "Your session could not be continued."
    if at - active_at > timedelta(minutes=settings.IDLE_LOGOFF_MINUTES):
        return (
            f"You were signed out because nothing was done here for {settings.IDLE_LOGOFF_MINUTES} minutes."
        )
    if at - signed_in_at > timedelta(hours=settings.SESSION_HOURS_MAX):
        return f"You were signed out because you signed in more than {settings.SESSION_HOURS_MAX} hours ago."
    return None


def _note_activity(request: HttpRequest, at: datetime) -> None:
    active_at = _moment(request.session, ACTIVE_AT)
    if active_at is None or at - active_at > ACTIVITY_GRAIN:
        request.session[ACTIVE_AT] = at.timestamp()


def _refused_script(reason: str) -> HttpResponse:
    """What a page's script gets that asks for nobody: a status to go by, and no page to put in its place."""
    return HttpResponse(reason, status=UNAUTHORIZED, content_type="text/plain; charset=utf-8")


def _signed_out(request: HttpRequest, reason: str) -> HttpResponse:
    """Answer somebody whose session is over without losing what they typed.

    A form is answered on the spot and not by sending the browser elsewhere: the page that it was typed on
    is then one step back, with everything in it, and can be sent again after signing in. The server keeps
    nothing of it.
    """
    if request.method not in ("GET", "HEAD"):
        sign_in = f"{reverse('account_login')}?{REDIRECT_FIELD_NAME}={reverse('signed_in')}"
        return render(
            request,
            "errors/signed_out.html.jinja",
            {"reason": reason, "sign_in": sign_in},
            status=UNAUTHORIZED,
        )
    messages.warning(request, f"{reason} Sign in to go on where you were.")
    return redirect_to_login(request.get_full_path())


class SecondFactor:
    """Sends people whose role needs a second factor to set one up before anything else."""

    async_capable = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; what it opens is known only in `process_view`."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Stop everything but the person's own account until there is an authenticator app or a passkey."""
        if not request.user.is_authenticated or _route_name(request) in ACCOUNT_ROUTES:
            return None
        if people.author_of(request.user).role not in settings.SECOND_FACTOR_ROLES:
            return None
        if is_mfa_enabled(request.user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]):
            return None
        if by_itself(request):
            return HttpResponse(status=FORBIDDEN)
        messages.warning(
            request,
            "Your role needs a second proof that it is you. Set up an app or a passkey to go on.",
        )
        return redirect("mfa_index")


def _route_name(request: HttpRequest) -> str | None:
    return request.resolver_match.view_name if request.resolver_match else None


class Policy:
    """Refuses every request that the policy does not permit, and writes the access log of those it does."""

    async_capable = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Gather whose data the request touches and write it down; without the log there is no answer."""
        author = people.author_of(request.user) if request.user.is_authenticated else None
        with access.gathering() as touched:
            response = self.get_response(request)
        log = _Log(request, author, response.status_code)
        log.write(touched)
        if isinstance(response, StreamingHttpResponse):
            _watch(response, log)
        response["Permissions-Policy"] = PERMISSIONS
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        if author is not None and not response.has_header("Cache-Control"):
            # Pages about patients stay out of caches that outlive the window (ASVS 5, 14.3.2).
            response["Cache-Control"] = "no-store"
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Ask the policy with what the route asks for."""
        asked = asked_by(view, _route_name(request), request.method or "GET")
        if not request.user.is_authenticated:
            return None if asked == "anybody" else _to_sign_in(request, asked)
        if is_permitted(asked, people.author_of(request.user).role):
            return None
        return render(request, "errors/403.html.jinja", {"asked": asked}, status=FORBIDDEN)


def _to_sign_in(request: HttpRequest, asked: Asked) -> HttpResponseBase:
    if asked == "closed":
        return render(request, "errors/403.html.jinja", {"asked": asked}, status=FORBIDDEN)
    if by_itself(request):
        return _refused_script("You are not signed in.")
    if request.method not in ("GET", "HEAD"):
        return _signed_out(request, "You are not signed in.")
    return redirect_to_login(request.get_full_path())


class _Log:
    """Writes whose data one request touched, each patient once."""

    def __init__(self, request: HttpRequest, author: Author | None, status: int) -> None:
        self._author = author
        self._route = _route_name(request) or "?"
        self._method = request.method or "?"
        self._status = status
        self._follows = by_itself(request)
        self._written: set[StreamId] = set()

    def write(self, touched: set[StreamId]) -> None:
        """Write the patients that have not been written yet; raises when they cannot be."""
        new = touched - self._written
        if not new:
            return
        assert self._author is not None, "patients' data was read for nobody"
        at = now()
        shown_again = _looks.again(self._author, self._route, new, at) if self._follows else set()
        patients = new - shown_again
        if patients:
            access.write(
                at=at,
                by=self._author,
                patients=patients,
                route=self._route,
                method=self._method,
                status=self._status,
            )
        if self._follows:
            _looks.remember(self._author, self._route, patients, at)
        self._written |= new


class _Looks:
    """Which patients a page that follows the clinic by itself showed a person a moment ago.

    Kept in memory only: after a restart a look is written once more, never once less.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._at: dict[tuple[str, str, StreamId], datetime] = {}

    def again(self, by: Author, route: str, patients: set[StreamId], at: datetime) -> set[StreamId]:
        """Those of the patients whose look was written not long ago."""
        with self._lock:
            return {
                patient
                for patient in patients
                if (seen := self._at.get((by.id, route, patient))) and timedelta() <= at - seen < SAME_LOOK
            }

    def remember(self, by: Author, route: str, patients: set[StreamId], at: datetime) -> None:
        """Keep what was just written, and forget what is over."""
        with self._lock:
            self._at = {key: seen for key, seen in self._at.items() if at - seen < SAME_LOOK}
            self._at.update(dict.fromkeys(((by.id, route, patient) for patient in patients), at))


_looks = _Looks()


def _watch(response: StreamingHttpResponse, log: _Log) -> None:
    """Keep the access log while a stream is sent: a patient's line is written before their data leaves."""
    if response.is_async:
        response.streaming_content = _watched_async(response.streaming_content, log)  # type: ignore[arg-type]
    else:
        response.streaming_content = _watched(iter(response.streaming_content), log)  # type: ignore[arg-type]


def _watched(parts: Iterator[bytes], log: _Log) -> Iterator[bytes]:
    while True:
        with access.gathering() as touched:
            part = next(parts, None)
        log.write(touched)
        if part is None:
            return
        yield part


async def _watched_async(parts: AsyncIterator[bytes], log: _Log) -> AsyncIterator[bytes]:
    try:
        while True:
            with access.gathering() as touched:
                part = await anext(parts, None)
            if touched:
                await sync_to_async(log.write)(touched)
            if part is None:
                return
            yield part
    finally:
        # The browser may leave in the middle; the view's own generator must learn of it at once.
        close = getattr(parts, "aclose", None)
        if close is not None:
            await close()
