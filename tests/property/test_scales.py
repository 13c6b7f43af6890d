"""Whatever is answered: scores lie in their range, rise with the answers, and never come from half a form."""

from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.clinical.scales import scales
from evenkeel.clinical.scales.scoring import score
from evenkeel.clinical.scales.shape import Item, Scale

SCORABLE: Final = [of for of in scales().values() if of.is_scorable]
# Sums over alike questions: which of them was answered how does not matter.
ORDER_FREE: Final = [
    of
    for of in SCORABLE
    if of.scoring.method in ("sum", "mean")
    and len({tuple(item.options) for item in of.items}) == 1
    and not any(item.condition for item in of.items)
    and len(of.items) > 1
]
# More minutes asleep are better and a later bedtime shortens the night, so no one order holds for the PSQI.
MONOTONE: Final = [of for of in SCORABLE if of.scoring.method != "components"]


def answer(item: Item) -> st.SearchStrategy[int]:
    return st.sampled_from(list(item.values))


def whole(of: Scale) -> st.SearchStrategy[tuple[int, ...]]:
    """Every question answered, those too that were not to be asked."""
    return st.tuples(*(answer(item) for item in of.items))


def partly(of: Scale) -> st.SearchStrategy[tuple[int | None, ...]]:
    return st.tuples(*(st.none() | answer(item) for item in of.items))


@pytest.mark.parametrize("of", SCORABLE, ids=lambda of: of.id)
@given(data=st.data())
@settings(max_examples=30)
def test_a_whole_form_has_a_score_within_its_range(of: Scale, data: st.DataObject) -> None:
    found = score(of, data.draw(whole(of)))
    assert found.total is not None
    assert of.low <= found.total <= of.high
    assert not found.missing
    if of.bands and not any(item.condition for item in of.items):
        assert found.band in {band.label for band in of.bands}


@pytest.mark.parametrize("of", SCORABLE, ids=lambda of: of.id)
@given(data=st.data())
@settings(max_examples=30)
def test_a_gap_is_named_and_leaves_no_score(of: Scale, data: st.DataObject) -> None:
    answers = data.draw(partly(of))
    found = score(of, answers)
    assert set(found.missing) <= {number for number, each in enumerate(answers, start=1) if each is None}
    if found.missing and of.id != "bpi_sf":
        assert (found.total, found.band) == (None, None)
    if all(each is not None for each in answers):
        assert not found.missing


@pytest.mark.parametrize("of", SCORABLE, ids=lambda of: of.id)
@given(data=st.data())
@settings(max_examples=25)
def test_an_answer_that_alerts_alerts_in_every_company(of: Scale, data: st.DataObject) -> None:
    answers = data.draw(partly(of))
    expected = tuple(
        item.number
        for item, each in zip(of.items, answers, strict=True)
        if each is not None and item.risk_from is not None and each >= item.risk_from
    )
    assert score(of, answers).risk_items == expected


@pytest.mark.parametrize("of", MONOTONE, ids=lambda of: of.id)
@given(data=st.data())
@settings(max_examples=30)
def test_more_points_are_never_a_lower_score(of: Scale, data: st.DataObject) -> None:
    lower = data.draw(whole(of))
    item = data.draw(st.sampled_from(of.scored_items))
    points = item.points_of(lower[item.number - 1])
    more = data.draw(st.sampled_from([value for value in item.values if item.points_of(value) >= points]))
    higher = (*lower[: item.number - 1], more, *lower[item.number :])
    before, after = score(of, lower).total, score(of, higher).total
    assert before is not None
    assert after is not None
    assert before <= after


@pytest.mark.parametrize("of", ORDER_FREE, ids=lambda of: of.id)
@given(data=st.data())
@settings(max_examples=25)
def test_the_order_of_the_answers_does_not_matter_to_a_sum(of: Scale, data: st.DataObject) -> None:
    answers = data.draw(whole(of))
    mixed = data.draw(st.permutations(answers))
    assert score(of, answers).total == score(of, mixed).total


def test_the_order_of_the_answers_is_tried_on_the_scales_where_it_holds() -> None:
    ids = {of.id for of in ORDER_FREE}
    assert {"phq2", "gad7", "bdi2", "isi", "peg", "bprs", "csq8"} <= ids
    assert not {"qids_sr16", "hamd17", "dast10", "audit_c", "psqi"} & ids


@given(data=st.data())
def test_a_qids_is_the_sum_of_its_highest(data: st.DataObject) -> None:
    of = scales()["qids_sr16"]
    q = data.draw(whole(of))
    expected = max(q[0:4]) + q[4] + max(q[5:9]) + sum(q[9:14]) + max(q[14:16])
    assert score(of, q).total == Decimal(expected)
