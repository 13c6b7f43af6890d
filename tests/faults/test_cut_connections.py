"""Lines that are cut at any byte: each message and each form lands once, however often it had to be sent."""

from pathlib import Path

from tests.faults.cuts import cut


def test_each_message_and_form_lands_once_over_a_line_that_is_cut(tmp_path: Path) -> None:
    outcome = cut(seed=11, again=300, folder=tmp_path)
    assert not outcome.wrong, outcome
    assert outcome.again >= 300
    assert outcome.messages >= 30
    assert outcome.forms >= 5
    # Every kind of cut was among them, on the monitors' line and on the pages'.
    for cuts in outcome.lines.values():
        assert min(cuts[way] for way in ("before", "within", "after", "answer")) > 0, outcome.lines
