"""Every refusal of the ledger as a person reads it: its code, the field it stands beside and the sentence."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from evenkeel.custody.ledger import Ledger, UnableToTransfer
from evenkeel.custody.policy import MULTI_DOSE, CustodyPolicy, VialPolicy
from evenkeel.custody.refusals import against
from evenkeel.custody.transfers import Posted, Recalled, Step, Voided
from evenkeel.values.drug import DrugMass
from evenkeel.values.issues import Issue
from tests.ledger_story import (
    BAG,
    CABINET,
    ESKETAMINE,
    KETAMINE,
    NORA,
    PATIENT,
    POLICY,
    REED,
    SAFE,
    START,
    STRONG,
    SUPPLIER,
    SYRINGE,
    VIAL,
    WASTED,
    Story,
    at,
    stock,
)

LATER = START + timedelta(hours=1)
SECOND = at("vial", "V2")


def _kept(story: Story) -> str:
    return story.move(VIAL, BAG, 35, pending=True).id


def _posted(story: Story, mcg: int) -> Step:
    return Posted(id="p", reserves=_kept(story), amount=DrugMass(mcg=mcg), at=LATER, by=NORA)


def _correction(story: Story, **change: object) -> Step:
    wrong = story.move(VIAL, BAG, 35)
    story.move(VIAL, BAG, 35)
    step = story.transfer(BAG, VIAL, 35, corrects=wrong.id, reason="Wrong vial.")
    return replace(step, **change)  # type: ignore[arg-type]


def _recalled_draw(story: Story) -> Step:
    story.say(Recalled(id="r", product=KETAMINE.product, lot="K1", at=LATER, by=REED, reason="Glass found."))
    return story.transfer(VIAL, BAG, 35, when=LATER)


def _between_visits(story: Story) -> Step:
    story.move(VIAL, SYRINGE, 35)
    return story.transfer(SYRINGE, at("bag", "visit-2"), 35)


def _alone(story: Story) -> Step:
    story.ledger.policy = replace(POLICY, may_be_alone=True)
    return story.transfer(VIAL, WASTED, 5, alone_because=" ")


def _for_another(story: Story) -> Step:
    story.move(VIAL, BAG, 35)
    return story.transfer(VIAL, at("bag", "visit-2"), 35)


def _mixed(story: Story, number: str) -> Step:
    item = {"V2": STRONG, "V3": ESKETAMINE}[number]
    story.move(SUPPLIER, CABINET, 500, item=item)
    story.move(CABINET, at("vial", number), 500, item=item)
    story.move(VIAL, BAG, 20)
    return story.transfer(at("vial", number), BAG, 15, item=item)


def _back_into_another(story: Story) -> Step:
    story.move(CABINET, SECOND, 500)
    story.move(VIAL, SYRINGE, 50)
    return story.transfer(SYRINGE, SECOND, 15)


def _overfull(story: Story) -> Step:
    story.move(CABINET, SECOND, 500)
    for vial in (VIAL, SECOND):
        story.move(vial, SYRINGE, 50)
    return story.transfer(SYRINGE, VIAL, "50.001")


def _all_kept(story: Story) -> Step:
    story.move(VIAL, BAG, 500, pending=True)
    return story.transfer(VIAL, BAG, "0.001")


Refusal = tuple[str, str | None, str]
NOT_RESERVED: Refusal = (
    "not-reserved",
    None,
    "This draw is not reserved: it was taken or given up before.",
)
SAY_WHY: Refusal = ("reason-missing", "reason", "Say why the draw did not happen.")
NOT_BACK: Refusal = (
    "not-the-way-back",
    "into",
    "A correction takes the same drug back the way it came.",
)
NO_MORE_BACK: Refusal = (
    "corrects-too-much",
    "amount",
    "More cannot be taken back than moved in the first place.",
)
WITNESS_MISSING: Refusal = (
    "witness-missing",
    "witness",
    "A second person must see this and sign in for it.",
)

CASES: list[tuple[Callable[[Story], Step], list[Refusal]]] = [
    (
        lambda story: story.transfer(VIAL, BAG, 35, when=START),
        [("clock-behind", "at", "The time lies before the last movement of the ledger. Check the clock.")],
    ),
    (
        lambda _: Recalled(id="r", product="p", lot="K1", at=LATER, by=REED, reason=" "),
        [("reason-missing", "reason", "Say who recalled the lot, and why.")],
    ),
    (
        lambda story: Voided(id="v", reserves=_kept(story), at=LATER, by=NORA, reason=" "),
        [SAY_WHY],
    ),
    (lambda _: Voided(id="v", reserves="t9", at=LATER, by=NORA, reason=""), [NOT_RESERVED, SAY_WHY]),
    (lambda _: Posted(id="p", reserves="t9", amount=DrugMass.mg(1), at=LATER, by=NORA), [NOT_RESERVED]),
    (
        lambda story: _posted(story, 36_000),
        [
            (
                "more-than-reserved",
                "amount",
                "36 mg is more than the 35 mg that was reserved. Give up the reservation and make another.",
            )
        ],
    ),
    (
        lambda story: story.transfer(VIAL, BAG, 0),
        [("amount-zero", "amount", "An amount of more than 0 mg must move.")],
    ),
    (
        lambda story: story.transfer(SAFE, SAFE, 500),
        [
            ("same-place", "into", "The drug is there already: choose another place."),
            ("no-such-way", "into", "Drug does not go from the safe to the safe."),
        ],
    ),
    (
        lambda story: story.transfer(SAFE, CABINET, 750),
        [
            (
                "not-whole-vials",
                "amount",
                "Sealed vials move whole: 750 mg is not a number of vials of 500 mg.",
            )
        ],
    ),
    (
        lambda story: story.transfer(VIAL, at("bag", "visit-1", "east"), 35),
        [("other-site", None, "This drug is held at another site. Transfer it between the sites first.")],
    ),
    (
        lambda story: story.transfer(SUPPLIER, at("other_site"), 500),
        [("no-such-way", "into", "Drug does not go from the supplier to the other site.")],
    ),
    (_between_visits, [("other-visit", "into", "What was drawn for one visit is not given in another.")]),
    (
        lambda story: story.transfer(VIAL, BAG, "500.001"),
        [("not-enough", "amount", "There is 500 mg to take from the vial, not 500.001 mg.")],
    ),
    (_all_kept, [("not-enough", "amount", "There is 0 mg to take from the vial, not 0.001 mg.")]),
    (
        lambda story: _correction(story, reason=" "),
        [("reason-missing", "reason", "Say what was wrong.")],
    ),
    (
        lambda story: _correction(story, pending=True),
        [("correction-reserved", None, "A correction moves at once; it cannot be reserved.")],
    ),
    (
        lambda story: _correction(story, corrects="t9"),
        [("nothing-to-correct", None, "The movement to correct is not in the ledger.")],
    ),
    (
        lambda story: _correction(story, corrects="t9", reason=""),
        [
            ("reason-missing", "reason", "Say what was wrong."),
            ("nothing-to-correct", None, "The movement to correct is not in the ledger."),
        ],
    ),
    (lambda story: _correction(story, into=SYRINGE), [NOT_BACK]),
    (lambda story: _correction(story, amount=DrugMass(mcg=35_001)), [NO_MORE_BACK]),
    (lambda story: story.transfer(VIAL, WASTED, 5), [WITNESS_MISSING]),
    (
        lambda story: story.transfer(VIAL, WASTED, 5, witness=NORA),
        [("witness-is-actor", "witness", "The witness must be another person than who did it.")],
    ),
    (
        lambda story: story.transfer(VIAL, WASTED, 5, witness=REED, pending=True),
        [("waste-reserved", None, "Waste is recorded when it is wasted; it cannot be reserved.")],
    ),
    (_alone, [("alone-without-reason", "alone_because", "Say why nobody else could see it.")]),
    (
        lambda story: story.transfer(SAFE, CABINET, 500, when=START + timedelta(days=500)),
        [("expired", "lot", "Lot K1 expired on 2027-06-30.")],
    ),
    (_recalled_draw, [("recalled", "lot", "Lot K1 is recalled. Do not use it.")]),
    (
        lambda story: story.transfer(CABINET, SECOND, 0),
        [
            ("amount-zero", "amount", "An amount of more than 0 mg must move."),
            ("one-vial", "amount", "One vial is opened at a time, of 500 mg."),
        ],
    ),
    (
        lambda story: story.transfer(CABINET, VIAL, 500),
        [("vial-number-used", "into", "A vial with this number was opened before.")],
    ),
    (
        lambda story: story.transfer(at("surplus"), SECOND, "1.5"),
        [("not-opened", "into", "No vial of this lot and number was opened.")],
    ),
    (
        lambda story: story.transfer(VIAL, BAG, 35, when=START + timedelta(hours=7)),
        [("open-too-long", None, "This vial has been open for too long. Waste what is left.")],
    ),
    (_for_another, [("other-patient", None, "This vial was opened for another visit. Open a new one.")]),
    (
        lambda story: _mixed(story, "V3"),
        [("mixed-drugs", "item", "There is ketamine in it. Use another syringe.")],
    ),
    (
        lambda story: _mixed(story, "V2"),
        [("mixed-strengths", "item", "It was drawn from vials of 50 mg/mL; this vial is 100 mg/mL.")],
    ),
    (
        _back_into_another,
        [("not-its-vial", "into", "It was not drawn from this vial. Waste it instead.")],
    ),
    (_overfull, [("vial-too-full", "amount", "The vial holds 500 mg at most.")]),
]


@pytest.mark.parametrize(("tell", "refusals"), CASES, ids=[cases[0][0] for _, cases in CASES])
def test_a_refusal_says_what_is_wrong_and_where(
    tell: Callable[[Story], Step], refusals: list[Refusal]
) -> None:
    story = stock()
    found = against(story.ledger, tell(story))
    assert found == tuple(
        Issue(sentence=sentence, code=code, field=field) for code, field, sentence in refusals
    )


def test_an_id_that_another_step_has(stocked: Story) -> None:
    step = stocked.move(VIAL, BAG, 35)
    with pytest.raises(UnableToTransfer) as refused:
        stocked.ledger.take(replace(step, reason="Another."))
    assert refused.value.issues == (
        Issue(sentence="This was already recorded with other values. Nothing moved.", code="id-used"),
    )


def test_a_correction_of_waste_says_all_that_is_wrong_with_it(stocked: Story) -> None:
    wrong = stocked.move(VIAL, WASTED, 100, witness=REED)
    step = stocked.transfer(WASTED, BAG, 100, corrects=wrong.id)
    assert [issue.code for issue in against(stocked.ledger, step)] == [
        "reason-missing",
        "not-the-way-back",
        "witness-missing",
    ]


@pytest.mark.parametrize("step", [Posted, Voided, Recalled])
def test_a_clock_behind_is_told_first_of_every_step(stocked: Story, step: type) -> None:
    kept = _kept(stocked)
    steps: dict[type, Step] = {
        Posted: Posted(id="s", reserves=kept, amount=DrugMass.mg(36), at=START, by=NORA),
        Voided: Voided(id="s", reserves=kept, at=START, by=NORA, reason=""),
        Recalled: Recalled(id="s", product="p", lot="K1", at=START, by=NORA, reason=""),
    }
    codes = [issue.code for issue in against(stocked.ledger, steps[step])]
    assert codes == ["clock-behind", "more-than-reserved" if step is Posted else "reason-missing"]


def test_broken_invariants_say_which_they_are() -> None:
    """Words for whoever keeps the program, not for a form; they are what a report of a fault begins with."""
    with pytest.raises(AssertionError, match=r"^a vial can be used for some time after it was opened$"):
        VialPolicy(reuse="multi_dose", in_use=timedelta(0))
    with pytest.raises(AssertionError, match=r"^drug is held somewhere$"):
        CustodyPolicy(sites=frozenset(), vials=MULTI_DOSE)
    assert VialPolicy(reuse="multi_dose", in_use=timedelta(hours=1)).in_use == timedelta(hours=1)
    from_nothing = stock().transfer(at("bag", "visit-9"), PATIENT, 1)
    with pytest.raises(AssertionError, match=r"^an account inside went below zero$"):
        Ledger.replay(POLICY, [from_nothing])
