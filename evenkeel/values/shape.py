"""The one shape that every value and record has."""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def frozen(cls: type[T]) -> type[T]:
    """Make a slotted, keyword-only, frozen dataclass: a fact cannot change after it is written."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)
