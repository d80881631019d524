"""A command imports what it needs, when it is asked for: on a slow machine all of it takes seconds."""

from __future__ import annotations

import importlib
import subprocess
import sys

import click
import pytest

from broadcaster.cli import COMMANDS, main

_LOADED = """
import sys
from broadcaster.cli import main
main({args!r}, standalone_mode=False)
print(" ".join(sys.modules), file=sys.stderr)
"""
STORE = {"sqlalchemy", "alembic"}
GEOMETRY = {"numpy", "shapely", "rtree", "pyproj"}
SERVICE = {"broadcaster.app", "broadcaster.http", "broadcaster.web", "redis", "babel", "aiohttp_jinja2"}


def loaded(*args):
    """The modules that a command has imported when it is done."""
    ended = subprocess.run(
        [sys.executable, "-c", _LOADED.format(args=list(args))], capture_output=True, text=True, check=True
    )
    return set(ended.stderr.splitlines()[-1].split())


def test_the_version_needs_none_of_the_service():
    found = loaded("--version")
    assert {each for each in found if each.startswith("broadcaster")} <= {
        "broadcaster", "broadcaster.cli", "broadcaster.commands", "broadcaster.commands.failing",
        "broadcaster.commands.stops", "broadcaster.commands.wording",
        "broadcaster.commands.exits",
    }  # fmt: skip
    assert found.isdisjoint({"asyncio", "pydantic", "aiohttp", "rich", "structlog"} | STORE | GEOMETRY)


@pytest.mark.parametrize("command", ["alert", "send"])
def test_a_command_that_asks_the_service_imports_neither_the_service_nor_a_database(command):
    assert loaded(command, "--help").isdisjoint(STORE | GEOMETRY | SERVICE)


def test_a_key_is_made_without_maps_and_pages():
    assert loaded("key", "--help").isdisjoint(GEOMETRY | SERVICE)


def test_every_command_is_where_the_table_says():
    for name, where in COMMANDS.items():
        module, _, attribute = where.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        assert isinstance(found, click.Command)
        assert found.name == name
    assert set(main.list_commands(None)) == set(COMMANDS)
