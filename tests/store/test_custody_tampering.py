"""Whoever changes a row of the drug ledger behind its back is found by `evenkeel verify`."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from evenkeel.jobs.verify import verify
from evenkeel.store import append_only, models
from evenkeel.store.queries import custody
from evenkeel.values.ids import StreamId
from tests import factories_chairside as chairside

pytestmark = [pytest.mark.django_db, pytest.mark.tampers]


@pytest.fixture
def lot() -> StreamId:
    """A lot that a dose was drawn of, kept for a second visit, and given in part."""
    visit = chairside.recovering_visit()
    (drawn,) = custody.lots_of_visit(visit)
    with connection.cursor() as cursor:
        for statement in append_only.remove(connection.vendor):
            cursor.execute(statement)
    return drawn


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("payload", "{}"),
        ("happened_at", "2020-01-01T00:00:00Z"),
        ("by_id", "somebody"),
        ("by_name", "Somebody Else"),
        ("by_role", "lead"),
        ("kind", "lot.recalled"),
        ("key", "another"),
        ("hash", "0" * 64),
        ("previous_hash", "0" * 64),
        ("rules", '[["DRW-VOL-001",1]]'),
    ],
)
def test_a_changed_entry_is_named(lot: StreamId, column: str, value: str) -> None:
    entry = models.Entry.objects.filter(stream_id=lot).order_by("seq")[2]
    models.Entry.objects.filter(pk=entry.pk).update(**{column: value})
    assert [(found.stream, found.seq) for found in verify().tamperings] == [(lot, entry.seq)]


def test_an_amount_in_an_entry_cannot_be_made_less(lot: StreamId) -> None:
    drawn = models.Entry.objects.get(stream_id=lot, kind="drug.moved", payload__contains='"cause":"drawn"')
    assert '"amount":35000' in drawn.payload
    smaller = drawn.payload.replace('"amount":35000', '"amount":25000')
    models.Entry.objects.filter(pk=drawn.pk).update(payload=smaller)
    assert [(found.stream, found.seq) for found in verify().tamperings] == [(lot, drawn.seq)]


def test_a_movement_that_was_taken_out_is_missed(lot: StreamId) -> None:
    last = models.Entry.objects.filter(stream_id=lot).order_by("-seq")[0]
    last.delete()
    assert [found.stream for found in verify().tamperings] == [lot]


CHANGES: list[tuple[type[Any], Callable[[Any], dict[str, Any]]]] = [
    (models.LotRow, lambda row: {"expiry_date": row.expiry_date.replace(year=row.expiry_date.year + 1)}),
    (models.BalanceRow, lambda row: {"mcg": row.mcg + 1}),
    (models.MovementRow, lambda row: {"mcg": row.mcg - 1}),
    (models.MovementRow, lambda row: {"by_name": "Somebody Else"}),
]


@pytest.mark.parametrize(("table", "change"), CHANGES)
def test_a_changed_row_in_the_lists_is_named(
    lot: StreamId, table: type[Any], change: Callable[[Any], dict[str, Any]]
) -> None:
    for row in table.objects.filter(stream=lot):
        saved = table.objects.filter(pk=row.pk)
        before = saved.values().get()
        saved.update(**change(row))
        assert verify().stale_rows == (lot,), row.pk
        saved.update(**before)
    assert verify().holds


@pytest.mark.parametrize("table", [models.LotRow, models.BalanceRow, models.MovementRow])
def test_a_row_in_the_lists_that_was_taken_out_or_put_in_is_named(lot: StreamId, table: type[Any]) -> None:
    row = table.objects.filter(stream=lot)[0]
    key = row.pk
    row.delete()
    assert verify().stale_rows == (lot,)
    row.pk = key
    row.save(force_insert=True)
    assert verify().holds
    row.stream = "custody:of-nobody"
    if table is models.MovementRow:
        row.entry = "custody:of-nobody/1"
    elif table is models.BalanceRow:
        row.pk = None
    row.save(force_insert=True)
    assert verify().stale_rows == ("custody:of-nobody",)


def test_something_kept_for_nobody_is_named(lot: StreamId) -> None:
    models.KeptRow.objects.create(
        entry=f"{lot}/1",
        stream=lot,
        visit="visit:none",
        source_place="cabinet",
        source_ref="",
        into_place="vial",
        into_ref="K-1",
        mcg=1,
    )
    assert verify().stale_rows == (lot,)
