"""The drug ledger in lists: lots, what is where, every movement, and the cases that are open."""

import json
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from evenkeel.record.codec import read_plainly
from evenkeel.record.counting import CaseOutcome
from evenkeel.record.custody import Account, Cause, Item, Paper, Place
from evenkeel.store import models
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.ids import ClinicianId, EntryId, StreamId
from evenkeel.values.shape import frozen
from evenkeel.values.time import utc


@frozen
class Lot:
    """One lot of a site; `recalled_at` is when a recall was written down, None while there is none."""

    stream: StreamId
    site: str
    item: Item
    recalled_at: datetime | None


@frozen
class Balance:
    """What one account holds of one lot. `kept` is the part that is kept for somebody.

    `opened_at` and `visit` are of an opened vial: when it was opened, and the first visit that it serves.
    """

    lot: Lot
    account: Account
    mass: DrugMass
    kept: DrugMass
    opened_at: datetime | None
    visit: StreamId | None

    @property
    def free(self) -> DrugMass:
        """What can still be taken."""
        return self.mass - self.kept


@frozen
class Kept:
    """An amount that is kept for a visit."""

    entry: EntryId
    lot: StreamId
    visit: StreamId
    source: Account
    into: Account
    amount: DrugMass


@frozen
class Movement:
    """One movement as reports read it."""

    entry: EntryId
    lot: Lot
    happened_at: datetime
    recorded_at: datetime
    source: Account
    into: Account
    amount: DrugMass
    cause: Cause
    visit: StreamId | None
    by: ClinicianId
    by_name: str
    witness: ClinicianId | None
    witness_name: str
    alone_because: str
    corrects: EntryId | None
    reason: str
    paper: Paper | None


@frozen
class CaseLine:
    """A difference between ledger and stock, open or explained."""

    stream: StreamId
    lot: Lot
    account: Account
    visit: StreamId | None
    difference_mcg: int
    discovered_at: datetime
    owner: ClinicianId
    owner_name: str
    outcome: CaseOutcome | None
    closed_at: datetime | None


def lots(site: str | None = None, *, product: str | None = None, lot: str | None = None) -> tuple[Lot, ...]:
    """Every lot, of one site or of all, by drug, product, expiry and lot."""
    rows = models.LotRow.objects.order_by("drug", "product", "expiry_date", "lot")
    wanted = {"site": site, "product": product, "lot": lot}
    return tuple(lot_of(row) for row in rows.filter(**{key: each for key, each in wanted.items() if each}))


def one_lot(stream: StreamId) -> Lot | None:
    """One lot, or None."""
    row = models.LotRow.objects.filter(pk=stream).first()
    return lot_of(row) if row else None


def balances(site: str | None, *places: Place, lot: StreamId | None = None) -> tuple[Balance, ...]:
    """Accounts that hold something, at some places or at all: first those that expire first."""
    found = _balances(models.BalanceRow.objects.exclude(mcg=0), *places)
    return tuple(
        each
        for each in found
        if (site is None or each.lot.site == site) and (lot is None or each.lot.stream == lot)
    )


def in_hand(visit: StreamId, *, single_patient: bool) -> tuple[Balance, ...]:
    """What a visit has in hand: its bag and syringe and, where a vial serves one patient, its vials."""
    own = Q(place__in=("bag", "syringe"), ref=visit)
    if single_patient:
        own |= Q(place="vial", visit=visit)
    return _balances(models.BalanceRow.objects.filter(own, mcg__gt=0))


def visits_with_drug_in_hand(*, single_patient: bool) -> tuple[StreamId, ...]:
    """Every visit that has something in hand."""
    rows = models.BalanceRow.objects.filter(mcg__gt=0)
    found = set(rows.filter(place__in=("bag", "syringe")).values_list("ref", flat=True))
    if single_patient:
        found |= set(rows.filter(place="vial").exclude(visit="").values_list("visit", flat=True))
    return tuple(StreamId(visit) for visit in sorted(found))


def kept_for(visit: StreamId) -> tuple[Kept, ...]:
    """What is kept for a visit, oldest first."""
    rows = models.KeptRow.objects.filter(visit=visit).order_by("entry")
    sites = dict(models.LotRow.objects.filter(pk__in=[row.stream for row in rows]).values_list("pk", "site"))
    return tuple(
        Kept(
            entry=EntryId(row.entry),
            lot=StreamId(row.stream),
            visit=StreamId(row.visit),
            source=_account(sites[row.stream], row.source_place, row.source_ref),
            into=_account(sites[row.stream], row.into_place, row.into_ref),
            amount=DrugMass(mcg=row.mcg),
        )
        for row in rows
    )


def lots_of_visit(visit: StreamId) -> tuple[StreamId, ...]:
    """Every lot that something was moved of, or is kept of, for a visit."""
    moved = models.MovementRow.objects.filter(visit=visit).values_list("stream", flat=True)
    kept = models.KeptRow.objects.filter(visit=visit).values_list("stream", flat=True)
    return tuple(StreamId(stream) for stream in sorted({*moved, *kept}))


def movements(
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    site: str | None = None,
    drug: str | None = None,
    product: str | None = None,
    lot: str | None = None,
    vial: str | None = None,
    visits: tuple[StreamId, ...] | None = None,
    person: ClinicianId | None = None,
    stream: StreamId | None = None,
    causes: tuple[Cause, ...] | None = None,
) -> tuple[Movement, ...]:
    """Movements that happened within [since, until) and fit everything else that is asked, oldest first.

    `lot` is a lot's name and `stream` one lot of one site, `vial` an opened vial's number, `person` who moved
    or who witnessed.
    """
    rows = models.MovementRow.objects.order_by("happened_at", "stream", "seq")
    if since is not None:
        rows = rows.filter(happened_at__gte=utc(since))
    if until is not None:
        rows = rows.filter(happened_at__lt=utc(until))
    wanted = {"site": site, "drug": drug, "product": product, "lot": lot}
    wanted = {key: each for key, each in wanted.items() if each}
    if wanted:
        rows = rows.filter(stream__in=models.LotRow.objects.filter(**wanted).values("pk"))
    if vial is not None:
        rows = rows.filter(Q(source_place="vial", source_ref=vial) | Q(into_place="vial", into_ref=vial))
    if visits is not None:
        rows = rows.filter(visit__in=visits)
    if person is not None:
        rows = rows.filter(Q(by_id=person) | Q(witness_id=person))
    if stream is not None:
        rows = rows.filter(stream=stream)
    if causes is not None:
        rows = rows.filter(cause__in=causes)
    found = list(rows)
    of = {row.pk: lot_of(row) for row in models.LotRow.objects.filter(pk__in={row.stream for row in found})}
    return tuple(movement_of(row, of[row.stream]) for row in found)


def cases(*, only_open: bool = False, site: str | None = None) -> tuple[CaseLine, ...]:
    """Cases, oldest first: all, or those that nobody has explained yet."""
    rows = models.CaseRow.objects.order_by("discovered_at", "stream")
    if only_open:
        rows = rows.filter(closed_at__isnull=True)
    if site is not None:
        rows = rows.filter(site=site)
    of = {row.pk: lot_of(row) for row in models.LotRow.objects.filter(pk__in={row.lot for row in rows})}
    return tuple(_case(row, of[row.lot]) for row in rows)


def lot_of(row: models.LotRow) -> Lot:
    """A lot as its row has it."""
    schedule: Any = row.schedule
    return Lot(
        stream=StreamId(row.stream),
        site=row.site,
        item=Item(
            drug=row.drug,
            schedule=schedule,
            product=row.product,
            label=row.label,
            strength=Strength(mcg_per_ml=row.strength_mcg_per_ml),
            vial=DrugMass(mcg=row.vial_mcg),
            lot=row.lot,
            expiry_date=row.expiry_date,
        ),
        recalled_at=row.recalled_at,
    )


def _account(site: str, place: str, ref: str) -> Account:
    of: Place = place  # type: ignore[assignment]  # written from a Place
    return Account(site=site, place=of, ref=ref)


def _balances(rows: QuerySet[models.BalanceRow], *places: Place) -> tuple[Balance, ...]:
    found = list(rows.filter(place__in=places) if places else rows)
    of = {row.pk: lot_of(row) for row in models.LotRow.objects.filter(pk__in={row.stream for row in found})}
    # Below zero stands only what drug came in from, which holds nothing.
    made = [
        Balance(
            lot=of[row.stream],
            account=_account(of[row.stream].site, row.place, row.ref),
            mass=DrugMass(mcg=row.mcg),
            kept=DrugMass(mcg=row.kept_mcg),
            opened_at=row.opened_at,
            visit=StreamId(row.visit) if row.visit else None,
        )
        for row in found
        if row.mcg > 0
    ]
    made.sort(key=lambda each: (each.lot.item.expiry_date, each.lot.item.lot, each.account.ref))
    return tuple(made)


def movement_of(row: models.MovementRow, lot: Lot) -> Movement:
    """A movement as its row has it, of a lot that was read before."""
    cause: Cause = row.cause  # type: ignore[assignment]  # written from a Cause
    return Movement(
        entry=EntryId(row.entry),
        lot=lot,
        happened_at=row.happened_at,
        recorded_at=row.recorded_at,
        source=_account(lot.site, row.source_place, row.source_ref),
        into=_account(lot.site, row.into_place, row.into_ref),
        amount=DrugMass(mcg=row.mcg),
        cause=cause,
        visit=StreamId(row.visit) if row.visit else None,
        by=ClinicianId(row.by_id),
        by_name=row.by_name,
        witness=ClinicianId(row.witness_id) if row.witness_id else None,
        witness_name=row.witness_name,
        alone_because=row.alone_because,
        corrects=EntryId(row.corrects) if row.corrects else None,
        reason=row.reason,
        paper=read_plainly(Paper, json.loads(row.paper)) if row.paper else None,
    )


def _case(row: models.CaseRow, lot: Lot) -> CaseLine:
    outcome: CaseOutcome | None = row.outcome  # type: ignore[assignment]  # written from an outcome
    return CaseLine(
        stream=StreamId(row.stream),
        lot=lot,
        account=_account(row.site, row.place, row.ref),
        visit=StreamId(row.visit) if row.visit else None,
        difference_mcg=row.difference_mcg,
        discovered_at=row.discovered_at,
        owner=ClinicianId(row.owner_id),
        owner_name=row.owner_name,
        outcome=outcome,
        closed_at=row.closed_at,
    )
