"""The visit list in the terminal."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from click.testing import CliRunner

from broadcaster.commands import alerts


def visit(name: str) -> dict[str, Any]:
    whom = {"name": name, "number": "", "phones": [], "first": False}
    return whom | {"told_at": None, "reasons": [], "visited": None}


@pytest.mark.parametrize("listed", [2, 5003])
def test_a_list_that_leaves_people_out_says_how_many(listed: int, monkeypatch: pytest.MonkeyPatch):
    streets = [{"name": "", "place": "||", "listed": listed, "people": [visit("Anne"), visit("Bob")]}]
    monkeypatch.setattr(alerts, "asked", lambda _work: (streets, None))
    ended = CliRunner().invoke(alerts.alert, ["visits", "12", "--csv"], env={"LANG": "C", "LC_ALL": "C"})
    assert [row[2] for row in csv.reader(io.StringIO(ended.stdout))][1:] == ["Anne", "Bob"]
    assert ("5,001 of them are not in here" in ended.stderr, bool(ended.stderr)) == (listed > 2, listed > 2)
