"""Everything on record about one patient: their own stream, their courses and their visits, folded."""

from evenkeel.record.courses import CourseState
from evenkeel.record.patients import PatientState
from evenkeel.record.state import State
from evenkeel.record.visits import VisitState
from evenkeel.store import models, reading
from evenkeel.values.ids import StreamId
from evenkeel.values.shape import frozen


@frozen
class PatientRecord:
    """A patient with every course and visit, courses by their referral (newest first), visits by start."""

    patient: PatientState
    courses: tuple[CourseState, ...]
    visits: tuple[VisitState, ...]

    @property
    def states(self) -> tuple[State, ...]:
        """Every stream of the patient."""
        return (self.patient, *self.courses, *self.visits)

    def visits_of(self, course: StreamId) -> tuple[VisitState, ...]:
        """The visits of one course, by start."""
        return tuple(visit for visit in self.visits if visit.booking.payload.course == course)


def record_of(patient: StreamId) -> PatientRecord:
    """Fold every stream of a patient and note the access; raises NoSuchStream when there is none."""
    state = reading.patient(patient)
    courses = models.CourseRow.objects.filter(patient=patient).order_by("-received_date", "-stream")
    visits = models.VisitRow.objects.filter(patient=patient).order_by("starts_at", "stream")
    return PatientRecord(
        patient=state,
        courses=tuple(
            reading.fold(CourseState, StreamId(pk)) for pk in courses.values_list("stream", flat=True)
        ),
        visits=tuple(
            reading.fold(VisitState, StreamId(pk)) for pk in visits.values_list("stream", flat=True)
        ),
    )
