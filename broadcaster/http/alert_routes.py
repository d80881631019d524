"""The routes of alerts."""

from functools import partial

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http import alerts, deliveries, escalation, updates, visits
from broadcaster.http.route import FORM, SHAPE, SMALL, Access, Route
from broadcaster.http.schemas.alerts import AlertIn, AlertOut, AlertPage, AlertsQuery, CancelIn, UpdateIn
from broadcaster.http.schemas.escalation import EscalationIn, EscalationOut
from broadcaster.http.schemas.reports import (
    ChildAnswerPage,
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
        {200: ReachOut},
        "Whom an alert would reach; nothing is sent.",
        body=ReachIn,
        largest=SHAPE,
    ),
    _SEND(
        "POST",
        "/v1/alerts",
        alerts.create,
        {202: AlertOut},
        "Send an alert.",
        body=AlertIn,
        largest=SHAPE,
        headers=(alerts.IDEMPOTENCY_KEY,),
        fails=(409,),
        changes=(Action.ALERT_SENT, Action.APPROVAL_ASKED, Action.SENT_ALONE),
    ),
    _LOOK("GET", "/v1/alerts", alerts.listing, {200: AlertPage}, "Alerts, newest first.", query=AlertsQuery),
    _LOOK("GET", "/v1/alerts/{id}", alerts.show, {200: AlertOut}, "One alert."),
    _LOOK(
        "GET", "/v1/alerts/{id}/report", deliveries.show_report, {200: ReportOut}, "Who was reached, and who was not."
    ),
    _LOOK(
        "GET",
        "/v1/alerts/{id}/deliveries",
        deliveries.listing,
        {200: DeliveryPage},
        "Delivery by delivery; no addresses.",
        query=DeliveriesQuery,
        views=Action.DELIVERIES_SEEN,
    ),
    _REGISTER(
        "GET",
        "/v1/alerts/{id}/unreached",
        deliveries.unreached,
        {200: UnreachedPage},
        "Whom nothing reached, and why.",
        query=CursorQuery,
        views=Action.UNREACHED_SEEN,
    ),
    _REGISTER(
        "GET",
        "/v1/alerts/{id}/guardians",
        deliveries.guardians_answers,
        {200: ChildAnswerPage},
        "Which guardians answered for which children.",
        query=CursorQuery,
        views=Action.ANSWERS_SEEN,
    ),
    _REGISTER(
        "GET",
        "/v1/alerts/{id}/visits",
        visits.listing,
        {200: VisitsOut},
        "Whom to visit, by street, and who was visited.",
        query=VisitsQuery,
        views=Action.UNREACHED_SEEN,
    ),
    _REGISTER(
        "GET",
        "/v1/alerts/{id}/volunteers",
        visits.who_visits,
        {200: VolunteersOut},
        "Who visits them.",
        views=Action.UNREACHED_SEEN,
    ),
    _EXPORT(
        "POST",
        "/v1/alerts/{id}/volunteers",
        visits.add,
        {201: VolunteerOut},
        "Give streets to a volunteer, who gets a link by SMS.",
        body=VolunteerIn,
        largest=FORM,
        changes=(Action.VISITS_SHARED,),
    ),
    _EXPORT(
        "DELETE",
        "/v1/alerts/{id}/volunteers/{volunteer}",
        visits.revoke,
        {204: None},
        "End a volunteer's access.",
        changes=(Action.VISITS_REVOKED,),
    ),
    _LOOK(
        "GET",
        "/v1/alerts/{id}/events",
        deliveries.events,
        {200: _STREAM, 204: None},
        "The report, live: server-sent events report and end.",
        headers=("Last-Event-ID",),
    ),
    _LOOK(
        "GET",
        "/v1/alerts/{id}/escalation",
        escalation.show,
        {200: EscalationOut},
        "How it escalates, and what is next.",
    ),
    _SEND(
        "POST",
        "/v1/alerts/{id}/escalation",
        escalation.act,
        {200: EscalationOut},
        "Take the next step now, skip it, or stop all.",
        body=EscalationIn,
        largest=SMALL,
        fails=(409,),
        changes=(Action.ESCALATION_CHANGED,),
    ),
    _SEND(
        "POST",
        "/v1/alerts/{id}/updates",
        updates.create,
        {202: AlertOut},
        "Replace it by a new version, telling each person what changed for them.",
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
        {202: AlertOut},
        "End it, telling everyone who knows of it: the all-clear, or that it was sent by mistake.",
        body=CancelIn,
        largest=FORM,
        body_optional=True,
        headers=(updates.IF_MATCH,),
        fails=(412,),
        changes=(Action.ALERT_CANCELLED,),
    ),
)
