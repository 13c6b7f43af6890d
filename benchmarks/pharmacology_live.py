"""What following a running infusion costs: `python benchmarks/pharmacology_live.py`.

One reading and one change of rate, for one body and for a band of bodies, early and late in an infusion with
many changes: the cost must not grow. Then the branches of the next two hours, each effect predicted once, and
the next four hours of 48 chairs, 1,000 drawn bodies each of the standard work (see pharmacology_work.py),
three outputs every minute: the bands, the levels alone with models solved before and anew, and, where
`Rscript` finds it, the same by mrgsolve, asked for one chair and counted for all. Ours and the peer run in
turn.
Prints times; nothing is asserted, because a clock on a shared machine proves nothing.
"""

import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from pharmacology_work import TYPICAL, Noise, draw_parameters, standard_system

from evenkeel.pharmacology import InfusionProfile, load_parameter_set
from evenkeel.pharmacology.ahead import AheadPlan
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.effects import Effect, predict_effect
from evenkeel.pharmacology.live import LiveModel, branch_levels, chair_bands
from evenkeel.pharmacology.prediction import varied_bodies

REPEATS, ROUNDS = 500, 9
OUTPUTS = ("ketamine", "norketamine", "effect site")
CHAIRS, DRAWS, TIMES_AHEAD = 48, 1000, 241


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
    compare_chairs(ordered)


def compare_chairs(ordered: InfusionProfile) -> None:
    system = standard_system(draw_parameters(DRAWS))
    model = LiveModel.of(system)
    chairs = [(model, replace(ordered, present_min=float(chair % 40))) for chair in range(CHAIRS)]

    room = np.zeros((len(model.outputs), TIMES_AHEAD, DRAWS))

    def levels(model: LiveModel | None) -> None:
        for _, profile in chairs:
            assert profile.present_min is not None
            ahead = AheadPlan.of(profile, profile.present_min, 1.0, TIMES_AHEAD)
            (model or LiveModel.of(system)).levels_ahead(ahead, out=room)

    ours: dict[str, Callable[[], object]] = {
        "bands, models solved before": partial(chair_bands, chairs, ahead_min=TIMES_AHEAD - 1.0),
        "levels alone, models solved before": partial(levels, model),
        "levels alone, models solved each time": partial(levels, None),
    }
    noise = Noise()
    spent: dict[str, list[float]] = {name: [] for name in ours}
    peer_s = {"levels": float("nan"), "bands": float("nan")}
    for _ in range(ROUNDS):
        noise.probe()
        for name, act in ours.items():
            begun = time.perf_counter()
            act()
            spent[name].append(time.perf_counter() - begun)
        for work, before in peer_s.items():
            peer_s[work] = float(np.fmin(before, one_chair_by_mrgsolve_s(ordered, work)))
    for work, each_s in peer_s.items():
        print(f"mrgsolve, {work} of {CHAIRS} chairs: {each_s * CHAIRS:.2f} s (nan where it is not there)")
    for name, each in spent.items():
        print(
            f"{CHAIRS} chairs, {name}: median {statistics.median(each):.3f}, fastest {min(each):.3f} s; "
            f"mrgsolve over it, the same work, {peer_s[name.split()[0].strip(',')] * CHAIRS / min(each):.0f}"
        )
    print(f"Noise: {noise}.")


def one_chair_by_mrgsolve_s(ordered: InfusionProfile, work: str) -> float:
    """Seconds for the `levels` of one chair 20 min after its start, or these and their `bands`.

    Not a number where there is no mrgsolve.
    """
    if shutil.which("Rscript") is None:
        return float("nan")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parameters = draw_parameters(DRAWS)
        table = np.column_stack([np.arange(1, DRAWS + 1), *(parameters[key] for key in TYPICAL)])
        header = "ID," + ",".join(TYPICAL)
        np.savetxt(folder / "parameters.csv", table, delimiter=",", header=header, comments="", fmt="%.17g")
        np.savetxt(folder / "times.csv", 20.0 + np.arange(TIMES_AHEAD), fmt="%.17g")
        lasting = ordered.end_min[0] - ordered.start_min[0]
        (folder / "doses.csv").write_text(f"start,duration,mg\n0,{lasting:g},{ordered.dose_mg:g}\n")
        script = Path(__file__).parent / "pharmacology_mrgsolve.R"
        line = ["Rscript", str(script), str(folder), str(DRAWS), "1e-10", "1e-13"]
        line += ["bands"] if work == "bands" else []
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        return float(done.stdout.split()[0]) if done.returncode == 0 else float("nan")


if __name__ == "__main__":
    main()
