"""Address of a push: a browser's ``PushSubscription``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from channels.encoding import from_base64url, to_base64url
from channels.invalid import Invalid
from channels.webpush.origins import allowed, is_loopback, origin_of

MAX_ENDPOINT = 2048
_POINT_LENGTH = 65  # 0x04, x, y: an uncompressed point of P-256 (RFC 8291, section 3.1)
_SECRET_LENGTH = 16
_MAX_KEY_TEXT = 128


class InvalidSubscription(Invalid):
    """``field``: path in the browser's JSON (``keys.auth``)."""


@dataclass(slots=True)  # one per message: frozen would make construction three times as slow
class PushSubscription:
    """An address; knowing it suffices to write to the device, so it is never logged.

    ``p256dh`` and ``auth`` are base64url as from the browser. The constructor does not validate (for our own store);
    use ``parse`` for input.
    """

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)

    @classmethod
    def parse(cls, obj: Any, origins: Iterable[str] | None = None) -> "PushSubscription":
        """Parse the Push API's JSON ``{endpoint, keys: {p256dh, auth}}``; other members are ignored.

        Without ``origins`` only the form is checked (https anywhere, http on loopback); with them also whether we would
        send there. Raises ``InvalidSubscription``.
        """
        if not isinstance(obj, Mapping):
            raise InvalidSubscription("not-an-object", "subscription")
        endpoint = _text(obj, "endpoint", "endpoint", MAX_ENDPOINT)
        origin = origin_of(endpoint)
        if origin is None or (origin.startswith("http://") and not is_loopback(origin)):
            raise InvalidSubscription("push-endpoint", "endpoint")
        if origins is not None and not allowed(endpoint, origins):
            raise InvalidSubscription("push-service", "endpoint")
        keys = obj.get("keys")
        if not isinstance(keys, Mapping):
            raise InvalidSubscription("push-keys", "keys")
        point = _octets(keys, "p256dh", _POINT_LENGTH)
        try:
            # At 65 octets only the uncompressed form can be valid: it begins with 4.
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        except ValueError as error:
            raise InvalidSubscription("push-point", "keys.p256dh") from error
        secret = _octets(keys, "auth", _SECRET_LENGTH)
        return cls(endpoint, to_base64url(point), to_base64url(secret))

    @property
    def canonical(self) -> str:
        """Return the comparison form: the endpoint. Its keys never change."""
        return self.endpoint

    def to_json(self) -> dict[str, Any]:
        """Return the browser's own form, as for ``parse``."""
        return {"endpoint": self.endpoint, "keys": {"p256dh": self.p256dh, "auth": self.auth}}


def _text(obj: Mapping[str, Any], name: str, path: str, longest: int) -> str:
    value = obj.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidSubscription("needed", path)
    if len(value) > longest:
        raise InvalidSubscription("text-too-long", path, n=len(value) - longest, most=longest)
    return value


def _octets(keys: Mapping[str, Any], name: str, length: int) -> bytes:
    path = f"keys.{name}"
    try:
        octets = from_base64url(_text(keys, name, path, _MAX_KEY_TEXT))
    except InvalidSubscription:
        raise
    except ValueError as error:
        raise InvalidSubscription("push-base64", path) from error
    if len(octets) != length:
        raise InvalidSubscription("push-octets", path, n=len(octets), right=length)
    return octets
