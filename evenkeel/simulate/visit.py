"""One visit, as a story: from check-in to departure, with what goes wrong on the way."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from evenkeel.clinical import checkin as checkin_rules
from evenkeel.clinical import discharge as discharge_rules
from evenkeel.clinical.checkin import CheckInFacts
from evenkeel.clinical.infusion import implausible
from evenkeel.clinical.stock import PRODUCTS, PROTOCOLS
from evenkeel.journey import checkin, discharge, infusion, ordering, rescue
from evenkeel.journey.custody import waste
from evenkeel.journey.custody.weld import VialTake
from evenkeel.journey.second_person import Proof
from evenkeel.record.checkin import Escort
from evenkeel.record.signs import Signs
from evenkeel.simulate.body import Body
from evenkeel.simulate.cast import Patient, Today
from evenkeel.simulate.minding import Minder
from evenkeel.simulate.monitor import BedsideMonitor
from evenkeel.simulate.slips import Slips
from evenkeel.simulate.staff import NURSES, PASSWORD, Colleague
from evenkeel.simulate.world import Hand, Story, World
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.values.dose import Dose
from evenkeel.values.dose_plan import Stage
from evenkeel.values.drug import DrugMass, to_decimal
from evenkeel.values.ids import ChairId, IdempotencyKey, StreamId
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import FlowRate, Hours, Pressure, Volume, Weight
from evenkeel.values.shape import frozen

PRODUCT: Final = PRODUCTS["ketamine_50_10"]
PROTOCOL: Final = PROTOCOLS["mood_standard"]

# Minutes from the patient's arrival to each step.
ORDER, DRAW, CHECK, TIME_OUT, START = 8, 13, 16, 20, 23
RUN_MIN: Final = 40
CHECK_EVERY: Final = timedelta(minutes=10)
RECOVERY_CHECK_EVERY: Final = timedelta(minutes=15)
STAY: Final = timedelta(minutes=64)
STAY_FIRST: Final = timedelta(minutes=124)
# No check is begun this shortly before the bag is empty; the one after the end is near.
LAST_CHECK_BEFORE: Final = timedelta(minutes=5)
# Of the ordered rate: what the prescriber allows after a pause, and what a nurse sets on a patient's wish.
SLOWER_AFTER_PAUSE: Final = 0.35
SLOWER_ON_WISH: Final = 0.8
# Below these the drug may go on (INF-RES-001 as shipped), and within this share of the pressure before the
# drug the patient may leave: somewhat nearer than DIS-BP-001 asks for.
DOWN_AGAIN: Final = (Pressure.of(160), Pressure.of(96))
NEAR_BASELINE: Final = Decimal("0.18")
STOP_NOTES: Final = {
    "patient_wish": "Felt too far away and asked to stop.",
    "clinician_decision": "At the agreed end; what is left in the bag is wasted.",
}


@frozen
class Pump:
    """How much of the bag is left, in minutes at the ordered rate, and at which share of it the pump runs."""

    left_min: float
    share: float = 0.0
    set_at: datetime | None = None
    agreed_end_at: datetime | None = None
    changes: int = 0

    def changed(self, at: datetime, share: float, agreed_end_at: datetime | None) -> "Pump":
        """The pump from a moment on at another share."""
        ran = 0.0 if self.set_at is None else (at - self.set_at).total_seconds() / 60 * self.share
        return Pump(
            left_min=max(0.0, self.left_min - ran),
            share=share,
            set_at=at,
            agreed_end_at=agreed_end_at,
            changes=self.changes + 1,
        )

    @property
    def was_never_changed(self) -> bool:
        """Whether it ran from the start as ordered."""
        return self.changes == 1

    @property
    def _empty_at(self) -> datetime:
        assert self.set_at is not None, "a pump that runs was started"
        assert self.share > 0, "a pump that stands still empties nothing"
        return self.set_at + timedelta(minutes=self.left_min / self.share)

    @property
    def ends_at(self) -> datetime:
        """When it is stopped: the bag is empty, or the agreed end has come."""
        return self._empty_at if self.agreed_end_at is None else min(self._empty_at, self.agreed_end_at)

    @property
    def runs_dry(self) -> bool:
        """Whether the bag is empty at the end."""
        return self.ends_at == self._empty_at


@frozen
class Setting:
    """Where and by whom a visit is looked after."""

    visit: StreamId
    number: int
    starts_at: datetime
    chair: ChairId
    today: Today | None
    nurse: Colleague
    checker: Colleague
    prescriber: Colleague


class VisitStory:
    """Tells one visit."""

    def __init__(self, world: World, patient: Patient, hand: Hand, setting: Setting) -> None:
        self.world, self.patient, self.hand, self.setting = world, patient, hand, setting
        self.weight = Weight(value=patient.weight_kg + Decimal(setting.number % 3) / 10)
        self.dose = Dose.of(
            per_weight=PROTOCOL.per_weight,
            weight=self.weight,
            strength=PRODUCT.strength,
            bag=PROTOCOL.bag,
            duration=PROTOCOL.duration,
        )
        self.mg_per_h = float(self.dose.ordered.mcg) / 1000 / (RUN_MIN / 60)
        self.body = Body(
            patient,
            world.seed,
            number=setting.number,
            began_at=setting.starts_at,
            weight_kg=float(self.weight.value),
            ordered_mg_per_h=self.mg_per_h,
        )
        self._pump = Pump(left_min=float(RUN_MIN))
        self._monitor: BedsideMonitor | None = None
        label = f"{world.seed}/{patient.index}/{setting.number}"
        self._slips = Slips(world, hand, setting, label)
        self._minder = Minder(world, setting.nurse, setting.visit, label)
        self._is_over = False

    def _at(self, minutes: float) -> datetime:
        return self.setting.starts_at + timedelta(minutes=minutes)

    def tell(self) -> Story:
        """The whole visit."""
        yield self._at(0)
        self._check_in()
        self.world.seated[self.setting.chair] = self.setting.visit
        if self.setting.today is not None:
            self._monitor = BedsideMonitor(self.world, self.patient, self.body, self.setting)
            self._monitor.begin()
            self.world.begin(self._minder.listens_while(lambda: not self._is_over))
        yield self._at(ORDER + (30 if self.setting.today == "waiting_for_order" else 0))
        yield from self._prepare()
        yield from self._run()
        yield from self._recover()
        if self.world.seated.get(self.setting.chair) == self.setting.visit:
            del self.world.seated[self.setting.chair]
        self._is_over = True
        if self._monitor is not None:
            self._monitor.switch_off()

    def _check_in(self) -> None:
        arrived = replace(self.body.signs(self.world.now), dissociation=0, nausea=0)
        assert arrived.systolic is not None, "a body has a pressure"
        self.baseline = arrived.systolic
        facts = CheckInFacts(
            name_and_birth_date_agree="yes",
            record_number_agrees="yes",
            escort=Escort(name=self.patient.escort, phone="555-0199", relation="family", confirmed="yes"),
            hours_since_clear_fluid=Hours.of(3),
            hours_since_light_meal=Hours.of(9),
            weight=self.weight,
            weight_measured_today="yes",
            answers={question.key: question.safe for question in checkin_rules.QUESTIONS},
            signs=arrived,
        )
        self.hand.do(checkin.check_in, self.setting.nurse, visit=self.setting.visit, facts=facts)

    def _prepare(self) -> Story:
        visit, nurse = self.setting.visit, self.setting.nurse
        late = self.world.now - self._at(ORDER)
        self.hand.do(
            ordering.sign_order,
            self.setting.prescriber,
            visit=visit,
            protocol=PROTOCOL.key,
            stages=(Stage(per_weight=PROTOCOL.per_weight, duration=PROTOCOL.duration),),
            product=PRODUCT.key,
            bag=PROTOCOL.bag,
            note="",
            overrides=(),
            password=PASSWORD,
        )
        yield self._at(DRAW) + late
        self.hand.do(
            ordering.draw_dose,
            nurse,
            visit=visit,
            takes=self._takes(),
            bag=self.dose.bag,
            rate=self.dose.rate,
        )
        yield self._at(CHECK) + late
        yield from self._slips.second_check_goes_wrong(self._double_check, self.dose.draw)
        self._double_check(self.dose.draw)
        yield max(self._at(TIME_OUT) + late, self.world.now + timedelta(minutes=1))
        self.hand.do(
            infusion.hold_time_out,
            nurse,
            visit=visit,
            second=self.setting.checker.author.id,
            proof_of_second=Proof(password=PASSWORD),
            confirmed=tuple(infusion.TIME_OUT),
        )
        yield max(self._at(START) + late, self.world.now + timedelta(minutes=1))

    def _double_check(self, volume: Volume) -> None:
        """The second person says what they read for themselves."""
        self.hand.do(
            ordering.double_check,
            self.setting.checker,
            visit=self.setting.visit,
            record_number=self.patient.record_number,
            strength=PRODUCT.strength,
            volume=volume,
            bag=self.dose.bag,
            rates=(self.dose.rate,),
            weight=self.weight,
        )

    def _run(self) -> Story:
        """Run the bag, chart every ten minutes, and let happen what the part says."""
        visit, nurse = self.setting.visit, self.setting.nurse
        site = ("left forearm", "right forearm", "left hand")[self.patient.index % 3]
        self.hand.do(
            infusion.start, nurse, visit=visit, pump=f"pump {self.setting.chair[-1]}", cannula_site=site
        )
        started_at = self.world.now
        self._set_pump(1.0)
        for check in itertools.count(1):
            late = max(self._lateness(check), self._slips.lateness(f"check {check}"))
            due = started_at + CHECK_EVERY * check + late
            if due + CHECK_EVERY <= self.world.now:
                continue  # it fell into a pause, in which the nurse looked more often than that
            if max(due, self.world.now) > self._pump.ends_at - LAST_CHECK_BEFORE:
                break
            yield due
            yield from self._check(f"check {check}")
            yield from self._happening(check)
            if self._wants_to_stop(check):
                self._stop("patient_wish")
                return
        yield self._pump.ends_at
        self._stop("completed" if self._pump.runs_dry else "clinician_decision")

    def _check(self, occasion: str) -> Story:
        """One check of those that are due, charted well, or with one of the slips of this day's staff."""
        found = self.body.signs(self.world.now)
        yield from self._slips.before_charting(occasion, found)
        until = self._slips.tablet_keeps_until(occasion)
        if until is None:
            yield from self._slips.while_charting(occasion, found, self._chart)
        else:
            self.world.begin(self._enter_later(found, until, occasion))

    def _enter_later(self, found: Signs, until: datetime, occasion: str) -> Story:
        """What was kept on a tablet or on paper arrives with the time of the reading."""
        read_at = self.world.now
        hand = Hand(self.world, f"{self.patient.index}-{self.setting.number}-{occasion}")
        yield until
        hand.do_at(
            read_at,
            infusion.chart_signs,
            self.setting.nurse,
            visit=self.setting.visit,
            signs=found,
            source="manual",
            confirmed=tuple(implausible(found)),
        )

    def _set_pump(self, share: float, *, agreed_end_at: datetime | None = None) -> None:
        """The pump runs at a share of the ordered rate from now on."""
        self._pump = self._pump.changed(self.world.now, share, agreed_end_at)
        self.body.pump(self.world.now, share * self.mg_per_h)

    def _takes(self) -> tuple[VialTake, ...]:
        """A new vial of the lot that the order keeps; an earlier process has drawn from it already."""
        kept = custody.kept_for(self.setting.visit)
        return tuple(VialTake(lot=each.lot, number="", volume=self.dose.draw) for each in kept[:1])

    def _waste(self) -> None:
        """Two nurses find left what should be left, and waste it."""
        expected = waste.expected_rests(reading.visit(self.setting.visit))
        self.hand.do(
            waste.waste_rest,
            self.setting.nurse,
            visit=self.setting.visit,
            measured=tuple(
                waste.Measured(
                    place=each.account.place,
                    ref=each.account.ref,
                    volume=Volume(value=to_decimal(each.volume_ml, 1)),
                )
                for each in expected
            ),
            cause="left_over",
            explanation="",
            second=self.setting.checker.author.id,
            proof_of_second=Proof(password=PASSWORD),
        )

    def _lateness(self, check: int) -> timedelta:
        """Some checks come late, as they do; the chart must show it."""
        return timedelta(minutes=5) if check == 2 and self.patient.index % 5 == 1 else timedelta(0)

    def _wants_to_stop(self, check: int) -> bool:
        return self.patient.part.story == "withdrawn" and self.setting.number == 2 and check == 3

    def _stop(self, reason: str) -> None:
        note = STOP_NOTES.get(reason, "")
        self.hand.do(
            infusion.stop,
            self.setting.nurse,
            visit=self.setting.visit,
            reason=reason,  # type: ignore[arg-type]  # one of the known reasons
            note=note,
            pump_volume=Volume.of(100) if reason == "completed" and self._pump.was_never_changed else None,
        )
        self._set_pump(0.0)

    def _chart(self, signs: Signs | None = None) -> IdempotencyKey:
        found = signs or self.body.signs(self.world.now)
        if self._monitor is None:
            self.world.begin(self._minder.listens_once())
        return self.hand.do(
            infusion.chart_signs,
            self.setting.nurse,
            visit=self.setting.visit,
            signs=found,
            source="manual",
            confirmed=tuple(implausible(found)),
        )

    def _happening(self, check: int) -> Story:
        """What the part has in store after each check."""
        match self.setting.today, check:
            case "surge", 2:
                yield from self._surge()
            case "paused", 1:
                yield from self._pause()
            case "nausea", 2:
                yield from self._nausea()
            case "amended", 1:
                yield from self._slip_of_the_finger()
            case _ if self.patient.index % 11 == 3 and self.setting.number == 2 and check == 2:
                yield from self._slower()

    def _surge(self) -> Story:
        yield self.world.now + timedelta(minutes=1)
        self.hand.do(
            infusion.record_event,
            self.setting.nurse,
            visit=self.setting.visit,
            event="hypertension",
            grade=2,
            note="Calm, no headache, no chest pain. Lights lowered; measuring again in 2 minutes.",
        )

    def _pause(self) -> Story:
        """Too high: the pump stands still until the pressure is down, then runs slower to the agreed end."""
        yield self.world.now + timedelta(minutes=5)
        high = self.body.signs(self.world.now)
        self._chart(high)
        yield self.world.now + timedelta(seconds=30)
        assert high.systolic is not None, "a body has a pressure"
        assert high.diastolic is not None, "a body has a pressure"
        read = f"{plain(high.systolic.value)}/{plain(high.diastolic.value)} mmHg"
        reason = f"{read}; {self.setting.prescriber.printed_name} called"
        self.hand.do(infusion.pause, self.setting.nurse, visit=self.setting.visit, reason=reason)
        self._set_pump(0.0)
        yield self.world.now + timedelta(minutes=1)
        text = "No headache, pupils equal, speech clear. Prescriber at the chair."
        self.hand.do(infusion.write_note, self.setting.nurse, visit=self.setting.visit, text=text)
        yield self.world.now + timedelta(minutes=14)
        yield from self._until_down()
        yield self.world.now + timedelta(minutes=1) + self._slips.forgotten()
        slower = self._rate(SLOWER_AFTER_PAUSE)
        self.hand.do(infusion.resume, self.setting.nurse, visit=self.setting.visit, rate=slower, overrides=())
        left = timedelta(minutes=self._pump.left_min)
        self._set_pump(SLOWER_AFTER_PAUSE, agreed_end_at=self.world.now + left)

    def _until_down(self) -> Story:
        """Measure until the drug may go on; each reading is charted."""
        while True:
            found = replace(self.body.signs(self.world.now), sedation=5)
            self._chart(found)
            assert found.systolic is not None, "a body has a pressure"
            assert found.diastolic is not None, "a body has a pressure"
            if found.systolic < DOWN_AGAIN[0] and found.diastolic < DOWN_AGAIN[1]:
                return
            yield self.world.now + timedelta(minutes=3)

    def _rate(self, share: float) -> FlowRate:
        """A share of the ordered rate, as a pump can be set to it."""
        return FlowRate(value=round(self.dose.rate.value * Decimal(str(share)), 1))

    def _nausea(self) -> Story:
        yield self.world.now + timedelta(minutes=1)
        note = "Feels sick, has not vomited."
        self.hand.do(
            infusion.record_event,
            self.setting.nurse,
            visit=self.setting.visit,
            event="nausea",
            grade=1,
            note=note,
        )
        yield self.world.now + timedelta(minutes=2)
        prescriber = self.setting.prescriber
        self.hand.do(
            rescue.give_rescue,
            self.setting.nurse,
            visit=self.setting.visit,
            drug="ondansetron",
            dose=DrugMass.mg(4),
            route="IV",
            conditions={},
            ordered_by=prescriber.author.id,
            read_back=True,
            reason="nausea 5 of 10",
        )

    def _slip_of_the_finger(self) -> Story:
        """As the part has it, whatever the habits of the staff."""
        yield self.world.now + timedelta(minutes=2)
        yield from self._slips.slip_of_a_digit(self.body.signs(self.world.now), self._chart)

    def _slower(self) -> Story:
        yield self.world.now + timedelta(minutes=2)
        slower = self._rate(SLOWER_ON_WISH)
        self.hand.do(
            infusion.change_rate,
            self.setting.nurse,
            visit=self.setting.visit,
            rate=slower,
            reason="Feels overwhelmed; slower for the rest.",
        )
        self._set_pump(SLOWER_ON_WISH)

    def _until_settled(self) -> Story:
        """The last check before leaving, taken again while the pressure is not near that before the drug."""
        while True:
            settled = replace(self.body.signs(self.world.now), sedation=5, dissociation=0, nausea=0)
            self._chart(settled)
            assert settled.systolic is not None, "a body has a pressure"
            off = abs(settled.systolic.value - self.baseline.value)
            if off <= self.baseline.value * NEAR_BASELINE:
                return
            yield self.world.now + timedelta(minutes=5)

    def _recover(self) -> Story:
        stopped_at = self.world.now
        stay = STAY_FIRST if self.setting.number == 1 else STAY
        yield stopped_at + timedelta(minutes=1)
        yield from self._check("the one after the end")
        yield stopped_at + timedelta(minutes=6)
        self._waste()
        due = stopped_at + RECOVERY_CHECK_EVERY
        while due < stopped_at + stay - timedelta(minutes=6):
            occasion = f"recovery at {(due - stopped_at).total_seconds() / 60:g}"
            yield due + self._slips.lateness(occasion)
            yield from self._check(occasion)
            due += RECOVERY_CHECK_EVERY
        yield stopped_at + stay - timedelta(minutes=3)
        yield from self._until_settled()
        yield max(self.world.now + timedelta(minutes=1), stopped_at + stay)
        self.hand.do(
            discharge.discharge,
            NURSES[self.patient.index % len(NURSES)],
            visit=self.setting.visit,
            criteria={question.key: question.safe for question in discharge_rules.CRITERIA},
            received_by=self.patient.escort,
            received_by_phone="555-0199",
            instructions_given=True,
            against_advice=False,
            note="",
            overrides=(),
            password=PASSWORD,
        )
