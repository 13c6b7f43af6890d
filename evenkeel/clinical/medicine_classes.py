"""Classes of medicines that bear on ketamine, and which of them a patient's medicine list holds."""

import re
import tomllib
from collections.abc import Iterable
from typing import Final, get_args

from evenkeel.clinical.rulebook import RULES, Basis, require_listed
from evenkeel.record.referral import Medicine
from evenkeel.values.shape import frozen


@frozen
class MedicineClass:
    """What a class does, how it is handled, and which question asks about it (None: none)."""

    key: str
    label: str
    names: tuple[str, ...]
    effect: str
    handling: str
    basis: Basis
    cite: tuple[str, ...]
    question: str | None = None

    def __post_init__(self) -> None:
        assert self.basis in get_args(Basis), f"{self.key}: no such basis"
        assert self.cite or self.basis == "proposal", f"{self.key}: only a proposal stands without a source"
        assert all(name == name.lower() for name in self.names), f"{self.key}: generic names are lower case"


@frozen
class Listed:
    """A medicine of a patient's list with the classes that it belongs to; none means: not recognized."""

    medicine: Medicine
    classes: tuple[MedicineClass, ...]


def read_classes(text: str) -> dict[str, MedicineClass]:
    """Read the `[[class]]` tables of a rule file, by their keys."""
    tables = tomllib.loads(text)["class"]
    found = {
        table["key"]: MedicineClass(**{**table, "names": tuple(table["names"]), "cite": tuple(table["cite"])})
        for table in tables
    }
    assert len(found) == len(tables), "a class of medicines stands twice"
    require_listed("a class of medicines", (key for each in found.values() for key in each.cite))
    return found


CLASSES: Final = read_classes((RULES / "medicine_classes.toml").read_text("utf-8"))

_NAMES: Final = tuple(
    (each, re.compile("|".join(rf"\b{re.escape(name)}\b" for name in each.names)))
    for each in CLASSES.values()
)


def classes_of(medicine: Medicine) -> tuple[MedicineClass, ...]:
    """The class that was written down with it, and every class that its name belongs to.

    The name may stand among other words, such as a salt or a strength ("lithium carbonate 300 mg").
    """
    words = medicine.name.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return tuple(each for each, pattern in _NAMES if each.key == medicine.drug_class or pattern.search(words))


def listed(medicines: Iterable[Medicine]) -> tuple[Listed, ...]:
    """Every medicine with its classes, in the order of the list."""
    return tuple(Listed(medicine=each, classes=classes_of(each)) for each in medicines)
