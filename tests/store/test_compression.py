"""What travels gzipped and what does not, and that it says the same either way."""

import gzip
from datetime import timedelta
from typing import Any

import pytest

from tests import factories_chairside as chairside
from tests.factories import people
from tests.store.test_chairside_pages import START, Clock, as_, clock, page_of

__all__ = ["clock"]

pytestmark = pytest.mark.django_db

TAKES_IT = {"Accept-Encoding": "gzip, deflate, br"}
STYLES = "/static/vendor/nhsuk-frontend/nhsuk-frontend.min.css"


def body(answer: Any) -> bytes:
    """The bytes as they travel."""
    return b"".join(answer) if answer.streaming else bytes(answer.content)


@pytest.fixture
def chart(clock: Clock) -> str:
    """The address of a chart."""
    visit = chairside.running_visit()
    clock(START + timedelta(minutes=1))
    return page_of(visit, "chart")


def test_pages_and_data_are_packed_for_browsers_that_take_it_and_for_no_other(chart: str) -> None:
    reader = as_(people().nurse)
    for address in (chart, f"{chart}data/"):
        plain, packed = reader.get(address), reader.get(address, headers=TAKES_IT)
        assert not plain.has_header("Content-Encoding")
        assert packed["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed["Vary"]
        assert packed["Cache-Control"] == plain["Cache-Control"] == "no-store"
        assert len(body(packed)) == int(packed["Content-Length"]) < len(body(plain)) / 2
        assert packed["Content-Type"] == plain["Content-Type"]
    plain, packed = (reader.get(f"{chart}data/", headers=each) for each in ({}, TAKES_IT))
    assert gzip.decompress(body(packed)) == body(plain)


def test_over_https_no_page_is_packed_that_another_site_could_have_asked_for(chart: str) -> None:
    reader = as_(people().nurse)
    asked = {
        who: reader.get(chart, headers=TAKES_IT | ({"Sec-Fetch-Site": who} if who else {}), secure=True)
        for who in ("same-origin", "none", "cross-site", "same-site", "")
    }
    assert {who for who, answer in asked.items() if answer.has_header("Content-Encoding")} == {
        "same-origin",
        "none",
    }
    assert len({answer.status_code for answer in asked.values()}) == 1


def test_the_event_stream_is_never_packed(chart: str) -> None:
    answer = as_(people().nurse).get("/live/", headers=TAKES_IT)
    assert answer["Content-Type"] == "text/event-stream"
    assert not answer.has_header("Content-Encoding")


def test_a_file_is_packed_once_and_found_unchanged_either_way() -> None:
    reader = as_(people().nurse)
    plain, packed = reader.get(STYLES), reader.get(STYLES, headers=TAKES_IT)
    assert packed["Content-Encoding"] == "gzip"
    assert not plain.has_header("Content-Encoding")
    assert "Accept-Encoding" in plain["Vary"]
    assert "Accept-Encoding" in packed["Vary"]
    whole, small = body(plain), body(packed)
    assert gzip.decompress(small) == whole
    assert len(small) == int(packed["Content-Length"]) < len(whole) / 4
    for answer in (plain, packed):
        again = reader.get(STYLES, headers=TAKES_IT | {"If-None-Match": answer["ETag"]})
        assert again.status_code == 304


def test_part_of_a_file_and_a_font_travel_as_they_are() -> None:
    reader = as_(people().nurse)
    part = reader.get(STYLES, headers=TAKES_IT | {"Range": "bytes=0-99"})
    assert part.status_code == 206
    assert len(body(part)) == 100
    font = reader.get("/static/vendor/noto-sans/NotoSans_400Regular.ttf", headers=TAKES_IT)
    assert not part.has_header("Content-Encoding")
    assert not font.has_header("Content-Encoding")
