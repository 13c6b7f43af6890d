"""What the pump says of itself, in words beside the live values; on record stays what people charted."""

from typing import Any

from evenkeel.clinical.infusion.pump import PumpSaid


def pump_says(said: PumpSaid | None) -> dict[str, Any] | None:
    """What a pump said last and when; None when none did."""
    if said is None:
        return None
    parts = [
        str(said.rate) if said.rate is not None else "",
        f"{said.volume} delivered" if said.volume is not None else "",
        {True: "running", False: "standing still", None: ""}[said.is_running],
    ]
    return {"words": ", ".join(filter(None, parts)), "at": said.at}
