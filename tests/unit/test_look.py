"""How pages write values and states: nothing missing looks like nothing wrong, and everything can be read."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django import forms
from jinja2 import UndefinedError
from markupsafe import Markup

from evenkeel.values.issues import Issue
from evenkeel.web.jinja import age, duration, environment, mg, ml, number, quantity, since

STATIC = Path(__file__).resolve().parents[2] / "evenkeel" / "web" / "static" / "evenkeel"
NOW = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
PAGES = environment(autoescape=True)


def rendered(source: str, **context: Any) -> str:
    """Render a template without the white space that says nothing."""
    flat = " ".join(PAGES.from_string(source).render(csrf_input="", **context).split())
    return re.sub(r"\s*([<>])\s*", r"\1", flat)


# Numbers, as ISMP's list of error-prone abbreviations asks: a zero before the point, none trailing, a space
# before the unit.


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("0.50"), "0.5"),
        (Decimal("5.0"), "5"),
        (Decimal("1E+2"), "100"),
        (0.5, "0.5"),
        (".5", "0.5"),
        (120, "120"),
        (0, "0"),
        (None, "not recorded"),
    ],
)
def test_numbers_have_a_leading_and_no_trailing_zero(
    value: Decimal | float | str | None, written: str
) -> None:
    assert number(value) == written


def test_amounts_keep_a_space_before_the_unit_and_say_when_they_are_missing() -> None:
    assert mg(Decimal("35.10")) == "35.1 mg"
    assert ml(Decimal("0.70")) == "0.7 mL"
    assert quantity(122, "mmHg") == "122 mmHg"
    assert mg(None) == ml(None) == quantity(None, "kg") == "not recorded"


def test_an_age_counts_birthdays() -> None:
    assert age(date(1984, 11, 22), date(2026, 11, 22)) == "42 years"
    assert age(date(1984, 11, 23), date(2026, 11, 22)) == "41 years"


@pytest.mark.parametrize(
    ("earlier", "written"),
    [
        (timedelta(seconds=2), "just now"),
        (timedelta(seconds=40), "40 s ago"),
        (timedelta(minutes=12), "12 min ago"),
        (timedelta(hours=1, minutes=5), "1 h 5 min ago"),
        (timedelta(days=3), "3 days ago"),
    ],
)
def test_since_says_how_long_ago(earlier: timedelta, written: str) -> None:
    assert since(NOW - earlier, NOW) == written


def test_a_duration_is_written_in_hours_and_minutes() -> None:
    assert duration(40) == "40 min"
    assert duration(timedelta(hours=2)) == "2 h"


# Templates.


def test_a_misspelt_name_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(UndefinedError):
        rendered("{{ weigth }}")


@pytest.mark.parametrize(
    ("known", "said", "never"),
    [
        (None, "Allergies not recorded", "No known allergies"),
        ([], "No known allergies", "not recorded"),
        (["penicillin: rash"], "penicillin: rash", "No known"),
    ],
)
def test_unasked_allergies_are_never_shown_as_none(known: list[str] | None, said: str, never: str) -> None:
    html = rendered(
        '{% from "parts/people.html.jinja" import allergies %}{{ allergies(known) }}', known=known
    )
    assert said in html
    assert never not in html


def test_an_unknown_finding_is_not_shown_as_clear() -> None:
    html = rendered(
        '{% from "parts/status.html.jinja" import finding %}{{ finding("unknown", "Pregnancy") }}'
    )
    assert "Not known" in html
    assert "Clear" not in html


def test_an_amended_entry_keeps_its_first_words() -> None:
    entry = {
        "at": NOW,
        "who": "Maya Lindqvist",
        "sentence": "152/29 mmHg",
        "amended": {
            "sentence": "152/92 mmHg",
            "reason": "digits swapped",
            "who": "Maya Lindqvist",
            "at": NOW,
        },
    }
    html = rendered(
        '{% from "parts/record.html.jinja" import timeline %}{{ timeline([entry]) }}', entry=entry
    )
    assert "<s>152/29 mmHg</s>" in html
    assert "152/92 mmHg" in html
    assert "Reason: digits swapped" in html


def test_what_people_wrote_is_escaped() -> None:
    html = rendered(
        '{% from "parts/record.html.jinja" import summary %}{{ summary([{"key": "Note", "value": note}]) }}',
        note="<script>alert(1)</script>",
    )
    assert "<script>" not in html
    assert Markup.escape("<script>") in html


class CheckIn(forms.Form):
    """A form of the shapes that pages use."""

    weight_kg = forms.CharField(label="Weight")
    born_date = forms.DateField(label="Date of birth", widget=forms.SelectDateWidget(years=range(1920, 2027)))
    fasted = forms.ChoiceField(
        label="Fasted",
        choices=[("yes", "Yes"), ("unknown", "Not known")],
        widget=forms.RadioSelect,
        required=False,
    )


FORM_PAGE = (
    '{% import "parts/forms.html.jinja" as forms with context %}'
    "{{ forms.error_summary(form, issues) }}{{ forms.form_open(form, seen=7) }}"
    '{{ forms.fields(form, units={"weight_kg": "kg"}) }}{{ forms.form_close() }}'
)


def test_a_refused_form_keeps_what_was_typed_and_says_each_thing_once() -> None:
    form = CheckIn(
        {"weight_kg": "70,2", "born_date_day": "31", "born_date_month": "2", "born_date_year": "1984"}
    )
    form.add_error("weight_kg", "Write a decimal point, not a comma.")
    form.add_error(None, "The escort is not confirmed.")
    issues = (
        Issue(sentence="Write a decimal point, not a comma.", field="weight_kg"),
        Issue(sentence="The escort is not confirmed."),
    )
    html = rendered(FORM_PAGE, form=form, issues=issues)
    assert 'value="70,2"' in html
    assert 'value="31"' in html
    assert '<a href="#id_weight_kg">Weight: Write a decimal point, not a comma.</a>' in html
    assert html.count("The escort is not confirmed.") == 1
    assert 'href="#id_born_date_day"' in html
    assert 'id="id_born_date_day"' in html


def test_a_missing_answer_names_its_field() -> None:
    html = rendered(FORM_PAGE, form=CheckIn({"weight_kg": ""}), issues=())
    assert '<a href="#id_weight_kg">Weight is missing.</a>' in html


def test_a_form_carries_a_key_and_what_was_seen_and_keeps_its_key() -> None:
    fresh = rendered(FORM_PAGE, form=CheckIn(), issues=())
    assert re.search(r'name="idempotency_key" value="[0-9a-f-]{36}"', fresh)
    assert 'name="seen" value="7"' in fresh
    again = rendered(FORM_PAGE, form=CheckIn({"idempotency_key": "the-first-key"}), issues=())
    assert 'name="idempotency_key" value="the-first-key"' in again


def test_a_number_says_its_unit_to_eye_and_ear() -> None:
    html = rendered(FORM_PAGE, form=CheckIn(), issues=())
    assert 'inputmode="decimal"' in html
    assert "Weight<span" in html
    assert "in kg</span>" in html


# Contrast, by the formula of WCAG 2.2 (relative luminance, contrast ratio).

TONES = ("ok", "info", "neutral", "high", "medium", "low", "late", "unknown", "stopped")


def tokens(theme: str) -> dict[str, str]:
    """Custom properties of a theme; the dark one stands on the light one."""
    css = (STATIC / "tokens.css").read_text("utf-8")
    blocks = {
        "light": re.search(r":root \{(.*?)\n\}", css, re.DOTALL),
        "dark": re.search(r'\[data-theme="dark"\] \{(.*?)\n\}', css, re.DOTALL),
    }
    found: dict[str, str] = {}
    for name in ("light", "dark"):
        block = blocks[name]
        assert block is not None
        found.update(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block.group(1)))
        if name == theme:
            break
    return found


def luminance(color: str) -> float:
    """Relative luminance of a #rrggbb color."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colors, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_contrast_formula_knows_black_on_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_on_every_ground(theme: str) -> None:
    color = tokens(theme)
    pairs = [
        (text, ground)
        for text in ("ink", "quiet", "link", "late", "high")
        for ground in ("paper", "card", "sunk")
    ]
    pairs += [(tone, f"{tone}-ground") for tone in TONES]
    pairs += [
        ("on-action", "action"),
        ("on-action", "action-hover"),
        ("on-brand", "brand"),
        ("brand-quiet", "brand"),
    ]
    pairs += [("on-start", "start"), ("on-stop", "stop"), ("on-stop", "stop-hover"), ("link", "soft")]
    pairs += [
        ("drug-ink", f"drug-{group}") for group in ("induction", "benzodiazepine", "antiemetic", "other")
    ]
    weak = {pair: round(contrast(color[pair[0]], color[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


def test_digits_at_the_chair_stand_out() -> None:
    color = tokens("dark")
    weak = {
        (text, ground): contrast(color[text], color[ground])
        for text in (
            "ink",
            "quiet",
            "late",
            "medium",
            "sign-pressure",
            "sign-pulse",
            "sign-oxygen",
            "sign-breaths",
        )
        for ground in ("paper", "card")
    }
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 7} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_and_the_focus_ring_can_be_seen(theme: str) -> None:
    color = tokens(theme)
    for edge in ("line-strong", "focus"):
        for ground in ("paper", "card"):
            assert contrast(color[edge], color[ground]) >= 3, (edge, ground)


def test_every_tone_has_a_shape_of_its_own() -> None:
    icons: dict[str, str] = PAGES.get_template("parts/icons.html.jinja").module.paths  # type: ignore[attr-defined]
    shapes: dict[str, str] = PAGES.get_template("parts/status.html.jinja").module.tones  # type: ignore[attr-defined]
    assert len(set(shapes.values())) == len(shapes)
    assert {icons[shape] for shape in shapes.values()} == {icons[shape] for shape in set(shapes.values())}
    assert len(set(icons.values())) == len(icons)


def test_nothing_of_ours_needs_inline_script_or_style() -> None:
    templates = Path(STATIC).parents[1]
    for path in templates.glob("templates/**/*.jinja"):
        text = path.read_text("utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:", text), path
        for script in re.findall(r"<script([^>]*)>", text):
            assert "src=" in script or "application/json" in script, path
