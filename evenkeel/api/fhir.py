"""FHIR R4 for gateways: `POST /fhir/Observation`, a Bundle of those at `/fhir/`, and what is taken."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, re_path
from django.views import View

from evenkeel.api.gateway_view import STATUS, GatewayView
from evenkeel.fhir.bundle import Asked, answer_bundle
from evenkeel.fhir.capability import capability_statement
from evenkeel.fhir.outcome import operation_outcome
from evenkeel.journey.doors import GOOD, BundleDelivery, Delivery, deliver_bundle, deliver_observation
from evenkeel.store.gateways import Gateway
from evenkeel.values.issues import Issue

_REASONS: Final = {
    200: "200 OK",
    201: "201 Created",
    400: "400 Bad Request",
    422: "422 Unprocessable Entity",
}


class FhirView(GatewayView):
    """A door that speaks FHIR."""

    taken_types = frozenset({"application/fhir+json", "application/json"})
    answer_type = "application/fhir+json; charset=utf-8; fhirVersion=4.0"

    def told(self, issues: Sequence[Issue]) -> dict[str, Any]:
        """Say it as an OperationOutcome."""
        return operation_outcome(issues)

    def outcome(self, delivery: Delivery) -> HttpResponse:
        """Answer for one message."""
        return self.answer(STATUS[delivery.fate], self.told(delivery.issues))


class ObservationDoor(FhirView):
    """Create one Observation."""

    route = "fhir_observation"

    def take_in(self, raw: bytes, gateway: Gateway, received_at: datetime) -> HttpResponse:
        """Take it in unless `If-None-Exist` says that it is here."""
        condition = self.request.headers.get("If-None-Exist", "")
        delivery = deliver_observation(raw, if_none_exist=condition, gateway=gateway, received_at=received_at)
        return self.outcome(delivery)


class BundleDoor(FhirView):
    """Carry out a batch or a transaction."""

    route = "fhir_bundle"

    def take_in(self, raw: bytes, gateway: Gateway, received_at: datetime) -> HttpResponse:
        """Answer with a Bundle, or with one OperationOutcome where the bundle, or a transaction, failed."""
        delivery = deliver_bundle(raw, gateway=gateway, received_at=received_at)
        if isinstance(delivery, Delivery):
            return self.outcome(delivery)
        if delivery.bundle.kind == "transaction" and not all(each.fate in GOOD for each in delivery.entries):
            return self.answer(422, self.told(_faults(delivery)))
        responses = [
            {"status": _REASONS[STATUS[each.fate]], "outcome": self.told(each.issues)}
            for each in delivery.entries
        ]
        return self.answer(200, answer_bundle(delivery.bundle.kind, responses))


class Metadata(View):
    """What these doors take. It is for anybody: it holds nothing of the clinic."""

    action: ClassVar[str] = "anybody"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the CapabilityStatement."""
        return JsonResponse(capability_statement(), content_type=FhirView.answer_type)


def _faults(delivery: BundleDelivery) -> list[Issue]:
    """Every issue of a transaction, each with the entry in which it stands."""
    return [
        Issue(
            sentence=issue.sentence,
            code=issue.code,
            field=_path_of(asked, issue.field),
            severity=issue.severity,
        )
        for asked, each in zip(delivery.bundle.entries, delivery.entries, strict=True)
        for issue in each.issues
    ]


def _path_of(asked: Asked, field: str | None) -> str:
    if field is not None and field.startswith("Bundle"):
        return field
    return f"{asked.path}.resource{(field or '').removeprefix('Observation')}"


urlpatterns = [
    path("fhir/metadata", Metadata.as_view(), name="fhir_metadata"),
    path("fhir/Observation", ObservationDoor.as_view(), name="fhir_observation"),
    re_path(r"^fhir/?$", BundleDoor.as_view(), name="fhir_bundle"),
]
