"""Console routes of alerts: writing, sending, scheduling, following and ending them."""

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http.route import FORM, SHAPE, SMALL, Route
from broadcaster.http.schemas.reports import SandboxPageQuery
from broadcaster.pipeline.helping import HELP
from broadcaster.web.console import helping, home, inbox, polls
from broadcaster.web.console.alerts import alerts, live, live_cancel, live_step, report, unreached
from broadcaster.web.console.compose import compose, editing, later, ppms, preview, templates, updating
from broadcaster.web.console.compose import sending as compose_sending
from broadcaster.web.console.routing import data_at, form_at, page_at
from broadcaster.web.console.sandbox import sandbox
from broadcaster.web.console.schedules import drills, reminding, schedules

_HTML, _STREAM = "text/html", "text/event-stream"

ROUTES: tuple[Route, ...] = (
    page_at("/console", home.page, Permission.LOOK, "What holds now."),
    page_at("/console/new", compose.page, Permission.SEND, "A new alert."),
    page_at("/console/ppms", ppms.page, Permission.SEND, "A school's safety plan."),
    form_at(
        "/console/ppms", ppms.choose, Permission.SEND, "Whom it alerts.", proven=True, changes=(Action.STATION_CHANGED,)
    ),
    form_at(
        "/console/ppms/{name}",
        ppms.press,
        Permission.SEND,
        "Alert the staff and the town hall.",
        proven=True,
        changes=(Action.ALERT_SENT,),
    ),
    page_at("/console/templates", templates.listing, Permission.LOOK, "What alerts are written from."),
    page_at("/console/templates/{name}", templates.one, Permission.SEND, "One of them."),
    form_at(
        "/console/templates/{name}",
        templates.act,
        Permission.SEND,
        "Save or delete it.",
        largest=2 * FORM,
        proven=True,
        changes=(Action.TEMPLATE_SAVED, Action.TEMPLATE_DELETED),
    ),
    data_at(
        "POST", "/console/reach", compose_sending.reach, Permission.SEND, "Whom a draft would reach.", largest=SHAPE
    ),
    data_at("GET", "/console/density", compose_sending.cells, Permission.SEND, "Where followers live, coarsely."),
    data_at("POST", "/console/preview", preview.preview, Permission.SEND, "What each channel will say.", largest=SHAPE),
    data_at(
        "POST",
        "/console/preview/mail",
        preview.mail,
        Permission.SEND,
        "A draft's mail.",
        largest=SHAPE,
        answers={200: _HTML, 204: None},
    ),
    data_at(
        "POST",
        "/console/send",
        compose_sending.send,
        Permission.SEND,
        "Send it.",
        largest=SHAPE,
        answers={202: "application/json"},
        proven=True,
        changes=(Action.ALERT_SENT,),
    ),
    data_at(
        "POST",
        "/console/when",
        later.ahead,
        Permission.SEND,
        "The next times of a draft.",
        body=later.Times,
        largest=SMALL,
    ),
    data_at(
        "POST",
        "/console/schedule",
        later.keep,
        Permission.SEND,
        "Keep it for later.",
        largest=SHAPE,
        answers={201: "application/json"},
        proven=True,
        changes=(Action.SCHEDULE_MADE,),
    ),
    page_at(
        "/console/schedules",
        schedules.listing,
        Permission.LOOK,
        "Alerts for later.",
        query=schedules.SchedulesPageQuery,
    ),
    form_at(
        "/console/schedules",
        drills.schedule,
        Permission.SEND,
        "Schedule a monthly drill for operators.",
        proven=True,
        changes=(Action.SCHEDULE_MADE,),
    ),
    page_at("/console/schedules/{id}", schedules.one, Permission.LOOK, "One of them."),
    form_at(
        "/console/schedules/{id}",
        schedules.act,
        Permission.SEND,
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
    page_at(
        "/console/schedules/{id}/edit",
        editing.page,
        Permission.SEND,
        "Change it, as a new alert.",
        query=editing.EditQuery,
    ),
    data_at(
        "POST",
        "/console/schedules/{id}/edit",
        editing.save,
        Permission.SEND,
        "Keep the change.",
        query=editing.EditQuery,
        largest=SHAPE,
        proven=True,
        changes=(Action.SCHEDULE_CHANGED,),
    ),
    page_at(
        "/console/sandbox",
        sandbox.listing,
        Permission.LOOK,
        "What was composed and not sent.",
        query=SandboxPageQuery,
        views=Action.SANDBOX_SEEN,
    ),
    page_at(
        "/console/sandbox/{id}",
        sandbox.one,
        Permission.LOOK,
        "One message to its last byte.",
        views=Action.SANDBOX_SEEN,
    ),
    page_at("/console/alerts", alerts.listing, Permission.LOOK, "Alerts, newest first.", query=alerts.PageQuery),
    page_at("/console/alerts/{id}", live.page, Permission.LOOK, "An alert as it goes out."),
    data_at(
        "GET",
        "/console/alerts/{id}/events",
        live.events,
        Permission.LOOK,
        "What changes of that page.",
        answers={200: _STREAM, 204: None},
    ),
    page_at("/console/alerts/{id}/step", live_step.page, Permission.SEND, "What is sent next."),
    form_at(
        "/console/alerts/{id}/step",
        live_step.act,
        Permission.SEND,
        "Take it now, skip it, or stop.",
        proven=True,
        changes=(Action.ESCALATION_CHANGED,),
    ),
    page_at(
        "/console/alerts/{id}/update", updating.page, Permission.SEND, "An update of it, in the steps of a new one."
    ),
    data_at(
        "POST",
        "/console/alerts/{id}/update",
        updating.save,
        Permission.SEND,
        "Send the update.",
        largest=SHAPE,
        proven=True,
        changes=(Action.ALERT_UPDATED, Action.APPROVAL_ASKED, Action.SENT_ALONE),
    ),
    page_at(
        "/console/alerts/{id}/cancel",
        live_cancel.ask,
        Permission.SEND,
        "How it ends, ready to be sent.",
        query=live_cancel.CancelQuery,
    ),
    form_at(
        "/console/alerts/{id}/cancel",
        live_cancel.do,
        Permission.SEND,
        "Send how it ends.",
        query=live_cancel.CancelQuery,
        proven=True,
        changes=(Action.ALERT_CANCELLED,),
    ),
    page_at("/console/alerts/{id}/remind", reminding.ask, Permission.SEND, "Say it again while it holds."),
    form_at(
        "/console/alerts/{id}/remind",
        reminding.do,
        Permission.SEND,
        "Schedule the reminder.",
        proven=True,
        changes=(Action.SCHEDULE_MADE,),
    ),
    page_at(HELP, helping.page, Permission.REGISTER, "Requests for help.", views=Action.HELP_SEEN),
    data_at("GET", f"{HELP}/news", helping.news, Permission.LOOK, "Whether they changed."),
    form_at(
        f"{HELP}/duty",
        helping.duty,
        Permission.REGISTER,
        "Go on duty for them, or off.",
        changes=(Action.DUTY_SET,),
    ),
    form_at(
        f"{HELP}/{{id}}",
        helping.act,
        Permission.REGISTER,
        "Take one in charge, or close it.",
        changes=(Action.HELP_TAKEN, Action.HELP_CLOSED),
    ),
    page_at(polls.POLLS, polls.page, Permission.SEND, "Polls."),
    form_at(polls.POLLS, polls.make, Permission.SEND, "Open one.", proven=True, changes=(Action.ALERT_SENT,)),
    page_at(
        "/console/inbox",
        inbox.page,
        Permission.REGISTER,
        "What people wrote by SMS.",
        query=inbox.InboxQuery,
        views=Action.INBOX_SEEN,
    ),
    form_at(
        "/console/inbox/{id}/read", inbox.read, Permission.REGISTER, "It is dealt with.", changes=(Action.TEXT_READ,)
    ),
    page_at("/console/alerts/{id}/report", report.page, Permission.LOOK, "The report of an alert."),
    page_at("/console/alerts/{id}/report.pdf", report.pdf, Permission.LOOK, "The report as PDF."),
    page_at(
        "/console/alerts/{id}/unreached",
        unreached.page,
        Permission.LOOK,
        "Whom nothing reached.",
        query=unreached.UnreachedQuery,
        views=Action.UNREACHED_SEEN,
    ),
    page_at(
        "/console/alerts/{id}/unreached.csv",
        unreached.table,
        Permission.EXPORT,
        "The same, as CSV.",
        query=unreached.UnreachedQuery,
        proven=True,
        changes=(Action.UNREACHED_EXPORTED,),
    ),
)
