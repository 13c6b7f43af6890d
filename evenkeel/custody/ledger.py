"""The ledger: transfers in, balances out, and a named refusal for whatever cannot be.

Balances are a fold of the steps, so any prefix read again gives the same balances. A step is looked at whole
before anything moves, and several steps that belong together move together or not at all.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from evenkeel.custody import refusals
from evenkeel.custody.accounts import IN_HAND, OUTSIDE, SEALED
from evenkeel.custody.policy import CustodyPolicy
from evenkeel.custody.transfers import Posted, Recalled, Step, Transfer, Voided
from evenkeel.record.custody import Account, Item
from evenkeel.values.drug import DrugMass
from evenkeel.values.issues import UnableTo
from evenkeel.values.shape import frozen

Key = tuple[Account, Item]


class UnableToTransfer(UnableTo):
    """The drug cannot move like this; nothing moved."""


@frozen
class Opened:
    """When a vial was opened, and the first visit that it serves."""

    at: datetime
    visit: str | None = None


class Ledger:
    """All accounts of a clinic. It only grows: `take` is the one way in."""

    steps: dict[str, Step]
    last_at: datetime | None
    _balance: dict[Key, int]
    _reserved: dict[Key, int]
    _open: dict[str, Transfer]
    _corrected: dict[str, int]
    _moved: dict[str, Transfer]
    _opened: dict[Key, Opened]
    _recalled: set[tuple[str, str]]
    _items: dict[Account, dict[Item, None]]

    def __init__(self, policy: CustodyPolicy) -> None:
        self.policy = policy
        self._clear()

    def _clear(self) -> None:
        self.steps, self.last_at = {}, None
        self._balance, self._reserved, self._open = {}, {}, {}
        self._corrected, self._moved = {}, {}
        self._opened, self._recalled, self._items = {}, set(), {}

    @classmethod
    def of(cls, policy: CustodyPolicy, steps: Iterable[Step]) -> "Ledger":
        """Fold steps into a ledger; raises UnableToTransfer at the first that cannot be."""
        ledger = cls(policy)
        for step in steps:
            ledger.take(step)
        return ledger

    @classmethod
    def replay(cls, policy: CustodyPolicy, steps: Iterable[Step]) -> "Ledger":
        """Fold steps that were taken before, whatever today's policy would say of them."""
        ledger = cls(policy)
        for step in steps:
            ledger._apply(step)
        return ledger

    # Reading.

    def mcg(self, account: Account, item: Item) -> int:
        """Micrograms in an account; below zero only where drug comes in from outside."""
        return self._balance.get((account, item), 0)

    def held(self, account: Account, item: Item) -> DrugMass:
        """What an account inside holds."""
        return DrugMass(mcg=self.mcg(account, item))

    def free_mcg(self, account: Account, item: Item) -> int:
        """What can still be taken: the balance without what is reserved."""
        return self.mcg(account, item) - self._reserved.get((account, item), 0)

    def balances(self) -> Iterator[tuple[Account, Item, int]]:
        """Every account and item that ever moved, with its micrograms."""
        for (account, item), mcg in self._balance.items():
            yield account, item, mcg

    def items_in(self, account: Account) -> tuple[Item, ...]:
        """The items that an account holds any of."""
        return tuple(self._items.get(account, ()))

    def moved(self, transfer: str) -> Transfer:
        """A posted transfer, with the amount that was posted."""
        return self._moved[transfer]

    def left_to_correct(self, transfer: Transfer) -> int:
        """Micrograms of a transfer that no correction took back yet."""
        return transfer.amount.mcg - self._corrected.get(transfer.id, 0)

    def reservation(self, transfer: str) -> Transfer | None:
        """A reservation that is neither posted nor voided."""
        return self._open.get(transfer)

    def opened(self, vial: Account, item: Item) -> Opened | None:
        """What is known of a vial since it was opened; None while it is sealed."""
        return self._opened.get((vial, item))

    def is_recalled(self, item: Item) -> bool:
        """Whether the item's lot is recalled."""
        return (item.product, item.lot) in self._recalled

    def unsettled(self, visit: str) -> tuple[tuple[Account, Item, DrugMass], ...]:
        """What a visit still has in hand: it must be given, wasted or put back before the visit closes.

        What is left in a vial that serves one patient only is in that visit's hand too.
        """
        return tuple(
            (account, item, DrugMass(mcg=mcg))
            for (account, item), mcg in self._balance.items()
            if mcg and self._is_in_hand_of(visit, account, item)
        )

    def _is_in_hand_of(self, visit: str, account: Account, item: Item) -> bool:
        if account.place == "vial" and self.policy.vials.reuse == "single_patient":
            opened = self._opened.get((account, item))
            return opened is not None and opened.visit == visit
        return account.place in IN_HAND and account.ref == visit

    def reserved_for(self, visit: str) -> tuple[Transfer, ...]:
        """Reservations of a visit that are still open."""
        return tuple(each for each in self._open.values() if each.for_visit == visit)

    # Writing.

    def take(self, step: Step) -> None:
        """Take one step, or raise UnableToTransfer and leave everything as it was.

        The same step again changes nothing; another step under the same id is refused.
        """
        known = self.steps.get(step.id)
        if known is not None:
            if known == step:
                return
            raise UnableToTransfer([refusals.id_used()])
        issues = refusals.against(self, step)
        if issues:
            raise UnableToTransfer(issues)
        self._apply(step)

    def take_all(self, steps: Iterable[Step]) -> None:
        """Take steps that belong together, or none of them."""
        before = len(self.steps)
        try:
            for step in steps:
                self.take(step)
        except UnableToTransfer:
            kept = tuple(self.steps.values())[:before]
            self._clear()
            for step in kept:
                self._apply(step)
            raise

    def _apply(self, step: Step) -> None:
        self.steps[step.id] = step
        self.last_at = step.at if self.last_at is None else max(self.last_at, step.at)
        if isinstance(step, Recalled):
            self._recalled.add((step.product, step.lot))
        elif isinstance(step, Voided):
            self._release(step.reserves)
        elif isinstance(step, Posted):
            reserved = self._release(step.reserves)
            self._move(step.id, refusals.as_posted(reserved, step))
        elif step.pending:
            self._open[step.id] = step
            key = (step.source, step.item)
            self._reserved[key] = self._reserved.get(key, 0) + step.amount.mcg
        else:
            self._move(step.id, step)

    def _release(self, reservation: str) -> Transfer:
        reserved = self._open.pop(reservation)
        self._reserved[reserved.source, reserved.item] -= reserved.amount.mcg
        return reserved

    def _move(self, step: str, transfer: Transfer) -> None:
        mcg = transfer.amount.mcg
        for account, change in ((transfer.source, -mcg), (transfer.into, mcg)):
            key = (account, transfer.item)
            self._balance[key] = self._balance.get(key, 0) + change
            assert self._balance[key] >= 0 or account.place in OUTSIDE, "an account inside went below zero"
            items = self._items.setdefault(account, {})
            if self._balance[key]:
                items[transfer.item] = None
            else:
                items.pop(transfer.item, None)
        self._moved[step] = transfer
        if transfer.corrects is not None:
            self._corrected[transfer.corrects] = self._corrected.get(transfer.corrects, 0) + mcg
        elif transfer.source.place in SEALED and transfer.into.place == "vial":
            visit = transfer.visit or None
            self._opened[transfer.into, transfer.item] = Opened(at=transfer.at, visit=visit)
        elif transfer.source.place == "vial" and transfer.into.place in IN_HAND:
            vial = (transfer.source, transfer.item)
            first = self._opened[vial]
            if first.visit is None:
                self._opened[vial] = replace(first, visit=transfer.into.ref)
