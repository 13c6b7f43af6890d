"""What every page shares.

Who asks, what they may, and how a refusal comes back with everything that was typed.
"""

import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views import View

from evenkeel.journey.acting import Act, RecordMoved
from evenkeel.journey.policy import NotPermitted
from evenkeel.journey.rules import clinic_time
from evenkeel.record.entry import Author
from evenkeel.store.queries import people
from evenkeel.store.reading import NoSuchStream
from evenkeel.values.ids import IdempotencyKey, StreamId, StreamKind, stream_of
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.web.routes import Asked

# The form is sent again with its errors, so it is not a success; 422 says so to scripts and tests.
REFUSED = 422
CONFLICT = 409
FORBIDDEN = 403


def now() -> datetime:
    """Read the machine's clock, in the clinic's zone; pages, the API and jobs are the only places that do."""
    return clinic_time(datetime.now(UTC))


class Page(View):
    """A page that shows something.

    Subclasses name the `action` that the policy asks for, and the template.
    """

    action: ClassVar[Asked]
    template: ClassVar[str]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer an address that names nothing with "not found" and not with an error."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except NoSuchStream as missing:
            raise Http404 from missing

    @property
    def author(self) -> Author:
        """The signed-in person as the record names them."""
        return people.author_of(self.request.user)

    def stream(self, kind: StreamKind) -> StreamId:
        """The stream that the address names under its kind, as in `<uuid:patient>`."""
        return stream_of(kind, str(self.kwargs[kind]))

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Show the page."""
        return self.show(self.context())

    def context(self, **extra: Any) -> dict[str, Any]:
        """Plain values for the template; subclasses add theirs."""
        return extra

    def show(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """Render the template."""
        return render(self.request, self.template, context, status=status)


class FormPage(Page):
    """A page with one form that carries out one use case.

    Subclasses give `form_class`, `carry_out(form, act)` (one call into the journey), `done_address(stream)`
    and `done_sentence`. The form's template opens with `forms.form_open(form, seen=seen)`, which sends the
    request's key and how far the record went when the page was made.
    """

    form_class: ClassVar[type[forms.Form]]
    done_sentence: ClassVar[str] = "Saved."

    def form_arguments(self) -> dict[str, Any]:
        """Keyword arguments for the form, such as `initial`."""
        return {}

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Call the use case with the cleaned values."""
        raise NotImplementedError

    def done_address(self, stream: StreamId) -> str:
        """Where to go after it was saved."""
        raise NotImplementedError

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add an empty form unless there is one already."""
        if "form" not in extra:
            extra["form"] = self.form_class(**self.form_arguments())
        return super().context(**extra)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Carry the form out, or show it again with everything that was typed and what is wrong."""
        form = self.form_class(request.POST, request.FILES or None, **self.form_arguments())
        if not form.is_valid():
            return self.show(self.context(form=form), status=REFUSED)
        try:
            stream = self.carry_out(form, self.act(form))
        except UnableTo as refusal:
            return self.refuse(form, refusal)
        return self.saved(stream)

    def saved(self, stream: StreamId) -> HttpResponseBase:
        """Say that it was saved, on the page that comes next."""
        messages.success(self.request, self.done_sentence)
        return redirect(self.done_address(stream))

    def act(self, form: forms.Form) -> Act:
        """Who sends the form, when it happened by their account, and under which key."""
        recorded_at = now()
        key = self.request.POST.get("idempotency_key", "")
        seen = self.request.POST.get("seen", "")
        return Act(
            by=self.author,
            happened_at=form.cleaned_data.get("happened_at") or recorded_at,
            recorded_at=recorded_at,
            key=IdempotencyKey(key[:80] or str(uuid.uuid4())),
            seen=int(seen) if seen.isdecimal() else None,
        )

    def refuse(self, form: forms.Form, refusal: UnableTo) -> HttpResponse:
        """Show the form again with every issue beside its field, or on top when it has none."""
        for issue in refusal.issues:
            self.place(form, issue)
        status = REFUSED
        if isinstance(refusal, NotPermitted):
            status = FORBIDDEN
        elif isinstance(refusal, RecordMoved):
            status = CONFLICT
        return self.show(self.context(form=form, issues=refusal.issues), status=status)

    def place(self, form: forms.Form, issue: Issue) -> None:
        """Put one issue where the person will look for it."""
        form.add_error(issue.field if issue.field in form.fields else None, issue.sentence)
