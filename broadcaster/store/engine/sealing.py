"""Encrypts personal data, so that a stolen database reveals no number, address or home.

AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D). A sealed value is ``key id (1 byte) · nonce (12) · ciphertext
and tag``; the key id allows key rotation. Look-up uses a keyed blind index: HMAC-SHA-256, cut to 128 bits, of the
channel and the canonical address. All keys derive from the configured secret by HKDF (RFC 5869), one per use.

The keys of ``LASTING`` uses never change: a blind index, a link in a sent mail and the suppression list can't be made
anew. They derive from the oldest secret until the first rotation, which keeps them in the database, sealed.
"""

import base64
import hashlib
import hmac
import os
import struct
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
_MAC = 16
_KEY = 32
_TAG_BYTES = 9

LASTING = ("index", "link", "suppression")
"""Uses whose key stays when the secret is changed (``store.operations.rotating``)."""


class SealBroken(ValueError):
    """A sealed value does not open: its key is not in the settings, or it was altered."""

    field = ""
    params: Mapping[str, object] = MappingProxyType({})

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _derive(secret: bytes, use: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=_KEY, salt=None, info=b"tocsin " + use.encode()).derive(secret)


class Vault:
    """Seals, opens, fingerprints, and signs link tokens. ``secrets``: current first, then older ones."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets:
            message = "a vault needs at least one secret"
            raise ValueError(message)
        derived = [_derive(secret, "seal") for secret in secrets]
        # One in 256 pairs of keys share an id: try each of them.
        self._ciphers: dict[bytes, list[AESGCM]] = {}
        for key in derived:
            self._ciphers.setdefault(hashlib.sha256(key).digest()[:1], []).append(AESGCM(key))
        self._id = hashlib.sha256(derived[0]).digest()[:1]
        self._cipher = self._ciphers[self._id][0]
        self.lasting = {use: _derive(secrets[-1], use) for use in LASTING}
        self.adopt(self.lasting)

    @property
    def key_id(self) -> int:
        """Return the id of the key that seals: the first octet of what it sealed."""
        return self._id[0]

    @property
    def key_ids(self) -> list[int]:
        """Return the ids of all keys, each once."""
        return [each[0] for each in self._ciphers]

    def adopt(self, lasting: Mapping[str, bytes]) -> None:
        """Use these keys for ``LASTING`` uses, instead of those of the oldest secret."""
        self.lasting = {**self.lasting, **lasting}
        self._index_key = self.lasting["index"]
        self._suppression_key = self.lasting["suppression"]
        self._links = hmac.new(self.lasting["link"], digestmod="sha256")

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Seal ``plain`` so that it opens only with the same ``context`` (what it is, and whose)."""
        nonce = os.urandom(_NONCE)
        return self._id + nonce + self._cipher.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Open ``seal``'s output. Raises ``SealBroken``."""
        ciphers = self._ciphers.get(sealed[:1])
        if ciphers is None:
            raise SealBroken("seal-unknown-key")
        for cipher in ciphers if len(sealed) >= 1 + _NONCE + _MAC else ():
            try:
                return cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], context)
            except InvalidTag:
                continue
        raise SealBroken("seal-altered")

    def open_all(self, sealed: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
        """Open many values of equal number, like ``open``; faster if the current key sealed them all."""
        decrypt = self._cipher.decrypt
        try:
            return [
                decrypt(each[1 : 1 + _NONCE], each[1 + _NONCE :], context)
                for each, context in zip(sealed, contexts, strict=True)
            ]
        except (InvalidTag, ValueError):
            return [self.open(each, context) for each, context in zip(sealed, contexts, strict=True)]

    def fingerprint(self, kind: str, canonical: str) -> bytes:
        """Return a 16-byte fingerprint of an address, meaningless without the key."""
        return hmac.digest(self._index_key, f"{kind}\0{canonical}".encode(), "sha256")[:_MAC]

    def suppression(self, kind: str, canonical: str) -> bytes:
        """Return the 16-byte mark of a contact or id on the suppression list, which has a key of its own."""
        return hmac.digest(self._suppression_key, f"{kind}\0{canonical}".encode(), "sha256")[:_MAC]

    def link(self, use: str, number: int) -> str:
        """Return an unguessable link token for one row: its number and 72 bits of HMAC."""
        packed = struct.pack(">Q", number).lstrip(b"\0")
        tag = self._links.copy()  # an HMAC that already has its key
        tag.update(f"{use}\0{number}".encode())
        return base64.urlsafe_b64encode(tag.digest()[:_TAG_BYTES] + packed).rstrip(b"=").decode()

    def unlink(self, use: str, token: str) -> int | None:
        """Return the number in a ``link`` token; None if invalid."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except ValueError:
            return None
        packed = raw[_TAG_BYTES:]
        if not packed or len(packed) > struct.calcsize(">Q"):
            return None
        number = int.from_bytes(packed)
        return number if hmac.compare_digest(self.link(use, number), token) else None
