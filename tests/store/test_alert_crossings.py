"""500 seeded crossings of limits by every sort of sign and every door: each alerted once, at once, none more.

What is to be alerted is reckoned here from the limits as the rules state them, and not by the program.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

import pytest

from evenkeel.devices.compose import Sample
from evenkeel.devices.nomenclature import Sign
from evenkeel.journey import alerting, infusion
from evenkeel.record.signs import Signs
from evenkeel.store.queries import alerts as queries
from evenkeel.values.ids import StreamId
from evenkeel.values.quantities import Breaths, Pressure, Pulse, Saturation
from evenkeel.values.shape import frozen
from tests import factories_chairside as chairside
from tests.factories import act, people
from tests.store.test_monitors import send

pytestmark = pytest.mark.django_db

SEEDS: Final = (1, 2, 3, 4, 5)
CROSSINGS: Final = 100
# A set of signs may cross several limits at once.
AT_ONCE_MAX: Final = 4
# Longer than the minute within which a sign that comes back has gone on (INF-ALM-003), and shorter than the
# quarter of an hour after which a value of a monitor says nothing about now.
STEP: Final = timedelta(seconds=75)
FIRST_AT: Final = chairside.STARTED_AT + timedelta(minutes=2)


@frozen
class Kind:
    """A sign, a span on the safe side of its limits, spans beyond, and what each of those must raise."""

    sign: str
    safe: tuple[int, int]
    beyond: tuple[tuple[tuple[int, int], frozenset[str]], ...]
    by_hand_alone: bool = False


# The limits as shipped (rules/infusion.toml): the first and the last number of each span raise what is named.
KINDS: Final = (
    Kind(
        sign="systolic",
        safe=(100, 164),
        beyond=(
            ((165, 179), frozenset({"INF-BP-003"})),
            ((180, 219), frozenset({"INF-BP-002", "INF-BP-003"})),
        ),
    ),
    Kind(
        sign="spo2",
        safe=(94, 100),
        beyond=(
            ((90, 93), frozenset({"INF-OX-001"})),
            ((80, 89), frozenset({"INF-OX-001", "INF-OX-002"})),
        ),
    ),
    Kind(
        sign="pulse",
        safe=(50, 120),
        beyond=(((41, 49), frozenset({"INF-HR-001"})), ((121, 159), frozenset({"INF-HR-001"}))),
    ),
    Kind(sign="breaths", safe=(10, 40), beyond=(((6, 9), frozenset({"INF-RR-001"})),)),
    Kind(
        sign="sedation",
        safe=(4, 5),
        beyond=(
            ((3, 3), frozenset({"INF-SED-001"})),
            ((0, 2), frozenset({"INF-SED-001", "INF-SED-002"})),
        ),
        by_hand_alone=True,
    ),
    Kind(
        sign="dissociation",
        safe=(0, 8),
        beyond=(((9, 10), frozenset({"INF-DIS-001"})),),
        by_hand_alone=True,
    ),
)
_DEVICE_SIGNS: Final = {
    "systolic": Sign.SYSTOLIC,
    "diastolic": Sign.DIASTOLIC,
    "spo2": Sign.SPO2,
    "pulse": Sign.PULSE,
    "breaths": Sign.BREATHS,
}
_QUANTITIES: Final = {
    "systolic": Pressure,
    "diastolic": Pressure,
    "spo2": Saturation,
    "pulse": Pulse,
    "breaths": Breaths,
}
# Signs alone are counted here: what the clock raises (checks, silence) has tests of its own.
_OF_SIGNS: Final = frozenset(rule for kind in KINDS for _, rules in kind.beyond for rule in rules)


class Doors:
    """A chair at which a person charts and a monitor sends, by real bytes."""

    def __init__(self, visit: StreamId, chance: Random) -> None:
        self._visit, self._chance, self._sent = visit, chance, 0

    def tell(self, told: dict[Kind, int], at: datetime) -> None:
        """Signs by one of the doors; a pressure is a pair, and what no monitor measures is charted."""
        values = {kind.sign: value for kind, value in told.items()}
        if "systolic" in values:
            values["diastolic"] = self._chance.randint(50, 80)
        if any(kind.by_hand_alone for kind in told) or self._chance.random() < 0.4:
            self._chart(values, at)
        else:
            self._send(values, at)

    def tell_no_signal(self, at: datetime) -> None:
        """What monitors send when they measure nothing: numbers that stand for no number."""
        self._sent += 1
        nothing = self._chance.choice((Decimal(0), Decimal(-999), Decimal(-1)))
        sign = self._chance.choice(tuple(_DEVICE_SIGNS.values()))
        send(Sample(sign=sign, value=nothing), control_id=f"n-{self._sent}", at=at)

    def _chart(self, values: dict[str, int], at: datetime) -> None:
        found = {
            name: _QUANTITIES[name].of(value) if name in _QUANTITIES else value
            for name, value in values.items()
        }
        infusion.chart_signs(
            act(people().nurse, at),
            visit=self._visit,
            signs=Signs(**found),  # type: ignore[arg-type]
            source="manual",
        )

    def _send(self, values: dict[str, int], at: datetime) -> None:
        self._sent += 1
        samples = [
            Sample(sign=_DEVICE_SIGNS[name], value=Decimal(value), observed_at=at)
            for name, value in values.items()
        ]
        send(*samples, control_id=f"c-{self._sent}", at=at)


# What crosses at once: each sort of sign with the numbers it may then have and the rules that must fire.
Crossing = dict[Kind, tuple[tuple[int, int], frozenset[str]]]


def crossings(chance: Random) -> Iterator[Crossing]:
    """Sorts of signs that leave their safe span, in a made-up order."""
    left = CROSSINGS
    while left:
        kinds = chance.sample(KINDS, min(left, chance.randint(1, AT_ONCE_MAX)))
        left -= len(kinds)
        yield {kind: chance.choice(kind.beyond) for kind in kinds}


def drawn(chance: Random, spans: dict[Kind, tuple[int, int]]) -> dict[Kind, int]:
    """A number of each span, often its first or its last."""
    return {kind: chance.choice((*span, chance.randint(*span))) for kind, span in spans.items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_each_crossing_is_alerted_once_within_two_seconds_and_nothing_else_is(seed: int) -> None:
    chance = Random(seed)
    visit = chairside.running_visit()
    chairside.assign_monitor()
    doors, at = Doors(visit, chance), FIRST_AT
    expected: list[tuple[str, datetime]] = []
    for crossing in crossings(chance):
        # Beyond the limit once or twice in a row, with other values: one episode. Then safe again.
        expected.extend((rule, at) for _, rules in crossing.values() for rule in rules)
        beyond = {kind: span for kind, (span, _) in crossing.items()}
        for place in range(chance.randint(1, 2)):
            doors.tell(drawn(chance, beyond), at + place * timedelta(seconds=5))
        if chance.random() < 0.2:
            doors.tell_no_signal(at + timedelta(seconds=12))
        if chance.random() < 0.3:
            alerting.watch(at + timedelta(seconds=13))
        doors.tell(drawn(chance, {kind: kind.safe for kind in crossing}), at + timedelta(seconds=14))
        at += STEP
    alerts = [alert for alert in queries.for_visit(visit).alerts if alert.key in _OF_SIGNS]
    raised = sorted((alert.key, alert.raised_at) for alert in alerts)
    expected.sort()
    assert [key for key, _ in raised] == [key for key, _ in expected]
    for (_, raised_at), (_, crossed_at) in zip(raised, expected, strict=True):
        assert timedelta(0) <= raised_at - crossed_at <= timedelta(seconds=2)
    assert not any(alert.goes_on for alert in alerts)
