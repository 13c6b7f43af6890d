"""Gateways: machines that send for monitors. Who lets one in sees its token once; it is not kept."""

import secrets
from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse

from evenkeel.journey import gateways as use_cases
from evenkeel.journey.acting import Act
from evenkeel.store import gateways
from evenkeel.store.gateways import Gateway
from evenkeel.store.queries import settings
from evenkeel.store.queries.settings import Change
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.web.pages import REFUSED, FormPage, Page

# So that a token that lies about in some file is known for what it is.
TOKEN_PREFIX: Final = "evenkeel_gw_"  # noqa: S105 - it begins every token and opens nothing
TOKEN_BYTES: Final = 32


def _reason() -> forms.CharField:
    return forms.CharField(label="Reason", max_length=300, help_text="It stands in the change log.")


class GatewayForm(forms.Form):
    """A new gateway."""

    name = forms.CharField(
        label="Name",
        max_length=60,
        help_text=(
            "Letters a to z, digits, and . _ - between them. Over MLLP with TLS it is the common name of the "
            "gateway's certificate."
        ),
    )
    monitors = forms.CharField(
        label="Monitors",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The device ids it may speak for, one a line. Empty: any.",
    )
    reason = _reason()


class EndForm(forms.Form):
    """Nothing but why."""

    reason = _reason()


class GatewaysPage(Page):
    """Every gateway, those that may send first, and what was changed."""

    action = "gateways.manage"
    template = "devices/gateways.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the gateways and the change log."""
        every = gateways.gateways()
        names = {each.id: each.name for each in every}
        return super().context(
            gateways=[_shown(each) for each in every],
            changes=[_change(each, names) for each in settings.changes(gateways.TABLE)],
            **extra,
        )


class AddGateway(FormPage):
    """Let a machine send, and show its token this once."""

    action = "gateways.manage"
    template = "devices/gateway_add.html.jinja"
    form_class = GatewayForm

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Add it and show the token on the answer itself, since nothing keeps it for a page after that."""
        form = GatewayForm(request.POST)
        if not form.is_valid():
            return self.show(self.context(form=form), status=REFUSED)
        token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        try:
            use_cases.add_gateway(
                self.act(form),
                name=form.cleaned_data["name"],
                monitors=form.cleaned_data["monitors"],
                token_digest=use_cases.digest_of_token(token),
                reason=form.cleaned_data["reason"],
            )
        except UnableTo as refusal:
            return self.refuse(form, refusal)
        return render(
            request, "devices/gateway_token.html.jinja", {"token": token, "name": form.cleaned_data["name"]}
        )


class EndGateway(FormPage):
    """Take nothing from it any more."""

    action = "gateways.manage"
    template = "devices/gateway_end.html.jinja"
    form_class = EndForm
    done_sentence = "Nothing is taken from this gateway any more."

    @property
    def gateway(self) -> Gateway:
        """The gateway that the address names."""
        found = gateways.by_id(str(self.kwargs["gateway"]))
        if found is None:
            raise Http404
        return found

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Call the use case."""
        return use_cases.end_gateway(act, gateway=self.gateway.id, reason=form.cleaned_data["reason"])

    def done_address(self, stream: StreamId) -> str:
        """Back to the list."""
        return reverse("gateways")

    def context(self, **extra: Any) -> dict[str, Any]:
        """Say which one."""
        return super().context(gateway=_shown(self.gateway), **extra)


def _shown(gateway: Gateway) -> dict[str, Any]:
    return {
        "name": gateway.name,
        "monitors": ", ".join(gateway.monitors) or "any monitor",
        "made_at": gateway.made_at,
        "used_at": gateway.used_at,
        "may_send": gateway.ended_at is None,
        "end_url": reverse("gateway_end", args=[gateway.id]),
    }


def _change(change: Change, names: dict[str, str]) -> dict[str, Any]:
    monitors = ", ".join(change.after.get("monitors", [])) or "any monitor"
    return {
        "at": change.at,
        "by": change.by_name,
        "about": names.get(change.row, change.row),
        "what": "Ended" if change.before else f"Added, for {monitors}",
        "reason": change.reason,
    }


urlpatterns = [
    path("devices/gateways/", GatewaysPage.as_view(), name="gateways"),
    path("devices/gateways/add/", AddGateway.as_view(), name="gateway_add"),
    path("devices/gateways/<uuid:gateway>/end/", EndGateway.as_view(), name="gateway_end"),
]
