"""Parameter files: read strictly, built once, and refused when they miss their own check values."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from evenkeel.pharmacology import shipped
from evenkeel.pharmacology.errors import ModelError, ParameterSetError
from evenkeel.pharmacology.formulas import UNITS, WEIGHT
from evenkeel.pharmacology.layout import EntryLayout, Layout
from evenkeel.pharmacology.parameter_checks import refuse_missed_checks
from evenkeel.pharmacology.parameter_set import (
    AgeCovariate,
    DoseRange,
    GroupCovariate,
    OfferedRange,
    ParameterSet,
    Role,
)
from evenkeel.pharmacology.reading_parts import (
    places_of,
    read_check,
    read_covariance,
    read_entry,
    read_layout,
    read_residual,
)
from evenkeel.pharmacology.sources import Citation, Quantity, ReadStatus, Recorded
from evenkeel.pharmacology.toml_table import Table

FOLDER: Final = "parameter_sets"
# Bioavailability and absorption by other routes, lent to the models whose own papers have none.
ROUTES_FILE: Final = "routes.toml"
_LENT_FIELDS: Final = {"fraction": ("fraction",), "absorption": ("1/min", "1/h"), "duration": ("min", "h")}
_EXPONENT_UNIT: Final = "exponent of weight"


def parameter_set_keys() -> tuple[str, ...]:
    """Keys of the parameter sets that the package ships, in order of the alphabet."""
    names = (file.name for file in (shipped.FOLDER / FOLDER).iterdir())
    return tuple(sorted(name[:-5] for name in names if name.endswith(".toml") and name != ROUTES_FILE))


@lru_cache
def load_parameter_set(key: str) -> ParameterSet:
    """Read a shipped parameter set. Raises ParameterSetError if the file is unknown or not sound."""
    if key not in parameter_set_keys():
        raise ParameterSetError(
            f"There is no parameter set {key!r}; there is {', '.join(parameter_set_keys())}."
        )
    return read_parameter_set(_shipped_text(f"{key}.toml"), origin=f"{key}.toml")


def read_parameter_set(text: str, *, origin: str) -> ParameterSet:
    """Read the TOML text of a parameter set; `origin` names it in errors.

    Raises ParameterSetError when a field, unit, source or mark is missing, a unit is not an accepted one, a
    formula's units are not what its place needs, a field is not known, a covariance is not positive definite,
    or a check value is not reproduced. docs/adding-a-parameter-set.md describes the format.
    """
    try:
        top = Table(origin, "", tomllib.loads(text))
    except tomllib.TOMLDecodeError as cause:
        raise ParameterSetError(f"{origin} is not valid TOML: {cause}.") from cause
    parameters = _read_parameters(top.table("parameters"))
    dimensions = {name: UNITS[given.unit][0] for name, given in parameters.items()}
    layout = read_layout(top, dimensions)
    layout, borrowed_doses = _borrow_routes(top, parameters, layout)
    reference_weight, exponents = _read_allometry(top.table("allometry"), parameters)
    ages, groups = _read_covariates(top, parameters)
    found = ParameterSet(
        key=top.text("key"),
        name=top.text("name"),
        role=top.word("role", Role),
        status=top.word("status", ReadStatus),
        reading=top.text("reading"),
        analyte=top.text("analyte"),
        sampling_site=top.text("sampling_site"),
        structure=top.text("structure"),
        population=top.text("population"),
        assumptions=top.texts("assumptions"),
        warning=top.text_or_none("warning"),
        citation=_read_citation(top.table("citation")),
        further_citations=tuple(_read_citation(table) for table in top.tables("further_citation")),
        parameters=MappingProxyType(parameters),
        reference_weight=reference_weight,
        weight_exponents=MappingProxyType(exponents),
        age_covariates=ages,
        group_covariates=groups,
        omega=read_covariance(top, parameters, layout),
        residual=read_residual(top, parameters, layout.outputs),
        range=_read_range(top.table("range"), layout.routes, borrowed_doses),
        layout=layout,
        borrowed_routes=tuple(borrowed_doses),
        recorded=_read_recorded(top),
        checks=tuple(read_check(check, layout) for check in top.tables("check")),
    )
    top.refuse_leftovers()
    if not found.checks:
        raise top.fail("check", "is missing: a model without a check value is not read")
    for name in found.parameters:
        if name not in layout.names:
            raise top.fail(f"parameters.{name}", "is in no formula")
    try:
        refuse_missed_checks(found.system, found.checks, origin)
    except ModelError as cause:
        raise ParameterSetError(f"{origin}: the model cannot be built. {cause}") from cause
    return found


def _shipped_text(name: str) -> str:
    return shipped.shipped_text(f"{FOLDER}/{name}")


def _read_citation(table: Table) -> Citation:
    citation = Citation(
        authors=table.text("authors"),
        title=table.text_or_none("title"),
        year=table.whole("year"),
        journal=table.text("journal"),
        doi=table.text_or_none("doi"),
    )
    table.refuse_leftovers()
    return citation


def _read_parameters(table: Table) -> dict[str, Quantity]:
    parameters = {}
    for name in table.names():
        if not name.isidentifier() or name == WEIGHT:
            raise table.fail(name, "is no name that a formula can hold")
        parameters[name] = table.quantity(name, *UNITS, sign="positive")
    return parameters


def _read_allometry(
    table: Table, parameters: Mapping[str, Quantity]
) -> tuple[Quantity, Mapping[str, Quantity]]:
    reference = table.quantity("reference_weight", "kg", sign="positive")
    exponents: dict[str, Quantity] = {}
    for rule in table.tables("exponent"):
        names = rule.texts("of")
        exponent = rule.quantity("exponent", _EXPONENT_UNIT)
        for name in names:
            if name not in parameters or name in exponents:
                raise rule.fail("of", f"names {name!r}, which is no parameter or has an exponent already")
            exponents[name] = exponent
        rule.refuse_leftovers()
    table.refuse_leftovers()
    return reference, exponents


def _read_covariates(
    top: Table, parameters: Mapping[str, Quantity]
) -> tuple[tuple[AgeCovariate, ...], tuple[GroupCovariate, ...]]:
    ages, groups = [], []
    for table in top.tables("age_covariate"):
        name = _known(table, "of", parameters)
        slope = table.quantity("slope", f"{parameters[name].unit} per year")
        above = table.quantity("above", "year", sign="0 or more")
        ages.append(AgeCovariate(parameter=name, above_years=above.value, slope=slope))
        table.refuse_leftovers()
    for table in top.tables("group_covariate"):
        name = _known(table, "of", parameters)
        factor = table.quantity("factor", "ratio", sign="positive")
        groups.append(GroupCovariate(parameter=name, group=table.text("group"), factor=factor))
        table.refuse_leftovers()
    return tuple(ages), tuple(groups)


def _known(table: Table, field: str, parameters: Mapping[str, Quantity]) -> str:
    name = table.text(field)
    if name not in parameters:
        raise table.fail(field, f"names {name!r}, which is no parameter")
    return name


def _read_range(
    table: Table, routes: tuple[str, ...], borrowed_doses: Mapping[str, DoseRange]
) -> OfferedRange:
    doses = dict(borrowed_doses)
    for dose in table.tables("dose"):
        route = dose.text("route")
        if route not in routes or route in doses:
            raise dose.fail("route", f"names {route!r}, which has no entry or has a range already")
        doses[route] = _read_dose_range(dose)
    for route in routes:
        if route not in doses:
            raise table.fail("dose", f"has no range for the route {route!r}")
    offered = OfferedRange(
        weight_low_kg=table.quantity("weight_low", "kg", sign="positive").value,
        weight_high_kg=table.quantity("weight_high", "kg", sign="positive").value,
        age_low_years=table.quantity("age_low", "year", sign="positive").value,
        age_high_years=table.quantity("age_high", "year", sign="positive").value,
        doses=MappingProxyType(doses),
        basis=table.text("basis"),
        statement=table.text("statement"),
    )
    if offered.weight_high_kg <= offered.weight_low_kg:
        raise table.fail("weight_high", "must be greater than weight_low")
    if offered.age_high_years <= offered.age_low_years:
        raise table.fail("age_high", "must be greater than age_low")
    table.refuse_leftovers()
    return offered


def _read_dose_range(table: Table) -> DoseRange:
    low = table.quantity("low", "mg", "mg/kg", sign="positive")
    high = table.quantity("high", low.unit, sign="positive")
    if high.value <= low.value:
        raise table.fail("high", f"must be greater than low, {low.value:g} {low.unit}")
    table.refuse_leftovers()
    return DoseRange(low=low.value, high=high.value, unit=low.unit)


def _borrow_routes(
    top: Table, parameters: dict[str, Quantity], layout: Layout
) -> tuple[Layout, Mapping[str, DoseRange]]:
    """Add to a model the routes that it borrows from the routes file, and their numbers to its parameters."""
    if not top.has("borrowed_routes"):
        return layout, {}
    wanted = top.table("borrowed_routes")
    lent = Table(ROUTES_FILE, "", tomllib.loads(_shipped_text(ROUTES_FILE))).table("route")
    places = places_of(layout.networks)
    entries: list[EntryLayout] = []
    doses: dict[str, DoseRange] = {}
    for route in wanted.names():
        if route in layout.routes or not lent.has(route):
            lendable = ", ".join(lent.names())
            raise wanted.fail(route, f"must be one of {lendable}, and no route of the model itself")
        place, source = wanted.text(route), lent.table(route)
        source.text("name")
        entry: dict[str, object] = {"route": route, "into": place}
        for field, units in _LENT_FIELDS.items():
            if source.has(field):
                entry[field] = f"{field}_{route}"
                parameters[f"{field}_{route}"] = source.quantity(field, *units, sign="positive")
        doses[route] = _read_dose_range(source.table("dose"))
        source.refuse_leftovers()
        dimensions = {name: UNITS[given.unit][0] for name, given in parameters.items()}
        entries.append(read_entry(Table(ROUTES_FILE, f"route.{route}.", entry), dimensions, places))
    return replace(layout, entries=(*layout.entries, *entries)), doses


def _read_recorded(top: Table) -> Mapping[str, Recorded]:
    recorded = {}
    for name, table in _named_tables(top, "recorded"):
        reason = table.text("reason")
        number = table.quantity("number")
        recorded[name] = Recorded(number=number, reason=reason)
        table.refuse_leftovers()
    return MappingProxyType(recorded)


def _named_tables(top: Table, name: str) -> tuple[tuple[str, Table], ...]:
    """The tables of a table by their names; none where the field is not there."""
    if not top.has(name):
        return ()
    table = top.table(name)
    return tuple((key, table.table(key)) for key in table.names())
