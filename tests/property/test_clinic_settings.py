"""Whatever a clinic sets: limits stay within their bounds, and the past can be read again."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clinical.bounds import Bounds, Stricter
from evenkeel.clinical.clinic_settings import ClinicSetting
from evenkeel.clinical.limits import Limit, Limits
from evenkeel.clinical.rulebook import Clear, Rule, Rulebook, RuleVersion
from evenkeel.record.entry import RuleRef
from evenkeel.values.ids import ClinicianId
from evenkeel.values.quantities import Pressure

FIRST: Final = date(2026, 1, 1)
DAYS: Final = 60
WORDS: Final = ("a", "b", "c", "d")
LOW, HIGH = 100, 200

pressures = st.integers(LOW - 20, HIGH + 20).map(Pressure.of)
allowed = st.integers(LOW, HIGH).map(Pressure.of)
lists = st.lists(st.sampled_from(WORDS), min_size=1, unique=True).map(tuple)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """A rule with two limits, one to four versions, and bounds that each version keeps to."""
    is_hard = draw(st.booleans())
    stricter: Stricter = draw(st.sampled_from(["lower", "higher"]))
    starts = sorted(draw(st.sets(st.integers(1, DAYS), max_size=3)))
    versions = tuple(
        RuleVersion(
            number=number,
            from_date=FIRST + timedelta(days=day),
            limits=Limits(by_name={"systolic": draw(allowed), "offered": draw(lists)}),
            cite=(),
            basis="proposal",
            authored_by="clinical content",
            checked_by="awaiting medical director",
            review_due=date(2030, 1, 1),
        )
        for number, day in enumerate([0, *starts], start=1)
    )
    ends = (Pressure.of(LOW), Pressure.of(HIGH))
    return Rule(
        id="TST-BP-001",
        stage="testing",
        title="A rule of this test",
        statement="From {systolic}, for {offered}.",
        severity="block" if is_hard else "confirm",
        unknown="block" if is_hard else "confirm",
        override="none" if is_hard else "reason",
        override_unknown="none" if is_hard else "reason",
        hazard="HAZ-001",
        bounds={
            "systolic": Bounds(stricter=stricter, recommended=ends, absolute=ends),
            "offered": Bounds(stricter="fewer", recommended=WORDS, absolute=WORDS),
        },
        versions=versions,
        check=lambda subject, limits: Clear(),
        place="testing.toml, line 1",
    )


@st.composite
def histories(draw: st.DrawFn) -> tuple[Rule, list[ClinicSetting]]:
    """A rule, and settings in the order they were made: each for the day it was made or a later one."""
    rule = draw(rules())
    made: list[ClinicSetting] = []
    day = 0
    for number in range(1, draw(st.integers(0, 8)) + 1):
        day += draw(st.integers(0, 10))
        limit = draw(st.sampled_from(["systolic", "offered"]))
        kind: st.SearchStrategy[Limit] = pressures if limit == "systolic" else lists
        value = draw(st.none() | kind)
        from_date = FIRST + timedelta(days=day + draw(st.integers(0, 20)))
        made.append(
            ClinicSetting(
                rule=rule.id,
                limit=limit,
                number=number,
                value=value,
                version=rule.shipped_on(from_date).number,
                from_date=from_date,
                reason="as the medical director asked",
                is_confirmed=False,
                by=ClinicianId("22222222-2222-4222-8222-222222222222"),
                by_name="Lea Lindqvist MD",
                recorded_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, minutes=number),
            )
        )
    return rule, made


def book_of(rule: Rule, settings: list[ClinicSetting]) -> Rulebook:
    """A book of this rule."""
    return Rulebook(by_id={rule.id: rule}, sources={}).with_settings(settings)


@given(history=histories(), day=st.integers(0, 120))
def test_no_limit_is_ever_looser_than_its_bounds(history: tuple[Rule, list[ClinicSetting]], day: int) -> None:
    rule, settings = history
    on = FIRST + timedelta(days=day)
    limits = book_of(rule, settings).limits(rule.id, on)
    for name, limit in limits:
        assert rule.bounds[name].allows(limit)
        if rule.override == "none":
            assert not rule.bounds[name].is_stricter(rule.shipped_on(on).limits.by_name[name], limit)


@given(history=histories(), day=st.integers(0, 120))
def test_what_a_verdict_names_reads_as_it_did_whatever_is_set_afterward(
    history: tuple[Rule, list[ClinicSetting]], day: int
) -> None:
    rule, settings = history
    on = FIRST + timedelta(days=day)
    known = [each for each in settings if each.recorded_at.date() <= on]
    then, now = book_of(rule, known), book_of(rule, settings)
    verdict = then.consult(rule.id, None, on=on)
    assert now.rule(rule.id).sentence(now.as_of(verdict.rule)) == verdict.sentence
    # And consulting again about that day gives the same answer, from the same limits.
    assert now.consult(rule.id, None, on=on) == verdict


@given(history=histories(), day=st.integers(0, 120))
def test_the_order_in_which_settings_are_read_does_not_matter(
    history: tuple[Rule, list[ClinicSetting]], day: int
) -> None:
    rule, settings = history
    on = FIRST + timedelta(days=day)
    one, other = book_of(rule, settings), book_of(rule, settings[::-1])
    assert one.rule(rule.id).version_on(on) == other.rule(rule.id).version_on(on)


@given(history=histories())
def test_every_setting_that_was_made_can_be_read_as_of(history: tuple[Rule, list[ClinicSetting]]) -> None:
    rule, settings = history
    book = book_of(rule, settings)
    for setting in settings:
        version = rule.shipped_on(setting.from_date).number
        assert book.as_of(RuleRef(rule=rule.id, version=version, setting=setting.number)).setting == (
            setting.number
        )
