"""What a scale says of itself: words of questions and answers, ranges, whether it is ready; check digits."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from evenkeel.clinical.scales import scale
from evenkeel.clinical.scales.codes import check_digit, is_well_formed
from evenkeel.clinical.scales.shape import Cut, Ground, Item, Option, Scale, Span

PHQ9 = scale("phq9")
CHOSEN = Item(
    number=2,
    key="1b",
    name="",
    text="",
    options=(
        Option(value=0, points=3, text="never", code=None),
        Option(value=2, points=1, text="", code=None),
    ),
    span=None,
    loinc=None,
    scored=True,
    risk_from=None,
    condition=None,
)


def written(low: int, high: int, unit: str) -> Item:
    """A question that is answered with a number."""
    return replace(CHOSEN, options=(), span=Span(low=low, high=high, unit=unit))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"text": "How are you?", "name": "mood"}, "How are you?"),
        ({"name": "mood"}, "mood"),
        ({}, "Question 1b"),
    ],
)
def test_a_question_is_shown_in_its_own_words_or_by_a_neutral_name(changed: Any, words: str) -> None:
    assert replace(CHOSEN, **changed).words == words


def test_answers_that_are_chosen_have_points_and_words() -> None:
    assert CHOSEN.values == (0, 2)
    assert (CHOSEN.points_of(0), CHOSEN.points_of(2)) == (3, 1)
    # Where the words are not ours to give, and for a number that is no answer, the number itself.
    assert [CHOSEN.answer_words(value) for value in (0, 2, 5)] == ["never", "2", "5"]


def test_answers_that_are_written_count_as_themselves() -> None:
    minutes = written(0, 3, "min")
    assert list(minutes.values) == [0, 1, 2, 3]
    assert minutes.points_of(2) == 2
    assert minutes.answer_words(2) == "2 min"
    assert written(0, 3, "").answer_words(2) == "2"


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0:00"), (7 * 60 + 5, "7:05"), (59, "0:59"), (23 * 60 + 30, "23:30")]
)
def test_a_time_of_day_is_shown_as_one(minutes: int, words: str) -> None:
    assert written(0, 24 * 60 - 1, "clock").answer_words(minutes) == words


@pytest.mark.parametrize(
    ("low", "high", "held"),
    [("2", None, [2, 3, 4]), (None, "3", [1, 2, 3]), ("2", "3", [2, 3]), (None, None, [1, 2, 3, 4])],
)
def test_both_ends_of_a_cut_belong_to_it(low: str | None, high: str | None, held: list[int]) -> None:
    cut = Cut(
        label="toy",
        part=None,
        low=None if low is None else Decimal(low),
        high=None if high is None else Decimal(high),
        ground=Ground(basis="proposal", sources=(), note=""),
    )
    assert [number for number in (1, 2, 3, 4) if cut.holds(Decimal(number))] == held


@pytest.mark.parametrize(
    ("total", "band"),
    [("0", "none or minimal"), ("4", "none or minimal"), ("5", "mild"), ("27", "severe"), ("28", None)],
)
def test_both_ends_of_a_range_belong_to_it(total: str, band: str | None) -> None:
    assert PHQ9.band_of(Decimal(total)) == band


def test_a_total_has_no_range_where_none_was_published() -> None:
    assert scale("peg").band_of(Decimal(5)) is None


def test_questions_are_numbered_from_one_on() -> None:
    assert (PHQ9.item(1).number, PHQ9.item(10).number) == (1, 10)
    # The tenth asks how hard it was, and is not scored.
    assert [item.number for item in PHQ9.scored_items] == list(range(1, 10))


def test_the_version_of_the_scoring_is_without_the_mark_of_the_wording() -> None:
    assert replace(PHQ9, version="1+0a1b2c3d").scoring_version == "1"
    assert replace(PHQ9, version="1.2").scoring_version == "1.2"


def test_what_a_license_asks_to_be_shown_and_the_ends_of_the_scores() -> None:
    assert PHQ9.credit == PHQ9.license.credit
    rass = scale("rass")
    assert (rass.low, rass.high) == (Decimal(-5), Decimal(4))


PROMIS = scale("promis_depression")
TABLED = replace(PROMIS, scoring=replace(PROMIS.scoring, table={8: Decimal(38)}))


@pytest.mark.parametrize(
    ("of", "is_scorable"),
    [
        (PHQ9, True),
        (replace(PHQ9, unusable="nobody has read it"), False),
        (scale("kset"), False),
        (PROMIS, False),
        (TABLED, True),
        (replace(TABLED, unusable="nobody has read it"), False),
    ],
)
def test_what_scoring_needs(of: Scale, is_scorable: bool) -> None:
    assert of.is_scorable is is_scorable


def wordless(of: Scale, *, item: bool) -> Scale:
    """The scale with one text taken away: of its last question, or of the last answer to that."""
    last = of.items[-1]
    options = (*last.options[:-1], replace(last.options[-1], text=""))
    last = replace(last, text="") if item else replace(last, options=options)
    return replace(of, items=(*of.items[:-1], last))


AUDIT = scale("audit_c")


@pytest.mark.parametrize(
    ("of", "is_ready"),
    [
        (PHQ9, True),
        (replace(PHQ9, unusable="nobody has read it"), False),
        (wordless(PHQ9, item=True), False),
        (wordless(PHQ9, item=False), False),
        # The words stand here, and are shown only with the permission that the clinic names.
        (AUDIT, False),
        (replace(AUDIT, permission="a letter"), True),
        (wordless(replace(AUDIT, permission="a letter"), item=True), False),
        # A permission alone brings neither words nor the table that the score is looked up in.
        (replace(scale("isi"), permission="a letter"), False),
        (replace(PROMIS, permission="a letter"), False),
    ],
)
def test_what_showing_a_scale_needs(of: Scale, is_ready: bool) -> None:
    assert of.is_ready is is_ready


def test_a_scale_is_asked_for_by_its_id() -> None:
    assert (scale("gad7").id, scale("gad7").short) == ("gad7", "GAD-7")
    with pytest.raises(AssertionError, match=r"^there is no scale of that id$"):
        scale("gad8")


# --- check digits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        # The example of the LOINC Users' Guide; 8480-6, systolic pressure; 44261-6, the PHQ-9's score.
        ("12345", 5),
        ("8480", 6),
        ("44261", 6),
        # By hand: 9 is not doubled, 0 adds nothing, 10 - 9 = 1. 9 doubled is 18, less 9 is 9, 10 - 9 = 1.
        ("90", 1),
        ("9", 1),
        # 5 doubled is 10, less 9 is 1.
        ("5", 9),
        ("0", 0),
    ],
)
def test_check_digits_are_counted_from_the_right(body: str, digit: int) -> None:
    assert check_digit(body) == digit
    assert is_well_formed(f"{body}-{digit}")
    assert not is_well_formed(f"{body}-{(digit + 1) % 10}")


@pytest.mark.parametrize(
    "code", ["", "8480", "8480-", "-6", "8480-66", "X8480-6", "la6568-5", "84806", "8480-6 ", "12345678-2"]
)
def test_what_has_not_the_form_of_a_code_is_none(code: str) -> None:
    assert not is_well_formed(code)


@pytest.mark.parametrize(
    "code",
    [
        # Answers of the PHQ-9 ("not at all", "several days", ...), and others with five digits.
        *("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9", "LA18926-8", "LA18930-0"),
        "LL358-3",
    ],
)
def test_published_codes_of_answers_and_lists_are_well_formed(code: str) -> None:
    assert is_well_formed(code)
    assert not is_well_formed(code.removeprefix("LA").removeprefix("LL"))
