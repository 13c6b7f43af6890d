"""A nurse charts at the chair: fast, with every slip put right, and the chart shows what was and what is."""

import json
import re
from typing import Any

from playwright.sync_api import Locator, expect

from tests.journeys.person import Meets, Person
from tests.journeys.served import Clinic

TABLET = {"width": 820, "height": 1180}
PHONE = {"width": 390, "height": 844}
SOON_MS = 20_000
# A set of signs as it is read off: pressure, pulse, saturation, breathing, sedation, dissociation.
CHECK = ("139", "86", "77", "97", "14", "5", "2")


def running(served: Clinic, chair: str, given_name: str) -> str:
    """The chart of somebody whose infusion has run for five minutes in a chair of this story's own."""
    found = served.prepare("running", at=served.now, chair=chair, given_name=given_name)
    return f"/visits/{found['visit']}/chart/"


def data_of(person: Person, chart: str) -> dict[str, Any]:
    """What the chart draws now."""
    return dict(json.loads(person.page.request.get(f"{person.address}{chart}data/").text()))


def readout(person: Person) -> Locator:
    """What the chart's cursor says."""
    return person.page.locator("[data-chart-cursor]")


def test_a_check_is_charted_with_the_keyboard_alone_and_put_right(served: Clinic, meets: Meets) -> None:
    chart = running(served, "chair-9", "Wanda")
    nora = meets(served, "nurse", viewport=TABLET, has_touch=True)
    nora.sign_in(to=chart)
    first = nora.page.locator("#id_systolic")
    boxes = nora.page.locator("[data-check] input[inputmode]")
    expect(boxes).to_have_count(9)
    # Nothing is filled in, and each box brings a pad of numbers.
    assert [box.input_value() for box in boxes.all()] == [""] * 9
    assert {box.get_attribute("inputmode") for box in boxes.all()} == {"decimal", "numeric"}

    # One tap, then numbers and Enter: 22 keys for seven signs, and nothing else is asked of the hand.
    first.tap()
    keys = 0
    for value in (*CHECK, "", ""):
        keys += len(value) + 1
        nora.page.keyboard.type(value)
        nora.page.keyboard.press("Enter")
    assert keys == 22
    nora.reads("The check is charted.")
    saved = nora.page.locator("[data-saved]")
    expect(saved).to_contain_text("139/86 mmHg")
    nora.look_over()

    # A value that is not likely is asked about beside its box, and nothing is sent before the answer.
    first.fill("240")
    nora.press("Save the check")
    nora.reads("Really 240 mmHg?")
    first.fill("")

    # A wrong digit is put right from the chart: both values stay on it.
    saved.get_by_role("link", name="Put it right").click()
    nora.write("Systolic pressure", "169")
    nora.write("Reason", "read the wrong line")
    nora.press("Amend")
    nora.reads("The entry is amended.")
    assert chart in nora.page.url
    data = data_of(nora, chart)
    (struck,) = data["struck"]
    (amended,) = [sign for sign in data["signs"] if sign["amended"]]
    assert (struck["systolic"], amended["systolic"]) == (139, 169)
    expect(nora.page.locator(".ek-chart__key")).to_contain_text("put right or taken back")
    nora.look_over()

    # The cursor goes from reading to reading with the arrow keys, and says both values.
    nora.page.locator("[data-chart-picture]").focus()
    nora.page.keyboard.press("End")
    expect(readout(nora)).to_contain_text("169/86 mmHg")
    expect(readout(nora)).to_contain_text("was 139/86 mmHg")
    nora.page.keyboard.press("ArrowLeft")
    expect(readout(nora)).not_to_contain_text("169/86 mmHg")
    # Plus shows less of the time; the buttons do the same, and everything is back with one of them.
    nora.page.keyboard.press("+")
    nora.page.get_by_role("button", name="Show all").click()
    nora.page.get_by_text("Show the values as a table").click()
    expect(nora.page.locator("#signs-table")).to_contain_text("was")
    nora.look_over()


def test_an_event_takes_one_tap_and_so_does_taking_it_back(served: Clinic, meets: Meets) -> None:
    chart = running(served, "chair-10", "Xaver")
    nora = meets(served, "nurse", viewport=TABLET, has_touch=True)
    nora.sign_in(to=chart)
    nora.page.evaluate("window.neverReloaded = true")
    # A check that is half typed stays as it is while an event is written.
    nora.page.locator("#id_systolic").fill("141")
    nora.page.get_by_role("button", name="Nausea", exact=True).tap()
    saved = nora.page.locator("[data-saved]")
    expect(saved).to_contain_text(re.compile(r"Saved \d\d:\d\d"))
    expect(saved).to_contain_text("Nausea")
    assert nora.page.evaluate("window.neverReloaded")
    assert nora.page.locator("#id_systolic").input_value() == "141"
    assert [each["label"] for each in data_of(nora, chart)["events"] if each["kind"] == "complaint"] == [
        "Nausea"
    ]
    nora.look_over()
    # The same event a second time is a second entry.
    nora.page.wait_for_timeout(1100)
    nora.page.get_by_role("button", name="Nausea", exact=True).tap()
    expect(nora.page.locator(".ek-timeline__entry", has_text="Nausea")).to_have_count(2, timeout=SOON_MS)
    saved.get_by_role("button", name="Undo").tap()
    nora.reads("The entry is marked as made in error.")
    assert len([each for each in data_of(nora, chart)["events"] if each["kind"] == "complaint"]) == 1
    expect(saved).not_to_contain_text("Nausea")


def test_a_check_is_put_off_and_pause_and_stop_stay_in_reach(served: Clinic, meets: Meets) -> None:
    chart = running(served, "chair-11", "Yusuf")
    nora = meets(served, "nurse", viewport=PHONE)
    nora.sign_in(to=chart)
    for width, height in ((390, 844), (820, 1180), (1280, 800)):
        nora.page.set_viewport_size({"width": width, "height": height})
        for place in ("0", "document.body.scrollHeight / 2", "document.body.scrollHeight"):
            nora.page.evaluate(f"window.scrollTo(0, {place})")
            for name in ("Pause", "Stop"):
                expect(nora.page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    nora.follow("Put this check off")
    nora.reads_heading("Put the check off")
    nora.look_over()
    nora.main.get_by_label(re.compile("5 min later")).check()
    nora.choose("Why", "Asleep")
    nora.press("Put it off")
    nora.reads("The check is put off. It stays visible that nobody looked.")
    nora.reads(re.compile(r"deferred from \d\d:\d\d to \d\d:\d\d by Nora Lindqvist RN: asleep"))
    expect(nora.page.locator(".ek-chart__key")).to_contain_text("check put off")
    nora.look_over()
    # The infusion is stopped with one tap, without a question, and the record of it can be taken back.
    nora.page.get_by_role("button", name="Stop", exact=True).click()
    nora.reads("Stopped.")
    expect(nora.page.locator("[data-saved]")).to_contain_text("Undo changes the record, not the pump.")
    nora.look_over()
