"""The API's routes: input, access and answers of each."""

from functools import partial

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http import (
    answering,
    coverage,
    digest,
    escalation,
    health,
    left_out,
    nearby,
    polls,
    receipts,
    stations,
    templates,
    twilio_hooks,
)
from broadcaster.http.alert_routes import ALERT_ROUTES
from broadcaster.http.people import own_data, subscribers
from broadcaster.http.people.resident_routes import RESIDENT_ROUTES
from broadcaster.http.route import Access, Route
from broadcaster.http.schedule_routes import SCHEDULE_ROUTES
from broadcaster.http.schemas.alerts import Nearby
from broadcaster.http.schemas.answers import AnswerMade
from broadcaster.http.schemas.base import SMALL
from broadcaster.http.schemas.coverage import CoverageOut
from broadcaster.http.schemas.escalation import PoliciesOut
from broadcaster.http.schemas.polls import PollOut
from broadcaster.http.schemas.reports import Health, Readiness
from broadcaster.http.schemas.residents import DataOut
from broadcaster.http.schemas.stations import StationOut
from broadcaster.http.schemas.subscribers import SubscriberMade
from broadcaster.http.schemas.templates import TemplateOut, TemplatesOut

_METRICS, _TWIML = "text/plain", "text/xml"
_STATUS_FORM = ("MessageSid", "MessageStatus", "CallSid", "CallStatus", "AnsweredBy", "ErrorCode")

_LOOK = partial(Route, access=Access.KEY, permission=Permission.LOOK, tag="stations")
_SEND = partial(Route, access=Access.KEY, permission=Permission.SEND, tag="stations")
_REGISTER = partial(Route, access=Access.KEY, permission=Permission.REGISTER, tag="subscribers")
_SETTINGS = partial(Route, access=Access.KEY, permission=Permission.SETTINGS, tag="stations")
_RECEIPT = partial(Route, access=Access.SIGNED, tag="receipts")
_TWILIO = partial(_RECEIPT, "POST", largest=2 * SMALL, headers=("X-Twilio-Signature",))
_PUBLIC = partial(Route, access=Access.PUBLIC, tag="public")

ROUTES: tuple[Route, ...] = (
    # Stations
    Route(
        "POST",
        "/v1/stations",
        stations.create,
        {201: StationOut},
        access=Access.KEY,
        fails=(409,),
        tag="stations",
        permission=Permission.STATIONS,
        changes=(Action.STATION_ADDED,),
    ),
    _LOOK("GET", "/v1/stations/{slug}", stations.show, {200: StationOut}, access=Access.KEYED),
    _SEND(
        "PUT", "/v1/stations/{slug}/topics", stations.set_topics, {200: StationOut}, changes=(Action.TOPICS_CHANGED,)
    ),
    _LOOK("GET", "/v1/stations/{slug}/templates", templates.listing, {200: TemplatesOut}),
    _SEND(
        "PUT",
        "/v1/stations/{slug}/templates/{name}",
        templates.put,
        {200: TemplateOut},
        changes=(Action.TEMPLATE_SAVED,),
    ),
    _SEND(
        "DELETE",
        "/v1/stations/{slug}/templates/{name}",
        templates.delete,
        {204: None},
        changes=(Action.TEMPLATE_DELETED,),
    ),
    _LOOK("GET", "/v1/stations/{slug}/policies", escalation.policies, {200: PoliciesOut}),
    _SETTINGS(
        "PUT",
        "/v1/stations/{slug}/policies",
        escalation.set_policies,
        {200: PoliciesOut},
        changes=(Action.POLICIES_CHANGED,),
    ),
    _SETTINGS("GET", "/v1/stations/{slug}/coverage", coverage.show, {200: CoverageOut}, fails=(404,)),
    _REGISTER(
        "DELETE",
        "/v1/stations/{slug}/groups/{group}",
        stations.delete_group,
        {204: None},
        fails=(409,),
        tag="stations",
        changes=(Action.GROUP_DELETED,),
    ),
    # Subscribers
    _REGISTER(
        "POST",
        "/v1/stations/{slug}/signed-requests",
        left_out.undo,
        {204: None},
        fails=(404, 422),
        changes=(Action.LEFT_OUT_UNDONE,),
    ),
    _REGISTER(
        "POST",
        "/v1/stations/{slug}/subscribers",
        subscribers.register,
        {201: SubscriberMade},
        access=Access.KEYED,
        fails=(409,),
        changes=(Action.PERSON_ADDED, Action.VULNERABLE_ADDED),
    ),
    Route(
        "GET",
        "/v1/stations/{slug}/subscribers/{id}/data",
        own_data.of_person,
        {200: DataOut},
        access=Access.KEY,
        permission=Permission.EXPORT,
        tag="subscribers",
        views=Action.PERSON_EXPORTED,
    ),
    *RESIDENT_ROUTES,
    *ALERT_ROUTES,
    *SCHEDULE_ROUTES,
    _PUBLIC("GET", "/v1/polls/{token}", polls.show, {200: PollOut}),
    # Answers, receipts and callbacks
    _RECEIPT("POST", "/v1/answers/{token}", answering.by_link, {200: AnswerMade}, link=answering.USE),
    _RECEIPT("POST", "/v1/receipts/{token}", receipts.take, {204: None}, link=receipts.USE),
    _RECEIPT("POST", "/v1/welcomes/{token}", receipts.take_welcome, {204: None}, link=receipts.WELCOME),
    _TWILIO(
        "/hooks/twilio/status", twilio_hooks.status, {204: None}, form=_STATUS_FORM, link=receipts.USE, fails=(403, 404)
    ),
    _TWILIO(
        "/hooks/twilio/voice",
        twilio_hooks.voice,
        {200: _TWIML},
        form=("Digits", "CallSid"),
        link=receipts.USE,
        fails=(403, 404),
    ),
    _TWILIO(
        "/hooks/twilio/call", twilio_hooks.incoming, {200: _TWIML}, form=("From", "Digits", "CallSid"), fails=(403,)
    ),
    _TWILIO(
        "/hooks/twilio/sms",
        twilio_hooks.texted,
        {200: _TWIML},
        form=("From", "Body", "OptOutType", "MessageSid"),
        fails=(403,),
    ),
    # For everybody
    _PUBLIC("GET", "/v1/nearby", nearby.show, {200: Nearby}),
    _PUBLIC("GET", "/v1/stations/{slug}/digest", digest.show, {200: digest.DigestPage}),
    # For those who run it
    Route("GET", "/healthz", health.alive, {200: Health}, access=Access.OPEN),
    Route("GET", "/readyz", health.ready, {200: Readiness, 503: Readiness}, access=Access.OPEN),
    Route("GET", "/metrics", health.metrics, {200: _METRICS}, access=Access.LOCAL, permission=Permission.LOOK),
    Route("GET", "/openapi.json", health.document, {200: "application/json"}, access=Access.OPEN),
)
