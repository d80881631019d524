"""The routes of alerts and polls."""

from functools import partial

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http import alerts, deliveries, escalation, polls, sandbox, updates, visits
from broadcaster.http.route import Access, Route
from broadcaster.http.schemas.alerts import AlertOut, AlertPage
from broadcaster.http.schemas.escalation import EscalationOut
from broadcaster.http.schemas.polls import PollOut
from broadcaster.http.schemas.reports import (
    ChildAnswerPage,
    DeliveryPage,
    ReachOut,
    ReportOut,
    SandboxPage,
    UnreachedPage,
)
from broadcaster.http.schemas.visits import VisitsOut, VolunteerOut, VolunteersOut

_STREAM = "text/event-stream"

_LOOK = partial(Route, access=Access.KEY, permission=Permission.LOOK, tag="alerts")
_SEND = partial(Route, access=Access.KEY, permission=Permission.SEND, tag="alerts")
_REGISTER = partial(Route, access=Access.KEY, permission=Permission.REGISTER, tag="alerts")
_EXPORT = partial(Route, access=Access.KEY, permission=Permission.EXPORT, tag="alerts")

ALERT_ROUTES: tuple[Route, ...] = (
    _SEND("POST", "/v1/reach", alerts.foresee, {200: ReachOut}),
    _SEND(
        "POST",
        "/v1/alerts",
        alerts.create,
        {202: AlertOut},
        headers=(alerts.IDEMPOTENCY_KEY,),
        fails=(409,),
        changes=(Action.ALERT_SENT, Action.APPROVAL_ASKED, Action.SENT_ALONE),
    ),
    _LOOK("GET", "/v1/alerts", alerts.listing, {200: AlertPage}),
    _LOOK("GET", "/v1/alerts/{id}", alerts.show, {200: AlertOut}),
    _LOOK("GET", "/v1/alerts/{id}/report", deliveries.show_report, {200: ReportOut}),
    _LOOK("GET", "/v1/alerts/{id}/deliveries", deliveries.listing, {200: DeliveryPage}, views=Action.DELIVERIES_SEEN),
    _REGISTER(
        "GET", "/v1/alerts/{id}/unreached", deliveries.unreached, {200: UnreachedPage}, views=Action.UNREACHED_SEEN
    ),
    _REGISTER(
        "GET",
        "/v1/alerts/{id}/guardians",
        deliveries.guardians_answers,
        {200: ChildAnswerPage},
        views=Action.ANSWERS_SEEN,
    ),
    _REGISTER("GET", "/v1/alerts/{id}/visits", visits.listing, {200: VisitsOut}, views=Action.UNREACHED_SEEN),
    _REGISTER(
        "GET", "/v1/alerts/{id}/volunteers", visits.who_visits, {200: VolunteersOut}, views=Action.UNREACHED_SEEN
    ),
    _EXPORT("POST", "/v1/alerts/{id}/volunteers", visits.add, {201: VolunteerOut}, changes=(Action.VISITS_SHARED,)),
    _EXPORT(
        "DELETE", "/v1/alerts/{id}/volunteers/{volunteer}", visits.revoke, {204: None}, changes=(Action.VISITS_REVOKED,)
    ),
    _LOOK("GET", "/v1/alerts/{id}/events", deliveries.events, {200: _STREAM, 204: None}, headers=("Last-Event-ID",)),
    _LOOK("GET", "/v1/alerts/{id}/escalation", escalation.show, {200: EscalationOut}),
    _SEND(
        "POST",
        "/v1/alerts/{id}/escalation",
        escalation.act,
        {200: EscalationOut},
        fails=(409,),
        changes=(Action.ESCALATION_CHANGED,),
    ),
    _SEND(
        "POST",
        "/v1/alerts/{id}/updates",
        updates.create,
        {202: AlertOut},
        headers=(alerts.IDEMPOTENCY_KEY, updates.IF_MATCH),
        fails=(409, 412),
        changes=(Action.ALERT_UPDATED, Action.APPROVAL_ASKED, Action.SENT_ALONE),
    ),
    _SEND(
        "POST",
        "/v1/alerts/{id}/cancel",
        updates.cancel,
        {202: AlertOut},
        headers=(updates.IF_MATCH,),
        fails=(409, 412),
        changes=(Action.ALERT_CANCELLED,),
    ),
    _REGISTER("GET", "/v1/sandbox", sandbox.listing, {200: SandboxPage}, views=Action.SANDBOX_SEEN),
    _SEND(
        "POST",
        "/v1/polls",
        polls.create,
        {201: PollOut, 202: PollOut},
        fails=(404,),
        changes=(Action.ALERT_SENT, Action.APPROVAL_ASKED),
    ),
)
