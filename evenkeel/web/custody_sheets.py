"""The reports of the drug ledger, each as columns and rows that are read a few at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, Literal, TypeVar

from evenkeel.custody.reports import Standing, given_mcg, reconcile, running
from evenkeel.record.custody import Account, Item, Place
from evenkeel.store import reading, sites
from evenkeel.store.queries import custody_reports as ledger
from evenkeel.store.queries import patients
from evenkeel.store.queries.custody import Lot, Movement
from evenkeel.store.queries.custody_reports import CHUNK, Asked
from evenkeel.values.ids import StreamId
from evenkeel.web.custody_cells import Column, Mass, Row, Sheet, shown
from evenkeel.web.custody_rates import rates
from evenkeel.web.sentences import words

T = TypeVar("T")

ReportKey = Literal["administration", "movements", "balance", "reconciliation", "counts", "cases", "rates"]
NOT_IN_RECORD: Final = "not in the record"
ADDS_UP: Final = "adds up"
DOES_NOT_ADD_UP: Final = "does not add up"
WHAT_ADDS_UP: Final = (
    "What was carried forward, received and found is what was given, wasted, destroyed, returned, "
    "transferred, is missing, was reported lost, or is on hand. On hand is what the accounts hold."
)


def _chunks(found: Iterator[T]) -> Iterator[list[T]]:
    while chunk := list(islice(found, CHUNK)):
        yield chunk


def _item_columns(*, on_paper: bool = True) -> tuple[Column, ...]:
    return (
        Column(name="drug", heading="Drug", width=4 if on_paper else 0, is_short=True),
        Column(name="schedule", heading="Schedule", on_screen=False),
        Column(name="strength", heading="Strength", width=4 if on_paper else 0, is_short=True),
        Column(name="lot", heading="Lot", width=4 if on_paper else 0, is_short=True),
        Column(name="expires", heading="Expires", on_screen=False),
    )


def _item(item: Item) -> Row:
    return (item.drug, item.schedule or "", str(item.strength), item.lot, item.expiry_date)


def _place(account: Account) -> str:
    return f"supplier {account.ref}" if account.place == "supplier" else str(account)


# --- administration log -------------------------------------------------------------------------------------

# Patient's name and address, date, quantity and who gave it: the fields of 21 CFR 1304.22(c) as
# clinical-protocol.md, section 9, lists them. Its text was not read, so that this is enough is a proposal.
_ADMINISTRATION: Final = (
    Column(name="given_at", heading="Given", width=5, is_short=True),
    Column(name="patient", heading="Patient", width=6),
    Column(name="record_number", heading="Record number", width=4, is_short=True),
    Column(name="patient_address", heading="Address", width=7),
    *_item_columns(),
    Column(name="quantity_mg", heading="Quantity", width=3, is_numeric=True),
    Column(name="given_by", heading="Given by", width=6),
    Column(name="note", heading="Note", width=5),
    Column(name="site", heading="Site", on_screen=False),
    Column(name="recorded_at", heading="Written down", on_screen=False),
    Column(name="entry", heading="Entry", on_screen=False),
)


def administration(asked: Asked) -> Sheet:
    """Who was given what, when, by whom."""
    given = ledger.given_mcg(asked)
    total = "; ".join(f"{drug} {shown(Mass(mcg=mcg))}" for drug, mcg in sorted(given.items()))
    return Sheet(
        key="administration",
        title="Administration log",
        lead=(
            f"Given in all: {total or 'nothing'}.",
            "A quantity below zero takes an earlier line back. Addresses are as the record has them today.",
            "The fields follow 21 CFR 1304.22(c) as understood here; that they suffice is a proposal.",
        ),
        columns=_ADMINISTRATION,
        rows=lambda first, count: _administrations(asked, first, count),
        total=ledger.how_many(asked, given_only=True),
        empty="Nobody was given drug that fits.",
    )


def _administrations(asked: Asked, first: int, count: int | None) -> Iterator[Row]:
    for chunk in _chunks(ledger.movements(asked, given_only=True, first=first, count=count)):
        whose = ledger.patients_of([moved.visit for moved in chunk if moved.visit is not None])
        known = {stream: reading.patient(stream).demographics for stream in sorted(set(whose.values()))}
        for moved in chunk:
            patient = known.get(whose[moved.visit]) if moved.visit in whose else None
            yield (
                moved.happened_at,
                patient.full_name if patient else NOT_IN_RECORD,
                patient.record_number if patient else "",
                one_line(patient.address) or "not recorded" if patient else "",
                *_item(moved.lot.item),
                Mass(mcg=given_mcg(moved)),
                moved.by_name,
                _takes_back(moved),
                moved.lot.site,
                moved.recorded_at,
                moved.entry,
            )


def _takes_back(moved: Movement) -> str:
    return f"takes back an earlier line: {moved.reason}" if moved.corrects else ""


# --- every movement -----------------------------------------------------------------------------------------

_MOVEMENTS: Final = (
    Column(name="happened_at", heading="Happened", width=5, is_short=True),
    Column(name="recorded_at", heading="Written down", on_screen=False),
    Column(name="site", heading="Site", on_screen=False),
    *_item_columns(),
    Column(name="from", heading="From", width=5, is_short=True),
    Column(name="to", heading="To", width=5, is_short=True),
    Column(name="quantity_mg", heading="Quantity", width=4, is_numeric=True),
    Column(name="cause", heading="Why", width=4, is_short=True),
    Column(name="patient", heading="Patient", width=5),
    Column(name="record_number", heading="Record number", width=4, is_short=True),
    Column(name="by", heading="By", width=5),
    Column(name="witness", heading="Witness", width=5),
    Column(name="alone_because", heading="Alone because", on_screen=False),
    Column(name="reason", heading="Note", width=4),
    Column(name="paper", heading="Paper", width=5),
    Column(name="paper_date", heading="Date of the paper", on_screen=False),
    Column(name="paper_party", heading="With whom", on_screen=False),
    Column(name="paper_party_number", heading="Their DEA number", on_screen=False),
    Column(name="takes_back", heading="Takes back", on_screen=False),
    Column(name="entry", heading="Entry", on_screen=False),
)


def movements(asked: Asked) -> Sheet:
    """Everything that moved."""
    return Sheet(
        key="movements",
        title="Movements",
        lead=(
            "Every movement of the drug, by when it happened. What is only kept for somebody has not moved.",
        ),
        columns=_MOVEMENTS,
        rows=lambda first, count: _moved(asked, first, count),
        total=ledger.how_many(asked),
        empty="No movement fits.",
    )


def _moved(asked: Asked, first: int, count: int | None) -> Iterator[Row]:
    for chunk in _chunks(ledger.movements(asked, first=first, count=count)):
        whose = ledger.patients_of([moved.visit for moved in chunk if moved.visit is not None])
        known = patients.by_streams(whose.values())
        for moved in chunk:
            patient = known.get(whose[moved.visit]) if moved.visit in whose else None
            paper = moved.paper
            reason = moved.reason if not moved.corrects else _takes_back(moved)
            yield (
                moved.happened_at,
                moved.recorded_at,
                moved.lot.site,
                *_item(moved.lot.item),
                _place(moved.source),
                _place(moved.into),
                Mass(mcg=moved.amount.mcg),
                words(moved.cause),
                patient.full_name if patient else "",
                patient.record_number if patient else "",
                moved.by_name,
                moved.witness_name or (f"alone: {moved.alone_because}" if moved.alone_because else ""),
                moved.alone_because,
                reason,
                f"{paper.kind} {paper.number}" if paper else "",
                paper.on_date if paper else None,
                paper.party if paper else "",
                paper.party_number if paper else "",
                moved.corrects or "",
                moved.entry,
            )


# --- perpetual balance --------------------------------------------------------------------------------------

_BALANCE: Final = (
    Column(name="lot", heading="Lot", width=4, is_short=True),
    Column(name="drug", heading="Drug", width=4, is_short=True),
    Column(name="strength", heading="Strength", width=4, is_short=True),
    Column(name="site", heading="Site", on_screen=False),
    Column(name="happened_at", heading="When", width=5, is_short=True),
    Column(name="what", heading="What", width=8),
    Column(name="change_mg", heading="Change", width=4, is_numeric=True),
    Column(name="safe_mg", heading="Safe", width=5, is_numeric=True),
    Column(name="cabinet_mg", heading="Cabinet", width=5, is_numeric=True),
    Column(name="opened_mg", heading="Opened vials", width=4, is_numeric=True),
    Column(name="in_visits_mg", heading="In visits", width=4, is_numeric=True),
    Column(name="held_mg", heading="Held in all", width=4, is_numeric=True),
    Column(name="by", heading="By", width=5),
    Column(name="entry", heading="Entry", on_screen=False),
)


def balance(asked: Asked) -> Sheet:
    """What was held after each movement, lot by lot."""
    lots = ledger.lots(asked)
    return Sheet(
        key="balance",
        title="Perpetual balance",
        lead=(
            "What the clinic held of each lot after every movement, by when it happened.",
            "A place below zero means that a time was written down that cannot be.",
        ),
        columns=_BALANCE,
        rows=lambda first, count: islice(
            _balances(lots, asked), first, None if count is None else first + count
        ),
        total=len(lots) + ledger.how_many_of_stock(asked),
        empty="The ledger has no lot that fits.",
    )


def _balances(lots: Iterable[Lot], asked: Asked) -> Iterator[Row]:
    before = ledger.flows(asked, since=None, until=asked.since) if asked.since is not None else {}
    for lot in lots:
        places: dict[Place, int] = {}
        for flow in before.get(lot.stream, ()):
            places[flow.source] = places.get(flow.source, 0) - flow.mcg
            places[flow.into] = places.get(flow.into, 0) + flow.mcg
        carried = Standing.of(places)
        yield _balance(lot, None, "carried forward", None, carried)
        for moved, change, standing in running(carried, ledger.movements_of(lot, asked)):
            what = f"{_place(moved.source)} → {_place(moved.into)}, {words(moved.cause)}"
            yield _balance(lot, moved, what, change, standing)


def _balance(lot: Lot, moved: Movement | None, what: str, change: int | None, standing: Standing) -> Row:
    vial = lot.item.vial.mcg
    return (
        lot.item.lot,
        lot.item.drug,
        str(lot.item.strength),
        lot.site,
        moved.happened_at if moved else None,
        what,
        None if change is None else Mass(mcg=change),
        Mass(mcg=standing.safe, vial_mcg=vial),
        Mass(mcg=standing.cabinet, vial_mcg=vial),
        Mass(mcg=standing.opened),
        Mass(mcg=standing.in_visits),
        Mass(mcg=standing.held),
        moved.by_name if moved else "",
        moved.entry if moved else "",
    )


# --- reconciliation -----------------------------------------------------------------------------------------

_PARTS: Final[Mapping[str, str]] = {
    "carried": "Carried forward",
    "received": "Received",
    "found": "Found",
    "given": "Given",
    "wasted": "Wasted",
    "destroyed": "Destroyed",
    "returned": "Returned",
    "transferred": "Transferred",
    "missing": "Missing",
    "reported_loss": "Reported loss",
    "on_hand": "On hand",
    "difference": "Difference",
}
_RECONCILIATION: Final = (
    Column(name="lot", heading="Lot", width=5, is_short=True),
    Column(name="drug", heading="Drug", width=5, is_short=True),
    Column(name="strength", heading="Strength", width=4, is_short=True),
    Column(name="expires", heading="Expires", on_screen=False),
    Column(name="site", heading="Site", on_screen=False),
    # First of all, since the amounts are wider than a screen.
    Column(name="result", heading="Result", width=4, is_short=True),
    *(
        Column(name=f"{name}_mg", heading=heading, width=5, is_numeric=True)
        for name, heading in _PARTS.items()
    ),
)


def reconciliation(asked: Asked) -> Sheet:
    """What became of every lot."""
    lots = ledger.lots(asked)
    lines = [_reconciled(asked, lot, parts) for lot, parts in _reconcile(asked, lots)]
    broken = sum(DOES_NOT_ADD_UP in line for line in lines)
    verdict = "Every lot adds up." if not broken else f"{broken} of {len(lines)} lots do not add up."
    return Sheet(
        key="reconciliation",
        title="Reconciliation by lot",
        lead=(
            WHAT_ADDS_UP,
            *((verdict,) if lines else ()),
        ),
        columns=_RECONCILIATION,
        rows=lambda first, count: iter(lines[first : None if count is None else first + count]),
        total=len(lines),
        empty="The ledger has no lot that fits.",
    )


def _reconcile(asked: Asked, lots: Iterable[Lot]) -> Iterator[tuple[Lot, dict[str, int]]]:
    within = ledger.flows(asked, since=asked.since, until=asked.until)
    before = ledger.flows(asked, since=None, until=asked.since) if asked.since is not None else {}
    since = ledger.flows(asked, since=asked.until, until=None) if asked.until is not None else {}
    held = ledger.held_now(asked)
    for lot in lots:
        found = reconcile(
            within.get(lot.stream, ()),
            before=before.get(lot.stream, ()),
            since=since.get(lot.stream, ()),
            held_now=held.get(lot.stream, 0),
        )
        yield lot, {name: getattr(found, name) for name in _PARTS}


def _reconciled(asked: Asked, lot: Lot, parts: Mapping[str, int]) -> Row:
    return (
        lot.item.lot,
        lot.item.drug,
        str(lot.item.strength),
        lot.item.expiry_date,
        lot.site,
        ADDS_UP if parts["difference"] == 0 else DOES_NOT_ADD_UP,
        *(Mass(mcg=mcg) for mcg in parts.values()),
    )


# --- counts and cases ---------------------------------------------------------------------------------------

_COUNTS: Final = (
    Column(name="counted_at", heading="Counted", width=5, is_short=True),
    Column(name="purpose", heading="For", width=4),
    Column(name="site", heading="Site", on_screen=False),
    *_item_columns(),
    Column(name="place", heading="Where", width=5),
    Column(name="found_mg", heading="Found", width=5, is_numeric=True),
    Column(name="expected_mg", heading="Expected", width=5, is_numeric=True),
    Column(name="difference_mg", heading="Difference", width=4, is_numeric=True),
    Column(name="by", heading="Counted by", width=5),
    Column(name="second", heading="And by", width=5),
    Column(name="note", heading="Note", width=5),
)


def counts(asked: Asked) -> Sheet:
    """What two people found, beside what the ledger expected."""
    about = {lot.stream for lot in ledger.lots(asked)}
    lines = list(_counted(asked, about))
    return Sheet(
        key="counts",
        title="Counts and inventories",
        lead=("What was found was written down before what was expected was shown.",),
        columns=_COUNTS,
        rows=lambda first, count: iter(lines[first : None if count is None else first + count]),
        total=len(lines),
        empty="No count fits.",
    )


def _counted(asked: Asked, about: set[StreamId]) -> Iterator[Row]:
    for site, count in ledger.counts(asked):
        if asked.person not in (None, count.by.id, count.payload.second):
            continue
        for line in count.payload.lines:
            if line.lot in about:
                vial = line.item.vial.mcg if line.account.place in ("safe", "cabinet") else None
                yield (
                    count.at,
                    count.payload.purpose,
                    site,
                    *_item(line.item),
                    str(line.account),
                    Mass(mcg=line.found.mcg, vial_mcg=vial),
                    Mass(mcg=line.expected.mcg, vial_mcg=vial),
                    Mass(mcg=line.difference_mcg),
                    count.by.printed_name,
                    count.payload.second_name,
                    count.payload.note,
                )


_CASES: Final = (
    Column(name="discovered_at", heading="Discovered", width=5, is_short=True),
    Column(name="site", heading="Site", on_screen=False),
    *_item_columns(),
    Column(name="place", heading="Where", width=5),
    Column(name="difference_mg", heading="Difference", width=4, is_numeric=True),
    Column(name="owner", heading="Who finds out", width=5),
    Column(name="outcome", heading="Outcome", width=5),
    Column(name="closed_at", heading="Closed", width=5, is_short=True),
)


def cases(asked: Asked) -> Sheet:
    """Every difference that somebody had to explain."""
    lines: list[Row] = [
        (
            case.discovered_at,
            case.lot.site,
            *_item(case.lot.item),
            str(case.account),
            Mass(mcg=case.difference_mcg),
            case.owner_name,
            case.outcome or "open",
            case.closed_at,
        )
        for case in ledger.cases_of(asked)
    ]
    return Sheet(
        key="cases",
        title="Differences and losses",
        lead=("Every case of missing or surplus drug, open or explained.",),
        columns=_CASES,
        rows=lambda first, count: iter(lines[first : None if count is None else first + count]),
        total=len(lines),
        empty="No case fits.",
    )


REPORTS: Final[Mapping[ReportKey, Callable[[Asked], Sheet]]] = {
    "administration": administration,
    "movements": movements,
    "balance": balance,
    "reconciliation": reconciliation,
    "counts": counts,
    "cases": cases,
    "rates": rates,
}


def one_line(address: str) -> str:
    """An address that was written in lines, in one."""
    return ", ".join(line.strip().rstrip(",") for line in address.splitlines() if line.strip())


def site_words(asked: Asked) -> list[str]:
    """Each site that a report is about, with its address and registration."""
    return [
        ", ".join(
            part
            for part in (
                site.name,
                one_line(site.address),
                f"DEA number {site.registration or 'not recorded'}",
            )
            if part
        )
        for site in sites.sites()
        if asked.site in (None, site.id)
    ]
