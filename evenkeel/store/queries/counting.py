"""Counting in lists: a site's counts, when drug last moved there, what was in use, and its cases."""

from datetime import datetime
from typing import Final

from django.db.models import Max, Sum

from evenkeel.record.counting import StockroomState
from evenkeel.store import access, models, reading
from evenkeel.store.queries import custody
from evenkeel.store.queries.custody import Balance, CaseLine, Lot
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId
from evenkeel.values.shape import frozen
from evenkeel.values.time import utc

IN_HAND: Final = ("bag", "syringe")


@frozen
class InUse:
    """What a visit had in hand of one lot at some moment."""

    lot: Lot
    visit: StreamId
    mass: DrugMass


@frozen
class VisitPlace:
    """Where and when a visit is: enough to name it without naming anybody."""

    chair: str
    starts_at: datetime


def stockroom(site: str) -> StockroomState | None:
    """The counts and closed days of a site, or None while nobody has counted there."""
    row = models.StockroomRow.objects.filter(site=site).first()
    return reading.fold(StockroomState, StreamId(row.stream)) if row else None


def last_moved_at(site: str) -> datetime | None:
    """When a movement was last written down at a site, or None when nothing ever moved."""
    lots = models.LotRow.objects.filter(site=site).values("pk")
    rows = models.MovementRow.objects.filter(stream__in=lots)
    last: datetime | None = rows.aggregate(last=Max("recorded_at"))["last"]
    return last


def in_use(site: str, *, at: datetime) -> tuple[InUse, ...]:
    """What visits had in their bags and syringes at a moment, as it was written down by then."""
    lots = {lot.stream: lot for lot in custody.lots(site)}
    rows = models.MovementRow.objects.filter(stream__in=list(lots), recorded_at__lte=utc(at))
    held: dict[tuple[StreamId, StreamId], int] = {}
    for side, sign in (("into", 1), ("source", -1)):
        sums = (
            rows.filter(**{f"{side}_place__in": IN_HAND})
            .values_list("stream", f"{side}_ref")
            .annotate(mcg=Sum("mcg"))
            .order_by()
        )
        for stream, ref, mcg in sums:
            key = (StreamId(stream), StreamId(ref))
            held[key] = held.get(key, 0) + sign * mcg
    return tuple(
        InUse(lot=lots[lot], visit=visit, mass=DrugMass(mcg=mcg))
        for (lot, visit), mcg in sorted(held.items())
        if mcg > 0
    )


def in_hand(site: str, *, single_patient: bool) -> dict[StreamId, tuple[Balance, ...]]:
    """What each visit of a site has in hand now; a vial that serves one patient is in that visit's hand."""
    places = ("bag", "syringe", "vial") if single_patient else ("bag", "syringe")
    found: dict[StreamId, tuple[Balance, ...]] = {}
    for balance in custody.balances(site, *places):
        visit = balance.visit if balance.account.place == "vial" else StreamId(balance.account.ref)
        if visit is not None:
            found[visit] = (*found.get(visit, ()), balance)
    return found


def visit_place(visit: StreamId) -> VisitPlace | None:
    """Where and when a visit is, and the access to its patient is noted; None when there is none."""
    row = models.VisitRow.objects.filter(pk=visit).first()
    if row is None:
        return None
    access.note(StreamId(row.patient))
    name = models.Chair.objects.filter(pk=row.chair).values_list("name", flat=True).first()
    return VisitPlace(chair=name or row.chair, starts_at=row.starts_at)


def cases_of(lot: StreamId, *, place: str, ref: str) -> tuple[CaseLine, ...]:
    """Every case about one account of a lot, oldest first."""
    found = custody.cases(site=_site_of(lot))
    return tuple(
        each
        for each in found
        if each.lot.stream == lot and (each.account.place, each.account.ref) == (place, ref)
    )


def _site_of(lot: StreamId) -> str | None:
    found = custody.one_lot(lot)
    return found.site if found else None
