"""The standard work of the pharmacology benchmarks, the machine they run on, and how quiet it is.

Ketamine (three compartments), norketamine (two) and an effect site; six infusions of 0.5 mg/kg over 40 min on
days 0, 2, 4, 7, 9 and 11 into 70 kg; nine parameters that vary lognormally by 30 %; 500 output times. The
parameters are made up and of a realistic size: they are not a published model.
"""

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from evenkeel.pharmacology import InfusionProfile, System
from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.system import Entry, Feed, Network, Outlet

DAYS: Final = (0, 2, 4, 7, 9, 11)
MINUTES_PER_DAY: Final = 1440.0
DOSE_MG, DURATION_MIN = 35.0, 40.0
LOG_SD: Final = 0.3
TIMES: Final = 500
TYPICAL: Final = {
    "V1": 25.0,
    "V2": 56.0,
    "V3": 157.0,
    "CL": 1.4,
    "Q2": 2.7,
    "Q3": 1.3,
    "VM": 99.0,
    "VP": 160.0,
    "CLM": 0.96,
    "QM": 0.71,
    "KE0": 0.0835,
}
VARYING: Final = ("V1", "V2", "V3", "CL", "Q2", "Q3", "VM", "CLM", "KE0")

PROFILE: Final = InfusionProfile(
    start_min=np.array(DAYS) * MINUTES_PER_DAY,
    end_min=np.array(DAYS) * MINUTES_PER_DAY + DURATION_MIN,
    rate_mg_per_h=np.full(len(DAYS), DOSE_MG / DURATION_MIN * 60),
)


def output_times_min() -> FloatArray:
    """500 irregular times: the same 84 after each start, every 4 min at first and then ever sparser."""
    since = np.concatenate([np.arange(4.0, 41.0, 4.0), np.geomspace(42.0, 2800.0, 74).round(1)])
    return np.unique(np.concatenate([day * MINUTES_PER_DAY + since for day in DAYS]))[:TIMES]


def draw_parameters(bodies: int, seed: int = 1) -> dict[str, FloatArray]:
    """Each (bodies,). The first bodies of a larger cohort are those of a smaller one."""
    chance = np.random.Generator(np.random.Philox(seed))
    deviation = LOG_SD * chance.standard_normal((bodies, len(VARYING)))
    return {
        name: typical * np.exp(deviation[:, VARYING.index(name)] if name in VARYING else np.zeros(bodies))
        for name, typical in TYPICAL.items()
    }


def standard_system(parameters: dict[str, FloatArray]) -> System:
    p = parameters
    none = np.zeros_like(p["CL"])
    return System(
        networks=(
            Network(
                name="ketamine",
                compartments=("central", "fast", "slow"),
                volume_l=np.stack([p["V1"], p["V2"], p["V3"]], axis=1),
                exchanges=((0, 1), (0, 2)),
                exchange_l_per_min=np.stack([p["Q2"], p["Q3"]], axis=1),
                loss_l_per_min=np.stack([p["CL"], none, none], axis=1),
            ),
            Network(
                name="norketamine",
                compartments=("central", "side"),
                volume_l=np.stack([p["VM"], p["VP"]], axis=1),
                exchanges=((0, 1),),
                exchange_l_per_min=p["QM"][:, np.newaxis],
                loss_l_per_min=np.stack([p["CLM"], none], axis=1),
            ),
        ),
        feeds=(
            Feed(
                source="ketamine",
                source_compartment="central",
                into="norketamine",
                into_compartment="central",
                formation_l_per_min=p["CL"],
            ),
        ),
        entries={"iv": (Entry(into="ketamine", compartment="central", fraction=np.ones_like(none)),)},
        outlets=(
            Outlet(name="ketamine", network="ketamine", compartment="central"),
            Outlet(name="norketamine", network="norketamine", compartment="central"),
            Outlet(name="effect", network="ketamine", compartment="central", delay_per_min=p["KE0"]),
        ),
    )


def describe_machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = (line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
        model = next((value.strip() for name, value in lines if name.strip() == "model name"), model)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"{model}, {os.cpu_count()} processors, load {load:.1f}; {platform.system()}, "
        f"Python {platform.python_version()}, NumPy {np.__version__}"
    )


def peak_memory_mb() -> float:
    """The most this process has held. The kernel's count for the program alone: that of `getrusage` goes back
    to the process which started it."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return float("nan")


class Noise:
    """A fixed piece of arithmetic, timed between the measurements: its spread is that of the machine."""

    def __init__(self) -> None:
        self._values = np.linspace(-5.0, 0.0, 20_000)
        self.spent_ms: list[float] = []

    def probe(self) -> None:
        begun = time.perf_counter()
        for _ in range(50):
            np.exp(self._values)
        self.spent_ms.append((time.perf_counter() - begun) * 1e3)

    def __str__(self) -> str:
        low, high = min(self.spent_ms), max(self.spent_ms)
        middle = float(np.median(self.spent_ms))
        probes = len(self.spent_ms)
        return f"calibration kernel {low:.1f} to {high:.1f} ms, median {middle:.1f} ({probes} probes)"


def best_s(act: Callable[[], object], rounds: int, noise: Noise) -> float:
    """The fastest of some rounds in seconds, the noise probed before each."""
    found = []
    for _ in range(rounds):
        noise.probe()
        begun = time.perf_counter()
        act()
        found.append(time.perf_counter() - begun)
    return min(found)
