"""Routes of the residents' pages."""

from functools import partial

from broadcaster.domain.audit import Action
from broadcaster.http import answering
from broadcaster.http.people import identity
from broadcaster.http.route import Access, Route
from broadcaster.http.schemas.base import SMALL
from broadcaster.pipeline.visiting import USE as VISITS
from broadcaster.web.resident import (
    accessibility,
    answer,
    confirming,
    follow,
    install,
    listed,
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
    Route("GET", "/", public.landing, {200: _HTML, 304: None}, access=Access.PUBLIC, page=True, tag="public"),
    _PAGE("/accessibility", accessibility.show, {200: _HTML}),
    Route("GET", identity.BACK, identity.back, {303: None}, access=Access.SIGNED, page=True, tag="pages"),
    _SIGNED("GET", "/a/{token}", public.alert_page, {200: _HTML, 304: None}),
    _SIGNED("GET", "/r/{token}", answer.ask, {200: _HTML}, link=answering.USE),
    _SIGNED(
        "POST",
        "/r/{token}",
        answer.do,
        {303: None},
        form=("answer", "household", "lon", "lat"),
        largest=SMALL,
        link=answering.USE,
    ),
    _SIGNED("GET", "/u/{token}", opt_out.ask, {200: _HTML}),
    _SIGNED("POST", "/u/{token}", opt_out.do, {200: _HTML}, form=("List-Unsubscribe",), largest=SMALL),
    _SIGNED("GET", "/k/{token}", staying.ask, {200: _HTML}, link=staying.USE),
    _SIGNED("POST", "/k/{token}", staying.do, {200: _HTML}, largest=SMALL, link=staying.USE),
    _PAGE("/s/{slug}", follow.page_of_station, {200: _HTML}),
    _PAGE("/s/{slug}/listed", listed.ask, {200: _HTML}),
    Route(
        "POST",
        "/listed/data",
        listed.read,
        {200: _HTML},
        access=Access.SIGNED,
        tag="subscribers",
        fails=(404,),
        views=Action.PERSON_EXPORTED,
    ),
    _PAGE("/polls/{token}", polls.show, {200: _HTML}),
    _PAGE("/me", mine.me, {200: _HTML}),
    Route("GET", "/me/data", mine.data, {200: _HTML}, access=Access.SUBSCRIBER, tag="subscribers"),
    _PAGE("/here", mine.here, {200: _HTML}),
    _PAGE("/sign/{slug}", sign.show, {200: _HTML}),
    _PAGE("/c/{token}", confirming.ask, {200: _HTML}, access=Access.SIGNED),
    _SIGNED("POST", "/c/{token}", confirming.do, {200: _HTML}, largest=SMALL),
    _SIGNED("GET", "/v/{token}", visits.show, {200: _HTML}, link=VISITS, changes=(Action.VISITS_SEEN,)),
    _SIGNED(
        "POST",
        "/v/{token}",
        visits.enter,
        {303: None},
        form=("code",),
        largest=SMALL,
        link=VISITS,
        changes=(Action.VISITS_OPENED,),
    ),
    _SIGNED("POST", "/v/{token}/code", visits.send_code, {303: None}, largest=SMALL, link=VISITS),
    _SIGNED(
        "POST",
        "/v/{token}/people/{person}",
        visits.record,
        {303: None},
        form=("found",),
        largest=SMALL,
        link=VISITS,
        changes=(Action.VISITED,),
    ),
    _FILE("GET", "/manifest.webmanifest", install.manifest, {200: "application/manifest+json"}),
    _FILE("GET", "/worker.js", install.worker, {200: "text/javascript"}),
    _FILE("GET", "/icons/{name}", install.icon, {200: "image/png"}),
)
