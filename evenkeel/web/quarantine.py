"""What devices sent that must not chart: why, how often, who looked at it, and taking it in again."""

from typing import Any, ClassVar, Final

from django import forms
from django.http import Http404
from django.urls import path, reverse

from evenkeel.journey import quarantine
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.store.queries import quarantine as queries
from evenkeel.store.queries.quarantine import Quarantined, Review
from evenkeel.values.ids import StreamId
from evenkeel.web.jinja import clinic_datetime
from evenkeel.web.pages import FormPage, Page
from evenkeel.web.sentences import words

# How the answer to a message reads for people (HL7 table 0008).
ANSWERS: Final = {
    "AA": "taken in part",
    "AE": "refused (AE)",
    "AR": "not readable (AR)",
}


def _sender(line: Quarantined) -> str:
    return line.sender.replace("|", ", ").replace("^", " ").strip(", ") or "not readable"


def _times(line: Quarantined) -> str:
    if line.times == 1:
        return "once"
    return f"{line.times} times since {clinic_datetime(line.first_at)}"


def _reason(line: Quarantined) -> str:
    return words(line.reason).capitalize()


def _standing(line: Quarantined) -> str:
    """Where the work on a line stands, in words."""
    if line.id is None:
        return "only counted"
    done = f"{line.charted} charted since" if line.charted else ""
    looked = f"looked at by {line.review.by_name}" if line.review else "not looked at"
    return ", ".join(filter(None, (done, looked)))


def _reviewed(review: Review) -> str:
    return f"{review.by_name}, {clinic_datetime(review.at)}: {review.words}"


class QuarantinePage(Page):
    """What was set aside last, with its reason, how often, and whether anybody looked."""

    action = "devices.read"
    template = "devices/quarantine.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the newest messages that were set aside, of one reason or of all."""
        counts = queries.counts_by_reason()
        asked = self.request.GET.get("reason", "")
        chosen = asked if asked in counts else None
        return super().context(
            reasons=[
                {
                    "words": words(reason).capitalize(),
                    "times": times,
                    "url": f"{reverse('quarantine')}?reason={reason}",
                    "is_chosen": reason == chosen,
                }
                for reason, times in counts.items()
            ],
            chosen=words(chosen).capitalize() if chosen else None,
            lines=[
                {
                    "last": clinic_datetime(line.last_at),
                    "times": _times(line),
                    "reason": _reason(line),
                    "sentence": line.sentence,
                    "sender": _sender(line),
                    "answer": ANSWERS[line.acknowledgement],
                    "standing": _standing(line),
                    "url": reverse("quarantine_line", args=[line.id]) if line.id is not None else None,
                }
                for line in queries.quarantined(reason=chosen)
            ],
            **extra,
        )


class ReviewForm(forms.Form):
    """What somebody makes of it."""

    words = forms.CharField(label="What you found", max_length=quarantine.WORDS_LETTERS_MAX)


class AgainForm(forms.Form):
    """Nothing is typed: the messages are taken in again as they came."""


class LinePage(FormPage):
    """One reason of one sender: its newest messages, what became of them, and a word on it."""

    action = "devices.read"
    post_action = "quarantine.work"
    template = "devices/quarantine_line.html.jinja"
    form_class: ClassVar[type[forms.Form]] = ReviewForm
    done_sentence = "It is written down that you looked."

    @property
    def line(self) -> Quarantined:
        """The line that the address names by the number of one of its messages."""
        found = queries.quarantined_like(self.kwargs["pk"])
        if found is None:
            raise Http404
        return found

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write down that it was looked at."""
        line = self.line
        assert line.id is not None, "a line with messages has a newest one"
        return quarantine.review(
            act, sender=line.sender, reason=line.reason, upto=line.id, words=form.cleaned_data["words"]
        )

    def done_address(self, stream: StreamId) -> str:
        """Stay here."""
        return reverse("quarantine_line", args=[self.kwargs["pk"]])

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the line and its newest messages."""
        line, role = self.line, self.author.role
        if not isinstance(extra.get("form"), ReviewForm):
            extra["form"] = ReviewForm()
        return super().context(
            **{
                "pk": self.kwargs["pk"],
                "heading": _reason(line),
                "facts": [
                    {"key": "Why", "value": line.sentence},
                    {"key": "Sender", "value": _sender(line)},
                    {"key": "How often", "value": _times(line)},
                    {"key": "Last received", "value": clinic_datetime(line.last_at)},
                    {"key": "Answered", "value": ANSWERS[line.acknowledgement]},
                    {
                        "key": "Looked at",
                        "value": _reviewed(line.review) if line.review else "not yet",
                    },
                ],
                "received": [
                    {
                        "at": clinic_datetime(each.received_at),
                        "outcomes": each.outcomes,
                        "url": reverse("quarantine_message", args=[each.id]),
                    }
                    for each in queries.messages(line)
                ],
                "can_work": may(role, "quarantine.work"),
                "can_open": may(role, "quarantine.open"),
                "can_replay": line.reason not in quarantine.NEVER_AGAIN and line.charted < line.times,
                **extra,
            }
        )


class AgainPage(LinePage):
    """Have a line's messages taken in again; the answer of each stands beside it afterwards."""

    form_class = AgainForm
    done_sentence = "They were taken in again. What became of each stands beside it."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Take them in again."""
        line = self.line
        return quarantine.replay(act, sender=line.sender, reason=line.reason)


class MessagePage(Page):
    """One message as it came. It may name a patient: who opens it stands in the access log."""

    action = "quarantine.open"
    template = "devices/quarantine_message.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the text, one segment a line."""
        pk = self.kwargs["pk"]
        raw, line = queries.raw_of(pk), queries.quarantined_like(pk)
        if raw is None or line is None:
            raise Http404
        text = raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").strip()
        return super().context(
            text=text or "The message was empty.",
            sentence=line.sentence,
            line_url=reverse("quarantine_line", args=[pk]),
            **extra,
        )


urlpatterns = [
    path("devices/quarantine/", QuarantinePage.as_view(), name="quarantine"),
    path("devices/quarantine/<int:pk>/", LinePage.as_view(), name="quarantine_line"),
    path("devices/quarantine/<int:pk>/again/", AgainPage.as_view(), name="quarantine_again"),
    path("devices/quarantine/<int:pk>/message/", MessagePage.as_view(), name="quarantine_message"),
]
