"""From what is written to what moves: the entries of a lot as steps of the ledger.

The ledger goes by when a step was taken down, not by when it happened: people write down afterwards, and what
was free to be taken is decided when it is taken down. Reports show both.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from evenkeel.custody.ledger import Ledger
from evenkeel.custody.policy import CustodyPolicy
from evenkeel.custody.transfers import Posted, Recalled, Step, Transfer, Voided
from evenkeel.record.custody import DrawPosted, DrawVoided, DrugMoved, Item, LotRecalled, LotState
from evenkeel.values.ids import ClinicianId


def ledger_of(policy: CustodyPolicy, lots: Iterable[LotState]) -> Ledger:
    """All accounts of some lots, as their entries leave them."""
    return Ledger.replay(policy, (step for lot in lots for step in steps_of(lot)))


def steps_of(lot: LotState) -> Iterator[Step]:
    """Every step of a lot, in the order in which they were written; what was marked in error is left out."""
    item = lot.item
    for fact in lot.facts:
        if not fact.in_error:
            first = fact.history[0]
            step = step_of(fact.payload, item, id_=fact.id, at=first.recorded_at, by=fact.by.id)
            if step is not None:
                yield step


def step_of(payload: object, item: Item, *, id_: str, at: datetime, by: ClinicianId) -> Step | None:
    """The step that an entry of a lot stands for; None for an entry that moves nothing."""
    if isinstance(payload, DrugMoved):
        return _transfer(payload, item, id_=id_, at=at, by=by)
    if isinstance(payload, DrawPosted):
        return Posted(id=id_, reserves=payload.reserves, amount=payload.amount, at=at, by=by)
    if isinstance(payload, DrawVoided):
        return Voided(id=id_, reserves=payload.reserves, at=at, by=by, reason=payload.reason)
    if isinstance(payload, LotRecalled):
        return Recalled(id=id_, product=item.product, lot=item.lot, at=at, by=by, reason=payload.reason)
    return None


def _transfer(moved: DrugMoved, item: Item, *, id_: str, at: datetime, by: ClinicianId) -> Transfer:
    return Transfer(
        id=id_,
        item=item,
        source=moved.source,
        into=moved.into,
        amount=moved.amount,
        at=at,
        by=by,
        witness=moved.witness,
        alone_because=moved.alone_because,
        pending=moved.pending,
        corrects=moved.corrects,
        reason=moved.reason,
        visit=moved.visit or "",
    )
