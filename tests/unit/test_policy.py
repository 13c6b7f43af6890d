"""The one table of permissions, line by line where a mistake would harm."""

from typing import get_args

import pytest

from evenkeel.journey.policy import PERMITTED, ROLES, Action, NotPermitted, may, require
from evenkeel.record.entry import Author, Role
from evenkeel.values.ids import ClinicianId

# issue 2: an order and a screening decision are a prescriber's; reviews and plans of a course too.
ONLY_PRESCRIBERS: tuple[Action, ...] = (
    "screening.decide",
    "checkin.decide",
    "order.sign",
    "order.cancel",
    "series.review",
    "response.judge",
    "maintenance.plan",
    "course.end",
)
AT_THE_CHAIR: tuple[Action, ...] = (
    "dose.draw",
    "dose.double_check",
    "infusion.run",
    "infusion.chart",
    "infusion.hand_over",
    "discharge.sign",
    "entry.amend",
)


def author(role: Role) -> Author:
    """Somebody of that role."""
    return Author(id=ClinicianId("x"), role=role, printed_name="Somebody")


@pytest.mark.parametrize("action", ONLY_PRESCRIBERS)
def test_decisions_are_the_prescribers_alone(action: Action) -> None:
    assert [role for role in ROLES if may(role, action)] == ["prescriber"]


@pytest.mark.parametrize("action", AT_THE_CHAIR)
def test_drug_and_chart_are_for_nurses_and_prescribers(action: Action) -> None:
    assert [role for role in ROLES if may(role, action)] == ["nurse", "prescriber"]


@pytest.mark.parametrize("role", ["registrant", "administrator"])
def test_who_does_not_meet_patients_reads_no_record(role: Role) -> None:
    assert not [
        action for action in PERMITTED if action.startswith(("patient", "visit.")) and may(role, action)
    ]


def test_people_are_the_administrators_and_the_access_log_is_not_the_clinicians() -> None:
    assert PERMITTED["people.manage"] == {"administrator"}
    assert PERMITTED["access_log.read"] == {"lead", "administrator"}
    assert PERMITTED["settings.change"] == {"lead"}


def test_what_has_no_line_is_nobodys() -> None:
    unknown: Action = "ledger.count"  # type: ignore[assignment]  # an action of a later version
    for role in ROLES:
        assert not may(role, unknown)
        with pytest.raises(NotPermitted) as refused:
            require(author(role), unknown)
        assert "nobody" in refused.value.issues[0].sentence


def test_every_action_has_a_line_and_somebody() -> None:
    assert set(PERMITTED) == set(get_args(Action))
    assert all(PERMITTED.values())


def test_a_refusal_says_whose_work_it_is() -> None:
    with pytest.raises(NotPermitted) as refused:
        require(author("front_desk"), "order.sign")
    assert refused.value.issues[0].sentence == "This is done by: prescriber. You are signed in as front desk."
