"""The API's routes: input, access and answers of each."""

from functools import partial

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http import (
    answering,
    digest,
    escalation,
    health,
    nearby,
    polls,
    receipts,
    sandbox,
    stations,
    subscribers,
    templates,
    twilio_hooks,
)
from broadcaster.http.alert_routes import ALERT_ROUTES
from broadcaster.http.resident_routes import RESIDENT_ROUTES
from broadcaster.http.route import FORM, SHAPE, SMALL, Access, Route
from broadcaster.http.schedule_routes import SCHEDULE_ROUTES
from broadcaster.http.schemas.alerts import Nearby, NearbyQuery
from broadcaster.http.schemas.answers import AnswerIn, AnswerMade
from broadcaster.http.schemas.escalation import PoliciesIn, PoliciesOut
from broadcaster.http.schemas.polls import PollIn, PollOut
from broadcaster.http.schemas.reports import Health, Readiness, ReceiptIn, SandboxPage, SandboxQuery
from broadcaster.http.schemas.stations import StationIn, StationOut, TopicsIn
from broadcaster.http.schemas.subscribers import (
    PositionIn,
    SubscriberIn,
    SubscriberMade,
    SubscriberOut,
    SubscriberPatch,
)
from broadcaster.http.schemas.templates import TemplateIn, TemplateOut, TemplatesOut

_METRICS, _TWIML = "text/plain", "text/xml"
_ME = "/v1/subscribers/me"
_STATUS_FORM = ("MessageSid", "MessageStatus", "CallSid", "CallStatus", "AnsweredBy", "ErrorCode")

_LOOK = partial(Route, access=Access.KEY, permission=Permission.LOOK, tag="stations")
_SEND = partial(Route, access=Access.KEY, permission=Permission.SEND, tag="stations")
_RECEIPT = partial(Route, access=Access.SIGNED, tag="receipts")
_PUBLIC = partial(Route, access=Access.PUBLIC, tag="public")

ROUTES: tuple[Route, ...] = (
    # Stations
    Route(
        "POST",
        "/v1/stations",
        stations.create,
        {201: StationOut},
        "Make a station.",
        access=Access.KEY,
        body=StationIn,
        largest=SHAPE,
        fails=(409,),
        tag="stations",
        permission=Permission.STATIONS,
        changes=(Action.STATION_ADDED,),
    ),
    Route(
        "GET",
        "/v1/stations/{slug}",
        stations.show,
        {200: StationOut},
        "A station's facts; its groups with a key of it.",
        access=Access.KEYED,
        permission=Permission.LOOK,
        tag="stations",
    ),
    _SEND(
        "PUT",
        "/v1/stations/{slug}/topics",
        stations.set_topics,
        {200: StationOut},
        "What the station's alerts may be about.",
        body=TopicsIn,
        largest=SMALL,
        changes=(Action.TOPICS_CHANGED,),
    ),
    _LOOK(
        "GET",
        "/v1/stations/{slug}/templates",
        templates.listing,
        {200: TemplatesOut},
        "The templates that the station is offered: its own, and those shipped.",
    ),
    _SEND(
        "PUT",
        "/v1/stations/{slug}/templates/{name}",
        templates.put,
        {200: TemplateOut},
        "Write a template.",
        body=TemplateIn,
        largest=SHAPE,
        changes=(Action.TEMPLATE_SAVED,),
    ),
    _SEND(
        "DELETE",
        "/v1/stations/{slug}/templates/{name}",
        templates.delete,
        {204: None},
        "Delete a template of the station's own.",
        changes=(Action.TEMPLATE_DELETED,),
    ),
    _LOOK(
        "GET",
        "/v1/stations/{slug}/policies",
        escalation.policies,
        {200: PoliciesOut},
        "How the station's alerts escalate, and its budgets.",
    ),
    Route(
        "PUT",
        "/v1/stations/{slug}/policies",
        escalation.set_policies,
        {200: PoliciesOut},
        "Change them; alerts under way keep theirs.",
        access=Access.KEY,
        body=PoliciesIn,
        largest=FORM,
        tag="stations",
        permission=Permission.SETTINGS,
        changes=(Action.POLICIES_CHANGED,),
    ),
    Route(
        "DELETE",
        "/v1/stations/{slug}/groups/{group}",
        stations.delete_group,
        {204: None},
        "Delete a group; its members stay in the register.",
        access=Access.KEY,
        fails=(409,),
        tag="stations",
        permission=Permission.REGISTER,
        changes=(Action.GROUP_DELETED,),
    ),
    # Subscribers
    Route(
        "POST",
        "/v1/stations/{slug}/subscribers",
        subscribers.register,
        {201: SubscriberMade},
        "Follow a station. Without a key: push contacts only.",
        access=Access.KEYED,
        body=SubscriberIn,
        largest=2 * SMALL,
        fails=(409,),
        tag="subscribers",
        permission=Permission.REGISTER,
        changes=(Action.PERSON_ADDED, Action.VULNERABLE_ADDED),
    ),
    Route(
        "GET",
        _ME,
        subscribers.show,
        {200: SubscriberOut},
        "All that is known of me.",
        access=Access.SUBSCRIBER,
        tag="subscribers",
    ),
    Route(
        "PATCH",
        _ME,
        subscribers.change,
        {200: SubscriberOut},
        "Change what is given, leave the rest (RFC 7396).",
        access=Access.SUBSCRIBER,
        body=SubscriberPatch,
        largest=2 * SMALL,
        fails=(409,),
        tag="subscribers",
        changes=(Action.VULNERABLE_REMOVED,),
    ),
    Route(
        "PUT",
        _ME + "/position",
        subscribers.move,
        {204: None},
        "Where my device is now.",
        access=Access.DEVICE,
        body=PositionIn,
        largest=SMALL,
        tag="subscribers",
    ),
    *RESIDENT_ROUTES,
    *ALERT_ROUTES,
    Route(
        "GET",
        "/v1/sandbox",
        sandbox.listing,
        {200: SandboxPage},
        "What the sandboxed channels composed and did not send, with the addresses.",
        access=Access.KEY,
        query=SandboxQuery,
        tag="alerts",
        permission=Permission.REGISTER,
        views=Action.SANDBOX_SEEN,
    ),
    *SCHEDULE_ROUTES,
    Route(
        "POST",
        "/v1/polls",
        polls.create,
        {201: PollOut},
        "Ask followers, groups or the people of an area.",
        access=Access.KEY,
        body=PollIn,
        largest=SHAPE,
        fails=(404,),
        tag="alerts",
        permission=Permission.SEND,
        changes=(Action.ALERT_SENT,),
    ),
    _PUBLIC(
        "GET", "/v1/polls/{token}", polls.show, {200: PollOut}, "A poll; its result and turnout once it is closed."
    ),
    # Answers, receipts and callbacks
    _RECEIPT(
        "POST",
        "/v1/answers/{token}",
        answering.by_link,
        {200: AnswerMade},
        "Answer an alert, by the link of a message of it.",
        body=AnswerIn,
        largest=SMALL,
        link=answering.USE,
    ),
    _RECEIPT(
        "POST",
        "/v1/receipts/{token}",
        receipts.take,
        {204: None},
        "What a device saw of a push.",
        body=ReceiptIn,
        largest=SMALL,
        link=receipts.USE,
    ),
    _RECEIPT(
        "POST",
        "/v1/welcomes/{token}",
        receipts.take_welcome,
        {204: None},
        "A device saw the first push to it, which confirms its sign-up.",
        body=ReceiptIn,
        largest=SMALL,
        link=receipts.WELCOME,
    ),
    _RECEIPT(
        "POST",
        "/hooks/twilio/status",
        twilio_hooks.status,
        {204: None},
        "Twilio: the fate of a message or a call.",
        form=_STATUS_FORM,
        largest=2 * SMALL,
        link=receipts.USE,
        headers=("X-Twilio-Signature",),
        fails=(403, 404),
    ),
    _RECEIPT(
        "POST",
        "/hooks/twilio/voice",
        twilio_hooks.voice,
        {200: _TWIML},
        "Twilio: a key was pressed in a call.",
        form=("Digits", "CallSid"),
        largest=2 * SMALL,
        link=receipts.USE,
        headers=("X-Twilio-Signature",),
        fails=(403, 404),
    ),
    _RECEIPT(
        "POST",
        "/hooks/twilio/call",
        twilio_hooks.incoming,
        {200: _TWIML},
        "Twilio: somebody calls our number, or pressed a key there.",
        form=("From", "Digits", "CallSid"),
        largest=2 * SMALL,
        headers=("X-Twilio-Signature",),
        fails=(403,),
    ),
    _RECEIPT(
        "POST",
        "/hooks/twilio/sms",
        twilio_hooks.texted,
        {200: _TWIML},
        "Twilio: an SMS to our number.",
        form=("From", "Body", "OptOutType", "MessageSid"),
        largest=2 * SMALL,
        headers=("X-Twilio-Signature",),
        fails=(403,),
    ),
    # For everybody
    _PUBLIC("GET", "/v1/nearby", nearby.show, {200: Nearby}, "The alerts that hold at a point.", query=NearbyQuery),
    _PUBLIC(
        "GET",
        "/v1/stations/{slug}/digest",
        digest.show,
        {200: digest.DigestPage},
        "That public alerts were sent, when and where, and the hash of what they said.",
        query=digest.DigestQuery,
    ),
    # For those who run it
    Route("GET", "/healthz", health.alive, {200: Health}, "Is the process alive?", access=Access.OPEN),
    Route(
        "GET",
        "/readyz",
        health.ready,
        {200: Readiness, 503: Readiness},
        "Can it take alerts and send them?",
        access=Access.OPEN,
    ),
    Route(
        "GET",
        "/metrics",
        health.metrics,
        {200: _METRICS},
        "Figures for Prometheus; from this machine or with a key.",
        access=Access.LOCAL,
        permission=Permission.LOOK,
    ),
    Route("GET", "/openapi.json", health.document, {200: "application/json"}, "This document.", access=Access.OPEN),
)
