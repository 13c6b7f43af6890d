"""Check-in: the limits as the sources in `clinical/rules/sources.toml` and the proposals state them."""

from typing import Any

from evenkeel.clinical.checkin import QUESTIONS, Arrival, CheckInFacts
from evenkeel.record.screening import Tri
from evenkeel.values.quantities import Hours, Pressure, Saturation, Weight
from tests.rules.case import Case
from tests.rules.records import ESCORT, SIGNS, changed

ALWAYS_KNOWN = {
    "CHK-CON-001": "the record always says whether a consent stands",
    "CHK-SCR-001": "the record always says whether a screening was accepted",
}

SAFE: dict[str, Tri] = {question.key: question.safe for question in QUESTIONS}
FACTS = CheckInFacts(
    name_and_birth_date_agree="yes",
    record_number_agrees="yes",
    escort=ESCORT,
    hours_since_clear_fluid=Hours.of(3),
    hours_since_light_meal=Hours.of(8),
    weight=Weight.of(80),
    weight_measured_today="yes",
    answers=SAFE,
    signs=SIGNS,
)
ARRIVAL = Arrival(facts=FACTS, previous_weight=Weight.of(80), consent_stands=True, screened_fit=True)


def arrival(**changes: Any) -> Arrival:
    """An arrival with nothing against it, and what a case changes in the facts."""
    return changed(ARRIVAL, facts=changed(FACTS, **changes))


def weights(now: str | None, before: str | None) -> Arrival:
    """A weight beside the last one."""
    read = {name: None if raw is None else Weight.of(raw) for name, raw in (("now", now), ("before", before))}
    return changed(arrival(weight=read["now"]), previous_weight=read["before"])


def pressure(systolic: int | None, diastolic: int | None) -> Arrival:
    """An arrival with this resting pressure."""
    signs = changed(
        SIGNS,
        systolic=None if systolic is None else Pressure.of(systolic),
        diastolic=None if diastolic is None else Pressure.of(diastolic),
    )
    return arrival(signs=signs)


def fluid(hours: str | None) -> Arrival:
    """Hours since clear fluid."""
    return arrival(hours_since_clear_fluid=None if hours is None else Hours.of(hours))


def meal(hours: str | None) -> Arrival:
    """Hours since a light meal."""
    return arrival(hours_since_light_meal=None if hours is None else Hours.of(hours))


def escort(**changes: Any) -> Arrival:
    """An arrival with another escort."""
    return arrival(escort=changed(ESCORT, **changes))


def question_cases() -> list[Case]:
    """For every question, each of which asks for a danger: yes, no, "unknown" and no answer at all."""
    cases = []
    for question in QUESTIONS:
        rest = {key: answer for key, answer in SAFE.items() if key != question.key}
        asked = question.subject
        answers: tuple[tuple[Tri, Any, tuple[str, ...]], ...] = (
            ("yes", "fires", (f"{asked}: yes",)),
            ("no", "clear", ()),
            ("unknown", "unknown", (asked,)),
        )
        for answer, expected, says in answers:
            subject = arrival(answers={**rest, question.key: answer})
            cases.append(Case(question.rule, "other", subject, expected, answer, says=says))
        unasked = arrival(answers=rest)
        cases.append(Case(question.rule, "missing", unasked, "unknown", "not asked", says=(asked,)))
    return cases


CASES = [
    *question_cases(),
    Case("CHK-ID-001", "other", ARRIVAL, "clear"),
    Case(
        "CHK-ID-001",
        "other",
        arrival(name_and_birth_date_agree="no"),
        "fires",
        "name",
        says=("name and birth date agree: no",),
    ),
    Case(
        "CHK-ID-001",
        "other",
        arrival(record_number_agrees="no"),
        "fires",
        "number",
        says=("record number agrees: no",),
    ),
    Case(
        "CHK-ID-001",
        "missing",
        arrival(record_number_agrees="unknown"),
        "unknown",
        "one identifier",
        says=("record number agrees",),
    ),
    Case(
        "CHK-ID-001",
        "missing",
        arrival(name_and_birth_date_agree="no", record_number_agrees="unknown"),
        "fires",
        "one wrong, one unknown",
        says=("name and birth date agree: no",),
    ),
    Case("CHK-CON-001", "other", ARRIVAL, "clear"),
    Case("CHK-CON-001", "other", changed(ARRIVAL, consent_stands=False), "fires"),
    Case("CHK-SCR-001", "other", ARRIVAL, "clear"),
    Case("CHK-SCR-001", "other", changed(ARRIVAL, screened_fit=False), "fires"),
    Case("CHK-ESC-001", "other", ARRIVAL, "clear"),
    Case("CHK-ESC-001", "other", escort(confirmed="no"), "fires", says=("escort confirmed: no",)),
    Case("CHK-ESC-001", "missing", escort(confirmed="unknown"), "unknown", says=("escort confirmed",)),
    Case("CHK-ESC-001", "missing", escort(name=" "), "unknown", "no name", says=("escort's name",)),
    Case(
        "CHK-ESC-001",
        "missing",
        escort(phone=""),
        "unknown",
        "no number",
        says=("escort's telephone number",),
    ),
    # ASA 2017: clear liquids 2 h, light meal 6 h.
    Case("CHK-FST-001", "below", fluid("1.9"), "fires", says=("1.9 h since the last clear fluid",)),
    Case("CHK-FST-001", "at", fluid("2"), "clear"),
    Case("CHK-FST-001", "above", fluid("2.1"), "clear"),
    Case("CHK-FST-001", "missing", fluid(None), "unknown", says=("time since the last clear fluid",)),
    Case("CHK-FST-002", "below", meal("5.9"), "fires", says=("5.9 h since the last light meal",)),
    Case("CHK-FST-002", "at", meal("6"), "clear"),
    Case("CHK-FST-002", "above", meal("6.1"), "clear"),
    Case("CHK-FST-002", "missing", meal(None), "unknown", says=("time since the last light meal",)),
    Case("CHK-WGT-001", "other", ARRIVAL, "clear"),
    Case(
        "CHK-WGT-001",
        "other",
        arrival(weight_measured_today="no"),
        "fires",
        says=("weight measured today: no",),
    ),
    Case(
        "CHK-WGT-001",
        "missing",
        arrival(weight_measured_today="unknown"),
        "unknown",
        says=("whether the weight was measured today",),
    ),
    Case("CHK-WGT-001", "missing", arrival(weight=None), "unknown", "no weight", says=("weight",)),
    # More than 10 % off the last: from 80 kg that is below 72 or above 88.
    Case("CHK-WGT-002", "below", weights("87.9", "80"), "clear"),
    Case("CHK-WGT-002", "at", weights("88", "80"), "clear", "up"),
    Case("CHK-WGT-002", "at", weights("72", "80"), "clear", "down"),
    Case(
        "CHK-WGT-002",
        "above",
        weights("88.1", "80"),
        "fires",
        "up",
        says=("88.1 kg today, 80 kg last time: 10.1 % off",),
    ),
    Case(
        "CHK-WGT-002",
        "above",
        weights("71.9", "80"),
        "fires",
        "down",
        says=("71.9 kg today, 80 kg last time: 10.1 % off",),
    ),
    Case(
        "CHK-WGT-002",
        "above",
        weights("176.4", "80"),
        "fires",
        "pounds for kilograms",
        says=("176.4 kg today, 80 kg last time: 120.5 % off",),
    ),
    Case(
        "CHK-WGT-002", "missing", weights("80", None), "unknown", "first visit", says=("an earlier weight",)
    ),
    Case("CHK-WGT-002", "missing", weights(None, "80"), "unknown", "not weighed", says=("weight",)),
    Case("CHK-WGT-003", "below", weights("39.9", "40"), "fires", "least", says=("weight 39.9 kg",)),
    Case("CHK-WGT-003", "at", weights("40", "40"), "clear", "least"),
    Case("CHK-WGT-003", "at", weights("200", "200"), "clear", "most"),
    Case("CHK-WGT-003", "above", weights("200.1", "200"), "fires", "most"),
    Case("CHK-WGT-003", "missing", weights(None, None), "unknown", says=("weight",)),
    Case("CHK-WGT-004", "below", weights("24.9", "25"), "fires", "least"),
    Case("CHK-WGT-004", "at", weights("25", "25"), "clear", "least"),
    Case("CHK-WGT-004", "at", weights("350", "350"), "clear", "most"),
    Case("CHK-WGT-004", "above", weights("350.1", "350"), "fires", "most", says=("weight 350.1 kg",)),
    Case("CHK-WGT-004", "above", weights("702", "70.2"), "fires", "times ten"),
    Case("CHK-WGT-004", "below", weights("7.02", "70.2"), "fires", "through ten"),
    Case("CHK-WGT-004", "missing", weights(None, None), "unknown", says=("weight",)),
    # Swiss SmPC: above 180/100.
    Case("CHK-BP-001", "below", pressure(179, 99), "clear"),
    Case("CHK-BP-001", "at", pressure(180, 100), "clear"),
    Case("CHK-BP-001", "above", pressure(181, 80), "fires", "systolic", says=("systolic pressure 181 mmHg",)),
    Case(
        "CHK-BP-001", "above", pressure(120, 101), "fires", "diastolic", says=("diastolic pressure 101 mmHg",)
    ),
    Case("CHK-BP-001", "missing", pressure(None, 80), "unknown", says=("systolic pressure",)),
    # CTCAE grade 3 begins at 160/100.
    Case("CHK-BP-002", "below", pressure(159, 99), "clear"),
    Case("CHK-BP-002", "at", pressure(160, 80), "fires", "systolic"),
    Case("CHK-BP-002", "at", pressure(120, 100), "fires", "diastolic"),
    Case(
        "CHK-BP-002",
        "above",
        pressure(161, 101),
        "fires",
        says=("systolic pressure 161 mmHg", "diastolic pressure 101 mmHg"),
    ),
    Case("CHK-BP-002", "missing", pressure(120, None), "unknown", says=("diastolic pressure",)),
    # Esketamine label: above 140/90.
    Case("CHK-BP-003", "below", pressure(139, 89), "clear"),
    Case("CHK-BP-003", "at", pressure(140, 90), "clear"),
    Case("CHK-BP-003", "above", pressure(141, 80), "fires", "systolic", says=("systolic pressure 141 mmHg",)),
    Case("CHK-BP-003", "above", pressure(120, 91), "fires", "diastolic"),
    Case(
        "CHK-BP-003",
        "missing",
        pressure(None, None),
        "unknown",
        says=("systolic pressure", "diastolic pressure"),
    ),
    Case(
        "CHK-OX-001",
        "below",
        arrival(signs=changed(SIGNS, spo2=Saturation.of(93))),
        "fires",
        says=("saturation 93 %",),
    ),
    Case("CHK-OX-001", "at", arrival(signs=changed(SIGNS, spo2=Saturation.of(94))), "clear"),
    Case("CHK-OX-001", "above", arrival(signs=changed(SIGNS, spo2=Saturation.of(95))), "clear"),
    Case(
        "CHK-OX-001",
        "missing",
        arrival(signs=changed(SIGNS, spo2=None)),
        "unknown",
        says=("oxygen saturation",),
    ),
    Case(
        "CHK-ID-001",
        "other",
        arrival(name_and_birth_date_agree="no", record_number_agrees="no"),
        "fires",
        "both wrong",
        says=("name and birth date agree: no", "record number agrees: no"),
    ),
    Case(
        "CHK-ID-001",
        "missing",
        arrival(name_and_birth_date_agree="unknown"),
        "unknown",
        "a number alone",
        says=("name and birth date agree",),
    ),
    Case(
        "CHK-ESC-001",
        "other",
        escort(confirmed="no", name="", phone=""),
        "fires",
        "no escort at all",
        says=("escort confirmed: no",),
    ),
    Case(
        "CHK-ESC-001",
        "missing",
        escort(confirmed="unknown", name="", phone=" "),
        "unknown",
        "nothing is known",
        says=("escort confirmed", "escort's name", "escort's telephone number"),
    ),
    Case(
        "CHK-WGT-001",
        "other",
        arrival(weight_measured_today="no", weight=None),
        "fires",
        "not weighed at all",
        says=("weight measured today: no",),
    ),
    Case(
        "CHK-WGT-002",
        "missing",
        weights("80", "0"),
        "unknown",
        "an earlier weight of nothing",
        says=("an earlier weight",),
    ),
    Case(
        "CHK-BP-001",
        "above",
        pressure(None, 101),
        "fires",
        "half a reading is enough",
        says=("diastolic pressure 101 mmHg",),
    ),
]
