"""First push to a new subscription: its service worker's answer proves that it works."""

import orjson

from broadcaster.languages import catalogs, direction
from broadcaster.pipeline.render.context import Links
from broadcaster.store.people.welcomes import Welcome
from channels.webpush import PushMessage

TTL_S = 3 * 24 * 3600
"""How long push services keep a welcome for an offline device; the next one replaces it."""


def render_welcome(welcome: Welcome, links: Links) -> PushMessage:
    """Return the push; a repeated one shows silently."""
    words = catalogs().words(welcome.locale)
    name = f"welcome-{welcome.contact_id}"
    told = {
        "type": "welcome",
        "lang": words.language,
        "dir": direction(words.language),
        "title": words("This device is signed up"),
        "body": words("Alerts from %(station)s will arrive here.", station=welcome.station)
        if welcome.station
        else words("Alerts for where you are will arrive here."),
        "tag": name,
        "url": f"{links.base_url}/me",
        "quiet": welcome.tries > 1,
        "receipt": links.welcome(welcome.contact_id),
    }
    payload = orjson.dumps(told)
    return PushMessage(payload, payload, TTL_S, "normal", name)
