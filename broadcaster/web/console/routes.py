"""Console routes of alerts: writing, sending, scheduling, following and ending them."""

from broadcaster.domain.audit import Action
from broadcaster.http.route import FORM, SHAPE, SMALL, Route
from broadcaster.http.schemas.reports import SandboxPageQuery
from broadcaster.pipeline.helping import HELP
from broadcaster.web.console import helping, home, inbox, polls
from broadcaster.web.console.alerts import alerts, live, live_cancel, live_step, report, unreached
from broadcaster.web.console.compose import compose, editing, later, ppms, preview, templates, updating
from broadcaster.web.console.compose import sending as compose_sending
from broadcaster.web.console.routing import EXPORT, LOOK, REGISTER, SEND
from broadcaster.web.console.sandbox import sandbox
from broadcaster.web.console.schedules import drills, reminding, schedules

_HTML, _STREAM = "text/html", "text/event-stream"

ROUTES: tuple[Route, ...] = (
    LOOK.page("/console", home.page, "What holds now."),
    SEND.page("/console/new", compose.page, "A new alert."),
    SEND.page("/console/ppms", ppms.page, "A school's safety plan."),
    SEND.form("/console/ppms", ppms.choose, "Whom it alerts.", proven=True, changes=(Action.STATION_CHANGED,)),
    SEND.form(
        "/console/ppms/{name}",
        ppms.press,
        "Alert the staff and the town hall.",
        proven=True,
        changes=(Action.ALERT_SENT,),
    ),
    LOOK.page("/console/templates", templates.listing, "What alerts are written from."),
    SEND.page("/console/templates/{name}", templates.one, "One of them."),
    SEND.form(
        "/console/templates/{name}",
        templates.act,
        "Save or delete it.",
        largest=2 * FORM,
        proven=True,
        changes=(Action.TEMPLATE_SAVED, Action.TEMPLATE_DELETED),
    ),
    SEND.data("POST", "/console/reach", compose_sending.reach, "Whom a draft would reach.", largest=SHAPE),
    SEND.data("GET", "/console/density", compose_sending.cells, "Where followers live, coarsely."),
    SEND.data("POST", "/console/preview", preview.preview, "What each channel will say.", largest=SHAPE),
    SEND.data(
        "POST", "/console/preview/mail", preview.mail, "A draft's mail.", largest=SHAPE, answers={200: _HTML, 204: None}
    ),
    SEND.data(
        "POST",
        "/console/send",
        compose_sending.send,
        "Send it.",
        largest=SHAPE,
        answers={202: "application/json"},
        proven=True,
        changes=(Action.ALERT_SENT,),
    ),
    SEND.data("POST", "/console/when", later.ahead, "The next times of a draft.", body=later.Times, largest=SMALL),
    SEND.data(
        "POST",
        "/console/schedule",
        later.keep,
        "Keep it for later.",
        largest=SHAPE,
        answers={201: "application/json"},
        proven=True,
        changes=(Action.SCHEDULE_MADE,),
    ),
    LOOK.page("/console/schedules", schedules.listing, "Alerts for later.", query=schedules.SchedulesPageQuery),
    SEND.form(
        "/console/schedules",
        drills.schedule,
        "Schedule a monthly drill for operators.",
        proven=True,
        changes=(Action.SCHEDULE_MADE,),
    ),
    LOOK.page("/console/schedules/{id}", schedules.one, "One of them."),
    SEND.form(
        "/console/schedules/{id}",
        schedules.act,
        "Pause or end it; answer for what was not sent.",
        proven=True,
        changes=(
            Action.SCHEDULE_CHANGED,
            Action.SCHEDULE_APPROVED,
            Action.SCHEDULE_ENDED,
            Action.ALERT_SENT,
            Action.OCCURRENCE_DISMISSED,
        ),
    ),
    SEND.page("/console/schedules/{id}/edit", editing.page, "Change it, as a new alert.", query=editing.EditQuery),
    SEND.data(
        "POST",
        "/console/schedules/{id}/edit",
        editing.save,
        "Keep the change.",
        query=editing.EditQuery,
        largest=SHAPE,
        proven=True,
        changes=(Action.SCHEDULE_CHANGED,),
    ),
    LOOK.page(
        "/console/sandbox",
        sandbox.listing,
        "What was composed and not sent.",
        query=SandboxPageQuery,
        views=Action.SANDBOX_SEEN,
    ),
    LOOK.page("/console/sandbox/{id}", sandbox.one, "One message to its last byte.", views=Action.SANDBOX_SEEN),
    LOOK.page("/console/alerts", alerts.listing, "Alerts, newest first.", query=alerts.PageQuery),
    LOOK.page("/console/alerts/{id}", live.page, "An alert as it goes out."),
    LOOK.data(
        "GET",
        "/console/alerts/{id}/events",
        live.events,
        "What changes of that page.",
        answers={200: _STREAM, 204: None},
    ),
    SEND.page("/console/alerts/{id}/step", live_step.page, "What is sent next."),
    SEND.form(
        "/console/alerts/{id}/step",
        live_step.act,
        "Take it now, skip it, or stop.",
        proven=True,
        changes=(Action.ESCALATION_CHANGED,),
    ),
    SEND.page("/console/alerts/{id}/update", updating.page, "An update of it, in the steps of a new one."),
    SEND.data(
        "POST",
        "/console/alerts/{id}/update",
        updating.save,
        "Send the update.",
        largest=SHAPE,
        proven=True,
        changes=(Action.ALERT_UPDATED, Action.APPROVAL_ASKED, Action.SENT_ALONE),
    ),
    SEND.page(
        "/console/alerts/{id}/cancel", live_cancel.ask, "How it ends, ready to be sent.", query=live_cancel.CancelQuery
    ),
    SEND.form(
        "/console/alerts/{id}/cancel",
        live_cancel.do,
        "Send how it ends.",
        query=live_cancel.CancelQuery,
        proven=True,
        changes=(Action.ALERT_CANCELLED,),
    ),
    SEND.page("/console/alerts/{id}/remind", reminding.ask, "Say it again while it holds."),
    SEND.form(
        "/console/alerts/{id}/remind",
        reminding.do,
        "Schedule the reminder.",
        proven=True,
        changes=(Action.SCHEDULE_MADE,),
    ),
    REGISTER.page(HELP, helping.page, "Requests for help.", views=Action.HELP_SEEN),
    LOOK.data("GET", f"{HELP}/news", helping.news, "Whether they changed."),
    REGISTER.form(f"{HELP}/duty", helping.duty, "Go on duty for them, or off.", changes=(Action.DUTY_SET,)),
    REGISTER.form(
        f"{HELP}/{{id}}",
        helping.act,
        "Take one in charge, or close it.",
        changes=(Action.HELP_TAKEN, Action.HELP_CLOSED),
    ),
    SEND.page(polls.POLLS, polls.page, "Polls."),
    SEND.form(polls.POLLS, polls.make, "Open one.", proven=True, changes=(Action.ALERT_SENT,)),
    REGISTER.page(
        "/console/inbox", inbox.page, "What people wrote by SMS.", query=inbox.InboxQuery, views=Action.INBOX_SEEN
    ),
    REGISTER.form("/console/inbox/{id}/read", inbox.read, "It is dealt with.", changes=(Action.TEXT_READ,)),
    LOOK.page("/console/alerts/{id}/report", report.page, "The report of an alert."),
    LOOK.page("/console/alerts/{id}/report.pdf", report.pdf, "The report as PDF."),
    LOOK.page(
        "/console/alerts/{id}/unreached",
        unreached.page,
        "Whom nothing reached.",
        query=unreached.UnreachedQuery,
        views=Action.UNREACHED_SEEN,
    ),
    EXPORT.page(
        "/console/alerts/{id}/unreached.csv",
        unreached.table,
        "The same, as CSV.",
        query=unreached.UnreachedQuery,
        proven=True,
        changes=(Action.UNREACHED_EXPORTED,),
    ),
)
