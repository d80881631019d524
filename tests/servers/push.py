"""A push service on loopback: RFC 8030 over HTTP, RFC 8292 verified, RFC 8291 decrypted for subscribers of its own.

In a test::

    async with PushService() as push:
        subscription, phone = push.subscribe()
        ...                                     # send to it; origins=(push.origin,)
        assert phone.messages[0].text == "..."

As a process, for load and chaos: ``python -m tests.servers.push --port 0`` prints its port, and ``/control/…`` does
over HTTP what the methods do here; ``tests/servers/push_process.py`` starts one and speaks to it.

It shares no code with the channel it judges, http_ece's decryption aside.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import email.utils
import json
import re
import secrets
import socket
import struct
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import http_ece
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MAX_BODY = 4096
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_URGENCIES = {"very-low", "low", "normal", "high"}
_VAPID = re.compile(
    r"vapid\s+(?:t=(?P<t>[\w.-]+)\s*,\s*k=(?P<k>[\w-]+)|k=(?P<k2>[\w-]+)\s*,\s*t=(?P<t2>[\w.-]+))", re.ASCII
)


@dataclass(frozen=True)
class Behaviour:
    """What to do with a push. ``trouble`` is one of

    ``hang`` (read it, never answer), ``drop`` (close at once, not taken), ``drop-after`` (take it, then reset the
    connection without a word), ``half`` (not taken, half a status line), ``half-body`` (``status``, and half of the
    promised body), ``garbage`` (not taken, the octets of ``raw``), ``endless`` (``status``, and a body without end).
    ``times`` is for how many pushes; afterwards it is as before.
    """

    status: int = 201
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: str | None = None
    trouble: str = ""
    times: int | None = None
    raw: str = "\x00\x01 this is no HTTP\r\n\r\n"

    @staticmethod
    def retry_at(seconds: float) -> str:
        """A ``Retry-After`` as an HTTP date, so many seconds from now."""
        return email.utils.formatdate(time.time() + seconds, usegmt=True)


NORMAL = Behaviour()


class Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


@dataclass
class Received:
    """One push that was taken: ``at`` in seconds since 1970; decrypted when first looked at."""

    subscriber: Subscriber = field(repr=False)
    id: str
    body: bytes = field(repr=False)
    headers: dict[str, str]
    at: float

    @cached_property
    def plaintext(self) -> bytes:
        """Raises ``http_ece.ECEException`` where it was not encrypted for this subscriber."""
        return http_ece.decrypt(
            self.body, private_key=self.subscriber.private_key, auth_secret=self.subscriber.auth, version="aes128gcm"
        )

    @property
    def text(self) -> str:
        return self.plaintext.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.plaintext)


class Subscriber:
    """A device: its keys, what it got, and how the service behaves towards it; ``reached`` is set at the first push."""

    def __init__(self, origin: str, application_server_key: str | None) -> None:
        self.id = secrets.token_urlsafe(12)
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        self.auth = secrets.token_bytes(16)
        self.application_server_key = application_server_key
        self.endpoint = f"{origin}/push/{self.id}"
        self.messages: list[Received] = []
        self.welcomes: list[Received] = []
        self.behaviours: list[Behaviour] = []
        self.attempts = 0
        self.reached = asyncio.Event()

    @property
    def json(self) -> dict[str, Any]:
        point = self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": self.endpoint,
            "expirationTime": None,
            "keys": {"p256dh": _to_base64url(point), "auth": _to_base64url(self.auth)},
        }

    def behave(self, behaviour: Behaviour) -> None:
        """From now on (or for ``times`` pushes, after those already asked for); stronger than the service's own."""
        _plan(self.behaviours, behaviour)

    @property
    def pending(self) -> list[Received]:
        """What a device that was away all the time would find: of one topic only the last (RFC 8030, section 5.4)."""
        last = {message.headers.get("Topic", message.id): message for message in self.messages}
        return [message for message in self.messages if last[message.headers.get("Topic", message.id)] is message]


class _CountingServer(web.Server):
    """Counts connections, those without a request too."""

    accepted = 0

    def connection_made(self, handler: Any, transport: Any) -> None:
        self.accepted += 1
        super().connection_made(handler, transport)


class PushService:
    """The service; ``application_server_key`` pins every subscription to that VAPID key (base64url)."""

    def __init__(
        self, port: int = 0, *, application_server_key: str | None = None, tls: Any = None, host: str = "127.0.0.1"
    ) -> None:
        self._asked = (host, port)
        self._tls = tls
        self._pin = application_server_key
        self._behaviours: list[Behaviour] = []
        self._tokens: dict[str, tuple[dict[str, Any], str]] = {}
        self.subscribers: dict[str, Subscriber] = {}
        self.messages: list[Received] = []
        self.origin = ""
        self.port = 0
        self.requests = 0
        self.elsewhere: list[str] = []

    async def __aenter__(self) -> Self:
        host, port = self._asked
        self._server = _CountingServer(self._handle, access_log=None)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=1)
        self._closing = asyncio.Event()
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=self._tls, backlog=1024)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.origin = f"{'https' if self._tls else 'http'}://{'localhost' if self._tls else host}:{self.port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._closing.set()
        await self._runner.cleanup()

    def subscribe(self, application_server_key: str | None = None) -> tuple[dict[str, Any], Subscriber]:
        """(what the browser would hand to the page, the device)."""
        subscriber = Subscriber(self.origin, application_server_key or self._pin)
        self.subscribers[subscriber.id] = subscriber
        return subscriber.json, subscriber

    def behave(self, behaviour: Behaviour) -> None:
        """Towards every subscriber that has no behaviour of its own."""
        _plan(self._behaviours, behaviour)

    @property
    def connections(self) -> int:
        """How many were ever accepted."""
        return self._server.accepted

    @property
    def signatures(self) -> list[str]:
        """The tokens that were seen and found right, in order."""
        return list(self._tokens)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith("/control/"):
            return await self._control(request)
        self.requests += 1
        if not request.path.startswith("/push/"):
            self.elsewhere.append(request.path)
            return web.Response(status=404, text=f"no such thing: {request.path}")
        subscriber = self.subscribers.get(request.path.removeprefix("/push/"))
        body = await request.read()
        if subscriber is not None:
            subscriber.attempts += 1
            subscriber.reached.set()
        behaviour = (subscriber and _next(subscriber.behaviours)) or _next(self._behaviours) or NORMAL
        try:
            return await self._answer(request, subscriber, behaviour, body)
        except Refused as refused:
            headers = {"WWW-Authenticate": "vapid"} if refused.status == web.HTTPUnauthorized.status_code else None
            return web.json_response({"reason": refused.reason}, status=refused.status, headers=headers)

    async def _answer(
        self, request: web.BaseRequest, subscriber: Subscriber | None, behaviour: Behaviour, body: bytes
    ) -> web.StreamResponse:
        headers = dict(behaviour.headers)
        if behaviour.retry_after is not None:
            headers["Retry-After"] = behaviour.retry_after
        if behaviour.trouble == "hang":
            await self._closing.wait()
            return web.Response(status=503)
        if behaviour.trouble in {"drop", "half", "garbage"}:
            words = {"drop": b"", "half": b"HTTP/1.1 20", "garbage": behaviour.raw.encode("latin-1")}
            return _cut(request, words[behaviour.trouble])
        if behaviour.status in {200, 201, 202, 204}:
            received = self._take(request, subscriber, body)
            headers = {"Location": f"{self.origin}/message/{received.id}", "TTL": request.headers["TTL"], **headers}
        if behaviour.trouble:
            return await _spoil(request, behaviour, headers)
        return web.Response(status=behaviour.status, text=behaviour.body, headers=headers)

    def _take(self, request: web.BaseRequest, subscriber: Subscriber | None, body: bytes) -> Received:
        if request.method != "POST":
            raise Refused(405, "only POST")
        if subscriber is None:
            raise Refused(404, "no such subscription")
        headers = request.headers
        key = self._verify(headers.get("Authorization", ""))
        if subscriber.application_server_key not in {None, key}:
            raise Refused(403, "VapidPkHashMismatch")
        if not headers.get("TTL", "").isdecimal():
            raise Refused(400, "TTL is missing or no figure")
        if headers.get("Content-Encoding") != "aes128gcm":
            raise Refused(400, "Content-Encoding is not aes128gcm")
        if headers.get("Urgency", "normal") not in _URGENCIES:
            raise Refused(400, "Urgency is none")
        if not _TOPIC.fullmatch(headers.get("Topic", "none")):
            raise Refused(400, "Topic is none")
        if len(body) > MAX_BODY:
            raise Refused(413, "PayloadTooLarge")
        received = Received(subscriber, secrets.token_urlsafe(9), body, headers.copy(), time.time())
        if headers.get("Topic", "").startswith("welcome-"):  # not an alert
            subscriber.welcomes.append(received)
        else:
            subscriber.messages.append(received)
            self.messages.append(received)
        return received

    def _verify(self, authorization: str) -> str:
        """The key that signed; raises ``Refused``. The curve is done once a token, the time looked at each time."""
        if not authorization:
            raise Refused(401, "Authorization is missing")
        known = self._tokens.get(authorization)
        claims, key = known or verify(authorization)
        if claims.get("aud") != self.origin:
            raise Refused(403, f"aud is not {self.origin}")
        left = claims.get("exp", 0) - time.time()
        if not 0 < left <= 24 * 3600:
            raise Refused(403, "exp is past, or more than 24 hours away")
        if not str(claims.get("sub", "")).startswith(("mailto:", "https://")):
            raise Refused(403, "BadJwtToken")
        self._tokens[authorization] = (claims, key)
        return key

    async def _control(self, request: web.BaseRequest) -> web.Response:
        asked: dict[str, Any] = json.loads(await request.text() or "{}")
        match request.path:
            case "/control/subscribe":
                key = asked.get("application_server_key")
                return web.json_response([self.subscribe(key)[0] for _ in range(asked.get("count", 1))])
            case "/control/behave":
                endpoint = asked.pop("endpoint", None)
                target = self.subscribers[endpoint.rpartition("/")[2]] if endpoint else self
                target.behave(Behaviour(**asked))
                return web.json_response({})
            case "/control/messages":
                return web.json_response([_account(message) for message in self.messages[asked.get("since", 0) :]])
            case "/control/count":
                figures = {"messages": len(self.messages), "requests": self.requests, "connections": self.connections}
                return web.json_response({**figures, "signatures": len(self._tokens)})
        return web.Response(status=404)


def verify(authorization: str) -> tuple[dict[str, Any], str]:
    """(claims, key) of an ``Authorization: vapid t=…, k=…`` whose ES256 signature holds; raises ``Refused``."""
    found = _VAPID.fullmatch(authorization)
    if found is None:
        raise Refused(401, "Authorization is not of the vapid scheme")
    token, key = found["t"] or found["t2"], found["k"] or found["k2"]
    try:
        head, claims, signature = token.split(".")
        if json.loads(_from_base64url(head)).get("alg") != "ES256":
            raise Refused(403, "alg is not ES256")
        octets = _from_base64url(signature)
        if len(octets) != 64:
            raise Refused(403, "the signature is not of 64 octets")
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _from_base64url(key))
        der = encode_dss_signature(int.from_bytes(octets[:32]), int.from_bytes(octets[32:]))
        point.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        return json.loads(_from_base64url(claims)), key
    except (ValueError, InvalidSignature) as error:
        raise Refused(403, f"invalid JWT provided: {error!r}") from error


def _plan(behaviours: list[Behaviour], behaviour: Behaviour) -> None:
    """What lasts replaces all that was planned; what is counted stands in a row before what lasts."""
    if behaviour.times is None:
        behaviours[:] = [behaviour]
    else:
        lasting = [one for one in behaviours if one.times is None]
        behaviours[:] = [one for one in behaviours if one.times is not None] + [behaviour] * behaviour.times + lasting


def _next(behaviours: list[Behaviour]) -> Behaviour | None:
    if not behaviours:
        return None
    return behaviours[0] if behaviours[0].times is None else behaviours.pop(0)


def _cut(request: web.BaseRequest, last_words: bytes, *, reset: bool = False) -> web.Response:
    """End the connection under the request; aiohttp passes over it that what is returned can't be written any more."""
    transport = request.transport
    assert transport is not None
    if reset:
        linger = struct.pack("ii", 1, 0)  # closed at once, with RST
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.write(last_words)
    transport.close()
    return web.Response()


async def _spoil(request: web.BaseRequest, behaviour: Behaviour, headers: dict[str, str]) -> web.StreamResponse:
    """What goes wrong once the push was read: no answer, half of one, or one without end."""
    if behaviour.trouble == "drop-after":
        return _cut(request, b"", reset=True)
    if behaviour.trouble == "half-body":
        head = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "Content-Length": "1000"}.items())
        return _cut(request, f"HTTP/1.1 {behaviour.status} Half\r\n{head}\r\nhalf of it".encode())
    response = web.StreamResponse(status=behaviour.status, headers=headers)
    with contextlib.suppress(ConnectionError):  # until the client has had enough
        await response.prepare(request)
        while True:
            await response.write(b"a body without end " * 500)
    return response


def _account(message: Received) -> dict[str, Any]:
    try:
        text = message.plaintext.decode("utf-8", "replace")
    except http_ece.ECEException as error:
        return {"endpoint": message.subscriber.endpoint, "error": str(error), "at": message.at}
    headers = {name: message.headers[name] for name in ("TTL", "Urgency", "Topic") if name in message.headers}
    return {"endpoint": message.subscriber.endpoint, "text": text, "headers": headers, "at": message.at}


def _to_base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _from_base64url(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


async def _serve(port: int) -> None:
    async with PushService(port) as push:
        print(push.port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A push service on loopback, that verifies and decrypts")
    parser.add_argument("--port", type=int, default=0)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args().port))
