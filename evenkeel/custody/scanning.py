"""What a code on a label says: product, lot, expiry and serial number, or why it cannot be read.

Labels carry a GS1 DataMatrix or GS1-128 with element strings, a linear code with the National Drug Code (NDC)
alone, or no more than printed numbers. Scanners send them with or without a symbology identifier, and some
write the separator (FNC1) as something else or leave it out. What can be read in one way only is read; all
else is refused with what to do. The strength is never in a code: it follows from the product.

Sources: GS1 General Specifications (application identifiers 01, 10, 17 and 21; dates, section 7.12;
characters, section 7.11); 21 CFR 207.33(b) for the forms of an NDC; 21 CFR 201.25 for the code on a label. A
GTIN holds an NDC as "03", its ten digits and a check digit (GS1 Healthcare US).
"""

import calendar
import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from biip import ParseConfig, ParseError
from biip.gs1_element_strings import GS1ElementString
from biip.gs1_messages import GS1Message
from biip.gtin import Gtin
from biip.symbology import GS1Symbology, SymbologyIdentifier

from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.shape import frozen

GS: Final = "\x1d"
# What scanners and keyboards make of GS. None may stand in a GS1 value, so each can mean nothing else.
_WRITTEN_GS: Final = ("^]", "{GS}", "\u241d", "\u2194", "|", "~")
# These could, so a code that holds them has two readings.
_UNCLEAR_GS: Final = ("<GS>", "<FNC1>")
# Longer than any code of a drug package: the four values of a product identifier are at most 71 characters.
LETTERS_MAX: Final = 300
_READABLE: Final = re.compile(rf"[\x20-\x7e{GS}]+")
_IDENTIFIED: Final = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_BRACKETED: Final = re.compile(r"(?:\([0-9]{2,4}\)[^()]+)+")
_NUMBERS: Final = re.compile(r"(?:NDC:?)?([0-9][0-9-]*)", re.IGNORECASE)
_NDC_FORMS: Final = frozenset({(4, 4, 2), (5, 3, 2), (5, 4, 1), (5, 4, 2)})

_GTIN, _LOT, _EXPIRY, _SERIAL = "01", "10", "17", "21"
_WORDS: Final = {_GTIN: "product", _LOT: "lot", _EXPIRY: "expiry date", _SERIAL: "serial number"}
# Dates are read here, since the library's reading asks the clock for the century.
_CONFIG: Final = ParseConfig(gs1_element_strings_verify_date=False)


class UnableToScan(UnableTo):
    """The code cannot be read, or names nothing that the clinic holds. Every issue is of the field `scan`."""


@frozen
class Scanned:
    """What one code says; what it does not say is empty or None.

    `product` is a key of the product table and `ndc` its code as the table writes it; both are missing where
    a code holds only lot, expiry or serial number. `gtin` has 14 digits. `expiry_date` is the last day of use
    and may be past: whether a vial may be used is for whoever takes it.
    """

    product: str | None
    ndc: str
    gtin: str
    lot: str
    expiry_date: date | None
    serial: str


def read_scan(text: str, *, products: Mapping[str, str], on: date) -> Scanned:
    """Read what was scanned or typed, or raise UnableToScan.

    `products` are the keys of the product table by their hyphenated NDC; `on` is today, which settles the
    century of an expiry date.
    """
    code = _normal(text)
    code, is_message = _without_identifier(code)
    if code.startswith("("):
        return _of_elements(_bracketed(code), products, on)
    if is_message or GS in code or re.match(r"01[0-9]{14}", code):
        return _of_elements(_message(code), products, on)
    return _of_number(code, products)


def _unable(code: str, sentence: str) -> UnableToScan:
    return UnableToScan([Issue(sentence=sentence, code=code, field="scan")])


def _unreadable() -> UnableToScan:
    return _unable(
        "code-unreadable",
        "This cannot be read as the code of a drug label. Scan it again, type the NDC with its hyphens, "
        "or fill in the boxes by hand.",
    )


def _separators_missing() -> UnableToScan:
    return _unable(
        "separator-missing",
        "The scanner seems to leave out the separators inside the code, so where the lot ends is not sure. "
        "Fill in the boxes from the label, and have the scanner set to send GS (FNC1).",
    )


def _normal(text: str) -> str:
    """The code with one kind of separator, without spaces around it."""
    code = text.strip(" \t\r\n")
    for written in _WRITTEN_GS:
        code = code.replace(written, GS)
    if not code.strip(GS):
        raise _unable("nothing-scanned", "Scan the code on the label, or type it.")
    if any(unclear in code for unclear in _UNCLEAR_GS):
        raise _separators_missing()
    if len(code) > LETTERS_MAX or not _READABLE.fullmatch(code):
        raise _unreadable()
    return code


def _without_identifier(code: str) -> tuple[str, bool]:
    """The code without the three characters that name its symbology, and whether those say "GS1 message"."""
    if not code.startswith("]"):
        return code, False
    if not _IDENTIFIED.match(code):
        raise _unreadable()
    try:
        identifier = SymbologyIdentifier.extract(code)
    except ParseError as bad:
        raise _unreadable() from bad
    return code[len(identifier) :], identifier.gs1_symbology in GS1Symbology.with_gs1_messages()


def _bracketed(code: str) -> list[GS1ElementString]:
    """Elements as they are printed under a code, "(01)...(17)...": nothing in them can run together."""
    code = code.replace(" ", "").replace(GS, "")
    if not _BRACKETED.fullmatch(code):
        raise _unreadable()
    try:
        return GS1Message.parse_hri(code, config=_CONFIG).element_strings
    except ParseError as bad:
        raise _unreadable() from bad


def _message(code: str) -> list[GS1ElementString]:
    """Elements as a scanner sends them, each of variable length ended by a separator or by the code's end."""
    message = code.strip(GS)
    try:
        elements = GS1Message.parse(message, config=_CONFIG).element_strings
    except ParseError as bad:
        raise _unreadable() from bad
    place = 0
    for element in elements:
        place += len(element)
        if element.ai.separator_required and message[place : place + 1] not in (GS, ""):
            raise _separators_missing()
        while message[place : place + 1] == GS:
            place += 1
    if GS not in code and _may_run_together(elements):
        raise _separators_missing()
    return elements


def _may_run_together(elements: list[GS1ElementString]) -> bool:
    """Whether the last value may hide another element, had the separator between them been left out."""
    if not elements or not elements[-1].ai.separator_required:
        return False
    missing = {_LOT, _EXPIRY, _SERIAL} - {element.ai.ai for element in elements}
    hidden = {_LOT: ".", _SERIAL: ".", _EXPIRY: r"[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])"}
    return any(re.search(f".{ai}{hidden[ai]}", elements[-1].value) for ai in missing)


def _of_elements(elements: list[GS1ElementString], products: Mapping[str, str], on: date) -> Scanned:
    found: dict[str, GS1ElementString] = {}
    for element in elements:
        if element.ai.ai not in _WORDS:
            continue
        if found.setdefault(element.ai.ai, element).value != element.value:
            raise _unable(
                "two-values", f"The code holds two values for the {_WORDS[element.ai.ai]}. Read the label."
            )
    if not found.keys() - {_SERIAL}:
        raise _unable("names-nothing", "The code names no product, no lot and no expiry date. Scan another.")
    values = {ai: element.value for ai, element in found.items()}
    product, ndc = None, ""
    if _GTIN in found:
        if found[_GTIN].gtin is None:
            raise _wrong_check_digit()
        product, ndc = _product_of_gtin(values[_GTIN], products)
    return Scanned(
        product=product,
        ndc=ndc,
        gtin=values.get(_GTIN, ""),
        lot=values.get(_LOT, ""),
        expiry_date=_last_day(values[_EXPIRY], on) if _EXPIRY in values else None,
        serial=values.get(_SERIAL, ""),
    )


def _of_number(code: str, products: Mapping[str, str]) -> Scanned:
    """A number alone: an NDC of 10 or 11 digits, or a GTIN of 12 (UPC-A), 13 or 14 digits."""
    number = _NUMBERS.fullmatch(code.replace(" ", ""))
    if number is None:
        raise _unreadable()
    digits, gtin = number[1], ""
    if "-" in digits:
        product, ndc = _product_of_ndc(_eleven(digits), digits, products)
    elif len(digits) in (10, 11):
        product, ndc = _product_of_ndc(digits, digits, products)
    elif len(digits) in (12, 13, 14):
        try:
            gtin = Gtin.parse(digits).as_gtin_14()
        except ParseError as bad:
            raise _wrong_check_digit() from bad
        product, ndc = _product_of_gtin(gtin, products)
    else:
        raise _unreadable()
    return Scanned(product=product, ndc=ndc, gtin=gtin, lot="", expiry_date=None, serial="")


def _wrong_check_digit() -> UnableToScan:
    return _unable(
        "check-digit", "The check digit is wrong, so a digit was misread or mistyped. Scan or type it again."
    )


def _eleven(hyphenated: str) -> str:
    """The eleven digits that claims use: each segment filled up with zeros in front, 5-4-2."""
    segments = hyphenated.split("-")
    if tuple(map(len, segments)) not in _NDC_FORMS:
        raise _unable(
            "ndc-form",
            "An NDC has three parts of 4-4-2, 5-3-2, 5-4-1 or 5-4-2 digits. Type it as the label prints it.",
        )
    return "".join(part.zfill(length) for part, length in zip(segments, (5, 4, 2), strict=True))


def _product_of_ndc(digits: str, shown: str, products: Mapping[str, str]) -> tuple[str, str]:
    """The product with this NDC of 10 digits, or of 11 with the filling, and its code in the table."""
    for ndc, key in products.items():
        if digits in (ndc.replace("-", ""), _eleven(ndc)):
            return key, ndc
    raise _unable(
        "unknown-product",
        f"The clinic's list has no product with the code {shown}. If the label's product is listed without a "
        "code, choose it by hand.",
    )


def _product_of_gtin(gtin: str, products: Mapping[str, str]) -> tuple[str, str]:
    """The product in a GTIN of 14 digits: packaging level, "03", NDC, check digit."""
    return _product_of_ndc(gtin[3:13] if gtin[1:3] == "03" else "", gtin, products)


def _last_day(raw: str, on: date) -> date:
    """The last day of use from YYMMDD, where day 00 is the last of the month.

    The year lies from 49 years before this one to 50 after (GS1 General Specifications, section 7.12).
    """
    year, month, day = (int(raw[place : place + 2]) for place in (0, 2, 4))
    apart = year - on.year % 100
    year += on.year - on.year % 100 + (-100 if apart > 50 else 100 if apart < -49 else 0)
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError) as bad:
        raise _unable(
            "expiry-unreadable", f"The expiry date in the code, {raw}, is no day. Read it from the label."
        ) from bad
