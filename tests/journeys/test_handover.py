"""Two nurses hand a patient over on two screens, while a third screen watches; nobody reloads a page."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.person import Meets, Person
from tests.journeys.served import Clinic

# The pages follow within two seconds; a busy machine that shares its processors is given longer.
SOON_MS = 20_000


@pytest.fixture
def chart(served: Clinic) -> str:
    """The chart of somebody whose infusion has run for five minutes in chair 5, started by Nora."""
    found = served.prepare("running", at=served.now, chair="chair-5", given_name="Odile")
    return f"/visits/{found['visit']}/chart/"


def stay(person: Person, on: str) -> None:
    """Open a page that follows the clinic, and never reload it."""
    person.sign_in(to=on)
    person.page.evaluate("window.neverReloaded = true")
    expect(person.page.locator("[data-live-state]")).to_have_text("live", timeout=SOON_MS)


def responsible(person: Person) -> Locator:
    """Who is responsible, as the chart says it."""
    return person.main.get_by_role("region", name="Responsible")


def test_a_patient_is_handed_over_between_two_nurses(served: Clinic, chart: str, meets: Meets) -> None:
    nora, samuel, board = (meets(served, username) for username in ("nurse", "nurse2", "desk"))
    stay(samuel, chart)
    stay(board, "/board/")
    tile = board.page.get_by_role("article", name="Chair 5")
    expect(tile).to_contain_text("Nora Lindqvist RN")

    # Nora writes the handover and offers it
    nora.sign_in(to=chart)
    expect(responsible(nora)).to_contain_text("Nora Lindqvist RN (you)")
    nora.follow("Hand over")
    nora.reads_heading("Hand over")
    nora.look_over()
    nora.press("Offer the handover")
    nora.reads("Hand over to")
    nora.pick("Hand over to", "Samuel Abebe RN")
    nora.write("Situation", "Calm, eyes closed, answers when spoken to.")
    nora.write("Recommendation", "Watch the pressure.")
    nora.press("Offer the handover")
    nora.reads("The handover is offered. You stay responsible until it is accepted.")
    nora.reads("You offered it to Samuel Abebe RN")
    nora.look_over()
    nora.page.evaluate("window.neverReloaded = true")

    # It comes to Samuel's open chart and to the board by itself, and is plainly not accepted yet
    expect(responsible(samuel)).to_contain_text("Nora Lindqvist RN offers you the handover", timeout=SOON_MS)
    expect(tile).to_contain_text("offered to Samuel Abebe RN, not yet accepted", timeout=SOON_MS)
    for each in (samuel, board):
        assert each.page.evaluate("window.neverReloaded")
        each.look_over()

    # Samuel reads it beside what counts now; a check that Nora charts meanwhile is shown first
    samuel.follow("Read and accept")
    samuel.reads_heading("Accept the handover")
    samuel.reads("Watch the pressure.")
    samuel.reads("of 35.1 mg given")
    samuel.reads("Before the start")
    samuel.look_over()
    for name, number in (("systolic", "139"), ("diastolic", "86"), ("spo2", "97")):
        nora.page.locator(f"#id_{name}").fill(number)
    nora.press("Save the check")
    nora.reads("The check is charted.")
    nora.page.evaluate("window.neverReloaded = true")
    samuel.press("Accept: I am responsible now")
    samuel.reads("Nora Lindqvist RN wrote to this record after your page was opened")
    samuel.reads("139 at")
    samuel.look_over()
    samuel.press("Accept: I am responsible now")
    samuel.reads("You are responsible now.")
    expect(responsible(samuel)).to_contain_text("Samuel Abebe RN (you)")

    # Nora's chart and the board have followed, and she goes home
    expect(responsible(nora)).to_contain_text(
        "Samuel Abebe RN accepted the handover from Nora Lindqvist RN", timeout=SOON_MS
    )
    expect(tile).to_contain_text("Samuel Abebe RN", timeout=SOON_MS)
    expect(tile).not_to_contain_text("not yet accepted")
    for each in (nora, board):
        assert each.page.evaluate("window.neverReloaded")
    nora.page.get_by_role("button", name="Sign out").click()
    nora.reads_heading("Sign in")
    # Another story has left her another patient, in another chair.
    nora.does_not_read(re.compile("still responsible for .*Chair 5"))
    # Who leaves without having handed over is told
    samuel.page.get_by_role("button", name="Sign out").click()
    samuel.reads("Samuel Abebe RN is still responsible for Chair 5")
    samuel.look_over()


def test_an_offer_is_declined_and_somebody_takes_over(served: Clinic, meets: Meets) -> None:
    found = served.prepare("running", at=served.now, chair="chair-6", given_name="Pavel")
    chart = f"/visits/{found['visit']}/chart/"
    nora, samuel = meets(served, "nurse"), meets(served, "nurse2")
    nora.sign_in(to=chart)
    nora.follow("Hand over")
    nora.pick("Hand over to", "Samuel Abebe RN")
    nora.press("Offer the handover")
    nora.reads("You offered it to Samuel Abebe RN")
    nora.page.evaluate("window.neverReloaded = true")
    samuel.sign_in(to="/")
    samuel.reads("Nora Lindqvist RN offers you the handover")
    samuel.look_over()
    # The link names the patient too, for who hears the page.
    samuel.main.get_by_role("link", name="Read and accept").click()
    samuel.reads("Nothing was written.")
    samuel.follow("Decline, with a reason")
    samuel.look_over()
    samuel.write("Reason", "Two chairs are enough for me now")
    samuel.press("Decline")
    samuel.reads("You declined. Who offered it stays responsible and is told.")
    declined = "Samuel Abebe RN declined the handover from Nora Lindqvist RN"
    expect(responsible(nora)).to_contain_text(declined, timeout=SOON_MS)
    samuel.follow("Take over in an emergency")
    samuel.reads_heading("Take over")
    samuel.reads("Responsible now: Nora Lindqvist RN")
    samuel.look_over()
    samuel.write("Reason", "Nora was called to a fall")
    samuel.press("Take over: I am responsible now")
    samuel.reads("You are responsible now.")
    taken = "Samuel Abebe RN took over from Nora Lindqvist RN"
    expect(responsible(nora)).to_contain_text(taken, timeout=SOON_MS)
    assert nora.page.evaluate("window.neverReloaded")
    nora.open("/", "Today")
    nora.reads("Nora was called to a fall")
    nora.look_over()
