"""What every door for gateways shares: token, size and type, the access log, an answer to every fault."""

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, ClassVar, Final

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from evenkeel.journey import gateways
from evenkeel.journey.doors import Fate
from evenkeel.journey.monitors import NotTaken
from evenkeel.record.entry import SOFTWARE, Author
from evenkeel.store import access
from evenkeel.store.gateways import Gateway
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue

log = logging.getLogger("evenkeel.api")

STATUS: Final[dict[Fate, int]] = {
    "charted": 201,
    "before": 200,
    "nothing": 200,
    "unreadable": 400,
    "set_aside": 422,
}

# Proposal. An Observation is about a kilobyte, and fifty go into a bundle.
BODY_BYTES: Final = 128 * 1024
# A gateway writes to the same patient every few seconds; that is one line of the access log per this long.
# Proposal, as for the pages that follow the clinic.
SAME_WRITER: Final = timedelta(minutes=5)


def now() -> datetime:
    """Read the machine's clock; pages, the API and jobs are the only places that do."""
    return datetime.now(UTC)


@method_decorator(csrf_exempt, name="dispatch")
class GatewayView(View):
    """A door for gateways.

    Nobody signs in here: the token is asked for with every request, and no cookie counts, so that a page of
    another site has nothing to send (which is what the CSRF token is for elsewhere). Subclasses take the body
    in and say in which words and types they answer.
    """

    action: ClassVar[str] = "anybody"
    taken_types: ClassVar[frozenset[str]]
    answer_type: ClassVar[str]
    # The name of this door in the access log.
    route: ClassVar[str]

    def take_in(self, raw: bytes, gateway: Gateway, received_at: datetime) -> HttpResponse:
        """Take the body in and answer. May raise NotTaken."""
        raise NotImplementedError

    def told(self, issues: Sequence[Issue]) -> dict[str, Any]:
        """Put issues into the words of this door."""
        raise NotImplementedError

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in a gateway that proves itself, with a body of the right size and type."""
        if request.method != "POST":
            answer = self.fault(405, "method", "Only POST is answered here.")
            answer["Allow"] = "POST"
            return answer
        received_at = now()
        gateway = gateways.admitted(_token_digest(request), at=received_at)
        if gateway is None:
            log.warning("Somebody without a gateway's token was turned away at %s.", self.route)
            answer = self.fault(401, "token", "Send the token of a gateway: Authorization: Bearer ...")
            answer["WWW-Authenticate"] = "Bearer"
            return answer
        if (request.content_type or "") not in self.taken_types:
            types = " or ".join(sorted(self.taken_types))
            return self.fault(415, "type", f"The Content-Type must be {types}.")
        raw = _body(request)
        if raw is None:
            return self.fault(413, "too_large", f"A message may have {BODY_BYTES // 1024} KiB.")
        return self._take_in_noted(raw, gateway, received_at)

    def _take_in_noted(self, raw: bytes, gateway: Gateway, received_at: datetime) -> HttpResponse:
        with access.gathering() as touched:
            try:
                answer = self.take_in(raw, gateway, received_at)
            except NotTaken:
                answer = self.fault(503, "not_stored", "It could not be stored. Send it again.")
                answer["Retry-After"] = "5"
        _note_access(gateway, touched, self.route, received_at, answer.status_code)
        return answer

    def answer(self, status: int, said: dict[str, Any]) -> HttpResponse:
        """Answer in this door's type."""
        answer = HttpResponse(json.dumps(said), status=status, content_type=self.answer_type)
        answer["Cache-Control"] = "no-store"
        return answer

    def fault(self, status: int, code: str, sentence: str) -> HttpResponse:
        """Answer with one issue."""
        return self.answer(status, self.told([Issue(sentence=sentence, code=code)]))


def _token_digest(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return gateways.digest_of_token(token.strip()) if scheme.lower() == "bearer" else ""


def _body(request: HttpRequest) -> bytes | None:
    """Return the body, or None where it is too large to be read."""
    declared = request.headers.get("Content-Length", "")
    if declared.isascii() and declared.isdecimal() and int(declared[:12]) > BODY_BYTES:
        return None
    try:
        raw = request.body
    except RequestDataTooBig:
        return None
    return raw if len(raw) <= BODY_BYTES else None


class _Writers:
    """Which gateway wrote to which patient a moment ago; after a restart a line is written once more."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._at: dict[tuple[str, StreamId], datetime] = {}

    def new(self, gateway: Gateway, patients: set[StreamId], at: datetime) -> set[StreamId]:
        """Those of the patients to whom this gateway did not write not long ago; they count from now on."""
        with self._lock:
            self._at = {key: seen for key, seen in self._at.items() if timedelta() <= at - seen < SAME_WRITER}
            found = {patient for patient in patients if (gateway.id, patient) not in self._at}
            self._at.update(dict.fromkeys(((gateway.id, patient) for patient in found), at))
            return found


_writers = _Writers()


def _note_access(gateway: Gateway, touched: set[StreamId], route: str, at: datetime, status: int) -> None:
    patients = _writers.new(gateway, touched, at)
    if patients:
        by = Author(
            id=ClinicianId(f"gateway:{gateway.id}"[:40]),
            role=SOFTWARE,
            printed_name=f"Gateway {gateway.name}",
        )
        access.write(at=at, by=by, patients=patients, route=route, method="POST", status=status)
