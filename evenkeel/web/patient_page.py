"""The patient's page, and everything that was ever written about them in one timeline."""

from typing import Any, Final

from django.http import Http404
from django.urls import path, reverse

from evenkeel.journey.policy import may
from evenkeel.record.courses import CourseState
from evenkeel.store import rows
from evenkeel.store.queries import history
from evenkeel.values.ids import reference_of
from evenkeel.web import pages, patient_view, record_view
from evenkeel.web.banner import banner
from evenkeel.web.pages import Page

PER_PAGE: Final = 50


class PatientPage(Page):
    """One patient: the chosen course, which is the newest unless the address says another."""

    action = "patient.read"
    template = "patient/page.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Everything on one screen."""
        record = history.record_of(self.stream("patient"))
        role, at = self.author.role, pages.now()
        chosen = self.chosen(record.courses)
        chairs = {chair.id: chair.name for chair in rows.chairs()}
        reference = self.kwargs["patient"]
        return super().context(
            patient=banner(record.patient),
            tabs=patient_view.tabs(record, chosen.stream) if chosen else [],
            course=patient_view.course_page(record, chosen, chairs, role, at) if chosen else None,
            risks=patient_view.risks(record, role),
            exposure=patient_view.exposure(record),
            medicines=patient_view.medicines(record.patient),
            contacts=patient_view.contacts(record.patient),
            record_url=reverse("patient_record", args=[reference]),
            change_details_url=reverse("patient_details", args=[reference])
            if may(role, "patient.change_details")
            else None,
            medicines_url=reverse("patient_medicines", args=[reference])
            if may(role, "patient.record_medicines")
            else None,
            allergies_url=reverse("patient_allergies", args=[reference])
            if may(role, "patient.record_medicines")
            else None,
            refer_again_url=reverse("refer_again", args=[reference]) if may(role, "patient.refer") else None,
            now=at,
            **extra,
        )

    def chosen(self, courses: tuple[CourseState, ...]) -> CourseState | None:
        """The course that the address names, or the newest; a course of somebody else is not found."""
        asked = self.request.GET.get("course")
        if asked is None:
            return courses[0] if courses else None
        found = next((each for each in courses if reference_of(each.stream) == asked), None)
        if found is None:
            raise Http404
        return found


class RecordPage(Page):
    """Every entry of every stream of a patient, the newest first."""

    action = "patient.read"
    template = "patient/record.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """One page of the timeline, of the kinds that were asked for."""
        record = history.record_of(self.stream("patient"))
        everything = record_view.facts(record)
        kinds = record_view.kinds(everything)
        kind = self.request.GET.get("kind", "")
        wanted = [each for each in everything if not kind or record_view.kind_of(each) == kind]
        said = self.request.GET.get("page", "")
        pages_count = max(1, -(-len(wanted) // PER_PAGE))
        page = min(max(1, int(said)) if said.isdecimal() and len(said) < 6 else 1, pages_count)
        shown = wanted[(page - 1) * PER_PAGE : page * PER_PAGE]
        return super().context(
            patient=banner(record.patient),
            patient_url=reverse("patient", args=[self.kwargs["patient"]]),
            entries=[
                record_view.line(each, record, self.author.role, self.request.get_full_path())
                for each in shown
            ],
            kind=kind,
            kinds=kinds,
            total=len(everything),
            page=page,
            pages=pages_count,
            **extra,
        )


urlpatterns = [
    path("patients/<uuid:patient>/", PatientPage.as_view(), name="patient"),
    path("patients/<uuid:patient>/record/", RecordPage.as_view(), name="patient_record"),
]
