"""The level explorer on a real screen: by slider, by keyboard, by touch, by typing, and without scripts."""

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.journeys.person import Meets, Person
from tests.journeys.served import Clinic

BOXES: Final = {"dose", "duration", "weight", "pause_at", "pause_for", "infusion"}
SCREENS: Final = ((1280, 800), (1024, 768), (390, 844))


def opens(clinic: Clinic, meets: Meets, username: str, **options: bool) -> Person:
    """Somebody at the explorer."""
    person = meets(clinic, username, **options)
    person.sign_in(to="/levels/")
    person.reads_heading("Level explorer")
    return person


def test_a_slider_moves_pictures_tables_and_words_with_the_keyboard_alone(
    served: Clinic, meets: Meets
) -> None:
    nora = opens(served, meets, "nurse")
    expect(nora.main.locator("canvas")).to_have_count(4)
    nora.reads("The page gives no dose advice and gates nothing", exact=False)
    before = nora.main.locator("canvas").first.screenshot()
    slider = nora.main.get_by_role("slider", name="Dose, slider")
    slider.focus()
    for _ in range(6):
        nora.page.keyboard.press("ArrowRight")
    expect(nora.field("Dose")).to_have_value("0.8")
    expect(slider).to_have_attribute("aria-valuetext", "0.8 mg/kg")
    nora.reads("Estimate: 0.8 mg/kg for 70 kg is 56 mg over 40 min.")
    # It is said aloud once the slider rests.
    expect(nora.page.locator("[data-level-said]")).to_contain_text("0.8 mg/kg")
    # 253 ng/mL at 0.5 mg/kg (the reference's table), and linear in the dose.
    end = nora.main.get_by_role("row", name=re.compile("^40, end")).first
    expect(end.get_by_role("cell").first).to_contain_text(re.compile("^40[4-6] "))
    expect(nora.main.locator("[data-waiting]")).to_have_count(0)
    assert nora.main.locator("canvas").first.screenshot() != before
    expect(slider).to_be_focused()
    # The address holds the made-up numbers and nothing else, and brings them back.
    assert set(parse_qs(urlsplit(nora.page.url).query)) == BOXES
    nora.page.reload()
    expect(nora.field("Dose")).to_have_value("0.8")


def test_the_picture_is_read_with_arrow_keys_and_touch(served: Clinic, meets: Meets) -> None:
    nora = opens(served, meets, "nurse", has_touch=True)
    picture = nora.main.locator("[data-chart-picture]").first
    readout = nora.main.locator("[data-chart-cursor]").first
    expect(readout).to_contain_text("Estimate at 40 min, ng/mL: Kamp 2020 253")
    picture.focus()
    nora.page.keyboard.press("ArrowLeft")
    expect(readout).to_contain_text("Estimate at 30 min")
    slider = nora.main.get_by_role("slider", name="Duration, slider")
    box = slider.bounding_box()
    assert box is not None
    assert box["height"] >= 44, "a finger finds the slider"
    slider.tap(position={"x": box["width"] * 0.9, "y": box["height"] / 2})
    expect(nora.field("Duration")).not_to_have_value("40")
    minutes = nora.field("Duration").input_value()
    nora.reads(f"is 35 mg over {minutes} min.")


def test_a_wrong_number_hides_the_pictures_and_says_what_is_wrong(served: Clinic, meets: Meets) -> None:
    nora = opens(served, meets, "nurse")
    pictures = nora.main.locator("[data-level-pictures]")
    nora.write("Weight", "7,5")
    nora.reads("Weight: Write a decimal point, not a comma.")
    expect(pictures).to_be_hidden()
    expect(nora.field("Weight")).to_have_value("7,5")
    expect(nora.field("Weight")).to_have_attribute("aria-invalid", "true")
    nora.look_over()
    nora.write("Weight", "75")
    expect(pictures).to_be_visible()
    nora.does_not_read("Write a decimal point, not a comma.")
    # A wrong number that comes with the address is mended on the spot as well.
    nora.open("/levels/?dose=.5&pause_at=50&pause_for=10", "Level explorer")
    nora.reads('Write a zero before the point: "0.5".')
    expect(nora.field("Pause after")).to_be_visible()
    expect(pictures).to_be_hidden()
    nora.write("Dose", "0.5")
    nora.reads("A pause must begin before the infusion ends, so before 40 min have run.")
    nora.write("Pause after", "15")
    expect(pictures).to_be_visible()
    expect(nora.main.locator("canvas")).to_have_count(4)
    expect(nora.main.get_by_role("rowheader", name="50, end").first).to_be_visible()


def test_outside_its_range_a_model_says_so(served: Clinic, meets: Meets) -> None:
    lee = opens(served, meets, "lead")
    lee.write("Weight", "150")
    models = lee.main.locator("#levels-by-model")
    expect(models.get_by_text("Outside its range").first).to_be_visible()
    expect(models.get_by_text("Weight 150 kg is outside").first).to_be_visible()


def test_every_screen_in_both_themes(served: Clinic, meets: Meets) -> None:
    nora = opens(served, meets, "nurse")
    nora.main.get_by_text("Pause, and place in the course").click()
    nora.main.get_by_text("What stands behind Kamp 2020").click()
    for theme in ("light", "dark"):
        nora.page.locator("html").evaluate("(html, theme) => { html.dataset.theme = theme; }", theme)
        for width, height in SCREENS:
            nora.page.set_viewport_size({"width": width, "height": height})
            nora.look_over()


def test_it_works_without_scripts(served: Clinic, meets: Meets) -> None:
    lee = opens(served, meets, "lead", java_script_enabled=False)
    lee.write("Dose", "0.8")
    lee.write("Weight", "90")
    lee.press("Work it out")
    lee.reads("Estimate: 0.8 mg/kg for 90 kg is 72 mg over 40 min.")
    assert set(parse_qs(urlsplit(lee.page.url).query)) == BOXES
    expect(lee.main.get_by_role("table")).to_have_count(2)
    expect(lee.main.locator("[data-level-pictures]")).to_be_hidden()
    lee.write("Dose", "much")
    lee.press("Work it out")
    lee.reads(re.compile("Write digits with at most one point"))
    expect(lee.field("Dose")).to_have_value("much")
