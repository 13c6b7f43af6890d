"""Gateways: machines that send what monitors measured, who lets them, and for which monitors each speaks."""

import hashlib
import re
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from evenkeel.devices.reading import Reading
from evenkeel.journey.acting import Act, use_case
from evenkeel.store import gateways
from evenkeel.store.gateways import Gateway
from evenkeel.store.intake import SetAside
from evenkeel.values.ids import STREAMS, StreamId
from evenkeel.values.issues import Issue, UnableTo

# The name also stands in the subject of a certificate, so it holds what host names hold.
NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,58}[A-Za-z0-9])?")
MONITORS_MAX: Final = 100
MONITOR_LETTERS_MAX: Final = 100


class UnableToManageGateways(UnableTo):
    """The gateway cannot be added or changed like this."""


@use_case("gateways.manage")
def add_gateway(act: Act, *, name: str, monitors: str, token_digest: str, reason: str) -> StreamId:
    """Let a machine send from now on; it proves itself by the token whose SHA-256 is `token_digest`, in hex.

    `monitors` names one device a line; empty lets it speak for any.
    """
    name, devices = name.strip(), _devices(monitors.splitlines())
    issues = _reason_issues(reason)
    if not NAME.fullmatch(name):
        sentence = "Name: use 1 to 60 letters a to z, digits, and . _ - between them."
        issues.append(Issue(sentence=sentence, code="name", field="name"))
    elif gateways.by_name(name) is not None:
        sentence = f"Name: there is or was a gateway called {name}. Each keeps its name for good."
        issues.append(Issue(sentence=sentence, code="name-taken", field="name"))
    if len(devices) > MONITORS_MAX or any(len(each) > MONITOR_LETTERS_MAX for each in devices):
        sentence = (
            f"Monitors: name at most {MONITORS_MAX}, each with at most {MONITOR_LETTERS_MAX} characters."
        )
        issues.append(Issue(sentence=sentence, code="too-long", field="monitors"))
    if issues:
        raise UnableToManageGateways(issues)
    id_ = str(uuid.uuid5(STREAMS, f"gateway/{act.key}"))
    gateways.add(
        id_,
        name=name,
        monitors=devices,
        token_digest=token_digest,
        by=act.by,
        at=act.recorded_at,
        reason=reason.strip(),
    )
    return StreamId(f"gateway:{id_}")


@use_case("gateways.manage")
def end_gateway(act: Act, *, gateway: str, reason: str) -> StreamId:
    """Take nothing from a machine any more: its token and its certificate are refused from now on."""
    issues = _reason_issues(reason)
    found = gateways.by_id(gateway)
    if found is None:
        issues.append(Issue(sentence="There is no such gateway.", code="no-such-gateway"))
    elif found.ended_at is not None:
        issues.append(Issue(sentence=f"{found.name} was ended before.", code="unchanged"))
    if issues:
        raise UnableToManageGateways(issues)
    gateways.end(gateway, by=act.by, at=act.recorded_at, reason=reason.strip())
    return StreamId(f"gateway:{gateway}")


def digest_of_token(token: str) -> str:
    """Hash a token, in hex. It is as long as a key and made by chance, so that a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def admitted(token_digest: str, *, at: datetime) -> Gateway | None:
    """Return the gateway that this token is of and note that it was used; None if it may not send."""
    found = gateways.by_token(token_digest)
    if found is None or found.ended_at is not None:
        return None
    gateways.note_use(found, at=at)
    return found


def speaker_of(certificate_name: str | None, *, at: datetime) -> Gateway | None:
    """Return the gateway that a certificate's subject names, and note that it was used; None if none does."""
    found = gateways.by_name(certificate_name) if certificate_name else None
    if found is not None and found.ended_at is None:
        gateways.note_use(found, at=at)
    return found


def why_barred(speaker: Gateway | None, read: Reading) -> SetAside | None:
    """Say why whoever sent a message may not speak for its monitor; None when nothing stands against it."""
    if speaker is None:
        return None
    if speaker.ended_at is not None:
        return SetAside(
            reason="gateway_ended", sentence=f'Nothing is taken from the gateway "{speaker.name}" any more.'
        )
    if speaker.monitors and read.device_id not in speaker.monitors:
        sentence = f'The gateway "{speaker.name}" may not speak for the monitor "{read.device_id}".'
        return SetAside(reason="not_its_monitor", sentence=sentence)
    return None


def _devices(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))


def _reason_issues(reason: str) -> list[Issue]:
    if reason.strip():
        return []
    return [Issue(sentence="Reason: write why this is changed.", code="required", field="reason")]
