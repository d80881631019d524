"""The command line, against a data folder of its own."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import shutil
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from broadcaster import config
from broadcaster.app import serving
from broadcaster.cli import main
from tests.servers.forked import ran
from tests.servers.made_once import folder_once
from tests.servers.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@dataclass
class Ended:
    """How a command ended that ran as a process of its own."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Tocsin:
    """Runs ``tocsin`` with its own settings: in this process, or as one of its own."""

    env: dict[str, str]
    data: Path
    root: Path

    def __call__(self, *args: str, given: str | None = None, **env: str) -> Result:
        result = CliRunner(env={**self.env, **env}).invoke(main, args, input=given)
        # What a command can't name ends in a traceback: that is a defect, whatever a test expects.
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    async def beside(self, *args: str, **env: str) -> Ended:
        """Run in a thread, beside a service on this test's own loop; nobody is there to answer a question."""
        result = await asyncio.to_thread(self, *args, given="", **env)
        return Ended(result.exit_code, result.stdout, result.stderr)

    async def begun(self, *args: str, **env: str) -> asyncio.subprocess.Process:
        """Start it as a process of its own."""
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from broadcaster.cli import main; main()", *args,
            env={**os.environ, **self.env, "PYTHONPATH": str(self.root), **env},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            # As in a terminal: what a shell starts in the background is deaf to SIGINT, and so are its children.
            preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip

    async def process(self, *args: str, **env: str) -> Ended:
        """Run as a process of its own, forked from one that has imported it."""
        return Ended(*await ran(*args, env={**os.environ, **self.env, **env}))


@pytest.fixture
def tocsin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> Tocsin:
    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        monkeypatch.delenv(name)
    data = tmp_path / "data"
    env = {"TOCSIN_DATA_DIR": str(data), "TOCSIN_PORT": str(free_port())}
    env |= {"TOCSIN_GEOCODER_URL": "off", "TOCSIN_TILES_URL": "off"}
    return Tocsin(env, data, pytestconfig.rootpath)


@pytest.fixture(scope="session")
def template() -> Path:
    """A data folder with L'Aigle and 300 residents, made by the commands themselves, once."""
    return folder_once("seeded", _seed) / "data"


def _seed(folder: Path) -> None:
    for args in (("migrate",), ("seed", "--residents", "300")):
        result = CliRunner(env={"TOCSIN_DATA_DIR": str(folder / "data")}).invoke(main, args)
        assert result.exit_code == 0, result.output


@pytest.fixture
def seeded(tocsin: Tocsin, template: Path) -> Tocsin:
    """With a copy of ``template``."""
    shutil.copytree(template, tocsin.data)
    return tocsin


@pytest.fixture
async def running(seeded: Tocsin) -> AsyncIterator[str]:
    """A service over the seeded database, and its address."""
    with capture_logs():  # they would stand in what the commands beside it print
        async with serving(config.load({**seeded.env, "TOCSIN_PORT": "0"})) as service:
            yield service.url
