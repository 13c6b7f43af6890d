"""Made-up scales, one for each way of scoring, and how a broken one is refused."""

from pathlib import Path

import pytest

from evenkeel.clinical.scales.reading import read_scale
from evenkeel.clinical.scales.shape import Scale
from evenkeel.clinical.scales.tables import ScaleError

# Every key that a scale with a sum can have. The id stands low, so that its line is not the first.
WHOLE = """\
# A made-up scale of five questions.
title = "Toy scale of five questions"
id = "toy"
version = "3"
short = "Toy"
kind = "pain"
family = "pain"
rater = "clinician"
recall = "the last week"
stem = "How often, in the last week:"
direction = "better"
notes = ["First note.", "Second note."]

[license]
status = "free"
owner = "Nobody's University"
note = "Ask first."
credit = "Nobody N (2026)"
wording = "ships"

[sources]
nobody = "Nobody 2026"
someone = "Someone 2025"

[scoring]
method = "sum"
low = 0
high = 25
basis = "source"
sources = ["nobody", "someone"]
note = "Added."
profile = "1, 3-4"

[[part]]
name = "first"
items = "1-2"
method = "percent"
high = 10

[[part]]
name = "second"
items = "1-2, 4"
method = "mean"
at_least = 2

[[cut]]
label = "at most nothing"
from = 0
to = 0.5
basis = "source"
sources = ["someone"]
note = "Of the whole."

[[cut]]
label = "first part high"
part = "first"
from = 60
basis = "proposal"

[[pattern]]
label = "both often"
band = "much"
basis = "second-hand"
sources = ["nobody"]
note = "Of two."
needs = [
  { items = "1-2", value_from = 2, at_least = 2, at_most = 2, value_from_of = { 2 = 1 } },
  { items = "4" },
]

[bands]
basis = "source"
sources = ["nobody"]
note = "Of Nobody."

[[band]]
low = 0
high = 9
label = "little"

[[band]]
low = 10
high = 25
label = "much"

[risk]
basis = "second-hand"
sources = ["someone"]
note = "Alerts."

[response]
fall_percent = 50
basis = "source"
sources = ["nobody"]
note = "Half."

[remission]
below = 5
basis = "second-hand"
sources = ["someone"]
note = "Under five."

[worse]
rise_points = 0.5
basis = "proposal"
sources = ["nobody"]
note = "Ours."

[[change]]
points = -2.5
label = "found to matter"
basis = "source"
sources = ["someone"]
note = "By anchors."

[loinc]
panel = "44249-1"
total = "44261-6"

[answers.grade]
options = [
  { value = 0, text = "Never", code = "LA6568-5" },
  { value = 1, text = "Once" },
  { value = 2, text = "Often", points = 5 },
]

[answers.minutes]
span = [0, 10]
unit = "min"

[[item]]
text = "First?"
answers = "grade"

[[item]]
text = "Second?"
answers = "grade"
loinc = "8480-6"
risk_from = 2

[[item]]
text = "Third?"
answers = "minutes"
name = "How long"
asked_if = { items = "1-2", value_from = 1, otherwise = "zero" }

[[item]]
key = "3b"
text = "Fourth?"
answers = "grade"
asked_unless = { items = "3", value_from = 10, otherwise = "leave_out" }

[[item]]
text = "Fifth?"
answers = "grade"
scored = false
"""

# The head of a scale whose words the clinic loads, with nothing that may be left out.
HEAD = """\
# A made-up scale without words.
title = "Toy scale"
id = "toy"
version = "1"
short = "Toy"
kind = "mood"
rater = "self"
direction = "worse"

[license]
status = "unclear"
wording = "clinic_loads"

[sources]
"""

SUM = (
    HEAD
    + """
[scoring]
method = "sum"
low = 1
high = 10
basis = "proposal"

[answers.grade]
range = [1, 4]

[answers.rating]
range = [0, 6]

[[item]]
answers = "grade"

[[item]]
answers = "rating"
"""
)
MEAN = SUM.replace('"sum"\nlow = 1\nhigh = 10', '"mean"\nlow = 0.5\nhigh = 5')
PARTS = (
    SUM.replace('"sum"\nlow = 1\nhigh = 10', '"part"\npart = "second"\nlow = 0.5\nhigh = 5')
    + """
[[part]]
name = "first"
items = "1-2"
method = "sum"

[[part]]
name = "second"
items = "1-2"
method = "mean"

[[part]]
name = "third"
items = "2"
method = "percent"
high = 6
"""
)
# In the first group the lowest is the grade's 1 and the highest the rating's 6.
GROUPS = (
    SUM.replace('"sum"\nlow = 1\nhigh = 10', '"group_max"\ngroups = ["3", "1-2"]\nlow = 2\nhigh = 10')
    + """
[[item]]
answers = "grade"

[[item]]
answers = "rating"
scored = false
"""
)
LEVELS = (
    SUM.replace('"sum"\nlow = 1\nhigh = 10', '"levels"\nlow = 0\nhigh = 2')
    + """
[[level]]
label = "none"

[[level]]
label = "some"
any_of = [{ items = "1" }]

[[level]]
label = "most"
any_of = [
  { items = "1", value_from = 2 },
  { items = "1-2", value_from = 0, at_least = 0, at_most = 1, value_from_of = { 2 = 6 } },
]
"""
)
# Asleep for 3 to 0 points, a grade of 1 to 4, a grade with 1 to 2 more, and both through steps to 0 to 2.
COMPONENTS = (
    HEAD
    + """
[scoring]
method = "components"
low = 3
high = 15
basis = "proposal"

[[component]]
name = "asleep"
items = "1-3"
share = true
steps = [[0, 3], [50.5, 1], [85, 0]]

[[component]]
name = "grade"
items = "4"

[[component]]
name = "grade and more"
items = "4-5"
steps_of = { 5 = [[0, 1], [2, 2]] }

[[component]]
name = "both"
items = "2, 4"
steps_of = { 2 = [[0, 0], [30, 1]] }
steps = [[0, 0], [3, 2]]

[answers.minutes]
span = [0, 1439]

[answers.grade]
range = [1, 4]

[[item]]
answers = "minutes"
repeat = 3

[[item]]
answers = "grade"

[[item]]
answers = "grade"
"""
)
LOOKUP = SUM.replace('"sum"\nlow = 1\nhigh = 10', '"lookup"\nlow = 20\nhigh = 80')
UNUSABLE = (
    HEAD.replace('direction = "worse"', 'direction = "worse"\nunusable = "Nobody could read it."')
    + """
[scoring]
method = "none"
low = 0
high = 0
basis = "proposal"
"""
)
BASES = {
    "whole": WHOLE,
    "sum": SUM,
    "mean": MEAN,
    "parts": PARTS,
    "groups": GROUPS,
    "levels": LEVELS,
    "components": COMPONENTS,
    "lookup": LOOKUP,
    "unusable": UNUSABLE,
}


def read(folder: Path, text: str) -> Scale:
    """Read a text as the file of the toy scale."""
    path = folder / "toy.toml"
    path.write_text(text, "utf-8")
    return read_scale(path)


def changed(text: str, old: str, new: str) -> str:
    """A text with one part changed, which stands there once."""
    assert text.count(old) == 1, f"{text.count(old)} times in the text: {old}"
    return text.replace(old, new)


def line_of(text: str, mark: str) -> int:
    """The one line on which a mark stands; a number after "]]" says which of the tables of that name."""
    table, end, place = mark.rpartition("]]")
    mark = table + end if place.isdecimal() else mark
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if mark in line]
    if place.isdecimal():
        return lines[int(place) - 1]
    assert len(lines) == 1, f"on the lines {lines}: {mark}"
    return lines[0]


def refusal(folder: Path, text: str) -> str:
    """With which sentence the file of a toy scale is refused."""
    with pytest.raises(ScaleError) as refused:
        read(folder, text)
    return str(refused.value)
