"""Discharge: the limits as the sources in `clinical/rules/sources.toml` and the proposals state them."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from evenkeel.clinical.discharge import CRITERIA, DischargeFacts, DischargeScore, Release
from evenkeel.record.infusion import InfusionStarted, InfusionStopped
from evenkeel.record.screening import Tri
from evenkeel.record.signs import Signs
from evenkeel.record.visits import VisitState
from evenkeel.values.quantities import Pressure, Saturation
from tests.rules.case import Case
from tests.rules.infusion_cases import AWAKE, charted
from tests.rules.records import CHECK_IN, DOSE, DRAWN, NOON, ORDER, changed, visit

ALWAYS_KNOWN = {
    "DIS-ESC-001": "a name is written or it is not",
    "DIS-INS-001": "the page says given or not given",
    "DIS-AMA-001": "the page says whether the patient leaves against advice",
    "DIS-AMA-002": "a prescriber is named or not",
    "DIS-AMA-003": "a time is written or not",
}

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
STARTED = InfusionStarted(rate=DOSE.rate, pump="MADE-UP-1", cannula_site="left hand", verdicts=())
STOPPED = InfusionStopped(reason="completed", note="", pump_volume=None)
ENDED_AT = NOON + 40 * MINUTE
SAFE: dict[str, Tri] = {question.key: question.safe for question in CRITERIA}


def stay(
    last: Signs | None = AWAKE,
    last_at: datetime = ENDED_AT + 55 * MINUTE,
    *,
    stopped: bool = True,
    **before: Any,
) -> VisitState:
    """A visit whose infusion ran from noon for 40 minutes, with these last signs."""
    facts: list[tuple[datetime, Any]] = [
        (NOON - 40 * MINUTE, changed(CHECK_IN, signs=replace(AWAKE, **before))),
        (NOON - 25 * MINUTE, ORDER),
        (NOON - 20 * MINUTE, DRAWN),
        (NOON, STARTED),
    ]
    if stopped:
        facts.append((ENDED_AT, STOPPED))
    if last is not None:
        facts.append((last_at, charted(last)))
    return visit(*facts)


FACTS = DischargeFacts(
    visit=stay(),
    answers=SAFE,
    received_by="Made-up Escort",
    instructions_given=True,
    is_first_or_raised=False,
    against_advice=False,
    at=ENDED_AT + 60 * MINUTE,
    # Stopped at 12:40 UTC: 24 hours later is 12:40, and the next morning is 08:00.
    told=Release(driving_at=ENDED_AT + 24 * 60 * MINUTE, alcohol_at=ENDED_AT + 24 * 60 * MINUTE),
)
EARLY_ENDED_AT = NOON - 7 * 60 * MINUTE


def leaving(**changes: Any) -> DischargeFacts:
    """A patient who may leave, and what a case changes."""
    return replace(FACTS, **changes)


def stayed(after: timedelta, *, first: bool = False) -> DischargeFacts:
    """So long after the drug stopped."""
    return leaving(at=ENDED_AT + after, is_first_or_raised=first)


def with_signs(**changes: Any) -> DischargeFacts:
    """Other last signs."""
    return leaving(visit=stay(replace(AWAKE, **changes)))


def systolic(before: int | None, now: int | None) -> DischargeFacts:
    """Systolic pressure before the start and at the end of recovery."""
    first = None if before is None else Pressure.of(before)
    last = None if now is None else Pressure.of(now)
    return leaving(visit=stay(replace(AWAKE, systolic=last), systolic=first))


def score(total: str) -> DischargeScore:
    """A discharge score of 10 at most."""
    return DischargeScore(name="PADSS", total=Decimal(total), at=ENDED_AT + 50 * MINUTE)


def told(driving: timedelta, alcohol: timedelta = timedelta(0)) -> DischargeFacts:
    """The patient is told times that are so much later than the rule's."""
    day = 24 * 60 * MINUTE
    return leaving(told=Release(driving_at=ENDED_AT + day + driving, alcohol_at=ENDED_AT + day + alcohol))


def told_after_a_night(driving_at: datetime) -> DischargeFacts:
    """The drug stopped at 05:00, so that the next morning is the later of both."""
    state = visit((EARLY_ENDED_AT - 40 * MINUTE, STARTED), (EARLY_ENDED_AT, STOPPED))
    times = Release(driving_at=driving_at, alcohol_at=EARLY_ENDED_AT + 24 * 60 * MINUTE)
    return leaving(visit=state, told=times)


def against(**changes: Any) -> DischargeFacts:
    """Leaving against advice, with a prescriber who knows and a call after three hours."""
    seen_to: dict[str, Any] = {
        "against_advice": True,
        "prescriber_told": "Made-up Prescriber",
        "call_at": FACTS.at + 180 * MINUTE,
    }
    return leaving(**{**seen_to, **changes})


def question_cases() -> list[Case]:
    """For every question: the safe answer, the other one, "unknown" and no answer at all."""
    cases = []
    for question in CRITERIA:
        rest = {key: answer for key, answer in SAFE.items() if key != question.key}
        other: Tri = "no" if question.safe == "yes" else "yes"
        expected: tuple[tuple[Tri, Any], ...] = (
            (question.safe, "clear"),
            (other, "fires"),
            ("unknown", "unknown"),
        )
        for answer, verdict in expected:
            subject = leaving(answers={**rest, question.key: answer})
            cases.append(Case(question.rule, "other", subject, verdict, answer))
        cases.append(Case(question.rule, "missing", leaving(answers=rest), "unknown", "not asked"))
    return cases


CASES = [
    *question_cases(),
    Case("DIS-END-001", "yes", leaving(), "clear"),
    Case("DIS-END-001", "no", leaving(visit=stay(stopped=False)), "fires"),
    Case("DIS-END-001", "missing", leaving(visit=visit()), "unknown"),
    Case("DIS-STAY-001", "below", stayed(60 * MINUTE - SECOND), "fires"),
    Case("DIS-STAY-001", "at", stayed(60 * MINUTE), "clear"),
    Case("DIS-STAY-001", "above", stayed(61 * MINUTE), "clear"),
    Case("DIS-STAY-001", "missing", leaving(visit=stay(stopped=False)), "unknown"),
    Case("DIS-STAY-002", "below", stayed(120 * MINUTE - SECOND, first=True), "fires"),
    Case("DIS-STAY-002", "at", stayed(120 * MINUTE, first=True), "clear"),
    Case("DIS-STAY-002", "above", stayed(121 * MINUTE, first=True), "clear"),
    Case("DIS-STAY-002", "other", stayed(60 * MINUTE), "clear", "neither first nor raised"),
    Case(
        "DIS-STAY-002",
        "missing",
        leaving(visit=stay(stopped=False), is_first_or_raised=True),
        "unknown",
    ),
    # Leaving is 60 minutes after the end.
    Case("DIS-VIT-001", "below", leaving(visit=stay(last_at=ENDED_AT + 46 * MINUTE)), "clear"),
    Case("DIS-VIT-001", "at", leaving(visit=stay(last_at=ENDED_AT + 45 * MINUTE)), "clear"),
    Case("DIS-VIT-001", "above", leaving(visit=stay(last_at=ENDED_AT + 45 * MINUTE - SECOND)), "fires"),
    Case("DIS-VIT-001", "missing", leaving(visit=stay(None)), "unknown", "none since the end"),
    Case("DIS-VIT-001", "missing", with_signs(sedation=None), "unknown", "no sedation score"),
    Case("DIS-VIT-001", "missing", leaving(visit=stay(stopped=False)), "unknown", "not over"),
    Case("DIS-SED-001", "below", with_signs(sedation=4), "fires"),
    Case("DIS-SED-001", "at", with_signs(sedation=5), "clear"),
    # The scale ends at 5, so nothing lies above; a deeper score is the other side.
    Case("DIS-SED-001", "above", with_signs(sedation=0), "fires", "nothing lies above 5"),
    Case("DIS-SED-001", "missing", leaving(visit=stay(None)), "unknown"),
    # 20 % of 120 is 24, so from 96 to 144.
    Case("DIS-BP-001", "below", systolic(120, 143), "clear"),
    Case("DIS-BP-001", "at", systolic(120, 144), "clear", "a rise"),
    Case("DIS-BP-001", "at", systolic(120, 96), "clear", "a fall"),
    Case("DIS-BP-001", "above", systolic(120, 145), "fires", "a rise"),
    Case("DIS-BP-001", "above", systolic(120, 95), "fires", "a fall"),
    Case("DIS-BP-001", "missing", systolic(None, 120), "unknown", "no baseline"),
    Case("DIS-BP-001", "missing", systolic(120, None), "unknown", "none at the end"),
    Case("DIS-OX-001", "below", with_signs(spo2=Saturation.of(93)), "fires"),
    Case("DIS-OX-001", "at", with_signs(spo2=Saturation.of(94)), "clear"),
    Case("DIS-OX-001", "above", with_signs(spo2=Saturation.of(95)), "clear"),
    Case("DIS-OX-001", "missing", with_signs(spo2=None), "unknown"),
    Case("DIS-ESC-001", "yes", leaving(), "clear"),
    Case("DIS-ESC-001", "no", leaving(received_by=" "), "fires"),
    Case("DIS-INS-001", "yes", leaving(), "clear"),
    Case("DIS-INS-001", "no", leaving(instructions_given=False), "fires"),
    Case("DIS-AMA-001", "no", leaving(), "clear"),
    Case("DIS-AMA-001", "yes", leaving(against_advice=True), "fires"),
    Case("DIS-SCO-001", "below", leaving(score=score("8")), "fires", "8 of 10"),
    Case("DIS-SCO-001", "at", leaving(score=score("9")), "clear", "9 of 10"),
    Case("DIS-SCO-001", "above", leaving(score=score("10")), "clear", "10 of 10"),
    Case("DIS-SCO-001", "missing", leaving(), "unknown", "no score was taken"),
    Case("DIS-ESC-004", "yes", leaving(received_by=" made-up  escort"), "clear", "written otherwise"),
    Case("DIS-ESC-004", "no", leaving(received_by="Another Made-up Adult"), "fires", "another adult came"),
    Case("DIS-ESC-004", "missing", leaving(received_by=""), "unknown", "nobody is named"),
    Case("DIS-DRV-001", "below", told(-SECOND), "fires", "driving a second too early"),
    Case("DIS-DRV-001", "at", told(timedelta(0)), "clear", "the earliest times"),
    Case("DIS-DRV-001", "above", told(12 * 60 * MINUTE), "clear", "driving later still"),
    Case("DIS-DRV-001", "below", told(timedelta(0), -SECOND), "fires", "alcohol a second too early"),
    Case(
        "DIS-DRV-001",
        "below",
        told_after_a_night(EARLY_ENDED_AT + 24 * 60 * MINUTE),
        "fires",
        "24 hours, and the night is not over",
    ),
    Case(
        "DIS-DRV-001",
        "at",
        told_after_a_night(NOON - 240 * MINUTE + 24 * 60 * MINUTE),
        "clear",
        "08:00 after the night",
    ),
    Case("DIS-DRV-001", "missing", leaving(told=None), "unknown", "nothing was told"),
    Case("DIS-DRV-001", "missing", leaving(visit=stay(stopped=False)), "unknown", "the drug did not stop"),
    Case("DIS-AMA-002", "yes", against(), "clear", "a prescriber knows"),
    Case("DIS-AMA-002", "no", against(prescriber_told=""), "fires", "no prescriber knows"),
    Case("DIS-AMA-003", "below", against(call_at=FACTS.at + 23 * 60 * MINUTE), "clear", "within a day"),
    Case("DIS-AMA-003", "at", against(call_at=FACTS.at + 24 * 60 * MINUTE), "clear", "a day later"),
    Case("DIS-AMA-003", "above", against(call_at=FACTS.at + 24 * 60 * MINUTE + SECOND), "fires", "too late"),
    Case("DIS-AMA-003", "other", against(call_at=FACTS.at), "fires", "a call that is already over"),
    Case("DIS-AMA-003", "other", against(call_at=None), "fires", "no call is agreed"),
    Case("DIS-AMA-003", "other", leaving(), "clear", "not against advice"),
]
