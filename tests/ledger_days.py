"""Days of a made-up drug ledger for tests of reports: vials opened, drawn from, given and wasted.

They are written with the ledger's own book, so that a test stands on what the store keeps of them.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from evenkeel.journey.custody.book import Book
from evenkeel.record.custody import Account, Cause, DrugMoved
from evenkeel.record.entry import Author
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import EntryId, StreamId
from tests.factories import act, people

MINUTE: Final = timedelta(minutes=1)


def move(
    lot: StreamId,
    at: datetime,
    source: Account,
    into: Account,
    mg: str | int,
    cause: Cause,
    *,
    by: Author | None = None,
    witness: Author | None = None,
    visit: StreamId | None = None,
    corrects: EntryId | None = None,
    reason: str = "",
) -> EntryId:
    """One movement, written down when it happened; returns its name."""
    with transaction.atomic():
        book = Book(act(by or people().nurse, at), [lot])
        entry = book.move(
            lot,
            DrugMoved(
                source=source,
                into=into,
                amount=DrugMass.mg(mg),
                cause=cause,
                visit=visit,
                witness=witness.id if witness else None,
                witness_name=witness.printed_name if witness else "",
                corrects=corrects,
                reason=reason,
            ),
        )
        book.write()
    return entry


def infuse(
    lot: StreamId,
    visit: StreamId,
    at: datetime,
    *,
    vial: str,
    drawn: int = 35,
    given: int = 35,
    vial_mg: int = 500,
    by: Author | None = None,
    site: str = "main",
) -> dict[str, EntryId]:
    """One infusion: a vial opened, some drawn into the bag, given, and both rests wasted before a witness."""
    nurse, witness = by or people().nurse, people().nurse2
    cabinet, patient = Account(site=site, place="cabinet"), Account(site=site, place="patient", ref=visit)
    opened, bag = Account(site=site, place="vial", ref=vial), Account(site=site, place="bag", ref=visit)
    wasted = Account(site=site, place="wasted")
    entries = {
        "opened": move(lot, at, cabinet, opened, vial_mg, "drawn", by=nurse, visit=visit),
        "drawn": move(lot, at + MINUTE, opened, bag, drawn, "drawn", by=nurse, visit=visit),
    }
    if given:
        entries["given"] = move(lot, at + 45 * MINUTE, bag, patient, given, "given", by=nurse, visit=visit)
    rests = (("bag", bag, drawn - given), ("vial", opened, vial_mg - drawn))
    for name, source, rest in rests:
        if rest:
            entries[f"wasted of the {name}"] = move(
                lot,
                at + 50 * MINUTE,
                source,
                wasted,
                rest,
                "left_over",
                by=nurse,
                witness=witness,
                visit=visit,
            )
    return entries
