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
    SEND.form("/console/ppms", ppms.choose, proven=True, changes=(Action.STATION_CHANGED,)),
    SEND.form("/console/ppms/{name}", ppms.press, proven=True, changes=(Action.ALERT_SENT,)),
    LOOK.page("/console/templates", templates.listing),
    SEND.page("/console/templates/{name}", templates.one),
    SEND.form(
        "/console/templates/{name}",
        templates.act,
        largest=2 * FORM,
        proven=True,
        changes=(Action.TEMPLATE_SAVED, Action.TEMPLATE_DELETED),
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
        largest=SHAPE,
        answers={202: "application/json"},
        proven=True,
        changes=(Action.ALERT_SENT,),
    ),
    SEND.data("POST", "/console/when", later.ahead),
    SEND.data(
        "POST",
        "/console/schedule",
        later.keep,
        largest=SHAPE,
        answers={201: "application/json"},
        proven=True,
        changes=(Action.SCHEDULE_MADE,),
    ),
    LOOK.page("/console/schedules", schedules.listing),
    SEND.form("/console/schedules", drills.schedule, proven=True, changes=(Action.SCHEDULE_MADE,)),
    LOOK.page("/console/schedules/{id}", schedules.one),
    SEND.form(
        "/console/schedules/{id}",
        schedules.act,
        proven=True,
        changes=(
            Action.SCHEDULE_CHANGED,
            Action.SCHEDULE_APPROVED,
            Action.SCHEDULE_ENDED,
            Action.ALERT_SENT,
            Action.OCCURRENCE_DISMISSED,
        ),
    ),
    SEND.page("/console/schedules/{id}/edit", editing.page),
    SEND.data(
        "POST",
        "/console/schedules/{id}/edit",
        editing.save,
        largest=SHAPE,
        proven=True,
        changes=(Action.SCHEDULE_CHANGED,),
    ),
    LOOK.page("/console/sandbox", sandbox.listing, views=Action.SANDBOX_SEEN),
    LOOK.page("/console/sandbox/{id}", sandbox.one, views=Action.SANDBOX_SEEN),
    LOOK.page("/console/alerts", alerts.listing),
    LOOK.page("/console/alerts/{id}", live.page),
    LOOK.data("GET", "/console/alerts/{id}/events", live.events, answers={200: _STREAM, 204: None}),
    SEND.page("/console/alerts/{id}/step", live_step.page),
    SEND.form("/console/alerts/{id}/step", live_step.act, proven=True, changes=(Action.ESCALATION_CHANGED,)),
    SEND.page("/console/alerts/{id}/update", updating.page),
    SEND.data(
        "POST",
        "/console/alerts/{id}/update",
        updating.save,
        largest=SHAPE,
        proven=True,
        changes=(Action.ALERT_UPDATED, Action.APPROVAL_ASKED, Action.SENT_ALONE),
    ),
    SEND.page("/console/alerts/{id}/cancel", live_cancel.ask),
    SEND.form("/console/alerts/{id}/cancel", live_cancel.do, proven=True, changes=(Action.ALERT_CANCELLED,)),
    SEND.page("/console/alerts/{id}/remind", reminding.ask),
    SEND.form("/console/alerts/{id}/remind", reminding.do, proven=True, changes=(Action.SCHEDULE_MADE,)),
    REGISTER.page(HELP, helping.page, views=Action.HELP_SEEN),
    LOOK.data("GET", f"{HELP}/news", helping.news),
    REGISTER.form(f"{HELP}/duty", helping.duty, changes=(Action.DUTY_SET,)),
    REGISTER.form(f"{HELP}/{{id}}", helping.act, changes=(Action.HELP_TAKEN, Action.HELP_CLOSED)),
    SEND.page(polls.POLLS, polls.page),
    SEND.form(polls.POLLS, polls.make, proven=True, changes=(Action.ALERT_SENT, Action.APPROVAL_ASKED)),
    REGISTER.page("/console/inbox", inbox.page, views=Action.INBOX_SEEN),
    REGISTER.form("/console/inbox/{id}/read", inbox.read, changes=(Action.TEXT_READ,)),
    LOOK.page("/console/alerts/{id}/report", report.page),
    LOOK.page("/console/alerts/{id}/report.pdf", report.pdf),
    LOOK.page("/console/alerts/{id}/report.csv", report.table),
    LOOK.page("/console/alerts/{id}/unreached", unreached.page, views=Action.UNREACHED_SEEN),
    EXPORT.page(
        "/console/alerts/{id}/unreached.csv", unreached.table, proven=True, changes=(Action.UNREACHED_EXPORTED,)
    ),
)
