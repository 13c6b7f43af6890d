"""Accounting for a visit's drug: what is left is measured, wasted before a witness, and explained."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Literal, get_args

from evenkeel.custody.remainders import VIAL_SLACK_ML, Remainder, remainder, slack_of_bag
from evenkeel.custody.shares import shares
from evenkeel.journey import policy
from evenkeel.journey.acting import Act, require_plausible_time, touch, use_case
from evenkeel.journey.custody import weld
from evenkeel.journey.custody.book import Book
from evenkeel.journey.custody.cases import Discovery, open_case_in
from evenkeel.journey.custody.witnessing import Witness, witnessed
from evenkeel.journey.second_person import Proof
from evenkeel.record.custody import Account, DrugMoved, DrugReconciled, Place, RestMeasured
from evenkeel.record.entry import Draft
from evenkeel.record.visits import VisitPhase, VisitState
from evenkeel.store import log
from evenkeel.store.queries import custody, people
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import Volume
from evenkeel.values.shape import frozen

WasteCause = Literal["left_over", "spilled", "broken", "cancelled", "expired", "recalled"]

# While the pump holds the bag, nothing of it is wasted.
ON_THE_PUMP: Final[tuple[VisitPhase, ...]] = ("running", "paused")


class UnableToWaste(UnableTo):
    """The rest of a visit's drug cannot be wasted like this."""


@frozen
class Measured:
    """How much two people found left in a bag, a syringe or a vial of the visit."""

    place: Place
    ref: str
    volume: Volume


@frozen
class Expected:
    """What should be left in one bag, syringe or vial, over all the lots that are mixed in it."""

    account: Account
    parts: tuple[custody.Balance, ...]
    mcg_per_ml: Fraction
    slack_ml: Fraction

    @property
    def mass(self) -> DrugMass:
        """Everything in it."""
        return sum((part.mass for part in self.parts), DrugMass(mcg=0))

    @property
    def volume_ml(self) -> Fraction:
        """Exact milliliters that should be left."""
        return Fraction(self.mass.mcg) / self.mcg_per_ml


def expected_rests(visit: VisitState) -> tuple[Expected, ...]:
    """What should be left in each bag and vial that a visit has in hand, in the order in which pages ask.

    After the infusion the bag is measured even where it should be empty, until somebody has done so.
    """
    by_account: dict[Account, list[custody.Balance]] = {}
    for each in (*weld.in_hand(visit.stream), *_empty_bag(visit)):
        by_account.setdefault(each.account, []).append(each)
    return tuple(_expected(visit, account, parts) for account, parts in by_account.items())


def _empty_bag(visit: VisitState) -> tuple[custody.Balance, ...]:
    """The bag that the rates say is empty, once for each lot that was drawn into it."""
    if visit.stopped is None or visit.reconciled is not None:
        return ()
    held = {each.account for each in weld.in_hand(visit.stream)}
    nothing = DrugMass(mcg=0)
    found = []
    for stream in custody.lots_of_visit(visit.stream):
        lot = custody.one_lot(stream)
        assert lot is not None, "a lot that drug was drawn of is in the ledger"
        bag = Account(site=lot.site, place="bag", ref=visit.stream)
        if bag not in held and lot.item.drug == weld.KETAMINE:
            found.append(
                custody.Balance(lot=lot, account=bag, mass=nothing, kept=nothing, opened_at=None, visit=None)
            )
    return tuple(found)


def _expected(visit: VisitState, account: Account, parts: Sequence[custody.Balance]) -> Expected:
    # The bag is as it was made up, also when the order was cancelled since.
    bag = visit.bag_in_hand
    strength, slack_ml = Fraction(parts[0].lot.item.strength.mcg_per_ml), VIAL_SLACK_ML
    if account.place == "bag" and bag is not None:
        strength, slack_ml = bag.mcg_per_ml, slack_of_bag(bag.volume)
    return Expected(account=account, parts=tuple(parts), mcg_per_ml=strength, slack_ml=slack_ml)


def pump_difference_ml(visit: VisitState) -> Fraction | None:
    """Milliliters by which the pump's own count differs from the rates run, where that is a variance."""
    if visit.stopped is None or visit.stopped.payload.pump_volume is None or visit.draw is None:
        return None
    counted = Fraction(visit.stopped.payload.pump_volume.value)
    difference = counted - visit.volume_run(visit.stopped.at)
    return difference if abs(difference) > slack_of_bag(visit.draw.payload.bag) else None


def accounting_issues(visit: VisitState) -> tuple[Issue, ...]:
    """What keeps a visit from closing: drug in hand, and a difference that nobody explained."""
    issues = weld.in_hand_issues(visit)
    difference = pump_difference_ml(visit)
    if difference is None or visit.reconciled is not None:
        return issues
    sentence = (
        f"The pump counted {abs(float(difference)):.1f} mL {'more' if difference > 0 else 'less'} than "
        "the rates that were written down. Explain it first, on the page of this visit's drug."
    )
    return (*issues, Issue(sentence=sentence, code="variance-unexplained"))


@use_case("custody.waste")
def waste_rest(
    act: Act,
    *,
    visit: StreamId,
    measured: tuple[Measured, ...],
    cause: WasteCause,
    explanation: str,
    second: ClinicianId | None,
    proof_of_second: Proof | None,
    alone_because: str = "",
) -> StreamId:
    """Waste everything that a visit has in hand, as it was measured, before a witness.

    A difference beyond the slack needs an explanation: what is missing opens a case, what is too much was
    not given. Raises UnableToWaste with fields `rest_0`, `rest_1` in the order of `expected_rests`.
    """
    state = log.fold_for_update(VisitState, visit)
    touch(state.booking.payload.patient)
    require_plausible_time(act, state)
    assert cause in get_args(WasteCause), "a page offers only known causes"
    if state.phase in ON_THE_PUMP:
        sentence = "The pump holds the bag. Stop the infusion, or change the bag, before anything is wasted."
        raise UnableToWaste([Issue(sentence=sentence, code="pump-runs")])
    expected = expected_rests(state)
    found = _compared(state, expected, measured, explanation)
    witness = witnessed(act, second=second, proof=proof_of_second, alone_because=alone_because)
    book = Book(act, custody.lots_of_visit(visit))
    for each, rest in found:
        waste_found(book, state, each, rest, cause, explanation, witness)
    book.write()
    for each, rest in found:
        if rest.missing.mcg:
            open_cases(act, each, rest, visit, explanation)
    payload = DrugReconciled(
        rests=tuple(_said(each, rest) for each, rest in found),
        cause=cause,
        explanation=explanation.strip(),
        witness=witness.id,
        witness_name=witness.name,
        alone_because=witness.alone_because,
    )
    draft = Draft(payload=payload, happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return visit


def _compared(
    state: VisitState, expected: tuple[Expected, ...], measured: tuple[Measured, ...], explanation: str
) -> tuple[tuple[Expected, Remainder], ...]:
    """Each rest beside what was measured of it; raises UnableToWaste for whatever is left out."""
    said = {(each.place, each.ref): each.volume for each in measured}
    issues, found = [], []
    variances = 0
    if pump_difference_ml(state) is not None:
        variances += 1
    elif not expected:
        raise UnableToWaste(
            [Issue(sentence="Nothing is in hand: all is accounted for.", code="nothing-left")]
        )
    for number, each in enumerate(expected):
        volume = said.get((each.account.place, each.account.ref))
        if volume is None:
            sentence = f"Measure what is left in the {each.account}, and write it down; 0 if it is empty."
            issues.append(Issue(sentence=sentence, code="not-measured", field=f"rest_{number}"))
            continue
        rest = remainder(each.mass, volume, mcg_per_ml=each.mcg_per_ml, slack_ml=each.slack_ml)
        if rest.surplus.mcg and each.account.place == "bag" and rest.surplus > _given(state):
            sentence = "This is more than was drawn. Measure again, or put the draw right first."
            issues.append(Issue(sentence=sentence, code="more-than-drawn", field=f"rest_{number}"))
        variances += rest.is_variance
        found.append((each, rest))
    if variances and not explanation.strip():
        sentence = (
            "Explanation: what was measured, or what the pump counted, is not what is expected. Say why."
        )
        issues.append(Issue(sentence=sentence, code="variance-unexplained", field="explanation"))
    if issues:
        raise UnableToWaste(issues)
    return tuple(found)


def _given(state: VisitState) -> DrugMass:
    """What the bag in hand gave; what an earlier one gave was accounted for when it was taken down."""
    if not state.stopped or not state.bags:
        return DrugMass(mcg=0)
    return state.given_from(state.bags[-1], state.stopped.at)


def waste_found(
    book: Book,
    state: VisitState,
    each: Expected,
    rest: Remainder,
    cause: WasteCause,
    explanation: str,
    witness: Witness,
) -> None:
    """Move what was found to waste and what was not to missing, of each lot its share."""
    if rest.surplus.mcg:
        _add_surplus(book, state, each, rest.surplus, explanation)
    now = {part.lot.stream: book.ledger.mcg(each.account, part.lot.item) for part in each.parts}
    gone: tuple[tuple[Place, DrugMass], ...] = (("wasted", rest.wasted), ("missing", rest.missing))
    for into, mass in gone:
        for lot, mcg in shares(mass.mcg, now).items():
            if mcg:
                now[lot] -= mcg
                moved = DrugMoved(
                    source=each.account,
                    into=book.account(lot, into),
                    amount=DrugMass(mcg=mcg),
                    cause=cause if into == "wasted" else "missing",
                    visit=state.stream,
                    witness=witness.id,
                    witness_name=witness.name,
                    alone_because=witness.alone_because,
                    reason=explanation.strip(),
                )
                book.move(lot, moved)


def _add_surplus(book: Book, state: VisitState, each: Expected, surplus: DrugMass, reason: str) -> None:
    """More is left than should be: less was given than the rates say, or more was in the vial."""
    if each.account.place == "bag":
        weld.take_back_given(book, state, surplus.mcg, reason.strip())
        return
    lot = each.parts[0].lot.stream
    moved = DrugMoved(
        source=book.account(lot, "surplus"),
        into=each.account,
        amount=surplus,
        cause="found",
        visit=state.stream,
        reason=reason.strip(),
    )
    book.move(lot, moved)


def open_cases(act: Act, each: Expected, rest: Remainder, visit: StreamId, explanation: str) -> None:
    """One case for each lot that something is missing of; a registrant finds out, or else a lead."""
    able = [person for person in people.every() if policy.may(person.role, "case.work")]
    able.sort(key=lambda person: person.role != "registrant")
    if not able:
        sentence = "Drug is missing, and nobody of this clinic may find out why. Add a registrant first."
        raise UnableToWaste([Issue(sentence=sentence, code="nobody-finds-out")])
    parts = {part: part.mass.mcg for part in each.parts}
    for part, mcg in shares(rest.missing.mcg, parts).items():
        if mcg:
            found = Discovery(
                lot=part.lot.stream,
                account=each.account,
                item=part.lot.item,
                expected=part.mass,
                found=DrugMass(mcg=part.mass.mcg - mcg),
                visit=visit,
                note=explanation.strip(),
            )
            open_case_in(act, found, able[0])


def _said(each: Expected, rest: Remainder) -> RestMeasured:
    return RestMeasured(
        place=each.account.place,
        ref=each.account.ref,
        expected=rest.expected,
        measured=rest.measured,
        wasted=rest.wasted,
        missing=rest.missing,
        surplus=rest.surplus,
    )
