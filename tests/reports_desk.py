"""Somebody who asks the drug ledger for reports: a month of it, and questions as their browser sends them."""

import csv
import io
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader
from pytest_django import Settings

from evenkeel.journey import referral
from evenkeel.store import reading
from evenkeel.values.ids import EntryId, StreamId
from evenkeel.web import pages
from tests import factories, factories_custody
from tests.factories import NOW, act, people
from tests.ledger_days import MINUTE, infuse

# A month after the tests' day, so that "last month" is the month of everything below.
LATER = NOW + timedelta(days=40)
ADDRESS = "12 Harbor Lane\nPortland, ME 04101"


@dataclass(frozen=True)
class Month:
    """One month of a small clinic: two patients, two lots of ketamine and one of midazolam."""

    mara: StreamId
    ines: StreamId
    lot: StreamId
    strong: StreamId
    midazolam: StreamId
    first: dict[str, EntryId]


def visit_of(given_name: str, chair: int) -> tuple[StreamId, StreamId]:
    """A patient of that name and a visit of theirs."""
    visit = factories.checked_in_visit(chair=factories.chairs()[chair])
    patient = reading.visit(visit).booking.payload.patient
    state = reading.patient(patient)
    referral.change_details(
        act(people().front_desk, seen=state.seq),
        patient=patient,
        demographics=replace(state.demographics, given_name=given_name, address=ADDRESS),
    )
    return patient, visit


def month_of_ledger() -> Month:
    """Infusions of 50 mg/mL and 100 mg/mL ketamine, three days apart, and midazolam in the cabinet."""
    mara, visit = visit_of("Mara", 0)
    ines, other = visit_of("Ines", 1)
    lot = factories_custody.receive(lot="K-2231", vials=4)
    strong = factories_custody.receive(product="ketamine_100_5", lot="K-9", vials=2)
    midazolam = factories_custody.receive(product="midazolam_1_2", lot="M-1", vials=3)
    first = infuse(lot, visit, NOW + 60 * MINUTE, vial="K-2231-1", drawn=40, given=35)
    infuse(strong, other, NOW + timedelta(days=3), vial="K-9-1", drawn=50, given=50, by=people().prescriber)
    return Month(mara=mara, ines=ines, lot=lot, strong=strong, midazolam=midazolam, first=first)


def sits_down(client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Client:
    """The registrant's browser, in the month after."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    monkeypatch.setattr(pages, "now", lambda: LATER)
    client.force_login(factories.user_of(people().registrant))
    return client


def ask(client: Client, report: str, **narrowed: str) -> Any:
    """Send the question, on screen unless it says otherwise."""
    return client.post(reverse("stock_reports"), {"report": report, "period": "last_month"} | narrowed)


def sent(answer: Any) -> bytes:
    """What came, whether at once or in parts."""
    assert answer.status_code == 200, answer.content[:500]
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def lines(client: Client, report: str, **narrowed: str) -> list[dict[str, str]]:
    """The report's CSV, read back."""
    text = sent(ask(client, report, **{"as": "csv"} | narrowed)).decode("utf-8-sig")
    assert "\r\n" in text
    return list(csv.DictReader(io.StringIO(text, newline="")))


def text_of(pdf: bytes) -> str:
    """The words of a PDF."""
    return " ".join(" ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf)).pages).split())
