"""The patient's page as plain values: where a course stands, what comes next and what it has gathered."""

from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from evenkeel.clinical.outcomes import scale_of
from evenkeel.clinical.preparation import document
from evenkeel.clinical.scales import scale
from evenkeel.clinical.screening import INDICATIONS
from evenkeel.journey.policy import PERMITTED, Action, may
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.courses import REVIEW_AFTER, CourseState
from evenkeel.record.entry import ROLE_WORDS, Role
from evenkeel.record.patients import PatientState
from evenkeel.record.visits import VisitState
from evenkeel.store.queries.history import PatientRecord
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ChairId, StreamId, reference_of
from evenkeel.values.numbers import plain
from evenkeel.web import steps
from evenkeel.web.jinja import clinic_date, clinic_datetime
from evenkeel.web.outcome_view import REMISSION_WORDS, RESPONSE_WORDS, charts, open_risks, risk
from evenkeel.web.patients import STAGE_WORDS
from evenkeel.web.screening_view import DECISION_WORDS, OUTCOME_WORDS
from evenkeel.web.verdicts import findings

REVIEW_WORDS: Final = {"continue": "Go on", "change_dose": "Go on with another dose", "stop": "Stop"}

# What can be done on a course at any time, by those who may: words, action, route.
ALSO: Final[tuple[tuple[str, Action, str], ...]] = (
    ("Screening", "patient.read", "screening"),
    ("Series", "series.plan", "series"),
    ("Book a visit", "visit.book", "book"),
    ("Withdraw consent", "consent.record", "consent_withdraw"),
    ("Rating scales", "assessment.record", "assessments"),
    ("Judge response", "response.judge", "response"),
    ("Repeated checks", "patient.read", "repeated_checks"),
    ("Maintenance plan", "maintenance.plan", "maintenance"),
    ("End the course", "course.end", "course_end"),
)


def course_page(
    record: PatientRecord, course: CourseState, chairs: dict[ChairId, str], role: Role, at: datetime
) -> dict[str, Any]:
    """Everything about one course, for the template."""
    visits = record.visits_of(course.stream)
    words, tone = STAGE_WORDS[course.stage]
    return {
        "reference": reference_of(course.stream),
        "indication": INDICATIONS[course.referral.indication].label,
        "stage": {"words": words, "tone": tone},
        "received": course.referral.received_date,
        "stages": stages(course, visits, role),
        "next": next_step(course, visits, role),
        "also": _also(course, role),
        "referral": _referral(course),
        "screening": _screening(course, role),
        "consent": _consent(course),
        "visits": [_visit(visit, chairs, role, at) for visit in visits],
        "to_book": steps.still_to_book(course, visits),
        "series": _series(course),
        "charts": charts(book(), course, at),
        "assess": _assess(course, role),
        "reviews": _reviews(course),
        "response": _response(course),
        "maintenance": _maintenance(course, at),
    }


def tabs(record: PatientRecord, chosen: StreamId) -> list[dict[str, Any]]:
    """One tab for every course, the newest first."""
    address = reverse("patient", args=[reference_of(record.patient.stream)])
    return [
        {
            "label": f"{INDICATIONS[course.referral.indication].label}, "
            f"{clinic_date(course.referral.received_date)}",
            "stage": STAGE_WORDS[course.stage][0],
            "url": f"{address}?course={reference_of(course.stream)}",
            "current": course.stream == chosen,
        }
        for course in record.courses
    ]


def risks(record: PatientRecord, role: Role) -> list[dict[str, Any]]:
    """Answers that alert and that nobody has acted on yet, of every course, the oldest first."""
    found = [risk(course, fact) for course in record.courses for fact in open_risks(course)]
    for each in found:
        each["url"] = reverse("risk", args=[each["course"], each["seq"]])
        each["may_answer"] = may(role, "risk.answer")
    return sorted(found, key=lambda each: each["at"])


def exposure(record: PatientRecord) -> dict[str, Any]:
    """How much ketamine this clinic has given to the patient in all, and in how many infusions."""
    counted = [fact.payload for course in record.courses for fact in course.infusions]
    total = sum((each.given for each in counted), DrugMass(mcg=0))
    last = max((each.started_at for each in counted), default=None)
    running = [visit for visit in record.visits if visit.started and not visit.discharge]
    return {
        "total": total.shown(),
        "infusions": len(counted),
        "last_at": last,
        "not_counted": len(running),
    }


def medicines(patient: PatientState) -> dict[str, Any]:
    """The medicine list: None where nobody has asked, which is not the same as none taken."""
    taken = patient.medicines
    if taken is None:
        return {"known": None}
    return {"known": [f"{each.name}, {each.dose}" if each.dose else each.name for each in taken.medicines]}


def contacts(patient: PatientState) -> list[dict[str, Any]]:
    """How to reach the patient and who stands by."""
    details = patient.demographics
    return [
        {"key": "Phone", "value": details.phone or None},
        *(
            {"key": each.relation.capitalize() or "Contact", "value": f"{each.name}, {each.phone}"}
            for each in details.contacts
        ),
    ]


def next_step(course: CourseState, visits: tuple[VisitState, ...], role: Role) -> dict[str, Any] | None:
    """The next step as a button, or who will do it; None when the course has ended."""
    step = steps.of_course(course, visits)
    if step is None:
        return None
    waits_for = [ROLE_WORDS[each] for each in ROLE_WORDS if each in PERMITTED[step.action]]
    return {
        "words": step.words,
        "url": step.address if may(role, step.action) else None,
        "waits_for": " or ".join(waits_for),
    }


def stages(course: CourseState, visits: tuple[VisitState, ...], role: Role) -> list[dict[str, Any]]:
    """The stages of the course, each done, now, waiting or blocked, with a note."""
    given = len(course.infusions)
    planned = course.series.payload.infusions if course.series else None
    known: list[dict[str, Any]] = [
        {"label": "Referral", "done": True, "note": clinic_date(course.referral.received_date)},
        {"label": "Screening", "done": course.is_screened_fit, "note": _screening_note(course)},
        {"label": "Consent", "done": course.consent is not None, "note": _consent_note(course)},
        {
            "label": "Series",
            "done": course.response is not None
            or (planned is not None and steps.given_in_series(course) >= planned),
            "note": f"{steps.given_in_series(course)} of {planned} given" if planned else None,
        },
        {
            "label": "Reviews",
            "done": given >= REVIEW_AFTER[0] and not course.reviews_due and bool(course.reviews),
            "note": _review_note(course),
        },
        {
            "label": "Response",
            "done": course.response is not None,
            "note": RESPONSE_WORDS[course.response.payload.response][0] if course.response else None,
        },
        {
            "label": "Maintenance",
            "done": False,
            "note": f"due {clinic_date(steps.maintenance_due(course))}" if course.maintenance else None,
        },
    ]
    now = _stage_now(course)
    found = []
    for number, step in enumerate(known):
        state = "done" if step["done"] else "waiting"
        if number == now:
            state = "now"
        if course.stage == "ended" and not step["done"]:
            state = "skipped"
        if step["label"] == "Consent" and course.consent_withdrawn:
            state = "blocked"
        if step["label"] == "Screening" and course.stage in ("declined", "not_today"):
            state = "blocked"
        found.append({"label": step["label"], "state": state, "note": step["note"]})
    return found


# Which of the seven stages is the present one.
_NOW: Final = {
    "referred": 1,
    "awaiting_prescriber": 1,
    "not_today": 1,
    "declined": 1,
    "screened": 2,
    "consent_withdrawn": 2,
    "consented": 3,
    "in_series": 3,
    "review_due": 4,
    "response_due": 4,
    "responded": 6,
    "maintenance": 6,
    "ended": None,
}


def _stage_now(course: CourseState) -> int | None:
    return 5 if steps.needs_judging(course) else _NOW[course.stage]


def _screening_note(course: CourseState) -> str | None:
    if course.screening is None:
        return None
    decision = course.screening_decision
    if decision is not None:
        return f"prescriber: {decision.payload.decision}"
    return OUTCOME_WORDS[course.screening.payload.outcome][0].lower()


def _consent_note(course: CourseState) -> str | None:
    if course.consent_withdrawn:
        return f"withdrawn {clinic_date(course.consent_withdrawn.at)}"
    return f"version {course.consent.payload.version}" if course.consent else None


def _review_note(course: CourseState) -> str | None:
    if course.reviews_due:
        return f"owed after {' and '.join(str(number) for number in course.reviews_due)}"
    if not course.reviews:
        return None
    last = course.reviews[-1].payload
    return f"after {last.after_infusion}: {REVIEW_WORDS[last.decision].lower()}"


def _also(course: CourseState, role: Role) -> list[dict[str, str]]:
    reference = reference_of(course.stream)
    closed = course.stage == "ended"
    hidden = set()
    if course.consent is None:
        hidden |= {"consent_withdraw", "book"}
    if not course.infusions:
        hidden |= {"repeated_checks", "response", "maintenance"}
    if not course.is_screened_fit:
        hidden.add("series")
    return [
        {"words": words, "url": reverse(route, args=[reference])}
        for words, action, route in ALSO
        if may(role, action) and route not in hidden and (not closed or action == "patient.read")
    ]


def _referral(course: CourseState) -> list[dict[str, Any]]:
    referral = course.referral
    who = ", ".join(part for part in (referral.referrer.name, referral.referrer.practice) if part)
    return [
        {"key": "Referred by", "value": who or None},
        {"key": "Phone", "value": referral.referrer.phone or None},
        {"key": "Received", "value": clinic_date(referral.received_date)},
        {"key": "Why", "value": referral.reason or None},
    ]


def _screening(course: CourseState, role: Role) -> dict[str, Any] | None:
    screening, decision = course.screening, course.screening_decision
    if screening is None:
        return None
    words, tone = OUTCOME_WORDS[screening.payload.outcome]
    return {
        "words": words,
        "tone": tone,
        "at": screening.at,
        "by": screening.by.printed_name,
        "reasons": [
            {name: found[name] for name in ("title", "words", "outcome", "rule")}
            for found in findings(book(), screening.payload.verdicts)
            if found["outcome"] != "clear"
        ],
        "decision": f"{DECISION_WORDS[decision.payload.decision]}, "
        f"{decision.payload.signature.printed_name}, {clinic_date(decision.at)}"
        if decision
        else None,
        "reason": decision.payload.reason if decision else "",
        "url": reverse("screening", args=[reference_of(course.stream)]),
        "decide_url": reverse("screening_decision", args=[reference_of(course.stream)])
        if course.stage == "awaiting_prescriber" and may(role, "screening.decide")
        else None,
    }


def _consent(course: CourseState) -> dict[str, Any]:
    withdrawn, given = course.consent_withdrawn, course.consent
    address = reverse("consent", args=[reference_of(course.stream)])
    if withdrawn is not None:
        why = f" {withdrawn.payload.reason}" if withdrawn.payload.reason else ""
        return {
            "state": "withdrawn",
            "sentence": f"Withdrawn {clinic_datetime(withdrawn.at)}, said to {withdrawn.payload.said_to}."
            f"{why} Nothing is given after this.",
            "url": address,
        }
    if given is None:
        return {"state": "none", "sentence": "No consent is on record.", "url": address}
    said = given.payload
    text = document(said.document, said.version, said.language)
    title = text.title if text else said.document
    return {
        "state": "given",
        "sentence": f"{title}, version {said.version}, {clinic_date(given.at)}, "
        f"explained by {said.explained_by}",
        "url": address,
    }


def _series(course: CourseState) -> str | None:
    if course.series is None:
        return None
    planned = course.series.payload
    return (
        f"{planned.purpose.capitalize()}: {planned.infusions} infusions, {planned.per_week} a week, "
        f"from {clinic_date(planned.first_date)}"
    )


def _visit(visit: VisitState, chairs: dict[ChairId, str], role: Role, at: datetime) -> dict[str, Any]:
    words, tone = steps.PHASE_TAGS[visit.phase]
    reference = reference_of(visit.stream)
    papers = []
    if may(role, "record.print"):
        if visit.started is not None:
            address = reverse("infusion_record_pdf", args=[reference])
            papers.append({"words": "Record", "url": address})
        if visit.discharge is not None:
            papers.append({"words": "Discharge", "url": reverse("discharge_pdf", args=[reference])})
    ordered = visit.order.payload.dose if visit.order else None
    given = None
    if visit.started is not None:
        given = visit.given(visit.stopped.at if visit.stopped else at)
    return {
        "number": visit.booking.payload.number,
        "url": reverse("visit", args=[reference]),
        "starts_at": visit.place.starts_at,
        "chair": chairs.get(visit.chair, visit.chair),
        "phase": {"words": words, "tone": tone},
        "given": f"{given.shown()}{'' if visit.stopped else ' so far'}" if given else None,
        "ordered": str(ordered.per_weight) if ordered else None,
        "weight": str(visit.weight) if visit.weight else None,
        "papers": papers,
    }


def _assess(course: CourseState, role: Role) -> dict[str, str] | None:
    if not may(role, "assessment.record") or course.stage == "ended":
        return None
    of = scale_of(course)
    address = reverse("assessment", args=[reference_of(course.stream), of.id])
    return {"label": f"Enter {of.short}", "url": address}


def _reviews(course: CourseState) -> list[dict[str, Any]]:
    return [
        {
            "words": f"After infusion {fact.payload.after_infusion}: {REVIEW_WORDS[fact.payload.decision]}",
            "reason": fact.payload.reason,
            "by": f"{fact.by.printed_name}, {clinic_date(fact.at)}",
            "url": reverse("review", args=[reference_of(course.stream), fact.payload.after_infusion]),
        }
        for fact in course.reviews
    ]


def _response(course: CourseState) -> dict[str, Any] | None:
    judged = course.response
    if judged is None:
        return None
    said = judged.payload
    words, tone = RESPONSE_WORDS[said.response]
    remission, remission_tone = REMISSION_WORDS[said.remission]
    scores = None
    if said.baseline is not None and said.latest is not None:
        scores = f"{scale(said.scale).short} {plain(said.baseline)} at baseline, {plain(said.latest)} at last"
    return {
        "words": words,
        "tone": tone,
        "remission": remission,
        "remission_tone": remission_tone,
        "scores": scores,
        "by": f"{judged.by.printed_name}, {clinic_date(judged.at)}",
    }


def _maintenance(course: CourseState, at: datetime) -> dict[str, Any] | None:
    plan, due = course.maintenance, steps.maintenance_due(course)
    if plan is None or due is None:
        return None
    said = plan.payload
    is_late = due < clinic_day(at)
    return {
        "mark": ("Overdue", "late") if is_late else ("Planned", "info"),
        "rows": [
            {"key": "Next due", "value": clinic_date(due)},
            {"key": "Interval", "value": str(said.interval)},
            {"key": "First planned for", "value": clinic_date(said.next_due_date)},
            {"key": "Goals", "value": said.goals or None},
            {"key": "Comes back when", "value": said.return_signs or None},
            {"key": "Psychotherapy", "value": said.psychotherapy or None},
            {"key": "Support", "value": said.support_contact or None},
        ],
        "by": f"{plan.by.printed_name}, {clinic_date(plan.at)}",
    }
