"""An inspector asks for last month: the registrant shows it, prints it, and takes all of it in one file."""

import csv
import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evenkeel.store import sites
from evenkeel.store.models import MAIN_SITE
from evenkeel.store.sites import Site
from tests import factories, factories_custody
from tests.factories import NOW, people
from tests.journeys.one_screen import wrong_on
from tests.journeys.test_security_in_the_browser import sign_in
from tests.ledger_days import MINUTE, infuse
from tests.reports_desk import text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_event_stream")]

LATER = NOW + timedelta(days=40)


@pytest.fixture
def clinic(live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """The clinic's address in the month after three infusions."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    for module in ("pages", "middleware", "accounts"):
        monkeypatch.setattr(f"evenkeel.web.{module}.now", lambda: LATER)
    described = Site(
        id=MAIN_SITE, name="Harbor site", address="5 Quay, Portland, ME 04101", registration="RH0000001"
    )
    sites.describe(described, by=people().lead, at=NOW, reason="opening of the clinic")
    lot = factories_custody.receive(lot="K-2231", vials=6)
    factories_custody.receive(product="midazolam_1_2", lot="M-1", vials=25, into="safe")
    for day, chair in enumerate(factories.chairs()):
        at = NOW + timedelta(days=day, hours=2)
        visit = factories.book(factories.planned_course(), at, chair)
        infuse(lot, visit, at + 20 * MINUTE, vial=f"K-2231-{day + 1}", drawn=40, given=35)
    return live_server.url


def download(page: Page, button: str) -> tuple[str, bytes]:
    """Press a button and wait for its file: what it is called, and what is in it."""
    with page.expect_download() as coming:
        page.get_by_role("button", name=button, exact=True).click()
    return coming.value.suggested_filename, Path(coming.value.path()).read_bytes()


def test_last_month_is_shown_printed_and_taken_away(page: Page, clinic: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, clinic, "registrant", to="/stock/reports/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Reports of the drug ledger")
    expect(page.get_by_label("Time", exact=True)).to_have_value("last_month")
    assert wrong_on(page) == []

    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("heading", level=2, name="Administration log, 1 Jun 2026")).to_be_visible()
    expect(page.get_by_text("3 lines, page 1 of 1.")).to_be_visible()
    expect(page.get_by_text("Given in all: ketamine 105 mg.")).to_be_visible()
    # No patient's name may stand in an address, and a report is asked for by a form.
    assert page.url == f"{clinic}/stock/reports/#found"
    assert wrong_on(page) == []

    name, pdf = download(page, "Download PDF")
    assert name == "drug-ledger-administration-2026-06-01-to-2026-06-30.pdf"
    words = text_of(pdf)
    for said in ("Harbor site", "DEA number RH0000001", "by Rosa Delgado PharmD", "page 1 of 1", "35 mg"):
        assert said in words
    name, table = download(page, "Download CSV")
    assert name == "drug-ledger-administration-2026-06-01-to-2026-06-30.csv"
    rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    assert [row["quantity_mg"] for row in rows] == ["35", "35", "35"]
    name, packed = download(page, "Download inspection export")
    assert name == "drug-ledger-inspection-2026-06-01-to-2026-06-30.zip"
    archive = zipfile.ZipFile(io.BytesIO(packed))
    assert archive.testzip() is None
    assert "administration.pdf" in archive.read("README.txt").decode()
    # The page is still there, and its buttons still work.
    page.get_by_label("Reconciliation by lot").check()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("Every lot adds up.")).to_be_visible()
    assert wrong_on(page) == []
    assert errors == []


def test_a_question_that_cannot_be_answered_is_put_right_with_the_keyboard(page: Page, clinic: str) -> None:
    sign_in(page, clinic, "lead", to="/stock/reports/")
    page.get_by_label("Perpetual balance").check()
    page.get_by_label("Patient (optional)").fill("Mara")
    page.get_by_label("Patient (optional)").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Patient: this report does not go by it.")
    assert wrong_on(page) == []
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Patient (optional)")).to_be_focused()
    expect(page.get_by_label("Patient (optional)")).to_have_value("Mara")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2, name="Perpetual balance")).to_be_visible()
    expect(page.get_by_role("cell", name="6 vials, 3,000 mg").first).to_be_visible()
    assert wrong_on(page) == []


def test_what_is_not_there_is_said(page: Page, clinic: str) -> None:
    sign_in(page, clinic, "lead", to="/stock/reports/")
    page.get_by_label("Lot (optional)").fill("K-9999")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("Nobody was given drug that fits.")).to_be_visible()
    assert wrong_on(page) == []
