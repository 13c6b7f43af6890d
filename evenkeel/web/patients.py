"""The patients list. Looking for somebody is posted, so that no name stands in an address or a log."""

from typing import Any, ClassVar, Final

from django.http import HttpRequest, HttpResponseBase
from django.urls import path, reverse

from evenkeel.clinical.screening import INDICATIONS
from evenkeel.journey.policy import may
from evenkeel.record.courses import CourseStage
from evenkeel.store.queries import courses, patients
from evenkeel.store.queries.courses import CourseLine
from evenkeel.store.queries.patients import PatientLine
from evenkeel.values.ids import reference_of
from evenkeel.web.pages import Page

PER_PAGE: Final = 25

# Each stage in words, and the tone that its mark has.
STAGE_WORDS: Final[dict[CourseStage, tuple[str, str]]] = {
    "referred": ("Referred", "due"),
    "awaiting_prescriber": ("Waits for prescriber", "medium"),
    "not_today": ("Screened: not today", "stopped"),
    "declined": ("Declined", "stopped"),
    "screened": ("Screened fit", "ok"),
    "consented": ("Consented", "ok"),
    "in_series": ("In series", "now"),
    "review_due": ("Review due", "due"),
    "response_due": ("Response to judge", "due"),
    "responded": ("Series reviewed", "ok"),
    "maintenance": ("Maintenance", "info"),
    "consent_withdrawn": ("Consent withdrawn", "stopped"),
    "ended": ("Ended", "neutral"),
}


class PatientsPage(Page):
    """Every patient, by family name, with where their courses stand."""

    action = "patients.list"
    template = "patients/list.html.jinja"
    words: ClassVar[str] = ""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Show who matches what was typed."""
        return self.show(self.context(words=request.POST.get("words", "").strip()[:100]))

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the patients of this page of the list, and the stages to choose from."""
        words: str = extra.pop("words", "")
        stage = self.request.GET.get("stage", "")
        wanted = tuple(known for known in STAGE_WORDS if known == stage)
        said = self.request.GET.get("page", "")
        page = max(1, int(said)) if said.isdecimal() and len(said) < 6 else 1
        found = patients.search(words, wanted, first=(page - 1) * PER_PAGE, count=PER_PAGE)
        counts = courses.count_by_stage()
        return super().context(
            words=words,
            stage=wanted[0] if wanted else "",
            stages=[
                {"key": key, "label": STAGE_WORDS[key][0], "count": counts[key]}
                for key in STAGE_WORDS
                if key in counts
            ],
            total=found.total,
            rows=[patient_row(line) for line in found.patients],
            page=page,
            pages=max(1, -(-found.total // PER_PAGE)),
            may_refer=may(self.author.role, "patient.refer"),
            **extra,
        )


def patient_row(line: PatientLine) -> dict[str, Any]:
    """A patient as the list shows them; allergies of None were never asked for."""
    return {
        "name": line.full_name,
        "url": reverse("patient", args=[reference_of(line.patient)]),
        "record_number": line.record_number,
        "birth_date": line.birth_date,
        "phone": line.phone,
        "allergies": line.allergies,
        "courses": [_course(course) for course in line.courses],
    }


def _course(line: CourseLine) -> dict[str, Any]:
    words, tone = STAGE_WORDS[line.stage]
    given = f"{line.infusions_given} of {line.infusions_planned}" if line.infusions_planned else None
    return {
        "indication": INDICATIONS[line.indication].label,
        "stage": words,
        "tone": tone,
        "infusions": given,
        "open_risks": line.open_risks,
    }


urlpatterns = [path("patients/", PatientsPage.as_view(), name="patients")]
