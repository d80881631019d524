"""Console routes of operators: sign-in, their own account, and the list of operators."""

from collections.abc import Mapping
from typing import Any

from broadcaster.domain.audit import Action
from broadcaster.http.route import Access, Handler, Route
from broadcaster.http.schemas.base import FORM, SMALL
from broadcaster.web.console import signing_in
from broadcaster.web.console.operators import account, browsers, entering, openid, password, people
from broadcaster.web.console.paths import GO_ON, SIGN_IN
from broadcaster.web.console.routing import OPERATORS, SELF

_HTML = "text/html"
_BY_PASSKEY = f"{SIGN_IN}/passkey"
_ENTERS = Action.SIGNED_IN, Action.SIGN_IN_FAILED, Action.PROVEN


def _open(method: str, path: str, handler: Handler, answers: Mapping[int, Any], *changes: Action, **more: Any) -> Route:
    """Return a route for people who are not signed in."""
    largest = None if method == "GET" else 2 * SMALL
    more = {"access": Access.PUBLIC, "page": _HTML in answers.values(), "largest": largest, **more}
    return Route(method, path, handler, answers, tag="console", changes=changes, **more)


ROUTES: tuple[Route, ...] = (
    _open("GET", SIGN_IN, signing_in.ask, {200: _HTML}, access=Access.OPEN),
    _open("POST", GO_ON, signing_in.go_on, {200: _HTML}, largest=FORM + SMALL),
    _open("GET", _BY_PASSKEY, entering.sign_in_options, {200: entering.OptionsOut}, access=Access.OPEN),
    _open("POST", _BY_PASSKEY, entering.sign_in, {200: entering.EnteredOut}, *_ENTERS, access=Access.SIGNED),
    _open("GET", GO_ON, signing_in.held, {200: _HTML}),
    _open("GET", openid.BEGIN, openid.begin, {303: None}, page=True),
    _open("GET", openid.BACK, openid.back, {303: None}, *_ENTERS, page=True, access=Access.SIGNED),
    _open("GET", "/console/welcome", entering.welcome, {200: _HTML}),
    _open("POST", "/console/welcome", entering.link, {200: entering.OptionsOut}),
    _open(
        "POST",
        "/console/welcome/passkey",
        entering.first_passkey,
        {200: entering.EnteredOut},
        Action.PASSKEY_ADDED,
        Action.SIGNED_IN,
    ),
    _open("POST", f"{SIGN_IN}/password", password.sign_in, {200: entering.EnteredOut}, *_ENTERS, access=Access.SIGNED),
    _open("POST", "/console/welcome/app", password.first_app, {200: password.AppOut}),
    _open(
        "POST",
        "/console/welcome/password",
        password.first,
        {200: password.CodesOut},
        Action.PASSWORD_SET,
        Action.SIGNED_IN,
    ),
    SELF.form("/console/sign-out", signing_in.sign_out, Action.SIGNED_OUT),
    SELF.page("/console/sessions", signing_in.listing, views=Action.OPERATORS_SEEN),
    SELF.form("/console/sessions/{id}/end", signing_in.end, Action.SESSION_ENDED),
    SELF.page(account.ACCOUNT, account.page),
    SELF.data("GET", f"{account.ACCOUNT}/passkeys", account.options),
    SELF.data(
        "POST", f"{account.ACCOUNT}/passkeys", account.add, Action.PASSKEY_ADDED, proven=True, answers={204: None}
    ),
    SELF.form(f"{account.ACCOUNT}/passkeys/{{id}}/remove", account.remove, Action.PASSKEY_REMOVED, proven=True),
    SELF.form(f"{account.ACCOUNT}/phone", account.set_phone, Action.PHONE_SET, proven=True),
    SELF.data("POST", browsers.BROWSERS, browsers.add, Action.PUSH_ADDED, largest=2 * SMALL),
    SELF.form(f"{browsers.BROWSERS}/{{id}}/remove", browsers.remove, Action.PUSH_REMOVED),
    SELF.data("GET", f"{account.ACCOUNT}/app", password.app),
    SELF.data("POST", f"{account.ACCOUNT}/password", password.change, Action.PASSWORD_SET, proven=True),
    SELF.data("POST", f"{account.ACCOUNT}/codes", password.codes, Action.CODES_MADE, proven=True, largest=SMALL),
    SELF.form(f"{account.ACCOUNT}/password/remove", password.remove, Action.PASSWORD_REMOVED, proven=True),
    OPERATORS.page(people.OPERATORS, people.listing, views=Action.OPERATORS_SEEN),
    OPERATORS.form(people.OPERATORS, people.invite, Action.OPERATOR_INVITED, proven=True),
    OPERATORS.form(
        f"{people.OPERATORS}/{{id}}",
        people.act,
        Action.ROLE_SET,
        Action.VULNERABLE_GRANTED,
        Action.OPERATOR_RECOVERED,
        Action.OPERATOR_DISABLED,
        Action.OPERATOR_ENABLED,
        proven=True,
    ),
)
