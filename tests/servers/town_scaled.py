"""The town on the scaled road: PostgreSQL, Valkey, and as many processes of each role as a test wants.

Every process is a real ``tocsin serve --roles …``, looked after as systemd would: one that dies is started again. The
peers (push, mail, telephone) stay in the test's process, which no fault is done to, so that it can open what they got.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import psutil
from sqlalchemy import func, select

from broadcaster.domain.people import CHANNELS
from broadcaster.store import StoreUnavailable
from broadcaster.store.tables import alerts, batches
from tests.servers.breakable import OwnPostgres, OwnValkey
from tests.servers.forked import Forked, started
from tests.servers.ports import free_port
from tests.servers.town import Town
from tests.servers.town_api import Api, eventually
from tests.servers.town_facts import CENTRE, RADIUS_M, STATION, TEXTS

if TYPE_CHECKING:
    from tests.servers.breakable import Wire

_READY_S = 300.0
_AGAIN_S = 0.2
_STOP_S = 60.0


class Member:
    """One process of the service, started again whenever it dies, until it is let go."""

    def __init__(self, name: str, roles: str, environment: dict[str, str], log: Path, files: int | None = None) -> None:
        """``files``: how many descriptors it may have, where that is less than this process may."""
        self.name, self.roles = name, roles
        self._files = files
        self.environment = environment
        self.url = f"http://127.0.0.1:{environment['TOCSIN_PORT']}"
        self.log = log
        self.starts = 0
        self.wanted = True
        self.codes: list[int] = []
        self.ready = asyncio.Event()
        self.child: Forked | None = None
        self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        around = {name: each for name, each in os.environ.items() if not name.startswith("TOCSIN_")}
        words = ("--roles", self.roles) if self.roles else ()
        while self.wanted:
            with self.log.open("ab") as errors:
                self.child = await started(
                    "serve", *words, env=around | self.environment, errors=errors.fileno(), files=self._files
                )
            self.starts += 1
            try:
                if (await self.child.stdout.readline()).startswith(b"address"):
                    self.ready.set()
                while await self.child.stdout.readline():
                    pass
                self.codes.append(await self.child.wait())
            finally:
                self.ready.clear()
                if self.child.returncode is None:
                    self.child.kill()
                    await self.child.wait()
            await asyncio.sleep(_AGAIN_S)

    @property
    def running(self) -> Forked:
        assert self.child is not None
        return self.child

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.returncode is None

    @property
    def rss(self) -> int:
        """Octets of memory that are its own."""
        return psutil.Process(self.running.pid).memory_full_info().uss

    def kill(self) -> None:
        """``kill -9``; it is started again."""
        with suppress(ProcessLookupError):
            self.running.send_signal(signal.SIGKILL)

    async def retire(self, *, kill: bool = False) -> int:
        """End it for good, by SIGTERM or ``kill -9``; give its exit code."""
        self.wanted = False
        with suppress(ProcessLookupError):
            self.running.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        async with asyncio.timeout(_STOP_S):
            await self._keeping
        return self.codes[-1]

    async def restart(self) -> int:
        """SIGTERM, and again ready; give the exit code of the one that ended."""
        before = len(self.codes)
        self.running.send_signal(signal.SIGTERM)
        await eventually(lambda: len(self.codes) > before, f"{self.name} has ended", _STOP_S)
        await self.up()
        return self.codes[before]

    async def up(self) -> None:
        try:
            async with asyncio.timeout(_READY_S):
                await self.ready.wait()
        except TimeoutError:
            raise AssertionError(f"{self.name} is not ready: {self.log.read_text()[-3000:]}") from None

    async def close(self) -> None:
        self.wanted = False
        self._keeping.cancel()
        with suppress(asyncio.CancelledError):
            await self._keeping


class ManyTown(Town):
    """A town whose processes are looked after; by itself the embedded road: ``start("")``, one process for all."""

    def __init__(self, data_dir: Path, **changes: Any) -> None:
        super().__init__(data_dir, **changes)
        self.members: list[Member] = []
        self.files: int | None = None

    async def __aexit__(self, *exc: object) -> None:
        await asyncio.gather(*(each.close() for each in self.members))
        await self._http.close()
        await super().__aexit__(*exc)

    async def start(self, *roles: str, **environment: str) -> list[Member]:
        """Start a process of each of these roles; give them when all are ready."""
        started = []
        for each in roles:
            number = len(self.members)
            own = {"TOCSIN_PORT": str(free_port())} | {f"TOCSIN_{name.upper()}": it for name, it in environment.items()}
            if "web" in each and (url := self.environment.get("TOCSIN_PUBLIC_URL")) and not self.of("web"):
                own["TOCSIN_PORT"] = url.rpartition(":")[2]
            name = f"{each}-{number}"
            member = Member(
                name, each, self.environment | own, self.data_dir / f"{name.replace(',', '+')}.log", self.files
            )
            self.members.append(member)
            started.append(member)
        await asyncio.gather(*(each.up() for each in started))
        return started

    def of(self, role: str) -> list[Member]:
        return [each for each in self.members if each.wanted and (not each.roles or role in each.roles)]

    @property
    def api(self) -> Api:
        return Api(self.of("web")[0].url, self._http, self.key)

    async def _found(self) -> None:
        self._http = aiohttp.ClientSession()
        try:
            await super()._found()
        except BaseException:
            await self._http.close()
            raise

    async def issue(self, **changes: Any) -> dict[str, Any]:
        """Issue an alert as a careful program does: with an ``Idempotency-Key``, until it is taken."""
        whole = {
            "station": STATION,
            "severity": "severe",
            "event": "Inondation",
            "texts": TEXTS,
            "area": {"circles": [{"lon": CENTRE[0], "lat": CENTRE[1], "radius_m": RADIUS_M}]},
            "channels": list(CHANNELS),  # at once: without it, step by step
            **changes,
        }
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": secrets.token_hex(8)}
        async with asyncio.timeout(60):
            while True:
                try:
                    async with self._http.post(self.api.url + "/v1/alerts", json=whole, headers=headers) as answer:
                        if answer.status == 202:
                            return await answer.json()
                        assert answer.status >= 500, await answer.text()
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.2)

    @property
    def got(self) -> int:
        """How many messages reached anybody so far."""
        return len(self.pushed) + len(self.smtp.messages) + len(self.twilio.messages) + len(self.twilio.calls)

    async def until_got(self, n: int, timeout_s: float = 60.0) -> None:
        """Wait for so many messages; fail when none comes for ``timeout_s``."""
        while self.got < n:
            had = self.got
            await eventually(lambda had=had: self.got > had, f"{n} messages, and not {had}", timeout_s)

    async def finished(self, alert_id: str, timeout_s: float = 120.0) -> None:
        """Wait until the store says that an alert is finished, and no batch of it is open.

        How long that takes is the machine's affair; fail when for ``timeout_s`` nothing goes on.
        """
        stood: tuple[Any, ...] = ()
        now = asyncio.get_running_loop().time
        since = now()
        while (stands := await self._stands(alert_id)) != (True, 0):
            if (stands, self.got) != stood:
                stood, since = (stands, self.got), now()
            assert now() - since < timeout_s, f"the alert stands still for {timeout_s} s: {stands}"
            await asyncio.sleep(0.1)
        await self.twilio.settled()

    async def _stands(self, alert_id: str) -> tuple[bool, int] | None:
        """Return whether an alert is finished, and its open batches; None while the store is away."""
        try:
            async with self.store.read() as unit:
                at = await unit.conn.scalar(select(alerts.c.finished_at).where(alerts.c.id == int(alert_id)))
                left = await unit.conn.scalar(
                    select(func.count()).where(batches.c.alert_id == int(alert_id), batches.c.done.is_(False))
                )
        except StoreUnavailable:
            return None
        return at is not None, left or 0


class ScaledTown(ManyTown):
    """PostgreSQL and Valkey (or the Redis of ``redis_program``) of its own, and processes of each role."""

    def __init__(self, data_dir: Path, *, redis_program: str | None = None, **changes: Any) -> None:
        self.postgres = OwnPostgres()
        self.valkey = OwnValkey(redis_program)
        own = {
            "database_url": self.postgres.url,
            "redis_url": self.valkey.url,
            "secret_key": "5a" * 32,
            "public_url": f"http://127.0.0.1:{free_port()}",
        }
        super().__init__(data_dir, **own, **changes)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            await opening.enter_async_context(self.postgres)
            await opening.enter_async_context(self.valkey)
            await super().__aenter__()
            self._servers = opening.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        try:
            await super().__aexit__(*exc)
        finally:
            await self._servers.aclose()

    async def start_over(self, wire: Wire, *roles: str, **environment: str) -> list[Member]:
        """Start processes whose way to Valkey is this wire."""
        return await self.start(*roles, redis_url=f"redis://127.0.0.1:{wire.port}", **environment)
