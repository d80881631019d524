"""RFC 8291 encryption of one push, by pywebpush."""

from pywebpush import WebPusher

from channels.encryption import octets_of


def encrypt(plaintext: bytes, p256dh: str, auth: str) -> bytes:
    """Return what ``channels.encryption.seal`` returns. Raises ``ValueError`` for invalid subscription keys."""
    octets_of(p256dh, auth)  # pywebpush skips invalid characters
    body: bytes = WebPusher({"endpoint": "", "keys": {"p256dh": p256dh, "auth": auth}}).encode(plaintext)["body"]
    return body
