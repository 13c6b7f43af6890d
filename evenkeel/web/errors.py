"""Pages for what went wrong: sentences, and never anything about a patient."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import get_template

from evenkeel.web.pages import FORBIDDEN

NOT_FOUND = 404
BAD_REQUEST = 400


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing is at this address, or nothing any more."""
    return render(request, "errors/404.html.jinja", status=NOT_FOUND)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """This is not for this person."""
    return render(request, "errors/403.html.jinja", {"asked": None}, status=FORBIDDEN)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request itself was not readable; it is not shown back."""
    return HttpResponse(_alone("errors/400.html.jinja"), status=BAD_REQUEST)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke. Rendered without asking anything, since what broke may be the database."""
    return HttpResponseServerError(_alone("errors/500.html.jinja"))


def csrf_failure(request: HttpRequest, reason: str = "", **kwargs: Any) -> HttpResponse:
    """A form came back that this person's session did not make."""
    return render(request, "errors/csrf.html.jinja", status=FORBIDDEN)


def _alone(template: str) -> str:
    return get_template(template, using="jinja2").render({})
