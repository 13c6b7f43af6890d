"""The rulebook on screen: every rule that this clinic decides by, its sources, and where these disagree."""

from datetime import date
from importlib.metadata import version as version_of
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse

from evenkeel.clinical.case_tables import shipped_tables
from evenkeel.clinical.disagreements import shipped_disagreements
from evenkeel.clinical.hazards import shipped_hazards
from evenkeel.clinical.rulebook import NoSuchVersion, Rulebook
from evenkeel.clinical.rulebook_model import (
    BASIS_NAMES,
    BASIS_WORDS,
    Book,
    BookRule,
    day_words,
    make_book,
    make_rule,
)
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.entry import RuleRef
from evenkeel.store.queries import settings
from evenkeel.web import pages
from evenkeel.web.pages import Page
from evenkeel.web.rulebook_print import Cover, book_pdf

SEARCH_LETTERS_MAX: Final = 100
NUMBER_DIGITS_MAX: Final = 9
CASES_RUN: Final = "run when this version of Evenkeel was made"


def _book() -> Book:
    return make_book(book(), shipped_tables(), shipped_hazards(), shipped_disagreements(), on=_today())


def _today() -> date:
    return clinic_day(pages.now())


class RulebookPage(Page):
    """Every rule in force today, by stage; `stage`, `basis` and `words` in the address narrow it down."""

    action = "rulebook.read"
    template = "rulebook/page.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the rules that match."""
        whole = _book()
        asked = self.request.GET
        words = asked.get("words", "").strip()[:SEARCH_LETTERS_MAX]
        stage, basis = asked.get("stage", ""), asked.get("basis", "")
        shown = [
            {"id": one.id, "words": one.words, "rules": found}
            for one in whole.stages
            if stage in ("", one.id)
            and (found := [rule for rule in one.rules if _matches(rule, words, basis)])
        ]
        return super().context(
            total=len(whole.rules),
            found=sum(len(one["rules"]) for one in shown),
            stages=shown,
            every_stage=[
                {"key": one.id, "label": one.words, "count": len(one.rules)} for one in whole.stages
            ],
            bases=[
                {"key": key, "label": BASIS_NAMES[key], "count": count}
                for key, count in whole.founded.items()
            ],
            basis_names=BASIS_NAMES,
            stage=stage,
            basis=basis,
            words=words,
            **extra,
        )


def _matches(rule: BookRule, words: str, basis: str) -> bool:
    """Whether every word that was typed stands somewhere in the rule."""
    if basis not in ("", rule.now.basis):
        return False
    references = " ".join(f"{cited.key} {cited.reference}" for cited in rule.now.cited)
    text = f"{rule.id} {rule.title} {rule.sentence} {rule.hazard} {rule.harm} {references}".casefold()
    return all(word in text for word in words.casefold().split())


class RulePage(Page):
    """One rule whole, as it stands today; `version` in the address marks what an entry was judged by."""

    action = "rulebook.read"
    template = "rulebook/rule.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the rule, or answer that there is none."""
        rules = book()
        found = rules.by_id.get(self.kwargs["rule"])
        if found is None:
            raise Http404
        shown = make_rule(rules, found, shipped_tables(), shipped_hazards(), on=_today())
        return super().context(
            rule=shown,
            then=self._then(rules, shown),
            limits_url=reverse("rule_limits", args=[found.id]) if found.bounds else None,
            basis_names=BASIS_NAMES,
            basis_words=BASIS_WORDS,
            **extra,
        )

    def _then(self, rules: Rulebook, shown: BookRule) -> dict[str, Any] | None:
        """How the rule read for the entry that led here; None when nobody came from an entry."""
        asked = self.request.GET.get("version")
        if asked is None:
            return None
        ref = RuleRef(rule=shown.id, version=_number(asked), setting=self._setting())
        try:
            then = rules.as_of(ref)
        except NoSuchVersion as never:
            raise Http404 from never
        sentence = rules.rule(shown.id).sentence(then)
        own = f" with the clinic's setting {ref.setting}" if ref.setting else ""
        return {
            "number": then.number,
            "words": f"version {then.number}{own}",
            "sentence": sentence,
            "is_still_so": sentence == shown.sentence and then.number == shown.now.number,
        }

    def _setting(self) -> int:
        return _number(self.request.GET.get("setting", "0"))


def _number(typed: str) -> int:
    """A number out of an address, or that the address names nothing."""
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= NUMBER_DIGITS_MAX):
        raise Http404
    return int(typed)


class SourcesPage(Page):
    """Every source with the rules that cite it."""

    action = "rulebook.read"
    template = "rulebook/sources.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the sources."""
        return super().context(sources=_book().sources, **extra)


class ProposalsPage(Page):
    """Every rule that waits for a clinician's signature."""

    action = "rulebook.read"
    template = "rulebook/proposals.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the rules that no source carries, by stage."""
        whole = _book()
        return super().context(
            total=len(whole.rules),
            found=len(whole.proposals),
            stages=[
                {"id": stage.id, "words": stage.words, "rules": rules}
                for stage in whole.stages
                if (rules := [rule for rule in stage.rules if rule.is_proposal])
            ],
            **extra,
        )


class DisagreementsPage(Page):
    """Where sources disagree, what Evenkeel does, and the rule that does it."""

    action = "rulebook.read"
    template = "rulebook/disagreements.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the points."""
        return super().context(points=_book().points, basis_names=BASIS_NAMES, **extra)


class BookPdf(Page):
    """The whole book on paper, to be signed."""

    action = "rulebook.read"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Send the PDF."""
        cover = Cover(
            clinic=settings.current().clinic_name,
            version=version_of("evenkeel"),
            made=day_words(_today()),
            cases_run=CASES_RUN,
        )
        headers = {"Content-Disposition": 'inline; filename="rulebook.pdf"', "Cache-Control": "no-store"}
        return HttpResponse(book_pdf(_book(), cover), content_type="application/pdf", headers=headers)


urlpatterns = [
    path("rulebook/", RulebookPage.as_view(), name="rulebook"),
    path("rulebook/sources/", SourcesPage.as_view(), name="rule_sources"),
    path("rulebook/proposals/", ProposalsPage.as_view(), name="rule_proposals"),
    path("rulebook/disagreements/", DisagreementsPage.as_view(), name="rule_disagreements"),
    path("rulebook/book.pdf", BookPdf.as_view(), name="rulebook_pdf"),
    path("rulebook/<slug:rule>/", RulePage.as_view(), name="rule"),
]
