"""Where the ledger meets the visit: what an order keeps, what a draw takes, what the pump gave.

Each function is called by a use case that already holds the visit, and writes to the lots in the same
transaction: either both are written or neither is.
"""

from datetime import datetime
from typing import Final

from evenkeel.clinical.stock import PRODUCTS
from evenkeel.custody.ledger import UnableToTransfer
from evenkeel.custody.shares import shares
from evenkeel.journey.acting import Act
from evenkeel.journey.custody.book import Book, policy_now
from evenkeel.journey.rules import clinic_clock, clinic_day
from evenkeel.record.custody import Account, DrugMoved, Item, Place
from evenkeel.record.ordering import Vial, VialDrawn
from evenkeel.record.visits import VisitState
from evenkeel.store import sites
from evenkeel.store.queries import custody, settings
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import EntryId, StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import Volume
from evenkeel.values.shape import frozen

# What an order is of and a bag holds; every other drug of the ledger goes through a syringe.
KETAMINE: Final = "ketamine"


@frozen
class VialTake:
    """So much from one vial: `number` is of an opened one; empty, a new one is opened from the cabinet."""

    lot: StreamId
    number: str
    volume: Volume


class UnableToKeep(UnableTo):
    """Nothing in the cabinet can be kept for the order."""


class UnableToTake(UnableTo):
    """The vials that were named cannot be drawn from."""


class UnableToSettle(UnableTo):
    """The record of the pump cannot be put right like this: the bag it ran from is accounted for."""


def usable(visit: VisitState, *, at: datetime, drug: str = KETAMINE) -> tuple[custody.Balance, ...]:
    """What may be drawn from for a visit now: opened vials, then cabinet lots, each first that expires first.

    Nothing expired, recalled, open too long or of another site; what is kept for others counts as gone.
    """
    policy, day = policy_now(), clinic_day(at)
    kept = {each.entry: each for each in custody.kept_for(visit.stream)}
    own = {(each.lot, each.source): each.amount.mcg for each in kept.values()}

    def may(each: custody.Balance) -> bool:
        item = each.lot.item
        if item.drug != drug or each.lot.recalled_at is not None or day > item.expiry_date:
            return False
        free_mcg = each.free.mcg + own.get((each.lot.stream, each.account), 0)
        if each.account.place == "cabinet":
            return free_mcg >= item.vial.mcg
        fresh = each.opened_at is not None and at - each.opened_at <= policy.vials.in_use
        mine = policy.vials.reuse == "multi_dose" or each.visit in (None, visit.stream)
        return free_mcg > 0 and fresh and mine

    found = custody.balances(sites.site_of(visit.chair), "vial", "cabinet")
    return tuple(sorted(filter(may, found), key=lambda each: each.account.place != "vial"))


def keep_for_order(act: Act, visit: VisitState, *, product: str, amount: DrugMass) -> None:
    """Keep what an order needs: in an opened vial that has enough, or a whole vial in the cabinet.

    The product that was ordered comes first, another of the same strength after it. Raises UnableToKeep with
    the field `product` when there is none.
    """
    strength = PRODUCTS[product].strength
    fitting = [
        each
        for each in usable(visit, at=act.recorded_at)
        if each.lot.item.strength == strength
        and (each.account.place == "cabinet" or each.free.mcg >= amount.mcg)
    ]
    fitting.sort(key=lambda each: each.lot.item.product != product)
    if not fitting:
        sentence = (
            f"Vial: there is no {PRODUCTS[product].label} in the cabinet that is free and in date. "
            "Move some from the safe, receive it, or choose another vial."
        )
        raise UnableToKeep([Issue(sentence=sentence, code="not-in-stock", field="product")])
    chosen = fitting[0]
    book = Book(act, [chosen.lot.stream])
    moved = _opening(book, chosen.lot.stream, visit) if chosen.account.place == "cabinet" else None
    if moved is None:
        into = book.account(chosen.lot.stream, "bag", visit.stream)
        moved = DrugMoved(
            source=chosen.account, into=into, amount=amount, cause="ordered", visit=visit.stream, pending=True
        )
    book.move(chosen.lot.stream, moved)
    book.write()


def _opening(book: Book, lot: StreamId, visit: VisitState, *, pending: bool = True) -> DrugMoved:
    return DrugMoved(
        source=book.account(lot, "cabinet"),
        into=book.account(lot, "vial", book.next_vial(lot)),
        amount=book.item(lot).vial,
        cause="ordered" if pending else "drawn",
        visit=visit.stream,
        pending=pending,
    )


def release(act: Act, visit: VisitState, *, reason: str) -> None:
    """Give up whatever is kept for a visit; what was drawn stays in hand, to be wasted by somebody."""
    kept = custody.kept_for(visit.stream)
    book = Book(act, {each.lot for each in kept})
    for each in kept:
        book.void(each.lot, each.entry, reason)
    book.write()


def take_for_draw(
    act: Act, visit: VisitState, takes: tuple[VialTake, ...], *, entry_was_wrong: bool
) -> tuple[VialDrawn, ...]:
    """Take a dose from its vials into the visit's bag, posting what was kept for it and giving up the rest.

    When something was drawn before, it must have been wasted first, unless `entry_was_wrong`: then what was
    written is taken back, since nothing else moved. Raises UnableToTake or UnableToTransfer.
    """
    earlier = custody.lots_of_visit(visit.stream)
    book = Book(act, {*earlier, *(take.lot for take in takes)})
    if entry_was_wrong:
        _take_back_draw(act, book, visit)
    else:
        _refuse_second_draw(book, visit)
    drawn = take_from_vials(book, visit, takes)
    book.write()
    return drawn


def take_from_vials(book: Book, visit: VisitState, takes: tuple[VialTake, ...]) -> tuple[VialDrawn, ...]:
    """Take drug from its vials into the visit's bag, posting what an order kept of it and giving up the rest.

    The book holds the lots of the visit and of what is taken. Raises UnableToTake or UnableToTransfer.
    """
    kept = [each for each in custody.kept_for(visit.stream) if each.source.place != "bag"]
    here = sites.site_of(visit.chair)
    drawn = []
    for take in takes:
        if take.volume.value <= 0:
            sentence = "Drawn: write how much was drawn from each vial."
            raise UnableToTake([Issue(sentence=sentence, code="amount-zero", field="volume")])
        if book.lot(take.lot).site != here:
            sentence = "Vial: it is held at another site. Transfer it between the sites first."
            raise UnableToTake([Issue(sentence=sentence, code="other-site", field="vial")])
        drawn.append(_take_one(book, visit, take, kept))
    for each in kept:
        book.void(each.lot, each.entry, "another vial was taken")
    return tuple(drawn)


def _take_one(book: Book, visit: VisitState, take: VialTake, kept: list[custody.Kept]) -> VialDrawn:
    item = book.item(take.lot)
    mass = DrugMass.nearest(item.strength.mass_in(take.volume))
    number = take.number
    if not number:
        number = _open_vial(book, visit, take.lot, kept)
    vial, bag = book.account(take.lot, "vial", number), book.account(take.lot, "bag", visit.stream)
    own = next((each for each in kept if (each.lot, each.source) == (take.lot, vial)), None)
    if own is not None and mass.mcg <= own.amount.mcg:
        kept.remove(own)
        book.post(take.lot, own.entry, mass)
    else:
        if own is not None:
            kept.remove(own)
            book.void(take.lot, own.entry, "more was drawn than was kept")
        moved = DrugMoved(source=vial, into=bag, amount=mass, cause="drawn", visit=visit.stream)
        book.move(take.lot, moved)
    label = Vial(product=item.product, strength=item.strength, lot=item.lot, expiry_date=item.expiry_date)
    return VialDrawn(lot=take.lot, number=number, label=label, volume=take.volume, drawn=mass)


def _open_vial(book: Book, visit: VisitState, lot: StreamId, kept: list[custody.Kept]) -> str:
    """Open the vial that was kept in this lot, or else the next one; returns its number."""
    own = next((each for each in kept if each.lot == lot and each.source.place == "cabinet"), None)
    if own is not None:
        kept.remove(own)
        book.post(lot, own.entry, own.amount)
        return own.into.ref
    opening = _opening(book, lot, visit, pending=False)
    book.move(lot, opening)
    return opening.into.ref


def _in_bag(book: Book, visit: VisitState) -> dict[StreamId, int]:
    return _held(book, "bag", visit)


def _held(book: Book, place: Place, visit: VisitState) -> dict[StreamId, int]:
    found = {}
    for lot in book.lots:
        account = Account(site=lot.site, place=place, ref=visit.stream)
        mcg = book.ledger.mcg(account, lot.item)
        # A rescue drug that the patient was given too is not out of the bag.
        if mcg and lot.item.drug == KETAMINE:
            found[lot.stream] = mcg
    return found


def _refuse_second_draw(book: Book, visit: VisitState) -> None:
    there = sum(_in_bag(book, visit).values())
    if there:
        sentence = (
            f"What was drawn before is still in hand: {DrugMass(mcg=there)}. Waste it first, "
            "or say that only the entry was wrong and nothing else was drawn."
        )
        raise UnableToTake([Issue(sentence=sentence, code="drawn-already", field="entry_was_wrong")])


def _take_back_draw(act: Act, book: Book, visit: VisitState) -> None:
    """Take back every movement of the visit's draw, the last one first: bag to vial, vial to cabinet."""
    for movement in reversed(custody.movements(visits=(visit.stream,))):
        if movement.corrects is not None:
            continue
        transfer = book.ledger.moved(movement.entry)
        left = book.ledger.left_to_correct(transfer)
        if left and movement.cause in ("ordered", "drawn") and movement.lot.item.drug == KETAMINE:
            _correct(
                book, movement.lot.stream, movement.entry, left, visit, "the entry of the draw was wrong"
            )


def _correct(book: Book, lot: StreamId, entry: EntryId, mcg: int, visit: VisitState, reason: str) -> None:
    wrong = book.ledger.moved(entry)
    book.move(
        lot,
        DrugMoved(
            source=wrong.into,
            into=wrong.source,
            amount=DrugMass(mcg=mcg),
            cause="wrong_entry",
            visit=visit.stream,
            corrects=entry,
            reason=reason,
        ),
    )


def settle_given(
    act: Act, after: VisitState, *, reason: str = "the record of the pump was put right"
) -> None:
    """Let the ledger say what the visit says was given: kept while the pump runs, posted when it stopped.

    `after` is the visit with the change of the pump in it. Nothing is asked of a visit that was drawn before
    there was a ledger. Raises UnableToSettle when the pump would run from a bag that was wasted, and
    UnableToTransfer when what would have to be given was wasted since. A stop raises neither: what the pump
    runs from is kept from the start on.
    """
    lots = custody.lots_of_visit(after.stream)
    if not lots or after.started is None:
        return
    book = Book(act, lots, never_early=True)
    if after.stopped is None:
        earlier = sum(fact.payload.given.mcg for fact in after.bag_changes)
        take_back_given(book, after, given_now_mcg(book, after) - earlier, reason)
        _refuse_wasted_bag(book, after)
        keep_bag(book, after)
    else:
        given = after.given(after.stopped.at).mcg
        now = given_now_mcg(book, after)
        if given >= now:
            post_given(book, after, given - now)
        else:
            _give_up_kept(book, after, "the pump stood still")
            take_back_given(book, after, now - given, reason)
    book.write()


def _refuse_wasted_bag(book: Book, visit: VisitState) -> None:
    """A pump that runs needs all of its bag in the ledger, or else its stop could not be told."""
    bag = visit.bag_in_hand
    assert bag is not None, "what was started was drawn"
    there = sum(_in_bag(book, visit).values())
    if there < bag.drawn.mcg:
        sentence = (
            f"Of the {bag.drawn} in the bag only {DrugMass(mcg=there)} are in hand: the rest was wasted, so "
            "the pump cannot run from it. Draw the dose anew, or put the waste right first."
        )
        raise UnableToSettle([Issue(sentence=sentence, code="bag-wasted")])


def refuse_other_old_bag(after: VisitState) -> None:
    """Refuse a correction of the pump after which a bag that was taken down would have given something else.

    It was accounted for when it was taken down, while the pump stood still. Raises UnableToSettle.
    """
    for bag, change in zip(after.bags, after.bag_changes, strict=False):
        said = change.payload.given
        if after.given_from(bag, change.at) == said and after.stands_still(change.at):
            continue
        sentence = (
            f"The bag was changed at {clinic_clock(change.at)}, and {said} were accounted for as given from "
            "the old one. With this change of the pump that would be another amount, or the pump would have "
            "run meanwhile. Write a note of what was wrong."
        )
        raise UnableToSettle([Issue(sentence=sentence, code="bag-changed-since", field="happened_at")])


def given_now_mcg(book: Book, visit: VisitState) -> int:
    """What the ledger says that the patient has."""
    return sum(_held(book, "patient", visit).values())


def keep_bag(book: Book, visit: VisitState) -> None:
    """Keep what is in the bag for the patient, so that nobody wastes it while the pump runs."""
    for lot in book.lots:
        bag = Account(site=lot.site, place="bag", ref=visit.stream)
        free_mcg = book.ledger.free_mcg(bag, lot.item)
        if free_mcg:
            patient = Account(site=lot.site, place="patient", ref=visit.stream)
            amount = DrugMass(mcg=free_mcg)
            book.move(
                lot.stream,
                DrugMoved(
                    source=bag, into=patient, amount=amount, cause="given", visit=visit.stream, pending=True
                ),
            )


def post_given(book: Book, visit: VisitState, mcg: int) -> None:
    """Post so much as given from the visit's bag, of each lot its share; nothing stays kept of the rest."""
    in_bag = _in_bag(book, visit)
    if mcg > sum(in_bag.values()):
        sentence = (
            f"{DrugMass(mcg=mcg)} more would have been given than is left of the drawn dose: "
            "the rest was wasted since. Put the waste right first."
        )
        raise UnableToTransfer([Issue(sentence=sentence, code="wasted-since", field="happened_at")])
    share = shares(mcg, in_bag)
    for each in _kept_in_bag(book, visit):
        lot = book.lot_of(each[1])
        amount = share.pop(lot, 0)
        if amount:
            book.post(lot, EntryId(each[0]), DrugMass(mcg=amount))
        else:
            book.void(lot, EntryId(each[0]), "nothing of it was given")
    for lot, amount in share.items():
        if amount:
            source, into = book.account(lot, "bag", visit.stream), book.account(lot, "patient", visit.stream)
            moved = DrugMoved(
                source=source, into=into, amount=DrugMass(mcg=amount), cause="given", visit=visit.stream
            )
            book.move(lot, moved)


def _kept_in_bag(book: Book, visit: VisitState) -> tuple[tuple[str, Item], ...]:
    return tuple(
        (each.id, each.item) for each in book.ledger.reserved_for(visit.stream) if each.source.place == "bag"
    )


def _give_up_kept(book: Book, visit: VisitState, reason: str) -> None:
    for name, item in _kept_in_bag(book, visit):
        book.void(book.lot_of(item), EntryId(name), reason)


def take_back_given(book: Book, visit: VisitState, mcg: int, reason: str) -> None:
    """Take back what was posted as given, the latest first, until so much is back in the bag."""
    for movement in reversed(custody.movements(visits=(visit.stream,))):
        if not mcg:
            return
        if movement.cause != "given" or movement.corrects is not None or movement.source.place != "bag":
            continue
        left = book.ledger.left_to_correct(book.ledger.moved(movement.entry))
        back = min(left, mcg)
        if back:
            _correct(book, movement.lot.stream, movement.entry, back, visit, reason)
            mcg -= back
    assert not mcg, "no more is taken back than was given"


def in_hand_issues(visit: VisitState) -> tuple[Issue, ...]:
    """One issue, naming every bag and vial, while a visit has drug that nobody wasted or put back."""
    left = in_hand(visit.stream)
    if not left:
        return ()
    what = "; ".join(f"{each.mass} in the {each.account}" for each in left)
    sentence = (
        f"Drug is still in hand: {what}. Waste it with a witness first, on the page of this visit's drug."
    )
    return (Issue(sentence=sentence, code="drug-in-hand"),)


def in_hand(visit: StreamId) -> tuple[custody.Balance, ...]:
    """What a visit has in hand now."""
    return custody.in_hand(visit, single_patient=settings.current().is_single_patient)
