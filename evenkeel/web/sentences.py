"""What an entry says, as one sentence for a timeline, a record page or a printed sheet."""

from functools import singledispatch

from evenkeel.clinical.infusion import CHOICES, SIGN_WORDS, deferral_words
from evenkeel.clinical.repeated_checks import CHECK_WORDS
from evenkeel.clinical.scales import scale
from evenkeel.record.checkin import CheckInDecided, CheckInRecorded
from evenkeel.record.devices import DeviceAssociated, DeviceReleased
from evenkeel.record.discharge import CallMade, DischargeSigned, DischargeSignedWithoutTimes
from evenkeel.record.handover import (
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
    HandoverTakenOver,
    HandoverWithdrawn,
)
from evenkeel.record.infusion import (
    BagReplaced,
    CheckDeferred,
    EventRecorded,
    InfusionPaused,
    InfusionResumed,
    InfusionStarted,
    InfusionStopped,
    MarkedInError,
    NoteWritten,
    PressureDecided,
    RateChanged,
    RescueGiven,
    RescueGivenInWords,
    SignsCharted,
    TimeOutHeld,
)
from evenkeel.record.maintenance import MaintenancePlanned, MaintenancePlannedOpenEnded
from evenkeel.record.ordering import (
    AnyCheck,
    AnyOrder,
    DoseChecked,
    DoseCheckedAtOneRate,
    DoseDrawn,
    DoseDrawnFromOne,
    OrderCancelled,
    OrderSigned,
    OrderSignedAtOneRate,
)
from evenkeel.record.outcomes import AssessmentRecorded, ResponseJudged, RiskAnswered
from evenkeel.record.preparation import ConsentGiven, ConsentWithdrawn
from evenkeel.record.referral import (
    AllergiesRecorded,
    CourseEnded,
    CourseReferred,
    MedicinesRecorded,
    PatientDetailsChanged,
    PatientRegistered,
)
from evenkeel.record.screening import ScreeningDecided, ScreeningRecorded, ScreeningWithTrialsCounted
from evenkeel.record.series import (
    CheckRecorded,
    InfusionCounted,
    ReviewRecorded,
    SeriesPlanned,
    SeriesPlannedWithoutDose,
    VisitBooked,
    VisitCancelled,
    VisitRebooked,
)
from evenkeel.record.signs import SIGN_NAMES, Signs
from evenkeel.values.numbers import plain
from evenkeel.web import sentences_alerts, sentences_custody
from evenkeel.web.jinja import clinic_date, clinic_datetime, clinic_time


def words(key: str) -> str:
    """Write a stored key as words: "patient_wish" is "patient wish"."""
    return key.replace("_", " ")


def signs_in_words(signs: Signs) -> str:
    """Write a set of signs in one line; what was not measured is left out, never filled in."""
    found = []
    if signs.systolic is not None or signs.diastolic is not None:
        high = signs.systolic.number if signs.systolic else "?"
        low = signs.diastolic.number if signs.diastolic else "?"
        found.append(f"{high}/{low} mmHg")
    for name in SIGN_NAMES[2:]:
        value = getattr(signs, name)
        if value is not None:
            found.append(f"{SIGN_WORDS.get(name, name)} {value}")
    return ", ".join(found) or "nothing measured"


def handover_parts(said: HandoverOffered) -> tuple[tuple[str, str], ...]:
    """The four parts of a handover under their headings, the empty ones too."""
    return (
        ("Situation", said.situation),
        ("Background", said.background),
        ("Assessment", said.assessment),
        ("Recommendation", said.recommendation),
    )


def _because(reason: str) -> str:
    return f": {reason.strip()}" if reason.strip() else ""


@singledispatch
def sentence_of(payload: object) -> str:
    """Say what a payload says. Every kind has its sentence; one without is a broken invariant."""
    raise AssertionError(f"{type(payload).__name__} has no sentence")


@sentence_of.register
def _(said: PatientRegistered) -> str:
    return f"Registered as {said.demographics.full_name}, record number {said.demographics.record_number}"


@sentence_of.register
def _(said: PatientDetailsChanged) -> str:
    return f"Details changed: {said.demographics.full_name}, {said.demographics.phone}"


@sentence_of.register
def _(said: MedicinesRecorded) -> str:
    taken = "; ".join(f"{each.name} {each.dose}".strip() for each in said.medicines)
    return f"Medicines: {taken or ('none taken' if said.none_taken else 'not asked yet')}"


@sentence_of.register
def _(said: AllergiesRecorded) -> str:
    known = "; ".join(f"{each.substance} ({each.reaction})" for each in said.allergies)
    return f"Allergies: {known or ('none known' if said.none_known else 'not asked yet')}"


@sentence_of.register
def _(said: CourseReferred) -> str:
    return f"Referred by {said.referrer.name} for {words(said.indication)}{_because(said.reason)}"


@sentence_of.register
def _(said: CourseEnded) -> str:
    return f"Course ended{_because(said.reason)}"


@sentence_of.register(ScreeningRecorded)
@sentence_of.register(ScreeningWithTrialsCounted)
def _(said: ScreeningRecorded | ScreeningWithTrialsCounted) -> str:
    return f"Screening: {words(said.outcome)}{_because(said.note)}"


@sentence_of.register
def _(said: ScreeningDecided) -> str:
    return f"Prescriber's decision on the screening: {said.decision}{_because(said.reason)}"


@sentence_of.register
def _(said: ConsentGiven) -> str:
    return (
        f"Consent given to {words(said.document)}, version {said.version}, explained by {said.explained_by}"
    )


@sentence_of.register
def _(said: ConsentWithdrawn) -> str:
    return f"Consent withdrawn, said to {said.said_to}{_because(said.reason)}"


@sentence_of.register(SeriesPlanned)
@sentence_of.register(SeriesPlannedWithoutDose)
def _(said: SeriesPlanned | SeriesPlannedWithoutDose) -> str:
    doses = ", ".join(dose.number for dose in said.per_weight)
    return (
        f"{said.purpose.capitalize()} series planned: {said.infusions} infusions, {said.per_week} a week, "
        f"from {clinic_date(said.first_date)}" + (f"; {doses} mg/kg planned" if doses else "")
    )


@sentence_of.register
def _(said: VisitBooked) -> str:
    return f"Infusion {said.number} booked for {clinic_datetime(said.starts_at)}, {words(said.chair)}"


@sentence_of.register
def _(said: VisitRebooked) -> str:
    return f"Moved to {clinic_datetime(said.starts_at)}, {words(said.chair)}{_because(said.reason)}"


@sentence_of.register
def _(said: VisitCancelled) -> str:
    return f"Visit cancelled{_because(said.reason)}"


@sentence_of.register
def _(said: InfusionCounted) -> str:
    early = ", stopped early" if said.stopped_early else ""
    return f"Infusion {said.number}: {said.given.shown()} given ({said.per_weight} ordered{early})"


@sentence_of.register
def _(said: ReviewRecorded) -> str:
    return f"Review after infusion {said.after_infusion}: {words(said.decision)}{_because(said.reason)}"


@sentence_of.register
def _(said: CheckInRecorded) -> str:
    weight = str(said.weight) if said.weight else "no weight"
    escort = said.escort.name or "none"
    return f"Check-in: {words(said.outcome)}; {weight}; {signs_in_words(said.signs)}; escort {escort}"


@sentence_of.register
def _(said: CheckInDecided) -> str:
    return f"Prescriber's decision on the check-in: {words(said.decision)}{_because(said.reason)}"


@sentence_of.register(OrderSigned)
@sentence_of.register(OrderSignedAtOneRate)
def _(said: AnyOrder) -> str:
    day = f", day {said.day} of {said.of_days}" if said.day is not None else ""
    return f"Order signed by {said.signature.printed_name}{day}: {said.plan.sentence}"


@sentence_of.register
def _(said: OrderCancelled) -> str:
    return f"Order cancelled{_because(said.reason)}"


@sentence_of.register(DoseDrawn)
@sentence_of.register(DoseDrawnFromOne)
def _(said: DoseDrawn | DoseDrawnFromOne) -> str:
    lots = " and ".join(label.lot for label in said.labels)
    return (
        f"Drawn up: {said.drawn} in {said.volume} of {said.strength} (lot {lots}), "
        f"to {said.bag}, pump at {said.rate}"
    )


@sentence_of.register(DoseChecked)
@sentence_of.register(DoseCheckedAtOneRate)
def _(said: AnyCheck) -> str:
    if said.agrees:
        return "Double-checked by a second person: agrees"
    return f"Double-checked by a second person: does NOT agree: {'; '.join(said.disagreements)}"


@sentence_of.register
def _(said: TimeOutHeld) -> str:
    return f"Time-out held with {said.second_person_name}"


@sentence_of.register
def _(said: InfusionStarted) -> str:
    return f"Infusion started at {said.rate}, pump {said.pump}, cannula {said.cannula_site}"


@sentence_of.register
def _(said: RateChanged) -> str:
    return f"Rate changed to {said.rate}{_because(said.reason)}"


@sentence_of.register
def _(said: InfusionPaused) -> str:
    return f"Paused{_because(said.reason)}"


@sentence_of.register
def _(said: BagReplaced) -> str:
    lots = " and ".join(vial.label.lot for vial in said.vials)
    missing = f", {said.missing} missing" if said.missing.mcg else ""
    return (
        f"Bag changed ({words(said.cause)}) with {said.second_person_name}: "
        f"of the old one {said.given} given, "
        f"{said.measured} measured, {said.wasted} wasted{missing}; new one {said.drawn} in {said.volume} "
        f"(lot {lots}), to {said.bag}{_because(said.explanation)}"
    )


@sentence_of.register
def _(said: InfusionResumed) -> str:
    return f"Resumed at {said.rate}"


@sentence_of.register
def _(said: InfusionStopped) -> str:
    pump = f"; pump says {said.pump_volume}" if said.pump_volume else ""
    return f"Stopped, {words(said.reason)}{_because(said.note)}{pump}"


@sentence_of.register
def _(said: SignsCharted) -> str:
    source = " (from the monitor)" if said.source == "monitor" else ""
    return f"{signs_in_words(said.signs)}{source}"


@sentence_of.register
def _(said: CheckDeferred) -> str:
    span = f"from {clinic_time(said.due_at)} to {clinic_time(said.until_at)}"
    return f"Check deferred {span}: {deferral_words(said)}"


@sentence_of.register
def _(said: EventRecorded) -> str:
    grade = f", grade {said.grade}" if said.grade is not None else ""
    return f"{words(said.event).capitalize()}{grade}{_because(said.note)}"


@sentence_of.register
def _(said: NoteWritten) -> str:
    return said.text


@sentence_of.register(RescueGiven)
@sentence_of.register(RescueGivenInWords)
def _(said: RescueGiven | RescueGivenInWords) -> str:
    given = f"{said.drug} {said.dose} {said.route} given"
    return f"{given}, ordered by {said.ordered_by_name}{_because(said.reason)}"


@sentence_of.register
def _(said: PressureDecided) -> str:
    reading = signs_in_words(Signs(systolic=said.systolic, diastolic=said.diastolic))
    note = f". {said.note}" if said.note else ""
    return f"On {reading}, {said.decided_by_name} decided: {CHOICES[said.choice].lower()}{note}"


@sentence_of.register
def _(said: DeviceAssociated) -> str:
    instead = f", in the place of {said.replaces}" if said.replaces else ""
    return f"{said.instrument.capitalize()} {said.device} is on this patient{instead}"


@sentence_of.register
def _(said: DeviceReleased) -> str:
    return f"{said.instrument.capitalize()} {said.device} taken off this patient{_because(said.reason)}"


@sentence_of.register
def _(said: HandoverOffered) -> str:
    told = "; ".join(f"{name.lower()}: {text}" for name, text in handover_parts(said) if text)
    return f"Handover offered to {said.to_name}{_because(told)}"


@sentence_of.register
def _(said: HandoverAccepted) -> str:
    return f"Handover from {said.before_name} accepted"


@sentence_of.register
def _(said: HandoverDeclined) -> str:
    return f"Handover from {said.offered_by_name} declined{_because(said.reason)}"


@sentence_of.register
def _(said: HandoverWithdrawn) -> str:
    return f"Offer of the handover to {said.to_name} withdrawn{_because(said.reason)}"


@sentence_of.register
def _(said: HandoverTakenOver) -> str:
    return f"Taken over from {said.before_name} without an offer{_because(said.reason)}"


@sentence_of.register
def _(said: MarkedInError) -> str:
    return "Marked as made in error"


@sentence_of.register
def _(said: CallMade) -> str:
    return f"Called, {'reached' if said.reached else 'not reached'}: {said.note}"


@sentence_of.register(DischargeSigned)
@sentence_of.register(DischargeSignedWithoutTimes)
def _(said: DischargeSigned | DischargeSignedWithoutTimes) -> str:
    how = "Left against advice" if said.against_advice else "Discharged"
    return f"{how} with {said.received_by}, signed by {said.signature.printed_name}"


@sentence_of.register
def _(said: AssessmentRecorded) -> str:
    score = f"{plain(said.total)}" if said.total is not None else "not scored, an answer is missing"
    band = f" ({said.band})" if said.band else ""
    return f"{scale(said.scale).short}: {score}{band}"


@sentence_of.register
def _(said: RiskAnswered) -> str:
    return f"Answer that alerts was acted on: {said.action}"


@sentence_of.register
def _(said: ResponseJudged) -> str:
    fall = f", {plain(said.fall_percent)} % lower" if said.fall_percent is not None else ""
    return f"{scale(said.scale).short}: response {said.response}, remission {said.remission}{fall}"


@sentence_of.register(MaintenancePlanned)
@sentence_of.register(MaintenancePlannedOpenEnded)
def _(said: MaintenancePlanned | MaintenancePlannedOpenEnded) -> str:
    ends = f", towards an end on {clinic_date(said.ends_date)}" if said.ends_date else ""
    return f"Maintenance: every {said.interval}, next due {clinic_date(said.next_due_date)}{ends}"


@sentence_of.register
def _(said: CheckRecorded) -> str:
    note = f": {said.note}" if said.note else ""
    return f"{CHECK_WORDS[said.what]} of {clinic_date(said.done_date)}: {said.finding}{note}"


# The kinds of the drug ledger and of alerts are said in modules of their own.
for _say in (*sentences_custody.SENTENCES, *sentences_alerts.SENTENCES):
    sentence_of.register(_say)
