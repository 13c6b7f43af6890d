"""Every page that the clinic has, in both themes and on every screen: axe is silent and nothing stands out.

The pages come from the clinic's own list of addresses, so that a new page cannot be left out.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from evenkeel.web.routes import every_route
from tests.journeys.person import COLORS, Meets, Person, faults, sideways
from tests.journeys.served import Clinic

CHAIRS: Final = 13
DESKTOP: Final = (1280, 800)
TABLET: Final = (1024, 768)
PHONE: Final = (390, 844)
# WCAG 2.2, 1.4.10: a page of 1280 px at 400 % zoom.
REFLOW: Final = (320, 800)

# Pages for scripts, papers, and redirections; the rest of the account pages are looked at in
# test_security_in_the_browser.
NOT_PAGES: Final = frozenset(
    {
        "alerts_controls",
        "alerts_list",
        "alerts_watch",
        "board_tiles",
        "board_wall_tiles",
        "chart_controls",
        "chart_data",
        "chart_now",
        "chart_record",
        "chart_responsible",
        "chart_saved",
        "chart_table",
        "discharge_pdf",
        "downtime_pdf",
        "draw_scan",
        "fhir_bundle",
        "fhir_metadata",
        "fhir_observation",
        "dose_label_pdf",
        "here",
        "infusion_record_pdf",
        "json_observations",
        "level_result",
        "maintenance_sheet_pdf",
        "live",
        "offline_worker",
        "quarantine_again",
        "rulebook_pdf",
        "second_person_passkey",
        "stock_case_form_106_pdf",
        "stock_form_41_pdf",
        "stock_inventory_pdf",
        "stock_scan",
        "visit",
    }
)
BY_ACCOUNT: Final = ("account_", "mfa_")
# Pages that are about a rule and name it in their own heading, or quote statements that name others;
# a page of the library names each rule behind the link to it.
ABOUT_RULES: Final = frozenset(
    {"library_topic", "rule", "rulebook", "rule_proposals", "rule_limits", "limit_change", "limits"}
)

# Who opens a page; a nurse, where nothing else is said.
OPENED_BY: Final = {
    "accept_handover": "prescriber",
    "alert_load": "lead",
    "decline_handover": "prescriber",
    "take_over": "prescriber",
    "access_log": "admin",
    "add_person": "admin",
    "chairs": "lead",
    "device_settings": "lead",
    "check_in_decision": "prescriber",
    "course_end": "prescriber",
    "gateway_add": "admin",
    "gateway_end": "admin",
    "gateways": "admin",
    "limit_change": "lead",
    "limits": "lead",
    "maintenance": "prescriber",
    "order": "prescriber",
    "order_cancel": "prescriber",
    "people": "admin",
    "person": "admin",
    "person_end": "admin",
    "person_password": "admin",
    "person_restore": "admin",
    "person_role": "admin",
    "person_second_factor": "admin",
    "refer": "desk",
    "response": "prescriber",
    "review": "prescriber",
    "screening_decision": "prescriber",
    "settings": "lead",
    "stock_case_close": "lead",
    "stock_case_form": "lead",
    "stock_case_hand_over": "lead",
    "stock_case_judge": "lead",
    "stock_case_note": "lead",
    "stock_case_notice": "lead",
    "stock_reports": "lead",
    **dict.fromkeys(
        (
            "drug_settings",
            "site_add",
            "site_chair",
            "site_change",
            "sites",
            "stock_accept",
            "stock_destroy",
            "stock_expiry",
            "stock_lift",
            "stock_lock_away",
            "stock_lot_visits",
            "stock_opening",
            "stock_recall",
            "stock_receive",
            "stock_return",
            "stock_send",
            "stock_take_back",
            "stock_up",
        ),
        "lead",
    ),
}
# The course, visit or entry that shows most of a page. Others show any course after three infusions, and any
# visit that runs.
SHOWN_ON: Final = {
    "alert_acknowledge": {"visit": "visit paused"},
    "alert_answer": {"visit": "visit paused"},
    "alert_pause_sound": {"visit": "visit paused"},
    "alerts": {"visit": "visit paused"},
    "assessment_read": {"course": "course at_risk", "seq": "seq of risk"},
    "book": {"course": "course planned"},
    "cancel_visit": {"visit": "visit booked"},
    "check_in": {"visit": "visit booked"},
    "check_in_decision": {"visit": "visit awaiting_prescriber"},
    "consent": {"course": "course screened"},
    "discharge": {"visit": "visit recovery"},
    "double_check": {"visit": "visit drawn"},
    "draw": {"visit": "visit ordered"},
    "maintenance": {"course": "course response_due"},
    "repeated_checks": {"course": "course response_due"},
    "order": {"visit": "visit checked_in"},
    "order_cancel": {"visit": "visit ordered"},
    "patient": {"patient": "patient response_due"},
    "rebook": {"visit": "visit booked"},
    "replace_bag": {"visit": "visit paused"},
    "response": {"course": "course response_due"},
    "resume": {"visit": "visit paused"},
    "risk": {"course": "course at_risk", "seq": "seq of risk"},
    "screening": {"course": "course referred"},
    "screening_decision": {"course": "course awaiting_prescriber"},
    "series": {"course": "course consented"},
    "start": {"visit": "visit ready"},
    "stock_accept": {"seq": "seq of receipt"},
    "stock_count_result": {"seq": "seq of count"},
    "stock_take_back": {"seq": "seq of receipt"},
    "stock_waste_opened": {"custody": "custody of vial", "vial": "vial opened"},
    "time_out": {"visit": "visit double_checked"},
    "quarantine_line": {"pk": "pk of quarantine"},
    "quarantine_message": {"pk": "pk of quarantine"},
    "visit_drug": {"visit": "visit recovery"},
    "visit_waste": {"visit": "visit recovery"},
}
ANY: Final = {
    "course": "course review_due",
    "patient": "patient review_due",
    "reference": "visit running",
    "visit": "visit running",
}


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A clinic in which every page has something to show."""
    opened = Clinic(tmp_path_factory.mktemp("pages"), starts_at=datetime(2026, 6, 23, 15, 0, tzinfo=UTC))
    opened.open()
    try:
        opened.prepare("furnish", at=datetime(2026, 5, 1, tzinfo=UTC), chairs=CHAIRS)
        yield opened
    finally:
        opened.close()


@pytest.fixture(scope="module")
def shown(clinic: Clinic) -> dict[str, str]:
    """What there is to open."""
    found: dict[str, str] = clinic.prepare("examples", at=clinic.now)
    return found


def addresses(shown: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """Every page by who opens it: (name of the route, address)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for route in every_route():
        if route.name in NOT_PAGES or route.name.startswith(BY_ACCOUNT):
            continue
        address = "/" + route.pattern
        for name in route.parameters:
            key = SHOWN_ON.get(route.name, {}).get(name, ANY.get(name, name))
            for kind in ("uuid", "int", "str", "slug"):
                address = address.replace(f"<{kind}:{name}>", shown[key])
        assert "<" not in address, f"{route.name} has nothing to show"
        found.setdefault(OPENED_BY.get(route.name, "nurse"), []).append((route.name, address))
    return found


def unlinked_rules(page: Page) -> list[str]:
    """Words of the page that name a rule, where neither they nor the finding around them lead to a rule."""
    found: list[str] = page.evaluate(
        r"""() => {
            const walk = document.createTreeWalker(document.querySelector("main") ?? document.body, 4);
            const found = [];
            for (let text = walk.nextNode(); text; text = walk.nextNode()) {
                const names = /\b(?!HAZ)[A-Z]{3}-[A-Z0-9]{2,4}-[0-9]{3}\b/.test(text.data);
                const to = 'a[href*="/rulebook/"]';
                const around = text.parentElement.closest(".ek-finding, .ek-alert, .ek-details, .ek-notice");
                const leads = text.parentElement.closest(`${to}, script`) ?? around?.querySelector(to);
                if (names && !leads) found.push(text.data.trim().slice(0, 120));
            }
            return found;
        }"""
    )
    return found


def look(person: Person, name: str) -> list[str]:
    """Look at the page that is open, on every screen and in both themes."""
    found: list[str] = []

    def note(screen: tuple[int, int], theme: str, what: list[str]) -> None:
        found.extend(f"{name} at {screen[0]} px, {theme}: {each}" for each in what)

    page = person.page
    own = str(page.locator("html").get_attribute("data-theme"))
    other = {"light": "dark", "dark": "light"}[own]
    note(DESKTOP, own, faults(page))
    if name not in ABOUT_RULES:
        note(DESKTOP, own, [f"names a rule and does not lead to it: {each}" for each in unlinked_rules(page)])
    page.locator("html").evaluate("(html, theme) => { html.dataset.theme = theme; }", other)
    note(DESKTOP, other, faults(page, COLORS))
    page.locator("html").evaluate("(html, theme) => { html.dataset.theme = theme; }", own)
    for screen in (TABLET, PHONE, REFLOW):
        page.set_viewport_size({"width": screen[0], "height": screen[1]})
        if sideways(page) > 0:
            note(screen, own, [f"{sideways(page)} px wider than the screen"])
        if screen == PHONE:
            note(screen, own, faults(page))
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    return found


@pytest.mark.parametrize("username", ["desk", "nurse", "prescriber", "lead", "admin"])
def test_every_page_is_accessible_on_every_screen(
    clinic: Clinic, shown: dict[str, str], meets: Meets, username: str
) -> None:
    pages = addresses(shown)
    assert set(pages) == {"desk", "nurse", "prescriber", "lead", "admin"}
    person = meets(clinic, username, has_touch=True)
    person.sign_in(to="/rulebook/")
    if username == "prescriber":
        person.set_up_an_authenticator()
    else:
        person.reads_heading("Rulebook")
    found: list[str] = []
    for name, address in [("today", "/"), *pages[username]]:
        answer = person.page.goto(clinic.address + address)
        assert answer is not None
        assert answer.status == 200, f"{name} at {address} was answered with {answer.status}"
        found += look(person, name)
    assert not found, "\n".join(found)


# Whatever has the focus can be seen to have it, and is not behind what stays in reach: "" when that is so. It
# is given two seconds, since values that arrive move what stands below them. The main part is longer than the
# screen.
UNSEEN: Final = """async () => {
    const isSeen = (each) => {
        if (each.id === "main") return true;
        const box = each.getBoundingClientRect();
        const x = box.x + box.width / 2, y = box.y + Math.min(box.height / 2, 20);
        const there = document.elementFromPoint(x, y);
        return !!there && each !== document.body && (each.contains(there) || there.contains(each));
    };
    for (let look = 0; look < 20 && !isSeen(document.activeElement); look += 1)
        await new Promise((done) => setTimeout(done, 100));
    return isSeen(document.activeElement) ? "" : document.activeElement.outerHTML.slice(0, 120);
}"""


def test_one_check_is_charted_with_the_keyboard_alone(
    clinic: Clinic, shown: dict[str, str], meets: Meets
) -> None:
    nora = meets(clinic, "nurse")
    nora.sign_in(to=f"/visits/{shown['visit running']}/chart/")
    nora.reads_heading("Chart")
    # Once the page is there and has heard from the clinic, nothing but what a person does moves it by much
    nora.page.wait_for_load_state()
    expect(nora.page.locator("[data-live-state]")).to_have_text("live")
    # From the top of the page, never touching it
    nora.page.keyboard.press("Tab")
    focused = nora.page.locator(":focus")
    expect(focused).to_have_text("Skip to main content")
    nora.page.keyboard.press("Enter")
    # A browser moves the focus to the place of an address when it next draws the page.
    nora.page.wait_for_url("**/chart/#main")
    expect(nora.page.locator("main#main")).to_be_focused()
    for _ in range(40):
        nora.page.keyboard.press("Tab")
        unseen = nora.page.evaluate(UNSEEN)
        assert not unseen, f"{unseen} has the focus and cannot be seen"
        if nora.page.evaluate("document.activeElement.name") == "systolic":
            break
    expect(nora.page.locator("#id_systolic")).to_be_focused()
    for value in ("132", "84", "77", "98", "14", "5", "2", "0"):
        nora.page.keyboard.type(value)
        nora.page.keyboard.press("Tab")
    nora.page.keyboard.press("Enter")
    nora.reads("The check is charted.")
    nora.reads("132/84 mmHg")
