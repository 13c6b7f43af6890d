"""How evenly the infusion chart redraws while eight monitors send each second.

One page holds eight charts of made-up infusions, each with an hour of a monitor's values, and gives each of
them one new set of signs a second, as an answer to `?since=` would. Every frame of the browser is timed.
Nothing is asserted: read the longest frames and what share came late.

    python benchmarks/chart_redraw.py [--chairs 8] [--seconds 60] [--width 820]
"""

import argparse
import functools
import http.server
import json
import os
import platform
import sys
import threading
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.browser import launch_chromium

STATIC: Final = Path(__file__).resolve().parent.parent / "evenkeel" / "web" / "static"
# The start of a made-up infusion, in seconds, and how long its monitor has sent: one value in 20 s is kept.
START: Final = 1_767_261_600
HELD_S: Final = 3600
GRAIN_S: Final = 20

PAGE: Final = """<!DOCTYPE html><html lang="en" data-theme="dark">
<head><meta charset="utf-8"><title>Redraw</title>
<link rel="stylesheet" href="/evenkeel/tokens.css">
<link rel="stylesheet" href="/evenkeel/chart.css">
<link rel="stylesheet" href="/vendor/uplot/uPlot.min.css">
<script src="/vendor/uplot/uPlot.iife.min.js"></script></head><body>%s
<script type="module" src="/evenkeel/infusion_chart.js"></script></body></html>"""
FIGURE: Final = """<figure class="ek-chart" data-infusion-chart="chart-%d-data">
<div class="ek-chart__picture" data-chart-picture tabindex="0"></div>
<p class="ek-chart__cursor" data-chart-cursor></p></figure>
<script type="application/json" id="chart-%d-data">%s</script>"""

# Sends one set of signs a second to each chart, spread over the second as monitors are; times every frame.
DRIVE: Final = """async ({ first, chairs, seconds }) => {
    const frames = [], redraws = [];
    let last = performance.now(), running = true;
    const frame = (now) => {
        frames.push(now - last);
        last = now;
        if (running) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    const { signs } = first;
    for (let second = 1; second <= seconds; second += 1) {
        const began = performance.now();
        for (let chair = 0; chair < chairs; chair += 1) {
            const now = first.now + second;
            const sign = { ...signs.at(-1), at: now, pulse: 70 + (second + chair) % 20 };
            const chart = { ...first, now, signs: [sign], signs_from: now - now % 20 };
            const from = performance.now();
            const detail = { id: `chart-${chair}`, chart };
            document.dispatchEvent(new CustomEvent("evenkeel:refresh", { detail }));
            await new Promise((drawn) => queueMicrotask(drawn));
            redraws.push(performance.now() - from);
            await new Promise((go) => setTimeout(go, 1000 / chairs - 5));
        }
        await new Promise((go) => setTimeout(go, Math.max(0, 1000 - (performance.now() - began))));
    }
    running = false;
    return { frames: frames.slice(2), redraws };
}"""


def made_up() -> dict[str, Any]:
    """The data of one chart as the server gives it: 40 minutes of an infusion after 20 of watching."""
    now = START + HELD_S
    signs = [
        {
            "at": at,
            "source": "device",
            "amended": False,
            "was": None,
            "systolic": 120 + (at // 300) % 40 if at % 300 == 0 else None,
            "diastolic": 76 + (at // 300) % 15 if at % 300 == 0 else None,
            "mean": None,
            "pulse": 70 + (at // GRAIN_S) % 15,
            "spo2": 97,
            "breaths": 14,
            "sedation": None,
            "dissociation": None,
        }
        for at in range(START, now, GRAIN_S)
    ]
    minutes = range(START + 1200, START + 4800, 60)
    level = [min(1.0, (at - START - 1200) / 2400) * 180.0 for at in minutes]
    return {
        "now": now,
        "zone": "UTC",
        "start_at": START + 1200,
        "planned_end_at": START + 3900,
        "x": {"from": START, "to": START + 4800},
        "signs": signs,
        "signs_from": START,
        "struck": [],
        "drug": [
            {
                "from": START + 1200,
                "to": now,
                "rate_ml_per_h": 150,
                "rate_mg_per_min": 0.875,
                "given_mg": 35,
            }
        ],
        "boluses": [],
        "events": [{"at": START + 1200, "kind": "start", "label": "Start 150 mL/h"}],
        "predicted": {
            "time": list(minutes),
            "level": level,
            "low": [each * 0.6 for each in level],
            "high": [each * 1.5 for each in level],
            "unit": "ng/mL",
            "model": "made up",
            "site": "nowhere",
            "population": None,
            "citation": None,
            "status": "ok",
            "ways_on": [
                {"words": words, "time": [now, now + 450, now + 900], "level": [180.0, 120.0, 90.0]}
                for words in ("if stopped now", "if paused 10 min")
            ],
            "note": None,
        },
        "level_note": None,
        "deferred": [],
        "missed": [],
    }


def page(chairs: int) -> bytes:
    """One page with as many charts."""
    data = json.dumps(made_up())
    return (PAGE % "".join(FIGURE % (chair, chair, data) for chair in range(chairs))).encode()


class Handler(http.server.SimpleHTTPRequestHandler):
    """The static files of the program, and the page at the root."""

    chairs = 8

    def do_GET(self) -> None:
        """Answer with the page or a file."""
        if self.path != "/":
            super().do_GET()
            return
        body = page(self.chairs)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep still: only the figures are printed."""


def measure(chairs: int, seconds: int, width: int) -> dict[str, list[float]]:
    """Frame times, and how long each redraw held the page, in milliseconds."""
    Handler.chairs = chairs
    handler = functools.partial(Handler, directory=str(STATIC))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as player:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = launch_chromium(player)
        view = browser.new_page(viewport={"width": width, "height": 1180}, locale="en-US")
        view.goto(f"http://127.0.0.1:{server.server_port}/")
        view.wait_for_function(f"document.querySelectorAll('.uplot').length >= {chairs * 6}")
        found: dict[str, list[float]] = view.evaluate(
            DRIVE, {"first": made_up(), "chairs": chairs, "seconds": seconds}
        )
        browser.close()
        server.shutdown()
    return found


def at_rank(values: list[float], share: float) -> float:
    """The value below which this share lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--chairs", type=int, default=8)
    asked.add_argument("--seconds", type=int, default=60)
    asked.add_argument("--width", type=int, default=820)
    given = asked.parse_args()
    load = os.getloadavg()[0]
    found = measure(given.chairs, given.seconds, given.width)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {load:.1f} before")
    print(f"{given.chairs} charts, one set of signs a second each, {given.seconds} s, {given.width} px wide")
    for name, said in (("frames", "between two frames"), ("redraws", "one redraw")):
        values = found[name]
        ranks = ", ".join(f"p{share * 100:g} {at_rank(values, share):.1f}" for share in (0.5, 0.95, 0.99))
        print(f"{said}: {len(values)} of them, {ranks}, longest {max(values):.1f} ms")
    late = sum(each > 50 for each in found["frames"])
    print(f"frames later than 50 ms: {late} of {len(found['frames'])}")


if __name__ == "__main__":
    main()
