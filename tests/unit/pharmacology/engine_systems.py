"""Linear models of every shape that the engine must solve, and their exact levels by the matrix exponential.

Sizes are those of published ketamine models (pk_models.yaml), rounded; what is tested here is the
arithmetic, not the drug.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology import Dose, Entry, Feed, InfusionProfile, Network, Outlet, System
from evenkeel.pharmacology.modes import solve_spectrum
from tests import linear_oracle

FloatArray = NDArray[np.float64]

COURSE = replace(
    InfusionProfile.repeated(InfusionProfile.constant(35.0, 40.0), at_min=[0.0, 2880.0, 5760.0]),
    bolus_at_min=np.array([100.0]),
    bolus_mg=np.array([10.0]),
)
COURSE_MIN = np.array([0.5, 5.0, 40.0, 41.0, 100.0, 130.0, 700.0, 2880.5, 2901.0, 5801.0, 6100.0, 7000.0])


def spread(bodies: int, typical: float, seed: int, sd: float = 0.3) -> FloatArray:
    """A lognormal parameter. The same seed gives another column for another typical value."""
    stream = np.random.Generator(np.random.Philox(key=seed, counter=int(typical * 1e6) % 2**32))
    found: FloatArray = typical * np.exp(sd * stream.standard_normal(bodies))
    return found


def three_compartments(bodies: int, seed: int) -> Network:
    none = np.zeros(bodies)
    return Network(
        name="ketamine",
        compartments=("central", "fast", "slow"),
        volume_l=np.stack([spread(bodies, v, seed) for v in (25.0, 56.0, 157.0)], axis=1),
        exchanges=((0, 1), (0, 2)),
        exchange_l_per_min=np.stack([spread(bodies, q / 60, seed) for q in (161.0, 79.0)], axis=1),
        loss_l_per_min=np.stack([spread(bodies, 84 / 60, seed), none, none], axis=1),
    )


def two_compartments(name: str, bodies: int, seed: int, clearance_l_per_h: float = 57.7) -> Network:
    return Network(
        name=name,
        compartments=("central", "side"),
        volume_l=np.stack([spread(bodies, v, seed) for v in (98.6, 160.0)], axis=1),
        exchanges=((0, 1),),
        exchange_l_per_min=spread(bodies, 42.8 / 60, seed)[:, np.newaxis],
        loss_l_per_min=np.stack([spread(bodies, clearance_l_per_h / 60, seed), np.zeros(bodies)], axis=1),
    )


def into_vein(bodies: int) -> tuple[Entry, ...]:
    return (Entry(into="ketamine", compartment="central", fraction=np.ones(bodies)),)


def standard(bodies: int = 1, seed: int = 1, effect_site_per_min: FloatArray | None = None) -> System:
    """Parent, metabolite and effect site: the standard work of the benchmarks."""
    parent = three_compartments(bodies, seed)
    rate = spread(bodies, 0.0835, seed) if effect_site_per_min is None else effect_site_per_min
    return System(
        networks=(parent, two_compartments("norketamine", bodies, seed)),
        feeds=(
            Feed(
                source="ketamine",
                source_compartment="central",
                into="norketamine",
                into_compartment="central",
                formation_l_per_min=parent.loss_l_per_min[:, 0],
            ),
        ),
        entries={"iv": into_vein(bodies)},
        outlets=(
            Outlet(name="ketamine", network="ketamine", compartment="central"),
            Outlet(name="norketamine", network="norketamine", compartment="central"),
            Outlet(name="effect", network="ketamine", compartment="central", delay_per_min=rate),
        ),
    )


def meeting(bodies: int = 4) -> System:
    """Standard bodies, of which two have an effect site that keeps pace with the drug: exactly, nearly."""
    rate = np.full(bodies, 0.0835)
    for body, gap in ((1, 0.0), (2, 1e-9)):
        slow = solve_spectrum(three_compartments(bodies, 1)).rate[1, body]
        rate[body] = slow * (1 + gap)
    return standard(bodies, 1, rate)


def with_delays(bodies: int = 1, seed: int = 1) -> System:
    """Delay chains of equal steps to two metabolites in a row, and a film with two entries (Simons 2022)."""
    parent = three_compartments(bodies, seed)
    chains = []
    for source, into, share, mean_min in (
        ("ketamine", "norketamine", 0.8, 20.1),
        ("norketamine", "hydroxynorketamine", 0.7, 1.12),
    ):
        loss = (
            parent.loss_l_per_min
            if source == "ketamine"
            else two_compartments(source, bodies, seed).loss_l_per_min
        )
        chains.append(
            Feed(
                source=source,
                source_compartment="central",
                into=into,
                into_compartment="central",
                formation_l_per_min=share * loss[:, 0],
                delay_steps=2,
                delay_per_min=2 / spread(bodies, mean_min, seed),
            )
        )
    mucosal = Entry(
        into="ketamine",
        compartment="central",
        fraction=np.full(bodies, 0.263),
        absorption_per_min=spread(bodies, 0.04, seed),
        duration_min=13.1,
    )
    swallowed = Entry(
        into="norketamine",
        compartment="central",
        fraction=np.full(bodies, 0.6),
        absorption_per_min=spread(bodies, 0.049, seed),
        duration_min=29.9,
        delay_steps=3,
        delay_per_min=3 / spread(bodies, 10.7, seed),
    )
    return System(
        networks=(
            parent,
            two_compartments("norketamine", bodies, seed),
            two_compartments("hydroxynorketamine", bodies, seed, 56.0),
        ),
        feeds=tuple(chains),
        entries={"iv": into_vein(bodies), "sublingual": (mucosal, swallowed)},
        outlets=tuple(
            Outlet(name=name, network=name, compartment="central")
            for name in ("ketamine", "norketamine", "hydroxynorketamine")
        ),
    )


def with_liver(bodies: int = 1, seed: int = 1) -> System:
    """A liver that exchanges with the center and alone loses drug, with depots (as Perez-Ruixo 2021)."""
    liver_l = spread(bodies, 101.0, seed)
    formed = liver_l * spread(bodies, 2.77 / 60, seed)
    none = np.zeros(bodies)
    parent = Network(
        name="ketamine",
        compartments=("central", "first side", "second side", "liver"),
        volume_l=np.stack([*(spread(bodies, v, seed) for v in (192.0, 143.0, 417.0)), liver_l], axis=1),
        exchanges=((0, 1), (0, 2), (0, 3)),
        exchange_l_per_min=np.stack([spread(bodies, q / 60, seed) for q in (84.3, 37.6, 151.0)], axis=1),
        loss_l_per_min=np.stack([none, none, none, formed + liver_l * 1.11 / 60], axis=1),
    )
    nasal = Entry(
        into="ketamine",
        compartment="central",
        fraction=np.full(bodies, 0.54),
        absorption_per_min=spread(bodies, 2.93 / 60, seed),
    )
    swallowed = Entry(
        into="ketamine",
        compartment="liver",
        fraction=np.full(bodies, 0.46),
        absorption_per_min=spread(bodies, 1.45 / 60, seed),
        duration_min=31.8,
    )
    return System(
        networks=(parent, two_compartments("norketamine", bodies, seed)),
        feeds=(
            Feed(
                source="ketamine",
                source_compartment="liver",
                into="norketamine",
                into_compartment="central",
                formation_l_per_min=formed,
            ),
        ),
        entries={"iv": into_vein(bodies), "nasal": (nasal, swallowed)},
        outlets=(
            Outlet(name="ketamine", network="ketamine", compartment="central"),
            Outlet(name="norketamine", network="norketamine", compartment="central"),
            Outlet(
                name="ketamine, venous",
                network="ketamine",
                compartment="central",
                delay_per_min=np.full(bodies, 1 / 11),
            ),
        ),
    )


def dosed(route: str) -> InfusionProfile:
    """The course of infusions and, in between, doses by another route."""
    doses = tuple(Dose(at_min=at, amount_mg=50.0, route=route) for at in (60.0, 1500.0, 1510.0))
    return replace(COURSE, doses=doses)


def by_matrix_exponential(system: System, profile: InfusionProfile, at_min: FloatArray) -> FloatArray:
    """Of all bodies, (bodies, outputs, times), from the one oracle that shares nothing with the engine."""
    found = (linear_oracle.levels(system, profile, at_min, body) for body in range(system.bodies))
    return np.array([[levels[name] for name in system.outputs] for levels in found])


def worst_error(found: FloatArray, expected: FloatArray, floor: float = 1e-3) -> float:
    """Largest relative error where the level is above the floor: 1 ng/L, far below any assay."""
    seen = np.abs(expected) > floor
    return float(np.max(np.abs(found - expected)[seen] / np.abs(expected)[seen]))
