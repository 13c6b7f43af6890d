"""The JSON door for gateways: `POST /api/observations`, in the form that `docs/devices.md` describes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.urls import path

from evenkeel.api.gateway_view import STATUS, GatewayView
from evenkeel.journey.doors import deliver_json
from evenkeel.store.gateways import Gateway
from evenkeel.values.issues import Issue


class ObservationsDoor(GatewayView):
    """Take one message in."""

    taken_types = frozenset({"application/json"})
    answer_type = "application/json; charset=utf-8"
    route = "json_observations"

    def take_in(self, raw: bytes, gateway: Gateway, received_at: datetime) -> HttpResponse:
        """Say what became of it, and which values were not taken and why."""
        delivery = deliver_json(raw, gateway=gateway, received_at=received_at)
        return self.answer(STATUS[delivery.fate], {"result": delivery.fate, **self.told(delivery.issues)})

    def told(self, issues: Sequence[Issue]) -> dict[str, Any]:
        """List what was wrong, apart from what is only worth knowing."""
        return {
            "errors": [_plain(issue) for issue in issues if issue.severity != "information"],
            "notes": [_plain(issue) for issue in issues if issue.severity == "information"],
        }


def _plain(issue: Issue) -> dict[str, str | None]:
    return {"code": issue.code, "sentence": issue.sentence, "field": issue.field}


urlpatterns = [path("api/observations", ObservationsDoor.as_view(), name="json_observations")]
