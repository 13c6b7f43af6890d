"""What importing the pharmacology costs, and NumPy in it: `python benchmarks/pharmacology_import.py`.

Fresh interpreters, in turn, which find the bytecode that an installed package has: the first of each writes
it to a folder of its own and is not counted. An interpreter that may not write bytecode compiles every module
at each start, which takes about twice as long and says nothing of an installed package.
Prints the fastest of each; nothing is asserted, because a clock on a shared machine proves nothing.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time

from pharmacology_work import Noise, describe_machine

STATEMENTS = ("pass", "import numpy", "import evenkeel.pharmacology")
ROUNDS = 15


def spent(statement: str, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds by the clock and of the processor, for an interpreter that runs the statement and ends."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], env=environment, check=True)
    took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    print(describe_machine())
    noise = Noise()
    found: dict[str, list[tuple[float, float]]] = {statement: [] for statement in STATEMENTS}
    with tempfile.TemporaryDirectory() as bytecode:
        environment = os.environ | {"PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
        for statement in STATEMENTS:
            spent(statement, environment)
        for _ in range(ROUNDS):
            noise.probe()
            for statement in STATEMENTS:
                found[statement].append(spent(statement, environment))
    for statement, each in found.items():
        clock, processor = (min(values) for values in zip(*each, strict=True))
        print(f"{statement}: {clock:.3f} s by the clock, {processor:.3f} s of the processor")
    print(f"Noise: {noise}.")


if __name__ == "__main__":
    main()
