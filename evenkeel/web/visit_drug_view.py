"""What became of a visit's drug, as plain values: by bag and vial, what is kept, every movement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

from django.urls import reverse

from evenkeel.custody.remainders import slack_of_bag
from evenkeel.journey.custody import weld
from evenkeel.journey.custody.waste import pump_difference_ml
from evenkeel.record.custody import Account, DrugReconciled, Place, RestMeasured, WitnessRefused
from evenkeel.record.infusion import BagReplaced
from evenkeel.record.ordering import DoseDrawn, DoseDrawnFromOne
from evenkeel.record.visits import VisitState
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.store.queries.custody import Movement
from evenkeel.values.drug import DrugMass, to_decimal
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.numbers import plain
from evenkeel.web.custody_words import CAUSE_WORDS, mg_words, place_words, witness_words

COLUMNS: Final[list[Any]] = [
    "Where",
    *(
        {"text": words, "numeric": True}
        for words in ("Put in", "Drawn to the bag", "Given", "Wasted", "Missing", "In hand")
    ),
]
# Accounts that a visit holds drug in.
HELD: Final[tuple[Place, ...]] = ("bag", "syringe", "vial")

Flows = dict[tuple[Account, Account], int]


def where(account: Account) -> str:
    """An account as the page of one visit names it: the visit's own bag is "bag"."""
    if account.place in ("bag", "syringe"):
        return account.word
    return place_words(account)


def flows(movements: Sequence[Movement]) -> Flows:
    """Micrograms that went from one account to another, with what was taken back taken off."""
    found: Flows = {}
    for each in movements:
        # A correction goes the other way, and names the way that it takes back.
        way = (each.into, each.source) if each.corrects else (each.source, each.into)
        mcg = -each.amount.mcg if each.corrects else each.amount.mcg
        found[way] = found.get(way, 0) + mcg
    return found


def strengths(
    state: VisitState, movements: Sequence[Movement], at: datetime | None = None
) -> dict[Account, Fraction | None]:
    """Micrograms in each milliliter: of a vial as its label reads, of the bag as it was made up by then.

    None for a bag that was made up more than once, where no moment is asked for.
    """
    found: dict[Account, Fraction | None] = {}
    made_up = _made_up(state, at)
    for each in movements:
        for account in (each.source, each.into):
            if account.place == "bag":
                found[account] = made_up
            elif account.place in HELD:
                found[account] = Fraction(each.lot.item.strength.mcg_per_ml)
    return found


def _made_up(state: VisitState, at: datetime | None) -> Fraction | None:
    draws: list[tuple[datetime, DoseDrawn | DoseDrawnFromOne | BagReplaced]] = [
        *((fact.at, fact.payload) for fact in state.every(DoseDrawnFromOne)),
        *((fact.at, fact.payload) for fact in state.every(DoseDrawn)),
        *((fact.at, fact.payload) for fact in state.every(BagReplaced)),
    ]
    if at is not None:
        draws = [(drawn_at, drawn) for drawn_at, drawn in draws if drawn_at <= at][-1:]
    found = {Fraction(drawn.drawn.mcg) / Fraction(drawn.bag.value) for _, drawn in draws if drawn.bag.value}
    return found.pop() if len(found) == 1 else None


def amount(mcg: int, mcg_per_ml: Fraction | None) -> str:
    """An amount as people read it: milligrams first, then milliliters; a dash for nothing."""
    if not mcg:
        return "–"
    mg = mg_words(DrugMass(mcg=mcg))
    return f"{mg} ({ml_words(Fraction(mcg) / mcg_per_ml)})" if mcg_per_ml else mg


def ml_words(ml: Fraction) -> str:
    """Milliliters to a hundredth."""
    return f"{plain(to_decimal(ml, 2))} mL"


def table(state: VisitState, movements: Sequence[Movement]) -> list[list[str]]:
    """By bag and vial: what was put in is what was drawn on, given, wasted, missing and in hand."""
    moved, per_ml = flows(movements), strengths(state, movements)
    in_hand: dict[Account, int] = {}
    for each in weld.in_hand(state.stream):
        in_hand[each.account] = in_hand.get(each.account, 0) + each.mass.mcg
    rows = []
    for account in sorted(per_ml, key=lambda one: (HELD.index(one.place), one.ref)):
        put_in = sum(mcg for (_, into), mcg in moved.items() if into == account)
        if not put_in and account not in in_hand:
            continue
        out = _out_of(account, moved)
        cells = [put_in, *(out.get(place, 0) for place in ("bag", "patient", "wasted", "missing"))]
        cells.append(in_hand.get(account, 0))
        shown = [amount(mcg, per_ml[account]) for mcg in cells]
        rows.append([_cap(where(account)), *shown])
    return rows


def _out_of(account: Account, moved: Mapping[tuple[Account, Account], int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for (source, into), mcg in moved.items():
        if source == account:
            found[into.place] = found.get(into.place, 0) + mcg
    return found


def movement_lines(state: VisitState, movements: Sequence[Movement]) -> list[dict[str, Any]]:
    """Every movement for `record.timeline`, newest first: how much, from where, to where, seen by whom."""
    return [_line(state, each) for each in reversed(movements)]


def _line(state: VisitState, each: Movement) -> dict[str, Any]:
    per_ml = strengths(state, [each], each.happened_at)
    # What goes into a bag is still as strong as its vial.
    of = each.source if each.source.place in HELD else each.into
    is_opening = each.source.place == "cabinet" and each.into.place == "vial"
    what = "Vial opened" if is_opening else _cap(CAUSE_WORDS[each.cause])
    item = each.lot.item
    more = [witness_words(each.witness_name, each.alone_because), each.reason.strip()]
    sentence = (
        f"{'Taken back' if each.corrects else what}: {amount(each.amount.mcg, per_ml.get(of))} "
        f"of {item.label}, lot {item.lot}, from {where(each.source)} to {where(each.into)}"
    )
    return {
        "at": each.happened_at,
        "recorded_at": each.recorded_at,
        "who": each.by_name,
        "sentence": "; ".join([sentence, *(part for part in more if part)]),
        "tone": "high" if each.into.place == "missing" else "medium" if each.corrects else "plain",
    }


def kept(state: VisitState) -> list[str]:
    """What is kept for a visit and not taken yet, a sentence each."""
    found = []
    for each in custody.kept_for(state.stream):
        lot = custody.one_lot(each.lot)
        assert lot is not None, "what is kept is of a lot"
        if each.into.place == "patient":
            found.append(f"{mg_words(each.amount)} in the bag is kept for the patient while the pump runs.")
        elif each.source.place == "cabinet":
            found.append(f"One vial of {lot.item.label}, lot {lot.item.lot}, is kept in the cabinet.")
        else:
            found.append(
                f"{mg_words(each.amount)} in the opened {where(each.source)} of {lot.item.label} is kept."
            )
    return found


def pump(state: VisitState) -> list[dict[str, Any]]:
    """The pump's own count beside the rates that were run; nothing before the stop."""
    if state.stopped is None or state.draw is None:
        return []
    counted = state.stopped.payload.pump_volume
    slack = ml_words(slack_of_bag(state.draw.payload.bag))
    difference = pump_difference_ml(state)
    if counted is None:
        judged, tone = "The pump's count was not written down", "unknown"
    elif difference is None:
        judged, tone = f"No more than {slack} apart", "ok"
    else:
        way = "more" if difference > 0 else "less"
        judged = f"The pump counted {ml_words(abs(difference))} {way}"
        judged += ", explained" if state.reconciled else ", not explained"
        tone = "medium" if state.reconciled else "high"
    return [
        {
            "key": "By the rates run",
            "value": f"{mg_words(state.given(state.stopped.at))} "
            f"({ml_words(state.volume_run(state.stopped.at))})",
        },
        {"key": "By the pump's own count", "value": str(counted) if counted else None},
        {"key": "Compared", "value": judged, "tone": tone},
    ]


def accounts_given(state: VisitState, movements: Sequence[Movement]) -> list[dict[str, Any]]:
    """Each time two people accounted for the drug, the last one first: expected beside measured."""
    found = []
    for fact in reversed(state.every(DrugReconciled)):
        said, per_ml = fact.payload, strengths(state, movements, fact.at)
        found.append(
            {
                "at": fact.at,
                "by": fact.by.printed_name,
                "witness": _cap(witness_words(said.witness_name, said.alone_because)),
                "cause": _cap(CAUSE_WORDS[said.cause]),
                "explanation": said.explanation,
                "is_variance": any(rest.missing.mcg or rest.surplus.mcg for rest in said.rests),
                "rows": [_rest_row(rest, per_ml) for rest in sorted(said.rests, key=_in_order)],
            }
        )
    return found


REST_COLUMNS: Final[list[Any]] = [
    "Where",
    *(
        {"text": words, "numeric": True}
        for words in ("Measured", "Expected", "Wasted", "Missing", "More than expected")
    ),
]


def _in_order(rest: RestMeasured) -> int:
    return HELD.index(rest.place)


def _rest_row(rest: RestMeasured, per_ml: Mapping[Account, Fraction | None]) -> list[str]:
    account = next(
        (each for each in per_ml if (each.place, each.ref) == (rest.place, rest.ref)),
        Account(site="", place=rest.place, ref=rest.ref),
    )
    strength = per_ml.get(account)
    amounts = (rest.expected, rest.wasted, rest.missing, rest.surplus)
    shown = [amount(mass.mcg, strength) for mass in amounts]
    return [_cap(where(account)), str(rest.measured), *shown]


def refusals(lots: Sequence[StreamId], visit: StreamId) -> list[dict[str, Any]]:
    """Who was asked to witness for this visit and did not; once, though it stands in each lot."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for lot in lots:
        for fact in reading.lot(lot).every(WitnessRefused):
            if fact.payload.visit != visit:
                continue
            said = fact.payload
            key = (fact.at, said.witness, said.reason)
            found[key] = {
                "at": fact.at,
                "who": said.witness_name,
                "asked_by": fact.by.printed_name,
                "what": said.what,
                "reason": said.reason,
            }
    return sorted(found.values(), key=lambda each: each["at"], reverse=True)


def cases(visit: StreamId, *, may_open: bool) -> list[dict[str, Any]]:
    """Cases of this visit's drug, the last one first, each with its page for who may work on it."""
    found = []
    for each in reversed(custody.cases()):
        if each.visit != visit:
            continue
        what = "missing" if each.difference_mcg < 0 else "more than expected"
        mass = mg_words(DrugMass(mcg=abs(each.difference_mcg)))
        found.append(
            {
                "words": f"{mass} {what}, {where(each.account)}: {each.owner_name} finds out why",
                "is_open": each.closed_at is None,
                "outcome": each.outcome,
                "url": reverse("stock_case", args=[reference_of(each.stream)]) if may_open else None,
            }
        )
    return found


def in_hand_words(visit: StreamId) -> list[str]:
    """Where a visit has drug in hand, without how much: that is measured, not copied."""
    held = sorted(weld.in_hand(visit), key=lambda each: HELD.index(each.account.place))
    return list(dict.fromkeys(where(each.account) for each in held))


def _cap(words: str) -> str:
    return words[:1].upper() + words[1:]
