"""Running balances, reconciliation and rates, worked out from movements alone."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.custody.accounts import HELD, OUTSIDE, WAYS
from evenkeel.custody.intervals import poisson, wilson
from evenkeel.custody.rates import CHANCES_MIN, CountedLine, PersonRates, Rate, rates
from evenkeel.custody.reports import (
    Flow,
    Reconciled,
    Standing,
    given_mcg,
    is_administration,
    reconcile,
    running,
)
from evenkeel.record.custody import Account, Cause, Place
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId, EntryId, StreamId

START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MG = 1000
NORA, SOME = ClinicianId("nora"), EntryId("e")


@dataclass(frozen=True)
class Move:
    """A movement of a made-up lot."""

    source: Account
    into: Account
    amount: DrugMass
    cause: Cause = "drawn"
    visit: StreamId | None = None
    by: ClinicianId = NORA
    by_name: str = "Nora"
    corrects: EntryId | None = None
    entry: EntryId = SOME
    happened_at: datetime = START


def at(place: Place) -> Account:
    """An account; those that have a name of their own get one."""
    return Account(site="main", place=place, ref="1" if place not in ("safe", "cabinet") else "")


def move(source: Place, into: Place, mg: int, **more: object) -> Move:
    """So many milligrams from one place to another."""
    return replace(Move(source=at(source), into=at(into), amount=DrugMass.mg(mg)), **more)  # type: ignore[arg-type]


# --- running balance ----------------------------------------------------------------------------------------


def test_a_balance_follows_drug_from_the_safe_to_the_patient() -> None:
    story = [
        move("supplier", "safe", 1000),
        move("safe", "cabinet", 500),
        move("cabinet", "vial", 500),
        move("vial", "bag", 35),
        move("bag", "patient", 30),
        move("bag", "wasted", 5),
        move("vial", "wasted", 465),
    ]
    found = list(running(Standing(), story))
    assert [change for _, change, _ in found] == [1000 * MG, 0, 0, 0, -30 * MG, -5 * MG, -465 * MG]
    assert [standing.held for _, _, standing in found][-1] == 500 * MG
    assert found[3][2] == Standing(safe=500 * MG, cabinet=0, opened=465 * MG, in_visits=35 * MG)


def test_what_moves_outside_is_no_line_of_the_balance() -> None:
    story = [move("safe", "missing", 500), move("missing", "reported_loss", 500)]
    carried = Standing(safe=500 * MG)
    assert [(change, standing.held) for _, change, standing in running(carried, story)] == [(-500 * MG, 0)]


def test_a_time_that_cannot_be_shows_as_a_place_below_zero() -> None:
    ((_, _, standing),) = running(Standing(), [move("cabinet", "vial", 500)])
    assert standing.cabinet == -500 * MG


# --- reconciliation -----------------------------------------------------------------------------------------


def flow(source: Place, into: Place, mg: int) -> Flow:
    """So many milligrams of a lot, added up."""
    return Flow(source=source, into=into, mcg=mg * MG)


def test_a_lot_adds_up() -> None:
    found = reconcile(
        [
            flow("supplier", "safe", 3000),
            flow("surplus", "cabinet", 10),
            flow("safe", "cabinet", 2500),
            flow("cabinet", "vial", 1500),
            flow("vial", "bag", 100),
            flow("bag", "patient", 90),
            flow("bag", "wasted", 10),
            flow("vial", "wasted", 400),
            flow("cabinet", "destroyed", 500),
            flow("safe", "distributor", 100),
            flow("safe", "other_site", 150),
            flow("vial", "missing", 50),
            flow("missing", "reported_loss", 20),
        ],
        held_now=1710 * MG,
    )
    assert (found.received, found.found, found.carried) == (3000 * MG, 10 * MG, 0)
    assert (found.given, found.wasted, found.destroyed) == (90 * MG, 410 * MG, 500 * MG)
    assert (found.returned, found.transferred) == (100 * MG, 150 * MG)
    assert (found.missing, found.reported_loss) == (30 * MG, 20 * MG)
    assert found.difference == 0


def test_what_was_corrected_is_taken_off_what_it_corrects() -> None:
    found = reconcile(
        [
            flow("supplier", "safe", 500),
            flow("safe", "cabinet", 500),
            flow("cabinet", "vial", 500),
            flow("vial", "bag", 40),
            flow("bag", "patient", 40),
            flow("patient", "bag", 10),
        ],
        held_now=470 * MG,
    )
    assert (found.given, found.on_hand, found.difference) == (30 * MG, 470 * MG, 0)


def test_accounts_that_hold_less_than_moved_show_as_a_difference() -> None:
    assert reconcile([flow("supplier", "safe", 500)], held_now=499 * MG).difference == MG


def test_a_lot_of_which_nothing_moved_has_nothing_to_account_for() -> None:
    assert reconcile([], held_now=0) == Reconciled(
        carried=0,
        received=0,
        found=0,
        given=0,
        wasted=0,
        destroyed=0,
        returned=0,
        transferred=0,
        missing=0,
        reported_loss=0,
        on_hand=0,
    )


def test_what_moved_before_is_carried_and_what_moved_since_is_no_longer_on_hand() -> None:
    found = reconcile(
        [flow("cabinet", "vial", 500), flow("vial", "wasted", 100)],
        before=[
            flow("supplier", "safe", 2000),
            flow("safe", "cabinet", 1000),
            flow("safe", "destroyed", 500),
        ],
        since=[flow("supplier", "safe", 3000), flow("vial", "bag", 50), flow("bag", "patient", 40)],
        held_now=(1400 + 3000 - 40) * MG,
    )
    assert (found.carried, found.received, found.wasted) == (1500 * MG, 0, 100 * MG)
    assert (found.on_hand, found.given, found.difference) == (1400 * MG, 0, 0)


def test_what_the_places_hold_is_added_up_by_where_it_is() -> None:
    held: dict[Place, int] = {"safe": 1, "cabinet": 2, "vial": 4, "syringe": 8, "bag": 16, "patient": 32}
    found = Standing.of(held)
    assert found == Standing(safe=1, cabinet=2, opened=4, in_visits=24)
    assert found.held == 31
    assert Standing.of({}) == Standing(safe=0, cabinet=0, opened=0, in_visits=0)


places = st.sampled_from(sorted(WAYS))
flows = st.lists(
    st.builds(Flow, source=places, into=places, mcg=st.integers(1, 10**9)).filter(
        lambda each: each.source != each.into
    )
)


@given(before=flows, within=flows, since=flows)
def test_nothing_appears_or_vanishes_whatever_moved_whenever(
    before: list[Flow], within: list[Flow], since: list[Flow]
) -> None:
    held = sum(
        each.mcg * ((each.into in HELD) - (each.source in HELD)) for each in (*before, *within, *since)
    )
    found = reconcile(within, before=before, since=since, held_now=held)
    assert found.difference == 0
    # And every place is told of: what came from outside is what stands elsewhere.
    assert OUTSIDE.isdisjoint(HELD)


# --- administrations ----------------------------------------------------------------------------------------


def test_taking_back_an_administration_is_one_below_zero() -> None:
    assert is_administration(move("bag", "patient", 35))
    assert given_mcg(move("bag", "patient", 35)) == 35 * MG
    assert given_mcg(move("patient", "bag", 5)) == -5 * MG
    assert not is_administration(move("bag", "wasted", 5))


# --- rates --------------------------------------------------------------------------------------------------


def infusions(
    count: int, *, drawn: int = 40, wasted: int = 10, by: str = "nora", start: int = 0
) -> list[Move]:
    """Infusions that somebody drew for and wasted some of."""
    story = []
    for number in range(start, start + count):
        visit = StreamId(f"visit:{number}")
        who = {"by": ClinicianId(by), "by_name": by.title(), "visit": visit}
        story.append(move("vial", "bag", drawn, entry=EntryId(f"d{number}"), **who))
        story.append(
            move("bag", "patient", drawn - wasted, entry=EntryId(f"g{number}"), cause="given", **who)
        )
        if wasted:
            story.append(move("bag", "wasted", wasted, entry=EntryId(f"w{number}"), cause="left_over", **who))
    return story


def one(found: PersonRates, measure: str) -> Rate:
    """The only rate of a measure."""
    (rate,) = (each for each in found.rates if each.measure == measure)
    return rate


def test_a_person_stands_beside_everybody() -> None:
    story = infusions(12) + infusions(8, by="sam", wasted=0, start=100)
    everybody, nora, sam = rates(story, taken_back={}, counted=[])
    assert (everybody.person, nora.person, sam.person) == (None, "nora", "sam")
    assert (one(nora, "wastes_per_infusion").seen, one(nora, "wastes_per_infusion").out_of) == (12, 12)
    assert (one(everybody, "wastes_per_infusion").seen, one(everybody, "wastes_per_infusion").out_of) == (
        12,
        20,
    )
    share = one(nora, "share_wasted")
    assert (share.seen, share.out_of, share.chances) == (120 * MG, 480 * MG, 12)
    assert share.interval is not None
    assert share.interval.estimate == 0.25


def test_below_ten_chances_nothing_is_said() -> None:
    (_, nine) = rates(infusions(CHANCES_MIN - 1), taken_back={}, counted=[])
    assert one(nine, "wastes_per_infusion").interval is None
    assert one(nine, "share_wasted").interval is None
    (_, ten) = rates(infusions(CHANCES_MIN), taken_back={}, counted=[])
    assert one(ten, "wastes_per_infusion").interval is not None
    assert one(ten, "share_wasted").interval is not None


def test_infusions_of_unequal_size_are_worth_fewer() -> None:
    equal = infusions(20, drawn=40, wasted=10)
    unequal = infusions(19, drawn=4, wasted=1) + infusions(1, drawn=400, wasted=100, start=100)
    (_, first), (_, second) = (rates(story, taken_back={}, counted=[]) for story in (equal, unequal))
    sure, unsure = one(first, "share_wasted").interval, one(second, "share_wasted").interval
    assert sure is not None
    assert unsure is not None
    assert sure.estimate == pytest.approx(unsure.estimate) == 0.25
    assert unsure.high - unsure.low > sure.high - sure.low


def test_a_waste_that_was_taken_back_counts_as_a_correction_and_not_as_a_waste() -> None:
    story = infusions(10)
    (_, nora) = rates(story, taken_back={EntryId("w3"): 10 * MG, EntryId("w4"): 4 * MG}, counted=[])
    assert one(nora, "wastes_per_infusion").seen == 9
    assert one(nora, "share_wasted").seen == (100 - 10 - 4) * MG
    assert (one(nora, "corrected").seen, one(nora, "corrected").out_of) == (2, 30)


def test_corrections_themselves_are_nobodys_waste() -> None:
    back = move("wasted", "bag", 10, corrects=EntryId("w1"), by=ClinicianId("sam"), by_name="Sam")
    found = rates([*infusions(10), back], taken_back={EntryId("w1"): 10 * MG}, counted=[])
    assert [each.person for each in found] == [None, "nora"]


def test_waste_is_split_by_its_cause() -> None:
    spilled = [
        replace(each, cause="spilled") for each in infusions(4, start=50) if each.into.place == "wasted"
    ]
    (_, nora) = rates(infusions(8) + spilled, taken_back={}, counted=[])
    causes = {each.cause: (each.seen, each.out_of) for each in nora.rates if each.measure == "waste_cause"}
    assert causes == {"left_over": (8, 12), "spilled": (4, 12)}


def test_a_vials_rest_is_no_waste_of_what_was_drawn() -> None:
    rest = [
        move("vial", "wasted", 460, visit=StreamId(f"visit:{number}"), entry=EntryId(f"r{number}"))
        for number in range(10)
    ]
    (_, nora) = rates([*infusions(10), *rest], taken_back={}, counted=[])
    assert one(nora, "share_wasted").seen == 100 * MG
    assert one(nora, "wastes_per_infusion").seen == 20


def test_what_was_put_back_was_not_drawn() -> None:
    back = move("bag", "vial", 5, visit=StreamId("visit:0"), entry=EntryId("b"))
    (_, nora) = rates([*infusions(10), back], taken_back={}, counted=[])
    assert one(nora, "share_wasted").out_of == (400 - 5) * MG


def test_counting_together_is_counted_for_both() -> None:
    both = ((ClinicianId("nora"), "Nora"), (ClinicianId("sam"), "Sam"))
    lines = [CountedLine(people=both, differs=number == 0) for number in range(20)]
    everybody, nora, sam = rates([], taken_back={}, counted=lines)
    for each in (everybody, nora, sam):
        assert (one(each, "count_difference").seen, one(each, "count_difference").out_of) == (1, 20)


def test_a_time_that_cuts_an_infusion_in_two_leaves_a_share_of_at_most_one() -> None:
    story = infusions(10, drawn=10, wasted=0)
    more = [
        move("bag", "wasted", 30, visit=StreamId(f"visit:{n}"), entry=EntryId(f"m{n}"), cause="left_over")
        for n in range(10)
    ]
    (_, nora) = rates(story + more, taken_back={}, counted=[])
    assert one(nora, "share_wasted").seen == one(nora, "share_wasted").out_of


def test_movements_without_a_visit_are_no_infusions() -> None:
    stock = [
        move("safe", "cabinet", 500, entry=EntryId(f"s{number}"), happened_at=START + timedelta(days=number))
        for number in range(15)
    ]
    (_, nora) = rates(stock, taken_back={}, counted=[])
    assert one(nora, "wastes_per_infusion").out_of == 0
    assert one(nora, "corrected").out_of == 15


SAM = {"by": ClinicianId("sam"), "by_name": "Sam"}


def of_visit(number: int) -> StreamId:
    """A made-up visit."""
    return StreamId(f"visit:{number}")


def test_everybody_stands_first_and_people_follow_by_their_names() -> None:
    """Two have one name; they stand in the order of their ids."""
    story = [
        move("vial", "bag", 1, by=ClinicianId(person), by_name=name, visit=of_visit(1))
        for person, name in (("7", "Sam"), ("9", "Ann"), ("3", "Sam"))
    ]
    lines = [CountedLine(people=((ClinicianId("1"), "Tess"), (ClinicianId("8"), "Bea")), differs=False)]
    found = rates(story, taken_back={}, counted=lines)
    assert [(each.person, each.name) for each in found] == [
        (None, "Everybody"),
        ("9", "Ann"),
        ("8", "Bea"),
        ("3", "Sam"),
        ("7", "Sam"),
        ("1", "Tess"),
    ]


def test_a_rate_rests_on_its_chances_and_carries_its_interval() -> None:
    counted = [CountedLine(people=((NORA, "Nora"),), differs=number < 2) for number in range(10)]
    story = infusions(10)
    (_, nora) = rates(
        story, taken_back={EntryId("d1"): MG, EntryId("d2"): MG, EntryId("d3"): MG}, counted=counted
    )
    assert nora.rates == (
        Rate(measure="wastes_per_infusion", seen=10, out_of=10, chances=10, interval=poisson(10, 10)),
        Rate(
            measure="share_wasted",
            seen=100 * MG,
            out_of=397 * MG,
            chances=10,
            # (7 · 40 + 3 · 39)^2 / (7 · 40^2 + 3 · 39^2) infusions of equal size.
            interval=wilson(100 / 397, 397**2 / (7 * 40**2 + 3 * 39**2)),
        ),
        Rate(
            measure="waste_cause", seen=10, out_of=10, chances=10, interval=wilson(1, 10), cause="left_over"
        ),
        Rate(measure="corrected", seen=3, out_of=30, chances=30, interval=wilson(0.1, 30)),
        Rate(measure="count_difference", seen=2, out_of=10, chances=10, interval=wilson(0.2, 10)),
    )


def test_nine_are_too_few_for_any_share() -> None:
    lines = [CountedLine(people=((NORA, "Nora"),), differs=True)] * 9
    (_, nora) = rates(infusions(3), taken_back={}, counted=lines)
    assert [(each.measure, each.chances, each.interval) for each in nora.rates] == [
        ("wastes_per_infusion", 3, None),
        ("share_wasted", 3, None),
        ("waste_cause", 3, None),
        ("corrected", 9, None),
        ("count_difference", 9, None),
    ]


def test_the_commonest_cause_stands_first_and_equal_ones_by_their_words() -> None:
    causes: list[Cause] = ["spilled", "broken", "left_over", "expired", "left_over"]
    story = [move("vial", "wasted", 1, cause=cause, entry=EntryId(cause)) for cause in causes]
    (_, nora) = rates(story, taken_back={}, counted=[])
    assert [each.cause for each in nora.rates if each.measure == "waste_cause"] == [
        "left_over",
        "broken",
        "expired",
        "spilled",
    ]


def test_a_microgram_that_was_not_taken_back_was_moved() -> None:
    story = infusions(1)
    (_, nora) = rates(story, taken_back={EntryId("w0"): 10 * MG - 1, EntryId("d0"): 40 * MG - 1}, counted=[])
    assert one(nora, "wastes_per_infusion").seen == 1
    share = one(nora, "share_wasted")
    assert (share.seen, share.out_of, share.chances) == (1, 1, 1)


def test_waste_for_nobody_is_waste_and_no_infusion() -> None:
    (_, nora) = rates([move("vial", "wasted", 5)], taken_back={}, counted=[])
    rate = one(nora, "wastes_per_infusion")
    assert (rate.seen, rate.out_of, rate.chances) == (1, 0, 0)


def test_bringing_stock_for_a_visit_is_no_work_on_its_infusion() -> None:
    story = [move("safe", "cabinet", 500, visit=of_visit(1), **SAM)]
    (_, sam) = rates(story, taken_back={}, counted=[])
    assert one(sam, "wastes_per_infusion").out_of == 0


def test_only_drawing_makes_an_infusion_ones_own() -> None:
    """Sam wastes a vial's rest and moves a syringe into the bag; Nora drew."""
    story = [
        *infusions(1),
        move("vial", "wasted", 460, visit=of_visit(0), **SAM),
        move("syringe", "bag", 3, visit=of_visit(0), **SAM),
    ]
    everybody, nora, sam = rates(story, taken_back={}, counted=[])
    assert (one(sam, "wastes_per_infusion").out_of, one(sam, "share_wasted").chances) == (1, 0)
    for each in (everybody, nora):
        assert (one(each, "share_wasted").seen, one(each, "share_wasted").out_of) == (10 * MG, 40 * MG)


def test_several_draws_and_wastes_of_one_infusion_add_up() -> None:
    story = [
        move("vial", "bag", 20, visit=of_visit(0)),
        move("vial", "syringe", 15, visit=of_visit(0)),
        move("bag", "wasted", 2, visit=of_visit(0)),
        move("syringe", "wasted", 3, visit=of_visit(0)),
        move("syringe", "vial", 4, visit=of_visit(0)),
        move("bag", "vial", 1, visit=of_visit(0)),
    ]
    (_, nora) = rates(story, taken_back={}, counted=[])
    share = one(nora, "share_wasted")
    assert (share.seen, share.out_of, share.chances) == (5 * MG, 30 * MG, 1)


def test_an_infusion_of_which_all_was_put_back_is_none() -> None:
    story = [
        move("bag", "vial", 5, visit=of_visit(1)),
        move("vial", "bag", 5, visit=of_visit(1)),
        move("bag", "wasted", 5, visit=of_visit(2)),
    ]
    (_, nora) = rates(story, taken_back={}, counted=[])
    share = one(nora, "share_wasted")
    assert (share.seen, share.out_of, share.chances, share.interval) == (0, 0, 0, None)
