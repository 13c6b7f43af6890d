"""Build hook: compile the fast path of the pharmacology where a C compiler is present, else go on without.

`python hatch_build.py` does the same in place, for whoever changes the C sources.
"""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FAST = Path(__file__).parent / "evenkeel" / "pharmacology" / "fast"
COMPILE_TIMEOUT_S = 300


class CompileFastPath(BuildHookInterface[Any]):
    """Adds the library to the wheel, which then belongs to one platform but to no version of Python."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        library, said = build()
        self.app.display_info(said)
        if library is not None and version != "editable":
            build_data["artifacts"].append(f"/{library.relative_to(Path(self.root)).as_posix()}")
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{_platform_tag()}"


def build() -> tuple[Path | None, str]:
    """The library made from the present sources, compiled if need be, and a sentence on what was done."""
    source = _source()
    library: Path = source.library_path()
    if library.exists():
        return library, f"The fast path is built already: {library.name}."
    compiler = _compiler()
    if compiler is None:
        return None, "No C compiler was found, so NumPy does all the work of the pharmacology."
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / library.name
        units = map(str, source.translation_units())
        command = [*compiler, *source.COMPILE_FLAGS, *units, "-o", str(made), *source.LINK_FLAGS]
        error = _failure([*command, *source.THREAD_FLAGS])
        if error is not None:
            error = _failure(command)
        if error is not None:
            return None, f"The fast path could not be compiled, so NumPy does all the work: {error}"
        for stale in FAST.glob(f"kernels-*{source.LIBRARY_SUFFIX}"):
            stale.unlink()
        # Moved in one step, so that nobody can load half a library.
        beside = library.with_suffix(f".{os.getpid()}")
        shutil.copy2(made, beside)
        beside.replace(library)
    return library, f"The fast path was compiled: {library.name}."


def _source() -> ModuleType:
    """`fast/source.py` by its path, since the package and NumPy need not be installed to build."""
    spec = importlib.util.spec_from_file_location("fast_path_source", FAST / "source.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _compiler() -> list[str] | None:
    named = os.environ.get("CC")
    if named is not None:
        return shlex.split(named) if named.strip() else None
    found = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    return None if found is None else [found]


def _failure(command: list[str]) -> str | None:
    """The last line of what the compiler said, or None when all went well."""
    try:
        done = subprocess.run(  # noqa: S603  the compiler of this machine, on the sources of this project
            command, capture_output=True, text=True, timeout=COMPILE_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as cause:
        return str(cause)
    if done.returncode == 0:
        return None
    return (done.stderr.strip().splitlines() or ["the compiler failed without a word."])[-1]


def _platform_tag() -> str:
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


if __name__ == "__main__":
    print(build()[1])  # noqa: T201
    sys.exit(0)
