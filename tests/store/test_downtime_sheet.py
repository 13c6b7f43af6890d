"""What a downtime pack says of the patients in the chairs, by numbers that were worked out by hand.

The worked example of screens.md: 35 mg in 100 mL at 150 mL/h are 2.5 mL and 0.875 mg a minute, 40 minutes in
all. The pump runs from 10:30 of the clinic's clock.
"""

from datetime import timedelta
from typing import Any

import pytest

from evenkeel.clinical import checkin as checkin_rules
from evenkeel.clinical.infusion import assess_signs
from evenkeel.journey import infusion, rescue
from evenkeel.journey import limits as limit_settings
from evenkeel.journey.rules import book, clinic_time
from evenkeel.record.signs import Signs
from evenkeel.store import reading
from evenkeel.values.drug import DrugMass
from evenkeel.values.quantities import FlowRate, Pressure
from evenkeel.web.downtime_sums import amounts_to_come, checks_to_come, pace
from evenkeel.web.downtime_view import pack
from tests import factories_chairside as chairside
from tests.factories import NOW, act, chairs, checked_in_visit, people, planned_course
from tests.factories import book as book_visit
from tests.store.test_monitors import FULL, send
from tests.store.test_order_in_steps import running as running_in_steps

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

START = chairside.STARTED_AT
MINUTE = timedelta(minutes=1)


def after(minutes: float) -> Any:
    """So many minutes after the start, on the clinic's clock."""
    return clinic_time(START + minutes * MINUTE)


def sheet(minutes: float) -> dict[str, Any]:
    """The pages of the one infusion that began, made so many minutes after the start."""
    (only,) = pack(after(minutes))["begun"]
    found: dict[str, Any] = only
    return found


def pairs(lines: list[tuple[str, str]]) -> dict[str, str]:
    """Lines of two, by what stands before them."""
    return dict(lines)


def test_what_was_given_is_left_and_will_be_given() -> None:
    chairside.running_visit()
    found = sheet(14)
    said = pairs(found["infusion"])
    # 14 min x 2.5 mL = 35 mL; 14 min x 0.875 mg = 12.25 mg, which is shown to a tenth.
    assert said["Given at 10:44"] == "12.2 mg of 35.1 mg ordered; 35 mL run, 65 mL left in the bag"
    assert said["Ends at"] == "11:10, if nothing changes"
    assert said["At 150 mL/h"] == "25 mL = 8.75 mg in 10 min (2.5 mL = 0.875 mg in 1 min)"
    assert found["rates"] == [["10:30", "still so", "150 mL/h", "12.2 mg"]]
    assert found["coming"] == [
        ["10:50", "50 mL", "17.5 mg", "150 mL/h"],
        ["11:00", "75 mL", "26.2 mg", "150 mL/h"],
        ["11:10", "100 mL", "35 mg", "empty"],
    ]


def test_a_change_of_rate_is_told_and_counted_from() -> None:
    visit = chairside.running_visit()
    slower = {"rate": FlowRate.of(120), "reason": "dizzy"}
    infusion.change_rate(act(people().nurse, after(10)), visit=visit, **slower)  # type: ignore[arg-type]
    found = sheet(14)
    # 10 min x 2.5 mL and 4 min x 2 mL; 0.35 mg in each mL.
    assert found["rates"] == [
        ["10:30", "10:40", "150 mL/h", "8.8 mg"],
        ["10:40", "still so", "120 mL/h", "11.6 mg"],
    ]
    # 67 mL are left, 33.5 min at 2 mL a minute: the end lies between two tens of the clock.
    assert [line[:3] for line in found["coming"]] == [
        ["10:50", "45 mL", "15.8 mg"],
        ["11:00", "65 mL", "22.8 mg"],
        ["11:10", "85 mL", "29.8 mg"],
        ["11:17", "100 mL", "35 mg"],
    ]


def test_exact_amounts_are_kept_behind_what_is_shown() -> None:
    visit = chairside.running_visit()
    coming = amounts_to_come(reading.visit(visit), after(14))
    assert [each.given.mcg for each in coming] == [17_500, 26_250, 35_000]
    now = pace(reading.visit(visit), after(14))
    assert now is not None
    assert (now.in_one[1].mcg, now.in_ten[1].mcg, now.lasts) == (875, 8_750, 26 * MINUTE)


def test_a_run_in_steps_says_when_the_pump_is_set_anew() -> None:
    running_in_steps()
    # 120 mL/h for 10 min are 20 mL, 7 mg; then 160 mL/h, 26.67 mL and 9.33 mg in 10 min.
    assert sheet(5)["coming"] == [
        ["10:40", "20 mL", "7 mg", "SET 160 mL/h"],
        ["10:50", "46.7 mL", "16.3 mg", "160 mL/h"],
        ["11:00", "73.3 mL", "25.7 mg", "160 mL/h"],
        ["11:10", "100 mL", "35 mg", "empty"],
    ]


def test_a_pump_that_stands_still_gives_nothing_and_says_what_it_would() -> None:
    visit = chairside.running_visit()
    infusion.pause(act(people().nurse, after(10)), visit=visit, reason="asked for a rest")
    found = sheet(25)
    assert found["coming"] == []
    said = pairs(found["infusion"])
    assert said["Ends at"].startswith("not known: the pump stands still.")
    # 75 mL are left, 30 min at 2.5 mL a minute.
    assert said["Again at 150 mL/h"] == (
        "25 mL = 8.75 mg in 10 min (2.5 mL = 0.875 mg in 1 min); what is left lasts 30 min"
    )
    assert found["rates"][-1] == ["10:40", "still so", "stood still", "8.8 mg"]
    # The check of 10:40 is overdue; the next ones are due every 10 min for an hour, then after the stop.
    assert found["checks"][:3] == ["NOW (was due 10:40)", "11:05", "11:15"]
    assert "at the stop" in found["checks"]
    assert "stop + 2 h" in found["checks"]


def test_an_empty_bag_is_told_as_empty() -> None:
    chairside.running_visit()
    assert sheet(45)["coming"] == [["11:15", "100 mL", "35 mg", "empty"]]


def test_after_the_stop_nothing_is_to_come_and_the_stay_is_laid_out() -> None:
    visit = chairside.recovering_visit()
    found = sheet(50)
    assert found["coming"] == []
    assert pairs(found["infusion"])["Given at 11:10"].startswith("35 mg of 35.1 mg ordered; 100 mL run")
    # The first infusion of a course: two hours, and a check every 15 min (INF-CHK-002).
    assert found["discharge"]["earliest"] == "Not before 1 Jun 2026, 13:10."
    due = ["11:25", "11:40", "11:55", "12:10", "12:25", "12:40", "12:55", "13:10"]
    assert [words for words in found["checks"] if words] == due
    stay = book().limits("DIS-STAY-002", after(0).date()).stay
    state = reading.visit(visit)
    assert len(checks_to_come(book(), state, after(50), stay=stay, may_leave_at=after(160))) == len(due)


def test_checks_while_it_runs_go_on_through_the_stop_until_the_patient_may_leave() -> None:
    visit = chairside.running_visit()
    chairside.chart(visit, after(10))
    words = [each for each in sheet(14)["checks"] if each]
    assert words[:4] == ["10:50", "11:00", "at the stop, 11:10", "stop + 15 min, 11:25"]
    assert words[-1] == "stop + 2 h, 13:10"


def test_signs_stand_with_their_age_beside_the_baseline() -> None:
    visit = chairside.running_visit()
    chairside.chart(visit, after(10), chairside.signs(systolic=171))
    chairside.assign_monitor()
    send(*FULL)
    found = sheet(14)
    first, last = found["signs"]["lines"]
    assert first[:4] == ["10:00", "44 min old", "Baseline", "124/78"]
    assert last[:4] == ["10:40", "4 min old", "charted", "171/80"]
    # Nausea and pain were not asked: that is no zero.
    assert last[9:11] == ["–", "–"]
    assert any(words.startswith("Systolic pressure 171 mmHg.") for words in found["open"])
    assert "Pulse 77 /min at 10:35 (9 min old, monitor)" in found["signs"]["sent"]


def test_whose_pages_they_are_and_what_is_not_known_stand_on_top() -> None:
    visit = chairside.running_visit()
    patient = reading.patient(reading.visit(visit).booking.payload.patient)
    found = sheet(14)
    details = patient.demographics
    for words in (details.full_name, "14 Mar 1982", details.record_number):
        assert words in found["header"]
    said = pairs(found["patient"])
    assert said["Weight"] == "70.2 kg, 1 Jun 2026, 10:00"
    assert said["Allergies"] == "penicillin (rash)"
    assert found["kit"].startswith("At the time-out it is said aloud that somebody trained")
    assert found["discharge"]["escort"] == "Jon Testwell, brother, 555-0101"


def test_every_rule_about_signs_stands_there_with_the_limits_in_force() -> None:
    visit = chairside.running_visit()
    asked = {verdict.rule.rule for verdict in assess_signs(book(), reading.visit(visit), Signs(), after(14))}
    limits = {line[2]: line for line in sheet(14)["limits"]}
    assert set(limits) == asked | {"INF-EVT-001"}
    said = "From 180 mmHg systolic or 110 mmHg diastolic on, hold the drug, assess the patient and call a"
    assert limits["INF-BP-002"][:2] == ["PAUSE", f"{said} prescriber."]
    assert {limits[id_][0] for id_ in ("INF-BP-003", "INF-OX-001")} == {"ALERT"}
    assert {limits[id_][0] for id_ in ("INF-OX-002", "INF-SED-002")} == {"STOP"}


def test_a_limit_that_the_clinic_set_is_the_one_on_paper() -> None:
    limit_settings.set_limit(
        act(people().lead, NOW),
        rule="INF-BP-002",
        limit="systolic",
        value=Pressure.of(170),
        from_date=NOW.date(),
        reason="older patients here",
    )
    chairside.running_visit()
    line = next(line for line in sheet(14)["limits"] if line[2].startswith("INF-BP-002"))
    assert line[1].startswith("From 170 mmHg systolic")
    assert line[2] == "INF-BP-002, set by this clinic"


def test_who_has_not_begun_has_a_shorter_page_and_who_is_to_come_a_line() -> None:
    first, second, third = chairs()
    ordered = chairside.ordered_visit(first)
    checked_in_visit(chair=second)
    book_visit(planned_course(), NOW + timedelta(hours=6), chair=third)
    found = pack(after(-15))
    assert found["begun"] == []
    by_order, without = found["waiting"]
    signed = reading.visit(ordered).order
    assert signed is not None
    assert pairs(by_order["lines"])["Order"] == signed.payload.plan.sentence
    assert by_order["next"] == "Draw up."
    assert pairs(without["lines"])["Order"] == "none is signed"
    assert [line[0] for line in found["chairs"]] == ["Chair 1", "Chair 2", "Chair 3"]
    assert [line[1] for line in found["chairs"]][2] == "free"
    assert [line[0] for line in found["expected"]] == ["15:00"]


def test_forms_are_enough_for_eight_hours_at_every_chair() -> None:
    chairs()
    found = pack(clinic_time(NOW))["blanks"]
    # A check every 10 min (INF-CHK-001) for 8 h are 48 rows at each of three chairs.
    assert found["signs_copies"] * found["signs_rows"] >= 3 * 48
    assert found["drug_copies"] * found["drug_rows"] >= 3 * 2 * 3
    assert found["checkin_copies"] == 3 * 2
    assert found["questions"] == [question.text for question in checkin_rules.QUESTIONS]
    # The form says that a prescriber decides on every yes.
    assert {question.safe for question in checkin_rules.QUESTIONS} == {"no"}


def test_the_hours_are_told_in_both_clocks() -> None:
    chairs()
    found = pack(after(14))
    assert found["made"] == "1 Jun 2026, 10:44 (America/New_York)"
    assert found["made_utc"] == "1 Jun 2026, 14:44 UTC"
    assert found["until"] == "1 Jun 2026, 18:44"


def test_rescue_drugs_events_and_notes_stand_there_with_their_times() -> None:
    visit, nurse = chairside.running_visit(), people().nurse
    rescue.give_rescue(
        act(nurse, after(12)),
        visit=visit,
        drug="ondansetron",
        dose=DrugMass.mg(4),
        route="iv",
        ordered_by=people().prescriber.id,
        read_back=True,
        reason="vomited",
        conditions={},
        was_given_already=True,
    )
    infusion.record_event(act(nurse, after(11)), visit=visit, event="vomiting", grade=2, note="once")
    infusion.write_note(act(nurse, after(13)), visit=visit, text="better now")
    found = sheet(14)
    ((at, said),) = found["rescues"]
    assert at == "10:42"
    assert said.startswith("ondansetron 4 mg")
    assert found["events"] == [["10:41", "Vomiting, grade 2: once"], ["10:43", "better now"]]
