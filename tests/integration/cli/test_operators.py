"""``tocsin operator``: who may act in the console."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

import pytest


def operators(tocsin: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(tocsin("operator", "list", "--json").stdout)
    return found


def test_operators_are_invited_given_roles_disabled_and_recovered(seeded: Any):
    made = seeded("operator", "invite", "Rose Martin", "--admin")
    assert re.fullmatch(r"http://localhost:\d+/console/welcome#[\w-]{32}", made.stdout.strip())
    seeded("operator", "invite", "Paul Petit", "--station", "laigle", "--role", "viewer", "--mail", "paul@town.example")
    rose, paul = sorted(operators(seeded), key=lambda each: each["id"])
    assert (rose["admin"], rose["roles"], rose["state"]) == (True, {}, "invited")
    assert (paul["admin"], paul["roles"], paul["mail"]) == (False, {"laigle": "viewer"}, "paul@town.example")
    number = str(paul["id"])
    assert seeded("operator", "roles", number, "--station", "laigle", "--role", "owner").exit_code == 0
    assert seeded("operator", "roles", str(rose["id"]), "--no-admin").exit_code == 0
    assert seeded("key", "add", "--station", "laigle", "--role", "publish", "--label", "sirens").exit_code == 0
    with sqlite3.connect(seeded.data / "tocsin.db") as database:  # as if Paul had made it in the console
        database.execute("UPDATE api_keys SET made_by = ? WHERE id = (SELECT max(id) FROM api_keys)", (paul["id"],))
    disabled = seeded("operator", "disable", number)
    (key,) = re.findall(r"a key that this person made is still valid \((\d+)\): tocsin key revoke ID", disabled.stderr)
    assert (disabled.exit_code, seeded("key", "revoke", key).exit_code) == (0, 0)
    assert not seeded("operator", "disable", number).stderr
    rose, paul = sorted(operators(seeded), key=lambda each: each["id"])
    assert (rose["admin"], paul["roles"], paul["state"]) == (False, {"laigle": "owner"}, "disabled")
    seeded("operator", "disable", number, "--undo")
    assert "/console/welcome#" in seeded("operator", "recover", number).stdout
    assert "Paul Petit" in seeded("operator", "list").stdout
    assert "Paul" not in seeded("key", "list").stdout, "an operator has no key"
    assert seeded("key", "revoke", number).exit_code == 2


@pytest.mark.parametrize(
    "args",
    [
        ("invite", "Rose"),
        ("invite", "Rose", "--admin", "--station", "laigle"),
        ("invite", " ", "--admin"),
        ("invite", "Rose", "--station", "nowhere"),
        ("roles", "9999", "--admin"),
        ("roles", "1", "--station", "laigle"),
        ("recover", "9999"),
    ],
)
def test_what_is_wrong_is_a_sentence(seeded: Any, args: tuple[str, ...]):
    assert seeded("operator", *args).exit_code == 2


def test_two_operators_have_not_one_mail(seeded: Any):
    for status in (0, 2):
        told = seeded("operator", "invite", "Rose", "--admin", "--mail", "Rose@town.example")
        assert told.exit_code == status
