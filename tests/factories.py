"""A small clinic for tests: people, chairs, and one made-up patient brought to each point of the front half.

Everything goes through the use cases, so a test stands on what the clinic itself would have written.
"""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.contrib.auth.hashers import MD5PasswordHasher

from evenkeel.clinical import checkin as checkin_rules
from evenkeel.clinical import preparation as consent_texts
from evenkeel.clinical import screening as screening_rules
from evenkeel.clinical.checkin import CheckInFacts
from evenkeel.clinical.workup import TESTS
from evenkeel.journey import checkin, preparation, referral, screening, series
from evenkeel.journey.acting import Act
from evenkeel.journey.rules import clinic_day
from evenkeel.record.checkin import Escort
from evenkeel.record.entry import Author, Role
from evenkeel.record.referral import (
    AllergiesRecorded,
    Allergy,
    Contact,
    Demographics,
    Medicine,
    MedicinesRecorded,
    Referrer,
)
from evenkeel.record.screening import Checklist, Tri, Trial, WorkupLine
from evenkeel.record.signs import Signs
from evenkeel.store import models, reading
from evenkeel.values.ids import ChairId, ClinicianId, IdempotencyKey, StreamId
from evenkeel.values.quantities import Breaths, Height, Hours, Pressure, Pulse, Saturation, Weight

# A Monday morning, nine o'clock in the clinic (America/New_York).
NOW: Final = datetime(2026, 6, 1, 13, 0, tzinfo=UTC)
TODAY: Final = date(2026, 6, 1)
PASSWORD: Final = "a password that only tests use"

_keys = itertools.count(1)


@dataclass(frozen=True)
class People:
    """One person of each role, and a second nurse."""

    front_desk: Author
    nurse: Author
    nurse2: Author
    prescriber: Author
    registrant: Author
    lead: Author
    administrator: Author


STAFF: Final[dict[str, tuple[str, Role, str]]] = {
    "front_desk": ("desk", "front_desk", "Dana Okafor"),
    "nurse": ("nurse", "nurse", "Nora Lindqvist RN"),
    "nurse2": ("nurse2", "nurse", "Samuel Abebe RN"),
    "prescriber": ("prescriber", "prescriber", "Dr. Priya Raman"),
    "registrant": ("registrant", "registrant", "Rosa Delgado PharmD"),
    "lead": ("lead", "lead", "Dr. Lee Hartmann"),
    "administrator": ("admin", "administrator", "Ada Novak"),
}


def people() -> People:
    """Everybody who works in the test clinic; made once per test, with the quickest password hash."""
    # Asked for at every step of a story, so that they are read in one question and not in seven.
    standing = dict(models.Clinician.objects.values_list("username", "pk"))
    return People(
        **{
            post: Author(
                id=ClinicianId(str(standing.get(username) or _made(username, role, printed_name))),
                role=role,
                printed_name=printed_name,
            )
            for post, (username, role, printed_name) in STAFF.items()
        }
    )


def _made(username: str, role: Role, printed_name: str) -> UUID:
    password = MD5PasswordHasher().encode(PASSWORD, "salt")
    return models.Clinician.objects.create(
        username=username, role=role, printed_name=printed_name, password=password
    ).pk


def user_of(author: Author) -> models.Clinician:
    """The row that signs in, for Django's test client (`client.force_login`)."""
    return models.Clinician.objects.get(pk=author.id)


def chairs(count: int = 3) -> tuple[ChairId, ...]:
    """Chairs called Chair 1, Chair 2, ..."""
    made = []
    for order in range(1, count + 1):
        row, _ = models.Chair.objects.get_or_create(
            id=f"chair-{order}", defaults={"name": f"Chair {order}", "order": order}
        )
        made.append(ChairId(row.pk))
    return tuple(made)


def key() -> IdempotencyKey:
    """A key that no other request has."""
    return IdempotencyKey(f"test-{next(_keys)}")


def act(
    person: Author, at: datetime = NOW, key_: IdempotencyKey | None = None, *, seen: int | None = None
) -> Act:
    """Somebody does something at a moment, and the clinic hears of it at once."""
    return Act(by=person, happened_at=at, recorded_at=at, key=key_ or key(), seen=seen)


def demographics(
    record_number: str | None = None, given_name: str = "Mara", **changes: object
) -> Demographics:
    """A made-up person, 44 years old on `TODAY`."""
    made = Demographics(
        given_name=given_name,
        family_name="Testwell",
        birth_date=date(1982, 3, 14),
        sex="female",
        record_number=record_number or f"EK-{next(_keys):04d}",
        phone="555-0100",
        contacts=(Contact(name="Jon Testwell", relation="brother", phone="555-0101"),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


REFERRER: Final = Referrer(name="Dr. Ines Quill", practice="Elm Street Psychiatry", phone="555-0199")
MEDICINES: Final = MedicinesRecorded(medicines=(Medicine(name="sertraline", dose="100 mg each morning"),))
ALLERGIES: Final = AllergiesRecorded(allergies=(Allergy(substance="penicillin", reaction="rash"),))


def patient_and_course(
    at: datetime = NOW, indication: str = "depression", details: Demographics | None = None
) -> tuple[StreamId, StreamId]:
    """Somebody who was just referred: (patient, course)."""
    course = referral.refer(
        act(people().front_desk, at),
        demographics=details or demographics(given_name=f"Mara {next(_keys)}"),
        indication=indication,
        referrer=REFERRER,
        reason="Two antidepressants at full dose have not helped.",
        received_date=TODAY,
        medicines=MEDICINES,
        allergies=ALLERGIES,
    )
    return reading.course(course).referral.patient, course


def safe_answers(indication: str = "depression") -> dict[str, Tri]:
    """The safe answer to every screening question."""
    return {question.key: question.safe for question in screening_rules.questions_for(indication)}


def checklist(indication: str = "depression", day: date = TODAY, **answers: Tri) -> Checklist:
    """A checklist with nothing against the patient, but for the answers that are named."""
    normal = WorkupLine(result="normal", done_date=day - timedelta(days=3))
    # What the list of MEDICINES names is answered with yes.
    taken: dict[str, Tri] = {"lithium_antidepressants": "yes"}
    return Checklist(
        answers=safe_answers(indication) | taken | answers,
        trials=(
            Trial(drug="sertraline", dose="200 mg", weeks=10, result="no_effect"),
            Trial(drug="venlafaxine", dose="225 mg", weeks=8, result="too_little"),
        ),
        workup=dict.fromkeys(TESTS, normal)
        | {"pregnancy_test": WorkupLine(result="does_not_apply")}
        | {"toxicology": WorkupLine(result="does_not_apply")},
        weight=Weight.of("70"),
        height=Height.of("168"),
        stop_bang=1,
        since_substances=None,
        systolic=Pressure.of(124),
        diastolic=Pressure.of(78),
    )


def screen(course: StreamId, at: datetime = NOW, **answers: Tri) -> None:
    """Fill in the checklist with safe answers, but for those that are named."""
    indication = reading.course(course).referral.indication
    screening.record_screening(
        act(people().nurse, at),
        course=course,
        checklist=checklist(indication, clinic_day(at), **answers),
        note="",
    )


def screened_course(at: datetime = NOW, indication: str = "depression") -> StreamId:
    """A course whose screening came out fit."""
    _, course = patient_and_course(at, indication)
    screen(course, at)
    return course


def consent(course: StreamId, at: datetime = NOW) -> None:
    """The patient agrees to the text in force."""
    text = consent_texts.in_force(at.date())[0]
    preparation.record_consent(
        act(people().nurse, at),
        course=course,
        document=text.key,
        version=text.version,
        language=text.language,
        explained_by="Dr. Priya Raman",
        topics=tuple(topic.key for topic in text.topics),
        off_label_explained=True,
    )


def consented_course(at: datetime = NOW, indication: str = "depression") -> StreamId:
    """A course whose patient is screened fit and has agreed."""
    course = screened_course(at, indication)
    consent(course, at)
    return course


def planned_course(at: datetime = NOW, indication: str = "depression") -> StreamId:
    """A course with a series of six infusions, two a week."""
    course = consented_course(at, indication)
    series.plan_series(
        act(people().front_desk, at),
        course=course,
        purpose="induction",
        infusions=6,
        per_week=2,
        first_date=TODAY,
    )
    return course


def book(course: StreamId, starts_at: datetime, chair: ChairId | None = None, at: datetime = NOW) -> StreamId:
    """Book two and a half hours in a chair; returns the visit."""
    return series.book_visit(
        act(people().front_desk, at),
        course=course,
        chair=chair or chairs()[0],
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2, minutes=30),
    )


def booked_visit(
    at: datetime = NOW, indication: str = "depression", chair: ChairId | None = None
) -> StreamId:
    """A visit an hour from `at`."""
    return book(planned_course(at, indication), at + timedelta(hours=1), chair, at)


def check_in_facts(**changes: object) -> CheckInFacts:
    """A check-in at which nothing stands in the way: 70.2 kg, 124/78 mmHg, with an escort, fasted."""
    facts = CheckInFacts(
        name_and_birth_date_agree="yes",
        record_number_agrees="yes",
        escort=Escort(name="Jon Testwell", phone="555-0101", relation="brother", confirmed="yes"),
        hours_since_clear_fluid=Hours.of(3),
        hours_since_light_meal=Hours.of(10),
        weight=Weight.of("70.2"),
        weight_measured_today="yes",
        answers={question.key: question.safe for question in checkin_rules.QUESTIONS},
        signs=Signs(
            systolic=Pressure.of(124),
            diastolic=Pressure.of(78),
            pulse=Pulse.of(72),
            spo2=Saturation.of(98),
            breaths=Breaths.of(14),
            sedation=5,
        ),
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


def checked_in_visit(
    at: datetime = NOW, indication: str = "depression", chair: ChairId | None = None
) -> StreamId:
    """A visit whose gate is open, checked in an hour after `at`."""
    visit = booked_visit(at, indication, chair)
    checkin.check_in(act(people().nurse, at + timedelta(hours=1)), visit=visit, facts=check_in_facts())
    return visit
