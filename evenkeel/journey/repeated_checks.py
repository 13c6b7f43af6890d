"""Checks that a long course asks for again and again, written down with their day."""

from datetime import date
from typing import Final, Literal

from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.referral import require_open
from evenkeel.journey.rules import clinic_day
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Draft
from evenkeel.record.series import CheckRecorded, RepeatedCheck
from evenkeel.store import log
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo

# What is not normal is said in a few words at least. Proposal.
NOTE_LETTERS_MIN: Final = 5


class UnableToRecordCheck(UnableTo):
    """The check could not be written down as it stands."""


@use_case("check.record")
def record_check(
    act: Act,
    *,
    course: StreamId,
    what: RepeatedCheck,
    done_date: date,
    finding: Literal["normal", "abnormal"],
    note: str,
) -> StreamId:
    """Write down that a check was done and what came of it. Raises UnableToRecordCheck."""
    state = log.fold_for_update(CourseState, course)
    touch(state.referral.patient)
    require_open(state)
    require_plausible_time(act, state)
    require_seen(state, act)
    issues = []
    if done_date > clinic_day(act.happened_at):
        sentence = "Done on: the day is still to come."
        issues.append(Issue(sentence=sentence, code="done-later", field="done_date"))
    if finding == "abnormal" and len(note.strip()) < NOTE_LETTERS_MIN:
        sentence = "Note: write what was not normal."
        issues.append(Issue(sentence=sentence, code="note-missing", field="note"))
    if issues:
        raise UnableToRecordCheck(issues)
    payload = CheckRecorded(what=what, done_date=done_date, finding=finding, note=note.strip())
    draft = Draft(payload=payload, happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course
