"""Files of the web app: manifest, service worker at the root, bell icons."""

from functools import cache
from pathlib import Path

import orjson
from aiohttp import web

from broadcaster.domain.refusals import NotFound
from broadcaster.http.route import Call
from broadcaster.palette import PALETTE
from broadcaster.web.assets import ASSETS
from broadcaster.web.resident.frame import words_of

ICONS = Path(__file__).parent / "icons"
_A_DAY = "public, max-age=86400"


async def manifest(call: Call[None, None]) -> web.Response:
    """Return the web app manifest, in the reader's language."""
    words = words_of(call)
    made = {
        "id": "/",
        "name": words("Tocsin – local alerts"),
        "short_name": "Tocsin",
        "description": words("Alerts for the few streets or the whole town where you are, within seconds."),
        "lang": words.language,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PALETTE["ground"],
        "theme_color": PALETTE["act"],
        "categories": ["government", "news", "utilities"],
        "icons": [
            {"src": "/icons/192.png", "sizes": "192x192", "type": "image/png", "purpose": "any"},
            {"src": "/icons/512.png", "sizes": "512x512", "type": "image/png", "purpose": "any"},
            {"src": "/icons/maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
            {"src": "/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
        ],
        "shortcuts": [{"name": words("Alerts here"), "url": "/here"}, {"name": words("My alerts"), "url": "/me"}],
    }
    return web.Response(
        body=orjson.dumps(made),
        content_type="application/manifest+json",
        headers={"Cache-Control": _A_DAY, "Vary": "Accept-Language", "Content-Language": words.language},
    )


async def worker(call: Call[None, None]) -> web.Response:
    """Return the service worker; never cached, so that fixes take effect at once."""
    made = call.request.app[ASSETS].respond(call.request, "worker.js", "no-cache")
    policy = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:"
    made.headers["Content-Security-Policy"] = policy
    return made


async def icon(call: Call[None, None]) -> web.Response:
    """Return a bell icon. Raises ``NotFound``."""
    body = _icons().get(call.request.match_info["name"])
    if body is None:
        raise NotFound("picture-missing")
    return web.Response(body=body, content_type="image/png", headers={"Cache-Control": _A_DAY})


@cache
def _icons() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in ICONS.glob("*.png")}
