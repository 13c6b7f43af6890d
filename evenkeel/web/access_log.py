"""The access log as a page: who looked at or wrote to whose data, by patient, person and day."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.urls import path

from evenkeel.journey.rules import clinic_midnight
from evenkeel.record.entry import ROLE_WORDS
from evenkeel.store.queries import access_log, people
from evenkeel.values.ids import ClinicianId
from evenkeel.web.pages import REFUSED, Page

LINES_A_PAGE: Final = 50


class SearchForm(forms.Form):
    """What to look for; everything may be left empty."""

    patient = forms.CharField(
        label="Patient", required=False, max_length=100, help_text="Part of a name, or a record number."
    )
    person = forms.ChoiceField(label="Person", required=False)
    day = forms.DateField(label="Day", required=False, widget=forms.DateInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everybody = [(person.id, person.printed_name) for person in people.everybody()]
        self.fields["person"] = forms.ChoiceField(
            label="Person", required=False, choices=[("", "Everybody"), *everybody]
        )


class AccessLogPage(Page):
    """Search the access log; reading it is written in it as well."""

    action = "access_log.read"
    template = "access/page.html.jinja"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Show the newest lines of everybody."""
        return self._found(SearchForm({}), page=1)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Show one page of what was found, or what is wrong with the question.

        The question is sent as a form, since a patient's name must not stand in an address.
        """
        said = request.POST.get("page", "")
        page = max(1, int(said)) if said.isdecimal() and len(said) < 6 else 1
        return self._found(SearchForm(request.POST), page)

    def _found(self, form: SearchForm, page: int) -> HttpResponseBase:
        if not form.is_valid():
            return self.show(
                self.context(form=form, lines=[], total=0, words="", older=None, newer=None), REFUSED
            )
        found = access_log.search(
            **_question(form.cleaned_data), first=(page - 1) * LINES_A_PAGE, count=LINES_A_PAGE
        )
        return self.show(
            self.context(
                form=form,
                lines=[_line(line) for line in found.lines],
                total=found.total,
                words=f"Page {page}, newest first",
                older=page + 1 if found.total > page * LINES_A_PAGE else None,
                newer=page - 1 if page > 1 else None,
            )
        )


def _question(asked: dict[str, Any]) -> dict[str, Any]:
    question: dict[str, Any] = {}
    if asked["patient"]:
        question["patients"] = access_log.patients_matching(asked["patient"])
    if asked["person"]:
        question["by"] = ClinicianId(asked["person"])
    if asked["day"]:
        until = clinic_midnight(asked["day"] + timedelta(days=1))
        question |= {"since": clinic_midnight(asked["day"]), "until": until}
    return question


def _line(line: access_log.AccessLine) -> dict[str, Any]:
    return {
        "at": line.at,
        "by": line.by_name,
        "role": ROLE_WORDS[line.by_role],
        "patient": line.patient_name or "not in the list of patients",
        "record_number": line.record_number,
        "page": line.route.replace("_", " "),
        "did": "looked" if line.method in ("GET", "HEAD") else "sent a form",
        "outcome": _outcome(line.status),
    }


def _outcome(status: int) -> str:
    if status < 400:
        return "done"
    return "not permitted" if status == 403 else "refused" if status < 500 else "broke"


urlpatterns = [path("access/", AccessLogPage.as_view(), name="access_log")]
