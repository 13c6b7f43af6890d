"""What an order is made from: the protocols a prescriber starts from and the vials a clinic may hold."""

import tomllib
from typing import Any, Final, Literal, cast

from evenkeel.clinical.rulebook import RULES, Basis, Citation, parse_limit, read_sources
from evenkeel.values.drug import Strength
from evenkeel.values.quantities import DosePerWeight, Minutes, Volume
from evenkeel.values.shape import frozen


@frozen
class Protocol:
    """A starting point for an order, with what it is founded on."""

    key: str
    label: str
    family: Literal["mood", "pain"]
    per_weight: DosePerWeight
    duration: Minutes
    bag: Volume
    basis: Basis
    cite: tuple[Citation, ...]
    note: str


@frozen
class Product:
    """A vial as its label describes it. `ndc` is empty where no code was read."""

    key: str
    label: str
    drug: Literal["ketamine"]
    strength: Strength
    vial: Volume
    ndc: str


def _read(name: str) -> list[dict[str, Any]]:
    tables = cast("list[dict[str, Any]]", tomllib.loads((RULES / f"{name}s.toml").read_text("utf-8"))[name])
    assert len({table["key"] for table in tables}) == len(tables), f"a {name} stands twice"
    return tables


def _protocol(table: dict[str, Any]) -> Protocol:
    measured = {name: parse_limit(table[name]) for name in ("per_weight", "duration", "bag")}
    cite = tuple(Citation(**one) for one in table["cite"])
    assert {one.key for one in cite} <= read_sources().keys(), "a protocol cites a source that is not listed"
    return Protocol(**{**table, **measured, "cite": cite})


def _product(table: dict[str, Any]) -> Product:
    measured = {name: parse_limit(table[name]) for name in ("strength", "vial")}
    return Product(**{**table, **measured})


PROTOCOLS: Final = {table["key"]: _protocol(table) for table in _read("protocol")}
PRODUCTS: Final = {table["key"]: _product(table) for table in _read("product")}
