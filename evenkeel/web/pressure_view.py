"""What stands beside a pressure alert: what rise is usual, and what was decided on this one."""

from datetime import datetime
from typing import Any

from evenkeel.clinical import infusion as rules
from evenkeel.clinical.infusion.facts import PressureReading
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.journey.rules import clinic_day
from evenkeel.record.alerts import AlertsState
from evenkeel.record.infusion import PressureDecided
from evenkeel.record.visits import VisitState
from evenkeel.web.jinja import clinic_time
from evenkeel.web.verdicts import BASIS_WORDS, source_of


def rises(book: Rulebook) -> list[dict[str, str]]:
    """Each fact about the usual rise, with its source and how well it is known."""
    return [
        {
            "text": rise.text,
            "source": f"{book.sources[rise.cite.key]}: {rise.cite.locator} ({BASIS_WORDS[rise.basis]})",
        }
        for rise in rules.EXPECTED_RISES
    ]


def watching_rule(book: Rulebook, at: datetime) -> dict[str, Any]:
    """When a high pressure may be watched, with the limits of the day."""
    return source_of(book, "INF-BP-006", clinic_day(at))


def reading_words(reading: PressureReading) -> str:
    """A pressure and when it was charted: "178/98 mmHg at 10:50"."""
    high, low = (str(each.number) if each else "?" for each in (reading.systolic, reading.diastolic))
    return f"{high}/{low} mmHg, charted at {clinic_time(reading.at)}."


def beside_alerts(
    book: Rulebook, state: VisitState, alerts: AlertsState, at: datetime
) -> dict[str, Any] | None:
    """What to show while a pressure alert stands; None while none does.

    `decided` is what somebody chose since the last pressure was charted, None while nobody has.
    """
    if not any(alert.goes_on and alert.rule.rule.startswith("INF-BP") for alert in alerts.open):
        return None
    last, decided = rules.latest_pressure(state, at), state.latest(PressureDecided)
    is_on_this = decided is not None and last is not None and decided.at >= last.at
    return {"rises": rises(book), "decided": _words(decided.payload) if decided and is_on_this else None}


def _words(said: PressureDecided) -> str:
    symptoms = {"yes": "with symptoms", "no": "no symptoms", "unknown": "symptoms not asked"}[said.symptoms]
    return f"{said.decided_by_name}: {rules.CHOICES[said.choice].lower()} ({symptoms})."
