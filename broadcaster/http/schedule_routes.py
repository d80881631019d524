"""The routes of schedules."""

from __future__ import annotations

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

SCHEDULE_ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        _ALL,
        schedules.create,
        Access.KEY,
        "Send an alert later, or again and again.",
        {201: ScheduleOut},
        body=ScheduleIn,
        largest=SHAPE,
        headers=(alerts.IDEMPOTENCY_KEY,),
        fails=(409,),
        tag="schedules",
        permission=Permission.SEND,
    ),
    Route(
        "GET",
        _ALL,
        schedules.listing,
        Access.KEY,
        "Schedules, newest first.",
        {200: SchedulePage},
        query=SchedulesQuery,
        tag="schedules",
        permission=Permission.LOOK,
    ),
    Route(
        "GET",
        _ONE,
        schedules.show,
        Access.KEY,
        "One schedule.",
        {200: ScheduleOut},
        tag="schedules",
        permission=Permission.LOOK,
    ),
    Route(
        "PATCH",
        _ONE,
        schedules.change,
        Access.KEY,
        "Change or pause a schedule, one occurrence, or one and all that follow.",
        {200: ScheduleOut},
        body=SchedulePatch,
        largest=SHAPE,
        fails=(409,),
        tag="schedules",
        permission=Permission.SEND,
    ),
    Route(
        "DELETE",
        _ONE,
        schedules.end,
        Access.KEY,
        "Send nothing more of a schedule.",
        {204: None},
        fails=(409,),
        tag="schedules",
        permission=Permission.SEND,
    ),
    Route(
        "GET",
        _ONE + "/occurrences",
        schedules.occurrences,
        Access.KEY,
        "When it is next due, and what became of it so far.",
        {200: Occurrences},
        query=OccurrencesQuery,
        tag="schedules",
        permission=Permission.LOOK,
    ),
    Route(
        "POST",
        _ONE + "/occurrences",
        schedules.settle,
        Access.KEY,
        "Send an occurrence now that was not sent, or let it go.",
        {202: AlertOut, 204: None},
        body=AnswerIn,
        largest=SMALL,
        fails=(409,),
        tag="schedules",
        permission=Permission.SEND,
    ),
    Route(
        "GET",
        "/v1/stations/{slug}/calendar.ics",
        schedules.calendar,
        Access.PUBLIC,
        "A station's public dates, as iCalendar.",
        {200: "text/calendar"},
        tag="schedules",
    ),
)
