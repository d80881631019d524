"""The rivals and the sinks: other people's programs, found on this machine or installed from the registries.

Nothing is installed but by ``provide``, which ``make bench`` calls; a row whose peer is missing says so.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_PACKAGES = {"nginx": "nginx-light", "smtp-sink": "postfix", "redis-server": "redis-server"}
_PG = Path("/usr/lib/postgresql")
NODE = Path(__file__).parent / "rivals"
_PATHS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/postfix/sbin"))
_UP_S = 30.0


def found(name: str) -> str | None:
    """Return where a program is."""
    return shutil.which(name, path=_PATHS)


def postgres_with_postgis() -> Path | None:
    """Return the folder of a PostgreSQL that has PostGIS."""
    for folder in sorted(_PG.glob("*/bin"), reverse=True):
        if Path(f"/usr/share/postgresql/{folder.parent.name}/extension/postgis.control").exists():
            return folder
    return None


def web_push() -> Path | None:
    """Return the folder in which npm's web-push is installed."""
    return NODE if (NODE / "node_modules" / "web-push").exists() else None


def provide() -> None:
    """Install what is missing, where that is possible; say what is not."""
    missing = [package for program, package in _PACKAGES.items() if found(program) is None]
    if postgres_with_postgis() is None:
        missing += ["postgresql", "postgis", "postgresql-15-postgis-3"] if _debian(12) else ["postgresql", "postgis"]
    if missing and os.geteuid() == 0 and found("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        _quietly("apt-get", "update", "-qq", env=environment)
        # No service is started by installing it: ours are started by hand, on ports of their own.
        with _no_services():
            _quietly("apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing, env=environment)
    if web_push() is None and found("npm"):
        _quietly("npm", "ci", "--silent", cwd=NODE)
    for what, there in (
        *((name, found(name)) for name in _PACKAGES),
        ("PostGIS", postgres_with_postgis()),
        ("npm web-push", web_push()),
    ):
        if there is None:
            sys.stderr.write(f"{what} is not here and could not be installed: its rows are not run\n")


def _quietly(*command: str, check: bool = False, **options: Any) -> None:
    subprocess.run(command, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def _debian(version: int) -> bool:
    try:
        return f'VERSION_ID="{version}"' in Path("/etc/os-release").read_text()
    except OSError:
        return False


@contextmanager
def _no_services() -> Iterator[None]:
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


async def listening(port: int, process: asyncio.subprocess.Process) -> None:
    """Wait until a port takes connections."""
    async with asyncio.timeout(_UP_S):
        while True:
            if process.returncode is not None:
                message = f"the server on port {port} ended with {process.returncode}"
                raise RuntimeError(message)
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return


@asynccontextmanager
async def started(*command: str, port: int, **options: Any) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a server of someone else's on a port of this machine; ended with the block."""
    quiet = {"stdout": asyncio.subprocess.DEVNULL, "stderr": asyncio.subprocess.DEVNULL}
    process = await asyncio.create_subprocess_exec(*command, **{**quiet, **options})
    try:
        await listening(port, process)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


@asynccontextmanager
async def postgis() -> AsyncIterator[str]:
    """A fresh PostgreSQL with PostGIS; gives its address. It never runs as root."""
    folder = postgres_with_postgis()
    if folder is None:
        message = "there is no PostGIS"
        raise RuntimeError(message)
    as_other = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
    home = Path(tempfile.mkdtemp(prefix="tocsin-bench-pg-"))
    if as_other:
        shutil.chown(home, "postgres")
    data, port = home / "data", free_port()
    try:
        make = (*as_other, str(folder / "initdb"), "-D", str(data), "-U", "bench", "-A", "trust", "-E", "UTF8")
        await asyncio.to_thread(_quietly, *make, check=True)
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "1GB",
            "work_mem": "64MB",
            "maintenance_work_mem": "512MB",
            "jit": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        serve = (*as_other, str(folder / "postgres"), "-D", str(data), *options)
        async with started(*serve, port=port):
            yield f"postgresql://bench@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(home, ignore_errors=True)
