"""HTTP client of the channels; no pyreqwest exception leaves this file.

pyreqwest (Rust's reqwest) takes a third of aiohttp's CPU time per request, most of it outside the GIL: 30 µs against
98, 12 of them under the lock. HTTP/1.1, so that a broken connection affects one message. The client replaces a kept
connection that was closed before an octet was written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import ClientClosedError, DecodeError, PyreqwestError

# Servers close idle connections after minutes: dropping them sooner avoids writing into one that is closing.
_KEEP_ALIVE = timedelta(seconds=30)


class What(Enum):
    """Where a request failed: before a connection existed (nothing was sent), or after (it may have been sent)."""

    NO_TIME = "gave no connection in time"
    DNS = "has no address that could be found"
    REFUSED = "let no connection be made"
    CERTIFICATE = "showed a certificate that is not to be trusted"
    TLS = "did not agree on TLS"
    CLOSED_HERE = "was not asked: the channel is closed"
    TIMEOUT = "did not answer in time"
    DISCONNECTED = "closed the connection without an answer"
    RESET = "broke the connection"
    HALF = "broke off in the middle of its answer"
    GARBAGE = "answered something that is not HTTP"
    OTHER = "could not be spoken to"


# reqwest's text for connection failures; then causes, most specific first.
_CONNECTING = "client error (connect)"
_UNCONNECTED = (
    ("timed out", What.NO_TIME),
    ("dns error", What.DNS),
    ("tcp connect error", What.REFUSED),
    ("invalid peer certificate", What.CERTIFICATE),
    ("", What.TLS),
)
_BROKEN = (
    ("connection closed before message completed", What.DISCONNECTED),
    ("reset", What.RESET),
    ("broken pipe", What.RESET),
    ("error reading a body", What.HALF),
)


class HttpTrouble(Exception):
    """A request got no complete answer; ``status``: the answer's, if that much arrived.

    ``may_have_left``: the server may have the request.
    """

    def __init__(self, what: What, *, may_have_left: bool, reply: "Reply | None" = None) -> None:
        super().__init__(what.value)
        self.what = what
        self.may_have_left = may_have_left
        self.reply = reply


@dataclass(slots=True)  # one per message: frozen would make construction three times as slow
class Reply:
    """An answer: those of the requested ``headers`` that are present, and the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpConfig:
    """``timeout_s`` bounds a request, from connecting to the last octet read.

    ``kept``: answer headers to read; ``most``: octets of the body to read. ``authority``: certificates (PEM) trusted
    beside the system's.
    """

    timeout_s: float
    kept: tuple[str, ...]
    most: int
    authority: bytes | None = None


class Http:
    """Requests of one channel."""

    def __init__(self, config: HttpConfig) -> None:
        self._config = config
        self._client: Client | None = None
        self._closed = False

    async def request(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """Make one request, without following redirects; raises ``HttpTrouble``."""
        client = self.opened()
        response: Any = None
        try:
            request = client.request(method, url).headers(headers).streamed_read_buffer_limit(0)
            if body is not None:
                request = request.body_bytes(body)
            async with request.build_streamed() as response:
                octets = None
                if response.headers.get("content-length") != "0":
                    octets = await response.body_reader.read(self._config.most)
                return Reply(response.status, self._read(response), bytes(octets or b""))
        except (PyreqwestError, ValueError) as error:
            reply = None if response is None else Reply(response.status, self._read(response), b"")
            raise _trouble(error, reply) from error

    async def close(self) -> None:
        """Close the connections; later requests raise ``HttpTrouble``."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def opened(self) -> Client:
        """Return the client, which takes 5 to 15 ms of CPU to make, most of it for the system's certificates."""
        if self._closed:
            raise HttpTrouble(What.CLOSED_HERE, may_have_left=False)
        if self._client is None:
            builder = (
                ClientBuilder()
                .timeout(timedelta(seconds=self._config.timeout_s))
                # A separate limit for connecting, as a timeout then proves that nothing was sent.
                .connect_timeout(timedelta(seconds=self._config.timeout_s * 0.6))
                .pool_idle_timeout(_KEEP_ALIVE)
                .follow_redirects(enable=False)
                .user_agent("Tocsin")
                .no_proxy()
                # No compression requested, so a decompression bomb stays small.
                .gzip(enable=False)
                .brotli(enable=False)
                .zstd(enable=False)
                .deflate(enable=False)
            )
            if self._config.authority is not None:
                builder = builder.add_root_certificate_pem(self._config.authority)
            self._client = builder.build()
        return self._client

    def _read(self, response: Any) -> dict[str, str]:
        found = {}
        for name in self._config.kept:
            try:
                value = response.headers.get(name)
            except ValueError:  # not text
                continue
            if value is not None:
                found[name] = value
        return found


def _trouble(error: Exception, reply: Reply | None) -> HttpTrouble:
    if isinstance(error, ClientClosedError):
        return HttpTrouble(What.CLOSED_HERE, may_have_left=True)
    said = " / ".join(_messages(getattr(error, "details", None))).lower()
    if _CONNECTING in said:
        return HttpTrouble(next(what for words, what in _UNCONNECTED if words in said), may_have_left=False)
    if isinstance(error, TimeoutError):
        return HttpTrouble(What.TIMEOUT, may_have_left=True, reply=reply)
    other = What.GARBAGE if isinstance(error, DecodeError) else What.OTHER
    return HttpTrouble(next((what for words, what in _BROKEN if words in said), other), may_have_left=True, reply=reply)


def _messages(details: Any) -> Iterator[str]:
    """Yield an error's causes, outermost first."""
    for cause in (details or {}).get("causes") or ():
        yield str(cause.get("message", ""))
        yield from _messages(cause)
