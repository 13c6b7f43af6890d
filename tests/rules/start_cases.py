"""The start of an infusion: what must be known, done and within its limits before drug runs."""

from dataclasses import replace
from typing import Any

from evenkeel.clinical.infusion.facts import InfusionFacts
from evenkeel.record.checkin import CheckInDecided
from evenkeel.record.infusion import EventRecorded
from evenkeel.values.quantities import Breaths, Pressure, Pulse, Saturation
from tests.rules.case import Case
from tests.rules.infusion_cases import (
    AWAKE,
    CHECKED,
    EXPIRES,
    HELD,
    MINUTE,
    SECOND,
    at_noon,
    charted,
    pair,
    start,
)
from tests.rules.records import CHECK_IN, DRAWN, NOON, ORDER, SIGNATURE, changed, visit

ALWAYS_KNOWN: dict[str, str] = {}


def resting(systolic: int | None, diastolic: int | None, decided_at: int | None = None) -> InfusionFacts:
    """A check-in with this pressure; `decided_at` is the systolic charted after a prescriber's go-on."""
    measured = replace(AWAKE, **pair(systolic, diastolic))
    checked_in = (NOON - 40 * MINUTE, changed(CHECK_IN, signs=measured))
    if decided_at is None:
        return start(check_in=checked_in)
    decision = CheckInDecided(decision="go_on", reason="Made-up reason", overrides=(), signature=SIGNATURE)
    again = charted(replace(measured, systolic=Pressure.of(decided_at)))
    return start(
        check_in=checked_in, decision=(NOON - 30 * MINUTE, decision), again=(NOON - 5 * MINUTE, again)
    )


def decided_on(
    then: tuple[int | None, int | None], now: tuple[int | None, int | None], decision: Any = "go_on"
) -> InfusionFacts:
    """What a prescriber decided on a pressure, and the last pressure before the start."""
    made = CheckInDecided(decision=decision, reason="Made-up reason", overrides=(), signature=SIGNATURE)
    return start(
        check_in=(NOON - 40 * MINUTE, changed(CHECK_IN, signs=replace(AWAKE, **pair(*then)))),
        decision=(NOON - 30 * MINUTE, made),
        again=(NOON - 5 * MINUTE, charted(replace(AWAKE, **pair(*now)))),
    )


def two_events() -> InfusionFacts:
    """Two events since the check-in: a headache that nobody graded, and then chest pain."""
    headache = EventRecorded(event="headache", grade=None, note="")
    chest_pain = EventRecorded(event="chest_pain", grade=None, note="")
    return start(first=(NOON - 20 * MINUTE, headache), second=(NOON - 10 * MINUTE, chest_pain))


def aged(minutes: int, seconds: int = 0, **changes: Any) -> InfusionFacts:
    """A check-in whose signs are so old at noon."""
    at = NOON - minutes * MINUTE - seconds * SECOND
    return start(check_in=(at, changed(CHECK_IN, signs=replace(AWAKE, **changes))))


def before_start(kind: Any, grade: int | None, minutes: int = 10) -> InfusionFacts:
    """A prepared visit with an event so many minutes before the start; the check-in was 40 minutes before."""
    happened = EventRecorded(event=kind, grade=grade, note="")
    return start(event=(NOON - minutes * MINUTE, happened))


def said(*keys: str) -> InfusionFacts:
    """A prepared visit whose time-out named these, besides what is read from the bag and the pump."""
    return start(time_out=changed(HELD, confirmed=("patient", "dose", "volume", "rate", "end", *keys)))


CASES = [
    Case("INF-STA-001", "other", start(), "clear"),
    Case(
        "INF-STA-001",
        "other",
        start(order=changed(ORDER, expires_at=NOON + SECOND)),
        "clear",
        "a second left",
    ),
    Case(
        "INF-STA-001",
        "other",
        start(order=EXPIRES),
        "fires",
        "expires now",
        says=("the order stood until 2026-06-01 12:00 UTC",),
    ),
    Case("INF-STA-001", "missing", start(order=None), "unknown", says=("a signed order",)),
    Case("INF-STA-002", "yes", start(), "clear"),
    Case(
        "INF-STA-002",
        "no",
        start(check=changed(CHECKED, agrees=False, disagreements=("rate",))),
        "fires",
        says=("rate",),
    ),
    Case("INF-STA-002", "missing", start(check=None), "unknown", says=("the second person's check",)),
    Case("INF-STA-003", "other", start(), "clear"),
    Case(
        "INF-STA-003",
        "other",
        at_noon(visit((NOON - MINUTE, ORDER), (NOON - MINUTE, DRAWN), (NOON - MINUTE, CHECKED))),
        "fires",
        "the same nurse",
        says=("Made-up Nurse drew and checked",),
    ),
    Case("INF-STA-003", "missing", start(check=None), "unknown", says=("who checked",)),
    Case(
        "INF-STA-003",
        "missing",
        start(draw=None),
        "unknown",
        "nothing drawn",
        says=("who drew", "who checked"),
    ),
    Case("INF-STA-004", "other", start(), "clear"),
    Case(
        "INF-STA-004",
        "other",
        start(time_out=changed(HELD, confirmed=("patient", "dose", "volume", "rate", "rescue", "staff"))),
        "fires",
        "the end was not read",
        says=("not read aloud: the expected end",),
    ),
    Case(
        "INF-STA-004",
        "other",
        start(time_out=changed(HELD, second_person="1")),
        "fires",
        "one person",
        says=("held by one person",),
    ),
    Case(
        "INF-STA-004",
        "other",
        start(time_out=changed(HELD, second_person="1", confirmed=("end",))),
        "fires",
        "one person, and nearly nothing was read",
        says=(
            "held by one person",
            "not read aloud: the patient",
            "not read aloud: the milligrams",
            "not read aloud: the milliliters",
            "not read aloud: the mL/h",
        ),
    ),
    Case("INF-STA-004", "missing", start(time_out=None), "unknown", says=("the time-out",)),
    Case("INF-STA-005", "below", aged(59), "clear"),
    Case("INF-STA-005", "at", aged(60), "clear"),
    Case(
        "INF-STA-005",
        "above",
        aged(60, 1),
        "fires",
        says=(
            "systolic pressure is 61 min old",
            "diastolic pressure is 61 min old",
            "pulse is 61 min old",
            "oxygen saturation is 61 min old",
            "sedation (MOAA/S) is 61 min old",
        ),
    ),
    Case("INF-STA-005", "missing", aged(30, pulse=None), "unknown", "no pulse", says=("pulse",)),
    Case(
        "INF-STA-005",
        "missing",
        aged(30, sedation=None),
        "unknown",
        "no sedation score",
        says=("sedation (MOAA/S)",),
    ),
    Case("INF-STA-006", "yes", start(), "clear"),
    Case(
        "INF-STA-006",
        "no",
        start(check_in=changed(CHECK_IN, outcome="needs_prescriber")),
        "fires",
        says=("the check-in gate is not open",),
    ),
    Case("INF-STA-006", "missing", start(check_in=None), "unknown", says=("the check-in",)),
    Case("INF-STA-007", "below", aged(10, spo2=Saturation.of(93)), "fires", says=("oxygen saturation 93 %",)),
    Case("INF-STA-007", "at", aged(10, spo2=Saturation.of(94)), "clear"),
    Case("INF-STA-007", "above", aged(10, spo2=Saturation.of(95)), "clear"),
    Case("INF-STA-007", "missing", aged(10, spo2=None), "unknown", says=("oxygen saturation",)),
    Case("INF-STA-008", "yes", start(), "clear", "both said"),
    Case(
        "INF-STA-008",
        "no",
        said("rescue"),
        "fires",
        "nobody with the training is named",
        says=("not said: who is trained in advanced cardiac life support",),
    ),
    Case(
        "INF-STA-008",
        "no",
        said("staff"),
        "fires",
        "the airway kit is not said to be there",
        says=("not said: airway equipment and rescue drugs within reach",),
    ),
    Case("INF-STA-008", "missing", start(time_out=None), "unknown", "no time-out", says=("the time-out",)),
    Case("INF-HR-002", "below", aged(10, pulse=Pulse.of(49)), "fires", "slow", says=("pulse 49 /min",)),
    Case("INF-HR-002", "at", aged(10, pulse=Pulse.of(50)), "clear", "slow"),
    Case("INF-HR-002", "at", aged(10, pulse=Pulse.of(120)), "clear", "fast"),
    Case("INF-HR-002", "above", aged(10, pulse=Pulse.of(121)), "fires", "fast", says=("pulse 121 /min",)),
    Case("INF-HR-002", "missing", aged(10, pulse=None), "unknown", "no pulse", says=("pulse",)),
    Case(
        "INF-RR-002",
        "below",
        aged(10, breaths=Breaths.of(9)),
        "fires",
        "slow breathing",
        says=("breathing rate 9 /min",),
    ),
    Case("INF-RR-002", "at", aged(10, breaths=Breaths.of(10)), "clear", "at the limit"),
    Case("INF-RR-002", "above", aged(10, breaths=Breaths.of(11)), "clear", "usual breathing"),
    Case("INF-RR-002", "missing", aged(10, breaths=None), "unknown", "not counted", says=("breathing rate",)),
    Case("INF-SED-003", "below", aged(10, sedation=4), "fires", "drowsy", says=("MOAA/S 4",)),
    Case("INF-SED-003", "at", aged(10, sedation=5), "clear", "awake"),
    # The scale ends at 5, so nothing lies above; a deeper score is the other side.
    Case("INF-SED-003", "above", aged(10, sedation=0), "fires", "nothing lies above 5"),
    Case(
        "INF-SED-003",
        "missing",
        aged(10, sedation=None),
        "unknown",
        "not scored",
        says=("sedation (MOAA/S)",),
    ),
    Case("INF-EVT-002", "below", before_start("headache", 2), "clear", "a moderate headache"),
    Case(
        "INF-EVT-002",
        "at",
        before_start("headache", 3),
        "fires",
        "a severe headache",
        says=("Headache, severe",),
    ),
    Case(
        "INF-EVT-002",
        "above",
        before_start("vomiting", 4),
        "fires",
        "life-threatening",
        says=("Vomiting, life-threatening",),
    ),
    Case(
        "INF-EVT-002",
        "other",
        before_start("chest_pain", None),
        "fires",
        "chest pain of any grade",
        says=("Chest pain",),
    ),
    Case("INF-EVT-002", "other", before_start("chest_pain", 1, 50), "clear", "before this check-in"),
    Case("INF-EVT-002", "other", start(), "clear", "nothing happened"),
    Case(
        "INF-EVT-002",
        "other",
        before_start("chest_pain", 1, 40),
        "fires",
        "at the moment of the check-in",
        says=("Chest pain",),
    ),
    Case(
        "INF-EVT-002",
        "other",
        before_start("chest_pain", 1, 0),
        "fires",
        "at the moment of the start",
        says=("Chest pain",),
    ),
    Case(
        "INF-EVT-002", "other", before_start("chest_pain", 1, -1), "clear", "after the moment that is judged"
    ),
    Case(
        "INF-EVT-002",
        "other",
        two_events(),
        "fires",
        "chest pain counts, though a headache was not graded",
        says=("Chest pain",),
    ),
    Case(
        "INF-EVT-002",
        "missing",
        before_start("dizziness", None),
        "unknown",
        "dizziness, not graded",
        says=("grade of dizziness",),
    ),
    Case("INF-EVT-002", "missing", start(check_in=None), "unknown", "no check-in", says=("the check-in",)),
    # Esketamine label, read second-hand: above 140/90 the risk of a further rise is weighed.
    Case("INF-BP-005", "below", resting(139, 89), "clear", "usual pressure"),
    Case("INF-BP-005", "at", resting(140, 90), "clear", "at the limit"),
    Case("INF-BP-005", "above", resting(141, 80), "fires", "systolic", says=("systolic pressure 141 mmHg",)),
    Case("INF-BP-005", "above", resting(120, 91), "fires", "diastolic", says=("diastolic pressure 91 mmHg",)),
    Case("INF-BP-005", "missing", resting(None, None), "unknown", "not measured", says=("blood pressure",)),
    # Swiss summary of product characteristics: not above 180/100.
    Case("INF-BP-001", "below", resting(179, 99), "clear"),
    Case("INF-BP-001", "at", resting(180, 100), "clear"),
    Case("INF-BP-001", "above", resting(181, 80), "fires", "systolic", says=("systolic pressure 181 mmHg",)),
    Case(
        "INF-BP-001", "above", resting(120, 101), "fires", "diastolic", says=("diastolic pressure 101 mmHg",)
    ),
    Case(
        "INF-BP-001",
        "above",
        resting(181, None),
        "fires",
        "half a reading",
        says=("systolic pressure 181 mmHg",),
    ),
    Case(
        "INF-BP-001", "missing", resting(120, None), "unknown", "half a reading", says=("diastolic pressure",)
    ),
    Case("INF-BP-001", "missing", resting(None, None), "unknown", says=("blood pressure",)),
    Case("INF-BP-004", "below", resting(159, 99), "clear"),
    Case("INF-BP-004", "at", resting(160, 80), "fires", "systolic", says=("systolic pressure 160 mmHg",)),
    Case("INF-BP-004", "at", resting(120, 100), "fires", "diastolic", says=("diastolic pressure 100 mmHg",)),
    Case("INF-BP-004", "above", resting(170, 90), "fires"),
    Case("INF-BP-004", "other", resting(165, 90, decided_at=165), "clear", "a prescriber decided on this"),
    Case(
        "INF-BP-004",
        "other",
        resting(165, 90, decided_at=166),
        "fires",
        "higher than decided on",
        says=("systolic pressure 166 mmHg",),
    ),
    Case(
        "INF-BP-004",
        "other",
        decided_on((165, 90), (160, 80)),
        "clear",
        "lower than a prescriber decided on",
    ),
    Case(
        "INF-BP-004",
        "other",
        decided_on((165, 90), (165, 91)),
        "fires",
        "diastolic higher than decided on",
        says=("systolic pressure 165 mmHg",),
    ),
    Case(
        "INF-BP-004",
        "other",
        decided_on((165, None), (165, 90)),
        "fires",
        "diastolic not measured when it was decided",
        says=("systolic pressure 165 mmHg",),
    ),
    Case(
        "INF-BP-004",
        "other",
        decided_on((165, 90), (165, None)),
        "clear",
        "systolic alone, and decided on",
    ),
    Case(
        "INF-BP-004",
        "other",
        decided_on((165, 90), (165, 90), "not_today"),
        "fires",
        "a prescriber decided against it",
        says=("systolic pressure 165 mmHg",),
    ),
    Case(
        "INF-BP-004",
        "missing",
        decided_on((165, 90), (120, None)),
        "unknown",
        "half a reading after a decision",
        says=("diastolic pressure",),
    ),
    Case("INF-BP-004", "missing", resting(None, None), "unknown", says=("blood pressure",)),
]
