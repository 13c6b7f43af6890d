"""`evenkeel dose`: a dose for nobody in particular, by the same object and the same rules as an order."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.console import Console

from evenkeel.clinical.ordering import ORDERABLE, Family, UnableToMakeDose, assess_dose, make_plan
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Severity, Verdict
from evenkeel.values.dose_plan import DosePlan, Stage
from evenkeel.values.numbers import BadNumber
from evenkeel.values.quantities import DosePerWeight, Minutes, Quantity, Volume, Weight

BAD_INPUT: Final = 2
BLOCKED: Final = 1
# What a rule that speaks asks for, as it stands in front of its sentence.
ASKS: Final[dict[Severity, str]] = {
    "advise": "note",
    "confirm": "reason needed",
    "pause": "pause",
    "block": "never",
}
OPTION_OF_FIELD: Final = {"per_weight": "--dose", "duration": "--over", "product": "--vial"}

console = Console(highlight=False, soft_wrap=True)
complaints = Console(stderr=True, highlight=False, soft_wrap=True)

Q = TypeVar("Q", bound=Quantity)


def dose(
    per_weight: Annotated[
        list[str], typer.Option("--dose", help='Dose per weight, such as "0.5 mg/kg"; again for each step.')
    ],
    duration: Annotated[
        list[str], typer.Option("--over", help='Duration, such as "40 min"; again for each step.')
    ],
    weight: Annotated[str, typer.Option("--weight", help='Body weight, such as "70.2 kg".')],
    vial: Annotated[str, typer.Option("--vial", help=f"One of {', '.join(ORDERABLE)}.")],
    bag: Annotated[str, typer.Option("--bag", help='Volume with the drug in it, such as "100 mL".')],
    family: Annotated[Family, typer.Option("--for", help="Whose limits hold.")],
    is_first: Annotated[
        Tri, typer.Option("--first", help="Is it the first infusion of a course?")
    ] = "unknown",
    as_json: Annotated[bool, typer.Option("--json", help="Print data, with units in the keys.")] = False,
) -> None:
    """Work out a dose for nobody in particular: sentence, draw, rate, the second way, and what rules say.

    Every number is written with its unit. Ends with 2 when something typed cannot be read or made, and with 1
    when a rule blocks the dose. It writes nothing and orders nothing.
    """
    if len(per_weight) != len(duration):
        raise _complain("--over", "Write one for each --dose.")
    stages = tuple(
        Stage(per_weight=_read(DosePerWeight, "--dose", amount), duration=_read(Minutes, "--over", minutes))
        for amount, minutes in zip(per_weight, duration, strict=True)
    )
    try:
        plan = make_plan(
            stages=stages,
            weight=_read(Weight, "--weight", weight),
            weighed_date=None,
            product=vial,
            bag=_read(Volume, "--bag", bag),
        )
    except UnableToMakeDose as refusal:
        for issue in refusal.issues:
            name = (issue.field or "dose").rstrip("_0123456789")
            _complain(OPTION_OF_FIELD.get(name, f"--{name}"), issue.sentence)
        raise typer.Exit(BAD_INPUT) from refusal
    today = datetime.now(UTC).date()
    verdicts = assess_dose(Rulebook.shipped(), plan, family=family, is_first=is_first, on=today)
    speaking = [verdict for verdict in verdicts if verdict.answer != "clear"]
    if as_json:
        console.out(json.dumps({**plan.as_data, "rules": [_rule_data(each) for each in speaking]}, indent=2))
    else:
        _print(plan, speaking)
    if any(verdict.hard for verdict in speaking):
        raise typer.Exit(BLOCKED)


def _read(cls: type[Q], option: str, text: str) -> Q:
    try:
        return cls.with_unit(text)
    except BadNumber as bad:
        raise _complain(option, bad.sentence) from bad


def _complain(option: str, sentence: str) -> typer.Exit:
    complaints.print(f"{option}: {sentence}", markup=False)
    return typer.Exit(BAD_INPUT)


def _print(plan: DosePlan, speaking: list[Verdict]) -> None:
    console.print(plan.sentence, style="bold")
    console.print(f"Draw     {plan.dose.draw} of {plan.dose.strength}")
    for step in plan.steps:
        console.print(f"Pump     {step.sentence}")
    console.print(f"Again    {plan.second_way}")
    for rounding in plan.roundings:
        console.print(f"Rounded  {rounding.sentence}")
    if not speaking:
        console.print("Rules    none speaks against it")
    for verdict in speaking:
        assert verdict.severity is not None, "only a clear answer asks for nothing"
        seen = f"{'; '.join(verdict.evidence)}. " if verdict.evidence else ""
        words = f"{verdict.rule.rule}, {ASKS[verdict.severity]}: {seen}{verdict.sentence}"
        console.print(f"Rules    {words}", style="red" if verdict.hard else "yellow")
    console.print("Worked out for nobody: what is given is what a prescriber signs on a visit.", style="dim")


def _rule_data(verdict: Verdict) -> dict[str, Any]:
    return {
        "rule": verdict.rule.rule,
        "version": verdict.rule.version,
        "answer": verdict.answer,
        "severity": verdict.severity,
        "may_be_overridden": not verdict.hard,
        "sentence": verdict.sentence,
        "evidence": list(verdict.evidence),
    }
