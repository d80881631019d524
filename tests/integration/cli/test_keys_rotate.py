"""``tocsin keys new`` and ``keys rotate``: the files of the secret, and what is opened with them."""

from __future__ import annotations

from typing import Any


def test_the_secret_is_changed_twice_and_those_of_before_are_kept_for_older_backups(seeded: Any):
    path, old = seeded.data / "secret.key", seeded.data / "secret.key.old"
    seeded("operator", "invite", "Rose Martin", "--mail", "rose@town.example", "--admin")
    first, before = path.read_text().strip(), seeded("operator", "list").stdout
    assert "rose@town.example" in before
    told = seeded("keys", "rotate")
    assert (told.exit_code, "one secret only" in told.output) == (2, True), told.output
    left = []
    for _ in range(2):
        left = [path.read_text().strip(), *left]
        assert seeded("keys", "new").exit_code == 0
        told = seeded("keys", "new")
        assert (told.exit_code, "two secrets already" in told.output) == (2, True), told.output
        assert seeded("operator", "list").stdout == before, "either secret opens"
        told = seeded("keys", "rotate", LANG="fr_FR.UTF-8")
        assert (told.exit_code, "valeurs sont chiffrées" in told.output) == (0, True), told.output
        assert old.read_text().split() == left
        assert path.read_text().strip() not in left
        assert old.stat().st_mode & 0o077 == path.stat().st_mode & 0o077 == 0
        assert seeded("operator", "list").stdout == before, "the new secret alone opens all"
    assert left[-1] == first
