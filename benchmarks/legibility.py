"""How large what has to be seen at a glance is: `python benchmarks/legibility.py [--chairs 12,50]`.

Opens the board as it hangs on a wall, and a chart on a tablet, in a real browser, and prints the height of a
capital letter of each of their parts in pixels, millimeters and minutes of arc at the distance from which it
is read. Asserts nothing: how soon somebody finds the worst chair only people can tell.
"""

import argparse
import math
import tempfile
from pathlib import Path
from typing import Any, Final

from chairside_pages import signed_in, wait_for
from playwright.sync_api import Browser, sync_playwright

from benchmarks.chairside import Served
from tests.browser import launch_chromium
from tests.faults.killed_clinic import KilledClinic

# At least 16 minutes of arc, 20 to 22 preferred: ISO 9241-3, as quoted in NUREG-0700 Rev. 2, 1.3.1-4.
LEAST_ARC: Final = 16
MM_PER_INCH: Final = 25.4
# What it hangs or lies on: pixels, inches across, and from how far it is read.
WALL: Final = ((1920, 1080), 43.0, 3.0)
TABLET: Final = ((1280, 800), 10.1, 0.6)
# What is redrawn right after the opening is measured as it then stands.
SETTLED_MS: Final = 2000
_BOARD: Final = {
    "the worst chairs, above all": ".ek-worst__one b",
    "what is wrong there": ".ek-worst__one > span",
    "a chair's name": ".ek-tile__chair",
    "its signs": ".ek-tile__sign b",
    "its patient": ".ek-tile__patient",
    "its next check": ".ek-tile__due .ek-due__at",
    "the clock": ".ek-wall__clock",
}
_CHART: Final = {
    "the signs now": ".ek-live__value",
    "Stop": ".ek-button--stop",
    "Pause": ".ek-controls button",
    "a box of the check": "#id_systolic",
}
_CAPITAL: Final = """element => {
  const style = getComputedStyle(element), pen = document.createElement("canvas").getContext("2d");
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  return pen.measureText("H").actualBoundingBoxAscent;
}"""


def heights(
    browser: Browser, clinic: KilledClinic, path: str, parts: dict[str, str], place: Any
) -> list[str]:
    """A line for each part that stands on the page."""
    size, inches, meters = place
    context = signed_in(browser, clinic, size)
    page = context.new_page()
    page.goto(f"http://localhost:{clinic.http}{path}")
    page.locator(next(iter(parts.values()))).first.wait_for(timeout=60_000)
    page.wait_for_load_state()
    page.evaluate("() => document.fonts.ready")
    page.wait_for_timeout(SETTLED_MS)
    mm_per_pixel = inches * MM_PER_INCH / math.hypot(*size)
    lines = []
    for words, selector in parts.items():
        element = page.locator(selector).first
        if not element.count():
            continue
        pixels = float(element.evaluate(_CAPITAL))
        mm = pixels * mm_per_pixel
        arc = math.degrees(math.atan(mm / 1000 / meters)) * 60
        word = "" if arc >= LEAST_ARC else f", below {LEAST_ARC}"
        lines.append(f"{words:>30}: {pixels:5.1f} px, {mm:5.1f} mm, {arc:5.1f} minutes of arc{word}")
    context.close()
    return lines


def main() -> None:
    """Measure the wall for each number of chairs, and one chart."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--chairs", default="12,50", help="numbers of chairs, with commas")
    for chairs in (int(each) for each in options.parse_args().chairs.split(",")):
        with (
            tempfile.TemporaryDirectory() as folder,
            KilledClinic(Path(folder), chairs=chairs, phase="running") as clinic,
            sync_playwright() as playwright,
        ):
            served = Served(clinic)
            wait_for(served, clinic)
            browser = launch_chromium(playwright)
            print(f'{chairs} chairs on the wall, {WALL[1]:g}" at {WALL[2]:g} m:')
            print("\n".join(heights(browser, clinic, "/board/wall/", _BOARD, WALL)))
            print(f'a chart, {TABLET[1]:g}" at {TABLET[2]:g} m:')
            chart = f"/visits/{clinic.visits[0]['visit']}/chart/"
            print("\n".join(heights(browser, clinic, chart, _CHART, TABLET)), flush=True)
            browser.close()
            served.close()


if __name__ == "__main__":
    main()
