"""Stock comes in and is kept: invoices, the first inventory, and vials between the safe and the cabinet."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Final, Literal

from evenkeel.clinical.stock import PRODUCTS
from evenkeel.journey.acting import CLOCK_SLACK, Act, use_case
from evenkeel.journey.custody.book import Book, enter_lot, lot_stream
from evenkeel.journey.custody.witnessing import Witness, witnessed
from evenkeel.journey.rules import clinic_day
from evenkeel.journey.second_person import Proof
from evenkeel.record.custody import Account, Cause, DrugMoved, Item, LotEntered, LotRecalled, Paper
from evenkeel.store import reading, sites
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.shape import frozen

KeptIn = Literal["safe", "cabinet"]
KEPT_IN: Final[tuple[KeptIn, ...]] = ("safe", "cabinet")

# More vials than this of one lot, or a label this many years ahead, is a slip of the pen. Proposals.
VIALS_MAX: Final = 1000
EXPIRY_YEARS_MAX: Final = 10
LOT_CHARACTERS_MAX: Final = 40
REASON_LETTERS_MIN: Final = 5

# The account that the first inventory comes out of: nobody knows the invoices that stand before it.
OPENING: Final = "opening stock"


class UnableToStock(UnableTo):
    """The stock cannot be received or kept like this; nothing moved."""


@frozen
class ReceivedLine:
    """So many sealed vials of one lot, as invoice and label say."""

    product: str
    lot: str
    expiry_date: date
    vials: int


def item_of(line: ReceivedLine) -> Item:
    """The lot as the product table and the label have it: a strength is never typed."""
    product = PRODUCTS[line.product]
    return Item(
        drug=product.drug,
        schedule=product.schedule,
        product=product.key,
        label=product.label,
        strength=product.strength,
        vial=product.mass,
        lot=" ".join(line.lot.split()),
        expiry_date=line.expiry_date,
    )


def vials_of(item: Item, vials: int) -> DrugMass:
    """What so many sealed vials hold."""
    return DrugMass(mcg=item.vial.mcg * vials)


def vial_issues(vials: int, field: str = "vials") -> list[Issue]:
    """Everything wrong with a number of vials."""
    if 1 <= vials <= VIALS_MAX:
        return []
    sentence = f"Vials: write a whole number from 1 to {VIALS_MAX}."
    return [Issue(sentence=sentence, code="vials-number", field=field)]


def reason_issues(reason: str, field: str = "reason") -> list[Issue]:
    """Everything wrong with a reason."""
    if len(reason.strip()) >= REASON_LETTERS_MIN:
        return []
    sentence = f"Reason: write why, in at least {REASON_LETTERS_MIN} letters."
    return [Issue(sentence=sentence, code="reason-missing", field=field)]


def time_issues(act: Act) -> list[Issue]:
    """A time that lies in the future."""
    if act.happened_at <= act.recorded_at + CLOCK_SLACK:
        return []
    sentence = "Time: it lies in the future. Write when it happened, or leave it empty for now."
    return [Issue(sentence=sentence, code="time-in-future", field="happened_at")]


def paper_issues(act: Act, paper: Paper) -> list[Issue]:
    """Everything wrong with a paper: who, which number, which day."""
    issues = []
    if not paper.party.strip():
        issues.append(Issue(sentence="Write who it is from or for.", code="party-missing", field="party"))
    if not paper.number.strip():
        issues.append(
            Issue(sentence="Write the number of the paper.", code="number-missing", field="paper_number")
        )
    if paper.on_date > clinic_day(act.recorded_at):
        sentence = "Date of the paper: it lies in the future."
        issues.append(Issue(sentence=sentence, code="date-in-future", field="on_date"))
    return issues


def site_issues(site: str) -> list[Issue]:
    """A site that the clinic does not have."""
    if sites.site(site) is not None:
        return []
    return [Issue(sentence="Site: choose one of the clinic's sites.", code="no-such-site", field="site")]


@use_case("stock.keep")
def receive(act: Act, *, site: str, paper: Paper, into: KeptIn, lines: tuple[ReceivedLine, ...]) -> StreamId:
    """Take in what an invoice lists, all of it or nothing; returns the stream of the first lot.

    A lot that is expired or recalled is taken in too, since it is there; it goes into the safe, from
    where it can only leave. Issues name `party`, `paper_number`, `on_date`, `into`, or, by line, `lot_0`.
    """
    assert paper.kind in ("invoice", "transfer"), "stock comes with an invoice or from another site"
    issues = [*paper_issues(act, paper), *_came_before(paper, lines, site)]
    return _take_in(
        act,
        site=site,
        into=into,
        lines=lines,
        besides=issues,
        source=paper.party.strip(),
        cause="received",
        paper=paper,
        witness=None,
    )


@use_case("stock.keep")
def enter_opening_stock(
    act: Act,
    *,
    site: str,
    into: KeptIn,
    lines: tuple[ReceivedLine, ...],
    second: ClinicianId | None,
    proof_of_second: Proof | None,
    alone_because: str = "",
) -> StreamId:
    """Enter what was there before the ledger began, counted by two; returns the stream of the first lot.

    A lot that the ledger knows already is refused: what it holds is counted, not entered again.
    """
    issues = [
        Issue(
            sentence=f"Lot {line.lot} is in the ledger already. Count it instead.",
            code="lot-known",
            field=f"lot_{number}",
        )
        for number, line in enumerate(lines)
        if reading.head(lot_stream(site, line.product, line.lot)) is not None
    ]
    who = witnessed(act, second=second, proof=proof_of_second, alone_because=alone_because)
    return _take_in(
        act,
        site=site,
        into=into,
        lines=lines,
        besides=issues,
        source=OPENING,
        cause="opening_stock",
        paper=None,
        witness=who,
    )


def _take_in(
    act: Act,
    *,
    site: str,
    into: KeptIn,
    lines: tuple[ReceivedLine, ...],
    besides: list[Issue],
    source: str,
    cause: Cause,
    paper: Paper | None,
    witness: Witness | None,
) -> StreamId:
    issues = [*time_issues(act), *site_issues(site), *besides, *_line_issues(act, site, into, lines)]
    if issues:
        raise UnableToStock(issues)
    items = {lot_stream(site, line.product, line.lot): item_of(line) for line in lines}
    for stream in sorted(items):
        enter_lot(act, site, items[stream])
    book = Book(act, items)
    for stream, line in zip(items, lines, strict=True):
        recall = recalled_elsewhere(line.product, line.lot)
        if recall is not None and book.lot(stream).recall is None:
            book.note(stream, recall)
        book.move(
            stream,
            DrugMoved(
                source=Account(site=site, place="supplier", ref=source),
                into=Account(site=site, place=into),
                amount=vials_of(items[stream], line.vials),
                cause=cause,
                witness=witness.id if witness else None,
                witness_name=witness.name if witness else "",
                alone_because=witness.alone_because if witness else "",
                paper=paper,
            ),
        )
    book.write()
    return next(iter(items))


def _line_issues(act: Act, site: str, into: KeptIn, lines: Sequence[ReceivedLine]) -> list[Issue]:
    """Everything wrong with the lines; each issue names its box and the number of its line."""
    if not lines:
        return [Issue(sentence="Write at least one line: what came, and how many.", code="no-lines")]
    issues = []
    today = clinic_day(act.recorded_at)
    streams = Counter(lot_stream(site, line.product, line.lot) for line in lines)
    for number, line in enumerate(lines):
        issues += vial_issues(line.vials, f"vials_{number}")
        if line.product not in PRODUCTS:
            sentence = "Product: choose one from the list."
            issues.append(Issue(sentence=sentence, code="no-such-product", field=f"product_{number}"))
        if not 0 < len(line.lot.strip()) <= LOT_CHARACTERS_MAX:
            sentence = f"Lot: write it as the label has it, at most {LOT_CHARACTERS_MAX} characters."
            issues.append(Issue(sentence=sentence, code="lot-unreadable", field=f"lot_{number}"))
            continue
        stream = lot_stream(site, line.product, line.lot)
        if streams[stream] > 1:
            sentence = f"Lot {line.lot} stands here twice. Write it once, with all its vials."
            issues.append(Issue(sentence=sentence, code="lot-twice", field=f"lot_{number}"))
        issues += _expiry_issues(line, number, today, into)
        if into != "safe" and recalled_elsewhere(line.product, line.lot) is not None:
            sentence = f"Lot {line.lot} is recalled. Put it into the safe, and return it."
            issues.append(Issue(sentence=sentence, code="recalled", field="into"))
        known = reading.lot(stream) if reading.head(stream) is not None else None
        if known is None:
            continue
        if known.item.expiry_date != line.expiry_date:
            sentence = (
                f"Lot {known.item.lot} is known here with the expiry {known.item.expiry_date:%d %b %Y}. "
                "Look at the label again."
            )
            issues.append(Issue(sentence=sentence, code="other-expiry", field=f"expiry_{number}"))
    return issues


def recalled_elsewhere(product: str, lot: str) -> LotRecalled | None:
    """The recall of a lot at any of the clinic's sites, or None: a recall is of the lot, wherever it lies."""
    for site in sites.sites():
        stream = lot_stream(site.id, product, lot)
        recall = reading.lot(stream).recall if reading.head(stream) is not None else None
        if recall is not None:
            return recall.payload
    return None


def _expiry_issues(line: ReceivedLine, number: int, today: date, into: KeptIn) -> list[Issue]:
    if line.expiry_date.year > today.year + EXPIRY_YEARS_MAX:
        sentence = f"Expiry: {line.expiry_date:%d %b %Y} is too far ahead. Look at the label again."
        return [Issue(sentence=sentence, code="expiry-unlikely", field=f"expiry_{number}")]
    if line.expiry_date < today and into != "safe":
        sentence = (
            f"Lot {line.lot} expired on {line.expiry_date:%d %b %Y}. Put it into the safe, and return it."
        )
        return [Issue(sentence=sentence, code="expired", field=f"expiry_{number}")]
    return []


def _came_before(paper: Paper, lines: Sequence[ReceivedLine], site: str) -> list[Issue]:
    """The same line of the same paper, entered twice: by two people, or on two days."""
    issues = []
    for number, line in enumerate(lines):
        stream = lot_stream(site, line.product, line.lot)
        if reading.head(stream) is None:
            continue
        moves = reading.lot(stream).every(DrugMoved)
        taken_back = {fact.payload.corrects for fact in moves}
        for fact in moves:
            before = fact.payload.paper
            if before is None or fact.payload.cause != "received" or fact.id in taken_back:
                continue
            if (before.party.casefold(), before.number.casefold()) == (
                paper.party.strip().casefold(),
                paper.number.strip().casefold(),
            ):
                sentence = (
                    f"Lot {line.lot} of {paper.kind} {before.number} was received by {fact.by.printed_name} "
                    f"on {fact.at:%d %b %Y}. If it was wrong, take that movement back first."
                )
                issues.append(Issue(sentence=sentence, code="received-before", field=f"lot_{number}"))
    return issues


@use_case("stock.keep")
def stock_up(act: Act, *, lot: StreamId, vials: int) -> StreamId:
    """Bring sealed vials from the safe to the cabinet; an expired or recalled lot stays where it is."""
    return _between(act, lot, "safe", "cabinet", vials)


@use_case("stock.keep")
def lock_away(act: Act, *, lot: StreamId, vials: int) -> StreamId:
    """Put sealed vials from the cabinet back into the safe."""
    return _between(act, lot, "cabinet", "safe", vials)


def _between(act: Act, lot: StreamId, source: KeptIn, into: KeptIn, vials: int) -> StreamId:
    issues = [*time_issues(act), *vial_issues(vials)]
    if issues:
        raise UnableToStock(issues)
    book = Book(act, [lot])
    book.move(
        lot,
        DrugMoved(
            source=book.account(lot, source),
            into=book.account(lot, into),
            amount=vials_of(book.item(lot), vials),
            cause="stocked",
        ),
    )
    book.write()
    return lot


@use_case("stock.keep")
def correct_expiry(act: Act, *, lot: StreamId, expiry_date: date, reason: str) -> StreamId:
    """Put the expiry of a lot right after its label was misread; the first reading stays in the record."""
    book = Book(act, [lot])
    entered = book.lot(lot).latest(LotEntered)
    assert entered is not None, "a lot's stream begins with the lot"
    issues = reason_issues(reason)
    if expiry_date.year > clinic_day(act.recorded_at).year + EXPIRY_YEARS_MAX:
        sentence = f"Expiry: {expiry_date:%d %b %Y} is too far ahead. Look at the label again."
        issues.append(Issue(sentence=sentence, code="expiry-unlikely", field="expiry_date"))
    if expiry_date == entered.payload.item.expiry_date:
        sentence = "Expiry: this is what stands already."
        issues.append(Issue(sentence=sentence, code="nothing-changed", field="expiry_date"))
    if issues:
        raise UnableToStock(issues)
    item = entered.payload.item
    right = Item(
        drug=item.drug,
        schedule=item.schedule,
        product=item.product,
        label=item.label,
        strength=item.strength,
        vial=item.vial,
        lot=item.lot,
        expiry_date=expiry_date,
    )
    book.note(
        lot, LotEntered(site=entered.payload.site, item=right), amends=entered.id, reason=reason.strip()
    )
    book.write()
    return lot
