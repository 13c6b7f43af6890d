"""Going up with the dose, as the sources and the proposals state it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from evenkeel.clinical.ordering import PROTOCOLS, OrderFacts
from evenkeel.record.entry import RuleRef
from evenkeel.record.infusion import EventRecorded, InfusionStarted, InfusionStopped, SignsCharted
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from tests.rules.case import Case
from tests.rules.ordering_cases import (
    later,
    order,
)
from tests.rules.records import (
    DOSE,
    DRAWN,
    NOON,
    ORDER,
    SIGNS,
    changed,
    visit,
)

ALWAYS_KNOWN: dict[str, str] = {}

WEEK = timedelta(days=7)
DAY_OF = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
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


def held(**changes: Any) -> OrderFacts:
    """An order that goes up after an infusion of which one check had a verdict."""
    return raised(last_visit(verdicts=(replace(HELD, **changes),)))


def checked_again(sedation: int | None, *rules: str) -> SignsCharted:
    """A second check of the last infusion, with the rules that asked to hold it."""
    return SignsCharted(
        signs=replace(SIGNS, sedation=sedation),
        source="manual",
        confirmed=(),
        verdicts=tuple(replace(HELD, rule=RuleRef(rule=each, version=1)) for each in rules),
    )


# The infusion of a week ago, of which the record does not say that it ended.
STILL_RUNNING = visit(
    (NOON - WEEK, InfusionStarted(rate=DOSE.rate, pump="1", cannula_site="left hand", verdicts=()))
)
NOT_HANDED_OVER = later("0.75", None)

CASES = [
    Case("ORD-TIT-001", "other", raised(last_visit()), "clear", "up after a tolerated dose"),
    Case(
        "ORD-TIT-001",
        "other",
        raised(last_visit(reason="patient_wish")),
        "fires",
        "stopped early",
        says=("the last infusion was stopped early",),
    ),
    Case(
        "ORD-TIT-001",
        "other",
        raised(last_visit(event("chest_pain", 1))),
        "fires",
        "chest pain",
        says=("chest pain in the last infusion",),
    ),
    Case("ORD-TIT-001", "below", raised(last_visit(event("nausea", 2))), "clear", "moderate nausea"),
    Case(
        "ORD-TIT-001",
        "at",
        raised(last_visit(event("nausea", 3))),
        "fires",
        "severe nausea",
        says=("nausea in the last infusion",),
    ),
    Case(
        "ORD-TIT-001",
        "above",
        raised(last_visit(event("vomiting", 4))),
        "fires",
        "life-threatening",
        says=("vomiting in the last infusion",),
    ),
    Case(
        "ORD-TIT-001",
        "below",
        raised(last_visit(sedation=2)),
        "fires",
        "hard to wake",
        says=("MOAA/S 2 in the last infusion",),
    ),
    Case(
        "ORD-TIT-001",
        "at",
        raised(last_visit(sedation=3)),
        "fires",
        "only to a loud voice",
        says=("MOAA/S 3 in the last infusion",),
    ),
    Case("ORD-TIT-001", "above", raised(last_visit(sedation=4)), "clear", "lethargic"),
    Case(
        "ORD-TIT-001",
        "other",
        raised(last_visit(verdicts=(HELD,))),
        "fires",
        "a sign asked to hold it",
        says=("a sign asked to hold the last infusion (INF-BP-002)",),
    ),
    Case("ORD-TIT-001", "other", raised(last_visit(reason="other"), "0.5"), "clear", "the same dose again"),
    Case("ORD-TIT-001", "other", raised(None, "0.4"), "clear", "down, whatever happened"),
    Case("ORD-TIT-001", "other", order(), "clear", "first infusion"),
    Case(
        "ORD-TIT-001",
        "missing",
        raised(None),
        "unknown",
        "the last visit is not to be read",
        says=("how the last infusion was tolerated",),
    ),
    Case(
        "ORD-TIT-001",
        "missing",
        raised(last_visit(event("nausea", None))),
        "unknown",
        "not graded",
        says=("how severe was: nausea",),
    ),
    Case(
        "ORD-TIT-001",
        "missing",
        raised(last_visit(sedation=None)),
        "unknown",
        "sedation never scored",
        says=("the sedation in the last infusion",),
    ),
    Case(
        "ORD-TIT-001",
        "missing",
        NOT_HANDED_OVER,
        "unknown",
        "the last dose is not known",
        says=("the last dose",),
    ),
    Case("ORD-TIT-002", "below", later("0.99"), "clear", "almost two steps"),
    Case("ORD-TIT-002", "at", later("1"), "clear", "two steps of 0.25"),
    Case(
        "ORD-TIT-002",
        "above",
        later("0.71", "0.2"),
        "fires",
        "more than two steps",
        says=("0.71 mg/kg now, 0.2 mg/kg last time",),
    ),
    Case("ORD-TIT-002", "other", later("0.1", "0.9"), "clear", "down"),
    Case(
        "ORD-TIT-002",
        "other",
        changed(later("1.4"), protocol=PROTOCOLS["crps_outpatient"]),
        "clear",
        "pain, given over hours",
    ),
    Case("ORD-TIT-002", "other", order(), "clear", "first infusion"),
    Case(
        "ORD-TIT-002",
        "missing",
        NOT_HANDED_OVER,
        "unknown",
        "the last dose is not known",
        says=("the last dose",),
    ),
    Case(
        "ORD-TIT-001",
        "missing",
        raised(STILL_RUNNING),
        "unknown",
        "no end in the record",
        says=("how the last infusion was tolerated",),
    ),
    Case(
        "ORD-TIT-001",
        "other",
        raised(last_visit(event("neurological_sign", None))),
        "fires",
        "neurological sign, not graded",
        says=("neurological sign in the last infusion",),
    ),
    Case(
        "ORD-TIT-001",
        "other",
        raised(last_visit(event("nausea", None), event("vomiting", 3))),
        "fires",
        "one severe event, one not graded",
        says=("vomiting in the last infusion",),
    ),
    Case(
        "ORD-TIT-001",
        "missing",
        raised(last_visit(event("nausea", None), sedation=None)),
        "unknown",
        "neither graded nor scored",
        says=("how severe was: nausea", "the sedation in the last infusion"),
    ),
    Case(
        "ORD-TIT-001",
        "other",
        raised(last_visit(checked_again(2))),
        "fires",
        "the lowest score counts",
        says=("MOAA/S 2 in the last infusion",),
    ),
    Case("ORD-TIT-001", "other", raised(last_visit(checked_again(None))), "clear", "scored once"),
    Case(
        "ORD-TIT-001",
        "other",
        held(severity="block"),
        "fires",
        "a sign asked to stop it",
        says=("a sign asked to hold the last infusion (INF-BP-002)",),
    ),
    Case("ORD-TIT-001", "other", held(severity="advise"), "clear", "a sign gave advice"),
    Case("ORD-TIT-001", "other", held(answer="unknown"), "clear", "a sign was not known"),
    Case(
        "ORD-TIT-001",
        "other",
        raised(
            last_visit(event("chest_pain", 2), checked_again(3, "INF-OX-002", "INF-BP-002"), reason="other")
        ),
        "fires",
        "everything at once",
        says=(
            "the last infusion was stopped early",
            "chest pain in the last infusion",
            "MOAA/S 3 in the last infusion",
            "a sign asked to hold the last infusion (INF-BP-002)",
            "a sign asked to hold the last infusion (INF-OX-002)",
        ),
    ),
    Case("ORD-TIT-002", "at", later("0.7", "0.2"), "clear", "two steps of 0.25, exactly"),
]
