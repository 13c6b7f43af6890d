"""Dose errors as fingers make them: at the scale, the order, the draw, the second check and the pump."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.journeys.person import Meets, Person
from tests.journeys.served import Clinic

# What is typed into a box that asks for mg/kg, and what the page says.
MISWRITTEN: Final = {
    ".5": 'Write a zero before the point: "0.5".',
    "5.": "Write the number without a point at its end.",
    "0,5": "Write a decimal point, not a comma.",
    "1.000,5": "Write one decimal point, and nothing between thousands",
    "-0.5": "Write a number that is not negative.",
    "NaN": "Write a number in digits",
    "1e3": 'Write the number in full, without "e": "1000".',
    "\u0660\u066b\u0665": 'Write the digits 0 to 9, with a point: "0.5".',
    "\uff10\uff0e\uff15": 'Write the digits 0 to 9, with a point: "0.5".',
    "500 mcg/kg": "Write mg/kg: 500 mcg/kg is 0.5 mg/kg.",
    "0.5mg/kg/h": "Write mg/kg for the whole run; mg/kg/h is a rate",
    "35 mg": "Write mg/kg; mg measures something else.",
    # These are numbers, of which no syringe or bag can make a dose.
    "0": "The dose in mg/kg must be more than zero.",
    "500": "is more than a vial holds",
    "0.0001": "The dose is too small for a syringe or a pump.",
}


def reads_problem(person: Person, words: str) -> None:
    """The summary on top of the page says so."""
    expect(person.main.locator(".nhsuk-error-summary")).to_contain_text(words)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A clinic of its own: what is prepared moves drug, and the ledger does not go back in time."""
    with Clinic.furnished(tmp_path_factory.mktemp("doses"), chairs=3, before=timedelta(days=1)) as opened:
        yield opened


@pytest.fixture(scope="module")
def visits(clinic: Clinic) -> dict[str, str]:
    """One visit of somebody to be weighed, one whose gate is open, and one with an order.

    Both weigh 70.2 kg; 0.7 mL of 50 mg/mL, in 100 mL at 150 mL/h, are ordered.
    """
    at = clinic.now
    return {
        "booked": clinic.prepare("book_today", at=at, chair="chair-1", given_name="Wes")["visit"],
        **{
            phase: clinic.prepare("reached", at=at, chair=chair, phase=phase, given_name=name)["visit"]
            for phase, chair, name in (("checked_in", "chair-2", "Orla"), ("ordered", "chair-3", "Drew"))
        },
    }


def test_what_a_prescriber_can_mistype_in_an_order(
    clinic: Clinic, visits: dict[str, str], meets: Meets
) -> None:
    priya = meets(clinic, "prescriber")
    priya.sign_in(to=f"/visits/{visits['checked_in']}/order/")
    priya.set_up_an_authenticator()
    priya.look_over()
    priya.open(f"/visits/{visits['checked_in']}/order/", "Order")
    # Esketamine and other drugs are not there to be chosen.
    expect(priya.main.get_by_role("radio", name=re.compile("esketamine|midazolam"))).to_have_count(0)
    priya.main.get_by_role("radio", name="50 mg/mL").first.check()
    for typed, said in MISWRITTEN.items():
        priya.write("Dose per weight", typed)
        priya.press("Work it out")
        reads_problem(priya, said)
        expect(priya.field("Dose per weight")).to_have_value(typed)
    priya.look_over()
    priya.write_all(Dose_per_weight="0.5", Over="1.5 h")
    priya.press("Work it out")
    reads_problem(priya, "Write min: 1.5 h is 90 min.")
    priya.write("Over", "40")
    priya.write("Bag, total volume", "0.5")
    priya.press("Work it out")
    reads_problem(priya, "ketamine is given diluted")
    priya.write("Bag, total volume", "100")
    rules_speak(priya)
    a_blocked_dose_cannot_be_signed(priya)
    # Put right, it can; and then there is no second order.
    priya.write("Dose per weight", "0.5")
    priya.press("Work it out")
    priya.write("Your password", priya.password)
    priya.press("Sign the order")
    priya.reads("The order is signed.")
    priya.open(f"/visits/{visits['checked_in']}/order/", "Order")
    expect(priya.main.get_by_role("button", name="Sign the order")).to_have_count(0)
    priya.reads("The order that stands")


def rules_speak(priya: Person) -> None:
    """A dose or time that can be made and should not be is answered by the rules, by name."""
    for dose, minutes, rules in (
        # Times ten, over the ceiling; 3 mg/kg of 70.2 kg are 210.6 mg.
        ("5", "40", ("ORD-DOS-003", "ORD-DOS-002", "ORD-DOS-001", "ORD-CAP-002")),
        ("3", "40", ("ORD-DOS-003", "ORD-CAP-002")),
        ("0.8", "40", ("ORD-DOS-002", "ORD-DOS-001")),
        ("0.05", "40", ("ORD-DOS-004",)),
        ("0.5", "4", ("ORD-DUR-001",)),
        ("0.5", "400", ("ORD-DUR-002",)),
    ):
        priya.write_all(Dose_per_weight=dose, Over=minutes)
        priya.press("Work it out")
        expect(priya.field("Over")).to_have_value(minutes)
        for rule in rules:
            priya.reads(re.compile(rule))
    priya.look_over()


def a_blocked_dose_cannot_be_signed(priya: Person) -> None:
    """Over the ceiling whatever is written; over the standard dose only with a reason."""
    priya.write_all(Dose_per_weight="1.01", Over="40")
    priya.press("Work it out")
    for box in priya.main.get_by_label(re.compile("^Why go on")).all():
        box.fill("The patient is used to much more.")
    priya.write("Your password", priya.password)
    priya.press("Sign the order")
    reads_problem(priya, "For mood, never more than 1 mg/kg")
    priya.write("Dose per weight", "0.6")
    priya.press("Work it out")
    priya.write("Your password", priya.password)
    priya.press("Sign the order")
    reads_problem(priya, "Write why you go on")


def test_what_two_nurses_can_misread_and_mistype(
    clinic: Clinic, visits: dict[str, str], meets: Meets
) -> None:
    nora, samuel = meets(clinic, "nurse"), meets(clinic, "nurse2")
    nora.sign_in(to=f"/visits/{visits['ordered']}/draw/")
    nora.reads_heading("Draw up")
    # Neither another drug nor another strength than the ordered one is there to be drawn from.
    expect(nora.main.get_by_role("radio", name="50 mg/mL").first).to_be_visible()
    expect(nora.main.get_by_role("radio", name=re.compile("esketamine|midazolam|10 mg"))).to_have_count(0)
    nora_draws_wrong(nora)
    samuel.sign_in(to=f"/visits/{visits['ordered']}/double-check/")
    samuel.reads_heading("Double-check")
    samuel_reads_wrong(samuel)
    nora.open(f"/visits/{visits['ordered']}/time-out/", "Time-out")
    nora.tick_all("Read aloud, both looking")
    nora.pick("Second person", "Samuel Abebe RN")
    nora.write("Their password", samuel.password)
    nora.press("Both agree")
    nora.reads_heading("Start the infusion")
    nora.write("Pump", "Pump 7")
    nora.write("Cannula", "left forearm, 22 G")
    nora.press("Start")
    nora.reads("The infusion runs.")
    nora.open(f"/visits/{visits['ordered']}/rate/", "Change the rate")
    for rate, said in (
        (".5", 'Write a zero before the point: "0.5".'),
        ("2.5 mL/min", "Write mL/h: 2.5 mL/min is 150 mL/h."),
        # 1500 mL/h of 0.35 mg/mL are 525 mg in an hour, 7.48 mg/kg.
        ("1500", "No rate gives more than 2 mg/kg"),
        ("160", "A prescriber must decide this."),
    ):
        nora.write("New rate", rate)
        nora.write("Why", "Felt little so far")
        nora.press("Save")
        reads_problem(nora, said)
        expect(nora.field("New rate")).to_have_value(rate)
    nora.look_over()


def nora_draws_wrong(nora: Person) -> None:
    """First what cannot be read, then what is not the order, then what is."""
    right = {"volume": "0.7", "bag": "100", "rate": "150"}
    for wrong, said in (
        ({"volume": ".7"}, 'Write a zero before the point: "0.7".'),
        ({"volume": "0,7"}, "Write a decimal point, not a comma."),
        ({"volume": "35 mg"}, "Write mL; mg measures something else."),
        ({"rate": "2.5 mL/min"}, "Write mL/h: 2.5 mL/min is 150 mL/h."),
        ({"volume": "7"}, "The volume drawn is the volume ordered."),
        ({"bag": "100.7"}, "The bag is made up to the volume ordered."),
        ({"rate": "15"}, "The rate to be set on the pump is the rate ordered."),
        ({}, None),
    ):
        drawn = right | wrong
        nora.main.get_by_role("radio", name="50 mg/mL").first.check()
        nora.write("Drawn into the syringe", drawn["volume"])
        nora.write("Bag, total volume with the drug in it", drawn["bag"])
        nora.write("Rate set on the pump", drawn["rate"])
        nora.press("Record the draw")
        if said is not None:
            reads_problem(nora, said)
    nora.reads("The draw is recorded.")


def samuel_reads_wrong(samuel: Person) -> None:
    """Each reading that differs opens nothing; one that cannot be read is not recorded at all."""
    right = {"number": "EK-DREW", "weight": "70.2", "strength": "50 mg/mL", "volume": "0.7", "rate": "150"}
    differs = "The two readings do not agree"
    for wrong, said in (
        ({"weight": "154 lb"}, "Write kg: 154 lb is 69.9 kg."),
        ({"number": "EK-DREA"}, "The record number is not this patient's."),
        ({"weight": "154"}, "The weight differs"),
        ({"weight": "702"}, "The weight differs"),
        ({"strength": "10 mg/mL"}, "The strength on the vial differs"),
        ({"volume": "7"}, "The volume in the syringe differs"),
        ({"rate": "15"}, "The rate differs"),
        ({}, None),
    ):
        seen = right | wrong
        samuel.write("Record number", seen["number"])
        samuel.write("Weight", seen["weight"])
        samuel.choose("Strength", seen["strength"])
        samuel.write("In the syringe", seen["volume"])
        samuel.write("Bag, total volume", "100")
        samuel.write("Rate", seen["rate"])
        samuel.press("Record my readings")
        if said is None:
            samuel.reads("Two people agree. The time-out comes next.")
        elif said.startswith("Write"):
            reads_problem(samuel, said)
        else:
            samuel.reads(differs)
            samuel.reads(said)


def test_a_weight_that_cannot_be_right_shuts_the_gate(
    clinic: Clinic, visits: dict[str, str], meets: Meets
) -> None:
    nora = meets(clinic, "nurse")
    nora.sign_in(to=f"/visits/{visits['booked']}/check-in/")
    nora.reads_heading("Check in")
    for question in ("Name and birth date agree", "Record number agrees", "Measured here today"):
        nora.choose(question, "Yes")
    nora.choose("The escort has confirmed that they take the patient home", "Yes")
    nora.write("Escort's name", "Jon Kestrel")
    nora.write("Escort's telephone", "555-0101")
    nora.write("Relation to the patient", "brother")
    nora.write("Since the last clear fluid", "3")
    nora.write("Since the last light meal", "10")
    nora.write_all(Systolic="124", Diastolic="78", Pulse="72", Oxygen_saturation="98", Breaths="14")
    nora.write("MOAA/S", "5")
    nora.answer_the_rest("No")
    for typed, said in (
        ("154 lb", "Write kg: 154 lb is 69.9 kg."),
        ("70,2", "Write a decimal point, not a comma."),
        ("70.2 kg", "Write the number alone"),
    ):
        nora.write("Weight", typed)
        nora.press("Save the check-in")
        reads_problem(nora, said)
        expect(nora.field("Weight")).to_have_value(typed)
    nora.write("Weight", "702")
    nora.press("Save the check-in")
    reads_problem(nora, "Weigh the patient again and write the weight a second time.")
    nora.write("Weight, measured again", "702")
    nora.press("Save the check-in")
    nora.reads(re.compile("CHK-WGT-004"))
    nora.open(f"/visits/{visits['booked']}/draw/", "Draw up")
    expect(nora.main.get_by_role("button", name="Record the draw")).to_have_count(0)
