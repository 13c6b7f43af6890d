"""The downtime pack as file and page: read back from the PDF, kept, told when it fails; and back-entry."""

import asyncio
import errno
import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from pypdf import PdfReader
from pytest_django import Settings
from typer.testing import CliRunner

from evenkeel.clinical.discharge import CRITERIA
from evenkeel.config import serving
from evenkeel.config.cli import app
from evenkeel.journey import infusion
from evenkeel.journey.rules import book, clinic_time
from evenkeel.record.entry import Author
from evenkeel.store import models, reading
from evenkeel.store.queries import custody
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web import downtime_pack, downtime_view, infusion_view
from evenkeel.web.downtime_files import UnableToKeep, keep
from evenkeel.web.printing import UnableToPrint
from tests import factories_chairside as chairside
from tests.factories import PASSWORD, act, people
from tests.pages import look, page_of, set_clock
from tests.pages import send as send_form

pytestmark = pytest.mark.django_db

START = chairside.STARTED_AT
AT = clinic_time(START + timedelta(minutes=14))
NAME = "Testwell"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The clinic's folder; this process has written nothing to it yet."""
    settings.DOWNTIME_DIR = tmp_path / "packs"
    settings.SECOND_FACTOR_ROLES = frozenset()
    monkeypatch.setattr(downtime_pack, "_last", None)
    set_clock(monkeypatch, AT)
    found: Path = settings.DOWNTIME_DIR
    return found


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page, without line breaks."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages]


def said(html: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def no_disk(*_: object, **__: object) -> None:
    """A disk without room."""
    raise UnableToKeep(OSError(errno.ENOSPC, ""))


def test_the_pack_says_what_a_nurse_goes_on_with() -> None:
    visit = chairside.running_visit()
    chairside.chart(visit, START + timedelta(minutes=10), chairside.signs(systolic=171))
    attempt = downtime_pack.refresh(AT)
    assert attempt.problem is None
    assert attempt.kept is not None
    found = pages_of(attempt.kept.path.read_bytes())
    total = len(found)
    details = reading.patient(reading.visit(visit).booking.payload.patient).demographics
    for number, words in enumerate(found, start=1):
        assert f"page {number} of {total}" in words
        assert "made 1 Jun 2026, 10:44" in words
    assert "No later entry is in here." in found[0]
    assert "Patients pages 2 to 3" in found[0]
    assert f"Empty forms for 8 h pages 4 to {total}" in found[0]
    for words in found[1:3]:
        assert f"{details.full_name} · born 14 Mar 1982 · record no. {details.record_number}" in words
    assert "12.2 mg of 35.1 mg ordered; 35 mL run, 65 mL left in the bag" in found[1]
    assert "171/80" in found[1]
    assert "From 180 mmHg systolic or 110 mmHg diastolic on" in found[1]
    assert "stop + 15 min, 11:25" in found[2]
    assert "A named adult receives the patient." in found[2]
    assert "Seen by: name, signature" in " ".join(found[3:])
    assert not any(details.full_name in words for words in found[3:])


def test_nothing_of_a_patient_stands_in_a_name_or_the_log(
    caplog: pytest.LogCaptureFixture, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chairside.running_visit()
    caplog.set_level(logging.DEBUG)
    downtime_pack.refresh(AT)

    def broken(*_: object) -> None:
        raise ValueError(f"no weight of Mara {NAME}, EK-0001")

    monkeypatch.setattr(downtime_view, "pack", broken)
    attempt = downtime_pack.refresh(AT + timedelta(minutes=15))
    assert attempt.problem == "The record could not be read for it (ValueError)."
    assert [record.getMessage() for record in caplog.records if record.name == "evenkeel.downtime"] == [
        "the downtime pack was not written: ValueError"
    ]
    assert NAME not in caplog.text
    assert "EK-0001" not in caplog.text
    assert [path.name for path in folder.iterdir()] == ["evenkeel-downtime-20260601T144400Z.pdf"]


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (no_disk, "The disk is full."),
        (UnableToPrint, "The pages could not be made into a PDF."),
        (OperationalError, "The record could not be read for it (OperationalError)."),
    ],
)
def test_what_fails_is_told_and_charting_goes_on(
    client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch, broken: Any, sentence: str
) -> None:
    visit, nurse = chairside.running_visit(), people().nurse
    older = keep(b"%PDF older", folder, AT - timedelta(minutes=15))

    def fail(*_: object, **__: object) -> None:
        if isinstance(broken, type):
            raise broken
        broken()

    with monkeypatch.context() as patched:
        patched.setattr(downtime_pack, "keep" if broken is no_disk else "make", fail)
        answer = send_form(client, nurse, "/downtime/")
        assert answer.status_code == 302
    shown = said(look(client, nurse, "/downtime/"))
    assert f"The last pack could not be written {sentence} The older packs are as they were." in shown
    assert older.path.read_bytes() == b"%PDF older"
    chairside.chart(visit, AT)
    assert reading.visit(visit).checks[-1].at == AT
    # The next one that is written takes the sentence away.
    send_form(client, nurse, "/downtime/")
    shown = said(look(client, nurse, "/downtime/"))
    assert "could not be written" not in shown
    assert "evenkeel-downtime-20260601T144400Z.pdf" in shown


def test_the_page_warns_of_no_pack_and_of_an_old_one(
    client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nurse = people().nurse
    assert "No pack lies in the folder." in look(client, nurse, "/downtime/")
    keep(b"%PDF", folder, AT)
    for minutes, is_old in ((20, False), (21, True)):
        set_clock(monkeypatch, AT + timedelta(minutes=minutes))
        shown = said(look(client, nurse, "/downtime/"))
        assert ("The last pack is old" in shown) == is_old
        assert f"1 Jun 2026, 10:44, {minutes} min ago" in shown
        assert str(folder) in shown


def test_a_folder_that_cannot_be_read_is_told_before_anybody_needs_it(client: Client, folder: Path) -> None:
    folder.write_bytes(b"a file in its place")
    shown = said(look(client, people().nurse, "/downtime/"))
    assert "The folder's name is that of a file, or leads through one." in shown.replace("&#39;", "'")


def test_a_fresh_pack_is_taken_away_and_who_took_whose_is_logged(client: Client, folder: Path) -> None:
    visit = chairside.running_visit()
    patient = reading.visit(visit).booking.payload.patient
    nurse = people().nurse
    look(client, nurse, "/downtime/")
    assert not models.AccessRecord.objects.filter(route="downtime").exists()
    answer = client.get("/downtime/pack.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"] == 'attachment; filename="evenkeel-downtime-20260601T144400Z.pdf"'
    assert NAME in " ".join(pages_of(answer.content))
    logged = models.AccessRecord.objects.filter(route="downtime_pdf").values_list("by_id", "patient")
    assert list(logged) == [(nurse.id, patient)]
    # The folder is the server's to fill; a nurse's own copy goes with the nurse.
    assert not folder.exists()


def test_a_pack_that_cannot_be_printed_sends_back_to_the_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise UnableToPrint

    monkeypatch.setattr(downtime_pack, "make", fail)
    look(client, people().nurse, "/downtime/")
    answer = client.get("/downtime/pack.pdf", follow=True)
    assert "The pages could not be made into a PDF. Print the charts one by one." in said(
        answer.content.decode()
    )


@pytest.mark.parametrize(
    ("role", "status"),
    [("nurse", 200), ("lead", 200), ("front_desk", 403), ("prescriber", 403), ("administrator", 403)],
)
def test_packs_are_for_nurses_and_the_lead(client: Client, role: str, status: int) -> None:
    look(client, getattr(people(), role), "/downtime/", status)
    assert client.get("/downtime/pack.pdf").status_code == status


def test_the_command_writes_where_it_is_told(tmp_path: Path, folder: Path) -> None:
    told = CliRunner().invoke(app, ["downtime-pack", str(tmp_path / "stick")])
    assert told.exit_code == 0
    (made,) = (tmp_path / "stick").iterdir()
    assert told.output.replace("\n", "") == str(made)
    assert made.read_bytes().startswith(b"%PDF")
    assert not folder.exists()
    refused = CliRunner().invoke(app, ["downtime-pack", str(tmp_path / "gone" / "stick")])
    assert refused.exit_code == 1
    assert "The folder is not there" in refused.output


def test_the_served_clinic_writes_packs_by_itself_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[datetime] = []
    enough = asyncio.Event()

    async def watch() -> None:
        loop = asyncio.get_running_loop()

        def refresh(at: datetime) -> None:
            written.append(at)
            if len(written) == 3:
                loop.call_soon_threadsafe(enough.set)

        monkeypatch.setattr(downtime_pack, "refresh", refresh)
        monkeypatch.setattr(downtime_pack, "EVERY", timedelta(milliseconds=1))
        packs = asyncio.create_task(serving.keep_packs())
        await asyncio.wait_for(enough.wait(), timeout=20)
        packs.cancel()

    # The figure, and what the page calls old leaves room for one pack that is late.
    assert timedelta(minutes=15) == downtime_pack.EVERY < downtime_pack.STALE_AFTER
    asyncio.run(watch())
    assert len(written) >= 3


# --- back-entry -------------------------------------------------------------------------------------------


def test_what_was_charted_on_paper_for_eight_hours_is_entered_with_its_times(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server goes at 10:44 and is back after eight hours; the pump is entered first, in order."""
    visit, nurse = chairside.running_visit(), people().nurse
    back_at = clinic_time(START + timedelta(hours=8, minutes=14))

    def on_paper(minutes: int) -> Any:
        return replace(act(nurse, START + timedelta(minutes=minutes)), recorded_at=back_at)

    infusion.pause(on_paper(20), visit=visit, reason="vomited")
    infusion.chart_signs(on_paper(24), visit=visit, signs=chairside.signs(), source="manual")
    infusion.resume(on_paper(25), visit=visit, rate=chairside.DRAWN["rate"])  # type: ignore[arg-type]
    infusion.stop(on_paper(45), visit=visit, reason="completed", note="", pump_volume=None)
    for minutes in (10, 20, 34, 44, 60, 75):
        infusion.chart_signs(on_paper(minutes), visit=visit, signs=chairside.signs(), source="manual")
    state = reading.visit(visit)
    # 20 min and 20 min at 2.5 mL a minute: the bag, by the times on the paper and not by those of the entry.
    assert state.stopped is not None
    assert state.given(state.stopped.at).mcg == 35_000
    first = state.checks[0]
    assert (first.at, first.history[0].recorded_at) == (START + timedelta(minutes=10), back_at)
    due = infusion_view.checks_due(book(), state, START + timedelta(minutes=76))
    assert due["missed"] == []
    set_clock(monkeypatch, back_at)
    chart = said(look(client, nurse, page_of(visit, "chart")))
    assert "charted late, written down 1 Jun 2026, 18:44" in chart
    assert f"{nurse.printed_name}, charted late at 18:44" in chart
    assert "10:40" in chart


def test_the_form_at_the_chair_takes_the_time_on_the_paper(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, nurse = chairside.running_visit(), people().nurse
    set_clock(monkeypatch, clinic_time(START + timedelta(hours=3)))
    typed = {"systolic": "128", "diastolic": "80", "happened_at": "2026-06-01T10:50"}
    answer = send_form(client, nurse, page_of(visit, "signs"), **typed)
    assert answer.status_code == 302
    (check,) = reading.visit(visit).checks
    assert check.at == START + timedelta(minutes=20)
    assert check.history[0].recorded_at == START + timedelta(hours=3)


def test_an_infusion_that_ran_on_paper_from_draw_to_the_way_home_is_entered_with_its_times(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system goes after the order, and is back when the patient has long left."""
    visit, nurse, other = chairside.ordered_visit(), people().nurse, people().nurse2
    back_at = clinic_time(chairside.LEFT_AT + timedelta(hours=3))
    set_clock(monkeypatch, back_at)

    def enter(page: str, at: datetime, typed: Mapping[str, Any], person: Author = nurse) -> None:
        when = f"{clinic_time(at):%Y-%m-%dT%H:%M}"
        seen = reading.visit(visit).seq
        answer = send_form(client, person, page_of(visit, page), happened_at=when, seen=seen, **typed)
        assert answer.status_code == 302, said(answer.content.decode())

    vial = custody.kept_for(visit)[0].lot
    found = re.search(rf'value="({reference_of(vial)}/[^"]*)"', look(client, nurse, page_of(visit, "draw")))
    assert found is not None
    drawn = {"volume": "0.7", "bag": "100", "rate": "150"}
    enter("draw", chairside.DRAWN_AT, drawn | {"vial": found[1]})
    record_number = chairside.second_reading(visit)["record_number"]
    read = drawn | {"record_number": str(record_number), "strength": "50000", "weight": "70.2"}
    enter("double_check", chairside.CHECKED_AT, read, other)
    proof = {"second_person": other.id, "password_of_second": PASSWORD}
    enter("time_out", chairside.TIME_OUT_AT, {"confirmed": list(infusion.TIME_OUT), **proof})
    enter("start", START, {"pump": "Pump 7", "cannula_site": "left forearm, 22 G"})
    signs = {
        "systolic": "128",
        "diastolic": "80",
        "pulse": "76",
        "spo2": "98",
        "breaths": "14",
        "sedation": "5",
    }
    for minutes in (*range(10, 41, 10), *range(55, 161, 15), 164):
        enter("signs", START + timedelta(minutes=minutes), signs)
    enter("stop", chairside.STOPPED_AT, {"reason": "completed", "pump_volume": "100"})
    criteria = {f"criterion_{question.key}": question.safe for question in CRITERIA}
    receives = {"received_by": "Jon Testwell", "received_by_phone": "555-0101", "instructions_given": "on"}
    enter("visit_waste", chairside.LEFT_AT, {"cause": "left_over", **rests(client, visit), **proof})
    enter("discharge", chairside.LEFT_AT, {"password": PASSWORD, **criteria, **receives})
    state = reading.visit(visit)
    assert state.started is not None
    assert state.discharge is not None
    assert (state.started.at, state.discharge.at) == (START, chairside.LEFT_AT)
    assert state.started.history[0].recorded_at == state.discharge.history[0].recorded_at == back_at
    assert state.given(START + timedelta(minutes=14)).mcg == 12_250


def rests(client: Client, visit: StreamId) -> dict[str, str]:
    """The boxes of the waste, each with what should be left: nothing of the bag, 9.3 mL of the vial."""
    page = look(client, people().nurse, page_of(visit, "visit_waste"))
    boxes = re.findall(r'name="(rest_[^"]+)"', page)
    return {name: "9.3" if "vial" in name or len(boxes) == 1 else "0" for name in boxes}


def test_what_was_charted_at_once_is_not_called_late(client: Client) -> None:
    visit = chairside.running_visit()
    chairside.chart(visit, START + timedelta(minutes=10))
    assert "charted late" not in look(client, people().nurse, page_of(visit, "chart"))
