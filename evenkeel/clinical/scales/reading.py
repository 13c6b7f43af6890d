"""From the file of a scale to the scale; whatever is wrong with a file is named by its line."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final, get_args

from evenkeel.clinical.rulebook import Basis
from evenkeel.clinical.scales.checks import check
from evenkeel.clinical.scales.shape import (
    KIND_WORDS,
    Band,
    Change,
    Component,
    Condition,
    Cut,
    Direction,
    Family,
    Ground,
    Item,
    Level,
    License,
    Method,
    Need,
    Option,
    Otherwise,
    Part,
    PartMethod,
    Pattern,
    Rater,
    Scale,
    Scoring,
    Span,
    Step,
    Wording,
)
from evenkeel.clinical.scales.tables import Table
from evenkeel.values.quantities import Percent, Score

Answers = tuple[tuple[Option, ...], Span | None]
# A longer run of alike questions is a slip of the keyboard.
_REPEAT_MAX: Final = 100


def read_scale(path: Path) -> Scale:
    """Read one scale, or raise ScaleError with file, line and what is wrong there."""
    top = Table.read(path)
    sources = _sources(top)
    items = _items(top)
    count = len(items)
    scoring = _scoring(top, count, sources)
    bands, bands_ground = _bands(top, scoring, sources)
    response, response_ground = _threshold(top, "response", "fall_percent", sources)
    remission, remission_ground = _threshold(top, "remission", "below", sources)
    worse, worse_ground = _threshold(top, "worse", "rise_points", sources)
    loinc = top.table_or_none("loinc")
    made = Scale(
        id=top.text("id"),
        version=top.text("version"),
        title=top.text("title"),
        short=top.text("short"),
        kind=top.choice("kind", tuple(KIND_WORDS)),
        family=top.choice("family", get_args(Family)) if top.has("family") else None,
        rater=top.choice("rater", get_args(Rater)),
        recall=top.text("recall", ""),
        stem=top.text("stem", ""),
        direction=top.choice("direction", get_args(Direction)),
        license=_license(top),
        permission="",
        unusable=top.text("unusable", ""),
        notes=top.texts("notes"),
        sources=sources,
        items=items,
        scoring=scoring,
        bands=bands,
        bands_ground=bands_ground,
        cuts=tuple(_cut(each, sources) for each in top.tables("cut")),
        patterns=tuple(_pattern(each, count, sources) for each in top.tables("pattern")),
        risk_ground=_ground_alone(top.table_or_none("risk"), sources),
        response_fall=None if response is None else Percent(value=response),
        response_ground=response_ground,
        remission_below=None if remission is None else Score(value=remission),
        remission_ground=remission_ground,
        worse_from=None if worse is None else Score(value=worse),
        worse_ground=worse_ground,
        changes=tuple(_change(each, sources) for each in top.tables("change")),
        loinc_panel=_code(loinc, "panel"),
        loinc_total=_code(loinc, "total"),
    )
    if loinc:
        loinc.done()
    top.done()
    check(made, top, path.stem)
    return made


def _sources(top: Table) -> Mapping[str, str]:
    table = top.table("sources")
    return {key: table.text(key) for key in table}


def _ground(table: Table, sources: Mapping[str, str]) -> Ground:
    """The three keys that every table with a number has: basis, sources and note."""
    keys = table.texts("sources")
    basis: Basis = table.choice("basis", get_args(Basis))
    for key in keys:
        table.demand(key in sources, f'"{key}" is not among the sources', "sources")
    table.demand(bool(keys) or basis == "proposal", "only a proposal may stand without a source", "basis")
    return Ground(basis=basis, sources=keys, note=table.text("note", ""))


def _ground_alone(table: Table | None, sources: Mapping[str, str]) -> Ground | None:
    if table is None:
        return None
    ground = _ground(table, sources)
    table.done()
    return ground


def _license(top: Table) -> License:
    table = top.table("license")
    made = License(
        status=table.text("status"),
        owner=table.text("owner", ""),
        note=table.text("note", ""),
        credit=table.text("credit", ""),
        wording=table.choice("wording", get_args(Wording)),
    )
    table.done()
    return made


def _items(top: Table) -> tuple[Item, ...]:
    answers = (
        {name: _answers(table) for name, table in top.table("answers").named()} if top.has("answers") else {}
    )
    rows = top.tables("item")
    repeats = [_repeat(row) for row in rows]
    count = sum(repeats)
    found: list[Item] = []
    for row, repeat in zip(rows, repeats, strict=True):
        for _ in range(repeat):
            found.append(_item(row, len(found) + 1, count, answers))
        row.done()
    return tuple(found)


def _repeat(row: Table) -> int:
    if not row.has("repeat"):
        return 1
    repeat = row.whole("repeat")
    sentence = f"repeat is the number of questions that are alike, 2 to {_REPEAT_MAX}"
    row.demand(1 < repeat <= _REPEAT_MAX, sentence, "repeat")
    own = [key for key in ("text", "name", "key", "loinc") if row.has(key)]
    row.demand(not own, f"questions that are alike have no {' or '.join(own)} of their own", "repeat")
    return repeat


def _item(row: Table, number: int, count: int, answers: Mapping[str, Answers]) -> Item:
    name = row.text("answers")
    row.demand(name in answers, f'there are no answers called "{name}"', "answers")
    options, span = answers[name]
    risk_from = row.whole_or_none("risk_from")
    made = Item(
        number=number,
        key=row.text("key", str(number)),
        name=row.text("name", ""),
        text=row.text("text", ""),
        options=options,
        span=span,
        loinc=row.text("loinc") if row.has("loinc") else None,
        scored=row.flag("scored", default=True),
        risk_from=risk_from,
        condition=_condition(row, number, count),
    )
    good = risk_from is None or risk_from in made.values
    row.demand(good, "risk_from is none of the answers", "risk_from")
    return made


def _condition(row: Table, number: int, count: int) -> Condition | None:
    row.demand(
        not (row.has("asked_if") and row.has("asked_unless")), "asked_if and asked_unless exclude each other"
    )
    for key in ("asked_if", "asked_unless"):
        table = row.table_or_none(key)
        if table is not None:
            made = Condition(
                items=table.numbers_of("items", count),
                value_from=table.whole("value_from"),
                is_unless=key == "asked_unless",
                otherwise=table.choice("otherwise", get_args(Otherwise)),
            )
            row.demand(bool(made.items) and number not in made.items, f"{key} names no other question", key)
            table.done()
            return made
    return None


def _answers(table: Table) -> Answers:
    forms = [key for key in ("options", "range", "span") if table.has(key)]
    table.demand(len(forms) == 1, "answers are given as options, as a range, or as a span to be written")
    options: tuple[Option, ...] = ()
    span = None
    if table.has("options"):
        options = tuple(_option(row) for row in table.tables("options"))
        values = [option.value for option in options]
        table.demand(len(set(values)) == len(values) > 1, "an answer stands there twice, or alone", "options")
    else:
        ends = table.wholes(forms[0])
        table.demand(
            len(ends) == 2 and ends[0] < ends[1], f"{forms[0]} is the lowest and the highest number", forms[0]
        )
        if forms == ["span"]:
            span = Span(low=ends[0], high=ends[1], unit=table.text("unit", ""))
        else:
            options = tuple(
                Option(value=value, points=value, text="", code=None) for value in range(ends[0], ends[1] + 1)
            )
    table.done()
    return options, span


def _option(row: Table) -> Option:
    value = row.whole("value")
    points = row.whole_or_none("points")
    made = Option(
        value=value,
        points=value if points is None else points,
        text=row.text("text", ""),
        code=row.text("code") if row.has("code") else None,
    )
    row.done()
    return made


def _scoring(top: Table, count: int, sources: Mapping[str, str]) -> Scoring:
    table = top.table("scoring")
    method: Method = table.choice("method", get_args(Method))
    made = Scoring(
        method=method,
        low=table.number("low"),
        high=table.number("high"),
        ground=_ground(table, sources),
        groups=table.groups_of("groups", count),
        part=table.text("part") if table.has("part") else None,
        parts=tuple(_part(each, count) for each in top.tables("part")),
        components=tuple(_component(each, count) for each in top.tables("component")),
        levels=tuple(_level(each, count) for each in top.tables("level")),
        profile=table.numbers_of("profile", count),
        table={},
    )
    table.done()
    return made


def _places(table: Table, count: int) -> tuple[int, ...]:
    found = table.numbers_of("items", count)
    table.demand(bool(found), "items is missing")
    return found


def _keys_of(table: Table, count: int) -> dict[int, str]:
    """The keys of a table that has one for each of some questions, by the place of the question."""
    for key in table:
        table.demand(key.isdecimal() and 1 <= int(key) <= count, f"there is no question {key}", key)
    return {int(key): key for key in table}


def _part(table: Table, count: int) -> Part:
    items = _places(table, count)
    at_least = table.whole_or_none("at_least")
    made = Part(
        name=table.text("name"),
        items=items,
        method=table.choice("method", get_args(PartMethod)),
        at_least=at_least,
        high=table.whole_or_none("high"),
    )
    good = at_least is None or 0 < at_least < len(items)
    table.demand(good, "at_least is fewer than all questions of the part", "at_least")
    table.demand(
        (made.method == "percent") == (made.high is not None), "high is for a part in percent, and only there"
    )
    table.demand(made.high is None or made.high > 0, "high is not above zero", "high")
    table.done()
    return made


def _component(table: Table, count: int) -> Component:
    steps_of = table.table_or_none("steps_of")
    own: dict[int, tuple[Step, ...]] = {}
    if steps_of is not None:
        own = {number: _steps(steps_of, key) for number, key in _keys_of(steps_of, count).items()}
    made = Component(
        name=table.text("name"),
        items=_places(table, count),
        steps=_steps(table, "steps") if table.has("steps") else (),
        steps_of=own,
        share=table.flag("share", default=False),
    )
    three = not made.share or len(made.items) == 3
    table.demand(three, "share takes three questions: time asleep, to bed and up again", "items")
    table.demand(not made.share or bool(made.steps), "share takes steps", "share")
    table.done()
    return made


def _steps(table: Table, key: str) -> tuple[Step, ...]:
    pairs = table.pairs(key)
    steps = tuple(Step(low=low, points=int(points)) for low, points in pairs)
    lows = [step.low for step in steps]
    table.demand(lows == sorted(set(lows)) and bool(lows), f"{key}: the steps do not rise", key)
    whole = all(points == int(points) for _, points in pairs)
    table.demand(whole, f"{key}: the points are not whole numbers", key)
    return steps


def _need(table: Table, count: int) -> Need:
    exceptions = table.table_or_none("value_from_of")
    own: dict[int, int] = {}
    if exceptions is not None:
        own = {number: exceptions.whole(key) for number, key in _keys_of(exceptions, count).items()}
    made = Need(
        items=_places(table, count),
        at_least=table.whole("at_least") if table.has("at_least") else 1,
        at_most=table.whole_or_none("at_most"),
        value_from=table.whole("value_from") if table.has("value_from") else 1,
        value_from_of=own,
    )
    table.done()
    return made


def _level(table: Table, count: int) -> Level:
    made = Level(
        label=table.text("label"), any_of=tuple(_need(each, count) for each in table.tables("any_of"))
    )
    table.done()
    return made


def _pattern(table: Table, count: int, sources: Mapping[str, str]) -> Pattern:
    made = Pattern(
        label=table.text("label"),
        needs=tuple(_need(each, count) for each in table.tables("needs")),
        band=table.text("band") if table.has("band") else None,
        ground=_ground(table, sources),
    )
    table.demand(bool(made.needs), "needs is missing")
    table.done()
    return made


def _cut(table: Table, sources: Mapping[str, str]) -> Cut:
    made = Cut(
        label=table.text("label"),
        part=table.text("part") if table.has("part") else None,
        low=table.number_or_none("from"),
        high=table.number_or_none("to"),
        ground=_ground(table, sources),
    )
    table.demand(made.low is not None or made.high is not None, "from or to is missing")
    table.done()
    return made


def _bands(
    top: Table, scoring: Scoring, sources: Mapping[str, str]
) -> tuple[tuple[Band, ...], Ground | None]:
    """The ranges of totals; where people are sorted into levels, each level is one."""
    if scoring.levels:
        bands = (Band(low=place, high=place, label=each.label) for place, each in enumerate(scoring.levels))
        return tuple(bands), scoring.ground
    return tuple(_band(each) for each in top.tables("band")), _ground_alone(
        top.table_or_none("bands"), sources
    )


def _band(table: Table) -> Band:
    made = Band(low=table.whole("low"), high=table.whole("high"), label=table.text("label"))
    table.done()
    return made


def _change(table: Table, sources: Mapping[str, str]) -> Change:
    made = Change(points=table.number("points"), label=table.text("label"), ground=_ground(table, sources))
    table.done()
    return made


def _threshold(
    top: Table, name: str, key: str, sources: Mapping[str, str]
) -> tuple[Decimal | None, Ground | None]:
    """Response, remission or worsening; None where nothing is published."""
    table = top.table_or_none(name)
    if table is None:
        return None, None
    number = table.number(key)
    table.demand(number > 0, f"{key} is not above zero", key)
    ground = _ground(table, sources)
    table.done()
    return number, ground


def _code(table: Table | None, key: str) -> str | None:
    return table.text(key) if table is not None and table.has(key) else None
