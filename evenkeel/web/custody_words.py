"""How the drug ledger is said: amounts in vials and milligrams, places, and why drug moved."""

from typing import Final

from evenkeel.record.custody import Account, Cause, Item, Paper, Place
from evenkeel.values.drug import DrugMass

PLACE_WORDS: Final[dict[Place, str]] = {
    "supplier": "supplier",
    "surplus": "surplus",
    "safe": "safe",
    "cabinet": "cabinet",
    "vial": "opened vial",
    "syringe": "syringe of a visit",
    "bag": "bag of a visit",
    "patient": "patient",
    "wasted": "waste",
    "destroyed": "destroyed stock",
    "distributor": "reverse distributor",
    "other_site": "another site",
    "missing": "missing",
    "reported_loss": "reported loss",
}
CAUSE_WORDS: Final[dict[Cause, str]] = {
    "received": "received",
    "opening_stock": "there before the ledger began",
    "stocked": "moved between safe and cabinet",
    "ordered": "ordered for a visit",
    "drawn": "drawn up",
    "given": "given",
    "left_over": "left over",
    "spilled": "spilled",
    "broken": "broken",
    "expired": "expired",
    "recalled": "recalled",
    "cancelled": "visit cancelled",
    "put_back": "put back",
    "returned": "returned",
    "destroyed": "destroyed",
    "transferred": "to another site",
    "missing": "missing",
    "found": "found",
    "reported": "reported",
    "wrong_entry": "wrong entry taken back",
}


def mg_words(mass: DrugMass) -> str:
    """Write an amount in milligrams, exact, with a comma before thousands: "2,000 mg"."""
    whole, _, rest = f"{mass.in_mg:,f}".partition(".")
    rest = rest.rstrip("0")
    return f"{whole}.{rest} mg" if rest else f"{whole} mg"


def count_words(count: int, word: str) -> str:
    """Write a count with its word: "1 vial", "4 vials"."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def container_word(item: Item) -> str:
    """What one whole unit of a product is called: a spray is a device, everything else a vial."""
    return "device" if "spray" in item.product else "vial"


def whole_vials(item: Item, mass: DrugMass) -> int | None:
    """How many whole vials an amount is, or None when it is not whole."""
    vials, rest = divmod(mass.mcg, item.vial.mcg)
    return None if rest else vials


def amount_words(item: Item, mass: DrugMass) -> str:
    """Write an amount as people count it: "4 vials, 2,000 mg", or milligrams alone for a part of a vial."""
    vials = whole_vials(item, mass)
    if vials is None or vials == 0:
        return mg_words(mass)
    return f"{count_words(vials, container_word(item))}, {mg_words(mass)}"


def place_words(account: Account) -> str:
    """Say where an account is; a visit is not named, since a ledger line may be read by many."""
    if account.place == "supplier":
        return account.ref if account.ref == "opening stock" else f"supplier {account.ref}"
    if account.place == "vial":
        return f"vial {account.ref}"
    return PLACE_WORDS[account.place]


def paper_words(paper: Paper) -> str:
    """Say which paper goes with a movement: "invoice 1001 of Northwind"."""
    return f"{paper.kind} {paper.number}, {paper.party}"


def witness_words(witness_name: str, alone_because: str) -> str:
    """Say who saw it, or why nobody did; empty where no witness is asked for."""
    if witness_name:
        return f"witnessed by {witness_name}"
    return f"nobody witnessed: {alone_because}" if alone_because else ""
