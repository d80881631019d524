"""Operators sign in by OpenID Connect: against a provider of its own process, the whole way."""

from __future__ import annotations

import re
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from broadcaster.commands.examine_identities import identities as examined
from broadcaster.config import Settings
from broadcaster.domain.audit import Action
from broadcaster.domain.identity import IdentityLevel
from broadcaster.domain.people import ChannelName, NewContact, NewSubscriber
from broadcaster.domain.permissions import Role
from broadcaster.http import openid
from broadcaster.http.people.identity import BACK
from broadcaster.http.sessions import COOKIE, csrf_made_of
from broadcaster.store import polls
from broadcaster.store.operations import audit_reading
from broadcaster.store.operations.audit_reading import Only
from broadcaster.store.operators import operators
from broadcaster.store.stations import stations
from broadcaster.store.tables import identities as identities_table
from tests.integration.http.conftest import open_api
from tests.integration.http.test_alerts import until_finished
from tests.integration.http.test_console_people import send
from tests.servers.identities import identities

BEGIN = "/console/sign-in/openid"
REQUIRED = {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce"}


@pytest.fixture
async def provider():
    async with identities() as found:
        yield found


@pytest.fixture
async def api(tmp_path, provider):
    settings = Settings(
        host="127.0.0.1", port=0, data_dir=tmp_path, requests_per_minute=10_000, tiles_url="off", geocoder_url="off",
        openid_issuer=provider.url, openid_client_id="tocsin", openid_client_secret="secret",
        franceconnect_issuer=provider.url, franceconnect_client_id="alerts", franceconnect_client_secret="secret",
    )  # fmt: skip
    async for each in open_api(settings):
        yield each


async def get(api, path, cookies=()):
    headers = {"Accept-Language": "en", "Cookie": "; ".join(f"{name}={value}" for name, value in dict(cookies).items())}
    return await api.call("GET", path, key=None, headers=headers)


def cookies_of(headers):
    found = SimpleCookie()
    for each in headers.getall("Set-Cookie", []):
        found.load(each)
    return {name: each.value for name, each in found.items() if each.value}


async def come_back(api, provider, sub, *, cookies=(), **query):
    """Go to the provider and back; return the answer there, and where the browser was sent."""
    status, headers, page = await get(api, f"{BEGIN}?{'&'.join(f'{k}={v}' for k, v in query.items())}", cookies)
    assert status == 303, page
    back = await provider.confirm(headers["Location"], sub)
    there = urlsplit(back)
    kept = {**dict(cookies), **cookies_of(headers)}
    return await get(api, f"{there.path}?{there.query}", kept), headers["Location"], (back, kept)


async def recorded(api, action):
    async with api.running.services.store.read() as unit:
        return await audit_reading.page(unit, Only(action=action), before=None, limit=50)


async def invited(api, name, mail):
    async with api.running.services.store.write() as unit:
        station = await stations.by_slug(unit, "laigle")
        made = await operators.add(
            unit, name, api.running.services.clock.now(), mail=mail, roles={station.id: Role.OWNER}
        )
        await operators.new_link(unit, made, api.running.services.clock.now() + openid.AWAY)
    return made


async def test_who_was_invited_comes_in_proves_it_anew_and_leaves_at_the_provider_too(api, provider):
    foreign = await api.call("GET", BEGIN, key=None, headers={"Sec-Fetch-Site": "cross-site"})
    assert (foreign[0], "Sign in with ProConnect" in (await get(api, "/console/sign-in"))[2]) == (403, True)
    await provider.knows("rose", email="Rose@Town.example", email_verified=True)
    (status, _, page), _, _ = await come_back(api, provider, "rose")
    assert (status, "was invited" in page) == (422, True), "nobody becomes an operator by signing in"
    rose = await invited(api, "Rose", "rose@town.example")
    (status, headers, page), way_in, (back, kept) = await come_back(api, provider, "rose", then="/console/people")
    assert (status, headers.get("Location")) == (303, "/console/people"), page
    asked = {name: each[0] for name, each in parse_qs(urlsplit(way_in).query).items()}
    sealed = openid.base64.urlsafe_b64decode(kept["tocsin_openid"])
    facts = openid.orjson.loads(api.running.services.store.vault.open(sealed, b"cookie:tocsin_openid"))["asked"]
    assert asked["code_challenge"] == create_s256_code_challenge(facts["verifier"])
    assert (asked["code_challenge_method"], asked["nonce"], asked["state"]) == ("S256", facts["nonce"], facts["state"])
    assert "prompt" not in asked
    session = cookies_of(headers)
    (entry,) = await recorded(api, Action.SIGNED_IN)
    assert (entry.about, entry.params) == (rose, {"trusted": False, "way": "openid"})

    there = urlsplit(back)
    status, _, page = await get(api, f"{there.path}?{there.query}", kept)
    assert (status, "trusted" in page) == (422, True), "a code stands for one sign-in"
    status, _, page = await get(api, f"{there.path}?{there.query}")
    assert (status, "another browser" in page) == (422, True), "of another browser, or of an attacker"
    (status, _, page), _, _ = await come_back(api, provider, None)
    assert (status, "Start again" in page) == (422, True), "stopped at the provider"

    (status, headers, _), way_in, _ = await come_back(api, provider, "rose", cookies=session, then="/console/new")
    names = [each[COOKIE] for each in (session, cookies_of(headers))]
    assert (status, len(set(names)), len({csrf_made_of(each) for each in names})) == (303, 2, 1), "the session goes on"
    assert {"prompt": ["login"], "max_age": ["0"]}.items() <= parse_qs(urlsplit(way_in).query).items()
    assert [each.params for each in await recorded(api, Action.PROVEN)] == [{"way": "openid"}]

    await provider.knows("mallory", email="rose@town.example", email_verified=True)
    await invited(api, "Paul", "paul@town.example")
    await provider.knows("paul", email="paul@town.example", email_verified=False)
    for somebody in ("mallory", "paul"):
        (status, _, page), _, _ = await come_back(api, provider, somebody)
        assert (status, "was invited" in page) == (422, True), "the provider's own id counts, and a mail it vouches for"

    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in session.items())}
    headers |= {"X-CSRF": csrf_made_of(session[COOKIE]), "Accept-Language": "en"}
    status, _, page = await api.call("POST", "/console/sign-out", key=None, headers=headers)
    out = re.search(r'href="([^"]+end_session[^"]+)"', page)[1].replace("&amp;", "&")
    assert status == 200
    assert set(parse_qs(urlsplit(out).query)) == {"id_token_hint", "post_logout_redirect_uri", "state"}
    assert (await get(api, "/console/people", session))[0] == 303

    async with api.running.services.store.write() as unit:
        await operators.disable(unit, rose, api.running.services.clock.now())
    (status, _, page), _, _ = await come_back(api, provider, "rose")
    assert (status, "was invited" in page) == (422, True)
    settings = api.running.services.settings
    found = await examined(settings)
    assert [(each.level, back in each.what) for each, back in zip(found, (f"{BEGIN}/back", BACK), strict=True)] == [
        ("ok", True)
    ] * 2
    found = await examined(settings.model_copy(update={"openid_issuer": f"{provider.url}/elsewhere"}))
    assert [each.level for each in found] == ["warning", "ok"]


async def test_proconnect_gets_the_parameters_that_it_knows_and_no_others(tmp_path, provider):
    """All others are a bad request to it (Y000400); in the signed userinfo it sends the mail address."""
    settings = Settings(
        host="127.0.0.1", port=0, data_dir=tmp_path, requests_per_minute=10_000, tiles_url="off", geocoder_url="off",
        openid_issuer=provider.url, openid_client_id="tocsin", openid_client_secret="secret", openid_requests="plain",
        openid_mails="all",
    )  # fmt: skip
    async for api in open_api(settings):
        await invited(api, "Rose", "rose@town.example")
        await provider.knows("rose", email="rose@town.example")
        (status, headers, page), way_in, _ = await come_back(api, provider, "rose", then="/console/people")
        assert (status, headers.get("Location")) == (303, "/console/people"), page
        asked = {name: each[0] for name, each in parse_qs(urlsplit(way_in).query).items()}
        assert set(asked) == REQUIRED
        assert min(len(asked["state"]), len(asked["nonce"])) >= 32
        _, way_in, _ = await come_back(api, provider, "rose", cookies=cookies_of(headers))
        asked = {name: each[0] for name, each in parse_qs(urlsplit(way_in).query).items()}
        assert set(asked) == {*REQUIRED, "prompt", "claims"}
        assert openid.orjson.loads(asked["claims"]) == {"id_token": {"auth_time": {"essential": True}}}


async def test_a_resident_shows_who_they_are_by_franceconnect_and_votes_once_on_all_devices(api, provider):
    mails = [NewContact(ChannelName.EMAIL, f"r{n}@town.example", f"r{n}@town.example") for n in range(3)]
    telephone, tablet, other = [await api.enrol(NewSubscriber("fr", (each,))) for each in mails]
    who = {"given_name": "Angela Claire", "family_name": "Dûbois", "birthdate": "1962-08-24"}
    await provider.knows("citizen", acr="eidas1", **who)
    await provider.knows("nobody", acr="none")
    await provider.knows("half", acr="eidas1", given_name="Angela")

    async def show(token, sub):
        status, headers, told = await api.call("POST", "/v1/subscribers/me/identity", key=token)
        way = parse_qs(urlsplit(told["url"]).query)
        assert (status, way["acr_values"], way["scope"]) == (200, ["eidas1"], ["openid profile"])
        assert set(way) == {*REQUIRED, "acr_values"}, "it refuses what it does not know"
        there = urlsplit(await provider.confirm(told["url"], sub))
        return await get(api, f"{there.path}?{there.query}", cookies_of(headers))

    async def level(token):
        return (await api.call("GET", "/v1/subscribers/me", key=token))[2]["identity"]

    assert await level(telephone) == "contact"
    for refused in ("nobody", "half"):  # without a level, or without names and birth
        assert (await show(other, refused))[0] == 422
    for token in (telephone, tablet):
        status, headers, _ = await show(token, "citizen")
        assert (status, "end_session" in headers["Location"]) == (303, True), "FranceConnect's session ends at once"
    assert [await level(each) for each in (telephone, tablet, other)] == ["franceconnect", "franceconnect", "contact"]
    async with api.running.services.store.read() as unit:
        rows = (await unit.conn.execute(identities_table.select())).all()
    assert [(row.level, len(row.mark)) for row in rows] == [(IdentityLevel.FRANCECONNECT, 16)] * 2
    assert rows[0].mark == rows[1].mark
    assert {each.name for each in identities_table.columns} == {"subscriber_id", "level", "mark", "at"}, "no identity"

    closes = (api.running.services.clock.now() + timedelta(hours=2)).isoformat()
    asked = {"question": "Un marché ?", "answers": ["Oui", "Non"], "station": "laigle", "audience": "all_followers"}
    status, _, poll = await api.call("POST", "/v1/polls", {**asked, "closes": closes, "identity": True})
    assert (status, poll["identity"]) == (201, True)
    async with api.running.services.store.read() as unit:
        made = await polls.by_token(unit, poll["token"])
    await until_finished(api, str(made.alert_id))
    mine = f"/v1/subscribers/me/polls/{poll['token']}"
    assert (await api.call("PUT", mine, {"answer": 1}, key=telephone))[0] == 204
    assert (await api.call("PUT", mine, {"answer": 1}, key=tablet))[0] == 409, "one person, one vote"
    assert (await api.call("GET", mine, key=other))[2] == {"may_vote": False, "voted": False, "identity_missing": True}
    assert (await api.call("PUT", mine, {"answer": 1}, key=other))[0] == 403

    writer = await api.sign_in("laigle-publish")
    _, _, person = await api.call("GET", "/v1/subscribers/me", key=other)
    path = f"/console/people/{person['id']}/identity?station=laigle"
    assert (await send(api, path, writer, do="shown", family="Dubois", given="Angela"))[0] == 422
    for given, voted in (("ANGELA", 409), ("Agnès", 204)):  # the same person at the counter, and her sister
        shown = {"family": "DUBOIS", "given": given, "born": "1962-08-24"}
        assert (await send(api, path, writer, do="shown", **shown))[0] == 303
        assert await level(other) == "counter"
        assert (await api.call("PUT", mine, {"answer": 2}, key=other))[0] == voted
    assert (await api.call("DELETE", "/v1/subscribers/me/identity", key=telephone))[0] == 204
    assert await level(telephone) == "contact"


@pytest.mark.asyncio(loop_scope="module")
async def test_without_a_provider_the_page_shows_no_button(refusing):
    assert "ProConnect" not in (await get(refusing, "/console/sign-in"))[2]
    assert (await get(refusing, BEGIN))[0] == 404
