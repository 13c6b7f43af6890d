"""Managing people and settings, and reading the access log."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.journey import people, settings
from evenkeel.journey.people import UnableToManagePeople
from evenkeel.journey.policy import NotPermitted
from evenkeel.journey.settings import UnableToChangeSettings
from evenkeel.store import access, models
from evenkeel.store.queries import people as people_queries
from evenkeel.store.queries import settings as setting_queries
from evenkeel.values.issues import Issue
from tests import factories

pytestmark = pytest.mark.django_db

NEW = {
    "username": "kim",
    "printed_name": "Kim  Oduya RN",
    "role": "nurse",
    "new_password": "violet tractor sings",
    "reason": "starts on Monday",
}


def sentences(issues: tuple[Issue, ...]) -> str:
    """What a person reads."""
    return " ".join(issue.sentence for issue in issues)


def signed_in(client: Client, role: str) -> Client:
    """The client, signed in as somebody of that role."""
    client.force_login(factories.user_of(getattr(factories.people(), role)))
    return client


def test_an_added_person_signs_in_and_is_in_the_change_log(client: Client) -> None:
    signed_in(client, "administrator")
    assert client.get(reverse("add_person")).status_code == 200
    form = {**NEW, "idempotency_key": "add-kim"}
    assert client.post(reverse("add_person"), form).status_code == 302
    assert client.post(reverse("add_person"), form).status_code == 302  # a double click
    kim = people_queries.by_username("KIM")
    assert kim is not None
    assert (kim.printed_name, kim.role) == ("Kim Oduya RN", "nurse")
    change = models.ChangeRecord.objects.get()
    assert (change.row, change.by_name, change.reason) == (kim.id, "Ada Novak", "starts on Monday")
    assert "violet" not in change.after
    assert people_queries.password_is_right(kim.id, "violet tractor sings", at=factories.NOW)
    listed = client.get(reverse("people")).content.decode()
    assert "Kim Oduya RN" in listed
    assert "Added as nurse" in listed


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"username": "nurse"}, "somebody already signs in as nurse"),
        ({"username": "NURSE"}, "somebody already signs in as nurse"),
        ({"username": "kim oduya"}, "use 1 to 30 letters a to z"),
        ({"username": "kïm"}, "use 1 to 30 letters a to z"),
        ({"new_password": "short"}, "at least 12 characters"),
        ({"new_password": "kim oduya rn"}, "too similar"),
        ({"role": "owner"}, "Role: choose one of"),
        ({"reason": "  "}, "Reason: write why"),
        ({"printed_name": " "}, "Printed name: write the name"),
    ],
)
def test_a_person_that_cannot_be_added(wrong: dict[str, str], sentence: str) -> None:
    admin = factories.people().administrator
    before = models.Clinician.objects.count()
    with pytest.raises(UnableToManagePeople) as refused:
        people.add_person(factories.act(admin), **{**NEW, **wrong})
    assert sentence in sentences(refused.value.issues)
    assert models.Clinician.objects.count() == before


def test_a_refused_form_keeps_what_was_typed(client: Client) -> None:
    signed_in(client, "administrator")
    answer = client.post(reverse("add_person"), {**NEW, "username": "nurse"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "somebody already signs in as nurse" in page
    assert 'value="starts on Monday"' in page
    assert "violet" not in page


def test_only_administrators_manage_people() -> None:
    with pytest.raises(NotPermitted):
        people.add_person(factories.act(factories.people().lead), **NEW)


def test_another_role_holds_at_once(client: Client) -> None:
    everybody = factories.people()
    desk = Client()
    desk.force_login(factories.user_of(everybody.front_desk))
    assert desk.get(reverse("settings")).status_code == 403
    signed_in(client, "administrator")
    address = reverse("person_role", args=[everybody.front_desk.id])
    assert client.post(address, {"role": "lead", "reason": "promoted"}).status_code == 302
    assert desk.get(reverse("settings")).status_code == 200
    page = client.get(reverse("person", args=[everybody.front_desk.id])).content.decode()
    assert "Role: front desk → clinic lead" in page
    assert client.post(address, {"role": "lead", "reason": "again"}).status_code == 422


def test_ended_access_ends_the_session_and_can_be_restored(client: Client) -> None:
    everybody = factories.people()
    nurse = Client()
    nurse.force_login(factories.user_of(everybody.nurse))
    assert nurse.get(reverse("here")).status_code == 200
    signed_in(client, "administrator")
    end = reverse("person_end", args=[everybody.nurse.id])
    assert client.post(end, {"reason": "has left"}).status_code == 302
    assert nurse.get(reverse("here")).status_code == 302
    assert not people_queries.password_is_right(everybody.nurse.id, factories.PASSWORD, at=factories.NOW)
    restore = reverse("person_restore", args=[everybody.nurse.id])
    assert client.post(restore, {"reason": "is back"}).status_code == 302
    assert people_queries.password_is_right(everybody.nurse.id, factories.PASSWORD, at=factories.NOW)


def test_a_new_password_ends_the_persons_sessions(client: Client) -> None:
    everybody = factories.people()
    nurse = Client()
    nurse.force_login(factories.user_of(everybody.nurse))
    signed_in(client, "administrator")
    address = reverse("person_password", args=[everybody.nurse.id])
    form = {"new_password": "violet tractor sings", "reason": "forgotten"}
    assert client.post(address, form).status_code == 302
    assert nurse.get(reverse("here")).status_code == 302
    assert people_queries.password_is_right(everybody.nurse.id, "violet tractor sings", at=factories.NOW)
    assert "violet" not in "".join(models.ChangeRecord.objects.values_list("after", flat=True))


def test_the_last_administrator_stays() -> None:
    everybody = factories.people()
    act = factories.act(everybody.administrator)
    with pytest.raises(UnableToManagePeople) as refused:
        people.deactivate(act, clinician=everybody.administrator.id, reason="retires")
    assert "last administrator" in sentences(refused.value.issues)
    with pytest.raises(UnableToManagePeople):
        people.change_role(
            factories.act(everybody.administrator),
            clinician=everybody.administrator.id,
            role="nurse",
            reason="back to the ward",
        )
    people.change_role(
        factories.act(everybody.administrator),
        clinician=everybody.lead.id,
        role="administrator",
        reason="second",
    )
    with pytest.raises(UnableToManagePeople) as refused:
        people.deactivate(
            factories.act(everybody.administrator), clinician=everybody.administrator.id, reason="retires"
        )
    assert sentences(refused.value.issues) == "You cannot end your own access. Ask another administrator."
    people.change_role(
        factories.act(everybody.administrator),
        clinician=everybody.administrator.id,
        role="nurse",
        reason="done",
    )


def test_settings_change_with_a_reason_and_show_their_history(client: Client) -> None:
    signed_in(client, "lead")
    assert "Nothing was changed yet." in client.get(reverse("settings")).content.decode()
    form = {"clinic_name": "Harbor Clinic", "predicted_level_shown": "no", "reason": "agreed on 3 June"}
    assert client.post(reverse("settings"), form).status_code == 302
    assert setting_queries.current() == setting_queries.Settings(
        clinic_name="Harbor Clinic", predicted_level_shown=False
    )
    page = client.get(reverse("settings")).content.decode()
    assert "Clinic name: Evenkeel clinic → Harbor Clinic" in page
    assert "Predicted level shown: yes → no" in page
    assert "agreed on 3 June" in page
    assert client.post(reverse("settings"), form).status_code == 422  # nothing is different
    without_reason = client.post(reverse("settings"), {**form, "clinic_name": "Other", "reason": ""})
    assert without_reason.status_code == 422
    assert 'value="Other"' in without_reason.content.decode()


def test_an_administrator_sees_settings_and_changes_none(client: Client) -> None:
    signed_in(client, "administrator")
    page = client.get(reverse("settings"))
    assert page.status_code == 200
    assert "The clinic lead changes these" in page.content.decode()
    form = {"clinic_name": "Mine", "predicted_level_shown": "yes", "reason": "because"}
    assert client.post(reverse("settings"), form).status_code == 403
    with pytest.raises(NotPermitted):
        settings.change_settings(
            factories.act(factories.people().administrator),
            clinic_name="Mine",
            predicted_level_shown=True,
            reason="because",
        )


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_a_clinic_has_a_name_of_bearable_length(name: str) -> None:
    act = factories.act(factories.people().lead)
    with pytest.raises(UnableToChangeSettings) as refused:
        settings.change_settings(act, clinic_name=name, predicted_level_shown=True, reason="try")
    assert refused.value.issues[0].field == "clinic_name"


# --- the access log as a page -------------------------------------------------------------------------------


def test_the_access_log_is_searched_by_patient_person_and_day(client: Client) -> None:
    everybody = factories.people()
    mara, _ = factories.patient_and_course()
    row = models.PatientRow.objects.get(stream=mara)
    for day in range(3):
        access.write(
            at=factories.NOW + timedelta(days=day),
            by=everybody.nurse if day else everybody.lead,
            patients={mara},
            route=f"page_{day}",
            method="GET",
            status=200,
        )
    signed_in(client, "lead")
    address = reverse("access_log")

    def found(**asked: str) -> str:
        return client.post(address, asked).content.decode()

    assert "2 Jun 2026" in found(day="2026-06-02")
    assert "page 1" in found(day="2026-06-02")
    assert "page 0" not in found(day="2026-06-02")
    assert "page 0" in found(person=everybody.lead.id)
    assert "page 1" not in found(person=everybody.lead.id)
    assert "page 2" in found(patient=row.family_name)
    assert "page 2" in found(patient=row.record_number)
    assert "No line fits." in found(patient="Nobody of that name")
    wrong = client.post(address, {"day": "yesterday"})
    assert wrong.status_code == 422
    assert 'value="yesterday"' in wrong.content.decode()
    # A name that somebody puts into the address is not looked for, so that none is ever kept there.
    assert "page 2" in client.get(address, {"patient": "Nobody of that name"}).content.decode()


def test_reading_the_access_log_is_in_the_access_log(client: Client) -> None:
    everybody = factories.people()
    mara, _ = factories.patient_and_course()
    access.write(
        at=factories.NOW, by=everybody.nurse, patients={mara}, route="patient", method="GET", status=200
    )
    signed_in(client, "lead")
    client.get(reverse("access_log"))
    last = models.AccessRecord.objects.latest("pk")
    assert (last.by_name, last.patient, last.route) == (everybody.lead.printed_name, mara, "access_log")


def test_long_logs_come_in_pages(client: Client) -> None:
    everybody = factories.people()
    mara, _ = factories.patient_and_course()
    for minute in range(60):
        at = factories.NOW + timedelta(minutes=minute)
        access.write(at=at, by=everybody.nurse, patients={mara}, route="patient", method="GET", status=200)
    signed_in(client, "lead")
    first = client.post(reverse("access_log"), {"person": everybody.nurse.id}).content.decode()
    assert "60 lines" in first
    assert "Older" in first
    assert "Newer" not in first
    asked = {"person": everybody.nurse.id, "page": "2"}
    second = client.post(reverse("access_log"), asked).content.decode()
    assert second.count("<tr>") == 1 + 10
    assert "Newer" in second
