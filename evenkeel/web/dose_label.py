"""The labels of a dose: one for the bag and one for the syringe, from the order that stands."""

from datetime import date, datetime
from typing import Any

from django.http import Http404
from django.urls import path

from evenkeel.journey.rules import clinic_day
from evenkeel.record.ordering import OrderSignedAtOneRate
from evenkeel.record.patients import PatientState
from evenkeel.record.state import Written
from evenkeel.record.visits import VisitState
from evenkeel.store import reading
from evenkeel.store.queries import settings
from evenkeel.values.dose_plan import DosePlan
from evenkeel.web.jinja import clinic_date, clinic_datetime, clinic_time
from evenkeel.web.papers import PaperPage

# Where nobody has drawn or checked yet, the label leaves room to write by hand.
BLANK = "____________________"


class DoseLabel(PaperPage):
    """Two labels of one size, a page each."""

    sheet = "dose_label"

    def data(self, printed_at: datetime) -> dict[str, Any]:
        """Refuse without an order that stands: a label of a cancelled order would be put on something."""
        visit = reading.visit(self.stream("visit"))
        if visit.order is None:
            raise Http404
        patient = reading.patient(visit.booking.payload.patient)
        return label(patient, visit, settings.current().clinic_name, printed_at)


def label(patient: PatientState, visit: VisitState, clinic: str, printed_at: datetime) -> dict[str, Any]:
    """What both labels say, as plain text for typst."""
    assert visit.order is not None, "a label is printed for an order"
    order = visit.order.payload
    plan = order.plan
    if isinstance(order, OrderSignedAtOneRate):
        plan = DosePlan.around(order.dose, _weighed_date(visit))
    details, dose = patient.demographics, order.dose
    return {
        "title": "Labels",
        "clinic": clinic,
        "record_number": details.record_number,
        "patient": details.full_name,
        "born": f"born {clinic_date(details.birth_date)}",
        "drug": "ketamine",
        "bag": plan.label,
        "syringe": (
            ("Syringe", f"{dose.drawn.shown()} in {dose.draw}"),
            ("Concentration", str(dose.strength)),
            ("Into", f"{dose.bag} total; never given undiluted from this syringe"),
        ),
        "drawn": f"Drawn up by {_who(visit.draw)}",
        "checked": f"Checked by {_who(visit.double_check if _agrees(visit) else None)}",
        "until": f"Do not start after {clinic_datetime(order.expires_at)}",
        "footer": f"{clinic} · printed {clinic_datetime(printed_at)}",
    }


def _weighed_date(visit: VisitState) -> date | None:
    """The day of the weighing; none is claimed for a weight that was told."""
    check_in = visit.check_in
    if check_in is None or check_in.payload.weight_measured_today != "yes":
        return None
    return clinic_day(check_in.at)


def _agrees(visit: VisitState) -> bool:
    return visit.double_check is not None and visit.double_check.payload.agrees


def _who(fact: Written[Any] | None) -> str:
    return f"{fact.by.printed_name}, {clinic_time(fact.at)}" if fact else BLANK


urlpatterns = [path("visits/<uuid:visit>/label/", DoseLabel.as_view(), name="dose_label_pdf")]
