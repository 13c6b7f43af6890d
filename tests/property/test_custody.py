"""A million random things done to the ledger: nothing appears, nothing vanishes, and a naive book agrees.

The naive book knows no folding and no balances of ours: it is a heap of amounts, with the rules written a
second time from the words of the ledger's own refusals. Whatever one of the two takes, the other takes too.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from evenkeel.custody.accounts import OUTSIDE
from evenkeel.custody.ledger import Ledger, UnableToTransfer
from evenkeel.custody.policy import MULTI_DOSE, SINGLE_PATIENT, CustodyPolicy
from evenkeel.custody.transfers import Posted, Recalled, Step, Transfer, Voided
from evenkeel.record.custody import Account, Item, Place
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.ids import ClinicianId

OPERATIONS: Final = 1_000_000
BOOKS: Final = 200
TURNS: Final = 8
START: Final = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
PEOPLE: Final = [ClinicianId(name) for name in ("nora", "reed", "tess")]
PLACES: Final[list[Place]] = [
    "supplier", "surplus", "safe", "cabinet", "vial", "syringe", "bag",
    "patient", "wasted", "destroyed", "distributor", "other_site", "missing", "reported_loss",
]  # fmt: skip
# The way that drug mostly goes, so that random steps get somewhere.
LIKELY: Final[list[tuple[Place, Place]]] = [
    ("supplier", "cabinet"), ("cabinet", "vial"), ("vial", "bag"), ("vial", "syringe"), ("syringe", "bag"),
    ("bag", "patient"), ("bag", "wasted"), ("vial", "wasted"), ("syringe", "vial"),
]  # fmt: skip

KETAMINE: Final = Item(
    drug="ketamine",
    schedule="III",
    product="ketamine-50-10",
    label="ketamine, a made-up vial",
    strength=Strength.mg_per_ml(50),
    vial=DrugMass(mcg=600),
    lot="K1",
    expiry_date=date(2026, 6, 5),
)
ITEMS: Final = [
    KETAMINE,
    replace(KETAMINE, lot="K2", expiry_date=date(2027, 1, 1)),
    replace(KETAMINE, product="ketamine-100-5", strength=Strength.mg_per_ml(100), lot="K3"),
    replace(KETAMINE, drug="midazolam", product="midazolam", lot="M1", expiry_date=date(2027, 1, 1)),
    replace(KETAMINE, drug="ondansetron", schedule=None, product="ondansetron", lot="O1"),
]


@dataclass
class NaiveBook:
    """Amounts by place and lot, and plain notes of what happened."""

    policy: CustodyPolicy
    amount: dict[tuple[Account, str], int] = field(default_factory=lambda: defaultdict(int))
    kept: dict[str, Transfer] = field(default_factory=dict)
    done: dict[str, Transfer] = field(default_factory=dict)
    back: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    opened: dict[tuple[str, str], datetime] = field(default_factory=dict)
    serves: dict[tuple[str, str], str] = field(default_factory=dict)
    recalled: set[str] = field(default_factory=set)
    now: datetime = LONG_AGO

    def takes(self, step: Step) -> bool:
        """Take the step if it can be; says whether it did."""
        if step.at + self.policy.slack < self.now:
            return False
        taken = (
            self._recalls(step)
            if isinstance(step, Recalled)
            else self._gives_up(step)
            if isinstance(step, Voided)
            else self._posts(step)
            if isinstance(step, Posted)
            else self._moves(step)
        )
        if taken:
            self.now = max(self.now, step.at)
        return taken

    def _recalls(self, step: Recalled) -> bool:
        self.recalled.add(step.lot)
        return True

    def _gives_up(self, step: Voided) -> bool:
        return self.kept.pop(step.reserves, None) is not None

    def _posts(self, step: Posted) -> bool:
        kept = self.kept.get(step.reserves)
        if kept is None or step.amount.mcg > kept.amount.mcg:
            return False
        del self.kept[step.reserves]
        whole = replace(kept, id=step.id, amount=step.amount, at=step.at, by=step.by, pending=False)
        if self._moves(whole, was_kept=True):
            return True
        self.kept[step.reserves] = kept
        return False

    def _free(self, account: Account, lot: str) -> int:
        kept = sum(k.amount.mcg for k in self.kept.values() if k.item.lot == lot and k.source == account)
        return self.amount[account, lot] - kept

    def _moves(self, step: Transfer, *, was_kept: bool = False) -> bool:
        mcg, lot = step.amount.mcg, step.item.lot
        a, b = step.source, step.into
        sealed = {"safe", "cabinet"}
        if mcg < 1 or a == b or (({a.place, b.place} & sealed) and mcg % 600):
            return False
        if a.site != "main" or b.site != "main":
            return False
        if a.place not in {"supplier", "surplus"} and self._free(a, lot) < mcg:
            return False
        if step.corrects is not None:
            if not self._may_take_back(step):
                return False
            self.back[step.corrects] += mcg
        elif not (self._may_go(step, was_kept) and self._fits(step)):
            return False
        if step.pending:
            self.kept[step.id] = step
            return True
        self.amount[a, lot] -= mcg
        self.amount[b, lot] += mcg
        self.done[step.id] = step
        if step.corrects is None and a.place in sealed and b.place == "vial":
            self.opened[b.ref, lot] = step.at
            if step.visit:
                self.serves[b.ref, lot] = step.visit
        if step.corrects is None and a.place == "vial" and b.place in {"bag", "syringe"}:
            self.serves.setdefault((a.ref, lot), b.ref)
        return True

    def _two_people(self, step: Transfer, gone_to: Place) -> bool:
        if gone_to not in {"wasted", "destroyed", "missing"} or step.item.schedule is None:
            return True
        if step.pending:
            return False
        if step.witness is None:
            return self.policy.may_be_alone and bool(step.alone_because)
        return step.witness != step.by

    def _may_take_back(self, step: Transfer) -> bool:
        wrong = self.done.get(step.corrects or "")
        return (
            wrong is not None
            and not step.pending
            and wrong.corrects is None
            and (step.source, step.into, step.item) == (wrong.into, wrong.source, wrong.item)
            and self.back[wrong.id] + step.amount.mcg <= wrong.amount.mcg
            and self._two_people(step, wrong.into.place)
        )

    def _may_go(self, step: Transfer, was_kept: bool) -> bool:
        a, b = step.source.place, step.into.place
        goes = {
            "supplier": "safe cabinet",
            "surplus": "safe cabinet vial",
            "safe": "cabinet destroyed distributor other_site missing",
            "cabinet": "safe vial destroyed distributor other_site missing",
            "vial": "syringe bag wasted missing",
            "syringe": "bag vial patient wasted missing",
            "bag": "patient wasted missing",
            "missing": "reported_loss",
        }
        if step.item.schedule is None:
            goes["safe"] += " wasted"
            goes["cabinet"] += " patient wasted"
        if b not in goes.get(a, "").split():
            return False
        visits_differ = step.source.ref != step.into.ref
        if a in {"syringe", "bag"} and b in {"syringe", "bag", "patient"} and visits_differ:
            return False
        if not was_kept and not self._two_people(step, b):
            return False
        nearer = b in {"cabinet", "vial", "syringe", "bag"} and a not in {"supplier", "surplus"}
        nearer = nearer or (b == "patient" and (step.pending or a == "cabinet"))
        spoiled = step.item.lot in self.recalled or step.item.expiry_date < step.at.date()
        return not (nearer and spoiled)

    def _fits(self, step: Transfer) -> bool:
        a, b, lot = step.source, step.into, step.item.lot
        known = (b.ref, lot) in self.opened
        if b.place == "vial" and a.place == "cabinet" and (step.amount.mcg != 600 or known):
            return False
        if b.place == "vial" and a.place in {"surplus", "syringe"} and not known:
            return False
        if a.place == "vial" and b.place in {"bag", "syringe"} and (a.ref, lot) in self.opened:
            if step.at > self.opened[a.ref, lot] + self.policy.vials.in_use:
                return False
            alone = self.policy.vials.reuse == "single_patient"
            if alone and self.serves.get((a.ref, lot), b.ref) != b.ref:
                return False
        if a.place == "syringe" and b.place == "vial":
            full = self.amount[b, lot] + step.amount.mcg > 600
            return self.serves.get((b.ref, lot)) == a.ref and not full
        if b.place in {"bag", "syringe"}:
            inside = [item for item in ITEMS if self.amount[b, item.lot]]
            return all((i.drug, i.strength) == (step.item.drug, step.item.strength) for i in inside)
        return True


@dataclass
class Chance:
    """Random steps in a small clinic: few vials, few visits, amounts at the edges of what there is."""

    rng: random.Random
    ledger: Ledger
    number: int = 0
    clock: datetime = START
    reservations: list[str] = field(default_factory=list)
    movements: list[Transfer] = field(default_factory=list)

    def step(self) -> Step:
        self.number += 1
        self.clock += timedelta(seconds=self.rng.choice((0, 1, 30, 120)))
        at = self.clock - timedelta(seconds=self.rng.choice((0,) * 20 + (60, 121, 4000)))
        by, turn = self.rng.choice(PEOPLE), self.rng.random()
        name = f"s{self.number}"
        if turn < 0.06 and self.reservations:
            which = self.rng.choice(self.reservations[-6:])
            mcg = self.rng.choice((0, 1, 60, 600))
            return Posted(id=name, reserves=which, amount=DrugMass(mcg=mcg), at=at, by=by)
        if turn < 0.09 and self.reservations:
            return Voided(
                id=name, reserves=self.rng.choice(self.reservations[-6:]), at=at, by=by, reason="no"
            )
        if turn < 0.0902:
            lot = self.rng.choice(ITEMS)
            return Recalled(id=name, product=lot.product, lot=lot.lot, at=at, by=by, reason="letter")
        if turn < 0.16 and self.movements:
            return self._correction(name, at, by)
        return self._transfer(name, at, by)

    def _account(self, place: Place) -> Account:
        site = "east" if self.rng.random() < 0.01 else "main"
        if place == "vial":
            # Old numbers come again, mostly those of late.
            return Account(
                site=site, place=place, ref=f"V{max(0, self.number // 40 - self.rng.randrange(4))}"
            )
        if place in {"syringe", "bag", "patient"}:
            return Account(site=site, place=place, ref=f"visit-{self.rng.randrange(3)}")
        return Account(site=site, place=place, ref="N" if place == "supplier" else "")

    def _where_there_is_some(self, item: Item) -> tuple[Account, Item]:
        held = [
            (account, each)
            for account, each, mcg in self.ledger.balances()
            if mcg > 0 and account.place in {"cabinet", "vial", "syringe", "bag"}
        ]
        return self.rng.choice(held[-12:]) if held else (self._account("cabinet"), item)

    def _amount(self, source: Account, item: Item) -> DrugMass:
        there = max(self.ledger.free_mcg(source, item), 0)
        whole = (600, 600, 600, 1200, 0, 1)
        parts = (60, there, there // 2, there // 2, there + 1, 1, 0)
        kinds = parts if source.place in {"vial", "bag", "syringe"} else whole
        return DrugMass(mcg=self.rng.choice(kinds))

    def _witness(self) -> ClinicianId | None:
        return self.rng.choice([*PEOPLE, None])

    def _correction(self, name: str, at: datetime, by: ClinicianId) -> Transfer:
        wrong = self.rng.choice(self.movements[-8:])
        mcg = self.rng.choice((wrong.amount.mcg, wrong.amount.mcg + 1, max(wrong.amount.mcg // 2, 1)))
        return replace(
            wrong,
            id=name,
            source=wrong.into,
            into=wrong.source if self.rng.random() < 0.95 else wrong.into,
            amount=DrugMass(mcg=mcg),
            at=at,
            by=by,
            witness=self._witness(),
            corrects=wrong.id,
            reason="typed wrong",
        )

    def _transfer(self, name: str, at: datetime, by: ClinicianId) -> Transfer:
        item = self.rng.choice(ITEMS)
        if self.rng.random() < 0.15:
            source, into = self._account(self.rng.choice(PLACES)), self._account(self.rng.choice(PLACES))
        elif self.rng.random() < 0.25:
            source, into = self._account("supplier"), self._account("cabinet")
        else:
            source, item = self._where_there_is_some(item)
            onward = [b for a, b in LIKELY if a == source.place]
            into = self._account(self.rng.choice(onward or PLACES))
            if into.place in {"bag", "syringe", "patient"} and source.place in {"bag", "syringe"}:
                into = replace(into, ref=source.ref if self.rng.random() < 0.9 else into.ref)
        return Transfer(
            id=name,
            item=item,
            source=source,
            into=into,
            amount=self._amount(source, item),
            at=at,
            by=by,
            witness=self._witness(),
            alone_because=self.rng.choice(("", "nobody there")),
            pending=self.rng.random() < 0.12,
            visit=self.rng.choice(("", "visit-0", "visit-1")) if into.place == "vial" else "",
        )


def live(seed: int, operations: int) -> dict[str, int]:
    """Live so many operations in both books; returns how many were taken and refused."""
    policy = CustodyPolicy(
        sites=frozenset({"main"}),
        vials=MULTI_DOSE if seed % 2 else SINGLE_PATIENT,
        may_be_alone=seed % 3 == 0,
    )
    ledger, naive = Ledger(policy), NaiveBook(policy)
    # Seeded, so that a failure is lived again by its number.
    chance, counts = Chance(random.Random(seed), ledger), {"taken": 0, "refused": 0}
    for _ in range(operations):
        step = chance.step()
        moving = ledger.reservation(step.reserves) if isinstance(step, Posted) else step
        before = together(ledger, moving)
        try:
            ledger.take(step)
            taken = True
        except UnableToTransfer:
            taken = False
        assert together(ledger, moving) == before, f"seed {seed}: drug appeared or vanished in {step}"
        assert naive.takes(step) is taken, f"seed {seed}: the two books differ on {step}"
        counts["taken" if taken else "refused"] += 1
        if taken and isinstance(step, Transfer) and step.pending:
            chance.reservations.append(step.id)
        elif taken and isinstance(step, Transfer | Posted):
            chance.movements.append(ledger.moved(step.id))
    agree(ledger, naive, seed)
    return counts


def together(ledger: Ledger, moving: Step | None) -> int:
    """What the two accounts of a step hold together, which no step may change."""
    if not isinstance(moving, Transfer) or moving.source == moving.into:
        return 0
    return ledger.mcg(moving.source, moving.item) + ledger.mcg(moving.into, moving.item)


def agree(ledger: Ledger, naive: NaiveBook, seed: int) -> None:
    """Both books hold the same, inside nothing is below zero, and every lot adds up to nothing."""
    held = {(account, item.lot): mcg for account, item, mcg in ledger.balances() if mcg}
    assert held == {key: mcg for key, mcg in naive.amount.items() if mcg}, f"seed {seed}"
    for item in ITEMS:
        parts = {account: mcg for account, each, mcg in ledger.balances() if each == item}
        assert all(mcg >= 0 for account, mcg in parts.items() if account.place not in OUTSIDE), f"seed {seed}"
        came = -sum(mcg for account, mcg in parts.items() if account.place in OUTSIDE)
        assert came == sum(mcg for account, mcg in parts.items() if account.place not in OUTSIDE), (
            f"seed {seed}"
        )
    again = Ledger.of(ledger.policy, ledger.steps.values())
    assert list(again.balances()) == list(ledger.balances()), f"seed {seed}: a fold gives another ledger"
    unasked = Ledger.replay(ledger.policy, ledger.steps.values())
    assert list(unasked.balances()) == list(ledger.balances()), f"seed {seed}: a replay gives another ledger"


@pytest.mark.parametrize("turn", range(TURNS))
def test_a_million_random_operations(turn: int) -> None:
    counts = {"taken": 0, "refused": 0}
    for seed in range(turn, BOOKS, TURNS):
        for outcome, count in live(seed, OPERATIONS // BOOKS).items():
            counts[outcome] += count
    # Both happen often, or the agreement of the two books would say little.
    assert min(counts.values()) > OPERATIONS // TURNS // 10
