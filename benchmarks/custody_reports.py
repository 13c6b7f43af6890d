"""Reports of a drug ledger of years: `python benchmarks/custody_reports.py [--movements 20000]`.

A made-up clinic with so many movements, five to an infusion, in a database of its own that is thrown away.
Each report's first page, its CSV from the first byte to the last, and the inspection export with its PDFs,
with the most memory that the process had by then. Prints times; nothing is asserted, because a clock on a
shared machine proves nothing.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2024, 6, 3, 13, 0, tzinfo=UTC)
AN_INFUSION = 5
PATIENTS = 300
LOTS = 24
CHUNK = 500


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--movements", type=int, default=20_000)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EVENKEEL_DATA_DIR"] = folder
        os.environ["EVENKEEL_DATABASE_URL"] = f"sqlite:///{Path(folder) / 'ledger.sqlite3'}"
        os.environ["DJANGO_SETTINGS_MODULE"] = "evenkeel.config.settings"
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        fill(asked.movements)
        measure(asked.movements)


def fill(count: int) -> None:
    """Write patients through the use cases, and rows of movements as the ledger would have left them."""
    from evenkeel.store import models
    from tests import factories

    patients = [factories.patient_and_course()[0] for _ in range(PATIENTS)]
    infusions = count // AN_INFUSION
    per_lot = -(-infusions // LOTS)
    for number in range(LOTS):
        _lot(models, number, min(per_lot, infusions - number * per_lot))
    rows: list[Any] = []
    visits: list[Any] = []
    for number in range(infusions):
        rows += _infusion(models, number, f"custody:{number // per_lot}")
        visits.append(_visit(models, number, patients[number * PATIENTS // infusions]))
        if len(rows) >= CHUNK:
            models.MovementRow.objects.bulk_create(rows)
            models.VisitRow.objects.bulk_create(visits)
            rows, visits = [], []
    models.MovementRow.objects.bulk_create(rows)
    models.VisitRow.objects.bulk_create(visits)


def _lot(models: Any, number: int, vials: int) -> None:
    stream = f"custody:{number}"
    models.LotRow.objects.create(
        stream=stream,
        seq=1,
        site="main",
        drug="ketamine",
        schedule="III",
        product="ketamine_50_10",
        label="ketamine, a made-up vial",
        strength_mcg_per_ml=50_000,
        vial_mcg=500_000,
        lot=f"K-{number}",
        expiry_date=date(2028, 1, 31),
    )
    row = _move(models, stream, 0, START, "supplier", "cabinet", 500_000 * (vials + 1), "received")
    models.MovementRow.objects.bulk_create([row])
    models.BalanceRow.objects.create(
        stream=stream, place="cabinet", ref="", mcg=500_000, kept_mcg=0, opened_at=None, visit=""
    )


def _infusion(models: Any, number: int, stream: str) -> Iterator[Any]:
    at = START + timedelta(hours=4 * number)
    ways = (
        ("cabinet", "vial", 500_000, "drawn"),
        ("vial", "bag", 40_000, "drawn"),
        ("bag", "patient", 35_000, "given"),
        ("bag", "wasted", 5_000, "left_over"),
        ("vial", "wasted", 460_000, "left_over"),
    )
    for place, (source, into, mcg, cause) in enumerate(ways, start=1):
        moment = at + timedelta(minutes=10 * place)
        yield _move(models, stream, number * AN_INFUSION + place, moment, source, into, mcg, cause, number)


def _move(
    models: Any,
    stream: str,
    seq: int,
    at: datetime,
    source: str,
    into: str,
    mcg: int,
    cause: str,
    visit: int | None = None,
) -> Any:
    return models.MovementRow(
        entry=f"{stream}/{seq}/{into}",
        stream=stream,
        seq=seq,
        happened_at=at,
        recorded_at=at,
        source_place=source,
        source_ref="1",
        into_place=into,
        into_ref="1",
        mcg=mcg,
        cause=cause,
        visit="" if visit is None else f"visit:{visit}",
        by_id=f"person-{seq % 6}",
        by_name=f"Made-up Nurse {seq % 6}",
        witness_id=None,
        witness_name="Made-up Witness" if into == "wasted" else "",
        alone_because="",
        corrects=None,
        reason="",
        paper=None,
    )


def _visit(models: Any, number: int, patient: str) -> Any:
    at = START + timedelta(hours=4 * number)
    return models.VisitRow(
        stream=f"visit:{number}",
        seq=1,
        patient=patient,
        course="course:1",
        chair="chair-1",
        starts_at=at,
        ends_at=at + timedelta(hours=2),
        number=1,
        phase="discharged",
    )


def measure(count: int) -> None:
    """Time each report."""
    from evenkeel.journey.rules import clinic_time
    from evenkeel.store.queries.custody_reports import Asked
    from evenkeel.web.custody_cells import csv_parts
    from evenkeel.web.custody_export import FOR_AN_INSPECTION, Export, zip_parts
    from evenkeel.web.custody_sheets import REPORTS
    from tests import factories

    asked = Asked()
    print(f"{count:,} movements of {PATIENTS} patients; {_peak_mb():,.0f} MB to begin with")
    for key, make in REPORTS.items():
        spent = _spent(lambda make=make: [len(list(make(asked).rows(0, 50)))])
        first, whole, size = _drained(lambda make=make: csv_parts(make(asked), CHUNK))
        print(
            f"{key:>15}: first page {spent:.2f} s; CSV {size / 1e6:.1f} MB, first byte after {first:.2f} s, "
            f"last after {whole:.2f} s; peak {_peak_mb():,.0f} MB",
            flush=True,
        )
    moment = clinic_time(START)
    export = Export(asked=asked, period="everything", by=factories.people().registrant, at=moment)
    for reports in (("reconciliation",), FOR_AN_INSPECTION):
        first, whole, size = _drained(lambda reports=reports: zip_parts(export, reports))
        print(
            f"inspection of {len(reports)}: {size / 1e6:.1f} MB, first byte after {first:.2f} s, "
            f"last after {whole:.1f} s; peak {_peak_mb():,.0f} MB",
            flush=True,
        )


def _spent(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _drained(make: Callable[[], Iterator[bytes]]) -> tuple[float, float, int]:
    """Seconds to the first byte and to the last, and how many there were; nothing of it is kept."""
    begun, first, size = time.perf_counter(), 0.0, 0
    for part in make():
        first = first or (time.perf_counter() - begun if part else 0.0)
        size += len(part)
    return first, time.perf_counter() - begun, size


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    main()
