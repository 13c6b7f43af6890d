"""A clinic's own limits: what counts on which day, and what an entry of the past was decided by."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from evenkeel.clinical.bounds import Bounds
from evenkeel.clinical.clinic_settings import ClinicSetting, in_order, overlaid
from evenkeel.clinical.limits import Limit, limit_written, parse_limit, typed_limit
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, NoSuchVersion, Rulebook
from evenkeel.record.chain import first_hash, seal
from evenkeel.record.codec import decode, encode
from evenkeel.record.entry import Author, Draft, RuleRef
from evenkeel.record.series import VisitRebooked
from evenkeel.record.verdict import Verdict
from evenkeel.values.ids import ChairId, ClinicianId, IdempotencyKey, StreamId
from evenkeel.values.numbers import BadNumber
from evenkeel.values.quantities import Pressure

ID = "TST-BP-001"
SOFT = """
[TST-BP-001]
title = "A rule of this test"
statement = "Asked from {systolic} or {diastolic}, for {offered}."
severity = "confirm"
unknown = "confirm"
override = "reason"
hazard = "HAZ-001"
[TST-BP-001.bounds.systolic]
stricter = "lower"
recommended = ["140 mmHg", "165 mmHg"]
absolute = ["120 mmHg", "180 mmHg"]
[TST-BP-001.bounds.diastolic]
stricter = "lower"
recommended = ["90 mmHg", "100 mmHg"]
absolute = ["70 mmHg", "110 mmHg"]
[TST-BP-001.bounds.offered]
stricter = "fewer"
recommended = ["depression", "crps"]
among = ["depression", "crps", "anxiety"]
[[TST-BP-001.version]]
number = 1
from = 2025-01-01
limits = { systolic = "160 mmHg", diastolic = "100 mmHg", offered = ["depression", "crps"] }
basis = "proposal"
authored_by = "clinical content"
checked_by = "awaiting medical director"
review_due = 2028-01-01
"""
LATER = """
[[TST-BP-001.version]]
number = 2
from = 2026-07-01
limits = { systolic = "150 mmHg", diastolic = "100 mmHg", offered = ["depression"] }
basis = "proposal"
authored_by = "clinical content"
checked_by = "awaiting medical director"
review_due = 2028-01-01
"""
HARD = SOFT.replace('severity = "confirm"\nunknown = "confirm"\noverride = "reason"', 'severity = "block"\n'
    'unknown = "block"\noverride = "none"').replace('"180 mmHg"]', '"160 mmHg"]').replace(
    '"165 mmHg"]', '"160 mmHg"]').replace('"110 mmHg"]', '"100 mmHg"]').replace(
    'among = ["depression", "crps", "anxiety"]', 'among = ["depression", "crps"]')  # fmt: skip


def high(pressure: Pressure, limits: Limits) -> Finding:
    """Compare one pressure with the limit."""
    return Fires(evidence=(str(pressure),)) if pressure >= limits.systolic else Clear()


def read(folder: Path, rules: str) -> Rulebook:
    """Read a rulebook of this one rule."""
    (folder / "sources.toml").write_text("", "utf-8")
    (folder / "testing.toml").write_text(rules, "utf-8")
    return Rulebook.read(folder, {ID: high})


def setting(
    number: int, limit: str, value: str | list[str] | None, from_date: str, version: int = 1
) -> ClinicSetting:
    """One setting of this test's rule, made on the day from which it holds."""
    day = date.fromisoformat(from_date)
    return ClinicSetting(
        rule=ID,
        limit=limit,
        number=number,
        value=None if value is None else parse_limit(value),
        version=version,
        from_date=day,
        reason="as the medical director asked",
        is_confirmed=False,
        by=ClinicianId("22222222-2222-4222-8222-222222222222"),
        by_name="Lea Lindqvist MD",
        recorded_at=datetime(day.year, day.month, day.day, 8, 0, tzinfo=UTC),
    )


def reads(book: Rulebook, on: str) -> tuple[str, int]:
    """How the rule reads on a day, and the setting that a verdict of that day names."""
    verdict = book.consult(ID, Pressure.of(300), on=date.fromisoformat(on))
    return verdict.sentence, verdict.rule.setting


def test_a_setting_holds_from_its_day_and_the_verdict_names_it(tmp_path: Path) -> None:
    book = read(tmp_path, SOFT).with_settings([setting(1, "systolic", "150 mmHg", "2026-06-10")])
    before, after = date(2026, 6, 9), date(2026, 6, 10)
    assert book.consult(ID, Pressure.of(155), on=before).answer == "clear"
    verdict = book.consult(ID, Pressure.of(155), on=after)
    assert verdict.answer == "fires"
    assert verdict.rule == RuleRef(rule=ID, version=1, setting=1)
    assert verdict.sentence == "Asked from 150 mmHg or 100 mmHg, for depression or crps."
    assert book.limits(ID, after).systolic == Pressure.of(150)
    assert book.limits(ID, before).systolic == Pressure.of(160)


def test_without_settings_nothing_is_named(tmp_path: Path) -> None:
    assert reads(read(tmp_path, SOFT), "2026-06-10")[1] == 0


def test_a_later_setting_takes_the_place_of_an_earlier_one_and_withdrawing_is_one(tmp_path: Path) -> None:
    book = read(tmp_path, SOFT).with_settings(
        [
            setting(1, "systolic", "150 mmHg", "2026-06-10"),
            setting(2, "systolic", "145 mmHg", "2026-06-20"),
            setting(3, "systolic", None, "2026-06-25"),
        ]
    )
    said = "Asked from {} mmHg or 100 mmHg, for depression or crps."
    assert reads(book, "2026-06-19") == (said.format(150), 1)
    assert reads(book, "2026-06-20") == (said.format(145), 2)
    assert reads(book, "2026-06-25") == (said.format(160), 3)


def test_what_is_set_for_an_earlier_day_later_on_comes_in_between(tmp_path: Path) -> None:
    planned = setting(1, "systolic", "150 mmHg", "2026-07-20")
    sooner = setting(2, "diastolic", "90 mmHg", "2026-07-10")
    book = read(tmp_path, SOFT).with_settings([planned, sooner])
    assert reads(book, "2026-07-15") == ("Asked from 160 mmHg or 90 mmHg, for depression or crps.", 2)
    assert reads(book, "2026-07-20") == ("Asked from 150 mmHg or 90 mmHg, for depression or crps.", 1)
    for on in ("2026-07-15", "2026-07-20"):
        sentence, number = reads(book, on)
        version = book.as_of(RuleRef(rule=ID, version=1, setting=number))
        assert book.rule(ID).sentence(version) == sentence


def test_the_stricter_counts_when_a_later_version_is_stricter_than_the_setting(tmp_path: Path) -> None:
    book = read(tmp_path, SOFT + LATER).with_settings(
        [
            setting(1, "systolic", "170 mmHg", "2026-06-10"),
            setting(2, "diastolic", "105 mmHg", "2026-06-10"),
            setting(3, "offered", ["depression", "crps", "anxiety"], "2026-06-10"),
        ]
    )
    before, after = book.limits(ID, date(2026, 6, 30)), book.limits(ID, date(2026, 7, 1))
    assert before.systolic == Pressure.of(170)
    assert after.systolic == Pressure.of(150)
    # The later version left the diastolic limit as it was, so what the clinic set stands.
    assert before.diastolic == after.diastolic == Pressure.of(105)
    # It took one word out of the list; what the clinic added itself stays.
    assert before.offered == ("depression", "crps", "anxiety")
    assert after.offered == ("depression", "anxiety")


def test_a_setting_stricter_than_a_later_version_stays(tmp_path: Path) -> None:
    book = read(tmp_path, SOFT + LATER).with_settings([setting(1, "systolic", "145 mmHg", "2026-06-10")])
    assert book.limits(ID, date(2026, 7, 1)).systolic == Pressure.of(145)


def test_what_was_set_against_the_later_version_counts_though_it_is_looser(tmp_path: Path) -> None:
    chosen = setting(1, "systolic", "160 mmHg", "2026-07-02", version=2)
    book = read(tmp_path, SOFT + LATER).with_settings([chosen])
    assert book.limits(ID, date(2026, 7, 2)).systolic == Pressure.of(160)


@pytest.mark.parametrize("value", ["119 mmHg", "181 mmHg", "100 kg"])
def test_a_value_that_the_bounds_do_not_allow_never_counts(tmp_path: Path, value: str) -> None:
    book = read(tmp_path, SOFT).with_settings([setting(1, "systolic", value, "2026-06-10")])
    assert book.limits(ID, date(2026, 6, 10)).systolic == Pressure.of(160)


def test_a_hard_rule_is_never_looser_than_it_is_shipped(tmp_path: Path) -> None:
    book = read(tmp_path, HARD).with_settings([setting(1, "systolic", "150 mmHg", "2026-06-10")])
    assert book.limits(ID, date(2026, 6, 10)).systolic == Pressure.of(150)
    # Bounds that a later release moves: what was allowed once does not loosen the rule.
    tightened = HARD.replace("160 mmHg", "145 mmHg")
    book = read(tmp_path, tightened).with_settings([setting(1, "systolic", "150 mmHg", "2026-06-10")])
    assert book.limits(ID, date(2026, 6, 10)).systolic == Pressure.of(145)


def test_settings_of_a_rule_or_limit_that_is_no_more_do_not_count(tmp_path: Path) -> None:
    gone = replace(setting(1, "systolic", "150 mmHg", "2026-06-10"), rule="TST-BP-009")
    other = setting(1, "pulse", "100 beats/min", "2026-06-10")
    book = read(tmp_path, SOFT).with_settings([gone, other])
    assert book.limits(ID, date(2026, 6, 10)) == read(tmp_path, SOFT).limits(ID, date(2026, 6, 10))


@pytest.mark.parametrize(
    "ref",
    [
        RuleRef(rule="TST-BP-009", version=1),
        RuleRef(rule=ID, version=0),
        RuleRef(rule=ID, version=2),
        RuleRef(rule=ID, version=1, setting=2),
    ],
)
def test_no_entry_can_name_what_there_never_was(tmp_path: Path, ref: RuleRef) -> None:
    book = read(tmp_path, SOFT).with_settings([setting(1, "systolic", "150 mmHg", "2026-06-10")])
    with pytest.raises(NoSuchVersion):
        book.as_of(ref)
    assert book.as_of(RuleRef(rule=ID, version=1, setting=1)).limits.systolic == Pressure.of(150)
    assert book.as_of(RuleRef(rule=ID, version=1)).limits.systolic == Pressure.of(160)


def test_settings_take_effect_by_their_day_and_on_one_day_by_their_number() -> None:
    later, second, first = (
        setting(2, "systolic", "150 mmHg", "2026-06-20"),
        setting(3, "systolic", "145 mmHg", "2026-06-10"),
        setting(1, "systolic", "155 mmHg", "2026-06-10"),
    )
    assert in_order([later, second, first]) == (first, second, later)


def test_what_no_longer_counts_hides_no_other_setting(tmp_path: Path) -> None:
    unbounded = SOFT.replace(
        """[TST-BP-001.bounds.diastolic]
stricter = "lower"
recommended = ["90 mmHg", "100 mmHg"]
absolute = ["70 mmHg", "110 mmHg"]
""",
        "",
    )
    assert unbounded != SOFT
    book = read(tmp_path, unbounded).with_settings(
        [
            setting(1, "pulse", "100 beats/min", "2026-06-10"),
            setting(2, "diastolic", "90 mmHg", "2026-06-10"),
            setting(3, "offered", None, "2026-06-10"),
            setting(4, "systolic", "150 mmHg", "2026-06-10"),
        ]
    )
    assert reads(book, "2026-06-10") == ("Asked from 150 mmHg or 100 mmHg, for depression or crps.", 4)


def test_what_was_set_against_a_version_that_is_no_more_is_held_against_the_newest(tmp_path: Path) -> None:
    book = read(tmp_path, SOFT + LATER)
    chosen = setting(1, "systolic", "170 mmHg", "2026-07-02", version=3)
    assert book.with_settings([chosen]).limits(ID, date(2026, 7, 2)).systolic == Pressure.of(170)


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        # The later version took crps out of the list, and it stays out.
        (["crps", "anxiety"], ("anxiety",)),
        # Nothing is left of what the clinic chose, so what ships counts.
        (["crps"], ("depression",)),
    ],
)
def test_what_a_later_version_took_out_of_a_list_stays_out(
    tmp_path: Path, value: list[str], counts: tuple[str, ...]
) -> None:
    book = read(tmp_path, SOFT + LATER).with_settings([setting(1, "offered", value, "2026-06-10")])
    assert book.limits(ID, date(2026, 6, 30)).offered == tuple(value)
    assert book.limits(ID, date(2026, 7, 1)).offered == counts


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        (["crps"], ("crps",)),
        # Both stand in the list that ships; its order is kept.
        (["crps", "depression"], ("depression", "crps")),
        # What was never offered cannot be added where nobody may override the rule.
        (["depression", "anxiety"], ("depression", "crps")),
    ],
)
def test_a_list_of_a_hard_rule_only_gets_shorter(
    tmp_path: Path, value: list[str], counts: tuple[str, ...]
) -> None:
    book = read(tmp_path, HARD).with_settings([setting(1, "offered", value, "2026-06-10")])
    assert book.limits(ID, date(2026, 6, 10)).offered == counts


def laid_over(
    value: str | list[str], *, before: dict[str, Limit], now: Limit, bounds: Bounds, is_hard: bool = False
) -> Limit:
    """What counts of a limit x that was set against one release and is read under another."""
    limits = overlaid(
        Limits(by_name={"x": now}),
        [setting(1, "x", value, "2026-06-10")],
        {"x": bounds},
        lambda number: Limits(by_name=before),
        is_hard=is_hard,
    )
    return limits.by_name["x"]


OFFERED = Bounds(stricter="fewer", recommended=("a", "b", "c"), absolute=("a", "b", "c"))
SYSTOLIC = Bounds(
    stricter="lower",
    recommended=(Pressure.of(120), Pressure.of(180)),
    absolute=(Pressure.of(120), Pressure.of(180)),
)


def test_a_limit_that_the_earlier_version_had_not_is_taken_as_it_was_set() -> None:
    now = Pressure.of(150)
    assert laid_over("170 mmHg", before={}, now=now, bounds=SYSTOLIC) == Pressure.of(170)
    assert laid_over("170 mmHg", before={"x": Pressure.of(160)}, now=now, bounds=SYSTOLIC) == now


def test_a_limit_that_became_a_list_is_held_against_what_ships() -> None:
    # What was shipped when the clinic set it was no list, so only what both lists hold counts.
    assert laid_over(["c", "a"], before={"x": Pressure.of(160)}, now=("a", "b"), bounds=OFFERED) == ("a",)


def test_a_hard_rule_whose_list_has_nothing_in_common_with_the_setting_stays_as_it_ships() -> None:
    assert laid_over(["c"], before={"x": ("a", "b")}, now=("a", "b"), bounds=OFFERED, is_hard=True) == (
        "a",
        "b",
    )


def test_what_an_entry_was_decided_by_is_read_by_its_own_version(tmp_path: Path) -> None:
    book = read(tmp_path, SOFT + LATER)
    for number, systolic in ((1, 160), (2, 150)):
        version = book.as_of(RuleRef(rule=ID, version=number))
        assert (version.number, version.limits.systolic) == (number, Pressure.of(systolic))


# --- what is written ----------------------------------------------------------------------------------------

STREAM = StreamId("visit:11111111-1111-4111-8111-111111111111")
AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
# The hash of this entry as it was before references could name a setting.
HASH_BEFORE = "35dd429bf5bec6a16ae2439dbdcc5631458b4573bd331b2ae70c0cf068f73b24"


def rebooked(refs: Sequence[RuleRef]) -> Draft:
    """An entry that holds a reference in its payload and in its list of rules."""
    verdicts = tuple(
        Verdict(
            rule=ref,
            answer="fires",
            severity="confirm",
            sentence="Less than 36 h lie between two infusions.",
            evidence=("30 h",),
        )
        for ref in refs
    )
    payload = VisitRebooked(
        chair=ChairId("chair-1"),
        starts_at=AT,
        ends_at=AT,
        reason="asked for a later day",
        verdicts=verdicts,
    )
    return Draft(payload=payload, happened_at=AT, rules=tuple(refs))


def hash_of(ref: RuleRef) -> str:
    """The hash that an entry with this reference gets as the first of a stream."""
    by = Author(
        id=ClinicianId("22222222-2222-4222-8222-222222222222"), role="nurse", printed_name="Nora Quist RN"
    )
    return seal(
        rebooked([ref]),
        stream=STREAM,
        seq=1,
        previous_hash=first_hash(STREAM),
        by=by,
        key=IdempotencyKey("k"),
        recorded_at=AT,
    ).hash


def test_entries_without_a_setting_keep_the_hash_that_they_always_had() -> None:
    assert hash_of(RuleRef(rule="SER-GAP-001", version=1)) == HASH_BEFORE
    assert hash_of(RuleRef(rule="SER-GAP-001", version=1, setting=3)) != HASH_BEFORE


def test_a_setting_is_written_where_there_is_one_and_read_back() -> None:
    without, named = RuleRef(rule="SER-GAP-001", version=1), RuleRef(rule="SER-GAP-001", version=1, setting=3)
    for ref in (without, named):
        payload = rebooked([ref]).payload
        assert decode("visit.rebooked", 1, encode(payload)) == payload
        assert ("setting" in encode(payload)) == bool(ref.setting)
        assert RuleRef.read(ref.written) == ref
    assert without.written == ["SER-GAP-001", 1]
    assert str(named) == "SER-GAP-001 v1, clinic's setting 3"


# --- what is typed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "like", "is_read"),
    [
        ("150", "160 mmHg", "150 mmHg"),
        ("150 mmHg", "160 mmHg", "150 mmHg"),
        ("150 MMHG", "160 mmHg", "150 mmHg"),
        ("12 hours", "6 h", "12 h"),
        ("60 days", "90 d", "60 d"),
        ("60 d", "90 d", "60 d"),
        ("65 years", "70 years", "65 years"),
        ("55 /min", "50 beats/min", "55 beats/min"),
        ("95 %", "94 % SpO2", "95 % SpO2"),
        ("0.4", "0.5 mg/kg", "0.4 mg/kg"),
        ("90 mg", "100 mg", "90 mg"),
        ("10 mg/mL", "50 mg/mL", "10 mg/mL"),
    ],
)
def test_a_typed_number_is_read_with_its_unit_or_without(text: str, like: str, is_read: str) -> None:
    assert typed_limit(text, parse_limit(like)) == parse_limit(is_read)


@pytest.mark.parametrize(
    ("text", "like", "sentence"),
    [
        ("150,5", "160 mmHg", "Write a decimal point, not a comma."),
        (".4", "0.5 mg/kg", 'Write a zero before the point: "0.4".'),
        ("1e2", "160 mmHg", 'Write the number in full, without "e": "100".'),
        ("20 kPa", "160 mmHg", 'Write the unit as "mmHg".'),
        ("90 min", "6 h", "Write h: 90 min is 1.5 h."),
        ("150 lb", "100 kg", "Write kg: 150 lb is 68 kg."),
        ("", "160 mmHg", "Write a number."),
        ("nan", "160 mmHg", 'Write a number in digits, such as "70.2".'),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_with_what_to_write(
    text: str, like: str, sentence: str
) -> None:
    with pytest.raises(BadNumber) as refused:
        typed_limit(text, parse_limit(like))
    assert refused.value.sentence == sentence


def test_a_whole_number_is_whole() -> None:
    assert typed_limit("3", 2) == 3
    with pytest.raises(BadNumber):
        typed_limit("2.5", 2)


WRITTEN = """180 mmHg; 50 beats/min; 10 breaths/min; 94 % SpO2; 10 %; 0.5 mg/kg; 50 mg/mL; 35.1 mg; 9 points
18 years; 90 d; 2 h; 40 min; 150 mL/h; 100 mL; 70.2 kg; 175 cm"""


@pytest.mark.parametrize("written", WRITTEN.replace("\n", "; ").split("; "))
def test_a_limit_is_written_as_a_rule_file_has_it(written: str) -> None:
    assert limit_written(parse_limit(written)) == written


def test_words_and_whole_numbers_are_written_as_they_are() -> None:
    both: list[tuple[Limit, object]] = [(3, 3), (("a", "b"), ["a", "b"])]
    for limit, written in both:
        assert limit_written(limit) == written
        assert parse_limit(written) == limit
