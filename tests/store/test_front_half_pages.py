"""The pages from referral to check-in, through Django's test client."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from evenkeel.clinical.preparation import in_force
from evenkeel.journey import checkin
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Author, Draft
from evenkeel.record.series import InfusionCounted
from evenkeel.store import log, reading
from evenkeel.store.queries import patients, visits
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.quantities import DosePerWeight
from evenkeel.web import pages
from tests import factories
from tests.factories import NOW, PASSWORD, TODAY, People

pytestmark = pytest.mark.django_db

OK, FOUND, FORBIDDEN, MISSING, CONFLICT, REFUSED = 200, 302, 403, 404, 409, 422

SignIn = Callable[[Author], Client]


@pytest.fixture(autouse=True)
def _fixed_clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Pages read one clock; here it stands still."""
    monkeypatch.setattr(pages, "now", lambda: NOW)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SECOND_FACTOR_ROLES = frozenset()


@pytest.fixture
def people() -> People:
    return factories.people()


@pytest.fixture
def sign_in() -> SignIn:
    def sign_in(person: Author) -> Client:
        client = Client()
        client.force_login(
            factories.user_of(person), backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        return client

    return sign_in


def words_of(answer: Any) -> str:
    return str(answer.content.decode())


def referral_form(**changes: str) -> dict[str, str]:
    return {
        "idempotency_key": "one-request",
        "given_name": "Wilhelmina",
        "family_name": "van den Bergh-Oyelaran",
        "birth_date_day": "14",
        "birth_date_month": "3",
        "birth_date_year": "1982",
        "sex": "female",
        "record_number": "EK-0007",
        "phone": "555-0100",
        "indication": "depression",
        "referrer_name": "Dr. Ines Quill",
        "reason": "Two antidepressants have not helped.",
        "received_date": TODAY.isoformat(),
        "contact_lines": "1",
        "contact_name_0": "Jon",
        "contact_phone_0": "555-0101",
        "medicine_lines": "2",
        "medicine_name_0": "sertraline",
        "medicine_dose_0": "100 mg each morning",
        "allergy_lines": "1",
        "allergies_none": "on",
    } | changes


def test_a_referral_is_taken_once_however_often_it_is_sent(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.front_desk)
    assert client.get(reverse("refer")).status_code == OK
    first, second = (client.post(reverse("refer"), referral_form()) for _ in range(2))
    assert (first.status_code, second.status_code) == (FOUND, FOUND)
    assert first["Location"] == second["Location"]
    (found,) = patients.search("Wilhelmina").patients
    patient = reading.patient(found.patient)
    assert patient.medicines is not None
    assert patient.medicines.medicines[0].name == "sertraline"
    assert patient.allergies is not None
    assert patient.allergies.none_known
    assert patient.demographics.contacts[0].name == "Jon"


def test_a_refused_referral_keeps_what_was_typed(people: People, sign_in: SignIn) -> None:
    answer = sign_in(people.front_desk).post(
        reverse("refer"), referral_form(family_name="", medicine_name_1="x")
    )
    assert answer.status_code == REFUSED
    shown = words_of(answer)
    assert 'value="Wilhelmina"' in shown
    assert 'value="100 mg each morning"' in shown
    assert 'value="one-request"' in shown, "the key stays, so that sending again is the same request"
    assert patients.search().total == 0


def test_adding_a_line_judges_nothing_and_keeps_everything(people: People, sign_in: SignIn) -> None:
    answer = sign_in(people.front_desk).post(
        reverse("refer"), referral_form(add="medicine", family_name="", birth_date_day="31")
    )
    assert answer.status_code == OK
    shown = words_of(answer)
    assert 'name="medicine_name_2"' in shown
    assert 'name="medicine_lines" value="3"' in shown
    assert 'value="Wilhelmina"' in shown
    assert "There is a problem" not in shown
    assert patients.search().total == 0


def test_a_dose_without_a_medicine_is_asked_about(people: People, sign_in: SignIn) -> None:
    answer = sign_in(people.front_desk).post(reverse("refer"), referral_form(medicine_dose_1="20 mg"))
    assert answer.status_code == REFUSED
    assert "Medicine 2: write its name" in words_of(answer)


def test_a_possible_duplicate_is_asked_about_and_then_taken(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.front_desk)
    client.post(reverse("refer"), referral_form())
    again = referral_form(record_number="EK-0008", idempotency_key="another-request")
    answer = client.post(reverse("refer"), again)
    assert answer.status_code == REFUSED
    assert "is known already as EK-0007" in words_of(answer)
    assert 'name="known_duplicate_confirmed"' in words_of(answer)
    answer = client.post(reverse("refer"), again | {"known_duplicate_confirmed": "on"})
    assert answer.status_code == FOUND
    assert patients.search("Wilhelmina").total == 2


def test_the_list_finds_people_and_says_when_nobody_matches(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.nurse)
    assert "No patients yet" in words_of(client.get(reverse("patients")))
    factories.patient_and_course(details=factories.demographics("EK-0400", given_name="Quirina"))
    factories.patient_and_course()
    assert "Quirina" in words_of(client.post(reverse("patients"), {"words": "quiri ek-04"}))
    nobody = words_of(client.post(reverse("patients"), {"words": "quiri EK-09"}))
    assert "Nobody matches" in nobody
    assert "Quirina" not in nobody
    assert "Quirina" not in words_of(client.get(reverse("patients") + "?stage=maintenance"))
    assert "Quirina" in words_of(client.get(reverse("patients") + "?stage=referred"))


def test_no_list_for_a_role_that_meets_no_patients(people: People, sign_in: SignIn) -> None:
    assert sign_in(people.registrant).get(reverse("patients")).status_code == FORBIDDEN
    assert sign_in(people.registrant).post(reverse("refer"), referral_form()).status_code == FORBIDDEN


def test_lists_and_details_are_changed_on_their_pages(people: People, sign_in: SignIn) -> None:
    patient, _ = factories.patient_and_course()
    client, at = sign_in(people.nurse), [reference_of(patient)]
    seen = str(reading.patient(patient).seq)
    allergies = {"allergy_lines": "2", "allergy_substance_0": "latex", "seen": seen}
    page = words_of(client.get(reverse("patient_allergies", args=at)))
    assert 'value="penicillin"' in page
    assert client.post(reverse("patient_allergies", args=at), allergies).status_code == FOUND
    stale = client.post(reverse("patient_allergies", args=at), allergies | {"allergy_substance_0": "iodine"})
    assert stale.status_code == CONFLICT
    assert 'value="iodine"' in words_of(stale)
    state = reading.patient(patient)
    assert state.allergies is not None
    assert [each.substance for each in state.allergies.allergies] == ["latex"]
    empty = client.post(
        reverse("patient_medicines", args=at), {"medicine_lines": "1", "seen": str(state.seq)}
    )
    assert empty.status_code == REFUSED
    assert "tick the box for none" in words_of(empty)
    assert client.get(reverse("patient_details", args=at)).status_code == OK


def consent_form(**changes: Any) -> dict[str, Any]:
    text = in_force(TODAY)[0]
    return {
        "document": f"{text.key}/{text.version}/{text.language}",
        "topics": [topic.key for topic in text.topics],
        "off_label_explained": "on",
        "explained_by": "Dr. Priya Raman",
    } | changes


def test_consent_is_given_and_withdrawn(people: People, sign_in: SignIn) -> None:
    course = factories.screened_course()
    client, at = sign_in(people.nurse), [reference_of(course)]
    address = reverse("consent", args=at)
    assert "Version 1.0" in words_of(client.get(address))
    answer = client.post(address, consent_form(topics=["pregnancy"]))
    assert answer.status_code == REFUSED
    assert "not talked about yet" in words_of(answer)
    assert client.post(address, consent_form()).status_code == FOUND
    assert reading.course(course).consent is not None
    assert "Consent stands" in words_of(client.get(address))
    withdraw = reverse("consent_withdraw", args=at)
    assert client.get(withdraw).status_code == OK
    assert client.post(withdraw, {"said_to": "Nora Lindqvist RN"}).status_code == FOUND
    assert reading.course(course).consent is None
    assert "Consent was withdrawn" in words_of(client.get(address))
    assert sign_in(people.front_desk).post(address, consent_form()).status_code == FORBIDDEN


def test_a_series_is_planned_and_all_of_it_booked(people: People, sign_in: SignIn) -> None:
    factories.chairs()
    course = factories.consented_course()
    client, at = sign_in(people.front_desk), [reference_of(course)]
    plan = {"purpose": "induction", "infusions": "4", "per_week": "2", "first_date": "2026-06-02"}
    seen = str(reading.course(course).seq)
    assert client.get(reverse("series", args=at)).status_code == OK
    answer = client.post(reverse("series", args=at), plan | {"seen": seen})
    assert (answer.status_code, answer["Location"]) == (FOUND, reverse("book", args=at))
    page = client.get(reverse("book", args=at))
    booking = {"book": "all", "places_shown": places_in(words_of(page)), "idempotency_key": "book-all"}
    for _ in range(2):
        assert client.post(reverse("book", args=at), booking).status_code == FOUND
    booked = visits.of_course(course)
    # Twice a week from Tuesday 2 June: every third or fourth day, and never on a weekend.
    assert [line.number for line in booked] == [1, 2, 3, 4]
    assert [f"{line.starts_at:%a %d %b %H:%M}" for line in booked] == [
        "Tue 02 Jun 13:00",
        "Fri 05 Jun 13:00",
        "Tue 09 Jun 13:00",
        "Fri 12 Jun 13:00",
    ]
    assert "Every visit of the series is booked" in words_of(client.get(reverse("book", args=at)))
    assert words_of(client.get(reverse("series", args=at))).count("Infusion ") >= 4


def test_a_prescriber_plans_the_doses_on_the_page(people: People, sign_in: SignIn) -> None:
    course = factories.consented_course()
    client, address = sign_in(people.prescriber), reverse("series", args=[reference_of(course)])
    plan = {"purpose": "induction", "infusions": "3", "per_week": "2", "first_date": "2026-06-02"}
    doses = {"protocol": "mood_standard", "per_weight": "0.5 0.5 0.75"}
    for wrong in ("0,5", ".5", "0.5 0.5", "2"):
        answer = client.post(address, plan | doses | {"per_weight": wrong})
        assert answer.status_code == REFUSED, wrong
        assert wrong in words_of(answer)
    assert client.post(address, plan | doses).status_code == FOUND
    state = reading.course(course)
    assert state.series is not None
    assert [dose.number for dose in state.series.payload.per_weight] == ["0.5", "0.5", "0.75"]
    assert "0.5, 0.5, 0.75 mg/kg planned" in words_of(client.get(address))
    # The plan that is made anew starts from the doses that stand.
    assert 'value="0.5 0.5 0.75"' in words_of(client.get(f"{address}?again=1"))


def test_whoever_plans_no_doses_hears_that_the_plan_loses_them(people: People, sign_in: SignIn) -> None:
    course = factories.consented_course()
    address = reverse("series", args=[reference_of(course)])
    plan = {"purpose": "induction", "infusions": "3", "per_week": "2", "first_date": "2026-06-02"}
    doses = {"protocol": "mood_standard", "per_weight": "0.5"}
    assert sign_in(people.prescriber).post(address, plan | doses).status_code == FOUND
    desk = sign_in(people.front_desk)
    page = words_of(desk.get(f"{address}?again=1"))
    assert "The plan that stands names doses" in page
    assert 'name="per_weight"' not in page
    # What the desk sends for a dose is not read.
    assert desk.post(address, plan | doses).status_code == FOUND
    state = reading.course(course)
    assert state.series is not None
    assert state.series.payload.per_weight == ()


def places_in(page: str) -> str:
    return page.split('name="places_shown" value="')[1].split('"')[0]


def test_a_chair_that_is_taken_is_refused_with_its_time(people: People, sign_in: SignIn) -> None:
    chair, *_ = factories.chairs()
    factories.book(factories.planned_course(), NOW + timedelta(hours=1), chair)
    course = factories.planned_course()
    client, address = sign_in(people.front_desk), reverse("book", args=[reference_of(course)])
    form = {"day": "2026-06-01", "begins": "11:00", "ends": "13:30", "chair": chair}
    answer = client.post(address, form)
    assert answer.status_code == REFUSED
    assert "Chair 1 is taken on 01 Jun 2026 from 10:00 to 12:30" in words_of(answer)
    assert 'value="11:00"' in words_of(answer)
    assert client.post(address, form | {"begins": "12:30", "ends": "15:00"}).status_code == FOUND


def test_what_a_rule_asks_of_a_booking_only_a_prescriber_answers(people: People, sign_in: SignIn) -> None:
    chair, *_ = factories.chairs()
    course = factories.planned_course()
    with transaction.atomic():
        # Yesterday's infusion, so that an infusion this morning comes within 36 hours of it (SER-GAP-001).
        counted = InfusionCounted(
            visit=StreamId("visit:00000000-0000-4000-8000-000000000000"),
            number=1,
            started_at=NOW - timedelta(hours=20),
            given=DrugMass.mg(35),
            per_weight=DosePerWeight.of("0.5"),
            stopped_early=False,
        )
        state = log.fold_for_update(CourseState, course)
        log.append(
            state,
            [Draft(payload=counted, happened_at=NOW)],
            by=people.nurse,
            key=factories.key(),
            recorded_at=NOW,
        )
    address = reverse("book", args=[reference_of(course)])
    form = {"day": "2026-06-01", "begins": "10:00", "ends": "12:30", "chair": chair}
    refused = sign_in(people.front_desk).post(address, form)
    assert refused.status_code == REFUSED
    assert "A prescriber must decide this" in words_of(refused)
    client = sign_in(people.prescriber)
    asked = client.post(address, form)
    assert asked.status_code == REFUSED
    assert 'name="override_SER-GAP-001"' in words_of(asked)
    reason = "Leaves the country tomorrow; agreed with the referrer."
    assert client.post(address, form | {"override_SER-GAP-001": reason}).status_code == FOUND
    (line,) = visits.of_course(course)
    assert [each.reason for each in reading.visit(line.visit).booking.payload.overrides] == [reason]


def test_suggested_visits_that_were_tampered_with_are_refused(people: People, sign_in: SignIn) -> None:
    factories.chairs()
    course = factories.planned_course()
    client, address = sign_in(people.front_desk), reverse("book", args=[reference_of(course)])
    for shown in ("", "nonsense", "2026-06-02T09:00 2026-06-02T11:00 chair-1"):
        assert client.post(address, {"book": "all", "places_shown": shown}).status_code == REFUSED
    assert visits.of_course(course) == ()


def test_a_visit_is_moved_and_cancelled(people: People, sign_in: SignIn) -> None:
    visit = factories.booked_visit()
    client, at = sign_in(people.front_desk), [reference_of(visit)]
    move = {"day": "2026-06-02", "begins": "09:00", "ends": "11:30", "chair": "chair-1"}
    assert client.get(reverse("rebook", args=at)).status_code == OK
    assert client.post(reverse("rebook", args=at), move).status_code == REFUSED
    assert client.post(reverse("rebook", args=at), move | {"reason": "Has a cold."}).status_code == FOUND
    assert f"{reading.visit(visit).place.starts_at:%d %H:%M}" == "02 13:00"
    assert client.get(reverse("cancel_visit", args=at)).status_code == OK
    assert client.post(reverse("cancel_visit", args=at), {"reason": "Still ill."}).status_code == FOUND
    assert reading.visit(visit).phase == "cancelled"
    assert "no longer be moved" in words_of(client.get(reverse("rebook", args=at)))


def test_the_diary_shows_a_day_chair_by_chair(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.nurse)
    assert "There are no chairs yet" in words_of(client.get(reverse("diary")))
    factories.booked_visit()
    page = words_of(client.get(reverse("diary")))
    # Ten quarters of an hour are two and a half hours.
    assert 'rowspan="10"' in page
    assert "10:00–12:30" in page
    assert "Nobody is booked" in words_of(client.get(reverse("diary") + "?day=2026-06-02"))
    assert client.get(reverse("diary") + "?day=yesterday").status_code == OK


def arrival(**changes: str) -> dict[str, str]:
    facts = factories.check_in_facts()
    return {
        "name_and_birth_date_agree": "yes",
        "record_number_agrees": "yes",
        "escort_name": "Jon Testwell",
        "escort_phone": "555-0101",
        "escort_relation": "brother",
        "escort_confirmed": "yes",
        "hours_since_clear_fluid": "3",
        "hours_since_light_meal": "10",
        "weight": "70.2",
        "weight_measured_today": "yes",
        "systolic": "124",
        "diastolic": "78",
        "pulse": "72",
        "spo2": "98",
        "breaths": "14",
        "sedation": "5",
        **{f"answer_{key}": answer for key, answer in facts.answers.items()},
    } | changes


def test_a_patient_is_checked_in(people: People, sign_in: SignIn) -> None:
    visit = factories.booked_visit()
    client, address = sign_in(people.nurse), reverse("check_in", args=[reference_of(visit)])
    assert client.get(address).status_code == OK
    assert client.post(address, arrival()).status_code == FOUND
    assert reading.visit(visit).phase == "checked_in"
    assert "Gate open" in words_of(client.get(address))


def test_nothing_asked_is_nothing_known(people: People, sign_in: SignIn) -> None:
    visit = factories.booked_visit()
    address = reverse("check_in", args=[reference_of(visit)])
    assert sign_in(people.nurse).post(address, {}).status_code == FOUND
    assert reading.visit(visit).phase == "not_today"


def test_a_weight_far_off_the_last_is_asked_for_again(people: People, sign_in: SignIn) -> None:
    course = factories.planned_course()
    earlier = NOW - timedelta(days=7)
    first = factories.book(course, earlier + timedelta(hours=1), at=earlier)
    checkin.check_in(
        factories.act(people.nurse, earlier + timedelta(hours=1)),
        visit=first,
        facts=factories.check_in_facts(),
    )
    visit = factories.book(course, NOW + timedelta(hours=1))
    client, address = sign_in(people.nurse), reverse("check_in", args=[reference_of(visit)])
    page = words_of(client.get(address))
    assert "Last: 70.2 kg, 25 May 2026" in page
    assert 'value="70.2"' not in page, "an earlier weight is shown and never filled in"
    answer = client.post(address, arrival(weight="82"))
    assert answer.status_code == REFUSED
    assert 'name="weight_again"' in words_of(answer)
    assert reading.visit(visit).check_in is None
    assert client.post(address, arrival(weight="82", weight_again="82")).status_code == FOUND
    assert reading.visit(visit).phase == "awaiting_prescriber"


def test_a_prescriber_decides_on_a_check_in(people: People, sign_in: SignIn) -> None:
    visit = factories.booked_visit()
    at = [reference_of(visit)]
    sign_in(people.nurse).post(reverse("check_in", args=at), arrival(answer_suicidal_thoughts="yes"))
    assert sign_in(people.nurse).get(reverse("check_in_decision", args=at)).status_code == FORBIDDEN
    client, address = sign_in(people.prescriber), reverse("check_in_decision", args=at)
    assert 'name="override_CHK-SUI-001"' in words_of(client.get(address))
    form = {"decision": "go_on", "password": PASSWORD, "seen": str(reading.visit(visit).seq)}
    assert client.post(address, form).status_code == REFUSED
    reasoned = form | {"override_CHK-SUI-001": "Spoke with the patient; a safety plan is made."}
    assert client.post(address, reasoned).status_code == FOUND
    assert reading.visit(visit).phase == "checked_in"


@pytest.mark.parametrize("name", ["screening", "consent", "series", "book", "course_end"])
def test_an_address_of_nothing_is_not_found(name: str, people: People, sign_in: SignIn) -> None:
    nothing = "00000000-0000-4000-8000-000000000000"
    assert sign_in(people.prescriber).get(reverse(name, args=[nothing])).status_code == MISSING


def test_a_course_is_ended_with_a_reason(people: People, sign_in: SignIn) -> None:
    _, course = factories.patient_and_course()
    address = reverse("course_end", args=[reference_of(course)])
    client = sign_in(people.prescriber)
    assert client.post(address, {"reason": ""}).status_code == REFUSED
    assert client.post(address, {"reason": "Moved away."}).status_code == FOUND
    assert reading.course(course).stage == "ended"
