"""One visit, as a story: from check-in to departure, with what goes wrong on the way."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from evenkeel.clinical import checkin as checkin_rules
from evenkeel.clinical import discharge as discharge_rules
from evenkeel.clinical.checkin import CheckInFacts
from evenkeel.clinical.infusion import implausible
from evenkeel.clinical.stock import PRODUCTS, PROTOCOLS
from evenkeel.journey import amendments, checkin, discharge, infusion, ordering, rescue
from evenkeel.journey.custody import waste
from evenkeel.journey.custody.weld import VialTake
from evenkeel.journey.second_person import Proof
from evenkeel.record.checkin import Escort
from evenkeel.record.infusion import SignsCharted
from evenkeel.record.signs import Signs
from evenkeel.simulate.body import Body
from evenkeel.simulate.cast import Patient, Today
from evenkeel.simulate.monitor import BedsideMonitor
from evenkeel.simulate.staff import NURSES, PASSWORD, Colleague
from evenkeel.simulate.world import Hand, Story, World
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.values.dose import Dose
from evenkeel.values.dose_plan import Stage
from evenkeel.values.drug import DrugMass, to_decimal
from evenkeel.values.ids import ChairId, StreamId, entry_id
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
        self.body = Body(patient, world.seed)
        self.weight = Weight(value=patient.weight_kg + Decimal(setting.number % 3) / 10)
        self.dose = Dose.of(
            per_weight=PROTOCOL.per_weight,
            weight=self.weight,
            strength=PRODUCT.strength,
            bag=PROTOCOL.bag,
            duration=PROTOCOL.duration,
        )

    def _at(self, minutes: float) -> datetime:
        return self.setting.starts_at + timedelta(minutes=minutes)

    def tell(self) -> Story:
        """The whole visit."""
        yield self._at(0)
        self._check_in()
        if self.setting.today is not None:
            BedsideMonitor(self.world, self.patient, self.body, self.setting).begin()
        yield self._at(ORDER + (30 if self.setting.today == "waiting_for_order" else 0))
        yield from self._prepare()
        yield from self._run()
        yield from self._recover()

    def _check_in(self) -> None:
        facts = CheckInFacts(
            name_and_birth_date_agree="yes",
            record_number_agrees="yes",
            escort=Escort(name=self.patient.escort, phone="555-0199", relation="family", confirmed="yes"),
            hours_since_clear_fluid=Hours.of(3),
            hours_since_light_meal=Hours.of(9),
            weight=self.weight,
            weight_measured_today="yes",
            answers={question.key: question.safe for question in checkin_rules.QUESTIONS},
            signs=replace(self.body.signs(self.world.now), dissociation=0, nausea=0),
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
        self.hand.do(
            ordering.double_check,
            self.setting.checker,
            visit=visit,
            record_number=self.patient.record_number,
            strength=PRODUCT.strength,
            volume=self.dose.draw,
            bag=self.dose.bag,
            rates=(self.dose.rate,),
            weight=self.weight,
        )
        yield self._at(TIME_OUT) + late
        self.hand.do(
            infusion.hold_time_out,
            nurse,
            visit=visit,
            second=self.setting.checker.author.id,
            proof_of_second=Proof(password=PASSWORD),
            confirmed=tuple(infusion.TIME_OUT),
        )
        yield self._at(START) + late

    def _run(self) -> Story:
        """Run the bag, chart every ten minutes, and let happen what the part says."""
        visit, nurse = self.setting.visit, self.setting.nurse
        site = ("left forearm", "right forearm", "left hand")[self.patient.index % 3]
        self.hand.do(
            infusion.start, nurse, visit=visit, pump=f"pump {self.setting.chair[-1]}", cannula_site=site
        )
        started_at = self.world.now
        self.body.pump(started_at, 1.0)
        left_min = float(RUN_MIN)
        for check in range(1, 4):
            yield started_at + CHECK_EVERY * check + self._lateness(check)
            self._chart()
            yield from self._happening(check)
            if self._wants_to_stop(check):
                left_min = 0
                break
        if left_min:
            yield max(self.world.now, started_at + timedelta(minutes=RUN_MIN)) + self._held_up
        self._stop("completed" if left_min else "patient_wish")

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

    _held_up = timedelta(0)

    def _lateness(self, check: int) -> timedelta:
        """Some checks come late, as they do; the chart must show it."""
        return timedelta(minutes=5) if check == 2 and self.patient.index % 5 == 1 else timedelta(0)

    def _wants_to_stop(self, check: int) -> bool:
        return self.patient.part.story == "withdrawn" and self.setting.number == 2 and check == 3

    def _stop(self, reason: str) -> None:
        note = "Felt too far away and asked to stop." if reason == "patient_wish" else ""
        self.hand.do(
            infusion.stop,
            self.setting.nurse,
            visit=self.setting.visit,
            reason=reason,  # type: ignore[arg-type]  # one of the known reasons
            note=note,
            pump_volume=Volume.of(100) if reason == "completed" and not self._held_up else None,
        )
        self.body.pump(self.world.now, 0.0)

    def _chart(self, signs: Signs | None = None) -> None:
        found = signs or self.body.signs(self.world.now)
        self.hand.do(
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
        yield self.world.now + timedelta(minutes=5)
        high = replace(self.body.signs(self.world.now), systolic=Pressure.of(184), diastolic=Pressure.of(112))
        self._chart(high)
        yield self.world.now + timedelta(seconds=30)
        reason = f"184/112 mmHg; {self.setting.prescriber.printed_name} called"
        self.hand.do(infusion.pause, self.setting.nurse, visit=self.setting.visit, reason=reason)
        self.body.pump(self.world.now, 0.0)
        paused_at = self.world.now
        yield self.world.now + timedelta(minutes=1)
        text = "No headache, pupils equal, speech clear. Prescriber at the chair."
        self.hand.do(infusion.write_note, self.setting.nurse, visit=self.setting.visit, text=text)
        yield self.world.now + timedelta(minutes=14)
        self._chart(
            replace(self.body.signs(self.world.now), systolic=Pressure.of(148), diastolic=Pressure.of(90))
        )
        yield self.world.now + timedelta(minutes=1)
        self.hand.do(
            infusion.resume, self.setting.nurse, visit=self.setting.visit, rate=self.dose.rate, overrides=()
        )
        self.body.pump(self.world.now, 1.0)
        self._held_up = self.world.now - paused_at

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
        """A hundred too much is typed, confirmed in haste, and put right two minutes later."""
        yield self.world.now + timedelta(minutes=2)
        visit = self.setting.visit
        right = self.body.signs(self.world.now)
        assert right.systolic is not None, "a body has a pressure"
        wrong = replace(right, systolic=Pressure(value=right.systolic.value + 100))
        seq = self._next_seq()
        self._chart(wrong)
        yield self.world.now + timedelta(minutes=2)
        payload = SignsCharted(signs=right, source="manual", confirmed=(), verdicts=())
        self.hand.do(
            amendments.amend_entry,
            self.setting.nurse,
            stream=visit,
            entry=entry_id(visit, seq),
            payload=payload,
            reason="Typed 2 for 1; the monitor's strip shows the lower value.",
        )

    def _next_seq(self) -> int:
        """Booking, check-in, order, draw, second check, time-out, start and one check stand before it."""
        return 9

    def _slower(self) -> Story:
        yield self.world.now + timedelta(minutes=2)
        slower = FlowRate(value=self.dose.rate.value * Decimal("0.8"))
        self.hand.do(
            infusion.change_rate,
            self.setting.nurse,
            visit=self.setting.visit,
            rate=slower,
            reason="Feels overwhelmed; slower for the rest.",
        )
        self.body.pump(self.world.now, 0.8)
        self._held_up = timedelta(minutes=(RUN_MIN - 22) * 0.25)

    def _recover(self) -> Story:
        stopped_at = self.world.now
        stay = STAY_FIRST if self.setting.number == 1 else STAY
        yield stopped_at + timedelta(minutes=1)
        self._chart()
        yield stopped_at + timedelta(minutes=6)
        self._waste()
        due = stopped_at + RECOVERY_CHECK_EVERY
        while due < stopped_at + stay - timedelta(minutes=6):
            yield due
            self._chart()
            due += RECOVERY_CHECK_EVERY
        yield stopped_at + stay - timedelta(minutes=3)
        settled = replace(self.body.signs(self.world.now), sedation=5, dissociation=0, nausea=0)
        self._chart(settled)
        yield stopped_at + stay
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
