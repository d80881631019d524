"""What a provider of OpenID Connect may say, and what of it is believed: tokens of each kind, against real HTTP."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from broadcaster.openid import provider as client
from broadcaster.openid.provider import AuthRequest, Provider, ProviderRefused, ProviderUnavailable

ASKED = AuthRequest("state", "nonce", "verifier")
KEY, OTHER = RSAKey.generate_key(2048, {"kid": "k"}), RSAKey.generate_key(2048, {"kid": "k"})


class Saying:
    """A provider that says what it is told to."""

    def __init__(self):
        self.url = ""
        self.keys = [KEY]
        self.id_token = self.userinfo = lambda claims: jwt.encode({"alg": "RS256", "kid": "k"}, claims, KEY)
        self.claims, self.metadata, self.got, self.asked, self.asked_keys = {}, {}, {}, 0, 0

    def whole(self):
        now = int(time.time())
        usual = {"iss": self.url, "aud": "tocsin", "sub": "rose", "nonce": "nonce", "iat": now, "exp": now + 60}
        return {name: value for name, value in {**usual, "auth_time": now, **self.claims}.items() if value is not None}

    async def configuration(self, _request):
        self.asked += 1
        await asyncio.sleep(0)  # others ask meanwhile
        there = {
            "authorization_endpoint": "/authorize", "token_endpoint": "/token", "userinfo_endpoint": "/userinfo",
            "jwks_uri": "/jwks",
        }  # fmt: skip
        return web.json_response({"issuer": self.url, **{k: self.url + v for k, v in there.items()}, **self.metadata})

    async def jwks(self, _request):
        self.asked_keys += 1
        await asyncio.sleep(0)  # others ask meanwhile
        return web.json_response(KeySet(self.keys).as_dict())

    async def token(self, request):
        self.got = dict(await request.post())
        return web.json_response({"access_token": "access", "id_token": self.id_token(self.whole())})

    async def info(self, _request):
        said = self.userinfo({**self.whole(), "email": "rose@town.example"})
        if isinstance(said, dict):
            return web.json_response(said)
        return web.Response(text=said, content_type="application/jwt")


@pytest.fixture
async def saying():
    found, app = Saying(), web.Application()
    app.router.add_get("/.well-known/openid-configuration", found.configuration)
    app.router.add_get("/jwks", found.jwks)
    app.router.add_post("/token", found.token)
    app.router.add_get("/userinfo", found.info)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    yield found
    await runner.cleanup()


async def test_tokens_are_believed_only_if_all_of_them_fits(saying):
    async def identified(max_age_s=None):
        provider = Provider(saying.url, "tocsin", "secret")
        return await provider.identify(ASKED, "code", "http://here/back", max_age_s)

    found = await identified(300)
    assert (found.sub, found.claims["email"]) == ("rose", "rose@town.example"), "userinfo as a signed JWT"
    assert (saying.got["code_verifier"], saying.got["client_secret"]) == ("verifier", "secret")
    saying.userinfo = lambda _: {"sub": "rose", "email": "rose@elsewhere.example"}
    assert (await identified()).claims["email"] == "rose@elsewhere.example", "and as JSON"

    usual, now = saying.id_token, int(time.time())
    wrong = [{"iss": "http://other"}, {"aud": "other"}, {"nonce": "other"}, {"nonce": None}, {"exp": now - 120},
             {"sub": None}, {"sub": ""}, {"aud": ["tocsin", "other"], "azp": "other"}, {"sub": "paul"}]  # fmt: skip
    for claims in wrong:
        saying.claims = claims
        with pytest.raises(ProviderRefused):
            await identified()
    for claims in ({"auth_time": now - 3600}, {"auth_time": None}):
        saying.claims = claims
        with pytest.raises(ProviderRefused):
            await identified(300)
    saying.claims = {}
    forged = [
        lambda claims: jwt.encode({"alg": "RS256", "kid": "k"}, claims, OTHER),
        lambda claims: usual(claims)[:-8] + "AAAAAAAA",
        lambda claims: usual(claims).rpartition(".")[0] + ".",
        lambda _: "nothing",
    ]
    for id_token in forged:
        saying.id_token = id_token
        with pytest.raises(ProviderRefused):
            await identified()
    saying.id_token = usual
    saying.userinfo = lambda _: {"sub": "somebody else"}
    with pytest.raises(ProviderRefused):
        await identified()
    saying.userinfo = lambda claims: usual({**claims, "aud": "other"})
    with pytest.raises(ProviderRefused):
        await identified()


async def test_new_keys_are_read_and_a_provider_that_is_another_is_none(saying):
    provider = Provider(saying.url, "tocsin", "secret")
    await provider.identify(ASKED, "code", "http://here/back")
    saying.keys = [OTHER]
    saying.id_token = saying.userinfo = lambda claims: jwt.encode({"alg": "RS256", "kid": "k"}, claims, OTHER)
    assert (await provider.identify(ASKED, "code", "http://here/back")).sub == "rose"
    for metadata in ({"issuer": "http://other"}, {"jwks_uri": None}):
        saying.metadata = metadata
        with pytest.raises(ProviderUnavailable):
            await Provider(saying.url, "tocsin", "secret").refresh()
    with pytest.raises(ProviderUnavailable):
        await Provider("http://127.0.0.1:9", "tocsin", "secret").way_in(ASKED, "http://here/back", "openid")


async def test_all_who_come_at_once_wait_for_one_answer_and_a_failure_is_remembered_shortly(saying, monkeypatch):
    provider = Provider(saying.url, "tocsin", "secret")

    async def all_at_once():
        ways = (provider.way_in(ASKED, "http://here/back", "openid") for _ in range(20))
        return await asyncio.gather(*ways, return_exceptions=True)

    saying.metadata = {"issuer": "http://other"}
    assert {type(each) for each in [*await all_at_once(), *await all_at_once()]} == {ProviderUnavailable}
    assert saying.asked == 1
    saying.metadata = {}
    monkeypatch.setattr(client, "_FAILED_S", 0)
    assert {each.partition("?")[0] for each in await all_at_once()} == {f"{saying.url}/authorize"}
    assert saying.asked == 2

    for n, key in enumerate((KEY, OTHER), start=1):  # the first keys, and those that follow them
        saying.keys = [key]
        saying.id_token = saying.userinfo = lambda claims, key=key: jwt.encode(
            {"alg": "RS256", "kid": "k"}, claims, key
        )
        found = await asyncio.gather(*(provider.identify(ASKED, "code", "http://here/back") for _ in range(20)))
        assert {each.sub for each in found} == {"rose"}
        assert saying.asked_keys == n
    assert saying.asked == 2
