"""A Twilio-compatible REST server on loopback, with signed callbacks.

In a test::

    async with TwilioServer(ACCOUNT_SID, AUTH_TOKEN) as twilio:
        twilio.fault(Refuse(429, 20429, retry_after="2"), times=1)
        twilio.fate(Fate("undelivered", code=30003), number="+33639980001")
        twilio.line(Line(press="1"), number="+33199000001")
        ...  # use twilio.url as base_url
        await twilio.settled()  # every callback has been told
        twilio.messages, twilio.calls, twilio.callbacks

By itself: ``python -m tests.servers.twilio --port 0`` prints ``{"port": …}`` and serves until it is ended; then
``GET /recorded`` gives what it took.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

from tests.servers.twilio_line import Line, place_call
from tests.servers.twilio_rules import (
    Form,
    Recorded,
    Refuse,
    call_document,
    message_document,
    record,
    refuse_call,
    refuse_message,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

ACCOUNT_SID = "AC" + "5a" * 16
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"

__all__ = ["ACCOUNT_SID", "AUTH_TOKEN", "Callback", "Drop", "Fate", "Hang", "Line", "Refuse", "TwilioServer"]


@dataclass(frozen=True)
class Hang:
    """Read the request, take the message or not, and never answer."""

    take: bool = False


@dataclass(frozen=True)
class Drop:
    """Cut the connection: before the request is read, or after the message was taken."""

    when: Literal["before", "after"]


@dataclass(frozen=True)
class Fate:
    """What becomes of a message, and how its sender is told.

    ``early``: all callbacks come before the answer to the request; ``forged``: their signature is wrong.
    """

    status: Literal["delivered", "undelivered", "failed", "sent"] = "delivered"
    code: int | None = None
    telling: Literal["usual", "early", "doubled", "reversed", "never", "forged"] = "usual"

    def statuses(self) -> list[str]:
        ways = {
            "delivered": ["queued", "sent", "delivered"],
            "failed": ["queued", "failed"],
            "sent": ["queued", "sent"],
        }
        told = ways.get(self.status, ["queued", "sent", self.status])
        return {"reversed": told[::-1], "never": [], "doubled": [each for each in told for _ in "12"]}.get(
            self.telling, told
        )


@dataclass(frozen=True)
class Callback:
    """One webhook that was called, and the HTTP status it answered; None where it could not be reached."""

    url: str
    params: Mapping[str, str]
    status: int | None


class TwilioServer:
    """Serves one account; ``numbers`` are the senders it owns (None: any)."""

    def __init__(
        self,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        *,
        numbers: Iterable[str] | None = None,
        port: int = 0,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.numbers = None if numbers is None else frozenset(numbers)
        self.messages: list[Recorded] = []
        self.calls: list[Recorded] = []
        self.callbacks: list[Callback] = []
        self.opted_out: set[str] = set()
        self.account: dict[str, object] = {"status": "active", "type": "Full", "friendly_name": "Mairie"}
        self.balance: dict[str, object] = {"balance": "42.5", "currency": "EUR"}
        self.requests: list[tuple[str, str, Mapping[str, str], bytes]] = []
        self._faults: dict[str | None, list[Refuse | Hang | Drop]] = defaultdict(list)
        self._standing: dict[str | None, Refuse | Hang | Drop] = {}
        self._fates: dict[str | None, Fate] = {}
        self._lines: dict[str | None, Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._hanging = asyncio.Event()
        self._arrival = asyncio.Event()
        self._validator = RequestValidator(auth_token)
        self._port = port
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.url = ""

    def fault(self, fault: Refuse | Hang | Drop, number: str | None = None, times: int | None = None) -> None:
        """Answer so to requests for this number (None: all), ``times`` times (None: always)."""
        if times is None:
            self._standing[number] = fault
        else:
            self._faults[number] += [fault] * times

    def fate(self, fate: Fate, number: str | None = None) -> None:
        """Let messages to this number (None: all others) end so."""
        self._fates[number] = fate

    def line(self, line: Line, number: str | None = None) -> None:
        """Let calls to this number (None: all others) be answered so."""
        self._lines[number] = line

    async def received(self, count: int) -> None:
        """Wait until so many requests were read, answered or not."""
        while len(self.requests) < count:
            self._arrival.clear()
            await self._arrival.wait()

    async def settled(self) -> None:
        """Wait until every callback has been made."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def __aenter__(self) -> Self:
        app = web.Application()
        root = f"/2010-04-01/Accounts/{self.account_sid}"
        app.add_routes(
            [
                web.post(f"{root}/Messages.json", self._guard(self._message)),
                web.post(f"{root}/Calls.json", self._guard(self._call)),
                web.get(f"{root}.json", self._guard(self._fetch_account)),
                web.get(f"{root}/Balance.json", self._guard(self._fetch_balance)),
                web.get(f"{root}/IncomingPhoneNumbers.json", self._guard(self._fetch_numbers)),
                web.get(f"{root}/SMS/ShortCodes.json", self._guard(self._fetch_short_codes)),
                web.get("/v1/Services/{sid}", self._guard(self._fetch_service)),
                web.get("/recorded", self._recorded),
                web.route("*", "/{path:.*}", self._guard(self._unknown)),
            ]
        )
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._hanging.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def tell(self, url: str, params: dict[str, str], *, forged: bool = False) -> str:
        """Call a webhook as Twilio does, signed; gives the answer's text, nothing where it is refused."""
        signature = self._validator.compute_signature(url, params)
        if forged:
            signature = RequestValidator("another token").compute_signature(url, params)
        headers = {
            "X-Twilio-Signature": signature,
            "I-Twilio-Idempotency-Token": base64.b16encode(signature.encode()).decode()[:36],
            "User-Agent": "TwilioProxy/1.1",
        }
        assert self._session is not None
        try:
            async with self._session.post(url, data=params, headers=headers) as response:
                self.callbacks.append(Callback(url, params, response.status))
                return await response.text() if response.ok else ""
        except (aiohttp.ClientError, TimeoutError):
            self.callbacks.append(Callback(url, params, None))
            return ""

    def _guard(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        expected = "Basic " + base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()

        async def guarded(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Authorization") != expected:
                return _refusal(Refuse(401, 20003, "Authenticate"))
            return await handler(request)

        return guarded

    def _fault_for(self, number: str | None) -> Refuse | Hang | Drop | None:
        for key in (number, None):
            if self._faults[key]:
                return self._faults[key].pop(0)
        return self._standing.get(number, self._standing.get(None))

    async def _take(
        self, request: web.Request, kept: list[Recorded], prefix: str, refuse: Callable[[Form], Refuse | None]
    ) -> Recorded | web.StreamResponse:
        if (self._faults[None] or [self._standing.get(None)])[0] == Drop("before"):
            self._fault_for(None)
            return _cut(request)
        body = await request.read()
        self.requests.append((request.method, request.path, request.headers, body))
        self._arrival.set()
        form: Form = tuple((key, str(value)) for key, value in (await request.post()).items())
        fault = self._fault_for(dict(form).get("To"))
        refused = fault if isinstance(fault, Refuse) else refuse(form)
        if refused is not None:
            return _refusal(refused)
        taken = record(prefix, form)
        if fault not in (Drop("before"), Hang(take=False)):
            kept.append(taken)
        if isinstance(fault, Hang):
            await self._hanging.wait()
        return taken if fault is None else _cut(request)

    async def _message(self, request: web.Request) -> web.StreamResponse:
        taken = await self._take(
            request, self.messages, "SM", lambda form: refuse_message(form, self.numbers, self.opted_out)
        )
        if not isinstance(taken, Recorded):
            return taken
        fate = self._fates.get(taken.to, self._fates.get(None, Fate()))
        url = taken.get("StatusCallback")
        if url is not None and fate.telling == "early":
            await self._tell_fate(url, taken, fate)
        elif url is not None:
            self._later(self._tell_fate(url, taken, fate))
        return web.json_response(message_document(self.account_sid, taken), status=201)

    async def _tell_fate(self, url: str, taken: Recorded, fate: Fate) -> None:
        for status in fate.statuses():
            params = {
                "AccountSid": self.account_sid,
                "ApiVersion": "2010-04-01",
                "From": taken.get("From") or "+33644640000",
                "MessageSid": taken.sid,
                "MessageStatus": status,
                "SmsSid": taken.sid,
                "SmsStatus": status,
                "To": taken.to,
            }
            if status in ("failed", "undelivered") and fate.code is not None:
                params["ErrorCode"] = str(fate.code)
            await self.tell(url, params, forged=fate.telling == "forged")

    async def _call(self, request: web.Request) -> web.StreamResponse:
        taken = await self._take(request, self.calls, "CA", lambda form: refuse_call(form, self.numbers))
        if not isinstance(taken, Recorded):
            return taken
        line = self._lines.get(taken.to, self._lines.get(None, Line()))
        self._later(place_call(self, taken, line))
        return web.json_response(call_document(self.account_sid, taken), status=201)

    def _later(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fetch_account(self, request: web.Request) -> web.StreamResponse:
        fault = self._fault_for(None)
        if isinstance(fault, Refuse):
            return _refusal(fault)
        return web.json_response({"sid": self.account_sid, **self.account})

    async def _fetch_balance(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"account_sid": self.account_sid, **self.balance})

    async def _fetch_numbers(self, request: web.Request) -> web.StreamResponse:
        asked = request.query.get("PhoneNumber", "")
        row = {"phone_number": asked, "capabilities": {"sms": True, "mms": False, "voice": True}}
        owned = self.numbers is None or asked in self.numbers
        return web.json_response({"incoming_phone_numbers": [row] if owned else []})

    async def _fetch_short_codes(self, request: web.Request) -> web.StreamResponse:
        asked = request.query.get("ShortCode", "")
        owned = self.numbers is None or asked in self.numbers
        return web.json_response({"short_codes": [{"short_code": asked}] if owned else []})

    async def _fetch_service(self, request: web.Request) -> web.StreamResponse:
        sid = request.match_info["sid"]
        if self.numbers is not None and sid not in self.numbers:
            return _refusal(Refuse(404, 20404, f"The requested resource {request.path} was not found"))
        return web.json_response({"sid": sid, "account_sid": self.account_sid, "friendly_name": "Tocsin"})

    async def _recorded(self, request: web.Request) -> web.StreamResponse:
        def rows(kept: list[Recorded]) -> list[dict[str, object]]:
            return [{"sid": each.sid, "to": each.to, "form": each.form, "at": each.at.isoformat()} for each in kept]

        return web.json_response({"messages": rows(self.messages), "calls": rows(self.calls)})

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        return _refusal(Refuse(404, 20404, f"The requested resource {request.path} was not found"))


def _refusal(refuse: Refuse) -> web.Response:
    headers = {"Twilio-Request-Id": "RQ" + "0" * 32}
    if refuse.retry_after is not None:
        headers["Retry-After"] = refuse.retry_after
    body = refuse.body if refuse.body is not None else json.dumps(refuse.document()).encode()
    return web.Response(status=refuse.status, body=body, headers=headers | {"Content-Type": refuse.content_type})


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _serve(options: argparse.Namespace) -> None:
    async with TwilioServer(options.account_sid, options.auth_token, port=options.port) as twilio:
        sys.stdout.write(json.dumps({"port": int(twilio.url.rsplit(":", 1)[1])}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A Twilio-compatible REST server on loopback")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--account-sid", default=ACCOUNT_SID)
    parser.add_argument("--auth-token", default=AUTH_TOKEN)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
