"""A clinic's first day: started with one command, opened by its administrator, furnished by its lead."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from evenkeel.record.entry import ROLE_WORDS
from tests.journeys.person import Meets
from tests.journeys.served import Clinic
from tests.journeys.staff import PASSWORD, STAFF


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic that nobody has entered yet."""
    clinic = Clinic(tmp_path)
    clinic.open()
    yield clinic
    clinic.close()


def test_people_come_and_a_prescriber_brings_a_second_proof(fresh: Clinic, meets: Meets) -> None:
    # Given an administrator who was added on the command line
    name, role = STAFF["admin"]
    said = fresh.run(
        "add-person", "admin", "--printed-name", name, "--role", role, typed=f"{PASSWORD}\n{PASSWORD}\n"
    )
    assert "Ada Novak may now sign in as admin." in said
    ada = meets(fresh, "admin")
    ada.open("/patients/")
    ada.reads_heading("Sign in")
    ada.look_over()
    ada.sign_in(to="/people/")
    ada.reads_heading("People")
    # When they add the others
    for username, (printed_name, role) in STAFF.items():
        if username == "admin":
            continue
        ada.open("/people/add/", "Add a person")
        ada.look_over()
        ada.write("Printed name", printed_name)
        ada.write("User name", username)
        ada.choose("Role", ROLE_WORDS[role].capitalize())
        ada.write("First password", PASSWORD)
        ada.write("Reason", "opening of the clinic")
        ada.press("Add person")
        ada.reads_heading("People")
    ada.look_over()
    # Then a nurse comes in with the password alone, and a prescriber sets up a second proof first
    nora = meets(fresh, "nurse")
    nora.sign_in(to="/patients/")
    nora.reads_heading("Patients")
    nora.look_over()
    priya = meets(fresh, "prescriber")
    priya.sign_in(to="/patients/")
    priya.set_up_an_authenticator()
    priya.look_over()
    priya.open("/patients/", "Patients")
    expect(priya.page.get_by_text("No patients yet.")).to_be_visible()


def test_the_lead_furnishes_the_clinic(served: Clinic, meets: Meets) -> None:
    lee = meets(served, "lead")
    lee.sign_in(to="/settings/chairs/")
    lee.reads_heading("Chairs")
    lee.look_over()
    lee.write("Name", "Window chair")
    lee.write("Reason", "a fourth place")
    lee.press("Add the chair")
    lee.reads("Window chair")
    lee.open("/devices/monitors/", "Monitors")
    lee.look_over()
