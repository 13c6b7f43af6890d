"""The page about the downtime pack: when the last was made, where it lies, a fresh one, how to go on."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path

from evenkeel.web import downtime_pack, pages
from evenkeel.web.downtime_files import KEPT, file_name
from evenkeel.web.downtime_sums import REACH
from evenkeel.web.jinja import duration
from evenkeel.web.pages import Page
from evenkeel.web.printing import UnableToPrint


class DowntimePage(Page):
    """How it stands with the packs, and a button that makes one now."""

    action = "downtime.prepare"
    template = "downtime/page.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add how it stands."""
        at = pages.now()
        return super().context(
            standing=downtime_pack.standing(at),
            every=duration(downtime_pack.EVERY),
            stale_after=duration(downtime_pack.STALE_AFTER),
            reach=duration(REACH),
            kept=KEPT,
            now=at,
            **extra,
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Make a pack now; whether it could be written is said on the page that follows."""
        attempt = downtime_pack.refresh(pages.now())
        if attempt.problem is None:
            messages.success(request, "A new pack is in the folder.")
        return redirect("downtime")


class DowntimePdf(Page):
    """A fresh pack to take away, whether or not the folder can be written."""

    action = "downtime.prepare"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Send it; the file's name holds the time alone."""
        at = pages.now()
        try:
            pdf = downtime_pack.make(at)
        except UnableToPrint:
            messages.error(request, "The pages could not be made into a PDF. Print the charts one by one.")
            return redirect("downtime")
        headers = {
            "Content-Disposition": f'attachment; filename="{file_name(at)}"',
            "Cache-Control": "no-store",
        }
        return HttpResponse(pdf, content_type="application/pdf", headers=headers)


urlpatterns = [
    path("downtime/", DowntimePage.as_view(), name="downtime"),
    path("downtime/pack.pdf", DowntimePdf.as_view(), name="downtime_pdf"),
]
