"""Stock leaves: to a distributor or another of the clinic's sites, destroyed, or recalled and not used."""

from collections.abc import Iterable
from typing import Final

from evenkeel.journey.acting import Act, require_seen, use_case
from evenkeel.journey.custody.book import Book, enter_lot, lot_stream
from evenkeel.journey.custody.stock import (
    KEPT_IN,
    KeptIn,
    paper_issues,
    reason_issues,
    recalled_elsewhere,
    time_issues,
    vial_issues,
    vials_of,
)
from evenkeel.journey.custody.witnessing import witnessed
from evenkeel.journey.rules import clinic_day
from evenkeel.journey.second_person import Proof
from evenkeel.record.custody import DrugMoved, LotRecalled, LotState, Paper
from evenkeel.record.infusion import MarkedInError
from evenkeel.store import reading, sites
from evenkeel.store.queries import transfers
from evenkeel.values.ids import ClinicianId, EntryId, StreamId
from evenkeel.values.issues import Issue, UnableTo

METHOD_LETTERS_MIN: Final = 5


class UnableToLeave(UnableTo):
    """The stock cannot leave like this; nothing moved."""


def _refuse(issues: Iterable[Issue]) -> None:
    found = tuple(issues)
    if found:
        raise UnableToLeave(found)


@use_case("stock.keep")
def return_stock(act: Act, *, lot: StreamId, source: KeptIn, vials: int, paper: Paper) -> StreamId:
    """Hand sealed vials to a reverse distributor, or back to the supplier, with the paper that goes along."""
    assert source in KEPT_IN, "a page offers only where stock is kept"
    assert paper.kind == "return", "stock that is returned goes with the paper of its return"
    _refuse([*time_issues(act), *vial_issues(vials), *paper_issues(act, paper)])
    book = Book(act, [lot])
    book.move(
        lot,
        DrugMoved(
            source=book.account(lot, source),
            into=book.account(lot, "distributor"),
            amount=vials_of(book.item(lot), vials),
            cause="returned",
            paper=paper,
        ),
    )
    book.write()
    return lot


@use_case("stock.keep")
def destroy_stock(
    act: Act,
    *,
    lot: StreamId,
    source: KeptIn,
    vials: int,
    paper: Paper,
    method: str,
    second: ClinicianId | None,
    proof_of_second: Proof | None,
    alone_because: str = "",
) -> StreamId:
    """Destroy sealed vials in front of a second person; `method` is how, as form 41 asks.

    The application keeps what form 41 asks for and files nothing.
    """
    assert source in KEPT_IN, "a page offers only where stock is kept"
    assert paper.kind == "destruction", "stock that is destroyed goes with the paper of its destruction"
    issues = [*time_issues(act), *vial_issues(vials), *paper_issues(act, paper)]
    if len(method.strip()) < METHOD_LETTERS_MIN:
        sentence = "Method: write how it was destroyed, so that nothing can be got back."
        issues.append(Issue(sentence=sentence, code="method-missing", field="method"))
    _refuse(issues)
    book = Book(act, [lot])
    item = book.item(lot)
    controlled = item.schedule is not None
    who = (
        witnessed(act, second=second, proof=proof_of_second, alone_because=alone_because)
        if controlled
        else None
    )
    book.move(
        lot,
        DrugMoved(
            source=book.account(lot, source),
            into=book.account(lot, "destroyed"),
            amount=vials_of(item, vials),
            cause="destroyed",
            witness=who.id if who else None,
            witness_name=who.name if who else "",
            alone_because=who.alone_because if who else "",
            reason=method.strip(),
            paper=paper,
        ),
    )
    book.write()
    return lot


@use_case("stock.keep")
def send_to_site(act: Act, *, lot: StreamId, source: KeptIn, vials: int, to: str) -> StreamId:
    """Send sealed vials to another of the clinic's sites; they are on their way until somebody takes them in.

    The transfer is numbered by itself, so that what arrives names what was sent.
    """
    assert source in KEPT_IN, "a page offers only where stock is kept"
    book = Book(act, [lot])
    state = book.lot(lot)
    target = sites.site(to)
    issues = [*time_issues(act), *vial_issues(vials)]
    if target is None or to == state.site:
        sentence = "Site: choose another site of the clinic."
        issues.append(Issue(sentence=sentence, code="no-such-site", field="to"))
    _refuse(issues)
    assert target is not None, "an unknown site was refused above"
    paper = Paper(
        kind="transfer",
        number=f"{state.site}-{state.item.lot}-{_sent_before(state) + 1}",
        on_date=clinic_day(act.happened_at),
        party=target.name,
        party_number=target.registration,
    )
    book.move(
        lot,
        DrugMoved(
            source=book.account(lot, source),
            into=book.account(lot, "other_site", to),
            amount=vials_of(state.item, vials),
            cause="transferred",
            paper=paper,
        ),
    )
    book.write()
    return lot


def _sent_before(state: LotState) -> int:
    return sum(
        isinstance(fact.payload, DrugMoved)
        and fact.payload.into.place == "other_site"
        and fact.payload.corrects is None
        for fact in state.facts
    )


@use_case("stock.keep")
def accept_transfer(act: Act, *, sent: EntryId, vials: int) -> StreamId:
    """Take in what another site sent, into the safe; returns the lot at this site.

    Refused for more than is still on its way. What does not arrive stays on its way until the sender takes
    it back or it is reported missing.
    """
    source = StreamId(sent.rpartition("/")[0])
    if reading.head(source) is None:
        raise UnableToLeave([Issue(sentence="This transfer is not in the ledger.", code="no-such-transfer")])
    left_by = reading.lot(source)
    fact = left_by.fact(sent)
    if fact is None or not isinstance(fact.payload, DrugMoved) or fact.payload.into.place != "other_site":
        raise UnableToLeave([Issue(sentence="This transfer is not in the ledger.", code="no-such-transfer")])
    here, paper = fact.payload.into.ref, fact.payload.paper
    from_site = sites.site(left_by.site)
    assert paper is not None, "a transfer has its paper"
    assert from_site is not None, "a transfer comes from a site"
    _refuse([*time_issues(act), *vial_issues(vials)])
    lot = enter_lot(act, here, left_by.item)
    book = Book(act, [source, lot])
    on_its_way = transfers.left_mcg(book.ledger, book.lot(source), book.lot(lot), sent)
    amount = vials_of(left_by.item, vials)
    if amount.mcg > on_its_way:
        left = on_its_way // left_by.item.vial.mcg
        sentence = f"Vials: {left} of this transfer {'is' if left == 1 else 'are'} on the way, not {vials}."
        raise UnableToLeave([Issue(sentence=sentence, code="more-than-sent", field="vials")])
    if book.lot(lot).recall is None:
        recall = recalled_elsewhere(left_by.item.product, left_by.item.lot)
        if recall is not None:
            book.note(lot, recall)
    book.move(
        lot,
        DrugMoved(
            source=book.account(lot, "supplier", from_site.name),
            into=book.account(lot, "safe"),
            amount=amount,
            cause="transferred",
            paper=Paper(
                kind="transfer",
                number=paper.number,
                on_date=paper.on_date,
                party=from_site.name,
                party_number=from_site.registration,
            ),
        ),
    )
    book.write()
    return lot


@use_case("stock.keep")
def recall_lot(act: Act, *, lot: StreamId, reason: str, paper: Paper | None = None) -> StreamId:
    """Say that a lot is no longer to be used, at every site that has it. It can be returned or destroyed."""
    issues = [*time_issues(act), *reason_issues(reason)]
    if paper is not None:
        issues += paper_issues(act, paper)
    _refuse(issues)
    book = Book(act, _everywhere(reading.lot(lot)))
    standing = [state for state in book.lots if state.recall is None]
    if not standing:
        sentence = "The lot is recalled already."
        raise UnableToLeave([Issue(sentence=sentence, code="recalled-already")])
    for state in standing:
        book.note(state.stream, LotRecalled(reason=reason.strip(), paper=paper))
    book.write()
    return lot


@use_case("stock.keep")
def lift_recall(act: Act, *, lot: StreamId, reason: str) -> StreamId:
    """Say that a recall should not have been written down; it stays readable and no longer counts."""
    _refuse(reason_issues(reason))
    book = Book(act, _everywhere(reading.lot(lot)))
    require_seen(book.lot(lot), act)
    recalls = [(state.stream, state.recall) for state in book.lots if state.recall is not None]
    if not recalls:
        raise UnableToLeave([Issue(sentence="The lot is not recalled.", code="not-recalled")])
    for stream, recall in recalls:
        # The newest one that stands is taken back; one that was replaced by it before stays in error.
        assert recall is not None, "only lots that are recalled are listed"
        book.note(stream, MarkedInError(entry=recall.id), amends=recall.id, reason=reason.strip())
    book.write()
    return lot


def _everywhere(state: LotState) -> list[StreamId]:
    """The same lot at every site that ever had it."""
    item = state.item
    streams = [lot_stream(site.id, item.product, item.lot) for site in sites.sites()]
    return [stream for stream in streams if reading.head(stream) is not None]
