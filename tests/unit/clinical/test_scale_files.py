"""Files of scales: what is wrong with one is named by file and line, and words stand only where they may."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from evenkeel.clinical.scales import SCALES, scale, scales
from evenkeel.clinical.scales.codes import is_well_formed
from evenkeel.clinical.scales.reading import read_scale
from evenkeel.clinical.scales.scoring import score
from evenkeel.clinical.scales.shape import Scale
from evenkeel.clinical.scales.tables import ScaleError
from evenkeel.clinical.scales.texts import read_texts

GOOD = """\
id = "toy"
version = "1"
title = "Toy scale"
short = "Toy"
kind = "mood"
rater = "self"
direction = "worse"

[license]
status = "public domain"
credit = "Nobody"
wording = "ships"

[sources]
nobody = "Nobody 2026"

[scoring]
method = "sum"
low = 0
high = 4
basis = "source"
sources = ["nobody"]

[bands]
basis = "source"
sources = ["nobody"]

[[band]]
low = 0
high = 1
label = "low"

[[band]]
low = 2
high = 4
label = "high"

[risk]
basis = "proposal"

[loinc]
total = "44261-6"

[answers.grade]
options = [
  { value = 0, text = "Never", code = "LA6568-5" },
  { value = 1, text = "Sometimes" },
  { value = 2, text = "Always" },
]

[[item]]
text = "First?"
answers = "grade"

[[item]]
text = "Second?"
answers = "grade"
risk_from = 1
"""


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Scale]:
    """Read a text as the file of a scale."""

    def read_text(text: str, name: str = "toy.toml") -> Scale:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return read_scale(path)

    return read_text


def test_a_good_file_is_read(read: Callable[[str], Scale]) -> None:
    toy = read(GOOD)
    assert (toy.id, toy.low, toy.high) == ("toy", Decimal(0), Decimal(4))
    assert toy.is_ready
    assert score(toy, (1, 2)).band == "high"


def line_of(text: str, part: str) -> int:
    """The line on which a part of a text stands."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


# What is put in the place of what, and the line that the error has to name with some of its words.
MISTAKES = {
    "unknown key": ('short = "Toy"', 'short = "Toy"\ncolour = "red"', "colour =", "colour is not a key"),
    "unknown key of a band": ('label = "low"', 'label = "low"\nhue = 1', "hue =", "hue is not a key"),
    "unknown key of an answer": (
        '"Sometimes" }',
        '"Sometimes", weight = 2 }',
        "weight =",
        "weight is not a key",
    ),
    "missing key": ('title = "Toy scale"\n', "", "id =", "title is missing"),
    "empty text": ('short = "Toy"', 'short = " "', "short =", "short is empty"),
    "number as a text": ("high = 4\nbasis", 'high = "4"\nbasis', 'high = "4"', "high is no number"),
    "text as a number": ('version = "1"', "version = 1", "version =", "version is not a text"),
    "true as a number": ("low = 2", "low = true", "low = true", "low is not a whole number"),
    "unknown kind": ('kind = "mood"', 'kind = "moods"', "kind =", 'kind "moods" is none of'),
    "other name": ('id = "toy"', 'id = "toys"', "id =", "is not the name of the file"),
    "overlapping bands": ("low = 2", "low = 1", "low = 1", '"high" overlaps'),
    "gap between bands": ("low = 2", "low = 3", "low = 3", "there is a gap: 2 has no band"),
    "band that ends too early": ("high = 4\nlabel", "high = 3\nlabel", "high = 3", "the scale at 4"),
    "band turned round": ("low = 2\nhigh = 4", "low = 2\nhigh = 0", "high = 0", "ends before it begins"),
    "bands without a ground": (
        '[bands]\nbasis = "source"\nsources = ["nobody"]\n',
        "",
        "id =",
        "[bands] and [[band]] go together",
    ),
    "wrong span": ("high = 4\nbasis", "high = 5\nbasis", "[scoring]", "the answers span 0 to 4, not 0 to 5"),
    "missing item": (
        '[[item]]\ntext = "First?"\nanswers = "grade"\n',
        "",
        "[scoring]",
        "the answers span 0 to 2",
    ),
    "unknown answers": (
        'text = "First?"\nanswers = "grade"',
        'text = "First?"\nanswers = "x"',
        '"x"',
        "no answers",
    ),
    "unknown source": (
        'sources = ["nobody"]\n\n[bands]',
        'sources = ["x"]\n\n[bands]',
        '["x"]',
        '"x" is not among',
    ),
    "number without a source": (
        'sources = ["nobody"]\n\n[bands]',
        "\n[bands]",
        'basis = "source"',
        "only a proposal may stand without a source",
    ),
    "code": ("44261-6", "44261-5", "total =", "44261-5 is no LOINC code"),
    "answer code": ("LA6568-5", "LA6568-4", "LA6568-4", "LA6568-4 is no LOINC answer code"),
    "risk that cannot be answered": ("risk_from = 1", "risk_from = 3", "risk_from", "is none of the answers"),
    "risk without a ground": ('[risk]\nbasis = "proposal"\n', "", "id =", "and [risk] go together"),
    "item without words": ('text = "First?"\n', "", "[[item]]", "question 1 has no text"),
    "answer without words": ('"Sometimes" }', '"" }', '"" }', "text is empty"),
    "words that are not ours": (
        'wording = "ships"',
        'wording = "clinic_loads"',
        "[[item]]",
        "question 1 has words",
    ),
    "the same answer twice": ("value = 2, ", "value = 1, ", "options = [", "stands there twice"),
    "method without its table": (
        'method = "sum"',
        'method = "levels"',
        "[scoring]",
        "levels go with the method",
    ),
    "groups without all items": (
        'method = "sum"',
        'method = "group_max"\ngroups = ["1"]',
        "groups =",
        "each scored question stands in one group",
    ),
    "a place that there is not": (
        'method = "sum"',
        'method = "group_max"\ngroups = ["1-3"]',
        "groups =",
        "names a question that there is not",
    ),
    "a place that is no number": (
        'method = "sum"',
        'method = "group_max"\ngroups = ["1-x"]',
        "groups =",
        "is unreadable",
    ),
    "part that there is not": (
        'method = "sum"',
        'method = "part"\npart = "x"',
        'part = "x"',
        "one of the parts",
    ),
    "cut outside": (
        "[risk]",
        '[[cut]]\nlabel = "x"\nfrom = 9\nbasis = "proposal"\n\n[risk]',
        "[[cut]]",
        'the cut "x" lies outside the scale',
    ),
    "cut of no part": (
        "[risk]",
        '[[cut]]\nlabel = "x"\npart = "y"\nfrom = 1\nbasis = "proposal"\n\n[risk]',
        'part = "y"',
        'there is no part called "y"',
    ),
    "band of no name": (
        "[risk]",
        '[[pattern]]\nlabel = "x"\nband = "y"\nbasis = "proposal"\nneeds = [{ items = "1" }]\n\n[risk]',
        'band = "y"',
        'there is no band called "y"',
    ),
    "response of nothing": (
        "[risk]",
        '[response]\nfall_percent = 0\nbasis = "proposal"\n\n[risk]',
        "fall_percent",
        "fall_percent is not above zero",
    ),
    "condition on itself": (
        "risk_from = 1",
        'risk_from = 1\nasked_if = { items = "2", value_from = 1, otherwise = "zero" }',
        "asked_if",
        "asked_if names no other question",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_file_and_line(name: str, read: Callable[[str], Scale]) -> None:
    old, new, part, words = MISTAKES[name]
    assert GOOD.count(old) >= 1
    text = GOOD.replace(old, new, 1)
    with pytest.raises(ScaleError) as refusal:
        read(text)
    sentence = str(refusal.value)
    assert words in sentence
    assert sentence.startswith("toy.toml:")
    assert int(sentence.split(":")[1]) == line_of(text, part), sentence


def test_toml_that_is_none_keeps_the_line(read: Callable[[str], Scale]) -> None:
    with pytest.raises(ScaleError, match=r"toy\.toml: .*line 3"):
        read(GOOD.replace('title = "Toy scale"', 'title = "Toy scale'))


# --- check digits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "is_good"),
    [
        # Systolic pressure; one of six codes that were invented for the ASQ (SPiER); a total turned round.
        ("8480-6", True),
        ("93243-5", False),
        ("44216-6", False),
        # Answers with four and five digits, and a list.
        ("LA6568-5", True),
        ("LA18926-8", True),
        ("LL358-3", True),
        ("LA6568-0", False),
        ("LL358-2", False),
        ("44261", False),
        ("4426l-6", False),
    ],
)
def test_the_check_digit_tells_a_code_from_an_invention(code: str, is_good: bool) -> None:
    assert is_well_formed(code) is is_good


# --- licenses -----------------------------------------------------------------------------------------------

# The reference says of these alone that their wording may stand here.
SHIPS = {"phq9", "phq2", "gad7", "pcl5", "asq", "peg", "nrs11"}


def test_words_ship_only_where_the_license_lets_them() -> None:
    assert {id_ for id_, of in scales().items() if of.license.wording == "ships"} == SHIPS
    assert {id_ for id_, of in scales().items() if of.license.wording == "clinic_permits"} == {"audit_c"}
    loaded = [of for of in scales().values() if of.license.wording == "clinic_loads"]
    assert len(loaded) == 29
    assert not [of.id for of in loaded if any(item.text for item in of.items)]
    assert not [of.id for of in loaded if any(option.text for item in of.items for option in item.options)]


def test_only_what_ships_is_ready_without_a_clinic() -> None:
    assert {id_ for id_, of in scales().items() if of.is_ready} == SHIPS


def test_the_one_that_cannot_be_used_says_why() -> None:
    assert [id_ for id_, of in scales().items() if of.unusable] == ["kset"]
    assert "could not be read" in scale("kset").unusable


# --- what a clinic loads ------------------------------------------------------------------------------------

ISI = """\
id = "isi"
permission = "Made-up license 17 of Mapi Research Trust"
until_date = 2027-06-30
stem = "Made-up words, for this test."

[answers.grade]
options = [
  { value = 0, text = "none" },
  { value = 1, text = "a little" },
  { value = 2, text = "some" },
  { value = 3, text = "much" },
  { value = 4, text = "very much" },
]
""" + "".join(f'\n[[item]]\ntext = "Made-up question {n}"\nanswers = "grade"\n' for n in range(1, 8))


def load(folder: Path, text: str, name: str = "isi.toml") -> dict[str, Scale]:
    (folder / name).write_text(text, "utf-8")
    return {id_: each.scale for id_, each in read_texts(folder, scales()).items()}


def test_a_loaded_text_makes_a_scale_ready_and_leaves_its_scoring(tmp_path: Path) -> None:
    isi = load(tmp_path, ISI)["isi"]
    assert isi.is_ready
    assert isi.item(7).text == "Made-up question 7"
    assert isi.item(1).answer_words(4) == "very much"
    assert isi.scoring == scale("isi").scoring
    assert score(isi, (4,) * 7).total == 28
    # A result names the wording that was answered.
    base, _, mark = isi.version.partition("+")
    assert (base, len(mark)) == (scale("isi").version, 8)
    assert load(tmp_path, ISI.replace("a little", "slightly"))["isi"].version != isi.version


def test_a_permission_runs_out(tmp_path: Path) -> None:
    (tmp_path / "isi.toml").write_text(ISI, "utf-8")
    text = read_texts(tmp_path, scales())["isi"]
    assert [text.holds_on(date(2027, 6, day)) for day in (29, 30)] == [True, True]
    assert not text.holds_on(date(2027, 7, 1))


def test_a_permission_alone_opens_the_audit_c(tmp_path: Path) -> None:
    assert not scale("audit_c").is_ready
    found = load(tmp_path, 'id = "audit_c"\npermission = "Made-up letter of WHO"\n', "audit_c.toml")
    assert found["audit_c"].is_ready


PROMIS = (
    'id = "promis_depression"\npermission = "Made-up terms"\ntable = ['
    + ", ".join(f"[{raw}, {30 + raw}.5]" for raw in range(8, 41))
    + "]\n\n[answers.frequency]\noptions = [\n"
    + "\n".join(f'  {{ value = {value}, text = "made up {value}" }},' for value in range(1, 6))
    + "\n]\n"
    + "".join(f'\n[[item]]\ntext = "Made-up question {n}"\nanswers = "frequency"\n' for n in range(8))
)


def test_a_t_score_comes_from_the_loaded_table_alone(tmp_path: Path) -> None:
    assert not scale("promis_depression").is_scorable
    promis = load(tmp_path, PROMIS, "promis_depression.toml")["promis_depression"]
    assert str(score(promis, (1,) * 8).total) == "38.5"
    assert str(score(promis, (5,) * 8).total) == "70.5"


TEXT_MISTAKES = {
    "unknown scale": ('id = "isi"', 'id = "moca"', 1, 'there is no scale "moca"'),
    "other name": ('id = "isi"', 'id = "bdi2"', 1, "is not the name of the file"),
    "no permission": (
        'permission = "Made-up license 17 of Mapi Research Trust"\n',
        "",
        1,
        "permission is missing",
    ),
    "no date": ("2027-06-30", '"soon"', 3, "until_date is not a date"),
    "answer that is not offered": ("value = 4", "value = 5", 17, "has no words for the answer 4"),
    "answer too many": (
        '"very much" },',
        '"very much" },\n  { value = 5, text = "more" },',
        18,
        "does not offer the answer 5",
    ),
    "question too few": (
        '\n[[item]]\ntext = "Made-up question 7"\nanswers = "grade"\n',
        "",
        15,
        "has 7 questions",
    ),
    "question without words": ('text = "Made-up question 1"', 'text = ""', 16, "text is empty"),
    "points of its own": ("value = 4,", "value = 4, points = 9,", 12, "points is not a key"),
    "risk of its own": (
        'text = "Made-up question 1"',
        'text = "Made-up question 1"\nrisk_from = 1',
        17,
        "risk_from is not a key",
    ),
}


@pytest.mark.parametrize("name", TEXT_MISTAKES)
def test_a_mistake_in_a_clinics_text_is_named_with_file_and_line(name: str, tmp_path: Path) -> None:
    old, new, line, words = TEXT_MISTAKES[name]
    text = ISI.replace(old, new, 1)
    assert text != ISI
    with pytest.raises(ScaleError) as refusal:
        load(tmp_path, text)
    sentence = str(refusal.value)
    assert words in sentence
    assert int(sentence.split(":")[1]) == line, sentence


def test_the_table_of_a_t_score_names_every_sum(tmp_path: Path) -> None:
    with pytest.raises(ScaleError, match="table names every sum from 8 to 40 once"):
        load(tmp_path, PROMIS.replace("[8, 38.5], ", ""), "promis_depression.toml")
    with pytest.raises(ScaleError, match="a score outside 0 to 100"):
        load(tmp_path, PROMIS.replace("38.5", "138.5"), "promis_depression.toml")


@pytest.mark.parametrize(
    ("scale_id", "words"), [("phq9", "stands in Evenkeel already"), ("kset", "cannot be used")]
)
def test_a_text_that_nobody_waits_for_is_refused(scale_id: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ScaleError, match=words):
        load(tmp_path, f'id = "{scale_id}"\npermission = "x"\n', f"{scale_id}.toml")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScaleError, match="there is no such folder"):
        read_texts(tmp_path / "nowhere", scales())


def test_every_file_is_a_scale() -> None:
    assert {path.stem for path in SCALES.glob("*.toml")} == set(scales())
