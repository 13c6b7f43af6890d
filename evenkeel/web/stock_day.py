"""Closing the drug day: what still keeps it open, and the two people who close it."""

from typing import Any

from django import forms
from django.urls import path, reverse

from evenkeel.journey.acting import Act
from evenkeel.journey.custody.day import close_day, holds_the_day
from evenkeel.journey.rules import clinic_day
from evenkeel.store.queries import counting
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue
from evenkeel.web import pages, stock_count_view
from evenkeel.web.pages import FormPage
from evenkeel.web.second_person import SecondPersonFields, proof_of
from evenkeel.web.stock_count import SitePage

# Where somebody goes who wants to mend it, by the code of what holds the day.
_MENDED_AT = {
    "no-closing-count": ("stock_count", "Count the stock"),
    "moved-since-count": ("stock_count", "Count the stock"),
    "case-open": ("stock_cases", "See the cases"),
    "drug-in-hand": ("today", "See today's visits"),
}


class CloseForm(SecondPersonFields):
    """The second person."""

    second_may = "stock.count"


class CloseDay(SitePage, FormPage):
    """Close the day, or be told what is missing."""

    action = "stock.count"
    template = "stock/day.html.jinja"
    form_class = CloseForm
    done_sentence = "The drug day is closed."

    def form_arguments(self) -> dict[str, Any]:
        """Whoever closes the day cannot be the second person."""
        return {"me": self.author.id}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add what keeps the day open."""
        day = clinic_day(pages.now())
        issues = holds_the_day(self.site.id, day)
        state = counting.stockroom(self.site.id)
        return super().context(
            day=stock_count_view.day_words(day),
            is_closed=any(issue.code == "closed-already" for issue in issues),
            closed_words=next((issue.sentence for issue in issues if issue.code == "closed-already"), None),
            holds=[self._held_by(issue) for issue in issues if issue.code != "closed-already"],
            last_closed=stock_count_view.day_line(state.days_closed[-1])
            if state and state.days_closed
            else None,
            **extra,
        )

    def _held_by(self, issue: Issue) -> dict[str, Any]:
        name, words = _MENDED_AT[issue.code]
        return {"sentence": issue.sentence, "url": reverse(name), "action": words}

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Close the day."""
        assert isinstance(form, CloseForm), "this page has one form"
        return close_day(
            act, site=self.site.id, second=form.second, proof_of_second=proof_of(form, self.request)
        )

    def done_address(self, stream: StreamId) -> str:
        """The list of counts and closed days."""
        return f"{reverse('stock_counts')}?site={self.site.id}"


urlpatterns = [path("stock/day/", CloseDay.as_view(), name="stock_day")]
