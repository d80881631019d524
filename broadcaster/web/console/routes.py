"""Console routes. ``page_at``, ``form_at`` and ``data_at`` hold what they have in common."""

from collections.abc import Mapping
from typing import Any

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http.route import FORM, SHAPE, SMALL, Access, Handler, Route
from broadcaster.http.schemas.reports import SandboxPageQuery
from broadcaster.pipeline.helping import HELP
from broadcaster.web.console import helping, home, inbox, polls, signing_in
from broadcaster.web.console.alerts import alerts, live, live_cancel, live_step, report, unreached, visits
from broadcaster.web.console.compose import compose, editing, later, ppms, preview, templates, updating
from broadcaster.web.console.compose import sending as compose_sending
from broadcaster.web.console.operators import account, entering, password, people
from broadcaster.web.console.sandbox import sandbox
from broadcaster.web.console.schedules import drills, reminding, schedules

_HTML, _STREAM = "text/html", "text/event-stream"
_BY_PASSKEY = f"{signing_in.SIGN_IN}/passkey"


def page_at(path: str, handler: Handler, permission: Permission, summary: str, **more: Any) -> Route:
    """Return a page's route for a signed-in operator."""
    more = {"permission": permission, **more}
    return Route(
        "GET", path, handler, Access.OPERATOR, summary, {200: _HTML}, page=True, documented=False, tag="console", **more
    )


def form_at(path: str, handler: Handler, permission: Permission, summary: str, **more: Any) -> Route:
    """Return the route of a form on an operator's page."""
    more = {"largest": FORM, "permission": permission, **more}
    return Route(
        "POST", path, handler, Access.OPERATOR, summary, {303: None}, page=True, documented=False, tag="console", **more
    )


def data_at(method: str, path: str, handler: Handler, permission: Permission, summary: str, **more: Any) -> Route:
    """Return the route of a script's request: JSON, or a stream of events."""
    answers = more.pop("answers", {200: "application/json"})
    more = {"permission": permission, **more}
    return Route(method, path, handler, Access.OPERATOR, summary, answers, documented=False, tag="console", **more)


def _open(
    method: str,
    path: str,
    handler: Handler,
    summary: str,
    answers: Mapping[int, Any],
    **more: Any,
) -> Route:
    """Return a route for people who are not signed in."""
    more = {"page": _HTML in answers.values(), "largest": None if method == "GET" else 2 * SMALL, **more}
    access = more.pop("access", Access.PUBLIC)
    return Route(method, path, handler, access, summary, answers, documented=False, tag="console", **more)


ROUTES: tuple[Route, ...] = (
    _open("GET", signing_in.SIGN_IN, signing_in.ask, "Sign in.", {200: _HTML}, access=Access.OPEN),
    _open(
        "POST",
        f"{signing_in.SIGN_IN}/go-on",
        signing_in.go_on,
        "What was written before.",
        {200: _HTML},
        largest=FORM + SMALL,
    ),
    _open(
        "GET",
        _BY_PASSKEY,
        entering.sign_in_options,
        "What a passkey answers.",
        {200: entering.OptionsOut},
        access=Access.OPEN,
    ),
    _open(
        "POST",
        _BY_PASSKEY,
        entering.sign_in,
        "A passkey for a session.",
        {200: entering.EnteredOut},
        body=entering.SignInIn,
        access=Access.SIGNED,
        changes=(Action.SIGNED_IN, Action.SIGN_IN_FAILED, Action.PROVEN),
    ),
    _open("GET", "/console/welcome", entering.welcome, "A one-time link.", {200: _HTML}),
    _open(
        "POST", "/console/welcome", entering.link, "Whose link is it?", {200: entering.OptionsOut}, body=entering.LinkIn
    ),
    _open(
        "POST",
        "/console/welcome/passkey",
        entering.first_passkey,
        "The first passkey.",
        {200: entering.EnteredOut},
        body=entering.FirstPasskeyIn,
        changes=(Action.PASSKEY_ADDED, Action.SIGNED_IN),
    ),
    _open(
        "POST",
        f"{signing_in.SIGN_IN}/password",
        password.sign_in,
        "A password and a code for a session.",
        {200: entering.EnteredOut},
        body=password.SignInIn,
        access=Access.SIGNED,
        changes=(Action.SIGNED_IN, Action.SIGN_IN_FAILED, Action.PROVEN),
    ),
    _open(
        "POST",
        "/console/welcome/app",
        password.first_app,
        "What an authenticator app reads.",
        {200: password.AppOut},
        body=entering.LinkIn,
    ),
    _open(
        "POST",
        "/console/welcome/password",
        password.first,
        "The first password.",
        {200: password.CodesOut},
        body=password.FirstPasswordIn,
        changes=(Action.PASSWORD_SET, Action.SIGNED_IN),
    ),
    form_at(
        "/console/sign-out", signing_in.sign_out, Permission.SELF, "End this session.", changes=(Action.SIGNED_OUT,)
    ),
    page_at("/console/sessions", signing_in.listing, Permission.SELF, "Who is signed in.", views=Action.OPERATORS_SEEN),
    form_at(
        "/console/sessions/{id}/end", signing_in.end, Permission.SELF, "End a session.", changes=(Action.SESSION_ENDED,)
    ),
    page_at(account.ACCOUNT, account.page, Permission.SELF, "My account."),
    data_at("GET", f"{account.ACCOUNT}/passkeys", account.options, Permission.SELF, "What a new passkey needs."),
    data_at(
        "POST",
        f"{account.ACCOUNT}/passkeys",
        account.add,
        Permission.SELF,
        "A further passkey.",
        proven=True,
        body=entering.PasskeyIn,
        largest=2 * SMALL,
        answers={204: None},
        changes=(Action.PASSKEY_ADDED,),
    ),
    form_at(
        f"{account.ACCOUNT}/passkeys/{{id}}/remove",
        account.remove,
        Permission.SELF,
        "Remove a passkey.",
        proven=True,
        changes=(Action.PASSKEY_REMOVED,),
    ),
    form_at(
        f"{account.ACCOUNT}/phone",
        account.set_phone,
        Permission.SELF,
        "Where they are asked to approve.",
        proven=True,
        changes=(Action.PHONE_SET,),
    ),
    data_at("GET", f"{account.ACCOUNT}/app", password.app, Permission.SELF, "What an authenticator app reads."),
    data_at(
        "POST",
        f"{account.ACCOUNT}/password",
        password.change,
        Permission.SELF,
        "A new password and app.",
        proven=True,
        body=password.PasswordIn,
        largest=SMALL,
        changes=(Action.PASSWORD_SET,),
    ),
    data_at(
        "POST",
        f"{account.ACCOUNT}/codes",
        password.codes,
        Permission.SELF,
        "New recovery codes.",
        proven=True,
        largest=SMALL,
        changes=(Action.CODES_MADE,),
    ),
    form_at(
        f"{account.ACCOUNT}/password/remove",
        password.remove,
        Permission.SELF,
        "Remove the password.",
        proven=True,
        changes=(Action.PASSWORD_REMOVED,),
    ),
    page_at(people.OPERATORS, people.listing, Permission.OPERATORS, "Who may act.", views=Action.OPERATORS_SEEN),
    form_at(
        people.OPERATORS,
        people.invite,
        Permission.OPERATORS,
        "Invite somebody.",
        proven=True,
        changes=(Action.OPERATOR_INVITED,),
    ),
    form_at(
        f"{people.OPERATORS}/{{id}}",
        people.act,
        Permission.OPERATORS,
        "Change what somebody may do.",
        proven=True,
        changes=(Action.ROLE_SET, Action.OPERATOR_RECOVERED, Action.OPERATOR_DISABLED, Action.OPERATOR_ENABLED),
    ),
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
        changes=(Action.ALERT_UPDATED,),
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
        "/console/alerts/{id}/visits",
        visits.page,
        Permission.REGISTER,
        "Whom to visit, by street.",
        query=visits.VisitsQuery,
        views=Action.UNREACHED_SEEN,
    ),
    page_at(
        "/console/alerts/{id}/visits.pdf",
        visits.pdf,
        Permission.EXPORT,
        "The visit list as PDF.",
        query=visits.VisitsQuery,
        proven=True,
        changes=(Action.UNREACHED_EXPORTED,),
    ),
    page_at(
        "/console/alerts/{id}/visits.csv",
        visits.table,
        Permission.EXPORT,
        "The visit list as CSV.",
        query=visits.VisitsQuery,
        proven=True,
        changes=(Action.UNREACHED_EXPORTED,),
    ),
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
