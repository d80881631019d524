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
        {201: ScheduleOut},
        "Send an alert later, or again and again.",
        body=ScheduleIn,
        largest=SHAPE,
        headers=(alerts.IDEMPOTENCY_KEY,),
        fails=(409,),
        changes=(Action.SCHEDULE_MADE,),
    ),
    _LOOK("GET", _ALL, schedules.listing, {200: SchedulePage}, "Schedules, newest first.", query=SchedulesQuery),
    _LOOK("GET", _ONE, schedules.show, {200: ScheduleOut}, "One schedule."),
    _SEND(
        "PATCH",
        _ONE,
        schedules.change,
        {200: ScheduleOut},
        "Change or pause a schedule, one occurrence, or one and all that follow.",
        body=SchedulePatch,
        largest=SHAPE,
        fails=(409,),
        changes=(Action.SCHEDULE_CHANGED,),
    ),
    _SEND(
        "DELETE",
        _ONE,
        schedules.end,
        {204: None},
        "Send nothing more of a schedule.",
        fails=(409,),
        changes=(Action.SCHEDULE_ENDED,),
    ),
    _LOOK(
        "GET",
        _ONE + "/occurrences",
        schedules.occurrences,
        {200: Occurrences},
        "When it is next due, and what became of it so far.",
        query=OccurrencesQuery,
    ),
    _SEND(
        "POST",
        _ONE + "/occurrences",
        schedules.settle,
        {202: AlertOut, 204: None},
        "Send an occurrence now that was not sent, or let it go.",
        body=AnswerIn,
        largest=SMALL,
        fails=(409,),
        changes=(Action.ALERT_SENT, Action.OCCURRENCE_DISMISSED),
    ),
    Route(
        "GET",
        "/v1/stations/{slug}/calendar.ics",
        schedules.calendar,
        {200: "text/calendar"},
        "A station's public dates, as iCalendar.",
        access=Access.PUBLIC,
        tag="schedules",
    ),
)
