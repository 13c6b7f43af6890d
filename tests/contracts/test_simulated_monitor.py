"""What the simulated monitor writes is read as it was meant, in each of its shapes."""

from decimal import Decimal

import pytest

from evenkeel.devices.compose import Monitor, Sample, compose
from evenkeel.devices.nomenclature import Sign
from evenkeel.devices.reading import (
    Location,
    RefusalReason,
    RejectReason,
)
from tests.contracts.pcd01_messages import (
    CHICAGO,
    CUFF,
    SENT,
    reading,
    refusal,
)


@pytest.mark.parametrize("version", ["2.4", "2.6"])
@pytest.mark.parametrize("units", ["MDC", "UCUM"])
@pytest.mark.parametrize("cuff_codes", [False, True])
@pytest.mark.parametrize("pulse_source", ["electrocardiogram", "oximeter", "cuff", "unnamed"])
@pytest.mark.parametrize("offsets", [False, True])
@pytest.mark.parametrize("patient_id", ["", "MADE-UP-9"])
def test_what_the_simulated_monitor_writes_is_what_is_read(
    version: str, units: str, cuff_codes: bool, pulse_source: str, offsets: bool, patient_id: str
) -> None:
    monitor = Monitor(
        device_id="00A0000000000001",
        zone=CHICAGO,
        bed="CHAIR 3",
        version=version,  # type: ignore[arg-type]
        units=units,  # type: ignore[arg-type]
        cuff_codes=cuff_codes,
        pulse_source=pulse_source,  # type: ignore[arg-type]
        offsets=offsets,
        set_ids=offsets,
    )
    sent = {
        Sign.SYSTOLIC: Decimal(131),
        Sign.DIASTOLIC: Decimal(84),
        Sign.MEAN_PRESSURE: Decimal(100),
        Sign.PULSE: Decimal(88),
        Sign.SPO2: Decimal(97),
        Sign.BREATHS: Decimal(13),
        Sign.TEMPERATURE: Decimal("36.7"),
        Sign.ETCO2: Decimal(37),
    }
    cuff = {Sign.SYSTOLIC, Sign.DIASTOLIC, Sign.MEAN_PRESSURE}
    raw = compose(
        monitor,
        [Sample(sign=sign, value=sent[sign], observed_at=CUFF if sign in cuff else None) for sign in sent],
        control_id="SIM-1",
        sent_at=SENT,
        patient_id=patient_id,
    )
    got = reading(raw)
    assert {one.sign: (one.value, one.observed_at) for one in got.observations} == {
        sign: (sent[sign], CUFF if sign in cuff else SENT) for sign in sent
    }
    assert (got.control_id, got.version, got.device_id) == ("SIM-1", version, "00A0000000000001")
    assert [one.value for one in got.patient_identifiers] == ([patient_id] if patient_id else [])
    assert got.location == Location(point_of_care="INFUSION", room="", bed="CHAIR 3", facility="")
    assert (got.no_signal, got.rejected, got.ignored) == ((), (), ())


def test_the_simulated_monitor_can_send_what_must_not_chart() -> None:
    monitor = Monitor(device_id="00A0000000000001", zone=CHICAGO)
    got = reading(
        compose(
            monitor,
            [
                Sample(sign=Sign.SPO2, value="-100"),
                Sample(sign=Sign.SPO2, value=Decimal(97), channel=2, flags=("INV",)),
                Sample(sign=Sign.PULSE, value=Decimal(277)),
                Sample(sign=Sign.BREATHS, value=Decimal(14), status="X"),
            ],
            control_id="SIM-2",
            sent_at=SENT,
        )
    )
    assert got.observations == ()
    assert {one.sign for one in got.no_signal} == {Sign.SPO2, Sign.BREATHS}
    assert {one.reason for one in got.rejected} == {RejectReason.INVALID, RejectReason.OUT_OF_RANGE}
    training = compose(
        monitor, [Sample(sign=Sign.SPO2, value="97")], control_id="1", sent_at=SENT, processing="T"
    )
    assert refusal(training).reason is RefusalReason.NOT_PRODUCTION
