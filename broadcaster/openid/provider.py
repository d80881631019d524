"""A client of an OpenID Connect provider: discovery, authorization code with PKCE, and validation of tokens.

OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0, RFC 7636. Tokens are signed by a key of the provider's
own (RS256, ES256 …), never by a shared secret. The answer of the userinfo endpoint may be JSON, or a signed JWT as
ProConnect and FranceConnect send it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import orjson
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from broadcaster.errors import TocsinError

ALGORITHMS = ("RS256", "ES256", "PS256", "RS384", "ES384", "PS384", "RS512", "ES512", "PS512")
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_PATIENCE_S = 8.0
_LARGEST = 300_000
_KEPT_S = 3600.0
_FAILED_S = 10.0
"""How long a failure is answered without asking the provider again."""
_LEEWAY_S = 60
_OK = 200
_SECRET = 48
_AUTH_TIME = '{"id_token":{"auth_time":{"essential":true}}}'


class ProviderFailed(TocsinError):
    """Nobody can be identified: ``ProviderUnavailable`` or ``ProviderRefused``. Its text is for the log,
    and contains no names.
    """


class ProviderUnavailable(ProviderFailed):
    """The provider does not answer, or not as an OpenID Connect provider."""


class ProviderRefused(ProviderFailed):
    """The provider refused, or its answer proves nothing."""


@dataclass(frozen=True, slots=True)
class AuthRequest:
    """The state of a request to the provider, which the browser keeps, sealed, until it returns."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def fresh(cls) -> "AuthRequest":
        return cls(*(generate_token(_SECRET) for _ in range(3)))

    def plain(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Identified:
    """``claims``: from the ID token and the userinfo endpoint; ``id_token``: needed to sign out."""

    sub: str
    claims: Mapping[str, Any]
    id_token: str


class Provider:
    """A provider at its issuer's URL, and us as its client.

    ``plain``: it refuses parameters that it does not know, PKCE's and ``max_age`` among them, as ProConnect and
    FranceConnect do; state, nonce and the client's secret guard the code then.
    """

    def __init__(self, issuer: str, client_id: str, client_secret: str, *, plain: bool = False) -> None:
        self.issuer, self._plain = issuer, plain
        self._client_id, self._client_secret = client_id, client_secret
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._read_at = 0.0
        self._reading = asyncio.Lock()
        self._failed: ProviderFailed | None = None
        self._failed_at = 0.0
        self._reading_keys = asyncio.Lock()

    async def metadata(self) -> Mapping[str, Any]:
        """Return the provider's metadata, at most an hour old. Raises ``ProviderFailed``.

        All who want it at once wait for one request; its failure is that of the next ten seconds too.
        """
        async with self._reading:
            if not self._metadata or time.monotonic() - self._read_at > _KEPT_S:
                if self._failed is not None and time.monotonic() - self._failed_at < _FAILED_S:
                    raise type(self._failed)(*self._failed.args) from self._failed
                try:
                    self._metadata, self._keys = await self._read_metadata(), None
                except ProviderFailed as error:
                    self._failed, self._failed_at = error, time.monotonic()
                    raise
                self._failed, self._read_at = None, time.monotonic()
            return self._metadata

    async def _read_metadata(self) -> dict[str, Any]:
        found = await _json("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer or not all(isinstance(found.get(each), str) for each in _NEEDED):
            raise ProviderUnavailable(f"the metadata is not that of {self.issuer}")
        return found

    async def way_in(
        self, asked: AuthRequest, redirect_uri: str, scope: str, *, anew: bool = False, **more: str
    ) -> str:
        """Return the URL to send a browser to; ``anew``: they have to sign in again. Raises ``ProviderUnavailable``."""
        if anew:
            more |= {"prompt": "login"} | ({"claims": _AUTH_TIME} if self._plain else {"max_age": "0"})
        if not self._plain:
            challenge = create_s256_code_challenge(asked.verifier)
            more |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": asked.state,
            "nonce": asked.nonce,
            **more,
        }
        return _with_query((await self.metadata())["authorization_endpoint"], query)

    async def identify(
        self, asked: AuthRequest, code: str, redirect_uri: str, max_age_s: int | None = None
    ) -> Identified:
        """Exchange a code for the person it identifies. Raises ``ProviderUnavailable``, ``ProviderRefused``.

        ``max_age_s``: how long ago they may have signed in at the provider.
        """
        metadata = await self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            **({} if self._plain else {"code_verifier": asked.verifier}),
            "client_id": self._client_id,
            "client_secret": self._client_secret,
        }
        tokens = await _json("POST", metadata["token_endpoint"], data=form)
        id_token, access = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access, str):
            raise ProviderRefused("no tokens")
        claims = await self._id_token(id_token, asked.nonce, access, max_age_s)
        said = await self._userinfo(metadata, access) if metadata.get("userinfo_endpoint") else {}
        if said and said.get("sub") != claims["sub"]:
            raise ProviderRefused("the userinfo endpoint speaks of somebody else")
        return Identified(claims["sub"], {**said, **claims}, id_token)

    async def way_out(self, id_token: str, back: str) -> str | None:
        """Return the URL that ends the provider's session; None if it has none. Raises ``ProviderUnavailable``."""
        there = (await self.metadata()).get("end_session_endpoint")
        if not isinstance(there, str):
            return None
        query = {"id_token_hint": id_token, "post_logout_redirect_uri": back, "state": generate_token(_SECRET)}
        return _with_query(there, query)

    async def _id_token(self, token: str, nonce: str, access: str, max_age_s: int | None) -> Mapping[str, Any]:
        options: dict[str, Any] = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self._client_id},
            "sub": {"essential": True},
        }
        read = await self._opened(token)
        params = {"nonce": nonce, "client_id": self._client_id, "access_token": access, "max_age": max_age_s}
        claims = CodeIDToken(read.claims, read.header, options, params)
        try:
            claims.validate(leeway=_LEEWAY_S)
        except JoseError as error:
            raise ProviderRefused(f"ID token: {error}") from error
        if max_age_s is not None and time.time() - claims.get("auth_time", 0) > max_age_s + _LEEWAY_S:
            raise ProviderRefused("ID token: they did not show who they are anew")
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise ProviderRefused("ID token: nobody's")
        return dict(claims)

    async def _userinfo(self, metadata: Mapping[str, Any], access: str) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {access}"}
        kind, body = await _asked("GET", metadata["userinfo_endpoint"], headers=headers)
        if kind != "application/jwt":
            return _parsed(body)
        claims = (await self._opened(body.decode("ascii", "replace").strip())).claims
        audience = claims.get("aud")
        ours = self._client_id in audience if isinstance(audience, list) else self._client_id == audience
        if claims.get("iss") != self.issuer or not ours:
            raise ProviderRefused("userinfo: of another provider, or for another client")
        return claims

    async def refresh(self) -> None:
        """Read metadata and keys. Raises ``ProviderUnavailable``, ``ProviderRefused``."""
        self._metadata, self._failed = {}, None
        await self._read_keys((await self.metadata())["jwks_uri"])

    async def _read_keys(self, url: str) -> KeySet:
        found = await _json("GET", url)
        try:
            return KeySet.import_key_set(found)  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError) as error:
            raise ProviderUnavailable("the provider's keys can't be read") from error

    async def _newer_keys(self, than: KeySet | None) -> KeySet:
        """Return the provider's keys, newer than those that did not fit; simultaneous callers share one request."""
        async with self._reading_keys:
            metadata = await self.metadata()
            if self._keys is None or self._keys is than:
                self._keys = await self._read_keys(metadata["jwks_uri"])
            return self._keys

    async def _opened(self, token: str) -> jwt.Token:
        """Return a JWT with a valid signature; the provider's keys are read again once, as they may have changed."""
        keys = None
        for _ in range(2):
            keys = await self._newer_keys(keys)
            try:
                return jwt.decode(token, keys, algorithms=list(ALGORITHMS))
            except (JoseError, ValueError) as error:
                problem = error
        raise ProviderRefused(f"a token's signature does not hold: {type(problem).__name__}") from problem


def _with_query(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"


async def _json(method: str, url: str, **options: Any) -> dict[str, Any]:
    return _parsed((await _asked(method, url, **options))[1])


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except ValueError as error:
        raise ProviderUnavailable("no JSON") from error
    if not isinstance(found, dict):
        raise ProviderUnavailable("no JSON object")
    return found


async def _asked(method: str, url: str, **options: Any) -> tuple[str, bytes]:
    """Return a response's media type and body. Raises ``ProviderUnavailable``; ``ProviderRefused`` for a 4xx."""
    patience = aiohttp.ClientTimeout(total=_PATIENCE_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=patience) as http,
            http.request(method, url, allow_redirects=False, **options) as answer,
        ):
            body = b"".join([part async for part in _limited(answer.content)])
            kind, status = answer.content_type, answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ProviderUnavailable(f"{urlsplit(url).hostname}: {type(error).__name__}") from error
    if status != _OK:
        theirs = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        failure = ProviderRefused if theirs else ProviderUnavailable
        raise failure(f"{urlsplit(url).hostname}: {status}")
    return kind, body


async def _limited(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    left = _LARGEST
    async for part in content.iter_any():
        left -= len(part)
        if left < 0:
            raise ProviderUnavailable("an answer too large")
        yield part
