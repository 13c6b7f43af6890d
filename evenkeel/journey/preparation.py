"""Consent: what was read with the patient, by whom, and taking it back."""

from evenkeel.clinical.preparation import ConsentDocument, in_force
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.referral import require_open
from evenkeel.journey.rules import clinic_day
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Draft
from evenkeel.record.preparation import ConsentGiven, ConsentWithdrawn
from evenkeel.store import log
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo


class UnableToRecordConsent(UnableTo):
    """The consent cannot be recorded as it stands."""


class UnableToWithdrawConsent(UnableTo):
    """There is nothing to withdraw, or it is not said to whom."""


@use_case("consent.record")
def record_consent(
    act: Act,
    *,
    course: StreamId,
    document: str,
    version: str,
    language: str,
    explained_by: str,
    topics: tuple[str, ...],
    off_label_explained: bool,
) -> StreamId:
    """Write down that the patient agreed to one version of a text, after every topic was talked about.

    Raises UnableToRecordConsent for a version that is not in force, a topic left out, or a patient who was
    not screened fit.
    """
    state = log.fold_for_update(CourseState, course)
    touch(state.referral.patient)
    require_open(state)
    require_seen(state, act)
    require_plausible_time(act, state)
    issues = []
    if not state.is_screened_fit:
        sentence = (
            "Consent comes after the screening: it has not come out fit, nor did a prescriber accept it."
        )
        issues.append(Issue(sentence=sentence, code="not-screened-fit"))
    texts = in_force(clinic_day(act.happened_at))
    chosen = [
        text for text in texts if (text.key, text.version, text.language) == (document, version, language)
    ]
    if not chosen:
        sentence = (
            "Consent text: this version is not the one in use. Open the page again to read the new one."
        )
        issues.append(Issue(sentence=sentence, code="version-not-in-force", field="document"))
    else:
        issues.extend(_talk_issues(chosen[0], explained_by, topics, off_label_explained))
    if issues:
        raise UnableToRecordConsent(issues)
    given = ConsentGiven(
        document=document,
        version=version,
        language=language,
        explained_by=explained_by.strip(),
        topics=topics,
        off_label_explained=off_label_explained,
    )
    draft = Draft(payload=given, happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course


@use_case("consent.record")
def withdraw_consent(act: Act, *, course: StreamId, said_to: str, reason: str) -> StreamId:
    """Write down that the patient no longer agrees, with or without saying why.

    Booked visits stand until somebody cancels them, but nothing is given any more.
    """
    state = log.fold_for_update(CourseState, course)
    touch(state.referral.patient)
    require_open(state)
    require_plausible_time(act, state)
    issues = []
    if state.consent is None:
        sentence = "There is no consent to withdraw: none stands for this course."
        issues.append(Issue(sentence=sentence, code="no-consent"))
    if not said_to.strip():
        sentence = "Said to: write whom the patient told."
        issues.append(Issue(sentence=sentence, code="said-to-missing", field="said_to"))
    if issues:
        raise UnableToWithdrawConsent(issues)
    withdrawn = ConsentWithdrawn(said_to=said_to.strip(), reason=reason.strip())
    draft = Draft(payload=withdrawn, happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course


def _talk_issues(
    text: ConsentDocument, explained_by: str, topics: tuple[str, ...], off_label_explained: bool
) -> tuple[Issue, ...]:
    issues = []
    if not explained_by.strip():
        sentence = "Explained by: write who talked with the patient."
        issues.append(Issue(sentence=sentence, code="explained-by-missing", field="explained_by"))
    left_out = text.not_covered(topics)
    if left_out:
        names = "; ".join(topic.label for topic in left_out)
        sentence = f"Topics: not talked about yet: {names}."
        issues.append(Issue(sentence=sentence, code="topics-left-out", field="topics"))
    if not off_label_explained:
        sentence = "Off-label use: explain it before the patient agrees, and tick the box."
        issues.append(Issue(sentence=sentence, code="off-label-not-explained", field="off_label_explained"))
    return tuple(issues)
