"""Servers that take a moment to start are started once a session, and only if a test asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers.postgres import Postgres
from tests.servers.postgres import postgres as running_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server
