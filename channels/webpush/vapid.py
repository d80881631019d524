"""Our identity towards push services (RFC 8292): key pair, subject, and their header.

The header depends only on service and hour, so it is signed once for both and not per message.
"""

import re
from collections.abc import Callable

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from channels.encoding import from_base64url, to_base64url
from channels.invalid import Invalid

RENEW_AFTER_S = 3600
# RFC 8292, section 2: at most 24 hours. Half of it allows for wrong clocks on either side.
LIFETIME_S = 12 * 3600
_RAW_LENGTH = 32
_DOMAIN = r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*"
_SUBJECT = re.compile(
    rf"mailto:[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@(?P<mail>{_DOMAIN})"
    rf"|https://(?P<site>{_DOMAIN})(?::[0-9]{{1,5}})?(?:/[!-~]*)?"
)
_MAX_SUBJECT = 255
_UNREACHABLE = re.compile(r"(?:.*\.)?(?:localhost|local|localdomain|invalid|test|internal|lan|home|example)|[^.]*")


class InvalidVapidKey(Invalid):
    """Not a private key of P-256."""


class VapidKey:
    """The application server's key pair. Browsers subscribe to its public key: a new key ends all subscriptions."""

    __slots__ = ("_key", "public")

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(key.curve, ec.SECP256R1):
            raise InvalidVapidKey("vapid-curve")
        self._key = key
        self.public = to_base64url(
            key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        )
        """The ``applicationServerKey`` that the page subscribes with, base64url."""

    @classmethod
    def generate(cls) -> "VapidKey":
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def load(cls, text: str | bytes) -> "VapidKey":
        """Parse a private key: PEM (openssl, ``vapid --gen``), or raw or DER in base64url.

        Raises ``InvalidVapidKey``.
        """
        octets = text.encode() if isinstance(text, str) else text
        octets = octets.strip()
        try:
            if octets.startswith(b"-----BEGIN"):
                return cls._checked(serialization.load_pem_private_key(octets, password=None))
            plain = octets.decode("ascii").replace("+", "-").replace("/", "_")
            raw = from_base64url("".join(plain.split()))
            if len(raw) == _RAW_LENGTH:
                return cls(ec.derive_private_key(int.from_bytes(raw), ec.SECP256R1()))
            return cls._checked(serialization.load_der_private_key(raw, password=None))
        except InvalidVapidKey:
            raise
        except (ValueError, TypeError) as error:  # TypeError: an encrypted PEM
            raise InvalidVapidKey("vapid-form") from error

    @classmethod
    def _checked(cls, key: object) -> "VapidKey":
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise InvalidVapidKey("vapid-curve")
        return cls(key)

    def to_raw(self) -> str:
        """Return the private key as 32 octets in base64url, as the ``web-push`` and ``vapid`` tools write it."""
        return to_base64url(self._key.private_numbers().private_value.to_bytes(_RAW_LENGTH))

    def sign(self, audience: str, subject: str, expires: int) -> str:
        """Return the ``Authorization`` header for an origin; ``expires``: seconds since 1970 (RFC 8292, section 3)."""
        # is_subject validated the subject, more strictly than py_vapid.
        signer = Vapid02(self._key, conf={"no-strict": True})
        header: str = signer.sign({"aud": audience, "sub": subject, "exp": expires})["Authorization"]
        return header

    def __repr__(self) -> str:
        return f"VapidKey(public={self.public!r})"


class Signature:
    """The header for one origin, renewed after an hour or when the clock was set back.

    ``proven``: the service accepted a message with this header.
    """

    __slots__ = ("_audience", "_clock", "_header", "_key", "_signed_at", "_subject", "proven")

    def __init__(self, key: VapidKey, subject: str, audience: str, clock: Callable[[], float]) -> None:
        self._key = key
        self._subject = subject
        self._audience = audience
        self._clock = clock
        self._header = ""
        self._signed_at = 0.0
        self.proven = False

    def header(self) -> str:
        now = self._clock()
        if not self._header or not 0 <= now - self._signed_at < RENEW_AFTER_S:
            self._header = self._key.sign(self._audience, self._subject, int(now) + LIFETIME_S)
            self._signed_at = now
            self.proven = False
        return self._header


def is_subject(subject: str) -> bool:
    """Return whether this is a VAPID subject (RFC 8292, section 2.1)."""
    return len(subject) <= _MAX_SUBJECT and _SUBJECT.fullmatch(subject) is not None


def subject_warning(subject: str) -> str | None:
    """Return why Apple would refuse a well-formed subject (a domain unreachable from outside), or None."""
    found = _SUBJECT.fullmatch(subject)
    if found and _UNREACHABLE.fullmatch((found["mail"] or found["site"]).lower()):
        return "the VAPID subject's domain is none that the push services could write to: Apple answers 403 to it"
    return None
