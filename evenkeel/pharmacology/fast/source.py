"""Which C sources the fast path is made of, and the name that a library built from exactly these must bear.

This file is read by the build too, so it imports nothing but the standard library.
"""

import hashlib
import sys
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent

# Products and sums written as a * b + c may be fused, and a square root sets no errno. Nothing here lets the
# compiler change the order of sums or assume that there is no infinity.
COMPILE_FLAGS: Final = (
    "-std=gnu11",
    "-O3",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fvisibility=hidden",
    "-fPIC",
    "-shared",
)
THREAD_FLAGS: Final = ("-pthread", "-DEK_PTHREADS")
# After the sources: exp and log of the C library.
LINK_FLAGS: Final = ("-lm",)

LIBRARY_SUFFIX: Final = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")


def translation_units() -> tuple[Path, ...]:
    """The files to compile, all into one library."""
    return tuple(sorted(FOLDER.glob("*.c")))


def library_path() -> Path:
    """Where a library built from the present sources lies. Its name holds their hash: none can be stale."""
    digest = hashlib.sha256()
    for path in sorted([*FOLDER.glob("*.[ch]"), Path(__file__)]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return FOLDER / f"kernels-{digest.hexdigest()[:16]}{LIBRARY_SUFFIX}"
