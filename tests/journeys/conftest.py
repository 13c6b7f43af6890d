"""Clinics that are really served, people who sit at real screens, and what is kept when a test fails."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from playwright.sync_api import Error as BrowserError

from tests.journeys.person import Meets, Person
from tests.journeys.served import CHAIRS, ROOT, Clinic
from tests.journeys.staff import PASSWORD

# Several clinics and a browser may share two processors.
expect.set_options(timeout=30_000)

FAILURES: Final = ROOT / ".cache" / "test-reports" / "failures"


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """One clinic for every test that leaves others in peace: each brings patients and chairs of its own."""
    with Clinic.furnished(tmp_path_factory.mktemp("clinic"), chairs=CHAIRS) as clinic:
        yield clinic


@pytest.fixture
def meets(new_context: Callable[..., BrowserContext], request: pytest.FixtureRequest) -> Iterator[Meets]:
    """Bring somebody to a screen: `meets(clinic, "nurse")`. In the end nothing may be wrong on any page."""
    present: list[Person] = []
    clinics: list[Clinic] = []
    request.node.stash[_PRESENT] = present
    request.node.stash[_CLINICS] = clinics

    def meet(clinic: Clinic, username: str, password: str = PASSWORD, **options: Any) -> Person:
        person = Person(new_context(**options), clinic.address, username, password)
        clinics.append(clinic)
        present.append(person)
        return person

    yield meet
    findings = list(dict.fromkeys(finding for person in present for finding in person.findings))
    if findings:
        pytest.fail("\n".join(["Wrong on the pages that were met:", *findings]), pytrace=False)


@pytest.fixture
def no_event_stream(page: Page) -> None:
    """Leave the event stream out: Django's server for tests would wait minutes for its end."""
    page.route("**/live/**", lambda route: route.abort())


_PRESENT = pytest.StashKey[list[Person]]()
_CLINICS = pytest.StashKey[list[Clinic]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keep a picture of every screen, and the last words of the server, when a browser test fails."""
    report: pytest.TestReport = yield  # type: ignore[assignment]  # pytest sends the report in here
    if report.when == "call" and report.failed and _PRESENT in item.stash:
        for person in item.stash[_PRESENT]:
            report.sections.append((f"screen of {person.username}", _screen(item, person)))
        clinics = item.stash[_CLINICS]
        for clinic in dict.fromkeys(clinics):
            report.sections.append(("server", "\n".join(clinic.log.read_text().splitlines()[-40:])))
    return report  # type: ignore[return-value]


def _screen(item: pytest.Item, person: Person) -> str:
    FAILURES.mkdir(parents=True, exist_ok=True)
    picture: Path = FAILURES / f"{re.sub(r'[^a-z0-9]+', '-', item.name.lower())}-{person.username}.png"
    try:
        person.page.screenshot(path=picture, full_page=True, timeout=5000)
        words = person.page.locator("main").inner_text(timeout=2000)
    except BrowserError as gone:
        return f"no picture: {gone.message.splitlines()[0]}"
    return f"{person.page.url}\npicture: {picture.relative_to(ROOT)}\n{words[:1500]}"
