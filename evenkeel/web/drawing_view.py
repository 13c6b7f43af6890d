"""The vials of the draw page: what may be drawn from, what a code picks, and why it picks nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from evenkeel.clinical.stock import PRODUCTS
from evenkeel.custody.scanning import Scanned
from evenkeel.journey.custody import weld
from evenkeel.journey.rules import clinic_day
from evenkeel.record.visits import VisitState
from evenkeel.store import sites
from evenkeel.store.queries import custody
from evenkeel.store.queries.custody import Balance, Lot
from evenkeel.values.ids import reference_of
from evenkeel.values.shape import frozen
from evenkeel.web.custody_words import mg_words
from evenkeel.web.jinja import clinic_date

# So many choices stand open on the page; the rest is folded away, and a code still finds it. Proposal.
OPEN_MAX: Final = 6


@frozen
class VialChoice:
    """One vial to choose: its value in the form, what it says, and whether the order keeps it."""

    key: str
    words: str
    hint: str
    lot: Lot
    is_opened: bool
    is_kept: bool


def choices(state: VisitState, at: datetime) -> tuple[VialChoice, ...]:
    """What may be drawn from for a visit now: what its order keeps, then opened vials, then the cabinet."""
    kept = {(each.lot, each.source) for each in custody.kept_for(state.stream)}
    found = [_choice(each, (each.lot.stream, each.account) in kept) for each in weld.usable(state, at=at)]
    return tuple(sorted(found, key=lambda choice: not choice.is_kept))


def _choice(vial: Balance, is_kept: bool) -> VialChoice:
    """The value is the lot, and the number of an opened vial behind a slash; a new vial has none."""
    item, is_opened = vial.lot.item, vial.account.place == "vial"
    number = vial.account.ref if is_opened else ""
    expiry = f"expiry {clinic_date(item.expiry_date)}"
    if is_opened:
        words, hint = f"Opened vial {number}: {item.label}", f"{mg_words(vial.mass)} left, {expiry}"
    else:
        count = vial.mass.mcg // item.vial.mcg
        words = f"New vial: {item.label}, lot {item.lot}"
        hint = f"{expiry}, {count} {'vial' if count == 1 else 'vials'} in the cabinet"
    return VialChoice(
        key=f"{reference_of(vial.lot.stream)}/{number}",
        words=words,
        hint=hint,
        lot=vial.lot,
        is_opened=is_opened,
        is_kept=is_kept,
    )


def of_lot(vials: Sequence[VialChoice], scanned: Scanned) -> tuple[VialChoice, ...]:
    """Every listed vial of what a code names; a code without a lot fits every lot of its product."""
    return tuple(vial for vial in vials if _is_of(vial.lot, scanned))


def picked(vials: Sequence[VialChoice], scanned: Scanned) -> VialChoice | None:
    """The one vial that a code stands for: the new one, or the opened one where it is alone; else None."""
    fits = [vial for vial in of_lot(vials, scanned) if takes_code(vials, vial)]
    return fits[0] if len(fits) == 1 else None


def takes_code(vials: Sequence[VialChoice], vial: VialChoice) -> bool:
    """Whether a code may pick this vial: a code names a lot, so a new vial of it goes before opened ones."""
    return not vial.is_opened or not any(
        other.lot.stream == vial.lot.stream and not other.is_opened for other in vials
    )


def _is_of(lot: Lot, scanned: Scanned) -> bool:
    return (scanned.product is None or lot.item.product == scanned.product) and (
        not scanned.lot or lot.item.lot.casefold() == scanned.lot.casefold()
    )


def why_not(state: VisitState, scanned: Scanned, at: datetime) -> str:
    """Say why what a code names is not listed, so that the person knows where to go with the vial."""
    if scanned.product is not None and PRODUCTS[scanned.product].drug != "ketamine":
        return f"The code is of {PRODUCTS[scanned.product].label}. The order is of ketamine."
    what = PRODUCTS[scanned.product].label if scanned.product else "this vial"
    name = f"lot {scanned.lot} of {what}" if scanned.lot else what
    here = sites.site_of(state.chair)
    known = [lot for lot in custody.lots(product=scanned.product) if _is_of(lot, scanned)]
    lots = [lot for lot in known if lot.site == here]
    if not lots:
        where = "another site of the clinic" if known else "no stock of this clinic"
        return f"By the ledger {name} is in {where}. Do not draw from it; receive it first."
    if all(lot.recalled_at is not None for lot in lots):
        return f"{_cap(name)} is recalled. Do not draw from it; put it into the safe."
    lots = [lot for lot in lots if lot.recalled_at is None]
    if all(clinic_day(at) > lot.item.expiry_date for lot in lots):
        last = max(lot.item.expiry_date for lot in lots)
        return f"{_cap(name)} expired on {clinic_date(last)}. Do not draw from it; put it into the safe."
    streams = {lot.stream for lot in lots}
    held = [each for each in custody.balances(here) if each.lot.stream in streams]
    places = {each.account.place for each in held}
    if "cabinet" in places:
        return f"Every vial in the cabinet of {name} is kept for other visits. Choose another lot."
    if "safe" in places:
        return f"By the ledger {name} is in the safe. Move it to the cabinet first."
    if "vial" in places:
        return f"Of {name} only opened vials are there, for another patient or opened too long ago."
    return f"By the ledger no vial is left of {name}. Put it aside, and have the stock counted."


def _cap(words: str) -> str:
    return words[:1].upper() + words[1:]
