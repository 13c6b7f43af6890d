"""Paper: the infusion record and the discharge sheet of a visit, as PDF."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path

from evenkeel.store import reading
from evenkeel.store.queries import alerts, settings
from evenkeel.web import papers_view
from evenkeel.web.pages import Page, now
from evenkeel.web.printing import make_pdf


class PaperPage(Page):
    """A visit on paper. `sheet` names the typst source, `ready` says from which phase on it exists."""

    action = "record.print"
    sheet: str

    def data(self, printed_at: datetime) -> dict[str, Any]:
        """What the sheet says."""
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Send the PDF; the file's name holds no patient data."""
        pdf = make_pdf(self.sheet, self.data(now()))
        name = f"{self.sheet.replace('_', '-')}-{str(self.kwargs['visit'])[:8]}.pdf"
        headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
        return HttpResponse(pdf, content_type="application/pdf", headers=headers)


class InfusionRecord(PaperPage):
    """Everything of one infusion, for the file."""

    sheet = "infusion_record"

    def data(self, printed_at: datetime) -> dict[str, Any]:
        """Refuse before there is an infusion: an empty record on paper looks like a finished one."""
        visit = reading.visit(self.stream("visit"))
        if visit.started is None:
            raise Http404
        patient = reading.patient(visit.booking.payload.patient)
        of_visit = alerts.for_visit(visit.stream)
        return papers_view.infusion_record(patient, visit, of_visit, settings.current(), printed_at)


class DischargeSheet(PaperPage):
    """What the patient and the escort take home."""

    sheet = "discharge_sheet"

    def data(self, printed_at: datetime) -> dict[str, Any]:
        """Refuse before the discharge is signed."""
        visit = reading.visit(self.stream("visit"))
        if visit.discharge is None:
            raise Http404
        patient = reading.patient(visit.booking.payload.patient)
        return papers_view.discharge_sheet(patient, visit, settings.current(), printed_at)


urlpatterns = [
    path("visits/<uuid:visit>/infusion.pdf", InfusionRecord.as_view(), name="infusion_record_pdf"),
    path("visits/<uuid:visit>/discharge.pdf", DischargeSheet.as_view(), name="discharge_pdf"),
]
