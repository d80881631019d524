"""What holds of all the code: who imports what, who reads the environment, and that importing opens nothing."""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from broadcaster.domain.alerts import Severity, Status, rank_of
from broadcaster.domain.people import ChannelName
from broadcaster.pipeline.topics import queue_of, resolve_queue
from broadcaster.workers import working
from tests.contract.service import service

ROOT = Path(__file__).parents[2]
PACKAGES = ("broadcaster", "channels", "schedules", "zones")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in SOURCES
    if "migrations" not in path.parts
]


@cache
def imports(path: Path) -> set[str]:
    """Every module that a file names in an import, wherever in it that stands; names taken from a module too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.update({node.module, *(f"{node.module}.{each.name}" for each in node.names)})
    return found


def where(package: str) -> set[str]:
    """The files that import ``package`` or anything in it."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if any(name == package or name.startswith(f"{package}.") for name in imports(path))
    }


@pytest.mark.parametrize(
    ("package", "homes"),
    [
        ("sqlalchemy", ("broadcaster/store/",)),
        ("alembic", ("broadcaster/store/",)),
        ("aiohttp.web", ("broadcaster/http/", "broadcaster/web/", "broadcaster/server/", "broadcaster/app.py")),
        ("aiohttp_jinja2", ("broadcaster/web/", "broadcaster/server/")),
        ("redis", ("broadcaster/bus/",)),
        ("shapely", ("zones/",)),
        ("rtree", ("zones/",)),
        ("pyproj", ("zones/",)),
        ("apscheduler", ("schedules/",)),
        ("weasyprint", ("broadcaster/web/",)),
        ("aiosmtplib", ("channels/",)),
        ("twilio", ("channels/",)),
        ("pyreqwest", ("channels/",)),
        ("py_vapid", ("channels/",)),
        ("cryptography", ("channels/", "broadcaster/store/engine/sealing.py", "broadcaster/synthetic.py")),
    ],
)
def test_a_library_stays_where_it_belongs(package, homes):
    found = where(package)
    assert found, "a guard of what is nowhere guards nothing"
    assert {path for path in found if not path.startswith(homes)} == set()


def test_only_the_settings_and_the_command_line_read_the_environment():
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if any(word in path.read_text() for word in ("os.environ", "os.getenv", "environb"))
    }
    assert readers == {f"broadcaster/{each}.py" for each in ("config/loading", "commands/reached", "commands/wording")}


_OPENED = """
import asyncio, importlib, os, socket, sqlite3, subprocess, sys, threading
opened = []
def refuse(event, args):
    if event == "socket.bind" and args[1] == ("::1", 0):
        return  # urllib3, which twilio brings along, tries whether there is IPv6, and lets go
    if event in {"socket.connect", "socket.bind", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen"}:
        opened.append((event, repr(args[1:])[:100]))
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        opened.append((event, repr(args)[:100]))
    if event in {"os.mkdir", "os.remove", "os.rename", "os.fork"}:
        opened.append((event, repr(args)[:100]))
sys.dont_write_bytecode = True
sys.addaudithook(refuse)
before = threading.active_count()
for name in sys.argv[1:]:
    importlib.import_module(name)
assert threading.active_count() == before, threading.enumerate()
print(opened)
"""


def test_importing_every_module_opens_nothing(tmp_path):
    command = [sys.executable, "-c", _OPENED, *MODULES]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/nowhere", "HOME": str(tmp_path)}
    said = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=100
    )  # fmt: skip
    assert said.returncode == 0, said.stderr[-2000:]
    assert said.stdout.strip() == "[]"
    assert list(tmp_path.iterdir()) == []


async def test_every_queue_that_work_is_put_on_has_someone_who_takes_from_it(tmp_path):
    taken = {}
    async with service(tmp_path) as services:
        take = services.bus.take

        async def watched(queue, most):
            taken[queue] = max(most, taken.get(queue, most))
            return await take(queue, most)

        services.bus.take = watched
        async with working(services), services.store.read() as unit:
            assert unit is not None
    ranks = {rank_of(severity, status) for severity, status in itertools.product(Severity, Status)}
    put = {(queue_of(channel, rank), rank) for channel in ChannelName for rank in ranks}
    put |= {(resolve_queue(rank), rank) for rank in ranks}
    assert {queue for queue, _ in put} == set(taken)
    assert all(rank <= taken[queue] for queue, rank in put), "whatever its rank"


def test_no_file_names_a_folder_of_this_machine():
    for path in [*SOURCES, *ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "pyproject.toml", ROOT / "Makefile"]:
        assert "/work/" not in path.read_text(), path
