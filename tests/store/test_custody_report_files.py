"""Reports of the drug ledger as files, and who may have them: CSV, PDF, inspection export, access log."""

import asyncio
import io
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient, Client
from django.urls import reverse
from pytest_django import Settings

from evenkeel.journey import referral
from evenkeel.store import models, reading, sites
from evenkeel.store.models import MAIN_SITE
from evenkeel.store.sites import Site
from evenkeel.web import custody_export, custody_sheets, printing
from evenkeel.web import custody_reports as page
from tests import factories
from tests.factories import NOW, act, people
from tests.reports_desk import Month, ask, lines, month_of_ledger, sent, sits_down, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.fixture
def month() -> Month:
    """What happened in June."""
    return month_of_ledger()


@pytest.fixture
def registrant(client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Client:
    """The registrant's browser, in July."""
    return sits_down(client, monkeypatch, settings)


# --- files --------------------------------------------------------------------------------------------------


def test_the_pdf_says_which_clinic_who_printed_it_and_when(registrant: Client, month: Month) -> None:
    sites.describe(
        Site(id=MAIN_SITE, name="Harbor clinic", address="5 Quay\nPortland", registration="RH0000001"),
        by=people().lead,
        at=NOW,
        reason="described",
    )
    answer = ask(registrant, "administration", **{"as": "pdf"})
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    text = text_of(sent(answer))
    assert "Evenkeel clinic" in text
    assert "Harbor clinic, 5 Quay, Portland, DEA number RH0000001" in text
    assert "Printed 11 Jul 2026, 09:00 by Rosa Delgado PharmD (registrant)" in text
    assert "page 1 of 1" in text
    assert "1 Jun 2026 to 30 Jun 2026" in text
    assert "Mara Testwell" in text
    assert "12 Harbor Lane, Portland, ME 04101" in text


def test_a_report_that_is_too_long_to_print_says_what_to_do(
    registrant: Client, month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PDF_LINES_MAX", 11)
    answer = ask(registrant, "movements", **{"as": "pdf"})
    assert answer.status_code == 422
    assert "12 lines are too many for one PDF, which holds 11." in answer.content.decode()


def test_what_cannot_be_printed_is_said_and_the_rest_still_comes(
    registrant: Client, month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "APART_SECONDS_MAX", 0.001)
    answer = ask(registrant, "cases", **{"as": "pdf"})
    assert answer.status_code == 422
    assert "The PDF could not be made. Take the CSV." in answer.content.decode()
    archive = zipfile.ZipFile(io.BytesIO(sent(ask(registrant, "rates", **{"as": "inspection"}))))
    assert "cases.csv" in archive.namelist()
    assert "cases.pdf" not in archive.namelist()
    assert "cases.pdf is not here\r\n  It could not be printed" in archive.read("README.txt").decode()


def test_names_of_files_hold_nothing_about_a_patient(registrant: Client, month: Month) -> None:
    for wanted, ending in (("csv", "csv"), ("pdf", "pdf")):
        answer = ask(registrant, "administration", patient="Mara", **{"as": wanted})
        name = f"drug-ledger-administration-2026-06-01-to-2026-06-30.{ending}"
        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
        sent(answer)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝"])
def test_no_cell_of_a_csv_is_a_formula(registrant: Client, month: Month, sign: str) -> None:
    state = reading.patient(month.mara)
    typed = f'{sign}HYPERLINK("https://example.invalid")'
    referral.change_details(
        act(people().front_desk, seen=state.seq),
        patient=month.mara,
        demographics=replace(state.demographics, given_name=typed, address=f"  {typed}"),
    )
    first = lines(registrant, "administration")[0]
    assert first["patient"] == f"'{typed} Testwell"
    assert first["patient_address"] == f"'{typed}"
    # Amounts are numbers of our own, and stay numbers.
    assert lines(registrant, "balance", lot="K-2231")[4]["change_mg"] == "-35"


def test_cells_with_commas_quotes_and_line_breaks_come_back_as_they_were(
    registrant: Client, month: Month
) -> None:
    state = reading.patient(month.ines)
    referral.change_details(
        act(people().front_desk, seen=state.seq),
        patient=month.ines,
        demographics=replace(state.demographics, family_name='O"Brien, Zoë'),
    )
    assert lines(registrant, "administration")[1]["patient"] == 'Ines O"Brien, Zoë'


def test_the_inspection_export_holds_every_report_and_says_what_it_holds(
    registrant: Client, month: Month
) -> None:
    answer = ask(registrant, "rates", lot="K-9", patient="Mara", **{"as": "inspection"})
    assert answer["Content-Disposition"] == (
        'attachment; filename="drug-ledger-inspection-2026-06-01-to-2026-06-30.zip"'
    )
    archive = zipfile.ZipFile(io.BytesIO(sent(answer)))
    assert archive.testzip() is None
    names = set(archive.namelist())
    reports = {"administration", "movements", "balance", "reconciliation", "counts", "cases"}
    assert names == {f"{key}.{kind}" for key in reports for kind in ("csv", "pdf")} | {"README.txt"}
    readme = archive.read("README.txt").decode()
    assert "Made 11 Jul 2026, 09:00 by Rosa Delgado PharmD (registrant)" in readme
    for name in names - {"README.txt"}:
        assert name in readme
    # What narrows one report down does not narrow an inspection.
    movements = archive.read("movements.csv").decode("utf-8-sig")
    assert len(movements.splitlines()) == 1 + 12
    assert "Mara Testwell" in text_of(archive.read("administration.pdf"))


def test_rates_go_into_the_inspection_export_only_when_they_are_asked_for(
    registrant: Client, month: Month
) -> None:
    answer = ask(registrant, "rates", with_rates="on", **{"as": "inspection"})
    assert "rates.csv" in zipfile.ZipFile(io.BytesIO(sent(answer))).namelist()


def test_long_lists_are_printed_in_parts_and_the_longest_are_left_to_the_csv(
    registrant: Client, month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(custody_export, "PDF_LINES_MAX", 2)
    archive = zipfile.ZipFile(io.BytesIO(sent(ask(registrant, "rates", **{"as": "inspection"}))))
    names = archive.namelist()
    assert "reconciliation-part-1.pdf" in names
    assert "reconciliation-part-2.pdf" in names
    assert not [name for name in names if name.startswith("movements") and name.endswith("pdf")]
    assert (
        "movements.pdf is not here\r\n  12 lines are too many to print" in archive.read("README.txt").decode()
    )


# --- who may, and what is written of it ---------------------------------------------------------------------


def test_a_nurse_has_no_reports(client: Client, month: Month) -> None:
    client.force_login(factories.user_of(people().nurse))
    assert client.get(reverse("stock_reports")).status_code == 403
    for wanted in ("screen", "csv", "pdf", "inspection"):
        assert ask(client, "administration", **{"as": wanted}).status_code == 403


@pytest.mark.parametrize("wanted", ["screen", "csv", "pdf", "inspection"])
def test_whoever_is_named_in_a_report_is_in_the_access_log(
    registrant: Client, month: Month, wanted: str
) -> None:
    sent(ask(registrant, "administration", **{"as": wanted}))
    logged = set(models.AccessRecord.objects.values_list("by_name", "patient", "route"))
    assert logged == {("Rosa Delgado PharmD", each, "stock_reports") for each in (month.mara, month.ines)}


def test_only_those_on_the_page_that_was_shown_are_in_the_access_log(
    registrant: Client, month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "LINES_A_PAGE", 1)
    ask(registrant, "administration", page="2")
    assert set(models.AccessRecord.objects.values_list("patient", flat=True)) == {month.ines}


def test_a_look_at_the_questions_and_at_balances_names_nobody(registrant: Client, month: Month) -> None:
    registrant.get(reverse("stock_reports"))
    for report in ("balance", "reconciliation", "counts", "cases", "rates"):
        sent(ask(registrant, report, **{"as": "csv"}))
    assert not models.AccessRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_served_csv_leaves_part_by_part_and_each_name_is_logged_before_it(
    month: Month, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()
    monkeypatch.setattr(custody_export, "CHUNK", 1)
    monkeypatch.setattr(custody_sheets, "CHUNK", 1)
    client = AsyncClient()
    client.force_login(factories.user_of(people().registrant))
    seen: list[tuple[bytes, int]] = []

    async def listen() -> None:
        asked = {"report": "administration", "period": "everything", "as": "csv"}
        answer: Any = await client.post(reverse("stock_reports"), asked)
        stream = answer.streaming_content
        seen.extend([(part, await models.AccessRecord.objects.acount()) async for part in stream])
        # The thread that the parts were read in keeps its connection, and the database could not be dropped.
        await sync_to_async(connections.close_all)()

    asyncio.run(listen())
    head, first, second = (part.decode("utf-8-sig") for part, _ in seen)
    assert head.startswith("given_at,patient,")
    assert "Mara" in first
    assert "Ines" in second
    assert [count for _, count in seen] == [0, 1, 2]
