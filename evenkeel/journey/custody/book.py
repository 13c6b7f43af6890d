"""The lots that one use case holds: what it moves is tried on their accounts, then written, or nothing is."""

from collections.abc import Iterable
from datetime import timedelta

from evenkeel.custody.ledger import Ledger, UnableToTransfer
from evenkeel.custody.policy import CustodyPolicy, VialPolicy
from evenkeel.custody.written import ledger_of, step_of
from evenkeel.journey.acting import Act
from evenkeel.record.custody import (
    Account,
    DrawPosted,
    DrawVoided,
    DrugMoved,
    Item,
    LotEntered,
    LotState,
    Place,
)
from evenkeel.record.entry import Draft, Payload
from evenkeel.store import log, reading, sites
from evenkeel.store.queries import settings
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import EntryId, IdempotencyKey, StreamId, entry_id, stream_for
from evenkeel.values.issues import Issue


def policy_now() -> CustodyPolicy:
    """What the clinic chose for its drug, as it stands now."""
    chosen = settings.current()
    return CustodyPolicy(
        sites=frozenset(site.id for site in sites.sites()),
        vials=VialPolicy(reuse=chosen.vial_reuse, in_use=timedelta(hours=chosen.vial_hours)),
        may_be_alone=chosen.may_waste_alone,
    )


def lot_stream(site: str, product: str, lot: str) -> StreamId:
    """The stream of a lot: the same lot that comes again goes on in the same stream."""
    return stream_for("custody", IdempotencyKey(f"{site}/{product}/{' '.join(lot.split()).casefold()}"))


class Book:
    """Lots that are held until the transaction ends, and what one use case writes to them.

    Hold a course and a visit before their lots, so that two use cases never wait for each other. Every
    method that moves raises UnableToTransfer, with everything that speaks against it, and moves nothing.
    """

    ledger: Ledger

    def __init__(self, act: Act, lots: Iterable[StreamId], *, never_early: bool = False) -> None:
        """Hold the lots. With `never_early` a clock that was set back refuses nothing.

        That is for what has happened in a patient and must be written down whatever the clock says.
        """
        self._act = act
        self._never_early = never_early
        self._states = {lot: log.fold_for_update(LotState, lot) for lot in sorted(set(lots))}
        self._drafts: dict[StreamId, list[Draft]] = {lot: [] for lot in self._states}
        self.ledger = ledger_of(policy_now(), self._states.values())

    @property
    def lots(self) -> tuple[LotState, ...]:
        """The lots that are held."""
        return tuple(self._states.values())

    def lot(self, stream: StreamId) -> LotState:
        """One lot that is held, as it was before this use case."""
        return self._states[stream]

    def item(self, stream: StreamId) -> Item:
        """What a lot is."""
        return self._states[stream].item

    def lot_of(self, item: Item) -> StreamId:
        """The held lot that an item is of."""
        return next(stream for stream, state in self._states.items() if state.item == item)

    def account(self, stream: StreamId, place: Place, ref: str = "") -> Account:
        """An account at the site of a lot."""
        return Account(site=self._states[stream].site, place=place, ref=ref)

    def next_vial(self, stream: StreamId) -> str:
        """The number of the vial that is opened next of a lot: its name and how many there were."""
        written = sum(
            isinstance(draft.payload, DrugMoved) and draft.payload.opens_a_vial
            for draft in self._drafts[stream]
        )
        return f"{self.item(stream).lot}-{self._states[stream].openings + written + 1}"

    def move(self, stream: StreamId, moved: DrugMoved) -> EntryId:
        """Move drug, or keep it for somebody; returns the name of the movement."""
        return self._take(stream, moved)

    def post(self, stream: StreamId, reserves: EntryId, amount: DrugMass) -> EntryId:
        """Take what was kept, as much of it as it really was."""
        return self._take(stream, DrawPosted(reserves=reserves, amount=amount))

    def void(self, stream: StreamId, reserves: EntryId, reason: str) -> EntryId:
        """Give up what was kept."""
        return self._take(stream, DrawVoided(reserves=reserves, reason=reason))

    def note(
        self, stream: StreamId, payload: Payload, *, amends: EntryId | None = None, reason: str | None = None
    ) -> None:
        """Write what moves nothing; with `amends` and a reason it takes the place of an earlier entry."""
        draft = Draft(payload=payload, happened_at=self._act.happened_at, amends=amends, amend_reason=reason)
        self._drafts[stream].append(draft)

    def write(self) -> None:
        """Append everything; call it last, once."""
        for stream, drafts in self._drafts.items():
            if drafts:
                by, key = self._act.by, self._act.key
                log.append(self._states[stream], drafts, by=by, key=key, recorded_at=self._act.recorded_at)

    def _take(self, stream: StreamId, payload: DrugMoved | DrawPosted | DrawVoided) -> EntryId:
        state, drafts = self._states[stream], self._drafts[stream]
        name = entry_id(stream, state.seq + len(drafts) + 1)
        at, last_at = self._act.recorded_at, self.ledger.last_at
        if self._never_early and last_at is not None:
            at = max(at, last_at)
        step = step_of(payload, state.item, id_=name, at=at, by=self._act.by.id)
        assert step is not None, "whatever is taken is a step"
        self.ledger.take(step)
        drafts.append(Draft(payload=payload, happened_at=self._act.happened_at))
        return name


def enter_lot(act: Act, site: str, item: Item) -> StreamId:
    """Return the stream of a lot, and begin it when the lot is new to the site.

    Raises UnableToTransfer when the lot is known with another label.
    """
    stream = lot_stream(site, item.product, item.lot)
    if reading.head(stream) is not None:
        known = reading.lot(stream).item
        if known.expiry_date != item.expiry_date:
            sentence = (
                f"Lot {known.lot} is known here with the expiry {known.expiry_date:%d %b %Y}. "
                "Look at the label again."
            )
            raise UnableToTransfer([Issue(sentence=sentence, code="other-expiry", field="expiry_date")])
        return stream
    try:
        state = log.open_stream(LotState, stream)
    except log.StreamExists as taken:
        # Somebody entered the same lot at the same moment; the use case reads and decides again.
        raise log.LostRace from taken
    draft = Draft(payload=LotEntered(site=site, item=item), happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return stream
