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
    staying,
    visits,
)

_HTML = "text/html"

_PAGE = partial(Route, "GET", access=Access.PUBLIC, page=True, tag="public")
_SIGNED = partial(Route, access=Access.SIGNED, page=True, tag="public")
_FILE = partial(Route, access=Access.OPEN, tag="pages")

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/",
        public.landing,
        {200: _HTML, 304: None},
        "What this is, and what holds now.",
        access=Access.PUBLIC,
        query=public.LandingQuery,
        page=True,
        tag="public",
    ),
    _PAGE("/accessibility", accessibility.show, {200: _HTML}, "How accessible these pages are (RGAA)."),
    Route("GET", identity.BACK, identity.back, {303: None}, access=Access.SIGNED, page=True, tag="public"),
    _SIGNED("GET", "/a/{token}", public.alert_page, {200: _HTML, 304: None}, "An alert, to be read."),
    _SIGNED(
        "GET",
        "/r/{token}",
        answer.ask,
        {200: _HTML},
        "An alert, to be read and answered by who got it. Changes nothing.",
        query=answer.AnswerQuery,
        link=answering.USE,
    ),
    _SIGNED(
        "POST",
        "/r/{token}",
        answer.do,
        {303: None},
        "Answer an alert.",
        form=("answer", "household", "lon", "lat"),
        largest=SMALL,
        link=answering.USE,
    ),
    _SIGNED("GET", "/u/{token}", opt_out.ask, {200: _HTML}, "No more messages? Changes nothing."),
    _SIGNED(
        "POST",
        "/u/{token}",
        opt_out.do,
        {200: _HTML},
        "No more messages to this contact (RFC 8058).",
        form=("List-Unsubscribe",),
        largest=SMALL,
    ),
    _SIGNED(
        "GET",
        "/k/{token}",
        staying.ask,
        {200: _HTML},
        "Do you still want these alerts? Changes nothing.",
        link=staying.USE,
    ),
    _SIGNED(
        "POST",
        "/k/{token}",
        staying.do,
        {200: _HTML},
        "Somebody who gave no sign for long wants to stay.",
        largest=SMALL,
        link=staying.USE,
    ),
    _PAGE("/s/{slug}", follow.page_of_station, {200: _HTML}, "Follow a station: where its QR code leads."),
    _PAGE("/polls/{token}", polls.show, {200: _HTML}, "A poll, to vote, or its result."),
    _PAGE("/me", mine.me, {200: _HTML}, "What I follow, how I am told, and the way out."),
    Route(
        "GET",
        "/me/data",
        mine.data,
        {200: _HTML},
        "All that is kept of me, to read or to print.",
        access=Access.SUBSCRIBER,
        tag="subscribers",
    ),
    _PAGE("/here", mine.here, {200: _HTML}, "The alerts at this place, for visitors."),
    _PAGE("/sign/{slug}", sign.show, {200: _HTML}, "A station's alerts, for a town's display."),
    _PAGE("/c/{token}", confirming.ask, {200: _HTML}, "Is this address mine? Changes nothing.", access=Access.SIGNED),
    _SIGNED("POST", "/c/{token}", confirming.do, {200: _HTML}, "This address is mine.", largest=SMALL),
    _SIGNED(
        "GET",
        "/v/{token}",
        visits.show,
        {200: _HTML},
        "A volunteer's part of a visit list, after a code to their telephone.",
        query=visits.VisitsQuery,
        link=VISITS,
        changes=(Action.VISITS_SEEN,),
    ),
    _SIGNED(
        "POST",
        "/v/{token}",
        visits.enter,
        {303: None},
        "Open it with the code.",
        form=("code",),
        largest=SMALL,
        link=VISITS,
        changes=(Action.VISITS_OPENED,),
    ),
    _SIGNED(
        "POST",
        "/v/{token}/code",
        visits.send_code,
        {303: None},
        "Send a code to the volunteer's own telephone.",
        largest=SMALL,
        link=VISITS,
    ),
    _SIGNED(
        "POST",
        "/v/{token}/people/{person}",
        visits.record,
        {303: None},
        "What was found at a person's door.",
        form=("found",),
        largest=SMALL,
        link=VISITS,
        changes=(Action.VISITED,),
    ),
    _FILE("GET", "/manifest.webmanifest", install.manifest, {200: "application/manifest+json"}),
    _FILE("GET", "/worker.js", install.worker, {200: "text/javascript"}),
    _FILE("GET", "/icons/{name}", install.icon, {200: "image/png"}),
)
