"""The visit itself: where it stands, what comes next and everything that was written."""

from typing import Any

from django.urls import path, reverse

from evenkeel.journey.phases import IN_THE_CHAIR
from evenkeel.journey.policy import may
from evenkeel.journey.series import MAY_CANCEL, MAY_MOVE
from evenkeel.record.visits import VisitState
from evenkeel.store import rows
from evenkeel.values.ids import reference_of
from evenkeel.web import chairside, timeline
from evenkeel.web.chairside import VisitPage
from evenkeel.web.devices_view import device_words
from evenkeel.web.handover_view import responsible_words
from evenkeel.web.sentences import sentence_of
from evenkeel.web.steps import PHASE_TAGS


class VisitHub(VisitPage):
    """One visit for whoever looks it up, before, during and after it."""

    action = "visit.read"
    template = "visit/visit.html.jinja"

    def about(self, state: VisitState) -> dict[str, Any]:
        """Where the visit stands and what this person may do about it."""
        role = self.author.role
        word, tone = PHASE_TAGS[state.phase]
        return {
            "number": state.booking.payload.number,
            "starts_at": state.place.starts_at,
            "tag": {"word": word, "tone": tone},
            "steps": chairside.steps(state),
            "next_step": chairside.next_step(state, role),
            "facts": _facts(state),
            "links": self._links(state),
            "entries": timeline.lines(state, can_amend=may(role, "entry.amend")),
            "patient_url": reverse("patient", args=[reference_of(state.booking.payload.patient)]),
        }

    def _links(self, state: VisitState) -> list[dict[str, str]]:
        role = self.author.role
        found = []
        if state.started is not None and may(role, "infusion.chart"):
            found.append(("Open the chart", "chart"))
        if state.phase in IN_THE_CHAIR and may(role, "infusion.chart"):
            found.append(("Monitor and pump of this patient", "visit_devices"))
        if state.last_draw is not None and may(role, "custody.waste"):
            found.append(("Drug of this visit", "visit_drug"))
        if state.phase in MAY_MOVE and may(role, "visit.book"):
            found.append(("Move the visit", "rebook"))
        if state.phase in MAY_CANCEL and may(role, "visit.book"):
            found.append(("Cancel the visit", "cancel_visit"))
        if state.order is not None and state.started is None and may(role, "order.cancel"):
            found.append(("Cancel the order", "order_cancel"))
        if state.order is not None and state.stopped is None and may(role, "record.print"):
            found.append(("Labels for bag and syringe (PDF)", "dose_label_pdf"))
        if state.started is not None and may(role, "record.print"):
            found.append(("Infusion record (PDF)", "infusion_record_pdf"))
        if state.discharge is not None and may(role, "record.print"):
            found.append(("Discharge sheet (PDF)", "discharge_pdf"))
        return [{"words": words, "url": self.address(route)} for words, route in found]


def _facts(state: VisitState) -> list[dict[str, Any]]:
    chair = rows.chair(state.chair)
    found: list[tuple[str, str | None]] = [("Chair", chair.name if chair else None)]
    if state.check_in is not None:
        escort = state.check_in.payload.escort
        found.append(("Weight today", str(state.weight) if state.weight else None))
        found.append(("Escort", f"{escort.name}, {escort.phone}" if escort.name else None))
    if state.phase in IN_THE_CHAIR:
        found.append(("Monitor and pump", device_words(state)))
    if state.order is not None:
        found.append(("Order", state.order.payload.plan.sentence))
    if state.responsible is not None:
        found.append(("Responsible", responsible_words(state)))
    if state.stopped is not None:
        found.append(("Given", state.given(state.stopped.at).shown()))
        found.append(("Stopped", sentence_of(state.stopped.payload)))
    if state.discharge is not None:
        found.append(("Received by", state.discharge.payload.received_by))
    return [{"key": key, "value": value} for key, value in found]


urlpatterns = [path("visits/<uuid:visit>/", VisitHub.as_view(), name="visit")]
