"""Providers as URLs: ``scheme://user:password@host:port?option=value``, percent-encoded; ``+`` is a plus."""

import ipaddress
import re
from collections.abc import Collection
from typing import TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

from channels.invalid import Invalid

Default = TypeVar("Default", float, int, None)


class InvalidProviderUrl(Invalid):
    """Invalid settings of a provider."""


def split(url: str, example: str) -> SplitResult:
    """Split a URL with a valid port and no path. Raises ``InvalidProviderUrl``.

    Errors never quote it, since an unescaped password may end up in any part.
    """
    if re.search(r"[\x00-\x1f\x7f]", url):
        raise InvalidProviderUrl("url-control-sign")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = None
    if parts is None or parts.path not in {"", "/"} or parts.fragment or not parts.hostname:
        raise InvalidProviderUrl("url-form", example=example)
    return parts


def options(query: str, known: Collection[str]) -> dict[str, str]:
    """Return a query's options, each of ``known`` and given once. Raises ``InvalidProviderUrl``."""
    found: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        if name not in known:
            raise InvalidProviderUrl("url-option", known=", ".join(sorted(known)))
        if name in found:
            raise InvalidProviderUrl("url-option-twice", name=name)
        found[name] = unquote(value)
    return found


def number(given: dict[str, str], name: str, default: Default) -> float | Default:
    """Return an option's number. Raises ``InvalidProviderUrl``."""
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,6}(?:\.\d{1,3})?", text):
        raise InvalidProviderUrl("url-number", name=name)
    return float(text)


def whole(given: dict[str, str], name: str, default: Default) -> int | Default:
    """Return an option's whole number. Raises ``InvalidProviderUrl``."""
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,6}", text):
        raise InvalidProviderUrl("url-whole-number", name=name)
    return int(text)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
