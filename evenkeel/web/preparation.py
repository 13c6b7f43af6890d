"""Consent: the text that is read with the patient, and taking it back."""

from typing import Any

from django import forms
from django.urls import path, reverse

from evenkeel.clinical.preparation import ConsentDocument, document, in_force
from evenkeel.journey import preparation as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.journey.rules import clinic_day
from evenkeel.record.courses import CourseState
from evenkeel.store.queries import people
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web import pages
from evenkeel.web.about import OfCourse
from evenkeel.web.fields import HappenedAtField

LANGUAGE_WORDS = {"en": "English"}


class ConsentForm(forms.Form):
    """What was read, who explained it and what was talked about."""

    document = forms.ChoiceField(label="Text", widget=forms.RadioSelect)
    topics = forms.MultipleChoiceField(
        label="Talked about",
        help_text="Tick each one after talking about it.",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    off_label_explained = forms.BooleanField(label="Off-label use was explained", required=False)
    explained_by = forms.ChoiceField(label="Explained by")
    happened_at = HappenedAtField()

    def __init__(
        self, *args: Any, texts: tuple[ConsentDocument, ...], names: list[str], **kwargs: Any
    ) -> None:
        """`texts` are those in force; `names` are the people who may have explained."""
        super().__init__(*args, **kwargs)
        self._choose("document", [(key_of(text), _title(text)) for text in texts])
        self._choose("topics", [(topic.key, topic.label) for text in texts[:1] for topic in text.topics])
        self._choose("explained_by", [("", "Choose"), *((name, name) for name in names)])

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField), "one of several is chosen"
        field.choices = choices


class WithdrawForm(forms.Form):
    """Whom the patient told, and why if they said."""

    said_to = forms.CharField(label="Said to", max_length=200)
    reason = forms.CharField(
        label="Reason",
        help_text="In the patient's own words. They need not give one.",
        widget=forms.Textarea,
        required=False,
    )
    happened_at = HappenedAtField()


def key_of(text: ConsentDocument) -> str:
    """A text, its version and its language as one form value."""
    return f"{text.key}/{text.version}/{text.language}"


def _title(text: ConsentDocument) -> str:
    return f"{text.title}, version {text.version}, {LANGUAGE_WORDS.get(text.language, text.language)}"


class ConsentPage(OfCourse):
    """The consent that stands, or the text to read and the form to record it."""

    action = "patient.read"
    post_action = "consent.record"
    template = "preparation/consent.html.jinja"
    form_class = ConsentForm
    done_sentence = "The consent is recorded. Next, plan the series."

    def form_arguments(self) -> dict[str, Any]:
        """The texts in force today; whoever fills the form in is suggested as the one who explained."""
        texts = in_force(clinic_day(pages.now()))
        explainers = [*people.every("prescriber"), *people.every("nurse")]
        names = [person.printed_name for person in explainers]
        own = self.author.printed_name
        initial = {"document": key_of(texts[0]), "explained_by": own if own in names else ""}
        return {"texts": texts, "names": names, "initial": initial}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the text, and what stands now."""
        state = self.course
        may_record = may(self.author.role, "consent.record") and state.stage != "ended"
        return super().context(
            texts=in_force(clinic_day(pages.now())),
            given=_given(state),
            withdrawn=_withdrawn(state),
            fit=state.is_screened_fit,
            may_record=may_record,
            shows_form=may_record
            and state.is_screened_fit
            and (state.consent is None or "again" in self.request.GET or "form" in extra),
            screening_url=reverse("screening", args=[self.kwargs["course"]]),
            withdraw_url=reverse("consent_withdraw", args=[self.kwargs["course"]]),
            again_url=f"{self.request.path}?again=1",
            series_url=reverse("series", args=[self.kwargs["course"]]),
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Record it."""
        typed = form.cleaned_data
        key, version, language = typed["document"].split("/")
        return use_cases.record_consent(
            act,
            course=self.stream("course"),
            document=key,
            version=version,
            language=language,
            explained_by=typed["explained_by"],
            topics=tuple(typed["topics"]),
            off_label_explained=typed["off_label_explained"],
        )

    def done_address(self, stream: StreamId) -> str:
        """Go on to the series."""
        return reverse("series", args=[reference_of(stream)])


class WithdrawPage(OfCourse):
    """The patient no longer agrees."""

    action = "consent.record"
    template = "preparation/withdraw.html.jinja"
    form_class = WithdrawForm
    done_sentence = "The consent is withdrawn. Nothing is given any more; cancel the visits that are booked."

    def context(self, **extra: Any) -> dict[str, Any]:
        """Say which consent it is."""
        return super().context(given=_given(self.course), **extra)

    def form_arguments(self) -> dict[str, Any]:
        """Suggest whoever writes it down."""
        return {"initial": {"said_to": self.author.printed_name}}

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write it down."""
        typed = form.cleaned_data
        return use_cases.withdraw_consent(
            act, course=self.stream("course"), said_to=typed["said_to"], reason=typed["reason"]
        )


def _given(state: CourseState) -> dict[str, Any] | None:
    consent = state.consent
    if consent is None:
        return None
    given = consent.payload
    text = document(given.document, given.version, given.language)
    labels = {topic.key: topic.label for topic in text.topics} if text else {}
    return {
        "title": _title(text) if text else f"{given.document}, version {given.version}",
        "at": consent.at,
        "by": consent.by.printed_name,
        "explained_by": given.explained_by,
        "topics": [labels.get(key, key) for key in given.topics],
    }


def _withdrawn(state: CourseState) -> dict[str, Any] | None:
    withdrawn = state.consent_withdrawn
    if withdrawn is None:
        return None
    return {"at": withdrawn.at, "said_to": withdrawn.payload.said_to, "reason": withdrawn.payload.reason}


urlpatterns = [
    path("courses/<uuid:course>/consent/", ConsentPage.as_view(), name="consent"),
    path("courses/<uuid:course>/consent/withdraw/", WithdrawPage.as_view(), name="consent_withdraw"),
]
