"""The Jinja2 environment of every page: where templates are found and how values are written.

Settings name `evenkeel.web.jinja.environment` as the environment of Django's Jinja2 backend. Our own
templates run with StrictUndefined, so that a misspelt name fails a test and never leaves a blank on a page.
"""

import uuid
from collections.abc import Callable, Mapping, MutableMapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.forms import BoundField, CheckboxInput
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import json_script
from jinja2 import (
    ChainableUndefined,
    Environment,
    PackageLoader,
    StrictUndefined,
    Template,
)

from evenkeel.values.numbers import plain

NOT_RECORDED: Final = "not recorded"
KIT_PREFIX: Final = "nhsuk/"


class PageEnvironment(Environment):
    """An environment that hands templates of the form kit to a second, lenient environment.

    The kit's macros read parameters that callers leave out, which StrictUndefined refuses; our own pages are
    held to it all the same.
    """

    kit: Environment

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - Jinja2 calls it by this name
    ) -> Template:
        """Find a template by name; names below `nhsuk/` come from the form kit."""
        if isinstance(name, str) and name.startswith(KIT_PREFIX):
            return self.kit.get_template(name, parent)
        return super().get_template(name, parent, globals)


def environment(**options: Any) -> PageEnvironment:
    """Make the page environment; `options` are what Django's Jinja2 backend passes on from settings."""
    options.setdefault("loader", PackageLoader("evenkeel.web", "templates"))
    options["undefined"] = StrictUndefined
    # Template text keeps its own line ends, but block tags should not leave blank lines behind.
    options.setdefault("trim_blocks", True)
    options.setdefault("lstrip_blocks", True)
    made = PageEnvironment(**options)
    made.kit = Environment(
        loader=PackageLoader("nhsuk_frontend_jinja"), undefined=ChainableUndefined, autoescape=True
    )
    made.globals.update(
        static=static,
        url=url,
        json_script=json_script,
        fresh_key=fresh_key,
        typed=typed,
        typed_list=typed_list,
        typed_date_part=typed_date_part,
        choices=choices,
        clinic_zone=clinic_zone,
        server_time=server_time,
        field_sentences=field_sentences,
    )
    filters: Mapping[str, Callable[..., str]] = {
        "clinic_time": clinic_time,
        "clinic_date": clinic_date,
        "clinic_datetime": clinic_datetime,
        "utc_iso": utc_iso,
        "number": number,
        "mg": mg,
        "ml": ml,
        "quantity": quantity,
        "age": age,
        "since": since,
        "duration": duration,
    }
    made.filters.update(filters)
    return made


def url(name: str, *args: object, **kwargs: object) -> str:
    """Give the address of a named route."""
    return reverse(name, args=args or None, kwargs=kwargs or None)


def fresh_key() -> str:
    """Give a new idempotency key, so that a form sent twice lands once."""
    return str(uuid.uuid4())


def clinic_zone() -> str:
    """Give the IANA name of the clinic's time zone, for the browser to show times in."""
    return timezone.get_current_timezone_name()


def server_time() -> str:
    """Give the present moment, so that the browser counts by the server's clock and not by its own."""
    return timezone.now().isoformat()


# Values of form fields, written as a browser's inputs want them.


def typed(field: BoundField) -> str:
    """Write what a field holds: what was typed if the form was sent, its first value otherwise."""
    value = field.value()
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).strftime("%Y-%m-%dT%H:%M")
    return str(value)


def typed_list(field: BoundField) -> list[str]:
    """Write the values of a field that can hold several."""
    value = field.value()
    if value is None or value == "":
        return []
    return [str(each) for each in value] if isinstance(value, list | tuple | set) else [str(value)]


def typed_date_part(field: BoundField, part: str) -> str:
    """Write the day, month or year of a date that is asked for in three boxes, as it was typed."""
    if field.form.is_bound:
        return str(field.form.data.get(f"{field.html_name}_{part}", ""))
    value = field.value()
    return str(getattr(value, part)) if isinstance(value, date) else ""


def choices(field: BoundField) -> list[tuple[str, str]]:
    """Give the choices of a field as (value, label), groups flattened."""
    flat: list[tuple[str, str]] = []
    for value, label in getattr(field.field, "choices", ()):
        if isinstance(label, list | tuple):
            flat.extend((_choice_value(each), str(name)) for each, name in label)
        else:
            flat.append((_choice_value(value), str(label)))
    return flat


def field_sentences(field: BoundField, *, named: bool = False) -> list[str]:
    """Say what is wrong with a field; `named` puts the field's label in, for a list far from the field."""
    sentences = []
    for error in field.errors.as_data():
        text = " ".join(error.messages)
        if error.code == "required":
            is_tick_box = isinstance(field.field.widget, CheckboxInput)
            sentences.append(
                f'"{field.label}" is not ticked.' if is_tick_box else f"{field.label} is missing."
            )
        elif named and str(field.label).lower() not in text.lower():
            sentences.append(f"{field.label}: {text}")
        else:
            sentences.append(text)
    return sentences


def _choice_value(value: object) -> str:
    return "" if value is None else str(value)


# Filters. None is written as "not recorded", because an empty place can be read as "nothing wrong".


def clinic_time(moment: datetime | None) -> str:
    """Write the clinic's time of day: "14:05"."""
    return timezone.localtime(moment).strftime("%H:%M") if moment else NOT_RECORDED


def clinic_date(day: date | datetime | None) -> str:
    """Write a day so that it cannot be misread across countries: "3 Feb 2026"."""
    if day is None:
        return NOT_RECORDED
    if isinstance(day, datetime):
        day = timezone.localtime(day).date()
    return f"{day.day} {day:%b} {day.year}"


def clinic_datetime(moment: datetime | None) -> str:
    """Write the clinic's day and time: "3 Feb 2026, 14:05"."""
    return f"{clinic_date(moment)}, {clinic_time(moment)}" if moment else NOT_RECORDED


def utc_iso(moment: datetime) -> str:
    """Write a moment for a machine, for `datetime` and `data-` attributes."""
    return moment.isoformat()


def number(value: Decimal | int | float | str | None, places: int | None = None) -> str:
    """Write a number with a zero before the point and none at the end; `places` rounds half to even first."""
    if value is None:
        return NOT_RECORDED
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if places is not None:
        exact = exact.quantize(Decimal(1).scaleb(-places))
    return plain(exact)


def quantity(value: Decimal | int | float | str | None, unit: str, places: int | None = None) -> str:
    """Write a number and its unit with a space between: "122 mmHg"."""
    return NOT_RECORDED if value is None else f"{number(value, places)} {unit}"


def mg(value: object, places: int | None = 1) -> str:
    """Write milligrams; takes a number of mg or a DrugMass (which knows how to write itself)."""
    shown = getattr(value, "shown", None)
    if callable(shown):
        return str(shown())
    return quantity(_numeric(value), "mg", places)


def ml(value: object, places: int | None = 2) -> str:
    """Write milliliters; takes a number of mL or a quantity with a `value` in mL."""
    return quantity(_numeric(getattr(value, "value", value)), "mL", places)


def _numeric(value: object) -> Decimal | int | float | None:
    assert value is None or isinstance(value, Decimal | int | float), "an amount is a number"
    return value


def age(born: date | None, on: date | None = None) -> str:
    """Write a person's age in whole years on a day (today in the clinic when not given): "42 years"."""
    if born is None:
        return NOT_RECORDED
    on = on or timezone.localdate()
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return f"{years} year" if years == 1 else f"{years} years"


def duration(length: timedelta | int | float | None) -> str:
    """Write a length of time given as a timedelta or in minutes: "1 h 5 min"."""
    if length is None:
        return NOT_RECORDED
    seconds = length.total_seconds() if isinstance(length, timedelta) else length * 60
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def since(moment: datetime | None, now: datetime | None = None) -> str:
    """Write how long ago a moment was: "just now", "40 s ago", "12 min ago", "3 days ago"."""
    if moment is None:
        return NOT_RECORDED
    seconds = ((now or timezone.now()) - moment).total_seconds()
    if seconds < 5:
        return "just now"
    if seconds < 90:
        return f"{int(seconds)} s ago"
    if seconds < 48 * 3600:
        return f"{duration(timedelta(seconds=seconds))} ago"
    return f"{int(seconds // 86400)} days ago"
