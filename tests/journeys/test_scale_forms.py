"""A scale on a phone, one question at a time; on a desk, all on one page; by keyboard and without scripts."""

import re
from typing import Final

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.person import Meets, Person
from tests.journeys.served import Clinic

PHONE: Final = {"width": 390, "height": 844}
# WCAG 2.2, 1.4.10: a page of 1280 px at 400 % zoom.
REFLOW: Final = {"width": 320, "height": 800}


@pytest.fixture(scope="module")
def course(served: Clinic) -> str:
    """The course of somebody who was referred, screened and booked."""
    found: dict[str, str] = served.prepare("book_today", at=served.now, chair="chair-4", given_name="Phoebe")
    return found["course"]


def opens(clinic: Clinic, meets: Meets, course: str, scale: str, **options: object) -> Person:
    """The nurse at a scale."""
    nora = meets(clinic, "nurse", **options)
    nora.sign_in(to=f"/courses/{course}/assessments/{scale}/")
    return nora


def place(nora: Person) -> str:
    return str(nora.main.locator("[data-scale-place]").inner_text())


def test_one_question_at_a_time_on_a_phone(served: Clinic, meets: Meets, course: str) -> None:
    nora = opens(served, meets, course, "asq", viewport=PHONE, has_touch=True)
    nora.reads_heading("Ask Suicide-Screening Questions (NIMH)")
    expect(nora.main.get_by_role("group").filter(visible=True)).to_have_count(1)
    assert place(nora) == "Question 1 of 5"
    nora.look_over()
    box = nora.main.get_by_role("button", name="Next").bounding_box()
    assert box is not None
    assert box["height"] >= 48
    # Four times no: the fifth is passed over, and everything is said at the end.
    for _ in range(4):
        nora.main.get_by_role("radio", name="No", exact=True).filter(visible=True).check()
        nora.press("Next")
    assert place(nora) == "Last: when and how"
    # Going back keeps what was answered. Now it is yes, and the fifth is asked.
    nora.press("Back")
    assert place(nora) == "Question 4 of 5"
    shown = nora.main.get_by_role("radio", checked=True).filter(visible=True)
    expect(shown).to_have_accessible_name("No")
    nora.main.get_by_role("radio", name="Yes").filter(visible=True).check()
    nora.press("Next")
    assert place(nora) == "Question 5 of 5"
    nora.main.get_by_role("radio", name="No", exact=True).filter(visible=True).check()
    nora.press("All on one page")
    expect(nora.main.get_by_role("radio", checked=True)).to_have_count(5)
    nora.press("One at a time")
    nora.press("Next")
    nora.look_over()
    nora.choose("When in the course", "Baseline")
    nora.choose("How the answers came", "Asked aloud")
    nora.press("Save ASQ")
    nora.reads_heading("Act on this answer now")
    nora.reads("ASQ: non-acute positive.")


def test_all_on_one_page_by_keyboard_alone(served: Clinic, meets: Meets, course: str) -> None:
    nora = opens(served, meets, course, "phq9")
    nora.reads("The keys 0 to 9 choose an answer.")
    expect(nora.main.get_by_role("group").filter(visible=True)).to_have_count(12)
    nora.look_over()
    for number in range(1, 10):
        nora.main.locator(f"input[name=answer_{number}]").first.focus()
        nora.page.keyboard.press("2" if number < 9 else "0")
    # A digit that is no answer chooses nothing.
    nora.page.keyboard.press("7")
    expect(nora.main.get_by_role("radio", checked=True)).to_have_count(9)
    nora.choose("When in the course", "Another time")
    nora.choose("How the answers came", "From a paper form")
    nora.press("Save PHQ-9")
    nora.reads("PHQ-9: 16, moderately severe.")


# Presses keys, each in a question, one right after the other: no busy machine comes between them.
PRESS: Final = """presses => {
    for (const [question, key] of presses) {
        const box = document.querySelector(`[name=answer_${question}]`);
        box.focus();
        box.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    }
}"""


def test_ten_is_one_and_then_zero(served: Clinic, meets: Meets, course: str) -> None:
    nora = opens(served, meets, course, "peg")
    nora.reads("The keys 0 to 9 choose an answer.")

    def chosen(number: int) -> Locator:
        return nora.main.locator(f"input[name=answer_{number}]:checked")

    nora.page.evaluate(PRESS, [[2, "1"], [2, "0"]])
    expect(chosen(2)).to_have_value("10")
    # A zero in the next question is a zero, however soon it comes; and so is one that comes late
    nora.page.evaluate(PRESS, [[2, "1"], [3, "0"]])
    expect(chosen(2)).to_have_value("1")
    expect(chosen(3)).to_have_value("0")
    nora.page.evaluate(PRESS, [[3, "1"]])
    nora.page.wait_for_timeout(1000)
    nora.page.keyboard.press("0")
    expect(chosen(3)).to_have_value("0")


def test_a_refused_form_shows_everything_even_on_a_phone(served: Clinic, meets: Meets, course: str) -> None:
    nora = opens(served, meets, course, "gad7", viewport=PHONE)
    # Until the page's script has run, every question stands there.
    expect(nora.main.get_by_role("group").filter(visible=True)).to_have_count(1)
    for _ in range(7):
        nora.main.get_by_role("radio", name=re.compile("^Several days")).filter(visible=True).check()
        nora.press("Next")
    nora.press("Save GAD-7")
    expect(nora.main.get_by_role("group").filter(visible=True)).to_have_count(9)
    expect(nora.main.get_by_role("radio", checked=True)).to_have_count(7)
    nora.look_over()


def test_without_scripts_it_is_all_on_one_page(served: Clinic, meets: Meets, course: str) -> None:
    nora = opens(served, meets, course, "asq", viewport=PHONE, java_script_enabled=False)
    expect(nora.main.get_by_role("group").filter(visible=True)).to_have_count(7)
    expect(nora.main.get_by_role("button", name="Next")).to_have_count(0)
    nora.reads("Not asked where questions 1, 2, 3, 4 are all “No”.")


def test_choosing_a_scale_and_what_one_waits_for(served: Clinic, meets: Meets, course: str) -> None:
    nora = opens(served, meets, course, "phq9", viewport=REFLOW)
    nora.follow("Another scale")
    nora.reads_heading("Rating scales")
    nora.look_over()
    nora.follow("BDI-II")
    nora.reads_heading("Beck Depression Inventory-II")
    nora.reads("This scale waits for the clinic's text")
    nora.look_over()
    nora.follow("Choose another scale")
    nora.follow("KSET")
    nora.reads("This scale cannot be filled in here")
