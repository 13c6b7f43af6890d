"""Sheets as PDF, made by typst: in this process, or in one of its own where a sheet is long.

Typst keeps what it worked out for the last ten sheets. A page or two of each is nothing; of lists with
thousands of lines it is a gigabyte that a serving process would never give back. This module imports no
framework, so that the process of its own is there at once: `python -m evenkeel.web.printing SHEET < data`.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, Literal

import typst

SOURCES: Final = Path(__file__).parent / "typst"
FONTS: Final = Path(__file__).parent / "static" / "vendor" / "noto-sans"

# PDF/UA refuses a glyph that no font has; a name in another script is then printed under PDF/A, and if that
# refuses too as a plain PDF: a sheet that a screen reader finds harder is better than no sheet.
STANDARDS: Final[tuple[Literal["ua-1", "a-2b"] | None, ...]] = ("ua-1", "a-2b", None)

# A thousand lines take two seconds; on a machine that is busy with something else, longer. Proposal.
APART_SECONDS_MAX: Final = 120


class UnableToPrint(Exception):
    """Typst could not make the sheet at all."""


def make_pdf(sheet: str, data: dict[str, Any]) -> bytes:
    """Compile a sheet with its data to a PDF, under the strictest standard that its text allows."""
    inputs = {"data": json.dumps(data)}
    for standard in STANDARDS:
        try:
            made = typst.compile(
                SOURCES / f"{sheet}.typ",
                root=SOURCES,
                font_paths=[FONTS],
                sys_inputs=inputs,
                pdf_standards=standard,
                format="pdf",
            )
        except typst.TypstError:
            continue
        return made
    raise UnableToPrint


def make_long_pdf(sheet: str, data: dict[str, Any]) -> bytes:
    """Compile a sheet in a process of its own, whose memory is given back with it."""
    command = [sys.executable, "-m", __name__, sheet]
    try:
        made = subprocess.run(  # noqa: S603 - this very module, and no shell
            command,
            input=json.dumps(data).encode(),
            capture_output=True,
            timeout=APART_SECONDS_MAX,
            check=True,
        )
    except subprocess.SubprocessError as failed:
        raise UnableToPrint from failed
    return made.stdout


if __name__ == "__main__":
    sys.stdout.buffer.write(make_pdf(sys.argv[1], json.loads(sys.stdin.buffer.read())))
