"""The tablet at the chair without its network: what it keeps, and how what was entered meanwhile comes in.

The tablet's half is `static/evenkeel/offline*.js`; docs/offline.md says what works and what is kept.
"""

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import path

from evenkeel.journey.acting import CLOCK_SLACK, Act, ImplausibleTime
from evenkeel.journey.phases import IN_THE_CHAIR
from evenkeel.journey.policy import Action, may
from evenkeel.record.visits import VisitState
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.shape import frozen
from evenkeel.web.chairside import VisitFormPage, VisitPage
from evenkeel.web.jinja import field_sentences
from evenkeel.web.pages import Page

CREATED: Final = 201
# What the tablet's own script names its sendings with: the tablet's clock at the moment of sending.
SENT_AT_HEADER: Final = "X-Evenkeel-Sent-At"
# Written into every form that may wait, when it is sent: who by, when, and what the tablet's clock said then.
ENTERED: Final = "entered"
# Sent along when an entry that was not accepted is opened again to be put right.
OPEN_AGAIN: Final = "open_again"
STATIC: Final = Path(__file__).resolve().parent / "static" / "evenkeel"

# The pages of a visit that a tablet keeps, and what each asks of the person.
KEPT: Final[tuple[tuple[str, Action], ...]] = (
    ("chart", "visit.read"),
    ("signs", "infusion.chart"),
    ("event", "infusion.chart"),
    ("note", "infusion.chart"),
    ("rate", "infusion.run"),
    ("pause", "infusion.run"),
    ("resume", "infusion.run"),
    ("stop", "infusion.run"),
    ("rescue", "infusion.run"),
)


class AnothersEntry(UnableTo):
    """An entry that waited on a tablet was sent in the session of somebody else."""


@frozen
class Entered:
    """What a tablet says of an entry: when it was made, by the server's and by its own clock, and by whom."""

    at: datetime
    device_at: datetime
    by: str

    @classmethod
    def of(cls, text: str) -> Self | None:
        """Read what the tablet wrote, or None where that cannot be read."""
        try:
            found = json.loads(text)
            at, device_at = (datetime.fromisoformat(found[name]) for name in ("at", "device_at"))
            is_aware = at.tzinfo is not None and device_at.tzinfo is not None
            return cls(at=at, device_at=device_at, by=str(found["by"])) if is_aware else None
        except (ValueError, TypeError, KeyError):
            return None


def addresses(page: VisitPage, state: VisitState) -> list[str] | None:
    """What the tablet keeps of a visit: nothing once the patient left, None for who does not chart."""
    role = page.author.role
    if not may(role, "infusion.chart"):
        return None
    if state.phase not in IN_THE_CHAIR:
        return []
    return [page.address(route) for route, action in KEPT if may(role, action)]


class Waits(VisitFormPage):
    """A form whose entry may wait on the tablet until the server is reached.

    Sent at once it is a form like any other. Sent later by the tablet's script it keeps the time at which it
    was entered, and the answer is for the script: saved, or the sentences that a person must read.
    """

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Carry it out; or only show it as it was typed, when an entry that was not accepted is put right."""
        if OPEN_AGAIN not in request.POST:
            return super().post(request, **kwargs)
        form = self.form_class(request.POST, **self.form_arguments())
        form.is_valid()
        return super().show(self.context(form=form))

    @property
    def is_sent_later(self) -> bool:
        """Whether the tablet's script sends what waited."""
        return self.request.method == "POST" and SENT_AT_HEADER in self.request.headers

    def act(self, form: forms.Form) -> Act:
        """Who sends it; an entry that waited happened when it was entered, unless a time was typed."""
        act = super().act(form)
        entered = Entered.of(self.request.POST.get(ENTERED, ""))
        if entered is not None and entered.by != act.by.id:
            sentence = "Somebody else made this entry on this tablet. Only they can send it, signed in."
            raise AnothersEntry([Issue(sentence=sentence, code="anothers-entry")])
        if not self.is_sent_later:
            return act
        given_at = form.cleaned_data.get("happened_at")
        entered_at = _checked(entered, self.request.headers[SENT_AT_HEADER], act.recorded_at, given_at)
        return replace(act, happened_at=given_at or entered_at, entered_at=entered_at)

    def saved(self, stream: StreamId) -> HttpResponseBase:
        """Tell the tablet's script, and nobody else, that it is in the record."""
        if self.is_sent_later:
            return JsonResponse({"saved": self.done_sentence}, status=CREATED)
        return super().saved(stream)

    def show(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """Show the page, or give the script what is wrong in words."""
        if self.is_sent_later:
            return JsonResponse({"problems": _sentences(context)}, status=status)
        return super().show(context, status)


def _checked(
    entered: Entered | None, sent_at_text: str, recorded_at: datetime, given_at: datetime | None
) -> datetime:
    """When it was entered; refused when the tablet's two accounts of that differ, and nobody wrote a time.

    One account is the time that the tablet corrected while it could not ask. The other is how long ago it was
    by the tablet's own clock, which a wrong clock does not disturb, but a clock that was set meanwhile does.
    """
    try:
        sent_at = datetime.fromisoformat(sent_at_text)
        age = sent_at - entered.device_at if entered is not None else None
    except (ValueError, TypeError):
        age = None
    if given_at is None and (
        entered is None or age is None or abs(recorded_at - age - entered.at) > CLOCK_SLACK
    ):
        sentence = (
            "Time: the tablet's clock was changed since this was entered, or cannot be read, so when it "
            "happened is not certain. Write the time at which it happened."
        )
        raise ImplausibleTime([Issue(sentence=sentence, code="tablet-clock", field="happened_at")])
    # A tablet's clock may run ahead by seconds; nothing happens after it arrived.
    return min(entered.at, recorded_at) if entered is not None else recorded_at


def _sentences(context: dict[str, Any]) -> list[str]:
    """What is wrong with a form, each thing once, as the summary on top of its page would say it."""
    form: forms.Form = context["form"]
    said = [sentence for field in form for sentence in field_sentences(field, named=True)]
    said += [str(error) for error in form.non_field_errors()]
    plain = [sentence for field in form for sentence in field_sentences(field)]
    said += [issue.sentence for issue in context.get("issues", ()) if issue.sentence not in (*said, *plain)]
    return list(dict.fromkeys(said))


class OfflinePage(Page):
    """What a tablet shows of an address that it did not keep; it says which charts it has."""

    action = "visit.read"
    template = "offline/page.html.jinja"


class Worker(Page):
    """The service worker: it stands between the pages of visits and the network.

    Its address decides which pages it serves, so it cannot lie among the static files.
    """

    action = "anybody"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Give the script, with the version of the static files: new files make a new worker."""
        script = f'const VERSION = "{_version()}";\n{(STATIC / "offline_worker.js").read_text("utf-8")}'
        return HttpResponse(
            script, content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"}
        )


@cache
def _version() -> str:
    digest = hashlib.sha256()
    for file in sorted(STATIC.iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


urlpatterns = [
    path("visits/worker.js", Worker.as_view(), name="offline_worker"),
    path("visits/offline/", OfflinePage.as_view(), name="offline"),
]
