"""The rulebook on screen: every rule for everybody who signs in, and every finding leads to its rule."""

import io
import re
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any, Final

import pytest
from django.test import Client
from pypdf import PdfReader
from pytest_django import Settings

from evenkeel.clinical.case_tables import shipped_tables
from evenkeel.clinical.hazards import shipped_hazards
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.journey.limits import set_limit
from evenkeel.journey.rules import clinic_day
from evenkeel.record.entry import RuleRef
from evenkeel.store import reading
from evenkeel.values.ids import reference_of
from evenkeel.values.quantities import Pressure
from evenkeel.web.verdicts import rule_link
from tests import factories
from tests import factories_chairside as chairside
from tests.factories import checked_in_visit, people, user_of
from tests.pages import look, send, set_clock

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

RULES: Final = Rulebook.shipped()
RULE_ID: Final = re.compile(r"\b[A-Z]{3}(?:-[A-Z0-9]{2,4})?-[0-9]{3}\b")

# A rule whose statement names another one is no finding of the other.
IN_STATEMENTS: Final = {named for rule in RULES.rules for named in RULE_ID.findall(rule.statement)}


@pytest.fixture(autouse=True)
def one_factor(settings: Settings) -> None:
    """Let everybody in with a password, since this is about what they see."""
    settings.SECOND_FACTOR_ROLES = frozenset()


class RuleReader(HTMLParser):
    """Collects the ids of rules that are words of a page, and the links to rules."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        super().__init__()
        self.inside: str | None = None
        self.outside_links: set[str] = set()
        self.linked: set[str] = set()
        self.targets: set[str | None] = set()
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link to a rule."""
        said = dict(attrs)
        if tag in ("script", "style", "head"):
            self.hidden += 1
        if tag == "a" and (found := re.match(r"/rulebook/([A-Z0-9-]+)/", said.get("href") or "")):
            self.inside = found.group(1)
            self.linked.add(found.group(1))
            self.targets.add(said.get("target"))

    def handle_endtag(self, tag: str) -> None:
        """Note where it ends."""
        if tag == "a":
            self.inside = None
        if tag in ("script", "style", "head"):
            self.hidden -= 1

    def handle_data(self, data: str) -> None:
        """Note every rule that is named, and whether its name is a link."""
        if self.hidden:
            return
        for rule in RULE_ID.findall(data):
            if rule in RULES.by_id and self.inside != rule:
                self.outside_links.add(rule)


def rules_on(words: str) -> RuleReader:
    """Read a page; every rule that it names leads to the rulebook, beside the page."""
    reader = RuleReader()
    reader.feed(words)
    assert reader.outside_links <= IN_STATEMENTS, "named and not linked"
    assert reader.targets <= {"_blank"}, "it would take the place of a form that is half filled in"
    return reader


def test_every_rule_stands_there_for_everybody(client: Client) -> None:
    words = ""
    for person in (people().registrant, people().front_desk):
        words = look(client, person, "/rulebook/")
        for rule in RULES.rules:
            assert f'id="{rule.id}"' in words
            assert f'href="/rulebook/{rule.id}/"' in words
    # INF-BP-001 alerts from 165/100 mmHg on; its sentence has the limit filled in.
    assert "165 mmHg" in words
    assert "{" not in words.split("<main")[1].split("</main>")[0]


@pytest.mark.parametrize(
    ("asked", "shown", "hidden"),
    [
        ("?stage=discharge", "DIS-STAY-001", "INF-BP-003"),
        ("?basis=proposal", "DIS-STAY-001", "INF-BP-003"),
        ("?basis=source", "INF-BP-003", "DIS-STAY-001"),
        ("?words=rodrigues", "INF-BP-003", "DIS-STAY-001"),
        ("?words=SHORTEST+stay", "DIS-STAY-001", "INF-BP-003"),
        ("?words=dis-stay-001", "DIS-STAY-001", "INF-BP-003"),
        ("?stage=infusion&basis=source", "INF-BP-003", "ORD-DOS-003"),
    ],
)
def test_the_list_is_narrowed_down(client: Client, asked: str, shown: str, hidden: str) -> None:
    words = look(client, people().nurse, f"/rulebook/{asked}")
    assert f'id="{shown}"' in words
    assert f'id="{hidden}"' not in words


def test_what_matches_nothing_is_said(client: Client) -> None:
    words = look(client, people().nurse, "/rulebook/?words=<b>hair")
    assert "No rule matches." in words
    assert "<b>hair" not in words


@pytest.mark.parametrize("id_", ["INF-BP-003", "ORD-DOS-003", "SCR-IND-001", "DIS-CAN-001"])
def test_a_rule_is_shown_whole(client: Client, id_: str) -> None:
    words = look(client, people().nurse, f"/rulebook/{id_}/")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", words))
    rule = RULES.rule(id_)
    version = rule.version_on(date(2026, 11, 22))
    hazard = shipped_hazards()[rule.hazard]
    for said in (rule.id, rule.title, rule.sentence(version), hazard.id, hazard.harm, version.checked_by):
        assert said.replace("'", "&#39;") in text or said in text
    for cited in version.cite:
        assert f"{RULES.sources[cited.key]}: {cited.locator}." in text
    cases = shipped_tables()[id_].cases
    assert f"{len(cases)} of {len(cases)} cases answered as they must" in text
    assert words.count('<th scope="row">') >= len(cases)


def test_who_comes_from_an_entry_reads_the_rule_as_it_stood(client: Client) -> None:
    rule = RULES.rule("INF-BP-003")
    for version in rule.versions:
        link = rule_link(RuleRef(rule=rule.id, version=version.number))
        words = look(client, people().nurse, link["url"])
        assert "As it stood for that entry" in words
        assert "For that entry" in words
        assert rule.sentence(version) in words
    assert "As it stood for that entry" not in look(client, people().nurse, f"/rulebook/{rule.id}/")


def test_a_limit_of_the_clinic_stands_beside_the_shipped_one_and_an_old_entry_reads_the_old_one(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 160 mmHg as shipped; the bounds of the file allow 150.
    id_, tomorrow = "CHK-BP-002", clinic_day(factories.NOW) + timedelta(days=1)
    asked: dict[str, Any] = {
        "rule": id_,
        "limit": "systolic",
        "value": Pressure.of(150),
        "from_date": tomorrow,
    }
    set_limit(factories.act(people().lead), reason="Our patients are older.", **asked)
    set_clock(monkeypatch, factories.NOW + timedelta(days=1))
    shipped = RULES.rule(id_).sentence(RULES.rule(id_).versions[-1])
    own = shipped.replace("160 mmHg", "150 mmHg")
    page = look(client, people().nurse, f"/rulebook/{id_}/")
    assert own in page
    assert re.search(r"<strong>150 mmHg</strong></td><td>160 mmHg</td>", page)
    before = look(client, people().nurse, rule_link(RuleRef(rule=id_, version=1))["url"])
    assert f"Version 1: {shipped}" in before
    assert "no longer today" in before
    after = look(client, people().nurse, rule_link(RuleRef(rule=id_, version=1, setting=1))["url"])
    assert "judged by version 1 with the clinic&#39;s setting 1, and the rule still reads so today" in after
    look(client, people().nurse, f"/rulebook/{id_}/?version=1&setting=2", status=404)


@pytest.mark.parametrize(
    "address",
    [
        "/rulebook/INF-BP-999/",
        "/rulebook/INF-BP-003/?version=99",
        "/rulebook/INF-BP-003/?version=0",
        "/rulebook/INF-BP-003/?version=one",
    ],
)
def test_a_rule_or_version_that_never_was_is_not_found(client: Client, address: str) -> None:
    look(client, people().nurse, address, status=404)


def test_sources_proposals_and_disagreements_lead_to_their_rules(client: Client) -> None:
    sources = look(client, people().nurse, "/rulebook/sources/")
    for rule in RULES.rules:
        for cited in rule.versions[-1].cite:
            card = sources.split(f'id="{cited.key}"')[1].split("</section>")[0]
            assert f'href="/rulebook/{rule.id}/"' in card
    proposals = look(client, people().nurse, "/rulebook/proposals/")
    for rule in RULES.rules:
        is_proposal = rule.versions[-1].basis == "proposal"
        assert (f'href="/rulebook/{rule.id}/"' in proposals) == is_proposal
    points = look(client, people().nurse, "/rulebook/disagreements/")
    assert "Which weight the dose is worked out from" in points
    assert 'href="/rulebook/ORD-DOS-003/"' in points


def test_the_book_is_printed_with_the_name_of_the_clinic(client: Client) -> None:
    client.force_login(user_of(people().lead))
    answer = client.get("/rulebook/book.pdf")
    assert answer["Content-Type"] == "application/pdf"
    pdf = PdfReader(io.BytesIO(answer.content))
    assert "Evenkeel clinic" in pdf.pages[0].extract_text()
    assert len(pdf.pages) > len(RULES.rules) / 10


# Every finding leads to its rule.


def test_findings_of_screening_lead_to_their_rules(client: Client) -> None:
    _, course = factories.patient_and_course()
    factories.screen(course, depressants="yes", pregnancy="unknown")
    reference = reference_of(course)
    asked = look(client, people().prescriber, f"/courses/{reference}/screening/decision/")
    assert {"SCR-INT-002", "SCR-PRG-001"} <= rules_on(asked).linked
    read = look(client, people().nurse, f"/courses/{reference}/screening/")
    assert {"SCR-INT-002", "SCR-PRG-001"} <= rules_on(read).linked


def test_findings_at_the_chair_lead_to_their_rules(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = chairside.running_visit()
    at = chairside.STARTED_AT + timedelta(minutes=10)
    chairside.chart(visit, at, chairside.signs(systolic=181))
    set_clock(monkeypatch, at)
    chart = rules_on(look(client, people().nurse, f"/visits/{reference_of(visit)}/chart/"))
    assert "INF-BP-002" in chart.linked


def test_findings_before_the_start_lead_to_their_rules(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = chairside.ready_visit()
    set_clock(monkeypatch, chairside.STARTED_AT)
    start = rules_on(look(client, people().nurse, f"/visits/{reference_of(visit)}/start/"))
    assert {"INF-STA-001", "INF-STA-004", "INF-BP-001"} <= start.linked


def test_an_order_leads_to_the_rules_of_its_limits_and_of_its_refusal(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = checked_in_visit()
    set_clock(monkeypatch, chairside.ORDERED_AT)
    order = rules_on(look(client, people().prescriber, f"/visits/{reference_of(visit)}/order/"))
    assert {"ORD-DOS-002", "ORD-DOS-003", "ORD-CAP-001", "ORD-CAP-002"} <= order.linked


def test_a_refused_act_names_the_rule_behind_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = chairside.running_visit()
    set_clock(monkeypatch, chairside.STARTED_AT + timedelta(minutes=5))
    # Faster than ordered is a prescriber's decision: INF-RATE-001.
    address = f"/visits/{reference_of(visit)}/rate/"
    answer = send(client, people().nurse, address, rate="151")
    assert answer.status_code == 422
    refused = rules_on(answer.content.decode())
    assert "INF-RATE-001" in refused.linked


def test_the_full_record_leads_to_the_rules_of_each_entry(client: Client) -> None:
    visit = chairside.ordered_visit()
    patient = reading.visit(visit).booking.payload.patient
    record = rules_on(look(client, people().prescriber, f"/patients/{reference_of(patient)}/record/"))
    assert "ORD-DOS-003" in record.linked
