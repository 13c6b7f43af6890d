"""Whatever is wrong with the file of a scale is named by its line."""

from pathlib import Path

import pytest

from tests.unit.clinical.scale_toys import BASES, changed, line_of, refusal

# In which file what is put in the place of what, on which line that is then, and what is said of it.
SLIPS = [
    # The grounds of numbers.
    ("whole", '["nobody", "someone"]', '["nobody", "x"]', '"x"', '"x" is not among the sources'),
    (
        "sum",
        'basis = "proposal"',
        'basis = "source"',
        "basis =",
        "only a proposal may stand without a source",
    ),
    (
        "sum",
        'basis = "proposal"',
        'basis = "opinion"',
        "basis =",
        'basis "opinion" is none of source, second-hand, proposal',
    ),
    ("whole", 'from = 60\nbasis = "proposal"', "from = 60", "[[cut]]2", "basis is missing"),
    # The head.
    ("whole", 'family = "pain"', 'family = "x"', "family =", 'family "x" is none of mood, pain'),
    ("whole", '"clinician"', '"x"', "rater =", 'rater "x" is none of self, clinician, self and measured'),
    ("whole", '"better"', '"x"', "direction =", 'direction "x" is none of worse, better, neither'),
    ("whole", '"ships"', '"x"', "wording =", 'wording "x" is none of ships, clinic_permits, clinic_loads'),
    # Questions that are alike.
    (
        "components",
        "repeat = 3",
        "repeat = 1",
        "repeat =",
        "repeat is the number of questions that are alike, 2 to 100",
    ),
    (
        "components",
        "repeat = 3",
        "repeat = 101",
        "repeat =",
        "repeat is the number of questions that are alike, 2 to 100",
    ),
    (
        "components",
        "repeat = 3",
        'loinc = "8480-6"\nrepeat = 3',
        "repeat =",
        "questions that are alike have no loinc of their own",
    ),
    (
        "components",
        "repeat = 3",
        'repeat = 3\nkey = "a"\ntext = "b"\nname = "c"',
        "repeat =",
        "questions that are alike have no text or name or key of their own",
    ),
    # Questions and their answers.
    ("whole", 'answers = "minutes"', 'answers = "hours"', '"hours"', 'there are no answers called "hours"'),
    (
        "sum",
        "[answers.grade]\nrange = [1, 4]\n\n[answers.rating]\nrange = [0, 6]\n",
        "",
        'answers = "grade"',
        'there are no answers called "grade"',
    ),
    ("whole", "risk_from = 2", "risk_from = 3", "risk_from =", "risk_from is none of the answers"),
    ("whole", 'name = "How long"', "risk_from = -1", "risk_from = -1", "risk_from is none of the answers"),
    ("whole", 'name = "How long"', "risk_from = 11", "risk_from = 11", "risk_from is none of the answers"),
    (
        "sum",
        "[answers.rating]\nrange = [0, 6]",
        "[answers.rating]",
        "[answers.rating]",
        "answers are given as options, as a range, or as a span to be written",
    ),
    (
        "sum",
        "range = [0, 6]",
        "range = [0, 6]\nspan = [0, 6]",
        "[answers.rating]",
        "answers are given as options, as a range, or as a span to be written",
    ),
    ("whole", "value = 2", "value = 1", "options =", "an answer stands there twice, or alone"),
    (
        "sum",
        "range = [0, 6]",
        "options = [{ value = 1 }]",
        "options =",
        "an answer stands there twice, or alone",
    ),
    ("sum", "range = [0, 6]", "range = [0, 3, 6]", "[0, 3, 6]", "range is the lowest and the highest number"),
    ("sum", "range = [0, 6]", "range = [6, 6]", "[6, 6]", "range is the lowest and the highest number"),
    ("whole", "span = [0, 10]", "span = [10, 0]", "span =", "span is the lowest and the highest number"),
    (
        "sum",
        "range = [0, 6]",
        'range = [0, 6]\nunit = "min"',
        "unit =",
        "unit is not a key that is known here",
    ),
    # When a question is asked.
    (
        "whole",
        "asked_unless = {",
        'asked_if = { items = "1", value_from = 1, otherwise = "zero" }\nasked_unless = {',
        "[[item]]4",
        "asked_if and asked_unless exclude each other",
    ),
    (
        "whole",
        'asked_if = { items = "1-2"',
        'asked_if = { items = "1-3"',
        "asked_if =",
        "asked_if names no other question",
    ),
    (
        "whole",
        'asked_unless = { items = "3", ',
        "asked_unless = { ",
        "asked_unless =",
        "asked_unless names no other question",
    ),
    (
        "whole",
        'asked_if = { items = "1-2"',
        'asked_if = { items = "6"',
        "asked_if =",
        'items "6" names a question that there is not',
    ),
    (
        "whole",
        'otherwise = "zero"',
        'otherwise = "skip"',
        "asked_if =",
        'otherwise "skip" is none of zero, count, leave_out',
    ),
    # Scoring.
    (
        "sum",
        'method = "sum"',
        'method = "total"',
        "method =",
        'method "total" is none of sum, mean, group_max, part, levels, components, lookup, none',
    ),
    (
        "groups",
        '["3", "1-2"]',
        '["3", "1-2", "5"]',
        "groups =",
        'groups "5" names a question that there is not',
    ),
    (
        "whole",
        'profile = "1, 3-4"',
        'profile = "1, 6"',
        "profile =",
        'profile "1, 6" names a question that there is not',
    ),
    ("parts", 'items = "2"\n', "", "[[part]]3", "items is missing"),
    (
        "parts",
        'items = "2"\n',
        'items = "3"\n',
        'items = "3"',
        'items "3" names a question that there is not',
    ),
    (
        "parts",
        'method = "percent"',
        'method = "x"',
        'method = "x"',
        'method "x" is none of sum, mean, percent',
    ),
    (
        "whole",
        "at_least = 2\n\n",
        "at_least = 0\n\n",
        "at_least = 0",
        "at_least is fewer than all questions of the part",
    ),
    (
        "whole",
        "at_least = 2\n\n",
        "at_least = 3\n\n",
        "at_least = 3",
        "at_least is fewer than all questions of the part",
    ),
    ("parts", "high = 6\n", "", "[[part]]3", "high is for a part in percent, and only there"),
    (
        "parts",
        'method = "percent"',
        'method = "sum"',
        "[[part]]3",
        "high is for a part in percent, and only there",
    ),
    ("parts", "high = 6\n", "high = 0\n", "high = 0", "high is not above zero"),
    # Components.
    ("components", 'items = "4"\n', "", "[[component]]2", "items is missing"),
    (
        "components",
        'items = "2, 4"',
        'items = "2, 6"',
        '"2, 6"',
        'items "2, 6" names a question that there is not',
    ),
    (
        "components",
        'items = "1-3"',
        'items = "1-2"',
        '"1-2"',
        "share takes three questions: time asleep, to bed and up again",
    ),
    ("components", "steps = [[0, 3], [50.5, 1], [85, 0]]\n", "", "share =", "share takes steps"),
    ("components", "{ 5 = ", "{ 0 = ", "{ 0 =", "there is no question 0"),
    ("components", "{ 5 = ", "{ 6 = ", "{ 6 =", "there is no question 6"),
    ("components", "{ 5 = ", "{ five = ", "{ five =", "there is no question five"),
    ("components", "[[0, 1], [2, 2]]", "[[2, 1], [2, 2]]", "{ 5 =", "5: the steps do not rise"),
    ("components", "[[0, 0], [3, 2]]", "[[3, 0], [0, 2]]", "[[3, 0]", "steps: the steps do not rise"),
    ("components", "[[0, 0], [3, 2]]", "[]", "steps = []", "steps: the steps do not rise"),
    (
        "components",
        "[[0, 0], [3, 2]]",
        "[[0, 0], [3, 1.5]]",
        "1.5",
        "steps: the points are not whole numbers",
    ),
    # Levels, patterns and cuts.
    (
        "levels",
        'any_of = [{ items = "1" }]',
        "any_of = [{ at_least = 1 }]",
        "{ at_least = 1 }",
        "items is missing",
    ),
    (
        "levels",
        'any_of = [{ items = "1" }]',
        'any_of = [{ items = "3" }]',
        '"3"',
        'items "3" names a question that there is not',
    ),
    (
        "levels",
        "value_from_of = { 2 = 6 }",
        "value_from_of = { 3 = 6 }",
        "{ 3 = 6 }",
        "there is no question 3",
    ),
    (
        "levels",
        "value_from_of = { 2 = 6 }",
        "value_from_of = { two = 6 }",
        "{ two = 6 }",
        "there is no question two",
    ),
    ("whole", "needs = [", "needed = [", "[[pattern]]", "needs is missing"),
    ("whole", '{ items = "4" }', '{ items = "6" }', '"6"', 'items "6" names a question that there is not'),
    (
        "whole",
        'sources = ["nobody"]\nnote = "Of two."',
        'sources = ["y"]\nnote = "Of two."',
        '["y"]',
        '"y" is not among the sources',
    ),
    ("whole", 'part = "first"\nfrom = 60\n', 'part = "first"\n', "[[cut]]2", "from or to is missing"),
    # Thresholds.
    ("whole", "fall_percent = 50", "fall_percent = 0", "fall_percent =", "fall_percent is not above zero"),
    ("whole", "below = 5", "below = -1", "below =", "below is not above zero"),
    ("whole", "rise_points = 0.5", "rise_points = 0", "rise_points =", "rise_points is not above zero"),
]


@pytest.mark.parametrize(("base", "old", "new", "mark", "sentence"), SLIPS)
def test_a_slip_is_named_by_its_line(
    base: str, old: str, new: str, mark: str, sentence: str, tmp_path: Path
) -> None:
    text = changed(BASES[base], old, new)
    assert refusal(tmp_path, text) == f"toy.toml:{line_of(text, mark)}: {sentence}"


# After which line of which file a key is put that nobody knows: every kind of table is read to its end.
TABLES = {
    "head": ("whole", 'short = "Toy"'),
    "license": ("whole", 'owner = "Nobody\'s University"'),
    "scoring": ("whole", "low = 0\nhigh = 25"),
    "part": ("whole", 'name = "first"'),
    "cut": ("whole", "to = 0.5"),
    "pattern": ("whole", 'label = "both often"'),
    "bands": ("whole", 'note = "Of Nobody."'),
    "band": ("whole", 'label = "little"'),
    "risk": ("whole", 'note = "Alerts."'),
    "response": ("whole", "fall_percent = 50"),
    "change": ("whole", "points = -2.5"),
    "codes": ("whole", 'panel = "44249-1"'),
    "answers": ("whole", "span = [0, 10]"),
    "question": ("whole", 'text = "First?"'),
    "level": ("levels", 'label = "some"'),
    "component": ("components", 'name = "grade"'),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_key_that_nobody_knows_is_refused_in_every_table(name: str, tmp_path: Path) -> None:
    base, after = TABLES[name]
    text = changed(BASES[base], f"{after}\n", f"{after}\nhue = 1\n")
    assert refusal(tmp_path, text) == f"toy.toml:{line_of(text, 'hue')}: hue is not a key that is known here"


@pytest.mark.parametrize(
    ("base", "old", "new"),
    [
        ("whole", "{ value = 1,", "{ hue = 1, value = 1,"),
        ("whole", '{ items = "4" }', '{ hue = 1, items = "4" }'),
        ("whole", 'asked_if = { items = "1-2"', 'asked_if = { hue = 1, items = "1-2"'),
    ],
)
def test_a_key_that_nobody_knows_is_refused_within_a_line_too(
    base: str, old: str, new: str, tmp_path: Path
) -> None:
    text = changed(BASES[base], old, new)
    assert refusal(tmp_path, text) == f"toy.toml:{line_of(text, 'hue')}: hue is not a key that is known here"
