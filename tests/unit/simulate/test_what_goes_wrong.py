"""Artefacts and slips come at their set rates, the same for the same seed; a journal outlives its writer."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evenkeel.simulate.artefacts import MAKES, RATES, Artefact, make_plan
from evenkeel.simulate.habits import STAFF_HABITS, Dice
from evenkeel.simulate.scenario import REFUSED, Journal, Step, read_journal
from evenkeel.simulate.spans import Often, Span, draw_spans, span_at

AT = datetime(2026, 6, 1, 14, 0, tzinfo=UTC)
HOURS = 8
VISITS = 300


def step(number: int, key: str) -> Step:
    return Step(number=number, at=AT, kind="act", hand="3", name="chart_signs", key=key)


@pytest.mark.parametrize("kind", RATES["rough"])
def test_an_artefact_comes_as_often_as_its_rate_says(kind: Artefact) -> None:
    """What begins a times an hour and lasts b hours begins a / (1 + a b) times an hour, with gaps between."""
    often = RATES["rough"][kind]
    lasts_h = (often.least_min + often.most_min) / 2 / 60
    expected = VISITS * HOURS * often.per_hour / (1 + often.per_hour * lasts_h)
    found = [
        span
        for visit in range(VISITS)
        for span in make_plan(f"7/{visit}", {kind: often}, until_min=60 * HOURS).spans[kind]
    ]
    # Four standard deviations of a count.
    assert abs(len(found) - expected) < 4 * expected**0.5
    # A message a minute meets each of them.
    assert often.least_min >= 1
    lengths = [span.to_min - span.from_min for span in found]
    assert min(lengths) >= often.least_min - 1e-9
    assert max(lengths) <= often.most_min + 1e-9


def test_the_same_seed_draws_the_same_spans_and_another_one_others() -> None:
    often = Often(per_hour=2.0, least_min=1, most_min=5)
    assert draw_spans("7/a", often, until_min=480) == draw_spans("7/a", often, until_min=480)
    assert draw_spans("7/a", often, until_min=480) != draw_spans("8/a", often, until_min=480)
    assert draw_spans("7/a", Often(per_hour=0.0), until_min=480) == ()


def test_a_minute_lies_in_a_span_up_to_its_end() -> None:
    spans = (Span(from_min=2, to_min=4), Span(from_min=9, to_min=10))
    assert [span_at(spans, minute) for minute in (1.9, 2, 3.9, 4, 9.5)] == [
        None, spans[0], spans[0], None, spans[1],
    ]  # fmt: skip


def test_every_text_for_missing_that_was_seen_is_sent_by_some_make() -> None:
    """Missing is coded as a number, by source: -1, -100, -99.9, -999 and 0; others leave it blank."""
    assert {make.missing for make in MAKES} >= {"-999", "-99.9", "-100", "0", ""}


@pytest.mark.parametrize("rate", [0.03, 0.25, 0.5])
def test_a_slip_falls_as_often_as_its_rate_says(rate: float) -> None:
    occasions = 4000
    dice = Dice("7/3/1/slips")
    count = sum(dice.falls(rate, f"check {number}") for number in range(occasions))
    spread = (occasions * rate * (1 - rate)) ** 0.5
    assert abs(count - occasions * rate) < 4 * spread


def test_perfect_staff_never_slip_and_tired_staff_slip_in_every_way() -> None:
    names = [name for name in STAFF_HABITS["tired"].__dataclass_fields__ if not name.endswith("_min")]
    assert [getattr(STAFF_HABITS["perfect"], name) for name in names] == [0.0] * len(names)
    assert all(getattr(STAFF_HABITS["tired"], name) > 0 for name in names)
    assert not Dice("7").falls(0.0, "check 1")


def test_a_journal_says_what_was_answered_and_of_what_nobody_knows(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    assert read_journal(path).steps == ()
    with Journal(path) as journal:
        for number, key in enumerate(("a", "b", "c"), start=1):
            journal.sends(step(number, key))
            if key != "c":
                journal.hears(step(number, key), "visit:1" if key == "a" else f"{REFUSED}UnableToChart")
    found = read_journal(path)
    assert [each.key for each in found.steps] == ["a", "b", "c"]
    assert found.answers == {"a": "visit:1", "b": f"{REFUSED}UnableToChart"}
    assert found.acknowledged == (step(1, "a"),)
    assert found.unanswered == (step(3, "c"),)


def test_a_line_that_was_cut_short_counts_for_nothing_and_spoils_nothing(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    with Journal(path) as journal:
        journal.sends(step(1, "a"))
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"key": "a", "answ')
    assert read_journal(path).unanswered == (step(1, "a"),)
    with Journal(path) as journal:
        journal.sends(step(1, "a"))
        journal.hears(step(1, "a"), "visit:1")
    found = read_journal(path)
    assert found.answers == {"a": "visit:1"}
    assert found.sent["a"] == 2
    assert found.acknowledged == (step(1, "a"),)
