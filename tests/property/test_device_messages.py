"""Whatever bytes a monitor sends, reading never fails and never charts what was not measured."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from evenkeel.devices.acknowledge import acknowledge, read_acknowledgment
from evenkeel.devices.mllp import Frame, FrameReader, framed
from evenkeel.devices.nomenclature import CANONICAL_UNIT, METRICS, Sign
from evenkeel.devices.pcd01 import read_message
from evenkeel.devices.plausible import plausible
from evenkeel.devices.reading import Reading, latest_by_sign

ZONE = ZoneInfo("America/Chicago")
RECEIVED = datetime(2026, 6, 12, 15, 15, 30, tzinfo=UTC)
# The codes that mean "nothing measured", written out so that the test does not borrow them from the code.
MISSING = {Decimal(-1), Decimal(-100), Decimal("-99.9"), Decimal(-999), Decimal(0), Decimal(8388607)}

# What a message may hold: control characters and half characters are refused, and have their own test below.
words = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)
pieces = st.one_of(
    st.sampled_from(
        ["|", "^", "~", "&", "\\", "\r", "\n", "", '""', "MDC", "UCUM", "NM", "R", "F", "X", "C", "TEST"]
    ),
    st.sampled_from(["-1", "-100", "-99.9", "-999", "0", "97", "277", "40", "384.5", "1e9", "NaN", "-0.0"]),
    st.sampled_from(["20260612101528-0500", "20260612101528", "99999999999999", "20260612101528+1400"]),
    words,
)
UNITS_MDC = {
    "mm[Hg]": "266016^MDC_DIM_MMHG^MDC",
    "%": "262688^MDC_DIM_PERCENT^MDC",
    "Cel": "268192^MDC_DIM_DEGC^MDC",
}
values = st.one_of(
    st.sampled_from(
        ["-1", "-100", "-99.9", "-999", "0", "-1.0", "0.00", "8388607", "277", "40", "384.5", ""]
    ),
    st.integers(1, 320).map(str),
    st.decimals(20, 110, places=1).map(str),
    st.decimals(-2000, 2000, places=1).map(str),
    words,
)
units = st.one_of(
    st.sampled_from(
        ["266016^^MDC", "264864^^MDC", "264928^^MDC", "262688^^MDC", "268192^^MDC", "265987^^MDC"]
    ),
    st.sampled_from(["mm[Hg]^^UCUM", "kPa^^UCUM", "/min^^UCUM", "%^^UCUM", "Cel^^UCUM", ""]),
    words,
)
times = st.one_of(
    st.sampled_from(
        ["20260612101528-0500", "20260612101528", "20260612091528", "20260613101528-0500", "", "x"]
    ),
    st.integers(-200, 2500).map(
        lambda ago: (RECEIVED - timedelta(seconds=ago)).astimezone(ZONE).strftime("%Y%m%d%H%M%S")
    ),
    words,
)
channels = st.sampled_from(["1.1.1.1", "1.1.1.2", "1.3.2.150456", "", "1", "x.y"])
wild = st.builds(
    "OBX|1|{}|{}^^MDC|{}|{}|{}||{}|||{}|||{}".format,
    st.sampled_from(["NM", "NM", "NM", "ST", ""]),
    st.sampled_from([*METRICS, "150031", "999999", ""]),
    channels,
    values,
    units,
    st.sampled_from(["", "", "", "H", "INV", "TEST", "DEMO", "QUES", "NAV", "H~INV"]),
    st.sampled_from(["R", "F", "C", "X", "P", "D", "W", ""]),
    times,
)
# Right in all but what is drawn: otherwise hardly anything would chart, and the tests would prove nothing.
tame = st.builds(
    lambda code, channel, value, flags, at: (
        f"OBX|1|NM|{code}^^MDC|{channel}|{value}|"
        f"{UNITS_MDC.get(CANONICAL_UNIT[METRICS[code].sign], '/min^^UCUM')}||{flags}|||R|||{at}"
    ),
    st.sampled_from([*METRICS]),
    channels,
    st.one_of(st.integers(60, 100).map(str), values),
    st.sampled_from(["", "", "H", "QUES"]),
    times,
)
observations = st.one_of(tame, tame, wild)
headers = st.sampled_from(
    [
        r"MSH|^~\&|MADE UP|DEMO|||20260612101528-0500||ORU^R01^ORU_R01|1|P|2.6",
        r"MSH|^~\&|MADE UP|DEMO|||||ORU^R01|1|P|2.4",
    ]
)
messages = st.builds(
    lambda header, rows: "\r".join(
        [header, "PID|||A^^^B^MR", "OBR|1||||||20260612101528-0500", *rows]
    ).encode("utf-8", "surrogatepass"),
    headers,
    st.lists(observations, max_size=6),
)
anything = st.one_of(
    st.binary(max_size=400),
    st.builds(lambda tail: b"MSH|^~\\&|" + tail, st.binary(max_size=400)),
    st.builds(
        lambda header, parts: (header + "\r" + "".join(parts)).encode(),
        headers,
        st.lists(pieces, max_size=60),
    ),
    messages,
)


@given(anything)
def test_any_bytes_are_read_or_refused_and_always_answered(raw: bytes) -> None:
    result = read_message(raw, received_at=RECEIVED, zone=ZONE)
    if not isinstance(result, Reading):
        assert result.sentence
        answer = acknowledge(
            raw, result.acknowledgment, at=RECEIVED, text=result.sentence, reason=result.reason
        )
    else:
        answer = acknowledge(raw, "AA", at=RECEIVED)
    told = read_acknowledgment(answer)
    assert told is not None
    assert told.control_id == result.control_id
    # An answer can be framed: neither of the framing bytes is in it.
    assert not {0x0B, 0x1C} & set(answer)


def test_the_messages_drawn_here_do_chart() -> None:
    """The tests below speak of what charts, so enough of what is drawn has to."""
    steady = settings(phases=[Phase.generate], derandomize=True, database=None, max_examples=1000)
    find(messages, lambda raw: _charted(raw) >= 3, settings=steady)


def _charted(raw: bytes) -> int:
    result = read_message(raw, received_at=RECEIVED, zone=ZONE)
    return len(result.observations) if isinstance(result, Reading) else 0


@given(messages)
def test_what_charts_is_plausible_timely_and_not_a_code_for_missing(raw: bytes) -> None:
    result = read_message(raw, received_at=RECEIVED, zone=ZONE)
    if not isinstance(result, Reading):
        return
    for one in result.observations:
        within = plausible().ranges[one.sign]
        assert within.low <= one.value <= within.high
        assert Decimal(one.sent_value) not in MISSING
        assert one.unit == CANONICAL_UNIT[one.sign]
        assert timedelta(minutes=-2) <= RECEIVED - one.observed_at <= timedelta(minutes=30)
        assert not {"TEST", "DEMO", "INV"} & set(one.flags)
        assert METRICS[one.code].sign is one.sign
    latest = latest_by_sign(result.observations)
    assert set(latest) == {one.sign for one in result.observations}
    assert latest == latest_by_sign(reversed(result.observations))
    for sign, chosen in latest.items():
        assert all(one.observed_at <= chosen.observed_at for one in result.observations if one.sign is sign)


@given(messages)
def test_every_value_of_a_known_code_is_accounted_for(raw: bytes) -> None:
    """Nothing vanishes: each OBX with a code of ours is charted, silent or rejected."""
    result = read_message(raw, received_at=RECEIVED, zone=ZONE)
    if not isinstance(result, Reading):
        return
    rows = [line.split("|") for line in raw.decode().strip().replace("\n", "\r").split("\r")]
    ours = [row for row in rows if row[0] == "OBX" and len(row) > 3 and row[3].split("^")[0] in METRICS]
    assert len(result.observations) + len(result.no_signal) + len(result.rejected) == len(ours)


@given(st.lists(st.binary(max_size=60), max_size=8), st.binary(max_size=30), st.lists(st.integers(1, 40)))
def test_frames_come_out_whole_however_the_stream_is_cut(
    bodies: list[bytes], noise: bytes, cuts: list[int]
) -> None:
    clean = [body.replace(b"\x0b", b"").replace(b"\x1c", b"") for body in bodies]
    stray = noise.replace(b"\x0b", b"")
    stream = b"".join(stray + framed(body) for body in clean)
    reader, got, position = FrameReader(), [], 0
    for cut in [*cuts, len(stream) + 1]:
        for event in reader.feed(stream[position : position + cut]):
            assert isinstance(event, Frame)
            got.append(event.message)
        position += cut
    assert got == clean
    assert not reader.inside


def test_every_sign_has_a_unit_and_a_range_above_zero() -> None:
    for sign in Sign:
        assert sign in CANONICAL_UNIT
        assert plausible().ranges[sign].low > 0
