"""The statements of a bulk import are good SQL on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.dialects.postgresql.asyncpg import dialect as postgresql

from broadcaster.store.register import intake

if TYPE_CHECKING:
    from sqlalchemy import Insert, Update

STATEMENTS = [
    intake._ADD_SUBSCRIBER,
    intake._FOLLOW,
    intake._ADD_CONTACT,
    intake._LINK,
    intake._ADD_PLACE,
    intake._JOIN,
    intake._TOUCH,
    intake._RENAME,
    intake._MARK,
]


@pytest.mark.parametrize("statement", STATEMENTS, ids=[f"{n}" for n in range(len(STATEMENTS))])
def test_each_parameter_is_one_that_a_row_gives(statement: Insert | Update):
    sql, names, constants = intake._driven(statement)
    assert sql.count("?") == len(names)
    assert all(name.startswith("a_") or name in constants for name in names)
    assert set(statement.compile(dialect=postgresql()).params) == set(names)
