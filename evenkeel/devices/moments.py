"""HL7 date-times to aware UTC.

`hl7.parse_datetime` is not used: it reads a leading part, drops the rest, and turns an offset of -0030 into
+0030.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

# To the minute at least: a measurement that names only its day has no place on a chart.
_MOMENT = re.compile(
    r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?(?:([+-])(\d\d)(\d\d))?", re.ASCII
)


def read_moment(text: str, *, zone: ZoneInfo, near: datetime) -> datetime | None:
    """Read YYYYMMDDHHMM[SS[.ffffff]][+/-ZZZZ] as aware UTC, or None if it is not that.

    Without an offset the time is the clinic's, in `zone`. In the hour that the clocks repeat, or skip, that
    is two moments: the one nearer to `near` (the arrival) is taken.
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    zones: list[tuple[tzinfo, int]] = [(zone, 0), (zone, 1)]
    if match[8]:
        hours, minutes = int(match[9]), int(match[10])
        # The widest offset in use is +14:00.
        if hours > 14 or minutes > 59:
            return None
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if match[8] == "-" else 1)
        zones = [(timezone(offset), 0)]
    if not 1970 <= int(match[1]) <= 2200:
        return None
    year, month, day, hour, minute = (int(match[group]) for group in range(1, 6))
    second, microsecond = int(match[6] or 0), int((match[7] or "").ljust(6, "0"))
    try:
        candidates = [
            datetime(year, month, day, hour, minute, second, microsecond, tzinfo=place, fold=fold)
            for place, fold in zones
        ]
    except ValueError:
        return None
    return min((one.astimezone(UTC) for one in candidates), key=lambda moment: abs(moment - near))


def write_moment(moment: datetime, zone: ZoneInfo, *, with_offset: bool) -> str:
    """Write a moment to the second in a zone's wall time, with the offset or without."""
    local = moment.astimezone(zone)
    return local.strftime("%Y%m%d%H%M%S%z" if with_offset else "%Y%m%d%H%M%S")
