"""How little a few samples teach, said in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from evenkeel.pharmacology.posterior import Posterior

# An SD that falls by less than this is not worth a sentence.
_NOTHING: Final = 0.005


class Sampled(Protocol):
    """What was or will be sampled: which output, and when."""

    @property
    def at_min(self) -> float: ...

    @property
    def output(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSample:
    """A sample that might be taken: of which output, and when on the clock of the profile."""

    at_min: float
    output: str = "ketamine"


# How the parameters of the shipped sets are called in a sentence.
_WORDS: Final = {
    "V1": "central volume",
    "V2": "volume of the second compartment",
    "CL": "clearance",
    "Q2": "exchange with the second compartment",
    "Q3": "exchange with the third compartment",
    "V_nk": "norketamine volume",
    "CL_nk": "norketamine clearance",
    "MTT_nk": "norketamine delay",
    "V1_hnk": "hydroxynorketamine volume",
    "CL_hnk": "hydroxynorketamine clearance",
    "Q_hnk": "hydroxynorketamine exchange",
    "half_effect_level": "half-effect level",
    "maximum_dissociation": "greatest dissociation",
    "pressure_gain": "pressure gain",
}


def parameter_words(name: str) -> str:
    return _WORDS.get(name, name)


def narrowing_words(posterior: Posterior, subject: str, count: int) -> str:
    """How little `count` observations taught: by what share each SD fell, and what nothing was learnt of.

    `subject` names the observations, as `counted` does.
    """
    fallen = dict(zip(map(parameter_words, posterior.names), posterior.narrowing, strict=True))
    learnt = [f"{words} by {100 * share:.0f} %" for words, share in fallen.items() if share >= _NOTHING]
    nothing = [words for words, share in fallen.items() if share < _NOTHING]
    narrow, say = ("narrows", "says") if count == 1 else ("narrow", "say")
    said = f"{subject} {narrow} {_listed(learnt, 'and')}" if learnt else f"{subject} {narrow} nothing"
    if learnt and nothing:
        said += f", and {say} nothing about {_listed(nothing, 'or')}"
    return capitalized(said) + "."


_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def number_words(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def counted(samples: Sequence[Sampled]) -> str:
    """As in `one ketamine level at 40 min`, or `two levels (ketamine at 40 min; norketamine at 80 min)`."""
    times: dict[str, list[str]] = {}
    for sample in samples:
        times.setdefault(sample.output, []).append(f"{sample.at_min:g}")
    number, noun = number_words(len(samples)), "level" if len(samples) == 1 else "levels"
    if len(times) == 1:
        ((output, at),) = times.items()
        return f"{number} {output} {noun} at {_listed(at, 'and')} min"
    each = [f"{output} at {_listed(at, 'and')} min" for output, at in times.items()]
    return f"{number} {noun} ({'; '.join(each)})"


def _listed(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def capitalized(words: str) -> str:
    return words[0].upper() + words[1:]
