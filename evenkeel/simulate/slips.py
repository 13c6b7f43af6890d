"""What goes wrong in the hands of made-up staff at one visit, and how they put it right."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from evenkeel.clinical.infusion import implausible
from evenkeel.journey import amendments, infusion
from evenkeel.record.infusion import SignsCharted
from evenkeel.record.signs import Signs
from evenkeel.simulate.artefacts import VISIT_MIN
from evenkeel.simulate.habits import Dice
from evenkeel.simulate.spans import draw_spans, span_at
from evenkeel.simulate.world import Hand, Story, World
from evenkeel.store import reading
from evenkeel.values.ids import EntryId, IdempotencyKey, StreamId, entry_id
from evenkeel.values.quantities import Pressure, Pulse, Volume

if TYPE_CHECKING:
    from evenkeel.simulate.visit import Setting

# How long a slip takes to be noticed.
NOTICED_AFTER: Final = timedelta(minutes=2)
CHECKED_AGAIN_AFTER: Final = timedelta(minutes=3)
TENFOLD: Final = 10
DIGIT_MMHG: Final = 100

Charts = Callable[[Signs], IdempotencyKey]


class Slips:
    """The slips of one visit, thrown for with the habits of this world's staff."""

    def __init__(self, world: World, hand: Hand, setting: "Setting", label: str) -> None:
        self._world, self._hand, self._setting = world, hand, setting
        self._habits = world.weather.habits
        self._dice = Dice(f"{label}/slips")
        cut = world.weather.faults.tablet_cut
        self._cuts = draw_spans(f"{label}/tablet cut", cut, until_min=VISIT_MIN)

    def _falls(self, rate: float, what: str, occasion: str) -> bool:
        if not self._dice.falls(rate, f"{what}, {occasion}"):
            return False
        self._world.count(what)
        return True

    def _minutes(self, most: float, what: str, occasion: str) -> timedelta:
        return timedelta(minutes=self._dice.minutes(most, f"{what}, {occasion}"))

    def lateness(self, occasion: str) -> timedelta:
        """How late the check of this occasion is."""
        if not self._falls(self._habits.late_check, "late check", occasion):
            return timedelta(0)
        return self._minutes(self._habits.late_check_min, "late check", occasion)

    def forgotten(self) -> timedelta:
        """For how long nobody thinks of going on after a pause."""
        if not self._falls(self._habits.forgets_to_resume, "forgot to resume", "the pause"):
            return timedelta(0)
        return self._minutes(self._habits.forgets_to_resume_min, "forgot to resume", "the pause")

    def tablet_keeps_until(self, occasion: str) -> datetime | None:
        """When what is charted now arrives, where it cannot arrive at once."""
        began_at = self._setting.starts_at
        cut = span_at(self._cuts, (self._world.now - began_at).total_seconds() / 60)
        if cut is not None:
            self._world.count("charted while the tablet was cut off")
            return began_at + timedelta(minutes=cut.to_min)
        if self._falls(self._habits.entered_later, "entered later", occasion):
            return self._world.now + self._minutes(self._habits.entered_later_min, "entered later", occasion)
        return None

    def second_check_goes_wrong(self, check: Callable[[Volume], None], drawn: Volume) -> Story:
        """The second person reads another volume. It is recorded, opens nothing, and they check again."""
        if not self._falls(self._habits.second_disagrees, "second person disagreed", "the double check"):
            return
        check(Volume(value=drawn.value + 1))
        yield self._world.now + CHECKED_AGAIN_AFTER

    def before_charting(self, occasion: str, found: Signs) -> Story:
        """The wrong chair is opened, and the signs of this patient are charted to another."""
        others = [
            visit for chair, visit in sorted(self._world.seated.items()) if chair != self._setting.chair
        ]
        if not others or not self._falls(self._habits.wrong_chair, "wrong chair", occasion):
            return
        other = others[0]
        typed = self._hand.do(
            infusion.chart_signs,
            self._setting.nurse,
            visit=other,
            signs=found,
            source="manual",
            confirmed=tuple(implausible(found)),
        )
        yield self._world.now + NOTICED_AFTER
        self._hand.do(
            amendments.mark_in_error,
            self._setting.nurse,
            stream=other,
            entry=self._entry(other, typed),
            reason="These are the signs of the patient in another chair.",
        )

    def while_charting(self, occasion: str, found: Signs, chart: Charts) -> Story:
        """Chart, with a slip of the fingers where one falls."""
        if self._falls(self._habits.tenfold, "typed tenfold", occasion):
            self._type_tenfold(found)
        if self._falls(self._habits.slip_of_a_digit, "slip of a digit", occasion):
            yield from self.slip_of_a_digit(found, chart)
        else:
            chart(found)

    def _type_tenfold(self, found: Signs) -> None:
        """A nought too many: the clinic must refuse it, and nothing of it is kept."""
        assert found.pulse is not None, "a body has a pulse"
        wrong = replace(found, pulse=Pulse(value=found.pulse.value * TENFOLD))
        is_refused = self._hand.is_refused(
            infusion.chart_signs,
            self._setting.nurse,
            visit=self._setting.visit,
            signs=wrong,
            source="manual",
            confirmed=tuple(implausible(wrong)),
        )
        assert is_refused, "a pulse of ten times its size cannot be charted"

    def slip_of_a_digit(self, right: Signs, chart: Charts) -> Story:
        """A hundred too much is typed, confirmed in haste, and put right two minutes later."""
        assert right.systolic is not None, "a body has a pressure"
        typed = chart(replace(right, systolic=Pressure(value=right.systolic.value + DIGIT_MMHG)))
        yield self._world.now + NOTICED_AFTER
        visit = self._setting.visit
        self._hand.do(
            amendments.amend_entry,
            self._setting.nurse,
            stream=visit,
            entry=self._entry(visit, typed),
            payload=SignsCharted(signs=right, source="manual", confirmed=(), verdicts=()),
            reason="Typed 2 for 1; the monitor's strip shows the lower value.",
        )

    def _entry(self, visit: StreamId, key: IdempotencyKey) -> EntryId:
        """The entry that a request wrote; while a story is played again, nobody asks further."""
        if self._world.is_replaying:
            return entry_id(visit, 1)
        return next(each.id for each in reading.visit(visit).facts if each.history[0].key == key)
