"""Forms about one course or one visit: the banner on top, and where to go afterwards."""

from typing import Any

from django.urls import reverse

from evenkeel.clinical.screening import INDICATIONS
from evenkeel.record.courses import CourseState
from evenkeel.record.visits import VisitState
from evenkeel.store import reading, rows
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web.banner import banner
from evenkeel.web.pages import FormPage


def patient_address(patient: StreamId) -> str:
    """The address of a patient's page."""
    return reverse("patient", args=[reference_of(patient)])


def course_context(state: CourseState) -> dict[str, Any]:
    """The banner, what the course is for, how far its record went, and the way back to the patient."""
    patient = reading.patient(state.referral.patient)
    return {
        "patient": banner(patient),
        "indication": INDICATIONS[state.referral.indication].label,
        "seen": state.seq,
        "cancel_url": patient_address(patient.stream),
    }


class OfCourse(FormPage):
    """A form about one course."""

    @property
    def course(self) -> CourseState:
        """The course that the address names."""
        return reading.course(self.stream("course"))

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the banner, what the course is for, and how far the record went."""
        return super().context(**course_context(self.course), **extra)

    def done_address(self, stream: StreamId) -> str:
        """Go to the patient."""
        return patient_address(reading.course(stream).referral.patient)


class OfVisit(FormPage):
    """A form about one visit."""

    @property
    def visit(self) -> VisitState:
        """The visit that the address names."""
        return reading.visit(self.stream("visit"))

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the banner, where and when the visit is, and how far the record went."""
        state = self.visit
        chair = rows.chair(state.chair)
        return super().context(
            patient=banner(reading.patient(state.booking.payload.patient)),
            chair=chair.name if chair else state.chair,
            starts_at=state.place.starts_at,
            ends_at=state.place.ends_at,
            number=state.booking.payload.number,
            seen=state.seq,
            cancel_url=reverse("visit", args=[reference_of(state.stream)]),
            **extra,
        )

    def done_address(self, stream: StreamId) -> str:
        """Go to the visit."""
        return reverse("visit", args=[reference_of(stream)])
