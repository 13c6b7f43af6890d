"""The rates of each person as a report: what was seen, out of how many chances, and how sure that is."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from evenkeel.custody.rates import CHANCES_MIN, CountedLine, Measure, PersonRates, Rate
from evenkeel.custody.rates import rates as rates_of
from evenkeel.store.queries import custody_reports as ledger
from evenkeel.store.queries.custody_reports import Asked
from evenkeel.web.custody_cells import Column, Mass, Row, Sheet, shown
from evenkeel.web.sentences import words

A_QUESTION: Final = (
    "A high rate is a question and not an accusation. People care for different patients, and where many "
    "rates are looked at some stand out by chance alone."
)
# What is measured, and how it is said what was seen. An infusion is one that the person handled drug for.
_WORDS: Final[Mapping[Measure, tuple[str, str]]] = {
    "wastes_per_infusion": ("Wastes per infusion", "{seen} wastes in {out_of} infusions"),
    "share_wasted": ("Share of drawn drug wasted", "{seen} of {out_of} drawn"),
    "waste_cause": ("Share of wastes", "{seen} of {out_of} wastes"),
    "corrected": ("Movements corrected later", "{seen} of {out_of} movements"),
    "count_difference": ("Counted lines that differed", "{seen} of {out_of} lines counted"),
}

_RATES: Final = (
    Column(name="person", heading="Person", width=6),
    Column(name="measure", heading="What", width=7),
    Column(name="in_words", heading="Seen", width=7, is_short=True, in_file=False),
    Column(name="seen", heading="Seen", on_screen=False),
    Column(name="out_of", heading="Out of", on_screen=False),
    Column(name="unit", heading="Counted in", on_screen=False),
    Column(name="chances", heading="Chances", on_screen=False),
    Column(name="rate_in_words", heading="Rate", width=6, is_short=True, in_file=False),
    Column(name="interval_in_words", heading="95 % interval", width=5, is_short=True, in_file=False),
    Column(name="everybody_in_words", heading="Everybody together", width=4, is_short=True, in_file=False),
    Column(name="rate", heading="Rate", on_screen=False),
    Column(name="low", heading="95 % from", on_screen=False),
    Column(name="high", heading="95 % to", on_screen=False),
    Column(name="everybody", heading="Everybody together", on_screen=False),
)


def rates(asked: Asked) -> Sheet:
    """How often each person wastes, corrects and miscounts, beside everybody together."""
    # Everybody stays in, whoever is asked about: without the others a rate says nothing.
    everything = replace(asked, person=None)
    found = rates_of(
        ledger.movements(everything),
        taken_back=ledger.taken_back(),
        counted=_counted(everything),
    )
    together = found[0]
    wanted = [each for each in found if asked.person in (None, each.person) or each is together]
    lines = [_row(each, rate, together) for each in wanted for rate in each.rates if rate.chances]
    return Sheet(
        key="rates",
        title="Rates by person",
        lead=(
            A_QUESTION,
            f"A rate out of fewer than {CHANCES_MIN} chances is not shown (proposal).",
            "Intervals: exact Poisson for wastes per infusion, Wilson for shares.",
        ),
        columns=_RATES,
        rows=lambda first, count: iter(lines[first : None if count is None else first + count]),
        total=len(lines),
        empty="Nobody handled drug that fits.",
    )


def _counted(asked: Asked) -> Iterator[CountedLine]:
    about = {lot.stream for lot in ledger.lots(asked)}
    for _, count in ledger.counts(asked):
        counted = count.payload
        people = {count.by.id: count.by.printed_name, counted.second: counted.second_name}
        for line in counted.lines:
            if line.lot in about:
                yield CountedLine(people=tuple(people.items()), differs=line.difference_mcg != 0)


def _row(each: PersonRates, rate: Rate, together: PersonRates) -> Row:
    what, seen_words = _WORDS[rate.measure]
    if rate.cause is not None:
        what = f"{what}: {words(rate.cause)}"
    is_mass = rate.measure == "share_wasted"
    seen, out_of = (Mass(mcg=rate.seen), Mass(mcg=rate.out_of)) if is_mass else (rate.seen, rate.out_of)
    interval = rate.interval
    same = next((other for other in together.rates if _is_same(other, rate)), None)
    everybody = same.interval.estimate if same and same.interval else None
    few = f"too few to say: {rate.chances} of at least {CHANCES_MIN}"
    return (
        each.name,
        what,
        seen_words.format(seen=shown(seen), out_of=shown(out_of)),
        seen,
        out_of,
        "mg" if is_mass else "number",
        rate.chances,
        _in_words(rate, interval.estimate) if interval else few,
        f"{_in_words(rate, interval.low)} to {_in_words(rate, interval.high)}" if interval else "",
        _in_words(rate, everybody) if everybody is not None else "",
        interval.estimate if interval else None,
        interval.low if interval else None,
        interval.high if interval else None,
        everybody,
    )


def _is_same(one: Rate, other: Rate) -> bool:
    return (one.measure, one.cause) == (other.measure, other.cause)


def _in_words(rate: Rate, value: float) -> str:
    return f"{value:.2f}" if rate.measure == "wastes_per_infusion" else f"{100 * value:.1f} %"
