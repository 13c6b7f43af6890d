"""What the stock pages show: lots with what is where, marks in words, a running balance, and what waits."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.urls import reverse

from evenkeel.clinical.stock import PRODUCTS
from evenkeel.custody.accounts import HELD
from evenkeel.journey.policy import may
from evenkeel.record.custody import Item
from evenkeel.record.entry import Role
from evenkeel.store.queries.custody import Balance, Lot, Movement
from evenkeel.store.queries.settings import Settings
from evenkeel.store.queries.transfers import OnItsWay
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import EntryId, StreamId, reference_of
from evenkeel.values.shape import frozen
from evenkeel.web.custody_words import (
    CAUSE_WORDS,
    amount_words,
    container_word,
    count_words,
    mg_words,
    paper_words,
    place_words,
    witness_words,
)
from evenkeel.web.jinja import clinic_date, duration

# A lot is marked before it expires, and a product before the cabinet runs out of it. Proposals.
EXPIRES_SOON: Final = timedelta(days=60)
LOW_VIALS: Final = 5

DRUG_ORDER: Final = ("ketamine", "esketamine", "midazolam")
NOTHING: Final = DrugMass(mcg=0)


def lot_url(lot: StreamId) -> str:
    """The page of a lot."""
    return reverse("stock_lot", args=[reference_of(lot)])


def entry_seq(entry: EntryId) -> int:
    """The place of an entry in its stream, for an address."""
    return int(entry.rpartition("/")[2])


def schedule_words(item: Item) -> str:
    """Which schedule a drug is in: "C-III", or that it is in none."""
    return f"C-{item.schedule}" if item.schedule else "not scheduled"


def marks(lot: Lot, today: date) -> list[dict[str, str]]:
    """What must be known of a lot before anybody takes it, in words and with a shape each."""
    found = []
    if lot.recalled_at is not None:
        found.append({"words": "Recalled", "tone": "stopped"})
    expiry = lot.item.expiry_date
    if expiry < today:
        found.append({"words": "Expired", "tone": "high"})
    elif expiry < today + EXPIRES_SOON:
        days = (expiry - today).days
        found.append({"words": f"Expires in {count_words(days, 'day')}", "tone": "due"})
    return found


# --- the overview -------------------------------------------------------------------------------------------


@frozen
class InLot:
    """What one lot holds, place by place."""

    lot: Lot
    safe: DrugMass
    cabinet: DrugMass
    kept: DrugMass


def _in_lots(balances: tuple[Balance, ...]) -> list[InLot]:
    by_lot: dict[StreamId, list[Balance]] = {}
    for each in balances:
        by_lot.setdefault(each.lot.stream, []).append(each)

    def mass(found: list[Balance], place: str) -> DrugMass:
        return sum((each.mass for each in found if each.account.place == place), NOTHING)

    return [
        InLot(
            lot=found[0].lot,
            safe=mass(found, "safe"),
            cabinet=mass(found, "cabinet"),
            kept=sum((each.kept for each in found), NOTHING),
        )
        for found in by_lot.values()
    ]


def _vials(item: Item, mass: DrugMass) -> str:
    return str(mass.mcg // item.vial.mcg)


def _lot_row(each: InLot, today: date) -> dict[str, Any]:
    item = each.lot.item
    return {
        "lot": item.lot,
        "url": lot_url(each.lot.stream),
        "expiry": clinic_date(item.expiry_date),
        "safe": _vials(item, each.safe),
        "cabinet": _vials(item, each.cabinet),
        "kept": mg_words(each.kept) if each.kept.mcg else "–",
        "holds": mg_words(each.safe + each.cabinet),
        "marks": marks(each.lot, today),
    }


def drugs(balances: tuple[Balance, ...], today: date) -> list[dict[str, Any]]:
    """Every drug with its products and their lots, controlled drugs first, lots by expiry."""
    products: dict[str, list[InLot]] = {}
    for each in _in_lots(balances):
        products.setdefault(each.lot.item.product, []).append(each)
    found: dict[str, list[dict[str, Any]]] = {}
    for lots in products.values():
        item = lots[0].lot.item
        found.setdefault(item.drug, []).append(_product(item, lots, today))

    def order(drug: str) -> tuple[int, str]:
        return (DRUG_ORDER.index(drug) if drug in DRUG_ORDER else len(DRUG_ORDER), drug)

    return [{"name": drug, "products": found[drug]} for drug in sorted(found, key=order)]


def _product(item: Item, lots: list[InLot], today: date) -> dict[str, Any]:
    usable = [each for each in lots if each.lot.recalled_at is None and each.lot.item.expiry_date >= today]
    ready = sum((each.cabinet for each in usable), NOTHING).mcg // item.vial.mcg
    product = PRODUCTS.get(item.product)
    low = {"words": f"Low: {count_words(ready, container_word(item))} ready in the cabinet", "tone": "low"}
    return {
        "label": item.label,
        "schedule": schedule_words(item),
        "ndc": product.ndc if product else "",
        "word": container_word(item).capitalize() + "s",
        "lots": [_lot_row(each, today) for each in lots],
        "marks": [low] if ready < LOW_VIALS else [],
    }


def opened_vials(
    balances: tuple[Balance, ...], chosen: Settings, now: datetime, role: Role
) -> list[dict[str, Any]]:
    """Vials that are open: what is left of them and for how long they may be drawn from."""
    found = []
    for each in balances:
        if each.account.place != "vial" or each.opened_at is None:
            continue
        until = each.opened_at + timedelta(hours=chosen.vial_hours)
        of_visit = chosen.is_single_patient and each.visit is not None
        found.append(
            {
                "number": each.account.ref,
                "label": each.lot.item.label,
                "rest": mg_words(each.mass),
                "opened_at": each.opened_at,
                "until": until,
                "left": duration(until - now) if until > now else None,
                "whose": "of a visit" if of_visit else "for several visits",
                "url": ""
                if of_visit or not may(role, "custody.waste")
                else reverse("stock_waste_opened", args=[reference_of(each.lot.stream), each.account.ref]),
            }
        )
    return found


def on_their_way(found: tuple[OnItsWay, ...], names: dict[str, str], role: Role) -> list[dict[str, Any]]:
    """Transfers of which something has not arrived."""
    return [
        {
            "who": f"{each.sent.lot.item.label}, lot {each.sent.lot.item.lot}",
            "why": (
                f"{amount_words(each.sent.lot.item, each.left)} on the way from "
                f"{names[each.sent.lot.site]} to {names.get(each.to_site, each.to_site)}"
            ),
            "tone": "due",
            "word": "On its way",
            "at": each.sent.happened_at,
            "action": "Take in" if may(role, "stock.keep") else "Look",
            "url": reverse(
                "stock_accept", args=[reference_of(each.sent.lot.stream), entry_seq(each.sent.entry)]
            )
            if may(role, "stock.keep")
            else lot_url(each.sent.lot.stream),
        }
        for each in found
    ]


# --- one lot ------------------------------------------------------------------------------------------------


def lot_facts(lot: Lot) -> list[dict[str, Any]]:
    """A lot as its label reads."""
    item = lot.item
    product = PRODUCTS.get(item.product)
    return [
        {"key": "Product", "value": item.label},
        {"key": "Schedule", "value": schedule_words(item)},
        {"key": "NDC", "value": product.ndc if product and product.ndc else None},
        {"key": "Lot", "value": item.lot},
        {"key": "Expiry", "value": clinic_date(item.expiry_date)},
        {"key": f"One {container_word(item)} holds", "value": mg_words(item.vial)},
    ]


def where(balances: tuple[Balance, ...]) -> list[list[Any]]:
    """What is where, of everything that the clinic answers for."""
    return [
        [
            place_words(each.account).capitalize(),
            amount_words(each.lot.item, each.mass),
            mg_words(each.kept) if each.kept.mcg else "–",
        ]
        for each in balances
        if each.account.place in HELD
    ]


def statement(movements: tuple[Movement, ...], open_to_correction: dict[str, str]) -> list[dict[str, Any]]:
    """Every movement as it was written down, with what the clinic held of the lot after it; newest first.

    `open_to_correction` gives the address at which a movement is taken back, by its entry.
    """
    in_order = sorted(movements, key=lambda each: entry_seq(each.entry))
    numbers = {each.entry: entry_seq(each.entry) for each in in_order}
    taken_back: dict[str, int] = {}
    for each in in_order:
        if each.corrects is not None:
            taken_back[each.corrects] = taken_back.get(each.corrects, 0) + each.amount.mcg
    balance, rows = 0, []
    for each in in_order:
        balance += (each.into.place in HELD) * each.amount.mcg
        balance -= (each.source.place in HELD) * each.amount.mcg
        rows.append(
            {
                **_movement(each, DrugMass(mcg=balance)),
                "number": numbers[each.entry],
                "corrects": numbers.get(each.corrects) if each.corrects else None,
                "taken_back": _taken_back_words(each, taken_back.get(each.entry, 0)),
                "take_back_url": open_to_correction.get(each.entry),
            }
        )
    return rows[::-1]


def _taken_back_words(each: Movement, mcg: int) -> str:
    if not mcg:
        return ""
    if mcg == each.amount.mcg:
        return "Taken back"
    return f"{amount_words(each.lot.item, DrugMass(mcg=mcg))} taken back"


def _movement(each: Movement, balance: DrugMass) -> dict[str, Any]:
    late = each.recorded_at - each.happened_at > timedelta(minutes=5)
    return {
        "at": each.happened_at,
        "recorded_at": each.recorded_at if late else None,
        "what": CAUSE_WORDS[each.cause].capitalize(),
        "way": f"{place_words(each.source)} → {place_words(each.into)}",
        "amount": amount_words(each.lot.item, each.amount),
        "balance": mg_words(balance),
        "by": each.by_name,
        "witness": witness_words(each.witness_name, each.alone_because),
        "paper": paper_words(each.paper) if each.paper else "",
        "reason": each.reason,
        "visit_url": reverse("visit", args=[reference_of(each.visit)]) if each.visit else None,
    }
