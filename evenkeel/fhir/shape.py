"""Reading parts of a FHIR resource out of JSON, each with the path at which it stood."""

from decimal import Decimal
from typing import Any, Final

from evenkeel.values.json_text import plain
from evenkeel.values.shape import frozen

# Texts that name things. FHIR sets no limit; a longer one is nobody's identifier.
TEXT_LETTERS_MAX: Final = 200
LIST_MAX: Final = 50


@frozen
class Wrong:
    """What is wrong with a resource: an issue type of FHIR, a sentence that quotes nothing, and where."""

    kind: str
    sentence: str
    path: str


class NotTheShape(Exception):
    """A part of a resource is not what R4 says it is."""

    def __init__(self, path: str, sentence: str, *, kind: str = "structure") -> None:
        self.wrong = Wrong(kind=kind, sentence=sentence, path=path)
        super().__init__(path)


def an_object(read: Any, path: str) -> dict[str, Any]:
    """Return a JSON object, or raise NotTheShape."""
    if not isinstance(read, dict):
        raise NotTheShape(path, "It must be a JSON object.")
    return read


def objects(read: dict[str, Any], key: str, path: str) -> list[tuple[dict[str, Any], str]]:
    """Return the objects of a list with the path of each; none where the key is absent."""
    where = f"{path}.{key}"
    value = read.get(key, [])
    if not isinstance(value, list) or len(value) > LIST_MAX:
        raise NotTheShape(where, f"It must be a list of at most {LIST_MAX} entries.")
    return [(an_object(each, f"{where}[{place}]"), f"{where}[{place}]") for place, each in enumerate(value)]


def part(read: dict[str, Any], key: str, path: str) -> tuple[dict[str, Any], str]:
    """Return an object, an empty one where the key is absent, and its path."""
    where = f"{path}.{key}"
    return (an_object(read[key], where) if key in read else {}), where


def text(read: dict[str, Any], key: str, path: str) -> str:
    """Return a text without blanks around it, blank where the key is absent."""
    value = read.get(key, "")
    if not isinstance(value, str) or not value.isprintable() or len(value) > TEXT_LETTERS_MAX:
        raise NotTheShape(f"{path}.{key}", f"It must be a text of at most {TEXT_LETTERS_MAX} characters.")
    return value.strip()


def number(read: dict[str, Any], key: str, path: str) -> str | None:
    """Return a number as it was written, None where the key is absent."""
    value = read.get(key)
    if value is None and key not in read:
        return None
    if not isinstance(value, Decimal):
        raise NotTheShape(f"{path}.{key}", "It must be a number.")
    return plain(value)[:64]
