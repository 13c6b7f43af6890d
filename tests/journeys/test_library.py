"""The library on a real screen, by somebody who never signed in: every page, every screen, both themes."""

from typing import Final

import pytest
from playwright.sync_api import expect

from evenkeel.clinical.library import library
from tests.journeys.person import Meets, Person, faults, sideways
from tests.journeys.served import Clinic

SCREENS: Final = ((1280, 800), (820, 1180), (390, 844), (320, 800))
PLACES: Final = ("", "claims/", *(f"{slug}/" for slug in library().pages))
# Between them these have every part that a page may have.
IN_THE_DARK: Final = ("", "claims/", "what-it-is/", "evidence-by-use/")


@pytest.fixture
def reader(served: Clinic, meets: Meets) -> Person:
    """A patient at home: no user name, no password."""
    return meets(served, "nobody", has_touch=True)


def test_every_page_is_accessible_on_every_screen(reader: Person) -> None:
    page, found = reader.page, []
    for place in PLACES:
        answer = page.goto(f"{reader.address}/library/{place}")
        assert answer is not None
        assert answer.status == 200, place
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        for screen in SCREENS:
            page.set_viewport_size({"width": screen[0], "height": screen[1]})
            if sideways(page) > 0:
                found.append(f"{place} at {screen[0]} px: {sideways(page)} px wider than the screen")
        found += [f"{place}: {fault}" for fault in faults(page)]
        if place in IN_THE_DARK:
            page.locator("html").evaluate("(html) => { html.dataset.theme = 'dark'; }")
            found += [f"{place} in the dark: {fault}" for fault in faults(page)]
    assert found == []


def test_a_claim_is_found_by_a_word_and_leads_to_its_answer(reader: Person) -> None:
    reader.open("/library/", "Evidence library")
    claims = reader.main.locator("[data-filter-item]")
    expect(claims).to_have_count(len(library().claims))
    box = reader.main.get_by_label("Find a claim: type a word, such as tablets")
    box.focus()
    reader.page.keyboard.type("tablets home")
    expect(reader.main.locator("[data-filter-item]:visible")).to_have_count(1)
    expect(reader.main.get_by_role("status")).to_have_text("1 claims found")
    # What was typed went nowhere.
    assert reader.page.url.endswith("/library/")
    reader.page.keyboard.press("Enter")
    assert reader.page.url.endswith("/library/")
    reader.follow("Take tablets at home between visits.")
    expect(reader.page.locator("#home-tablets")).to_be_in_viewport()
    box = reader.main.get_by_label("Find a claim: type a word, such as tablets")
    box.fill("gene")
    expect(reader.main.locator("#met-gene")).to_be_visible()
    expect(reader.main.locator("#home-tablets")).to_be_hidden()
    box.fill("")
    expect(reader.main.locator("#home-tablets")).to_be_visible()


def test_it_reads_without_scripts_and_on_paper(served: Clinic, meets: Meets) -> None:
    reader = meets(served, "nobody", java_script_enabled=False)
    reader.open("/library/", "Evidence library")
    expect(reader.main.get_by_role("search")).to_have_count(0)
    reader.follow("Side effects, and how common they are")
    expect(reader.main.get_by_text("About 56 in 100 were sleepy.")).to_be_visible()
    reader.page.emulate_media(media="print")
    expect(reader.main.get_by_text("About 56 in 100 were sleepy.")).to_be_visible()
    expect(reader.page.locator(".ek-header")).to_be_hidden()
    # Dates and whom to call go with it on paper.
    expect(reader.main.get_by_text("To be checked again by 22 May 2027")).to_be_visible()
    expect(reader.page.get_by_label("Help now")).to_be_visible()


def test_one_gets_there_from_where_one_signs_in(reader: Person) -> None:
    reader.open("/accounts/login/", "Sign in")
    reader.follow("Evidence library")
    reader.reads_heading("Evidence library")
