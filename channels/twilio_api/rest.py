"""Twilio's REST API over one pooled session, with every foreign exception turned into a ``ChannelError``.

What travels is twilio's own: its client adds the headers, the credentials, region and edge, and its asynchronous HTTP
client makes the request. The form is encoded here, once: so ``Request.wire`` shows the very bytes that are sent.
"""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import aiohttp
from twilio.base.client_base import ClientBase  # type: ignore[import-untyped]
from twilio.http.async_http_client import AsyncTwilioHttpClient  # type: ignore[import-untyped]

from channels.errors import Misconfigured, Transient
from channels.twilio_api.errors import error_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import SimpleNamespace

    from channels.twilio_api.account import TwilioAccount

FORM = "application/x-www-form-urlencoded"
_LONGEST_WAIT_S = 86_400.0
_SUCCESS = range(200, 300)
# Twilio's client writes ten lines a request at INFO, with the account in each.
_log = logging.getLogger("channels.twilio_api.http")


@dataclass(frozen=True, slots=True)
class Request:
    """A POST as it will be sent: ``path`` below the API's host, ``form`` in its order (names may repeat)."""

    path: str
    form: tuple[tuple[str, str], ...]

    @property
    def body(self) -> bytes:
        return urlencode(self.form).encode("ascii")

    def wire(self, origin: str) -> bytes:
        """Give head and body without the credentials, as HTTP/1.1 has them."""
        head = (
            f"POST {urlsplit(origin).path}{self.path} HTTP/1.1\r\n"
            f"Host: {urlsplit(origin).netloc}\r\n"
            f"Accept: application/json\r\n"
            f"Content-Type: {FORM}\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode("ascii") + self.body


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: ``document`` is the body's JSON object, empty where the body is none."""

    status: int
    headers: Mapping[str, str]
    document: dict[str, Any]

    @property
    def code(self) -> int | None:
        code = self.document.get("code")
        return code if isinstance(code, int) and not isinstance(code, bool) else None


@dataclass(slots=True)
class _Passage:
    """Whether a request has begun to leave this machine."""

    left: bool = False


_passage: ContextVar[_Passage | None] = ContextVar("twilio_passage", default=None)


class _Lenient(aiohttp.ClientResponse):
    """An answer whose text can always be read: a body that is not UTF-8 must not hide its status."""

    async def text(self, encoding: str | None = None, errors: str = "replace") -> str:
        return await super().text(encoding=encoding, errors=errors)


@dataclass(frozen=True, slots=True)
class _Basic:
    """Credentials in the shape twilio's client asks for.

    Given as name and password they would go through aiohttp's ``BasicAuth``, which aiohttp 4 removes.
    """

    header: str = field(repr=False)

    def to_auth_strategy(self) -> _Basic:
        return self

    def get_auth_string(self) -> str:
        return self.header


class TwilioRest:
    """One account's way to the API; the session is opened at the first request and lives until ``close``."""

    def __init__(self, account: TwilioAccount) -> None:
        self._account = account
        self._http: Any = None
        self._client: Any = None
        self._closed = False

    async def post(self, request: Request) -> Answer:
        """Send a form; raises ``ChannelError`` for whatever is not a 2xx."""
        return await self._ask("POST", self._account.origin() + request.path, request.body)

    async def get(self, path: str, product: str = "api") -> Answer:
        """Fetch a resource; raises ``ChannelError`` for whatever is not a 2xx."""
        return await self._ask("GET", self._account.origin(product) + path, None)

    async def close(self) -> None:
        """Close the session; a request after it raises ``Transient``."""
        self._closed = True
        http, self._http, self._client = self._http, None, None
        if http is not None:
            await http.close()

    def _open(self) -> Any:
        if self._closed:
            raise Transient("twilio:closed", "The channel was closed before the message was sent.")
        if self._client is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_note_departure)
            # pool_connections=True would open a session with aiohttp's own limits; ours is set below.
            self._http = AsyncTwilioHttpClient(pool_connections=False, logger=_log)
            _log.setLevel(max(_log.level, logging.WARNING))
            self._http.session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),  # how many at once is the caller's to say
                trace_configs=[trace],
                response_class=_Lenient,
            )
            account = self._account
            credentials = aiohttp.encode_basic_auth(account.account_sid, account.auth_token)
            self._client = ClientBase(
                username=account.account_sid,
                password=account.auth_token,
                region=None if account.base_url else account.region,
                edge=None if account.base_url else account.edge,
                http_client=self._http,
                # Not an empty one: then twilio reads the process's environment, and a stray TWILIO_EDGE moves the host.
                environment={"TWILIO_ACCOUNT_SID": account.account_sid},
                credential_provider=_Basic(credentials),
            )
        return self._client

    async def _ask(self, method: str, url: str, body: bytes | None) -> Answer:
        client = self._open()
        passage = _Passage()
        token = _passage.set(passage)
        try:
            response = await client.request_async(method, url, data=body, timeout=self._account.timeout_s)
        except TimeoutError as error:
            seconds = self._account.timeout_s
            raise Transient(
                "twilio:timeout", f"Twilio did not answer within {seconds:g} s.", may_have_left=passage.left
            ) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise Misconfigured(
                "twilio:certificate", "Twilio's certificate is not to be trusted: is something in between?"
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            what = "broke" if passage.left else "could not be made"
            raise Transient(
                "twilio:connection",
                f"The connection to Twilio {what} ({type(error).__name__}).",
                may_have_left=passage.left,
            ) from error
        except ValueError as error:
            # A status line or header that is no HTTP.
            raise Transient(
                "twilio:unreadable", "What Twilio answered can't be read.", may_have_left=passage.left
            ) from error
        finally:
            _passage.reset(token)
        answer = Answer(response.status_code, response.headers or {}, _object(response.text))
        if answer.status not in _SUCCESS:
            raise error_for(answer.status, answer.code, retry_after=retry_after(answer.headers))
        return answer


async def _note_departure(_session: aiohttp.ClientSession, _context: SimpleNamespace, _params: Any) -> None:
    passage = _passage.get()
    if passage is not None:
        passage.left = True


def _object(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After`` (RFC 9110, 10.2.3: seconds or a date) as seconds from now, a day at most."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    wait = (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(wait, 0.0), _LONGEST_WAIT_S)
