"""What one redraw of the infusion chart costs: `python benchmarks/pharmacology_level.py`.

Three hours at 30 s steps with a band between bodies, for a plain infusion and for one with many rate changes.
Prints times; nothing is asserted, because a clock on a shared machine proves nothing.
"""

import statistics
import time

import numpy as np

from evenkeel.pharmacology import InfusionProfile, load_parameter_set, predict_level

REPEATS = 50


def main() -> None:
    parameter_set = load_parameter_set("kamp_2020")
    chart_min = np.arange(0.0, 180.25, 0.5)
    change_at = np.arange(0.0, 41.0, 2.0)
    profiles = {
        "one rate": InfusionProfile.from_rate_changes(at_min=[0.0, 40.0], rate_mg_per_h=[52.5, 0.0]),
        "20 changes": InfusionProfile.from_rate_changes(
            at_min=change_at, rate_mg_per_h=np.where(change_at < 40, 40.0 + change_at, 0.0)
        ),
    }
    for name, profile in profiles.items():
        predict_level(parameter_set, 70.0, profile, chart_min)
        spent_ms = []
        for _ in range(REPEATS):
            begun = time.perf_counter()
            predict_level(parameter_set, 70.0, profile, chart_min)
            spent_ms.append((time.perf_counter() - begun) * 1000)
        print(
            f"{name}: {chart_min.size} times, median {statistics.median(spent_ms):.1f} ms, "
            f"fastest {min(spent_ms):.1f} ms, slowest {max(spent_ms):.1f} ms"
        )


if __name__ == "__main__":
    main()
