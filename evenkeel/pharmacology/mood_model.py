"""The constants of the mood model, each with unit, mark and source, read from `mood_model.toml`."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology.errors import MoodError
from evenkeel.pharmacology.shipped import shipped_text

FloatArray = NDArray[np.float64]

ORIGIN: Final = "mood_model.toml"
MARKS: Final = ("evidence", "derived", "borrowed", "assumption")
BAND_PERCENT: Final = 90
_FIELDS: Final = frozenset({"value", "unit", "mark", "source"})
# What each table of constants must hold, and nothing else.
_CONSTANTS: Final = (
    "responder_fraction",
    "benefit_responder",
    "benefit_other",
    "benefit_logit_sd",
    "half_benefit_effect",
    "offset_half_life",
    "log_offset_half_life_sd",
    "onset_half_life",
    "nonspecific_benefit",
    "nonspecific_benefit_sd",
    "nonspecific_time_constant",
    "half_dose",
    "unit_dose",
    "dose_low",
    "dose_high",
    "horizon",
    "post_course_gap",
)
_SCALE: Final = ("low", "high", "baseline_mean", "baseline_sd", "residual_sd")
_SHARE: Final = ("alpha", "beta")
_TRIALS: Final = ("benefit_kept", "visit_every", "visits_confirmed")
_CARE: Final = ("shape", "scale")
_GROUNDS: Final = ("evidence", "inferred", "assumed", "misses")
# Fine enough for quantiles of a share in whole percent.
_SHARE_POINTS: Final = 20_001


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A number with its unit, how well it is founded (`mark`), and where it comes from."""

    value: float
    unit: str
    mark: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodScale:
    """A scale of depression: its range, the starting score between people, and the residual of one score."""

    key: str
    name: str
    low: float
    high: float
    baseline_mean: float
    baseline_sd: float
    residual_sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a result rests on, in sentences."""

    evidence: tuple[str, ...]
    inferred: tuple[str, ...]
    assumed: tuple[str, ...]
    misses: tuple[str, ...]

    def __post_init__(self) -> None:
        assert self.evidence, "a result must say what is evidence"
        assert self.inferred, "a result must say what is inferred"
        assert self.assumed, "a result must say what is assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugShare:
    """Which share of an improvement the drug itself causes: a Beta prior that no score of a patient changes.

    Raises MoodError for shapes that are not greater than 0.
    """

    alpha: float
    beta: float
    statement: str

    def __post_init__(self) -> None:
        for name in ("alpha", "beta"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise MoodError(f"{name} of the drug's share must be a number greater than 0, not {value:g}.")

    @property
    def mean(self) -> float:
        return self.alpha / (self.alpha + self.beta)

    def quantile(self, probability: float) -> float:
        """The share below which the prior puts this probability (0 to 1)."""
        assert 0 <= probability <= 1
        middle = (np.arange(_SHARE_POINTS) + 0.5) / _SHARE_POINTS
        log_density = (self.alpha - 1) * np.log(middle) + (self.beta - 1) * np.log1p(-middle)
        below = np.concatenate([[0.0], np.cumsum(np.exp(log_density - log_density.max()))])
        edges = np.linspace(0.0, 1.0, _SHARE_POINTS + 1)
        return float(np.interp(probability, below / below[-1], edges))

    @property
    def low(self) -> float:
        return self.quantile((1 - BAND_PERCENT / 100) / 2)

    @property
    def high(self) -> float:
        return self.quantile((1 + BAND_PERCENT / 100) / 2)

    @property
    def words(self) -> str:
        return (
            f"Of this improvement the drug itself may cause {self.low:.0%} to {self.high:.0%} "
            f"(assumed, mean {self.mean:.0%}, not learned from this patient). {self.statement}"
        ).replace("%", " %")


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodModel:
    """The responder mixture. `constants` holds every number by name; `scales` the accepted scales by key."""

    name: str
    structure: str
    status: str
    constants: Mapping[str, Constant]
    relapse_trials: Mapping[str, Constant]
    relapse_ordinary_care: Mapping[str, Constant]
    relapse_statements: Mapping[str, str]
    scales: Mapping[str, MoodScale]
    scale_constants: Mapping[str, Mapping[str, Constant]]
    share: DrugShare
    grounds: Grounds

    def __getitem__(self, name: str) -> float:
        """The value of a constant of the model."""
        return self.constants[name].value

    def scale(self, key: str) -> MoodScale:
        """The scale of this key. Raises MoodError naming the accepted ones."""
        if key not in self.scales:
            raise MoodError(f"scale must be one of {', '.join(self.scales)}, not {key!r}.")
        return self.scales[key]


@lru_cache
def load_mood_model() -> MoodModel:
    """The shipped model."""
    return read_mood_model(shipped_text(ORIGIN))


def read_mood_model(text: str) -> MoodModel:
    """Read the TOML text of a mood model.

    Raises MoodError when a field is missing or not known, or a constant lacks value, unit, mark or source.
    """
    try:
        top = tomllib.loads(text)
    except tomllib.TOMLDecodeError as cause:
        raise MoodError(f"{ORIGIN} is not valid TOML: {cause}.") from cause
    share, share_statement = _stated(top, "drug_share", _SHARE)
    trials, trials_statement = _stated(top, "relapse_trials", _TRIALS)
    care, care_statement = _stated(top, "relapse_ordinary_care", _CARE)
    scales = _take(top, "scales")
    names = {key: _text(table, "name", f"scales.{key}") for key, table in scales.items()}
    scale_constants = {key: _constants(table, f"scales.{key}", _SCALE) for key, table in scales.items()}
    grounds = _take(top, "grounds")
    found = MoodModel(
        name=_text(top, "name"),
        structure=_text(top, "structure"),
        status=_text(top, "status"),
        constants=_constants(_take(top, "constants"), "constants", _CONSTANTS),
        relapse_trials=trials,
        relapse_ordinary_care=care,
        relapse_statements=MappingProxyType({"trials": trials_statement, "ordinary care": care_statement}),
        scales=MappingProxyType({key: _scale(key, names[key], scale_constants[key]) for key in scales}),
        scale_constants=MappingProxyType(scale_constants),
        share=DrugShare(alpha=share["alpha"].value, beta=share["beta"].value, statement=share_statement),
        grounds=Grounds(**{name: _sentences(grounds, name) for name in _GROUNDS}),
    )
    if top:
        raise MoodError(f"{ORIGIN}: {next(iter(top))} is not a field of a mood model.")
    return found


def _take(table: dict[str, Any], name: str) -> dict[str, Any]:
    found = table.pop(name, None)
    if not isinstance(found, dict):
        raise MoodError(f"{ORIGIN}: the table {name} is missing.")
    return found


def _text(table: dict[str, Any], name: str, path: str = "") -> str:
    found = table.pop(name, None)
    if not isinstance(found, str) or not found.strip():
        raise MoodError(f"{ORIGIN}: {'.'.join(filter(None, (path, name)))} must be words.")
    return found


def _sentences(table: dict[str, Any], name: str) -> tuple[str, ...]:
    found = table.get(name)
    if not isinstance(found, list) or not found or not all(isinstance(each, str) for each in found):
        raise MoodError(f"{ORIGIN}: grounds.{name} must be a list of sentences.")
    return tuple(found)


def _stated(top: dict[str, Any], name: str, names: Sequence[str]) -> tuple[Mapping[str, Constant], str]:
    table = _take(top, name)
    statement = _text(table, "statement", name)
    return _constants(table, name, names), statement


def _constants(table: Mapping[str, Any], path: str, names: Sequence[str]) -> Mapping[str, Constant]:
    if set(table) != set(names):
        raise MoodError(f"{ORIGIN}: {path} must hold {', '.join(names)}, and nothing else.")
    return MappingProxyType({name: _constant(content, f"{path}.{name}") for name, content in table.items()})


def _constant(content: object, path: str) -> Constant:
    if not isinstance(content, dict) or content.keys() != _FIELDS:
        raise MoodError(f"{ORIGIN}: {path} must have exactly value, unit, mark and source.")
    value, mark = content["value"], content["mark"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise MoodError(f"{ORIGIN}: {path}.value must be a finite number.")
    if mark not in MARKS:
        raise MoodError(f"{ORIGIN}: {path}.mark must be one of {', '.join(MARKS)}.")
    if not content["unit"] or not content["source"]:
        raise MoodError(f"{ORIGIN}: {path} must name its unit and its source.")
    return Constant(value=float(value), unit=str(content["unit"]), mark=mark, source=str(content["source"]))


def _scale(key: str, name: str, constants: Mapping[str, Constant]) -> MoodScale:
    return MoodScale(key=key, name=name, **{each: constant.value for each, constant in constants.items()})
