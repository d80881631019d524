"""A push service on loopback for a real Firefox: Mozilla's websocket protocol to the browser, RFC 8030 to us.

In a test::

    async with Autopush() as push:
        browser = await playwright.firefox.launch(firefox_user_prefs=push.prefs, ...)
        ...                                     # a page subscribes; the product sends to it
        message = await push.acked(1)           # what the browser said of the first message

The browser's side is the protocol of autopush-rs (its ``docs/src/`` and Firefox' own ``PushServiceWebSocket.sys.mjs``):
``hello``, ``register``, ``unregister``, ``notification``, ``ack``, ``nack``, ``ping`` and ``broadcast_subscribe``. A
message is kept until the browser acknowledges it, and is sent again whenever the browser comes back; one of the same
topic takes its place (RFC 8030, section 5.4); one with TTL 0 goes to who is there, or to nobody. A subscription made
with a key takes messages of that key only (RFC 8292, section 4).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import WSMsgType, web

from tests.servers.push import MAX_BODY, Refused, verify

DELIVERED, UNDECRYPTABLE, UNDELIVERED = 100, 101, 102
_URGENCIES = {"very-low", "low", "normal", "high"}
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_SUPERSEDED, _GOING = 4000, 1001
_MAX_TTL = 60 * 60 * 24 * 60


@dataclass(eq=False)
class Message:
    """One push that was taken; ``code`` is the browser's word on it, None until it came."""

    id: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    ttl: int
    topic: str | None
    at: float
    sent: int = 0
    code: int | None = None
    trouble: int | None = None

    @property
    def ends(self) -> float:
        return self.at + self.ttl


@dataclass(eq=False)
class Subscription:
    """One page's subscription: ``key`` is the VAPID key that it is bound to (base64url, without padding)."""

    channel: str
    endpoint: str
    key: str | None
    gone: bool = False
    waiting: list[Message] = field(default_factory=list)


@dataclass(eq=False)
class Browser:
    """One profile that ever said hello: its subscriptions, and its connection while there is one."""

    uaid: str
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    socket: web.WebSocketResponse | None = None
    present: asyncio.Event = field(default_factory=asyncio.Event)


class Autopush:
    """The service; ``origin`` is what the product must allow, ``prefs`` what Firefox must be started with."""

    def __init__(self) -> None:
        self.browsers: dict[str, Browser] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.messages: list[Message] = []
        self.heard: list[dict[str, Any]] = []
        self.refused: list[Refused] = []
        self.origin = ""
        self.port = 0
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_get("/", self._socket)
        app.router.add_post("/wpush/{version:v[12]}/{token}", self._push)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        self.origin = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        for browser in self.browsers.values():
            await self.disconnect(browser)
        await self._runner.cleanup()

    @property
    def prefs(self) -> dict[str, str | int | bool]:
        """Preferences that make Firefox speak to this service, come back quickly, and never run out of quota."""
        return {
            "dom.push.enabled": True,
            "dom.push.connection.enabled": True,
            "dom.push.serverURL": f"ws://127.0.0.1:{self.port}/",
            "dom.push.testing.allowInsecureServerURL": True,
            "dom.push.retryBaseInterval": 100,
            "dom.push.maxQuotaPerSubscription": 10_000,
            "dom.push.testing.ignorePermission": False,
        }

    async def acked(self, count: int) -> Message:
        """The ``count``-th message, once the browser has said what became of it."""
        await self.until(lambda: len(self.messages) >= count and self.messages[count - 1].code is not None)
        return self.messages[count - 1]

    async def until(self, holds: Any) -> None:
        """Wait until something is true of this service; it is asked whenever anything came in."""
        async with self._news:
            await self._news.wait_for(holds)

    async def disconnect(self, browser: Browser) -> None:
        """Cut the line; Firefox comes back by itself."""
        if browser.socket is not None:
            await browser.socket.close(code=_GOING)

    async def forget(self, browser: Browser) -> None:
        """Lose all that is known of a browser: its endpoints answer 410, and Firefox has to subscribe afresh.

        It learns that at its next hello, and tells its service workers: ``pushsubscriptionchange``.
        """
        for subscription in browser.subscriptions.values():
            subscription.gone = True
        self.browsers.pop(browser.uaid, None)
        await self.disconnect(browser)

    # -- the browser's side

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("push-notification",))
        await socket.prepare(request)
        browser: Browser | None = None
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    break
                said = json.loads(frame.data)
                if not said or said.get("messageType") == "ping":
                    await socket.send_str("{}")
                    continue
                self.heard.append(said)
                if said["messageType"] == "hello":
                    browser = await self._hello(socket, said)
                elif browser is None:
                    break  # nobody speaks before the hello
                else:
                    await self._answer(browser, said)
                await self._tell()
        finally:
            if browser is not None and browser.socket is socket:
                browser.socket = None
                browser.present.clear()
                await self._tell()
        return socket

    async def _hello(self, socket: web.WebSocketResponse, said: dict[str, Any]) -> Browser:
        browser = self.browsers.get(said.get("uaid", ""))
        if browser is None:
            browser = Browser(uuid.uuid4().hex)
            self.browsers[browser.uaid] = browser
        elif browser.socket is not None:  # the same profile twice: the newer line is the living one
            await browser.socket.close(code=_SUPERSEDED)
        await socket.send_json(
            {"messageType": "hello", "status": 200, "uaid": browser.uaid, "use_webpush": True, "broadcasts": {}}
        )
        browser.socket = socket
        browser.present.set()
        for subscription in browser.subscriptions.values():
            for message in list(subscription.waiting):
                await self._deliver(browser, subscription, message)
        return browser

    async def _answer(self, browser: Browser, said: dict[str, Any]) -> None:
        match said["messageType"]:
            case "register":
                await self._register(browser, said)
            case "unregister":
                await self._unregister(browser, said)
            case "ack":
                for update in said["updates"]:
                    self._ack(browser, update)
            case "nack":  # the worker threw: it was delivered, and acknowledged, all the same
                for message in self.messages:
                    if message.id == said["version"]:
                        message.trouble = said["code"]
            case "broadcast_subscribe":
                pass  # there are none, so there is never news of one

    async def _register(self, browser: Browser, said: dict[str, Any]) -> None:
        assert browser.socket is not None
        channel, key = said["channelID"], said.get("key")
        answer = {"messageType": "register", "channelID": channel}
        try:
            uuid.UUID(channel)
        except ValueError:
            await browser.socket.send_json({**answer, "status": 400})
            return
        known = browser.subscriptions.get(channel)
        if known is None:
            endpoint = f"{self.origin}/wpush/{'v2' if key else 'v1'}/{secrets.token_urlsafe(48)}"
            known = Subscription(channel, endpoint, key.rstrip("=") if key else None)
            browser.subscriptions[channel] = self.subscriptions[endpoint] = known
        await browser.socket.send_json(
            {**answer, "status": 200, "uaid": browser.uaid, "pushEndpoint": known.endpoint, "scope": None}
        )

    async def _unregister(self, browser: Browser, said: dict[str, Any]) -> None:
        assert browser.socket is not None
        subscription = browser.subscriptions.pop(said["channelID"], None)
        if subscription is not None:
            subscription.gone = True
            subscription.waiting.clear()
        await browser.socket.send_json({"messageType": "unregister", "channelID": said["channelID"], "status": 200})

    def _ack(self, browser: Browser, update: dict[str, Any]) -> None:
        subscription = browser.subscriptions.get(update["channelID"])
        for message in list(subscription.waiting) if subscription else []:
            if message.id == update["version"]:
                message.code = update.get("code", DELIVERED)
                subscription.waiting.remove(message)  # type: ignore[union-attr]

    async def _deliver(self, browser: Browser, subscription: Subscription, message: Message) -> None:
        if message.sent and time.time() > message.ends:
            subscription.waiting.remove(message)
            return
        words: dict[str, Any] = {
            "messageType": "notification",
            "channelID": subscription.channel,
            "version": message.id,
            "ttl": message.ttl,
            "timestamp": int(message.at),
        }
        if message.topic is not None:
            words["topic"] = message.topic
        if message.body:
            data = base64.urlsafe_b64encode(message.body).rstrip(b"=").decode()
            words |= {"data": data, "headers": {"encoding": message.headers["Content-Encoding"]}}
        assert browser.socket is not None
        message.sent += 1
        with contextlib.suppress(ConnectionError):  # it is still waiting, and is sent at the next hello
            await browser.socket.send_json(words)

    # -- the product's side

    async def _push(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            subscription = self._checked(request, body)
        except Refused as refused:
            self.refused.append(refused)
            headers = {"WWW-Authenticate": "vapid"} if refused.status == web.HTTPUnauthorized.status_code else None
            return web.json_response(
                {"code": refused.status, "message": refused.reason}, status=refused.status, headers=headers
            )
        headers = request.headers.copy()
        ttl = min(int(headers["TTL"]), _MAX_TTL)
        message = Message(secrets.token_urlsafe(18), body, headers, ttl, headers.get("Topic"), time.time())
        self.messages.append(message)
        browser = next(each for each in self.browsers.values() if subscription.channel in each.subscriptions)
        if message.topic is not None:
            subscription.waiting = [each for each in subscription.waiting if each.topic != message.topic]
        if ttl or browser.socket is not None:
            subscription.waiting.append(message)
        if browser.socket is not None:
            await self._deliver(browser, subscription, message)
        await self._tell()
        return web.Response(status=201, headers={"Location": f"{self.origin}/m/{message.id}", "TTL": str(ttl)})

    def _checked(self, request: web.Request, body: bytes) -> Subscription:
        """The subscription that a sound request is for; raises ``Refused``."""
        subscription = self.subscriptions.get(f"{self.origin}{request.path}")
        if subscription is None:
            raise Refused(404, "no such subscription")
        headers = request.headers
        self._sworn(headers.get("Authorization", ""), subscription)
        if subscription.gone:
            raise Refused(410, "the subscription has ended")
        if not headers.get("TTL", "").isdecimal():
            raise Refused(400, "TTL is missing or no figure")
        if body and headers.get("Content-Encoding") != "aes128gcm":
            raise Refused(400, "Content-Encoding is not aes128gcm")
        if headers.get("Urgency", "normal") not in _URGENCIES:
            raise Refused(400, "Urgency is none")
        if not _TOPIC.fullmatch(headers.get("Topic", "none")):
            raise Refused(400, "Topic is none")
        if len(body) > MAX_BODY:
            raise Refused(413, "the body is over 4096 octets")
        return subscription

    def _sworn(self, authorization: str, subscription: Subscription) -> None:
        if not authorization and subscription.key is None:
            return
        if not authorization:
            raise Refused(401, "Authorization is missing")
        claims, key = verify(authorization)
        if subscription.key not in {None, key}:
            raise Refused(401, "VAPID public key mismatch")
        if claims.get("aud") != self.origin:
            raise Refused(401, f"aud is not {self.origin}")
        if not 0 < claims.get("exp", 0) - time.time() <= 24 * 3600:
            raise Refused(401, "exp is past, or more than 24 hours away")
        if not str(claims.get("sub", "")).startswith(("mailto:", "https://")):
            raise Refused(401, "sub is no mailto: or https: address")

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()
