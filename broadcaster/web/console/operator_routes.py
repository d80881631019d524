"""Console routes of operators: sign-in, their own account, and the list of operators."""

from collections.abc import Mapping
from typing import Any

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http.route import FORM, SMALL, Access, Handler, Route
from broadcaster.http.schemas.residents import PushIn
from broadcaster.web.console import signing_in
from broadcaster.web.console.operators import account, browsers, entering, openid, password, people
from broadcaster.web.console.paths import GO_ON, SIGN_IN
from broadcaster.web.console.routing import data_at, form_at, page_at

_HTML = "text/html"
_BY_PASSKEY = f"{SIGN_IN}/passkey"


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
    _open("GET", SIGN_IN, signing_in.ask, "Sign in.", {200: _HTML}, access=Access.OPEN),
    _open(
        "POST",
        GO_ON,
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
    _open("GET", GO_ON, signing_in.held, "What was written before, kept by the browser.", {200: _HTML}),
    _open("GET", openid.BEGIN, openid.begin, "To the provider of OpenID Connect.", {303: None}, page=True),
    _open(
        "GET",
        openid.BACK,
        openid.back,
        "Back from there.",
        {303: None},
        page=True,
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
        f"{SIGN_IN}/password",
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
    data_at(
        "POST",
        browsers.BROWSERS,
        browsers.add,
        Permission.SELF,
        "Pushes to this browser.",
        body=PushIn,
        largest=2 * SMALL,
        changes=(Action.PUSH_ADDED,),
    ),
    form_at(
        f"{browsers.BROWSERS}/{{id}}/remove",
        browsers.remove,
        Permission.SELF,
        "No more of them.",
        changes=(Action.PUSH_REMOVED,),
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
        changes=(
            Action.ROLE_SET,
            Action.VULNERABLE_GRANTED,
            Action.OPERATOR_RECOVERED,
            Action.OPERATOR_DISABLED,
            Action.OPERATOR_ENABLED,
        ),
    ),
)
