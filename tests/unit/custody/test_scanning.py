"""Reading codes of labels: as GS1 messages, as linear codes, as printed and as typed; and what is refused."""

from datetime import date

import pytest

from evenkeel.custody.scanning import GS, Scanned, UnableToScan, read_scan

TODAY = date(2026, 11, 22)
PRODUCTS = {
    "42023-113-10": "ketalar_10_20",
    "0409-2051-05": "ketamine_100_5",
    "70860-600-02": "midazolam_1_2",
    "12345-6789-0": "made_up",
}
# "003", the ten digits of the NDC and the check digit, worked out by hand:
# 3(0+3+4+9+0+1+5) + (0+0+0+2+5+0) = 66 + 7 = 73, so 7.
KETAMINE = "00304092051057"
# 3(0+3+2+2+1+3+0) + (0+4+0+3+1+1) = 33 + 9 = 42, so 8.
KETALAR = "00342023113108"
ALL_FOUR = Scanned(
    product="ketamine_100_5",
    ndc="0409-2051-05",
    gtin=KETAMINE,
    lot="4K118A",
    expiry_date=date(2027, 11, 30),
    serial="10000000217",
)
FIXED = f"01{KETAMINE}17271130"
SERIAL_LAST = f"{FIXED}104K118A{GS}2110000000217"
SERIAL_SECOND = f"01{KETAMINE}2110000000217{GS}17271130104K118A"


def read(text: str) -> Scanned:
    """What a code says today."""
    return read_scan(text, products=PRODUCTS, on=TODAY)


def refusal(text: str) -> str:
    """Why a code is refused."""
    with pytest.raises(UnableToScan) as refused:
        read(text)
    (issue,) = refused.value.issues
    assert issue.field == "scan"
    assert issue.sentence.endswith(".")
    return issue.code


@pytest.mark.parametrize("message", [SERIAL_LAST, SERIAL_SECOND], ids=["serial last", "serial second"])
@pytest.mark.parametrize("identifier", ["", "]d2", "]C1", "]Q3", GS, f"]d2{GS}"], ids=repr)
@pytest.mark.parametrize("separator", [GS, "^]", "|", "~", "{GS}", "␝", "↔"], ids=repr)
def test_a_message_is_read_however_the_scanner_writes_it(
    message: str, identifier: str, separator: str
) -> None:
    assert read(identifier + message.replace(GS, separator)) == ALL_FOUR
    assert read(f" {identifier}{message.replace(GS, separator)}\r\n") == ALL_FOUR


@pytest.mark.parametrize(
    "printed",
    [
        f"(01){KETAMINE}(17)271130(10)4K118A(21)10000000217",
        f"(01) {KETAMINE} (21) 10000000217 (17) 271130 (10) 4K118A",
        f"(01){KETAMINE}(17)271130(10)4K118A{GS}(21)10000000217",
    ],
)
def test_a_message_is_read_as_it_is_printed(printed: str) -> None:
    assert read(printed) == ALL_FOUR


def test_separators_after_every_element_and_elements_of_no_interest_do_no_harm() -> None:
    message = GS.join([f"01{KETAMINE}", "17271130", "11251130", "104K118A", "240REF7", "2110000000217", ""])
    assert read(message) == ALL_FOUR


@pytest.mark.parametrize(
    ("code", "product", "gtin"),
    [
        ("0409-2051-05", "ketamine_100_5", ""),
        ("NDC 0409-2051-05", "ketamine_100_5", ""),
        ("00409-2051-05", "ketamine_100_5", ""),
        ("0409205105", "ketamine_100_5", ""),
        ("00409205105", "ketamine_100_5", ""),
        ("42023-113-10", "ketalar_10_20", ""),
        ("42023-0113-10", "ketalar_10_20", ""),
        ("42023011310", "ketalar_10_20", ""),
        ("12345-6789-0", "made_up", ""),
        ("12345-6789-00", "made_up", ""),
        ("12345678900", "made_up", ""),
        (KETALAR[2:], "ketalar_10_20", KETALAR),  # UPC-A
        (KETALAR[1:], "ketalar_10_20", KETALAR),  # EAN-13
        (KETALAR, "ketalar_10_20", KETALAR),
        (f"]E0{KETALAR[1:]}", "ketalar_10_20", KETALAR),
        (f"]I1{KETALAR}", "ketalar_10_20", KETALAR),
        ("]C00409205105", "ketamine_100_5", ""),
        ("]A00409-2051-05", "ketamine_100_5", ""),
        (f"]e001{KETALAR}", "ketalar_10_20", KETALAR),
        # A case of several packages: level 5, 3(5+3+4+9+0+1+5) + 7 = 88, so 2.
        ("50304092051052", "ketamine_100_5", "50304092051052"),
    ],
)
def test_a_number_alone_names_a_product_and_nothing_else(code: str, product: str, gtin: str) -> None:
    found = read(code)
    assert (found.product, found.gtin) == (product, gtin)
    assert (found.lot, found.expiry_date, found.serial) == ("", None, "")
    assert PRODUCTS[found.ndc] == product


def test_a_second_code_may_hold_lot_and_expiry_alone() -> None:
    assert read("]C117271130104K118A") == Scanned(
        product=None, ndc="", gtin="", lot="4K118A", expiry_date=date(2027, 11, 30), serial=""
    )


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("271130", date(2027, 11, 30)),
        ("271100", date(2027, 11, 30)),
        ("280200", date(2028, 2, 29)),
        ("270200", date(2027, 2, 28)),
        ("280229", date(2028, 2, 29)),
        ("200131", date(2020, 1, 31)),  # past, and read nevertheless
        # GS1 General Specifications, section 7.12: 50 years ahead of this one are this century, 51 the last.
        ("761231", date(2076, 12, 31)),
        ("771231", date(1977, 12, 31)),
    ],
)
def test_an_expiry_date_is_the_last_day_of_use(raw: str, day: date) -> None:
    assert read(f"01{KETAMINE}17{raw}").expiry_date == day


@pytest.mark.parametrize(
    ("year", "raw", "century"), [(2060, "09", 2109), (2060, "10", 2110), (2060, "11", 2011)]
)
def test_the_century_follows_from_today(year: int, raw: str, century: int) -> None:
    found = read_scan(f"01{KETAMINE}17{raw}0100", products=PRODUCTS, on=date(year, 6, 1))
    assert found.expiry_date == date(century, 1, 31)


@pytest.mark.parametrize("raw", ["271131", "270229", "270012"])
def test_a_date_that_is_no_day_is_refused(raw: str) -> None:
    assert refusal(f"(01){KETAMINE}(17){raw}") == "expiry-unreadable"
    assert read(f"(01){KETAMINE}(11){raw}").expiry_date is None, "when it was made is of no interest"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("", "nothing-scanned"),
        (" \t", "nothing-scanned"),
        (GS, "nothing-scanned"),
        ("hello", "code-unreadable"),
        ("12345", "code-unreadable"),
        ("0" * 20, "code-unreadable"),
        ("]", "code-unreadable"),
        ("]??123", "code-unreadable"),
        ("٠٤٠٩٢٠٥١٠٥", "code-unreadable"),
        ("0409205105\x00", "code-unreadable"),
        (f"01{KETAMINE}10{'A' * 400}", "code-unreadable"),
        (f"01{KETAMINE}99", "code-unreadable"),
        (f"01{KETAMINE[:-1]}", "code-unreadable"),
        (f"(01){KETAMINE}(17)271130(10)AB(C", "code-unreadable"),
        (f"(01){KETAMINE}(17)2711", "code-unreadable"),
        (f"x(01){KETAMINE}", "code-unreadable"),
        (f"(01){KETAMINE}(98765)1", "code-unreadable"),
        (f"(01){KETAMINE}(17)271032", "code-unreadable"),
        (f"01{KETAMINE}17٢٧١١٣٠", "code-unreadable"),
        ("409-2051-05", "ndc-form"),
        ("0409-2051", "ndc-form"),
        ("0409-2051-05-1", "ndc-form"),
        ("0409--205105", "ndc-form"),
        (KETAMINE[:-1] + "6", "check-digit"),
        (KETAMINE[2:-1] + "6", "check-digit"),
        ("00304029051057", "check-digit"),  # two digits changed places
        (f"01{KETAMINE[:-1]}617271130", "check-digit"),
        (f"(01){KETAMINE[:-1]}6", "check-digit"),
        ("0409-2051-15", "unknown-product"),
        ("0409205115", "unknown-product"),
        ("99999999999", "unknown-product"),
        # An EAN-13 that is no drug's: 3(0+6+8+1+2+4) + (9+7+1+1+2+3) = 63 + 23 = 86, so 4.
        ("9076181122344", "unknown-product"),
        (f"01{KETAMINE}1727113010A{GS}10B", "two-values"),
        ("(17)271130(17)271231", "two-values"),
        ("]C100106141412345678908", "names-nothing"),
        ("]C12110000000217", "names-nothing"),
        (f"{FIXED}104K118A<GS>2110000000217", "separator-missing"),
        (f"{FIXED}104K118A<GS>", "separator-missing"),
        (f"{FIXED}104K118A<FNC1>", "separator-missing"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused_by_name(code: str, why: str) -> None:
    assert refusal(code) == why


@pytest.mark.parametrize("identifier", ["", "]d2", "]C1"])
@pytest.mark.parametrize("message", [SERIAL_LAST, SERIAL_SECOND], ids=["serial last", "serial second"])
def test_lot_and_serial_that_run_together_are_not_taken_apart(message: str, identifier: str) -> None:
    """Without its separator "104K118A2110000000217" may be one lot as well as a lot and a serial number."""
    assert refusal(identifier + message.replace(GS, "")) in {"separator-missing", "code-unreadable"}


@pytest.mark.parametrize("lot", ["A21B", "7A2105", "X1727113", "B17271130", "L100"])
def test_a_lot_is_believed_when_the_scanner_is_seen_to_send_separators(lot: str) -> None:
    assert read(f"{GS}{FIXED}10{lot}").lot == lot
    assert read(f"(01){KETAMINE}(17)271130(10){lot}").lot == lot


def test_a_lot_that_may_hide_a_serial_number_is_not_believed_otherwise() -> None:
    assert refusal(f"{FIXED}107A2105") == "separator-missing"
    assert read(f"{FIXED}107A205").lot == "7A205"
    assert read(f"{FIXED}1021057A").lot == "21057A", "a lot of no letters is none"
    assert refusal(f"01{KETAMINE}10A17271130") == "separator-missing"
    assert refusal(f"{FIXED}2199910A") == "separator-missing", "the serial number may hide a lot"
    assert read(f"{FIXED}10A17271130B").lot == "A17271130B", "the expiry date is there already"


def test_letters_at_the_end_of_a_lot_stay() -> None:
    assert read(f"{FIXED}104KXX\r").lot == "4KXX"


def test_a_code_has_at_most_three_hundred_letters() -> None:
    """Seventeen for the product, eight times 34 for references, and eleven more make 300."""
    references = f"01{KETAMINE}{GS}" + f"240{'A' * 30}{GS}" * 8
    assert read(f"{references}240{'A' * 8}").product == "ketamine_100_5"
    assert refusal(f"{references}240{'A' * 9}") == "code-unreadable"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (f"(01){KETAMINE}(01){KETALAR}", "product"),
        ("(10)A(10)B", "lot"),
        ("(17)271130(17)271231", "expiry date"),
        ("(10)A(21)1(21)2", "serial number"),
    ],
)
def test_two_values_are_named(code: str, words: str) -> None:
    with pytest.raises(UnableToScan) as refused:
        read(code)
    assert refused.value.issues[0].sentence == f"The code holds two values for the {words}. Read the label."


def test_a_lot_longer_than_twenty_is_not_cut() -> None:
    assert read(f"{FIXED}10{'A' * 20}").lot == "A" * 20
    assert refusal(f"{FIXED}10{'A' * 20}00{KETAMINE}0000") == "separator-missing"


def test_the_same_value_twice_is_one_value() -> None:
    assert read(f"(01){KETAMINE}(10)4K118A(10)4K118A").lot == "4K118A"


UNREADABLE = (
    "This cannot be read as the code of a drug label. Scan it again, type the NDC with its hyphens, or fill "
    "in the boxes by hand."
)
NO_SEPARATORS = (
    "The scanner seems to leave out the separators inside the code, so where the lot ends is not sure. Fill "
    "in the boxes from the label, and have the scanner set to send GS (FNC1)."
)
CHECK_DIGIT = "The check digit is wrong, so a digit was misread or mistyped. Scan or type it again."
NO_NDC = "An NDC has three parts of 4-4-2, 5-3-2, 5-4-1 or 5-4-2 digits. Type it as the label prints it."
NO_DAY = "The expiry date in the code, 271131, is no day. Read it from the label."


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("", "Scan the code on the label, or type it."),
        ("hello", UNREADABLE),
        (f"{FIXED}104K118A<GS>", NO_SEPARATORS),
        (KETAMINE[:-1] + "6", CHECK_DIGIT),
        ("0409-2051", NO_NDC),
        ("]C12110000000217", "The code names no product, no lot and no expiry date. Scan another."),
        (f"(01){KETAMINE}(17)271131", NO_DAY),
    ],
)
def test_a_refusal_says_what_to_do(code: str, sentence: str) -> None:
    with pytest.raises(UnableToScan) as refused:
        read(code)
    assert [issue.sentence for issue in refused.value.issues] == [sentence]


# A GTIN of no product: 3(0+3+9+9+9+9+9) + (0+9+9+9+9+9) = 144 + 45 = 189, so 1.
@pytest.mark.parametrize("code", ["0409-2051-15", "0409205115", "99999999999", "00399999999991"])
def test_a_product_that_is_not_on_the_list_is_named_as_it_was_typed(code: str) -> None:
    with pytest.raises(UnableToScan) as refused:
        read(code)
    assert refused.value.issues[0].sentence == (
        f"The clinic's list has no product with the code {code}. If the label's product is listed without a "
        "code, choose it by hand."
    )


def test_gaps_in_what_is_printed_are_no_part_of_it() -> None:
    assert read("(01) 0 0304092 05105 7 (17) 27 11 30 (10) 4K 118A (21) 10000000217") == ALL_FOUR


@pytest.mark.parametrize("empty", ["", " ", GS])
def test_an_element_that_says_nothing_is_not_passed_over(empty: str) -> None:
    assert refusal(f"(01){empty}(10)4K118A") == "code-unreadable"
