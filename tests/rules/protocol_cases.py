"""What a protocol asks of an order, and a run of days, as the sources and the proposals state it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinical.ordering import PROTOCOLS, Days, OrderFacts
from evenkeel.clinical.series import PlannedInfusion
from evenkeel.values.quantities import DosePerWeight
from tests.rules.case import Case
from tests.rules.ordering_cases import (
    CONSENTED,
    SCREENED,
    dose,
    mood,
    on_scale,
    order,
    pain,
)
from tests.rules.records import (
    NOON,
    ORDER,
    SCREENING,
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

DAY_OF = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


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


def after_another_run(last_protocol: str, number: int) -> OrderFacts:
    """An order of a day, where yesterday's infusion was the first of ten of a protocol."""
    facts = day(number, last=(1, 10))
    assert facts.before is not None
    began = NOON - DAY_OF
    ordered = changed(ORDER, protocol=last_protocol, day=1, of_days=10)
    return changed(facts, before=visit((began - 30 * MINUTE, ordered)))


def planned(protocol: str, per_weight: str) -> OrderFacts:
    """The standard order where the series plans something."""
    plan = PlannedInfusion(number=1, protocol=protocol, per_weight=DosePerWeight.of(per_weight))
    return order(planned=plan)


EARLY = datetime(NOON.year, NOON.month, NOON.day, 8, tzinfo=NOON.tzinfo)


CASES = [
    Case("ORD-PRT-001", "other", order(), "clear", "mood in a course for depression"),
    Case(
        "ORD-PRT-001",
        "other",
        pain(),
        "fires",
        "pain in a course for depression",
        says=("CRPS, four hours in a course for depression after two or more treatments failed",),
    ),
    Case("ORD-PRT-001", "other", in_course("crps", protocol=CRPS, plan=FOUR_HOURS), "clear", "pain for CRPS"),
    Case(
        "ORD-PRT-001",
        "other",
        in_course("crps"),
        "fires",
        "mood for CRPS",
        says=("Mood, standard in a course for complex regional pain syndrome",),
    ),
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
        says=("no mood stabilizer at screening",),
    ),
    Case("ORD-BIP-001", "other", order(), "clear", "not bipolar"),
    Case(
        "ORD-BIP-001",
        "missing",
        order(protocol=PROTOCOLS["bipolar_standard"]),
        "unknown",
        "the protocol in another course",
        says=("whether a mood stabilizer is taken",),
    ),
    Case(
        "ORD-BIP-001",
        "missing",
        in_course("bipolar_depression"),
        "unknown",
        "never asked",
        says=("whether a mood stabilizer is taken",),
    ),
    # ASRA 2018, second-hand: at least 80 mg over more than 2 h. 80 kg and 1 mg/kg are 80 mg.
    Case("ORD-PAI-001", "below", painful("0.99"), "fires", "79 mg", says=("79.2 mg",)),
    Case("ORD-PAI-001", "at", painful("1"), "clear", "80 mg"),
    Case("ORD-PAI-001", "above", painful("1.4"), "clear", "112 mg"),
    Case("ORD-PAI-001", "other", mood(per_weight="0.5"), "clear", "mood"),
    Case("ORD-PAI-002", "below", painful("1", "119"), "fires", "under two hours", says=("119 min",)),
    Case("ORD-PAI-002", "at", painful("1", "120"), "fires", "two hours, not more", says=("120 min",)),
    Case("ORD-PAI-002", "above", painful("1", "121"), "clear", "over two hours"),
    Case("ORD-PAI-002", "other", mood(), "clear", "mood"),
    Case("ORD-DAY-001", "other", day(1), "clear", "the first of ten"),
    Case("ORD-DAY-001", "other", day(10), "clear", "the last of ten"),
    Case(
        "ORD-DAY-001",
        "other",
        day(11, 11),
        "fires",
        "an eleventh day",
        says=("day 11 of 11, at most 10 days",),
    ),
    Case(
        "ORD-DAY-001", "other", day(4, 3), "fires", "a fourth of three", says=("day 4 of 3, at most 10 days",)
    ),
    Case("ORD-DAY-001", "other", day(0), "fires", "a day zero", says=("day 0 of 10, at most 10 days",)),
    Case(
        "ORD-DAY-001",
        "other",
        order(days=Days(day=1, of_days=2)),
        "fires",
        "days of a single infusion",
        says=("this protocol has no days",),
    ),
    Case("ORD-DAY-001", "other", order(), "clear", "a single infusion"),
    Case("ORD-DAY-001", "missing", day(None), "unknown", "no day", says=("which day of how many this is",)),
    Case(
        "ORD-DAY-002",
        "below",
        day(2, last=(1, 10), apart=timedelta(hours=12) - MINUTE),
        "fires",
        "same day",
        says=("an infusion was started today",),
    ),
    Case(
        "ORD-DAY-002",
        "below",
        day(2, last=(1, 10), apart=timedelta(hours=14), at=EARLY),
        "fires",
        "yesterday at 22:00 and today at 8:00",
        says=("the last infusion began less than this ago",),
    ),
    Case(
        "ORD-DAY-002",
        "below",
        day(2, last=(1, 10), apart=timedelta(hours=16) - SECOND, at=EARLY),
        "fires",
        "a second short of 12 hours",
        says=("the last infusion began less than this ago",),
    ),
    Case("ORD-DAY-002", "at", day(2, last=(1, 10), apart=timedelta(hours=16), at=EARLY), "clear", "12 hours"),
    Case("ORD-DAY-002", "above", day(2, last=(1, 10)), "clear", "a day later"),
    Case(
        "ORD-DAY-002",
        "other",
        day(2, last=(1, 10), apart=timedelta(hours=3)),
        "fires",
        "again today",
        says=("an infusion was started today",),
    ),
    Case("ORD-DAY-002", "other", day(1), "clear", "the first"),
    Case("ORD-DAY-003", "other", day(1), "clear", "the first"),
    Case(
        "ORD-DAY-003",
        "other",
        day(2),
        "fires",
        "begins with the second",
        says=("day 2 of 10; by the record day 1",),
    ),
    Case("ORD-DAY-003", "other", day(2, last=(1, 10)), "clear", "the second after the first"),
    Case(
        "ORD-DAY-003",
        "other",
        day(3, last=(1, 10)),
        "fires",
        "the second left out",
        says=("day 3 of 10; by the record day 2 of 10",),
    ),
    Case(
        "ORD-DAY-003",
        "other",
        day(2, last=(2, 10)),
        "fires",
        "the second twice",
        says=("day 2 of 10; by the record day 3 of 10",),
    ),
    Case(
        "ORD-DAY-003",
        "other",
        day(2, 4, last=(1, 10)),
        "fires",
        "of another run",
        says=("day 2 of 4; by the record day 2 of 10",),
    ),
    Case("ORD-DAY-003", "other", day(1, last=(10, 10)), "clear", "a new run after the last"),
    Case("ORD-DAY-003", "other", day(1, last=(3, 10), apart=2 * DAY_OF), "clear", "a new run after a gap"),
    Case(
        "ORD-DAY-003",
        "other",
        day(4, last=(3, 10), apart=2 * DAY_OF),
        "fires",
        "goes on after a gap",
        says=("day 4 of 10; by the record day 1",),
    ),
    Case("ORD-DAY-003", "other", order(), "clear", "a single infusion"),
    Case(
        "ORD-DAY-003",
        "missing",
        day(2, last=(1, 10), is_known=False),
        "unknown",
        "not to be read",
        says=("which day the last infusion was",),
    ),
    # A run of days has its own rule of one a day.
    Case("ORD-DUP-002", "other", day(2, last=(1, 10), apart=timedelta(hours=23)), "clear", "a run of days"),
    Case("ORD-PLN-001", "other", planned("mood_standard", "0.5"), "clear", "as planned"),
    Case(
        "ORD-PLN-001",
        "other",
        planned("mood_standard", "0.75"),
        "fires",
        "another dose is planned",
        says=("0.75 mg/kg planned, 0.5 mg/kg ordered",),
    ),
    Case(
        "ORD-PLN-001",
        "other",
        planned("mood_step", "0.5"),
        "fires",
        "another protocol is planned",
        says=("another protocol is planned",),
    ),
    Case("ORD-PLN-001", "other", order(), "clear", "nothing is planned"),
    Case(
        "ORD-BIP-001",
        "missing",
        order(protocol=PROTOCOLS["bipolar_standard"], course=course(CONSENTED)),
        "unknown",
        "never screened",
        says=("whether a mood stabilizer is taken",),
    ),
    Case(
        "ORD-BIP-001",
        "no",
        in_course("depression", protocol=PROTOCOLS["bipolar_standard"], answers={"mood_stabilizer": "no"}),
        "fires",
        "the protocol in another course",
        says=("no mood stabilizer at screening",),
    ),
    Case("ORD-DAY-001", "other", day(3, 3), "clear", "the last of three"),
    Case(
        "ORD-DAY-001",
        "other",
        day(3, 11),
        "fires",
        "of more days than the protocol has",
        says=("day 3 of 11, at most 10 days",),
    ),
    Case(
        "ORD-DAY-002",
        "other",
        order(elsewhere_at=(NOON - timedelta(hours=3),)),
        "clear",
        "a single infusion; ORD-DUP-002 asks",
    ),
    Case("ORD-DAY-003", "other", day(None), "clear", "no day; ORD-DAY-001 asks"),
    Case(
        "ORD-DAY-003",
        "other",
        order(days=Days(day=2, of_days=2)),
        "clear",
        "a protocol without days; ORD-DAY-001 asks",
    ),
    Case("ORD-DAY-003", "other", day(1, 3), "clear", "the first of three"),
    Case(
        "ORD-DAY-003",
        "other",
        after_another_run("mood_standard", 2),
        "fires",
        "the second after another protocol",
        says=("day 2 of 10; by the record day 1",),
    ),
    Case(
        "ORD-DAY-003",
        "other",
        after_another_run("mood_standard", 1),
        "clear",
        "the first after another protocol",
    ),
    Case(
        "ORD-PLN-001",
        "other",
        planned("mood_step", "0.75"),
        "fires",
        "neither dose nor protocol as planned",
        says=("another protocol is planned", "0.75 mg/kg planned, 0.5 mg/kg ordered"),
    ),
]
