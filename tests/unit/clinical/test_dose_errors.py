"""The 24 dose errors of safety.md: each meets a named answer, as firm as docs/hazards declares it.

A row is one way in which an error happens, what answers it, and how firmly: "refused" stops everybody,
"prescriber" asks for a prescriber's reason, "reason" for anybody's who may act.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

import pytest

from evenkeel.clinical.ordering import UnableToMakeDose, make_dose, refuse_disagreement
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.values.dose_plan import DosePlan
from evenkeel.values.numbers import BadNumber
from evenkeel.values.quantities import DosePerWeight, FlowRate, Minutes, Volume, Weight
from tests.rules import checkin_cases as checkin
from tests.rules import dose_cases as doses
from tests.rules import drawing_cases as drawing
from tests.rules import infusion_cases as infusion
from tests.rules import ordering_cases as ordering
from tests.rules import protocol_cases as protocol
from tests.rules import steps_cases as steps
from tests.rules.case import DAY
from tests.rules.records import CHECK_IN, DOSE, NOON, changed, visit

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "hazards" / "dose-errors.md"
ROW: Final = r"^\| *([0-9]+) *\| *(.*?) *\| *(.*?) *\| *(.*?) *\| *(.*?) *\|$"
BOOK: Final = Rulebook.shipped()

# As safety.md lists them, in its order.
ERRORS: Final = (
    "lb/kg swap",
    "weight ×10 or ÷10",
    "weight >10% off last",
    "weight missing or stale",
    "wrong patient",
    "mg/mL strength mix-up",
    "mg↔mL",
    "mg↔mcg",
    "mg/kg↔mg/kg/h",
    "rate × time ≠ total",
    "volume over bag size",
    '".5" or "5."',
    "decimal comma",
    "no unit",
    "zero/negative/NaN/1e3/odd digits",
    "over mg/kg cap",
    "over absolute cap",
    "duration too short",
    "duplicate or same-day order",
    "cumulative cap after mid-infusion change",
    "unsigned/expired order",
    "expired or wrong vial",
    "ketamine↔esketamine",
    "pump setting ≠ order",
)

Firmness = Literal["refused", "prescriber", "reason"]
Answer = tuple[str, Firmness]


@dataclass(frozen=True)
class Slip:
    """`number` is the error's place in the list; `by` is the rule, or the code of the refusal."""

    number: int
    by: str
    firmness: Firmness
    happens: Callable[[], Answer]
    note: str = ""

    def __str__(self) -> str:
        return f"{self.number:02} {self.by} {self.note}".strip()


def typed(number: int, cls: type[Weight] | type[DosePerWeight] | type[Volume], text: str, code: str) -> Slip:
    """Something typed into a box that takes one unit."""

    def happens() -> Answer:
        with pytest.raises(BadNumber) as refused:
            cls.of(text)
        return refused.value.code, "refused"

    return Slip(number, code, "refused", happens, repr(text))


def commanded(number: int, text: str, code: str) -> Slip:
    """Something typed where no box names the unit."""

    def happens() -> Answer:
        with pytest.raises(BadNumber) as refused:
            Weight.with_unit(text)
        return refused.value.code, "refused"

    return Slip(number, code, "refused", happens, repr(text))


def made(number: int, code: str, **changes: str) -> Slip:
    """Numbers that no syringe, bag or pump can follow; 40 mg for 80 kg, but for what is changed."""
    numbers = {"per_weight": "0.5", "product": "ketamine_50_10", "bag": "100", "duration": "40"} | changes

    def happens() -> Answer:
        with pytest.raises(UnableToMakeDose) as refused:
            make_dose(
                per_weight=DosePerWeight.of(numbers["per_weight"]),
                weight=Weight.of("80"),
                product=numbers["product"],
                bag=Volume.of(numbers["bag"]),
                duration=Minutes.of(numbers["duration"]),
            )
        assert code in {issue.code for issue in refused.value.issues}
        return code, "refused"

    return Slip(number, code, "refused", happens)


def ruled(number: int, rule: str, firmness: Firmness, subject: object, note: str = "") -> Slip:
    """What a rule must not let pass, whether it fires or lacks what it needs."""

    def happens() -> Answer:
        verdict = BOOK.consult(rule, subject, on=DAY)
        assert verdict.answer != "clear"
        assert verdict.severity in ("confirm", "pause", "block")
        override = BOOK.rule(rule).override_of(verdict.answer)
        assert verdict.hard == (override == "none")
        return rule, "refused" if override == "none" else override

    return Slip(number, rule, firmness, happens, note)


def disagreeing() -> Answer:
    """A tenth of the rate, in a dose that came from somewhere else than the arithmetic."""
    plan = DosePlan.around(changed(DOSE, rate=FlowRate.of("15")), weighed_date=None)
    (issue,) = refuse_disagreement(plan)
    return issue.code, "refused"


WEIGHED: Final = (NOON - timedelta(hours=1), CHECK_IN)
ORDERED: Final = ordering.ORDERED
ESKETAMINE: Final = drawing.vial(product="esketamine_spray_28")
TENTH: Final = "10 mg/mL for 50 mg/mL"

SLIPS: Final = (
    typed(1, Weight, "154 lb", "number-other-unit"),
    ruled(1, "CHK-WGT-002", "prescriber", checkin.weights("154", "70"), "154 for 70"),
    ruled(1, "CHK-WGT-003", "prescriber", checkin.weights("220", None), "220 lb for 100 kg, first visit"),
    ruled(2, "CHK-WGT-004", "refused", checkin.weights("700", None), "times ten"),
    ruled(2, "CHK-WGT-004", "refused", checkin.weights("7", None), "through ten"),
    ruled(2, "ORD-WGT-003", "refused", ordering.mood(weight="700"), "times ten"),
    ruled(2, "ORD-WGT-003", "refused", ordering.mood(weight="7"), "through ten"),
    ruled(3, "CHK-WGT-002", "prescriber", checkin.weights("88.1", "80"), "more"),
    ruled(3, "CHK-WGT-002", "prescriber", checkin.weights("71.9", "80"), "less"),
    ruled(4, "CHK-WGT-001", "prescriber", checkin.arrival(weight_measured_today="no"), "told"),
    ruled(4, "ORD-WGT-001", "refused", ordering.order(visit=visit()), "missing"),
    ruled(4, "ORD-WGT-001", "refused", ordering.mood(weight="81"), "of another day"),
    ruled(
        4,
        "ORD-WGT-002",
        "reason",
        ordering.order(visit=visit((NOON, changed(CHECK_IN, weight_measured_today="no")))),
        "told",
    ),
    ruled(5, "CHK-ID-001", "refused", checkin.arrival(name_and_birth_date_agree="no"), "similar names"),
    ruled(5, "CHK-ID-001", "refused", checkin.arrival(record_number_agrees="unknown"), "one identifier"),
    ruled(
        5,
        "INF-STA-002",
        "refused",
        infusion.start(
            check=changed(
                infusion.CHECKED,
                agrees=False,
                disagreements=("The record number is not this patient's.",),
            )
        ),
        "at the second check",
    ),
    ruled(
        6,
        "DRW-STR-001",
        "refused",
        drawing.vial(product="ketamine_10_20", strength=ordering.dose(strength="10").strength),
        TENTH,
    ),
    ruled(6, "ORD-DIL-001", "refused", ordering.mood(strength="100", bag="0.7"), "100 mg/mL undiluted"),
    typed(7, Volume, "0.8 mg", "number-wrong-unit"),
    typed(7, DosePerWeight, "40 mg", "number-wrong-unit"),
    ruled(7, "DRW-VOL-001", "refused", drawing.drawn(Volume.of("40")), "40 mg written as mL"),
    made(7, "over-vial", per_weight="40"),
    typed(8, DosePerWeight, "500 mcg/kg", "number-other-unit"),
    ruled(8, "ORD-DOS-004", "reason", ordering.mood(per_weight="0.05"), "too small by ten"),
    made(8, "over-vial", per_weight="500"),
    made(8, "too-small", per_weight="0.0005"),
    typed(9, DosePerWeight, "0.5 mg/kg/h", "number-per-time"),
    ruled(9, "ORD-DOS-007", "reason", ordering.pain(per_weight="0.35"), "0.35 mg/kg/h for 4 h"),
    ruled(9, "ORD-DOS-006", "refused", ordering.pain(per_weight="2.1", duration="60"), "per hour"),
    Slip(10, "ways-disagree", "refused", disagreeing),
    ruled(10, "ORD-TWO-001", "refused", doses.pump_side("15")),
    made(11, "over-bag", bag="0.8"),
    ruled(11, "DRW-BAG-001", "refused", drawing.draw(bag=Volume.of("100.8")), "drug on top of a full bag"),
    typed(12, DosePerWeight, ".5", "number-leading-point"),
    typed(12, DosePerWeight, "5.", "number-trailing-point"),
    typed(13, Weight, "70,5", "number-comma"),
    typed(13, Weight, "1.000,5", "number-separators"),
    commanded(14, "70.5", "number-no-unit"),
    made(15, "zero", per_weight="0"),
    made(15, "zero", duration="0"),
    typed(15, DosePerWeight, "-0.5", "number-negative"),
    typed(15, DosePerWeight, "NaN", "number-not-finite"),
    typed(15, DosePerWeight, "1e3", "number-exponent"),
    typed(15, DosePerWeight, "\u0660.\u0665", "number-other-digits"),
    typed(15, DosePerWeight, "\uff10.\uff15", "number-other-digits"),
    ruled(16, "ORD-DOS-001", "reason", ordering.mood(per_weight="0.51"), "first infusion"),
    ruled(16, "ORD-DOS-002", "reason", ordering.mood(per_weight="0.76")),
    ruled(16, "ORD-DOS-003", "refused", ordering.mood(per_weight="1.01")),
    ruled(16, "ORD-DOS-003", "refused", ordering.mood(per_weight="5"), "times ten"),
    ruled(
        16,
        "ORD-BOL-001",
        "refused",
        steps.dose(steps.stage("0.36", "10", "bolus"), steps.stage("1", "120")),
        "bolus",
    ),
    ruled(16, "ORD-TIT-002", "refused", ordering.later("0.71", "0.2"), "too far at once"),
    ruled(17, "ORD-CAP-001", "reason", ordering.mood(weight="201"), "100.5 mg"),
    ruled(17, "ORD-CAP-002", "refused", ordering.mood(per_weight="1", weight="201"), "201 mg"),
    ruled(18, "ORD-DUR-001", "reason", ordering.mood(duration="39")),
    ruled(18, "INF-RATE-004", "refused", infusion.rate("1500"), "100 mL in 4 min"),
    ruled(19, "ORD-DUP-001", "refused", ordering.order(visit=visit(WEIGHED, ORDERED)), "an order stands"),
    ruled(19, "ORD-DUP-002", "prescriber", ordering.since_last(timedelta(hours=23)), "same day"),
    ruled(
        19,
        "ORD-DAY-002",
        "refused",
        protocol.day(2, last=(1, 10), apart=timedelta(hours=3)),
        "a run of days",
    ),
    ruled(20, "INF-RATE-001", "prescriber", infusion.rate("150.1"), "faster than ordered"),
    ruled(20, "INF-RATE-002", "refused", infusion.bag("40.801"), "more in the bag than ordered"),
    ruled(20, "INF-RATE-004", "refused", infusion.rate("400.1"), "over 2 mg/kg in an hour"),
    ruled(21, "INF-STA-001", "refused", infusion.start(order=None), "unsigned"),
    ruled(21, "INF-STA-001", "refused", infusion.start(order=infusion.EXPIRES), "expired"),
    ruled(21, "ORD-EXP-001", "refused", ordering.expiring(NOON + timedelta(hours=12)), "expired"),
    ruled(22, "DRW-EXP-001", "refused", drawing.vial(expiry_date=DAY - timedelta(days=1))),
    ruled(22, "DRW-PRD-001", "refused", drawing.vial(product="midazolam_1_2"), "another drug"),
    ruled(23, "DRW-PRD-001", "refused", ESKETAMINE),
    made(23, "not-orderable", product="esketamine_spray_28"),
    ruled(24, "DRW-RTE-001", "refused", drawing.draw(rate=FlowRate.of("15")), "a tenth"),
    ruled(24, "INF-RATE-003", "refused", infusion.rate("1500"), "tenfold"),
)


@pytest.mark.parametrize("slip", SLIPS, ids=str)
def test_the_error_meets_its_declared_answer(slip: Slip) -> None:
    assert slip.happens() == (slip.by, slip.firmness)


def test_every_error_is_met_by_something() -> None:
    assert {slip.number for slip in SLIPS} == set(range(1, len(ERRORS) + 1))
    assert len(ERRORS) == 24


def declared() -> dict[int, tuple[str, set[Answer]]]:
    """The rows of the page: the error's words, and every answer with how firm it is."""
    rows = re.findall(ROW, PAGE.read_text("utf-8"), re.MULTILINE)
    kinds: tuple[Firmness, ...] = ("refused", "prescriber", "reason")
    return {
        int(number): (
            words,
            {
                (name.strip("` "), kind)
                for kind, cell in zip(kinds, cells, strict=True)
                for name in cell.split(",")
                if name.strip(" –")
            },
        )
        for number, words, *cells in rows
    }


def test_the_page_of_hazards_declares_the_same() -> None:
    tested: dict[int, tuple[str, set[Answer]]] = {
        number: (words, {(slip.by, slip.firmness) for slip in SLIPS if slip.number == number})
        for number, words in enumerate(ERRORS, start=1)
    }
    assert declared() == tested
