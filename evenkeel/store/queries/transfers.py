"""Transfers between the clinic's sites: what was sent, what arrived, and what is on its way."""

from evenkeel.custody.ledger import Ledger
from evenkeel.record.custody import DrugMoved, LotState
from evenkeel.store import models
from evenkeel.store.queries import custody
from evenkeel.store.queries.custody import Movement
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import EntryId
from evenkeel.values.shape import frozen


@frozen
class OnItsWay:
    """A transfer of which something has not arrived; `sent` is the movement at the site that sent it."""

    sent: Movement
    to_site: str
    left: DrugMass


def on_their_way() -> tuple[OnItsWay, ...]:
    """Every transfer that has not arrived in full, oldest first."""
    moved = custody.movements(causes=("transferred",))
    back = _taken_back()
    arrived: dict[tuple[str, str, str], int] = {}
    for each in moved:
        if each.source.place == "supplier" and each.paper is not None:
            key = (each.lot.site, each.lot.item.product, each.paper.number)
            arrived[key] = arrived.get(key, 0) + each.amount.mcg - back.get(each.entry, 0)
    found = []
    for each in moved:
        if each.into.place == "other_site" and each.paper is not None:
            to_site = each.into.ref
            key = (to_site, each.lot.item.product, each.paper.number)
            left = each.amount.mcg - back.get(each.entry, 0) - arrived.get(key, 0)
            if left > 0:
                found.append(OnItsWay(sent=each, to_site=to_site, left=DrugMass(mcg=left)))
    return tuple(found)


def _taken_back() -> dict[str, int]:
    """Micrograms of every movement that corrections took back."""
    found: dict[str, int] = {}
    rows = models.MovementRow.objects.filter(corrects__isnull=False).values_list("corrects", "mcg")
    for corrects, mcg in rows:
        assert corrects is not None, "only corrections are asked for"
        found[corrects] = found.get(corrects, 0) + mcg
    return found


def left_mcg(ledger: Ledger, source: LotState, here: LotState, sent: EntryId) -> int:
    """Micrograms of a transfer that have not arrived, by the entries of the lot at both sites."""
    moved = ledger.moved(sent)
    number = next(
        fact.payload.paper.number
        for fact in source.every(DrugMoved)
        if fact.id == sent and fact.payload.paper
    )
    arrived = sum(
        ledger.left_to_correct(ledger.moved(each.id))
        for each in here.every(DrugMoved)
        if each.payload.cause == "transferred"
        and each.payload.source.place == "supplier"
        and each.payload.paper is not None
        and each.payload.paper.number == number
    )
    return ledger.left_to_correct(moved) - arrived
