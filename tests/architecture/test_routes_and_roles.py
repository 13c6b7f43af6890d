"""Every address as every role: it answers what the policy says, and logs whom it shows."""

import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from evenkeel.clinical.library import docs_pages, library
from evenkeel.clinical.rulebook_model import STAGES
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
OPEN_EVERYTHING: tuple[Role, ...] = ("prescriber", "lead", "administrator")


@dataclass(frozen=True)
class Case:
    """One patient's streams, and the name that a page would show."""

    patient: StreamId
    course: StreamId
    visit: StreamId
    given_name: str


Cases = tuple[Case, Case, Case]


def case_of(visit: StreamId) -> Case:
    """What belongs to a visit."""
    booking = reading.visit(visit).booking.payload
    name = reading.patient(booking.patient).demographics.given_name
    return Case(patient=booking.patient, course=booking.course, visit=visit, given_name=name)


@pytest.fixture
def cases() -> Cases:
    """Three patients at different points of their course.

    One who has gone home, one who was checked in, and one whose infusion runs; the last is only met in lists,
    since a chart of months, from the tests' June to this day, would take minutes to draw.
    """
    first, second, third = factories.chairs()
    return (
        case_of(factories_chairside.discharged_visit(first)),
        case_of(factories.checked_in_visit(chair=second)),
        case_of(factories_chairside.running_visit(third)),
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
        "alert": 1,
        "after": 3,
        "pk": 1,
        "key": "abc",
        "uidb36": "1",
        "monitor": "MON-1",
        "topic": "side-effects",
        "rule": "CHK-BP-002",
        "limit": "systolic",
        "chair": "chair-1",
        "site": "main",
        "case": str(uuid.uuid4()),
        "custody": str(uuid.uuid4()),
        "vial": "V-1",
        "gateway": str(uuid.uuid4()),
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


def test_only_signing_in_and_out_and_the_library_are_for_anybody() -> None:
    anybody = {route.name for route in ROUTES if "anybody" in (route.to_look, route.to_send)}
    assert anybody == {
        "account_login",
        "account_logout",
        "account_inactive",
        "mfa_authenticate",
        "mfa_login_webauthn",
        "library",
        "library_claims",
        "library_topic",
        # The tablet's own script, which holds nothing of anybody; a browser fetches it without a session.
        "offline_worker",
        # Doors for machines: they ask for a token of their own with every request.
        "fhir_bundle",
        "fhir_observation",
        "json_observations",
        # What those doors take, which says nothing of the clinic.
        "fhir_metadata",
    }


def test_the_navigation_leads_somewhere() -> None:
    names = {route.name: route for route in ROUTES}
    for name, _, action in PLACES:
        assert names[name].to_look == action


def asked(route: Route, method: str) -> Asked:
    """What the route asks for with that method."""
    return route.to_look if method == "GET" else route.to_send


@dataclass(frozen=True)
class Visited:
    """What one request came to: its status, whom its answer names, and whom the access log then has."""

    request: str
    asked: Asked
    status: int
    named: frozenset[StreamId]
    logged: frozenset[StreamId]


def visit(
    client: Client, person: models.Clinician, route: Route, method: str, cases: Cases, own: Case
) -> Visited:
    """Send one request, note what came of it, and take back whatever it wrote."""
    cache.clear()
    with transaction.atomic():
        to = address(route, own)
        answer: Any = client.get(to) if method == "GET" else client.post(to, {})
        words = "" if answer.streaming else answer.content.decode(errors="ignore")
        log = models.AccessRecord.objects.filter(
            by_id=str(person.pk), route=route.name, method=method, status=answer.status_code
        )
        logged = frozenset(StreamId(patient) for patient in log.values_list("patient", flat=True))
        transaction.set_rollback(True)
    named = {case.patient for case in cases if re.search(rf"\b{re.escape(case.given_name)}\b", words)}
    return Visited(
        request=f"{method} /{route.pattern}",
        asked=asked(route, method),
        status=answer.status_code,
        named=frozenset(named),
        logged=logged,
    )


def for_each_database(role: Role) -> Any:
    """The role; on PostgreSQL only those who between them open everything, since all ask the same there."""
    return pytest.param(role, marks=() if role in OPEN_EVERYTHING else pytest.mark.one_database)


def test_some_roles_open_everything() -> None:
    left_out = [
        f"{method} /{route.pattern}"
        for route in ROUTES
        for method in ("GET", "POST")
        if asked(route, method) not in {"anybody", "closed"}
        and not any(is_permitted(asked(route, method), role) for role in OPEN_EVERYTHING)
    ]
    assert left_out == []


@pytest.mark.django_db
@pytest.mark.parametrize("role", [for_each_database(role) for role in ROLES])
def test_each_role_opens_what_it_may_and_whom_it_sees_is_logged(
    client: Client, cases: Cases, role: Role, settings: Settings
) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()
    person = person_of(role)
    client.force_login(person)
    client.raise_request_exception = False
    walk = [
        visit(client, person, route, method, cases, own)
        for route in ROUTES
        for method in ("GET", "POST")
        if asked(route, method) != "anybody"
        for own in (cases[:2] if route.parameters else cases[:1])
    ]
    against_the_policy = [
        f"{each.request}: {each.status}"
        for each in walk
        if (each.status == FORBIDDEN) == is_permitted(each.asked, role) or each.status >= 500
    ]
    assert against_the_policy == []
    assert [each.request for each in walk if not each.named <= each.logged] == []
    # Who answers for the drug sees who had it, in the administration log and in a recall.
    sees_patients = is_permitted("patient.read", role) or is_permitted("custody.report", role)
    assert any(each.named for each in walk) == sees_patients


@pytest.mark.django_db
@pytest.mark.one_database
def test_nobody_who_is_not_signed_in_opens_anything(client: Client, cases: Cases) -> None:
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


def test_stale_pages_are_noticed_and_written_anew(tmp_path: Any) -> None:
    missing = {Path(page).relative_to(tmp_path).as_posix() for page in stale_pages(tmp_path)}
    assert missing == {
        "scales.md",
        *(f"rulebook/{name}.md" for name in (*STAGES, "index", "sources", "proposals", "disagreements")),
        "permissions.md",
        "pharmacology/commands.md",
        "evidence/models.md",
        *docs_pages.render_all(library()),
    }
    write_pages(tmp_path)
    assert stale_pages(tmp_path) == []
    page = tmp_path / "permissions.md"
    assert "| `order.sign` | – | – | yes | – | – | – |" in page.read_text()
    page.write_text(page.read_text().replace("| `order.sign` | –", "| `order.sign` | yes"))
    assert stale_pages(tmp_path) == [str(page)]
