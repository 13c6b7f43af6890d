"""The access log, whatever kind of answer a patient's data leave in."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.test import AsyncClient, Client
from django.urls import include, path
from django.views import View
from pytest_django import Settings

from evenkeel.journey.policy import Action
from evenkeel.store import access, models, reading
from evenkeel.values.ids import StreamId, stream_of
from evenkeel.web import middleware, pages
from evenkeel.web.pages import Page
from tests import factories


class AsJson(Page):
    """One patient as data."""

    action: ClassVar[Action] = "patient.read"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Answer with the patient's name."""
        state = reading.patient(self.stream("patient"))
        return JsonResponse({"name": state.demographics.given_name})

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Touch the patient, then break."""
        reading.patient(self.stream("patient"))
        raise RuntimeError


class AsStream(Page):
    """One patient, read only while the answer is being sent."""

    action: ClassVar[Action] = "patient.read"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Send a word that names nobody, then the name."""
        patient = self.stream("patient")

        def parts() -> Iterator[str]:
            yield "first"
            yield reading.patient(patient).demographics.given_name

        return StreamingHttpResponse(parts())


class AsAsyncStream(View):
    """The same from an async view, as event streams are."""

    action: ClassVar[Action] = "patient.read"

    async def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Send a word that names nobody, then the name twice."""
        patient = stream_of("patient", str(kwargs["patient"]))

        async def parts() -> AsyncIterator[str]:
            yield "first"
            for _ in range(2):
                state = await sync_to_async(reading.patient)(patient)
                yield state.demographics.given_name

        return StreamingHttpResponse(parts())


class WithoutAction(View):
    """A view whose author forgot to say what it asks for."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return HttpResponse("seen")


urlpatterns = [
    path("", include("evenkeel.config.urls")),
    path("as-json/<uuid:patient>/", AsJson.as_view(), name="as_json"),
    path("as-stream/<uuid:patient>/", AsStream.as_view(), name="as_stream"),
    path("as-async-stream/<uuid:patient>/", AsAsyncStream.as_view(), name="as_async_stream"),
    path("without-action/", WithoutAction.as_view(), name="without_action"),
]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def mara() -> StreamId:
    """A patient."""
    return factories.patient_and_course()[0]


@pytest.fixture
def nurse(client: Client) -> Client:
    """A nurse's browser."""
    client.force_login(factories.user_of(factories.people().nurse))
    return client


def lines() -> list[tuple[str, str, str, int]]:
    """What the log says."""
    rows = models.AccessRecord.objects.order_by("pk")
    return list(rows.values_list("by_name", "patient", "route", "status"))


def at(kind: str, patient: StreamId) -> str:
    """The address of the patient as that kind of answer."""
    return f"/{kind}/{patient.partition(':')[2]}/"


def test_data_are_logged_like_pages(nurse: Client, mara: StreamId) -> None:
    assert nurse.get(at("as-json", mara)).status_code == 200
    assert lines() == [("Nora Lindqvist RN", mara, "as_json", 200)]


def test_a_request_that_broke_is_logged_too(nurse: Client, mara: StreamId) -> None:
    nurse.raise_request_exception = False
    assert nurse.post(at("as-json", mara)).status_code == 500
    assert lines() == [("Nora Lindqvist RN", mara, "as_json", 500)]


def test_a_stream_is_logged_before_the_name_leaves(nurse: Client, mara: StreamId) -> None:
    answer: Any = nurse.get(at("as-stream", mara))
    parts = iter(answer.streaming_content)
    assert next(parts) == b"first"
    assert lines() == []
    assert next(parts).startswith(b"Mara")
    assert lines() == [("Nora Lindqvist RN", mara, "as_stream", 200)]


def test_without_the_log_there_is_no_answer(
    nurse: Client, mara: StreamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(access, "write", full)
    nurse.raise_request_exception = False
    answer = nurse.get(at("as-json", mara))
    assert answer.status_code == 500
    assert b"Mara" not in answer.content


def test_a_view_that_says_nothing_is_nobodys(nurse: Client) -> None:
    assert nurse.get("/without-action/").status_code == 403
    admin = Client()
    admin.force_login(factories.user_of(factories.people().administrator))
    assert admin.get("/without-action/").status_code == 403
    assert Client().get("/without-action/").status_code == 403


def test_a_page_that_follows_the_clinic_is_one_look_for_a_while(
    nurse: Client, mara: StreamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = pages.now()
    moment = [start]
    monkeypatch.setattr(middleware, "now", lambda: moment[0])
    monkeypatch.setattr(middleware, "_looks", middleware._Looks())
    by_itself = {"x-evenkeel-fragment": "1"}
    for seconds in range(0, 301, 30):
        moment[0] = start + timedelta(seconds=seconds)
        nurse.get(at("as-json", mara), headers=by_itself)
    assert len(lines()) == 2  # at the start, and after five minutes
    nurse.get(at("as-json", mara))
    assert len(lines()) == 3  # whoever opens the page is always logged
    other = Client()
    other.force_login(factories.user_of(factories.people().prescriber))


@pytest.mark.django_db(transaction=True)
def test_an_event_stream_of_an_async_view_is_logged_once(mara: StreamId) -> None:
    user = factories.user_of(factories.people().nurse)
    client = AsyncClient()
    client.force_login(user)
    seen: list[tuple[bytes, int]] = []

    async def listen() -> None:
        answer: Any = await client.get(at("as-async-stream", mara))
        assert answer.status_code == 200
        stream = answer.streaming_content
        seen.extend([(part, await models.AccessRecord.objects.acount()) async for part in stream])

    asyncio.run(listen())
    assert seen[0] == (b"first", 0)
    assert [count for _, count in seen] == [0, 1, 1]
    assert lines() == [("Nora Lindqvist RN", mara, "as_async_stream", 200)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["as-json", "as-async-stream"])
def test_the_policy_holds_for_async_requests_too(mara: StreamId, kind: str, settings: Settings) -> None:
    client = AsyncClient()
    away = asyncio.run(client.get(at(kind, mara)))
    assert away.status_code == 302
    client.force_login(factories.user_of(factories.people().administrator))
    assert asyncio.run(client.get(at(kind, mara))).status_code == 403
    settings.SECOND_FACTOR_ROLES = frozenset({"prescriber"})
    client.force_login(factories.user_of(factories.people().prescriber))
    answer = asyncio.run(client.get(at(kind, mara)))
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/")
    assert lines() == []
