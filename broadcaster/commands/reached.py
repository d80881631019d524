"""The service that a command uses: a running one, or one started for the command."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from broadcaster.commands.api import Api
from broadcaster.commands.exits import Exit
from broadcaster.commands.failing import Stop
from broadcaster.commands.opened import opened
from broadcaster.commands.wording import note
from broadcaster.config import Settings
from channels.provider_urls import is_loopback

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  to talk to, not to listen on


@asynccontextmanager
async def service(settings: Settings, *, may_start: bool = False) -> AsyncIterator[Api]:
    """Yield the service at TOCSIN_URL, else at its configured address.

    With ``may_start``, if none answers and TOCSIN_URL is not set, start a service in this process for the block, so
    that a mayor's alert goes out even when the server is down.
    """
    named = named_url()
    url = named or local_url(settings)
    async with Api(url, "") as api:
        answers = await api.answers()
    if answers:
        async with _key(settings, url) as key, Api(url, key) as api:
            yield api
            return
    if named:
        raise Stop("no-service-at-url", Exit.UNREACHABLE, url=url)
    if not may_start:
        raise Stop("no-service", Exit.UNREACHABLE, url=url)
    async with _own(settings, url) as api:
        yield api


@asynccontextmanager
async def _own(settings: Settings, url: str) -> AsyncIterator[Api]:
    # This imports the whole service, which is not needed if one is running.
    from broadcaster.app import serving  # noqa: PLC0415
    from broadcaster.logs import set_up_logs  # noqa: PLC0415

    alone = settings.model_copy(update={"port": 0, "host": "127.0.0.1", "log_level": "warning"})
    async with _key(settings, "") as key:
        note("no service answers at %(url)s: one is started here until the alert is accounted for", url=url)
        set_up_logs(alone)
        async with serving(alone) as running, Api(running.url, key, passing=True) as api:
            yield api


@asynccontextmanager
async def _key(settings: Settings, url: str) -> AsyncIterator[str]:
    """Yield TOCSIN_KEY; without it, and only on this machine, a key that ends with the command."""
    given = os.environ.get("TOCSIN_KEY", "").strip()
    if given:
        yield given
        return
    if url and not is_loopback(urlsplit(url).hostname or ""):
        raise Stop("no-key")
    from broadcaster.clock import SystemClock  # noqa: PLC0415  not for a command that has its key
    from broadcaster.commands.operator_key import key_for_a_command  # noqa: PLC0415

    async with opened(settings) as store, key_for_a_command(store, SystemClock()) as made:
        yield made


def named_url() -> str:
    return os.environ.get("TOCSIN_URL", "").strip().rstrip("/")


def local_url(settings: Settings) -> str:
    host = _ANYWHERE.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
