"""Reading one table of a file: what is asked for comes exactly as written, or is refused by file and line."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from evenkeel.clinical.scales.places import Places
from evenkeel.clinical.scales.tables import ScaleError, Table

Read = Callable[[str], Table]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a text as the file `toy.toml`."""

    def read_text(text: str) -> Table:
        path = tmp_path / "toy.toml"
        path.write_text(text, "utf-8")
        return Table.read(path)

    return read_text


# --- what is found ------------------------------------------------------------------------------------------

WHOLE = """\
text = "Größe"
whole = -3
number = 0.10
flag = false
day = 2027-06-30
choice = "b"
texts = ["x", "y"]
wholes = [1, 0, -1]
pairs = [[0, 1], [0.5, 2]]
places = "1-3, 5"
groups = ["1-2", "3"]
"""


def test_every_kind_of_key_is_read_as_it_is_written(read: Read) -> None:
    top = read(WHOLE)
    assert top.text("text") == "Größe"
    assert top.text("text", "other") == "Größe"
    assert (top.whole("whole"), top.whole_or_none("whole")) == (-3, -3)
    # Not the nearest binary fraction, and a whole number too.
    assert (top.number("number"), top.number("whole")) == (Decimal("0.10"), Decimal(-3))
    assert top.number_or_none("number") == Decimal("0.10")
    assert top.flag("flag", default=True) is False
    assert top.day("day") == date(2027, 6, 30)
    assert top.choice("choice", ("a", "b")) == "b"
    assert top.texts("texts") == ("x", "y")
    assert top.wholes("wholes") == (1, 0, -1)
    assert top.pairs("pairs") == ((Decimal(0), Decimal(1)), (Decimal("0.5"), Decimal(2)))
    assert top.numbers_of("places", 5) == (1, 2, 3, 5)
    assert top.groups_of("groups", 3) == ((1, 2), (3,))
    assert [key for key in top if not top.has(key)] == []
    top.done()


def test_what_may_be_left_out_has_a_stand_in(read: Read) -> None:
    top = read("")
    assert top.text("a", "other") == "other"
    assert top.text("a", "") == ""
    assert top.whole_or_none("a") is None
    assert top.number_or_none("a") is None
    assert (top.flag("a", default=True), top.flag("a", default=False)) == (True, False)
    assert top.day("a") is None
    assert top.texts("a") == ()
    assert top.numbers_of("a", 5) == ()
    assert top.groups_of("a", 5) == ()
    assert top.table_or_none("a") is None
    assert top.tables("a") == ()
    assert not top.has("a")
    assert list(top) == []


def test_tables_are_read_by_name_and_in_order(read: Read) -> None:
    top = read(
        "[one]\nlow = 1\n[one.two]\nlow = 2\n[[many]]\nlow = 3\n[[many]]\nlow = 4\n[[many.deep]]\nlow = 5\n"
    )
    one = top.table("one")
    assert one.whole("low") == 1
    assert one.table("two").whole("low") == 2
    one.done()
    assert top.table_or_none("one") is not None
    many = top.tables("many")
    assert [table.whole("low") for table in many] == [3, 4]
    assert [table.whole("low") for table in many[1].tables("deep")] == [5]
    top.done()
    named = dict(read("[a]\nlow = 1\n[b]\nlow = 2\n").named())
    assert {name: table.whole("low") for name, table in named.items()} == {"a": 1, "b": 2}


# --- what is refused ----------------------------------------------------------------------------------------

REFUSED: list[tuple[str, Callable[[Table], object], str]] = [
    ("", lambda top: top.text("a"), "1: a is missing"),
    ("\na = 1", lambda top: top.text("a"), "2: a is not a text"),
    ('a = " "', lambda top: top.text("a"), "1: a is empty"),
    ('\na = ""', lambda top: top.text("a", "other"), "2: a is empty"),
    ("", lambda top: top.whole("a"), "1: a is missing"),
    ('\na = "1"', lambda top: top.whole("a"), "2: a is not a whole number"),
    ("\na = true", lambda top: top.whole("a"), "2: a is not a whole number"),
    ("\na = 1.0", lambda top: top.whole_or_none("a"), "2: a is not a whole number"),
    ("\n[t]\nb = 1", lambda top: top.table("t").number("a"), "2: a is missing"),
    ('\na = "1"', lambda top: top.number("a"), "2: a is no number"),
    ("\na = true", lambda top: top.number("a"), "2: a is no number"),
    ("\na = inf", lambda top: top.number("a"), "2: a is no number"),
    ("\na = nan", lambda top: top.number_or_none("a"), "2: a is no number"),
    ("\na = 1", lambda top: top.flag("a", default=True), "2: a is not true or false"),
    ('\na = "soon"', lambda top: top.day("a"), "2: a is not a date, such as 2027-06-30"),
    ("\na = 2027-06-30T12:00:00", lambda top: top.day("a"), "2: a is not a date, such as 2027-06-30"),
    ("", lambda top: top.choice("a", ("b", "c")), "1: a is missing"),
    ('\na = "x"', lambda top: top.choice("a", ("b", "c")), '2: a "x" is none of b, c'),
    ('\na = "x"', lambda top: top.texts("a"), "2: a is not a list"),
    ('\na = ["x", 1]', lambda top: top.texts("a"), "2: a is a list of texts"),
    ('\na = ["x", ""]', lambda top: top.texts("a"), "2: a is a list of texts"),
    ("", lambda top: top.wholes("a"), "1: a is missing"),
    ("\na = 1", lambda top: top.wholes("a"), "2: a is not a list"),
    ("\na = [1, true]", lambda top: top.wholes("a"), "2: a is a list of whole numbers"),
    ("\na = [1, 0.5]", lambda top: top.wholes("a"), "2: a is a list of whole numbers"),
    ("", lambda top: top.pairs("a"), "1: a is missing"),
    ("\na = 1", lambda top: top.pairs("a"), "2: a is not a list"),
    ("\na = [1]", lambda top: top.pairs("a"), "2: a is a list of pairs of numbers"),
    ('\na = ["12"]', lambda top: top.pairs("a"), "2: a is a list of pairs of numbers"),
    ("\na = [[1]]", lambda top: top.pairs("a"), "2: a is a list of pairs of numbers"),
    ("\na = [[1, 2, 3]]", lambda top: top.pairs("a"), "2: a is a list of pairs of numbers"),
    ('\na = [[1, 2], [1, "2"]]', lambda top: top.pairs("a"), "2: a is a list of pairs of numbers"),
    ("\na = [[true, 2]]", lambda top: top.pairs("a"), "2: a is a list of pairs of numbers"),
    ('\na = ""', lambda top: top.numbers_of("a", 3), "2: a is empty"),
    ('\na = "x"', lambda top: top.numbers_of("a", 3), '2: a "x" is unreadable'),
    ('\na = "1-x"', lambda top: top.numbers_of("a", 3), '2: a "1-x" is unreadable'),
    ('\na = "x-1"', lambda top: top.numbers_of("a", 3), '2: a "x-1" is unreadable'),
    ('\na = "1-"', lambda top: top.numbers_of("a", 3), '2: a "1-" is unreadable'),
    ('\na = "-1"', lambda top: top.numbers_of("a", 3), '2: a "-1" is unreadable'),
    ('\na = "1,"', lambda top: top.numbers_of("a", 3), '2: a "1," is unreadable'),
    ('\na = "1, 3-2"', lambda top: top.numbers_of("a", 3), '2: a "1, 3-2" is unreadable'),
    ('\na = "1-2-3"', lambda top: top.numbers_of("a", 3), '2: a "1-2-3" is unreadable'),
    ('\na = "1-2, 2"', lambda top: top.numbers_of("a", 3), '2: a "1-2, 2" names one twice'),
    ('\na = "0-2"', lambda top: top.numbers_of("a", 3), '2: a "0-2" names a question that there is not'),
    ('\na = "4"', lambda top: top.numbers_of("a", 3), '2: a "4" names a question that there is not'),
    ('\na = ["1", "2-x"]', lambda top: top.groups_of("a", 3), '2: a "2-x" is unreadable'),
    ('\na = ["1", "4"]', lambda top: top.groups_of("a", 3), '2: a "4" names a question that there is not'),
    ("", lambda top: top.table("a"), "1: a is missing"),
    ("\na = 1", lambda top: top.table_or_none("a"), "2: a is not a table"),
    ("\na = 1", lambda top: top.tables("a"), "2: a is not a list"),
    ("\na = [1]", lambda top: top.tables("a"), "2: a is a list of tables"),
    ("a = {}\nb = 1", lambda top: list(top.named()), "2: b is not a table"),
    ("\nb = 1", lambda top: top.done(), "2: b is not a key that is known here"),
    ("[t]\n\nb = 1", lambda top: top.table("t").done(), "3: b is not a key that is known here"),
    (
        "[[t]]\n[[t]]\nb = 1",
        lambda top: top.tables("t")[1].done(),
        "3: b is not a key that is known here",
    ),
    (
        "t = [\n  { },\n  { b = 1 },\n]",
        lambda top: top.tables("t")[1].done(),
        "3: b is not a key that is known here",
    ),
    ("[t]\n\n[t.u]\nb = 1", lambda top: top.table("t").table("u").text("b"), "4: b is not a text"),
]


@pytest.mark.parametrize(("text", "ask", "sentence"), REFUSED)
def test_a_key_that_cannot_be_used_is_named_with_its_line(
    text: str, ask: Callable[[Table], object], sentence: str, read: Read
) -> None:
    top = read(text)
    with pytest.raises(ScaleError) as refusal:
        ask(top)
    assert str(refusal.value) == f"toy.toml:{sentence}"


def test_places_of_questions_reach_from_the_first_to_the_last(read: Read) -> None:
    assert read('a = "1-3"').numbers_of("a", 3) == (1, 2, 3)
    assert read('a = "2-2,1"').numbers_of("a", 2) == (2, 1)


def test_a_refusal_of_ones_own_names_the_line_too(read: Read) -> None:
    top = read("[t]\nb = 1\n\n[[row]]\nc = 1\n").table("t")
    assert str(top.error("it does not fit")) == "toy.toml:1: it does not fit"
    assert str(top.error("it does not fit", "b")) == "toy.toml:2: it does not fit"
    top.demand(True, "it does not fit", "b")
    with pytest.raises(ScaleError, match=r"^toy\.toml:2: it does not fit$"):
        top.demand(False, "it does not fit", "b")
    with pytest.raises(ScaleError, match=r"^toy\.toml:1: it does not fit$"):
        top.demand(False, "it does not fit")


# --- the lines of a file ------------------------------------------------------------------------------------

LINES = """\
# comment = 1
first = 1
"X-rays of X" = "# = ["
options = [ # [ { not opened
  { X = 0, text = "}" },

  # { no row
  { value = 1, text = 'no ] end' },
  { value = 2, more = [1,
    2] },
]
nested = [
  [0, 1],
  [1, 2] ]
after = 2

[table] # a comment
inner = 1
[table.sub]
inner = 1
[ spaced . "X-rays of X" ]
inner = 1

[[row]]
inner = 1
[[row]]
  inner = 1
[[ row . deep ]]
inner = [
]
last = 1
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("first",), 2),
        (("X-rays of X",), 3),
        (("options",), 4),
        (("options", 0), 5),
        (("options", 0, "text"), 5),
        (("options", 1), 8),
        (("options", 2), 9),
        # There is no fourth row, so the line of the list is named.
        (("options", 3), 4),
        (("nested",), 12),
        (("nested", 0), 13),
        (("nested", 1), 14),
        (("after",), 15),
        (("table",), 17),
        (("table", "inner"), 18),
        (("table", "nowhere"), 17),
        (("table", "sub"), 19),
        (("table", "sub", "inner"), 20),
        (("spaced", "X-rays of X"), 21),
        (("spaced", "X-rays of X", "inner"), 22),
        (("row",), 24),
        (("row", 0), 24),
        (("row", 0, "inner"), 25),
        (("row", 1), 26),
        (("row", 1, "inner"), 27),
        (("row", 1, "nowhere", "deeper"), 26),
        (("row", "deep", 0), 28),
        (("row", "deep", 0, "inner"), 29),
        (("row", "deep", 0, "last"), 31),
        (("comment",), 1),
        (("nowhere",), 1),
        ((), 1),
    ],
)
def test_the_line_of_a_key_or_of_the_nearest_table_around_it(path: tuple[str | int, ...], line: int) -> None:
    assert Places(LINES).line(*path) == line
