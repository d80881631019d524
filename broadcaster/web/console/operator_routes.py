"""Console routes of operators: sign-in, their own account, and the list of operators."""

from collections.abc import Mapping
from typing import Any

from broadcaster.domain.audit import Action
from broadcaster.http.route import FORM, SMALL, Access, Handler, Route
from broadcaster.http.schemas.residents import PushIn
from broadcaster.web.console import signing_in
from broadcaster.web.console.operators import account, browsers, entering, openid, password, people
from broadcaster.web.console.paths import GO_ON, SIGN_IN
from broadcaster.web.console.routing import OPERATORS, SELF

_HTML = "text/html"
_BY_PASSKEY = f"{SIGN_IN}/passkey"


def _open(method: str, path: str, handler: Handler, summary: str, answers: Mapping[int, Any], **more: Any) -> Route:
    """Return a route for people who are not signed in."""
    more = {"page": _HTML in answers.values(), "largest": None if method == "GET" else 2 * SMALL, **more}
    access = more.pop("access", Access.PUBLIC)
    return Route(method, path, handler, summary, answers, access=access, documented=False, tag="console", **more)


ROUTES: tuple[Route, ...] = (
    _open("GET", SIGN_IN, signing_in.ask, "Sign in.", {200: _HTML}, access=Access.OPEN),
    _open("POST", GO_ON, signing_in.go_on, "What was written before.", {200: _HTML}, largest=FORM + SMALL),
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
    SELF.form("/console/sign-out", signing_in.sign_out, "End this session.", changes=(Action.SIGNED_OUT,)),
    SELF.page("/console/sessions", signing_in.listing, "Who is signed in.", views=Action.OPERATORS_SEEN),
    SELF.form("/console/sessions/{id}/end", signing_in.end, "End a session.", changes=(Action.SESSION_ENDED,)),
    SELF.page(account.ACCOUNT, account.page, "My account."),
    SELF.data("GET", f"{account.ACCOUNT}/passkeys", account.options, "What a new passkey needs."),
    SELF.data(
        "POST",
        f"{account.ACCOUNT}/passkeys",
        account.add,
        "A further passkey.",
        proven=True,
        body=entering.PasskeyIn,
        largest=2 * SMALL,
        answers={204: None},
        changes=(Action.PASSKEY_ADDED,),
    ),
    SELF.form(
        f"{account.ACCOUNT}/passkeys/{{id}}/remove",
        account.remove,
        "Remove a passkey.",
        proven=True,
        changes=(Action.PASSKEY_REMOVED,),
    ),
    SELF.form(
        f"{account.ACCOUNT}/phone",
        account.set_phone,
        "Where they are asked to approve.",
        proven=True,
        changes=(Action.PHONE_SET,),
    ),
    SELF.data(
        "POST",
        browsers.BROWSERS,
        browsers.add,
        "Pushes to this browser.",
        body=PushIn,
        largest=2 * SMALL,
        changes=(Action.PUSH_ADDED,),
    ),
    SELF.form(
        f"{browsers.BROWSERS}/{{id}}/remove", browsers.remove, "No more of them.", changes=(Action.PUSH_REMOVED,)
    ),
    SELF.data("GET", f"{account.ACCOUNT}/app", password.app, "What an authenticator app reads."),
    SELF.data(
        "POST",
        f"{account.ACCOUNT}/password",
        password.change,
        "A new password and app.",
        proven=True,
        body=password.PasswordIn,
        largest=SMALL,
        changes=(Action.PASSWORD_SET,),
    ),
    SELF.data(
        "POST",
        f"{account.ACCOUNT}/codes",
        password.codes,
        "New recovery codes.",
        proven=True,
        largest=SMALL,
        changes=(Action.CODES_MADE,),
    ),
    SELF.form(
        f"{account.ACCOUNT}/password/remove",
        password.remove,
        "Remove the password.",
        proven=True,
        changes=(Action.PASSWORD_REMOVED,),
    ),
    OPERATORS.page(people.OPERATORS, people.listing, "Who may act.", views=Action.OPERATORS_SEEN),
    OPERATORS.form(
        people.OPERATORS, people.invite, "Invite somebody.", proven=True, changes=(Action.OPERATOR_INVITED,)
    ),
    OPERATORS.form(
        f"{people.OPERATORS}/{{id}}",
        people.act,
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
