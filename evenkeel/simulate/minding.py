"""How a played day watches by the clock, and how made-up nurses answer alerts: soon, late or never.

Beside a serving clinic nobody made up answers: there the alerts are for whoever looks at the demo.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from evenkeel.journey import alerting, alerts
from evenkeel.record.alerts import Alert, AlertChoice
from evenkeel.simulate.habits import Dice
from evenkeel.simulate.staff import Colleague
from evenkeel.simulate.world import Hand, Story, World
from evenkeel.store.queries import alerts as alerts_now
from evenkeel.values.ids import EntryId, StreamId

LOOKS_EVERY: Final = timedelta(minutes=1)
SOON: Final = timedelta(seconds=30)
# What a monitor sends that is over so soon was the moving hand, more likely than the patient.
BRIEF: Final = timedelta(minutes=2)
FALSE_NOTE: Final = "Moved the hand; the wave was poor. Looked at the patient."
ACTED_NOTE: Final = "At the chair: spoke to the patient, measuring again."


def watching(world: World, from_at: datetime) -> Story:
    """What a serving clinic does each second, once a minute: raise what time alone makes due."""
    yield from_at
    while world.now < world.opens_at:
        key = f"watch-{world.seed}-{world.now.timestamp():.0f}"
        world.ask("watch", "clinic", "watch", key, partial(_watch, world.now))
        yield world.now + LOOKS_EVERY


def _watch(at: datetime) -> str:
    alerting.watch(at)
    return "watched"


class Minder:
    """One nurse's ear for the alerts of one visit."""

    def __init__(self, world: World, nurse: Colleague, visit: StreamId, label: str) -> None:
        self._world, self._nurse, self._visit = world, nurse, visit
        self._dice = Dice(f"{label}/alerts")
        self._heard: set[EntryId] = set()

    def listens_while(self, is_there: Callable[[], bool]) -> Story:
        """Listen every minute, which a monitor's alerts ask for."""
        while is_there():
            yield self._world.now + LOOKS_EVERY
            self._look()

    def listens_once(self) -> Story:
        """Listen after a check was charted."""
        yield self._world.now + SOON
        self._look()

    def _look(self) -> None:
        if self._world.is_live or self._world.is_replaying:
            return
        for alert in self._waiting():
            if alert.id in self._heard:
                continue
            self._heard.add(alert.id)
            habits = self._world.weather.habits
            if self._dice.falls(habits.alert_never, alert.id):
                self._world.count("alert never answered")
                continue
            delay = self._dice.minutes(habits.alert_answered_min, alert.id)
            self._world.begin(self._answer_after(alert.id, timedelta(minutes=delay)))

    def _answer_after(self, alert: EntryId, delay: timedelta) -> Story:
        yield self._world.now + delay
        found = next((each for each in self._waiting() if each.id == alert), None)
        if found is None:
            return  # it was answered with a graver one, or went with what raised it
        choice, note = _answer_to(found)
        hand = Hand(self._world, f"answer-{alert}")
        hand.do(alerts.answer, self._nurse, visit=self._visit, alert=alert, choice=choice, note=note)

    def _waiting(self) -> tuple[Alert, ...]:
        """What waits by now: a day that is played on knows alerts that are raised only later."""
        found = alerts_now.for_visit(self._visit).unanswered
        return tuple(alert for alert in found if alert.raised_at <= self._world.now)


def _answer_to(alert: Alert) -> tuple[AlertChoice, str]:
    is_brief = alert.ended_at is not None and alert.ended_at - alert.raised_at <= BRIEF
    if alert.source == "monitor" and is_brief:
        return "false_reading", FALSE_NOTE
    return "action_taken", ACTED_NOTE
