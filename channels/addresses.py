"""Text form in which each channel's addresses are stored."""

from collections.abc import Callable
from typing import Any

import orjson

from channels.email.providers import provider_of
from channels.webpush import PushSubscription
from channels.webpush.origins import believed_origin_of


def push_text(subscription: PushSubscription) -> str:
    """Return a push subscription as the text that ``read_address`` reads."""
    kept = {"endpoint": subscription.endpoint, "p256dh": subscription.p256dh, "auth": subscription.auth}
    return orjson.dumps(kept).decode()


def _push(text: str) -> PushSubscription:
    return PushSubscription(**orjson.loads(text))


_READERS: dict[str, Callable[[str], Any]] = {"push": _push, "sms": str, "voice": str, "email": str}


def read_address(channel: str, text: str) -> Any:
    """Return the address that the channel's ``send`` takes. Raises ``ValueError`` for invalid text."""
    return _READERS[channel](text)


def origin_of(address: Any) -> str:
    """Return the push service's origin; empty for channels with a single provider."""
    return believed_origin_of(address.endpoint) or "" if isinstance(address, PushSubscription) else ""


def keeper_of(channel: str, address: Any) -> str:
    """Return who is responsible for an address: the mailbox provider or push service; the channel for a number."""
    if channel == "email":
        return provider_of(address)
    return origin_of(address) or channel
