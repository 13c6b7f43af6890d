"""Device messages: taken once, their values kept as samples, what must not chart kept apart."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from evenkeel.record.visits import VisitPhase
from evenkeel.store import models
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.shape import frozen


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


def keep(
    sender: Sender,
    *,
    received_at: datetime,
    code: str,
    raw: bytes,
    at_chair: VisitAtChair | None = None,
    samples: Iterable[Sample] = (),
    set_aside: Iterable[SetAside] = (),
) -> None:
    """Write a message down with its samples and what was set aside; IntegrityError when a twin was faster."""
    message = models.DeviceMessage.objects.create(
        sender=sender.key,
        control_id=sender.control_id,
        digest=sender.digest,
        received_at=received_at,
        acknowledgement=code,
        visit=at_chair.visit if at_chair else None,
    )
    if at_chair is not None:
        models.MonitorSample.objects.bulk_create(
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
                received_at=received_at,
            )
            for sample in samples
        )
    models.QuarantinedMessage.objects.bulk_create(
        models.QuarantinedMessage(
            received_at=received_at,
            sender=sender.key,
            reason=each.reason,
            sentence=each.sentence,
            raw=raw,
            acknowledgement=code,
        )
        for each in set_aside
    )


def chair_of_monitor(monitor: str) -> ChairId | None:
    """Return the chair that a monitor stands beside, or None when nobody has assigned it."""
    row = models.Chair.objects.filter(monitor=monitor).first()
    return ChairId(row.pk) if row else None


def visits_at(chair: ChairId, phases: Iterable[VisitPhase]) -> tuple[VisitAtChair, ...]:
    """Return the visits at a chair that stand in one of these phases."""
    rows = list(models.VisitRow.objects.filter(chair=chair, phase__in=tuple(phases)).order_by("starts_at"))
    numbers = dict(
        models.PatientRow.objects.filter(stream__in=[row.patient for row in rows]).values_list(
            "stream", "record_number"
        )
    )
    return tuple(
        VisitAtChair(
            visit=StreamId(row.stream),
            patient=StreamId(row.patient),
            chair=ChairId(row.chair),
            phase=row.phase,
            record_number=numbers[row.patient],
        )
        for row in rows
    )
