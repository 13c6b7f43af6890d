"""The consent texts: what is read with the patient, in which version, and what must be talked about."""

import tomllib
from datetime import date
from typing import Any, Final

from evenkeel.clinical.rulebook import RULES
from evenkeel.values.shape import frozen


@frozen
class Topic:
    """One thing that is talked about before a patient agrees."""

    key: str
    label: str


@frozen
class ConsentDocument:
    """One version of one text in one language, in force from a date until the next version."""

    key: str
    title: str
    version: str
    language: str
    from_date: date
    lines: tuple[str, ...]
    topics: tuple[Topic, ...]

    def not_covered(self, topics: tuple[str, ...]) -> tuple[Topic, ...]:
        """The topics that were not talked about."""
        return tuple(topic for topic in self.topics if topic.key not in topics)


def _document(table: dict[str, Any]) -> ConsentDocument:
    return ConsentDocument(
        key=table["key"],
        title=table["title"],
        version=table["version"],
        language=table["language"],
        from_date=table["from"],
        lines=tuple(table["lines"]),
        topics=tuple(Topic(**topic) for topic in table["topic"]),
    )


def read_documents(text: str) -> tuple[ConsentDocument, ...]:
    """Read the `[[document]]` tables of a rule file."""
    found = tuple(_document(table) for table in tomllib.loads(text)["document"])
    names = {(document.key, document.version, document.language) for document in found}
    assert len(names) == len(found), "one version of a consent text stands twice"
    return found


DOCUMENTS: Final = read_documents((RULES / "preparation.toml").read_text("utf-8"))


def in_force(on: date) -> tuple[ConsentDocument, ...]:
    """The version of every text, in every language, that is read with patients on a day."""
    latest: dict[tuple[str, str], ConsentDocument] = {}
    for document in sorted(DOCUMENTS, key=lambda document: document.from_date):
        if document.from_date <= on:
            latest[document.key, document.language] = document
    return tuple(latest.values())


def document(key: str, version: str, language: str) -> ConsentDocument | None:
    """One text as it was read, or None when there is none of that name."""
    return next(
        (
            found
            for found in DOCUMENTS
            if (found.key, found.version, found.language) == (key, version, language)
        ),
        None,
    )
