"""RFC 8291 encryption of pushes in bulk.

Our own code on ``cryptography``, since encryption is half of a push's cost in an alert to thousands; pywebpush encrypts
single pushes (``webpush/encryption.py``). `make bench` compares the two, and one suite of tests holds both to the RFC's
example.
"""

import os
from functools import partial
from hmac import digest

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.encoding import from_base64url

_CURVE = ec.SECP256R1()
_ECDH = ec.ECDH()
_POINT_LENGTH = 65
_AUTH_LENGTH = 16
_SALT_LENGTH = 16
# RFC 8188, section 2.1: record size (4096) and length of the key id, which is our public key.
_SIZES = (4096).to_bytes(4) + bytes([_POINT_LENGTH])
_LAST_RECORD = b"\x02"
_mac = partial(digest, digest="sha256")


def seal(
    plaintext: bytes,
    p256dh: str,
    auth: str,
    *,
    private_key: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """Return a push body: header and one record of aes128gcm (RFC 8188), 103 octets longer than the plaintext.

    ``private_key`` and ``salt`` are fresh per message, except in the test of RFC 8291's example. Raises ``ValueError``
    for invalid subscription keys.
    """
    theirs, secret = octets_of(p256dh, auth)
    their_key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, theirs)
    own_key = private_key or ec.generate_private_key(_CURVE)
    ours = own_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    salt = salt or os.urandom(_SALT_LENGTH)
    # Section 3.4. Each HKDF expands to one block, so it is two HMACs (RFC 5869).
    key = _mac(_mac(secret, own_key.exchange(_ECDH, their_key)), b"WebPush: info\x00" + theirs + ours + b"\x01")
    key = _mac(salt, key)
    content_key = _mac(key, b"Content-Encoding: aes128gcm\x00\x01")[:16]
    nonce = _mac(key, b"Content-Encoding: nonce\x00\x01")[:12]
    record = AESGCM(content_key).encrypt(nonce, plaintext + _LAST_RECORD, None)
    return salt + _SIZES + ours + record


def octets_of(p256dh: str, auth: str) -> tuple[bytes, bytes]:
    """Return a subscription's key and secret. Raises ``ValueError``."""
    theirs, secret = from_base64url(p256dh), from_base64url(auth)
    if len(theirs) != _POINT_LENGTH or len(secret) != _AUTH_LENGTH:
        raise ValueError("a key has 65 octets, an authentication secret 16")
    return theirs, secret
