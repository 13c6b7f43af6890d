"""Write the messages of a simulated bedside monitor or pump, clean or with the quirks that real ones have.

What is written here is made up. It serves the simulated clinic and the tests; nothing else sends.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from evenkeel.devices.moments import write_moment
from evenkeel.devices.nomenclature import METRICS, Sign
from evenkeel.devices.pump import PUMP_CODES
from evenkeel.record.devices import PumpSign
from evenkeel.values.shape import frozen

# IHE PCD-01, MSH-21: the message profile identifier of the Device Enterprise Communication profile.
PROFILE = "IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO"

PulseSource = Literal["electrocardiogram", "oximeter", "cuff", "unnamed"]

_PULSE_CODES: dict[PulseSource, str] = {
    "electrocardiogram": "147842",
    "oximeter": "149530",
    "cuff": "149546",
    "unnamed": "149522",
}
_CODES: dict[Sign, str] = {
    Sign.SYSTOLIC: "150021",
    Sign.DIASTOLIC: "150022",
    Sign.MEAN_PRESSURE: "150023",
    Sign.SPO2: "150456",
    Sign.BREATHS: "151562",
    Sign.TEMPERATURE: "150344",
    Sign.ETCO2: "151708",
}
_CUFF_CODES: dict[Sign, str] = {
    Sign.SYSTOLIC: "150301",
    Sign.DIASTOLIC: "150302",
    Sign.MEAN_PRESSURE: "150303",
}
_MDC_UNITS: dict[Sign, str] = {
    Sign.SYSTOLIC: "266016^MDC_DIM_MMHG^MDC",
    Sign.DIASTOLIC: "266016^MDC_DIM_MMHG^MDC",
    Sign.MEAN_PRESSURE: "266016^MDC_DIM_MMHG^MDC",
    Sign.PULSE: "264864^MDC_DIM_BEAT_PER_MIN^MDC",
    Sign.SPO2: "262688^MDC_DIM_PERCENT^MDC",
    Sign.BREATHS: "264928^MDC_DIM_RESP_PER_MIN^MDC",
    Sign.TEMPERATURE: "268192^MDC_DIM_DEGC^MDC",
    Sign.ETCO2: "266016^MDC_DIM_MMHG^MDC",
}
_UCUM_UNITS: dict[Sign, str] = {
    Sign.SYSTOLIC: "mm[Hg]^mm[Hg]^UCUM",
    Sign.DIASTOLIC: "mm[Hg]^mm[Hg]^UCUM",
    Sign.MEAN_PRESSURE: "mm[Hg]^mm[Hg]^UCUM",
    Sign.PULSE: "{beats}/min^beats per minute^UCUM",
    Sign.SPO2: "%^percent^UCUM",
    Sign.BREATHS: "{breaths}/min^breaths per minute^UCUM",
    Sign.TEMPERATURE: "Cel^degrees Celsius^UCUM",
    Sign.ETCO2: "mm[Hg]^mm[Hg]^UCUM",
}
# The virtual device of the containment path (its second number) that measures each sign.
_VIRTUAL_DEVICE: dict[Sign, int] = {
    Sign.SYSTOLIC: 1,
    Sign.DIASTOLIC: 1,
    Sign.MEAN_PRESSURE: 1,
    Sign.TEMPERATURE: 2,
    Sign.SPO2: 3,
    Sign.PULSE: 3,
    Sign.BREATHS: 4,
    Sign.ETCO2: 4,
}


@frozen
class Monitor:
    """One simulated monitor, or pump, and the quirks of its make. Texts must not hold HL7 separators.

    `zone` is what its clock shows; with `offsets` False it writes that wall time bare, as some do.
    """

    device_id: str
    zone: ZoneInfo
    application: str = "EVENKEEL_SIMULATED_MONITOR"
    facility: str = "DEMO CLINIC"
    point_of_care: str = "INFUSION"
    bed: str = ""
    version: Literal["2.4", "2.6"] = "2.6"
    units: Literal["MDC", "UCUM"] = "MDC"
    cuff_codes: bool = False
    pulse_source: PulseSource = "oximeter"
    offsets: bool = True
    set_ids: bool = True


@frozen
class Sample:
    """One value to send: text where a code for "missing" is meant. `observed_at` None means OBR-7."""

    sign: Sign
    value: Decimal | str
    observed_at: datetime | None = None
    channel: int = 1
    flags: tuple[str, ...] = ()
    status: str = "R"


@frozen
class PumpSays:
    """What a simulated pump shows."""

    rate_ml_per_h: Decimal
    delivered_ml: Decimal
    is_running: bool


def compose(
    monitor: Monitor,
    samples: Sequence[Sample],
    *,
    control_id: str,
    sent_at: datetime,
    patient_id: str = "",
    processing: Literal["P", "T", "D"] = "P",
) -> bytes:
    """Write one unframed ORU^R01. Times are aware; `patient_id` may be blank, as it is on many monitors.

    OBR-7 is `sent_at`. Give a cuff's pressures their own, older `observed_at`, as real monitors do.
    """
    rows = []
    for sample in samples:
        code = _code(monitor, sample.sign)
        path = f"1.{_VIRTUAL_DEVICE[sample.sign]}.{sample.channel}.{code}"
        unit = (_MDC_UNITS if monitor.units == "MDC" else _UCUM_UNITS)[sample.sign]
        observed = _moment(monitor, sample.observed_at) if sample.observed_at is not None else ""
        row = (
            f"|NM|{code}^{METRICS[code].names[0]}^MDC|{path}|{sample.value}|{unit}||{'~'.join(sample.flags)}|||"
            f"{sample.status}|||{observed}"
        )
        rows.append(row.rstrip("|"))
    heading = "69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC"
    return _message(monitor, heading, rows, control_id, sent_at, patient_id, processing)


def compose_pump(pump: Monitor, says: PumpSays, *, control_id: str, sent_at: datetime) -> bytes:
    """Write what an infusion pump shows as one unframed ORU^R01; it names no patient."""
    status = "pump-status-infusing" if says.is_running else "pump-status-not-infusing"
    rows = [
        _pump_row("NM", PumpSign.RATE, f"{says.rate_ml_per_h}|265266^MDC_DIM_MILLI_L_PER_HR^MDC"),
        _pump_row("NM", PumpSign.VOLUME, f"{says.delivered_ml}|263762^MDC_DIM_MILLI_L^MDC"),
        _pump_row("CWE", PumpSign.RUNNING, f"^{status}|"),
    ]
    return _message(pump, "69985^MDC_DEV_PUMP_INFUS_MDS^MDC", rows, control_id, sent_at, "", "P")


def _pump_row(kind: str, sign: PumpSign, value: str) -> str:
    code, name = next((code, name) for code, (said, name) in PUMP_CODES.items() if said is sign)
    return f"|{kind}|{code}^{name}^MDC|1.1.1.{code}|{value}|||||R"


def _message(
    device: Monitor,
    heading: str,
    rows: Sequence[str],
    control_id: str,
    sent_at: datetime,
    patient_id: str,
    processing: str,
) -> bytes:
    """One message: the header, whom and what it is about, the device, and a row for each value."""
    name = f"{device.device_id}^^{device.device_id}^EUI-64"
    order = f"{control_id}^{device.application}^{device.device_id}^EUI-64"
    sender = f"{device.application}^{device.device_id}^EUI-64|{device.facility}"
    profile = f"{device.version}|||AL|NE||UNICODE UTF-8|||{PROFILE}"
    sent = _moment(device, sent_at)
    segments = [
        f"MSH|^~\\&|{sender}|||{sent}||ORU^R01^ORU_R01|{control_id}|{processing}|{profile}",
        f"PID|||{patient_id}^^^{device.facility}^MR" if patient_id else "PID|||^^^^PI",
        f"PV1||O|{device.point_of_care}^^{device.bed}",
        f"OBR|1|{order}|{order}|182777000^monitoring of patient^SCT|||{sent}",
    ]
    for number, row in enumerate((f"||{heading}|1.0.0.0|||||||X|||||||{name}", *rows), start=1):
        segments.append(f"OBX|{number if device.set_ids else ''}{row}")
    return ("\r".join(segments) + "\r").encode()


def _moment(device: Monitor, at: datetime) -> str:
    return write_moment(at, device.zone, with_offset=device.offsets)


def _code(monitor: Monitor, sign: Sign) -> str:
    if sign is Sign.PULSE:
        return _PULSE_CODES[monitor.pulse_source]
    return _CUFF_CODES.get(sign, _CODES[sign]) if monitor.cuff_codes else _CODES[sign]
