"""Stock comes in by scan and by hand, goes to the cabinet, is recalled, returned and destroyed by two."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evenkeel.values.ids import StreamId, reference_of
from tests import factories
from tests.factories import NOW, PASSWORD
from tests.factories_custody import held_mcg, receive, the_lot
from tests.journeys.one_screen import ClinicClock, follow, heading, press
from tests.journeys.test_security_in_the_browser import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_event_stream")]

Turn = Callable[[int], None]
# Ketamine 100 mg/mL, 5 mL (NDC 0409-2051-05), expiry 30 Nov 2027, lot K-SCAN, as a GS1 label has it.
CODE = "01003040920510571727113010K-SCAN"


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Turn:
    """Turn the clinic's clock to so many minutes after nine."""
    return ClinicClock(monkeypatch).turn


@pytest.fixture
def clinic(live_server: LiveServer, settings: Settings, turn: Turn) -> str:
    """The clinic's address, in which a password is enough; some stock has been there since the morning."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    factories.people()
    before = NOW - timedelta(hours=1)
    receive("midazolam_1_2", "MZ-77 with a name as long as labels", 12, into="safe", at=before)
    receive("ondansetron_2_2", "N-1", 5, expiry=NOW.date() + timedelta(days=20), at=before)
    receive("ketamine_10_20", "K-OLD", 2, into="safe", expiry=NOW.date() - timedelta(days=3), at=before)
    return live_server.url


def fill(page: Page, **typed: str) -> None:
    """Type into boxes by their names."""
    for name, value in typed.items():
        page.locator(f"[name={name}]").fill(value)


def receive_an_invoice(page: Page) -> None:
    """One line scanned, one typed by hand."""
    follow(page, "Receive stock")
    heading(page, "Receive stock")
    fill(page, party="Northwind Medical Supply", paper_number="INV-7", party_number="RN0000001")
    scan = page.get_by_label("Code on the label")
    scan.fill(CODE)
    scan.press("Enter")
    expect(page.locator("[data-scan-words]")).to_contain_text("lot K-SCAN")
    expect(page.locator("[name=line_lot_0]")).to_have_value("K-SCAN")
    fill(page, line_vials_0="6")
    press(page, "Add another line")
    heading(page, "Receive stock")
    page.locator("[name=line_product_1]").select_option("ketamine_50_10")
    fill(page, line_lot_1="K-2231", line_expiry_date_1="2027-11-30", line_vials_1="ten")
    press(page, "Receive")
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    expect(page.locator("[name=line_vials_1]")).to_have_value("ten")
    fill(page, line_vials_1="10")
    press(page, "Receive")
    heading(page, "Stock")


def bring_to_the_cabinet(page: Page, lot: str, vials: str) -> None:
    """From the stock page to the lot, and its vials to the cabinet."""
    follow(page, lot)
    heading(page, f"Lot {lot}")
    follow(page, "Bring to the cabinet")
    heading(page, "Bring to the cabinet")
    fill(page, vials=vials)
    press(page, "Bring to the cabinet")
    heading(page, f"Lot {lot}")


def address(clinic: str, lot: StreamId) -> str:
    """The page of a lot."""
    return f"{clinic}/stock/lots/{reference_of(lot)}/"


def test_stock_is_received_kept_recalled_returned_and_destroyed(page: Page, clinic: str, turn: Turn) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, clinic, "registrant", to="/stock/")
    heading(page, "Stock")
    turn(5)
    receive_an_invoice(page)
    bring_to_the_cabinet(page, "K-2231", "8")
    assert held_mcg(the_lot(), "cabinet") == 8 * 500_000

    follow(page, "Recall")
    heading(page, "Recall the lot")
    fill(page, reason="The maker's notice of today: particles of glass.")
    press(page, "Recall the lot")
    heading(page, "Lot K-2231")
    expect(page.get_by_role("main")).to_contain_text("Do not use this lot")
    expect(page.get_by_role("link", name="Bring to the cabinet")).to_have_count(0)
    follow(page, "Who had drug of this lot")
    heading(page, "Who had drug of lot K-2231")
    follow(page, "Back to the lot")

    follow(page, "Return")
    heading(page, "Return stock")
    page.get_by_label("Cabinet", exact=True).check()
    fill(page, vials="8", party="Ebb Returns", paper_number="R-1", on_date="2026-06-01")
    press(page, "Return it")
    heading(page, "Lot K-2231")
    assert held_mcg(the_lot(), "distributor") == 8 * 500_000
    assert errors == []


def destroy(page: Page, second: str = "Nora Lindqvist RN") -> None:
    """Fill the page of a destruction in, to the second person's password."""
    page.get_by_label("Safe", exact=True).check()
    fill(
        page,
        vials="2",
        paper_number="D-1",
        party="this clinic",
        on_date="2026-06-01",
        method="digested in a kit",
    )
    page.get_by_label("Second person", exact=True).select_option(second)
    page.get_by_label("Their password").fill(PASSWORD)


def test_expired_stock_is_destroyed_by_two_and_printed(page: Page, clinic: str) -> None:
    lot = the_lot("ketamine_10_20", "K-OLD")
    sign_in(page, clinic, "registrant", to=f"/stock/lots/{reference_of(lot)}/destroy/")
    heading(page, "Destroy stock")
    destroy(page)
    page.get_by_text("The second person does not confirm it").click()
    page.get_by_label("If they do not confirm it: why not").fill("I came when it was over.")
    press(page, "Write down that they did not see it")
    heading(page, "Lot K-OLD")
    expect(page.get_by_role("main")).to_contain_text("I came when it was over.")
    assert held_mcg(lot, "safe") == 2 * 200_000

    follow(page, "Destroy")
    heading(page, "Destroy stock")
    destroy(page)
    press(page, "Both saw it destroyed")
    heading(page, "Lot K-OLD")
    assert held_mcg(lot, "destroyed") == 2 * 200_000
    link = page.get_by_role("link", name="Data for form 41, D-1 (PDF)").get_attribute("href")
    answer = page.request.get(f"{clinic}{link}")
    words = " ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(answer.body())).pages)
    for expected in ("55150-438-10", "K-OLD", "digested in a kit", "Nora Lindqvist RN", "Nothing was filed"):
        assert expected in words


def test_the_other_pages_of_the_stock_can_be_read_by_everybody(page: Page, clinic: str) -> None:
    lot = the_lot("ondansetron_2_2", "N-1")
    sign_in(page, clinic, "lead", to="/settings/sites/add/")
    heading(page, "Add a site")
    fill(page, name="Hill Street", reason="a second house")
    press(page, "Add the site")
    heading(page, "Sites")
    for path, words in (
        ("/settings/drug/", "How drug is handled"),
        ("/settings/sites/chair/", "Put a chair at a site"),
        ("/settings/", "Settings"),
        ("/stock/opening/", "Enter the first inventory"),
        ("/stock/", "Stock"),
    ):
        page.goto(f"{clinic}{path}")
        heading(page, words)
    for path, words in (
        ("discard/", "Throw away"),
        ("break/", "A vial broke"),
        ("lock-away/", "Put into the safe"),
        ("send/", "Send to another site"),
        ("expiry/", "Correct the expiry"),
        ("take-back/2/", "Take a movement back"),
    ):
        page.goto(f"{address(clinic, lot)}{path}")
        heading(page, words)
