"""What following a running infusion costs: `python benchmarks/pharmacology_live.py`.

One reading and one change of rate, for one body and for a band of bodies, early and late in an infusion with
many changes: the cost must not grow. Then the branches of the next two hours, each effect predicted once, and
the bands of 48 chairs over the next four hours from 1,000 drawn bodies each, three outputs every minute.
Prints times; nothing is asserted, because a clock on a shared machine proves nothing.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from evenkeel.pharmacology import InfusionProfile, load_parameter_set
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.cohort import draw_bodies
from evenkeel.pharmacology.effects import Effect, predict_effect
from evenkeel.pharmacology.live import LiveModel, branch_levels, chair_bands
from evenkeel.pharmacology.prediction import varied_bodies

REPEATS, ROUNDS = 500, 9
OUTPUTS = ("ketamine", "norketamine", "effect site")
CHAIRS, DRAWS = 48, 1000


def spent_us(act: Callable[[], object], repeats: int = REPEATS) -> str:
    """Median and fastest of some rounds, in microseconds for one call."""
    rounds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(repeats):
            act()
        rounds.append((time.perf_counter() - begun) / repeats * 1e6)
    return f"median {statistics.median(rounds):.1f}, fastest {min(rounds):.1f} microseconds"


def main() -> None:
    kamp = load_parameter_set("kamp_2020")
    several, _ = varied_bodies(kamp, 70.0, None)
    assert several is not None
    ordered = InfusionProfile.constant(35.0, 40.0)
    for bodies in (Bodies.typical(70.0), several):
        system = kamp.system(bodies).with_effect_site("effect site", half_life_min=8.3)
        model = LiveModel.of(system, outputs=OUTPUTS)
        first = model.empty(0.0).changed(0.0, 52.5)
        late = first
        for at in np.arange(0.1, 40.0, 0.1):
            late = late.changed(float(at), 50.0 + 5.0 * np.sin(at))
        said = f"{len(bodies)} bodies"
        for name, state in (("first change", first), ("400th change", late)):
            print(f"{said}, {name}, reading: {spent_us(partial(state.level, 41.0))}")
            print(f"{said}, {name}, new rate: {spent_us(partial(state.changed, 41.0, 40.0))}")
        branches = spent_us(partial(branch_levels, model, ordered, 15.0, pause_min=10.0), 5)
        print(f"{said}, three branches of two hours: {branches}")
    times = np.arange(0.0, 121.0)
    for effect in Effect:
        spent = spent_us(partial(predict_effect, effect, kamp, 70.0, ordered, times), 3)
        print(f"{effect}: {spent}")
    chairs = []
    for chair in range(CHAIRS):
        drawn = kamp.system(draw_bodies(kamp, DRAWS, seed=chair))
        site = drawn.with_effect_site("effect site", half_life_min=8.3)
        chairs.append((LiveModel.of(site, outputs=OUTPUTS), replace(ordered, present_min=float(chair % 40))))
    print(f"bands of {CHAIRS} chairs: {spent_us(partial(chair_bands, chairs, ahead_min=240.0), 1)}")


if __name__ == "__main__":
    main()
