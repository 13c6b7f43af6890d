"""Payloads to canonical text and back: the text is what is stored and what is hashed."""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar, dataclass_transform

from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn, override

from evenkeel.record.entry import Payload, RuleRef
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.quantities import Quantity
from evenkeel.values.shape import frozen
from evenkeel.values.time import read, written

T = TypeVar("T")

_CLASSES: dict[tuple[str, int], type] = {}
_KINDS: dict[type, tuple[str, int]] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True)
def payload(kind: str, version: int = 1) -> Callable[[type[T]], type[T]]:
    """Declare a frozen payload class for one entry kind and version."""

    def declare(cls: type[T]) -> type[T]:
        made = frozen(cls)
        assert (kind, version) not in _CLASSES, f"two payload classes for {kind} version {version}"
        _CLASSES[kind, version] = made
        _KINDS[made] = (kind, version)
        return made

    return declare


def kind_of_payload(value: Payload) -> tuple[str, int]:
    """The kind and version that a payload is written under."""
    return _KINDS[type(value)]


def known_kinds() -> dict[tuple[str, int], type]:
    """Every payload class by kind and version."""
    return dict(_CLASSES)


def _quantity(raw: Any, cls: type[Quantity]) -> Quantity:
    return cls(value=Decimal(raw))


_converter = Converter(forbid_extra_keys=True)
_converter.register_unstructure_hook(Decimal, str)
_converter.register_structure_hook(Decimal, lambda raw, _: Decimal(raw))
_converter.register_unstructure_hook(datetime, written)
_converter.register_structure_hook(datetime, lambda raw, _: read(raw))
_converter.register_unstructure_hook(date, date.isoformat)
_converter.register_structure_hook(date, lambda raw, _: date.fromisoformat(raw))
_converter.register_unstructure_hook_func(
    lambda cls: isinstance(cls, type) and issubclass(cls, Quantity), lambda quantity: str(quantity.value)
)
_converter.register_structure_hook_func(
    lambda cls: isinstance(cls, type) and issubclass(cls, Quantity), _quantity
)
_converter.register_unstructure_hook(DrugMass, lambda mass: mass.mcg)
_converter.register_structure_hook(DrugMass, lambda raw, _: DrugMass(mcg=raw))
_converter.register_unstructure_hook(Strength, lambda strength: strength.mcg_per_ml)
_converter.register_structure_hook(Strength, lambda raw, _: Strength(mcg_per_ml=raw))
# Entries from before clinics could set limits hold no setting, and their hashes must stay as they are.
_converter.register_unstructure_hook(
    RuleRef, make_dict_unstructure_fn(RuleRef, _converter, setting=override(omit_if_default=True))
)


def canonical(value: Any) -> str:
    """Write plain data as the one JSON text that every hash of it is taken over."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plainly(value: Any) -> str:
    """Write any value that the record speaks of as canonical text: equal moments are equal in every zone."""
    return canonical(_converter.unstructure(value))


def read_plainly(cls: type[T], plain: Any) -> T:
    """Read a value back from the plain data that `plainly` wrote."""
    return _converter.structure(plain, cls)


def encode(value: Payload) -> str:
    """Write a payload as canonical text."""
    return plainly(value)


def decode(kind: str, version: int, text: str) -> Payload:
    """Read a payload back; an unknown kind or a broken text is a broken record and fails loudly."""
    structured: Payload = _converter.structure(json.loads(text), _CLASSES[kind, version])
    return structured
