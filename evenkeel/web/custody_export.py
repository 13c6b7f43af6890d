"""Ledger reports as files: one as CSV or PDF, or all of them in one zip for an inspection."""

import hashlib
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from typing import Any, Final, TypeVar

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from evenkeel.record.entry import ROLE_WORDS, Author
from evenkeel.store.queries import settings
from evenkeel.store.queries.custody_reports import CHUNK, Asked
from evenkeel.values.shape import frozen
from evenkeel.web.custody_cells import Row, Sheet, csv_parts, shown
from evenkeel.web.custody_sheets import REPORTS, ReportKey, site_words
from evenkeel.web.jinja import clinic_datetime
from evenkeel.web.printing import UnableToPrint, make_long_pdf

# One PDF holds at most so many lines, which take some 150 MB while it is made. Proposal.
PDF_LINES_MAX: Final = 1000
# An inspection's longer lists are printed in parts, and those beyond this many parts are left to the CSV.
PDF_PARTS_MAX: Final = 5

A = TypeVar("A", bound=HttpResponseBase)

NOT_THE_RECORD: Final = "Copies on paper are not the record."
FOR_AN_INSPECTION: Final[tuple[ReportKey, ...]] = (
    "administration",
    "movements",
    "balance",
    "reconciliation",
    "counts",
    "cases",
)


@frozen
class Export:
    """What is sent out: about what, for which time in words, who asked for it and when."""

    asked: Asked
    period: str
    by: Author
    at: datetime


def pdf_of(sheet: Sheet, export: Export, rows: list[Row], part: str = "") -> bytes:
    """Some rows of a report as a PDF with page numbers, who printed it and when, clinic, site and number."""
    columns = [place for place, column in enumerate(sheet.columns) if column.width]
    clinic = settings.current().clinic_name
    who = f"{export.by.printed_name} ({ROLE_WORDS[export.by.role]})"
    data: dict[str, Any] = {
        "title": f"{sheet.title}{part}",
        "clinic": clinic,
        "sites": site_words(export.asked),
        "period": export.period,
        "lead": list(sheet.lead),
        "empty": sheet.empty,
        "footer": f"Printed {clinic_datetime(export.at)} by {who} · {NOT_THE_RECORD}",
        "columns": [
            {
                "heading": sheet.columns[place].heading,
                "width": sheet.columns[place].width,
                "numeric": sheet.columns[place].is_numeric,
            }
            for place in columns
        ],
        "rows": [[shown(row[place]) for place in columns] for row in rows],
    }
    return make_long_pdf("custody_report", data)


def as_pdf(sheet: Sheet, export: Export, name: str) -> HttpResponse:
    """Send one report as a PDF; it must have no more than PDF_LINES_MAX lines."""
    assert sheet.total <= PDF_LINES_MAX, "the page refuses longer ones"
    answer = HttpResponse(
        pdf_of(sheet, export, list(sheet.rows(0, PDF_LINES_MAX))), content_type="application/pdf"
    )
    return _as_file(answer, f"{name}.pdf")


def as_csv(request: HttpRequest, sheet: Sheet, name: str) -> StreamingHttpResponse:
    """Send one report as CSV, a part at a time, however long it is."""
    answer = _streamed(request, csv_parts(sheet, CHUNK), "text/csv; charset=utf-8; header=present")
    return _as_file(answer, f"{name}.csv")


def as_zip(
    request: HttpRequest, export: Export, name: str, reports: tuple[ReportKey, ...]
) -> StreamingHttpResponse:
    """Send several reports in one zip, which begins to arrive while the rest is still being made."""
    return _as_file(_streamed(request, zip_parts(export, reports), "application/zip"), f"{name}.zip")


def _as_file(answer: A, name: str) -> A:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _streamed(request: HttpRequest, parts: Iterator[bytes], content_type: str) -> StreamingHttpResponse:
    # An async server would otherwise gather an ordinary iterator whole before it sends the first byte.
    body = _in_a_thread(parts) if isinstance(request, ASGIRequest) else parts
    return StreamingHttpResponse(body, content_type=content_type)


async def _in_a_thread(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    def following() -> bytes | None:
        return next(parts, None)

    while (part := await sync_to_async(following)()) is not None:
        yield part


# --- an inspection ------------------------------------------------------------------------------------------


class _Pipe:
    """A file that only grows at its end, and is emptied from the front while it does."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, some: bytes) -> int:
        """Take bytes in."""
        self._waiting += some
        return len(some)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """There is nothing to close."""

    def take(self) -> bytes:
        """Give out what came in since the last time."""
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def zip_parts(export: Export, reports: tuple[ReportKey, ...]) -> Iterator[bytes]:
    """Each report as CSV and PDF, then a README that says what each file holds, with its SHA-256."""
    pipe, listed = _Pipe(), list[str]()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for key in reports:
            sheet = REPORTS[key](export.asked)
            for name, parts, what in _files_of(sheet, export):
                if parts is None:
                    listed.append(f"{name} is not here\n  {what}")
                    continue
                digest = hashlib.sha256()
                with archive.open(_file(name, export.at), "w") as file:
                    for part in parts:
                        digest.update(part)
                        file.write(part)
                        yield pipe.take()
                listed.append(f"{name}\n  {what}\n  SHA-256 {digest.hexdigest()}")
        archive.writestr(_file("README.txt", export.at), _readme(export, listed))
    yield pipe.take()


def _file(name: str, at: datetime) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=timezone.localtime(at).timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _files_of(sheet: Sheet, export: Export) -> Iterator[tuple[str, Iterable[bytes] | None, str]]:
    """The name of each file, what is in it, a part at a time, and what that is; or why it is not there."""
    words = f"{sheet.title}, {sheet.total} lines, for a spreadsheet"
    yield f"{sheet.key}.csv", csv_parts(sheet, CHUNK), words
    if sheet.total > PDF_LINES_MAX * PDF_PARTS_MAX:
        yield f"{sheet.key}.pdf", None, f"{sheet.total} lines are too many to print; the CSV holds them all."
        return
    many = sheet.total > PDF_LINES_MAX
    for number, first in enumerate(range(0, max(sheet.total, 1), PDF_LINES_MAX), start=1):
        name = f"{sheet.key}-part-{number}.pdf" if many else f"{sheet.key}.pdf"
        rows = list(sheet.rows(first, PDF_LINES_MAX))
        what = f"lines {first + 1} to {first + len(rows)}" if rows else "no line"
        try:
            pdf = pdf_of(sheet, export, rows, f", part {number}" if many else "")
        except UnableToPrint:
            yield name, None, "It could not be printed; the CSV holds the same lines."
        else:
            yield name, [pdf], f"{sheet.title}, {what}, to print"


def _readme(export: Export, listed: list[str]) -> str:
    clinic = settings.current().clinic_name
    drugs = "controlled drugs" if export.asked.controlled_only else "every drug in the ledger"
    lines = [
        f"Drug ledger of {clinic}",
        *site_words(export.asked),
        "",
        f"Time: {export.period}",
        f"Drug: {export.asked.drug or drugs}",
        f"Made {clinic_datetime(export.at)} by {export.by.printed_name} ({ROLE_WORDS[export.by.role]})",
        "",
        "The CSV files are UTF-8 with a header line. Times are ISO 8601 with their zone, amounts are",
        "milligrams as labels state them. Text that a spreadsheet would run as a formula begins with an",
        "apostrophe.",
        "These are copies. The record itself stays in the application, which never deletes any of it.",
        "",
        *(f"{each}\n" for each in listed),
    ]
    return "\r\n".join("\n".join(lines).split("\n"))
