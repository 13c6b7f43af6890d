"""What a cohort costs, and how that compares: `python benchmarks/pharmacology_population.py`.

The standard work (see pharmacology_work.py) by NumPy, by the compiled fast path and by public peers, one
after the other in some rounds, so that a busy machine is busy for all of them. Every measurement is a process
of its own, with its peak memory; the fastest of its repeats counts. Errors are against matrix exponentials,
where a level exceeds 0.001 ng/mL. SciPy's LSODA always runs. Others run when they are there, and are left out
with a sentence when not: mrgsolve through `Rscript`, numbalsoda through `--peers-python`, an interpreter that
has it. Prints what it measured; nothing is asserted, because a clock on a shared machine proves nothing.
"""

import argparse
import ctypes
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
from pharmacology_work import (
    DAYS,
    DOSE_MG,
    DURATION_MIN,
    MINUTES_PER_DAY,
    PROFILE,
    TYPICAL,
    Noise,
    describe_machine,
    draw_parameters,
    output_times_min,
    peak_memory_mb,
    standard_system,
)
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from evenkeel.pharmacology import System, fast, simulate
from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.fast import models
from evenkeel.pharmacology.modes import Modes
from evenkeel.pharmacology.plan import make_plan

HERE = Path(__file__).parent
CHECKED_BODIES = 20
REUSED_BODIES = 100_000
CACHED_BODIES = 128
REPEATS = 3
TIGHT = ("1e-10", "1e-13")
DEFAULTS = ("1e-8", "1e-8")  # of mrgsolve


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--measure", help="the mark of a process that measures itself")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--most", type=int, default=1_000_000, help="bodies of the largest cohort")
    options.add_argument("--peer-bodies", type=int, default=1000)
    options.add_argument("--peers-python", help="an interpreter with numbalsoda")
    chosen = options.parse_args()
    if chosen.measure:
        print(json.dumps(measure(*chosen.measure.split(":"))))
        return
    noise = Noise()
    print(describe_machine())
    print(f"Fast path: {', '.join(fast.status().instructions) or fast.status().reason}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_work(folder, chosen.peer_bodies)
        found = run_rounds(folder, chosen, noise)
    report(found)
    print(f"Noise: {noise}.")


def run_rounds(folder: Path, chosen: argparse.Namespace, noise: Noise) -> dict[str, list[dict[str, float]]]:
    found: dict[str, list[dict[str, float]]] = defaultdict(list)
    own = [
        f"{engine}:{bodies}:{threads}"
        for engine, threads in (
            ("numpy", 1),
            ("fast", 1),
            ("fast", 2),
            ("modes", 1),
            ("limit", 1),
            ("limit", 2),
        )
        for bodies in (1, 100, 10_000, 100_000, 1_000_000)
        if bodies <= chosen.most
        and (engine != "fast" or fast.status().loaded)
        and (engine != "numpy" or bodies <= 100_000)
        and (engine not in ("modes", "limit") or (bodies == 100_000 and fast.status().loaded))
    ]
    for _ in range(chosen.rounds):
        for what in own:
            noise.probe()
            line = [sys.executable, __file__, "--measure", what]
            done = subprocess.run(line, capture_output=True, text=True, check=True)
            found[what].append(json.loads(done.stdout))
        for name, result in run_peers(folder, chosen, noise):
            found[name].append(result)
    reference = levels_by_exponentials(CHECKED_BODIES)
    for engine in ("numpy", "fast") if fast.status().loaded else ("numpy",):
        system = standard_system(draw_parameters(CHECKED_BODIES))
        levels = simulate(system, PROFILE, output_times_min(), engine=engine).values
        for what in own:
            if what.startswith(engine):
                found[what][-1]["error"] = worst_error(levels, reference)
    for name, results in found.items():
        for result in results:
            if "levels" in result:
                levels = np.array(result.pop("levels"))
                result["error"] = worst_error(levels, reference[: len(levels)])
        if name not in own:
            print(f"{name}: version {results[-1].pop('version', '-')}")
    return found


def report(found: dict[str, list[dict[str, float]]]) -> None:
    tight = found.get(f"mrgsolve {TIGHT[0]}")
    peer_us = min(result["us"] for result in tight) if tight else float("nan")
    print(f"{'what':28} {'us/patient':>11} {'slowest':>9} {'mrgsolve/it':>11} {'peak MB':>8} {'error':>8}")
    for name, results in found.items():
        if "stored_us" in results[-1]:
            parts = {part: min(result[part] for result in results) for part in ("stored_us", "computed_us")}
            print(
                f"{name:28} storing alone {parts['stored_us']:.2f}, arithmetic {parts['computed_us']:.2f} us"
            )
            continue
        best, worst = min(result["us"] for result in results), max(result["us"] for result in results)
        peak = max(result.get("peak_mb", float("nan")) for result in results)
        error = results[-1].get("error", float("nan"))
        print(f"{name:28} {best:11.2f} {worst:9.2f} {peer_us / best:11.0f} {peak:8.0f} {error:8.1e}")


def measure(engine: str, bodies_word: str, threads_word: str) -> dict[str, float]:
    """One measurement in this process: microseconds for a patient, and peak memory."""
    bodies, threads = int(bodies_word), int(threads_word)
    times = output_times_min()
    system = standard_system(draw_parameters(bodies))
    if engine == "limit":
        return measure_limit(system, times, threads)
    if engine == "modes":
        return {"us": fastest(lambda: models.solve_modes(system)) / bodies * 1e6}
    # Larger cohorts go through one array that is used again: first touch of memory costs more than the work.
    at_once = min(bodies, REUSED_BODIES)
    out = np.zeros((at_once, 3, times.size))
    parts = [system.part(first, first + at_once) for first in range(0, bodies, at_once)]

    def work() -> None:
        for part in parts:
            simulate(part, PROFILE, times, engine=engine, threads=threads, out=out)

    seconds = fastest(work, 200 if bodies == 1 else REPEATS)
    return {"us": seconds / bodies * 1e6, "peak_mb": peak_memory_mb()}


def measure_limit(system: System, times: FloatArray, threads: int) -> dict[str, float]:
    """Filling the result with memset, and the arithmetic alone into a result that stays in the cache."""
    bodies = system.bodies
    out = np.zeros((bodies, 3, times.size))
    share = out.nbytes // threads

    def store() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda i: ctypes.memset(out.ctypes.data + i * share, 1, share), range(threads)))

    modes = models.solve_modes(system.part(0, CACHED_BODIES))[0].main
    plan = make_plan(PROFILE, times)
    each = bodies // CACHED_BODIES // threads

    def compute(_: int) -> None:
        room = np.zeros((CACHED_BODIES, 3, times.size))
        own = Modes(decay_per_min=modes.decay_per_min, residue=modes.residue, order=modes.order)
        for _ in range(each):
            models.fill_levels(own, plan, None, room, add=False)

    def arithmetic() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(compute, range(threads)))

    stored = fastest(store) / bodies * 1e6
    computed = fastest(arithmetic) / (each * CACHED_BODIES * threads) * 1e6
    return {"us": max(stored, computed), "stored_us": stored, "computed_us": computed}


def fastest(work: object, repeats: int = REPEATS) -> float:
    assert callable(work)
    work()
    spent = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begun)
    return min(spent)


def run_peers(folder: Path, chosen: argparse.Namespace, noise: Noise) -> list[tuple[str, dict[str, float]]]:
    count = str(chosen.peer_bodies)
    lines = {
        f"mrgsolve {rtol}": ["Rscript", str(HERE / "pharmacology_mrgsolve.R"), str(folder), count, rtol, atol]
        for rtol, atol in (TIGHT, DEFAULTS)
    }
    if chosen.peers_python:
        script = str(HERE / "pharmacology_numbalsoda.py")
        lines[f"numbalsoda {TIGHT[0]}"] = [chosen.peers_python, script, str(folder), count, *TIGHT]
    found = []
    for name, line in lines.items():
        noise.probe()
        try:
            done = subprocess.run(line, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError) as cause:
            said = (getattr(cause, "stderr", "") or str(cause)).strip().splitlines()[-1]
            print(f"{name} was left out: {said}")
            continue
        seconds, peak_mb, version = done.stdout.split()
        levels = np.loadtxt(folder / "levels.csv", delimiter=",", skiprows=1)
        levels = levels.reshape(-1, output_times_min().size, 3).transpose(0, 2, 1)
        found.append(
            (
                name,
                {
                    "us": float(seconds) / chosen.peer_bodies * 1e6,
                    "peak_mb": float(peak_mb),
                    "levels": levels.tolist(),
                    "version": version,
                },
            )
        )
    noise.probe()
    begun = time.perf_counter()
    levels = levels_by_lsoda(3)
    spent = time.perf_counter() - begun
    found.append(("scipy LSODA 1e-10", {"us": spent / 3 * 1e6, "levels": levels.tolist()}))
    return found


def write_work(folder: Path, bodies: int) -> None:
    parameters = draw_parameters(max(bodies, CHECKED_BODIES))
    table = np.column_stack(
        [np.arange(1, len(parameters["CL"]) + 1), *(parameters[name] for name in TYPICAL)]
    )
    header = "ID," + ",".join(TYPICAL)
    np.savetxt(folder / "parameters.csv", table, delimiter=",", header=header, comments="", fmt="%.17g")
    np.savetxt(folder / "times.csv", output_times_min(), fmt="%.17g")
    doses = [f"{day * MINUTES_PER_DAY:g},{DURATION_MIN:g},{DOSE_MG:g}" for day in DAYS]
    (folder / "doses.csv").write_text("\n".join(["start,duration,mg", *doses, ""]))


def edges_and_rates() -> tuple[FloatArray, FloatArray]:
    starts = np.array(DAYS) * MINUTES_PER_DAY
    edges = np.stack([starts, starts + DURATION_MIN], axis=1).reshape(-1)
    return edges, np.tile([DOSE_MG / DURATION_MIN, 0.0], len(DAYS))


def levels_by_exponentials(bodies: int) -> FloatArray:
    """From time to time by the exponential of the whole state space, the constant input as one more state."""
    space = standard_system(draw_parameters(bodies)).matrix()
    times = output_times_min()
    edges, rates = edges_and_rates()
    size = space.matrix.shape[1]
    found = np.zeros((bodies, 3, times.size))
    stops = np.unique(np.concatenate([edges, times]))
    for body in range(bodies):
        state = np.zeros(size + 1)
        state[size] = 1.0
        for begin, end in pairwise(stops):
            rate = rates[np.searchsorted(edges, begin, side="right") - 1]
            step = np.zeros((size + 1, size + 1))
            step[:size, :size] = space.matrix[body]
            step[:size, size] = space.inputs["iv"][0][0][body] * rate
            state = expm(step * (end - begin)) @ state
            place = np.searchsorted(times, end)
            if place < times.size and times[place] == end:
                found[body, :, place] = space.rows[body] @ state[:size]
    return found


def levels_by_lsoda(bodies: int) -> FloatArray:
    space = standard_system(draw_parameters(bodies)).matrix()
    times = output_times_min()
    edges, rates = edges_and_rates()
    ends = np.append(edges[1:], times[-1])
    found = np.zeros((bodies, 3, times.size))
    for body in range(bodies):
        matrix, column = space.matrix[body], space.inputs["iv"][0][0][body]
        state = np.zeros(matrix.shape[0])
        for begin, end, rate in zip(edges, ends, rates, strict=True):
            some = np.flatnonzero((times > begin) & (times <= end))
            solved = solve_ivp(
                lambda _, x, a=matrix, b=column * rate: a @ x + b,
                (begin, end),
                state,
                method="LSODA",
                t_eval=np.unique(np.append(times[some], end)),
                rtol=1e-10,
                atol=1e-13,
            )
            found[body][:, some] = space.rows[body] @ solved.y[:, : some.size]
            state = solved.y[:, -1]
    return found


def worst_error(levels: FloatArray, reference: FloatArray, floor_ng_per_ml: float = 1e-3) -> float:
    seen = reference > floor_ng_per_ml
    return float(np.max(np.abs(levels - reference)[seen] / reference[seen]))


if __name__ == "__main__":
    main()
