"""Another bag in mid-infusion: in one step the old one is accounted for, and two people make the new one."""

from dataclasses import replace
from typing import Final, Literal, get_args

from evenkeel.clinical import ordering as rules
from evenkeel.clinical.decision import objections, refs
from evenkeel.custody.remainders import Remainder, remainder
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.custody import weld
from evenkeel.journey.custody.book import Book
from evenkeel.journey.custody.waste import Expected, expected_rests, open_cases, waste_found
from evenkeel.journey.custody.weld import VialTake
from evenkeel.journey.custody.witnessing import Witness, witnessed
from evenkeel.journey.infusion import require_after
from evenkeel.journey.ordering import labels_of
from evenkeel.journey.phases import require_phase
from evenkeel.journey.rules import book as rulebook
from evenkeel.journey.second_person import Proof
from evenkeel.record.entry import Draft
from evenkeel.record.infusion import BagReplaced
from evenkeel.record.visits import VisitState
from evenkeel.store import log
from evenkeel.store.queries import custody
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import Volume
from evenkeel.values.shape import frozen

BagCause = Literal["left_over", "spilled", "broken"]

WHO_READS: Final = "a nurse or prescriber who sees the old bag wasted and reads the new one"


class UnableToReplaceBag(UnableTo):
    """The bag on the pump cannot be changed like this."""


@frozen
class SecondReading:
    """What the second person read from the vials, the syringe and the new bag for themselves."""

    strength: Strength
    volume: Volume
    bag: Volume


@use_case("infusion.run")
def replace_bag(
    act: Act,
    *,
    visit: StreamId,
    takes: tuple[VialTake, ...],
    bag: Volume,
    rest: Volume,
    cause: BagCause,
    explanation: str,
    read: SecondReading,
    second: ClinicianId | None,
    proof_of_second: Proof | None,
) -> StreamId:
    """Change the bag of a paused infusion; whatever is refused, nothing of it is written.

    What the old bag gave by the rates run is posted, its `rest` as measured is wasted before the second
    person, and the new bag is drawn from its vials and kept for the patient. What is missing of the old one
    opens a case. Raises UnableToReplaceBag with the fields `rest`, `explanation`, `read_strength`,
    `read_volume` and `read_bag`.
    """
    assert cause in get_args(BagCause), "a page offers only known causes"
    state = _held(act, visit)
    assert state.order is not None, "what is paused was ordered"
    order = state.order.payload
    new = rules.DrawFacts(vials=labels_of(takes), bag=bag, rate=order.first_step.rate)
    given = state.given(act.happened_at)
    book = Book(act, {*custody.lots_of_visit(visit), *(take.lot for take in takes)})
    weld.post_given(book, state, given.mcg - weld.given_now_mcg(book, state))
    old, found = _rest_of_bag(book, state, rest)
    may_have = given + _may_be_in_the_patient(state, cause, found)
    verdicts = rules.assess_new_bag(rulebook(), order, new, given=may_have, at=act.happened_at)
    issues = [
        *_rest_issues(found, explanation),
        *objections(rulebook(), verdicts, (), act.by.role),
        *_reading_issues(new, read),
    ]
    if issues:
        raise UnableToReplaceBag(issues)
    witness = _second_of(act, second, proof_of_second)
    assert witness.id is not None, "nobody changes a bag alone"
    waste_found(book, state, old, found, cause, explanation, witness)
    vials = weld.take_from_vials(book, state, takes)
    weld.keep_bag(book, state)
    book.write()
    if found.missing.mcg:
        open_cases(act, old, found, visit, explanation)
    payload = BagReplaced(
        cause=cause,
        explanation=explanation.strip(),
        given=state.given_from(state.bags[-1], act.happened_at),
        expected=found.expected,
        measured=rest,
        wasted=found.wasted,
        missing=found.missing,
        vials=vials,
        volume=new.volume,
        drawn=new.drawn,
        bag=bag,
        second_person=witness.id,
        second_person_name=witness.name,
        verdicts=verdicts,
    )
    draft = Draft(payload=payload, happened_at=act.happened_at, rules=refs(verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return visit


def _held(act: Act, visit: StreamId) -> VisitState:
    """Fold and hold the visit, and refuse a moment or a place in it at which no bag is changed."""
    state = log.fold_for_update(VisitState, visit)
    touch(state.booking.payload.patient)
    require_seen(state, act)
    require_plausible_time(act, state)
    require_phase(state, ("paused",), UnableToReplaceBag, "The bag is changed while the infusion is paused")
    require_after(state, act, UnableToReplaceBag)
    if not custody.lots_of_visit(visit):
        sentence = "This dose was drawn before there was a drug ledger. Stop the infusion and order anew."
        raise UnableToReplaceBag([Issue(sentence=sentence, code="before-the-ledger")])
    return state


def _may_be_in_the_patient(state: VisitState, cause: BagCause, found: Remainder) -> DrugMass:
    """What is missing of this bag and of earlier ones, but for what two people saw on the floor."""
    earlier = [(fact.payload.cause, fact.payload.missing) for fact in state.bag_changes]
    missing = [mass for why, mass in (*earlier, (cause, found.missing)) if why == "left_over"]
    return sum(missing, DrugMass(mcg=0))


def _second_of(act: Act, second: ClinicianId | None, proof: Proof | None) -> Witness:
    """Prove the second person, who must be one that may check a dose, and not only see it wasted."""
    return witnessed(
        act, second=second, proof=proof, alone_because="", action="dose.double_check", who_may=WHO_READS
    )


def _rest_of_bag(book: Book, state: VisitState, measured: Volume) -> tuple[Expected, Remainder]:
    """What should be left in the old bag, now that what it gave is posted, beside what was measured."""
    bag = next(each for each in expected_rests(state) if each.account.place == "bag")
    parts = tuple(replace(part, mass=book.ledger.held(bag.account, part.lot.item)) for part in bag.parts)
    left = replace(bag, parts=parts)
    return left, remainder(left.mass, measured, mcg_per_ml=left.mcg_per_ml, slack_ml=left.slack_ml)


def _rest_issues(found: Remainder, explanation: str) -> list[Issue]:
    if found.surplus.mcg:
        # What the patient has decides how much the new bag may hold, so the record is put right before it.
        sentence = (
            "Left in the old bag: this is more than the rates written down leave in it. Measure again, or "
            "put the record of the pump right first."
        )
        return [Issue(sentence=sentence, code="more-than-expected", field="rest")]
    if found.missing.mcg and not explanation.strip():
        sentence = "What happened: less is left in the old bag than there should be. Say why."
        return [Issue(sentence=sentence, code="variance-unexplained", field="explanation")]
    return []


def _reading_issues(facts: rules.DrawFacts, read: SecondReading) -> list[Issue]:
    found = rules.compare_new_bag(facts, strength=read.strength, volume=read.volume, bag=read.bag)
    return [
        Issue(sentence=sentence, code="reading-differs", field=f"read_{name}")
        for name, sentence in found.items()
    ]
