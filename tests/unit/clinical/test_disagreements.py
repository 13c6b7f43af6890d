"""Where sources disagree: every point names rules and sources that exist, or says what else carries it."""

from pathlib import Path

import pytest

from evenkeel.clinical.disagreements import read_disagreements, shipped_disagreements
from evenkeel.clinical.rulebook import Rulebook, RulebookError

BOOK = Rulebook.shipped()
WHOLE = """
[[disagreement]]
point = "Start"
default = "Never above 180/100 mmHg."
rules = ["CHK-BP-001"]
positions = [
  { holds = "Not above 180/100 mmHg.", cite = ["swiss-ketamine-smpc"] },
  { holds = "Weigh it above 140/90 mmHg.", cite = ["esketamine-label"], second_hand = true },
]
"""


def read(folder: Path, text: str) -> None:
    """Read a file of this text."""
    path = folder / "disagreements.toml"
    path.write_text(text, encoding="utf-8")
    read_disagreements(path, BOOK)


def test_every_point_has_two_sides_and_something_that_carries_the_default() -> None:
    points = shipped_disagreements()
    # Section 10 of the clinical reference lists twenty points.
    assert len(points) == 20
    assert len({one.point for one in points}) == 20
    for one in points:
        assert len(one.positions) >= 2
        assert bool(one.rules) != bool(one.carried_by)


def test_a_whole_point_is_read(tmp_path: Path) -> None:
    read(tmp_path, WHOLE)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"CHK-BP-001"', '"CHK-BP-999"', "there is no rule CHK-BP-999"),
        ("swiss-ketamine-smpc", "nowhere-2020", "nowhere-2020 is not in sources.toml"),
        ('rules = ["CHK-BP-001"]', "rules = []", "name the rules that carry the default"),
        ('rules = ["CHK-BP-001"]', 'rules = ["CHK-BP-001"]\ncarried_by = "Policy."', "name the rules"),
        ("default =", "usual =", "unknown keys default, usual"),
        ('  { holds = "Not above 180/100 mmHg.", cite = ["swiss-ketamine-smpc"] },\n', "", "two sides"),
    ],
)
def test_a_point_that_is_not_whole_is_refused_by_name(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in WHOLE
    with pytest.raises(RulebookError, match=f"^disagreements.toml: Start: .*{words}"):
        read(tmp_path, WHOLE.replace(old, new))
