"""The table of settings in docs/operating.md is the settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from broadcaster.config import PREFIX, Settings
from broadcaster.config.loading import _ELSEWHERE

OPERATING = Path(__file__).parents[3] / "docs/operating.md"
ROW = re.compile(r"^\| `(TOCSIN_[A-Z0-9_]+)` \| (.*?) \| (.*) \|$", re.MULTILINE)
TABLE = {name: (default.strip().strip("`"), said) for name, default, said in ROW.findall(OPERATING.read_text())}
NAMES = {PREFIX + name.upper(): field for name, field in Settings.model_fields.items()}


def test_every_setting_is_in_the_table_in_the_same_order_and_nothing_else_is():
    assert list(TABLE) == list(NAMES)


def test_a_setting_is_described_in_the_same_words():
    assert {name: row[1].strip() for name, row in TABLE.items()} == {
        name: field.description for name, field in NAMES.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_default_in_the_table_is_the_one_that_holds(name):
    said, default = TABLE[name][0], NAMES[name].default
    if default in (None, "", ()):
        assert said == ""
    elif isinstance(default, tuple):
        assert said == ",".join(default)
    elif isinstance(default, (int, float)) and not isinstance(default, bool):
        assert float(said.replace(",", "")) == default
    else:
        assert said.lower() == str(default).lower()


def test_every_name_that_the_page_mentions_is_one_that_is_read():
    known = set(NAMES) | {f"{name}_FILE" for name in NAMES} | set(_ELSEWHERE)
    assert set(re.findall(r"TOCSIN_[A-Z0-9_]*[A-Z0-9]", OPERATING.read_text())) <= known
