"""Scoring exactly as published. A form with an open question has no score, unless its own rule gives one."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from evenkeel.clinical.scales.shape import Component, Condition, Method, Need, Part, Scale, Step
from evenkeel.values.drug import to_decimal
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.shape import frozen

# A mean or a share is kept to so many places. Proposal: finer than any change that was found to matter.
SCORE_PLACES: Final = 2
_DAY_MINUTES: Final = 24 * 60

Given = Mapping[int, int]


class UnableToScore(UnableTo):
    """An answer is not one that the scale offers."""


@frozen
class PartScore:
    """The score of some of the questions, None while too many are open; `prorated` says that some were."""

    name: str
    score: Decimal | None
    percent: bool
    prorated: bool


@frozen
class Scored:
    """What a form comes to.

    `total` and `band` are None while a question is open that counts; `missing` are the numbers of those
    questions, and `risk_items` of the answers that alert. `marks` are the cuts and patterns that hold.
    """

    total: Decimal | None
    band: str | None
    risk_items: tuple[int, ...]
    missing: tuple[int, ...]
    parts: tuple[PartScore, ...]
    marks: tuple[str, ...]


def score(of: Scale, answers: Iterable[int | None]) -> Scored:
    """Score a form, answers in item order, None where nothing was answered. Half a scale has no score.

    Unscored questions at the end may be left off. Raises UnableToScore for an answer that is not offered.
    """
    assert of.is_scorable, "a scale is scored only where all that its scoring needs is here"
    given_answers = tuple(answers)
    _refuse_impossible(of, given_answers)
    given = {number: answer for number, answer in enumerate(given_answers, start=1) if answer is not None}
    points, missing = _points(of, given)
    parts = tuple(_part(part, points) for part in of.scoring.parts)
    total = None if set(missing) - _forgiven(of, parts) else _total(of, points)
    patterns = [
        pattern
        for pattern in of.patterns
        if total is not None and all(_met(n, points) for n in pattern.needs)
    ]
    return Scored(
        total=total,
        band=None if total is None else _band(of, given, total, points, [p.band for p in patterns if p.band]),
        risk_items=tuple(
            item.number
            for item in of.items
            if item.risk_from is not None and item.number in given and given[item.number] >= item.risk_from
        ),
        missing=missing,
        parts=parts,
        marks=(*_cuts(of, total, parts), *(pattern.label for pattern in patterns)),
    )


def _refuse_impossible(of: Scale, given: tuple[int | None, ...]) -> None:
    issues = [
        Issue(
            sentence=f"Question {item.key} of {of.short} does not offer {answer}; choose an answer.",
            code="answer-not-offered",
            field=f"answer_{item.number}",
        )
        for item, answer in zip(of.items, given, strict=False)
        if answer is not None and answer not in item.values
    ]
    last_scored = max(item.number for item in of.scored_items)
    if not last_scored <= len(given) <= len(of.items):
        sentence = f"{of.short} has {len(of.items)} questions, and {len(given)} answers came."
        issues.append(Issue(sentence=sentence, code="wrong-number-of-answers", field="answers"))
    if issues:
        raise UnableToScore(issues)


def is_asked(condition: Condition | None, given: Given) -> bool:
    """Whether a question is to be asked, going by the answers that are there."""
    if condition is None:
        return True
    fulfilled = any(number in given and given[number] >= condition.value_from for number in condition.items)
    return fulfilled != condition.is_unless


def _points(of: Scale, given: Given) -> tuple[dict[int, int], tuple[int, ...]]:
    """The points of every scored question that counts, and the numbers of those that are open."""
    points: dict[int, int] = {}
    missing: list[int] = []
    for item in of.scored_items:
        is_given = item.number in given
        own = item.points_of(given[item.number]) if is_given else 0
        if is_asked(item.condition, given):
            if is_given:
                points[item.number] = own
            else:
                missing.append(item.number)
        elif item.condition is not None and item.condition.otherwise == "count":
            points[item.number] = own
        elif item.condition is not None and item.condition.otherwise == "zero":
            points[item.number] = 0
    return points, tuple(missing)


def _part(part: Part, points: Given) -> PartScore:
    own = [points[number] for number in part.items if number in points]
    enough = len(own) == len(part.items) or (part.at_least is not None and len(own) >= part.at_least)
    exact = Fraction(sum(own))
    if part.method == "mean" and own:
        exact /= len(own)
    if part.high is not None:
        exact = exact * 100 / part.high
    return PartScore(
        name=part.name,
        score=_decimal(exact) if enough else None,
        percent=part.method == "percent",
        prorated=enough and len(own) < len(part.items),
    )


def _forgiven(of: Scale, parts: tuple[PartScore, ...]) -> set[int]:
    """Questions that may stay open, since the rule of their part lets the rest stand for them."""
    return {
        number
        for part, scored in zip(of.scoring.parts, parts, strict=True)
        if scored.prorated and part.name != of.scoring.part
        for number in part.items
    }


def _band(of: Scale, given: Given, total: Decimal, points: Given, forced: list[str]) -> str | None:
    """A total over fewer questions lies on another range than the bands do, so it has none."""
    if of.scoring.profile:
        return "profile " + "".join(str(given[number]) for number in of.scoring.profile)
    if of.scoring.levels:
        return of.band_of(total)
    if any(item.number not in points for item in of.scored_items):
        return None
    return forced[0] if forced else of.band_of(total)


def _cuts(of: Scale, total: Decimal | None, parts: tuple[PartScore, ...]) -> list[str]:
    scores = {None: total} | {part.name: part.score for part in parts}
    found = []
    for cut in of.cuts:
        number = scores[cut.part]
        if number is not None and cut.holds(number):
            found.append(cut.label)
    return found


def _met(need: Need, points: Given) -> bool:
    present = sum(
        points.get(number, 0) >= need.value_from_of.get(number, need.value_from) for number in need.items
    )
    return need.at_least <= present and (need.at_most is None or present <= need.at_most)


def _total(of: Scale, points: Given) -> Decimal:
    return _decimal(_TOTALS[of.scoring.method](of, points))


def _decimal(exact: Fraction) -> Decimal:
    """A score as it is kept: whole where it is whole, else rounded once and without zeros at its end."""
    if exact.denominator == 1:
        return Decimal(exact.numerator)
    return to_decimal(exact, SCORE_PLACES).normalize()


def _sum(of: Scale, points: Given) -> Fraction:
    return Fraction(sum(points.values()))


def _mean(of: Scale, points: Given) -> Fraction:
    return Fraction(sum(points.values()), len(points))


def _group_max(of: Scale, points: Given) -> Fraction:
    return Fraction(sum(max(points[number] for number in group) for group in of.scoring.groups))


def _lead_part(of: Scale, points: Given) -> Fraction:
    part = next(part for part in of.scoring.parts if part.name == of.scoring.part)
    found = _part(part, points).score
    assert found is not None, "a total is asked for only when its part is whole"
    return Fraction(found)


def _levels(of: Scale, points: Given) -> Fraction:
    """The place of the highest level that any need puts the form on; the first, 0, has no needs."""
    levels = of.scoring.levels
    reached = [
        place for place in range(len(levels)) if any(_met(need, points) for need in levels[place].any_of)
    ]
    return Fraction(max(reached, default=0))


def _components(of: Scale, points: Given) -> Fraction:
    return Fraction(sum(component_points(each, points) for each in of.scoring.components))


def component_points(component: Component, points: Given) -> int:
    """What one component comes to."""
    if component.share:
        asleep, to_bed, up = (points[number] for number in component.items)
        # Without any time in bed nothing was slept in it either.
        in_bed = (up - to_bed) % _DAY_MINUTES
        return _step(component.steps, Fraction(asleep * 100, in_bed) if in_bed else Fraction(0))
    parts = [
        _step(component.steps_of[number], Fraction(points[number]))
        if number in component.steps_of
        else points[number]
        for number in component.items
    ]
    return _step(component.steps, Fraction(sum(parts))) if component.steps else sum(parts)


def _step(steps: tuple[Step, ...], number: Fraction) -> int:
    reached = [step.points for step in steps if number >= Fraction(step.low)]
    assert reached, "the first step takes every number that can come"
    return reached[-1]


def _lookup(of: Scale, points: Given) -> Fraction:
    return Fraction(of.scoring.table[sum(points.values())])


_TOTALS: Final[Mapping[Method, Callable[[Scale, Given], Fraction]]] = {
    "sum": _sum,
    "mean": _mean,
    "group_max": _group_max,
    "part": _lead_part,
    "levels": _levels,
    "components": _components,
    "lookup": _lookup,
}
