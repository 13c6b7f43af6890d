"""A linear system as products of powers: every rate is a constant times powers of the parameters.

So is the whole of a published model with lognormal bodies, and it makes derivatives by the logarithm of a
parameter exact: the rate times its power. The powers are read from the system itself, by asking for bodies
one logarithm above and below; a rate for which the two do not agree is no product of powers, and is refused.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.errors import ModelError, RouteError
from evenkeel.pharmacology.profile import INTRAVENOUS, MINUTES_PER_HOUR, InfusionProfile
from evenkeel.pharmacology.system import StateSpace, System

# What is left of a sum of flows by rounding, as a share of the largest, is no flow.
_ROUNDING: Final = 1e-12
# The powers from above and from below agree within this; rounding leaves less than 1e-11.
_POWER_TOLERANCE: Final = 1e-9

# Log deviations by the name of a parameter, shape (bodies,), in; the system of these bodies out.
SystemOf = Callable[[Mapping[str, FloatArray]], System]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inlet:
    """One entry of a route: how much of a dose arrives, in which state, and over how long it is released."""

    route: str
    state: int
    log_fraction: float
    power: FloatArray
    release_min: float

    def fraction(self, log_deviation: FloatArray) -> float:
        return float(np.exp(self.log_fraction + self.power @ log_deviation))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrugInput:
    """What one inlet brings, and how it stands to each reading: steps at a rate, and boluses.

    Shapes: `reading_min` (readings,); `start_min`, `end_min` and `rate_mg_per_min` (steps,), `lasting_min`
    and `after_min` (readings, steps): how long the step had run by the reading and how long ago it ended;
    `bolus_at_min` and `bolus_mg` (boluses,), `since_bolus_min` (readings, boluses), negative before it.
    """

    reading_min: FloatArray
    start_min: FloatArray
    end_min: FloatArray
    rate_mg_per_min: FloatArray
    lasting_min: FloatArray
    after_min: FloatArray
    bolus_at_min: FloatArray
    bolus_mg: FloatArray
    since_bolus_min: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogLinearSystem:
    """One body and its readings; log deviations are counted from this body.

    `pattern` (states * states, rates) says where each rate stands in minus the system matrix. `log_rate`
    (rates,) and `rate_power` (rates, parameters) make the rates; `reading_state`, `log_scale` (readings,) and
    `reading_power` (readings, parameters) turn the amount in a state into what is read, in ng/mL.
    `kin` is a system around another body, with which all is shared but the three logs, which are `log_rate`,
    `log_scale` and those of the inlets' fractions; None for a system that was read.
    """

    parameters: tuple[str, ...]
    states: tuple[str, ...]
    pattern: FloatArray
    log_rate: FloatArray
    rate_power: FloatArray
    inlets: tuple[Inlet, ...]
    reading_state: NDArray[np.intp]
    log_scale: FloatArray
    reading_power: FloatArray
    kin: "LogLinearSystem | None" = None

    def rates(self, log_deviation: FloatArray) -> FloatArray:
        rates: FloatArray = np.exp(self.log_rate + self.rate_power @ log_deviation)
        return rates

    def matrix(self, rates: FloatArray) -> FloatArray:
        """Minus the system matrix, shape (states, states), so that its eigenvalues are decay rates."""
        size = len(self.states)
        return (self.pattern @ rates).reshape(size, size)

    def scales(self, log_deviation: FloatArray) -> FloatArray:
        scales: FloatArray = np.exp(self.log_scale + self.reading_power @ log_deviation)
        return scales

    def around(self, log_deviation: FloatArray, parameters: Sequence[str]) -> "LogLinearSystem":
        """The same system around the body that deviates so, varying in some of the parameters alone."""
        kin = _varying(self, tuple(parameters))
        inlets = tuple(
            Inlet(
                route=own.route,
                state=own.state,
                log_fraction=whole.log_fraction + float(whole.power @ log_deviation),
                power=own.power,
                release_min=own.release_min,
            )
            for whole, own in zip(self.inlets, kin.inlets, strict=True)
        )
        return LogLinearSystem(
            parameters=kin.parameters,
            states=kin.states,
            pattern=kin.pattern,
            log_rate=self.log_rate + self.rate_power @ log_deviation,
            rate_power=kin.rate_power,
            inlets=inlets,
            reading_state=kin.reading_state,
            log_scale=self.log_scale + self.reading_power @ log_deviation,
            reading_power=kin.reading_power,
            kin=kin,
        )

    def repeated(self, readings: int) -> "LogLinearSystem":
        """The same system, whose one reading is taken so many times."""
        assert len(self.log_scale) == 1
        which = np.zeros(readings, dtype=np.intp)
        return replace(
            self,
            reading_state=self.reading_state[which],
            log_scale=self.log_scale[which],
            reading_power=self.reading_power[which],
            kin=None,
        )


@lru_cache(maxsize=64)
def _varying(system: LogLinearSystem, parameters: tuple[str, ...]) -> LogLinearSystem:
    """The same system around the same body, varying in some of its parameters alone.

    Kept, so that bodies which differ in their covariates share all that does not hang on them.
    """
    places = [system.parameters.index(name) for name in parameters]
    return replace(
        system,
        parameters=parameters,
        rate_power=system.rate_power[:, places],
        inlets=tuple(replace(inlet, power=inlet.power[places]) for inlet in system.inlets),
        reading_power=system.reading_power[:, places],
    )


def read_log_linear(
    system_of: SystemOf, parameters: Sequence[str], outputs: Sequence[str], routes: Sequence[str] = ("iv",)
) -> LogLinearSystem:
    """The system of one body around which the parameters vary, with one reading for each of `outputs`.

    Outputs may repeat, one for each sample. `routes` are those by which drug is given. Only states that a
    reading can see are kept. Raises ModelError for a rate that is no product of powers of the parameters,
    RouteError or ArgumentError for a route or an output that the system does not have.
    """
    count = len(parameters)
    steps = np.zeros((count, 1 + 2 * count))
    steps[np.arange(count), 1 + np.arange(count)] = 1.0
    steps[np.arange(count), 1 + count + np.arange(count)] = -1.0
    system = system_of({name: steps[i] for i, name in enumerate(parameters)})
    for output in outputs:
        system.outlet(output)
    for route in routes:
        if route not in system.routes:
            raise RouteError(f"route must be one of {', '.join(system.routes)}, not {route!r}.")
    space = system.matrix()
    row = {output: space.rows[:, system.outputs.index(output)] for output in set(outputs)}
    reading_state = [int(np.flatnonzero(row[output][0])[0]) for output in outputs]
    kept = _seen(space.matrix[0], reading_state)
    place = {state: i for i, state in enumerate(kept)}
    pattern, rates = _flows(space, kept, set(system.outputs))
    sign, log_rate, rate_power = _powers(rates, "A rate", parameters)
    scale = np.stack([row[one][:, state] for one, state in zip(outputs, reading_state, strict=True)], axis=1)
    _, log_scale, reading_power = _powers(scale, "The volume of a reading", parameters)
    return LogLinearSystem(
        parameters=tuple(parameters),
        states=tuple(space.states[state] for state in kept),
        pattern=pattern * sign,
        log_rate=log_rate,
        rate_power=rate_power,
        inlets=tuple(_inlets(space, routes, place, parameters)),
        reading_state=np.array([place[state] for state in reading_state], dtype=np.intp),
        log_scale=log_scale,
        reading_power=reading_power,
    )


def drug_input(inlet: Inlet, profile: InfusionProfile, reading_min: FloatArray) -> DrugInput:
    """What the profile brings through one inlet before each of `reading_min` (readings,), at least one."""
    start, end = profile.start_min, profile.end_min
    rate = profile.rate_mg_per_h / MINUTES_PER_HOUR
    bolus_at, bolus = profile.bolus_at_min, profile.bolus_mg
    if inlet.route != INTRAVENOUS:
        mine = [dose for dose in profile.doses if dose.route == inlet.route]
        bolus_at = np.array([dose.at_min for dose in mine])
        bolus = np.array([dose.amount_mg for dose in mine])
        start = end = rate = np.empty(0)
    if inlet.release_min > 0:
        start, end = np.append(start, bolus_at), np.append(end, bolus_at + inlet.release_min)
        rate = np.append(rate, bolus / inlet.release_min)
        bolus_at = bolus = np.empty(0)
    at = reading_min[:, np.newaxis]
    last = at.max()
    begun, given = (start < last) & (rate > 0), (bolus_at <= last) & (bolus > 0)
    start, end, rate = start[begun], end[begun], rate[begun]
    bolus_at, bolus = bolus_at[given], bolus[given]
    return DrugInput(
        reading_min=reading_min,
        start_min=start,
        end_min=end,
        rate_mg_per_min=rate,
        lasting_min=np.maximum(np.minimum(at, end) - start, 0.0),
        after_min=np.maximum(at - end, 0.0),
        bolus_at_min=bolus_at,
        bolus_mg=bolus,
        since_bolus_min=at - bolus_at,
    )


def _seen(matrix: FloatArray, reading_state: list[int]) -> list[int]:
    """The states from which drug can reach a reading, in order."""
    seen, new = set(reading_state), list(reading_state)
    while new:
        sources = {int(source) for source in np.flatnonzero(matrix[new.pop()])} - seen
        seen |= sources
        new.extend(sources)
    return sorted(seen)


def _flows(space: StateSpace, kept: list[int], delayed: set[str]) -> tuple[FloatArray, FloatArray]:
    """The matrix as flows from state to state and losses: where each stands, and its rates (bodies, flows).

    A delayed outlet follows a level without taking drug from it, so that it is no part of what flows out.
    """
    size = len(kept)
    takes = np.array([name not in delayed for name in space.states])
    place = np.full(len(space.states), -1)
    place[kept] = np.arange(size)
    columns = space.matrix[:, :, kept]
    is_flow = columns[0] != 0.0
    is_flow[kept, np.arange(size)] = False
    is_flow[~takes & (place < 0)] = False
    target, source = np.nonzero(is_flow)
    flow = columns[:, target, source]
    all_out = -columns[:, kept, np.arange(size)]
    lost = all_out - np.where((is_flow & takes[:, np.newaxis])[np.newaxis], columns, 0.0).sum(axis=1)
    losing = np.flatnonzero(np.any(np.abs(lost) > _ROUNDING * all_out, axis=0))
    where = np.zeros((size, size, len(target) + len(losing)))
    number = np.arange(len(target))
    inside = place[target] >= 0
    where[place[target][inside], source[inside], number[inside]] = -1.0
    taking = takes[target]
    where[source[taking], source[taking], number[taking]] += 1.0
    where[losing, losing, len(target) + np.arange(len(losing))] = 1.0
    return where.reshape(size * size, -1), np.concatenate([flow, lost[:, losing]], axis=1)


def _powers(
    values: FloatArray, what: str, parameters: Sequence[str]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sign and log of each value at the body itself, and its power in each parameter.

    `values` (1 + 2 * parameters, n): the body itself, then each parameter one logarithm up, then one down.
    """
    count = len(parameters)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(values[1:] / values[0])
    up, down = ratio[:count], -ratio[count:]
    wrong = np.argwhere(~(np.abs(up - down) <= _POWER_TOLERANCE))
    if wrong.size:
        name = parameters[wrong[0][0]]
        raise ModelError(
            f"{what} is no product of powers of {name}, so that its derivative by the logarithm of {name} is "
            "not offered."
        )
    return np.sign(values[0]), np.log(np.abs(values[0])), (up + down).T / 2


def _inlets(
    space: StateSpace, routes: Sequence[str], place: Mapping[int, int], parameters: Sequence[str]
) -> Iterator[Inlet]:
    for route in routes:
        for column, release_min in space.inputs[route]:
            state = int(np.flatnonzero(column[0])[0]) if np.any(column[0]) else -1
            if state in place:
                _, log_fraction, power = _powers(
                    column[:, state : state + 1], f"The fraction of a dose by route {route!r}", parameters
                )
                yield Inlet(
                    route=route,
                    state=place[state],
                    log_fraction=float(log_fraction[0]),
                    power=power[0],
                    release_min=release_min,
                )
