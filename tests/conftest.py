"""Servers that take a moment to start are started once a session, and only if a test asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.servers.postgres import Postgres
from tests.servers.postgres import postgres as running_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("tocsin", deadline=None)  # a busy machine is slow, and no test asserts a bare time
settings.load_profile("tocsin")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server
