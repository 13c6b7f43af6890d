"""The rule book as plain words, built from two rules that are made up for this test."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from evenkeel.clinical.case_tables import CaseTable, TableCase, Tables
from evenkeel.clinical.clinic_settings import ClinicSetting
from evenkeel.clinical.disagreements import Disagreement, Position
from evenkeel.clinical.hazards import Hazard
from evenkeel.clinical.limits import Limit
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.clinical.rulebook_model import (
    Book,
    BookAnswer,
    BookBounds,
    BookCarrier,
    BookCase,
    BookCitation,
    BookLimit,
    BookMention,
    BookPoint,
    BookPosition,
    BookRule,
    BookSource,
    BookVersion,
    day_words,
    make_book,
    make_rule,
)
from evenkeel.values.ids import ClinicianId
from evenkeel.values.quantities import Pressure
from tests.unit.clinical.written_rules import high

# The second version was read in the source itself; the first was a proposal.
PRESSURE = """
[TST-BP-001]
title = "Pressure too high"
statement = "Pause from {systolic_limit}, for {offered}."
severity = "pause"
unknown = "confirm"
override = "none"
override_unknown = "prescriber"
hazard = "HAZ-001"
[TST-BP-001.bounds.systolic_limit]
stricter = "lower"
recommended = ["150 mmHg", "170 mmHg"]
absolute = ["120 mmHg", "170 mmHg"]
[TST-BP-001.bounds.offered]
stricter = "fewer"
recommended = ["chronic_pain", "crps"]
among = ["chronic_pain", "crps"]
[[TST-BP-001.version]]
number = 1
from = 2025-01-01
limits = { systolic_limit = "180 mmHg", offered = ["crps"], readings = 2 }
basis = "proposal"
authored_by = "Ada"
checked_by = "awaiting medical director"
review_due = 2026-02-03
[[TST-BP-001.version]]
number = 2
from = 2026-01-01
limits = { systolic_limit = "170 mmHg", offered = ["chronic_pain", "crps"], readings = 2 }
cite = [{ key = "somebody-2020", locator = "table 2" }, { key = "another-2021", locator = "page 7" }]
basis = "source"
authored_by = "Bea"
checked_by = "Lea Lindqvist MD"
review_due = 2027-12-31
"""
NOTE = """
[TST-002]
title = "Something to note"
statement = "It is noted."
severity = "advise"
unknown = "advise"
override = "reason"
hazard = "HAZ-009"
[[TST-002.version]]
number = 1
from = 2025-01-01
cite = { key = "another-2021", locator = "page 9" }
basis = "proposal"
authored_by = "Ada"
checked_by = "awaiting medical director"
review_due = 2027-01-01
"""
SOURCES = """
somebody-2020 = "Somebody 2020, A Journal"
another-2021 = "Another 2021, A Book"
nobody-2022 = "Nobody 2022, cited by no rule"
unread-2023 = "Unread 2023, cited by nothing"
"""
ON = date(2026, 6, 1)
HAZARDS = {"HAZ-001": Hazard(id="HAZ-001", harm="A stroke", cause="Nobody measured", page="pressure")}
TABLES: Tables = {
    "TST-BP-001": CaseTable(
        cases=(
            TableCase(
                where="at",
                note="170 mmHg",
                on=ON,
                expected="fires",
                given="fires",
                version=2,
                seen=("170 mmHg", "left arm"),
            ),
            TableCase(
                where="other", note="", on=ON, expected="clear", given="unknown", version=1, seen=("pulse",)
            ),
        ),
        always_known="the pressure is what is asked about",
    )
}
POINTS = (
    Disagreement(
        point="Where to pause",
        default="From 170 mmHg.",
        positions=(
            Position(holds="At 170 mmHg.", cite=("somebody-2020", "nobody-2022"), is_second_hand=False),
            Position(holds="At 180 mmHg.", cite=("nobody-2022",), is_second_hand=True),
        ),
        rules=("TST-BP-001", "TST-002"),
        carried_by=None,
    ),
    Disagreement(
        point="What to note",
        default="All of it.",
        positions=(
            Position(holds="All of it.", cite=(), is_second_hand=False),
            Position(holds="Nothing.", cite=(), is_second_hand=True),
        ),
        rules=(),
        carried_by="The page asks.",
    ),
)


def rules(folder: Path) -> Rulebook:
    """A stage that the book knows, after one in the alphabet that it does not know."""
    (folder / "sources.toml").write_text(SOURCES, "utf-8")
    (folder / "checkin.toml").write_text(PRESSURE, "utf-8")
    (folder / "aftercare.toml").write_text(NOTE, "utf-8")
    return Rulebook.read(folder, {"TST-BP-001": high, "TST-002": high})


def setting(limit: str, value: Limit | None) -> ClinicSetting:
    """A limit of the clinic's own, from the first of June on."""
    return ClinicSetting(
        rule="TST-BP-001",
        limit=limit,
        number=1,
        value=value,
        version=2,
        from_date=ON,
        reason="as the medical director asked",
        is_confirmed=False,
        by=ClinicianId("22222222-2222-4222-8222-222222222222"),
        by_name="Lea Lindqvist MD",
        recorded_at=datetime(2026, 6, 1, 8, 0, tzinfo=UTC),
    )


def book(folder: Path, on: date = ON) -> Book:
    """The whole book on a day."""
    return make_book(rules(folder), TABLES, HAZARDS, POINTS, on=on)


SYSTOLIC_BOUNDS = BookBounds(
    stricter="lower is stricter", recommended="150 to 170 mmHg", absolute="120 to 170 mmHg"
)
OFFERED_BOUNDS = BookBounds(
    stricter="fewer is stricter", recommended="chronic pain, crps", absolute="chronic pain, crps"
)
NOW = BookVersion(
    number=2,
    from_date="1 Jan 2026",
    sentence="Pause from 170 mmHg, for chronic_pain or crps.",
    limits=(
        BookLimit(name="systolic limit", value="170 mmHg", bounds=SYSTOLIC_BOUNDS),
        BookLimit(name="offered", value="chronic pain, crps", bounds=OFFERED_BOUNDS),
        BookLimit(name="readings", value="2"),
    ),
    basis="source",
    cited=(
        BookCitation(key="somebody-2020", reference="Somebody 2020, A Journal", locator="table 2"),
        BookCitation(key="another-2021", reference="Another 2021, A Book", locator="page 7"),
    ),
    authored_by="Bea",
    checked_by="Lea Lindqvist MD",
    review_due="31 Dec 2027",
)
FIRST = BookVersion(
    number=1,
    from_date="1 Jan 2025",
    sentence="Pause from 180 mmHg, for crps.",
    limits=(
        BookLimit(name="systolic limit", value="180 mmHg", bounds=SYSTOLIC_BOUNDS),
        BookLimit(name="offered", value="crps", bounds=OFFERED_BOUNDS),
        BookLimit(name="readings", value="2"),
    ),
    basis="proposal",
    cited=(),
    authored_by="Ada",
    checked_by="awaiting medical director",
    review_due="3 Feb 2026",
)
CHECKIN = BookRule(
    id="TST-BP-001",
    title="Pressure too high",
    stage="checkin",
    stage_words="Check-in",
    fires=BookAnswer(asks="Pauses", who="nobody"),
    unknown=BookAnswer(asks="Asks for a confirmation", who="a prescriber, with a written reason"),
    now=NOW,
    limits=NOW.limits,
    sentence=NOW.sentence,
    hazard="HAZ-001",
    harm="A stroke",
    cause="Nobody measured",
    versions=(NOW, FIRST),
    cases=(
        BookCase(
            what="at the limit: 170 mmHg",
            expected="Fires",
            given="Fires",
            seen="170 mmHg; left arm",
            version=2,
            holds=True,
        ),
        BookCase(
            what="as it should be", expected="Clear", given="Not known", seen="pulse", version=1, holds=False
        ),
    ),
    always_known="the pressure is what is asked about",
    held=1,
)
NOTED = BookVersion(
    number=1,
    from_date="1 Jan 2025",
    sentence="It is noted.",
    limits=(),
    basis="proposal",
    cited=(BookCitation(key="another-2021", reference="Another 2021, A Book", locator="page 9"),),
    authored_by="Ada",
    checked_by="awaiting medical director",
    review_due="1 Jan 2027",
)


def test_a_rule_says_all_that_it_rests_on(tmp_path: Path) -> None:
    shipped = rules(tmp_path)
    assert make_rule(shipped, shipped.rule("TST-BP-001"), TABLES, HAZARDS, on=ON) == CHECKIN


def test_a_rule_without_a_table_or_a_described_hazard_is_shown_without(tmp_path: Path) -> None:
    shipped = rules(tmp_path)
    assert make_rule(shipped, shipped.rule("TST-002"), TABLES, HAZARDS, on=ON) == BookRule(
        id="TST-002",
        title="Something to note",
        stage="aftercare",
        stage_words="Aftercare",
        fires=BookAnswer(asks="Advises", who=None),
        unknown=BookAnswer(asks="Advises", who=None),
        now=NOTED,
        limits=(),
        sentence="It is noted.",
        hazard="HAZ-009",
        harm="",
        cause="",
        versions=(NOTED,),
        cases=(),
        always_known=None,
        held=0,
    )


def test_a_limit_of_the_clinic_stands_beside_the_shipped_one(tmp_path: Path) -> None:
    shipped = rules(tmp_path)
    own = shipped.with_settings([setting("systolic_limit", Pressure.of(155))])
    rule = make_rule(own, own.rule("TST-BP-001"), TABLES, HAZARDS, on=ON)
    assert rule.limits == (
        BookLimit(name="systolic limit", value="155 mmHg", shipped="170 mmHg", bounds=SYSTOLIC_BOUNDS),
        *NOW.limits[1:],
    )
    assert rule.sentence == "Pause from 155 mmHg, for chronic_pain or crps."
    # What ships stays as it is.
    assert (rule.now, rule.versions) == (NOW, (NOW, FIRST))
    own = shipped.with_settings([setting("offered", ("crps",))])
    rule = make_rule(own, own.rule("TST-BP-001"), TABLES, HAZARDS, on=ON)
    assert rule.limits[1] == BookLimit(
        name="offered", value="crps", shipped="chronic pain, crps", bounds=OFFERED_BOUNDS
    )


def test_stages_stand_in_the_order_of_the_journey_and_an_unknown_one_last(tmp_path: Path) -> None:
    whole = book(tmp_path)
    assert whole.on == "1 Jun 2026"
    assert [(stage.id, stage.words) for stage in whole.stages] == [
        ("checkin", "Check-in"),
        ("aftercare", "Aftercare"),
    ]
    assert [rule.id for rule in whole.rules] == ["TST-BP-001", "TST-002"]
    assert whole.stages[0].rules == (CHECKIN,)


def test_the_book_counts_what_rules_are_founded_on_and_the_cases_that_hold(tmp_path: Path) -> None:
    whole = book(tmp_path)
    assert whole.founded == {"source": 1, "second-hand": 0, "proposal": 1}
    assert [rule.id for rule in whole.proposals] == ["TST-002"]
    assert whole.held == (1, 2)


def test_the_version_of_the_day_counts(tmp_path: Path) -> None:
    whole = book(tmp_path, date(2025, 12, 31))
    assert whole.on == "31 Dec 2025"
    assert whole.stages[0].rules[0].now == FIRST
    assert whole.founded == {"source": 0, "second-hand": 0, "proposal": 2}
    assert [source.key for source in whole.sources] == ["another-2021", "nobody-2022", "somebody-2020"]
    assert whole.sources[2].rules == ()
    assert [carrier.basis for carrier in whole.points[0].rules] == ["proposal", "proposal"]


def test_each_source_says_what_cites_it(tmp_path: Path) -> None:
    by_note = BookMention(rule="TST-002", title="Something to note", stage="aftercare", locator="page 9")
    by_rule = BookMention(rule="TST-BP-001", title="Pressure too high", stage="checkin", locator="page 7")
    assert book(tmp_path).sources == (
        BookSource(key="another-2021", reference="Another 2021, A Book", rules=(by_note, by_rule), points=()),
        # It stands on both sides of one point, and is named once.
        BookSource(
            key="nobody-2022",
            reference="Nobody 2022, cited by no rule",
            rules=(),
            points=("Where to pause",),
        ),
        BookSource(
            key="somebody-2020",
            reference="Somebody 2020, A Journal",
            rules=(replace(by_rule, locator="table 2"),),
            points=("Where to pause",),
        ),
    )


def test_each_point_says_who_holds_what_and_which_rules_carry_the_default(tmp_path: Path) -> None:
    assert book(tmp_path).points == (
        BookPoint(
            point="Where to pause",
            default="From 170 mmHg.",
            positions=(
                BookPosition(
                    holds="At 170 mmHg.",
                    held_by="Somebody 2020, A Journal; Nobody 2022, cited by no rule",
                ),
                BookPosition(
                    holds="At 180 mmHg.",
                    held_by="Nobody 2022, cited by no rule; known through others' accounts",
                ),
            ),
            rules=(
                BookCarrier(rule="TST-BP-001", title="Pressure too high", stage="checkin", basis="source"),
                BookCarrier(rule="TST-002", title="Something to note", stage="aftercare", basis="proposal"),
            ),
            carried_by=None,
        ),
        BookPoint(
            point="What to note",
            default="All of it.",
            positions=(
                BookPosition(holds="All of it.", held_by="not found in anything read"),
                BookPosition(
                    holds="Nothing.",
                    held_by="not found in anything read; known through others' accounts",
                ),
            ),
            rules=(),
            carried_by="The page asks.",
        ),
    )


@pytest.mark.parametrize(
    ("day", "words"), [(date(2026, 2, 3), "3 Feb 2026"), (date(2027, 12, 31), "31 Dec 2027")]
)
def test_a_day_is_written_so_that_no_country_reads_it_otherwise(day: date, words: str) -> None:
    assert day_words(day) == words
