"""Rescue drugs: labetalol's label as others quote it, and the proposals for the rest."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinical.rescue import QUESTIONS, RescueFacts
from evenkeel.record.infusion import InfusionStarted, RescueGiven, RescueGivenInWords
from evenkeel.record.screening import Tri
from evenkeel.record.visits import VisitState
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId
from evenkeel.values.quantities import Breaths, Pulse, Saturation
from tests.rules.case import Case
from tests.rules.infusion_cases import AWAKE, charted
from tests.rules.records import CHECK_IN, DOSE, DRAWN, NOON, ORDER, changed, visit

ALWAYS_KNOWN = {
    "RSC-ORD-001": "a prescriber is named or not, and the order was read back or not",
    "RSC-ROU-001": "a dose has a route",
    "RSC-LAB-003": "every dose on record has its time",
}

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
NOW = NOON + 30 * MINUTE
STARTED = InfusionStarted(rate=DOSE.rate, pump="MADE-UP-1", cannula_site="left hand", verdicts=())
SAFE: dict[str, Tri] = {question.key: question.safe for question in QUESTIONS}


def given(drug: str, mg: str) -> RescueGiven:
    """A dose that stands in the record, exact to the microgram."""
    return RescueGiven(
        drug=drug,
        dose=DrugMass.mg(mg),
        route="IV",
        ordered_by=ClinicianId("3"),
        ordered_by_name="Made-up Prescriber",
        read_back=True,
        reason="Made-up reason",
        conditions={},
        was_given_already=False,
        verdicts=(),
    )


def in_words(drug: str) -> RescueGivenInWords:
    """A dose as it was typed before doses were numbers."""
    return RescueGivenInWords(
        drug=drug,
        dose="one ampoule",
        route="IV",
        ordered_by=ClinicianId("3"),
        ordered_by_name="Made-up Prescriber",
        read_back=True,
        reason="",
    )


def running(*doses: tuple[timedelta, Any], age: timedelta = 5 * MINUTE, **signs: Any) -> VisitState:
    """An infusion from noon; each dose so long before 12:30, and signs so old at 12:30."""
    facts: list[tuple[datetime, Any]] = [
        (NOON - 40 * MINUTE, changed(CHECK_IN, signs=AWAKE)),
        (NOON - 25 * MINUTE, ORDER),
        (NOON - 20 * MINUTE, DRAWN),
        (NOON, STARTED),
        (NOW - age, charted(replace(AWAKE, **signs))),
    ]
    return visit(*facts, *((NOW - ago, dose) for ago, dose in doses))


FACTS = RescueFacts(visit=running(), at=NOW, drug="labetalol", dose=DrugMass.mg(20), route="IV", answers=SAFE)


def labetalol(mg: str = "20", *doses: tuple[timedelta, Any], **changes: Any) -> RescueFacts:
    """A dose of labetalol after these, to a patient without anything against it."""
    return replace(FACTS, **{"visit": running(*doses), "dose": DrugMass.mg(mg), **changes})


def of(drug: str, mg: str, *doses: tuple[timedelta, Any], **changes: Any) -> RescueFacts:
    """A dose of another drug after these."""
    return labetalol(mg, *doses, drug=drug, **changes)


def after(*mg: str) -> tuple[tuple[timedelta, Any], ...]:
    """Doses of labetalol ten minutes apart, the last one ten minutes ago."""
    return tuple((10 * MINUTE * n, given("labetalol", each)) for n, each in enumerate(reversed(mg), start=1))


def sedated(**changes: Any) -> RescueFacts:
    """Midazolam for a patient with these signs."""
    return of("midazolam", "1", visit=running(**changes))


def question_cases() -> list[Case]:
    """For every question: the safe answer, the other one, "unknown" and no answer at all."""
    cases = []
    for question in QUESTIONS:
        rest = {key: answer for key, answer in SAFE.items() if key != question.key}
        other: Tri = "no" if question.safe == "yes" else "yes"
        answers: tuple[tuple[Tri, Any], ...] = (
            (question.safe, "clear"),
            (other, "fires"),
            ("unknown", "unknown"),
        )
        for answer, verdict in answers:
            asked = labetalol(answers={**rest, question.key: answer})
            cases.append(Case(question.rule, "other", asked, verdict, f"{question.subject}: {answer}"))
        cases.append(
            Case(
                question.rule, "missing", labetalol(answers=rest), "unknown", f"{question.subject}: not asked"
            )
        )
    return cases


# 20 + 40 + 80 + 80 = 220 mg; another 80 mg make the 300 mg of the label.
FOUR = after("20", "40", "80", "80")

CASES = [
    *question_cases(),
    Case("RSC-ORD-001", "yes", labetalol(), "clear", "ordered and read back"),
    Case(
        "RSC-ORD-001",
        "no",
        labetalol(ordered=False, read_back=False),
        "fires",
        "neither",
        says=("no prescriber is named", "the order was not read back"),
    ),
    Case(
        "RSC-ORD-001",
        "no",
        labetalol(ordered=False),
        "fires",
        "nobody ordered it",
        says=("no prescriber is named",),
    ),
    Case(
        "RSC-ORD-001",
        "no",
        labetalol(read_back=False),
        "fires",
        "not read back",
        says=("the order was not read back",),
    ),
    Case("RSC-ROU-001", "yes", labetalol(), "clear", "into the vein"),
    Case(
        "RSC-ROU-001",
        "no",
        labetalol(route="by mouth"),
        "fires",
        "labetalol by mouth",
        says=("labetalol by mouth",),
    ),
    Case(
        "RSC-ROU-001",
        "no",
        of("clonidine", "0.1"),
        "fires",
        "clonidine into the vein",
        says=("clonidine IV",),
    ),
    Case("RSC-LAB-001", "below", labetalol("79.999", *FOUR), "clear", "a microgram short of 300 mg"),
    Case("RSC-LAB-001", "at", labetalol("80", *FOUR), "clear", "300 mg in all"),
    Case(
        "RSC-LAB-001",
        "above",
        labetalol("80.001", *FOUR),
        "fires",
        "a microgram over 300 mg",
        says=("300.001 mg labetalol in all",),
    ),
    Case(
        "RSC-LAB-001",
        "other",
        labetalol("300", (-MINUTE, given("labetalol", "20"))),
        "clear",
        "a later dose does not count",
    ),
    Case(
        "RSC-LAB-001",
        "other",
        labetalol("281", (0 * MINUTE, given("labetalol", "20"))),
        "fires",
        "a dose of this minute counts",
        says=("301 mg labetalol in all",),
    ),
    Case(
        "RSC-LAB-001",
        "other",
        labetalol("20", (-MINUTE, in_words("labetalol"))),
        "clear",
        "a later dose in words",
    ),
    Case(
        "RSC-LAB-001",
        "other",
        labetalol("20", (MINUTE, in_words("clonidine"))),
        "clear",
        "another drug, in words",
    ),
    Case(
        "RSC-LAB-001",
        "missing",
        labetalol("20", (10 * MINUTE, in_words("labetalol"))),
        "unknown",
        "an earlier dose stands in words",
        says=("how much labetalol was given before",),
    ),
    Case(
        "RSC-LAB-001",
        "other",
        labetalol("20", (MINUTE, given("midazolam", "300"))),
        "clear",
        "another drug does not count",
    ),
    Case("RSC-LAB-002", "below", labetalol("19"), "clear", "the first dose"),
    Case("RSC-LAB-002", "at", labetalol("20"), "clear", "the first dose"),
    Case("RSC-LAB-002", "above", labetalol("20.001"), "fires", "the first dose", says=("20.001 mg at once",)),
    Case("RSC-LAB-002", "below", labetalol("40", *after("20")), "clear", "the second dose"),
    Case("RSC-LAB-002", "at", labetalol("80", *after("20")), "clear", "the second dose"),
    Case(
        "RSC-LAB-002",
        "above",
        labetalol("80.001", *after("20")),
        "fires",
        "the second dose",
        says=("80.001 mg at once",),
    ),
    Case(
        "RSC-LAB-002",
        "missing",
        labetalol("20", (10 * MINUTE, in_words("labetalol"))),
        "unknown",
        "an earlier dose stands in words",
        says=("whether labetalol was given before, and how much",),
    ),
    Case(
        "RSC-LAB-003",
        "other",
        labetalol("40", (MINUTE, given("ondansetron", "4"))),
        "clear",
        "another drug a minute ago",
    ),
    Case(
        "RSC-LAB-003",
        "other",
        labetalol("40", (-MINUTE, given("labetalol", "20"))),
        "clear",
        "a later dose does not count",
    ),
    Case(
        "RSC-LAB-003",
        "other",
        labetalol("40", (0 * MINUTE, given("labetalol", "20"))),
        "fires",
        "a dose of this minute",
        says=("0 min since the last dose",),
    ),
    Case(
        "RSC-LAB-003",
        "other",
        labetalol("40", (12 * MINUTE, given("labetalol", "20")), (3 * MINUTE, given("labetalol", "40"))),
        "fires",
        "the last of two doses counts",
        says=("3 min since the last dose",),
    ),
    Case(
        "RSC-LAB-003",
        "other",
        labetalol("40", (12 * MINUTE, in_words("labetalol"))),
        "clear",
        "a dose in words has its time",
    ),
    Case(
        "RSC-LAB-003",
        "below",
        labetalol("40", (10 * MINUTE - SECOND, given("labetalol", "20"))),
        "fires",
        "too soon",
        says=("9 min since the last dose",),
    ),
    Case(
        "RSC-LAB-003", "at", labetalol("40", (10 * MINUTE, given("labetalol", "20"))), "clear", "ten minutes"
    ),
    Case("RSC-LAB-003", "above", labetalol("40", (11 * MINUTE, given("labetalol", "20"))), "clear", "later"),
    Case("RSC-LAB-003", "other", labetalol(), "clear", "the first dose"),
    Case(
        "RSC-LAB-007",
        "below",
        labetalol(visit=running(pulse=Pulse.of(49))),
        "fires",
        "a slow pulse",
        says=("pulse 49 /min",),
    ),
    Case("RSC-LAB-007", "at", labetalol(visit=running(pulse=Pulse.of(50))), "clear", "at the limit"),
    Case("RSC-LAB-007", "above", labetalol(visit=running(pulse=Pulse.of(51))), "clear", "a usual pulse"),
    Case("RSC-LAB-007", "at", labetalol(visit=running(age=15 * MINUTE)), "clear", "15 minutes old"),
    Case(
        "RSC-LAB-007",
        "missing",
        labetalol(visit=running(pulse=None)),
        "unknown",
        "no pulse since the check-in",
        says=("a fresh pulse",),
    ),
    Case(
        "RSC-LAB-007",
        "missing",
        labetalol(visit=visit()),
        "unknown",
        "never a pulse",
        says=("a fresh pulse",),
    ),
    Case(
        "RSC-LAB-007",
        "missing",
        labetalol(visit=running(age=15 * MINUTE + SECOND)),
        "unknown",
        "the pulse is too old",
        says=("a fresh pulse",),
    ),
    Case("RSC-CLO-001", "below", of("clonidine", "0.199"), "clear", "one dose"),
    Case("RSC-CLO-001", "at", of("clonidine", "0.1", (MINUTE, given("clonidine", "0.1"))), "clear", "two"),
    Case(
        "RSC-CLO-001",
        "above",
        of("clonidine", "0.101", (MINUTE, given("clonidine", "0.1"))),
        "fires",
        "two",
        says=("0.201 mg clonidine in all",),
    ),
    Case(
        "RSC-CLO-001",
        "missing",
        of("clonidine", "0.1", (MINUTE, in_words("clonidine"))),
        "unknown",
        says=("how much clonidine was given before",),
    ),
    Case("RSC-OND-001", "below", of("ondansetron", "3.999"), "clear", "one dose"),
    Case("RSC-OND-001", "at", of("ondansetron", "4"), "clear", "one dose"),
    Case(
        "RSC-OND-001",
        "above",
        of("ondansetron", "4", (MINUTE, given("ondansetron", "4"))),
        "fires",
        "a second",
        says=("8 mg ondansetron in all",),
    ),
    Case("RSC-OND-001", "missing", of("ondansetron", "4", (MINUTE, in_words("ondansetron"))), "unknown"),
    Case("RSC-MDZ-001", "below", of("midazolam", "1.999"), "clear", "one dose"),
    Case("RSC-MDZ-001", "at", of("midazolam", "1", (MINUTE, given("midazolam", "1"))), "clear", "two"),
    Case(
        "RSC-MDZ-001",
        "above",
        of("midazolam", "1.001", (MINUTE, given("midazolam", "1"))),
        "fires",
        "two",
        says=("2.001 mg midazolam in all",),
    ),
    Case("RSC-MDZ-001", "missing", of("midazolam", "1", (MINUTE, in_words("midazolam"))), "unknown"),
    Case(
        "RSC-MDZ-002", "below", sedated(sedation=2), "fires", "deeply sedated", says=("sedation (MOAA/S) 2",)
    ),
    Case("RSC-MDZ-002", "at", sedated(sedation=3), "fires", "answers only when spoken to loudly"),
    Case("RSC-MDZ-002", "above", sedated(sedation=4), "clear", "drowsy"),
    Case(
        "RSC-MDZ-002",
        "below",
        sedated(spo2=Saturation.of(93)),
        "fires",
        "low saturation",
        says=("oxygen saturation 93 %",),
    ),
    Case("RSC-MDZ-002", "at", sedated(spo2=Saturation.of(94)), "clear", "saturation at the limit"),
    Case(
        "RSC-MDZ-002",
        "below",
        sedated(breaths=Breaths.of(9)),
        "fires",
        "slow breathing",
        says=("breathing rate 9 /min",),
    ),
    Case("RSC-MDZ-002", "at", sedated(breaths=Breaths.of(10)), "clear", "breathing at the limit"),
    Case(
        "RSC-MDZ-002",
        "other",
        sedated(sedation=2, spo2=Saturation.of(90), breaths=Breaths.of(8)),
        "fires",
        "all three",
        says=("sedation (MOAA/S) 2", "oxygen saturation 90 %", "breathing rate 8 /min"),
    ),
    Case(
        "RSC-MDZ-002",
        "other",
        sedated(sedation=3, breaths=None),
        "fires",
        "one that is too low is enough",
        says=("sedation (MOAA/S) 3",),
    ),
    Case(
        "RSC-MDZ-002",
        "missing",
        sedated(breaths=None),
        "unknown",
        "breathing was not counted",
        says=("a fresh breathing rate",),
    ),
    Case(
        "RSC-MDZ-002",
        "missing",
        sedated(sedation=None),
        "unknown",
        "sedation was not scored",
        says=("a fresh sedation (MOAA/S)",),
    ),
    Case(
        "RSC-MDZ-002",
        "missing",
        sedated(spo2=None),
        "unknown",
        "saturation was not charted",
        says=("a fresh oxygen saturation",),
    ),
    Case(
        "RSC-MDZ-002",
        "missing",
        sedated(breaths=None, age=20 * MINUTE),
        "unknown",
        "signs are too old",
        says=("a fresh sedation (MOAA/S)", "a fresh oxygen saturation", "a fresh breathing rate"),
    ),
]
