"""Who is here: prescribers on site by their own word, nurses on duty and whom they look after."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse

from evenkeel.journey import presence
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.record.entry import Author
from evenkeel.store.queries import board, people
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.web.pages import FormPage


def here(reader: Author, at: datetime, chairs: Sequence[str]) -> dict[str, Any]:
    """Prescribers on site, nurses on duty with their chairs, and whether the reader is down as here.

    `chairs` are the names of all chairs as they stand on the board, the order in which a nurse's are named.
    """
    on_site = people.on_site(at=at)
    busy = {who: sorted(names, key=chairs.index) for who, names in board.chairs_by_nurse().items()}
    nurses = [person for person in people.on_duty(at=at) if person.role == "nurse"]
    return {
        "prescribers": [
            {"name": person.printed_name, "since": person.on_site_since}
            for person in on_site
            if person.role == "prescriber"
        ],
        "nurses": [
            {"name": person.printed_name, "chairs": busy.get(person.id, ())}
            for person in sorted(nurses, key=lambda person: (person.id in busy, person.printed_name))
        ],
        "may_say": may(reader.role, "presence.say"),
        "is_here": any(person.id == reader.id for person in on_site),
    }


class PresencePage(FormPage):
    """One button on the board: that one is on site, or leaves."""

    action = "presence.say"
    form_class = forms.Form
    is_coming: ClassVar[bool]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """The button stands on the board; its address leads there."""
        return redirect("board")

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Come or leave."""
        return presence.come(act) if self.is_coming else presence.leave(act)

    def refuse(self, form: forms.Form, refusal: UnableTo) -> HttpResponseBase:  # type: ignore[override]
        """Say on the board why not, since there is no form to show again."""
        for issue in refusal.issues:
            messages.error(self.request, issue.sentence)
        return redirect("board")

    def done_address(self, stream: StreamId) -> str:
        """Back to the board."""
        return reverse("board")


class ComePage(PresencePage):
    """I am on site."""

    is_coming = True
    done_sentence = "You are down as on site."


class LeavePage(PresencePage):
    """I leave."""

    is_coming = False
    done_sentence = "You are down as gone."


urlpatterns = [
    path("board/here/", ComePage.as_view(), name="presence_come"),
    path("board/gone/", LeavePage.as_view(), name="presence_leave"),
]
