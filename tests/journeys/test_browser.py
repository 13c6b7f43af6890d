"""The browser that journeys are tested in is there, draws what people type, and sees what axe should see."""

from pathlib import Path
from typing import cast

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Playwright

from tests import browser

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Chart</title>
<main><h1>Łukasz Ångström, 0.5 mg/kg</h1>{}</main></html>"""


@pytest.mark.browser
def test_letters_and_signs_are_drawn_and_not_boxes(page: Page) -> None:
    page.set_content(PAGE.format("<p></p>"))
    # A letter that no font has is drawn as the same box every time; these all differ from it.
    drawn = page.evaluate(
        """letters => letters.map(letter => {
            const canvas = Object.assign(document.createElement('canvas'), {width: 64, height: 64});
            const pen = canvas.getContext('2d');
            pen.font = '40px sans-serif';
            pen.fillText(letter, 8, 48);
            return canvas.toDataURL();
        })""",
        ["\U0010fff0", "Ł", "å", "µ", "≥", "×", "→", "✓", "⚠", "▲", "☎", "😀"],
    )
    assert len(set(drawn)) == len(drawn)


@pytest.mark.browser
def test_axe_finds_a_planted_fault_and_no_other(page: Page) -> None:
    page.set_content(PAGE.format("<img src='data:,'>"))
    assert [fault["id"] for fault in Axe().run(page).response["violations"]] == ["image-alt"]
    page.set_content(PAGE.format("<img src='data:,' alt='Level over time'>"))
    assert Axe().run(page).response["violations"] == []


def test_a_missing_browser_says_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("EVENKEEL_CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "CHROMIUM_FOLDER", tmp_path)
    with pytest.raises(browser.BrowserMissing, match="make setup-test"):
        browser.launch_chromium(cast(Playwright, None))
