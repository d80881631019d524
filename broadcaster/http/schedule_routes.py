"""The routes of schedules."""

from functools import partial

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http import alerts, schedules
from broadcaster.http.route import SHAPE, SMALL, Access, Route
from broadcaster.http.schemas.alerts import AlertOut
from broadcaster.http.schemas.schedules import (
    AnswerIn,
    Occurrences,
    OccurrencesQuery,
    ScheduleIn,
    ScheduleOut,
    SchedulePage,
    SchedulePatch,
    SchedulesQuery,
)

_ALL, _ONE = "/v1/schedules", "/v1/schedules/{id}"

_LOOK = partial(Route, access=Access.KEY, permission=Permission.LOOK, tag="schedules")
_SEND = partial(Route, access=Access.KEY, permission=Permission.SEND, tag="schedules")

SCHEDULE_ROUTES: tuple[Route, ...] = (
    _SEND(
        "POST",
        _ALL,
        schedules.create,
        "Send an alert later, or again and again.",
        {201: ScheduleOut},
        body=ScheduleIn,
        largest=SHAPE,
        headers=(alerts.IDEMPOTENCY_KEY,),
        fails=(409,),
        changes=(Action.SCHEDULE_MADE,),
    ),
    _LOOK("GET", _ALL, schedules.listing, "Schedules, newest first.", {200: SchedulePage}, query=SchedulesQuery),
    _LOOK("GET", _ONE, schedules.show, "One schedule.", {200: ScheduleOut}),
    _SEND(
        "PATCH",
        _ONE,
        schedules.change,
        "Change or pause a schedule, one occurrence, or one and all that follow.",
        {200: ScheduleOut},
        body=SchedulePatch,
        largest=SHAPE,
        fails=(409,),
        changes=(Action.SCHEDULE_CHANGED,),
    ),
    _SEND(
        "DELETE",
        _ONE,
        schedules.end,
        "Send nothing more of a schedule.",
        {204: None},
        fails=(409,),
        changes=(Action.SCHEDULE_ENDED,),
    ),
    _LOOK(
        "GET",
        _ONE + "/occurrences",
        schedules.occurrences,
        "When it is next due, and what became of it so far.",
        {200: Occurrences},
        query=OccurrencesQuery,
    ),
    _SEND(
        "POST",
        _ONE + "/occurrences",
        schedules.settle,
        "Send an occurrence now that was not sent, or let it go.",
        {202: AlertOut, 204: None},
        body=AnswerIn,
        largest=SMALL,
        fails=(409,),
        changes=(Action.ALERT_SENT, Action.OCCURRENCE_DISMISSED),
    ),
    Route(
        "GET",
        "/v1/stations/{slug}/calendar.ics",
        schedules.calendar,
        "A station's public dates, as iCalendar.",
        {200: "text/calendar"},
        access=Access.PUBLIC,
        tag="schedules",
    ),
)
