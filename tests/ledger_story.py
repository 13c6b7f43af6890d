"""A ledger told step by step, with a made-up clinic's places and drugs, for the tests of custody."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from evenkeel.custody.ledger import Ledger, UnableToTransfer
from evenkeel.custody.policy import SINGLE_PATIENT, CustodyPolicy
from evenkeel.custody.transfers import Step, Transfer
from evenkeel.record.custody import Account, Item, Place
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.ids import ClinicianId

START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
NORA, REED = ClinicianId("nora"), ClinicianId("reed")
POLICY = CustodyPolicy(sites=frozenset({"main"}), vials=SINGLE_PATIENT)

KETAMINE = Item(
    drug="ketamine",
    schedule="III",
    product="ketamine-50-10",
    label="ketamine, a made-up vial",
    strength=Strength.mg_per_ml(50),
    vial=DrugMass.mg(500),
    lot="K1",
    expiry_date=date(2027, 6, 30),
)
STRONG = replace(KETAMINE, product="ketamine-100-5", strength=Strength.mg_per_ml(100), lot="K2")
ESKETAMINE = replace(KETAMINE, drug="esketamine", product="esketamine", lot="E1")


def at(place: Place, ref: str = "", site: str = "main") -> Account:
    return Account(site=site, place=place, ref=ref)


SUPPLIER, SAFE, CABINET = at("supplier", "Northside"), at("safe"), at("cabinet")
VIAL, BAG, SYRINGE = at("vial", "V1"), at("bag", "visit-1"), at("syringe", "visit-1")
PATIENT, WASTED, DESTROYED = at("patient", "visit-1"), at("wasted"), at("destroyed")


class Story:
    """A ledger told step by step, one minute after the other."""

    def __init__(self, policy: CustodyPolicy = POLICY) -> None:
        self.ledger, self.number = Ledger(policy), 0

    def say(self, step: Step) -> Step:
        self.ledger.take(step)
        return step

    def transfer(
        self,
        source: Account,
        into: Account,
        mg: str | int,
        *,
        item: Item = KETAMINE,
        witness: ClinicianId | None = None,
        corrects: str | None = None,
        reason: str = "",
        alone_because: str = "",
        pending: bool = False,
        when: datetime | None = None,
    ) -> Transfer:
        self.number += 1
        return Transfer(
            id=f"t{self.number}",
            item=item,
            source=source,
            into=into,
            amount=DrugMass.mg(mg),
            at=when or START + timedelta(minutes=self.number),
            by=NORA,
            witness=witness,
            corrects=corrects,
            reason=reason,
            alone_because=alone_because,
            pending=pending,
        )

    def move(self, source: Account, into: Account, mg: str | int, **more: object) -> Transfer:
        step = self.transfer(source, into, mg, **more)  # type: ignore[arg-type]
        self.ledger.take(step)
        return step

    def mg(self, account: Account, item: Item = KETAMINE) -> int | float:
        return self.ledger.mcg(account, item) / 1000

    def refuses(self, step: Step) -> set[str]:
        """The codes of the refusal; nothing may have moved."""
        before = sorted((str(account), mcg) for account, _, mcg in self.ledger.balances())
        with pytest.raises(UnableToTransfer) as refused:
            self.ledger.take(step)
        assert sorted((str(account), mcg) for account, _, mcg in self.ledger.balances()) == before
        assert step.id not in self.ledger.steps or self.ledger.steps[step.id] != step
        assert all(issue.sentence.endswith(".") for issue in refused.value.issues)
        return {issue.code for issue in refused.value.issues}


def stock() -> Story:
    """Ten vials of 500 mg received, two in the cabinet, one of them open."""
    story = Story()
    story.move(SUPPLIER, SAFE, 5000)
    story.move(SAFE, CABINET, 1000)
    story.move(CABINET, VIAL, 500)
    return story
