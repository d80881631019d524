"""Runs checks that look up names, without waiting for look-ups that were given up.

``getaddrinfo`` can't be cancelled: with the network away it takes a minute, and asyncio's own threads are waited for
when the loop closes.
"""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


class _Loop(asyncio.SelectorEventLoop):
    """Looks up each name in a thread that nothing waits for."""

    async def getaddrinfo(self, host: Any, port: Any, **asked: Any) -> Any:
        found: asyncio.Future[Any] = self.create_future()

        def tell(answer: Any, error: Exception | None) -> None:
            if found.done():
                return
            if error is None:
                found.set_result(answer)
            else:
                found.set_exception(error)

        def look() -> None:
            answer: Any = None
            error: Exception | None = None
            try:
                answer = socket.getaddrinfo(host, port, **asked)
            except (OSError, UnicodeError) as failed:  # a name that is none is a UnicodeError
                error = failed
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self.call_soon_threadsafe(tell, answer, error)

        threading.Thread(target=look, daemon=True).start()
        return await found


def run_unhurried(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; return without waiting for look-ups that go on."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)
