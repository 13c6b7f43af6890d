"""The package alone: light to import, nothing of the clinic in it, and its documentation runs."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, cast

import pytest
import typer

import evenkeel.pharmacology
from evenkeel.config.cli import app as evenkeel_commands
from evenkeel.pharmacology import commands
from evenkeel.pharmacology.command_page import render

ROOT: Final = Path(__file__).resolve().parents[3]
HEAVY: Final = ("scipy", "matplotlib", "pyarrow", "dask", "distributed", "django", "typer", "rich")


def loaded_by(statement: str) -> set[str]:
    """Top-level names of the modules that are loaded after a statement, in a fresh interpreter."""
    program = f"{statement}; import sys; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_numpy_alone() -> None:
    loaded = loaded_by("import evenkeel.pharmacology")
    assert "numpy" in loaded
    assert loaded.isdisjoint(HEAVY)
    # Nor what is slow to load of the standard library, which NumPy does without.
    assert loaded.isdisjoint({"concurrent", "logging", "random", "statistics", "tempfile"})


def test_every_name_of_the_package_is_there_without_optional_packages() -> None:
    loaded = loaded_by("from evenkeel.pharmacology import *; simulate_cohort, predict_effect, fit_mood")
    assert loaded.isdisjoint(HEAVY)


def test_what_few_need_is_loaded_when_it_is_asked_for() -> None:
    program = (
        "import sys, evenkeel.pharmacology as pk; name = 'evenkeel.pharmacology.cohort'; "
        "before = name in sys.modules; pk.simulate_cohort; print(before, name in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_a_name_that_is_not_there_is_refused_as_usual() -> None:
    name = "simulate_cohorts"
    with pytest.raises(AttributeError, match="has no attribute 'simulate_cohorts'"):
        getattr(evenkeel.pharmacology, name)


@pytest.mark.parametrize("module", ["plots", "tables", "cohort", "effects", "individual", "mood_forecast"])
def test_optional_packages_wait_until_they_are_needed(module: str) -> None:
    assert loaded_by(f"import evenkeel.pharmacology.{module}").isdisjoint(HEAVY)


def test_the_commands_load_neither_the_clinic_nor_optional_packages() -> None:
    loaded = loaded_by("import evenkeel.config.cli")
    assert loaded.isdisjoint({"scipy", "matplotlib", "pyarrow", "dask", "distributed", "django"})


@pytest.mark.parametrize(
    "line", [["--help"], ["serve", "--help"], ["dose", "--help"], ["migrate"], ["verify"]]
)
def test_no_command_but_pk_waits_for_numpy(line: list[str], tmp_path: Path) -> None:
    program = (
        "import sys; from evenkeel.config.cli import app; sys.argv[0] = 'evenkeel'; "
        "app(standalone_mode=False); assert 'numpy' not in sys.modules"
    )
    environment = os.environ | {"EVENKEEL_DATA_DIR": str(tmp_path), "EVENKEEL_DATABASE_URL": ""}
    if line == ["verify"]:
        migrate = [sys.executable, "-c", program, "migrate"]
        subprocess.run(migrate, env=environment, capture_output=True, check=True)
    command = [sys.executable, "-c", program, *line]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_pk_says_the_same_of_itself_before_and_after_it_is_read() -> None:
    group = cast("Any", typer.main.get_command(evenkeel_commands)).commands["pk"]
    own = typer.main.get_group(commands.app)
    assert group.help == own.help
    assert group.list_commands(None) == own.list_commands(cast("Any", None))
    assert group.get_command(None, "simulate").name == "simulate"


@pytest.mark.parametrize(
    "script", sorted((ROOT / "docs" / "tutorials").glob("*.py")), ids=lambda path: path.stem
)
def test_tutorials_run_as_scripts_without_django(script: Path, tmp_path: Path) -> None:
    program = (
        "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__'); "
        "assert 'django' not in sys.modules"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_command_page_is_what_the_commands_say() -> None:
    page = (ROOT / "docs" / "pharmacology" / "commands.md").read_text(encoding="utf-8")
    assert page == render(), "run: evenkeel pages"
