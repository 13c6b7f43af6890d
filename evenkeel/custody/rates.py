"""How often somebody wastes, corrects or miscounts, beside how often they could have, and how sure that is.

A high rate is a question and never an accusation: people care for different patients, and where many rates
are looked at some stand out by chance. A rate out of few chances is not shown at all.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from evenkeel.custody.accounts import IN_HAND
from evenkeel.custody.intervals import Interval, poisson, wilson
from evenkeel.custody.reports import Moved
from evenkeel.record.custody import Cause
from evenkeel.values.ids import ClinicianId, EntryId, StreamId
from evenkeel.values.shape import frozen

Measure = Literal["wastes_per_infusion", "share_wasted", "waste_cause", "corrected", "count_difference"]

# Below so many chances a rate says nothing about a person, and is not shown. Proposal.
CHANCES_MIN: Final = 10

# Whoever moves drug from, to or past these works on an infusion; taking in stock is no part of it.
_AT_INFUSION: Final = IN_HAND | {"vial", "patient", "wasted"}


@frozen
class Rate:
    """One measure of one person, or of everybody together: `seen` per `out_of`.

    Both are numbers of things, but micrograms for the share of drug that was wasted. `chances` is how many
    things it rests on; `interval` is None where they are too few to say. `cause` is set for the shares of
    waste by cause.
    """

    measure: Measure
    seen: int
    out_of: int
    chances: int
    interval: Interval | None
    cause: Cause | None = None


@frozen
class PersonRates:
    """What is known of one person; `person` is None for everybody together."""

    person: ClinicianId | None
    name: str
    rates: tuple[Rate, ...]


@frozen
class CountedLine:
    """One line of a count: who counted it, and whether it was what the ledger expected."""

    people: tuple[tuple[ClinicianId, str], ...]
    differs: bool


@dataclass
class _Handled:
    """What was drawn for one infusion, and how much of it was wasted, in micrograms."""

    drawn: int = 0
    wasted: int = 0


@dataclass
class _Tally:
    """What one person did."""

    name: str
    moved: int = 0
    corrected: int = 0
    infusions: set[StreamId] = field(default_factory=set)
    drew_for: set[StreamId] = field(default_factory=set)
    wastes: Counter[Cause] = field(default_factory=Counter)
    lines: int = 0
    differences: int = 0


def rates(
    movements: Iterable[Moved], *, taken_back: Mapping[EntryId, int], counted: Iterable[CountedLine]
) -> tuple[PersonRates, ...]:
    """Everybody together, then each person by name.

    `taken_back` says how many micrograms of a movement were corrected; what was taken back whole did not
    happen, and counts as a correction only. Drug in no schedule is not asked about: leave its movements out.
    """
    everybody = _Tally(name="Everybody")
    people: dict[ClinicianId, _Tally] = {}
    infusions: dict[StreamId, _Handled] = {}
    for moved in movements:
        if moved.corrects is None:
            tally = people.setdefault(moved.by, _Tally(name=moved.by_name))
            left = moved.amount.mcg - taken_back.get(moved.entry, 0)
            for each in (tally, everybody):
                _tell(each, moved, left, corrected=moved.entry in taken_back)
            _follow(infusions, moved, left)
    for line in counted:
        known = [people.setdefault(person, _Tally(name=name)) for person, name in line.people]
        for each in (*known, everybody):
            each.lines += 1
            each.differences += line.differs
    found = [
        PersonRates(person=person, name=tally.name, rates=_rates_of(tally, infusions))
        for person, tally in sorted(people.items(), key=lambda item: (item[1].name, item[0]))
    ]
    together = PersonRates(person=None, name=everybody.name, rates=_rates_of(everybody, infusions))
    return (together, *found)


def _tell(tally: _Tally, moved: Moved, left: int, *, corrected: bool) -> None:
    tally.moved += 1
    tally.corrected += corrected
    if left <= 0:
        return
    if moved.visit is not None and {moved.source.place, moved.into.place} & _AT_INFUSION:
        tally.infusions.add(moved.visit)
        if moved.source.place == "vial" and moved.into.place in IN_HAND:
            tally.drew_for.add(moved.visit)
    if moved.into.place == "wasted":
        tally.wastes[moved.cause] += 1


def _follow(infusions: dict[StreamId, _Handled], moved: Moved, left: int) -> None:
    if moved.visit is None:
        return
    if moved.source.place == "vial" and moved.into.place in IN_HAND:
        infusions.setdefault(moved.visit, _Handled()).drawn += left
    elif moved.source.place in IN_HAND and moved.into.place == "vial":
        infusions.setdefault(moved.visit, _Handled()).drawn -= left
    elif moved.source.place in IN_HAND and moved.into.place == "wasted":
        infusions.setdefault(moved.visit, _Handled()).wasted += left


def _rates_of(tally: _Tally, infusions: Mapping[StreamId, _Handled]) -> tuple[Rate, ...]:
    wastes = tally.wastes.total()
    treated = len(tally.infusions)
    return (
        Rate(
            measure="wastes_per_infusion",
            seen=wastes,
            out_of=treated,
            chances=treated,
            interval=poisson(wastes, treated) if treated >= CHANCES_MIN else None,
        ),
        _share_wasted([infusions[visit] for visit in tally.drew_for if infusions[visit].drawn > 0]),
        *(
            _share("waste_cause", seen, wastes, cause)
            for cause, seen in sorted(tally.wastes.items(), key=lambda item: (-item[1], item[0]))
        ),
        _share("corrected", tally.corrected, tally.moved),
        _share("count_difference", tally.differences, tally.lines),
    )


def _share(measure: Measure, seen: int, chances: int, cause: Cause | None = None) -> Rate:
    interval = wilson(seen / chances, chances) if chances >= CHANCES_MIN else None
    return Rate(measure=measure, seen=seen, out_of=chances, chances=chances, interval=interval, cause=cause)


def _share_wasted(handled: list[_Handled]) -> Rate:
    """How much of what was drawn for these infusions was wasted out of syringe or bag, in micrograms.

    Micrograms are no separate trials; infusions are. The share of each lies between 0 and 1, so it varies by
    no more than a yes or no of the same mean (Bhatia and Davis, Am Math Mon 2000, 107:353-357), and infusions
    of unequal size count for (sum w)^2 / sum w^2 of equal ones (Kish, Survey Sampling, 1965). With that many
    trials the score interval is, if anything, too wide. A time that cuts an infusion in two can leave more
    wasted than drawn; its share is then 1.
    """
    drawn = sum(each.drawn for each in handled)
    wasted = sum(min(each.wasted, each.drawn) for each in handled)
    interval = None
    if len(handled) >= CHANCES_MIN:
        trials = drawn * drawn / sum(each.drawn * each.drawn for each in handled)
        interval = wilson(wasted / drawn, trials)
    return Rate(measure="share_wasted", seen=wasted, out_of=drawn, chances=len(handled), interval=interval)
