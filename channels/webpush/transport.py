"""The HTTP under the channel: one session for its life, and no exception of aiohttp's beyond this file."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import aiohttp

from channels.errors import Transient
from channels.webpush.answers import TAKEN, Answer

if TYPE_CHECKING:
    from yarl import URL

_MAX_BODY = 8192
# A service closes what lay idle for some minutes: we drop it sooner, and seldom write into a closing connection.
_KEEP_ALIVE_S = 30.0
_ERRORS = (aiohttp.ClientError, OSError, TimeoutError)

# From the particular to the general. The last figure: may the message have left?
_TROUBLES: tuple[tuple[type[BaseException], str, str, bool], ...] = (
    (aiohttp.ConnectionTimeoutError, "push:timeout", "gave no connection in time", False),
    (TimeoutError, "push:timeout", "did not answer in time", True),
    (aiohttp.ClientConnectorDNSError, "push:dns", "has no address that could be found", False),
    (aiohttp.ClientSSLError, "push:tls", "did not agree on TLS", False),
    (aiohttp.ClientConnectorError, "push:connect", "let no connection be made", False),
    (aiohttp.ServerDisconnectedError, "push:disconnected", "closed the connection without an answer", True),
    (aiohttp.ClientPayloadError, "push:half-answer", "broke off in the middle of its answer", True),
    (aiohttp.ClientResponseError, "push:garbage", "answered something that is not HTTP", True),
    (ssl.SSLError, "push:tls", "broke off TLS", True),
    (OSError, "push:reset", "broke the connection", True),
    (aiohttp.ClientError, "push:client", "could not be spoken to", True),
)


class Transport:
    """Requests to push services; ``timeout_s`` bounds each, from the connecting to the last octet read."""

    def __init__(self, timeout_s: float, tls: ssl.SSLContext | None) -> None:
        # The connecting has a limit of its own because its end tells that nothing was sent yet.
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, connect=timeout_s * 0.6)
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def request(self, method: str, url: URL, host: str, *, headers: dict[str, str], body: bytes = b"") -> Answer:
        """One request, never a redirect followed; raises ``Transient``."""
        try:
            return await self._request(method, url, host, headers, body)
        except Transient as error:
            if not _unwritten(error.__cause__):
                raise
        # The service closed a connection that we had kept, as we took it up: not an octet left, so another is no twin.
        return await self._request(method, url, host, headers, body)

    async def _request(self, method: str, url: URL, host: str, headers: dict[str, str], body: bytes) -> Answer:
        response: aiohttp.ClientResponse | None = None
        try:
            response = await self._open().request(method, url, data=body, headers=headers, allow_redirects=False)
            try:
                return Answer(response.status, response.headers, await _beginning(response))
            finally:
                response.release()
        except _ERRORS as error:
            if response is not None and response.status in TAKEN:
                # It said that it took the message: to send again would double it, whatever else it meant to say.
                return Answer(response.status, response.headers, "")
            raise _trouble(error, host) from error

    async def close(self) -> None:
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise Transient("push:closed", "the channel is closed")
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=0,  # the channel's gates are the limit
                ttl_dns_cache=300,
                keepalive_timeout=_KEEP_ALIVE_S,
                ssl=self._tls or True,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
                auto_decompress=False,  # nothing compressed was asked for, and a bomb stays small
            )
        return self._session


async def _beginning(response: aiohttp.ClientResponse) -> str:
    """The body as text, of at most ``_MAX_BODY`` octets; a longer one costs the connection and is not read."""
    content = response.content
    octets = b""
    while not content.at_eof() and len(octets) < _MAX_BODY:
        octets += await content.read(_MAX_BODY - len(octets))
    if not content.at_eof():
        response.close()
    return octets.decode("utf-8", "replace")


def _unwritten(error: BaseException | None) -> bool:
    """Whether the connection was found closed before the request, which is one write, could be written."""
    return isinstance(error, aiohttp.ClientOSError) and isinstance(error.__cause__, aiohttp.ClientConnectionResetError)


def _trouble(error: BaseException, host: str) -> Transient:
    for kind, code, what, may_have_left in _TROUBLES:
        if isinstance(error, kind):
            return Transient(code, f"{host} {what}", may_have_left=may_have_left and not _unwritten(error))
    raise error
