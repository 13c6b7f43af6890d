"""The nurse looks whether a pack is there, makes one, and takes a fresh one away."""

from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evenkeel.web import downtime_pack
from tests import factories_chairside
from tests.journeys.one_screen import ClinicClock, heading, press
from tests.journeys.test_security_in_the_browser import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_event_stream")]


def test_a_pack_is_made_and_a_fresh_one_is_taken_away(
    page: Page,
    live_server: LiveServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    settings.DOWNTIME_DIR = tmp_path / "packs"
    # The clock leaps, which is not somebody who went away.
    settings.IDLE_LOGOFF_MINUTES = 600
    monkeypatch.setattr(downtime_pack, "_last", None)
    clock = ClinicClock(monkeypatch)
    factories_chairside.running_visit()
    clock.turn(104)
    sign_in(page, live_server.url, "nurse", to="/downtime/")
    heading(page, "Downtime pack")
    expect(page.get_by_text("No pack lies in the folder.")).to_be_visible()
    press(page, "Make one in the folder now")
    expect(page.get_by_text("The last pack is recent")).to_be_visible()
    heading(page, "Downtime pack")
    (made,) = settings.DOWNTIME_DIR.iterdir()
    expect(page.get_by_text(made.name)).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Take a fresh pack (PDF)").click()
    assert taken.value.suggested_filename == "evenkeel-downtime-20260601T144400Z.pdf"
    first = PdfReader(BytesIO(Path(taken.value.path()).read_bytes())).pages[0].extract_text()
    assert "Testwell" in first
    clock.turn(130)
    page.reload()
    expect(page.get_by_text("The last pack is old")).to_be_visible()
