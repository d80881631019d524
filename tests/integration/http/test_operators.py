"""Operators: one-time links, passkeys, and who may change whom."""

from __future__ import annotations

import base64
import html
import re
from datetime import timedelta

import cbor2
import pytest
from sqlalchemy import select, update

from broadcaster.config import Settings
from broadcaster.domain.operators import party_of
from broadcaster.domain.permissions import KeyRole, Role
from broadcaster.http.sessions import COOKIE, csrf_made_of
from broadcaster.store import tables
from broadcaster.store.operators import operators
from broadcaster.store.stations import stations
from tests.integration.http.conftest import open_api
from tests.integration.http.test_console_people import look, send
from tests.servers.authenticator import Authenticator, packed

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "en"}


def origin_of(api):
    return party_of(api.running.services.base_url).origin


async def invited(api, *, admin=False, role=Role.WRITER, station="laigle"):
    """Add an operator; give their id and a link's secret."""
    services, now = api.running.services, api.running.services.clock.now()
    async with services.store.write() as unit:
        there = await stations.by_slug(unit, station)
        made = await operators.add(unit, "Paul", now, admin=admin, roles={} if admin else {there.id: role})
        return made, await operators.new_link(unit, made, now + timedelta(hours=1))


async def ask(api, method, path, body=None, **headers):
    return await api.call(method, path, body, key=None, headers={"Accept-Language": "en", **headers})


async def entered(api, secret, device, name="Paul Petit"):
    """Use a link; give the answer."""
    _, _, told = await ask(api, "POST", "/console/welcome", {"secret": secret})
    body = {"secret": secret, "name": name, "credential": device.make(told["options"])}
    return await ask(api, "POST", "/console/welcome/passkey", body)


async def signed_in(api, device, *, trusted=False, **headers):
    _, _, told = await ask(api, "GET", "/console/sign-in/passkey")
    body = {"credential": device.use(told["options"]), "trusted": trusted}
    return await ask(api, "POST", "/console/sign-in/passkey", body, **headers)


async def let_pass(api, **by):
    """Age every session."""
    ago = timedelta(**by)
    async with api.running.services.store.write() as unit:
        for each in (await unit.conn.execute(select(tables.sessions))).all():
            aged = {name: getattr(each, name) - ago for name in ("began_at", "seen_at", "proven_at", "ends_at")}
            await unit.conn.execute(update(tables.sessions).where(tables.sessions.c.id == each.id).values(aged))


def session(headers):
    name = headers["Set-Cookie"].split(";")[0].partition("=")[2]
    return {"Cookie": f"{COOKIE}={name}", "X-CSRF": csrf_made_of(name)}


async def test_a_link_makes_a_passkey_once_and_the_passkey_opens_the_console(api):
    _, secret = await invited(api)
    device = Authenticator(origin_of(api))
    status, headers, _ = await entered(api, secret, device)
    assert status == 200
    cookie = {part.strip() for part in headers["Set-Cookie"].split(";")}
    assert {"HttpOnly", "SameSite=Lax", "Path=/console"} <= cookie
    _, _, page = await ask(api, "GET", "/console/account", **session(headers))
    assert "Paul Petit" in page
    status, _, problem = await ask(api, "POST", "/console/welcome", {"secret": secret})
    assert (status, problem["code"]) == (404, "invitation-over")
    status, headers, _ = await signed_in(api, device)
    assert status == 200
    assert (await ask(api, "GET", "/console", **session(headers)))[0] == 200


async def test_a_passkeys_answer_is_taken_once_from_its_own_page_and_with_a_check_of_the_person(api):
    _, secret = await invited(api)
    device = Authenticator(origin_of(api))
    await entered(api, secret, device)
    _, _, told = await ask(api, "GET", "/console/sign-in/passkey")
    answered = {"credential": device.use(told["options"])}
    status, _, _ = await ask(api, "POST", "/console/sign-in/passkey", answered, **{"Sec-Fetch-Site": "cross-site"})
    assert status == 403
    assert (await ask(api, "POST", "/console/sign-in/passkey", answered))[0] == 200
    status, _, problem = await ask(api, "POST", "/console/sign-in/passkey", answered)
    assert (status, problem["code"]) == (422, "passkey-late"), "a replayed answer"
    for origin, verifies in (("https://evil.example", True), (device.origin, False)):
        device.origin, device.verifies = origin, verifies
        status, headers, problem = await signed_in(api, device)
        assert (status, problem["code"], headers.get("Set-Cookie")) == (422, "passkey-refused", None)
    stranger = Authenticator(origin_of(api))
    status, _, problem = await signed_in(api, stranger)
    assert (status, problem["code"]) == (422, "passkey-unknown")
    told["options"]["challenge"] = "AAAA"
    status, _, problem = await ask(api, "POST", "/console/sign-in/passkey", {"credential": device.use(told["options"])})
    assert (status, problem["code"]) == (422, "passkey-late"), "a challenge of somebody else's"


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"rawId": 1},
        {"response": []},
        {"response": {"clientDataJSON": "e30"}},
        {"response": {"clientDataJSON": packed(b"[" * 3000)}},
    ],
    ids=range(5),
)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_no_answer_of_a_passkey_is_refused(refusing, credential):
    status, _, problem = await ask(refusing, "POST", "/console/sign-in/passkey", {"credential": credential})
    assert (status, problem["code"]) == (422, "passkey-refused")


async def test_a_made_passkey_that_breaks_off_is_refused(api):
    _, secret = await invited(api)
    device = Authenticator(origin_of(api))
    _, _, told = await ask(api, "POST", "/console/welcome", {"secret": secret})
    made = device.make(told["options"])
    whole = cbor2.loads(base64.urlsafe_b64decode(made["response"]["attestationObject"] + "=="))
    made["response"]["attestationObject"] = packed(cbor2.dumps(whole | {"authData": whole["authData"][:37]}))
    body = {"secret": secret, "name": "Paul", "credential": made}
    status, _, problem = await ask(api, "POST", "/console/welcome/passkey", body)
    assert (status, problem["code"]) == (422, "passkey-refused")


async def test_a_link_of_one_person_does_not_take_the_passkey_made_for_another(api):
    (_, ours), (_, theirs) = await invited(api), await invited(api)
    device = Authenticator(origin_of(api))
    _, _, told = await ask(api, "POST", "/console/welcome", {"secret": theirs})
    body = {"secret": ours, "name": "Paul", "credential": device.make(told["options"])}
    status, _, problem = await ask(api, "POST", "/console/welcome/passkey", body)
    assert (status, problem["code"]) == (422, "passkey-late")


async def test_an_owner_invites_and_changes_people_of_their_own_station_only(api):
    owner, elsewhere = await api.sign_in("laigle-admin"), await api.sign_in("rugles-admin")
    said = "name=Paul+Petit&station=laigle&role=writer&mail=paul%40town.example"
    status, _, page = await api.call("POST", "/console/operators", key=None, raw=said, headers={**FORM, **owner})
    assert status == 200
    secret = html.unescape(re.search(r'value="[^"]*/console/welcome#([\w-]+)"', page)[1])
    device = Authenticator(origin_of(api))
    _, headers, _ = await entered(api, secret, device)
    paul = session(headers)
    (number,) = set(re.findall(r'/console/operators/(\d+)"', page)) - {str(each) for each in api.operators.values()}
    there = f"/console/operators/{number}"

    async def change(said, who):
        return (await api.call("POST", there, key=None, raw=said, headers={**FORM, **who}))[0]

    assert (await ask(api, "GET", "/console/new", **paul))[0] == 200
    assert await change("do=disable", elsewhere) == 404
    assert await change("do=role&station=laigle&role=viewer", elsewhere) == 404
    assert await change("do=role&station=rugles&role=owner", owner) == 403
    assert await change("do=role&station=laigle&role=admin", owner) == 422
    assert await change("do=role&station=laigle&role=owner", paul) == 403
    assert await change("do=role&station=laigle&role=viewer", owner) == 303
    assert (await ask(api, "GET", "/console", **paul))[0] == 303, "who has another role signs in anew"
    _, headers, _ = await signed_in(api, device)
    paul = session(headers)
    assert (await ask(api, "GET", "/console/new", **paul))[0] == 403
    async with api.running.services.store.write() as unit:
        for slug in ("laigle", "laigle", "rugles"):
            station = await stations.by_slug(unit, slug)
            now = api.running.services.clock.now()
            await stations.add_key(unit, KeyRole.PUBLISH, station.id, "sirens", now, made_by=int(number))
    _, _, page = await look(api, "/console/operators", owner)
    assert "still valid" not in page
    assert await change("do=disable", owner) == 303
    _, _, page = await look(api, "/console/operators", owner)
    assert "2 keys that this person made are still valid." in page, "those of another owner's station are not told"
    assert (await ask(api, "GET", "/console", **paul))[0] == 303
    assert (await signed_in(api, device))[2]["code"] == "passkey-unknown"
    assert await change("do=enable", owner) == 303
    assert (await signed_in(api, device))[0] == 200
    _, _, page = await api.call("POST", there, key=None, raw="do=recover", headers={**FORM, **owner})
    assert "/console/welcome#" in page
    assert (await signed_in(api, device))[2]["code"] == "passkey-unknown", "a lost device opens nothing"


async def test_an_owner_can_not_become_somebody_with_rights_elsewhere(api):
    owner = await api.sign_in("laigle-admin")
    admin, _ = await invited(api, admin=True)
    services = api.running.services
    both, _ = await invited(api)
    async with services.store.write() as unit:
        known = {slug: (await stations.by_slug(unit, slug)).id for slug in ("laigle", "rugles")}
        await operators.set_role(unit, both, known["rugles"], Role.OWNER)
        await operators.set_role(unit, admin, known["laigle"], Role.WRITER)
    for number in (both, admin, api.operators["laigle-admin"]):
        for said in ("do=recover", "do=disable"):
            path = f"/console/operators/{number}"
            status, _, _ = await api.call("POST", path, key=None, raw=said, headers={**FORM, **owner})
            assert status == 403


async def test_a_further_passkey_is_added_and_the_last_stays(api):
    _, secret = await invited(api)
    first, second = Authenticator(origin_of(api)), Authenticator(origin_of(api))
    _, headers, _ = await entered(api, secret, first)
    mine = session(headers)
    _, _, told = await ask(api, "GET", "/console/account/passkeys", **mine)
    assert (await ask(api, "POST", "/console/account/passkeys", {"credential": second.make(told["options"])}, **mine))[
        0
    ] == 204
    _, _, page = await ask(api, "GET", "/console/account", **mine)
    paths = re.findall(r'action="(/console/account/passkeys/\d+/remove)"', page)
    statuses = [(await api.call("POST", each, key=None, raw="", headers={**FORM, **mine}))[0] for each in paths]
    assert statuses == [303, 422]
    assert (await signed_in(api, first))[2]["code"] == "passkey-unknown"
    assert (await signed_in(api, second))[0] == 200


async def test_a_trusted_device_stays_signed_in_and_shows_its_passkey_before_what_matters(api):
    _, secret = await invited(api, role=Role.OWNER)
    device = Authenticator(origin_of(api))
    await entered(api, secret, device)
    _, headers, _ = await signed_in(api, device, trusted=True)
    assert "Max-Age=2592000" in headers["Set-Cookie"]
    mine = session(headers)
    await let_pass(api, days=29)
    assert (await ask(api, "GET", "/console/people", **mine))[0] == 200
    status, _, problem = await ask(api, "POST", "/console/send", {}, **mine)
    assert (status, problem["code"]) == (403, "passkey-wanted")
    for path in ("/console/people/export.csv", "/console/alerts/1/unreached.csv"):
        assert (await ask(api, "GET", path, **mine))[1]["Location"].startswith("/console/sign-in?then=")
    said = "name=Rose&station=laigle&role=viewer"
    status, _, page = await api.call("POST", "/console/operators", key=None, raw=said, headers={**FORM, **mine})
    assert (status, 'name="held.name" value="Rose"' in page) == (403, True)
    (_, headers, _), (_, again, _) = [await signed_in(api, device, **mine) for _ in range(2)]
    renewed = session(headers)
    assert session(again) == renewed, "two tabs that prove at once have one cookie"
    assert (renewed["X-CSRF"], renewed["Cookie"] == mine["Cookie"]) == (mine["X-CSRF"], False), "open pages go on"
    assert [(await ask(api, "POST", "/console/send", {}, **each))[0] for each in (mine, renewed)] == [403, 422]
    assert (await ask(api, "GET", "/console/people", **mine))[0] == 200, "other tabs had asked with it"
    await let_pass(api, minutes=2)
    assert [(await ask(api, "GET", "/console/people", **each))[0] for each in (mine, renewed)] == [303, 200]
    await let_pass(api, days=2)
    assert (await ask(api, "GET", "/console/people", **renewed))[0] == 303


async def test_anothers_passkey_proves_nothing_and_opens_a_session_of_its_own(api):
    devices = []
    for _ in range(2):
        _, secret = await invited(api)
        devices.append(Authenticator(origin_of(api)))
        await entered(api, secret, devices[-1])
    _, headers, _ = await signed_in(api, devices[0], trusted=True)
    mine = session(headers)
    await let_pass(api, hours=1)
    _, headers, _ = await signed_in(api, devices[1], **mine)
    assert "Set-Cookie" in headers
    assert (await ask(api, "GET", "/console", **mine))[0] == 303, "one browser has one session"


async def test_a_flood_of_the_same_address_does_not_keep_out_who_has_a_passkey(tmp_path):
    settings = Settings(host="127.0.0.1", port=0, data_dir=tmp_path, requests_per_minute=20)
    async for api in open_api(settings):
        _, secret = await invited(api)
        device, stranger = Authenticator(origin_of(api)), Authenticator(origin_of(api))
        await entered(api, secret, device)
        statuses = {(await signed_in(api, stranger))[0] for _ in range(30)}
        assert statuses == {422, 429}
        assert (await ask(api, "GET", "/console/sign-in"))[0] == 200
        assert (await signed_in(api, device))[0] == 200


def test_a_passkey_belongs_to_the_domain_of_the_service():
    assert party_of("https://alerts.town.example").id == "alerts.town.example"
    assert party_of("http://127.0.0.1:8080").origin == "http://localhost:8080"
    assert party_of("http://[::1]:8080").id == "localhost"


async def test_an_owner_sets_the_duty_roster_and_who_is_not_on_it_is_told_before_writing(api):
    owner, writer = await api.sign_in("laigle-admin"), await api.sign_in("laigle-publish")
    await api.sign_in("laigle-approver")
    roster, named = "/console/stations/laigle/roster", api.operators["laigle-approver"]
    _, _, page = await look(api, roster, owner)
    week = re.search(r'name="(\d{4}-W\d\d)"', page)[1]
    assert (await send(api, roster, writer, **{week: named}))[0] == 403
    assert (await send(api, roster, owner, **{week: named}))[0] == 303
    _, _, page = await look(api, roster, writer)
    assert re.search(rf'name="{week}" value="{named}" checked disabled', page), "others look at it"
    told = [("Others are on duty" in (await look(api, "/console/new", each))[2]) for each in (owner, writer)]
    assert told == [False, True]
