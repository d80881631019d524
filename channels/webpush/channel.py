"""The Web Push channel: one signature per origin and hour, one encryption per message, one gate per origin."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from yarl import URL

from channels.base import Channel, Composed, Finding, Receipt
from channels.errors import Permanent, Transient
from channels.invalid import Invalid
from channels.webpush.answers import TOO_LARGE, Answer, judge
from channels.webpush.encryption import encrypt
from channels.webpush.message import PushMessage
from channels.webpush.origins import KNOWN_ORIGINS, allowed, believed_origin_of, concrete, origin_of, rules
from channels.webpush.subscription import PushSubscription
from channels.webpush.transport import Transport
from channels.webpush.vapid import Signature, VapidKey, is_subject, subject_warning

_MAX_PROVIDER_ID = 1024
# Far more than any vendor has; names invented under a suffix must not fill our memory.
_MAX_SERVICES = 512
_PROBE_TIMEOUT_S = 5.0
_SEPARATORS = re.compile(r"[/?=&]+")
_MIN_SECRET = 6


@dataclass(frozen=True, slots=True)
class WebPushConfig:
    """Channel settings. Raises ``ValueError`` for an invalid subject or origin.

    ``timeout_s``: per request, without the wait at the gate; ``concurrency``: requests under way per origin, so that a
    hanging service does not hold up the others; ``authority``: certificates (PEM) trusted beside the system's;
    ``helpers``: processes that may help.
    """

    vapid: VapidKey
    subject: str
    origins: tuple[str, ...] = KNOWN_ORIGINS
    timeout_s: float = 10.0
    concurrency: int = 100
    authority: bytes | None = None
    helpers: int = 0

    def __post_init__(self) -> None:
        if not is_subject(self.subject):
            raise Invalid("vapid-subject", "subject")
        rules(self.origins)
        if not self.origins:
            raise Invalid("needed", "origins")
        if self.timeout_s <= 0 or self.concurrency < 1:
            raise ValueError("timeout_s and concurrency are positive")


@dataclass(slots=True)
class _Service:
    """One origin: its signature and its concurrency limit."""

    host: str
    signature: Signature
    gate: asyncio.Semaphore


class WebPush(Channel["PushMessage", "PushSubscription"]):
    """A ``Channel[PushMessage, PushSubscription]``; ``clock``: seconds since 1970."""

    def __init__(self, config: WebPushConfig, *, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._clock = clock
        self._services: dict[str, _Service] = {}
        self._transport = Transport(config.timeout_s, config.authority, config.helpers)

    def compose(self, message: PushMessage, address: PushSubscription) -> Composed:
        """Return the request, encrypted and signed; raises ``Permanent`` like ``send``."""
        service = self._service(address)
        plaintext = message.tries[0]
        try:
            body = encrypt(plaintext, address.p256dh, address.auth)
        except ValueError as error:
            raise Permanent("push:subscription", "the subscription's keys are none of Web Push") from error
        url = URL(address.endpoint, encoded=True)
        headers = {"Host": service.host, **_headers(message, service), "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        wire = f"POST {url.raw_path_qs} HTTP/1.1\r\n{head}\r\n".encode() + body
        return Composed(address.endpoint, _readable(plaintext), wire, "application/http")

    async def send(self, message: PushMessage, address: PushSubscription) -> Receipt:
        """Send to the push service; again with the shorter payload on 413.

        ``provider_id``: the message's ``Location`` (RFC 8030, section 5).
        """
        service = self._service(address)
        tries = message.tries
        async with service.gate:
            for plaintext in tries:
                answer = await self._transport.request(
                    "POST",
                    address.endpoint,
                    service.host,
                    headers=_headers(message, service),
                    body=(plaintext, address.p256dh, address.auth),
                )
                if answer.status != TOO_LARGE:
                    break
        answer = _redacted(answer, address)
        error = judge(answer, service.host, now=self._clock(), proven=service.signature.proven)
        if error is not None:
            raise error
        service.signature.proven = True
        return Receipt(_provider_id(answer))

    def make_ready(self) -> None:
        self._transport.make_ready()

    async def probe(self) -> list[Finding]:
        gaps = {"key": self._config.vapid.public[:12], "subject": self._config.subject}
        findings = [Finding("ok", "VAPID key %(key)s… signs for %(subject)s", params=gaps)]
        warning = subject_warning(self._config.subject)
        if warning is not None:
            findings.append(Finding("warning", warning, "set a mailto: or https: subject of a public domain"))
        named = concrete(self._config.origins)
        if named:
            findings.append(await self._reach(named[0]))
        else:
            findings.append(Finding("warning", "every allowed origin is a pattern: none was tried"))
        return findings

    async def close(self) -> None:
        await self._transport.close()

    def _service(self, address: PushSubscription) -> _Service:
        origin = believed_origin_of(address.endpoint)
        service = self._services.get(origin) if origin else None
        if service is None:
            origin = origin_of(address.endpoint)
            if origin is None or not allowed(address.endpoint, self._config.origins):
                raise Permanent("push:origin", "the endpoint is not at a push service that is allowed here")
            if len(self._services) >= _MAX_SERVICES:
                del self._services[next(iter(self._services))]
            signature = Signature(self._config.vapid, self._config.subject, origin, self._clock)
            host = origin.partition("://")[2]
            service = self._services[origin] = _Service(host, signature, asyncio.Semaphore(self._config.concurrency))
        return service

    async def _reach(self, origin: str) -> Finding:
        host = origin.partition("://")[2]
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT_S):
                await self._transport.request("HEAD", origin, host, headers={})
        except (Transient, TimeoutError) as error:
            detail = error.detail if isinstance(error, Transient) else ""
            hint = "let this machine open connections to %(origin)s (DNS, firewall, TLS)"
            return Finding("error", "%(host)s does not answer", hint, {"host": host, "origin": origin}, detail)
        return Finding("ok", "%(host)s answers", params={"host": host})


def _headers(message: PushMessage, service: _Service) -> dict[str, str]:
    headers = message.headers()
    headers["Authorization"] = service.signature.header()
    return headers


def _redacted(answer: Answer, address: PushSubscription) -> Answer:
    """Return the answer without the address, which it may repeat in whole or in part."""
    body = answer.body
    if not body:
        return answer
    path = address.endpoint.split("/", 3)[-1]
    pieces = [piece for piece in _SEPARATORS.split(path) if len(piece) >= _MIN_SECRET]
    for secret in (address.endpoint, *pieces, address.p256dh, address.auth):
        body = body.replace(secret, "…")
    return Answer(answer.status, answer.headers, body)


def _provider_id(answer: Answer) -> str | None:
    location = answer.headers.get("Location", "")
    usable = location.isprintable() and 0 < len(location) <= _MAX_PROVIDER_ID
    return location if usable else None


def _readable(plaintext: bytes) -> str:
    """Return the notification's title and body if the payload is JSON; else the payload."""
    text = plaintext.decode("utf-8", "replace")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(fields, dict):
        return text
    shown = [fields[name] for name in ("title", "body") if isinstance(fields.get(name), str)]
    return "\n\n".join(shown) or json.dumps(fields, ensure_ascii=False, indent=2)
