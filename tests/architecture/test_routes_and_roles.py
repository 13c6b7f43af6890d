"""Every address as every role: it answers what the policy says, and logs whom it shows."""

import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from evenkeel.config.generated_pages import stale_pages, write_pages
from evenkeel.journey.policy import ROLES
from evenkeel.record.entry import Role
from evenkeel.store import models, reading
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web.context import PLACES
from evenkeel.web.routes import ACCOUNT_ROUTES, Asked, Route, every_route, is_permitted
from tests import factories, factories_chairside

FORBIDDEN = 403
ROUTES = tuple(every_route())


@dataclass(frozen=True)
class Case:
    """One patient's streams, and the name that a page would show."""

    patient: StreamId
    course: StreamId
    visit: StreamId
    given_name: str


def case_of(visit: StreamId) -> Case:
    """What belongs to a visit."""
    booking = reading.visit(visit).booking.payload
    name = reading.patient(booking.patient).demographics.given_name
    return Case(patient=booking.patient, course=booking.course, visit=visit, given_name=name)


@pytest.fixture
def cases() -> tuple[Case, Case]:
    """Two patients at different points of their course.

    One whose infusion runs, one who was only checked in.
    """
    first, second, _ = factories.chairs()
    return (
        case_of(factories_chairside.running_visit(first)),
        case_of(factories.checked_in_visit(chair=second)),
    )


def address(route: Route, case: Case) -> str:
    """The address of a route for one patient; what it leaves open is filled in from their record."""
    known = {
        "patient": reference_of(case.patient),
        "course": reference_of(case.course),
        "visit": reference_of(case.visit),
        "person": str(uuid.uuid4()),
        "kind": "visit",
        "reference": reference_of(case.visit),
        "scale": "phq9",
        "seq": 1,
        "after": 3,
        "pk": 1,
        "key": "abc",
        "uidb36": "1",
        "monitor": "MON-1",
        "chair": "chair-1",
    }
    missing = [name for name in route.parameters if name not in known]
    assert not missing, f"say here what stands for {missing} in /{route.pattern}"
    return reverse(route.name, kwargs={name: known[name] for name in route.parameters})


def person_of(role: Role) -> models.Clinician:
    """Somebody of that role."""
    return factories.user_of(getattr(factories.people(), role))


def send(client: Client, method: str, to: str) -> HttpResponse:
    """Send a request and take back whatever it wrote, so that every one meets the same clinic."""
    with transaction.atomic():
        answer: Any = client.get(to) if method == "GET" else client.post(to, {})
        transaction.set_rollback(True)
    return answer  # type: ignore[no-any-return]


def test_every_route_has_a_name_of_its_own_and_says_what_it_asks_for() -> None:
    names = [route.name for route in ROUTES]
    assert len(names) == len(set(names)) > len(ACCOUNT_ROUTES)
    silent = [
        route.pattern for route in ROUTES if route.to_look == "closed" and route.name not in ACCOUNT_ROUTES
    ]
    assert silent == []
    stale = set(ACCOUNT_ROUTES) - set(names)
    assert stale == set()


def test_only_signing_in_and_out_is_for_anybody() -> None:
    anybody = {route.name for route in ROUTES if "anybody" in (route.to_look, route.to_send)}
    assert anybody == {
        "account_login",
        "account_logout",
        "account_inactive",
        "mfa_authenticate",
        "mfa_login_webauthn",
    }


def test_the_navigation_leads_somewhere() -> None:
    names = {route.name: route for route in ROUTES}
    for name, _, action in PLACES:
        assert names[name].to_look == action


def asked(route: Route, method: str) -> Asked:
    """What the route asks for with that method."""
    return route.to_look if method == "GET" else route.to_send


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_what_it_may_and_nothing_else(
    client: Client, cases: tuple[Case, Case], role: Role, settings: Settings
) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()
    client.raise_request_exception = False
    client.force_login(person_of(role))
    wrong = []
    for route in ROUTES:
        for method in ("GET", "POST"):
            if asked(route, method) == "anybody":
                continue
            for case in cases if route.parameters else cases[:1]:
                cache.clear()
                status = send(client, method, address(route, case)).status_code
                is_refused = status == FORBIDDEN
                if is_refused == is_permitted(asked(route, method), role) or status >= 500:
                    wrong.append(f"{method} /{route.pattern}: {status}")
    assert wrong == []


@pytest.mark.django_db
def test_nobody_who_is_not_signed_in_opens_anything(client: Client, cases: tuple[Case, Case]) -> None:
    wrong = []
    for route in ROUTES:
        to = address(route, cases[0])
        for method in ("GET", "POST"):
            wanted = asked(route, method)
            if wanted == "anybody":
                continue
            answer = send(client, method, to)
            if wanted == "closed":
                is_right = answer.status_code == FORBIDDEN
            elif method == "GET":
                is_right = answer.status_code == 302 and answer["Location"].startswith(
                    "/accounts/login/?next="
                )
            else:
                is_right = answer.status_code == 401
            if not is_right or cases[0].given_name in str(getattr(answer, "content", b"")):
                wrong.append(f"{method} {to}: {answer.status_code}")
    assert wrong == []
    assert not models.AccessRecord.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_every_page_that_names_a_patient_is_in_the_access_log(
    client: Client, cases: tuple[Case, Case], role: Role, settings: Settings
) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()
    person = person_of(role)
    client.force_login(person)
    named = 0
    unrecorded = []
    for route in ROUTES:
        if route.to_look in ("anybody", "closed") or not is_permitted(route.to_look, role):
            continue
        for case in cases if route.parameters else cases[:1]:
            last = models.AccessRecord.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            answer: Any = client.get(address(route, case))
            words = b"" if answer.streaming else answer.content
            for shown in cases:
                if not re.search(rf"\b{re.escape(shown.given_name)}\b", words.decode(errors="ignore")):
                    continue
                named += 1
                written = models.AccessRecord.objects.filter(
                    pk__gt=last,
                    patient=shown.patient,
                    by_id=str(person.pk),
                    route=route.name,
                    method="GET",
                    status=answer.status_code,
                )
                if written.count() != 1:
                    unrecorded.append(f"/{route.pattern} names {shown.given_name}")
    assert unrecorded == []
    reads_patients = is_permitted("patient.read", role)
    assert (named > 0) == reads_patients


def test_stale_pages_are_noticed_and_written_anew(tmp_path: Any) -> None:
    assert len(stale_pages(tmp_path)) == 2
    write_pages(tmp_path)
    assert stale_pages(tmp_path) == []
    page = tmp_path / "permissions.md"
    assert "| `order.sign` | – | – | yes | – | – | – |" in page.read_text()
    page.write_text(page.read_text().replace("| `order.sign` | –", "| `order.sign` | yes"))
    assert stale_pages(tmp_path) == [str(page)]
