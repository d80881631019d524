"""Shared parts of residents' pages: script data, and the push key."""

import base64
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web
from markupsafe import Markup

from broadcaster.domain.people import LINKED
from broadcaster.http.route import Call
from broadcaster.languages import DEFAULT
from broadcaster.pipeline.services import Services
from broadcaster.web.i18n import Words, catalogs
from broadcaster.web.pages import language_of, render
from broadcaster.web.resident.script_words import script_words
from channels.webpush import VapidKey

_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def words_of(call: Call[Any, Any], default: str = DEFAULT) -> Words:
    return catalogs().words(language_of(call.request, default))


def push_key(services: Services) -> str:
    """Return the public key for browsers' subscriptions (RFC 8292).

    Sandboxed, one is derived from the secret, the same in every process, so that sign-up can be tried.
    """
    key = services.settings.vapid_private_key
    if key is not None:
        return VapidKey.load(key.get_secret_value()).public
    raw = b"".join(services.store.vault.fingerprint("sandbox push", half) for half in ("1", "2"))
    return VapidKey.load(base64.urlsafe_b64encode(b"\x01" + raw[1:])).public


def in_page(facts: Mapping[str, Any]) -> Markup:
    """Return facts as JSON for a page's ``<script type="application/json">``."""
    text = orjson.dumps(facts).decode()
    return Markup("".join(_UNSAFE.get(sign, sign) for sign in text))  # noqa: S704  escaped just here


def page(
    call: Call[Any, Any],
    template: str,
    words: Words,
    facts: Mapping[str, Any],
    *,
    given: Mapping[str, Any] | None = None,
    cache_control: str = "no-cache",
) -> web.Response:
    """Render a page; ``given``: facts for its scripts, in addition to their words and the push key."""
    for_scripts = {
        "key": push_key(call.services),
        "sandbox": bool(call.services.sandboxed),
        "geocoder": bool(call.services.settings.geocoder_url),
        "linked": LINKED,
        "words": script_words(words),
        **(given or {}),
    }
    whole = {
        "given": in_page(for_scripts),
        "sandbox_names": [words.channel(each, inside=True) for each in call.services.sandboxed],
        **facts,
    }
    return render(call.request, template, words, whole, cache_control=cache_control)
