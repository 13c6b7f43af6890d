"""Reports of the drug ledger: choose one and what it is about, read it in pages, or take it away as a file.

Questions are sent as forms, since a patient's or a person's name must not stand in an address.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final, Literal, get_args

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from django.utils.html import format_html

from evenkeel.journey.rules import clinic_day, clinic_midnight
from evenkeel.store import sites
from evenkeel.store.queries import access_log, custody_reports, people
from evenkeel.store.queries.custody_reports import Asked
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue
from evenkeel.web import pages
from evenkeel.web.custody_cells import Cell, Column, Sheet, shown
from evenkeel.web.custody_export import (
    FOR_AN_INSPECTION,
    PDF_LINES_MAX,
    Export,
    as_csv,
    as_pdf,
    as_zip,
)
from evenkeel.web.custody_sheets import REPORTS, ReportKey
from evenkeel.web.jinja import clinic_date
from evenkeel.web.pages import REFUSED, Page
from evenkeel.web.printing import UnableToPrint

LINES_A_PAGE: Final = 50
# A page number beyond this is no page that anybody was shown.
PAGE_DIGITS_MAX: Final = 6

Period = Literal["last_month", "this_month", "two_years", "dates", "everything"]
PERIODS: Final[Mapping[Period, str]] = {
    "last_month": "Last month",
    "this_month": "This month",
    # Records are kept for at least two years (21 CFR 1304.04), so an inspection may ask for these.
    "two_years": "The last two years",
    "dates": "The dates below",
    "everything": "Everything",
}
EVERY_DRUG: Final = "*"

CHOICES: Final[Mapping[ReportKey, tuple[str, str]]] = {
    "administration": ("Administration log", "Who was given what, when and by whom."),
    "movements": ("Movements", "Every movement, with witness and paper."),
    "balance": ("Perpetual balance", "What was held of each lot after every movement."),
    "reconciliation": ("Reconciliation by lot", "What became of every lot, to the microgram."),
    "counts": ("Counts and inventories", "What two people found, beside what was expected."),
    "cases": ("Differences and losses", "Every case, open or explained."),
    "rates": ("Rates by person", "Waste, corrections and miscounts, with how sure they are."),
}
Filter = Literal["lot", "vial", "patient", "person"]
# What each report can be narrowed down by, beyond time, drug and site.
FILTERS: Final[Mapping[ReportKey, frozenset[Filter]]] = {
    "administration": frozenset(get_args(Filter)),
    "movements": frozenset(get_args(Filter)),
    "balance": frozenset({"lot"}),
    "reconciliation": frozenset({"lot"}),
    "counts": frozenset({"lot", "person"}),
    "cases": frozenset({"lot"}),
    "rates": frozenset({"person"}),
}


NOT_PRINTED: Final = Issue(sentence="The PDF could not be made. Take the CSV.", code="not-printed")


class ReportForm(forms.Form):
    """Which report, and about what."""

    report = forms.ChoiceField(
        label="Report",
        choices=[(key, title) for key, (title, _) in CHOICES.items()],
        widget=forms.RadioSelect,
    )
    period = forms.ChoiceField(label="Time", choices=list(PERIODS.items()))
    first_date = forms.DateField(label="From", required=False, widget=forms.DateInput)
    last_date = forms.DateField(label="To", required=False, widget=forms.DateInput)
    drug = forms.ChoiceField(label="Drug", required=False)
    site = forms.ChoiceField(label="Site", required=False)
    lot = forms.CharField(label="Lot", required=False, max_length=60)
    vial = forms.CharField(
        label="Opened vial", required=False, max_length=80, help_text="Its number, such as K-2231-3."
    )
    patient = forms.CharField(
        label="Patient", required=False, max_length=100, help_text="Part of a name, or a record number."
    )
    person = forms.ChoiceField(label="Person", required=False, help_text="Who moved it or saw it.")
    with_rates = forms.BooleanField(
        label="Put the rates by person into the inspection export", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        drugs = [(drug, drug) for drug in custody_reports.drugs()]
        self._choose(
            "drug", [("", "Every controlled drug"), (EVERY_DRUG, "Every drug in the ledger"), *drugs]
        )
        self._choose("site", [("", "Every site"), *((site.id, site.name) for site in sites.sites())])
        everybody = [(person.id, person.printed_name) for person in people.everybody()]
        self._choose("person", [("", "Everybody"), *everybody])

    def _choose(self, name: str, choices: Iterable[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField), "it is chosen from a list"
        field.choices = list(choices)

    def clean(self) -> dict[str, Any]:
        """Refuse dates that are missing or the wrong way round, and what a report does not go by."""
        cleaned = super().clean() or {}
        if cleaned.get("period") == "dates":
            self._check_dates(cleaned.get("first_date"), cleaned.get("last_date"))
        # An inspection takes every report, whole.
        goes_by = FILTERS.get(cleaned.get("report", ""))
        if goes_by is not None and self.data.get("as") != "inspection":
            for name in get_args(Filter):
                if cleaned.get(name) and name not in goes_by:
                    sentence = "this report does not go by it. Leave it empty, or choose another report."
                    self.add_error(name, f"{self.fields[name].label}: {sentence}")
        return cleaned

    def _check_dates(self, first: date | None, last: date | None) -> None:
        for name, given in (("first_date", first), ("last_date", last)):
            if given is None and name not in self.errors:
                self.add_error(name, f"{self.fields[name].label}: choose a date, or another time above.")
        if first and last and last < first:
            self.add_error("last_date", f"To: it lies before {clinic_date(first)}, where the time begins.")


class ReportsPage(Page):
    """Choose a report, read it, or take it away."""

    action = "custody.report"
    template = "stock/reports.html.jinja"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Show the questions."""
        return self._ask(ReportForm(initial={"report": "administration", "period": "last_month"}))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Answer one question: on screen, or as the file whose button was pressed."""
        form = ReportForm(request.POST)
        if not form.is_valid():
            return self._ask(form, status=REFUSED)
        typed = form.cleaned_data
        at = pages.now()
        first, last = _days(typed, clinic_day(at))
        asked = _asked(typed, first, last)
        wanted = request.POST.get("as", "screen")
        export = Export(asked=asked, period=_period_words(first, last), by=self.author, at=at)
        if wanted == "inspection":
            reports: tuple[ReportKey, ...] = (
                *FOR_AN_INSPECTION,
                *(("rates",) if typed["with_rates"] else ()),
            )
            # An inspection is about a time, drug and site; what narrows single reports down is left out.
            whole = Export(
                asked=_asked({**typed, "lot": "", "vial": "", "patient": "", "person": ""}, first, last),
                period=export.period,
                by=export.by,
                at=at,
            )
            return as_zip(request, whole, _file_name("inspection", first, last), reports)
        sheet = REPORTS[typed["report"]](asked)
        name = _file_name(sheet.key, first, last)
        if wanted == "csv":
            return as_csv(request, sheet, name)
        if wanted == "pdf":
            if sheet.total > PDF_LINES_MAX:
                return self._ask(form, issues=[_too_long(sheet)], status=REFUSED)
            try:
                return as_pdf(sheet, export, name)
            except UnableToPrint:
                return self._ask(form, issues=[NOT_PRINTED], status=REFUSED)
        return self._ask(form, found=_found(sheet, export.period, _page(request)))

    def _ask(
        self,
        form: ReportForm,
        *,
        found: dict[str, Any] | None = None,
        issues: Iterable[Issue] = (),
        status: int = 200,
    ) -> HttpResponseBase:
        context = self.context(
            form=form,
            found=found,
            issues=tuple(issues),
            hints={key: hint for key, (_, hint) in CHOICES.items()},
            many_sites=len(sites.sites()) > 1,
        )
        return self.show(context, status)


def _page(request: HttpRequest) -> int:
    said = request.POST.get("page", "")
    return max(1, int(said)) if said.isdecimal() and len(said) <= PAGE_DIGITS_MAX else 1


def _days(typed: Mapping[str, Any], today: date) -> tuple[date | None, date | None]:
    """The first and the last day that are asked about; None where there is no end."""
    this_month = today.replace(day=1)
    last_month = this_month - timedelta(days=1)
    # 29 February is there in one year of four.
    day = min(today.day, 28) if today.month == 2 else today.day
    back = today.replace(year=today.year - 2, day=day)
    days: dict[str, tuple[date | None, date | None]] = {
        "last_month": (last_month.replace(day=1), last_month),
        "this_month": (this_month, today),
        "two_years": (back, today),
        "dates": (typed["first_date"], typed["last_date"]),
        "everything": (None, None),
    }
    return days[typed["period"]]


def _asked(typed: Mapping[str, Any], first: date | None, last: date | None) -> Asked:
    return Asked(
        since=clinic_midnight(first) if first else None,
        until=clinic_midnight(last + timedelta(days=1)) if last else None,
        controlled_only=not typed["drug"],
        drug=typed["drug"] if typed["drug"] not in ("", EVERY_DRUG) else None,
        site=typed["site"] or None,
        lot=typed["lot"] or None,
        vial=typed["vial"] or None,
        patients=_patients(typed["patient"]),
        person=ClinicianId(typed["person"]) if typed["person"] else None,
    )


def _patients(said: str) -> frozenset[StreamId] | None:
    return access_log.patients_matching(said) if said.strip() else None


def _period_words(first: date | None, last: date | None) -> str:
    if first is None or last is None:
        return "everything on record"
    return clinic_date(first) if first == last else f"{clinic_date(first)} to {clinic_date(last)}"


def _file_name(key: str, first: date | None, last: date | None) -> str:
    """What a file is called: never anything about a patient or a person."""
    days = f"{first.isoformat()}-to-{last.isoformat()}" if first and last else "everything"
    return f"drug-ledger-{key}-{days}"


def _too_long(sheet: Sheet) -> Issue:
    sentence = (
        f"{sheet.title}: {sheet.total:,} lines are too many for one PDF, which holds {PDF_LINES_MAX:,}. "
        "Choose a shorter time, or take the CSV."
    )
    return Issue(sentence=sentence, code="too-long-to-print", field="period")


def _found(sheet: Sheet, period: str, page: int) -> dict[str, Any]:
    """One page of a report, for the template."""
    places = [place for place, column in enumerate(sheet.columns) if column.on_screen]
    last_page = max(1, -(-sheet.total // LINES_A_PAGE))
    page = min(page, last_page)
    rows = sheet.rows((page - 1) * LINES_A_PAGE, LINES_A_PAGE) if sheet.total else iter(())
    return {
        "title": sheet.title,
        "period": period,
        "lead": sheet.lead,
        "columns": [
            {"text": sheet.columns[place].heading, "numeric": sheet.columns[place].is_numeric}
            for place in places
        ],
        "rows": [[_shown(row[place], sheet.columns[place]) for place in places] for row in rows],
        "total": sheet.total,
        "empty": sheet.empty,
        "page": page,
        "last_page": last_page,
    }


def _shown(cell: Cell, column: Column) -> str:
    words = shown(cell)
    return format_html('<span class="ek-nowrap">{}</span>', words) if column.is_short else words


urlpatterns = [path("stock/reports/", ReportsPage.as_view(), name="stock_reports")]
