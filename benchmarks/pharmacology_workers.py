"""Cohorts as they grow, and what a second worker saves: `python benchmarks/pharmacology_workers.py`.

The standard work: six infusions of 0.5 mg/kg over 40 min on days 0, 2, 4, 7, 9 and 11, 500 output times, and
ketamine, norketamine and an effect site of each body, summarized as they come. First 10^4, 10^5 and 10^6
bodies in one process each, the fastest of a few repeats, with its peak memory; then 10^6 in this process, on
one and on two local workers in turn, which were started before. `--most 100000` leaves out larger cohorts.
Where other work shares the machine, read the processor time.
Prints times; nothing is asserted, because a clock on a shared machine proves nothing.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.cohort import simulate_cohort
from evenkeel.pharmacology.covariates import load_covariate_model
from evenkeel.pharmacology.fast import status
from evenkeel.pharmacology.reading import load_parameter_set
from evenkeel.pharmacology.regimen import MINUTES_PER_DAY, Given, Regimen
from evenkeel.pharmacology.system import System
from evenkeel.pharmacology.workers import Workers, local_workers

DAYS = (0.0, 2.0, 4.0, 7.0, 9.0, 11.0)
BODIES = (10_000, 100_000, 1_000_000)
SHARED_BODIES = 1_000_000
WARM_BODIES = 5000
ROUNDS = 5
REPEATS = 5
SEED = 1


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--most", type=int, default=max(BODIES))
    options.add_argument("--measure", type=int, help="bodies: the mark of a process that measures itself")
    asked = options.parse_args()
    if asked.measure:
        print(json.dumps(measured(asked.measure)))
        return
    print(f"Fast path: {status().reason or status().instructions}")
    per_body_us = {}
    for bodies in (n for n in BODIES if n <= asked.most):
        found = run_alone(bodies)
        per_body_us[bodies] = found["processor_s"] / bodies * 1e6
        times = f"{found['spent_s']:.2f} s, processor {found['processor_s']:.2f} s"
        print(
            f"{bodies:>9,} bodies, one process: {times}, {per_body_us[bodies]:.1f} us a body, "
            f"peak memory {found['peak_mb']:,.0f} MB",
            flush=True,
        )
    if len(per_body_us) > 1:
        print(f"Slowest to fastest per body: {max(per_body_us.values()) / min(per_body_us.values()):.2f}")
    compare_workers(min(SHARED_BODIES, asked.most))


def compare_workers(bodies: int) -> None:
    """The same cohort in this process and on local workers that were started before the clock, in turn."""
    begun = time.perf_counter()
    with local_workers(1) as one, local_workers(2) as two:
        print(f"Starting one and two workers: {time.perf_counter() - begun:.1f} s", flush=True)
        askers = {"this process": Workers(), "one worker": one, "two workers": two}
        spent: dict[str, list[float]] = {name: [] for name in askers}
        for workers in askers.values():
            spent_s(WARM_BODIES, workers)  # modules are loaded
        for _ in range(ROUNDS):
            for name, workers in askers.items():
                spent[name].append(spent_s(bodies, workers))
    for name, each in spent.items():
        print(f"{bodies:,} bodies, {name}: {', '.join(f'{took:.2f}' for took in each)} s")
    ratios = [a / b for a, b in zip(spent["one worker"], spent["two workers"], strict=True)]
    print(
        f"Two workers are {', '.join(f'{ratio:.2f}' for ratio in ratios)} times as fast as one, "
        f"median {np.median(ratios):.2f}"
    )


def spent_s(bodies: int, workers: Workers) -> float:
    begun = time.perf_counter()
    simulate_cohort(
        load_parameter_set("kamp_2020"),
        bodies,
        Regimen(given=(Given(at_min=0, amount=0.5, unit="mg/kg", over_min=40),), on_days=DAYS),
        output_times(),
        SEED,
        covariates=load_covariate_model("adults_perez_ruixo_2021"),
        system_of=with_effect_site,
        workers=workers,
    )
    return time.perf_counter() - begun


def with_effect_site(bodies: Bodies) -> System:
    return load_parameter_set("kamp_2020").system(bodies).with_effect_site("effect site", half_life_min=8.3)


def output_times() -> np.ndarray[Any, np.dtype[np.float64]]:
    """500 times: 83 from each infusion's start on, to 8 hours, and two more."""
    within = np.unique(np.concatenate([np.linspace(0, 60, 31), np.linspace(65, 480, 52)]))
    each = [day * MINUTES_PER_DAY + within for day in DAYS]
    return np.concatenate([*each, [12 * MINUTES_PER_DAY, 13 * MINUTES_PER_DAY]])


def measured(bodies: int) -> dict[str, float]:
    """The fastest of some repeats, as long as each is short."""
    spent_s(WARM_BODIES, Workers())
    found = []
    for _ in range(REPEATS if bodies < max(BODIES) else 2):
        before = time.process_time()
        took = spent_s(bodies, Workers())
        found.append((took, time.process_time() - before))
    took, processor = min(found)
    # Linux counts it in kilobytes.
    return {
        "spent_s": took,
        "processor_s": processor,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def run_alone(bodies: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--measure", str(bodies)], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
