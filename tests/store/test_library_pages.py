"""The library on screen: open to everybody, nothing of a patient on it, and figures under the plain text."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from evenkeel.clinical.library import library
from evenkeel.store import models
from evenkeel.web.library import GRADE_TONES, VERDICT_TONES
from tests import factories
from tests.pages import look, set_clock

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

SLUGS = tuple(library().pages)


def opened(client: Client, address: str, status: int = 200) -> str:
    """Open a page without signing in; returns its words."""
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def main_of(page: str) -> str:
    """What stands between header and foot."""
    return page.split("<main")[1].split("</main>")[0]


def test_anybody_reads_the_index(client: Client) -> None:
    page = opened(client, "/library/")
    for topic in library().pages.values():
        assert reverse("library_topic", args=[topic.slug]) in page
    for claim in library().claims:
        assert f"/library/claims/#{claim.key}" in page


@pytest.mark.parametrize("slug", SLUGS)
def test_anybody_reads_every_topic_with_its_sources(client: Client, slug: str) -> None:
    page = opened(client, f"/library/{slug}/")
    topic = library().pages[slug]
    assert page.count("<h1") == 1
    for key in topic.cite:
        assert library().sources[key].replace("&", "&amp;").replace("'", "&#39;") in page
    assert "22 May 2027" in page
    assert "{" not in main_of(page)
    # Whom to call stands on every page.
    assert "988" in page
    # Figures for staff come after the plain text, folded away unless the page is for staff alone.
    folded = re.search(r'<details class="ek-details ek-figures"( open)?>', page)
    assert folded is not None
    assert (folded.group(1) is None) == topic.is_for_patients


def test_anybody_reads_every_claim(client: Client) -> None:
    page = opened(client, "/library/claims/")
    for claim in library().claims:
        assert page.count(f'id="{claim.key}"') == 1
        assert claim.right.replace("'", "&#39;") in page


def test_an_unknown_topic_is_not_found(client: Client) -> None:
    opened(client, "/library/nothing/", status=404)


def test_a_page_that_is_overdue_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    due = library().pages["pain"].review_due
    noon = datetime(due.year, due.month, due.day, 18, tzinfo=UTC)
    set_clock(monkeypatch, noon)
    assert "Out of date" not in opened(client, "/library/pain/")
    set_clock(monkeypatch, noon + timedelta(days=1))
    assert "Out of date" in opened(client, "/library/pain/")
    assert "Out of date" in opened(client, "/library/claims/")


def test_staff_are_told_what_is_overdue(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()
    due = library().pages["pain"].review_due
    noon = datetime(due.year, due.month, due.day, 18, tzinfo=UTC)
    set_clock(monkeypatch, noon)
    assert "To be checked again" not in look(client, factories.people().lead, "/library/")
    set_clock(monkeypatch, noon + timedelta(days=1))
    client.logout()
    assert "To be checked again" not in opened(client, "/library/")
    client.force_login(factories.user_of(factories.people().lead))
    assert "To be checked again" in opened(client, "/library/")


def test_the_library_knows_no_patient_and_is_not_logged(client: Client, settings: Settings) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()
    factories.chairs()
    page = look(client, factories.people().nurse, "/library/blood-pressure/")
    assert 'href="/library/"' in page
    # Staff are led to the clinic's own rules; others would only be asked to sign in.
    assert 'href="/rulebook/#INF-BP-002"' in page
    client.logout()
    assert "/rulebook/" not in opened(client, "/library/blood-pressure/")
    assert not models.AccessRecord.objects.exists()


def test_the_way_to_the_library_stands_where_one_signs_in(client: Client) -> None:
    assert 'href="/library/"' in opened(client, "/accounts/login/")


def test_every_grade_and_verdict_has_its_own_shape() -> None:
    pages, claims = library().pages.values(), library().claims
    assert {page.grade for page in pages} <= GRADE_TONES.keys()
    assert {claim.verdict for claim in claims} <= VERDICT_TONES.keys()


def test_answers_carry_the_headers_of_every_page(client: Client) -> None:
    answer = client.get("/library/")
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Set-Cookie" not in answer
