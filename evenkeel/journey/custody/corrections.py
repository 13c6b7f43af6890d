"""A wrong movement is taken back by another one that names it; both stay readable."""

from typing import Final

from evenkeel.custody.accounts import WITNESSED
from evenkeel.journey.acting import Act, require_seen, use_case
from evenkeel.journey.custody.book import Book, lot_stream
from evenkeel.journey.custody.stock import reason_issues
from evenkeel.journey.custody.witnessing import witnessed
from evenkeel.journey.second_person import Proof
from evenkeel.record.custody import Cause, DrugMoved, LotState
from evenkeel.store import reading
from evenkeel.store.queries import transfers
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId, EntryId, StreamId
from evenkeel.values.issues import Issue, UnableTo

# What is taken back on the lot's own page. What moved for a visit is put right on the visit's pages, and a
# difference that a count showed in its case, since chart and case would tell another story than the ledger.
TAKEN_BACK: Final[frozenset[Cause]] = frozenset(
    {
        "received",
        "opening_stock",
        "stocked",
        "returned",
        "destroyed",
        "transferred",
        "broken",
        "expired",
        "recalled",
        "left_over",
    }
)


class UnableToTakeBack(UnableTo):
    """The movement cannot be taken back like this; nothing moved."""


def may_take_back(moved: DrugMoved) -> bool:
    """Whether a movement is taken back on the lot's page, as far as it is still there."""
    return moved.cause in TAKEN_BACK and moved.visit is None and moved.corrects is None and not moved.pending


def needs_witness(moved: DrugMoved, state: LotState) -> bool:
    """Whether a second person must see that a movement is taken back: where one saw it in the first place."""
    return moved.into.place in WITNESSED and state.item.schedule is not None


@use_case("stock.keep")
def take_back(
    act: Act,
    *,
    lot: StreamId,
    entry: EntryId,
    amount: DrugMass,
    reason: str,
    second: ClinicianId | None = None,
    proof_of_second: Proof | None = None,
    alone_because: str = "",
) -> StreamId:
    """Take a movement of the lot back, in whole or in part, the way it came.

    Refused for more than is left of it where it went, and for what has arrived at another site meanwhile.
    """
    streams = [lot]
    fact = reading.lot(lot).fact(entry)
    if fact is None or not isinstance(fact.payload, DrugMoved) or not may_take_back(fact.payload):
        sentence = (
            "This movement is not taken back here. What moved for a visit is put right on the visit's page, "
            "and what a count found in its case."
        )
        raise UnableToTakeBack([Issue(sentence=sentence, code="not-taken-back-here")])
    moved = fact.payload
    there = _at_other_site(reading.lot(lot), moved)
    if there is not None:
        streams.append(there)
    book = Book(act, streams)
    state = book.lot(lot)
    require_seen(state, act)
    issues = reason_issues(reason)
    if there is not None:
        left = transfers.left_mcg(book.ledger, state, book.lot(there), entry)
        if amount.mcg > left:
            sentence = "This much is not on its way any more: the other site has taken it in."
            issues.append(Issue(sentence=sentence, code="arrived-already", field="amount"))
    if issues:
        raise UnableToTakeBack(issues)
    who = (
        witnessed(act, second=second, proof=proof_of_second, alone_because=alone_because)
        if needs_witness(moved, state)
        else None
    )
    book.move(
        lot,
        DrugMoved(
            source=moved.into,
            into=moved.source,
            amount=amount,
            cause="wrong_entry",
            witness=who.id if who else None,
            witness_name=who.name if who else "",
            alone_because=who.alone_because if who else "",
            corrects=entry,
            reason=reason.strip(),
        ),
    )
    book.write()
    return lot


def _at_other_site(state: LotState, moved: DrugMoved) -> StreamId | None:
    """The lot at the site that a transfer went to, once something of it arrived there."""
    if moved.into.place != "other_site":
        return None
    there = lot_stream(moved.into.ref, state.item.product, state.item.lot)
    return there if reading.head(there) is not None else None
