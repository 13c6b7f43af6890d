"""The wording that a clinic loads: words alone arrive, and every slip is named by its line."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from evenkeel.clinical.scales.shape import Scale
from evenkeel.clinical.scales.tables import ScaleError
from evenkeel.clinical.scales.texts import Text, read_texts
from tests.unit.clinical.scale_toys import HEAD, LOOKUP, UNUSABLE, WHOLE, changed, line_of, read

# Three questions without words: a grade with codes and points of its own, a span, and the grade again.
BARE = (
    changed(HEAD, 'direction = "worse"', 'direction = "worse"\nstem = "Ours."\nrecall = "the last week"')
    + """
[scoring]
method = "sum"
low = 0
high = 20
basis = "proposal"

[answers.grade]
options = [
  { value = 0, code = "LA6568-5" },
  { value = 1 },
  { value = 2, points = 5 },
]

[answers.minutes]
span = [0, 10]

[[item]]
answers = "grade"

[[item]]
answers = "minutes"

[[item]]
key = "3a"
name = "Neutral"
answers = "grade"
"""
)
WORDS = """\
# Made-up words for the toy scale.
permission = "Made-up letter 7"
id = "toy"
until_date = 2027-06-30
stem = "Theirs."
recall = "the last month"

[[answers.grade.options]]
value = 0
text = "Not at all"

[[answers.grade.options]]
value = 1
text = "Somewhat"

[[answers.grade.options]]
value = 2
text = "Much"

[[item]]
text = "Their first?"
answers = "grade"  # the first

[[item]]
text = "Their second?"

[[item]]
text = "Their third?"
answers = "grade"
"""
# The sums of the grade, 1 to 4, and of the rating, 0 to 6, run from 1 to 10.
TABLE = (
    """\
# Made-up words for a scale with a table.
permission = "Made-up letter 8"
id = "toy"
table = ["""
    + ", ".join(f"[{raw}, {(raw + 1) * 7}.5]" for raw in range(1, 11))
    + """]

[answers.grade]
options = [
  { value = 1, text = "a" },
  { value = 2, text = "b" },
  { value = 3, text = "c" },
  { value = 4, text = "d" },
]

[answers.rating]
options = [
"""
    + "\n".join(f'  {{ value = {value}, text = "made up {value}" }},' for value in range(7))
    + """
]

[[item]]
text = "Their first?"
answers = "grade"

[[item]]
text = "Their second?"
answers = "rating"
"""
)
PERMITS = changed(WHOLE, '"ships"', '"clinic_permits"')
PERMISSION = '# Made-up.\npermission = "Made-up letter 9"\nid = "toy"\n'


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str, str], Text]:
    """Load one text for one toy scale."""

    def loaded(scale: str, text: str) -> Text:
        known = {"toy": read(tmp_path, scale), "other": replace(read(tmp_path, scale), id="other")}
        folder = tmp_path / "texts"
        folder.mkdir()
        (folder / "toy.toml").write_text(text, "utf-8")
        found = read_texts(folder, known)
        assert list(found) == ["toy"]
        return found["toy"]

    return loaded


def mark_of(text: str) -> str:
    """The first eight digits of the file's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def test_the_words_of_a_text_arrive_and_nothing_else_changes(
    load: Callable[[str, str], Text], tmp_path: Path
) -> None:
    bare = read(tmp_path, BARE)
    graded = tuple(
        replace(option, text=text)
        for option, text in zip(bare.item(1).options, ("Not at all", "Somewhat", "Much"), strict=True)
    )
    loaded = load(BARE, WORDS)
    assert loaded.until_date == date(2027, 6, 30)
    assert loaded.scale == replace(
        bare,
        permission="Made-up letter 7",
        version=f"1+{mark_of(WORDS)}",
        stem="Theirs.",
        recall="the last month",
        items=(
            replace(bare.item(1), text="Their first?", options=graded),
            replace(bare.item(2), text="Their second?"),
            replace(bare.item(3), text="Their third?", options=graded),
        ),
    )
    assert [option.points for option in loaded.scale.item(3).options] == [0, 1, 5]


def test_what_a_text_leaves_out_stays_as_the_scale_has_it(load: Callable[[str, str], Text]) -> None:
    text = changed(WORDS, 'until_date = 2027-06-30\nstem = "Theirs."\nrecall = "the last month"\n', "")
    loaded = load(BARE, text)
    assert loaded.until_date is None
    assert (loaded.scale.stem, loaded.scale.recall) == ("Ours.", "the last week")


def test_a_permission_without_an_end_always_holds(load: Callable[[str, str], Text]) -> None:
    endless = load(BARE, changed(WORDS, "until_date = 2027-06-30\n", ""))
    assert endless.holds_on(date(2099, 12, 31))
    ending = replace(endless, until_date=date(2027, 6, 30))
    assert [ending.holds_on(date(2027, 6, 30)), ending.holds_on(date(2027, 7, 1))] == [True, False]


def test_a_permission_leaves_words_that_stand_there_as_they_are(
    load: Callable[[str, str], Text], tmp_path: Path
) -> None:
    loaded = load(PERMITS, PERMISSION)
    assert loaded.scale == replace(
        read(tmp_path, PERMITS), permission="Made-up letter 9", version=f"3+{mark_of(PERMISSION)}"
    )


def test_the_table_of_a_text_arrives(load: Callable[[str, str], Text]) -> None:
    scoring = load(
        LOOKUP.replace("high = 80", "high = 77.5").replace("low = 20", "low = 14.5"), TABLE
    ).scale.scoring
    assert scoring.method == "lookup"
    assert scoring.table == {
        1: Decimal("14.5"),
        2: Decimal("21.5"),
        3: Decimal("28.5"),
        4: Decimal("35.5"),
        5: Decimal("42.5"),
        6: Decimal("49.5"),
        7: Decimal("56.5"),
        8: Decimal("63.5"),
        9: Decimal("70.5"),
        10: Decimal("77.5"),
    }


def test_several_texts_come_in_order_of_their_names(tmp_path: Path) -> None:
    toy = read(tmp_path, BARE)
    known: Mapping[str, Scale] = {"toy": toy, "able": replace(toy, id="able")}
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "toy.toml").write_text(WORDS, "utf-8")
    (folder / "able.toml").write_text(WORDS.replace('"toy"', '"able"'), "utf-8")
    (folder / "letter.txt").write_text("Not a text of a scale.", "utf-8")
    found = read_texts(folder, known)
    assert [(name, text.scale.id) for name, text in found.items()] == [("able", "able"), ("toy", "toy")]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    with pytest.raises(ScaleError) as refused:
        read_texts(folder, {})
    assert str(refused.value) == f"{folder}: there is no such folder of scale texts"


GRADE_2 = '[[answers.grade.options]]\nvalue = 2\ntext = "Much"\n'
SUMS = "table names every sum from 1 to 10 once, in order"
OUTSIDE = "table has a score outside 20 to 80"
FITS = changed(TABLE, "[1, 14.5]", "[1, 20]")

# For which scale what is put in the place of what in which text, the line of that, and what is said of it.
SLIPS = [
    (BARE, WORDS, 'id = "toy"', 'id = "moca"', "id =", 'there is no scale "moca"'),
    (BARE, WORDS, 'id = "toy"', 'id = "other"', "id =", 'the id "other" is not the name of the file'),
    (UNUSABLE, WORDS, "stem", "stem", "id =", "Toy cannot be used here: Nobody could read it."),
    (WHOLE, WORDS, "stem", "stem", "id =", "the wording of Toy stands in Evenkeel already"),
    (BARE, WORDS, 'permission = "Made-up letter 7"\n', "", "# Made-up", "permission is missing"),
    (BARE, WORDS, "2027-06-30", '"soon"', "until_date =", "until_date is not a date, such as 2027-06-30"),
    (BARE, WORDS, 'stem = "Theirs."', 'hue = "red"', "hue =", "hue is not a key that is known here"),
    (PERMITS, PERMISSION, "id =", 'stem = "Theirs."\nid =', "stem =", "stem is not a key that is known here"),
    # Questions.
    (
        BARE,
        WORDS,
        '\n[[item]]\ntext = "Their second?"\n',
        "",
        "[[item]]1",
        "Toy has 3 questions, and 2 stand here",
    ),
    (
        BARE,
        WORDS,
        '\n[[item]]\ntext = "Their second?"\n',
        '\n[[item]]\ntext = "Their second?"\n\n[[item]]\ntext = "Another?"\n',
        "[[item]]1",
        "Toy has 3 questions, and 4 stand here",
    ),
    (BARE, PERMISSION, "id =", "id =", "# Made-up", "Toy has 3 questions, and 0 stand here"),
    (BARE, WORDS, 'text = "Their second?"', "", "[[item]]2", "text is missing"),
    (
        BARE,
        WORDS,
        'text = "Their second?"',
        'text = "Their second?"\nscored = false',
        "scored =",
        "scored is not a key that is known here",
    ),
    # Answers.
    (
        BARE,
        WORDS,
        'text = "Their third?"\nanswers = "grade"',
        'text = "Their third?"\nanswers = "x"',
        'answers = "x"',
        'there are no answers called "x"',
    ),
    (
        BARE,
        WORDS,
        'text = "Their second?"',
        'text = "Their second?"\nanswers = "minutes"',
        'answers = "minutes"',
        "answers is not a key that is known here",
    ),
    (BARE, WORDS, "value = 2", "value = 1  # again", "# again", "the answer 1 stands there twice"),
    (BARE, WORDS, "value = 2", "value = 2\npoints = 9", "points =", "points is not a key that is known here"),
    (BARE, WORDS, 'text = "Much"', 'text = " "', 'text = " "', "text is empty"),
    (BARE, WORDS, 'text = "Much"\n', "", "[[answers.grade.options]]3", "text is missing"),
    (BARE, WORDS, "value = 2\n", "", "[[answers.grade.options]]3", "value is missing"),
    (
        BARE,
        WORDS,
        GRADE_2,
        GRADE_2 + "\n[answers.x]\nhue = 1\n",
        "hue =",
        "hue is not a key that is known here",
    ),
    # Of several answers that are lost or too many, the lowest is named.
    (
        BARE,
        WORDS,
        f'[[answers.grade.options]]\nvalue = 1\ntext = "Somewhat"\n\n{GRADE_2}',
        "",
        "# the first",
        "question 1 has no words for the answer 1",
    ),
    (
        BARE,
        WORDS,
        GRADE_2,
        GRADE_2 + GRADE_2.replace("2", "4") + GRADE_2.replace("2", "3"),
        "# the first",
        "question 1 does not offer the answer 3",
    ),
    # The published table.
    (LOOKUP, FITS, "[2, 21.5], ", "", "table =", SUMS),
    (LOOKUP, FITS, "[2, 21.5], ", "[2, 21.5], [2, 22.5], ", "table =", SUMS),
    (LOOKUP, FITS, "[2, 21.5], ", "[2.5, 21.5], ", "table =", SUMS),
    (LOOKUP, FITS, "[1, 20], [2, 21.5], ", "[2, 21.5], [1, 20], ", "table =", SUMS),
    (LOOKUP, FITS, "[10, 77.5]", "[10, 77.5], [11, 80]", "table =", SUMS),
    (LOOKUP, FITS, "[1, 20], ", "[0, 20], [1, 20], ", "table =", SUMS),
    (LOOKUP, FITS, "[1, 20]", "[1, 19.9]", "table =", OUTSIDE),
    (LOOKUP, FITS, "[10, 77.5]", "[10, 80.1]", "table =", OUTSIDE),
]


@pytest.mark.parametrize(("scale", "text", "old", "new", "mark", "sentence"), SLIPS)
def test_a_slip_in_a_text_is_named_by_its_line(
    scale: str, text: str, old: str, new: str, mark: str, sentence: str, load: Callable[[str, str], Text]
) -> None:
    broken = changed(text, old, new)
    with pytest.raises(ScaleError) as refused:
        load(scale, broken)
    assert str(refused.value) == f"toy.toml:{line_of(broken, mark)}: {sentence}"


def test_a_table_may_reach_both_ends_of_the_scale(load: Callable[[str, str], Text]) -> None:
    scale = load(LOOKUP, changed(FITS, "[10, 77.5]", "[10, 80]")).scale
    assert (scale.scoring.table[1], scale.scoring.table[10]) == (Decimal(20), Decimal(80))
