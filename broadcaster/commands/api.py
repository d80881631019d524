"""HTTP API client for the commands."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp

from broadcaster.commands.exits import Exit
from broadcaster.commands.failing import Stop, Told
from broadcaster.commands.showing import SAID_AFTER_S, err
from broadcaster.commands.wording import reader, words

_TIMEOUT_S = 60.0
_SILENCE_S = 60.0
_TRIES = 6
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 5.0
_AGAIN = frozenset({429, 502, 503, 504})
_REFUSED = frozenset({400, 404, 409, 412, 413, 415, 422})
_FORBIDDEN = frozenset({401, 403})


class Lost(Exception):
    """The connection to the service was lost; the request may have been processed."""


class Api:
    """The service at ``url``, used with ``key``; an async context manager.

    ``passing``: the service was started for this command, and ends with it.
    """

    def __init__(self, url: str, key: str, *, tries: int = _TRIES, passing: bool = False) -> None:
        self.url = url.rstrip("/")
        self.passing = passing
        language = reader().language  # the language of refusals
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json", "Accept-Language": language}
        self._tries = tries
        self._session: aiohttp.ClientSession | None = None
        self._said = False

    async def __aenter__(self) -> Self:
        # Connect directly: no proxy from the environment may stand between a mayor and the service.
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S, connect=10)
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def answers(self) -> bool:
        try:
            async with (
                self._waiting(),
                self._open.get(self.url + "/healthz", timeout=aiohttp.ClientTimeout(total=5)) as answer,
            ):
                await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
        return True

    async def get(self, path: str, **query: str | int | None) -> Any:
        """GET; retry after lost connections. Raises ``Stop`` with the service's own sentence."""
        params = {name: str(value) for name, value in query.items() if value is not None}
        return await self._asked("GET", path, params=params)

    async def post(self, path: str, body: Any, *, headers: Mapping[str, str] | None = None) -> Any:
        """POST an idempotent document; retry after lost connections."""
        return await self._asked("POST", path, body=body, headers=headers)

    async def patch(self, path: str, body: Any) -> Any:
        """PATCH, which is idempotent here."""
        return await self._asked("PATCH", path, body=body)

    async def delete(self, path: str) -> Any:
        return await self._asked("DELETE", path)

    async def _asked(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        pause = _FIRST_PAUSE_S
        for again in range(self._tries - 1, -1, -1):
            try:
                async with (
                    self._waiting(),
                    self._open.request(method, self.url + path, params=params, json=body, headers=headers) as answer,
                ):
                    read = await answer.read()
                    if answer.status not in _AGAIN or again == 0:
                        return _judged(answer.status, read)
                    pause = _asked_pause(answer.headers.get("Retry-After"), pause)
                    self._say(words("%(problem)s Trying again.", problem=_problem(read)[1] or answer.status))
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if again == 0:
                    raise Lost(words("%(url)s does not answer (%(why)s)", url=self.url, why=_why(error))) from error
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        raise AssertionError("the last try returns or raises")

    async def reports(self, alert_id: str) -> AsyncGenerator[Any]:
        """Yield an alert's report at each change, until it is finished. Raises ``Lost`` when the stream breaks."""
        timeout = aiohttp.ClientTimeout(total=None, connect=10, sock_read=_SILENCE_S)
        headers = {"Accept": "text/event-stream"}
        try:
            async with self._open.get(
                f"{self.url}/v1/alerts/{alert_id}/events", headers=headers, timeout=timeout
            ) as answer:
                if answer.status == 204:  # noqa: PLR2004  finished, and told so before
                    return
                if answer.status != 200:  # noqa: PLR2004
                    if answer.status in _AGAIN:
                        raise Lost(words("the stream of events is closed (%(why)s)", why=answer.status))
                    _judged(answer.status, await answer.read())
                    return
                async for event, data in _events(answer.content):
                    if event == "report":
                        yield json.loads(data)
                    elif event == "end":
                        return
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Lost(words("the stream of events was lost (%(why)s)", why=_why(error))) from error
        raise Lost(words("the stream of events ended before the alert did"))

    @asynccontextmanager
    async def _waiting(self) -> AsyncIterator[None]:
        """Print a notice, once, if the block takes long."""
        timer = asyncio.get_running_loop().call_later(SAID_AFTER_S, self._say_waiting)
        try:
            yield
        finally:
            timer.cancel()

    def _say_waiting(self) -> None:
        self._say(words("%(url)s does not answer yet: waiting for it", url=self.url))

    def _say(self, sentence: str) -> None:
        if not self._said:
            self._said = True
            err().print(sentence)

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            message = "use Api in an async with"
            raise RuntimeError(message)
        return self._session


async def _events(content: aiohttp.StreamReader) -> AsyncIterator[tuple[str, str]]:
    """Yield (event, data) of a stream (HTML standard, section 9.2.6)."""
    event, data = "message", list[str]()
    while raw := await content.readline():
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not line:
            if data:
                yield event, "\n".join(data)
            event, data = "message", []
            continue
        name, _, value = line.partition(":")
        if name == "event":
            event = value.removeprefix(" ")
        elif name == "data":
            data.append(value.removeprefix(" "))


def _problem(read: bytes) -> tuple[Any, str]:
    """Return an answer's document, and its message if it is a problem (RFC 9457)."""
    try:
        document = json.loads(read) if read else None
    except ValueError:
        document = None
    problem = document if isinstance(document, dict) else {}
    return document, str(problem.get("detail") or problem.get("title") or "")


def _judged(status: int, read: bytes) -> Any:
    document, said = _problem(read)
    if 200 <= status < 300:  # noqa: PLR2004
        return document
    problem = document if isinstance(document, dict) else {}
    told = said or words("it answered %(status)s", status=status)
    wrong = [each for each in problem.get("errors") or () if isinstance(each, dict)]
    if wrong:
        title = str(problem.get("title") or told)
        told = title + "".join(f"\n  {each.get('field', '')}: {each.get('problem', '')}" for each in wrong)
    if status in _REFUSED:
        raise Told(told, Exit.REFUSED, str(problem.get("hint") or ""))
    if status in _FORBIDDEN:
        raise Stop("not-allowed", reason=told)
    if status in _AGAIN:
        raise Told(told, Exit.UNREACHABLE)
    raise Told(told, Exit.FAILED)


def _asked_pause(header: str | None, otherwise: float) -> float:
    try:
        return min(max(float(header or ""), 0.0), _LONGEST_PAUSE_S)
    except ValueError:
        return otherwise


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return words("no answer in time")
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.strerror or words("no connection")
    return str(error) or error.__class__.__name__
