"""Whether a patient is well enough to leave: the limits as their sources and the proposals state them."""

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

ALWAYS_KNOWN: dict[str, str] = {}

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
    Case(
        "DIS-END-001",
        "no",
        leaving(visit=stay(stopped=False)),
        "fires",
        says=("the infusion was not stopped",),
    ),
    Case("DIS-END-001", "missing", leaving(visit=visit()), "unknown", says=("an infusion",)),
    Case(
        "DIS-STAY-001",
        "below",
        stayed(60 * MINUTE - SECOND),
        "fires",
        says=("59 min since the drug stopped",),
    ),
    Case("DIS-STAY-001", "at", stayed(60 * MINUTE), "clear"),
    Case("DIS-STAY-001", "above", stayed(61 * MINUTE), "clear"),
    Case(
        "DIS-STAY-001",
        "below",
        stayed(-MINUTE),
        "fires",
        "asked for a moment before the end",
        says=("0 min since the drug stopped",),
    ),
    Case(
        "DIS-STAY-001",
        "missing",
        leaving(visit=stay(stopped=False)),
        "unknown",
        says=("end of the infusion",),
    ),
    Case(
        "DIS-STAY-002",
        "below",
        stayed(120 * MINUTE - SECOND, first=True),
        "fires",
        says=("119 min since the drug stopped",),
    ),
    Case("DIS-STAY-002", "at", stayed(120 * MINUTE, first=True), "clear"),
    Case("DIS-STAY-002", "above", stayed(121 * MINUTE, first=True), "clear"),
    Case("DIS-STAY-002", "other", stayed(60 * MINUTE), "clear", "neither first nor raised"),
    Case(
        "DIS-STAY-002",
        "other",
        leaving(visit=stay(stopped=False)),
        "clear",
        "neither first nor raised, and not over",
    ),
    Case(
        "DIS-STAY-002",
        "missing",
        leaving(visit=stay(stopped=False), is_first_or_raised=True),
        "unknown",
        says=("end of the infusion",),
    ),
    # Leaving is 60 minutes after the end.
    Case("DIS-VIT-001", "below", leaving(visit=stay(last_at=ENDED_AT + 46 * MINUTE)), "clear"),
    Case("DIS-VIT-001", "at", leaving(visit=stay(last_at=ENDED_AT + 45 * MINUTE)), "clear"),
    Case(
        "DIS-VIT-001",
        "above",
        leaving(visit=stay(last_at=ENDED_AT + 45 * MINUTE - SECOND)),
        "fires",
        says=(
            "systolic pressure is 16 min old",
            "diastolic pressure is 16 min old",
            "pulse is 16 min old",
            "oxygen saturation is 16 min old",
            "sedation (MOAA/S) is 16 min old",
        ),
    ),
    Case(
        "DIS-VIT-001",
        "other",
        leaving(visit=stay(last_at=ENDED_AT), at=ENDED_AT + 10 * MINUTE),
        "clear",
        "charted when the drug stopped",
    ),
    Case(
        "DIS-VIT-001",
        "missing",
        leaving(visit=stay(replace(AWAKE, pulse=None), pulse=None)),
        "unknown",
        "never a pulse",
        says=("pulse since the drug stopped",),
    ),
    Case(
        "DIS-VIT-001",
        "missing",
        leaving(visit=stay(None)),
        "unknown",
        "none since the end",
        says=(
            "systolic pressure since the drug stopped",
            "diastolic pressure since the drug stopped",
            "pulse since the drug stopped",
            "oxygen saturation since the drug stopped",
            "sedation (MOAA/S) since the drug stopped",
        ),
    ),
    Case(
        "DIS-VIT-001",
        "missing",
        with_signs(sedation=None),
        "unknown",
        "no sedation score",
        says=("sedation (MOAA/S) since the drug stopped",),
    ),
    Case(
        "DIS-VIT-001",
        "missing",
        leaving(visit=stay(stopped=False)),
        "unknown",
        "not over",
        says=("end of the infusion",),
    ),
    Case("DIS-SED-001", "below", with_signs(sedation=4), "fires", says=("sedation (MOAA/S) 4",)),
    Case("DIS-SED-001", "at", with_signs(sedation=5), "clear"),
    # The scale ends at 5, so nothing lies above; a deeper score is the other side.
    Case("DIS-SED-001", "above", with_signs(sedation=0), "fires", "nothing lies above 5"),
    Case(
        "DIS-SED-001", "other", leaving(visit=stay(last_at=ENDED_AT)), "clear", "awake when the drug stopped"
    ),
    Case(
        "DIS-SED-001",
        "missing",
        leaving(visit=stay(replace(AWAKE, sedation=None), sedation=None)),
        "unknown",
        "never scored",
    ),
    Case("DIS-SED-001", "missing", leaving(visit=stay(stopped=False)), "unknown", "the drug did not stop"),
    Case(
        "DIS-SED-001",
        "missing",
        leaving(visit=stay(None)),
        "unknown",
        says=("sedation (MOAA/S) since the drug stopped",),
    ),
    # 20 % of 120 is 24, so from 96 to 144.
    Case("DIS-BP-001", "below", systolic(120, 143), "clear"),
    Case("DIS-BP-001", "at", systolic(120, 144), "clear", "a rise"),
    Case("DIS-BP-001", "at", systolic(120, 96), "clear", "a fall"),
    Case(
        "DIS-BP-001",
        "above",
        systolic(120, 145),
        "fires",
        "a rise",
        says=("120 mmHg before, 145 mmHg now, 20.8 % apart",),
    ),
    Case(
        "DIS-BP-001",
        "above",
        systolic(120, 95),
        "fires",
        "a fall",
        says=("120 mmHg before, 95 mmHg now, 20.8 % apart",),
    ),
    Case(
        "DIS-BP-001",
        "other",
        leaving(visit=stay(replace(AWAKE, systolic=Pressure.of(150)), ENDED_AT)),
        "fires",
        "charted when the drug stopped",
        says=("120 mmHg before, 150 mmHg now, 25 % apart",),
    ),
    # 20 % of 118 is 23.6.
    Case(
        "DIS-BP-001",
        "above",
        systolic(118, 142),
        "fires",
        "just over",
        says=("118 mmHg before, 142 mmHg now, 20.3 % apart",),
    ),
    Case(
        "DIS-BP-001",
        "missing",
        leaving(visit=stay(stopped=False)),
        "unknown",
        "the drug did not stop",
        says=("systolic pressure since the drug stopped",),
    ),
    Case(
        "DIS-BP-001",
        "missing",
        leaving(visit=visit()),
        "unknown",
        "nothing was started",
        says=("systolic pressure before the start",),
    ),
    Case(
        "DIS-BP-001",
        "missing",
        leaving(visit=stay(None)),
        "unknown",
        "none since the drug stopped",
        says=("systolic pressure since the drug stopped",),
    ),
    Case(
        "DIS-BP-001",
        "missing",
        leaving(
            visit=visit(
                (NOON - MINUTE, charted(replace(AWAKE, systolic=Pressure.of(120)))),
                (NOON, STARTED),
                (ENDED_AT, STOPPED),
            ),
            at=NOON - 2 * MINUTE,
        ),
        "unknown",
        "asked for a moment before any reading",
        says=("systolic pressure since the drug stopped",),
    ),
    Case(
        "DIS-BP-001",
        "missing",
        systolic(None, 120),
        "unknown",
        "no baseline",
        says=("systolic pressure before the start",),
    ),
    Case(
        "DIS-BP-001",
        "missing",
        systolic(120, None),
        "unknown",
        "none at the end",
        says=("systolic pressure since the drug stopped",),
    ),
    Case(
        "DIS-OX-001", "below", with_signs(spo2=Saturation.of(93)), "fires", says=("oxygen saturation 93 %",)
    ),
    Case("DIS-OX-001", "at", with_signs(spo2=Saturation.of(94)), "clear"),
    Case("DIS-OX-001", "above", with_signs(spo2=Saturation.of(95)), "clear"),
    Case(
        "DIS-OX-001",
        "missing",
        with_signs(spo2=None),
        "unknown",
        says=("oxygen saturation since the drug stopped",),
    ),
    Case("DIS-SCO-001", "below", leaving(score=score("8")), "fires", "8 of 10", says=("PADSS 8 of 10",)),
    Case("DIS-SCO-001", "at", leaving(score=score("9")), "clear", "9 of 10"),
    Case("DIS-SCO-001", "above", leaving(score=score("10")), "clear", "10 of 10"),
    Case(
        "DIS-SCO-001",
        "below",
        leaving(score=score("8.5")),
        "fires",
        "half a point short",
        says=("PADSS 8.5 of 10",),
    ),
    Case(
        "DIS-SCO-001",
        "missing",
        leaving(),
        "unknown",
        "no score was taken",
        says=("a discharge score since the drug stopped",),
    ),
]
