"""A passkey made of software: it registers and signs as an authenticator does, or wrongly when told to.

Built after WebAuthn level 3, sections 6.1 (authenticator data), 5.8.1 (client data) and 6.3.3 (assertion).
"""

import hashlib
import secrets
from typing import Any, Final

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from evenkeel.record.entry import Author
from tests.factories import user_of

HOST: Final = "testserver"
_FLAG = AuthenticatorData.FLAG


class SoftPasskey:
    """One person's passkey, known to the clinic from the moment that it is made."""

    def __init__(self, owner: Author, host: str = HOST) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._id = secrets.token_bytes(16)
        public = ES256.from_cryptography_key(self._private.public_key())  # type: ignore[no-untyped-call]
        data = AttestedCredentialData.create(bytes(16), self._id, public)
        flags = _FLAG.UP | _FLAG.UV | _FLAG.AT
        auth_data = AuthenticatorData.create(hashlib.sha256(host.encode()).digest(), flags, 0, data)
        client = CollectedClientData.create("webauthn.create", bytes(32), f"https://{host}")
        attestation = AttestationObject.create("none", auth_data, {})
        response = {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(attestation),
        }
        credential = {**self._named, "response": response}
        Authenticator.objects.create(
            user=user_of(owner), type="webauthn", data={"name": "key", "credential": credential}
        )

    @property
    def _named(self) -> dict[str, Any]:
        name = websafe_encode(self._id)
        return {"id": name, "rawId": name, "type": "public-key", "clientExtensionResults": {}}

    @property
    def name(self) -> str:
        """The credential's id, as it stands in JSON."""
        return websafe_encode(self._id)

    def sign(
        self, nonce: str, *, host: str = HOST, origin: str | None = None, shows_it_is_held: bool = True
    ) -> dict[str, Any]:
        """Answer a challenge, in JSON as a browser sends it."""
        flags = _FLAG.UP | _FLAG.UV if shows_it_is_held else _FLAG.UP
        auth_data = AuthenticatorData.create(hashlib.sha256(host.encode()).digest(), flags, 1)
        client = CollectedClientData.create(
            "webauthn.get", websafe_decode(nonce), origin or f"https://{host}"
        )
        signature = self._private.sign(auth_data + client.hash, ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(auth_data),
            "signature": websafe_encode(signature),
        }
        return {**self._named, "response": response}
