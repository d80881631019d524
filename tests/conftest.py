"""Servers that take a moment to start are started once a session, and only if a test asks for them."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import settings

from broadcaster import collector
from tests.servers.compiled import compile_once
from tests.servers.postgres import Postgres
from tests.servers.postgres import postgres as running_postgres
from tests.servers.shaped import postgres_data
from tests.sharing import Sharing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.remote import Producer

settings.register_profile("tocsin", deadline=None)  # a busy machine is slow, and no test asserts a bare time
settings.load_profile("tocsin")


_MEMORY = Path("/dev/shm")
_ROOM = 3 * 2**30


_LINES = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)


def _plain_logs() -> None:
    """Log as from the start, with plain tracebacks: those with all locals take seconds each."""
    structlog.reset_defaults()
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _LINES])


def pytest_configure() -> None:
    _plain_logs()
    os.environ.setdefault("TOCSIN_TILES_URL", "off")  # no process that a test starts fetches a map of the world outside
    # Databases write each commit to the disk. No test pulls that plug, so where there is room the disk is memory.
    if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)
    compile_once()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with tests that have a timeout of their own: they may take longest, and none should be left at the end."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing | None:
    return Sharing(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """Look for garbage as the service does: with Python's defaults a seventh of the tests' time goes into it."""
    with collector.at_rest():
        found = yield
    collector.spare()
    return found


@pytest.fixture(autouse=True)
def _logs_as_at_the_start() -> Iterator[None]:
    """A command that ran within this process may have raised the level, which would hide logs from later tests."""
    yield
    _plain_logs()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    with running_postgres(copy_of=postgres_data()) as server:
        yield server


@pytest.fixture
def postgres(postgres_server: Postgres) -> Iterator[Postgres]:
    with postgres_server.lent():
        yield postgres_server
