"""A screening as plain values: what it came to, why, and what was written down."""

from datetime import date
from typing import Any, Final

from django.urls import reverse

from evenkeel.clinical.medicine_classes import Listed, MedicineClass
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.clinical.screening import only_waits, valid_until, waits_until
from evenkeel.clinical.workup import STOP_BANG_MAX, TESTS
from evenkeel.journey.rules import book, clinic_day
from evenkeel.journey.screening import ScreeningDecision
from evenkeel.record.courses import CourseState
from evenkeel.record.screening import (
    Checklist,
    ScreeningOutcome,
    ScreeningRecorded,
    ScreeningWithTrialsCounted,
    WorkupLine,
)
from evenkeel.record.state import Written
from evenkeel.values.ids import reference_of
from evenkeel.values.quantities import Pressure
from evenkeel.web.jinja import clinic_date, clinic_datetime
from evenkeel.web.screening_form import RESULT_WORDS
from evenkeel.web.verdicts import BASIS_WORDS, findings, in_the_way, reasons_of

OUTCOME_WORDS: Final[dict[ScreeningOutcome, tuple[str, str]]] = {
    "fit": ("Fit", "ok"),
    "needs_prescriber": ("Needs prescriber", "medium"),
    "not_today": ("Not today", "stopped"),
}
DECISION_WORDS: Final[dict[ScreeningDecision, str]] = {
    "accept": "Accept for treatment",
    "postpone": "Postpone",
    "decline": "Decline",
}


def result(state: CourseState) -> dict[str, Any]:
    """What the last checklist came to, with every answer of the rules and the decision on it."""
    screening, decision = state.screening, state.screening_decision
    assert screening is not None, "a result is shown of a screening that was done"
    recorded = screening.payload
    words, tone = OUTCOME_WORDS[recorded.outcome]
    shown = findings(book(), recorded.verdicts)
    return {
        "outcome": recorded.outcome,
        "words": words,
        "tone": tone,
        "at": screening.at,
        "by": screening.by.printed_name,
        "note": recorded.note,
        "pressure": pressure_words(recorded.systolic, recorded.diastolic),
        "again": _again(book(), screening),
        "valid_until": valid_until(book(), clinic_day(screening.at)),
        "asking": [found for found in shown if found["outcome"] != "clear"],
        "cleared": [found for found in shown if found["outcome"] == "clear"],
        "waits": bool(in_the_way(recorded.verdicts)) and decision is None,
        "fit": state.is_screened_fit,
        "written": written(recorded.checklist) if isinstance(recorded, ScreeningRecorded) else [],
        "risk_url": _risk_url(state),
        "decision": {
            "words": DECISION_WORDS[decision.payload.decision],
            "decision": decision.payload.decision,
            "reason": decision.payload.reason,
            "overrides": reasons_of(book(), decision.payload.overrides),
            "signature": decision.payload.signature,
        }
        if decision
        else None,
    }


def _again(
    rulebook: Rulebook, screening: Written[ScreeningRecorded] | Written[ScreeningWithTrialsCounted]
) -> str | None:
    """When a patient who only has to wait may come again; None when something else stands in the way."""
    recorded, day = screening.payload, clinic_day(screening.at)
    if not isinstance(recorded, ScreeningRecorded) or not only_waits(rulebook, recorded.verdicts, day):
        return None
    until = waits_until(rulebook, recorded.checklist, screening.at, day)
    if until is None:
        return "The door is shut for a time only. For how long is not known: ask when the last one was."
    return f"The door is shut for a time only. Screen the patient again from {clinic_datetime(until)}."


def _risk_url(state: CourseState) -> str | None:
    """Where somebody says what was done about thoughts of suicide on the last checklist, while it is open."""
    for fact in state.open_screening_risks:
        if state.screening is not None and fact.id == state.screening.id:
            return reverse("risk", args=[reference_of(state.stream), fact.seq])
    return None


def written(checklist: Checklist) -> list[dict[str, Any]]:
    """Trials, work-up and measures, as rows of a summary."""
    rows: list[dict[str, Any]] = [
        {
            "key": each.drug,
            "value": f"{each.dose or 'dose not recorded'}, {weeks}, {RESULT_WORDS[each.result].lower()}",
        }
        for each in checklist.trials
        for weeks in [f"{each.weeks} weeks" if each.weeks is not None else "weeks not recorded"]
    ]
    if checklist.no_trials:
        rows.append({"key": "Treatments tried", "value": "none, asked"})
    rows += [
        {"key": test.label, "value": _workup_words(key, checklist.workup.get(key))}
        for key, test in TESTS.items()
    ]
    points = checklist.stop_bang
    measures = {
        "Weight": checklist.weight,
        "Height": checklist.height,
        "STOP-Bang": None if points is None else f"{points} of {STOP_BANG_MAX} points",
    }
    rows += [{"key": key, "value": None if value is None else str(value)} for key, value in measures.items()]
    return rows


def _workup_words(key: str, line: WorkupLine | None) -> str | None:
    if line is None or line.result == "unknown":
        return None
    test = TESTS[key]
    words = {
        "normal": test.normal,
        "abnormal": test.abnormal,
        "not_done": "Not done",
        "does_not_apply": "Does not apply",
    }[line.result]
    return f"{words}, {clinic_date(line.done_date)}" if line.done_date else words


def medicine_rows(rulebook: Rulebook, medicines: tuple[Listed, ...]) -> list[dict[str, Any]]:
    """Each medicine of the list with what its classes do and how they are handled."""
    return [
        {
            "name": each.medicine.name,
            "dose": each.medicine.dose,
            "classes": [_class_words(rulebook, of) for of in each.classes],
        }
        for each in medicines
    ]


def _class_words(rulebook: Rulebook, of: MedicineClass) -> dict[str, str]:
    cited = "; ".join(rulebook.sources[key] for key in of.cite)
    return {
        "label": of.label,
        "words": f"{of.effect} {of.handling}",
        "source": " · ".join(filter(None, (BASIS_WORDS[of.basis].capitalize(), cited))),
    }


def pressure_words(systolic: Pressure | None, diastolic: Pressure | None) -> str | None:
    """A blood pressure as it is read aloud; None unless both halves are known."""
    if systolic is None or diastolic is None:
        return None
    return f"{systolic.number}/{diastolic}"


def is_offered(rulebook: Rulebook, indication: str, on: date) -> bool:
    """Whether this clinic offers an indication on a day."""
    return indication in rulebook.limits("SCR-IND-001", on).offered
