"""Quantities as they are read: the number, then its unit, and one day is a day."""

import pytest

from evenkeel.values.quantities import Days, Minutes


@pytest.mark.parametrize(("days", "said"), [(0, "0 days"), (1, "1 day"), (2, "2 days"), ("1.5", "1.5 days")])
def test_one_day_is_a_day_and_others_are_days(days: int | str, said: str) -> None:
    assert str(Days.of(days)) == said


def test_a_unit_that_is_an_abbreviation_stays_as_it_is() -> None:
    assert str(Minutes.of(1)) == "1 min"
