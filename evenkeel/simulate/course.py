"""One patient's course, as a story: referral, screening, consent, visits, reviews, response, maintenance."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from evenkeel.clinical import screening as screening_rules
from evenkeel.clinical.maintenance import LongTermPlan
from evenkeel.clinical.medicine_classes import listed
from evenkeel.clinical.workup import TESTS
from evenkeel.journey import maintenance, outcomes, preparation, referral, screening, series
from evenkeel.record.referral import AllergiesRecorded, Contact, Demographics, MedicinesRecorded, Referrer
from evenkeel.record.screening import Checklist, Tri, Trial, WorkupLine
from evenkeel.record.verdict import Override
from evenkeel.simulate.cast import Patient
from evenkeel.simulate.staff import FELIX, NURSES, PASSWORD, PRESCRIBERS
from evenkeel.simulate.visit import Setting, VisitStory
from evenkeel.simulate.world import Hand, Story, World
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.quantities import Days, Height, Pressure, Weight

# When past visits began, in the clinic's time; the first visit of the day and the one after it.
PAST_STARTS = (time(9, 0), time(13, 0))
FIRST_VISIT_LENGTH = timedelta(hours=3, minutes=30)
VISIT_LENGTH = timedelta(hours=2, minutes=30)
QUARTER = timedelta(minutes=15)
INDUCTION = 6
# Long enough apart for two a week; then weekly, then longer (Phillips 2019: weekly for four weeks).
INDUCTION_GAPS = (3, 4)
MAINTENANCE_GAP = 14


# Made-up trials of antidepressants that came before.
_TRIALS = (
    Trial(drug="escitalopram", dose="20 mg daily", weeks=10, result="no_effect"),
    Trial(drug="venlafaxine", dose="225 mg daily", weeks=12, result="too_little"),
    Trial(drug="bupropion", dose="300 mg daily", weeks=8, result="no_effect"),
    Trial(drug="mirtazapine", dose="45 mg daily", weeks=6, result="too_little"),
)


class CourseStory:
    """Tells one patient's course up to where their part says it has come, and on from there."""

    def __init__(self, world: World, patient: Patient, zone: ZoneInfo) -> None:
        self.world, self.patient, self.zone = world, patient, zone
        self.hand = Hand(world, str(patient.index))
        self.nurse = NURSES[patient.index % len(NURSES)]
        self.prescriber = PRESCRIBERS[patient.index % len(PRESCRIBERS)]
        self.course = StreamId("")

    def tell(self) -> Story:
        """The whole story."""
        part = self.patient.part
        starts = self._starts()
        first = starts[0] if starts else self.world.opens_at - timedelta(days=self.patient.index % 6, hours=3)
        yield first - timedelta(days=12)
        self._refer()
        if part.story == "referred":
            return
        yield first - timedelta(days=9)
        yield from self._screen()
        if part.story in {"awaiting_prescriber", "not_today", "declined", "screened"}:
            return
        yield first - timedelta(days=6)
        self._consent()
        if part.story == "consented":
            return
        yield first - timedelta(days=5)
        self._assess(0, "baseline")
        self.hand.do(
            series.plan_series,
            FELIX,
            course=self.course,
            purpose="induction",
            infusions=INDUCTION,
            per_week=2,
            first_date=first.astimezone(self.zone).date(),
        )
        for number, start in enumerate(starts, start=1):
            yield from self._infusion(number, start)
        yield from self._afterwards(starts)

    def _starts(self) -> list[datetime]:
        """When each visit begins: past ones counted back from the last, today's by the part's minutes."""
        part = self.patient.part
        opening = self.world.opens_at.replace(second=0, microsecond=0)
        if part.today is not None:
            last = opening + timedelta(minutes=part.minutes)
            count = part.infusions + 1
        elif part.infusions:
            last = opening - timedelta(days=2 + self.patient.index % 3)
            count = part.infusions
        else:
            return []
        day = last.astimezone(self.zone).date()
        days = [day]
        for number in range(count - 1, 0, -1):
            gap = INDUCTION_GAPS[number % 2] if number < INDUCTION else MAINTENANCE_GAP
            days.append(days[-1] - timedelta(days=gap))
        found = [self._past_start(day) for day in reversed(days)]
        if part.today is not None:
            found[-1] = last
        return found

    def _past_start(self, day: date) -> datetime:
        start = PAST_STARTS[self.patient.index % 2]
        return datetime.combine(day, start, tzinfo=self.zone)

    def _refer(self) -> None:
        patient = self.patient
        details = Demographics(
            given_name=patient.given_name,
            family_name=patient.family_name,
            birth_date=patient.birth_date,
            sex=patient.sex,
            record_number=patient.record_number,
            phone=f"555-01{patient.index % 100:02}",
            contacts=(Contact(name=patient.escort, relation="family", phone="555-0199"),),
        )
        # Some referrals come without anybody having asked about allergies yet; that must stay visible.
        asked = patient.index % 7 != 6
        self.course = self.hand.make(
            referral.refer,
            FELIX,
            demographics=details,
            indication=patient.indication,
            referrer=Referrer(
                name="Dr. Harriet Boone", practice="Riverside Family Practice (made up)", phone="555-0150"
            ),
            reason="Two adequate antidepressants without response, referred for ketamine.",
            received_date=self.world.now.astimezone(self.zone).date(),
            medicines=MedicinesRecorded(medicines=patient.medicines, none_taken=not patient.medicines),
            allergies=AllergiesRecorded(allergies=patient.allergies, none_known=not patient.allergies)
            if asked
            else None,
            known_duplicate_confirmed=True,
        )

    def _screen(self) -> Story:
        story = self.patient.part.story
        asked = screening_rules.questions_for(self.patient.indication)
        answers: dict[str, Tri] = {question.key: question.safe for question in asked}
        # What the medicine list names is answered with yes.
        for each in listed(self.patient.medicines):
            answers |= {of.question: "yes" for of in each.classes if of.question in answers}
        workup = self._workup()
        systolic, diastolic = self.patient.systolic, self.patient.diastolic
        accepted: tuple[Override, ...] = ()
        note = ""
        if story == "not_today":
            systolic, diastolic, note = 186, 104, "Untreated pressure; family doctor informed."
        if story in {"awaiting_prescriber", "declined"} or self.patient.index % 8 == 5:
            answers["depressants"] = "yes"
            note = "Takes an opioid for back pain."
            reason = "Low steady dose; oxygen and capnography at the chair."
            accepted = (Override(rule="SCR-INT-002", reason=reason),)
        if story == "awaiting_prescriber" and self.patient.index % 2:
            del workup["ecg"]
        self.hand.do(
            screening.record_screening,
            self.nurse,
            course=self.course,
            checklist=Checklist(
                answers=answers,
                trials=_TRIALS[: 2 + self.patient.index % 3],
                workup=workup,
                weight=Weight(value=self.patient.weight_kg),
                height=Height(value=Decimal(158 + self.patient.index % 30)),
                stop_bang=self.patient.index % 3,
                since_substances=None,
                systolic=Pressure(value=Decimal(systolic)),
                diastolic=Pressure(value=Decimal(diastolic)),
            ),
            note=note,
        )
        if story in {"awaiting_prescriber", "not_today"} or not accepted:
            return
        yield self.world.now + timedelta(hours=5)
        declined = story == "declined"
        self.hand.do(
            screening.decide_screening,
            self.prescriber,
            course=self.course,
            decision="decline" if declined else "accept",
            reason="Risk outweighs the benefit; sent back with advice." if declined else accepted[0].reason,
            overrides=() if declined else accepted,
            password=PASSWORD,
        )

    def _workup(self) -> dict[str, WorkupLine]:
        """Everything read and normal, a few days ago; toxicology was not suspected."""
        day = self.world.now.astimezone(self.zone).date()
        done = WorkupLine(result="normal", done_date=day - timedelta(days=1 + self.patient.index % 5))
        found = dict.fromkeys(TESTS, done) | {"toxicology": WorkupLine(result="does_not_apply")}
        if self.patient.sex == "male":
            found["pregnancy_test"] = WorkupLine(result="does_not_apply")
        return found

    def _consent(self) -> None:
        document = "ketamine_infusion"
        topics = (
            "what_it_is",
            "benefit_uncertain",
            "during_infusion",
            "lasting_harm",
            "other_treatments",
            "fasting_escort_driving",
            "pregnancy",
            "right_to_stop",
        )
        self.hand.do(
            preparation.record_consent,
            self.nurse,
            course=self.course,
            document=document,
            version="1.0",
            language="en",
            explained_by=self.prescriber.printed_name,
            topics=topics,
            off_label_explained=True,
        )

    def _assess(self, infusions: int, point: str) -> None:
        """The PHQ-9 after so many infusions, its total spread over the items; item 9 where the part says."""
        fall = self.patient.answer * (1 - 0.5**infusions)
        total = round(self.patient.baseline * (1 - fall))
        risk = 1 if self.patient.part.story == "at_risk" and infusions == 2 else 0
        answers = _spread(total - risk)
        self.hand.do(
            outcomes.record_assessment,
            self.nurse,
            course=self.course,
            scale_id="phq9",
            answers=(*answers, risk, 1),
            point=point,  # type: ignore[arg-type]  # one of the known points
            infusion_number=infusions + 1 if point == "before_infusion" else None,
            entered_for="patient_interview",
        )

    def _infusion(self, number: int, start: datetime) -> Story:
        if number == INDUCTION + 1:
            yield from self._plan_maintenance_series(start)
        end = start + (FIRST_VISIT_LENGTH if number == 1 else VISIT_LENGTH)
        chair = self._book_chair(start, end)
        # Booked a while before, but never before the last visit of the course has ended.
        yield max(self.world.now, start - timedelta(days=2 if number > 1 else 4))
        visit = self.hand.make(
            series.book_visit,
            FELIX,
            course=self.course,
            chair=chair,
            starts_at=start,
            ends_at=end,
        )
        yield start - timedelta(minutes=4)
        if number > 1:
            self._assess(number - 1, "before_infusion")
        is_last = number == self.patient.part.infusions + 1
        setting = Setting(
            visit=visit,
            number=number,
            starts_at=start,
            chair=chair,
            today=self.patient.part.today if is_last else None,
            nurse=self.nurse,
            checker=NURSES[(self.patient.index + 1) % len(NURSES)],
            prescriber=self.prescriber,
        )
        yield from VisitStory(self.world, self.patient, self.hand, setting).tell()
        yield from self._reviews(number)

    def _book_chair(self, start: datetime, end: datetime) -> ChairId:
        """The first free chair from this patient's favorite on; what the story holds, the clinic will too."""
        first = start.replace(minute=start.minute - start.minute % 15)
        quarters = [first + QUARTER * place for place in range(-(-(end - first) // QUARTER))]
        chairs = self.world.chairs
        for step in range(len(chairs)):
            chair = chairs[(self.patient.index + step) % len(chairs)]
            wanted = {(str(chair), quarter) for quarter in quarters}
            if not wanted & self.world.booked:
                self.world.booked |= wanted
                return chair
        raise AssertionError("the demo clinic has too few chairs for its stories")

    def _reviews(self, number: int) -> Story:
        story = self.patient.part.story
        given = number == self.patient.part.infusions and self.patient.part.today is None
        if number == 3 and not (story == "review_due" and given):
            yield self.world.now + timedelta(hours=2)
            self._review(3)
        if number == INDUCTION and not (story == "response_due" and given):
            yield self.world.now + timedelta(hours=2)
            self._assess(INDUCTION, "after_series")
            yield self.world.now + timedelta(minutes=20)
            self._review(INDUCTION)
            self.hand.do(
                outcomes.judge_response, self.prescriber, course=self.course, scale_id="phq9", note=""
            )

    def _review(self, after: int) -> None:
        weak = self.patient.part.story in {"non_responder", "at_risk"}
        stop = weak and after == INDUCTION
        rule = "SER-REV-001" if after == 3 else "SER-REV-002"
        overrides = (Override(rule=rule, reason="Sleep is better; three more, then judge."),) if weak else ()
        self.hand.do(
            outcomes.review_series,
            self.prescriber,
            course=self.course,
            after_infusion=after,
            decision="stop" if stop else "continue",
            reason="No response after six infusions." if stop else "Well tolerated; the series goes on.",
            overrides=() if stop else overrides,
        )

    def _plan_maintenance_series(self, start: datetime) -> Story:
        self._plan_maintenance()
        yield start - timedelta(days=5)
        # A further series asks for the screening and its work-up to be done again.
        yield from self._screen()
        yield self.world.now + timedelta(hours=1)
        self.hand.do(
            series.plan_series,
            FELIX,
            course=self.course,
            purpose="maintenance",
            infusions=4,
            per_week=1,
            first_date=start.astimezone(self.zone).date(),
        )

    def _plan_maintenance(self) -> None:
        today = self.world.now.astimezone(self.zone).date()
        self.hand.do(
            maintenance.plan_maintenance,
            self.prescriber,
            course=self.course,
            plan=LongTermPlan(
                interval=Days.of(MAINTENANCE_GAP),
                next_due_date=today + timedelta(days=MAINTENANCE_GAP),
                goals="Back at work three days a week.",
                return_signs="Sleeping past noon, not answering friends.",
                psychotherapy="CBT, weekly",
                talk_after=Days.of(1),
                prescriber_contact=f"{self.prescriber.printed_name}, 555-0120",
                support_contact=f"{self.patient.escort}, 555-0199",
                craving="no",
            ),
        )

    def _afterwards(self, starts: list[datetime]) -> Story:
        part = self.patient.part
        if part.story == "withdrawn":
            yield self.world.now + timedelta(hours=20)
            self.hand.do(
                preparation.withdraw_consent,
                self.nurse,
                course=self.course,
                said_to=self.nurse.printed_name,
                reason="Does not want to feel that far away again.",
            )
        if part.story == "at_risk":
            yield self.world.now + timedelta(hours=18)
            self._assess(2, "other")
        if part.story == "maintenance" and len(starts) == INDUCTION:
            yield self.world.now + timedelta(hours=1)
            self._plan_maintenance()


def _spread(total: int) -> tuple[int, ...]:
    """Spread a PHQ-9 total over its first eight items, each 0 to 3, the first ones first."""
    kept = max(0, min(24, total))
    return tuple(kept // 8 + (1 if place < kept % 8 else 0) for place in range(8))
