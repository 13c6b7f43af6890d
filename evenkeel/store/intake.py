"""Device messages: taken once, their values kept as samples, what must not chart kept apart."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from evenkeel.record.devices import Instrument
from evenkeel.record.visits import VisitPhase
from evenkeel.store import models
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.shape import frozen

# Nobody sits in a chair for longer, so that visits that begin further away need not be looked at.
VISIT_LONGEST: Final = timedelta(days=1)


@frozen
class Sender:
    """What makes a device message one message: who sent it, under which control id, with which content."""

    key: str
    control_id: str
    digest: str


@frozen
class Answered:
    """How a message was answered when it first came."""

    received_at: datetime
    code: str


@frozen
class Sample:
    """One value as a monitor sent it; `value` is None where it had nothing to say, and `no_signal` says why.

    `unit` is UCUM. `observed_at` is when the device measured, or the arrival where only that is known.
    """

    sign: str
    value: Decimal | None
    no_signal: str | None
    unit: str
    channel: str
    observed_at: datetime
    device: str


@frozen
class Stand:
    """The chair that a device stands at, as what, and since when; None: since before that was kept."""

    chair: ChairId
    instrument: Instrument
    since: datetime | None


@frozen
class SetAside:
    """Why a message, or a value in one, must not chart."""

    reason: str
    sentence: str


@frozen
class VisitAtChair:
    """A visit that holds a chair now."""

    visit: StreamId
    patient: StreamId
    chair: ChairId
    phase: str
    record_number: str


def answered(sender: Sender) -> Answered | None:
    """Return how this very message was answered before, or None when it is new."""
    row = models.DeviceMessage.objects.filter(
        sender=sender.key, control_id=sender.control_id, digest=sender.digest
    ).first()
    return Answered(received_at=row.received_at, code=row.acknowledgement) if row else None


def was_charted(sender: str, control_id: str) -> bool:
    """Whether a message of this sender under this id was taken in, whatever it held."""
    found = models.DeviceMessage.objects.filter(sender=sender, control_id=control_id, acknowledgement="AA")
    return found.exists()


def keep(
    sender: Sender,
    *,
    received_at: datetime,
    code: str,
    raw: bytes,
    door: str,
    at_chair: VisitAtChair | None = None,
    samples: Iterable[Sample] = (),
    set_aside: Iterable[SetAside] = (),
) -> None:
    """Write a message down with its samples and what was set aside; IntegrityError when a twin was faster.

    `door` names how it came, by which it can be read again.
    """
    message = models.DeviceMessage.objects.create(
        sender=sender.key,
        control_id=sender.control_id,
        digest=sender.digest,
        received_at=received_at,
        acknowledgement=code,
        visit=at_chair.visit if at_chair else None,
    )
    if at_chair is not None:
        models.MonitorSample.objects.bulk_create(sample_rows(message, at_chair, samples, None))
    models.QuarantinedMessage.objects.bulk_create(
        models.QuarantinedMessage(
            received_at=received_at,
            sender=sender.key,
            reason=each.reason,
            sentence=each.sentence,
            raw=raw,
            acknowledgement=code,
            door=door,
            message=message,
        )
        for each in set_aside
    )


def keep_counted(
    sender: Sender, *, received_at: datetime, day: date, code: str, raw: bytes, set_aside: SetAside
) -> None:
    """Write down that a message came for nobody, and add it to its day's count; the first of a day is kept.

    A monitor beside an empty chair sends every few seconds, and all that it says is that it is switched on.
    """
    models.DeviceMessage.objects.create(
        sender=sender.key,
        control_id=sender.control_id,
        digest=sender.digest,
        received_at=received_at,
        acknowledgement=code,
    )
    counts = models.EmptyChairCount.objects.filter(sender=sender.key, reason=set_aside.reason, day=day)
    if counts.update(times=F("times") + 1, last_at=received_at):
        return
    models.EmptyChairCount.objects.create(
        sender=sender.key,
        reason=set_aside.reason,
        day=day,
        sentence=set_aside.sentence,
        acknowledgement=code,
        times=1,
        first_at=received_at,
        last_at=received_at,
        raw=raw,
    )


def sample_rows(
    message: models.DeviceMessage,
    at_chair: VisitAtChair,
    samples: Iterable[Sample],
    replayed_at: datetime | None,
) -> list[models.MonitorSample]:
    """The rows of a message's values, not yet written; `replayed_at` where a person took them in again."""
    return [
        models.MonitorSample(
            message=message,
            visit=at_chair.visit,
            chair=at_chair.chair,
            sign=sample.sign,
            value=sample.value,
            no_signal=sample.no_signal,
            unit=sample.unit,
            channel=sample.channel,
            observed_at=sample.observed_at,
            received_at=message.received_at,
            device=sample.device,
            replayed_at=replayed_at,
        )
        for sample in samples
    ]


def stand_of(device: str) -> Stand | None:
    """Return the chair that a monitor or a pump stands at, or None when nobody has assigned it."""
    if not device:
        return None
    row = models.Chair.objects.filter(Q(monitor=device) | Q(pump=device)).order_by("order", "id").first()
    if row is None:
        return None
    if row.monitor == device:
        return Stand(chair=ChairId(row.pk), instrument="monitor", since=row.monitor_since)
    return Stand(chair=ChairId(row.pk), instrument="pump", since=row.pump_since)


def visit_with_device(device: str, at: datetime) -> tuple[VisitAtChair, Instrument] | None:
    """Return the visit that a person put a device on, as of a moment, and as what; None when nobody did."""
    spans = models.DeviceSpanRow.objects.filter(device=device, is_on=True, from_at__lte=at)
    span = spans.filter(Q(to_at=None) | Q(to_at__gt=at)).order_by("-from_at", "-id").first()
    if span is None:
        return None
    (visit,) = _at_chairs(models.VisitRow.objects.filter(stream=span.stream))
    instrument: Instrument = span.instrument  # type: ignore[assignment]  # written from an Instrument
    return visit, instrument


def visits_around(chair: ChairId, at: datetime) -> tuple[VisitAtChair, ...]:
    """Return every visit of a chair that may have been there at a moment, wherever it stands now."""
    near = (at - VISIT_LONGEST, at + VISIT_LONGEST)
    return _at_chairs(models.VisitRow.objects.filter(chair=chair, starts_at__range=near))


def visits_at(chair: ChairId, phases: Collection[VisitPhase]) -> tuple[VisitAtChair, ...]:
    """Return the visits at a chair that stand in one of these phases."""
    return _at_chairs(models.VisitRow.objects.filter(chair=chair, phase__in=tuple(phases)))


def _at_chairs(visits: QuerySet[models.VisitRow]) -> tuple[VisitAtChair, ...]:
    patients = models.PatientRow.objects.filter(stream=OuterRef("patient"))
    rows = visits.order_by("starts_at").annotate(record_number=Subquery(patients.values("record_number")))
    return tuple(
        VisitAtChair(
            visit=StreamId(visit),
            patient=StreamId(patient),
            chair=ChairId(chair),
            phase=phase,
            record_number=record_number,
        )
        for visit, patient, chair, phase, record_number in rows.values_list(
            "stream", "patient", "chair", "phase", "record_number"
        )
    )
