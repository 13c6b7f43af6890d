"""A scale that does not add up is refused by its line: codes, words, names, ends, bands, and alerts."""

from fractions import Fraction
from pathlib import Path

import pytest

from evenkeel.clinical.scales.checks import ends_of, part_ends
from evenkeel.clinical.scales.shape import Part
from tests.unit.clinical.scale_toys import BASES, changed, line_of, read, refusal

GROUPS_GO = 'groups go with the method "group_max", and with no other'
COMPONENTS_GO = 'components go with the method "components", and with no other'
LEVELS_GO = 'levels go with the method "levels", and with no other'
PART_GOES = 'part is the name of one of the parts, and goes with the method "part" alone'
ONE_GROUP = "each scored question stands in one group"
NOT_USED = "a scale that cannot be used has no questions and no scoring"
FIRST_LEVEL = "the first level has no needs, and every other has some"
BANDS_GO = "[bands] and [[band]] go together"
RISK_GOES = "a question with risk_from and [risk] go together"
# A table of answers whose keys stand on lines of their own.
CODED = """\
[[answers.coded.options]]
value = 0
text = "No"

[[answers.coded.options]]
value = 1
text = "Yes"
code = "CODE"

[answers.minutes]"""
RISK = '[risk]\nbasis = "second-hand"\nsources = ["someone"]\nnote = "Alerts."\n'
LICENSE = """\
status = "free"
owner = "Nobody's University"
note = "Ask first."
credit = "Nobody N (2026)"
"""
FIFTH = 'text = "Fifth?"\nanswers = "grade"\n'

# In which file what is put in the place of what, on which line that is then, and what is said of it.
SLIPS = [
    ("whole", 'id = "toy"', 'id = "toys"', "id =", 'the id "toys" is not the name of the file'),
    # Codes.
    ("whole", "44249-1", "44249-2", "44249-2", "44249-2 is no LOINC code: its check digit does not fit"),
    ("whole", "44261-6", "44261-7", "44261-7", "44261-7 is no LOINC code: its check digit does not fit"),
    ("whole", "8480-6", "8480-7", "8480-7", "8480-7 is no LOINC code: its check digit does not fit"),
    (
        "components",
        'repeat = 3\n\n[[item]]\nanswers = "grade"\n\n[[item]]',
        'repeat = 3\n\n[[item]]\nanswers = "grade"\n\n[[item]]\nloinc = "8480-7"',
        "8480-7",
        "8480-7 is no LOINC code: its check digit does not fit",
    ),
    (
        "whole",
        "[answers.minutes]",
        CODED.replace("CODE", "LA6568-4"),
        "LA6568-4",
        "coded: LA6568-4 is no LOINC answer code: its check digit does not fit",
    ),
    (
        "whole",
        "[answers.minutes]",
        CODED.replace("CODE", "LL358-3"),
        "LL358-3",
        "coded: LL358-3 is no LOINC answer code, which begins with LA",
    ),
    (
        "whole",
        'text = "First?"',
        'text = "First?"\nloinc = "8480-6"',
        "[[item]]1",
        "two questions have one LOINC code",
    ),
    # Words and licenses.
    (
        "sum",
        'answers = "rating"',
        'answers = "rating"\ntext = "Second?"',
        "[[item]]2",
        "question 2 has words, and the license asks that the clinic loads them",
    ),
    (
        "sum",
        "range = [0, 6]",
        'options = [{ value = 0 }, { value = 6, text = "Most" }]',
        "[[item]]2",
        "question 2 has words, and the license asks that the clinic loads them",
    ),
    (
        "components",
        "repeat = 3\n\n[[item]]",
        'repeat = 3\n\n[[item]]\nkey = "2a"\ntext = "Fourth?"',
        "[[item]]2",
        "question 2a has words, and the license asks that the clinic loads them",
    ),
    ("whole", 'credit = "Nobody N (2026)"\n', "", "[license]", "credit is missing"),
    ("whole", 'text = "Second?"\n', "", "[[item]]2", "question 2 has no text"),
    (
        "whole",
        FIFTH,
        'text = "Fifth?"\nanswers = "short"\n\n[answers.short]\nrange = [0, 1]\n\n[[item]]\n' + FIFTH,
        'answers = "short"',
        "question 5 has an answer without words",
    ),
    # Scales that cannot be used, and those that can.
    ("unusable", 'method = "none"', 'method = "sum"', "unusable =", NOT_USED),
    (
        "unusable",
        "[scoring]",
        '[answers.grade]\nrange = [0, 1]\n\n[[item]]\nanswers = "grade"\n\n[scoring]',
        "unusable =",
        NOT_USED,
    ),
    (
        "sum",
        'method = "sum"',
        'method = "none"',
        "method =",
        'the method "none" is for a scale that cannot be used',
    ),
    (
        "sum",
        'answers = "grade"\n\n[[item]]\nanswers = "rating"\n',
        'answers = "grade"\nscored = false\n',
        "# A made-up",
        "no question is scored",
    ),
    # What goes with which method.
    ("sum", 'method = "sum"', 'method = "group_max"', "[scoring]", GROUPS_GO),
    ("groups", 'method = "group_max"', 'method = "sum"', "[scoring]", GROUPS_GO),
    ("sum", 'method = "sum"', 'method = "components"', "[scoring]", COMPONENTS_GO),
    ("components", 'method = "components"', 'method = "sum"', "[scoring]", COMPONENTS_GO),
    ("sum", 'method = "sum"', 'method = "levels"', "[scoring]", LEVELS_GO),
    ("levels", 'method = "levels"', 'method = "sum"', "[scoring]", LEVELS_GO),
    ("parts", 'part = "second"', 'part = "x"', 'part = "x"', PART_GOES),
    ("parts", 'part = "second"\n', "", "[scoring]", PART_GOES),
    ("whole", 'method = "sum"', 'method = "sum"\npart = "second"', 'part = "second"', PART_GOES),
    # Parts, cuts and patterns.
    ("parts", 'name = "second"', 'name = "first"', "[[part]]1", "two parts have one name"),
    ("parts", "high = 6\n", "high = 7\n", "high = 7", 'high is not the most points of "third"'),
    (
        "parts",
        'items = "2"\nmethod = "percent"\nhigh = 6\n',
        'items = "1"\nmethod = "percent"\nhigh = 4\n',
        "high = 4",
        'high is not the most points of "third"',
    ),
    ("whole", 'part = "first"', 'part = "x"', 'part = "x"', 'there is no part called "x"'),
    ("whole", "from = 0\n", "from = -0.5\n", "[[cut]]1", 'the cut "at most nothing" lies outside the scale'),
    ("whole", "to = 0.5", "to = 25.5", "[[cut]]1", 'the cut "at most nothing" lies outside the scale'),
    (
        "whole",
        "[[pattern]]",
        '[[cut]]\nlabel = "beyond"\nfrom = 26\nbasis = "proposal"\n\n[[pattern]]',
        "[[cut]]3",
        'the cut "beyond" lies outside the scale',
    ),
    ("whole", 'band = "much"', 'band = "x"', 'band = "x"', 'there is no band called "x"'),
    # Levels and groups.
    ("levels", 'label = "none"', 'label = "none"\nany_of = [{ items = "1" }]', "[[level]]1", FIRST_LEVEL),
    ("levels", 'any_of = [{ items = "1" }]\n', "", "[[level]]1", FIRST_LEVEL),
    ("groups", '["3", "1-2"]', '["3", "1"]', "groups =", ONE_GROUP),
    ("groups", '["3", "1-2"]', '["3", "1-2", "4"]', "groups =", ONE_GROUP),
    ("groups", '["3", "1-2"]', '["3", "1-2", "1"]', "groups =", ONE_GROUP),
    # The ends of the score.
    ("sum", "high = 10", "high = 11", "[scoring]", "the answers span 1 to 10, not 1 to 11"),
    ("sum", "low = 1\n", "low = 0\n", "[scoring]", "the answers span 1 to 10, not 0 to 10"),
    ("mean", "high = 5", "high = 6", "[scoring]", "the answers span 0.5 to 5, not 0.5 to 6"),
    ("parts", "low = 0.5", "low = 0", "[scoring]", "the answers span 0.5 to 5, not 0 to 5"),
    ("levels", "high = 2\n", "high = 3\n", "[scoring]", "the answers span 0 to 2, not 0 to 3"),
    ("groups", "low = 2\n", "low = 1\n", "[scoring]", "the answers span 2 to 10, not 1 to 10"),
    ("components", "high = 15", "high = 21", "[scoring]", "the answers span 3 to 15, not 3 to 21"),
    ("lookup", "high = 80", "high = 20", "[scoring]", "low is not below high"),
    # Bands.
    ("sum", "[answers.grade]", '[bands]\nbasis = "proposal"\n\n[answers.grade]', "[bands]", BANDS_GO),
    (
        "sum",
        "[answers.grade]",
        '[[band]]\nlow = 1\nhigh = 10\nlabel = "all"\n\n[answers.grade]',
        "# A made-up",
        BANDS_GO,
    ),
    ("whole", "low = 0\nhigh = 9", "low = 0\nhigh = -1", "high = -1", '"little" ends before it begins'),
    ("whole", "low = 10\nhigh = 25", "low = 10\nhigh = 8", "high = 8", '"much" ends before it begins'),
    (
        "whole",
        "low = 0\nhigh = 9",
        "low = 1 \nhigh = 9",
        "low = 1 ",
        'before "little" there is a gap: 0 has no band',
    ),
    ("whole", "low = 0\nhigh = 9", "low = -1\nhigh = 9", "low = -1", '"little" begins below the scale'),
    ("whole", "low = 10\n", "low = 9\n", "low = 9", '"much" overlaps with the band before it'),
    ("whole", "low = 10\n", "low = 12\n", "low = 12", 'before "much" there is a gap: 10 has no band'),
    (
        "whole",
        "low = 10\nhigh = 25",
        "low = 10\nhigh = 24",
        "high = 24",
        "the last band ends at 24, the scale at 25",
    ),
    (
        "whole",
        "low = 10\nhigh = 25",
        "low = 10\nhigh = 26",
        "high = 26",
        "the last band ends at 26, the scale at 25",
    ),
    # Alerts.
    ("whole", "risk_from = 2\n", "", "[risk]", RISK_GOES),
    ("whole", RISK, "", "# A made-up", RISK_GOES),
]


@pytest.mark.parametrize(("base", "old", "new", "mark", "sentence"), SLIPS)
def test_what_does_not_add_up_is_named_by_its_line(
    base: str, old: str, new: str, mark: str, sentence: str, tmp_path: Path
) -> None:
    text = changed(BASES[base], old, new)
    assert refusal(tmp_path, text) == f"toy.toml:{line_of(text, mark)}: {sentence}"


# What is put in the place of what in which file; all of these add up.
FITTING = {
    "a generic scale has no credit": ("whole", LICENSE, 'status = "generic"\n'),
    "an answer code that fits": ("whole", "[answers.minutes]", CODED.replace("CODE", "LA18926-8")),
    "scores of a table that lie next to each other": ("lookup", "high = 80", "high = 21"),
    "a cut of the whole scale": ("whole", "from = 0\nto = 0.5", "from = 0\nto = 25"),
    "a cut of a part beyond the scale": ("whole", "from = 60", "from = 100"),
    "a pattern without a band": ("whole", 'band = "much"\n', ""),
    "a band of one total": (
        "whole",
        'high = 9\nlabel = "little"\n\n[[band]]\nlow = 10',
        'high = 0\nlabel = "little"\n\n[[band]]\nlow = 1',
    ),
    "points that fall": (
        "sum",
        "range = [0, 6]",
        "options = [{ value = 0, points = 6 }, { value = 1, points = 0 }]",
    ),
}


@pytest.mark.parametrize("name", FITTING)
def test_what_adds_up_is_read(name: str, tmp_path: Path) -> None:
    base, old, new = FITTING[name]
    assert read(tmp_path, changed(BASES[base], old, new)).scored_items


# The grade runs from 1 to 4 and the rating from 0 to 6; the components are worked out beside their file.
ENDS = {
    "sum": (Fraction(1), Fraction(10)),
    "mean": (Fraction(1, 2), Fraction(5)),
    "parts": (Fraction(1, 2), Fraction(5)),
    "groups": (Fraction(2), Fraction(10)),
    "levels": (Fraction(0), Fraction(2)),
    "components": (Fraction(3), Fraction(15)),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_ends_are_what_the_answers_can_give(name: str, tmp_path: Path) -> None:
    assert ends_of(read(tmp_path, BASES[name])) == ENDS[name]


def test_a_part_in_percent_is_of_its_most_points_at_both_ends(tmp_path: Path) -> None:
    # The grade of 1 to 4, of 5 points.
    part = Part(name="x", items=(1,), method="percent", at_least=None, high=5)
    assert part_ends(read(tmp_path, BASES["sum"]), part) == (Fraction(20), Fraction(80))
