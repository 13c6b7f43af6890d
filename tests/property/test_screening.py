"""What holds of every screening, whatever was answered."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clinical.medicine_classes import CLASSES
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.clinical.screening import QUESTIONS, assess, questions_for
from evenkeel.clinical.workup import TESTS
from evenkeel.record.referral import Medicine
from evenkeel.record.screening import Checklist, Tri, Trial, WorkupLine
from tests.rules.screening_cases import PLAIN

BOOK = Rulebook.shipped()
ON = date(2026, 6, 1)
GRAVITY = {"fit": 0, "needs_prescriber": 1, "not_today": 2}

answers: st.SearchStrategy[Tri] = st.sampled_from(["yes", "no", "unknown"])
lines = st.builds(
    WorkupLine,
    result=st.sampled_from(["normal", "abnormal", "not_done", "does_not_apply", "unknown"]),
    done_date=st.none() | st.dates(ON - timedelta(days=800), ON),
)
trials = st.builds(
    Trial,
    drug=st.just("made-up"),
    dose=st.sampled_from(["", "20 mg"]),
    weeks=st.none() | st.integers(0, 60),
    result=st.sampled_from(["no_effect", "too_little", "not_tolerated", "helped", "unknown"]),
)
names = sorted({name for each in CLASSES.values() for name in each.names})
checklists: st.SearchStrategy[Checklist] = st.builds(
    replace,
    st.just(PLAIN),
    answers=st.fixed_dictionaries({question.key: answers for question in QUESTIONS}),
    trials=st.lists(trials, max_size=5).map(tuple),
    workup=st.fixed_dictionaries(dict.fromkeys(TESTS, lines)),
    stop_bang=st.none() | st.integers(0, 8),
)


def outcome(checklist: Checklist, *medicines: str) -> str:
    return assess(
        BOOK,
        indication="depression",
        age=40,
        checklist=checklist,
        medicines=tuple(Medicine(name=name, dose="") for name in medicines),
        on=ON,
    ).outcome


@given(checklist=checklists, data=st.data())
def test_what_is_not_known_never_makes_anybody_fit(checklist: Checklist, data: st.DataObject) -> None:
    """One answer taken away never turns "needs a prescriber" into "fit"."""
    question = data.draw(st.sampled_from(questions_for("depression")))
    less = replace(checklist, answers={**checklist.answers, question.key: "unknown"})
    assert outcome(less) != "fit"


@given(checklist=checklists, data=st.data())
def test_a_safer_answer_never_makes_it_worse(checklist: Checklist, data: st.DataObject) -> None:
    question = data.draw(st.sampled_from(questions_for("depression")))
    safer = replace(checklist, answers={**checklist.answers, question.key: question.safe})
    assert GRAVITY[outcome(safer)] <= GRAVITY[outcome(checklist)]


@given(checklist=checklists, name=st.sampled_from(names))
def test_a_listed_medicine_never_makes_it_better(checklist: Checklist, name: str) -> None:
    assert GRAVITY[outcome(checklist, name)] >= GRAVITY[outcome(checklist)]


@given(found=st.lists(trials, max_size=5), more=trials)
def test_one_more_trial_never_counts_for_less(found: list[Trial], more: Trial) -> None:
    """Whoever was fit on some trials is fit on one more, whatever became of it."""
    if outcome(replace(PLAIN, trials=tuple(found))) == "fit":
        assert outcome(replace(PLAIN, trials=(*found, more))) == "fit"
