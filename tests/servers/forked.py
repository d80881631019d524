"""``tocsin`` as processes of their own, forked from one that has imported it: a start costs its work, not its imports.

A real process in all else: its own pid to kill, its environment, its descriptors, its exit code. It dies with us.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import os
import random
import resource
import select
import signal
import socket
import sys
from typing import Any

_LARGEST = 1 << 20
_PARENT_DIES = 1  # PR_SET_PDEATHSIG


class Forked:
    """What ``asyncio.subprocess.Process`` is for a process that we started, as far as tests need it."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stdout = stdout
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
    """Our end of the process that forks; one for each event loop."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = ("import sys; from tests.servers.forked import forge; forge(int(sys.argv[1]))", str(theirs.fileno()))
        self._pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-c", *command],
            {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), theirs.fileno())],
        )
        theirs.close()
        self._children: dict[int, Forked] = {}
        self._started: asyncio.Queue[int] = asyncio.Queue()
        self._one_at_a_time = asyncio.Lock()
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(self._ours, self._hear)

    async def start(self, args: tuple[str, ...], env: dict[str, str], errors: int, files: int | None) -> Forked:
        out, into = os.pipe()
        reader = asyncio.StreamReader()
        await self.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(out, "rb"))
        asked = json.dumps({"args": args, "env": env, "files": files}).encode()
        async with self._one_at_a_time:
            socket.send_fds(self._ours, [asked], [into, errors])
            os.close(into)
            pid = await self._started.get()
        child = self._children[pid]
        child.stdout = reader
        return child

    def _hear(self) -> None:
        told = json.loads(self._ours.recv(_LARGEST) or b"{}")
        if "began" in told:
            self._children[told["began"]] = Forked(told["began"], asyncio.StreamReader())
            self._started.put_nowait(told["began"])
        elif "ended" in told:
            self._children.pop(told["ended"]).ended(told["code"])

    def close(self) -> None:
        self._ours.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


_forges: list[_Forge] = []


async def started(*args: str, env: dict[str, str], errors: int, files: int | None = None) -> Forked:
    """Start ``tocsin`` with these words and this environment alone; ``errors``: descriptor of its stderr."""
    loop = asyncio.get_running_loop()
    for old in [each for each in _forges if each.loop is not loop]:
        _forges.remove(old)
        old.close()
    if not _forges:
        _forges.append(_Forge())
    return await _forges[0].start(args, env, errors, files)


def forge(descriptor: int) -> None:
    """Import the service, then fork whatever is asked for, until nobody asks any more."""
    import ctypes  # noqa: PLC0415

    import broadcaster.app  # noqa: PLC0415
    import broadcaster.commands.serving  # noqa: F401, PLC0415
    from broadcaster import ids  # noqa: PLC0415
    from broadcaster.cli import main  # noqa: PLC0415

    prctl = ctypes.CDLL(None).prctl
    prctl(_PARENT_DIES, signal.SIGKILL)
    wire = socket.socket(fileno=descriptor)
    died, dying = os.pipe()
    os.set_blocking(dying, False)
    signal.set_wakeup_fd(dying)
    signal.signal(signal.SIGCHLD, lambda *_: None)
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


def _become(main: Any, asked: dict[str, Any], descriptors: list[int] | array.array[int]) -> None:
    """Be ``tocsin`` in this forked process; does not return."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
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
