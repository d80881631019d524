"""The routes of schedules."""

from functools import partial

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http import alerts, schedules
from broadcaster.http.route import Access, Route
from broadcaster.http.schemas.alerts import AlertOut
from broadcaster.http.schemas.schedules import Occurrences, ScheduleOut, SchedulePage

_ALL, _ONE = "/v1/schedules", "/v1/schedules/{id}"

_LOOK = partial(Route, access=Access.KEY, permission=Permission.LOOK, tag="schedules")
_SEND = partial(Route, access=Access.KEY, permission=Permission.SEND, tag="schedules")

SCHEDULE_ROUTES: tuple[Route, ...] = (
    _SEND(
        "POST",
        _ALL,
        schedules.create,
        {201: ScheduleOut},
        headers=(alerts.IDEMPOTENCY_KEY,),
        fails=(409,),
        changes=(Action.SCHEDULE_MADE,),
    ),
    _LOOK("GET", _ALL, schedules.listing, {200: SchedulePage}),
    _LOOK("GET", _ONE, schedules.show, {200: ScheduleOut}),
    _SEND("PATCH", _ONE, schedules.change, {200: ScheduleOut}, fails=(409,), changes=(Action.SCHEDULE_CHANGED,)),
    _SEND("DELETE", _ONE, schedules.end, {204: None}, fails=(409,), changes=(Action.SCHEDULE_ENDED,)),
    _LOOK("GET", _ONE + "/occurrences", schedules.occurrences, {200: Occurrences}),
    _SEND(
        "POST",
        _ONE + "/occurrences",
        schedules.settle,
        {202: AlertOut, 204: None},
        fails=(409,),
        changes=(Action.ALERT_SENT, Action.OCCURRENCE_DISMISSED),
    ),
    Route(
        "GET",
        "/v1/stations/{slug}/calendar.ics",
        schedules.calendar,
        {200: "text/calendar"},
        access=Access.PUBLIC,
        tag="schedules",
    ),
)
