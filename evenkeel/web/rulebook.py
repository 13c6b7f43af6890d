"""The rulebook on screen: every rule that this clinic decides by, with its limits, source and basis."""

from itertools import groupby
from typing import Any, Final

from django.urls import path

from evenkeel.clinical.rulebook import Overridable, Rule, Rulebook
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.verdict import Severity
from evenkeel.web import pages
from evenkeel.web.pages import Page
from evenkeel.web.verdicts import BASIS_WORDS

# The stages in the order of the journey, with their words.
STAGES: Final = {
    "screening": "Screening",
    "series": "Series and visits",
    "checkin": "Check-in",
    "ordering": "Ordering and drawing up",
    "infusion": "Infusion",
    "discharge": "Discharge",
    "outcomes": "Outcomes",
    "maintenance": "Maintenance",
}
SEVERITY_WORDS: Final[dict[Severity | None, str]] = {
    "advise": "Advises",
    "confirm": "Asks for a confirmation",
    "pause": "Pauses",
    "block": "Stops",
    None: "Asks for nothing",
}
OVERRIDE_WORDS: Final[dict[Overridable, str]] = {
    "none": "nobody",
    "reason": "anybody who may do this, with a written reason",
    "prescriber": "a prescriber, with a written reason",
}


class RulebookPage(Page):
    """Every rule in force today, by stage."""

    action = "rulebook.read"
    template = "rulebook/page.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the rules."""
        of = book()
        places = {stage: place for place, stage in enumerate(STAGES)}
        ordered = sorted(of.rules, key=lambda rule: (places.get(rule.stage, len(places)), rule.stage))
        return super().context(
            total=len(ordered),
            stages=[
                {
                    "id": stage,
                    "words": STAGES.get(stage, stage.capitalize()),
                    "rules": [self.rule(of, rule) for rule in rules],
                }
                for stage, rules in groupby(ordered, key=lambda rule: rule.stage)
            ],
            **extra,
        )

    def rule(self, of: Rulebook, rule: Rule) -> dict[str, Any]:
        """One rule as plain values, in the version that is in force today."""
        version = rule.version_on(clinic_day(pages.now()))
        return {
            "id": rule.id,
            "version": version.number,
            "title": rule.title,
            "sentence": rule.sentence(version),
            "fires": SEVERITY_WORDS[rule.severity_of("fires")],
            "unknown": SEVERITY_WORDS[rule.severity_of("unknown")],
            "override": OVERRIDE_WORDS[rule.override_of("fires")],
            "basis": BASIS_WORDS[version.basis],
            "is_proposal": version.basis == "proposal",
            "cited": [f"{of.sources[one.key]}: {one.locator}" for one in version.cite],
            "checked_by": version.checked_by,
        }


urlpatterns = [path("rulebook/", RulebookPage.as_view(), name="rulebook")]
