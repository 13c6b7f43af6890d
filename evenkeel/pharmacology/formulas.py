"""Formulas between the parameters of a model, checked by their units: 'kmet * Vh' is a flow, 'kmet' is not.

A parameter file says with them how its numbers make volumes, flows, rates and fractions, whether the paper
gives clearances or rate constants. A formula holds names, whole numbers, + - * / and brackets, nothing else:
any other number is a parameter of its own, with its source.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from evenkeel.pharmacology.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Dimension:
    """Powers of volume, time, body weight, amount of substance and mass of substance."""

    volume: int = 0
    time: int = 0
    body: int = 0
    mol: int = 0
    mass: int = 0

    def times(self, other: "Dimension", sign: int) -> "Dimension":
        return Dimension(
            self.volume + sign * other.volume,
            self.time + sign * other.time,
            self.body + sign * other.body,
            self.mol + sign * other.mol,
            self.mass + sign * other.mass,
        )


PURE: Final = Dimension()
VOLUME: Final = Dimension(volume=1)
FLOW: Final = Dimension(volume=1, time=-1)
RATE: Final = Dimension(time=-1)
TIME: Final = Dimension(time=1)

DIMENSION_WORDS: Final[Mapping[Dimension, str]] = {
    PURE: "a fraction",
    VOLUME: "a volume",
    FLOW: "a flow",
    RATE: "a rate",
    TIME: "a time",
}

# What a parameter may be given in: its dimension, and the factor to litres, minutes and kilograms.
UNITS: Final[Mapping[str, tuple[Dimension, float]]] = {
    "L": (VOLUME, 1.0),
    "L/kg": (Dimension(volume=1, body=-1), 1.0),
    "L/h": (FLOW, 1.0 / 60.0),
    "L/min": (FLOW, 1.0),
    "1/h": (RATE, 1.0 / 60.0),
    "1/min": (RATE, 1.0),
    "h": (TIME, 60.0),
    "min": (TIME, 1.0),
    "fraction": (PURE, 1.0),
    "ratio": (PURE, 1.0),
    "g/mol": (Dimension(mass=1, mol=-1), 1.0),
}

# The weight of the body, in kg, is a name of every formula.
WEIGHT: Final = "weight"
_WEIGHT_DIMENSION: Final = Dimension(body=1)


class FormulaError(ValueError):
    """A formula that cannot be read, or whose units do not make what is asked for. Says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A formula that was read and whose units are right. `names` are the parameters in it."""

    text: str
    names: frozenset[str]
    _evaluate: Callable[[Mapping[str, FloatArray]], FloatArray | float]

    def __call__(self, values: Mapping[str, FloatArray]) -> FloatArray | float:
        """Value in L, min and kg. `values`: the parameters in these units and the weight, shape (N,)."""
        return self._evaluate(values)


def read_formula(text: str, dimensions: Mapping[str, Dimension], wanted: Dimension) -> Formula:
    """Read a formula that must have the dimension `wanted`. Raises FormulaError."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as cause:
        raise FormulaError(f"{text!r} is not a formula") from cause
    names: set[str] = set()
    known = {**dimensions, WEIGHT: _WEIGHT_DIMENSION}
    evaluate, dimension = _read_node(tree.body, known, names)
    if dimension != wanted:
        raise FormulaError(f"{text!r} is not {DIMENSION_WORDS[wanted]} by its units")
    return Formula(text, frozenset(names - {WEIGHT}), evaluate)


_Evaluate = Callable[[Mapping[str, FloatArray]], FloatArray | float]


def _read_node(
    node: ast.expr, known: Mapping[str, Dimension], names: set[str]
) -> tuple[_Evaluate, Dimension]:
    match node:
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            return (lambda _: float(number)), PURE
        case ast.Name(id=name):
            if name not in known:
                raise FormulaError(f"{name!r} is not a parameter")
            names.add(name)
            return (lambda values: values[name]), known[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _read_operation(op, _read_node(left, known, names), _read_node(right, known, names))
    raise FormulaError("a formula holds names, whole numbers, + - * / and brackets, nothing else")


def _read_operation(
    op: ast.operator, left: tuple[_Evaluate, Dimension], right: tuple[_Evaluate, Dimension]
) -> tuple[_Evaluate, Dimension]:
    (a, dimension_a), (b, dimension_b) = left, right
    if isinstance(op, ast.Add | ast.Sub) and dimension_a != dimension_b:
        raise FormulaError("a sum needs the same unit on both sides")
    match op:
        case ast.Add():
            return (lambda values: a(values) + b(values)), dimension_a
        case ast.Sub():
            return (lambda values: a(values) - b(values)), dimension_a
        case ast.Mult():
            return (lambda values: a(values) * b(values)), dimension_a.times(dimension_b, 1)
        case ast.Div():
            return (lambda values: a(values) / b(values)), dimension_a.times(dimension_b, -1)
    raise FormulaError("a formula holds names, whole numbers, + - * / and brackets, nothing else")
