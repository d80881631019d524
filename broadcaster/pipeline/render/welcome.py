"""First push to a new subscription: its service worker's answer proves that it works."""

from dataclasses import dataclass

import orjson

from broadcaster.pipeline.render.context import Links
from broadcaster.store.people.welcomes import Welcome
from channels.webpush import PushMessage

TTL_S = 3 * 24 * 3600
"""How long push services keep a welcome for an offline device; the next one replaces it."""


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    body: str
    nowhere: str


_WORDS = {
    "fr": _Words(
        "Cet appareil est inscrit",
        "Les alertes de {station} arriveront ici.",
        "Les alertes du lieu où vous êtes arriveront ici.",
    ),
    "en": _Words(
        "This device is signed up",
        "Alerts from {station} will arrive here.",
        "Alerts for where you are will arrive here.",
    ),
}


def render_welcome(welcome: Welcome, links: Links) -> PushMessage:
    """Return the push; a repeated one shows silently."""
    tag = welcome.locale[:2].lower() if welcome.locale[:2].lower() in _WORDS else "en"
    words = _WORDS[tag]
    name = f"welcome-{welcome.contact_id}"
    told = {
        "type": "welcome",
        "lang": tag,
        "title": words.title,
        "body": words.body.format(station=welcome.station) if welcome.station else words.nowhere,
        "tag": name,
        "url": f"{links.base_url}/me",
        "quiet": welcome.tries > 1,
        "receipt": links.welcome(welcome.contact_id),
    }
    payload = orjson.dumps(told)
    return PushMessage(payload, payload, TTL_S, "normal", name)
