"""``tocsin`` as processes of their own, forked from one that has served once: no start imports or compiles anything.

A real process in all else: its own pid to kill, its environment, its descriptors, its exit code. It dies with us.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import gc
import json
import os
import random
import resource
import select
import signal
import socket
import sys
import tempfile
import threading
from collections import deque
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_LARGEST = 1 << 20
_PARENT_DIES = 1  # PR_SET_PDEATHSIG


class Forked:
    """What ``asyncio.subprocess.Process`` is for a process that we started, as far as tests need it."""

    stdout: asyncio.StreamReader

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    def ended(self, code: int) -> None:
        self.returncode = code
        self._ended.set()

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class _Forge:
    """Our end of the process that forks, one for all event loops: a thread tells each loop of its own children."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = ("import sys; from tests.servers.forked import forge; forge(int(sys.argv[1]))", str(theirs.fileno()))
        os.posix_spawn(
            sys.executable,
            [sys.executable, "-c", *command],
            {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), theirs.fileno())],
        )
        theirs.close()
        self._starting: deque[tuple[asyncio.AbstractEventLoop, asyncio.Future[Forked]]] = deque()
        threading.Thread(target=self._hear, daemon=True).start()

    async def start(
        self, args: tuple[str, ...], env: dict[str, str], errors: int, out: int | None, files: int | None
    ) -> Forked:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        if out is None:
            ours, into = os.pipe()
            await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours, "rb"))
        else:
            into = os.dup(out)
            reader.feed_eof()
        began: asyncio.Future[Forked] = loop.create_future()
        self._starting.append((loop, began))
        asked = json.dumps({"args": args, "env": env, "files": files}).encode()
        socket.send_fds(self._ours, [asked], [into, errors])
        os.close(into)
        child = await began
        child.stdout = reader
        return child

    def _hear(self) -> None:
        children: dict[int, tuple[asyncio.AbstractEventLoop, Forked]] = {}
        while heard := self._ours.recv(_LARGEST):
            told = json.loads(heard)
            if "began" in told:
                loop, began = self._starting.popleft()
                child = Forked(told["began"])
                children[child.pid] = loop, child
                _tell(loop, began.set_result, child)
            else:
                loop, child = children.pop(told["ended"])
                _tell(loop, child.ended, told["code"])


def _tell(loop: asyncio.AbstractEventLoop, say: Callable[[Any], None], what: Any) -> None:
    with contextlib.suppress(RuntimeError):  # its loop is closed: nobody waits for it
        loop.call_soon_threadsafe(say, what)


@cache
def _forge() -> _Forge:
    return _Forge()


async def started(
    *args: str, env: dict[str, str], errors: int, out: int | None = None, files: int | None = None
) -> Forked:
    """Start ``tocsin`` with these words and this environment alone.

    ``errors``: descriptor of its stderr; ``out``: of its stdout, where that is not read by us.
    """
    return await _forge().start(args, env, errors, out, files)


async def ran(*args: str, env: dict[str, str]) -> tuple[int, str, str]:
    """Run it to its end; return its exit code, and what it said on stdout and stderr."""
    with tempfile.TemporaryFile() as errors:
        child = await started(*args, env=env, errors=errors.fileno())
        said, code = await child.stdout.read(), await child.wait()
        errors.seek(0)
        return code, said.decode(), errors.read().decode()


def forge(descriptor: int) -> None:
    """Import the service, then fork whatever is asked for, until nobody asks any more."""
    import ctypes  # noqa: PLC0415

    import broadcaster.app  # noqa: PLC0415
    import broadcaster.commands.serving  # noqa: F401, PLC0415
    from broadcaster import ids  # noqa: PLC0415
    from broadcaster.cli import main  # noqa: PLC0415
    from tests.servers.compiled import compile_once  # noqa: PLC0415

    compile_once()
    asyncio.run(_serve_once())
    prctl = ctypes.CDLL(None).prctl
    prctl(_PARENT_DIES, signal.SIGKILL)
    wire = socket.socket(fileno=descriptor)
    died, dying = os.pipe()
    os.set_blocking(dying, False)
    signal.set_wakeup_fd(dying)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.collect()
    gc.freeze()  # no child looks through what it shares with us
    while True:
        ready, _, _ = select.select([wire, died], [], [])
        if died in ready:
            os.read(died, 1000)
            with contextlib.suppress(ChildProcessError):
                while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                    code = os.waitstatus_to_exitcode(ended[1])
                    wire.send(json.dumps({"ended": ended[0], "code": code}).encode())
        if wire in ready:
            asked, descriptors, _, _ = socket.recv_fds(wire, _LARGEST, 2)
            if not asked:
                return
            pid = os.fork()
            if pid == 0:
                prctl(_PARENT_DIES, signal.SIGKILL)
                random.seed()
                ids._sequence = ids._Sequence()
                _become(main, json.loads(asked), descriptors)
            for each in descriptors:
                os.close(each)
            wire.send(json.dumps({"began": pid}).encode())


async def _serve_once() -> None:
    """Serve nobody for a moment: what a process makes once (compiled SQL, templates, words) every child has then."""
    from broadcaster.app import open_store, serving  # noqa: PLC0415
    from broadcaster.config import Settings  # noqa: PLC0415
    from tests.servers.shaped import shape  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="tocsin-once-") as folder:
        settings = Settings(host="127.0.0.1", port=0, data_dir=Path(folder), tiles_url="off", geocoder_url="off")
        store = open_store(settings)
        try:
            await shape(store, settings.store_url)
        finally:
            await store.close()
        async with serving(settings):
            await asyncio.sleep(0)


def _become(main: Any, asked: dict[str, Any], descriptors: list[int] | array.array[int]) -> None:
    """Be ``tocsin`` in this forked process; does not return."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts deaf to it what it starts beside
        out, errors = descriptors
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(errors, 2)
        os.closerange(3, 256)
        os.environ.clear()
        os.environ.update(asked["env"])
        if asked["files"] is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (asked["files"], asked["files"]))
        sys.argv = ["tocsin", *asked["args"]]
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  its trace belongs into its log
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
