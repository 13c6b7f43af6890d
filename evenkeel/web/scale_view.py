"""Scales as plain values: which there are, what keeps one from being filled in, and what a form comes to."""

from typing import Any, Final

from django.urls import reverse

from evenkeel.clinical.scales.scoring import PartScore, Scored, UnableToScore, score
from evenkeel.clinical.scales.shape import KIND_WORDS, Ground, Scale
from evenkeel.record.courses import CourseState
from evenkeel.record.outcomes import AssessmentRecorded
from evenkeel.record.state import Written
from evenkeel.values.ids import reference_of
from evenkeel.values.numbers import plain
from evenkeel.web.outcome_view import point_words
from evenkeel.web.verdicts import BASIS_WORDS

RATER_WORDS: Final = {
    "self": "answered by the patient",
    "clinician": "rated by a clinician",
    "self and measured": "answered by the patient, and measured",
}


def groups(known: tuple[Scale, ...], course: CourseState, own: Scale) -> list[dict[str, Any]]:
    """Every scale in its group, those that can be filled in first, with when each was last."""
    return [
        {
            "words": words,
            "scales": [
                _line(each, course, own)
                for each in sorted(known, key=lambda each: not each.is_ready)
                if each.kind == kind
            ],
        }
        for kind, words in KIND_WORDS.items()
    ]


def _line(of: Scale, course: CourseState, own: Scale) -> dict[str, Any]:
    earlier = course.assessments_of(of.id)
    count = len(of.items)
    questions = "1 question" if count == 1 else f"{count} questions"
    return {
        "title": of.title,
        "short": of.short,
        "about": RATER_WORDS[of.rater] if of.unusable else f"{questions}, {RATER_WORDS[of.rater]}",
        "url": reverse("assessment", args=[reference_of(course.stream), of.id]),
        "state": _state(of),
        "is_own": of.id == own.id,
        "last": earlier[-1].at if earlier else None,
    }


def _state(of: Scale) -> tuple[str, str]:
    if of.is_ready:
        return ("Ready", "ok")
    if of.unusable:
        return ("Cannot be used", "stopped")
    permits = of.license.wording == "clinic_permits"
    return ("Needs the clinic's permission", "unknown") if permits else ("Needs the clinic's text", "unknown")


def gate(of: Scale) -> dict[str, Any]:
    """Why a scale is not ready, and the file that a clinic writes to make it so."""
    return {
        "unusable": of.unusable,
        "permits": of.license.wording == "clinic_permits",
        "file": f"{of.id}.toml",
        "lines": _file_lines(of),
        "rows": [
            {"key": "License", "value": of.license.status},
            {"key": "Owner", "value": of.license.owner or None},
            {"key": "Note", "value": of.license.note or "None."},
            {"key": "Sources", "value": "; ".join(of.sources.values())},
        ],
    }


def _file_lines(of: Scale) -> list[str]:
    """The beginning of the clinic's file; the whole of it stands in the documentation."""
    lines = [
        f'id         = "{of.id}"',
        'permission = "who gave it, under which number"',
        "until_date = 2030-12-31",
    ]
    if of.license.wording == "clinic_permits" or of.unusable:
        return lines
    item = of.items[0]
    lines.append("")
    if item.span is None:
        lines += ["[answers.example]", "options = ["]
        lines += [f'  {{ value = {value}, text = "..." }},' for value in item.values]
        lines += ["]", ""]
    lines += [f"# {len(of.items)} of these, in the order of the form", "[[item]]", 'text    = "..."']
    return [*lines, 'answers = "example"'] if item.span is None else lines


def result_words(of: Scale, scored: Scored) -> str:
    """What a form comes to in one sentence: score, range, parts and marks."""
    if scored.total is None:
        return f"{of.short} has no score."
    head = f"{of.short}: {plain(scored.total)}"
    if of.scoring.levels and scored.band:
        head = f"{of.short}: {scored.band}"
    elif scored.band:
        head += f", {scored.band}"
    said = "; ".join(scored.marks)
    marks = f" {said[:1].upper()}{said[1:]}." if said else ""
    parts = [_part_words(part) for part in scored.parts if part.score is not None]
    return f"{head}.{marks}{' ' + '; '.join(parts) + '.' if parts else ''}"


def missing_words(of: Scale, scored: Scored) -> str:
    """The keys of the questions that are open."""
    return ", ".join(of.item(number).key for number in scored.missing)


def form_on_record(of: Scale, fact: Written[AssessmentRecorded]) -> dict[str, Any]:
    """A form as it stands: what it comes to by the scoring of today, and every answer."""
    said = fact.payload
    scored = _scored(of, said)
    return {
        "title": of.title,
        "short": of.short,
        "at": fact.at,
        "by": fact.by.printed_name,
        "point": point_words(said),
        "version": said.scale_version,
        "total": None if said.total is None else plain(said.total),
        "span": f"{plain(of.low)} to {plain(of.high)}",
        "band": said.band,
        "missing": missing_words(of, scored) if scored and scored.total is None else "",
        "marks": list(scored.marks) if scored else [],
        "parts": [_part_words(part) for part in scored.parts if part.score is not None] if scored else [],
        "answers": [
            [
                f"{item.key}. {item.words}",
                "–" if answer is None else item.answer_words(answer),
                "alerts" if item.number in said.risk_items else "",
            ]
            for item, answer in zip(of.items, said.answers, strict=False)
        ],
        "grounds": grounds(of),
        "credit": of.credit,
    }


def _scored(of: Scale, said: AssessmentRecorded) -> Scored | None:
    """Scored again for its parts and marks; an older version may have asked other questions."""
    if not of.is_scorable or said.scale_version.partition("+")[0] != of.scoring_version:
        return None
    try:
        return score(of, said.answers)
    except UnableToScore:
        return None


def _part_words(part: PartScore) -> str:
    number = "" if part.score is None else plain(part.score)
    return f"{part.name} {number}{' %' if part.percent else ''}{', prorated' if part.prorated else ''}"


def grounds(of: Scale) -> list[dict[str, str]]:
    """On what the numbers of a scale stand."""
    named: tuple[tuple[str, Ground | None], ...] = (
        ("Scoring", of.scoring.ground),
        ("Ranges", of.bands_ground),
        ("Answers that alert", of.risk_ground),
        ("Response", of.response_ground),
        ("Remission", of.remission_ground),
        ("Worsening", of.worse_ground),
        *((f"“{cut.label}”", cut.ground) for cut in of.cuts),
        *((f"“{pattern.label}”", pattern.ground) for pattern in of.patterns),
    )
    return [{"key": key, "value": _ground_words(of, ground)} for key, ground in named if ground is not None]


def _ground_words(of: Scale, ground: Ground) -> str:
    sources = "; ".join(of.sources[key] for key in ground.sources)
    parts = [BASIS_WORDS[ground.basis].capitalize() + (f": {sources}" if sources else ""), ground.note]
    return ". ".join(part.rstrip(".") for part in parts if part) + "."
