"""The drug ledger as reports ask for it: streamed, since years of it do not fit in memory at once."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet, Sum

from evenkeel.custody.accounts import HELD
from evenkeel.custody.reports import Flow
from evenkeel.record.counting import CountRecorded, StockroomState
from evenkeel.record.custody import Place
from evenkeel.record.state import Written
from evenkeel.store import models, reading
from evenkeel.store.queries.custody import CaseLine, Lot, Movement, cases, lot_of, movement_of
from evenkeel.values.ids import ClinicianId, EntryId, StreamId
from evenkeel.values.shape import frozen
from evenkeel.values.time import utc

# So many rows are in memory at once.
CHUNK: Final = 500


@frozen
class Asked:
    """What a report is about. None means whatever there is; times are [since, until).

    `controlled_only` leaves out drug that is in no schedule. `lot` is a lot's name, `vial` an opened vial's
    number, both however they are capitalized. `patients` are streams; `person` moved, or witnessed.
    """

    since: datetime | None = None
    until: datetime | None = None
    controlled_only: bool = True
    site: str | None = None
    drug: str | None = None
    lot: str | None = None
    vial: str | None = None
    patients: frozenset[StreamId] | None = None
    person: ClinicianId | None = None


def lots(asked: Asked) -> tuple[Lot, ...]:
    """Every lot that a report is about, by drug, product, lot and site."""
    return tuple(lot_of(row) for row in _lots(asked).order_by("drug", "product", "lot", "site"))


def movements(
    asked: Asked, *, given_only: bool = False, first: int = 0, count: int | None = None
) -> Iterator[Movement]:
    """Movements from the `first` one on, `count` of them or all, oldest first, read a few at a time.

    `given_only` leaves those that gave drug to a patient, or took back an entry that said so.
    """
    of = {lot.stream: lot for lot in lots(asked)}
    # A lot that comes in while this is read is left out, and not met without its label.
    rows = _movements(asked, given_only=given_only).filter(stream__in=list(of))
    last = None if count is None else first + count
    return _read(rows.order_by("happened_at", "stream", "seq")[first:last], of)


def movements_of(lot: Lot, asked: Asked) -> Iterator[Movement]:
    """The movements of one lot within the time that is asked about, oldest first."""
    rows = _in_time(models.MovementRow.objects.filter(stream=lot.stream), asked.since, asked.until)
    return _read(rows.order_by("happened_at", "seq"), {lot.stream: lot})


def how_many(asked: Asked, *, given_only: bool = False) -> int:
    """How many movements there are."""
    return _movements(asked, given_only=given_only).count()


def how_many_of_stock(asked: Asked) -> int:
    """How many movements there are that took something from what the clinic holds, or added to it."""
    touches = Q(source_place__in=HELD) | Q(into_place__in=HELD)
    return _movements(asked).filter(touches).count()


def given_mcg(asked: Asked) -> dict[str, int]:
    """How much of each drug patients were given in all, corrections taken off."""
    drugs = {lot.stream: lot.item.drug for lot in lots(asked)}
    rows = _movements(asked, given_only=True).values_list("stream", "into_place").annotate(Sum("mcg"))
    given: dict[str, int] = {}
    for stream, into, mcg in rows:
        drug = drugs[StreamId(stream)]
        given[drug] = given.get(drug, 0) + (mcg if into == "patient" else -mcg)
    return given


def flows(asked: Asked, *, since: datetime | None, until: datetime | None) -> dict[StreamId, list[Flow]]:
    """What went where within some time, added up by lot and kind of place."""
    rows = _in_time(models.MovementRow.objects.filter(stream__in=_lots(asked).values("pk")), since, until)
    found: dict[StreamId, list[Flow]] = {}
    for stream, source, into, mcg in rows.values_list("stream", "source_place", "into_place").annotate(
        Sum("mcg")
    ):
        found.setdefault(StreamId(stream), []).append(Flow(source=_place(source), into=_place(into), mcg=mcg))
    return found


def held_now(asked: Asked) -> dict[StreamId, int]:
    """Micrograms that the accounts of each lot hold now, inside the clinic."""
    rows = models.BalanceRow.objects.filter(stream__in=_lots(asked).values("pk"), place__in=HELD)
    return {StreamId(stream): mcg for stream, mcg in rows.values_list("stream").annotate(Sum("mcg"))}


def taken_back() -> dict[EntryId, int]:
    """Every movement that was corrected, with how many micrograms of it."""
    rows = models.MovementRow.objects.exclude(corrects=None).values_list("corrects").annotate(Sum("mcg"))
    return {EntryId(entry): mcg for entry, mcg in rows}


def patients_of(visits: Sequence[StreamId]) -> dict[StreamId, StreamId]:
    """Whose visits these are."""
    rows = models.VisitRow.objects.filter(pk__in=set(visits)).values_list("pk", "patient")
    return {StreamId(visit): StreamId(patient) for visit, patient in rows}


def counts(asked: Asked) -> tuple[tuple[str, Written[CountRecorded]], ...]:
    """Every count with the site where it was made, oldest first."""
    stockrooms = [reading.fold(StockroomState, stream) for stream in reading.streams("stockroom")]
    found = [
        (state.site, count)
        for state in stockrooms
        for count in state.counts
        if asked.site in (None, state.site) and _is_in(count.at, asked)
    ]
    return tuple(sorted(found, key=lambda each: (each[1].at, each[0])))


def cases_of(asked: Asked) -> tuple[CaseLine, ...]:
    """Every case that was discovered within the time that is asked about, oldest first."""
    about = {lot.stream for lot in lots(asked)}
    found = cases(site=asked.site)
    return tuple(each for each in found if each.lot.stream in about and _is_in(each.discovered_at, asked))


def drugs() -> tuple[str, ...]:
    """Every drug that the ledger knows, by name."""
    return tuple(models.LotRow.objects.order_by("drug").values_list("drug", flat=True).distinct())


def _is_in(moment: datetime, asked: Asked) -> bool:
    return (asked.since is None or moment >= asked.since) and (asked.until is None or moment < asked.until)


def _lots(asked: Asked) -> QuerySet[models.LotRow]:
    rows = models.LotRow.objects.all()
    if asked.drug is not None:
        rows = rows.filter(drug=asked.drug)
    elif asked.controlled_only:
        rows = rows.filter(schedule__isnull=False)
    if asked.site is not None:
        rows = rows.filter(site=asked.site)
    if asked.lot is not None:
        rows = rows.filter(lot__iexact=" ".join(asked.lot.split()))
    return rows


def _movements(asked: Asked, *, given_only: bool = False) -> QuerySet[models.MovementRow]:
    rows = models.MovementRow.objects.filter(stream__in=_lots(asked).values("pk"))
    rows = _in_time(rows, asked.since, asked.until)
    if asked.vial is not None:
        vial = " ".join(asked.vial.split())
        source = Q(source_place="vial", source_ref__iexact=vial)
        rows = rows.filter(source | Q(into_place="vial", into_ref__iexact=vial))
    if asked.patients is not None:
        visits = models.VisitRow.objects.filter(patient__in=asked.patients)
        rows = rows.filter(visit__in=visits.values("pk"))
    if asked.person is not None:
        rows = rows.filter(Q(by_id=asked.person) | Q(witness_id=asked.person))
    if given_only:
        rows = rows.filter(Q(into_place="patient") | Q(source_place="patient"))
    return rows


def _in_time(
    rows: QuerySet[models.MovementRow], since: datetime | None, until: datetime | None
) -> QuerySet[models.MovementRow]:
    if since is not None:
        rows = rows.filter(happened_at__gte=utc(since))
    return rows if until is None else rows.filter(happened_at__lt=utc(until))


def _read(rows: QuerySet[models.MovementRow], of: dict[StreamId, Lot]) -> Iterator[Movement]:
    for row in rows.iterator(chunk_size=CHUNK):
        yield movement_of(row, of[StreamId(row.stream)])


def _place(written: str) -> Place:
    return written  # type: ignore[return-value]  # written from a Place
