"""Chance over a visit: when something that happens so many times an hour happens, and for how long."""

import random

from evenkeel.values.shape import frozen


@frozen
class Often:
    """How many times an hour something begins, and how many minutes it lasts: between least and most."""

    per_hour: float
    least_min: float = 1.0
    most_min: float = 1.0


@frozen
class Span:
    """From one minute of a visit to another; the last does not belong to it."""

    from_min: float
    to_min: float

    def holds(self, minute: float) -> bool:
        """Whether a minute lies in it."""
        return self.from_min <= minute < self.to_min


def draw_spans(label: str, often: Often, *, until_min: float) -> tuple[Span, ...]:
    """Draw when something happens from minute 0 on; one begins only after the one before it has ended.

    The label names the seed and what is drawn for; the same label gives the same spans.
    """
    found: list[Span] = []
    if not often.per_hour:
        return ()
    chance = random.Random(label)
    minute = chance.expovariate(often.per_hour / 60)
    while minute < until_min:
        length = chance.uniform(often.least_min, often.most_min)
        found.append(Span(from_min=minute, to_min=minute + length))
        minute += length + chance.expovariate(often.per_hour / 60)
    return tuple(found)


def span_at(spans: tuple[Span, ...], minute: float) -> Span | None:
    """The span that a minute lies in."""
    return next((each for each in spans if each.holds(minute)), None)
