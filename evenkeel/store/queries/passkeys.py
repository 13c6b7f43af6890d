"""Passkeys of people who prove who they are while somebody else is signed in.

Allauth keeps the passkeys and asks for them at sign-in. Here the one who proves is not the one whose session
it is, so the question names its person, and the answer is good for that person and one request alone.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    PublicKeyCredentialRpEntity,
    UserVerificationRequirement,
)

from evenkeel.values.ids import ClinicianId, IdempotencyKey
from evenkeel.values.shape import frozen


@frozen
class Challenge:
    """What one person was asked to answer: who, for which request, under which host name and when.

    `nonce` is the random text that the answer has to sign, in URL-safe base64.
    """

    of: ClinicianId
    for_key: IdempotencyKey
    host: str
    nonce: str
    asked_at: datetime


@frozen
class PasskeyAnswer:
    """What a browser brought back from a passkey, and the challenge it answers: None when there was none.

    `response` is the assertion as WebAuthn writes it in JSON, unverified.
    """

    challenge: Challenge | None
    response: Mapping[str, Any]


class NoPasskey(Exception):
    """The person has no passkey in this clinic."""


def ask(
    of: ClinicianId, *, for_key: IdempotencyKey, host: str, at: datetime
) -> tuple[dict[str, Any], Challenge]:
    """Begin to ask somebody for their passkey; returns what the browser needs, and what to keep.

    Raises NoPasskey.
    """
    keys = _keys_of(of)
    if not keys:
        raise NoPasskey
    # The passkey is the only proof, so its owner has to show that they hold it: by finger, face or PIN.
    options, state = _server(host).authenticate_begin(keys, UserVerificationRequirement.REQUIRED)
    challenge = Challenge(of=of, for_key=for_key, host=host, nonce=state["challenge"], asked_at=at)
    return dict(options), challenge


def is_answered(challenge: Challenge, response: Mapping[str, Any]) -> bool:
    """Whether the response was signed, for this challenge, by a passkey of the person who was asked."""
    state = {"challenge": challenge.nonce, "user_verification": UserVerificationRequirement.REQUIRED}
    try:
        _server(challenge.host).authenticate_complete(state, _keys_of(challenge.of), response)
    except (ValueError, TypeError, KeyError, AttributeError):
        # What a browser sends may be anything; whatever cannot be read as an answer is none.
        return False
    return True


def _server(host: str) -> Fido2Server:
    verify_origin = (lambda _: True) if app_settings.WEBAUTHN_ALLOW_INSECURE_ORIGIN else None
    return Fido2Server(PublicKeyCredentialRpEntity(id=host, name=host), verify_origin=verify_origin)


def _keys_of(clinician: ClinicianId) -> list[AttestedCredentialData]:
    rows = Authenticator.objects.filter(user_id=clinician, type=Authenticator.Type.WEBAUTHN)
    return [row.wrap().authenticator_data.credential_data for row in rows]
