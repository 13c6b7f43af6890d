"""What monitors get wrong, at set rates, and how each make says that it has no value.

Every kind was seen at real bedsides: numbers that stand for "missing" differ by source, motion reads as low
saturation and fast pulse, cuffs fail and measure again, clocks are an hour off, a monitor that is switched on
again counts its messages from 1, and another patient's id stays in it. How often, is made up.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from evenkeel.devices.compose import PulseSource
from evenkeel.simulate.spans import Often, Span, draw_spans, span_at
from evenkeel.values.shape import frozen

# Longer than any made-up visit.
VISIT_MIN: Final = 600.0


class Artefact(StrEnum):
    """What can go wrong between a body and a message."""

    PROBE_SLIPPED = "probe slipped"
    CABLE_PULLED = "cable pulled"
    CUFF_FAILED = "cuff failed"
    MOTION = "motion"
    NONSENSE = "nonsense value"
    MONITOR_SILENT = "monitor silent"
    REBOOT = "monitor switched off and on"
    CLOCK_WRONG = "clock an hour off"
    OTHER_PATIENT = "another patient's id"
    SENT_TWICE = "message sent twice"
    SENT_LATE = "message late, behind newer ones"


Rates = Mapping[Artefact, Often]

# By the name of a preset. "usual" is the demo clinic's: enough to be seen, and nothing that sounds an alarm.
RATES: Final[Mapping[str, Rates]] = MappingProxyType(
    {
        "none": MappingProxyType({}),
        "usual": MappingProxyType(
            {
                Artefact.PROBE_SLIPPED: Often(per_hour=3.0),
                Artefact.CABLE_PULLED: Often(per_hour=0.1, least_min=1, most_min=2),
                Artefact.CUFF_FAILED: Often(per_hour=0.2, least_min=5, most_min=6),
                Artefact.SENT_TWICE: Often(per_hour=0.5),
            }
        ),
        "rough": MappingProxyType(
            {
                Artefact.PROBE_SLIPPED: Often(per_hour=4.0),
                Artefact.CABLE_PULLED: Often(per_hour=0.7, least_min=2, most_min=7),
                Artefact.CUFF_FAILED: Often(per_hour=1.0, least_min=5, most_min=9),
                Artefact.MOTION: Often(per_hour=1.5),
                Artefact.NONSENSE: Often(per_hour=0.5),
                Artefact.MONITOR_SILENT: Often(per_hour=0.3, least_min=1, most_min=5),
                Artefact.REBOOT: Often(per_hour=0.2, least_min=1, most_min=2),
                Artefact.CLOCK_WRONG: Often(per_hour=0.2, least_min=2, most_min=6),
                Artefact.OTHER_PATIENT: Often(per_hour=0.2, least_min=1, most_min=4),
                Artefact.SENT_TWICE: Often(per_hour=1.0),
                Artefact.SENT_LATE: Often(per_hour=1.0),
            }
        ),
    }
)


@frozen
class Plan:
    """When each artefact happens at one visit, in minutes since the patient sat down."""

    spans: Mapping[Artefact, tuple[Span, ...]]

    def at(self, minute: float) -> Mapping[Artefact, Span]:
        """What is wrong at a minute."""
        found = {kind: span_at(spans, minute) for kind, spans in self.spans.items()}
        return {kind: span for kind, span in found.items() if span is not None}


def make_plan(label: str, rates: Rates, *, until_min: float = VISIT_MIN) -> Plan:
    """Draw one visit's artefacts; the label names seed, patient and visit."""
    return Plan(
        spans={
            kind: draw_spans(f"{label}/{kind.value}", often, until_min=until_min)
            for kind, often in rates.items()
        }
    )


@frozen
class Make:
    """How one make of monitor writes. `missing` is what it sends in the place of a value it does not have.

    With `offsets` False it writes bare wall time of the clinic. `keeps_messages`: while its line is cut it
    keeps what it measured, as those behind a gateway do; others lose it.
    """

    version: Literal["2.4", "2.6"] = "2.6"
    units: Literal["MDC", "UCUM"] = "MDC"
    cuff_codes: bool = False
    pulse_source: PulseSource = "oximeter"
    offsets: bool = True
    set_ids: bool = True
    names_patient: bool = True
    missing: str = "-999"
    keeps_messages: bool = False


# Texts for "missing": -1, -100, -99.9, -999 and 0 were each seen at some source, and so was a blank.
MAKES: Final = (
    Make(names_patient=False, missing="-999"),
    Make(pulse_source="electrocardiogram", missing="", keeps_messages=True),
    Make(version="2.4", units="UCUM", cuff_codes=True, names_patient=False, missing="0"),
    Make(version="2.4", pulse_source="unnamed", offsets=False, set_ids=False, missing="-99.9"),
    Make(cuff_codes=True, pulse_source="cuff", missing="-100", keeps_messages=True),
)
