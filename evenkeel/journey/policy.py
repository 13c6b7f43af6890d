"""Who may do what: the one place, and everything that is not named here is refused.

Pages ask with the action of their route, use cases ask again with their own, so a page that forgets to ask
still cannot write.
"""

from typing import Final, Literal, get_args

from evenkeel.record.entry import ROLE_WORDS, SOFTWARE, Author, Role
from evenkeel.values.issues import Issue, UnableTo

Action = Literal[
    "today.read",
    "patients.list",
    "patient.read",
    "patient.refer",
    "patient.change_details",
    "patient.record_medicines",
    "screening.record",
    "screening.decide",
    "consent.record",
    "course.end",
    "series.plan",
    "visit.book",
    "visit.read",
    "checkin.record",
    "checkin.decide",
    "order.sign",
    "order.cancel",
    "dose.draw",
    "dose.double_check",
    "infusion.run",
    "infusion.chart",
    "infusion.hand_over",
    "alert.answer",
    "alert.read",
    "alert.load",
    "discharge.sign",
    "assessment.record",
    "risk.answer",
    "series.review",
    "check.record",
    "response.judge",
    "maintenance.plan",
    "entry.amend",
    "record.print",
    "downtime.prepare",
    "board.read",
    "presence.say",
    "live.read",
    "devices.read",
    "monitor.assign",
    "quarantine.work",
    "quarantine.open",
    "gateways.manage",
    "access_log.read",
    "people.manage",
    "settings.read",
    "settings.change",
    "rulebook.read",
    "limits.read",
    "limits.set",
    "levels.explore",
    "dose.calculate",
    "custody.witness",
    "custody.waste",
    "stock.read",
    "stock.scan",
    "stock.keep",
    "stock.count",
    "case.work",
    "custody.report",
    "own_account.use",
]

# The roles that a person can have. What the software writes by itself asks no policy, and may do nothing.
ROLES: Final[tuple[Role, ...]] = tuple(role for role in get_args(Role) if role != SOFTWARE)

_EVERYBODY = frozenset(ROLES)
_CLINICAL = frozenset[Role]({"nurse", "prescriber", "lead"})
_AT_THE_CHAIR = frozenset[Role]({"nurse", "prescriber"})
_WHO_HANDLE_DRUG = frozenset[Role]({"nurse", "prescriber", "registrant", "lead"})
_WHO_MEET_PATIENTS = frozenset[Role]({"front_desk", "nurse", "prescriber", "lead"})

PERMITTED: Final[dict[Action, frozenset[Role]]] = {
    "today.read": _EVERYBODY,
    "own_account.use": _EVERYBODY,
    "rulebook.read": _EVERYBODY,
    "limits.read": _EVERYBODY,
    "limits.set": frozenset({"lead"}),
    "levels.explore": _CLINICAL,
    "dose.calculate": frozenset({"nurse", "prescriber", "lead", "registrant"}),
    "patients.list": _WHO_MEET_PATIENTS,
    "patient.read": _WHO_MEET_PATIENTS,
    "patient.refer": _WHO_MEET_PATIENTS,
    "patient.change_details": _WHO_MEET_PATIENTS,
    "patient.record_medicines": _WHO_MEET_PATIENTS,
    "screening.record": _AT_THE_CHAIR,
    "screening.decide": frozenset({"prescriber"}),
    "consent.record": _AT_THE_CHAIR,
    "course.end": frozenset({"prescriber"}),
    "series.plan": frozenset({"front_desk", "nurse", "prescriber"}),
    "visit.book": frozenset({"front_desk", "nurse", "prescriber"}),
    "visit.read": _WHO_MEET_PATIENTS,
    "checkin.record": _AT_THE_CHAIR,
    "checkin.decide": frozenset({"prescriber"}),
    "order.sign": frozenset({"prescriber"}),
    "order.cancel": frozenset({"prescriber"}),
    "dose.draw": _AT_THE_CHAIR,
    "dose.double_check": _AT_THE_CHAIR,
    "infusion.run": _AT_THE_CHAIR,
    "infusion.chart": _AT_THE_CHAIR,
    "infusion.hand_over": _AT_THE_CHAIR,
    "alert.answer": _AT_THE_CHAIR,
    "alert.read": _CLINICAL,
    "alert.load": frozenset({"lead"}),
    "discharge.sign": _AT_THE_CHAIR,
    "assessment.record": _AT_THE_CHAIR,
    "risk.answer": _AT_THE_CHAIR,
    "series.review": frozenset({"prescriber"}),
    "check.record": _AT_THE_CHAIR,
    "response.judge": frozenset({"prescriber"}),
    "maintenance.plan": frozenset({"prescriber"}),
    "entry.amend": _AT_THE_CHAIR,
    "record.print": _CLINICAL,
    "downtime.prepare": frozenset({"nurse", "lead"}),
    "board.read": _WHO_MEET_PATIENTS,
    "presence.say": _AT_THE_CHAIR,
    "live.read": _WHO_MEET_PATIENTS,
    "devices.read": frozenset({"nurse", "prescriber", "lead", "administrator"}),
    "monitor.assign": frozenset({"nurse", "lead", "administrator"}),
    "quarantine.work": frozenset({"nurse", "lead", "administrator"}),
    "quarantine.open": _CLINICAL,
    "gateways.manage": frozenset({"administrator"}),
    "access_log.read": frozenset({"lead", "administrator"}),
    "people.manage": frozenset({"administrator"}),
    "stock.scan": _WHO_HANDLE_DRUG,
    "custody.witness": _WHO_HANDLE_DRUG,
    "custody.waste": _WHO_HANDLE_DRUG,
    "stock.read": _WHO_HANDLE_DRUG,
    "stock.keep": frozenset({"registrant", "lead"}),
    "stock.count": _WHO_HANDLE_DRUG,
    "case.work": frozenset({"registrant", "lead"}),
    "custody.report": frozenset({"registrant", "lead"}),
    "settings.read": frozenset({"lead", "administrator"}),
    "settings.change": frozenset({"lead"}),
}


class NotPermitted(UnableTo):
    """This person's role may not do this."""


def may(role: Role, action: Action) -> bool:
    """Whether a role may do this; an action without a line above is nobody's."""
    return role in PERMITTED.get(action, frozenset())


def require(by: Author, action: Action) -> None:
    """Raise NotPermitted unless the author's role may do this."""
    if not may(by.role, action):
        allowed = ", ".join(ROLE_WORDS[role] for role in ROLES if may(role, action)) or "nobody"
        sentence = f"This is done by: {allowed}. You are signed in as {ROLE_WORDS[by.role]}."
        raise NotPermitted([Issue(sentence=sentence, code="not-permitted")])
