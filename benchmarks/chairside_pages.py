"""Weight and first paint of chart and board: `python benchmarks/chairside_pages.py [--chairs 10] [--short]`.

A served clinic and a real browser that has nothing kept: bytes as they came over the line, requests, when the
first content was painted, when the chart or the first tile stood on the screen, and the same with everything
but the page itself kept, as on the second visit of a day. Asserts nothing.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.chairside import Served, machine
from tests.browser import launch_chromium
from tests.faults.killed_clinic import KilledClinic

# A 10-inch tablet, and the wall.
SCREENS = {"tablet": (1280, 800), "wall": (1920, 1080)}
_MEASURED = """() => {
  const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return {
    bytes: all.reduce((sum, each) => sum + each.transferSize, 0),
    requests: all.length,
    painted_ms: paint ? paint.startTime : null,
  };
}"""


def signed_in(browser: Browser, clinic: KilledClinic, size: tuple[int, int]) -> BrowserContext:
    """A fresh profile in which somebody is signed in, on a screen of this size."""
    # A browser under the C locale names a language that no number can be written in.
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-US")
    name, _, value = clinic.cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": f"http://localhost:{clinic.http}"}])
    return context


def opened(browser: Browser, clinic: KilledClinic, path: str, useful: str, size: tuple[int, int]) -> Any:
    """Open a page twice in a fresh profile; returns what was measured the first and the second time."""
    context = signed_in(browser, clinic, size)
    found = []
    for _ in range(2):
        page = context.new_page()
        page.goto(f"http://localhost:{clinic.http}{path}", wait_until="commit")
        page.locator(useful).first.wait_for(state="visible", timeout=60_000)
        useful_ms = page.evaluate("() => performance.now()")
        # The event stream never ends, so the network is never idle; what a page needs is loaded by then.
        page.wait_for_load_state("load")
        page.wait_for_timeout(500)
        measured = page.evaluate(_MEASURED)
        # What stands in the page is of use only once it was painted.
        found.append(measured | {"useful_ms": max(useful_ms, measured["painted_ms"])})
        page.close()
    context.close()
    return found


def main() -> None:
    """Measure both pages on both screens."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--chairs", type=int, default=10)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--short", action="store_true", help="2 chairs, once, to see that it runs")
    options.add_argument("--report", type=Path)
    asked = options.parse_args()
    if asked.short:
        asked.chairs, asked.repeats = 2, 1
    print(f"{datetime.now(UTC):%d %b %Y %H:%M} UTC, {asked.chairs} chairs; {machine()}", flush=True)
    report = []
    with (
        tempfile.TemporaryDirectory() as folder,
        KilledClinic(Path(folder), chairs=asked.chairs, phase="running") as clinic,
        sync_playwright() as playwright,
    ):
        served = Served(clinic)
        wait_for(served, clinic)
        browser = launch_chromium(playwright)
        pages = {
            "chart": (f"/visits/{clinic.visits[0]['visit']}/chart/", "canvas", "tablet"),
            "board": ("/board/", ".ek-tile", "tablet"),
            "board on the wall": ("/board/wall/", ".ek-tile", "wall"),
        }
        for name, (path, useful, screen) in pages.items():
            runs = [opened(browser, clinic, path, useful, SCREENS[screen]) for _ in range(asked.repeats)]
            for which, place in (("first visit", 0), ("again", 1)):
                median = {key: statistics.median(run[place][key] for run in runs) for key in runs[0][place]}
                kb, first, useful_ms = median["bytes"] / 1e3, median["painted_ms"], median["useful_ms"]
                print(
                    f"{name:>18}, {which:>11}: {kb:,.0f} kB in {median['requests']:.0f} requests; "
                    f"first paint {first:,.0f} ms, useful {useful_ms:,.0f} ms",
                    flush=True,
                )
                report.append({"page": name, "visit": which, **median})
        browser.close()
        served.close()
    print(machine())
    if asked.report:
        asked.report.write_text(json.dumps(report, indent=1))


def wait_for(served: Served, clinic: KilledClinic) -> None:
    """Wait until a page answers."""
    # Playwright runs a loop of its own in this thread, so this one gets another.
    from threading import Thread

    waiting = Thread(target=lambda: asyncio.run(served.ready(clinic.cookie)))
    waiting.start()
    waiting.join()


if __name__ == "__main__":
    main()
