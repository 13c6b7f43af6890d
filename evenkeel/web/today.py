"""The first page: what waits for the person who signed in, by their role."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.urls import path, reverse

from evenkeel.journey.custody.waste import pump_difference_ml
from evenkeel.journey.phases import IN_THE_CHAIR
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day, clinic_midnight
from evenkeel.record.entry import ROLE_WORDS, Author, Role
from evenkeel.record.visits import VisitPhase
from evenkeel.store import access
from evenkeel.store.queries import alerts, custody, monitors, settings, today
from evenkeel.store.queries.today import CourseNow, VisitNow
from evenkeel.web import alerts_load, limits_view, pages, steps, today_view, upkeep_view
from evenkeel.web.pages import Page
from evenkeel.web.today_view import Row

# Visits that nobody came to stay in sight this long. Proposal.
MISSED_FOR: Final = timedelta(days=14)
WAITING_PHASES: Final[tuple[VisitPhase, ...]] = ("awaiting_prescriber", *IN_THE_CHAIR)
# Over how long the count of messages that were set aside looks back. Proposal.
SET_ASIDE_FOR: Final = timedelta(days=7)
# Over how long the lead's number of alerts looks back. Proposal.
ALERTS_FOR: Final = timedelta(days=7)

WHAT_WAITS: Final[dict[Role, str]] = {
    "front_desk": "No referral, arrival, booking or call waits for you.",
    "nurse": "No patient, check, screening, consent or scale waits for you.",
    "prescriber": "No alert, decision, order, review or plan waits for you.",
    "lead": "No answer that alerts is open, and nobody who withdrew has a visit booked.",
    "registrant": "No visit has drug that waits to be accounted for.",
    "administrator": "Nothing waits for you.",
}


class TodayPage(Page):
    """What waits, ordered by harm and then by age."""

    action = "today.read"
    template = "today/page.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Rows, the day's visits, and for the lead the counts; the patients shown are noted as looked at."""
        by, at = self.author, pages.now()
        meets_patients = may(by.role, "patients.list")
        courses = today.courses(closed=steps.CLOSED) if meets_patients else ()
        visits = _visits(at) if meets_patients else ()
        rows = today_view.waiting(
            by,
            courses,
            visits,
            at,
            drug_left=_drug_left(by, visits),
            alerts=alerts.open_alerts() if may(by.role, "alert.read") else (),
        )
        day = today_view.day(visits, by.role, at) if meets_patients else []
        access.note(*(row.patient for row in rows), *(line["patient"] for line in day))
        return super().context(
            name=by.printed_name,
            role=by.role,
            role_words=ROLE_WORDS[by.role],
            rows=[_shown(row, at) for row in rows],
            grave=sum(1 for row in rows if row.tone == "high"),
            nothing=WHAT_WAITS[by.role],
            meets_patients=meets_patients,
            day=day,
            today=clinic_day(at),
            counts=_counts(courses, visits, at) if by.role == "lead" else None,
            places=_places(by.role),
            unassigned=_chairs_without_monitor() if by.role == "administrator" else [],
            set_aside=today.set_aside_since(at - SET_ASIDE_FOR) if by.role == "administrator" else None,
            now=at,
            **extra,
        )


def _shown(row: Row, at: datetime) -> dict[str, Any]:
    """A row for the template; what is still to come has no age."""
    return {
        "who": row.who,
        "why": row.why[:1].upper() + row.why[1:],
        "note": row.note,
        "tone": row.tone,
        "word": row.word,
        "at": row.at if row.at <= at else None,
        "action": row.action,
        "url": row.url,
    }


def _visits(at: datetime) -> tuple[VisitNow, ...]:
    begins = clinic_midnight(clinic_day(at))
    return today.visits(begins - MISSED_FOR, begins + timedelta(days=1), also=WAITING_PHASES)


def _drug_left(by: Author, visits: tuple[VisitNow, ...]) -> tuple[VisitNow, ...]:
    """Visits with drug in hand, and those of the day whose pump counted what nobody has explained."""
    if not may(by.role, "custody.waste"):
        return ()
    single = settings.current().is_single_patient
    in_hand = today.named_visits(custody.visits_with_drug_in_hand(single_patient=single))
    known = {visit.state.stream for visit in in_hand}
    unexplained = [
        visit
        for visit in visits
        if visit.state.stream not in known
        and visit.state.reconciled is None
        and pump_difference_ml(visit.state) is not None
    ]
    return (*in_hand, *unexplained)


def _counts(
    courses: tuple[CourseNow, ...], visits: tuple[VisitNow, ...], at: datetime
) -> list[dict[str, Any]]:
    """The lead's numbers, each with what it is out of."""
    of_today = today_view.day(visits, "lead", at)
    running = sum(1 for visit in visits if visit.state.phase in ("running", "paused"))
    everybody = [each.state for each in today.courses(closed=())]
    answered, counted = today_view.answered_share(everybody, at)
    open_courses = sum(1 for each in courses if each.state.stage not in steps.CLOSED)
    withdrawn = sum(1 for each in courses if each.state.consent_withdrawn)
    share = f"{round(100 * answered / counted)} %" if counted else "–"
    return [
        {"label": "Infusions running", "value": str(running), "note": f"{len(of_today)} visits today"},
        {"label": "Open courses", "value": str(open_courses), "note": f"{len(everybody)} in all"},
        {
            "label": "Scale within 7 days",
            "value": share,
            "note": f"{answered} of {counted} infusions in 90 days; the last 7 days do not count yet",
        },
        *upkeep_view.counts([each.state for each in courses], [visit.state for visit in visits], at),
        {
            "label": "Consent withdrawn",
            "value": str(withdrawn),
            "note": f"of {open_courses} open courses",
        },
        {
            "label": "Messages set aside",
            "value": str(today.set_aside_since(at - SET_ASIDE_FOR)),
            "note": "from monitors, in 7 days",
            "url": reverse("quarantine"),
        },
        alerts_load.count(alerts.load(at - ALERTS_FOR, at), ALERTS_FOR.days),
        _limits_set(at),
    ]


def _limits_set(at: datetime) -> dict[str, str]:
    """How many limits this clinic has set otherwise than they are shipped, or plans to."""
    every = limits_view.every(book().rules)
    here = sum(1 for rule, name in every if limits_view.is_set_here(rule, name, clinic_day(at)))
    note = f"of {len(every)} that can be set"
    return {"label": "Limits set here", "value": str(here), "note": note, "url": reverse("limits")}


def _places(role: Role) -> list[dict[str, str]]:
    """What somebody without patients can do here."""
    offered = {
        "registrant": [
            ("Stock", "stock", "What is in the safe and the cabinet, lot by lot, and what waits there."),
            ("Counts", "stock_counts", "Count the stock with a second person, and close the day."),
            ("Cases", "stock_cases", "Drug that is missing or too much, and what is due."),
            ("Reports", "stock_reports", "What an inspection asks for, on screen, as CSV and as PDF."),
            ("Rulebook", "rulebook", "The rules that every dose passes, with their sources."),
            ("Your security", "mfa_index", "Your second proof at sign-in, which your role needs."),
        ],
        "administrator": [
            ("People", "people", "Add people, change their role, end their access."),
            ("Access log", "access_log", "Who looked at or wrote to whose data."),
            ("Settings", "settings", "What this clinic chose for itself."),
            ("Chairs", "chairs", "Chairs and the monitors beside them."),
            ("Monitors", "monitors", "Which monitor stands where, and when it was last heard."),
            ("Messages set aside", "quarantine", "What monitors sent and nobody could chart."),
        ],
    }
    return [
        {"words": words, "url": reverse(route), "note": note} for words, route, note in offered.get(role, [])
    ]


def _chairs_without_monitor() -> list[str]:
    return [line.name for line in monitors.monitor_lines() if line.monitor is None]


urlpatterns = [path("", TodayPage.as_view(), name="today")]
