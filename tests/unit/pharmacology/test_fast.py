"""The compiled fast path: what is built and loaded, and that it answers as plain sums and NumPy do."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evenkeel.pharmacology import fast, modes, simulate
from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.errors import ArgumentError
from evenkeel.pharmacology.fast import source
from evenkeel.pharmacology.plan import InputPlan, make_plan
from evenkeel.pharmacology.profile import InfusionProfile
from evenkeel.pharmacology.simulate import simulate_in_parts
from evenkeel.pharmacology.system import System
from tests.unit.pharmacology.engine_systems import (
    COURSE,
    COURSE_MIN,
    by_matrix_exponential,
    dosed,
    standard,
    with_delays,
    with_liver,
    worst_error,
)

ROOT = Path(__file__).parents[3]
LOADED = fast.status().loaded
# What the processor of this machine can run; empty where no library was built.
INSTRUCTION_SETS = range(len(fast.status().instructions))
needs_library = pytest.mark.skipif(not LOADED, reason=fast.status().reason)


def _compiler() -> str | None:
    return next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)


def test_a_machine_with_a_compiler_has_the_library_loaded() -> None:
    status = fast.status()
    if _compiler() is None:
        assert not status.loaded
        assert "no library" in status.reason
        return
    assert status.loaded, status.reason
    assert status.library == source.library_path()
    assert status.instructions[0] == "plain"
    assert fast.choose_engine() == (os.environ.get(fast.ENGINE_VARIABLE) or "fast").replace("auto", "fast")


def test_a_changed_source_is_never_answered_by_an_old_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in source.FOLDER.glob("*.[ch]"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(source, "FOLDER", tmp_path)
    before = source.library_path()
    changed = tmp_path / "kernels.c"
    changed.write_text(changed.read_text() + "\n")
    assert source.library_path() != before
    assert source.library_path().parent == tmp_path


def test_the_engine_is_chosen_by_argument_then_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fast.ENGINE_VARIABLE, "numpy")
    assert fast.choose_engine() == "numpy"
    assert fast.choose_engine("auto") == "numpy"
    monkeypatch.setenv(fast.ENGINE_VARIABLE, "quick")
    assert fast.choose_engine("numpy") == "numpy"
    with pytest.raises(ArgumentError, match=f"{fast.ENGINE_VARIABLE} must be one of auto, numpy, fast"):
        fast.choose_engine()
    with pytest.raises(ArgumentError, match="engine must be one of"):
        fast.choose_engine("gpu")


def test_without_a_library_numpy_does_all_and_fast_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(fast.ENGINE_VARIABLE, raising=False)
    monkeypatch.setattr(fast, "_load", lambda: (Path("kernels"), None, "there is no compiler."))
    assert fast.choose_engine() == "numpy"
    assert fast.status().instructions == ()
    with pytest.raises(
        ArgumentError, match="engine is 'fast', but there is no fast path: there is no compiler"
    ):
        fast.choose_engine("fast")


@pytest.mark.parametrize("threads", [0, -1])
def test_a_number_of_threads_that_cannot_be_is_refused(threads: int) -> None:
    with pytest.raises(ArgumentError, match="threads must be at least 1"):
        fast.choose_threads(threads)


def test_the_build_goes_on_quietly_without_a_compiler(tmp_path: Path) -> None:
    """In a copy, with CC set to nothing: exit 0, one sentence, no library."""
    copy = tmp_path / "evenkeel" / "pharmacology" / "fast"
    copy.mkdir(parents=True)
    for path in (*source.FOLDER.glob("*.[ch]"), Path(source.__file__)):
        shutil.copy(path, copy)
    shutil.copy(ROOT / "hatch_build.py", tmp_path)
    for compiler, said in (("", "No C compiler was found"), ("false", "could not be compiled")):
        done = subprocess.run(
            [sys.executable, "hatch_build.py"],
            cwd=tmp_path,
            env=os.environ | {"CC": compiler},
            capture_output=True,
            text=True,
            check=True,
        )
        assert said in done.stdout
        assert "NumPy does all" in done.stdout
        assert not list(copy.glob("kernels-*.so"))


def test_the_build_hook_is_where_the_project_says() -> None:
    assert "hatch_build.py" in (ROOT / "pyproject.toml").read_text()
    assert importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py") is not None


def _plain_levels(
    decay: FloatArray, residue: FloatArray, plan: InputPlan, dose_scale: FloatArray
) -> FloatArray:
    """The sums one time after the other, from the state at each change of input, without any table."""
    bodies, outputs, modes = residue.shape
    state = np.zeros((plan.change_at_min.size, bodies, modes))
    state[0] = plan.bolus_mg[0]
    for i, length in enumerate(np.diff(plan.change_at_min)):
        run_in = plan.rate_mg_per_min[i] * -np.expm1(-decay * length) / decay
        state[i + 1] = state[i] * np.exp(-decay * length) + run_in + plan.bolus_mg[i + 1]
    levels = np.zeros((bodies, outputs, plan.step_of_time.size))
    for t, (step, place) in enumerate(zip(plan.step_of_time, plan.offset_of_time, strict=True)):
        if step >= 0:
            x = -decay * plan.unique_offset_min[place]
            amount = state[step] * np.exp(x) + plan.rate_mg_per_min[step] * -np.expm1(x) / decay
            levels[:, :, t] = np.einsum("nom,nm->no", residue, amount) * dose_scale[:, np.newaxis]
    return levels


def _random_work(
    seed: int, *, bodies: int, times: int
) -> tuple[FloatArray, FloatArray, InputPlan, FloatArray]:
    """A made-up system of 1 to 7 modes and 1 to 4 outputs, with boluses and overlapping-free segments."""
    chance = np.random.default_rng(seed)
    modes, outputs = int(chance.integers(1, 8)), int(chance.integers(1, 5))
    decay = np.exp(chance.normal(-3.5, 2.0, (bodies, modes)))
    residue = chance.uniform(0.1, 2.0, (bodies, outputs, modes))
    residue[:, chance.random((outputs, modes)) < 0.3] = 0.0
    edges = np.sort(chance.uniform(0, 5000, 2 * int(chance.integers(1, 7))))
    profile = InfusionProfile(
        start_min=edges[::2],
        end_min=edges[1::2],
        rate_mg_per_h=chance.uniform(1, 100, edges.size // 2),
        bolus_at_min=np.sort(chance.uniform(0, 5000, 2)),
        bolus_mg=chance.uniform(0, 50, 2),
    )
    at = np.unique(np.concatenate([chance.uniform(-100, 8000, times), edges]))
    return decay, residue, make_plan(profile, at), chance.uniform(0.5, 2.0, bodies)


def _fast_levels(
    work: tuple[FloatArray, FloatArray, InputPlan, FloatArray],
    *,
    threads: int = 1,
    instructions: int | None = None,
    by_time: bool = False,
) -> FloatArray:
    decay, residue, plan, dose_scale = work
    bodies, outputs, _ = residue.shape
    times = plan.step_of_time.size
    out = np.full((outputs, times, bodies) if by_time else (bodies, outputs, times), np.nan)
    fast.levels(
        decay, residue, plan, dose_scale, out,
        add=False, by_time=by_time, threads=threads, instructions=instructions,
    )  # fmt: skip
    return out.transpose(2, 0, 1) if by_time else out


@needs_library
@pytest.mark.parametrize("instructions", INSTRUCTION_SETS)
@pytest.mark.parametrize("seed", range(6))
def test_levels_equal_plain_sums_with_every_instruction_set(seed: int, instructions: int) -> None:
    work = _random_work(seed, bodies=(1, 3, 8, 17, 64, 70)[seed], times=(1, 7, 50, 200, 333, 3000)[seed])
    wanted = _plain_levels(*work)
    for by_time in (False, True):
        got = _fast_levels(work, instructions=instructions, by_time=by_time)
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-200)


@needs_library
def test_the_bits_do_not_hang_on_threads_chunks_layout_or_other_times() -> None:
    decay, residue, plan, dose_scale = work = _random_work(11, bodies=203, times=120)
    whole = _fast_levels(work)
    assert np.array_equal(whole, _fast_levels(work, threads=5))
    assert np.array_equal(whole, _fast_levels(work, by_time=True))
    for chunk in (1, 5, 64, 100):
        for first in range(0, 203, chunk):
            part = slice(first, first + chunk)
            got = _fast_levels((decay[part], residue[part], plan, dose_scale[part]))
            assert np.array_equal(got, whole[part])
    some = np.array([0, 3, 50, 119])
    fewer = InputPlan(
        change_at_min=plan.change_at_min,
        rate_mg_per_min=plan.rate_mg_per_min,
        bolus_mg=plan.bolus_mg,
        step_of_time=plan.step_of_time[some],
        offset_of_time=np.arange(some.size, dtype=np.int64),
        unique_offset_min=plan.unique_offset_min[plan.offset_of_time[some]],
    )
    assert np.array_equal(_fast_levels((decay, residue, fewer, dose_scale)), whole[:, :, some])


def _course_work(
    bodies: int, doses: int, since_min: FloatArray, lasting_min: float = 40.0
) -> tuple[FloatArray, FloatArray, InputPlan, FloatArray]:
    """Infusions a day apart, read as often after each as `since_min` says, but for every third, which is read
    half as often and then to the end: what they share is the beginning, in both orders."""
    chance = np.random.default_rng(bodies)
    decay = np.exp(chance.normal(-3.5, 2.0, (bodies, 6)))
    residue = chance.uniform(0.1, 2.0, (bodies, 4, 6))
    residue[:, [0, 0, 1, 3], [1, 5, 0, 2]] = 0.0
    start: FloatArray = 1440.0 * np.arange(doses, dtype=np.float64)
    profile = InfusionProfile(
        start_min=start, end_min=start + lasting_min, rate_mg_per_h=np.full(doses, 50.0)
    )
    read = [since_min[: since_min.size // 2] if dose % 3 == 1 else since_min for dose in range(doses)]
    at = np.unique(np.concatenate([day + since for day, since in zip(start, read, strict=True)]))
    return decay, residue, make_plan(profile, at), chance.uniform(0.5, 2.0, bodies)


@needs_library
@pytest.mark.parametrize("instructions", INSTRUCTION_SETS)
@pytest.mark.parametrize(("doses", "reads"), [(1, 1), (2, 3), (6, 61), (7, 90), (100, 2), (90, 9)], ids=str)
def test_courses_that_share_offsets_equal_plain_sums(doses: int, reads: int, instructions: int) -> None:
    """From one time to thousands, and more runs of times than one stretch holds."""
    work = _course_work(11, doses, np.geomspace(1.0, 1400.0, reads).round(1))
    wanted = _plain_levels(*work)
    rows = _fast_levels(work, instructions=instructions)
    np.testing.assert_allclose(rows, wanted, rtol=1e-12, atol=1e-200)
    assert np.array_equal(rows, _fast_levels(work, instructions=instructions, by_time=True))


@needs_library
@pytest.mark.parametrize("instructions", INSTRUCTION_SETS)
@pytest.mark.parametrize("reads", [81, 82, 83, 84, 85, 86, 87, 88])
def test_a_large_result_is_whole_wherever_its_rows_begin_in_a_line(reads: int, instructions: int) -> None:
    """Rows of every length against the lines of the cache, from every place in one, and nothing beside."""
    decay, residue, plan, dose_scale = _course_work(331, 6, np.geomspace(1.0, 1400.0, reads).round(1))
    few = [
        _fast_levels((decay[part], residue[part], plan, dose_scale[part]), instructions=instructions)
        for part in (slice(n, n + 20) for n in range(0, 331, 20))
    ]
    assert few[0].nbytes < 4 << 20, "small enough to be written as it comes"
    wanted = np.concatenate(few)
    assert wanted.nbytes > 4 << 20, "large enough to be written past the caches"
    beside = reads % 8
    room = np.full(wanted.size + beside + 8, np.nan)
    out = room[beside : beside + wanted.size].reshape(wanted.shape)
    fast.levels(decay, residue, plan, dose_scale, out, add=False, threads=3, instructions=instructions)
    assert np.array_equal(out, wanted)
    assert np.all(np.isnan(room[:beside]))
    assert np.all(np.isnan(room[beside + wanted.size :]))


@needs_library
@pytest.mark.parametrize("instructions", INSTRUCTION_SETS)
def test_an_exponential_is_right_to_two_units_in_its_last_place(instructions: int) -> None:
    """One mode after one bolus is exp(-decay t), and after a rate of one what has run in; both are compared
    with NumPy's, which are right to a unit themselves. Below 1e-290 digits are lost; far below, all is 0."""
    chance = np.random.default_rng(8)
    decay = np.concatenate([np.geomspace(1e-9, 1e5, 300), chance.uniform(0.001, 3.0, 500)])[:, np.newaxis]
    residue = np.ones((decay.size, 1, 1))
    at = np.unique(np.concatenate([np.geomspace(1e-3, 1e6, 90), chance.uniform(0.0, 300.0, 90)])).round(9)
    given = InfusionProfile(
        start_min=np.empty(0), end_min=np.empty(0), rate_mg_per_h=np.empty(0),
        bolus_at_min=np.zeros(1), bolus_mg=np.ones(1),
    )  # fmt: skip
    running = InfusionProfile(start_min=np.zeros(1), end_min=np.full(1, 2e6), rate_mg_per_h=np.full(1, 60.0))
    x = -decay * at
    ulp = np.finfo(np.float64).eps
    for profile, wanted, units in ((given, np.exp(x), 2), (running, -np.expm1(x) / decay, 6)):
        plan = make_plan(profile, at)
        assert np.array_equal(plan.unique_offset_min[plan.offset_of_time], at)
        got = _fast_levels((decay, residue, plan, np.ones(decay.size)), instructions=instructions)[:, 0]
        held = wanted > 1e-290
        assert np.mean(held) > 0.5
        np.testing.assert_allclose(got[held], wanted[held], rtol=units * ulp)
        assert np.all(got[~held] <= 1e-289)
    soon_gone = np.full((1, 1), 1e80), residue[:1], make_plan(given, at), np.ones(1)
    assert not _fast_levels(soon_gone, instructions=instructions).any()


@needs_library
@pytest.mark.parametrize("instructions", INSTRUCTION_SETS)
def test_powers_of_time_have_the_same_bits_in_rows_and_by_time(instructions: int) -> None:
    """Modes that form clusters, as behind a chain of delays; an output that no mode reaches is 0."""
    decay, residue, plan, dose_scale = _course_work(21, 3, np.geomspace(1.0, 1400.0, 30).round(1))
    decay = np.repeat(np.abs(decay[:, :1]), 5, axis=1)
    decay[:, 3:] *= 2.0
    residue = np.random.default_rng(4).uniform(0.5, 2.0, (21, 2, 5))
    residue[:, 1] = 0.0
    found = []
    for by_time in (False, True):
        times = plan.step_of_time.size
        out = np.full((2, times, 21) if by_time else (21, 2, times), np.nan)
        fast.levels(
            decay, residue, plan, dose_scale, out,
            add=False, order=(0, 1, 2, 0, 1), by_time=by_time, instructions=instructions,
        )  # fmt: skip
        found.append(out.transpose(2, 0, 1) if by_time else out)
    assert np.array_equal(found[0], found[1])
    assert np.all(np.isfinite(found[0]))
    assert np.all(found[0][:, 0].max(axis=1) > 0.0)
    assert np.all(found[0][:, 1] == 0.0)


@needs_library
def test_adding_adds_and_a_large_result_is_written_past_the_caches_alike() -> None:
    decay, residue, plan, dose_scale = work = _random_work(5, bodies=400, times=1500)
    whole = _fast_levels(work, threads=2)
    assert whole.nbytes > 4 << 20, "large enough to be written with streaming stores"
    again = whole.copy()
    fast.levels(decay, residue, plan, dose_scale, again, add=True)
    np.testing.assert_allclose(again, 2 * whole, rtol=1e-15)
    assert np.array_equal(whole[:9], _fast_levels((decay[:9], residue[:9], plan, dose_scale[:9])))


@needs_library
def test_no_drug_gives_zero_and_adds_nothing() -> None:
    decay, residue, _, dose_scale = _random_work(2, bodies=4, times=5)
    none = np.empty(0)
    profile = InfusionProfile(start_min=none, end_min=none, rate_mg_per_h=none)
    plan = make_plan(profile, np.array([0.0, 1.0]))
    out = np.full((4, residue.shape[1], 2), 3.0)
    fast.levels(decay, residue, plan, dose_scale, out, add=True)
    assert np.all(out == 3.0)
    fast.levels(decay, residue, plan, dose_scale, out, add=False)
    assert np.all(out == 0.0)


@needs_library
@pytest.mark.parametrize("instructions", INSTRUCTION_SETS)
@pytest.mark.parametrize("count", [1, 2, 9, 1000, 6001])
def test_selected_ranks_are_those_of_a_full_sort(count: int, instructions: int) -> None:
    chance = np.random.default_rng(count)
    values = np.stack(
        [
            chance.lognormal(5, 0.3, count),
            chance.normal(0, 1, count),
            np.zeros(count),
            np.where(chance.random(count) < 0.5, 0.0, chance.lognormal(0, 3, count)),
            np.round(chance.normal(0, 2, count)),
            np.arange(count, dtype=np.float64)[::-1],
            chance.standard_cauchy(count) ** 5,
        ]
    )
    ranks = np.unique(chance.integers(0, count, 12))
    kept = values.copy()
    for threads in (1, 3):
        found = fast.select(values, ranks, threads=threads, instructions=instructions)
        assert np.array_equal(found, np.sort(values, axis=1)[:, ranks])
    assert np.array_equal(values, kept), "the input is not changed"


def _long_rows(kind: str) -> FloatArray:
    """24 rows of 9,001 numbers each; the row before tells where ranks are in the next, or misleads."""
    chance = np.random.default_rng(17)
    people = chance.standard_normal(9001)
    moved = np.exp(people + 0.05 * np.cumsum(chance.standard_normal((24, 9001)), axis=0))
    return {
        "alike": moved,
        "jumping": moved * 10.0 ** np.tile([0, 0, 0, -6, 6, 0], 4)[:, np.newaxis],
        "negative": -moved,
        "ties": np.round(moved, 1),
        "mostly none": np.where(moved > 2.0, moved, 0.0),
        "constant": np.full((24, 9001), 3.25),
        # Every member that a fixed stride would look at is far from the others.
        "misleading": np.where(np.arange(9001) % (9001 // 140) == 0, 1e9 * moved, moved),
        "sorted": np.sort(moved, axis=1),
        "unlike": chance.permuted(moved, axis=0) * chance.uniform(1e-3, 1e3, (24, 1)),
    }[kind]


LONG_ROWS = (
    "alike",
    "jumping",
    "negative",
    "ties",
    "mostly none",
    "constant",
    "misleading",
    "sorted",
    "unlike",
)


@needs_library
@pytest.mark.parametrize("instructions", INSTRUCTION_SETS)
@pytest.mark.parametrize("kind", LONG_ROWS)
def test_long_rows_are_ordered_exactly_whatever_the_row_before_told(kind: str, instructions: int) -> None:
    rows = np.ascontiguousarray(_long_rows(kind))
    wanted = np.sort(rows, axis=1)
    for ranks in (
        np.array([450, 451, 2250, 2251, 4500, 4501, 6750, 6751, 8550, 8551]),
        np.array([0, 1, 9000]),
        np.array([4500]),
        np.arange(100, 9000, 1100),
    ):
        for threads in (1, 3):
            found = fast.select(rows, ranks, threads=threads, instructions=instructions)
            assert np.array_equal(found, wanted[:, ranks])


SYSTEMS = {
    "standard": (standard, COURSE),
    "liver": (with_liver, COURSE),
    "nasal": (with_liver, dosed("nasal")),
    "delays": (with_delays, COURSE),
    "film": (with_delays, dosed("sublingual")),
}
both_engines = pytest.mark.parametrize("engine", ["numpy", pytest.param("fast", marks=needs_library)])


@both_engines
@pytest.mark.parametrize("name", SYSTEMS)
def test_every_engine_agrees_with_the_matrix_exponential(name: str, engine: fast.Engine) -> None:
    build, profile = SYSTEMS[name]
    system = build(3, 1)
    got = simulate(system, profile, COURSE_MIN, engine=engine).values
    assert worst_error(got, by_matrix_exponential(system, profile, COURSE_MIN)) <= 1e-9


@needs_library
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", SYSTEMS)
def test_the_fast_path_equals_numpy_within_1e_10(name: str, seed: int) -> None:
    """From 1 ng/mL on; below, what is left after large terms cancel may differ by a few 1e-10 of itself."""
    build, profile = SYSTEMS[name]
    system = build(60, seed)
    scale = np.random.default_rng(seed).uniform(0.5, 1.5, 60)
    wanted = simulate(system, profile, COURSE_MIN, engine="numpy", dose_scale=scale).values
    got = simulate(system, profile, COURSE_MIN, engine="fast", dose_scale=scale).values
    assert worst_error(got, wanted, floor=1.0) <= 1e-10


@needs_library
@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 0.0])
def test_the_fast_path_is_exact_where_rates_nearly_coincide(gap: float) -> None:
    rate = modes.solve_modes(standard(2))[0].main.decay_per_min[:, 1] * (1 + gap)
    system = standard(2, effect_site_per_min=rate)
    got = simulate(system, COURSE, COURSE_MIN, engine="fast").values
    assert worst_error(got, by_matrix_exponential(system, COURSE, COURSE_MIN)) <= 1e-9


def _some_alike() -> System:
    """Every third body has an effect site as fast as one of its other modes."""
    rate = modes.solve_modes(standard(50))[0].main.decay_per_min[:, 1].copy()
    rate[np.arange(50) % 3 > 0] *= 3.0
    system = standard(50, effect_site_per_min=rate)
    assert [places.size for places, _ in modes.solve_modes(system)[0].apart] == [17]
    return system


@both_engines
@pytest.mark.parametrize("name", [*SYSTEMS, "some alike"])
def test_levels_made_in_parts_are_those_made_at_once(name: str, engine: fast.Engine) -> None:
    """Also of bodies whose rates coincide, which are solved apart; the room is used again and again."""
    build, profile = SYSTEMS.get(name, (standard, COURSE))
    system = build(50, 2) if name in SYSTEMS else _some_alike()
    scale = np.random.default_rng(2).uniform(0.5, 1.5, 50)
    wanted = simulate(system, profile, COURSE_MIN, engine=engine, dose_scale=scale).values
    for at_once in (1, 7, 64):
        room = np.full((at_once, *wanted.shape[1:]), np.nan)
        parts = simulate_in_parts(system, profile, COURSE_MIN, engine=engine, dose_scale=scale, room=room)
        assert np.array_equal(np.concatenate([part.copy() for part in parts]), wanted)
    with pytest.raises(ArgumentError, match="out must be a writable"):
        next(simulate_in_parts(system, profile, COURSE_MIN, engine=engine, room=np.empty((4, 1, 2))))


@needs_library
@pytest.mark.parametrize("threads", [1, 2, 7])
def test_a_cohort_has_the_same_bits_with_any_number_of_threads_and_any_grid(threads: int) -> None:
    system = standard(5000)
    at = COURSE_MIN[::2]
    whole = simulate(system, COURSE, at, engine="fast", threads=1).values
    assert np.array_equal(whole, simulate(system, COURSE, at, engine="fast", threads=threads).values)
    part = simulate(system.part(4090, 4100), COURSE, at[2:5], engine="fast", threads=threads).values
    assert np.array_equal(part, whole[4090:4100, :, 2:5])
