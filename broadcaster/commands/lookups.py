"""Looks up names without waiting at the end for those that take too long.

``getaddrinfo`` can't be cancelled: with the network away it takes a minute, and asyncio's own threads are waited for
when the loop closes.
"""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class _Loop(asyncio.SelectorEventLoop):
    """Looks up each name in a thread that nothing waits for."""

    async def getaddrinfo(self, host: Any, port: Any, **asked: Any) -> Any:
        found: Future[Any] = Future()
        found.set_running_or_notify_cancel()  # it can't be cancelled from here on

        def look() -> None:
            try:
                found.set_result(socket.getaddrinfo(host, port, **asked))
            except Exception as error:  # noqa: BLE001  any error: it is raised where the name was asked for
                found.set_exception(error)

        threading.Thread(target=look, daemon=True).start()
        return await asyncio.wrap_future(found, loop=self)


def run_abandoning_lookups(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine and return its result, without waiting for look-ups that still run."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)
