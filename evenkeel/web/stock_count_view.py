"""Counts, closed days and cases as plain values for pages: amounts in vials and mg, ages, and what is due."""

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from django.urls import reverse

from evenkeel.custody.counts import form_106_due, notice_due
from evenkeel.journey.custody.cases import is_reportable
from evenkeel.journey.rules import clinic_time
from evenkeel.record.counting import CaseState, CountLine, CountRecorded, DayClosed
from evenkeel.record.custody import Account, Item
from evenkeel.record.state import Written
from evenkeel.store import reading
from evenkeel.store.queries import counting
from evenkeel.store.queries.custody import CaseLine
from evenkeel.values.drug import DrugMass, to_decimal
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.numbers import plain
from evenkeel.web.custody_words import amount_words, count_words, mg_words, place_words
from evenkeel.web.jinja import clinic_date, clinic_datetime
from evenkeel.web.stock_sheet import PURPOSE_WORDS

OUTCOME_WORDS = {
    "recounted": "counted again, nothing differs",
    "misrecorded": "wrongly recorded, corrected",
    "found": "found",
    "lost": "lost",
}


def day_words(day: date) -> str:
    """A day with its weekday: "Mon 8 Jun 2026"."""
    return f"{day:%a} {clinic_date(day)}"


def moment_words(moment: datetime) -> str:
    """A moment with its weekday, in the clinic's time: "Mon 8 Jun 2026, 14:05"."""
    return f"{clinic_time(moment):%a} {clinic_datetime(moment)}"


def where_words(account: Account) -> str:
    """Where an account is, to begin a line with: "Cabinet", "Vial K-2231-1"."""
    words = place_words(account)
    return f"{words[0].upper()}{words[1:]}"


def volume_words(item: Item, mass: DrugMass) -> str:
    """The volume of so much drug: "9.3 mL"."""
    return f"{plain(to_decimal(Fraction(mass.mcg, item.strength.mcg_per_ml), 3))} mL"


def held_words(account: Account, item: Item, mass: DrugMass) -> str:
    """An amount as it is counted there: "3 vials, 1,500 mg" sealed, "465 mg (9.3 mL)" where it was opened."""
    if account.place in ("safe", "cabinet"):
        return amount_words(item, mass)
    return f"{mg_words(mass)} ({volume_words(item, mass)})"


def difference_words(account: Account, item: Item, mcg: int) -> str:
    """What differs: "1 vial, 500 mg missing"."""
    if not mcg:
        return "Agrees"
    return f"{held_words(account, item, DrugMass(mcg=abs(mcg)))} {'missing' if mcg < 0 else 'too much'}"


def difference_tone(mcg: int) -> str:
    """The shape beside it."""
    return "ok" if not mcg else "high" if mcg < 0 else "medium"


def visit_words(visit: StreamId) -> str:
    """Which visit it is by time and chair; nobody is named, since a count may be read by many."""
    place = counting.visit_place(visit)
    return (
        f"Visit of {clinic_datetime(place.starts_at)}, {place.chair}" if place else "Visit not in the diary"
    )


# --- counts -------------------------------------------------------------------------------------------------


def line(site: str, fact: Written[CountRecorded]) -> dict[str, Any]:
    """A count in the list."""
    said = fact.payload
    differs = len(said.variances)
    return {
        "at": clinic_datetime(fact.at),
        "url": reverse("stock_count_result", kwargs={"site": site, "seq": fact.seq}),
        "purpose": PURPOSE_WORDS[said.purpose],
        "who": f"{fact.by.printed_name} and {said.second_name}",
        "lines": str(len(said.lines)),
        "words": f"{count_words(differs, 'difference')}" if differs else "Agrees",
        "tone": "high" if differs else "ok",
    }


def day_line(fact: Written[DayClosed]) -> dict[str, Any]:
    """A closed day in the list."""
    said = fact.payload
    return {
        "day": day_words(said.day),
        "at": clinic_datetime(fact.at),
        "who": f"{fact.by.printed_name} and {said.second_name}",
    }


def result(site: str, fact: Written[CountRecorded]) -> dict[str, Any]:
    """A count with every line, and what was in use while it was made."""
    said = fact.payload
    in_use = counting.in_use(site, at=fact.history[0].recorded_at)
    return {
        "heading": PURPOSE_WORDS[said.purpose],
        "at": clinic_datetime(fact.at),
        "who": f"{fact.by.printed_name} and {said.second_name}",
        "note": said.note or None,
        "lines": [_result_line(fact, each) for each in said.lines],
        "differs": len(said.variances),
        "in_use": [
            f"{each.lot.item.label}, lot {each.lot.item.lot}: {mg_words(each.mass)}. "
            f"{visit_words(each.visit)}"
            for each in in_use
        ],
    }


def _result_line(fact: Written[CountRecorded], each: CountLine) -> dict[str, Any]:
    told = _told_by(fact, each) if each.difference_mcg else None
    return {
        "where": where_words(each.account),
        "what": f"{each.item.label}, lot {each.item.lot}",
        "expected": held_words(each.account, each.item, each.expected),
        "found": held_words(each.account, each.item, each.found),
        "words": difference_words(each.account, each.item, each.difference_mcg),
        "tone": difference_tone(each.difference_mcg),
        "case_url": case_url(told[0].stream) if told else None,
        "case_words": told[1] if told else None,
    }


def _told_by(fact: Written[CountRecorded], each: CountLine) -> tuple[CaseLine, str] | None:
    """The case that a line opened, or else the one that told of it when the count was made."""
    known = counting.cases_of(each.lot, place=each.account.place, ref=each.account.ref)
    for case in known:
        if reading.case(case.stream).opened.payload.count == fact.id:
            return case, "Case opened"
    for case in known:
        if case.discovered_at <= fact.at and (case.closed_at is None or case.closed_at > fact.at):
            return case, "An open case told of it already"
    return None


# --- cases --------------------------------------------------------------------------------------------------


def case_url(case: StreamId) -> str:
    """The address of a case."""
    return reverse("stock_case", args=[reference_of(case)])


def age_words(discovered_at: datetime, until: datetime) -> str:
    """How old a case is in days of the clinic: "today", "1 day", "12 days"."""
    days = (clinic_time(until).date() - clinic_time(discovered_at).date()).days
    return count_words(days, "day") if days else "today"


def clock(state: CaseState, at: datetime) -> list[dict[str, Any]]:
    """What is due by law and what was done, each as key, words and tone; empty where nothing is."""
    if not is_reportable(state) and state.notice is None and state.form is None:
        return []
    discovered_at = clinic_time(state.opened.payload.discovered_at)
    notice, form = state.notice, state.form
    return [
        {
            "key": "Written notice to the field office",
            "short": "Notice",
            **_due(
                state,
                f"Sent on {clinic_date(notice.payload.sent_date)}" if notice else None,
                notice_due(discovered_at),
                at,
            ),
        },
        {
            "key": "Form 106",
            "short": "Form 106",
            **_due(
                state,
                f"Filed on {clinic_date(form.payload.filed_date)}" if form else None,
                form_106_due(discovered_at),
                at,
            ),
        },
    ]


def _due(state: CaseState, done: str | None, due_at: datetime, at: datetime) -> dict[str, str]:
    if done is not None:
        return {"value": done, "tone": "ok"}
    if state.not_significant is not None:
        return {"value": "Not due: judged not significant", "tone": "neutral"}
    if not is_reportable(state):
        return {"value": "Not due: nothing is lost", "tone": "neutral"}
    if at <= due_at:
        return {"value": f"Due by {moment_words(due_at)}", "tone": "due"}
    late = age_words(due_at, at)
    by = "since today" if late == "today" else f"by {late}"
    return {"value": f"Overdue {by}; it was due {moment_words(due_at)}", "tone": "late"}


def _first_lower(words: str) -> str:
    return f"{words[0].lower()}{words[1:]}"


def case_line(state: CaseState, at: datetime) -> dict[str, Any]:
    """A case in the list."""
    opened, closed = state.opened.payload, state.closed
    waits = [
        {"words": f"{each['short']} {_first_lower(each['value'].partition(';')[0])}", "tone": each["tone"]}
        for each in clock(state, at)
        if each["tone"] in ("due", "late")
    ]
    return {
        "url": case_url(state.stream),
        "what": difference_words(opened.account, opened.item, state.difference_mcg),
        "tone": "neutral" if closed else difference_tone(state.difference_mcg),
        "drug": f"{opened.item.label}, lot {opened.item.lot}",
        "where": where_words(opened.account),
        "where_inside": place_words(opened.account),
        "at": clinic_datetime(opened.discovered_at),
        "age": age_words(opened.discovered_at, closed.at if closed else at),
        "owner": state.owner[1],
        "state": f"Closed: {OUTCOME_WORDS[closed.payload.outcome]}" if closed else "Open",
        "state_tone": "ok" if closed else "now",
        "waits": waits,
    }
