"""A passkey authenticator in software: answers WebAuthn's options as a browser would (none attestation, ES256)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


def packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Authenticator:
    """One passkey; ``origin``: of the page that it believes to be on; ``verifies``: asks for a finger or a code."""

    def __init__(self, origin: str, *, verifies: bool = True) -> None:
        self.origin, self.verifies = origin, verifies
        self.id = secrets.token_bytes(16)
        self.count = 0
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the credential for ``navigator.credentials.create``."""
        numbers = self._key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        data = self._data(options["rp"]["id"], _ATTESTED) + attested
        answered = {
            "clientDataJSON": packed(self._client("webauthn.create", options["challenge"])),
            "attestationObject": packed(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
        }
        return self._credential(answered)

    def use(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the credential for ``navigator.credentials.get``."""
        self.count += 1
        data = self._data(options["rpId"], 0)
        client = self._client("webauthn.get", options["challenge"])
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        answered = {"clientDataJSON": packed(client), "authenticatorData": packed(data), "signature": packed(signature)}
        return self._credential(answered)

    def _data(self, domain: str, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        return hashlib.sha256(domain.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _credential(self, answered: dict[str, str]) -> dict[str, Any]:
        return {
            "id": packed(self.id),
            "rawId": packed(self.id),
            "type": "public-key",
            "response": answered,
            "clientExtensionResults": {},
        }
