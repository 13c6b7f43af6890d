"""What exact bands cost: `python benchmarks/pharmacology_bands.py`.

Five exact quantiles of the standard work (see pharmacology_work.py), 500 times and three outputs, beside the
simulation alone into an array that is used again. 10^5 bodies at once; then up to 10^6 as a stream of systems
of which one at a time exists. Each in a process of its own with its peak memory. At 10^4 the answers are
compared with those of `np.quantile` over all levels. Prints times and the largest difference; nothing is
asserted, because a clock on a shared machine proves nothing.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
from pharmacology_work import (
    PROFILE,
    Noise,
    best_s,
    describe_machine,
    draw_parameters,
    output_times_min,
    peak_memory_mb,
    standard_system,
)

from evenkeel.pharmacology import System, fast, simulate
from evenkeel.pharmacology.bands import DEFAULT_SHARES, level_bands

CHUNK = 10_000
ROUNDS = 3


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--measure", help="the mark of a process that measures itself")
    options.add_argument("--most", type=int, default=1_000_000, help="bodies of the largest cohort")
    chosen = options.parse_args()
    if chosen.measure:
        what, engine, bodies, threads = chosen.measure.split(":")
        print(json.dumps(measure(what, engine, int(bodies), int(threads))))
        return
    print(describe_machine())
    print(f"Fast path: {', '.join(fast.status().instructions) or fast.status().reason}")
    noise = Noise()
    compare(noise)
    engines = ("fast", "numpy") if fast.status().loaded else ("numpy",)
    for engine in engines:
        for threads in (1, 2) if engine == "fast" else (1,):
            bodies = min(100_000 if engine == "fast" else 10_000, chosen.most)
            alone = run("simulation", engine, bodies, threads, noise)
            bands = run("bands", engine, bodies, threads, noise)
            print(
                f"{engine}, {bodies:,} bodies, {threads} threads: simulation {alone['s']:.3f} s, bands "
                f"{bands['s']:.3f} s ({bands['s'] / alone['s']:.1f} times), peak {bands['peak_mb']:.0f} MB "
                f"({bands['before_mb']:.0f} MB before)"
            )
    for bodies in (10_000, 100_000, 1_000_000):
        if bodies <= chosen.most:
            found = run("stream", engines[0], bodies, 2, noise)
            print(
                f"{engines[0]}, stream of {bodies:,} bodies, 2 threads: {found['s']:.2f} s with drawing, "
                f"{found['s'] / bodies * 1e6:.1f} us a body, peak {found['peak_mb']:.0f} MB, "
                f"progress told {found['told']:.0f} times"
            )
    print(f"Noise: {noise}.")


def compare(noise: Noise) -> None:
    system, times = standard_system(draw_parameters(10_000)), output_times_min()
    levels = simulate(system, PROFILE, times).values
    wanted = np.quantile(levels, DEFAULT_SHARES, axis=0).transpose(1, 0, 2)
    spent_s = best_s(lambda: np.quantile(levels, DEFAULT_SHARES, axis=0), 1, noise)
    found = level_bands(system, PROFILE, times).values
    worst = np.max(np.abs(found - wanted) / np.maximum(wanted, 1e-12))
    print(f"10,000 bodies: np.quantile alone {spent_s:.2f} s; largest relative difference {worst:.1e}")


def run(what: str, engine: str, bodies: int, threads: int, noise: Noise) -> dict[str, float]:
    noise.probe()
    line = [sys.executable, __file__, "--measure", f"{what}:{engine}:{bodies}:{threads}"]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(what: str, engine: str, bodies: int, threads: int) -> dict[str, float]:
    times, noise, told = output_times_min(), Noise(), [0]

    def tell(done: int, of: int, /) -> None:
        told[0] += 1

    def stream() -> Iterator[System]:
        for number in range(bodies // CHUNK):
            yield standard_system(draw_parameters(CHUNK, seed=number))

    if what == "stream":
        before_mb = peak_memory_mb()
        spent_s = best_s(
            lambda: level_bands(stream(), PROFILE, times, engine=engine, threads=threads, progress=tell),
            1,
            noise,
        )
        return {"s": spent_s, "peak_mb": peak_memory_mb(), "before_mb": before_mb, "told": told[0]}
    system = standard_system(draw_parameters(bodies))
    before_mb = peak_memory_mb()
    if what == "simulation":
        out = np.zeros((bodies, 3, times.size))
        spent_s = best_s(
            lambda: simulate(system, PROFILE, times, engine=engine, threads=threads, out=out), ROUNDS, noise
        )
    else:
        spent_s = best_s(
            lambda: level_bands(system, PROFILE, times, engine=engine, threads=threads), ROUNDS, noise
        )
    return {"s": spent_s, "peak_mb": peak_memory_mb(), "before_mb": before_mb, "told": told[0]}


if __name__ == "__main__":
    main()
