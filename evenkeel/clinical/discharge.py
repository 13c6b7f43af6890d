"""Discharge: may the patient leave, with whom, and with which instructions?"""

import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Final

from evenkeel.clinical.infusion.facts import latest_sign, minutes_between
from evenkeel.clinical.infusion.signs import SIGN_WORDS, too_old
from evenkeel.clinical.questions import check_of, read_questions
from evenkeel.clinical.rulebook import RULES, Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.values.drug import to_decimal
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import Hours, Minutes, Percent
from evenkeel.values.shape import frozen


@frozen
class Line:
    """One instruction in words for the patient, and why it reads as it does."""

    key: str
    text: str
    why: str


@frozen
class Instructions:
    """The sheet that the patient and the adult going with them take home."""

    version: str
    lines: tuple[Line, ...]


@frozen
class DischargeScore:
    """A discharge score that was taken since the drug stopped: which scale, and its total."""

    name: str
    total: Decimal
    at: datetime


@frozen
class Release:
    """From when on what is forbidden after an infusion is not any more: driving, and the rest."""

    driving_at: datetime
    alcohol_at: datetime


@frozen
class DischargeFacts:
    """What leaving is judged on. `at` is in the clinic's zone, since the night counts there.

    `told` are the times that the patient takes home. The last two are asked for against advice only.
    """

    visit: VisitState
    answers: dict[str, Tri]
    received_by: str
    instructions_given: bool
    is_first_or_raised: bool
    against_advice: bool
    at: datetime
    score: DischargeScore | None = None
    told: Release | None = None
    prescriber_told: str = ""
    call_at: datetime | None = None


def read_instructions(path: Path) -> Instructions:
    """Read the `[instructions]` table of a file, its lines in their order."""
    table = tomllib.loads(path.read_text("utf-8"))["instructions"]
    return Instructions(version=table["version"], lines=tuple(Line(**line) for line in table["line"]))


INSTRUCTIONS: Final = read_instructions(RULES / "discharge.toml")
CRITERIA: Final = read_questions("discharge")

for _question in CRITERIA:
    rule(_question.rule)(check_of(_question))

# Nobody can keep a patient who wants to leave, but a running pump must be stopped first.
_ALWAYS: Final = ("DIS-END-001",)
_RULES: Final = (
    "DIS-STAY-001",
    "DIS-STAY-002",
    "DIS-VIT-001",
    "DIS-SED-001",
    "DIS-BP-001",
    "DIS-OX-001",
    *(question.rule for question in CRITERIA),
    "DIS-SCO-001",
    "DIS-ESC-001",
    "DIS-ESC-004",
    "DIS-DRV-001",
    "DIS-INS-001",
)
_AGAINST_ADVICE: Final = ("DIS-AMA-001", "DIS-AMA-002", "DIS-AMA-003")


def assess(book: Rulebook, facts: DischargeFacts) -> tuple[Verdict, ...]:
    """Ask every discharge rule.

    Against advice, what is not met is still said, as advice: it is on record, and it holds nobody back. Other
    rules then ask for the reason, for a prescriber who knows, and for a call.
    """

    def ask(*ids: str) -> tuple[Verdict, ...]:
        return book.consult_all(ids, facts, on=facts.at.date())

    if facts.against_advice:
        return (*ask(*_ALWAYS), *map(_as_advice, ask(*_RULES)), *ask(*_AGAINST_ADVICE))
    return ask(*_ALWAYS, *_RULES)


def release_of(book: Rulebook, stopped_at: datetime) -> Release:
    """The earliest times at which a patient may drive and drink again; `stopped_at` in the clinic's zone.

    Hours are counted as they pass, also through the night on which the clocks change; the morning is that of
    the clinic's next day.
    """
    return _release(book.limits("DIS-DRV-001", stopped_at.date()), stopped_at)


def _release(limits: Limits, stopped_at: datetime) -> Release:
    zone = stopped_at.tzinfo
    assert zone is not None, "times are aware"

    def later(hours: Hours) -> datetime:
        span = timedelta(minutes=float(hours.value * 60))
        return (stopped_at.astimezone(UTC) + span).astimezone(zone)

    past_midnight = divmod(int(limits.morning.value * 60), 60)
    morning = datetime.combine(stopped_at.date() + timedelta(days=1), time(*past_midnight), zone)
    return Release(driving_at=max(later(limits.wait), morning), alcohol_at=later(limits.sober))


def _as_advice(verdict: Verdict) -> Verdict:
    if verdict.severity is None:
        return verdict
    return replace(verdict, severity="advise", hard=False)


@rule("DIS-END-001")
def infusion_not_over(facts: DischargeFacts, limits: Limits) -> Finding:
    """A visit broken off before any drug is cancelled, not discharged."""
    if facts.visit.started is None:
        return Unknown(missing=("an infusion",))
    return Clear() if facts.visit.stopped is not None else Fires(evidence=("the infusion was not stopped",))


@rule("DIS-STAY-001")
def stay_too_short(facts: DischargeFacts, limits: Limits) -> Finding:
    """Counted from when the drug stopped."""
    return _stayed(facts, limits)


@rule("DIS-STAY-002")
def stay_too_short_after_raise(facts: DischargeFacts, limits: Limits) -> Finding:
    """How a patient bears a dose for the first time is not known beforehand."""
    return _stayed(facts, limits) if facts.is_first_or_raised else Clear()


def _stayed(facts: DischargeFacts, limits: Limits) -> Finding:
    if facts.visit.stopped is None:
        return Unknown(missing=("end of the infusion",))
    stayed = minutes_between(facts.visit.stopped.at, facts.at)
    if stayed < limits.stay.value:
        # Whole minutes that have passed: a stay that is a second short never reads as long enough.
        return Fires(evidence=(f"{Minutes.of(max(int(stayed), 0))} since the drug stopped",))
    return Clear()


@rule("DIS-VIT-001")
def final_signs_missing(facts: DischargeFacts, limits: Limits) -> Finding:
    """Signs from before the end say nothing about how the patient leaves."""
    stopped = facts.visit.stopped
    if stopped is None:
        return Unknown(missing=("end of the infusion",))
    seen = {name: latest_sign(facts.visit, name, facts.at) for name in limits.needs}
    missing = tuple(
        f"{SIGN_WORDS[name]} since the drug stopped"
        for name, found in seen.items()
        if found is None or found[0] < stopped.at
    )
    if missing:
        return Unknown(missing=missing)
    charted_at = {name: found[0] for name, found in seen.items() if found is not None}
    old = too_old(charted_at, limits.age, facts.at)
    return Fires(evidence=old) if old else Clear()


@rule("DIS-SED-001")
def not_awake(facts: DischargeFacts, limits: Limits) -> Finding:
    """The scale ends at 5, which is fully responsive."""
    return _last(facts, "sedation", lambda moaas: bool(moaas < limits.moaas))


@rule("DIS-OX-001")
def saturation_low_at_leaving(facts: DischargeFacts, limits: Limits) -> Finding:
    """Judged on the last value since the drug stopped."""
    return _last(facts, "spo2", lambda spo2: bool(spo2 < limits.spo2))


def _last(facts: DischargeFacts, name: str, is_bad: Callable[[object], bool]) -> Finding:
    """Judge the last value of a sign that was charted since the drug stopped."""
    found = latest_sign(facts.visit, name, facts.at)
    stopped = facts.visit.stopped
    if found is None or stopped is None or found[0] < stopped.at:
        return Unknown(missing=(f"{SIGN_WORDS[name]} since the drug stopped",))
    return Fires(evidence=(f"{SIGN_WORDS[name]} {found[1]}",)) if is_bad(found[1]) else Clear()


@rule("DIS-BP-001")
def pressure_not_back(facts: DischargeFacts, limits: Limits) -> Finding:
    """A fall as far as a rise; the baseline is the last reading before the start."""
    started, stopped = facts.visit.started, facts.visit.stopped
    before = latest_sign(facts.visit, "systolic", started.at) if started else None
    after = latest_sign(facts.visit, "systolic", facts.at)
    if before is None:
        return Unknown(missing=("systolic pressure before the start",))
    if after is None or stopped is None or after[0] < stopped.at:
        return Unknown(missing=("systolic pressure since the drug stopped",))
    baseline, now = Fraction(before[1].value), Fraction(after[1].value)
    change = abs(now - baseline) * 100 / baseline
    if change > Fraction(limits.share.value):
        # To a tenth, so that what is just over the limit does not read as the limit.
        shown = Percent(value=to_decimal(change, 1))
        return Fires(evidence=(f"{before[1]} before, {after[1]} now, {shown} apart",))
    return Clear()


@rule("DIS-ESC-001")
def nobody_receives(facts: DischargeFacts, limits: Limits) -> Finding:
    """A person has a name; "taxi" is not asked about here, and the prescriber may decide for it."""
    return Clear() if facts.received_by.strip() else Fires(evidence=("no adult is named",))


@rule("DIS-SCO-001")
def score_too_low(facts: DischargeFacts, limits: Limits) -> Finding:
    """No score is no failure: a clinic may go by the questions alone, and then it is said."""
    if facts.score is None:
        return Unknown(missing=("a discharge score since the drug stopped",))
    if facts.score.total < limits.score.value:
        return Fires(evidence=(f"{facts.score.name} {plain(facts.score.total)} of 10",))
    return Clear()


@rule("DIS-ESC-004")
def another_adult(facts: DischargeFacts, limits: Limits) -> Finding:
    """Names are compared without case and spaces; a different name is a reason to look, and no more."""
    check_in = facts.visit.check_in
    named = check_in.payload.escort.name if check_in else ""
    missing = {"who was named at check-in": named, "who receives the patient": facts.received_by}
    if unknown := tuple(words for words, name in missing.items() if not name.strip()):
        return Unknown(missing=unknown)
    if _folded(named) == _folded(facts.received_by):
        return Clear()
    return Fires(evidence=(f"{named.strip()} was named at check-in",))


def _folded(name: str) -> str:
    return "".join(name.casefold().split())


@rule("DIS-DRV-001")
def told_too_early(facts: DischargeFacts, limits: Limits) -> Finding:
    """The later of both; somebody may have told a later time, and never an earlier one."""
    stopped = facts.visit.stopped
    if stopped is None:
        return Unknown(missing=("end of the infusion",))
    if facts.told is None:
        return Unknown(missing=("what the patient was told",))
    earliest = _release(limits, stopped.at.astimezone(facts.at.tzinfo))
    early = {
        f"driving from {facts.told.driving_at:%Y-%m-%d %H:%M}": facts.told.driving_at < earliest.driving_at,
        f"alcohol from {facts.told.alcohol_at:%Y-%m-%d %H:%M}": facts.told.alcohol_at < earliest.alcohol_at,
    }
    seen = tuple(words for words, holds in early.items() if holds)
    return Fires(evidence=seen) if seen else Clear()


@rule("DIS-INS-001")
def no_instructions(facts: DischargeFacts, limits: Limits) -> Finding:
    """What was only said is forgotten on the way home."""
    return Clear() if facts.instructions_given else Fires(evidence=("no written instructions given",))


@rule("DIS-AMA-001")
def leaves_against_advice(facts: DischargeFacts, limits: Limits) -> Finding:
    """The reason that is written here is the record of what was explained."""
    return Fires(evidence=("leaving against advice",)) if facts.against_advice else Clear()


@rule("DIS-AMA-002")
def no_prescriber_told(facts: DischargeFacts, limits: Limits) -> Finding:
    """When none could be reached, the reason says who was tried."""
    if not facts.against_advice or facts.prescriber_told.strip():
        return Clear()
    return Fires(evidence=("no prescriber is named",))


@rule("DIS-AMA-003")
def no_call_agreed(facts: DischargeFacts, limits: Limits) -> Finding:
    """Whoever left early is the one to be asked how they are."""
    if not facts.against_advice:
        return Clear()
    if facts.call_at is None:
        return Fires(evidence=("no call is agreed",))
    waits = minutes_between(facts.at, facts.call_at)
    if waits <= 0:
        return Fires(evidence=("the call lies before the patient leaves",))
    if waits > limits.within.value * 60:
        return Fires(evidence=(f"the call is more than {limits.within} away",))
    return Clear()
