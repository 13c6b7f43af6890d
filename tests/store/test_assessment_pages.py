"""Choosing a scale, filling it in with loaded or shipped words, and reading what was filled in."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from evenkeel.clinical.scales import scales
from evenkeel.clinical.scales.shape import Scale
from evenkeel.journey import outcomes
from evenkeel.journey.outcomes import UnableToRecordAssessment
from evenkeel.record.outcomes import AssessmentRecorded
from evenkeel.store import reading
from evenkeel.values.ids import StreamId, reference_of
from tests.factories import NOW, act, patient_and_course, people
from tests.pages import look, send, set_clock

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

LATER = NOW + timedelta(days=1)
BASELINE = {"point": "baseline", "entered_for": "patient_interview"}
CHOSEN = re.compile(r"<input[^>]* checked")


@pytest.fixture(autouse=True)
def _password_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()
    set_clock(monkeypatch, LATER)


@pytest.fixture
def course() -> StreamId:
    return patient_and_course()[1]


def page_of(course: StreamId, tail: str = "") -> str:
    return f"/courses/{reference_of(course)}/assessments/{tail}"


def made_up(of: Scale, until: str = "2099-12-31") -> str:
    """A clinic's file with made-up words, as the documentation asks for it."""
    lines = [f'id = "{of.id}"', 'permission = "Made up for a test"', f"until_date = {until}", ""]
    for number, item in enumerate(of.items, start=1):
        if item.span is None:
            lines += [f"[answers.of_{number}]", "options = ["]
            lines += [f'  {{ value = {value}, text = "made-up answer {value}" }},' for value in item.values]
            lines += ["]", ""]
    for number, item in enumerate(of.items, start=1):
        lines += ["[[item]]", f'text = "Made-up words of {item.key}"']
        lines += [f'answers = "of_{number}"', ""] if item.span is None else [""]
    return "\n".join(lines)


def load(settings: Settings, folder: Path, *ids: str, until: str = "2099-12-31") -> None:
    """Let the clinic load made-up words for some scales."""
    for id_ in ids:
        (folder / f"{id_}.toml").write_text(made_up(scales()[id_], until), "utf-8")
    settings.SCALE_TEXTS = folder


def answers(*values: object) -> dict[str, str]:
    return {f"answer_{n}": str(value) for n, value in enumerate(values, start=1) if value is not None}


def only_form(course: StreamId) -> AssessmentRecorded:
    (fact,) = reading.course(course).assessments
    return fact.payload


# --- choosing -----------------------------------------------------------------------------------------------


def test_every_scale_can_be_chosen_from_its_group(client: Client, course: StreamId) -> None:
    words = look(client, people().nurse, page_of(course))
    for of in scales().values():
        assert f'href="{page_of(course, of.id)}/"' in words, of.id
    assert words.count("Needs the clinic&#39;s text") == 28
    assert words.count("Needs the clinic&#39;s permission") == 1
    assert words.count("Cannot be used") == 1
    assert words.count("This course is judged by it") == 1


def test_the_front_desk_chooses_none(client: Client, course: StreamId) -> None:
    look(client, people().front_desk, page_of(course), status=403)


@pytest.mark.parametrize("id_", [of.id for of in scales().values() if not of.is_ready])
def test_a_scale_without_its_words_says_how_they_are_loaded(
    client: Client, course: StreamId, id_: str
) -> None:
    words = look(client, people().nurse, page_of(course, f"{id_}/"))
    assert "<form" not in words.partition('id="main"')[2]
    if id_ == "kset":
        assert "Its questions and its scoring could not be read" in words
    else:
        assert f"{id_}.toml" in words
        assert "EVENKEEL_SCALE_TEXTS" in words
    answer = send(client, people().nurse, page_of(course, f"{id_}/"), **BASELINE, answer_1="1")
    assert answer.status_code == 422
    assert not reading.course(course).assessments


@pytest.mark.parametrize("id_", [of.id for of in scales().values() if of.is_ready])
def test_a_scale_with_its_words_asks_every_question_with_nothing_chosen(
    client: Client, course: StreamId, id_: str
) -> None:
    words = look(client, people().nurse, page_of(course, f"{id_}/"))
    names = set(re.findall(r'name="(answer_[0-9]+)"', words))
    assert names == {f"answer_{item.number}" for item in scales()[id_].items}
    assert not CHOSEN.findall(words)


def test_the_use_case_refuses_words_that_are_not_there(course: StreamId) -> None:
    with pytest.raises(UnableToRecordAssessment) as refusal:
        outcomes.record_assessment(
            act(people().nurse, NOW),
            course=course,
            scale_id="isi",
            answers=(0,) * 7,
            point="baseline",
            infusion_number=None,
            entered_for="paper_form",
        )
    assert [issue.code for issue in refusal.value.issues] == ["scale-not-ready"]


# --- loaded words -------------------------------------------------------------------------------------------


def test_loaded_words_are_shown_scored_and_named_in_the_result(
    client: Client, course: StreamId, settings: Settings, tmp_path: Path
) -> None:
    load(settings, tmp_path, "isi")
    words = look(client, people().nurse, page_of(course, "isi/"))
    assert "7. Made-up words of 7" in words
    assert "made-up answer 4 (4)" in words
    answer = send(client, people().nurse, page_of(course, "isi/"), **BASELINE, **answers(*(3,) * 7))
    assert "ISI: 21, moderate." in client.get(answer["Location"]).content.decode()
    form = only_form(course)
    assert (form.total, form.band) == (Decimal(21), "moderate")
    assert re.fullmatch(r"1\+[0-9a-f]{8}", form.scale_version)


def test_a_permission_that_has_run_out_closes_the_form_and_keeps_what_was_answered(
    client: Client, course: StreamId, settings: Settings, tmp_path: Path
) -> None:
    load(settings, tmp_path, "isi", until=str(LATER.date()))
    send(client, people().nurse, page_of(course, "isi/"), **BASELINE, **answers(*(3,) * 7))
    seq = reading.course(course).assessments[0].seq
    other = tmp_path / "later"
    other.mkdir()
    load(settings, other, "isi", until=str((LATER - timedelta(days=1)).date()))
    assert "waits for the clinic" in look(client, people().nurse, page_of(course, "isi/"))
    assert "Made-up words of 7" in look(client, people().nurse, page_of(course, f"{seq}/"))


def test_hours_minutes_and_answers_of_the_psqi_come_to_its_components(
    client: Client, course: StreamId, settings: Settings, tmp_path: Path
) -> None:
    load(settings, tmp_path, "psqi")
    words = look(client, people().nurse, page_of(course, "psqi/"))
    assert words.count('type="time"') == 2
    typed = answers("23:00", 45, "07:00", 340, *(1,) * 14)
    send(client, people().nurse, page_of(course, "psqi/"), **BASELINE, **typed)
    form = only_form(course)
    assert form.answers[:4] == (23 * 60, 45, 7 * 60, 340)
    # Quality 1; latency 2 + 1 is 2; 5 to 6 h 2; 71 % of 8 h 2; disturbances 1; medicine 1; daytime 2 is 1.
    assert form.total == 10
    seq = reading.course(course).assessments[0].seq
    assert "poor sleep (more than 5)" in look(client, people().nurse, page_of(course, f"{seq}/"))


def test_a_time_or_number_that_cannot_be_is_refused_beside_its_question(
    client: Client, course: StreamId, settings: Settings, tmp_path: Path
) -> None:
    load(settings, tmp_path, "psqi")
    typed = answers("25:00", 601, "07:00", "6.5", *(1,) * 14)
    answer = send(client, people().nurse, page_of(course, "psqi/"), **BASELINE, **typed)
    words = answer.content.decode()
    assert answer.status_code == 422
    assert "Write a whole number from 0 to 600." in words
    assert "Write a whole number from 0 to 1440." in words
    assert 'value="07:00"' in words
    assert len(CHOSEN.findall(words)) == 14 + 2


def test_a_form_says_its_marks_and_parts(client: Client, course: StreamId) -> None:
    typed = answers(2, 0, 0, 0, 0, 2, 0, 2, 2, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0)
    answer = send(client, people().nurse, page_of(course, "pcl5/"), **BASELINE, **typed)
    words = client.get(answer["Location"]).content.decode()
    assert "PCL-5: 12. Provisional PTSD by the four clusters. B, intrusion 2; C, avoidance 2;" in words


# --- questions that are not asked of everybody --------------------------------------------------------------


def test_the_asq_ends_after_four_times_no(client: Client, course: StreamId) -> None:
    words = look(client, people().nurse, page_of(course, "asq/"))
    assert "Not asked where questions 1, 2, 3, 4 are all “No”." in words
    send(client, people().nurse, page_of(course, "asq/"), **BASELINE, **answers(0, 0, 0, 0))
    form = only_form(course)
    assert (form.total, form.band, form.risk_items) == (Decimal(0), "negative", ())


def test_a_refused_answer_of_the_asq_leads_to_what_to_do(client: Client, course: StreamId) -> None:
    typed = answers(0, 2, 0, 0, 0)
    answer = send(client, people().nurse, page_of(course, "asq/"), **BASELINE, **typed)
    assert "/risk/" in answer["Location"]
    assert "Refused to answer" in client.get(answer["Location"]).content.decode()
    assert only_form(course).band == "non-acute positive"


def test_an_open_acuity_question_leaves_the_asq_without_a_level(client: Client, course: StreamId) -> None:
    answer = send(client, people().nurse, page_of(course, "asq/"), **BASELINE, **answers(1, 0, 0, 0))
    assert "/risk/" in answer["Location"]
    assert "no answer to question 5. Ask it again." in client.get(answer["Location"]).content.decode()
    assert only_form(course).total is None


def test_a_permission_alone_opens_the_audit_c(
    client: Client, course: StreamId, settings: Settings, tmp_path: Path
) -> None:
    assert "waits for the clinic&#39;s permission" in look(
        client, people().nurse, page_of(course, "audit_c/")
    )
    (tmp_path / "audit_c.toml").write_text('id = "audit_c"\npermission = "Made-up letter"\n', "utf-8")
    settings.SCALE_TEXTS = tmp_path
    words = look(client, people().nurse, page_of(course, "audit_c/"))
    assert "How often do you have a drink containing alcohol?" in words
    assert "Not asked where question 1 is “Never”." in words
    send(client, people().nurse, page_of(course, "audit_c/"), **BASELINE, answer_1="0")
    assert only_form(course).total == 0


# --- reading ------------------------------------------------------------------------------------------------


def test_a_form_is_read_again_with_its_answers_and_what_its_numbers_stand_on(
    client: Client, course: StreamId
) -> None:
    typed = answers(2, 0, 2, 2, 2, 0, 0, 0, 1)
    send(client, people().nurse, page_of(course, "phq9/"), **BASELINE, **typed)
    seq = reading.course(course).assessments[0].seq
    assert page_of(course, f"{seq}/") in look(client, people().nurse, page_of(course))
    words = look(client, people().prescriber, page_of(course, f"{seq}/"))
    assert "major depressive syndrome by the PHQ-9&#39;s own rule" in words
    assert "More than half the days" in words
    assert "Kroenke, Spitzer and Williams 2001" in words
    assert "Proposal, to be checked by the medical director" in words


def test_a_form_with_a_gap_is_read_as_one(client: Client, course: StreamId) -> None:
    send(client, people().nurse, page_of(course, "gad7/"), **BASELINE, **answers(1, None, 1, 1, 1, 1, 1))
    seq = reading.course(course).assessments[0].seq
    assert "No score: no answer to question 2." in look(client, people().nurse, page_of(course, f"{seq}/"))


def test_an_entry_that_is_no_form_is_not_found(client: Client, course: StreamId) -> None:
    look(client, people().nurse, page_of(course, "1/"), status=404)
    look(client, people().nurse, page_of(course, "99/"), status=404)


def test_an_amended_form_is_scored_anew_under_the_words_it_was_answered_in(
    client: Client, course: StreamId, settings: Settings, tmp_path: Path
) -> None:
    load(settings, tmp_path, "isi")
    send(client, people().nurse, page_of(course, "isi/"), **BASELINE, **answers(*(3,) * 7))
    fact = reading.course(course).assessments[0]
    shown = look(client, people().nurse, f"/streams/course/{reference_of(course)}/entries/{fact.seq}/amend/")
    assert "Made-up words of 7" in shown
    typed = answers(*(3,) * 6, 0) | {"point": "baseline", "reason": "The last was read wrongly.", "next": "/"}
    address = f"/streams/course/{reference_of(course)}/entries/{fact.seq}/amend/"
    assert send(client, people().nurse, address, **typed).status_code == 302
    form = only_form(course)
    assert (form.total, form.band) == (Decimal(18), "moderate")
    assert form.scale_version == fact.payload.scale_version


def test_a_patients_page_calls_a_scale_by_its_name(client: Client, course: StreamId) -> None:
    send(client, people().nurse, page_of(course, "gad7/"), **BASELINE, **answers(*(1,) * 7))
    patient = reading.course(course).referral.patient
    words = look(client, people().nurse, f"/patients/{reference_of(patient)}/")
    assert "GAD-7" in words
    assert "GAD7" not in words
