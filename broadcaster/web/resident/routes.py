"""Routes of the residents' pages."""

from functools import partial

from broadcaster.domain.audit import Action
from broadcaster.http import answering, identity
from broadcaster.http.route import SMALL, Access, Route
from broadcaster.pipeline.visiting import USE as VISITS
from broadcaster.web.resident import (
    accessibility,
    answer,
    confirming,
    follow,
    install,
    mine,
    opt_out,
    polls,
    public,
    sign,
    visits,
)

_HTML = "text/html"

_PAGE = partial(Route, "GET", answers={200: _HTML}, access=Access.PUBLIC, page=True, tag="public")
_SIGNED = partial(Route, access=Access.SIGNED, page=True, tag="public")
_FILE = partial(Route, access=Access.OPEN, documented=False, tag="pages")

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/",
        public.landing,
        "What this is, and what holds now.",
        {200: _HTML, 304: None},
        access=Access.PUBLIC,
        query=public.LandingQuery,
        page=True,
        tag="public",
    ),
    _PAGE("/accessibility", accessibility.show, "How accessible these pages are (RGAA)."),
    Route(
        "GET",
        identity.BACK,
        identity.back,
        "Back from FranceConnect.",
        {303: None},
        access=Access.SIGNED,
        fails=(404, 422, 503),
        page=True,
        documented=False,
        tag="public",
    ),
    _SIGNED("GET", "/a/{token}", public.alert_page, "An alert, to be read.", {200: _HTML, 304: None}),
    _SIGNED(
        "GET",
        "/r/{token}",
        answer.ask,
        "An alert, to be read and answered by who got it. Changes nothing.",
        {200: _HTML},
        query=answer.AnswerQuery,
        link=answering.USE,
    ),
    _SIGNED(
        "POST",
        "/r/{token}",
        answer.do,
        "Answer an alert.",
        {303: None},
        form=("answer", "household", "lon", "lat"),
        largest=SMALL,
        link=answering.USE,
    ),
    _SIGNED("GET", "/u/{token}", opt_out.ask, "No more messages? Changes nothing.", {200: _HTML}),
    _SIGNED(
        "POST",
        "/u/{token}",
        opt_out.do,
        "No more messages to this contact (RFC 8058).",
        {200: _HTML},
        form=("List-Unsubscribe",),
        largest=SMALL,
    ),
    _PAGE("/s/{slug}", follow.page_of_station, "Follow a station: where its QR code leads."),
    _PAGE("/polls/{token}", polls.show, "A poll, to vote, or its result."),
    _PAGE("/me", mine.me, "What I follow, how I am told, and the way out."),
    Route(
        "GET",
        "/me/data",
        mine.data,
        "All that is kept of me, to read or to print.",
        {200: _HTML},
        access=Access.SUBSCRIBER,
        tag="subscribers",
    ),
    _PAGE("/here", mine.here, "The alerts at this place, for visitors."),
    _PAGE("/sign/{slug}", sign.show, "A station's alerts, for a town's display."),
    _PAGE("/c/{token}", confirming.ask, "Is this address mine? Changes nothing.", access=Access.SIGNED),
    _SIGNED("POST", "/c/{token}", confirming.do, "This address is mine.", {200: _HTML}, largest=SMALL),
    _SIGNED(
        "GET",
        "/v/{token}",
        visits.show,
        "A volunteer's part of a visit list, after a code to their telephone.",
        {200: _HTML},
        query=visits.VisitsQuery,
        link=VISITS,
        changes=(Action.VISITS_SEEN,),
    ),
    _SIGNED(
        "POST",
        "/v/{token}",
        visits.enter,
        "Open it with the code.",
        {303: None},
        form=("code",),
        largest=SMALL,
        link=VISITS,
        changes=(Action.VISITS_OPENED,),
    ),
    _SIGNED(
        "POST",
        "/v/{token}/code",
        visits.send_code,
        "Send a code to the volunteer's own telephone.",
        {303: None},
        largest=SMALL,
        link=VISITS,
    ),
    _SIGNED(
        "POST",
        "/v/{token}/people/{person}",
        visits.record,
        "What was found at a person's door.",
        {303: None},
        form=("found",),
        largest=SMALL,
        link=VISITS,
        changes=(Action.VISITED,),
    ),
    _FILE(
        "GET",
        "/manifest.webmanifest",
        install.manifest,
        "What installs the app (W3C).",
        {200: "application/manifest+json"},
    ),
    _FILE("GET", "/worker.js", install.worker, "The service worker.", {200: "text/javascript"}),
    _FILE("GET", "/icons/{name}", install.icon, "The bell, as a picture.", {200: "image/png"}),
)
