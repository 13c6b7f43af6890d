"""FHIR R4 Bundles of requests, and the Bundle that answers one."""

from typing import Any, Final, Literal

from evenkeel.fhir.shape import NotTheShape, Wrong, an_object, objects, part, text
from evenkeel.values.shape import frozen

BundleKind = Literal["batch", "transaction"]

_KINDS: Final[dict[str, BundleKind]] = {"batch": "batch", "transaction": "transaction"}


@frozen
class Asked:
    """One entry: what to create, and under which condition; `wrong` where it asks for anything else."""

    path: str
    resource: Any
    if_none_exist: str
    wrong: Wrong | None


@frozen
class BundleRead:
    """A batch, whose entries stand alone, or a transaction, of which all or nothing is taken."""

    kind: BundleKind
    entries: tuple[Asked, ...]


def read_bundle(read: Any) -> BundleRead | Wrong:
    """Read a Bundle from JSON. Never raises for what it holds."""
    try:
        return _bundle(an_object(read, "Bundle"))
    except NotTheShape as odd:
        return odd.wrong


def answer_bundle(kind: BundleKind, responses: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the answers into a Bundle, in the order of the entries."""
    return {
        "resourceType": "Bundle",
        "type": f"{kind}-response",
        "entry": [{"response": response} for response in responses],
    }


def _bundle(read: dict[str, Any]) -> BundleRead:
    at = "Bundle"
    if read.get("resourceType") != at:
        raise NotTheShape(f"{at}.resourceType", "It must be Bundle.", kind="not-supported")
    kind = _KINDS.get(text(read, "type", at))
    if kind is None:
        raise NotTheShape(f"{at}.type", "It must be batch or transaction.", kind="not-supported")
    if "implicitRules" in read:
        raise NotTheShape(f"{at}.implicitRules", "No such rules are known here.", kind="not-supported")
    entries = tuple(_asked(each, path) for each, path in objects(read, "entry", at))
    if not entries:
        raise NotTheShape(f"{at}.entry", "It must hold at least one entry.", kind="required")
    return BundleRead(kind=kind, entries=entries)


def _asked(read: dict[str, Any], path: str) -> Asked:
    wrong, condition = None, ""
    try:
        request, request_at = part(read, "request", path)
        condition = text(request, "ifNoneExist", request_at)
        if text(request, "method", request_at) != "POST" or text(request, "url", request_at) != "Observation":
            raise NotTheShape(request_at, "It must be POST to Observation.", kind="not-supported")
    except NotTheShape as odd:
        wrong = odd.wrong
    return Asked(path=path, resource=read.get("resource"), if_none_exist=condition, wrong=wrong)
