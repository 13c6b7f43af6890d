"""The board in the browser: one chair or fifty, on the wall, and a prescriber says that they are on site."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evenkeel.values.ids import reference_of
from tests import factories
from tests import factories_chairside as chairside
from tests.journeys.one_screen import ClinicClock, press, wrong_on
from tests.journeys.test_security_in_the_browser import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_event_stream")]

START = chairside.STARTED_AT
# What hangs on a wall: a screen of 1080 lines.
WALL = {"width": 1920, "height": 1080}


@pytest.fixture
def clinic(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> str:
    """The clinic's address, eleven minutes after the start. The second factor has tests of its own."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    settings.IDLE_LOGOFF_MINUTES = 600
    ClinicClock(monkeypatch, START + timedelta(minutes=11))
    factories.people()
    return live_server.url


def seat(chair: int, of: int, *systolic: int) -> None:
    """Somebody at a chair, charted each minute, at last ten minutes after the start."""
    visit = chairside.running_visit(factories.chairs(of)[chair - 1])
    for ago, each in enumerate(reversed(systolic or (128,))):
        chairside.chart(visit, START + timedelta(minutes=10 - ago), chairside.signs(each, 82))


def cut_off(page: Page) -> list[str]:
    """The chairs whose tile does not fit on the screen, or holds more than it shows."""
    found: list[str] = page.evaluate("""() => [...document.querySelectorAll(".ek-tile")].filter((tile) => {
        const box = tile.getBoundingClientRect();
        const inner = tile.scrollHeight > tile.clientHeight + 1 || tile.scrollWidth > tile.clientWidth + 1;
        return inner || box.bottom > innerHeight + 1 || box.right > innerWidth + 1;
    }).map((tile) => tile.dataset.chair)""")
    return found


@pytest.mark.parametrize("count", [1, 12, 24, 50])
def test_every_chair_is_on_one_wall_and_the_worst_is_named_above(page: Page, clinic: str, count: int) -> None:
    taken = sorted({1, count, *range(3, count, 5)})
    for chair in taken:
        seat(chair, count, 186 if chair == taken[-1] else 128)
    page.set_viewport_size(WALL)  # type: ignore[arg-type]  # a plain dict will do
    sign_in(page, clinic, "desk", to="/board/wall/")
    expect(page.locator(".ek-tile")).to_have_count(count)
    assert cut_off(page) == []
    first = page.locator(".ek-worst__one").first
    expect(first).to_contain_text(f"Chair {count}")
    expect(first).to_contain_text("186")
    assert first.bounding_box()["y"] < page.locator(".ek-tile").first.bounding_box()["y"]  # type: ignore[index]
    expect(page.get_by_text("Mara")).to_have_count(0)
    assert wrong_on(page) == []


def test_where_alerts_take_room_on_the_wall_the_next_check_stays_in_sight(page: Page, clinic: str) -> None:
    seat(1, 12, 168, 186)
    seat(3, 12, 168)
    seat(8, 12)
    page.set_viewport_size(WALL)  # type: ignore[arg-type]  # a plain dict will do
    sign_in(page, clinic, "desk", to="/board/wall/")
    expect(page.locator(".ek-tile")).to_have_count(12)
    expect(page.locator(".ek-tile__more").first).to_have_text(re.compile(r"; \d more$"))
    assert cut_off(page) == []
    expect(page.locator(".ek-tile__due")).to_have_count(3)


def test_a_prescriber_says_that_they_are_on_site_and_that_they_leave(page: Page, clinic: str) -> None:
    factories.chairs(3)
    sign_in(page, clinic, "prescriber", to="/board/")
    expect(page.get_by_text("No prescriber has said to be on site")).to_be_visible()
    assert wrong_on(page) == []
    press(page, "I am on site")
    expect(page.get_by_role("region", name="Who is here")).to_contain_text("Dr. Priya Raman since")
    press(page, "I leave the site")
    expect(page.get_by_text("No prescriber has said to be on site")).to_be_visible()


def test_a_device_in_a_bright_room_shows_board_and_chart_light_and_remembers_it(
    page: Page, clinic: str
) -> None:
    visit = chairside.running_visit(factories.chairs(8)[1])
    chairside.chart(visit, START + timedelta(minutes=10), chairside.signs(186, 82))
    chairside.assign_monitor(factories.chairs(8)[4])
    seat(5, 8)
    sign_in(page, clinic, "nurse", to="/board/")
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    assert wrong_on(page) == []
    page.get_by_role("button", name="Light screen").click()
    expect(root).to_have_attribute("data-theme", "light")
    assert wrong_on(page) == []
    page.goto(f"{clinic}/visits/{reference_of(visit)}/chart/")
    expect(root).to_have_attribute("data-theme", "light")
    assert wrong_on(page) == []
    page.get_by_role("button", name="Dark screen").click()
    expect(root).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(root).to_have_attribute("data-theme", "dark")
