"""The standard work by numbalsoda: `python benchmarks/pharmacology_numbalsoda.py FOLDER BODIES RTOL ATOL`.

Run by pharmacology_population.py with an interpreter that has numbalsoda; it needs nothing of Evenkeel.
Prints seconds, peak memory in MB and version, and writes levels.csv of the first bodies. Compiling is not
counted.
"""

import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numba import carray, cfunc, njit
from numbalsoda import lsoda, lsoda_sig

NAMES = ("V1", "V2", "V3", "CL", "Q2", "Q3", "VM", "VP", "CLM", "QM", "KE0")


@cfunc(lsoda_sig)
def flow(t, state, change, given):
    x, dx, p = carray(state, (6,)), carray(change, (6,)), carray(given, (12,))
    k, m = x[0] / p[0], x[3] / p[6]
    to_fast, to_slow, to_side = p[4] * (k - x[1] / p[1]), p[5] * (k - x[2] / p[2]), p[9] * (m - x[4] / p[7])
    dx[0] = p[11] - p[3] * k - to_fast - to_slow
    dx[1] = to_fast
    dx[2] = to_slow
    dx[3] = p[3] * k - p[8] * m - to_side
    dx[4] = to_side
    dx[5] = p[10] * (k - x[5])


@njit
def levels(address, people, times, edges, rates, rtol, atol, out):
    for n in range(people.shape[0]):
        given = np.zeros(12)
        given[:11] = people[n]
        state = np.zeros(6)
        place = 0
        for i in range(rates.size):
            given[11] = rates[i]
            last = place
            while last < times.size and times[last] < edges[i + 1]:
                last += 1
            at = np.empty(last - place + 2)
            at[0], at[-1] = edges[i], edges[i + 1]
            at[1:-1] = times[place:last]
            # A time that falls on an edge is read there: two equal times would stop the solver.
            begin = 1 if at[1] > at[0] else 2
            found, fine = lsoda(
                address, state, np.append(at[0], at[begin:]), data=given, rtol=rtol, atol=atol
            )
            if not fine:
                return False
            for t in range(place, last):
                row = found[t - place + 1 - (begin - 1)]
                out[n, 0, t] = 1000.0 * row[0] / given[0]
                out[n, 1, t] = 1000.0 * row[3] / given[6]
                out[n, 2, t] = 1000.0 * row[5]
            state = found[-1].copy()
            place = last
    return True


def main() -> None:
    folder, bodies = Path(sys.argv[1]), int(sys.argv[2])
    rtol, atol = float(sys.argv[3]), float(sys.argv[4])
    people = np.loadtxt(folder / "parameters.csv", delimiter=",", skiprows=1)[:bodies, 1:]
    times = np.loadtxt(folder / "times.csv")
    doses = np.loadtxt(folder / "doses.csv", delimiter=",", skiprows=1)
    edges = np.append(np.stack([doses[:, 0], doses[:, 0] + doses[:, 1]], axis=1).reshape(-1), times[-1] + 1.0)
    rates = np.stack([doses[:, 2] / doses[:, 1], np.zeros(len(doses))], axis=1).reshape(-1)
    out = np.zeros((bodies, 3, times.size))
    assert levels(flow.address, people[:1], times, edges, rates, rtol, atol, out[:1])
    seconds = np.inf
    for _ in range(3):
        begun = time.perf_counter()
        assert levels(flow.address, people, times, edges, rates, rtol, atol, out)
        seconds = min(seconds, time.perf_counter() - begun)
    np.savetxt(
        folder / "levels.csv",
        out[:20].transpose(0, 2, 1).reshape(-1, 3),
        delimiter=",",
        header="CP,CN,CE",
        comments="",
    )
    status = Path("/proc/self/status").read_text().splitlines()
    peak_mb = int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
    print(seconds, peak_mb, version("numbalsoda"))


if __name__ == "__main__":
    main()
