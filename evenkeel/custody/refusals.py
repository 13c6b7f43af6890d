"""Why drug cannot move: every refusal has a code and a sentence, and all that apply are given at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from evenkeel.custody.accounts import IN_HAND, OUTSIDE, SEALED, UNSCHEDULED_WAYS, WAYS, WITNESSED
from evenkeel.custody.transfers import Posted, Recalled, Step, Transfer, Voided
from evenkeel.values.drug import DrugMass
from evenkeel.values.issues import Issue

if TYPE_CHECKING:
    from evenkeel.custody.ledger import Ledger

# A lot that is expired or recalled may still leave, but not reach a patient.
_LEAVES: Final = frozenset({"wasted", "destroyed", "distributor", "other_site", "missing", "reported_loss"})


def _issue(code: str, sentence: str, field: str | None = None) -> Issue:
    return Issue(sentence=sentence, code=code, field=field)


def id_used() -> Issue:
    """Another step has this id."""
    return _issue("id-used", "This was already recorded with other values. Nothing moved.")


def against(ledger: Ledger, step: Step) -> tuple[Issue, ...]:
    """Everything that speaks against a step; empty when it can be taken."""
    early = _clock(ledger, step)
    if isinstance(step, Transfer):
        return (*early, *_transfer(ledger, step))
    if isinstance(step, Posted):
        return (*early, *_posted(ledger, step))
    if isinstance(step, Voided):
        return (*early, *_voided(ledger, step))
    return (*early, *_recalled(step))


def as_posted(reserved: Transfer, step: Posted) -> Transfer:
    """The transfer that a posted reservation becomes."""
    return replace(reserved, id=step.id, amount=step.amount, at=step.at, by=step.by, pending=False)


def _clock(ledger: Ledger, step: Step) -> tuple[Issue, ...]:
    if ledger.last_at is not None and step.at < ledger.last_at - ledger.policy.slack:
        return (
            _issue(
                "clock-behind", "The time lies before the last movement of the ledger. Check the clock.", "at"
            ),
        )
    return ()


def _recalled(step: Recalled) -> tuple[Issue, ...]:
    if not step.reason.strip():
        return (_issue("reason-missing", "Say who recalled the lot, and why.", "reason"),)
    return ()


def _voided(ledger: Ledger, step: Voided) -> tuple[Issue, ...]:
    issues = []
    if ledger.reservation(step.reserves) is None:
        issues.append(_not_reserved())
    if not step.reason.strip():
        issues.append(_issue("reason-missing", "Say why the draw did not happen.", "reason"))
    return tuple(issues)


def _not_reserved() -> Issue:
    return _issue("not-reserved", "This draw is not reserved: it was taken or given up before.")


def _posted(ledger: Ledger, step: Posted) -> tuple[Issue, ...]:
    reserved = ledger.reservation(step.reserves)
    if reserved is None:
        return (_not_reserved(),)
    if step.amount > reserved.amount:
        return (
            _issue(
                "more-than-reserved",
                f"{step.amount} is more than the {reserved.amount} that was reserved. "
                "Give up the reservation and make another.",
                "amount",
            ),
        )
    taken = as_posted(reserved, step)
    # Its own reservation does not stand in its way, and the vial may have aged since.
    return (*_shape(taken), *_usable(ledger, taken), *_vial(ledger, taken), *_container(ledger, taken))


def _transfer(ledger: Ledger, step: Transfer) -> tuple[Issue, ...]:
    issues = [*_shape(step), *_site(ledger, step), *_enough(ledger, step)]
    if step.corrects is not None:
        return (*issues, *_correction(ledger, step))
    issues += [*_way(step), *_witness(ledger, step), *_usable(ledger, step)]
    return (*issues, *_vial(ledger, step), *_container(ledger, step))


def _shape(step: Transfer) -> tuple[Issue, ...]:
    issues = []
    if step.amount.mcg <= 0:
        issues.append(_issue("amount-zero", "An amount of more than 0 mg must move.", "amount"))
    if step.source == step.into:
        issues.append(_issue("same-place", "The drug is there already: choose another place.", "into"))
    sealed = {step.source.place, step.into.place} & SEALED
    if sealed and step.amount.mcg % step.item.vial.mcg:
        issues.append(
            _issue(
                "not-whole-vials",
                f"Sealed vials move whole: {step.amount} is not a number of vials of {step.item.vial}.",
                "amount",
            )
        )
    return tuple(issues)


def _site(ledger: Ledger, step: Transfer) -> tuple[Issue, ...]:
    if step.source.site != step.into.site or step.source.site not in ledger.policy.sites:
        return (
            _issue("other-site", "This drug is held at another site. Transfer it between the sites first."),
        )
    return ()


def _way(step: Transfer) -> tuple[Issue, ...]:
    ways = WAYS[step.source.place]
    if step.item.schedule is None:
        ways |= UNSCHEDULED_WAYS.get(step.source.place, frozenset())
    if step.into.place not in ways:
        return (
            _issue(
                "no-such-way",
                f"Drug does not go from the {step.source.word} to the {step.into.word}.",
                "into",
            ),
        )
    visits = step.source.ref, step.into.ref
    between_visits = step.source.place in IN_HAND and step.into.place in {*IN_HAND, "patient"}
    if between_visits and visits[0] != visits[1]:
        return (_issue("other-visit", "What was drawn for one visit is not given in another.", "into"),)
    return ()


def _enough(ledger: Ledger, step: Transfer) -> tuple[Issue, ...]:
    if step.source.place in OUTSIDE:
        return ()
    free = ledger.free_mcg(step.source, step.item)
    if step.amount.mcg > free:
        free_words = DrugMass(mcg=max(free, 0))
        return (
            _issue(
                "not-enough",
                f"There is {free_words} to take from the {step.source.word}, not {step.amount}.",
                "amount",
            ),
        )
    return ()


def _correction(ledger: Ledger, step: Transfer) -> tuple[Issue, ...]:
    """A correction takes back what was moved, the same way back, and no more than there was."""
    assert step.corrects is not None
    issues = []
    if not step.reason.strip():
        issues.append(_issue("reason-missing", "Say what was wrong.", "reason"))
    if step.pending:
        issues.append(_issue("correction-reserved", "A correction moves at once; it cannot be reserved."))
    try:
        wrong = ledger.moved(step.corrects)
    except KeyError:
        return (*issues, _issue("nothing-to-correct", "The movement to correct is not in the ledger."))
    back = (wrong.into, wrong.source, wrong.item)
    if (step.source, step.into, step.item) != back or wrong.corrects is not None:
        issues.append(
            _issue("not-the-way-back", "A correction takes the same drug back the way it came.", "into")
        )
    elif step.amount.mcg > ledger.left_to_correct(wrong):
        issues.append(
            _issue("corrects-too-much", "More cannot be taken back than moved in the first place.", "amount")
        )
    if wrong.into.place in WITNESSED:
        issues += _witness(ledger, replace(step, into=wrong.into))
    return tuple(issues)


def _witness(ledger: Ledger, step: Transfer) -> tuple[Issue, ...]:
    if step.into.place not in WITNESSED or step.item.schedule is None:
        return ()
    if step.pending:
        return (_issue("waste-reserved", "Waste is recorded when it is wasted; it cannot be reserved."),)
    if step.witness is not None:
        if step.witness == step.by:
            return (
                _issue("witness-is-actor", "The witness must be another person than who did it.", "witness"),
            )
        return ()
    if not ledger.policy.may_be_alone:
        return (_issue("witness-missing", "A second person must see this and sign in for it.", "witness"),)
    if not step.alone_because.strip():
        return (_issue("alone-without-reason", "Say why nobody else could see it.", "alone_because"),)
    return ()


def _usable(ledger: Ledger, step: Transfer) -> tuple[Issue, ...]:
    """Expired and recalled lots leave, and stay where they are, but go no nearer to a patient."""
    if step.into.place in _LEAVES or step.into.place == "safe" or step.source.place in OUTSIDE:
        # Into the safe it comes away from the cabinet, where somebody could take it.
        return ()
    if step.source.place in IN_HAND and step.into.place == "patient" and not step.pending:
        # It is in the patient already: what was given is written down whatever the label said.
        return ()
    issues = []
    if step.at.date() > step.item.expiry_date:
        issues.append(
            _issue("expired", f"Lot {step.item.lot} expired on {step.item.expiry_date.isoformat()}.", "lot")
        )
    if ledger.is_recalled(step.item):
        issues.append(_issue("recalled", f"Lot {step.item.lot} is recalled. Do not use it.", "lot"))
    return tuple(issues)


def _vial(ledger: Ledger, step: Transfer) -> tuple[Issue, ...]:
    if step.into.place == "vial" and step.source.place in SEALED:
        issues = []
        if step.amount != step.item.vial:
            issues.append(_issue("one-vial", f"One vial is opened at a time, of {step.item.vial}.", "amount"))
        if ledger.opened(step.into, step.item) is not None:
            issues.append(_issue("vial-number-used", "A vial with this number was opened before.", "into"))
        return tuple(issues)
    if (
        step.into.place == "vial"
        and step.source.place in OUTSIDE
        and ledger.opened(step.into, step.item) is None
    ):
        return (_issue("not-opened", "No vial of this lot and number was opened.", "into"),)
    if step.source.place != "vial" or step.into.place not in IN_HAND:
        return ()
    opened = ledger.opened(step.source, step.item)
    if opened is None:
        # It was never opened, so it holds nothing, and that is said elsewhere.
        return ()
    vials, issues = ledger.policy.vials, []
    if step.at - opened.at > vials.in_use:
        issues.append(_issue("open-too-long", "This vial has been open for too long. Waste what is left."))
    if vials.reuse == "single_patient" and opened.visit not in {None, step.into.ref}:
        issues.append(_issue("other-patient", "This vial was opened for another visit. Open a new one."))
    return tuple(issues)


def _container(ledger: Ledger, step: Transfer) -> tuple[Issue, ...]:
    """One syringe or bag holds one drug of one strength."""
    if step.into.place == "vial" and step.source.place == "syringe":
        return _put_back(ledger, step)
    if step.into.place not in IN_HAND:
        return ()
    there = ledger.items_in(step.into)
    for item in there:
        if item.drug != step.item.drug:
            return (_issue("mixed-drugs", f"There is {item.drug} in it. Use another syringe.", "item"),)
    for item in there:
        if item.strength != step.item.strength:
            sentence = f"It was drawn from vials of {item.strength}; this vial is {step.item.strength}."
            return (_issue("mixed-strengths", sentence, "item"),)
    return ()


def _put_back(ledger: Ledger, step: Transfer) -> tuple[Issue, ...]:
    """What was drawn too much can go back only into the vial it came from, in the hands of one patient."""
    opened = ledger.opened(step.into, step.item)
    if opened is None or opened.visit != step.source.ref:
        return (_issue("not-its-vial", "It was not drawn from this vial. Waste it instead.", "into"),)
    if ledger.mcg(step.into, step.item) + step.amount.mcg > step.item.vial.mcg:
        return (_issue("vial-too-full", f"The vial holds {step.item.vial} at most.", "amount"),)
    return ()
