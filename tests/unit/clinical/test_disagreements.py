"""Where sources disagree: every point names rules and sources that exist, or says what else carries it."""

from pathlib import Path

import pytest

from evenkeel.clinical.disagreements import (
    Disagreement,
    Position,
    read_disagreements,
    shipped_disagreements,
)
from evenkeel.clinical.rulebook import Rulebook, RulebookError
from tests.unit.clinical.written_rules import changed

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
NOBODY = """
[[disagreement]]
point = "Größe"
default = "As the clinic says."
rules = []
carried_by = "A setting."
positions = [
  { holds = "One.", cite = [], second_hand = false },
  { holds = "Another.", cite = [] },
]
"""
POSITIONS = """positions = [
  { holds = "Not above 180/100 mmHg.", cite = ["swiss-ketamine-smpc"] },
  { holds = "Weigh it above 140/90 mmHg.", cite = ["esketamine-label"], second_hand = true },
]"""


def read(folder: Path, text: str) -> tuple[Disagreement, ...]:
    """Read a file of this text."""
    path = folder / "disagreements.toml"
    path.write_text(text, encoding="utf-8")
    return read_disagreements(path, BOOK)


def test_every_point_has_two_sides_and_something_that_carries_the_default() -> None:
    points = shipped_disagreements()
    # Section 10 of the clinical reference lists twenty points.
    assert len(points) == 20
    assert len({one.point for one in points}) == 20
    for one in points:
        assert len(one.positions) >= 2
        assert bool(one.rules) != bool(one.carried_by)


def test_points_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE + NOBODY) == (
        Disagreement(
            point="Start",
            default="Never above 180/100 mmHg.",
            positions=(
                Position(
                    holds="Not above 180/100 mmHg.", cite=("swiss-ketamine-smpc",), is_second_hand=False
                ),
                Position(
                    holds="Weigh it above 140/90 mmHg.", cite=("esketamine-label",), is_second_hand=True
                ),
            ),
            rules=("CHK-BP-001",),
            carried_by=None,
        ),
        Disagreement(
            point="Größe",
            default="As the clinic says.",
            positions=(
                Position(holds="One.", cite=(), is_second_hand=False),
                Position(holds="Another.", cite=(), is_second_hand=False),
            ),
            rules=(),
            carried_by="A setting.",
        ),
    )


CARRIED = "Start: name the rules that carry the default, or in carried_by what else does"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"CHK-BP-001"', '"CHK-BP-001", "CHK-BP-999"', "Start: there is no rule CHK-BP-999"),
        ("swiss-ketamine-smpc", "nowhere-2020", "Start: nowhere-2020 is not in sources.toml"),
        (
            '"esketamine-label"',
            '"esketamine-label", "nowhere-2020"',
            "Start: nowhere-2020 is not in sources.toml",
        ),
        ('rules = ["CHK-BP-001"]', "rules = []", CARRIED),
        ('rules = ["CHK-BP-001"]', 'rules = ["CHK-BP-001"]\ncarried_by = "Policy."', CARRIED),
        ("default =", "usual =", "Start: missing or unknown keys default, usual"),
        ('default = "Never above 180/100 mmHg."\n', "", "Start: missing or unknown keys default"),
        ('point = "Start"\n', "", "a point without a name: missing or unknown keys point"),
        ("second_hand", "secondhand", "Start: missing or unknown keys of a position secondhand"),
        (
            '{ holds = "Not above 180/100 mmHg.", cite',
            '{ says = "Not above 180/100 mmHg.", cite',
            "Start: missing or unknown keys of a position holds, says",
        ),
        (POSITIONS.splitlines()[1] + "\n", "", "Start: a disagreement has two sides at least"),
        (POSITIONS, "positions = []", "Start: a disagreement has two sides at least"),
    ],
)
def test_a_point_that_is_not_whole_is_refused_by_name(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    with pytest.raises(RulebookError) as refused:
        read(tmp_path, changed(old, new, WHOLE))
    assert str(refused.value) == f"disagreements.toml: {sentence}"
