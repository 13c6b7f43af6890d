"""A clinic's own limits on a database: what the lead may set, what is refused, and what nobody can undo."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest
from django.db import DatabaseError, connection, transaction

from evenkeel.clinical.limits import Limit, parse_limit
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.jobs.verify import verify
from evenkeel.journey import checkin
from evenkeel.journey.acting import Act, RecordMoved
from evenkeel.journey.limits import UnableToSetLimit, set_limit, version_with
from evenkeel.journey.policy import NotPermitted
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.entry import Author, Role, RuleRef
from evenkeel.record.verdict import Verdict
from evenkeel.simulate.demo import furnish
from evenkeel.simulate.world import World
from evenkeel.store import append_only, limit_settings, models, reading
from evenkeel.values.ids import IdempotencyKey, StreamId
from evenkeel.values.quantities import Pressure
from tests import factories

# A patient whose resting pressure is high: 160/100 as shipped; 140 to 165 recommended, 120 to 180 allowed.
ID: Final = "CHK-BP-002"
TODAY: Final = clinic_day(factories.NOW)
TOMORROW: Final = TODAY + timedelta(days=1)
REASON: Final = "Our patients are older than those of the trials."


def act(by: Author | None = None, *, seen: int | None = None) -> Act:
    """An act of the lead, under a key of its own."""
    made = factories.act(by or factories.people().lead)
    return replace(made, key=IdempotencyKey(str(uuid.uuid4())), seen=seen)


def given(**changed: Any) -> dict[str, Any]:
    """What is asked for, unless a test says otherwise."""
    asked = {"rule": ID, "limit": "systolic", "value": parse_limit("150 mmHg"), "from_date": TOMORROW}
    return {**asked, "reason": REASON, **changed}


def systolic(on: date) -> Limit:
    """The limit in force on a day."""
    limit: Limit = book().limits(ID, on).systolic
    return limit


@pytest.mark.django_db
def test_the_lead_tightens_a_limit_from_a_day_on() -> None:
    lead = factories.people().lead
    assert set_limit(act(lead), **given()) == f"setting:{ID}"
    assert systolic(TODAY) == Pressure.of(160)
    assert systolic(TOMORROW) == Pressure.of(150)
    (setting,) = limit_settings.every_setting()
    assert (setting.number, setting.version, setting.by, setting.by_name) == (
        1,
        1,
        lead.id,
        lead.printed_name,
    )
    assert (setting.reason, setting.recorded_at, setting.is_confirmed) == (REASON, factories.NOW, False)


@pytest.mark.django_db
def test_the_rules_that_are_shipped_stay_as_they_are() -> None:
    set_limit(act(), **given())
    assert Rulebook.shipped().limits(ID, TOMORROW).systolic == Pressure.of(160)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["front_desk", "nurse", "prescriber", "registrant", "administrator"])
def test_nobody_but_the_lead_sets_limits(role: Role) -> None:
    with pytest.raises(NotPermitted):
        set_limit(act(getattr(factories.people(), role)), **given())
    assert limit_settings.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"value": parse_limit("119 mmHg")}, "out-of-bounds", "value"),
        ({"value": parse_limit("181 mmHg")}, "out-of-bounds", "value"),
        ({"value": parse_limit("139 mmHg")}, "needs-confirmation", "is_confirmed"),
        ({"value": parse_limit("166 mmHg")}, "needs-confirmation", "is_confirmed"),
        ({"value": parse_limit("160 mmHg")}, "unchanged", "value"),
        ({"value": None}, "unchanged", "value"),
        ({"from_date": TODAY - timedelta(days=1)}, "date", "from_date"),
        ({"from_date": TODAY + timedelta(days=366)}, "date", "from_date"),
        ({"reason": "too short"}, "required", "reason"),
        ({"reason": "          "}, "required", "reason"),
    ],
)
def test_what_cannot_be_set(wrong: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(UnableToSetLimit) as refused:
        set_limit(act(), **given(**wrong))
    assert [(issue.code, issue.field) for issue in refused.value.issues] == [(code, field)]
    assert limit_settings.count() == 0


@pytest.mark.django_db
def test_a_value_out_of_bounds_names_both_bounds_and_the_rule() -> None:
    with pytest.raises(UnableToSetLimit) as refused:
        set_limit(act(), **given(value=parse_limit("190 mmHg")))
    (issue,) = refused.value.issues
    for said in ("190 mmHg", ID, "120 to 180 mmHg", "140 to 165 mmHg"):
        assert said in issue.sentence


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["140 mmHg", "165 mmHg", "120 mmHg", "180 mmHg"])
def test_the_ends_of_the_bounds_can_be_set(value: str) -> None:
    set_limit(act(), **given(value=parse_limit(value), is_confirmed=True))
    (setting,) = limit_settings.every_setting()
    assert setting.value == parse_limit(value)
    # The tick is kept where it was needed, and not where it was set for nothing.
    assert setting.is_confirmed == (value in ("120 mmHg", "180 mmHg"))


@pytest.mark.django_db
def test_a_limit_that_leaves_the_order_of_several_rules_is_asked_about() -> None:
    # A drug held from 150 mmHg on, while the alert and going on after a pause stand at 165 mmHg.
    asked = {"rule": "INF-BP-002", "value": parse_limit("150 mmHg")}
    with pytest.raises(UnableToSetLimit) as refused:
        set_limit(act(), **given(**asked))
    (issue,) = refused.value.issues
    assert (issue.code, issue.field, issue.rule) == ("needs-confirmation", "is_confirmed", "INF-BP-002")
    assert issue.sentence == (
        f"Systolic: From {TOMORROW:%d %b %Y} 150 mmHg would stand below the 165 mmHg of INF-BP-003, high "
        "pressure during the infusion: the alert would not come before the drug is held. "
        f"From {TOMORROW:%d %b %Y} 150 mmHg would stand below the 165 mmHg of INF-RES-001, going on after a "
        "pause: the drug could go on at a pressure that holds it. "
        'Tick "I mean this value" if you do.'
    )
    set_limit(act(), **given(**asked, is_confirmed=True))
    (setting,) = limit_settings.every_setting()
    assert setting.is_confirmed


@pytest.mark.django_db
def test_limits_moved_together_stay_in_their_order() -> None:
    for rule in ("INF-BP-003", "INF-RES-001", "INF-BP-002"):
        set_limit(act(), **given(rule=rule, value=parse_limit("160 mmHg")))
    # The first of them goes back to 165 mmHg, above the pressure that holds the drug.
    with pytest.raises(UnableToSetLimit) as refused:
        set_limit(act(), **given(rule="INF-BP-003", value=None))
    assert [issue.code for issue in refused.value.issues] == ["needs-confirmation"]
    assert "165 mmHg would stand above the 160 mmHg of INF-BP-002" in refused.value.issues[0].sentence


@pytest.mark.django_db
def test_the_first_and_the_last_day_that_can_be_chosen() -> None:
    set_limit(act(), **given(from_date=TODAY))
    assert systolic(TODAY) == Pressure.of(150)
    set_limit(act(), **given(from_date=TODAY + timedelta(days=365), value=None))
    assert systolic(TODAY + timedelta(days=365)) == Pressure.of(160)


@pytest.mark.django_db
def test_going_back_to_the_shipped_limit_is_a_setting_with_a_day_and_a_reason() -> None:
    set_limit(act(), **given(from_date=TODAY))
    set_limit(act(), **given(value=None, reason="The study is over."))
    assert [setting.value for setting in limit_settings.every_setting()] == [Pressure.of(150), None]
    assert systolic(TODAY) == Pressure.of(150)
    assert systolic(TOMORROW) == Pressure.of(160)


def checked_in(visit: StreamId, at: datetime) -> Verdict:
    """Check a patient in with 155 mmHg and return what the rule answered, as it is kept."""
    facts = factories.check_in_facts()
    facts = replace(facts, signs=replace(facts.signs, systolic=Pressure.of(155)))
    checkin.check_in(factories.act(factories.people().nurse, at), visit=visit, facts=facts)
    kept = reading.visit(visit).check_in
    assert kept is not None
    return next(verdict for verdict in kept.payload.verdicts if verdict.rule.rule == ID)


@pytest.mark.django_db
def test_each_visit_is_judged_and_read_with_the_limits_of_its_day() -> None:
    course = factories.planned_course()
    first_at, second_at = factories.NOW + timedelta(hours=1), factories.NOW + timedelta(days=3)
    first = factories.book(course, first_at)
    second = factories.book(course, second_at)
    before = checked_in(first, first_at)
    set_limit(act(), **given(from_date=clinic_day(second_at)))
    after = checked_in(second, second_at)
    assert (before.answer, after.answer) == ("clear", "fires")
    assert (before.rule, after.rule) == (
        RuleRef(rule=ID, version=1),
        RuleRef(rule=ID, version=1, setting=1),
    )
    # What is kept, and what the references read as now.
    kept = reading.visit(first).check_in
    assert kept is not None
    assert before in kept.payload.verdicts
    assert "From 160 mmHg" in before.sentence
    assert "From 150 mmHg" in after.sentence
    for verdict in (before, after):
        assert book().rule(ID).sentence(book().as_of(verdict.rule)) == verdict.sentence
    # The entry names the setting beside the payload too, and the chain holds (after every test).
    (row,) = models.Entry.objects.filter(stream_id=second, kind="checkin.recorded")
    assert [ID, 1, 1] in json.loads(row.rules)


@pytest.mark.django_db
def test_the_sentence_is_shown_before_anything_is_written() -> None:
    lead = factories.people().lead

    def said(value: Limit | None) -> str:
        asked: dict[str, Any] = {"rule": ID, "limit": "systolic", "value": value, "from_date": TOMORROW}
        return book().rule(ID).sentence(version_with(lead, factories.NOW, **asked))

    assert "150 mmHg" in said(parse_limit("150 mmHg"))
    assert "160 mmHg" in said(None)
    assert limit_settings.count() == 0


@pytest.mark.django_db
def test_a_page_from_before_somebody_elses_setting_is_refused() -> None:
    set_limit(act(seen=0), **given())
    with pytest.raises(RecordMoved) as refused:
        set_limit(act(seen=0), **given(limit="diastolic", value=parse_limit("90 mmHg")))
    assert factories.people().lead.printed_name in refused.value.issues[0].sentence
    assert limit_settings.count() == 1
    set_limit(act(seen=1), **given(limit="diastolic", value=parse_limit("90 mmHg")))
    assert [setting.number for setting in limit_settings.every_setting()] == [1, 2]


@pytest.mark.django_db
def test_a_request_sent_twice_lands_once() -> None:
    once = act(seen=0)
    assert set_limit(once, **given()) == set_limit(once, **given())
    assert limit_settings.count() == 1


@pytest.mark.django_db
def test_what_a_refused_transaction_wrote_is_in_no_book() -> None:
    with transaction.atomic():
        set_limit(act(), **given())
        assert systolic(TOMORROW) == Pressure.of(150)
        transaction.set_rollback(True)
    assert systolic(TOMORROW) == Pressure.of(160)
    set_limit(act(), **given(value=parse_limit("145 mmHg")))
    assert systolic(TOMORROW) == Pressure.of(145)


@pytest.mark.django_db
def test_the_book_is_made_again_only_when_something_was_set() -> None:
    assert book() is book()
    before = book()
    set_limit(act(), **given())
    assert book() is not before
    assert book() is book()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_set_at_the_same_moment_one_is_told() -> None:
    lead = factories.people().lead

    def send(value: str) -> str:
        try:
            set_limit(act(lead, seen=0), **given(value=parse_limit(value)))
        except RecordMoved:
            return "told"
        finally:
            connection.close()
        return "set"

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(send, ["150 mmHg", "145 mmHg"]))
    assert results == ["set", "told"]
    assert limit_settings.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "verb", ["UPDATE store_limitsetting SET value = NULL", "DELETE FROM store_limitsetting"]
)
def test_a_setting_can_be_neither_changed_nor_taken_away(verb: str) -> None:
    set_limit(act(), **given())
    with pytest.raises(DatabaseError, match=append_only.SENTENCE), transaction.atomic():
        connection.cursor().execute(verb)
    with pytest.raises(DatabaseError, match=append_only.SENTENCE), transaction.atomic():
        models.LimitSetting.objects.all().delete()
    assert systolic(TOMORROW) == Pressure.of(150)


@pytest.mark.tampers
@pytest.mark.django_db
@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize(
    ("row", "change"),
    [
        (1, {"value": '"180 mmHg"'}),
        (1, {"value": "neither"}),
        (1, {"from_date": TODAY}),
        (2, {"by_name": "Somebody Else"}),
        (2, {"reason": "another reason"}),
        (1, None),
    ],
)
def test_verify_names_the_setting_that_was_tampered_with(row: int, change: dict[str, Any] | None) -> None:
    set_limit(act(), **given())
    set_limit(act(), **given(value=None, from_date=TOMORROW + timedelta(days=1)))
    assert verify().holds
    found = models.LimitSetting.objects.filter(seq=row)
    if change is None:
        found.delete()
    else:
        found.update(**change)
    (tampering,) = verify().tamperings
    assert (tampering.stream, tampering.seq) == ("setting:limits", row)
    assert f"row {row} of the clinic's own limits" in tampering.sentence


@pytest.mark.django_db
def test_the_demo_clinic_has_tightened_one_limit_for_a_made_up_reason() -> None:
    opened_at = factories.NOW - timedelta(days=199)
    furnish(World(seed=1, opens_at=factories.NOW), opened_at)
    (setting,) = limit_settings.every_setting()
    bounds = book().rule(setting.rule).bounds[setting.limit]
    shipped = Rulebook.shipped().limits(setting.rule, TODAY).by_name[setting.limit]
    assert setting.value is not None
    assert bounds.is_stricter(setting.value, shipped)
    assert "Made up" in setting.reason
    assert setting.from_date == clinic_day(opened_at)
