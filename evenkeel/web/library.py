"""The evidence library on screen: open to anybody, signed in or not, and with nothing of a patient on it."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.http import Http404
from django.urls import path, reverse

from evenkeel.clinical.library import library
from evenkeel.clinical.library.shape import (
    GRADE_MEANS,
    GRADE_WORDS,
    GROUP_WORDS,
    MARK_WORDS,
    VERDICT_WORDS,
    Claim,
    Grade,
    Library,
    Verdict,
)
from evenkeel.clinical.library.shape import Page as Topic
from evenkeel.clinical.library.uses import Use, uses
from evenkeel.journey.rules import book, clinic_day
from evenkeel.web import pages
from evenkeel.web.pages import Page

# Tones of `parts/status.html.jinja`; the words say the same.
GRADE_TONES: Final[Mapping[Grade, str]] = {
    "strong": "ok",
    "moderate": "info",
    "rule": "info",
    "weak": "unknown",
    "mixed": "unknown",
    "none": "unknown",
    "hypothesis": "unknown",
}
VERDICT_TONES: Final[Mapping[Verdict, str]] = {
    "true": "ok",
    "false": "high",
    "unsafe": "high",
    "hypothesis": "unknown",
    "preliminary": "unknown",
    **dict.fromkeys(
        ("no_source", "unsupported", "overstated", "unproven", "incomplete", "conflict", "qualify"), "medium"
    ),
}


class LibraryPage(Page):
    """What the pages of the library share. Without `action` of a role they are anybody's."""

    action = "anybody"

    @property
    def today(self) -> date:
        """The day by which a review is overdue or not."""
        return clinic_day(pages.now())


class Index(LibraryPage):
    """Every page by group, what the grades mean, and every claim."""

    template = "library/index.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the groups and the claims."""
        of = library()
        return super().context(
            groups=[
                {
                    "id": group,
                    "words": GROUP_WORDS[group],
                    "topics": [{**_head(topic), "summary": topic.summary} for topic in topics],
                }
                for group, topics in of.grouped()
            ],
            grades=[
                {"words": GRADE_WORDS[grade], "tone": GRADE_TONES[grade], "means": means}
                for grade, means in GRADE_MEANS.items()
            ],
            claims=[_claim(of, claim) for claim in of.claims],
            overdue=_overdue(of, self.today) if self.request.user.is_authenticated else [],
            **extra,
        )


class TopicPage(LibraryPage):
    """One topic: the plain text, and the figures with their sources under it."""

    template = "library/topic.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the topic that the address names."""
        of = library()
        topic = of.pages.get(self.kwargs["topic"])
        if topic is None:
            raise Http404
        return super().context(
            topic=_topic(of, topic, self.today),
            uses=[_use(of, use) for use in uses()] if topic.with_uses else [],
            approvals=_approvals(),
            rules=_rules(topic) if self.request.user.is_authenticated else [],
            claims=[_claim(of, claim) for claim in of.claims_of(topic.slug)],
            **extra,
        )


class Claims(LibraryPage):
    """What clinics' web pages say, each with a verdict, the right figure and its source."""

    template = "library/claims.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add every claim, by the page that answers it at length."""
        of = library()
        return super().context(
            groups=[
                {**_head(topic), "claims": [_claim(of, claim) for claim in found]}
                for _, topics in of.grouped()
                for topic in topics
                if (found := of.claims_of(topic.slug))
            ],
            total=len(of.claims),
            dates=_dates(of.claims_read_date, of.claims_review_due, self.today),
            **extra,
        )


def _dates(read_date: date, review_due: date, today: date) -> dict[str, Any]:
    return {"read": read_date, "due": review_due, "is_overdue": today > review_due}


def _head(topic: Topic) -> dict[str, Any]:
    return {
        "slug": topic.slug,
        "title": topic.title,
        "url": reverse("library_topic", args=[topic.slug]),
        "grade": GRADE_WORDS[topic.grade],
        "grade_tone": GRADE_TONES[topic.grade],
    }


def _topic(of: Library, topic: Topic, today: date) -> dict[str, Any]:
    return {
        **_head(topic),
        "summary": topic.summary,
        "group": GROUP_WORDS[topic.group],
        "is_for_patients": topic.is_for_patients,
        "grade_why": topic.grade_why,
        "dates": _dates(topic.read_date, topic.review_due, today),
        "sections": [
            {"heading": section.heading, "text": section.text, "points": section.points}
            for section in topic.sections
        ],
        "figures": [
            {
                "what": figure.what,
                "value": figure.value,
                "who": figure.who,
                "source": of.sources[figure.source] if figure.source else "",
                "mark": MARK_WORDS[figure.mark],
                "note": figure.note,
            }
            for figure in topic.figures
        ],
        "see": [_head(of.pages[slug]) for slug in topic.see],
    }


def _overdue(of: Library, today: date) -> list[dict[str, Any]]:
    """What somebody should have read again by now."""
    found = [_head(topic) for topic in of.pages.values() if today > topic.review_due]
    if today > of.claims_review_due:
        found.append({"title": "What clinics’ web pages say, checked", "url": reverse("library_claims")})
    return found


def _rules(topic: Topic) -> list[dict[str, Any]]:
    """The rules by which this clinic acts on the topic, for staff: the rulebook asks them to sign in."""
    of = book()
    return [
        {"id": id_, "title": of.rule(id_).title, "url": f"{reverse('rulebook')}#{id_}"} for id_ in topic.rules
    ]


def _approvals() -> list[dict[str, Any]]:
    """The uses by what is approved, each status said once, in the order in which it is first met."""
    found: dict[tuple[str, date], list[Use]] = {}
    for use in uses():
        found.setdefault((use.status, use.status_date), []).append(use)
    return [{"status": status, "date": on, "uses": grouped} for (status, on), grouped in found.items()]


def _use(of: Library, use: Use) -> dict[str, Any]:
    return {
        "label": use.label,
        "grade": use.grade,
        "status": use.status,
        "status_date": use.status_date,
        "evidence": use.evidence,
        "guideline": use.guideline,
        "mark": MARK_WORDS[use.mark],
        "sources": [of.sources[key] for key in use.cite],
    }


def _claim(of: Library, claim: Claim) -> dict[str, Any]:
    topic = of.pages[claim.page]
    return {
        "key": claim.key,
        "says": claim.says,
        "verdict": VERDICT_WORDS[claim.verdict],
        "tone": VERDICT_TONES[claim.verdict],
        "answer": claim.answer,
        "right": claim.right,
        "sources": [of.sources[key] for key in claim.sources],
        "mark": MARK_WORDS[claim.mark],
        "topic": topic.title,
        "topic_url": reverse("library_topic", args=[topic.slug]),
        "url": f"{reverse('library_claims')}#{claim.key}",
    }


urlpatterns = [
    path("library/", Index.as_view(), name="library"),
    path("library/claims/", Claims.as_view(), name="library_claims"),
    path("library/<slug:topic>/", TopicPage.as_view(), name="library_topic"),
]
