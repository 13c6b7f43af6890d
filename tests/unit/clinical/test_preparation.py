"""The consent texts: which version is read on a day, and what of it was not talked about."""

from datetime import date

import pytest

from evenkeel.clinical import preparation
from evenkeel.clinical.preparation import DOCUMENTS, ConsentDocument, Topic, read_documents

TEXT = """
[[document]]
key = "infusion"
title = "Made-up consent"
version = "2"
language = "en"
from = 2026-03-01
lines = ["You may say no."]
[[document.topic]]
key = "benefit"
label = "That it may not help"
[[document.topic]]
key = "stop"
label = "The right to stop"

[[document]]
key = "infusion"
title = "Made-up consent"
version = "1"
language = "en"
from = 2025-01-01
lines = ["You may say no.", "You may stop."]
[[document.topic]]
key = "benefit"
label = "That it may not help"

[[document]]
key = "infusion"
title = "Consentimiento inventado"
version = "1"
language = "es"
from = 2026-01-01
lines = ["Puede decir que no."]
[[document.topic]]
key = "benefit"
label = "Que puede no ayudar"
"""


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> tuple[ConsentDocument, ...]:
    """Two versions in one language, and one in another."""
    found = read_documents(TEXT)
    monkeypatch.setattr(preparation, "DOCUMENTS", found)
    return found


def test_a_text_is_read_as_it_is_written() -> None:
    assert read_documents(TEXT)[0] == ConsentDocument(
        key="infusion",
        title="Made-up consent",
        version="2",
        language="en",
        from_date=date(2026, 3, 1),
        lines=("You may say no.",),
        topics=(
            Topic(key="benefit", label="That it may not help"),
            Topic(key="stop", label="The right to stop"),
        ),
    )


@pytest.mark.parametrize(
    ("on", "versions"),
    [
        (date(2024, 12, 31), set()),
        (date(2025, 1, 1), {("en", "1")}),
        (date(2026, 1, 1), {("en", "1"), ("es", "1")}),
        (date(2026, 2, 28), {("en", "1"), ("es", "1")}),
        (date(2026, 3, 1), {("en", "2"), ("es", "1")}),
    ],
)
def test_a_version_is_in_force_from_its_day_until_the_next(
    texts: tuple[ConsentDocument, ...], on: date, versions: set[tuple[str, str]]
) -> None:
    assert {(found.language, found.version) for found in preparation.in_force(on)} == versions


def test_a_text_is_found_by_its_whole_name_alone(texts: tuple[ConsentDocument, ...]) -> None:
    assert preparation.document("infusion", "2", "en") is texts[0]
    assert preparation.document("infusion", "1", "en") is texts[1]
    assert preparation.document("infusion", "1", "es") is texts[2]
    assert preparation.document("infusion", "2", "es") is None
    assert preparation.document("injection", "1", "en") is None


def test_what_was_not_talked_about_is_named(texts: tuple[ConsentDocument, ...]) -> None:
    benefit, stop = texts[0].topics
    assert texts[0].not_covered(()) == (benefit, stop)
    assert texts[0].not_covered(("benefit", "something else")) == (stop,)
    assert texts[0].not_covered(("stop", "benefit")) == ()


def test_one_version_in_one_language_stands_once() -> None:
    with pytest.raises(AssertionError, match=r"^one version of a consent text stands twice$"):
        read_documents(TEXT + TEXT)


def test_every_text_that_ships_is_in_force() -> None:
    found = preparation.in_force(date(2026, 6, 1))
    assert {(each.key, each.language) for each in found} == {(each.key, each.language) for each in DOCUMENTS}
