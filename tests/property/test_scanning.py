"""Codes built from values are read back as those values, and no text does more than refuse."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.custody.scanning import GS, UnableToScan, read_scan

TODAY = date(2026, 11, 22)
NDC = "0409-2051-05"
PRODUCTS = {NDC: "ketamine_100_5"}
# What a GS1 value may hold (General Specifications, section 7.11), without brackets, which only print.
LETTERS = "".join(chr(code) for code in range(0x21, 0x7B) if chr(code) not in "#$@[\\]^`()<>")
VALUES = st.text(LETTERS, min_size=1, max_size=20)
EXPIRIES = st.integers(0, 40 * 365).map(lambda days: TODAY + timedelta(days=days - 365))
MARKS = st.sampled_from([GS, "^]", "|", "~"])


def with_check_digit(thirteen: str) -> str:
    """A GTIN: threes and ones from the left over thirteen digits, filled up to the next ten."""
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(thirteen))
    return f"{thirteen}{-total % 10}"


GTIN = with_check_digit("003" + NDC.replace("-", ""))


@given(
    lot=VALUES,
    serial=VALUES,
    expiry=EXPIRIES,
    order=st.permutations(["lot", "serial", "expiry"]),
    mark=MARKS,
    identifier=st.sampled_from(["", "]d2", "]C1", GS]),
)
def test_what_was_written_is_read_back(
    lot: str, serial: str, expiry: date, order: list[str], mark: str, identifier: str
) -> None:
    parts = {"lot": f"10{lot}{mark}", "serial": f"21{serial}{mark}", "expiry": f"17{expiry:%y%m%d}"}
    message = f"01{GTIN}" + "".join(parts[each] for each in order)
    found = read_scan(identifier + message, products=PRODUCTS, on=TODAY)
    assert (found.product, found.ndc, found.gtin) == ("ketamine_100_5", NDC, GTIN)
    assert (found.lot, found.serial, found.expiry_date) == (lot, serial, expiry)
    printed = f"(01){GTIN}(17){expiry:%y%m%d}(10){lot}(21){serial}"
    assert read_scan(printed, products=PRODUCTS, on=TODAY) == found


@given(lot=VALUES, serial=VALUES, expiry=EXPIRIES, order=st.permutations(["lot", "serial", "expiry"]))
def test_without_separators_a_lot_is_right_or_not_read(
    lot: str, serial: str, expiry: date, order: list[str]
) -> None:
    parts = {"lot": f"10{lot}", "serial": f"21{serial}", "expiry": f"17{expiry:%y%m%d}"}
    message = f"01{GTIN}" + "".join(parts[each] for each in order)
    try:
        found = read_scan(message, products=PRODUCTS, on=TODAY)
    except UnableToScan:
        return
    assert found.lot == lot


@given(digit=st.integers(0, 13), by=st.integers(1, 9))
def test_no_single_wrong_digit_passes(digit: int, by: int) -> None:
    wrong = GTIN[:digit] + str((int(GTIN[digit]) + by) % 10) + GTIN[digit + 1 :]
    for code in (wrong, f"01{wrong}17271130", f"(01){wrong}"):
        with pytest.raises(UnableToScan, match=r"^check-digit$"):
            read_scan(code, products=PRODUCTS, on=TODAY)


PIECES = st.sampled_from(
    ["01", "10", "17", "21", "00", "(", ")", GTIN, GS, "]d2", "]C1", "-", "NDC", "271130"]
)


@settings(max_examples=400)
@given(
    text=st.one_of(st.text(max_size=60), st.lists(PIECES | st.text("0123456789", max_size=14)).map("".join))
)
def test_no_text_does_more_than_refuse(text: str) -> None:
    try:
        found = read_scan(text, products=PRODUCTS, on=TODAY)
    except UnableToScan:
        return
    assert found.product in {None, "ketamine_100_5"}
    assert found.product or found.lot or found.expiry_date or found.serial
