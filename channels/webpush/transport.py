"""The HTTP under the channel: one client for its life, and no exception of pyreqwest's beyond this file.

pyreqwest (Rust's reqwest) costs a third of aiohttp's CPU time a request, most of it outside of the interpreter's lock:
30 µs against 98, 12 of them under the lock. HTTP/1.1, so that one connection that breaks takes one message with it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import ClientClosedError, DecodeError, PyreqwestError

from channels.errors import Transient
from channels.webpush.answers import KEPT, TAKEN, Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyreqwest.response import BaseResponse

_MAX_BODY = 8192
# A service closes what lay idle for some minutes: we drop it sooner, and seldom write into a closing connection. One
# that it closed before an octet was written is replaced by the client itself.
_KEEP_ALIVE = timedelta(seconds=30)

# What reqwest says before it has a connection: nothing has left. Then why, from the particular to the general.
_CONNECTING = "client error (connect)"
_UNCONNECTED: tuple[tuple[str, str, str], ...] = (
    ("timed out", "push:timeout", "gave no connection in time"),
    ("dns error", "push:dns", "has no address that could be found"),
    ("tcp connect error", "push:connect", "let no connection be made"),
    ("", "push:tls", "did not agree on TLS"),
)
# Afterwards the message may have left. By what the chain of causes says, or by the kind of the last.
_BROKEN: tuple[tuple[str, str, str], ...] = (
    ("connection closed before message completed", "push:disconnected", "closed the connection without an answer"),
    ("reset", "push:reset", "broke the connection"),
    ("broken pipe", "push:reset", "broke the connection"),
    ("error reading a body", "push:half-answer", "broke off in the middle of its answer"),
)
_GARBAGE = ("push:garbage", "answered something that is not HTTP")
_OTHER = ("push:client", "could not be spoken to")


class Transport:
    """Requests to push services; ``timeout_s`` bounds each, from the connecting to the last octet read.

    ``authority``: certificates (PEM) that are trusted beside the system's.
    """

    def __init__(self, timeout_s: float, authority: bytes | None) -> None:
        self._timeout_s = timeout_s
        self._authority = authority
        self._client: Client | None = None
        self._closed = False

    async def request(
        self, method: str, url: str, host: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """One request, never a redirect followed; raises ``Transient``."""
        response: BaseResponse | None = None
        client = self._open()
        try:
            request = client.request(method, url).headers(headers).body_bytes(body).streamed_read_buffer_limit(0)
            async with request.build_streamed() as response:
                return Answer(response.status, _kept(response), await _beginning(response))
        except (PyreqwestError, ValueError) as error:
            if response is not None and response.status in TAKEN:
                # It said that it took the message: to send again would double it, whatever else it meant to say.
                return Answer(response.status, _kept(response), "")
            raise _trouble(error, host) from error

    async def close(self) -> None:
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _open(self) -> Client:
        if self._closed:
            raise Transient("push:closed", "the channel is closed")
        if self._client is None:
            builder = (
                ClientBuilder()
                .timeout(timedelta(seconds=self._timeout_s))
                # The connecting has a limit of its own because its end tells that nothing was sent yet.
                .connect_timeout(timedelta(seconds=self._timeout_s * 0.6))
                .pool_idle_timeout(_KEEP_ALIVE)
                .follow_redirects(enable=False)
                .user_agent("Tocsin")
                .no_proxy()
                # Nothing compressed is asked for, and a bomb stays small.
                .gzip(enable=False)
                .brotli(enable=False)
                .zstd(enable=False)
                .deflate(enable=False)
            )
            if self._authority is not None:
                builder = builder.add_root_certificate_pem(self._authority)
            self._client = builder.build()
        return self._client


def _kept(response: Any) -> dict[str, str]:
    kept = {}
    for name in KEPT:
        try:
            value = response.headers.get(name)
        except ValueError:  # octets that are no text
            continue
        if value is not None:
            kept[name] = value
    return kept


async def _beginning(response: Any) -> str:
    """The body as text, of at most ``_MAX_BODY`` octets; a longer one costs the connection and is not read."""
    octets = await response.body_reader.read(_MAX_BODY)
    return bytes(octets).decode("utf-8", "replace") if octets else ""


def _trouble(error: Exception, host: str) -> Transient:
    if isinstance(error, ClientClosedError):
        return Transient("push:closed", "the channel is closed", may_have_left=True)
    said = " / ".join(_messages(getattr(error, "details", None))).lower()
    if _CONNECTING in said:
        code, what = next((code, what) for words, code, what in _UNCONNECTED if words in said)
        return Transient(code, f"{host} {what}", may_have_left=False)
    if isinstance(error, TimeoutError):
        return Transient("push:timeout", f"{host} did not answer in time", may_have_left=True)
    kind = _GARBAGE if isinstance(error, DecodeError) else _OTHER
    code, what = next(((code, what) for words, code, what in _BROKEN if words in said), kind)
    return Transient(code, f"{host} {what}", may_have_left=True)


def _messages(details: Any) -> Iterator[str]:
    """What the causes of an error say, from the outermost to the innermost."""
    for cause in (details or {}).get("causes") or ():
        yield str(cause.get("message", ""))
        yield from _messages(cause)
