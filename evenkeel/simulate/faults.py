"""What goes wrong between people, monitors and the clinic: cut lines, lost answers, requests sent again.

The rates are made up. That a process is killed or a disk is slow is not among them: a witness of the played
day (`scenario`) does that, at whatever step it likes.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from evenkeel.simulate.spans import Often
from evenkeel.values.shape import frozen


@frozen
class Faults:
    """The table of faults.

    `monitor_cut` and `tablet_cut`: the line is down for some minutes. What a nurse charts meanwhile is kept
    on the tablet with its time and arrives afterwards; what a monitor sends is lost, unless its make keeps
    it.
    `request_lost`, a probability for each request: it never arrives, and comes again `resend_seconds` later.
    `answer_lost`: it is carried out, nobody hears so, and it comes again under the same key.
    """

    monitor_cut: Often = Often(per_hour=0.0)
    tablet_cut: Often = Often(per_hour=0.0)
    request_lost: float = 0.0
    answer_lost: float = 0.0
    resend_seconds: float = 8.0


FAULTS: Final[Mapping[str, Faults]] = MappingProxyType(
    {
        "none": Faults(),
        "cuts": Faults(
            monitor_cut=Often(per_hour=0.4, least_min=1, most_min=6),
            tablet_cut=Often(per_hour=0.5, least_min=5, most_min=30),
            request_lost=0.03,
            answer_lost=0.03,
        ),
    }
)
