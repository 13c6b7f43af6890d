"""The doors for gateways: FHIR Observations and a JSON form, taken in as monitors' own messages are."""

from datetime import datetime
from typing import Any, Final, Literal

from django.db import transaction

from evenkeel.devices.parcel import sentence_without_value
from evenkeel.devices.reading import Reading
from evenkeel.fhir.bundle import Asked, BundleRead, read_bundle
from evenkeel.fhir.shape import Wrong
from evenkeel.journey import monitors
from evenkeel.journey.door_reading import (
    GatewayDoor,
    Read,
    control_id,
    not_json,
    read_fhir_resource,
    read_json_message,
    sender_key,
)
from evenkeel.journey.monitors import Taken
from evenkeel.store import intake
from evenkeel.store.gateways import Gateway
from evenkeel.values.issues import Issue
from evenkeel.values.json_text import NotJson, canonical, read_json
from evenkeel.values.shape import frozen

# charted: values of it reached a visit. before: it was taken in earlier, and nothing was done. nothing: it
# holds nothing that is charted. unreadable: it could not be understood at all. set_aside: it is in
# quarantine, now or from before.
Fate = Literal["charted", "before", "nothing", "unreadable", "set_aside"]

GOOD: Final[frozenset[Fate]] = frozenset({"charted", "before", "nothing"})


@frozen
class Delivery:
    """What became of one message. The sentences of its issues hold no patient data."""

    fate: Fate
    issues: tuple[Issue, ...]


@frozen
class BundleDelivery:
    """What became of each entry of a bundle, in its order."""

    bundle: BundleRead
    entries: tuple[Delivery, ...]


class _TakenBack(Exception):
    """An entry of a transaction did not chart, so nothing of it may."""


def deliver_json(raw: bytes, *, gateway: Gateway, received_at: datetime) -> Delivery:
    """Take in one message of the JSON form. Raises `monitors.NotTaken` when it could not be written."""
    key = sender_key(gateway.name, "json")
    read = read_json_message(raw, key=key, received_at=received_at)
    return _deliver(read, "json", raw=raw, gateway=gateway, received_at=received_at)


def deliver_observation(
    raw: bytes, *, if_none_exist: str, gateway: Gateway, received_at: datetime
) -> Delivery:
    """Take in one FHIR Observation, unless the condition says that it is here. Raises as `deliver_json`."""
    key = sender_key(gateway.name, "fhir")
    try:
        resource = read_json(raw)
    except NotJson as error:
        read = not_json(raw, str(error), key=key)
        return _deliver(read, "fhir", raw=raw, gateway=gateway, received_at=received_at)
    return _deliver_resource(resource, if_none_exist, gateway=gateway, received_at=received_at)


def deliver_bundle(raw: bytes, *, gateway: Gateway, received_at: datetime) -> Delivery | BundleDelivery:
    """Take in a batch entry by entry, or a transaction whole or not at all. Raises as `deliver_json`.

    One Delivery stands for a bundle that could not be read. What does not chart is set aside entry by entry,
    in a transaction too; the entries that would have charted are then left out, and the gateway is told.
    """
    key = sender_key(gateway.name, "fhir")
    try:
        bundle = read_bundle(read_json(raw))
    except NotJson as error:
        read = not_json(raw, str(error), key=key)
        return _deliver(read, "fhir", raw=raw, gateway=gateway, received_at=received_at)
    if isinstance(bundle, Wrong):
        return Delivery(fate="unreadable", issues=(_issue_of(bundle),))
    if bundle.kind == "batch":
        entries = [_deliver_entry(each, gateway, received_at) for each in bundle.entries]
        return BundleDelivery(bundle=bundle, entries=tuple(entries))
    return BundleDelivery(bundle=bundle, entries=_deliver_whole(bundle, gateway, received_at))


def _deliver_whole(bundle: BundleRead, gateway: Gateway, received_at: datetime) -> tuple[Delivery, ...]:
    entries: list[Delivery] = []
    try:
        with transaction.atomic():
            entries = [_deliver_entry(each, gateway, received_at) for each in bundle.entries]
            if not all(each.fate in GOOD for each in entries):
                raise _TakenBack
    except _TakenBack:
        # What was wrong goes to quarantine after all, so that a person sees why the transaction failed.
        return tuple(
            _left_out() if told.fate in GOOD else _deliver_entry(asked, gateway, received_at)
            for asked, told in zip(bundle.entries, entries, strict=True)
        )
    return tuple(entries)


def _left_out() -> Delivery:
    sentence = "Not taken in, because another entry of the transaction could not be."
    return Delivery(fate="set_aside", issues=(Issue(sentence=sentence, code="transaction"),))


def _deliver_entry(asked: Asked, gateway: Gateway, received_at: datetime) -> Delivery:
    if asked.wrong is not None:
        return Delivery(fate="unreadable", issues=(_issue_of(asked.wrong),))
    return _deliver_resource(asked.resource, asked.if_none_exist, gateway=gateway, received_at=received_at)


def _deliver_resource(
    resource: Any, if_none_exist: str, *, gateway: Gateway, received_at: datetime
) -> Delivery:
    key = sender_key(gateway.name, "fhir")
    read = read_fhir_resource(resource, key=key, received_at=received_at)
    if if_none_exist:
        named = if_none_exist.removeprefix("identifier=")
        if named == if_none_exist or "&" in named or control_id(named) != read.sender.control_id:
            sentence = "The condition must be identifier=, with the system and value of this Observation."
            return Delivery(fate="unreadable", issues=(Issue(sentence=sentence, code="condition"),))
        if intake.was_charted(key, control_id(named)):
            return _taken_before()
    raw = canonical(resource)
    return _deliver(read, "fhir", raw=raw, gateway=gateway, received_at=received_at)


def _deliver(
    read: Read, door: GatewayDoor, *, raw: bytes, gateway: Gateway, received_at: datetime
) -> Delivery:
    taken = monitors.take_in(
        read.reading, read.sender, raw=raw, received_at=received_at, speaker=gateway, door=door
    )
    if taken.again:
        return _taken_before() if taken.code == "AA" else _set_aside_before()
    if read.why is not None or not isinstance(read.reading, Reading):
        assert read.why is not None, "what is refused says why"
        code = read.why.reason.value
        issue = Issue(sentence=read.why.sentence, code=code, field=read.why.field or None)
        return Delivery(fate="unreadable" if code == "not_json" else "set_aside", issues=(issue,))
    return _told(read.reading, taken)


def _told(reading: Reading, taken: Taken) -> Delivery:
    """Say what became of each value, without the value."""
    charted = taken.code == "AA"
    refused = [
        Issue(
            sentence=sentence_without_value(each),
            code=each.reason.value,
            field=each.field or None,
            severity="warning" if charted else "error",
        )
        for each in reading.rejected
    ]
    known = {each.reason.value for each in reading.rejected}
    refused += [
        Issue(sentence=sentence, code=reason, severity="warning" if charted else "error")
        for reason, sentence in dict.fromkeys((each.reason, each.sentence) for each in taken.set_aside)
        if reason not in known
    ]
    for ignored in reading.ignored:
        sentence = "This code is not charted."
        refused.append(
            Issue(sentence=sentence, code="not_charted", field=ignored.field, severity="information")
        )
    if not charted:
        return Delivery(fate="set_aside", issues=tuple(refused))
    if not (reading.observations or reading.no_signal):
        return Delivery(fate="nothing", issues=tuple(refused))
    done = Issue(sentence="Taken in.", code="taken", severity="information")
    return Delivery(fate="charted", issues=(done, *refused))


def _taken_before() -> Delivery:
    sentence = "It was taken in before; nothing was done this time."
    issue = Issue(sentence=sentence, code="taken_before", severity="information")
    return Delivery(fate="before", issues=(issue,))


def _set_aside_before() -> Delivery:
    sentence = "It was set aside when it first came; nothing was done this time. The clinic sees why."
    return Delivery(fate="set_aside", issues=(Issue(sentence=sentence, code="set_aside_before"),))


def _issue_of(wrong: Wrong) -> Issue:
    return Issue(sentence=wrong.sentence, code="not_understood", field=wrong.path)
