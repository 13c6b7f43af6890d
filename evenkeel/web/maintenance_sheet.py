"""The maintenance plan on paper, for the patient: dates, goals, signs, whom to call, and nothing of doses."""

from datetime import datetime
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path

from evenkeel.clinical.maintenance import days_later, planned_dates, planned_due_date
from evenkeel.journey.rules import book
from evenkeel.record.courses import CourseState
from evenkeel.record.patients import PatientState
from evenkeel.store import reading
from evenkeel.store.queries import settings
from evenkeel.store.queries.settings import Settings
from evenkeel.web.jinja import clinic_date, clinic_datetime
from evenkeel.web.pages import Page, now
from evenkeel.web.printing import make_pdf

# Left blank where nothing is recorded, so that it can be written in by hand.
BLANK: Final = "____________________"
# Our own words; a proposal.
WHAT_TO_DO: Final = (
    "Come on the dates above. If you cannot, call us and we find another day.",
    "If the signs above come back, call us. Do not wait for the next date.",
    "If you find yourself wanting ketamine itself, tell us. That is a reason to talk, not to come sooner.",
    "Do not take ketamine from anywhere else. Go on with your other medicines as they were prescribed.",
    "Tell us of pain when you pass water, of blood in it, or of having to go much more often.",
    "In danger, call the emergency number. In the United States, 988 answers day and night.",
)


class MaintenanceSheet(Page):
    """What the patient takes home about the time after the series."""

    action = "record.print"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Send the PDF; there is none without a plan. The file's name holds no patient data."""
        course = reading.course(self.stream("course"))
        if course.maintenance is None:
            raise Http404
        patient = reading.patient(course.referral.patient)
        pdf = make_pdf("maintenance_sheet", sheet(patient, course, settings.current(), now()))
        name = f"maintenance-{str(kwargs['course'])[:8]}.pdf"
        headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
        return HttpResponse(pdf, content_type="application/pdf", headers=headers)


def sheet(
    patient: PatientState, course: CourseState, clinic: Settings, printed_at: datetime
) -> dict[str, Any]:
    """Lay out what the patient needs to know. It says nothing of doses."""
    plan = course.maintenance
    assert plan is not None, "a sheet is printed of a plan"
    said, details = plan.payload, patient.demographics
    due = planned_due_date(course)
    phone = clinic.clinic_phone or BLANK
    return {
        "title": "Your plan after the series",
        "clinic": clinic.clinic_name,
        "record_number": details.record_number,
        "footer": f"{clinic.clinic_name} · printed {clinic_datetime(printed_at)}",
        "patient": [
            ("Patient", details.full_name),
            ("Born", clinic_date(details.birth_date)),
            ("Record number", details.record_number),
        ],
        "dates": [
            ("Next infusion", clinic_date(due)),
            *(_end(course) or [("After that", f"about every {said.interval}, while you stay well")]),
        ],
        "wanted": [
            ("My goals", said.goals or BLANK),
            ("It may be coming back when", said.return_signs or BLANK),
            ("Psychotherapy", said.psychotherapy or BLANK),
            ("We talk each infusion through", days_later(said.talk_after) if said.talk_after else BLANK),
        ],
        "instructions": list(WHAT_TO_DO),
        "contacts": [
            ("The clinic", f"{clinic.clinic_name}, telephone {phone}"),
            ("Your prescriber", said.prescriber_contact or BLANK),
            ("Stands by you", said.support_contact or BLANK),
        ],
        "made": f"Made by {plan.by.printed_name}, {clinic_date(plan.at)}.",
    }


def _end(course: CourseState) -> list[tuple[str, str]]:
    plan = course.maintenance
    if plan is None or plan.payload.ends_date is None:
        return []
    dates = ", ".join(clinic_date(each) for each in planned_dates(book(), course)) or BLANK
    return [("Until the end", dates), ("The plan ends", clinic_date(plan.payload.ends_date))]


urlpatterns = [
    path("courses/<uuid:course>/maintenance.pdf", MaintenanceSheet.as_view(), name="maintenance_sheet_pdf"),
]
