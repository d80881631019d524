"""PostgreSQL and Redis that speak TLS: Debian's, for those of the pip packages are built without it."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from tests.servers.breakable import Breakable
from tests.servers.certificates import self_signed
from tests.servers.ports import free_port
from tests.servers.town_api import eventually

if TYPE_CHECKING:
    from asyncio import StreamWriter

POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
REDIS = shutil.which("redis-server")
_STARTS_S = 20.0


class _Tls(Breakable):
    """Listens on ``port`` of ``localhost``; ``trusted`` is the certificate that a client has to trust."""

    def __init__(self, prefix: str) -> None:
        super().__init__(prefix)
        self.port = free_port()
        _, self.trusted = self_signed(self.folder, ("localhost",))
        self.key = self.folder / "key.pem"

    async def _listens(self) -> bool:
        try:
            writer: StreamWriter = (await asyncio.open_connection("127.0.0.1", self.port))[1]
        except OSError:
            return False
        writer.close()
        return True


class TlsRedis(_Tls):
    def __init__(self) -> None:
        super().__init__("tocsin-tls-redis-")

    async def start(self) -> None:
        assert REDIS is not None
        own = {"port": "0", "tls-port": str(self.port), "tls-auth-clients": "no", "save": "", "dir": str(self.folder)}
        own |= {"tls-cert-file": str(self.trusted), "tls-key-file": str(self.key), "bind": "127.0.0.1"}
        await self._run(REDIS, *(word for name, value in own.items() for word in (f"--{name}", value)))
        await eventually(self._listens, "Redis listens", _STARTS_S)


class TlsPostgres(_Tls):
    """It lets in only who comes over TLS."""

    def __init__(self) -> None:
        super().__init__("tocsin-tls-pg-")
        self._data = self.folder / "data"

    async def start(self) -> None:
        assert POSTGRES is not None
        own = {}
        if os.geteuid() == 0:  # it will not run as root
            user = pwd.getpwnam("postgres")
            own = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            for path in (self.folder, self.trusted, self.key):
                os.chown(path, user.pw_uid, user.pw_gid)
        self.key.chmod(0o600)
        make = (str(POSTGRES / "initdb"), "-D", str(self._data), "-U", "postgres", "-A", "trust", "--no-sync")
        await self._run(*make, cwd=self.folder, **own)
        assert await self.child.wait() == 0
        (self._data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n")
        setting = {"listen_addresses": "127.0.0.1", "port": str(self.port), "ssl": "on", "fsync": "off"}
        setting |= {"ssl_cert_file": str(self.trusted), "ssl_key_file": str(self.key), "unix_socket_directories": ""}
        words = [word for name, value in setting.items() for word in ("-c", f"{name}={value}")]
        await self._run(str(POSTGRES / "postgres"), "-D", str(self._data), *words, cwd=self._data, **own)
        await eventually(self._lets_in, "PostgreSQL lets somebody in", _STARTS_S)

    async def _lets_in(self) -> bool:
        """Return whether it is up: it listens for a moment before."""
        try:
            conn = await asyncpg.connect(f"postgresql://postgres@localhost:{self.port}/postgres?sslmode=require")
        except (OSError, asyncpg.PostgresError):
            return False
        await conn.close()
        return True
