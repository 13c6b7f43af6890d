"""Bounds: how far a clinic may move a limit, what the files may say of it, and which limit is stricter."""

from pathlib import Path
from typing import Any

import pytest

from evenkeel.clinical.bounds import Bounds
from evenkeel.clinical.limits import RulebookError, parse_limit
from evenkeel.values.quantities import Pressure
from tests.unit.clinical.written_rules import (
    BOUNDS,
    HARD_WORDS,
    RULE,
    SECOND_VERSION,
    WORDS,
    changed,
    high,
    line_of,
    read,
)

SOFT = changed('override = "none"', 'override = "reason"')
# The second version is stricter; what a clinic may set ends there.
TIGHTENED = changed("180", "170", BOUNDS)
OFFERED = Bounds(
    stricter="fewer", recommended=("depression", "crps"), absolute=("depression", "crps", "anxiety")
)
SYSTOLIC = Bounds(
    stricter="lower",
    recommended=(Pressure.of(150), Pressure.of(180)),
    absolute=(Pressure.of(120), Pressure.of(180)),
)


def test_bounds_are_read_as_limits(tmp_path: Path) -> None:
    book = read(tmp_path, RULE + BOUNDS + WORDS, {"TST-BP-001": high, "TST-BP-002": high})
    assert book.rule("TST-BP-001").bounds == {"systolic": SYSTOLIC}
    assert book.rule("TST-BP-002").bounds == {"offered": OFFERED}


def test_a_rule_without_bounds_may_not_be_moved(tmp_path: Path) -> None:
    assert read(tmp_path, RULE).rule("TST-BP-001").bounds == {}


def test_bounds_are_shown_with_their_unit_once() -> None:
    assert (OFFERED.absolute_shown, OFFERED.recommended_shown) == (
        "depression, crps, anxiety",
        "depression, crps",
    )
    assert (SYSTOLIC.absolute_shown, SYSTOLIC.recommended_shown) == ("120 to 180 mmHg", "150 to 180 mmHg")
    whole = Bounds(stricter="lower", recommended=(1, 3), absolute=(1, 5))
    assert (whole.absolute_shown, whole.recommended_shown) == ("1 to 5", "1 to 3")


@pytest.mark.parametrize(
    ("value", "allowed", "recommended"),
    [
        (119, False, False),
        (120, True, False),
        (149, True, False),
        (150, True, True),
        (180, True, True),
        (181, False, False),
    ],
)
def test_the_ends_of_bounds_belong_to_them(value: int, allowed: bool, recommended: bool) -> None:
    pressure = Pressure.of(value)
    assert (SYSTOLIC.allows(pressure), SYSTOLIC.recommends(pressure)) == (allowed, recommended)


@pytest.mark.parametrize(
    ("words", "allowed", "recommended"),
    [
        (("crps",), True, True),
        (("crps", "depression"), True, True),
        (("crps", "anxiety"), True, False),
        (("crps", "headache"), False, False),
        ((), False, False),
    ],
)
def test_a_list_holds_some_of_its_words_and_no_other(
    words: tuple[str, ...], allowed: bool, recommended: bool
) -> None:
    assert (OFFERED.allows(words), OFFERED.recommends(words)) == (allowed, recommended)


@pytest.mark.parametrize(
    ("stricter", "strict", "loose"), [("lower", "150 mmHg", "170 mmHg"), ("higher", "170 mmHg", "150 mmHg")]
)
def test_which_of_two_numbers_is_stricter(stricter: Any, strict: str, loose: str) -> None:
    ends = (Pressure.of(120), Pressure.of(180))
    bounds = Bounds(stricter=stricter, recommended=ends, absolute=ends)
    one, other = parse_limit(strict), parse_limit(loose)
    assert bounds.is_stricter(one, other)
    assert not bounds.is_stricter(other, one)
    assert not bounds.is_stricter(one, one)
    assert bounds.strictest(one, other) == bounds.strictest(other, one) == one


def test_which_of_two_lists_is_stricter() -> None:
    assert OFFERED.is_stricter(("crps",), ("crps", "depression"))
    assert not OFFERED.is_stricter(("crps", "depression"), ("crps",))
    assert not OFFERED.is_stricter(("crps",), ("crps",))
    assert not OFFERED.is_stricter(("crps",), ("anxiety", "depression"))


def test_the_strictest_of_two_lists_is_what_both_hold_in_the_order_of_the_first() -> None:
    one = ("crps", "anxiety", "depression")
    assert OFFERED.strictest(one, ("depression", "crps")) == ("crps", "depression")
    # An empty list would offer nothing at all, so the first stands.
    assert OFFERED.strictest(("crps", "anxiety"), ("depression",)) == ("crps", "anxiety")


def test_a_list_is_compared_with_a_list_and_a_number_with_a_number() -> None:
    for one, other in ((("crps",), Pressure.of(150)), (Pressure.of(150), ("crps",))):
        with pytest.raises(AssertionError, match=r"^lists are compared with lists$"):
            OFFERED.is_stricter(one, other)
        with pytest.raises(AssertionError, match=r"^lists are compared with lists$"):
            OFFERED.strictest(one, other)
    words = Bounds(stricter="lower", recommended=("a", "b"), absolute=("a", "b"))
    with pytest.raises(AssertionError, match=r"^the bounds of a number are numbers$"):
        words.allows(Pressure.of(150))


HEADER = "[TST-BP-001.b"
OF_WORDS = "[TST-BP-002.b"


def bounds(old: str, new: str) -> str:
    """The rule with something wrong in its bounds."""
    return RULE + changed(old, new, BOUNDS)


def words(old: str, new: str) -> str:
    """The rule with a list, with something wrong in it."""
    return changed(old, new, WORDS)


@pytest.mark.parametrize(
    ("rules", "begins", "sentence"),
    [
        # Of what they are made
        (changed("[[TST", "bounds = 3\n[[TST"), "bounds", "bounds are tables, one for each limit"),
        (
            changed("[[TST", "bounds = { systolic = 3 }\n[[TST"),
            "bounds",
            "the bounds of systolic are a table",
        ),
        (
            bounds("systolic", "diastolic"),
            HEADER,
            "bounds are given for diastolic, which is no limit of this rule",
        ),
        (
            changed(" on {readings} readings", "", bounds("systolic", "readings"))
            + changed(", readings = 2", "", SECOND_VERSION),
            HEADER,
            "bounds are given for readings, which is no limit of this rule",
        ),
        (
            bounds('stricter = "lower"\n', ""),
            HEADER,
            "missing or unknown keys in the bounds of systolic: stricter",
        ),
        (
            bounds("recommended", "advised"),
            HEADER,
            "missing or unknown keys in the bounds of systolic: advised, recommended",
        ),
        (
            bounds("absolute", "among"),
            HEADER,
            "missing or unknown keys in the bounds of systolic: absolute, among",
        ),
        (
            words("among", "absolute"),
            OF_WORDS,
            "missing or unknown keys in the bounds of offered: absolute, among",
        ),
        # Which way is stricter
        (
            bounds('"lower"', '"less"'),
            "stricter",
            "stricter 'less' of systolic is not lower, higher or fewer",
        ),
        (
            bounds('"lower"', '"fewer"'),
            "stricter",
            "systolic: fewer is for a list of words, lower and higher for the rest",
        ),
        (
            words('"fewer"', '"higher"'),
            "stricter",
            "offered: fewer is for a list of words, lower and higher for the rest",
        ),
        # Words
        (
            words('["depression", "crps"]\namong', '"crps"\namong'),
            "recommended",
            "the bounds of offered are lists of words",
        ),
        (
            words('["depression", "crps"]\namong', "[]\namong"),
            "recommended",
            "the bounds of offered are lists of words",
        ),
        (words('"anxiety"', "3"), "among", "the bounds of offered are lists of words"),
        (words('"anxiety"', '""'), "among", "the bounds of offered are lists of words"),
        (
            words('among = ["depression", ', "among = ["),
            "recommended",
            "recommended values of offered lie outside what is allowed",
        ),
        # Ends
        (
            bounds('["120 mmHg", "180 mmHg"]', '"120 mmHg"'),
            "absolute",
            "a bound of systolic is a lowest and a highest value",
        ),
        (
            bounds('["120 mmHg", "180 mmHg"]', '["120 mmHg"]'),
            "absolute",
            "a bound of systolic is a lowest and a highest value",
        ),
        (
            bounds('"150 mmHg", ', '"150 mmHg", "160 mmHg", '),
            "recommended",
            "a bound of systolic is a lowest and a highest value",
        ),
        (
            bounds('"120 mmHg"', '"120"'),
            "absolute",
            'systolic: the limit "120" is not a number, a space and a unit',
        ),
        (
            bounds('"120 mmHg"', '"12 kg"'),
            "absolute",
            "the bounds of systolic are of another kind than the limit",
        ),
        (
            bounds('"150 mmHg", "180 mmHg"', '"150 mmHg", "180 kg"'),
            "recommended",
            "the bounds of systolic are of another kind than the limit",
        ),
        (
            bounds('"120 mmHg", "180 mmHg"', '"120 kg", "180 kg"'),
            "absolute",
            "the bounds of systolic are of another kind than the limit",
        ),
        (bounds('"120 mmHg"', '"190 mmHg"'), "absolute", "the lowest value of systolic is above the highest"),
        # One within the other, and the limit within both
        (
            bounds('"150 mmHg"', '"110 mmHg"'),
            "recommended",
            "recommended values of systolic lie outside what is allowed",
        ),
        (
            bounds('"150 mmHg", "180 mmHg"', '"150 mmHg", "181 mmHg"'),
            "recommended",
            "recommended values of systolic lie outside what is allowed",
        ),
        (
            changed('systolic = "180 mmHg"', 'systolic = "181 mmHg"', RULE + BOUNDS),
            HEADER,
            "the limit 181 mmHg of systolic lies outside its own bounds",
        ),
        (
            changed('systolic = "180 mmHg"', 'systolic = "140 mmHg"', RULE + BOUNDS),
            HEADER,
            "the limit 140 mmHg of systolic is not among what is recommended",
        ),
        (
            changed('offered = ["depression", "crps"]', 'offered = ["depression", "anxiety"]', WORDS),
            OF_WORDS,
            "the limit depression or anxiety of offered is not among what is recommended",
        ),
        (
            SOFT + TIGHTENED + SECOND_VERSION,
            HEADER,
            "the limit 180 mmHg of systolic lies outside its own bounds",
        ),
        # What could be loosened though nobody may override the rule
        (
            bounds('"120 mmHg", "180 mmHg"', '"120 mmHg", "181 mmHg"'),
            HEADER,
            "nobody may override this rule, so a clinic may not loosen systolic beyond 180 mmHg",
        ),
        (
            bounds('"lower"', '"higher"'),
            HEADER,
            "nobody may override this rule, so a clinic may not loosen systolic beyond 180 mmHg",
        ),
        (
            HARD_WORDS,
            OF_WORDS,
            "nobody may override this rule, so a clinic may not loosen offered beyond depression or crps",
        ),
    ],
)
def test_what_is_wrong_in_bounds_is_named_with_its_line(
    tmp_path: Path, rules: str, begins: str, sentence: str
) -> None:
    id_ = "TST-BP-002" if "TST-BP-002" in rules else "TST-BP-001"
    with pytest.raises(RulebookError) as refused:
        read(tmp_path, rules, {id_: high})
    assert str(refused.value) == f"testing.toml, line {line_of(rules, begins)}: {id_}: {sentence}"


@pytest.mark.parametrize(
    "rules",
    [
        # A hard rule may be made stricter up to its own limit, whichever way that is.
        RULE + BOUNDS,
        bounds('"lower"', '"higher"')
        .replace('["150 mmHg", "180 mmHg"]', '["180 mmHg", "190 mmHg"]')
        .replace('["120 mmHg", "180 mmHg"]', '["180 mmHg", "200 mmHg"]'),
        changed(', "anxiety"]', "]", HARD_WORDS),
        # A rule that somebody may override can be loosened too.
        SOFT + changed('"180 mmHg"]', '"200 mmHg"]', BOUNDS),
        # One value alone
        RULE + changed("150 mmHg", "180 mmHg", changed("120 mmHg", "180 mmHg", BOUNDS)),
        # That an earlier version of a hard rule was looser is past.
        RULE + TIGHTENED + SECOND_VERSION,
    ],
)
def test_bounds_that_hold_are_read(tmp_path: Path, rules: str) -> None:
    id_ = "TST-BP-002" if "TST-BP-002" in rules else "TST-BP-001"
    (rule,) = read(tmp_path, rules, {id_: high}).rules
    assert len(rule.bounds) == 1


def test_a_limit_that_a_later_version_brought_may_have_bounds(tmp_path: Path) -> None:
    first = changed(", readings = 2", "", changed(" on {readings} readings", "", RULE))
    readings = '[TST-BP-001.bounds.readings]\nstricter = "lower"\nrecommended = [1, 2]\nabsolute = [1, 2]\n'
    rule = read(tmp_path, first + readings + SECOND_VERSION).rule("TST-BP-001")
    assert rule.bounds == {"readings": Bounds(stricter="lower", recommended=(1, 2), absolute=(1, 2))}
