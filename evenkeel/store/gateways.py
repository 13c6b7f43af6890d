"""Gateways: machines that send what monitors measured, and what each may speak for."""

import json
from datetime import datetime, timedelta
from typing import Final

from evenkeel.record.entry import Author
from evenkeel.store import models
from evenkeel.store.rows import record_change
from evenkeel.values.shape import frozen

TABLE: Final = "gateway"
# The last use is written at most this often, so that not every message costs a write of its own.
USED_GRAIN: Final = timedelta(minutes=1)


@frozen
class Gateway:
    """One gateway. `monitors` are the devices that it may speak for; none named means any."""

    id: str
    name: str
    monitors: tuple[str, ...]
    made_at: datetime
    ended_at: datetime | None
    used_at: datetime | None


def gateways() -> tuple[Gateway, ...]:
    """Every gateway there was, those that may send first."""
    rows = [_gateway(row) for row in models.Gateway.objects.order_by("name")]
    return tuple(sorted(rows, key=lambda each: each.ended_at is not None))


def by_id(id_: str) -> Gateway | None:
    """One gateway, or None."""
    row = models.Gateway.objects.filter(pk=id_).first()
    return _gateway(row) if row else None


def by_name(name: str) -> Gateway | None:
    """The gateway of that very name, or None; a name is given once and never again."""
    row = models.Gateway.objects.filter(name=name).first()
    return _gateway(row) if row else None


def by_token(token_digest: str) -> Gateway | None:
    """The gateway whose token has this hash, or None."""
    row = models.Gateway.objects.filter(token_digest=token_digest).first()
    return _gateway(row) if row else None


def add(
    id_: str,
    *,
    name: str,
    monitors: tuple[str, ...],
    token_digest: str,
    by: Author,
    at: datetime,
    reason: str,
) -> None:
    """Let a machine send from now on."""
    models.Gateway.objects.create(
        pk=id_, name=name, monitors=json.dumps(monitors), token_digest=token_digest, made_at=at
    )
    after = {"name": name, "monitors": list(monitors)}
    record_change(at=at, by=by, table=TABLE, row=id_, before={}, after=after, reason=reason)


def end(id_: str, *, by: Author, at: datetime, reason: str) -> None:
    """Take nothing from a machine any more."""
    models.Gateway.objects.filter(pk=id_).update(ended_at=at)
    record_change(
        at=at,
        by=by,
        table=TABLE,
        row=id_,
        before={"may_send": True},
        after={"may_send": False},
        reason=reason,
    )


def note_use(gateway: Gateway, *, at: datetime) -> None:
    """Write down that a gateway sent, to the minute."""
    if gateway.used_at is None or at - gateway.used_at >= USED_GRAIN:
        models.Gateway.objects.filter(pk=gateway.id).update(used_at=at)


def _gateway(row: models.Gateway) -> Gateway:
    return Gateway(
        id=row.pk,
        name=row.name,
        monitors=tuple(json.loads(row.monitors)),
        made_at=row.made_at,
        ended_at=row.ended_at,
        used_at=row.used_at,
    )
