"""A version to come: this code and one migration more, which only adds, and fills what it added."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from broadcaster.store.operations import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER = "9990"
_MIGRATION = f"""
import sqlalchemy as sa
from alembic import op

revision = "{NUMBER}"
down_revision = "%s"


def upgrade():
    for table in ("alerts", "batches", "contacts", "recipients", "subscribers"):
        op.add_column(table, sa.Column("next_version", sa.Text()))
    op.add_column("deliveries", sa.Column("next_version", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table("next_version", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("UPDATE subscribers SET next_version = 'filled'")
"""


@contextmanager
def next_version() -> Iterator[None]:
    """Within the block, the code is the next version's as to migrations; its tables stay today's."""
    config, before = migrate._config, migrate.newest()

    def longer():
        made = config()
        made.set_main_option("path_separator", "newline")
        made.set_main_option("version_locations", f"{migrate._HERE / 'versions'}\n{folder}")
        return made

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        (Path(folder) / f"{NUMBER}_next_version.py").write_text(_MIGRATION % before)
        patch.setattr(migrate, "_config", longer)
        migrate.known.cache_clear()
        try:
            yield
        finally:
            migrate.known.cache_clear()
