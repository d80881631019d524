"""Console routes. ``page_at``, ``form_at`` and ``data_at`` hold what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from broadcaster.http.route import FORM, SHAPE, SMALL, Access, Route
from broadcaster.http.schemas.accounts import SandboxPageQuery
from broadcaster.web.console import home, signing_in
from broadcaster.web.console.alerts import alerts, live, live_cancel, report, unreached
from broadcaster.web.console.compose import compose, later, preview
from broadcaster.web.console.compose import sending as compose_sending
from broadcaster.web.console.sandbox import sandbox
from broadcaster.web.console.schedules import drills, reminding, schedules

if TYPE_CHECKING:
    from broadcaster.http.route import Handler

_HTML, _STREAM = "text/html", "text/event-stream"


def page_at(path: str, handler: Handler, summary: str, **more: Any) -> Route:
    """Return a page's route for a signed-in operator."""
    return Route(
        "GET", path, handler, Access.OPERATOR, summary, {200: _HTML}, page=True, documented=False, tag="console", **more
    )


def form_at(path: str, handler: Handler, summary: str, **more: Any) -> Route:
    """Return the route of a form on an operator's page."""
    more = {"largest": FORM, **more}
    return Route(
        "POST", path, handler, Access.OPERATOR, summary, {303: None}, page=True, documented=False, tag="console", **more
    )


def data_at(method: str, path: str, handler: Handler, summary: str, **more: Any) -> Route:
    """Return the route of a script's request: JSON, or a stream of events."""
    answers = more.pop("answers", {200: "application/json"})
    return Route(method, path, handler, Access.OPERATOR, summary, answers, documented=False, tag="console", **more)


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        signing_in.SIGN_IN,
        signing_in.ask,
        Access.PUBLIC,
        "Where to put the key.",
        {200: _HTML},
        page=True,
        documented=False,
    ),
    Route(
        "POST",
        signing_in.SIGN_IN,
        signing_in.sign_in,
        Access.PUBLIC,
        "A key for a session.",
        {303: None},
        largest=FORM + SMALL,
        page=True,
        documented=False,
    ),
    form_at("/console/sign-out", signing_in.sign_out, "End this session."),
    page_at("/console/sessions", signing_in.listing, "Who is signed in."),
    form_at("/console/sessions/{id}/end", signing_in.end, "End a session."),
    page_at("/console", home.page, "What holds now."),
    page_at("/console/new", compose.page, "A new alert."),
    data_at("POST", "/console/reach", compose_sending.reach, "Whom a draft would reach.", largest=SHAPE),
    data_at("GET", "/console/density", compose_sending.cells, "Where followers live, coarsely."),
    data_at("POST", "/console/preview", preview.preview, "What each channel will say.", largest=SHAPE),
    data_at(
        "POST", "/console/preview/mail", preview.mail, "A draft's mail.", largest=SHAPE, answers={200: _HTML, 204: None}
    ),
    data_at(
        "POST", "/console/send", compose_sending.send, "Send it.", largest=SHAPE, answers={202: "application/json"}
    ),
    data_at(
        "POST",
        "/console/when",
        later.ahead,
        "The next times of a draft.",
        body=later.Times,
        largest=SMALL,
    ),
    data_at(
        "POST",
        "/console/schedule",
        later.keep,
        "Keep it for later.",
        largest=SHAPE,
        answers={201: "application/json"},
    ),
    page_at("/console/schedules", schedules.listing, "Alerts for later.", query=schedules.SchedulesPageQuery),
    form_at("/console/schedules", drills.schedule, "Schedule a monthly drill for operators."),
    page_at("/console/schedules/{id}", schedules.one, "One of them."),
    form_at("/console/schedules/{id}", schedules.act, "Change, pause or end it; answer for what was not sent."),
    page_at("/console/sandbox", sandbox.listing, "What was composed and not sent.", query=SandboxPageQuery),
    page_at("/console/sandbox/{id}", sandbox.one, "One message to its last byte."),
    page_at("/console/alerts", alerts.listing, "Alerts, newest first.", query=alerts.PageQuery),
    page_at("/console/alerts/{id}", live.page, "An alert as it goes out."),
    data_at(
        "GET",
        "/console/alerts/{id}/events",
        live.events,
        "What changes of that page.",
        answers={200: _STREAM, 204: None},
    ),
    page_at("/console/alerts/{id}/cancel", live_cancel.ask, "The all-clear, ready to be sent."),
    form_at("/console/alerts/{id}/cancel", live_cancel.do, "Send the all-clear."),
    page_at("/console/alerts/{id}/remind", reminding.ask, "Say it again while it holds."),
    form_at("/console/alerts/{id}/remind", reminding.do, "Schedule the reminder."),
    page_at("/console/alerts/{id}/report", report.page, "The report of an alert."),
    page_at("/console/alerts/{id}/report.pdf", report.pdf, "The report as PDF."),
    data_at("GET", "/console/alerts/{id}/account", report.moved, "Where the report was.", answers={303: None}),
    data_at("GET", "/console/alerts/{id}/account.pdf", report.moved, "Where its PDF was.", answers={303: None}),
    page_at("/console/alerts/{id}/unreached", unreached.page, "Whom nothing reached.", query=unreached.UnreachedQuery),
    page_at("/console/alerts/{id}/unreached.csv", unreached.table, "The same, as CSV.", query=unreached.UnreachedQuery),
)
