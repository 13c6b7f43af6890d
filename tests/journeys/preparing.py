"""What a browser test finds already done: people hired, chairs put up, infusions given on other days.

    python -m tests.journeys.preparing <function> '<arguments as JSON>'

It runs beside the served clinic, on the clinic's own database, through the same use cases as its pages. The
last line that it prints is the function's answer as JSON.
"""

import json
import os
import sys
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
django.setup()

from evenkeel.journey import chairs as chair_acts  # noqa: E402  # models are there only after setup()
from evenkeel.journey import (  # noqa: E402
    checkin,
    gateways,
    handover,
    infusion,
    monitors,
    people,
    referral,
    series,
)
from evenkeel.journey.acting import Act  # noqa: E402
from evenkeel.journey.rules import clinic_day  # noqa: E402
from evenkeel.record.codec import kind_of_payload  # noqa: E402
from evenkeel.record.infusion import SignsCharted  # noqa: E402
from evenkeel.record.visits import VisitPhase  # noqa: E402
from evenkeel.store import reading, rows  # noqa: E402
from evenkeel.store.queries import alerts, counting, custody  # noqa: E402
from evenkeel.store.queries.quarantine import quarantined  # noqa: E402
from evenkeel.values.ids import ChairId, IdempotencyKey, StreamId, reference_of, stream_of  # noqa: E402
from evenkeel.values.issues import UnableTo  # noqa: E402
from evenkeel.values.quantities import Saturation  # noqa: E402
from tests import (  # noqa: E402
    factories,
    factories_chairside,
    factories_counting,
    factories_course,
    factories_custody,
)
from tests.journeys.staff import PASSWORD, STAFF  # noqa: E402

MINUTE: Final = timedelta(minutes=1)
YEAR: Final = timedelta(days=365)

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


def receive(at: str, lot: str, vials: int, product: str = "ketamine_50_10") -> str:
    """Bring vials of a lot into the cabinet."""
    moment = datetime.fromisoformat(at)
    return str(factories_custody.receive(product, lot, vials, expiry=moment.date() + YEAR, at=moment))


def assign(at: str, chair: str, monitor: str) -> str:
    """Stand a monitor beside a chair."""
    moment = datetime.fromisoformat(at)
    act = factories.act(factories.people().lead, moment)
    return str(monitors.assign_monitor(act, chair=ChairId(chair), monitor=monitor))


def book_today(at: str, chair: str, given_name: str = "Ines") -> dict[str, str]:
    """Somebody who was referred a fortnight ago and is booked for three quarters of an hour ago."""
    moment = datetime.fromisoformat(at)
    before = moment - timedelta(days=14)
    course = referral.refer(
        factories.act(factories.people().front_desk, before),
        demographics=factories.demographics(f"EK-{given_name.upper()}", given_name),
        indication="depression",
        referrer=factories.REFERRER,
        reason="Two antidepressants at full dose have not helped.",
        received_date=clinic_day(before),
        medicines=factories.MEDICINES,
        allergies=factories.ALLERGIES,
        known_duplicate_confirmed=True,
    )
    factories.screen(course, before)
    factories.consent(course, before)
    series.plan_series(
        factories.act(factories.people().front_desk, before),
        course=course,
        purpose="induction",
        infusions=6,
        per_week=2,
        first_date=clinic_day(moment),
    )
    visit = factories.book(course, moment - 45 * MINUTE, ChairId(chair), before)
    patient = reading.course(course).referral.patient
    return {
        "patient": reference_of(patient),
        "course": reference_of(course),
        "visit": reference_of(visit),
    }


def running(at: str, chair: str, given_name: str = "Ines") -> dict[str, str]:
    """Somebody whose infusion has run for five minutes."""
    return reached(at, chair, "running", given_name)


def reached(at: str, chair: str, phase: VisitPhase, given_name: str) -> dict[str, str]:
    """Somebody whose visit has come to a phase, as of an infusion that starts five minutes ago."""
    factories_chairside.stock_up(datetime.fromisoformat(at) - 60 * MINUTE)
    found = book_today(at, chair, given_name)
    bring(stream_of("visit", found["visit"]), phase, datetime.fromisoformat(at) - 5 * MINUTE)
    return found


def chart_saturation(at: str, visit: str, spo2: int) -> str:
    """The nurse charts a whole check with this oxygen saturation."""
    stream = stream_of("visit", visit)
    charted = factories_chairside.signs(spo2=Saturation.of(spo2))
    factories_chairside.chart(stream, datetime.fromisoformat(at), charted)
    return visit


def _gateway(at: datetime) -> str:
    """Let a machine send for two monitors; returns its id."""
    row = gateways.add_gateway(
        factories.act(factories.people().administrator, at),
        name="ward-7.example",
        monitors="MON-1\nMON-2",
        token_digest=gateways.digest_of_token("made up"),
        reason="ward 7",
    )
    return row.removeprefix("gateway:")


def bring(visit: StreamId, phase: VisitPhase, started_at: datetime) -> None:
    """Bring a booked visit to a phase whose infusion starts, or would start, at a moment."""
    nurse = factories.people().nurse
    steps: dict[VisitPhase, Callable[[], object]] = {
        "checked_in": lambda: checkin.check_in(
            factories.act(nurse, started_at - 9 * MINUTE), visit=visit, facts=factories.check_in_facts()
        ),
        "ordered": lambda: factories_chairside.order(visit, started_at - 7 * MINUTE),
        "drawn": lambda: factories_chairside.draw(visit, started_at - 5 * MINUTE),
        "double_checked": lambda: factories_chairside.double_check(visit, started_at - 3 * MINUTE),
        "ready": lambda: factories_chairside.hold_time_out(visit, started_at - 2 * MINUTE),
        "running": lambda: factories_chairside.start(visit, started_at),
        "paused": lambda: infusion.pause(
            factories.act(nurse, started_at + 2 * MINUTE), visit=visit, reason="asked for a break"
        ),
        "recovery": lambda: factories_chairside.stop(visit, started_at + 3 * MINUTE),
    }
    for reached, step in steps.items():
        if phase == "recovery" and reached == "paused":
            continue
        step()
        if reached == phase:
            return


PHASES: Final[tuple[VisitPhase, ...]] = (
    "booked",
    "checked_in",
    "ordered",
    "drawn",
    "double_checked",
    "ready",
    "running",
    "paused",
    "recovery",
)


def examples(at: str) -> dict[str, str]:
    """References of something to open on every page: a course at each stage, a visit at each phase."""
    moment = datetime.fromisoformat(at)
    lead = str(factories.people().lead.id)
    found: dict[str, str] = {
        "person": lead,
        "scale": "phq9",
        "after": "3",
        "kind": "visit",
        "topic": "what-it-is",
        "rule": "CHK-BP-002",
        "limit": "systolic",
    }
    monitors.receive(b"this is not HL7", received_at=moment)
    found["pk of quarantine"] = str(quarantined()[0].id)
    for number, phase in enumerate(PHASES, start=1):
        visit = book_today(at, f"chair-{number}", phase.replace("_", " ").title())
        if phase != "booked":
            bring(stream_of("visit", visit["visit"]), phase, moment - 10 * MINUTE)
        found[f"visit {phase}"] = visit["visit"]
    found["gateway"] = _gateway(moment)
    running_visit = stream_of("visit", found["visit running"])
    factories_chairside.chart(running_visit, moment - 2 * MINUTE)
    found["seq"] = str(reading.visit(running_visit).facts[-1].seq)
    chart_saturation((moment - 2 * MINUTE).isoformat(), found["visit paused"], 85)
    raised = alerts.for_visit(stream_of("visit", found["visit paused"])).open[0]
    found["alert"] = raised.id.rpartition("/")[2]
    handover.offer_handover(
        factories.act(factories.people().nurse, moment - MINUTE),
        visit=running_visit,
        to=factories.people().prescriber.id,
        situation="Calm, eyes closed, answers when spoken to.",
        background="",
        assessment="",
        recommendation="Watch the pressure.",
    )
    _add_courses(found)
    waiting = book_today(at, f"chair-{len(PHASES) + 4}", "Wanda")
    checkin.check_in(
        factories.act(factories.people().nurse, moment),
        visit=stream_of("visit", waiting["visit"]),
        facts=factories.check_in_facts(
            answers=factories.check_in_facts().answers | {"stimulant_today": "yes"}
        ),
    )
    assert reading.visit(stream_of("visit", waiting["visit"])).phase == "awaiting_prescriber"
    found["visit awaiting_prescriber"] = waiting["visit"]
    return found | _counted_short(moment)


def _counted_short(moment: datetime) -> dict[str, str]:
    """A count of everything in stock with one vial missing, and the case that it opened."""
    factories_counting.count_everything(moment, short=1)
    state, [case] = counting.stockroom("main"), custody.cases(only_open=True)
    assert state is not None
    opened = custody.balances("main", "vial")[0]
    return {
        "site": "main",
        # A lot's stream begins with the lot, and its second entry brings the first vials.
        "seq of receipt": "2",
        "custody of vial": reference_of(opened.lot.stream),
        "vial opened": opened.account.ref,
        "seq of count": str(state.counts[-1].seq),
        "case": reference_of(case.stream),
        "custody": reference_of(case.lot.stream),
    }


def _add_courses(found: dict[str, str]) -> None:
    """Bring a course to each stage, and name it."""
    # The factories book the first chair; each of these courses has one of its own.
    for number, (name, infusions, later) in enumerate(
        (
            ("review_due", 3, factories_course.MODERATE),
            ("response_due", 6, factories_course.MILD),
            ("at_risk", 2, factories_course.ALERTING),
        ),
        start=len(PHASES) + 1,
    ):
        vars(factories_course)["book"] = partial(_in_chair, ChairId(f"chair-{number}"))
        course = factories_course.course_after(infusions, later)
        found[f"course {name}"] = reference_of(course)
        found[f"patient {name}"] = reference_of(reading.course(course).referral.patient)
    risk = reading.course(stream_of("course", found["course at_risk"])).open_risks
    found["seq of risk"] = str(risk[0].seq)
    factories_course.review(
        stream_of("course", found["course response_due"]), factories_course.ended_at(6), 6
    )
    _, referred = factories.patient_and_course()
    found["course referred"] = reference_of(referred)
    _, awaiting = factories.patient_and_course()
    factories.screen(awaiting, depressants="yes", pregnancy="unknown")
    found["course awaiting_prescriber"] = reference_of(awaiting)
    found["course screened"] = reference_of(factories.screened_course())
    found["course consented"] = reference_of(factories.consented_course())
    found["course planned"] = reference_of(factories.planned_course())


def _in_chair(chair: ChairId, course: StreamId, starts_at: datetime, at: datetime) -> StreamId:
    return factories.book(course, starts_at, chair, at)


def infuse(visit: str, answers: list[int]) -> str:
    """A booked visit from arrival to departure as it was booked, with the PHQ-9 before it."""
    stream = stream_of("visit", visit)
    state = reading.visit(stream)
    arrives_at, booking = state.place.starts_at, state.booking.payload
    factories_course.assess(
        booking.course,
        arrives_at,
        tuple(answers),
        point="before_infusion",
        infusion_number=booking.number,
    )
    started_at = arrives_at + 20 * MINUTE
    bring(stream, "running", started_at)
    stopped_at = started_at + 40 * MINUTE
    for minutes in (10, 20, 30, 40):
        factories_chairside.chart(stream, started_at + minutes * MINUTE)
    factories_chairside.stop(stream, stopped_at)
    for minutes in (15, 30, 45, 60):
        factories_chairside.chart(stream, stopped_at + minutes * MINUTE)
    factories_chairside.leave(stream, stopped_at + 65 * MINUTE)
    return visit


_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    each.__name__: each
    for each in (furnish, receive, assign, book_today, running, chart_saturation, reached, infuse, examples)
}


def go_home(visit: str, at: str) -> str:
    """A running visit is stopped, watched for two hours and over at a moment."""
    stream, leaves_at = stream_of("visit", visit), datetime.fromisoformat(at)
    stopped_at = leaves_at - 125 * MINUTE
    factories_chairside.stop(stream, stopped_at)
    for minutes in range(15, 121, 15):
        factories_chairside.chart(stream, stopped_at + minutes * MINUTE)
    factories_chairside.leave(stream, leaves_at)
    return visit


def entries(visit: str) -> list[dict[str, str]]:
    """Everything in the record of a visit by clinical time: its kind, when it happened, who wrote it."""
    return [
        {
            "kind": kind_of_payload(fact.payload)[0],
            "happened_at": fact.at.isoformat(),
            "by": fact.history[0].by.printed_name,
            "systolic": str(fact.payload.signs.systolic.number)
            if isinstance(fact.payload, SignsCharted) and fact.payload.signs.systolic
            else "",
        }
        for fact in sorted(reading.visit(stream_of("visit", visit)).facts, key=lambda fact: fact.at)
    ]


_FUNCTIONS.update(go_home=go_home, entries=entries)

if __name__ == "__main__":
    try:
        answered = _FUNCTIONS[sys.argv[1]](**json.loads(sys.argv[2]))
    except UnableTo as refusal:
        sys.exit("\n".join(issue.sentence for issue in refusal.issues))
    print(json.dumps(answered))  # noqa: T201
