"""How far a clinic may move the limits of a rule: bounds, as the rule files state them."""

from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

from evenkeel.clinical.limits import Limit, Limits, RulebookError, limit_shown, measure, parse_limit
from evenkeel.clinical.rule_files import Spot
from evenkeel.values.shape import frozen

# Which way a limit is moved to make its rule speak up earlier: down, up, or with fewer words in its list.
Stricter = Literal["lower", "higher", "fewer"]
# Lowest and highest value, or words.
Range = tuple[Limit, ...] | tuple[str, ...]

_KEYS_OF_A_NUMBER: Final = {"stricter", "recommended", "absolute"}
_KEYS_OF_WORDS: Final = {"stricter", "recommended", "among"}


@frozen
class Bounds:
    """How far a clinic may move one limit of a rule.

    For a number both pairs are (lowest, highest), ends included. For a list of words `absolute` is all words
    that it may hold, and `recommended` those that ask for no extra confirmation.
    """

    stricter: Stricter
    recommended: Range
    absolute: Range

    def allows(self, value: Limit) -> bool:
        """Whether a clinic may set this at all."""
        return self._holds(self.absolute, value)

    def recommends(self, value: Limit) -> bool:
        """Whether it may be set without a further confirmation."""
        return self._holds(self.recommended, value)

    def is_stricter(self, one: Limit, other: Limit) -> bool:
        """Whether the rule speaks up earlier with `one` than with `other`."""
        if isinstance(one, tuple) or isinstance(other, tuple):
            assert isinstance(one, tuple), "lists are compared with lists"
            assert isinstance(other, tuple), "lists are compared with lists"
            return set(one) < set(other)
        lower = measure(one) < measure(other)
        return lower if self.stricter == "lower" else measure(one) > measure(other)

    def strictest(self, one: Limit, other: Limit) -> Limit:
        """The stricter of two; of two lists what both hold, in the order of the first."""
        if isinstance(one, tuple) and isinstance(other, tuple):
            # Two lists with nothing in common leave no rule to speak of; the first stands.
            return tuple(word for word in one if word in other) or one
        return other if self.is_stricter(other, one) else one

    def _holds(self, ends: Range, value: Limit) -> bool:
        if isinstance(value, tuple):
            return bool(value) and set(value) <= set(ends)
        low, high = ends
        return measure(_number(low)) <= measure(value) <= measure(_number(high))

    @property
    def absolute_shown(self) -> str:
        """The absolute bounds in words."""
        return self._shown(self.absolute)

    @property
    def recommended_shown(self) -> str:
        """What is recommended, in words."""
        return self._shown(self.recommended)

    def _shown(self, ends: Range) -> str:
        shown = [str(end) for end in ends]
        if self.stricter == "fewer":
            return ", ".join(shown)
        # Both ends are of one kind, so the unit once is enough: "120 to 180 mmHg".
        return f"{shown[0].partition(' ')[0]} to {shown[1]}"


def read_bounds(spot: Spot, raw: object, versions: Sequence[Limits], *, is_hard: bool) -> dict[str, Bounds]:
    """Read the table of a rule's bounds, by limit, or raise RulebookError with file and line.

    `versions` are the limits of every version in order. `is_hard` is for a rule that nobody may override: a
    clinic may only make it stricter than the newest version.
    """
    spot.demand(isinstance(raw, dict), "bounds are tables, one for each limit")
    assert isinstance(raw, dict)
    return {name: _read(spot.at(name), name, table, versions, is_hard=is_hard) for name, table in raw.items()}


def _read(spot: Spot, name: str, table: Any, versions: Sequence[Limits], *, is_hard: bool) -> Bounds:
    spot.demand(isinstance(table, dict), f"the bounds of {name} are a table")
    shipped = [limits.by_name[name] for limits in versions if name in limits.by_name]
    spot.demand(name in versions[-1].by_name, f"bounds are given for {name}, which is no limit of this rule")
    is_list = isinstance(shipped[-1], tuple)
    wanted = _KEYS_OF_WORDS if is_list else _KEYS_OF_A_NUMBER
    odd = ", ".join(sorted(set(table) ^ wanted))
    spot.demand(not odd, f"missing or unknown keys in the bounds of {name}: {odd}")
    stricter = table["stricter"]
    spot.at("stricter").demand(
        stricter in get_args(Stricter), f"stricter {stricter!r} of {name} is not lower, higher or fewer"
    )
    spot.at("stricter").demand(
        (stricter == "fewer") == is_list,
        f"{name}: fewer is for a list of words, lower and higher for the rest",
    )
    read = _words if is_list else _ends
    widest = "among" if is_list else "absolute"
    bounds = Bounds(
        stricter=stricter,
        recommended=read(spot.at("recommended"), name, table["recommended"], shipped[-1]),
        absolute=read(spot.at(widest), name, table[widest], shipped[-1]),
    )
    _check(spot, name, bounds, shipped, is_hard=is_hard)
    return bounds


def _words(spot: Spot, name: str, raw: object, _: Limit) -> Range:
    is_words = isinstance(raw, list) and bool(raw) and all(isinstance(word, str) and word for word in raw)
    spot.demand(is_words, f"the bounds of {name} are lists of words")
    assert isinstance(raw, list)
    return tuple(raw)


def _ends(spot: Spot, name: str, raw: object, shipped: Limit) -> Range:
    spot.demand(isinstance(raw, list) and len(raw) == 2, f"a bound of {name} is a lowest and a highest value")
    assert isinstance(raw, list)
    try:
        low, high = (parse_limit(end) for end in raw)
    except RulebookError as broken:
        spot.demand(False, f"{name}: {broken}")
        raise
    spot.demand(
        type(low) is type(high) is type(shipped), f"the bounds of {name} are of another kind than the limit"
    )
    spot.demand(measure(low) <= measure(high), f"the lowest value of {name} is above the highest")
    return low, high


def _number(end: Limit | str) -> Limit:
    assert not isinstance(end, str), "the bounds of a number are numbers"
    return end


def _check(spot: Spot, name: str, bounds: Bounds, shipped: Sequence[Limit], *, is_hard: bool) -> None:
    now = shipped[-1]
    if bounds.stricter == "fewer":
        inside = set(bounds.recommended) <= set(bounds.absolute)
        loosest: Limit = tuple(str(word) for word in bounds.absolute)
    else:
        inside = all(bounds.allows(_number(end)) for end in bounds.recommended)
        loosest = _number(bounds.absolute[1 if bounds.stricter == "lower" else 0])
    spot.at("recommended").demand(inside, f"recommended values of {name} lie outside what is allowed")
    # A hard rule may not be loosened beyond its newest version; that an earlier one was looser is past.
    for limit in [now] if is_hard else shipped:
        spot.demand(
            bounds.allows(limit), f"the limit {limit_shown(limit)} of {name} lies outside its own bounds"
        )
    spot.demand(
        bounds.recommends(now), f"the limit {limit_shown(now)} of {name} is not among what is recommended"
    )
    spot.demand(
        not (is_hard and bounds.is_stricter(now, loosest)),
        f"nobody may override this rule, so a clinic may not loosen {name} beyond {limit_shown(now)}",
    )
