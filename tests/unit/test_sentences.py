"""Every kind of entry can be read by a person."""

import pytest

from evenkeel.record.codec import known_kinds
from evenkeel.record.signs import Signs
from evenkeel.values.quantities import Pressure
from evenkeel.web.sentences import sentence_of, signs_in_words


@pytest.mark.parametrize(("kind", "version"), sorted(known_kinds()))
def test_every_kind_of_entry_has_a_sentence(kind: str, version: int) -> None:
    assert sentence_of.dispatch(known_kinds()[kind, version]) is not sentence_of.dispatch(object)


def test_what_was_not_measured_is_not_written() -> None:
    assert signs_in_words(Signs(systolic=Pressure.of(150), sedation=4)).startswith("150/? mmHg, ")
    assert signs_in_words(Signs()) == "nothing measured"
