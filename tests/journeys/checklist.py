"""Filling in the checklist of a screening in the browser."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from playwright.sync_api import Page

from evenkeel.clinical.workup import TESTS
from tests.journeys.person import labelled

# What a patient with nothing against them answers to the questions whose safe answer is yes.
SAFE_YES: Final = ("Has a qualified assessor confirmed the diagnosis?",)
TRIALS: Final = (
    ("sertraline", "200 mg", "10", "No effect"),
    ("venlafaxine", "225 mg", "8", "Too little effect"),
)
MEASURES: Final = {
    "Weight, measured": "70",
    "Height, measured": "168",
    "STOP-Bang points": "1",
    "Systolic pressure at rest": "124",
    "Diastolic pressure at rest": "78",
}


def choose(page: Page, question: str, answer: str) -> None:
    """Give one answer to one question."""
    group = page.get_by_role("group", name=labelled(question))
    group.get_by_label(answer, exact=True).check()


def fill_in(
    page: Page,
    day: date,
    *,
    answers: Mapping[str, str] | None = None,
    trials: tuple[tuple[str, str, str, str], ...] = TRIALS,
    measures: Mapping[str, str] | None = None,
) -> None:
    """Fill everything in: nothing against the patient, but for what is given. `day` is that of every test."""
    for question in SAFE_YES:
        choose(page, question, "Yes")
    for question, answer in (answers or {}).items():
        choose(page, question, answer)
    for number, (drug, dose, weeks, result) in enumerate(trials, start=1):
        line = f"Treatment tried {number}"
        page.get_by_label(labelled(f"{line}: drug")).fill(drug)
        page.get_by_label(labelled(f"{line}: highest dose")).fill(dose)
        page.get_by_label(labelled(f"{line}: weeks")).fill(weeks)
        page.get_by_label(labelled(f"{line}: result")).select_option(label=result)
    for test in TESTS.values():
        applies = not test.may_not_apply
        group = page.get_by_role("group", name=labelled(test.label))
        if not group.locator("input:checked").count():
            group.get_by_label(test.normal if applies else "Does not apply", exact=True).check()
        if applies:
            page.get_by_label(labelled(f"{test.label}: day")).fill(day.isoformat())
    for label, number_written in {**MEASURES, **(measures or {})}.items():
        page.get_by_label(labelled(label)).fill(number_written)
    unanswered = page.locator("fieldset:has(input[value=unknown]):not(:has(input:checked))")
    for _ in range(unanswered.count()):
        unanswered.first.get_by_label("No", exact=True).check()
