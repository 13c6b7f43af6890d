"""The series: its plan, its visits in their chairs, and the diary of a day."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone

from evenkeel.clinical.screening import INDICATIONS
from evenkeel.clinical.series import assess_booking, suggest_times
from evenkeel.journey import series as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day, clinic_time
from evenkeel.journey.series import MAY_CANCEL, MAY_MOVE, Place
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Role
from evenkeel.record.verdict import Verdict
from evenkeel.store import reading, rows
from evenkeel.store.queries import patients, visits
from evenkeel.store.queries.visits import VisitLine
from evenkeel.store.rows import Chair
from evenkeel.values.ids import ChairId, StreamId, reference_of
from evenkeel.values.issues import UnableTo, refuse
from evenkeel.web import diary_view, pages, visit_drug
from evenkeel.web.about import OfCourse, OfVisit
from evenkeel.web.pages import Page
from evenkeel.web.series_view import plan_words, visit_row
from evenkeel.web.verdicts import add_override_fields, findings, in_the_way, overrides_of

# How long a chair is held: preparation, the infusion, and the hour of recovery. Proposal.
LENGTH: Final = {"mood": timedelta(hours=2, minutes=30), "pain": timedelta(hours=6)}
# When suggested visits begin, unless somebody chooses another time. Proposal.
BEGINS: Final = time(9, 0)


def _zone() -> Any:
    return timezone.get_default_timezone()


def _read_time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        return BEGINS


class PlaceForm(forms.Form):
    """A day, a start, an end and a chair, in the clinic's time."""

    day = forms.DateField(label="Day", widget=forms.DateInput)
    begins = forms.TimeField(label="Starts at", widget=forms.TimeInput(format="%H:%M"))
    ends = forms.TimeField(label="Ends at", widget=forms.TimeInput(format="%H:%M"))
    chair = forms.ChoiceField(label="Chair")

    # Where the fields of the use case's refusals stand in this form.
    STANDS_AT: Final = {"starts_at": "begins", "ends_at": "ends"}

    def __init__(self, *args: Any, verdicts: tuple[Verdict, ...] = (), **kwargs: Any) -> None:
        """`verdicts` are what rules say about the time that was chosen."""
        super().__init__(*args, **kwargs)
        chair = self.fields["chair"]
        assert isinstance(chair, forms.ChoiceField), "a chair is one of several"
        chair.choices = [(each.id, each.name) for each in rows.chairs()]
        add_override_fields(self, book(), verdicts)

    @property
    def place(self) -> Place:
        """What was chosen."""
        typed = self.cleaned_data
        return Place(
            chair=ChairId(typed["chair"]),
            starts_at=_moment(typed["day"], typed["begins"]),
            ends_at=_moment(typed["day"], typed["ends"]),
        )

    @property
    def override_fields(self) -> list[forms.BoundField]:
        """The reasons, one for every rule that asks for one."""
        return [self[name] for name in self.fields if name.startswith("override_")]


class AllForm(forms.Form):
    """Every suggestion as the page showed it, so that nothing is booked that nobody saw."""

    places_shown = forms.CharField(label="Suggested visits")

    @property
    def places(self) -> tuple[Place, ...]:
        """What was shown; raises UnableTo when the page sent something else."""
        if self.is_valid():
            try:
                return tuple(_read_place(text) for text in self.cleaned_data["places_shown"].split(";"))
            except ValueError:
                pass
        raise refuse("The suggested visits could not be read. Open the page again.", code="unreadable")


class RebookForm(PlaceForm):
    """Another place, and why."""

    reason = forms.CharField(label="Reason", max_length=200)


class CancelForm(forms.Form):
    """Why a visit is called off."""

    reason = forms.CharField(label="Reason", widget=forms.Textarea)


def _write_place(place: Place) -> str:
    return f"{place.starts_at.isoformat()} {place.ends_at.isoformat()} {place.chair}"


def _read_place(text: str) -> Place:
    starts_at, ends_at, chair = text.split(" ")
    span = datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at)
    if any(moment.tzinfo is None for moment in span):
        raise ValueError("a moment without a zone")
    return Place(chair=ChairId(chair), starts_at=span[0], ends_at=span[1])


def _moment(day: date, begins: time) -> datetime:
    return datetime.combine(day, begins, tzinfo=_zone()).astimezone(UTC)


class BookPage(OfCourse):
    """The times that the rhythm suggests, and any other; one is booked, or all of them."""

    action = "visit.book"
    template = "series/book.html.jinja"
    form_class = PlaceForm
    done_sentence = "Booked."

    @property
    def day(self) -> date:
        """The day whose chairs are shown: the one in the address, or that of the next suggestion."""
        try:
            return date.fromisoformat(self.request.GET.get("day", ""))
        except ValueError:
            left = self.suggested()
            return left[0][0].astimezone(_zone()).date() if left else clinic_day(pages.now())

    @property
    def begins(self) -> time:
        """When suggested visits begin."""
        return _read_time(self.request.GET.get("begins", ""))

    @property
    def length(self) -> timedelta:
        """How long a chair is held for this indication."""
        return LENGTH[INDICATIONS[self.course.referral.indication].family]

    def suggested(self) -> list[tuple[datetime, Chair | None]]:
        """The times of the rhythm that are not booked yet, each with the first chair that is free."""
        state = self.course
        if state.series is None:
            return []
        times = suggest_times(state.series.payload, begins=self.begins, zone=_zone())
        standing = [line for line in visits.of_course(state.stream) if line.phase != "cancelled"]
        since_plan = [line for line in standing if line.starts_at >= times[0] - timedelta(days=1)]
        taken_days = {clinic_day(line.starts_at) for line in standing}
        free_days = [at for at in times if clinic_day(at) not in taken_days and at > pages.now()]
        left = max(0, state.series.payload.infusions - len(since_plan))
        return [(at, _free_chair(at, at + self.length)) for at in free_days[:left]]

    def form_arguments(self) -> dict[str, Any]:
        """Start from the first suggestion; ask for reasons once a time was chosen that rules speak about."""
        starts = _moment(self.day, self.begins)
        chair = _free_chair(starts, starts + self.length)
        initial = {
            "day": self.day,
            "begins": self.begins,
            "ends": (starts + self.length).astimezone(_zone()).time(),
            "chair": chair.id if chair else None,
        }
        return {"initial": initial, "verdicts": _said(self.request, self.author.role, self.course)}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the suggestions, and the chairs of the day."""
        state, day, found = self.course, self.day, self.suggested()
        said = findings(book(), assess_booking(book(), state, clinic_time(_moment(day, self.begins))))
        suggestions = [
            {
                "at": at,
                "ends_at": at + self.length,
                "chair": chair.name if chair else None,
                "day": at.astimezone(_zone()).date().isoformat(),
            }
            for at, chair in found
        ]
        address = reverse("book", args=[self.kwargs["course"]])
        begins = f"{self.begins:%H:%M}"
        return super().context(
            plan=plan_words(state),
            suggestions=suggestions,
            places_shown=";".join(
                _write_place(Place(chair=chair.id, starts_at=at, ends_at=at + self.length))
                for at, chair in found
                if chair is not None
            ),
            begins=begins,
            day=day,
            chairs=diary_view.free_and_taken(day, rows.chairs(), _visits_of(day)),
            before_url=f"{address}?day={day - timedelta(days=1)}&begins={begins}",
            after_url=f"{address}?day={day + timedelta(days=1)}&begins={begins}",
            series_url=reverse("series", args=[self.kwargs["course"]]),
            asking=[each for each in said if each["outcome"] != "clear"],
            clear=[each for each in said if each["outcome"] == "clear"],
            **extra,
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Book every suggestion, or the one in the form."""
        if request.POST.get("book") != "all":
            return super().post(request, **kwargs)
        shown = AllForm(request.POST)
        try:
            places = shown.places
            use_cases.book_visits(self.act(shown), course=self.stream("course"), places=places)
        except UnableTo as refusal:
            form = self.form_class(**self.form_arguments())
            return self.show(self.context(form=form, issues=refusal.issues), status=pages.REFUSED)
        messages.success(request, f"{len(places)} visits are booked.")
        return redirect(reverse("series", args=[kwargs["course"]]))

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Book one visit."""
        assert isinstance(form, PlaceForm), "the form of this page names a place"
        place = form.place
        return use_cases.book_visit(
            act,
            course=self.stream("course"),
            chair=place.chair,
            starts_at=place.starts_at,
            ends_at=place.ends_at,
            overrides=overrides_of(form),
        )

    def place(self, form: forms.Form, issue: Any) -> None:
        """Times are asked for in two boxes here."""
        _place_issue(form, issue)

    def done_address(self, stream: StreamId) -> str:
        """Go back to the series."""
        return reverse("series", args=[self.kwargs["course"]])


def _said(request: HttpRequest, role: Role, course: CourseState) -> tuple[Verdict, ...]:
    """What rules ask of the time that was sent, for the person who may answer them with a reason."""
    chosen = PlaceForm(request.POST or None)
    if not chosen.is_valid() or role != "prescriber":
        return ()
    return in_the_way(assess_booking(book(), course, clinic_time(chosen.place.starts_at)))


def _place_issue(form: forms.Form, issue: Any) -> None:
    name = PlaceForm.STANDS_AT.get(issue.field, issue.field)
    form.add_error(name if name in form.fields else None, issue.sentence)


class RebookPage(OfVisit):
    """Another chair or time for a visit."""

    action = "visit.book"
    template = "series/rebook.html.jinja"
    form_class = RebookForm
    done_sentence = "The visit is moved."

    def form_arguments(self) -> dict[str, Any]:
        """Start from where the visit stands now."""
        place = self.visit.place
        starts, ends = place.starts_at.astimezone(_zone()), place.ends_at.astimezone(_zone())
        initial = {"day": starts.date(), "begins": starts.time(), "ends": ends.time(), "chair": place.chair}
        course = reading.course(self.visit.booking.payload.course)
        return {"initial": initial, "verdicts": _said(self.request, self.author.role, course)}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Show the chairs of a day."""
        try:
            day = date.fromisoformat(self.request.GET.get("day", ""))
        except ValueError:
            day = clinic_day(self.visit.place.starts_at)
        address = self.request.path
        return super().context(
            day=day,
            chairs=diary_view.free_and_taken(day, rows.chairs(), _visits_of(day)),
            before_url=f"{address}?day={day - timedelta(days=1)}",
            after_url=f"{address}?day={day + timedelta(days=1)}",
            may_move=self.visit.phase in MAY_MOVE,
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Move it."""
        assert isinstance(form, RebookForm), "the form of this page names a place"
        place = form.place
        return use_cases.rebook_visit(
            act,
            visit=self.stream("visit"),
            chair=place.chair,
            starts_at=place.starts_at,
            ends_at=place.ends_at,
            reason=form.cleaned_data["reason"],
            overrides=overrides_of(form),
        )

    def place(self, form: forms.Form, issue: Any) -> None:
        """Times are asked for in two boxes here."""
        _place_issue(form, issue)


class CancelPage(OfVisit):
    """A visit that will not take place."""

    action = "visit.book"
    template = "series/cancel.html.jinja"
    form_class = CancelForm
    done_sentence = "The visit is cancelled, and its chair is free."

    def context(self, **extra: Any) -> dict[str, Any]:
        """Say whether it still can be, and what is in hand of its drug."""
        visit = self.visit
        drug = visit_drug.notice_of(visit) if may(self.author.role, "custody.waste") else None
        return super().context(may_cancel=visit.phase in MAY_CANCEL, drug=drug, **extra)

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Cancel it."""
        return use_cases.cancel_visit(act, visit=self.stream("visit"), reason=form.cleaned_data["reason"])

    def done_address(self, stream: StreamId) -> str:
        """Go back to the series."""
        course = self.visit.booking.payload.course
        return reverse("series", args=[reference_of(course)])


class DiaryPage(Page):
    """One day, chair by chair."""

    action = "visit.read"
    template = "series/diary.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the grid of the day in the address, or of today."""
        today = clinic_day(pages.now())
        try:
            day = date.fromisoformat(self.request.GET.get("day", ""))
        except ValueError:
            day = today
        lines = _visits_of(day)
        known = patients.by_streams(line.patient for line in lines)
        names = {stream: (found.full_name, found.record_number) for stream, found in known.items()}
        address = reverse("diary")
        return super().context(
            day=day,
            is_today=day == today,
            grid=diary_view.grid(day, rows.chairs(), lines, names),
            cancelled=[visit_row(line, names) for line in lines if line.phase == "cancelled"],
            before_url=f"{address}?day={day - timedelta(days=1)}",
            after_url=f"{address}?day={day + timedelta(days=1)}",
            today_url=address,
            **extra,
        )


def _visits_of(day: date) -> tuple[VisitLine, ...]:
    midnight = _moment(day, time(0, 0))
    return visits.between(midnight, _moment(day + timedelta(days=1), time(0, 0)))


def _free_chair(starts_at: datetime, ends_at: datetime) -> Chair | None:
    busy = {line.chair for line in visits.between(starts_at, ends_at) if line.phase != "cancelled"}
    return next((chair for chair in rows.chairs() if chair.id not in busy), None)


urlpatterns = [
    path("courses/<uuid:course>/book/", BookPage.as_view(), name="book"),
    path("visits/<uuid:visit>/rebook/", RebookPage.as_view(), name="rebook"),
    path("visits/<uuid:visit>/cancel/", CancelPage.as_view(), name="cancel_visit"),
    path("diary/", DiaryPage.as_view(), name="diary"),
]
