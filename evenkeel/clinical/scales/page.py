"""The scales as a page for people: how each is scored, on what that stands, and whose its words are."""

from collections.abc import Mapping
from typing import Final

from evenkeel.clinical.rulebook import Basis
from evenkeel.clinical.scales.shape import KIND_WORDS, Cut, Ground, Kind, Method, Scale, Wording
from evenkeel.values.numbers import plain

_HEAD: Final = """# Rating scales

Every scale that Evenkeel scores, written out from the files in `evenkeel/clinical/scales`. This page is
made by the program; change the files, not the page. [Adding a scale](adding-a-scale.md) says how a file is
written, and how a clinic loads wording that it has a license for.

A form with an open question has no score, and says which question is open. An answer that alerts does so
whatever the total, and on half a form too. Beside each number stands how well it is founded: *source*, read
in the source itself; *second-hand*, read in somebody else's account of it; *proposal*, for the clinic's
medical director.

This material contains content from LOINC (<http://loinc.org>). LOINC is copyright Regenstrief Institute,
Inc. and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost
under the license at <http://loinc.org/license>. LOINC is a registered United States trademark of
Regenstrief Institute, Inc.
"""
_WORDING: Final[Mapping[Wording, str]] = {
    "ships": "stands in Evenkeel",
    "clinic_permits": "stands in Evenkeel, shown once the clinic names its permission",
    "clinic_loads": "is loaded by the clinic",
}
_METHODS: Final[Mapping[Method, str]] = {
    "sum": "sum",
    "mean": "mean",
    "group_max": "sum of the highest of each group",
    "part": "one part is kept",
    "levels": "sorted into levels",
    "components": "sum of components",
    "lookup": "looked up in the published table",
    "none": "none",
}
_BASIS: Final[Mapping[Basis, str]] = {
    "source": "source",
    "second-hand": "second-hand",
    "proposal": "proposal",
}


def render(scales: Mapping[str, Scale]) -> str:
    """Write every scale as Markdown: one table of all, then each for itself in the order of choosing."""
    kinds: list[Kind] = list(KIND_WORDS)
    ordered = sorted(scales.values(), key=lambda of: (kinds.index(of.kind), of.id))
    rows = [_row(of) for of in ordered]
    return "\n".join(
        [
            _HEAD,
            "## All of them\n",
            "| Scale | For | Questions | Score | Wording | License |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            *(line for of in ordered for line in _section(of)),
        ]
    )


def _row(of: Scale) -> str:
    span = "–" if of.unusable else _span(of)
    cells = [
        f"[{of.short}](#{_anchor(of)})",
        KIND_WORDS[of.kind],
        str(len(of.items)) if of.items else "–",
        span,
        "cannot be used" if of.unusable else _WORDING[of.license.wording],
        _cell(of.license.status + (f", {of.license.owner}" if of.license.owner else "")),
    ]
    return f"| {' | '.join(cells)} |"


def _section(of: Scale) -> list[str]:
    lines = [f"({_anchor(of)})=", f"## {of.title}\n"]
    if of.unusable:
        lines.append(f"**Cannot be used.** {of.unusable}\n")
    head = [of.rater.capitalize(), f"about {of.recall}" if of.recall else "", f"higher is {of.direction}"]
    if of.direction == "neither":
        head[2] = "neither end is better"
    lines.append(f"`{of.id}`, version {of.version}. {', '.join(part for part in head if part)}.\n")
    if not of.unusable:
        lines += ["| What | Number | Founded on |", "|---|---|---|", *_numbers(of), ""]
    lines += [f"- {note}" for note in of.notes]
    lines += [
        "",
        *_license(of),
        "Sources: " + "; ".join(f"{text} (`{key}`)" for key, text in of.sources.items()) + ".\n",
    ]
    return lines


def _numbers(of: Scale) -> list[str]:
    scoring = f"{_METHODS[of.scoring.method]}, {_span(of)}"
    if of.scoring.groups:
        scoring += "; groups " + ", ".join(_places(group) for group in of.scoring.groups)
    rows = [_line("Score", scoring, of.scoring.ground)]
    for part in of.scoring.parts:
        suffices = f", {part.at_least} answers suffice, marked as prorated" if part.at_least else ""
        rows.append(_line(f"Part: {part.name}", f"{part.method} of {_places(part.items)}{suffices}", None))
    rows += [
        _line(f"Component: {each.name}", f"0 to 3, of {_places(each.items)}", None)
        for each in of.scoring.components
    ]
    if of.bands:
        bands = ", ".join(f"{_ends(band.low, band.high)} {band.label}" for band in of.bands)
        rows.append(_line("Ranges", bands, of.bands_ground))
    rows += [_line(f"Says “{cut.label}”", _cut(cut), cut.ground) for cut in of.cuts]
    rows += [_line(f"Says “{each.label}”", "by the answers", each.ground) for each in of.patterns]
    alerts = [f"{item.key} from {item.risk_from} on" for item in of.items if item.risk_from is not None]
    if alerts:
        rows.append(_line("Alerts", "question " + ", ".join(alerts), of.risk_ground))
    if of.response_fall:
        rows.append(_line("Response", f"a fall by {of.response_fall}", of.response_ground))
    if of.remission_below:
        rows.append(_line("Remission", f"below {of.remission_below}", of.remission_ground))
    if of.worse_from:
        rows.append(_line("Worse", f"a rise by {of.worse_from}", of.worse_ground))
    rows += [
        _line("A change that matters", f"{plain(each.points)}: {each.label}", each.ground)
        for each in of.changes
    ]
    codes = [
        f"panel {of.loinc_panel}" if of.loinc_panel else "",
        f"score {of.loinc_total}" if of.loinc_total else "",
    ]
    if any(codes):
        rows.append(_line("LOINC", ", ".join(code for code in codes if code), None))
    return rows


def _license(of: Scale) -> list[str]:
    owned = f" ({of.license.owner})" if of.license.owner else ""
    wording = "" if of.unusable else f"; the wording {_WORDING[of.license.wording]}"
    lines = [f"License: {of.license.status}{owned}{wording}. {of.license.note}".strip() + "\n"]
    return [*lines, f"> {of.credit}\n"] if of.credit else lines


def _line(what: str, number: str, ground: Ground | None) -> str:
    founded = "–"
    if ground is not None:
        keys = f": {', '.join(f'`{key}`' for key in ground.sources)}" if ground.sources else ""
        founded = f"{_BASIS[ground.basis]}{keys}{'. ' + ground.note if ground.note else ''}"
    return f"| {_cell(what)} | {_cell(number)} | {_cell(founded)} |"


def _cut(cut: Cut) -> str:
    ends = [
        f"from {plain(cut.low)}" if cut.low is not None else "",
        f"to {plain(cut.high)}" if cut.high is not None else "",
    ]
    return " ".join([*(end for end in ends if end), *([f"in {cut.part}"] if cut.part else [])])


def _span(of: Scale) -> str:
    return f"{plain(of.low)} to {plain(of.high)}"


def _ends(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}–{high}"


def _places(numbers: tuple[int, ...]) -> str:
    """Places of questions as people write them: "1–5, 8"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(_ends(run[0], run[-1]) for run in runs)


def _anchor(of: Scale) -> str:
    return f"scale-{of.id.replace('_', '-')}"


def _cell(words: str) -> str:
    return words.replace("|", "\\|")
