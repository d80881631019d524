"""Which service a command talks to: the one that runs, or one that it starts for as long as it takes."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from broadcaster.commands.api import Api
from broadcaster.commands.exits import Exit
from broadcaster.commands.failing import Stop
from broadcaster.commands.opened import OPERATOR_KEY, opened, operator_key
from broadcaster.commands.showing import err

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from broadcaster.config import Settings

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  to talk to, not to listen on
_NO_KEY = "set TOCSIN_KEY, or run where the service's data folder is"


@asynccontextmanager
async def service(settings: Settings, *, may_start: bool = False) -> AsyncIterator[Api]:
    """The service at TOCSIN_URL, else where the settings say that it listens.

    With ``may_start``, where none answers and TOCSIN_URL does not name one, a service is started in this process for
    the length of the block: a mayor's alert goes out when the server is down.
    """
    named = named_url()
    key = os.environ.get("TOCSIN_KEY", "").strip() or operator_key(settings)
    url = named or local_url(settings)
    async with Api(url, key or "") as api:
        if await api.answers():
            if not key:
                raise Stop("there is no key to speak with", Exit.REFUSED, _NO_KEY)
            yield api
            return
    if named:
        raise Stop(
            f"no service answers at TOCSIN_URL, {url}",
            Exit.UNREACHABLE,
            "mend the address, or unset TOCSIN_URL to send from this machine's own database",
        )
    if not may_start:
        raise Stop(f"no service answers at {url}", Exit.UNREACHABLE, "start it with `tocsin serve`, or set TOCSIN_URL")
    async with _own(settings, url, key) as api:
        yield api


@asynccontextmanager
async def _own(settings: Settings, url: str, key: str | None) -> AsyncIterator[Api]:
    # The whole service: not for a command that only asks one which runs.
    from broadcaster.app import serving, set_up_logs  # noqa: PLC0415
    from broadcaster.clock import SystemClock  # noqa: PLC0415
    from broadcaster.commands.operator_key import ensure_key  # noqa: PLC0415

    async with opened(settings) as store:
        key = key or await ensure_key(store, settings.data_dir / OPERATOR_KEY, SystemClock())
    err().print(f"no service answers at {url}: one is started in this process until the alert is accounted for")
    alone = settings.model_copy(update={"port": 0, "host": "127.0.0.1", "log_level": "warning"})
    set_up_logs(alone)
    async with serving(alone) as running, Api(running.url, key, passing=True) as api:
        yield api


def named_url() -> str:
    """Return TOCSIN_URL, or nothing."""
    return os.environ.get("TOCSIN_URL", "").strip().rstrip("/")


def local_url(settings: Settings) -> str:
    """Give where this machine finds the service that the settings describe."""
    host = _ANYWHERE.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
