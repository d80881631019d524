"""Setting up a service from the command line: database, seed, keys, help."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def key_of(out: str) -> str:
    found = re.search(r"tk_\S+", out)
    assert found is not None
    return found[0]


def test_a_fresh_folder_is_migrated_and_seeded(tocsin: Any):
    assert "newest shape" in tocsin("migrate").stdout
    seeded = tocsin("seed", "--residents", "50")
    assert "50 synthetic residents" in seeded.stdout
    shown = json.loads(tocsin("station", "show", "laigle", "--json").stdout)
    assert (shown["insee"], shown["languages"], shown["followers"]) == ("61214", ["fr", "en"], 50)
    assert shown["boundary"]["type"] == "MultiPolygon"
    assert len(shown["groups"]) == 3


def test_a_second_start_finds_its_data_and_its_key_again(tocsin: Any):
    tocsin("migrate")
    first = tocsin("seed", "--residents", "20")
    tocsin("migrate")
    second = tocsin("seed", "--residents", "20")
    assert "nothing was seeded" in second.stdout
    assert "tk_" not in first.stdout + second.stdout
    assert json.loads(tocsin("station", "list", "--json").stdout)[0]["followers"] == 20


def test_an_operators_key_is_made_by_a_command_expires_and_is_rotated(seeded: Any):
    first, second = (seeded("key", "operator", "--days", "2").stdout.strip() for _ in range(2))
    assert first.startswith("tk_")
    assert first != second
    third = seeded("key", "operator", "--rotate")
    assert third.stdout.strip().startswith("tk_")
    kept = json.loads(seeded("key", "list", "--json").stdout)
    assert [each["revoked_at"] is None for each in kept] == [False, False, True]
    assert all(each["expires_at"] for each in kept)
    for file in seeded.data.iterdir():
        assert third.stdout.strip().encode() not in file.read_bytes()


def test_a_key_for_every_station_always_expires_and_others_only_on_request(seeded: Any):
    def add(*more: str) -> Any:
        assert seeded("key", "add", "--label", "x", *more).exit_code == 0
        return json.loads(seeded("key", "list", "--json").stdout)[-1]["expires_at"]

    assert add("--role", "admin") is not None
    assert add("--role", "read", "--station", "laigle") is None
    assert add("--role", "read", "--station", "laigle", "--days", "7") is not None


def test_a_database_that_is_not_migrated_stops_commands_and_they_say_what_to_do(tocsin: Any):
    result = tocsin("seed")
    assert result.exit_code == 2
    assert "run `tocsin migrate` first" in result.stderr


BEFORE_THE_FIRST = {
    "en": "The database is at migration 0074, and this version begins at 0075: bring it there with an older version",
    "fr": "La base en est à la migration 0074, et cette version commence à 0075\u202f: amenez-la d’abord à celle-ci",
}


@pytest.mark.parametrize("language", BEFORE_THE_FIRST)
@pytest.mark.parametrize(
    "command",
    ["serve", "migrate", "doctor", "seed", "backup b.zip", "init --insee 61214", "station list", "operator list"],
)
def test_a_database_from_before_the_first_migration_is_refused_and_stays_as_it_is(
    seeded: Any, tmp_path: Path, command: str, language: str
):
    with sqlite3.connect(seeded.data / "tocsin.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '0074'")
        before = list(database.iterdump())
    words = [str(tmp_path / word) if word == "b.zip" else word for word in command.split()]
    result = seeded(*words, LC_ALL=f"{language}_FR.UTF-8")
    assert BEFORE_THE_FIRST[language] in re.sub("[ \n]+", " ", result.output)
    assert result.exit_code == (1 if command == "doctor" else 2)
    with sqlite3.connect(seeded.data / "tocsin.db") as database:
        assert list(database.iterdump()) == before
    assert not (tmp_path / "b.zip").exists()


def test_wrong_settings_are_each_named(tocsin: Any):
    result = tocsin("migrate", TOCSIN_LOG_LEVEL="loud", TOCSIN_COLOUR="red")
    assert result.exit_code == 2
    assert "TOCSIN_LOG_LEVEL: This is not known here: write one of debug, info, warning, error." in result.stderr
    assert "TOCSIN_COLOUR: This is no setting" in result.stderr


def test_a_key_is_shown_once_and_ends_when_it_is_revoked(seeded: Any):
    key = seeded("key", "add", "--station", "laigle", "--role", "publish", "--label", "mairie").stdout.strip()
    assert key.startswith("tk_")
    listed = seeded("key", "list")
    assert "mairie" in listed.stdout
    assert key not in listed.stdout
    mine = next(each for each in json.loads(seeded("key", "list", "--json").stdout) if each["label"] == "mairie")
    assert (mine["role"], mine["station"]) == ("publish", "laigle")
    assert seeded("key", "revoke", str(mine["id"])).exit_code == 0
    assert seeded("key", "revoke", str(mine["id"])).exit_code == 2


def test_only_an_admins_key_is_good_for_every_station(seeded: Any):
    assert seeded("key", "add", "--role", "publish", "--label", "x").exit_code == 2
    assert seeded("key", "add", "--role", "admin", "--label", "x").exit_code == 0


def test_a_vapid_key_can_be_put_into_the_settings(seeded: Any):
    lines = dict(line.split("=", 1) for line in seeded("vapid").stdout.splitlines())
    lines["TOCSIN_VAPID_SUBJECT"] = "mailto:mairie@laigle.example"
    found = json.loads(seeded("doctor", "--json", **lines, TOCSIN_PUSH_ORIGINS="https://127.0.0.1:9").stdout)
    assert any(each["subject"] == "push" and "VAPID key" in each["what"] for each in found)


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("migrate",),
        ("seed",),
        ("serve",),
        ("send",),
        ("alert",),
        ("alert", "deliveries"),
        ("import", "subscribers"),
        ("station", "add"),
        ("key", "add"),
        ("doctor",),
        ("vapid",),
    ],
)
def test_every_command_explains_itself(tocsin: Any, args: tuple[str, ...]):
    result = tocsin(*args, "--help")
    assert result.exit_code == 0
    assert "\\b" not in result.stdout
    assert len(result.stdout) > 120
