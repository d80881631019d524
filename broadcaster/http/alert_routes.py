"""The routes of alerts."""

from functools import partial

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http import alerts, deliveries, escalation, updates, visits
from broadcaster.http.route import FORM, SHAPE, SMALL, Access, Route
from broadcaster.http.schemas.alerts import AlertIn, AlertOut, AlertPage, AlertsQuery, CancelIn, UpdateIn
from broadcaster.http.schemas.escalation import EscalationIn, EscalationOut
from broadcaster.http.schemas.reports import (
    CursorQuery,
    DeliveriesQuery,
    DeliveryPage,
    ReachOut,
    ReportOut,
    UnreachedPage,
)
from broadcaster.http.schemas.schedules import ReachIn
from broadcaster.http.schemas.visits import VisitsOut, VisitsQuery, VolunteerIn, VolunteerOut, VolunteersOut

_STREAM = "text/event-stream"

_LOOK = partial(Route, access=Access.KEY, permission=Permission.LOOK, tag="alerts")
_SEND = partial(Route, access=Access.KEY, permission=Permission.SEND, tag="alerts")
_REGISTER = partial(Route, access=Access.KEY, permission=Permission.REGISTER, tag="alerts")
_EXPORT = partial(Route, access=Access.KEY, permission=Permission.EXPORT, tag="alerts")

ALERT_ROUTES: tuple[Route, ...] = (
    _SEND(
        "POST",
        "/v1/reach",
        alerts.foresee,
        "Whom an alert would reach; nothing is sent.",
        {200: ReachOut},
        body=ReachIn,
        largest=SHAPE,
    ),
    _SEND(
        "POST",
        "/v1/alerts",
        alerts.create,
        "Send an alert.",
        {202: AlertOut},
        body=AlertIn,
        largest=SHAPE,
        headers=(alerts.IDEMPOTENCY_KEY,),
        fails=(409,),
        changes=(Action.ALERT_SENT, Action.APPROVAL_ASKED, Action.SENT_ALONE),
    ),
    _LOOK("GET", "/v1/alerts", alerts.listing, "Alerts, newest first.", {200: AlertPage}, query=AlertsQuery),
    _LOOK("GET", "/v1/alerts/{id}", alerts.show, "One alert.", {200: AlertOut}),
    _LOOK(
        "GET", "/v1/alerts/{id}/report", deliveries.show_report, "Who was reached, and who was not.", {200: ReportOut}
    ),
    _LOOK(
        "GET",
        "/v1/alerts/{id}/deliveries",
        deliveries.listing,
        "Delivery by delivery; no addresses.",
        {200: DeliveryPage},
        query=DeliveriesQuery,
        views=Action.DELIVERIES_SEEN,
    ),
    _REGISTER(
        "GET",
        "/v1/alerts/{id}/unreached",
        deliveries.unreached,
        "Whom nothing reached, and why.",
        {200: UnreachedPage},
        query=CursorQuery,
        views=Action.UNREACHED_SEEN,
    ),
    _REGISTER(
        "GET",
        "/v1/alerts/{id}/visits",
        visits.listing,
        "Whom to visit, by street, and who was visited.",
        {200: VisitsOut},
        query=VisitsQuery,
        views=Action.UNREACHED_SEEN,
    ),
    _REGISTER(
        "GET",
        "/v1/alerts/{id}/volunteers",
        visits.who_visits,
        "Who visits them.",
        {200: VolunteersOut},
        views=Action.UNREACHED_SEEN,
    ),
    _EXPORT(
        "POST",
        "/v1/alerts/{id}/volunteers",
        visits.add,
        "Give streets to a volunteer, who gets a link by SMS.",
        {201: VolunteerOut},
        body=VolunteerIn,
        largest=FORM,
        changes=(Action.VISITS_SHARED,),
    ),
    _EXPORT(
        "DELETE",
        "/v1/alerts/{id}/volunteers/{volunteer}",
        visits.revoke,
        "End a volunteer's access.",
        {204: None},
        fails=(404,),
        changes=(Action.VISITS_REVOKED,),
    ),
    _LOOK(
        "GET",
        "/v1/alerts/{id}/events",
        deliveries.events,
        "The report, live: server-sent events report and end.",
        {200: _STREAM, 204: None},
        headers=("Last-Event-ID",),
    ),
    _LOOK(
        "GET",
        "/v1/alerts/{id}/escalation",
        escalation.show,
        "How it escalates, and what is next.",
        {200: EscalationOut},
    ),
    _SEND(
        "POST",
        "/v1/alerts/{id}/escalation",
        escalation.act,
        "Take the next step now, skip it, or stop all.",
        {200: EscalationOut},
        body=EscalationIn,
        largest=SMALL,
        fails=(409,),
        changes=(Action.ESCALATION_CHANGED,),
    ),
    _SEND(
        "POST",
        "/v1/alerts/{id}/updates",
        updates.create,
        "Replace it by a new version, telling each person what changed for them.",
        {202: AlertOut},
        body=UpdateIn,
        largest=SHAPE,
        headers=(alerts.IDEMPOTENCY_KEY, updates.IF_MATCH),
        fails=(409, 412),
        changes=(Action.ALERT_UPDATED, Action.APPROVAL_ASKED, Action.SENT_ALONE),
    ),
    _SEND(
        "POST",
        "/v1/alerts/{id}/cancel",
        updates.cancel,
        "End it, telling everyone who knows of it: the all-clear, or that it was sent by mistake.",
        {202: AlertOut},
        body=CancelIn,
        largest=FORM,
        body_optional=True,
        headers=(updates.IF_MATCH,),
        fails=(412,),
        changes=(Action.ALERT_CANCELLED,),
    ),
)
