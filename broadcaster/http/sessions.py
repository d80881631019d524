"""An operator's sign-in to the console: a random name in a cookie, and in the store whom it stands for.

The cookie is HttpOnly and SameSite=Lax: no script reads it, and no other site's form or script brings it. What changes
anything needs, beside it, the proof that the page asking is ours: ``csrf``, made of the cookie's value, in a field of
the form or in the header ``X-CSRF``.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from broadcaster.http.keys import SERVICES
from broadcaster.http.problems import HttpProblem
from broadcaster.http.reading import form_of
from broadcaster.store.operations import sessions

if TYPE_CHECKING:
    from aiohttp import web

    from broadcaster.config import Settings
    from broadcaster.store.operations.sessions import Session

COOKIE = "tocsin_operator"
PATH = "/console"
FIELD, HEADER = "csrf", "X-CSRF"
_LONGEST = 60
_IDLE_PART = 3
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))


def lasts(settings: Settings) -> timedelta:
    """Return how long a session lasts at most."""
    return timedelta(hours=settings.session_hours)


def idle(settings: Settings) -> timedelta:
    """Return how long a session lasts that nobody uses."""
    return lasts(settings) / _IDLE_PART


async def session_of(request: web.Request) -> Session | None:
    """Return the session whose cookie comes with a request; None if there is none that holds."""
    name = request.cookies.get(COOKIE, "")
    if not name or len(name) > _LONGEST or not name.isascii():
        return None
    services = request.app[SERVICES]
    now = services.clock.now()
    async with services.store.read() as unit:
        found = await sessions.find(unit, name, now, idle(services.settings))
    if found is not None and now - found.seen_at > sessions.SEEN_EVERY:
        async with services.store.write() as unit:
            await sessions.seen(unit, found.id, now)
    return found


def csrf_of(request: web.Request) -> str:
    """Return what a form of the session's pages carries."""
    return csrf_made_of(request.cookies.get(COOKIE, ""))


def csrf_made_of(name: str) -> str:
    """Return what proves a form of the session of a cookie's value: it tells nothing of the value."""
    return hashlib.sha256(b"csrf:" + name.encode()).hexdigest()[:40]


def from_our_page(request: web.Request) -> bool:
    """Return whether the browser says that a page of ours, or the person themselves, made this request.

    Browsers of before 2023 don't send ``Sec-Fetch-Site``; all send ``Origin`` with a form. What sends neither is no
    browser, and has no session that another site could use.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    public = urlsplit(request.app[SERVICES].base_url)
    # A proxy may end TLS and rename the host: ours is the public address, or the one that was asked.
    return origin in (f"{public.scheme}://{public.netloc}", f"{request.scheme}://{request.host}")


async def is_ours(request: web.Request) -> bool:
    """Return whether a request that changes something was made by a page of ours."""
    if not from_our_page(request):
        return False
    sent = request.headers.get(HEADER, "")
    if not sent and request.content_type == "application/x-www-form-urlencoded":
        sent = (await form_of(request)).get(FIELD, "")
    if not sent and request.content_type == "multipart/form-data":
        sent = request.query.get(FIELD, "")  # a file may be long: what proves the form stands before it
    return hmac.compare_digest(sent.encode(), csrf_of(request).encode())


def foreign() -> HttpProblem:
    """Return the 403 of a request that no page of ours made."""
    return HttpProblem("forbidden", "other-session")


def device_of(request: web.Request) -> str:
    """Return what a browser says it is, in two words: enough to know one's own telephone in a list."""
    agent = request.headers.get("User-Agent", "")[:400]
    system = next((name for mark, name in _SYSTEMS if mark in agent), "?")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "?")
    return f"{browser}, {system}"


def give_cookie(response: web.StreamResponse, name: str, settings: Settings, *, secure: bool) -> None:
    """Put the cookie of a new session on a response; ``secure`` where the service is reached by https."""
    response.set_cookie(
        COOKIE,
        name,
        max_age=int(lasts(settings).total_seconds()),
        path=PATH,
        httponly=True,
        samesite="Lax",
        secure=secure,
    )
