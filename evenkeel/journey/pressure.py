"""Deciding on a high pressure: to watch it, to slow or hold the drug, or to treat."""

from evenkeel.clinical import infusion as rules
from evenkeel.clinical.decision import objections
from evenkeel.journey.acting import Act, use_case
from evenkeel.journey.infusion import UnableToChart, append, held, require_in_the_chair
from evenkeel.journey.rules import book, clinic_clock
from evenkeel.record.infusion import PressureChoice, PressureDecided
from evenkeel.record.screening import Tri
from evenkeel.record.signs import Signs
from evenkeel.record.visits import VisitState
from evenkeel.store.queries import people
from evenkeel.store.queries.people import Person
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue


@use_case("infusion.run")
def decide_on_pressure(
    act: Act,
    *,
    visit: StreamId,
    choice: PressureChoice,
    symptoms: Tri,
    decided_by: ClinicianId,
    read_back: bool,
    note: str,
) -> StreamId:
    """Record what somebody decided on the last pressure charted: the one who writes, or a prescriber."""
    state = held(act, visit)
    require_in_the_chair(state, act.happened_at, "A pressure is decided on while the patient is in the chair")
    reading = _high_reading(state, act)
    decider = _decider(act, decided_by)
    if decider.id != act.by.id and not read_back:
        sentence = "Read back: a spoken decision is read back to the prescriber."
        raise UnableToChart([Issue(sentence=sentence, code="not-read-back", field="read_back")])
    facts = rules.PressureFacts(
        systolic=reading.systolic,
        diastolic=reading.diastolic,
        choice=choice,
        symptoms=symptoms,
        by_prescriber=decider.role == "prescriber",
    )
    verdicts = rules.assess_pressure_choice(book(), facts, act.happened_at)
    issues = objections(book(), verdicts, (), act.by.role)
    if issues:
        raise UnableToChart(issues)
    payload = PressureDecided(
        systolic=reading.systolic,
        diastolic=reading.diastolic,
        choice=choice,
        symptoms=symptoms,
        decided_by=decider.id,
        decided_by_name=decider.printed_name,
        read_back=read_back,
        note=note,
        verdicts=verdicts,
    )
    return append(state, act, payload, verdicts).stream


def _high_reading(state: VisitState, act: Act) -> Signs:
    """The last pressure charted, when it asks for a decision."""
    last = rules.latest_pressure(state, act.happened_at)
    if last is None:
        sentence = "Chart the pressure first: a decision is made on a reading."
        raise UnableToChart([Issue(sentence=sentence, code="no-pressure")])
    signs = Signs(systolic=last.systolic, diastolic=last.diastolic)
    verdicts = rules.assess_signs(book(), state, signs, act.happened_at)
    if not any(each.answer == "fires" and each.rule.rule == "INF-BP-003" for each in verdicts):
        sentence = (
            f"The pressure charted at {clinic_clock(last.at)} asks for no decision. Chart a new one first."
        )
        raise UnableToChart([Issue(sentence=sentence, code="pressure-not-high")])
    return signs


def _decider(act: Act, decided_by: ClinicianId) -> Person:
    """Whoever writes, or a prescriber of this clinic."""
    found = next((person for person in people.every() if person.id == decided_by), None)
    if found is None or (found.id != act.by.id and found.role != "prescriber"):
        sentence = "Decided by: choose yourself or a prescriber."
        raise UnableToChart([Issue(sentence=sentence, code="who-decides", field="decided_by")])
    return found
