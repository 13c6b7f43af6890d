"""Addresses of every page. Each stage of the journey lists its own; this joins them."""

from importlib import import_module

from django.urls import URLPattern, URLResolver, include, path

# One module of `evenkeel.web` a line, each with its own `urlpatterns`.
STAGES = (
    "access_log",
    "settings_page",
    "people",
    "session",
    "second_person",
    "scan_field",
    "stock",
    "stock_receive",
    "stock_moves",
    "stock_opened",
    "stock_form_41",
    "other_drug",
    "sites_page",
    "drug_settings",
    "custody_reports",
    "stock_count",
    "stock_cases",
    "stock_day",
    "stock_papers",
    "patients",
    "referral",
    "screening",
    "preparation",
    "series",
    "series_plan",
    "repeated_checks",
    "checkin",
    "patient_page",
    "today",
    "assessments",
    "outcomes",
    "maintenance",
    "maintenance_sheet",
    "amendments",
    "chairs",
    "rulebook",
    "limits",
    "library",
    "level_explorer",
    "dose",
    "dose_label",
    "papers",
    "visit",
    "ordering",
    "drawing",
    "visit_drug",
    "bag_change",
    "offline",
    "infusion",
    "alerts",
    "handover",
    "rescue",
    "pressure",
    "deferral",
    "discharge",
    "call",
    "board",
    "devices",
    "quarantine",
    "visit_devices",
    "gateways",
    "downtime",
    "live",
)

# The same, of `evenkeel.api`: doors for machines.
DOORS = ("fhir", "observations")

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
    *(path("", include(import_module(f"evenkeel.web.{stage}"))) for stage in STAGES),
    *(path("", include(import_module(f"evenkeel.api.{door}"))) for door in DOORS),
]

handler400 = "evenkeel.web.errors.bad_request"
handler403 = "evenkeel.web.errors.forbidden"
handler404 = "evenkeel.web.errors.not_found"
handler500 = "evenkeel.web.errors.server_error"
