"""What the ledger can be asked: running balances, and what became of every microgram of a lot.

Everything here is worked out from movements, in whole micrograms, and is exact.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, Literal, Protocol, TypeVar

from evenkeel.custody.accounts import HELD
from evenkeel.record.custody import Account, Cause, Place
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId, EntryId, StreamId
from evenkeel.values.shape import frozen

Stock = Literal["safe", "cabinet", "opened", "in_visits"]
# Opened vials, and what visits have in hand, are many accounts each and one line in a balance.
STOCK_OF: Final[Mapping[Place, Stock]] = {
    "safe": "safe",
    "cabinet": "cabinet",
    "vial": "opened",
    "syringe": "in_visits",
    "bag": "in_visits",
}
STOCKS: Final[tuple[Stock, ...]] = ("safe", "cabinet", "opened", "in_visits")


class Moved(Protocol):
    """A movement, as far as reports need to know it."""

    @property
    def entry(self) -> EntryId:
        """What names it."""

    @property
    def happened_at(self) -> datetime:
        """When the drug moved."""

    @property
    def source(self) -> Account:
        """Where it was."""

    @property
    def into(self) -> Account:
        """Where it went."""

    @property
    def amount(self) -> DrugMass:
        """How much."""

    @property
    def cause(self) -> Cause:
        """Why, in a word."""

    @property
    def visit(self) -> StreamId | None:
        """For whom, where it was for somebody."""

    @property
    def by(self) -> ClinicianId:
        """Who moved it."""

    @property
    def by_name(self) -> str:
        """Their printed name."""

    @property
    def corrects(self) -> EntryId | None:
        """The movement that this one takes back."""


M = TypeVar("M", bound=Moved)


@frozen
class Standing:
    """What a clinic holds of one lot after a movement, in micrograms by where it is."""

    safe: int = 0
    cabinet: int = 0
    opened: int = 0
    in_visits: int = 0

    @property
    def held(self) -> int:
        """All of it."""
        return self.safe + self.cabinet + self.opened + self.in_visits

    def after(self, moved: Moved) -> "Standing":
        """What is held once this has moved too."""
        mcg = {stock: getattr(self, stock) for stock in STOCKS}
        for account, change in ((moved.source, -moved.amount.mcg), (moved.into, moved.amount.mcg)):
            stock = STOCK_OF.get(account.place)
            if stock is not None:
                mcg[stock] += change
        return Standing(**mcg)

    @classmethod
    def of(cls, places: Mapping[Place, int]) -> "Standing":
        """What the places of a lot hold, added up."""
        mcg = dict.fromkeys(STOCKS, 0)
        for place, amount in places.items():
            stock = STOCK_OF.get(place)
            if stock is not None:
                mcg[stock] += amount
        return cls(**mcg)


def running(carried: Standing, movements: Iterable[M]) -> Iterator[tuple[M, int, Standing]]:
    """Every movement of one lot that the stock knows of: by how much it changed, and what stood then.

    Movements between accounts outside, such as a loss that is reported, change nothing and are left out. A
    place stands below zero where somebody wrote a time down that cannot be; that is shown and not smoothed.
    """
    standing = carried
    for moved in movements:
        if moved.source.place in HELD or moved.into.place in HELD:
            before, standing = standing, standing.after(moved)
            yield moved, standing.held - before.held, standing


@frozen
class Flow:
    """So many micrograms of a lot went from one kind of place to another within some time."""

    source: Place
    into: Place
    mcg: int


@frozen
class Reconciled:
    """What became of one lot within some time, in micrograms; corrections are taken off what they correct.

    `carried` was held when it began, `on_hand` when it ended, counted from the accounts and not from the
    movements: so a movement that no account knows of, or the other way round, shows as a difference.
    """

    carried: int
    received: int
    found: int
    given: int
    wasted: int
    destroyed: int
    returned: int
    transferred: int
    missing: int
    reported_loss: int
    on_hand: int

    @property
    def came(self) -> int:
        """Everything that has to be accounted for."""
        return self.carried + self.received + self.found

    @property
    def went(self) -> int:
        """Everything that is accounted for."""
        gone = self.given + self.wasted + self.destroyed + self.returned + self.transferred
        return gone + self.missing + self.reported_loss + self.on_hand

    @property
    def difference(self) -> int:
        """What came less what is accounted for. It is zero, or the ledger is broken."""
        return self.came - self.went


def reconcile(
    flows: Iterable[Flow], *, before: Iterable[Flow] = (), since: Iterable[Flow] = (), held_now: int
) -> Reconciled:
    """Add up one lot: what moved within some time, before it and since, and what the accounts hold now."""
    net: dict[Place, int] = {}
    for flow in flows:
        net[flow.source] = net.get(flow.source, 0) - flow.mcg
        net[flow.into] = net.get(flow.into, 0) + flow.mcg
    return Reconciled(
        carried=_net_held(before),
        received=-net.get("supplier", 0),
        found=-net.get("surplus", 0),
        given=net.get("patient", 0),
        wasted=net.get("wasted", 0),
        destroyed=net.get("destroyed", 0),
        returned=net.get("distributor", 0),
        transferred=net.get("other_site", 0),
        missing=net.get("missing", 0),
        reported_loss=net.get("reported_loss", 0),
        on_hand=held_now - _net_held(since),
    )


def _net_held(flows: Iterable[Flow]) -> int:
    return sum(flow.mcg * ((flow.into in HELD) - (flow.source in HELD)) for flow in flows)


def is_administration(moved: Moved) -> bool:
    """Whether a patient was given drug, or an entry that said so is taken back."""
    return "patient" in (moved.source.place, moved.into.place)


def given_mcg(moved: Moved) -> int:
    """What a patient was given: below zero where an earlier entry is taken back."""
    return moved.amount.mcg if moved.into.place == "patient" else -moved.amount.mcg
