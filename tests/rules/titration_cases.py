"""Going up with the dose, and what a protocol asks of an order, as the sources and the proposals state it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinical.ordering import PROTOCOLS, Days, OrderFacts
from evenkeel.clinical.series import PlannedInfusion
from evenkeel.record.entry import RuleRef
from evenkeel.record.infusion import EventRecorded, InfusionStarted, InfusionStopped, SignsCharted
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.values.quantities import DosePerWeight
from tests.rules.case import Case
from tests.rules.ordering_cases import (
    CONSENTED,
    SCREENED,
    dose,
    later,
    mood,
    on_scale,
    order,
    pain,
)
from tests.rules.records import (
    DOSE,
    DRAWN,
    NOON,
    ORDER,
    SCREENING,
    SIGNS,
    changed,
    course,
    infusion_counted,
    visit,
)

COMPLETE = "an order is complete by construction"
ALWAYS_KNOWN = {
    "ORD-PRT-001": "a course has an indication",
    "ORD-PAI-001": COMPLETE,
    "ORD-PAI-002": COMPLETE,
    "ORD-DAY-002": "the record always says",
    "ORD-PLN-001": "no plan asks nothing",
}

WEEK = timedelta(days=7)
DAY_OF = timedelta(days=1)
MINUTE = timedelta(minutes=1)
TOLERATED = replace(SIGNS, sedation=4)
HELD = Verdict(
    rule=RuleRef(rule="INF-BP-002", version=1),
    answer="fires",
    severity="pause",
    sentence="made up",
    hard=False,
    evidence=(),
    missing=(),
)


def last_visit(
    *facts: Any, reason: Any = "completed", sedation: int | None = 4, **changes: Any
) -> VisitState:
    """The visit of a week ago, run to its end with one check, and whatever else happened in it."""
    began = NOON - WEEK
    checked = SignsCharted(
        signs=replace(SIGNS, sedation=sedation),
        source="manual",
        confirmed=(),
        verdicts=changes.get("verdicts", ()),
    )
    started = InfusionStarted(rate=DOSE.rate, pump="1", cannula_site="left hand", verdicts=())
    return visit(
        (began - 30 * MINUTE, changes.get("order", ORDER)),
        (began - 20 * MINUTE, DRAWN),
        (began, started),
        (began + 20 * MINUTE, checked),
        *((began + 25 * MINUTE, fact) for fact in facts),
        (began + 40 * MINUTE, InfusionStopped(reason=reason, note="", pump_volume=None)),
    )


def raised(before: VisitState | None, per_weight: str = "0.75") -> OrderFacts:
    """An order after one of 0.5 mg/kg a week ago, with the visit in which that was given."""
    return changed(later(per_weight), before=before)


def event(kind: Any, grade: int | None) -> EventRecorded:
    """Something that happened in the last infusion."""
    return EventRecorded(event=kind, grade=grade, note="")


def in_course(indication: str, **changes: Any) -> OrderFacts:
    """A first order in a course for something else than depression."""
    answers = changes.pop("answers", {})
    screened = changed(SCREENING, checklist=changed(SCREENING.checklist, answers=answers))
    found = course((NOON - timedelta(days=20), screened), CONSENTED)
    referral = found.facts[0]
    facts = (replace(referral, payload=replace(referral.payload, indication=indication)), *found.facts[1:])
    return order(course=replace(found, facts=facts), **changes)


def painful(amount: str, minutes: str = "240") -> OrderFacts:
    """A dose for pain of 80 kg."""
    return pain(per_weight=amount, duration=minutes)


CRPS = PROTOCOLS["crps_outpatient"]
FOUR_HOURS = on_scale(dose(per_weight="1.4", bag="250", duration="240"))


def day(
    number: int | None,
    of_days: int = 10,
    *,
    last: tuple[int, int] | None = None,
    apart: timedelta = DAY_OF,
    is_known: bool = True,
    **changes: Any,
) -> OrderFacts:
    """An order of the four hours on a day of so many, after one on the day `last` that began so long ago."""
    days = Days(day=number, of_days=of_days) if number is not None else None
    if last is None:
        return order(protocol=CRPS, plan=FOUR_HOURS, days=days, **changes)
    began = NOON - apart
    counted = infusion_counted(began, "1.4")
    ordered = changed(ORDER, protocol=CRPS.key, day=last[0], of_days=last[1])
    before = visit((began - 30 * MINUTE, ordered))
    return order(
        protocol=CRPS,
        plan=FOUR_HOURS,
        days=days,
        course=course(SCREENED, CONSENTED, (began, counted)),
        previous=counted,
        before=before if is_known else None,
        **changes,
    )


def planned(protocol: str, per_weight: str) -> OrderFacts:
    """The standard order where the series plans something."""
    plan = PlannedInfusion(number=1, protocol=protocol, per_weight=DosePerWeight.of(per_weight))
    return order(planned=plan)


NOT_HANDED_OVER = later("0.75", None)
EARLY = datetime(NOON.year, NOON.month, NOON.day, 8, tzinfo=NOON.tzinfo)

CASES = [
    Case("ORD-TIT-001", "other", raised(last_visit()), "clear", "up after a tolerated dose"),
    Case("ORD-TIT-001", "other", raised(last_visit(reason="patient_wish")), "fires", "stopped early"),
    Case("ORD-TIT-001", "other", raised(last_visit(event("chest_pain", 1))), "fires", "chest pain"),
    Case("ORD-TIT-001", "below", raised(last_visit(event("nausea", 2))), "clear", "moderate nausea"),
    Case("ORD-TIT-001", "at", raised(last_visit(event("nausea", 3))), "fires", "severe nausea"),
    Case("ORD-TIT-001", "above", raised(last_visit(event("vomiting", 4))), "fires", "life-threatening"),
    Case("ORD-TIT-001", "below", raised(last_visit(sedation=2)), "fires", "hard to wake"),
    Case("ORD-TIT-001", "at", raised(last_visit(sedation=3)), "fires", "only to a loud voice"),
    Case("ORD-TIT-001", "above", raised(last_visit(sedation=4)), "clear", "lethargic"),
    Case("ORD-TIT-001", "other", raised(last_visit(verdicts=(HELD,))), "fires", "a sign asked to hold it"),
    Case("ORD-TIT-001", "other", raised(last_visit(reason="other"), "0.5"), "clear", "the same dose again"),
    Case("ORD-TIT-001", "other", raised(None, "0.4"), "clear", "down, whatever happened"),
    Case("ORD-TIT-001", "other", order(), "clear", "first infusion"),
    Case("ORD-TIT-001", "missing", raised(None), "unknown", "the last visit is not to be read"),
    Case("ORD-TIT-001", "missing", raised(last_visit(event("nausea", None))), "unknown", "not graded"),
    Case("ORD-TIT-001", "missing", raised(last_visit(sedation=None)), "unknown", "sedation never scored"),
    Case("ORD-TIT-001", "missing", NOT_HANDED_OVER, "unknown", "the last dose is not known"),
    Case("ORD-TIT-002", "below", later("0.99"), "clear", "almost two steps"),
    Case("ORD-TIT-002", "at", later("1"), "clear", "two steps of 0.25"),
    Case("ORD-TIT-002", "above", later("0.71", "0.2"), "fires", "more than two steps"),
    Case("ORD-TIT-002", "other", later("0.1", "0.9"), "clear", "down"),
    Case(
        "ORD-TIT-002",
        "other",
        changed(later("1.4"), protocol=PROTOCOLS["crps_outpatient"]),
        "clear",
        "pain, given over hours",
    ),
    Case("ORD-TIT-002", "other", order(), "clear", "first infusion"),
    Case("ORD-TIT-002", "missing", NOT_HANDED_OVER, "unknown", "the last dose is not known"),
    Case("ORD-PRT-001", "other", order(), "clear", "mood in a course for depression"),
    Case("ORD-PRT-001", "other", pain(), "fires", "pain in a course for depression"),
    Case("ORD-PRT-001", "other", in_course("crps", protocol=CRPS, plan=FOUR_HOURS), "clear", "pain for CRPS"),
    Case("ORD-PRT-001", "other", in_course("crps"), "fires", "mood for CRPS"),
    Case(
        "ORD-BIP-001",
        "yes",
        in_course("bipolar_depression", answers={"mood_stabilizer": "yes"}),
        "clear",
        "takes one",
    ),
    Case(
        "ORD-BIP-001",
        "no",
        in_course("bipolar_depression", answers={"mood_stabilizer": "no"}),
        "fires",
        "takes none",
    ),
    Case("ORD-BIP-001", "other", order(), "clear", "not bipolar"),
    Case(
        "ORD-BIP-001",
        "missing",
        order(protocol=PROTOCOLS["bipolar_standard"]),
        "unknown",
        "the protocol in another course",
    ),
    Case("ORD-BIP-001", "missing", in_course("bipolar_depression"), "unknown", "never asked"),
    # ASRA 2018, second-hand: at least 80 mg over more than 2 h. 80 kg and 1 mg/kg are 80 mg.
    Case("ORD-PAI-001", "below", painful("0.99"), "fires", "79 mg"),
    Case("ORD-PAI-001", "at", painful("1"), "clear", "80 mg"),
    Case("ORD-PAI-001", "above", painful("1.4"), "clear", "112 mg"),
    Case("ORD-PAI-001", "other", mood(per_weight="0.5"), "clear", "mood"),
    Case("ORD-PAI-002", "below", painful("1", "119"), "fires", "under two hours"),
    Case("ORD-PAI-002", "at", painful("1", "120"), "fires", "two hours, not more"),
    Case("ORD-PAI-002", "above", painful("1", "121"), "clear", "over two hours"),
    Case("ORD-PAI-002", "other", mood(), "clear", "mood"),
    Case("ORD-DAY-001", "other", day(1), "clear", "the first of ten"),
    Case("ORD-DAY-001", "other", day(10), "clear", "the last of ten"),
    Case("ORD-DAY-001", "other", day(11, 11), "fires", "an eleventh day"),
    Case("ORD-DAY-001", "other", day(4, 3), "fires", "a fourth of three"),
    Case("ORD-DAY-001", "other", day(0), "fires", "a day zero"),
    Case("ORD-DAY-001", "other", order(days=Days(day=1, of_days=2)), "fires", "days of a single infusion"),
    Case("ORD-DAY-001", "other", order(), "clear", "a single infusion"),
    Case("ORD-DAY-001", "missing", day(None), "unknown", "no day"),
    Case(
        "ORD-DAY-002", "below", day(2, last=(1, 10), apart=timedelta(hours=12) - MINUTE), "fires", "same day"
    ),
    Case(
        "ORD-DAY-002",
        "below",
        day(2, last=(1, 10), apart=timedelta(hours=11), at=EARLY, is_known=True),
        "fires",
        "yesterday night and this morning",
    ),
    Case("ORD-DAY-002", "at", day(2, last=(1, 10), apart=timedelta(hours=16), at=EARLY), "clear", "12 hours"),
    Case("ORD-DAY-002", "above", day(2, last=(1, 10)), "clear", "a day later"),
    Case("ORD-DAY-002", "other", day(2, last=(1, 10), apart=timedelta(hours=3)), "fires", "again today"),
    Case("ORD-DAY-002", "other", day(1), "clear", "the first"),
    Case("ORD-DAY-003", "other", day(1), "clear", "the first"),
    Case("ORD-DAY-003", "other", day(2), "fires", "begins with the second"),
    Case("ORD-DAY-003", "other", day(2, last=(1, 10)), "clear", "the second after the first"),
    Case("ORD-DAY-003", "other", day(3, last=(1, 10)), "fires", "the second left out"),
    Case("ORD-DAY-003", "other", day(2, last=(2, 10)), "fires", "the second twice"),
    Case("ORD-DAY-003", "other", day(2, 4, last=(1, 10)), "fires", "of another run"),
    Case("ORD-DAY-003", "other", day(1, last=(10, 10)), "clear", "a new run after the last"),
    Case("ORD-DAY-003", "other", day(1, last=(3, 10), apart=2 * DAY_OF), "clear", "a new run after a gap"),
    Case("ORD-DAY-003", "other", day(4, last=(3, 10), apart=2 * DAY_OF), "fires", "goes on after a gap"),
    Case("ORD-DAY-003", "other", order(), "clear", "a single infusion"),
    Case("ORD-DAY-003", "missing", day(2, last=(1, 10), is_known=False), "unknown", "not to be read"),
    # A run of days has its own rule of one a day.
    Case("ORD-DUP-002", "other", day(2, last=(1, 10), apart=timedelta(hours=23)), "clear", "a run of days"),
    Case("ORD-PLN-001", "other", planned("mood_standard", "0.5"), "clear", "as planned"),
    Case("ORD-PLN-001", "other", planned("mood_standard", "0.75"), "fires", "another dose is planned"),
    Case("ORD-PLN-001", "other", planned("mood_step", "0.5"), "fires", "another protocol is planned"),
    Case("ORD-PLN-001", "other", order(), "clear", "nothing is planned"),
]
