"""Passwords with an authenticator app: set by a link, used to sign in and to prove; recovery codes; limits."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
from sqlalchemy import select, update

from broadcaster.config import Settings
from broadcaster.domain.permissions import Role
from broadcaster.store import tables
from broadcaster.store.operations import sessions
from broadcaster.store.operators import operators
from tests.integration.http.conftest import open_api
from tests.integration.http.test_operators import FORM, ask, invited, let_pass, session
from tests.servers.authenticator import Authenticator
from tests.servers.smtp import Fault, SmtpServer

PASSWORD = "quatre vaches dansent ici"


class App:
    """An authenticator app with one secret."""

    def __init__(self, told, api):
        self.told, self.totp = told, pyotp.TOTP(told["secret"])
        self.services = api.running.services

    def shown(self):
        return self.totp.at(self.services.clock.now())

    async def code(self):
        """Return a code that was not used: as if the last one was used an hour ago."""
        async with self.services.store.write() as unit:
            step = tables.operators.c.totp_step
            await unit.conn.execute(update(tables.operators).where(step > 0).values(totp_step=step - 120))
        return self.shown()


async def app_of(api, secret):
    _, _, told = await ask(api, "POST", "/console/welcome/app", {"secret": secret})
    return App(told, api)


async def entered(api, secret, app, *, name="Paul Petit", password=PASSWORD):
    given = {"secret": secret, "name": name, "password": password, "code": app.shown(), "ticket": app.told["ticket"]}
    return await ask(api, "POST", "/console/welcome/password", given)


async def signed_in(api, code, *, login="Paul Petit", password=PASSWORD, trusted=False, **headers):
    given = {"login": login, "password": password, "code": code, "trusted": trusted}
    return await ask(api, "POST", "/console/sign-in/password", given, **headers)


async def test_a_password_with_a_code_opens_the_console_and_each_code_once(api):
    _, secret = await invited(api)
    app = await app_of(api, secret)
    for password, code in (("court", "password-short"), ("Paul Petit 1961", "password-known")):
        assert (await entered(api, secret, app, password=password))[2]["code"] == code
    status, headers, told = await entered(api, secret, app)
    assert (status, len(set(told["codes"]))) == (200, 10)
    assert "Paul Petit" in (await ask(api, "GET", "/console/account", **session(headers)))[2]
    assert (await entered(api, secret, app))[2]["code"] == "invitation-over"
    proved = app.shown()
    code = await app.code()
    assert [(await signed_in(api, code))[0] for _ in range(2)] == [200, 422], "somebody saw it"
    assert (await signed_in(api, proved))[0] == 422
    code = await app.code()
    for login, password in (("Paul Petit", "vier Kuehe tanzen hier"), ("Rose Petit", PASSWORD)):
        status, headers, problem = await signed_in(api, code, login=login, password=password)
        assert (status, problem["code"], headers.get("Set-Cookie")) == (422, "sign-in-wrong", None)
    status, headers, _ = await signed_in(api, await app.code(), login=" paul petit")
    assert (status, (await ask(api, "GET", "/console", **session(headers)))[0]) == (200, 200)
    recovery = told["codes"][3].upper().replace("-", " ")
    assert [(await signed_in(api, recovery))[0] for _ in range(2)] == [200, 422]


async def test_another_sites_form_signs_nobody_in_by_password(api):
    status, _, _ = await signed_in(api, "123456", **{"Sec-Fetch-Site": "cross-site"})
    assert status == 403


async def test_wrong_tries_are_limited_by_requester_and_not_by_person(tmp_path):
    settings = Settings(host="127.0.0.1", port=0, data_dir=tmp_path, trusted_proxies=1)
    async for api in open_api(settings):
        _, secret = await invited(api)
        app = await app_of(api, secret)
        await entered(api, secret, app)
        there, elsewhere = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "203.0.113.8"}
        statuses = [(await signed_in(api, "000000", **there))[0] for _ in range(11)]
        assert statuses == [422] * 10 + [429]
        assert (await signed_in(api, await app.code(), **elsewhere))[0] == 200


async def test_a_password_proves_who_it_is_before_what_matters_and_can_be_changed_and_removed(api):
    number, secret = await invited(api, role=Role.OWNER)
    app = await app_of(api, secret)
    await entered(api, secret, app)
    _, headers, _ = await signed_in(api, await app.code(), trusted=True)
    mine = session(headers)
    await let_pass(api, hours=1)
    assert 'id="prove"' in (await ask(api, "GET", "/console/account", **mine))[2]
    assert (await ask(api, "POST", "/console/account/codes", {}, **mine))[2]["code"] == "passkey-wanted"
    status, headers, _ = await signed_in(api, await app.code(), login="", **mine)
    assert (status, session(headers)["X-CSRF"]) == (200, mine["X-CSRF"]), "the same session goes on"
    mine = session(headers)
    status, _, told = await ask(api, "POST", "/console/account/codes", {}, **mine)
    assert status == 200
    _, headers, _ = await signed_in(api, told["codes"][0])
    other = session(headers)
    new = App((await ask(api, "GET", "/console/account/app", **mine))[2], api)
    given = {"password": PASSWORD + " encore", "code": new.shown(), "ticket": new.told["ticket"]}
    wrong = given | {"ticket": app.told["ticket"][::-1]}
    assert (await ask(api, "POST", "/console/account/password", wrong, **mine))[2]["code"] == "app-code-wrong"
    assert (await ask(api, "POST", "/console/account/password", given, **mine))[0] == 200
    assert (await ask(api, "GET", "/console", **other))[0] == 303, "a new password ends what others opened"
    assert (await signed_in(api, await new.code()))[0] == 422
    assert (await signed_in(api, await new.code(), password=given["password"]))[0] == 200
    path = "/console/account/password/remove"
    assert (await api.call("POST", path, key=None, raw="", headers={**FORM, **mine}))[0] == 422, "the last way in"
    device = Authenticator(api.running.services.base_url.replace("127.0.0.1", "localhost"))
    _, _, options = await ask(api, "GET", "/console/account/passkeys", **mine)
    made = {"credential": device.make(options["options"])}
    assert (await ask(api, "POST", "/console/account/passkeys", made, **mine))[0] == 204
    assert (await api.call("POST", path, key=None, raw="", headers={**FORM, **mine}))[0] == 303
    assert (await signed_in(api, await new.code(), password=given["password"]))[0] == 422
    async with api.running.services.store.write() as unit:
        await operators.disable(unit, number, api.running.services.clock.now())
    assert (await ask(api, "GET", "/console", **mine))[0] == 303


async def test_two_people_of_one_name_sign_in_apart(api):
    for expected in (200, 409):
        _, secret = await invited(api)
        status, _, told = await entered(api, secret, await app_of(api, secret))
        assert status == expected
    assert told["code"] == "login-taken"


async def test_the_last_administrator_stays_and_an_owner_ends_no_session_of_one(api):
    admin, secret = await invited(api, admin=True)
    await entered(api, secret, await app_of(api, secret))
    another, owner = await api.sign_in("admin"), await api.sign_in("laigle-admin")  # the first has no way in again
    path = f"/console/operators/{admin}"
    _, _, page = await api.call("POST", path, key=None, raw="do=disable", headers={**FORM, **another})
    assert "Nobody else could administer" in page
    async with api.running.services.store.write() as unit:
        (station,) = (await operators.by_id(unit, api.operators["laigle-admin"])).roles
        await operators.set_role(unit, admin, station, Role.WRITER)
        await sessions.start(unit, admin, "?", api.running.services.clock.now(), timedelta(hours=1))
        number = max(await unit.conn.scalars(select(tables.sessions.c.id)))
    ends = f"/console/sessions/{number}/end"
    assert (await api.call("POST", ends, key=None, raw="", headers={**FORM, **owner}))[0] == 404
    assert (await api.call("POST", ends, key=None, raw="", headers={**FORM, **another}))[0] == 303


async def test_an_invitation_goes_by_mail_where_that_is_set_up_and_is_shown_else(tmp_path):
    said = "name=Paul&station=laigle&role=writer&mail=paul%40town.example"
    async with SmtpServer() as smtp:
        settings = Settings(host="127.0.0.1", port=0, data_dir=tmp_path, smtp_url=smtp.url + "from=alerts@town.example")
        async for api in open_api(settings):
            owner = await api.sign_in("laigle-admin")
            _, _, page = await api.call("POST", "/console/operators", key=None, raw=said, headers={**FORM, **owner})
            (mail,) = await smtp.wait_for(1)
            secret = re.search(r"/console/welcome#([\w-]+)", mail.parsed.get_body(("plain",)).get_content())[1]
            assert "The invitation went to paul@town.example." in page
            assert "/console/welcome#" not in page
            assert (await app_of(api, secret)).told["secret"]
            smtp.fail(Fault("mail", "550 5.7.1 no"))
            _, _, page = await api.call(
                "POST", "/console/operators", key=None, raw=said.replace("paul", "rose"), headers={**FORM, **owner}
            )
            assert "/console/welcome#" in page
