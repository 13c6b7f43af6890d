"""The rulebook on screen: every rule stands there, for everybody who signs in."""

import pytest
from django.test import Client
from pytest_django import Settings

from evenkeel.clinical.rulebook import Rulebook
from tests.factories import people
from tests.pages import look

pytestmark = [pytest.mark.store, pytest.mark.django_db]


def test_every_rule_stands_there_for_everybody(client: Client, settings: Settings) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()
    words = ""
    for person in (people().registrant, people().front_desk):
        words = look(client, person, "/rulebook/")
        for rule in Rulebook.shipped().rules:
            assert f'id="{rule.id}"' in words
    # INF-BP-001 alerts from 165/100 mmHg on; its sentence has the limit filled in.
    assert "165 mmHg" in words
    assert "{" not in words.split("<main")[1].split("</main>")[0]
