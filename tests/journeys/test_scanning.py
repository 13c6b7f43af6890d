"""A label's code on a real screen: typed as scanners type it, read by a camera, refused, and taken back.

The box stands on a form of the test's own, inside a page of the served clinic, so that it is tried with the
clinic's own look-up, scripts and security policy, whatever forms use it.
"""

import re
from typing import Any, Final

from django import forms
from markupsafe import Markup
from playwright.sync_api import Locator, Page, Route, expect

from evenkeel.web.jinja import environment
from evenkeel.web.scan_field import ScanFields
from tests.journeys.person import Meets, Person
from tests.journeys.served import Clinic

# NDCs 0409-2051-05, 42023-113-10 and 70860-600-02 as GTIN: "003", ten digits, check digit (worked out in
# tests/unit/custody/test_scanning.py).
KETAMINE: Final = "0100304092051057"
KETALAR: Final = "0100342023113108"
MIDAZOLAM: Final = "0100370860600024"
BEFORE_GS: Final = f"{KETAMINE}17271130104K118A"
AFTER_GS: Final = "2110000000217"

TEMPLATE: Final = """
{% import "parts/forms.html.jinja" as forms with context %}
{% import "parts/scan.html.jinja" as scan %}
<h1 class="ek-h1">Receive</h1>
{{ forms.form_open(form) }}
{{ scan.field(form) }}
{{ forms.radios_field(form["product"], small=true) }}
{% call forms.row() %}
{{ forms.text_field(form["lot"], width=10) }}
{{ forms.date_field(form["expiry_date"]) }}
{% endcall %}
{% call forms.actions() %}{{ forms.submit("Receive") }}{% endcall %}
{{ forms.form_close() }}
"""
ROWS: Final = """
{% import "parts/forms.html.jinja" as forms with context %}
{% import "parts/scan.html.jinja" as scan %}
<h1 class="ek-h1">Count</h1>
{{ forms.form_open(form) }}
{{ scan.field(form) }}
{% for lot in ("4K118A", "4K118B") %}
<div data-scan-row data-product="ketamine_100_5" data-lot="{{ lot }}">
  <label for="lot-{{ lot }}">Lot {{ lot }}</label>
  <input type="checkbox" id="lot-{{ lot }}" name="lot-{{ lot }}">
</div>
{% endfor %}
{{ forms.form_close() }}
"""

# A camera that shows a gray picture, and a reader that finds in it what the test says.
CAMERA: Final = """
    window.inView = [];
    window.tracks = [];
    window.BarcodeDetector = class {
        static async getSupportedFormats() { return ["data_matrix", "upc_a", "qr_code"]; }
        constructor({ formats }) { window.formats = formats; }
        async detect() { return window.inView; }
    };
    navigator.mediaDevices.getUserMedia = async () => {
        const canvas = document.createElement("canvas");
        canvas.getContext("2d").fillRect(0, 0, 10, 10);
        const stream = canvas.captureStream();
        window.tracks.push(...stream.getTracks());
        return stream;
    };
"""


class Shelf(ScanFields):
    """A form with every box that a code can fill."""

    product = forms.ChoiceField(
        label="Vial",
        choices=[("ketamine_100_5", "100 mg/mL"), ("ketalar_10_20", "10 mg/mL")],
        widget=forms.RadioSelect,
    )
    lot = forms.CharField(label="Lot")
    expiry_date = forms.DateField(label="Expiry", widget=forms.DateInput)


class Rows(ScanFields):
    """A form that lists what is in stock."""

    scan_fills = {}  # noqa: RUF012 - as the base has it


def opens(
    clinic: Clinic, meets: Meets, form: ScanFields, template: str = TEMPLATE
) -> tuple[Person, list[str]]:
    """A nurse before the form; and whatever the page sends to its own address."""
    nora = meets(clinic, "nurse")
    sent: list[str] = []

    def serve(route: Route) -> None:
        if route.request.method != "GET":
            sent.append(route.request.post_data or "")
        page = route.fetch(url=f"{clinic.address}/", method="GET")
        words = page.text()
        token = re.search(r'<input[^>]* name="csrfmiddlewaretoken"[^>]*>', words)
        assert token is not None
        made: Any = environment(autoescape=True).from_string(template)
        inside = made.render(form=form, csrf_input=Markup(token[0]))
        script = '<script type="module" src="/static/evenkeel/scan.js"></script>'
        before, rest = re.split(r"(?<=<main)", words, maxsplit=1)
        body = f"{before}{rest.split('>', 1)[0]}>{inside}</main>{rest.split('</main>', 1)[1]}"
        body = body.replace("</body>", f"{script}</body>")
        route.fulfill(response=page, body=body)

    nora.sign_in()
    nora.page.route(f"{clinic.address}/shelf/", serve)
    return nora, sent


def shelf(clinic: Clinic, meets: Meets) -> tuple[Person, list[str]]:
    """The form with empty boxes, on the screen."""
    nora, sent = opens(clinic, meets, Shelf())
    nora.open("/shelf/", "Receive")
    expect(nora.page.get_by_role("button", name="Read the code")).to_be_visible()
    return nora, sent


def box(person: Person, name: str) -> Locator:
    """A box by its name; its label grows when it is filled by a scan."""
    return person.main.locator(f"[name={name}]")


def chosen(person: Person) -> list[str]:
    """Which product is chosen."""
    return [str(each.get_attribute("value")) for each in person.main.locator("[name=product]:checked").all()]


def scans(page: Page, *parts: str) -> None:
    """What a scanner does that types: the parts with Ctrl+] between them, then Enter."""
    page.locator("[name=scan]").focus()
    for place, part in enumerate(parts):
        if place:
            page.keyboard.press("Control+]")
        page.keyboard.type(part)
    page.keyboard.press("Enter")


def words(person: Person) -> Locator:
    """What the page says of the code."""
    return person.main.locator("[data-scan-words]")


def test_a_scan_fills_the_boxes_says_so_and_never_sends_the_form(served: Clinic, meets: Meets) -> None:
    nora, sent = shelf(served, meets)
    nora.look_over()
    scans(nora.page, BEFORE_GS, AFTER_GS)
    expect(words(nora)).to_have_text(
        "The code says: ketamine 100 mg/mL, 5 mL, lot 4K118A, expiry 30 Nov 2027. Compare it with the label."
    )
    expect(words(nora)).to_have_attribute("role", "status")
    assert chosen(nora) == ["ketamine_100_5"]
    expect(box(nora, "lot")).to_have_value("4K118A")
    expect(box(nora, "expiry_date")).to_have_value("2027-11-30")
    expect(box(nora, "scan")).to_have_value(f"{BEFORE_GS}|{AFTER_GS}")
    expect(nora.main.get_by_text("✓ scanned")).to_have_count(3)
    nora.look_over()
    # The next scan takes the place of this one: the focus stays, and what stands there is selected.
    expect(box(nora, "scan")).to_be_focused()
    scans(nora.page, f"{KETALAR}1728020010X7")
    expect(words(nora)).to_contain_text("ketamine 10 mg/mL, 20 mL (Ketalar), lot X7, expiry 29 Feb 2028")
    assert chosen(nora) == ["ketalar_10_20"]
    expect(box(nora, "lot")).to_have_value("X7")
    # Two scans in a row, the second before the first is answered.
    scans(nora.page, f"{KETALAR}1728020010X8")
    scans(nora.page, BEFORE_GS, AFTER_GS)
    expect(box(nora, "lot")).to_have_value("4K118A")
    expect(box(nora, "scan")).to_have_value(f"{BEFORE_GS}|{AFTER_GS}")
    assert chosen(nora) == ["ketamine_100_5"]
    assert sent == []


def test_what_was_scanned_is_taken_back_and_what_was_typed_is_kept(served: Clinic, meets: Meets) -> None:
    nora, sent = shelf(served, meets)
    scans(nora.page, BEFORE_GS, AFTER_GS)
    expect(box(nora, "lot")).to_have_value("4K118A")
    box(nora, "lot").fill("4K118B")
    expect(nora.main.get_by_text("✓ scanned")).to_have_count(2)
    # A wrong check digit.
    scans(nora.page, "00304092051056")
    expect(words(nora)).to_contain_text("The check digit is wrong")
    assert chosen(nora) == []
    expect(box(nora, "expiry_date")).to_have_value("")
    expect(box(nora, "lot")).to_have_value("4K118B")
    nora.look_over()
    # The same product, by its NDC alone: the lot was typed for it.
    scans(nora.page, "0409-2051-05")
    expect(words(nora)).to_contain_text("It does not say: lot, expiry date.")
    expect(box(nora, "lot")).to_have_value("4K118B")
    # Another product: the lot is not of this vial.
    scans(nora.page, "42023-113-10")
    expect(words(nora)).to_contain_text("Ketalar")
    assert chosen(nora) == ["ketalar_10_20"]
    expect(box(nora, "lot")).to_have_value("")
    # A second code of the same vial names lot and expiry alone.
    scans(nora.page, "]C1172711301077")
    expect(box(nora, "lot")).to_have_value("77")
    assert chosen(nora) == ["ketalar_10_20"]
    # A product that this form does not take.
    scans(nora.page, f"{MIDAZOLAM}1727113010M1")
    expect(words(nora)).to_contain_text("midazolam 1 mg/mL, 2 mL")
    expect(words(nora)).to_contain_text("This product cannot be chosen here.")
    assert chosen(nora) == []
    expect(box(nora, "lot")).to_have_value("")
    assert sent == []


def test_a_code_that_is_typed_is_read_by_the_button_or_when_the_box_is_left(
    served: Clinic, meets: Meets
) -> None:
    nora, _ = shelf(served, meets)
    box(nora, "scan").fill("0409205105")
    nora.press("Read the code")
    expect(words(nora)).to_contain_text("ketamine 100 mg/mL, 5 mL")
    box(nora, "scan").fill("42023011310")
    nora.page.keyboard.press("Tab")
    expect(words(nora)).to_contain_text("Ketalar")
    # Somebody signed out in another tab: the code is not read, and the page says so.
    nora.context.clear_cookies()
    box(nora, "scan").fill("0409205105")
    nora.press("Read the code")
    expect(words(nora)).to_contain_text("The code was not read")
    assert chosen(nora) == []


def test_a_form_that_came_back_still_knows_what_was_scanned(served: Clinic, meets: Meets) -> None:
    form = Shelf({"scan": "(01)00304092051057(10)4K118A", "expiry_date": "2027-11-30"})
    assert form.is_valid()
    nora, _ = opens(served, meets, form)
    nora.open("/shelf/", "Receive")
    expect(nora.main.get_by_text("✓ scanned")).to_have_count(2)
    scans(nora.page, "0409-2051-05")
    expect(box(nora, "lot")).to_have_value("")
    expect(box(nora, "expiry_date")).to_have_value("2027-11-30")


def test_a_scan_picks_the_one_row_that_it_fits(served: Clinic, meets: Meets) -> None:
    nora, sent = opens(served, meets, Rows(), ROWS)
    nora.open("/shelf/", "Count")
    scans(nora.page, "0409-2051-05")
    expect(words(nora)).to_contain_text("Several of these are listed here: pick by the label.")
    scans(nora.page, BEFORE_GS, AFTER_GS)
    expect(nora.page.locator("#lot-4K118A")).to_be_checked()
    expect(nora.page.locator("#lot-4K118B")).not_to_be_checked()
    scans(nora.page, f"{KETAMINE}17271130104K118C")
    expect(words(nora)).to_contain_text("It is not among those listed here.")
    expect(nora.page.locator("#lot-4K118A")).to_be_checked()
    expect(box(nora, "scan")).to_be_focused()
    assert sent == []


def test_the_camera_reads_a_code_and_is_let_go(served: Clinic, meets: Meets) -> None:
    nora, sent = opens(served, meets, Shelf())
    nora.page.add_init_script(CAMERA)
    nora.open("/shelf/", "Receive")
    nora.press("Use the camera")
    dialog = nora.page.get_by_role("dialog", name="Camera")
    expect(dialog).to_contain_text("Hold one label in front of the camera.")
    nora.look_over()
    assert nora.page.evaluate("formats") == ["data_matrix", "upc_a"]
    nora.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert nora.page.evaluate("tracks.map((each) => each.readyState)") == ["ended"]
    nora.press("Use the camera")
    seen = [{"format": "data_matrix", "rawValue": f"{BEFORE_GS}\x1d{AFTER_GS}"}]
    other = {"format": "data_matrix", "rawValue": f"{KETALAR}17271130"}
    nora.page.evaluate("(seen) => { inView = seen; }", [*seen, other])
    expect(dialog).to_contain_text("Two codes are in view.")
    # The bars beside the DataMatrix say less, and are passed over.
    bars = {"format": "upc_a", "rawValue": "304092051057"}
    nora.page.evaluate("(seen) => { inView = seen; }", [bars, *seen])
    expect(dialog).to_be_hidden()
    expect(words(nora)).to_contain_text("ketamine 100 mg/mL, 5 mL, lot 4K118A, expiry 30 Nov 2027")
    assert nora.page.evaluate("tracks.map((each) => each.readyState)") == ["ended", "ended"]
    assert sent == []


def test_a_camera_that_is_refused_says_so(served: Clinic, meets: Meets) -> None:
    nora, _ = opens(served, meets, Shelf())
    refuse = "async () => { throw new DOMException('', 'NotAllowedError'); }"
    nora.page.add_init_script(f"{CAMERA} navigator.mediaDevices.getUserMedia = {refuse};")
    nora.open("/shelf/", "Receive")
    nora.press("Use the camera")
    dialog = nora.page.get_by_role("dialog", name="Camera")
    expect(dialog).to_contain_text("The camera cannot be used")
    dialog.get_by_role("button", name="Stop the camera").click()
    expect(dialog).to_be_hidden()


def test_without_a_reader_in_the_browser_no_camera_is_offered(served: Clinic, meets: Meets) -> None:
    nora, _ = opens(served, meets, Shelf())
    nora.page.add_init_script("delete window.BarcodeDetector;")
    nora.open("/shelf/", "Receive")
    expect(nora.page.get_by_role("button", name="Read the code")).to_be_visible()
    expect(nora.page.get_by_role("button", name="Use the camera")).to_be_hidden()


def test_every_screen_in_both_themes(served: Clinic, meets: Meets) -> None:
    nora, _ = shelf(served, meets)
    scans(nora.page, BEFORE_GS, AFTER_GS)
    expect(words(nora)).to_contain_text("4K118A")
    for theme in ("light", "dark"):
        nora.page.locator("html").evaluate("(html, theme) => { html.dataset.theme = theme; }", theme)
        for width, height in ((1280, 800), (820, 1180), (390, 844)):
            nora.page.set_viewport_size({"width": width, "height": height})
            nora.look_over()
