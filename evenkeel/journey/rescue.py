"""Rescue drugs: asked of the rules before they are given, and written down in any case once they were."""

from collections.abc import Mapping
from typing import Final

from evenkeel.clinical import rescue as rules
from evenkeel.clinical.decision import objections
from evenkeel.clinical.rescue import RescueFacts
from evenkeel.journey.acting import Act, use_case
from evenkeel.journey.infusion import UnableToChart, append, held, require_in_the_chair
from evenkeel.journey.rules import book
from evenkeel.record.entry import ROLE_WORDS
from evenkeel.record.infusion import RescueGiven
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Override, Verdict
from evenkeel.record.visits import VisitState
from evenkeel.store import reading
from evenkeel.store.queries import people
from evenkeel.store.queries.people import Person
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue

# What the screening may know of a condition: its own question by ours. Only a yes is taken over, since
# the questions are not the same.
_SCREENED: Final = {"heart_failure": "heart_uncontrolled"}


def known_conditions(visit: VisitState) -> dict[str, Tri]:
    """What the course's screening says of the conditions that are asked about."""
    screening = reading.course(visit.booking.payload.course).screening
    if screening is None:
        return {}
    said = screening.payload.answers
    return {ours: "yes" for ours, theirs in _SCREENED.items() if said.get(theirs) == "yes"}


def conditions_of(visit: VisitState, answers: Mapping[str, Tri]) -> dict[str, Tri]:
    """The answers, each that is not known taken over from the screening where that says yes."""
    known = known_conditions(visit)
    found = {question.key: answers.get(question.key, "unknown") for question in rules.QUESTIONS}
    return {key: known.get(key, answer) if answer == "unknown" else answer for key, answer in found.items()}


@use_case("infusion.run")
def give_rescue(
    act: Act,
    *,
    visit: StreamId,
    drug: str,
    dose: DrugMass,
    route: str,
    ordered_by: ClinicianId,
    read_back: bool,
    reason: str,
    conditions: Mapping[str, Tri],
    was_given_already: bool = False,
    overrides: tuple[Override, ...] = (),
) -> StreamId:
    """Record a rescue drug on a prescriber's order, read back when it was spoken.

    What a rule forbids is refused, unless it was given already: then the record is what counts, with what the
    rules say of it. Without an order it is never taken.
    """
    state = held(act, visit)
    require_in_the_chair(
        state, act.happened_at, "Rescue drugs are recorded while the patient is in the chair"
    )
    prescriber = next((person for person in people.every("prescriber") if person.id == ordered_by), None)
    issues = _not_written(drug, dose, route)
    if issues:
        raise UnableToChart(issues)
    asked = conditions_of(state, conditions) if drug == "labetalol" else {}
    facts = RescueFacts(
        visit=state,
        at=act.happened_at,
        drug=drug,
        dose=dose,
        route=route,
        answers=asked,
        ordered=prescriber is not None,
        read_back=read_back or (prescriber is not None and prescriber.id == act.by.id),
    )
    verdicts = rules.assess_rescue(book(), facts)
    issues = _not_ordered(facts)
    if not was_given_already and not issues:
        issues = list(objections(book(), verdicts, overrides, act.by.role))
    if issues:
        raise UnableToChart(issues)
    assert prescriber is not None, "a missing prescriber was refused above"
    payload = _payload(facts, prescriber, reason, was_given_already, verdicts, overrides)
    return append(state, act, payload, verdicts).stream


def _payload(
    facts: RescueFacts,
    prescriber: Person,
    reason: str,
    was_given_already: bool,
    verdicts: tuple[Verdict, ...],
    overrides: tuple[Override, ...],
) -> RescueGiven:
    return RescueGiven(
        drug=facts.drug,
        dose=facts.dose,
        route=facts.route,
        ordered_by=prescriber.id,
        ordered_by_name=prescriber.printed_name,
        read_back=facts.read_back,
        reason=reason,
        conditions=facts.answers,
        was_given_already=was_given_already,
        verdicts=verdicts,
        overrides=overrides,
    )


def _not_written(drug: str, dose: DrugMass, route: str) -> list[Issue]:
    found = []
    if drug not in rules.RESCUE_DRUGS:
        found.append(Issue(sentence="Drug: choose one that the clinic keeps.", code="missing", field="drug"))
    if dose.mcg == 0:
        found.append(Issue(sentence="Dose given: write more than 0 mg.", code="missing", field="dose"))
    if not route.strip():
        found.append(Issue(sentence="Route: this must be written down.", code="missing", field="route"))
    return found


def _not_ordered(facts: RescueFacts) -> list[Issue]:
    """What RSC-ORD-001 finds, said beside the box that it is about."""
    if not facts.ordered:
        sentence = (
            f"Ordered by: choose a {ROLE_WORDS['prescriber']}; a rescue drug is never given without one."
        )
        return [Issue(sentence=sentence, code="needs-prescriber", field="ordered_by", rule="RSC-ORD-001")]
    if not facts.read_back:
        sentence = "Read back: a spoken order is read back to the prescriber before the drug is given."
        return [Issue(sentence=sentence, code="not-read-back", field="read_back", rule="RSC-ORD-001")]
    return []
