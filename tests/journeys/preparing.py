"""What a browser test finds already done: people hired, chairs put up, infusions given on other days.

    python -m tests.journeys.preparing <function> '<arguments as JSON>'

It runs beside the served clinic, on the clinic's own database, through the same use cases as its pages. The last
line that it prints is the function's answer as JSON.
"""

import json
import os
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
django.setup()

from evenkeel.journey import chairs as chair_acts  # noqa: E402  # models are there only after setup()
from evenkeel.journey import monitors, outcomes, people, referral  # noqa: E402
from evenkeel.journey.acting import Act  # noqa: E402
from evenkeel.store import reading, rows  # noqa: E402
from evenkeel.values.ids import ChairId, IdempotencyKey, StreamId, reference_of, stream_of  # noqa: E402
from evenkeel.values.issues import UnableTo  # noqa: E402
from tests import factories, factories_chairside  # noqa: E402
from tests.journeys.staff import PASSWORD, STAFF  # noqa: E402

MINUTE: Final = timedelta(minutes=1)

# The factories count their requests, which is enough for one process; here are several on one database.
factories.key = lambda: IdempotencyKey(str(uuid.uuid4()))


def furnish(at: str, chairs: int) -> list[str]:
    """Hire everybody, and let the lead put up the chairs."""
    moment = datetime.fromisoformat(at)
    for username, (printed_name, role) in STAFF.items():
        people.add_person(
            Act(by=people.COMMAND_LINE, happened_at=moment, recorded_at=moment, key=factories.key()),
            username=username,
            printed_name=printed_name,
            role=role,
            new_password=PASSWORD,
            reason="opening of the clinic",
        )
    for number in range(1, chairs + 1):
        act = factories.act(factories.people().lead, moment)
        chair_acts.add_chair(act, name=f"Chair {number}", reason="opening of the clinic")
    return [str(chair.id) for chair in rows.chairs()]


def assign(at: str, chair: str, monitor: str) -> str:
    """Stand a monitor beside a chair."""
    moment = datetime.fromisoformat(at)
    act = factories.act(factories.people().lead, moment)
    return str(monitors.assign_monitor(act, chair=ChairId(chair), monitor=monitor))


def book_today(at: str, chair: str, given_name: str = "Ines") -> dict[str, str]:
    """Somebody who was referred, screened and asked a fortnight ago and is booked for a quarter of an hour ago."""
    moment = datetime.fromisoformat(at)
    before = moment - timedelta(days=14)
    course = referral.refer(
        factories.act(factories.people().front_desk, before),
        demographics=factories.demographics(f"EK-{given_name.upper()}", given_name),
        indication="depression",
        referrer=factories.REFERRER,
        reason="Two antidepressants at full dose have not helped.",
        received_date=before.date(),
        medicines=factories.MEDICINES,
        allergies=factories.ALLERGIES,
        known_duplicate_confirmed=True,
    )
    patient = reading.course(course).referral.patient
    factories.screen(course, before)
    factories.consent(course, before)
    plan(course, before, first=moment)
    visit = factories.book(course, moment - 15 * MINUTE, ChairId(chair), before)
    return {"patient": reference_of(patient), "course": reference_of(course), "visit": reference_of(visit)}


def running(at: str, chair: str, given_name: str = "Ines") -> dict[str, str]:
    """Somebody whose infusion has run for five minutes."""
    found = book_today(at, chair, given_name)
    up_to_start(stream_of("visit", found["visit"]), datetime.fromisoformat(at) - 5 * MINUTE)
    return found


def plan(course: StreamId, at: datetime, first: datetime) -> None:
    """Six infusions, two a week."""
    factories.series.plan_series(
        factories.act(factories.people().front_desk, at),
        course=course,
        purpose="induction",
        infusions=6,
        per_week=2,
        first_date=first.date(),
    )


def up_to_start(visit: StreamId, started_at: datetime) -> None:
    """Check-in, order, draw, second check, time-out, start."""
    factories.checkin.check_in(
        factories.act(factories.people().nurse, started_at - 9 * MINUTE),
        visit=visit,
        facts=factories.check_in_facts(),
    )
    factories_chairside.order(visit, started_at - 7 * MINUTE, password=PASSWORD)
    vial = replace(factories_chairside.VIAL, expiry_date=started_at.date() + timedelta(days=300))
    factories_chairside.draw(visit, started_at - 5 * MINUTE, vial=vial)
    factories_chairside.double_check(visit, started_at - 3 * MINUTE)
    factories_chairside.infusion.hold_time_out(
        factories.act(factories.people().nurse, started_at - 2 * MINUTE),
        visit=visit,
        second_person=factories.people().nurse2.id,
        password_of_second=PASSWORD,
        confirmed=tuple(factories_chairside.infusion.TIME_OUT),
    )
    factories_chairside.start(visit, started_at)


def infuse(visit: str, answers: list[int]) -> str:
    """A booked visit from arrival to departure as it was booked, with the PHQ-9 before it."""
    stream = stream_of("visit", visit)
    state = reading.visit(stream)
    arrives_at, booking = state.place.starts_at, state.booking.payload
    answer(reference_of(booking.course), arrives_at, answers, "before_infusion", booking.number)
    started_at = arrives_at + 20 * MINUTE
    up_to_start(stream, started_at)
    stopped_at = started_at + 40 * MINUTE
    for minutes in (10, 20, 30, 40):
        factories_chairside.chart(stream, started_at + minutes * MINUTE)
    factories_chairside.stop(stream, stopped_at)
    for minutes in (15, 30, 45, 60):
        factories_chairside.chart(stream, stopped_at + minutes * MINUTE)
    leave(stream, stopped_at + 65 * MINUTE)
    return visit


def leave(visit: StreamId, at: datetime) -> None:
    """Every criterion is met, and somebody takes the patient home."""
    factories_chairside.discharge.discharge(
        factories.act(factories.people().nurse, at),
        visit=visit,
        criteria={
            question.key: question.safe for question in factories_chairside.discharge_rules.CRITERIA
        },
        received_by="Jon Testwell",
        received_by_phone="555-0101",
        instructions_given=True,
        against_advice=False,
        note="",
        overrides=(),
        password=PASSWORD,
    )


def answer(course: str, at: datetime, answers: list[int], point: str, infusion: int | None = None) -> str:
    """A PHQ-9."""
    return str(
        outcomes.record_assessment(
            factories.act(factories.people().nurse, at),
            course=stream_of("course", course),
            scale_id="phq9",
            answers=tuple(answers),
            point=point,  # type: ignore[arg-type]  # one of the known points
            infusion_number=infusion,
            entered_for="patient_interview",
        )
    )


def demo(at: str) -> str:
    """The demo clinic as it stands at a moment."""
    from evenkeel.simulate import demo as demonstration

    demonstration.build(datetime.fromisoformat(at).astimezone(UTC))
    return "built"


_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    each.__name__: each
    for each in (furnish, assign, book_today, running, infuse, demo)
}

if __name__ == "__main__":
    try:
        answered = _FUNCTIONS[sys.argv[1]](**json.loads(sys.argv[2]))
    except UnableTo as refusal:
        sys.exit("\n".join(issue.sentence for issue in refusal.issues))
    print(json.dumps(answered))  # noqa: T201
