"""The pages of one patient in a downtime pack: what is known of them, what is due, what the rules ask."""

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from evenkeel.clinical import discharge as discharge_rules
from evenkeel.clinical import infusion as rules
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.journey.discharge import is_first_or_raised
from evenkeel.journey.rules import clinic_day
from evenkeel.record.checkin import Escort
from evenkeel.record.infusion import EventRecorded, NoteWritten
from evenkeel.record.patients import PatientState
from evenkeel.record.signs import SIGN_NAMES, Signs
from evenkeel.record.state import Written
from evenkeel.record.verdict import Severity
from evenkeel.record.visits import STANDING_STILL, VisitState
from evenkeel.store import reading
from evenkeel.store.queries.monitors import MonitorNow
from evenkeel.values.drug import to_decimal
from evenkeel.values.ids import StreamId
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import Quantity
from evenkeel.values.shape import frozen
from evenkeel.web import infusion_view
from evenkeel.web.banner import SEX_WORDS, allergy_words
from evenkeel.web.discharge import earliest_at
from evenkeel.web.downtime_sums import CheckToCome, amounts_to_come, checks_to_come, in_ml, pace
from evenkeel.web.infusion_data import planned_end_at
from evenkeel.web.jinja import clinic_date, clinic_datetime, clinic_time, duration
from evenkeel.web.papers_view import NOTHING
from evenkeel.web.sentences import sentence_of

# What an answer of a rule asks for during the infusion, and in which order it is looked for.
ASKS: Final[dict[Severity, str]] = {"confirm": "ALERT", "pause": "PAUSE", "block": "STOP"}
# The rules of lateness and of the monitor, which are not about one set of signs.
_CHECKS: Final = ("INF-CHK-001", "INF-CHK-002", "INF-CHK-003", "INF-CHK-004", "INF-OX-003")
# So many sets of signs stand beside the baseline; all of them are in the record.
SETS_SHOWN: Final = 5
# Rows beyond those that are worked out, for what happens between two checks.
SPARE_ROWS: Final = 3
_START: Final = ("INF-STA-001", "INF-STA-002", "INF-STA-004", "INF-STA-005", "INF-BP-001", "INF-STA-008")
KIT: Final = "INF-STA-008"
# Limits are the same for everybody; where a form is for nobody yet, no visit is looked at.
_NOBODY: Final = StreamId("visit:nobody")


@frozen
class _Reading:
    at: datetime
    words: str
    signs: Signs
    who: str


def header_of(patient: PatientState) -> str:
    """Who a page is about, for the head of each page: name and both identifiers."""
    details = patient.demographics
    return (
        f"{details.full_name} · born {clinic_date(details.birth_date)} · record no. {details.record_number}"
    )


def patient_box(patient: PatientState, state: VisitState, chair: str) -> list[tuple[str, str]]:
    """Two identifiers, allergies, weight and place. What nobody asked is said so and never left out."""
    details, allergies = patient.demographics, allergy_words(patient)
    weighed = state.check_in
    weight = "not measured"
    if weighed is not None and weighed.payload.weight is not None:
        weight = f"{weighed.payload.weight}, {clinic_datetime(weighed.at)}"
    known = "NOT RECORDED" if allergies is None else "; ".join(allergies) or "none known"
    return [
        ("Patient", details.full_name),
        ("Born", f"{clinic_date(details.birth_date)} ({SEX_WORDS[details.sex]})"),
        ("Record number", details.record_number),
        ("Allergies", known),
        ("Weight", weight),
        ("Place", f"{chair}, infusion {state.booking.payload.number}"),
    ]


def escort_words(escort: Escort) -> str:
    """The adult who takes the patient home, as named at check-in."""
    named = ", ".join(filter(None, (escort.name, escort.relation, escort.phone)))
    return named or "nobody is named"


def begun(
    book: Rulebook,
    patient: PatientState,
    state: VisitState,
    monitor: MonitorNow,
    at: datetime,
    *,
    chair: str,
    has_monitor: bool,
) -> dict[str, Any]:
    """A patient whose pump runs, stands still or has run."""
    day = clinic_day(at)
    happened: list[Written[Any]] = [*state.every(EventRecorded), *state.every(NoteWritten)]
    open_now = infusion_view.alerts(book, state, monitor, at, has_monitor=has_monitor)
    return {
        "header": header_of(patient),
        "heading": f"{chair}: {_phase_words(state, at)}",
        "patient": patient_box(patient, state, chair),
        "infusion": _infusion(state, at),
        "rates": _rates(state, at),
        "coming": _coming(state, at),
        "signs": _signs(state, monitor, at),
        "open": [alert["cause"] for alert in open_now],
        "limits": limits_in_force(book, state, at),
        "check_rules": check_rules(book, day),
        "rescues": [[clinic_time(fact.at), sentence_of(fact.payload)] for fact in state.rescues],
        "events": [
            [clinic_time(fact.at), sentence_of(fact.payload)]
            for fact in sorted(happened, key=lambda fact: (fact.at, fact.seq))
        ],
        "kit": _sentence(book, KIT, day),
        "checks": _checks(book, state, at),
        "discharge": _discharge(book, state, day),
    }


def _phase_words(state: VisitState, at: datetime) -> str:
    if state.stopped is not None:
        return f"in recovery, the drug stopped at {clinic_time(state.stopped.at)}"
    if state.rate == STANDING_STILL:
        return f"the pump stood still at {clinic_time(at)}"
    return f"the pump ran at {state.rate} at {clinic_time(at)}"


def _infusion(state: VisitState, at: datetime) -> list[tuple[str, str]]:
    """What was ordered, what was given until the pack was made, and what is left."""
    assert state.order is not None, "an infusion that began has an order"
    assert state.started is not None, "an infusion that began was started"
    ordered = state.order.payload
    signed = f"{ordered.signature.printed_name}, {clinic_datetime(ordered.signature.signed_at)}"
    until = min(state.stopped.at, at) if state.stopped else at
    given = f"{state.given(until).shown()} of {ordered.dose.ordered.shown()} ordered"
    lines = [
        ("Order", ordered.plan.sentence),
        ("Signed", signed),
        ("Pump", f"{state.started.payload.pump}, cannula {state.started.payload.cannula_site}"),
        (
            f"Given at {clinic_time(until)}",
            f"{given}; {in_ml(state.volume_run(until))} run, {state.volume_left(until)} left in the bag",
        ),
    ]
    ends_at, now = planned_end_at(state, at), pace(state, at)
    if state.stopped is None and now is not None:
        per = (
            f"{in_ml(now.in_ten[0])} = {now.in_ten[1].shown(2)} in 10 min "
            f"({plain(to_decimal(now.in_one[0], 2))} mL = {now.in_one[1].shown(3)} in 1 min)"
        )
        if ends_at is not None:
            lines.append(("Ends at", f"{clinic_time(ends_at)}, if nothing changes"))
            lines.append((f"At {now.rate}", per))
        else:
            lines.append(
                ("Ends at", "not known: the pump stands still. Nothing more is given until it runs.")
            )
            lines.append((f"Again at {now.rate}", f"{per}; what is left lasts {duration(now.lasts)}"))
    return lines


def _rates(state: VisitState, at: datetime) -> list[list[str]]:
    """Every rate that was run, from when to when, and what was given by its end or by now."""
    lines = []
    for segment in state.segments:
        end = min(segment.to_at or at, at)
        still = segment.rate == STANDING_STILL
        lines.append(
            [
                clinic_time(segment.from_at),
                clinic_time(segment.to_at) if segment.to_at else "still so",
                "stood still" if still else str(segment.rate),
                state.given(end).shown(),
            ]
        )
    return lines


def _coming(state: VisitState, at: datetime) -> list[list[str]]:
    """What will have been given, time by time, up to the end of the bag, and when the pump is set anew."""
    found = []
    was = Fraction(state.rate.value) if state.rate is not None else Fraction(0)
    for each in amounts_to_come(state, at):
        rate = f"{plain(to_decimal(each.ml_per_h, 1))} mL/h" if each.ml_per_h else "empty"
        if each.ml_per_h and each.ml_per_h != was:
            rate = f"SET {rate}"
        was = each.ml_per_h
        found.append([clinic_time(each.at), in_ml(each.volume_ml), each.given.shown(), rate])
    return found


def _signs(state: VisitState, monitor: MonitorNow, at: datetime) -> dict[str, Any]:
    """The baseline, the last sets that were charted, and what the monitor last sent, each with its age."""
    sets = [
        _Reading(at=fact.at, words="charted", signs=fact.payload.signs, who=fact.by.printed_name)
        for fact in state.checks
        if fact.at <= at
    ]
    check_in = state.check_in
    if check_in is not None:
        at_check_in = _Reading(
            at=check_in.at, words="check-in", signs=check_in.payload.signs, who=check_in.by.printed_name
        )
        sets.append(at_check_in)
    sets.sort(key=lambda each: each.at)
    before = [each for each in sets if state.started is None or each.at <= state.started.at]
    after = [each for each in sets if each not in before][-SETS_SHOWN:]
    lines = [_set_line(each, at, "Baseline") for each in before[-1:]]
    lines += [_set_line(each, at, each.words) for each in after]
    sent = [
        f"{value['label']} {value['value']} {value['unit']} at {clinic_time(value['at'])} "
        f"({_age(value['at'], at)}, monitor)"
        for value in infusion_view.live_values(state, monitor, at)
        if value["value"] is not None and value["state"] != "manual"
    ]
    return {"lines": lines, "sent": sent}


def _set_line(each: _Reading, at: datetime, words: str) -> list[str]:
    def value(name: str) -> str:
        found = getattr(each.signs, name)
        if found is None:
            return NOTHING
        return found.number if isinstance(found, Quantity) else str(found)

    return [
        clinic_time(each.at),
        _age(each.at, at),
        words,
        f"{value('systolic')}/{value('diastolic')}",
        *(value(name) for name in SIGN_NAMES[2:]),
        each.who,
    ]


def _age(moment: datetime, at: datetime) -> str:
    return f"{duration(max(at - moment, timedelta(0)))} old"


def _sentence(book: Rulebook, id_: str, day: date) -> str:
    rule = book.rule(id_)
    return rule.sentence(rule.version_on(day))


def _named(book: Rulebook, id_: str, day: date) -> str:
    """A rule's number, and whether the clinic set a limit of it."""
    setting = book.rule(id_).version_on(day).setting
    return f"{id_}, set by this clinic" if setting else id_


def limits_in_force(book: Rulebook, state: VisitState | None, at: datetime) -> list[list[str]]:
    """What each rule about signs and events asks for, with the limits in force, the mildest first.

    Which rules these are is asked of the stage itself, so that a new one cannot be left out.
    """
    day = clinic_day(at)
    visit = state if state is not None else VisitState.empty(_NOBODY)
    asked = (*rules.assess_signs(book, visit, Signs(), at), *rules.assess_event(book, "other", None, at))
    ids = [verdict.rule.rule for verdict in asked]
    order = list(ASKS)
    known = sorted(
        (book.rule(id_) for id_ in ids if book.rule(id_).severity in ASKS),
        key=lambda rule: order.index(rule.severity),
    )
    return [
        [ASKS[rule.severity], _sentence(book, rule.id, day), _named(book, rule.id, day)] for rule in known
    ]


def check_rules(book: Rulebook, day: date) -> list[str]:
    """How often signs are charted and when a check is late, and how saturation is watched by hand."""
    return [f"{_sentence(book, id_, day)} ({_named(book, id_, day)})" for id_ in _CHECKS]


def start_rules(book: Rulebook, day: date) -> list[str]:
    """What has to hold before the pump of a waiting patient is started."""
    return [f"{_sentence(book, id_, day)} ({_named(book, id_, day)})" for id_ in _START]


def _checks(book: Rulebook, state: VisitState, at: datetime) -> list[str]:
    """When each check for the rest of the visit is due, for rows that are filled in by hand."""
    course = reading.course(state.booking.payload.course)
    stay_rule = "DIS-STAY-002" if is_first_or_raised(state, course) else "DIS-STAY-001"
    stay = book.limits(stay_rule, clinic_day(at)).stay
    found = checks_to_come(book, state, at, stay=stay, may_leave_at=earliest_at(state))
    return [*(_check_words(each, at) for each in found), *[""] * SPARE_ROWS]


def _check_words(each: CheckToCome, at: datetime) -> str:
    if each.due_at is not None and each.due_at <= at:
        return f"NOW (was due {clinic_time(each.due_at)})"
    clock = clinic_time(each.due_at) if each.due_at is not None else ""
    if each.after_stop is None:
        return clock
    stop = f"stop + {duration(each.after_stop)}" if each.after_stop else "at the stop"
    return f"{stop}, {clock}" if clock else stop


def _discharge(book: Rulebook, state: VisitState, day: date) -> dict[str, Any]:
    """What has to be seen to before the patient leaves: every rule of discharge, in its own words."""
    against_advice = "DIS-AMA-"
    ids = [
        rule.id
        for rule in book.rules
        if rule.stage == "discharge" and rule.severity in ASKS and not rule.id.startswith(against_advice)
    ]
    earliest = earliest_at(state)
    named = escort_words(state.check_in.payload.escort) if state.check_in else "nobody is named"
    return {
        "earliest": f"Not before {clinic_datetime(earliest)}." if earliest else "",
        "escort": named,
        "items": [f"{_sentence(book, id_, day)} ({_named(book, id_, day)})" for id_ in ids],
        "instructions": discharge_rules.INSTRUCTIONS.version,
    }
