"""One patient's whole course, lived in the browser by four people, from referral to maintenance.

The clock of this clinic is turned on between the days. The first infusion is given here, the others through
the use cases; all else is typed and clicked. Every page is looked over by axe where it is met.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.journeys.checklist import fill_in
from tests.journeys.person import Meets, Person
from tests.journeys.served import Clinic

HERE = ZoneInfo("America/New_York")
MINUTES = timedelta(minutes=1)
# The last day of use of what is received on 1 June 2026 (`preparing.receive`).
LAST_DAY = date(2027, 6, 1)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic that opens on a Tuesday, six days before the first infusion."""
    # Nobody is signed out when the clock is turned on: in truth they were there all the while.
    with Clinic.furnished(
        tmp_path,
        chairs=2,
        before=timedelta(days=1),
        starts_at=datetime(2026, 5, 26, 9, 0, tzinfo=HERE),
        idle_minutes=24 * 60,
    ) as clinic:
        yield clinic


def test_a_whole_course_from_referral_to_maintenance(clinic: Clinic, meets: Meets) -> None:
    dana, nora, samuel, priya = (
        meets(clinic, username) for username in ("desk", "nurse", "nurse2", "prescriber")
    )
    come_to_work(dana, nora, samuel)
    priya.sign_in(to="/patients/")
    priya.set_up_an_authenticator()

    patient = dana_refers(dana)
    screening = nora_screens(nora, patient)
    priya_accepts(priya, screening)
    nora_records_consent(nora, screening.replace("screening", "consent"))
    visits = dana_plans_and_books(dana, screening.replace("screening", "series"))
    nora_asks_the_phq9(nora, patient, point="Baseline", answers=[3, 3, 2, 2, 2, 2, 2, 2, 0, 2])

    # The first infusion
    clinic.turn_clock(datetime(2026, 6, 1, 8, 50, tzinfo=HERE))
    clinic.prepare("receive", at=clinic.now, lot="K-2231", vials=5)
    come_to_work(nora, samuel, priya)
    nora_checks_in(nora, visits[0])
    priya_signs_the_order(priya, visits[0])
    nora_draws(nora, visits[0])
    samuel_double_checks(samuel, visits[0])
    nora_and_samuel_stop_and_start(nora, samuel, visits[0])
    nora_runs_the_infusion(nora, clinic, visits[0])
    nora_and_samuel_account_for_the_drug(nora, samuel)
    nora_discharges(nora, clinic, visits[0])

    # The second and third, and the look at the curve
    for number, answers in ((2, [2, 2, 2, 2, 2, 1, 2, 2, 0, 1]), (3, [2, 2, 2, 1, 1, 1, 2, 1, 0, 1])):
        clinic.prepare("infuse", visit=visits[number - 1], answers=answers)
    clinic.turn_clock(datetime(2026, 6, 9, 9, 0, tzinfo=HERE))
    come_to_work(priya)
    priya_reviews(priya, patient, after=3)

    # The rest of the series, response and maintenance
    for number, answers in ((4, [1, 2, 1, 1, 1, 1, 1, 1, 0, 1]), (5, [1, 1, 1, 1, 1, 0, 1, 1, 0, 1])):
        clinic.prepare("infuse", visit=visits[number - 1], answers=answers)
    clinic.prepare("infuse", visit=visits[5], answers=[1, 1, 1, 0, 1, 0, 1, 0, 0, 0])
    clinic.turn_clock(datetime(2026, 6, 19, 9, 0, tzinfo=HERE))
    come_to_work(dana, nora, priya)
    nora_asks_the_phq9(nora, patient, point="After the series", answers=[1, 1, 0, 0, 1, 0, 0, 0, 0, 0])
    priya_reviews(priya, patient, after=6)
    priya_judges_and_plans(priya, patient)
    everybody_can_read_it(dana, nora, priya, patient)


def come_to_work(*people: Person) -> None:
    """Nobody stays signed in overnight."""
    for each in people:
        each.sign_in(to="/patients/")
        each.reads_heading("Patients")


def dana_refers(dana: Person) -> str:
    """A referral, with a missing telephone number the first time."""
    dana.open("/patients/", "Patients")
    dana.look_over()
    dana.follow("Refer a patient")
    dana.reads_heading("Refer a patient")
    dana.look_over()
    dana.write_all(Given_name="Ida", Family_name="Kestrel", Record_number="EK-2041")
    dana.write_all(Day="14", Month="3", Year="1982")
    dana.choose("Sex", "Female")
    dana.write("Contact 1: name", "Jon Kestrel")
    dana.write("Contact 1: relation", "brother")
    dana.write("Contact 1: telephone", "555-0101")
    dana.pick("Indication", "Depression after two or more treatments failed")
    dana.write("Referrer", "Dr. Ines Quill")
    dana.write("Reason for the referral", "Two antidepressants at full dose have not helped.")
    dana.write("Medicine 1: name", "sertraline")
    dana.write("Medicine 1: dose and times", "100 mg each morning")
    dana.write("Allergy 1: substance", "penicillin")
    dana.write("Allergy 1: what happens", "rash")
    dana.press("Take the referral")
    dana.reads("Telephone is missing.")
    dana.look_over()
    expect(dana.field("Given name")).to_have_value("Ida")
    expect(dana.field("Allergy 1: what happens")).to_have_value("rash")
    dana.write("Telephone", "555-0100")
    dana.press("Take the referral")
    dana.reads("The referral is taken. Next comes the screening.")
    dana.reads_on_banner("penicillin (rash)")
    dana.look_over()
    return dana.page.url.removeprefix(dana.address)


def nora_screens(nora: Person, patient: str) -> str:
    """The checklist, with an opioid that asks for a prescriber. Returns its address."""
    nora.open(patient)
    nora.follow("Screen")
    nora.reads_heading("Screening")
    nora.look_over()
    # The medicine list names sertraline, so one question is answered already.
    expect(nora.group("Lithium or an antidepressant?").get_by_label("Yes")).to_be_checked()
    taken = {"Opioids, benzodiazepines or other sedating medicines?": "Yes"}
    fill_in(nora.page, date(2026, 5, 25), answers=taken)
    nora.write("Note", "Takes tramadol for back pain.")
    nora.press("Save the screening")
    nora.reads("Needs prescriber")
    nora.reads("A prescriber decides on this screening.")
    nora.look_over()
    return nora.page.url.removeprefix(nora.address).partition("?")[0]


def priya_accepts(priya: Person, screening: str) -> None:
    """The decision is signed; the first password is wrong."""
    priya.open(screening, "Screening")
    priya.follow("Decide")
    priya.reads_heading("Decide on the screening")
    priya.look_over()
    priya.choose("Decision", "Accept for treatment")
    reasons = priya.main.locator("fieldset.ek-reasons textarea")
    expect(reasons).to_have_count(1)
    reasons.fill("Low steady dose; oxygen and capnography at the chair.")
    priya.write("Your password", "not my password")
    priya.press("Sign the decision")
    priya.reads("password")
    expect(reasons).to_have_value("Low steady dose; oxygen and capnography at the chair.")
    priya.write("Your password", priya.password)
    priya.press("Sign the decision")
    priya.reads("Your decision is signed.")
    priya.reads("Signed by Dr. Priya Raman")
    priya.look_over()


def nora_records_consent(nora: Person, consent: str) -> None:
    """The text is read, every topic talked about."""
    nora.open(consent, "Consent")
    nora.look_over()
    nora.tick_all("Talked about")
    nora.tick("Off-label use was explained")
    nora.pick("Explained by", "Dr. Priya Raman")
    nora.press("The patient agrees")
    nora.reads("The consent is recorded. Next, plan the series.")


def dana_plans_and_books(dana: Person, series: str) -> list[str]:
    """Six infusions, two a week, each at nine. Returns the visits."""
    dana.open(series, "Series")
    dana.look_over()
    dana.write("First infusion on or after", "2026-06-01")
    dana.press("Plan the series")
    dana.reads_heading("Book visits")
    dana.look_over()
    dana.press("Book all 6")
    dana.reads("6 visits are booked.")
    dana.look_over()
    links = dana.main.get_by_role("rowheader").get_by_role("link").all()
    visits = [str(link.get_attribute("href")).split("/")[2] for link in links]
    assert len(visits) == 6
    dana.open("/diary/?day=2026-06-01", "Diary")
    dana.reads("Ida Kestrel")
    dana.look_over()
    return visits


def nora_asks_the_phq9(nora: Person, patient: str, *, point: str, answers: list[int]) -> None:
    """Ten questions asked aloud."""
    nora.open(patient)
    nora.follow("Enter PHQ-9")
    nora.reads_heading("Patient Health Questionnaire-9")
    nora.look_over()
    for question, answer in enumerate(answers):
        nora.main.locator(".ek-question").nth(question).get_by_role("radio").nth(answer).check()
    nora.choose("When in the course", point)
    nora.choose("How the answers came", "Asked aloud")
    nora.press("Save PHQ-9")
    nora.reads("The scale is saved.")
    nora.look_over()


def nora_checks_in(nora: Person, visit: str) -> None:
    """Identity, escort, fasting, weight and signs; the gate opens."""
    nora.open(f"/visits/{visit}/check-in/", "Check in")
    nora.look_over()
    nora.choose("Name and birth date agree", "Yes")
    nora.choose("Record number agrees", "Yes")
    nora.write("Escort's name", "Jon Kestrel")
    nora.write("Escort's telephone", "555-0101")
    nora.write("Relation to the patient", "brother")
    nora.choose("The escort has confirmed that they take the patient home", "Yes")
    nora.write("Since the last clear fluid", "3")
    nora.write("Since the last light meal", "10")
    nora.write("Weight", "70.2")
    nora.choose("Measured here today", "Yes")
    nora.write_all(Systolic="124", Diastolic="78", Pulse="72", Oxygen_saturation="98", Breaths="14")
    nora.write("MOAA/S", "5")
    nora.answer_the_rest("No")
    nora.press("Save the check-in")
    nora.reads("The check-in is saved.")
    nora.reads("Gate open")
    nora.look_over()


def priya_signs_the_order(priya: Person, visit: str) -> None:
    """0.5 mg/kg x 70.2 kg = 35.1 mg; 0.70 mL of 50 mg/mL to 100 mL over 40 min = 150 mL/h (screens.md)."""
    priya.open(f"/visits/{visit}/order/", "Order")
    priya.look_over()
    priya.main.get_by_role("radio", name="50 mg/mL").first.check()
    priya.press("Work it out")
    sentence = priya.main.locator(".ek-dose").first
    for part in ("0.5 mg/kg", "70.2 kg", "35.1 mg", "0.7 mL", "50 mg/mL", "100 mL", "40 min", "150 mL/h"):
        expect(sentence).to_contain_text(part)
    priya.look_over()
    priya.write("Your password", "not my password")
    priya.press("Sign the order")
    expect(priya.main.get_by_role("alert").first).to_contain_text("assword")
    priya.write("Your password", priya.password)
    priya.press("Sign the order")
    priya.reads("The order is signed.")
    priya.look_over()


def nora_draws(nora: Person, visit: str) -> None:
    """What is in her hands."""
    nora.open(f"/visits/{visit}/draw/", "Draw up")
    nora.look_over()
    nora.reads("Kept for this order")
    # The label's second code holds expiry and lot alone; Enter ends a scan and sends nothing.
    nora.write("Code on the label", f"]C117{LAST_DAY:%y%m%d}10K-2231")
    nora.field("Code on the label").press("Enter")
    vial = nora.main.get_by_role("radio", name="New vial: ketamine 50 mg/mL, 10 mL, lot K-2231")
    expect(vial).to_be_checked()
    nora.look_over()
    nora.write("Drawn into the syringe", "0.7")
    nora.write("Bag, total volume with the drug in it", "100")
    nora.write("Rate set on the pump", "150")
    nora.press("Record the draw")
    nora.reads("The draw is recorded.")
    # And she may not check her own draw.
    nora.open(f"/visits/{visit}/double-check/", "Double-check")
    nora.reads("You drew this dose up.")
    nora.look_over()


def samuel_double_checks(samuel: Person, visit: str) -> None:
    """First a rate that disagrees, then what the pump really shows."""
    samuel.open(f"/visits/{visit}/double-check/", "Double-check")
    samuel.look_over()
    for shown_to_the_first in ("0.7", "150", "70.2", "35"):
        assert shown_to_the_first not in samuel.page.locator("body").inner_text()
    for rate, said in (("105", "do not agree"), ("150", "Two people agree. The time-out comes next.")):
        samuel.write("Record number", "EK-2041")
        samuel.write("Weight", "70.2")
        samuel.choose("Strength", "50 mg/mL")
        samuel.write("In the syringe", "0.7")
        samuel.write("Bag, total volume", "100")
        samuel.write("Rate", rate)
        samuel.press("Record my readings")
        samuel.reads(said)
        samuel.look_over()


def nora_and_samuel_stop_and_start(nora: Person, samuel: Person, visit: str) -> None:
    """The time-out with both, then the pump."""
    nora.open(f"/visits/{visit}/time-out/", "Time-out")
    nora.look_over()
    nora.tick_all("Read aloud, both looking")
    nora.pick("Second person", "Samuel Abebe RN")
    nora.write("Their password", samuel.password)
    nora.press("Both agree")
    nora.reads_heading("Start the infusion")
    nora.look_over()
    nora.write("Pump", "Pump 7")
    nora.write("Cannula", "left forearm, 22 G")
    nora.press("Start")
    nora.reads("The infusion runs.")
    nora.look_over()


def nora_charts(nora: Person, **signs: str) -> None:
    """One check on the chart page."""
    for label, value in signs.items():
        nora.write(label.replace("_", " "), value)
    nora.press_on("Save the check")
    nora.reads("The check is charted.")


def nora_runs_the_infusion(nora: Person, clinic: Clinic, visit: str) -> None:
    """Signs, an event, a slower rate, a pause, a wrong value put right, the end."""
    started_at = clinic.now
    clinic.turn_clock(started_at + 10 * MINUTES)
    nora.open(f"/visits/{visit}/chart/")
    nora_charts(nora, Systolic="138", Diastolic="86", Pulse="80", SpO2="97", Breathing="14")
    # One tap leaves the page as it is.
    nora.press("Nausea")
    expect(nora.main.locator("[data-saved]")).to_have_text(re.compile(r"Saved \d+:\d+\s+Nausea"))
    # A rate change
    nora.follow("Rate")
    nora.reads_heading("Change the rate")
    nora.look_over()
    nora.write("New rate", "120")
    nora.write("Why", "Feels overwhelmed")
    nora.press("Save")
    nora.reads("The new rate is recorded.")
    # A pause, and on again
    clinic.turn_clock(started_at + 15 * MINUTES)
    nora.press("Pause")
    nora.reads("Paused.")
    nora.look_over()
    clinic.turn_clock(started_at + 20 * MINUTES)
    nora.open(f"/visits/{visit}/chart/")
    nora_charts(nora, Systolic="130", Diastolic="80", Pulse="76", SpO2="98", Breathing="14")
    nora.follow("Resume")
    nora.reads_heading("Resume")
    nora.look_over()
    nora.write("Rate", "150")
    nora.press("Resume")
    nora.reads("Not known: sedation (MOAA/S) since the pause.")
    nora.look_over()
    nora.open(f"/visits/{visit}/chart/")
    nora_charts(nora, **{"Sedation": "5", "Dissoc.": "3"})
    nora.follow("Resume")
    nora.write("Rate", "150")
    nora.press("Resume")
    nora.reads("The infusion runs again.")
    # 234 for 134: asked about, confirmed in haste, put right
    clinic.turn_clock(started_at + 30 * MINUTES)
    nora.open(f"/visits/{visit}/chart/")
    nora.write_all(Systolic="234", Diastolic="84", Pulse="78", SpO2="98", Breathing="15")
    nora.press("Save the check")
    nora.reads("Really 234 mmHg? Tick if it is so, or mend it.")
    nora.look_over()
    nora.main.get_by_label("Really 234 mmHg?").check()
    nora.press("Save the check")
    nora.reads("The check is charted.")
    nora.main.get_by_role("link", name="234/84").first.click()
    nora.reads_heading("Amend an entry")
    nora.look_over()
    nora.write("Systolic pressure", "134")
    nora.write("Reason", "Typed 2 for 1; the strip says 134.")
    nora.press("Amend")
    nora.reads("The entry is amended. What it said before stays readable.")
    nora.open(f"/visits/{visit}/chart/")
    expect(nora.main.locator(".ek-timeline s").filter(has_text="234/84")).to_be_visible()
    expect(nora.main.locator(".ek-timeline__now").filter(has_text="134/84")).to_be_visible()
    # The end
    clinic.turn_clock(started_at + 50 * MINUTES)
    nora.open(f"/visits/{visit}/chart/")
    nora_charts(nora, Systolic="132", Diastolic="82", Pulse="76", SpO2="98", Breathing="14")
    nora.press("Stop")
    nora.reads("Stopped.")
    nora.look_over()


def nora_and_samuel_account_for_the_drug(nora: Person, samuel: Person) -> None:
    """The bag ran empty; 9.3 of 10 mL are left in the vial, and the page says so only afterwards."""
    nora.follow("Account for the drug")
    nora.reads_heading("Account for the drug")
    nora.look_over()
    assert "9.3" not in nora.page.locator("body").inner_text()
    nora.write("Left in the bag", "0")
    nora.write("Left in the vial K-2231-1", "9.3")
    nora.choose("Why it is wasted", "Left over: the infusion ended or was stopped")
    nora.pick("Second person", "Samuel Abebe RN")
    nora.write("Their password", samuel.password)
    nora.press("Waste it")
    nora.reads_heading("Drug of this visit")
    nora.reads("Witnessed by Samuel Abebe RN")
    nora.reads("465 mg (9.3 mL)")
    nora.look_over()


def nora_discharges(nora: Person, clinic: Clinic, visit: str) -> None:
    """Locked at first; two hours after the end, with final signs, the patient leaves."""
    stopped_at = clinic.now
    nora.open(f"/visits/{visit}/discharge/", "Discharge")
    nora.reads("Locked")
    nora.look_over()
    for minutes in (15, 30, 45, 60, 75, 90, 105, 120):
        clinic.turn_clock(stopped_at + minutes * MINUTES)
        nora.open(f"/visits/{visit}/chart/")
        nora_charts(nora, Systolic="126", Diastolic="80", Pulse="72", SpO2="98", Breathing="14")
    nora.write("Sedation", "5")
    nora_charts(nora, Systolic="126", Diastolic="80", Pulse="72", SpO2="98", Breathing="14")
    clinic.turn_clock(stopped_at + 125 * MINUTES)
    nora.open(f"/visits/{visit}/discharge/", "Discharge")
    nora.choose("Thoughts of suicide that are new or stronger than on arrival?", "No")
    nora.answer_the_rest("Yes")
    nora.write("Received by", "Jon Kestrel")
    nora.write("Their phone", "555-0101")
    nora.tick("The written instructions were given and talked through")
    nora.write("Your password", nora.password)
    nora.press("Sign the discharge")
    nora.reads("The patient is discharged.")
    nora.open(f"/visits/{visit}/discharge/", "Discharge")
    nora.look_over()
    nora.reads("with Jon Kestrel")
    for paper in ("infusion.pdf", "discharge.pdf"):
        answer = nora.context.request.get(f"{nora.address}/visits/{visit}/{paper}")
        assert answer.ok
        assert answer.body().startswith(b"%PDF")


def priya_reviews(priya: Person, patient: str, *, after: int) -> None:
    """The look at the curve."""
    priya.open(patient)
    priya.follow(f"Review after infusion {after}")
    priya.reads_heading(f"Review after infusion {after}")
    priya.look_over()
    priya.choose("Decision", "Go on")
    for reason in priya.main.locator("fieldset.ek-reasons textarea").all():
        reason.fill("Sleep is better; three more, then judge.")
    priya.write("Reason", "Well tolerated; the score falls.")
    priya.press("Keep the review")
    priya.reads("The review is on record.")
    priya.look_over()


def priya_judges_and_plans(priya: Person, patient: str) -> None:
    """PHQ-9 from 20 to 3: response, and remission below 5 (CMS159)."""
    priya.open(patient)
    priya.follow("Judge response")
    priya.reads_heading("Response")
    priya.reads("Response", exact=True)
    priya.reads("Remission", exact=True)
    priya.look_over()
    priya.press("Keep this verdict")
    priya.reads("The verdict on response is on record.")
    priya.follow("Plan maintenance")
    priya.reads_heading("Maintenance plan")
    priya.look_over()
    priya.main.get_by_role("radio", name="Every 14 days").check()
    priya.write("Next infusion is due on", "2026-07-02")
    priya.write("Goals", "Back at work three days a week.")
    priya.write("Signs that it comes back", "Sleeping past noon.")
    priya.press("Save the plan")
    priya.reads("The maintenance plan is saved.")
    priya.look_over()


def everybody_can_read_it(dana: Person, nora: Person, priya: Person, patient: str) -> None:
    """The course on one screen, and every entry with its hash."""
    dana.open(patient)
    dana.reads("Maintenance")
    nora.open(patient)
    nora.look_over()
    nora.follow("Full record, every entry")
    nora.reads_heading("Full record")
    nora.look_over()
    for each in (dana, nora, priya):
        each.open("/", "Today")
        each.look_over()
