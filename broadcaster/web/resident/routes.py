"""Routes of the residents' pages."""

from broadcaster.http import answering
from broadcaster.http.route import SMALL, Access, Route
from broadcaster.web.resident import answer, confirming, follow, install, mine, opt_out, public, sign

_HTML = "text/html"


def _page(path: str, handler: object, summary: str, access: Access = Access.PUBLIC) -> Route:
    return Route("GET", path, handler, access, summary, {200: _HTML}, page=True, tag="public")  # type: ignore[arg-type]


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/",
        public.landing,
        Access.PUBLIC,
        "What this is, and what holds now.",
        {200: _HTML, 304: None},
        query=public.LandingQuery,
        page=True,
        tag="public",
    ),
    Route(
        "GET",
        "/a/{token}",
        public.alert_page,
        Access.SIGNED,
        "An alert, to be read.",
        {200: _HTML, 304: None},
        page=True,
        tag="public",
    ),
    Route(
        "GET",
        "/r/{token}",
        answer.ask,
        Access.SIGNED,
        "An alert, to be read and answered by who got it. Changes nothing.",
        {200: _HTML},
        query=answer.AnswerQuery,
        link=answering.USE,
        page=True,
        tag="public",
    ),
    Route(
        "POST",
        "/r/{token}",
        answer.do,
        Access.SIGNED,
        "Answer an alert.",
        {303: None},
        form=("answer", "household", "lon", "lat"),
        largest=SMALL,
        link=answering.USE,
        page=True,
        tag="public",
    ),
    Route(
        "GET",
        "/u/{token}",
        opt_out.ask,
        Access.SIGNED,
        "No more messages? Changes nothing.",
        {200: _HTML},
        page=True,
        tag="public",
    ),
    Route(
        "POST",
        "/u/{token}",
        opt_out.do,
        Access.SIGNED,
        "No more messages to this contact (RFC 8058).",
        {200: _HTML},
        form=("List-Unsubscribe",),
        largest=SMALL,
        page=True,
        tag="public",
    ),
    _page("/s/{slug}", follow.page_of_station, "Follow a station: where its QR code leads."),
    _page("/me", mine.me, "What I follow, how I am told, and the way out."),
    _page("/here", mine.here, "The alerts at this place, for visitors."),
    _page("/sign/{slug}", sign.show, "A station's alerts, for a town's display."),
    _page("/c/{token}", confirming.ask, "Is this address mine? Changes nothing.", Access.SIGNED),
    Route(
        "POST",
        "/c/{token}",
        confirming.do,
        Access.SIGNED,
        "This address is mine.",
        {200: _HTML},
        largest=SMALL,
        page=True,
        tag="public",
    ),
    Route(
        "GET",
        "/manifest.webmanifest",
        install.manifest,
        Access.OPEN,
        "What installs the app (W3C).",
        {200: "application/manifest+json"},
        documented=False,
        tag="pages",
    ),
    Route(
        "GET",
        "/worker.js",
        install.worker,
        Access.OPEN,
        "The service worker.",
        {200: "text/javascript"},
        documented=False,
        tag="pages",
    ),
    Route(
        "GET",
        "/icons/{name}",
        install.icon,
        Access.OPEN,
        "The bell, as a picture.",
        {200: "image/png"},
        documented=False,
        tag="pages",
    ),
)
