"""What one person does at one screen, and what is wrong with the page there: on every screen there is."""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.factories import NOW
from tests.journeys.person import faults, sideways

# Desk, tablet at the chair, phone.
SCREENS: Final = ((1280, 800), (820, 1180), (390, 844))


class ClinicClock:
    """What the clinic's own clock shows, which a test turns; sessions go by the machine's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: datetime = NOW) -> None:
        self.now = at
        for module in ("pages", "middleware", "accounts"):
            monkeypatch.setattr(f"evenkeel.web.{module}.now", lambda: self.now)

    def turn(self, minutes: int) -> None:
        """Turn it to so many minutes after nine."""
        self.now = NOW + timedelta(minutes=minutes)


def wrong_on(page: Page) -> list[Any]:
    """What axe finds on the page as it is, and a page that is wider than a screen."""
    before = page.viewport_size
    wrong: list[Any] = list(faults(page))
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        if (over := sideways(page)) > 0:
            wrong.append(f"{over} px wider than {width} px")
    if before is not None:
        page.set_viewport_size(before)
    return wrong


def heading(page: Page, words: str) -> None:
    """Wait for the page with this heading, and look it over on every screen."""
    expect(page.get_by_role("heading", level=1)).to_have_text(words)
    wrong = wrong_on(page)
    assert wrong == [], f"{words}: {wrong}"


def follow(page: Page, words: str) -> None:
    """Click a link in the main part."""
    page.get_by_role("main").get_by_role("link", name=words, exact=True).first.click()


def press(page: Page, words: str) -> None:
    """Press a button in the main part."""
    page.get_by_role("main").get_by_role("button", name=words, exact=True).click()
