"""What the tests of the ledger begin with."""

import pytest

from tests.ledger_story import Story, stock


@pytest.fixture
def stocked() -> Story:
    """Ten vials of 500 mg received, two in the cabinet, one of them open."""
    return stock()
