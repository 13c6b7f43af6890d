"""The tests of the work-up: read from a rule file, and one of them asked for by name."""

from pathlib import Path

import pytest

from evenkeel.clinical.rulebook import RULES
from evenkeel.clinical.workup import TESTS, WorkupTest, is_positive, read_tests
from evenkeel.record.screening import WorkupResult
from tests.rules.screening_cases import PLAIN, line
from tests.rules.workup_cases import worked_up

TWO = """
[[workup]]
key   = "ecg"
label = "ECG"
hint  = "Twelve leads."
kind  = "heart"

[[workup]]
key            = "pregnancy_test"
label          = "Pregnancy test in urine"
hint           = ""
kind           = "urine"
normal         = "Negative"
abnormal       = "Positive"
may_not_apply  = true
"""


def read(folder: Path, text: str) -> dict[str, WorkupTest]:
    """Read a rule file of this text."""
    path = folder / "screening.toml"
    path.write_text(text, encoding="utf-8")
    return read_tests(path)


def test_tests_are_read_in_their_order(tmp_path: Path) -> None:
    found = read(tmp_path, TWO)
    assert list(found.items()) == [
        ("ecg", WorkupTest(key="ecg", label="ECG", hint="Twelve leads.", kind="heart")),
        (
            "pregnancy_test",
            WorkupTest(
                key="pregnancy_test",
                label="Pregnancy test in urine",
                hint="",
                kind="urine",
                normal="Negative",
                abnormal="Positive",
                may_not_apply=True,
            ),
        ),
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"pregnancy_test"', '"ecg"', "a test of the work-up stands twice"),
        ('"heart"', '"lung"', "a test of no known kind"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in TWO
    with pytest.raises(AssertionError, match=f"^{words}"):
        read(tmp_path, TWO.replace(old, new))


def test_the_work_up_is_the_one_of_the_draft_with_the_labels_liver_tests() -> None:
    # The British Columbia draft, with ALP and GGT of the label; toxicology where use is suspected.
    assert {key: each.kind for key, each in TESTS.items()} == {
        "ecg": "heart",
        "kidney": "blood",
        "liver": "blood",
        "alp_ggt": "blood",
        "pregnancy_test": "urine",
        "toxicology": "urine",
        "airway": "airway",
    }
    assert [key for key, each in TESTS.items() if each.may_not_apply] == ["pregnancy_test", "toxicology"]
    assert read_tests(RULES / "screening.toml") == TESTS


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("abnormal", True),
        ("normal", False),
        ("unknown", False),
        ("not_done", False),
        ("does_not_apply", False),
    ],
)
def test_only_what_was_read_can_be_positive(result: WorkupResult, expected: bool) -> None:
    checklist = worked_up(pregnancy_test=line(result=result), ecg=line(result="abnormal")).checklist
    assert is_positive(checklist, "pregnancy_test") is expected


def test_a_test_that_nobody_wrote_down_is_not_positive() -> None:
    assert not is_positive(worked_up(pregnancy_test=None).checklist, "pregnancy_test")
    assert not is_positive(PLAIN, "no such test")
