"""What has to hold of a scale as a whole: codes, ranges, names in use, and the license of its words."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from evenkeel.clinical.scales.codes import is_well_formed
from evenkeel.clinical.scales.shape import Component, Item, Method, Part, Scale, Step
from evenkeel.clinical.scales.tables import Table

Ends = tuple[Fraction, Fraction]


def check(made: Scale, top: Table, name: str) -> None:
    """Refuse a scale that does not add up, naming the line; `name` is the file's, which is the scale's id."""
    top.demand(made.id == name, f'the id "{made.id}" is not the name of the file', "id")
    _check_codes(made, top)
    _check_words(made, top)
    none = made.scoring.method == "none"
    if made.unusable:
        sentence = "a scale that cannot be used has no questions and no scoring"
        top.demand(none and not made.items, sentence, "unusable")
        return
    top.demand(not none, 'the method "none" is for a scale that cannot be used', "scoring", "method")
    top.demand(bool(made.scored_items), "no question is scored")
    _check_names(made, top)
    _check_ends(made, top)
    _check_bands(made, top)
    alerts = any(item.risk_from is not None for item in made.items)
    top.demand(
        alerts == (made.risk_ground is not None), "a question with risk_from and [risk] go together", "risk"
    )


def ends_of(made: Scale) -> Ends:
    """The lowest and the highest score that the answers can give; those of a lookup stand in its table."""
    return _ENDS[made.scoring.method](made)


def _by_row(made: Scale, top: Table) -> Iterator[tuple[Item, int]]:
    """Every question with the place of its row in the file; a row with repeat stands for several."""
    rows = enumerate(top.tables("item"))
    places = [place for place, row in rows for _ in range(row.whole_or_none("repeat") or 1)]
    return zip(made.items, places, strict=True)


def _codes(made: Scale, top: Table) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    for key, code in (("panel", made.loinc_panel), ("total", made.loinc_total)):
        if code:
            yield code, ("loinc", key)
    for item, place in _by_row(made, top):
        if item.loinc:
            yield item.loinc, ("item", place, "loinc")


def _check_codes(made: Scale, top: Table) -> None:
    for code, place in _codes(made, top):
        top.demand(is_well_formed(code), f"{code} is no LOINC code: its check digit does not fit", *place)
    answers = top.table_or_none("answers")
    for name, table in answers.named() if answers else ():
        for row in table.tables("options"):
            code = row.text("code", "-")
            sentence = f"{name}: {code} is no LOINC answer code, which begins with LA"
            row.demand(code == "-" or code.startswith("LA"), sentence, "code")
            sentence = f"{name}: {code} is no LOINC answer code: its check digit does not fit"
            row.demand(code == "-" or is_well_formed(code), sentence, "code")
    own = [item.loinc for item in made.items if item.loinc]
    top.demand(len(set(own)) == len(own), "two questions have one LOINC code", "item")


def _check_words(made: Scale, top: Table) -> None:
    """Words stand here only where the license lets them, and then all of them."""
    if made.license.wording == "clinic_loads":
        for item, place in _by_row(made, top):
            worded = item.text or any(option.text for option in item.options)
            sentence = f"question {item.key} has words, and the license asks that the clinic loads them"
            top.demand(not worded, sentence, "item", place)
        return
    top.demand(bool(made.license.credit) or made.license.status == "generic", "credit is missing", "license")
    for item, place in _by_row(made, top):
        top.demand(bool(item.text), f"question {item.key} has no text", "item", place)
        whole = all(option.text for option in item.options)
        top.demand(whole, f"question {item.key} has an answer without words", "item", place, "answers")


def _check_names(made: Scale, top: Table) -> None:
    scoring = made.scoring
    needs = {
        "group_max": ("groups", scoring.groups),
        "components": ("components", scoring.components),
        "levels": ("levels", scoring.levels),
    }
    for method, (name, own) in needs.items():
        good = bool(own) == (scoring.method == method)
        top.demand(good, f'{name} go with the method "{method}", and with no other', "scoring")
    parts = [part.name for part in scoring.parts]
    top.demand(len(set(parts)) == len(parts), "two parts have one name", "part")
    for place, part in enumerate(scoring.parts):
        whole = part.method != "percent" or part_ends(made, part) == (Fraction(0), Fraction(100))
        top.demand(whole, f'high is not the most points of "{part.name}"', "part", place, "high")
    good = scoring.part in parts if scoring.method == "part" else scoring.part is None
    sentence = 'part is the name of one of the parts, and goes with the method "part" alone'
    top.demand(good, sentence, "scoring", "part")
    for place, cut in enumerate(made.cuts):
        good = cut.part is None or cut.part in parts
        top.demand(good, f'there is no part called "{cut.part}"', "cut", place, "part")
        bounds = [bound for bound in (cut.low, cut.high) if bound is not None]
        inside = cut.part is not None or all(made.low <= bound <= made.high for bound in bounds)
        top.demand(inside, f'the cut "{cut.label}" lies outside the scale', "cut", place)
    labels = {band.label for band in made.bands}
    for place, pattern in enumerate(made.patterns):
        good = pattern.band is None or pattern.band in labels
        top.demand(good, f'there is no band called "{pattern.band}"', "pattern", place, "band")
    empty = [not level.any_of for level in scoring.levels]
    good = empty == [place == 0 for place in range(len(empty))]
    top.demand(good, "the first level has no needs, and every other has some", "level")
    counted = [number for group in scoring.groups for number in group]
    scored = [item.number for item in made.scored_items]
    good = not scoring.groups or sorted(counted) == scored
    top.demand(good, "each scored question stands in one group", "scoring", "groups")


def _check_ends(made: Scale, top: Table) -> None:
    if made.scoring.method == "lookup":
        # The table comes with the clinic's text, which is checked against these two.
        top.demand(made.low < made.high, "low is not below high", "scoring")
        return
    low, high = ends_of(made)
    sentence = f"the answers span {_shown(low)} to {_shown(high)}, not {made.low} to {made.high}"
    top.demand((low, high) == (Fraction(made.low), Fraction(made.high)), sentence, "scoring")


def _check_bands(made: Scale, top: Table) -> None:
    top.demand(
        bool(made.bands) == (made.bands_ground is not None), "[bands] and [[band]] go together", "bands"
    )
    expected = made.low
    for place, band in enumerate(made.bands):
        top.demand(band.low <= band.high, f'"{band.label}" ends before it begins', "band", place, "high")
        slip = "overlaps with the band before it" if place else "begins below the scale"
        top.demand(band.low >= expected, f'"{band.label}" {slip}', "band", place, "low")
        gap = f'before "{band.label}" there is a gap: {expected} has no band'
        top.demand(band.low == expected, gap, "band", place, "low")
        expected = Decimal(band.high + 1)
    if made.bands:
        last = made.bands[-1].high
        sentence = f"the last band ends at {last}, the scale at {made.high}"
        top.demand(last == made.high, sentence, "band", len(made.bands) - 1, "high")


def _shown(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else str(float(number))


def _points(item: Item) -> tuple[int, int]:
    points = [item.points_of(value) for value in item.values]
    return min(points), max(points)


def _summed(items: Iterable[Item]) -> Ends:
    pairs = [_points(item) for item in items]
    return Fraction(sum(low for low, _ in pairs)), Fraction(sum(high for _, high in pairs))


def _sum_ends(made: Scale) -> Ends:
    return _summed(made.scored_items)


def _mean_ends(made: Scale) -> Ends:
    low, high = _sum_ends(made)
    count = len(made.scored_items)
    return low / count, high / count


def _group_ends(made: Scale) -> Ends:
    groups = [[_points(made.item(number)) for number in group] for group in made.scoring.groups]
    low = sum(max(low for low, _ in group) for group in groups)
    return Fraction(low), Fraction(sum(max(high for _, high in group) for group in groups))


def _part_ends(made: Scale) -> Ends:
    part = next(part for part in made.scoring.parts if part.name == made.scoring.part)
    return part_ends(made, part)


def part_ends(made: Scale, part: Part) -> Ends:
    """The lowest and the highest score of one part."""
    low, high = _summed(made.item(number) for number in part.items)
    if part.method == "mean":
        return low / len(part.items), high / len(part.items)
    if part.high is not None:
        # A part in percent, and no other, says how many points are the most.
        return low * 100 / part.high, high * 100 / part.high
    return low, high


def _level_ends(made: Scale) -> Ends:
    return Fraction(0), Fraction(len(made.scoring.levels) - 1)


def _component_ends(made: Scale) -> Ends:
    ends = [_ends_of_component(made, each) for each in made.scoring.components]
    return Fraction(sum(low for low, _ in ends)), Fraction(sum(high for _, high in ends))


def _ends_of_component(made: Scale, component: Component) -> tuple[int, int]:
    if component.steps:
        return _reached(component.steps)
    ends = [
        _reached(component.steps_of[number]) if number in component.steps_of else _points(made.item(number))
        for number in component.items
    ]
    return sum(low for low, _ in ends), sum(high for _, high in ends)


def _reached(steps: tuple[Step, ...]) -> tuple[int, int]:
    points = [step.points for step in steps]
    return min(points), max(points)


_ENDS: Final[Mapping[Method, Callable[[Scale], Ends]]] = {
    "sum": _sum_ends,
    "mean": _mean_ends,
    "group_max": _group_ends,
    "part": _part_ends,
    "levels": _level_ends,
    "components": _component_ends,
}
