"""Console routes of alerts: writing, sending, scheduling, following and ending them."""

from broadcaster.domain.audit import Action
from broadcaster.http.route import Route
from broadcaster.http.schemas.base import FORM, SHAPE
from broadcaster.pipeline.helping import HELP
from broadcaster.web.console import helping, home, inbox, polls
from broadcaster.web.console.alerts import alerts, live, live_cancel, live_step, report, unreached
from broadcaster.web.console.compose import compose, editing, later, place, ppms, preview, templates, updating
from broadcaster.web.console.compose import sending as compose_sending
from broadcaster.web.console.routing import EXPORT, LOOK, REGISTER, SEND
from broadcaster.web.console.sandbox import sandbox
from broadcaster.web.console.schedules import drills, reminding, schedules

_HTML, _STREAM = "text/html", "text/event-stream"

ROUTES: tuple[Route, ...] = (
    LOOK.page("/console", home.page),
    SEND.page("/console/new", compose.page),
    SEND.page("/console/ppms", ppms.page),
    SEND.form("/console/ppms", ppms.choose, Action.STATION_CHANGED, proven=True),
    SEND.form("/console/ppms/{name}", ppms.press, Action.ALERT_SENT, proven=True),
    LOOK.page("/console/templates", templates.listing),
    SEND.page("/console/templates/{name}", templates.one),
    SEND.form(
        "/console/templates/{name}",
        templates.act,
        Action.TEMPLATE_SAVED,
        Action.TEMPLATE_DELETED,
        largest=2 * FORM,
        proven=True,
    ),
    SEND.data("POST", "/console/reach", compose_sending.reach, largest=SHAPE),
    SEND.data("GET", "/console/density", compose_sending.cells),
    SEND.data("GET", "/console/place", place.name, answers={200: place.PlaceName}),
    SEND.data("POST", "/console/preview", preview.preview, largest=SHAPE),
    SEND.data("POST", "/console/preview/mail", preview.mail, largest=SHAPE, answers={200: _HTML, 204: None}),
    SEND.data(
        "POST",
        "/console/send",
        compose_sending.send,
        Action.ALERT_SENT,
        largest=SHAPE,
        answers={202: "application/json"},
        proven=True,
    ),
    SEND.data("POST", "/console/when", later.ahead),
    SEND.data(
        "POST",
        "/console/schedule",
        later.keep,
        Action.SCHEDULE_MADE,
        largest=SHAPE,
        answers={201: "application/json"},
        proven=True,
    ),
    LOOK.page("/console/schedules", schedules.listing),
    SEND.form("/console/schedules", drills.schedule, Action.SCHEDULE_MADE, proven=True),
    LOOK.page("/console/schedules/{id}", schedules.one),
    SEND.form(
        "/console/schedules/{id}",
        schedules.act,
        Action.SCHEDULE_CHANGED,
        Action.SCHEDULE_APPROVED,
        Action.SCHEDULE_ENDED,
        Action.ALERT_SENT,
        Action.OCCURRENCE_DISMISSED,
        proven=True,
    ),
    SEND.page("/console/schedules/{id}/edit", editing.page),
    SEND.data(
        "POST", "/console/schedules/{id}/edit", editing.save, Action.SCHEDULE_CHANGED, largest=SHAPE, proven=True
    ),
    LOOK.page("/console/sandbox", sandbox.listing, views=Action.SANDBOX_SEEN),
    LOOK.page("/console/sandbox/{id}", sandbox.one, views=Action.SANDBOX_SEEN),
    LOOK.page("/console/alerts", alerts.listing),
    LOOK.page("/console/alerts/{id}", live.page),
    LOOK.data("GET", "/console/alerts/{id}/events", live.events, answers={200: _STREAM, 204: None}),
    SEND.page("/console/alerts/{id}/step", live_step.page),
    SEND.form("/console/alerts/{id}/step", live_step.act, Action.ESCALATION_CHANGED, proven=True),
    SEND.page("/console/alerts/{id}/update", updating.page),
    SEND.data(
        "POST",
        "/console/alerts/{id}/update",
        updating.save,
        Action.ALERT_UPDATED,
        Action.APPROVAL_ASKED,
        Action.SENT_ALONE,
        largest=SHAPE,
        proven=True,
    ),
    SEND.page("/console/alerts/{id}/cancel", live_cancel.ask),
    SEND.form("/console/alerts/{id}/cancel", live_cancel.do, Action.ALERT_CANCELLED, proven=True),
    SEND.page("/console/alerts/{id}/remind", reminding.ask),
    SEND.form("/console/alerts/{id}/remind", reminding.do, Action.SCHEDULE_MADE, proven=True),
    REGISTER.page(HELP, helping.page, views=Action.HELP_SEEN),
    LOOK.data("GET", f"{HELP}/news", helping.news),
    REGISTER.form(f"{HELP}/duty", helping.duty, Action.DUTY_SET),
    REGISTER.form(f"{HELP}/{{id}}", helping.act, Action.HELP_TAKEN, Action.HELP_CLOSED),
    SEND.page(polls.POLLS, polls.page),
    SEND.form(polls.POLLS, polls.make, Action.ALERT_SENT, Action.APPROVAL_ASKED, proven=True),
    REGISTER.page("/console/inbox", inbox.page, views=Action.INBOX_SEEN),
    REGISTER.form("/console/inbox/{id}/read", inbox.read, Action.TEXT_READ),
    LOOK.page("/console/alerts/{id}/report", report.page),
    LOOK.page("/console/alerts/{id}/report.pdf", report.pdf),
    LOOK.page("/console/alerts/{id}/report.csv", report.table),
    LOOK.page("/console/alerts/{id}/unreached", unreached.page, views=Action.UNREACHED_SEEN),
    EXPORT.page("/console/alerts/{id}/unreached.csv", unreached.table, Action.UNREACHED_EXPORTED, proven=True),
)
