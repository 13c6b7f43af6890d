"""A regimen as a person writes it: doses with their units, in options or in a file, made into a profile."""

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from evenkeel.pharmacology.errors import BodyError, FileError, ProfileError
from evenkeel.pharmacology.profile import Dose, InfusionProfile
from evenkeel.pharmacology.tables import read_table

MINUTES_PER_HOUR: Final = 60.0
MINUTES_PER_DAY: Final = 1440.0
AMOUNT_UNITS: Final = ("mg", "mg/kg")
RATE_UNITS: Final = ("mg/h", "mg/kg/h")
COLUMNS: Final = ("at_min", "amount", "unit", "over_min", "route")
_NUMBER: Final = r"(\d+(?:\.\d+)?)"
_BOLUS: Final = re.compile(rf"{_NUMBER}:{_NUMBER}(.*)")
_STEP: Final = re.compile(rf"{_NUMBER}-{_NUMBER}:{_NUMBER}(.*)")
_PAUSE: Final = re.compile(rf"{_NUMBER}:{_NUMBER}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One dose: an amount (mg, mg/kg) or a rate (mg/h, mg/kg/h) of ketamine base, from `at_min` on.

    `over_min` 0 means all at once. Only the route "iv" runs over time; any other is taken at once and
    absorbed as the model says. Raises ProfileError for what cannot be.
    """

    at_min: float
    amount: float
    unit: str
    over_min: float = 0.0
    route: str = "iv"

    def __post_init__(self) -> None:
        if self.unit not in (*AMOUNT_UNITS, *RATE_UNITS):
            accepted = ", ".join((*AMOUNT_UNITS, *RATE_UNITS))
            raise ProfileError(f"unit must be one of {accepted}, not {self.unit!r}; no other is converted.")
        for name in ("at_min", "amount", "over_min"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ProfileError(f"{name} must be a finite number of 0 or more, not {value:g}.")
        if self.unit in RATE_UNITS and self.over_min == 0:
            raise ProfileError(f"over_min is missing: {self.amount:g} {self.unit} needs an end.")
        if self.route != "iv" and self.over_min > 0:
            raise ProfileError(f"over_min must be 0 for the route {self.route!r}: only iv runs over time.")

    @property
    def is_per_kg(self) -> bool:
        return "/kg" in self.unit

    @property
    def whole_amount(self) -> float:
        """The whole amount, in mg or mg/kg."""
        return self.amount * (self.over_min / MINUTES_PER_HOUR if self.unit in RATE_UNITS else 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regimen:
    """What is given in one session, and on which days it is given again (day 0 is the first).

    Raises ProfileError when nothing is given, or when days repeat or run backwards.
    """

    given: tuple[Given, ...]
    on_days: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        if not self.given:
            raise ProfileError("The regimen is empty: give a dose.")
        in_order = all(a < b for a, b in zip(self.on_days, self.on_days[1:], strict=False))
        if not (self.on_days and in_order and all(math.isfinite(day) and day >= 0 for day in self.on_days)):
            raise ProfileError("on_days must be days of 0 or more, each later than the one before.")

    @property
    def last_end_min(self) -> float:
        """The end of the last dose, in minutes from day 0."""
        return self.on_days[-1] * MINUTES_PER_DAY + max(one.at_min + one.over_min for one in self.given)

    def for_weight(self, weight_kg: float) -> InfusionProfile:
        """The profile in mg for one body.

        Raises BodyError for a weight that cannot be, ProfileError when segments overlap.
        """
        if not (math.isfinite(weight_kg) and weight_kg > 0):
            raise BodyError(f"weight_kg must be a finite number greater than 0, not {weight_kg:g}.")
        return self._profile([weight_kg if one.is_per_kg else 1.0 for one in self.given])

    def for_cohort(self) -> tuple[InfusionProfile, bool]:
        """The profile for bodies of any weight, and whether it is per kg of their weight.

        Raises ProfileError when some amounts are per kg and others are not.
        """
        per_kg = {one.is_per_kg for one in self.given}
        if len(per_kg) > 1:
            raise ProfileError("The amounts must be all per kg or none of them, when weights differ.")
        return self._profile([1.0] * len(self.given)), per_kg.pop()

    def paused(self, at_min: float, for_min: float) -> "Regimen":
        """The same amounts with the pump stopped for a while: what runs later moves back by as much."""
        moved: list[Given] = []
        for one in self.given:
            before = at_min - one.at_min
            if one.over_min == 0 or before >= one.over_min:
                moved.append(one)
            elif before <= 0:
                moved.append(replace(one, at_min=one.at_min + for_min))
            else:
                share = 1.0 if one.unit in RATE_UNITS else before / one.over_min
                rest = 1.0 if one.unit in RATE_UNITS else 1 - share
                moved.append(replace(one, amount=one.amount * share, over_min=before))
                moved.append(
                    replace(
                        one,
                        at_min=at_min + for_min,
                        amount=one.amount * rest,
                        over_min=one.over_min - before,
                    )
                )
        return replace(self, given=tuple(moved))

    def _profile(self, factors: Sequence[float]) -> InfusionProfile:
        amounts = [one.whole_amount * by for one, by in zip(self.given, factors, strict=True)]
        pairs = list(zip(self.given, amounts, strict=True))
        run = [(one, mg) for one, mg in pairs if one.over_min > 0]
        pushed = [(one, mg) for one, mg in pairs if one.over_min == 0 and one.route == "iv"]
        session = InfusionProfile(
            start_min=np.array([one.at_min for one, _ in run]),
            end_min=np.array([one.at_min + one.over_min for one, _ in run]),
            rate_mg_per_h=np.array([mg / one.over_min * MINUTES_PER_HOUR for one, mg in run]),
            bolus_at_min=np.array([one.at_min for one, _ in pushed]),
            bolus_mg=np.array([mg for _, mg in pushed]),
            doses=tuple(
                Dose(at_min=one.at_min, amount_mg=mg, route=one.route)
                for one, mg in pairs
                if one.route != "iv"
            ),
        )
        if self.on_days == (0.0,):
            return session
        return InfusionProfile.repeated(session, at_min=[day * MINUTES_PER_DAY for day in self.on_days])


def read_bolus(text: str) -> Given:
    """Read `AT:AMOUNT`, such as `0:20mg` or `15:0.1mg/kg`."""
    match = _BOLUS.fullmatch(text.replace(" ", ""))
    if match is None or match[3] not in AMOUNT_UNITS:
        raise ProfileError(f"bolus must read like 0:20mg or 15:0.1mg/kg, not {text!r}.")
    return Given(at_min=float(match[1]), amount=float(match[2]), unit=match[3])


def read_step(text: str) -> Given:
    """Read `FROM-TO:RATE`, such as `0-20:60mg/h` or `20-40:0.3mg/kg/h`."""
    match = _STEP.fullmatch(text.replace(" ", ""))
    if match is None or match[4] not in RATE_UNITS:
        raise ProfileError(f"step must read like 0-20:60mg/h or 20-40:0.3mg/kg/h, not {text!r}.")
    start, end = float(match[1]), float(match[2])
    if end <= start:
        raise ProfileError(f"step must end after it starts, not {text!r}.")
    return Given(at_min=start, over_min=end - start, amount=float(match[3]), unit=match[4])


def read_pause(text: str) -> tuple[float, float]:
    """Read `AT:MINUTES`, such as `15:5`, as two numbers of minutes."""
    match = _PAUSE.fullmatch(text.replace(" ", ""))
    if match is None:
        raise ProfileError(f"pause must read like 15:5 (at minute 15, for 5 minutes), not {text!r}.")
    return float(match[1]), float(match[2])


def read_days(text: str) -> tuple[float, ...]:
    """Read days from day 0 with commas between, such as `0,2,4,7,9,11`."""
    try:
        return tuple(float(day) for day in text.split(","))
    except ValueError as cause:
        raise ProfileError(
            f"on_days must be days with commas between, such as 0,2,4, not {text!r}."
        ) from cause


def read_regimen(path: Path) -> Regimen:
    """Read a regimen from a CSV, Parquet or TOML file; docs/pharmacology/regimens.md shows each form.

    Raises FileError for a file that cannot be read, ProfileError naming the row for what cannot be given.
    """
    if path.suffix.lower() == ".toml":
        return _from_toml(path)
    columns = read_table(path)
    count = len(next(iter(columns.values()), ()))
    rows = [{name: cells[i] for name, cells in columns.items() if cells[i]} for i in range(count)]
    return Regimen(given=tuple(_given(path, number, row) for number, row in enumerate(rows, start=1)))


def _from_toml(path: Path) -> Regimen:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as cause:
        raise FileError(f"{path} cannot be read: {cause.strerror or cause}.") from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise FileError(f"{path} is not valid TOML: {cause}.") from cause
    unknown = sorted(content.keys() - {"dose", "on_days", "pause"})
    if unknown:
        raise FileError(
            f"{path}: {unknown[0]} is not a field of a regimen; there is dose, pause and on_days."
        )
    doses, pauses = (_tables(path, name, content.get(name, [])) for name in ("dose", "pause"))
    given = tuple(_given(path, number, row) for number, row in enumerate(doses, start=1))
    days = content.get("on_days", [0])
    if not isinstance(days, list) or not all(_is_number(day) for day in days):
        raise FileError(f"{path}: on_days must be a list of numbers.")
    regimen = Regimen(given=given, on_days=tuple(float(day) for day in days))
    for pause in pauses:
        if pause.keys() != {"at_min", "for_min"} or not all(_is_number(value) for value in pause.values()):
            raise FileError(f"{path}: each pause has the numbers at_min and for_min, and nothing else.")
        regimen = regimen.paused(float(str(pause["at_min"])), float(str(pause["for_min"])))
    return regimen


def _tables(path: Path, name: str, content: object) -> list[Mapping[str, object]]:
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise FileError(f"{path}: {name} must be written as [[{name}]] tables.")
    return content


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _given(path: Path, number: int, row: Mapping[str, object]) -> Given:
    where = f"{path}: dose {number}"
    unknown = sorted(row.keys() - set(COLUMNS))
    if unknown:
        raise FileError(f"{where}: {unknown[0]} is not a field of a dose; there is {', '.join(COLUMNS)}.")
    missing = [name for name in ("at_min", "amount", "unit") if name not in row]
    if missing:
        raise FileError(f"{where}: {missing[0]} is missing.")
    numbers: dict[str, float] = {}
    for name in ("at_min", "amount", "over_min"):
        try:
            numbers[name] = float(str(row.get(name, 0)))
        except ValueError as cause:
            raise FileError(f"{where}: {name} must be a number, not {row[name]!r}.") from cause
    try:
        return Given(**numbers, unit=str(row["unit"]), route=str(row.get("route", "iv")))
    except ProfileError as cause:
        raise ProfileError(f"{where}: {cause}") from cause
