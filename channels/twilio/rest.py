"""Twilio's REST API over kept connections; every foreign exception becomes a ``ChannelError``.

A message is one POST of a form, by ``channels.transport.http``: twilio's own client takes five times as much CPU time
for the same request (158 µs against 30) and does not tell whether a failed request may have been sent. The form is
encoded once, here, so ``Request.wire`` shows exactly the bytes sent.
"""

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlsplit

import orjson

from channels.errors import ChannelError, Misconfigured, Transient
from channels.transport.courier import Courier
from channels.transport.http import HttpConfig, HttpTrouble, What
from channels.transport.retry_after import retry_after_s
from channels.twilio.account import TwilioAccount
from channels.twilio.errors import error_for

FORM = "application/x-www-form-urlencoded"
_MOST_BODY = 1 << 20
_SUCCESS = range(200, 300)
_SWITCHING = 101


# ``urllib.parse.quote_plus`` of each octet, precomputed: it takes as long as the rest of a request.
_OCTETS = [quote_plus(bytes([octet])) for octet in range(256)]


def _quoted(text: str) -> str:
    return "".join(map(_OCTETS.__getitem__, text.encode()))


@dataclass(frozen=True, slots=True)
class Request:
    """A POST: ``path`` below the API's host, ordered ``form`` (names may repeat)."""

    path: str
    form: tuple[tuple[str, str], ...]

    @property
    def body(self) -> bytes:
        return "&".join(f"{name}={_quoted(value)}" for name, value in self.form).encode("ascii")

    def wire(self, origin: str) -> bytes:
        """Return head and body as HTTP/1.1, without credentials."""
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
    """An answer: ``document`` is the body's JSON object, or empty."""

    status: int
    headers: Mapping[str, str]
    document: dict[str, Any]

    @property
    def code(self) -> int | None:
        code = self.document.get("code")
        return code if isinstance(code, int) and not isinstance(code, bool) else None


class TwilioRest:
    """API access for one account; connections are kept until ``close``."""

    def __init__(self, account: TwilioAccount) -> None:
        self._account = account
        self._http = Courier(HttpConfig(account.timeout_s, ("Retry-After",), _MOST_BODY), account.helpers)
        signed = base64.b64encode(f"{account.account_sid}:{account.auth_token}".encode()).decode()
        self._headers = {"Authorization": f"Basic {signed}", "Accept": "application/json"}

    async def post(self, request: Request) -> Answer:
        """Send a form; raises ``ChannelError`` for anything but 2xx."""
        headers = {**self._headers, "Content-Type": FORM}
        return await self._ask("POST", self._account.origin() + request.path, headers, request.body)

    async def get(self, path: str, product: str = "api") -> Answer:
        """Fetch a resource; raises ``ChannelError`` for anything but 2xx."""
        return await self._ask("GET", self._account.origin(product) + path, self._headers, None)

    def make_ready(self) -> None:
        self._http.make_ready()

    async def close(self) -> None:
        """Close the connections; later requests raise ``Transient``."""
        await self._http.close()

    async def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        try:
            reply = await self._http.request(method, url, headers=headers, body=body)
        except HttpTrouble as trouble:
            raise self._error(trouble) from trouble
        answer = Answer(reply.status, reply.headers, _object(reply.body))
        if answer.status == _SWITCHING:  # to a protocol we did not request
            raise Transient("twilio:unreadable", "What Twilio answered can't be read.", may_have_left=True)
        if answer.status not in _SUCCESS:
            raise error_for(
                answer.status, answer.code, retry_after=retry_after_s(answer.headers.get("Retry-After"), time.time())
            )
        return answer

    def _error(self, trouble: HttpTrouble) -> ChannelError:
        left = trouble.may_have_left
        match trouble.what:
            case What.CLOSED_HERE if not left:
                return Transient("twilio:closed", "The channel was closed before the message was sent.")
            case What.NO_TIME | What.TIMEOUT:
                seconds = self._account.timeout_s
                return Transient("twilio:timeout", f"Twilio did not answer within {seconds:g} s.", may_have_left=left)
            case What.CERTIFICATE:
                return Misconfigured(
                    "twilio:certificate", "Twilio's certificate is not to be trusted: is something in between?"
                )
            case What.GARBAGE:
                return Transient("twilio:unreadable", "What Twilio answered can't be read.", may_have_left=left)
        what = "broke" if left else "could not be made"
        return Transient("twilio:connection", f"The connection to Twilio {what}: it {trouble}.", may_have_left=left)


def _object(octets: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(octets.decode("utf-8", "replace"))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
