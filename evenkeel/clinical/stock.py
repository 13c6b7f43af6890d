"""What an order is made from: the protocols a prescriber starts from, and the products a clinic may hold."""

import re
import tomllib
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final, Literal, get_args

from evenkeel.clinical.rulebook import RULES, Basis, Citation, parse_limit, require_listed
from evenkeel.record.custody import Schedule
from evenkeel.values.dose_plan import Stage
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.quantities import DosePerWeight, Minutes, Volume
from evenkeel.values.shape import frozen


@frozen
class Protocol:
    """A starting point for an order, with what it is founded on.

    `per_weight` and `duration` are of the whole run, the bolus in them where there is one. `indications` are
    those that it is the first choice for. `days_most` is on how many days in a row it may be given; None for
    a protocol of single infusions.
    """

    key: str
    label: str
    family: Literal["mood", "pain"]
    per_weight: DosePerWeight
    duration: Minutes
    bag: Volume
    basis: Basis
    cite: tuple[Citation, ...]
    note: str
    bolus: DosePerWeight | None = None
    bolus_duration: Minutes | None = None
    days_most: int | None = None
    indications: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert (self.bolus is None) == (self.bolus_duration is None), f"{self.key}: half a bolus"
        if self.bolus is not None and self.bolus_duration is not None:
            is_part = self.bolus < self.per_weight and self.bolus_duration < self.duration
            assert is_part, f"{self.key}: the bolus is not a part of the whole"

    def stages_of(self, per_weight: DosePerWeight) -> tuple[Stage, ...]:
        """The run in its stages at a dose of the whole: the bolus stays, and the infusion takes the rest.

        A dose that is not more than the bolus is infused alone, in all of the time.
        """
        if self.bolus is None or self.bolus_duration is None or per_weight <= self.bolus:
            return (Stage(per_weight=per_weight, duration=self.duration),)
        rest = Stage(
            per_weight=DosePerWeight(value=per_weight.value - self.bolus.value),
            duration=Minutes(value=self.duration.value - self.bolus_duration.value),
        )
        return (Stage(per_weight=self.bolus, duration=self.bolus_duration, kind="bolus"), rest)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The run in its stages at its own dose."""
        return self.stages_of(self.per_weight)


Drug = Literal["ketamine", "esketamine", "midazolam", "labetalol", "ondansetron"]
Form = Literal["vial", "ampule", "spray"]


@frozen
class Product:
    """One vial, ampule or device as its label describes it.

    `schedule` is that of the Controlled Substances Act, None for a drug that is not controlled. `vial` is how
    much fluid one of them holds. `ndc` is the National Drug Code, hyphenated as printed and empty where none
    was read; `other_ndc` are codes of further packages of the same product, such as a kit of several devices.
    """

    key: str
    label: str
    drug: Drug
    schedule: Schedule | None
    form: Form
    strength: Strength
    vial: Volume
    ndc: str
    other_ndc: tuple[str, ...]
    basis: Basis
    cite: tuple[Citation, ...]
    note: str

    def __post_init__(self) -> None:
        assert self.drug in get_args(Drug), f"{self.key}: {self.drug} is not a drug of the list"
        assert self.schedule is None or self.schedule in get_args(Schedule), f"{self.key}: no such schedule"
        assert self.form in get_args(Form), f"{self.key}: {self.form} is not a form"
        assert self.ndc or not self.other_ndc, f"{self.key}: further codes, but no first one"
        assert all(_NDC.fullmatch(code) for code in self.codes), f"{self.key}: a code is not an NDC"
        assert self._exact_mcg.denominator == 1, f"{self.key}: it holds a broken number of micrograms"
        assert bool(self.cite) or self.basis == "proposal", f"{self.key}: only a proposal has no source"

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code that names this product; empty when none was read."""
        return (self.ndc, *self.other_ndc) if self.ndc else ()

    @property
    def mass(self) -> DrugMass:
        """How much drug one of them holds, as its label counts it."""
        return DrugMass(mcg=self._exact_mcg.numerator)

    @property
    def _exact_mcg(self) -> Fraction:
        return self.strength.mass_in(self.vial)


# 21 CFR 207.33(b): ten digits in three segments, 4-4-2, 5-3-2 or 5-4-1.
_NDC: Final = re.compile(r"\d{4}-\d{4}-\d{2}|\d{5}-\d{3}-\d{2}|\d{5}-\d{4}-\d", re.ASCII)


def read_protocols(text: str) -> dict[str, Protocol]:
    """Read the `[[protocol]]` tables of a rule file, by their keys."""
    return {table["key"]: _protocol(table) for table in _tables(text, "protocol")}


def read_products(text: str) -> dict[str, Product]:
    """Read the `[[product]]` tables of a rule file, by their keys."""
    return {table["key"]: _product(table) for table in _tables(text, "product")}


def _tables(text: str, name: str) -> list[dict[str, Any]]:
    tables: list[dict[str, Any]] = tomllib.loads(text)[name]
    assert len({table["key"] for table in tables}) == len(tables), f"a {name} stands twice"
    return tables


def _citations(table: dict[str, Any]) -> tuple[Citation, ...]:
    cite = tuple(Citation(**one) for one in table["cite"])
    require_listed(table["key"], (one.key for one in cite))
    return cite


def _protocol(table: dict[str, Any]) -> Protocol:
    named = ("per_weight", "duration", "bag", "bolus", "bolus_duration")
    measured = {name: parse_limit(table[name]) for name in named if name in table}
    listed = {"indications": tuple(table.get("indications", ()))}
    return Protocol(**{**table, **measured, **listed, "cite": _citations(table)})


def _product(table: dict[str, Any]) -> Product:
    read = {
        "strength": parse_limit(table["strength"]),
        "vial": parse_limit(table["vial"]),
        "schedule": table["schedule"] or None,
        "other_ndc": tuple(table["other_ndc"]),
        "cite": _citations(table),
    }
    return Product(**{**table, **read})


def by_code(products: Iterable[Product]) -> dict[str, str]:
    """Every code with the key of its product; written without hyphens, each must still be one product's."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    for product in products:
        for code in product.codes:
            digits = code.replace("-", "")
            assert digits not in seen, f"{code} names two products"
            seen.add(digits)
            found[code] = product.key
    return found


PROTOCOLS: Final = read_protocols((RULES / "protocols.toml").read_text("utf-8"))
PRODUCTS: Final = read_products((RULES / "products.toml").read_text("utf-8"))
# What an order may name and a dose be drawn from: ketamine in vials, never esketamine and never another drug.
ORDERABLE: Final = {
    key: product for key, product in PRODUCTS.items() if (product.drug, product.form) == ("ketamine", "vial")
}
# The key of the product that a code on a label names, hyphenated as it is printed.
PRODUCT_OF_NDC: Final = by_code(PRODUCTS.values())
