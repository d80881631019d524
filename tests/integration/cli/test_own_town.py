"""A town of one's own, from an empty folder to its first administrator; and the way out of it."""

from __future__ import annotations

import json
import stat
from typing import Any


def test_a_real_town_is_made_empty_with_a_link_for_its_first_administrator(tocsin: Any):
    made = tocsin("init", "--insee", "61214", LC_ALL="fr_FR.UTF-8")
    assert made.exit_code == 0, made.output
    for said in ("L'Aigle (INSEE 61214)", "la station est prête", "/console/welcome#", "TOCSIN_PUBLIC_URL", "ssh -L"):
        assert said in made.stdout
    assert "[warning" not in made.stderr, "what is away stands in the findings"
    assert "interrogés en même temps, 9 s au plus\u202f: base, bus" in made.stderr
    shown = json.loads(tocsin("station", "show", "laigle", "--json").stdout)
    assert (shown["followers"], shown["languages"], shown["kind"]) == (0, ["fr", "en"], "authority")
    settings = tocsin.data / "tocsin.env"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    pushes = [each for each in json.loads(tocsin("doctor", "--json").stdout) if each["subject"] == "push"]
    assert pushes
    assert not [each for each in pushes if "TOCSIN_VAPID" in each["hint"]], "it is not sandboxed: the file has its key"
    # The link is lost: another comes, and the identity of pushes stays.
    before = settings.read_text()
    assert "# TOCSIN_TWILIO_VOICE_FROM=" in before
    assert "/console/welcome#" in tocsin("init", "--insee", "61214").stdout
    assert settings.read_text() == before
    assert len(json.loads(tocsin("station", "list", "--json").stdout)) == 1


def test_a_town_is_not_made_beside_the_demonstration(seeded: Any):
    told = {"61214": "L'Aigle is there already", "35238": "there are stations already: L'Aigle"}
    for insee, said in told.items():
        refused = seeded("init", "--insee", insee)
        assert refused.exit_code == 2
        assert said in refused.stderr
        assert "TOCSIN_DATA_DIR" in refused.stderr
    assert not (seeded.data / "tocsin.env").exists()


def test_the_demonstration_is_seeded_only_into_a_new_folder(tocsin: Any):
    first = tocsin("migrate", "--demo")
    assert "seeded L'Aigle" in first.stdout
    tocsin("station", "remove", "laigle", "--yes")
    assert "seeded" not in tocsin("migrate", "--demo").stdout
    assert json.loads(tocsin("station", "list", "--json").stdout) == []


def test_settings_come_from_the_file_and_the_environment_goes_first(tocsin: Any):
    tocsin("migrate")
    file = tocsin.data / "tocsin.env"
    file.write_text("# mail\nTOCSIN_LOG_LEVEL='loud'\n\nTOCSIN_CURRENCY=EUR\n")
    assert "TOCSIN_LOG_LEVEL: This is not known here" in tocsin("station", "list").stderr
    assert tocsin("station", "list", TOCSIN_LOG_LEVEL="info").exit_code == 0
    file.write_text("LOG_LEVEL=info\nnothing\n")
    wrong = tocsin("station", "list").stderr
    assert "tocsin.env:1: This is not a line such as TOCSIN_PORT=8080" in wrong
    assert "tocsin.env:2" in wrong


def test_a_removal_says_what_goes_asks_for_the_name_and_deletes_all_of_it(seeded: Any):
    seeded("station", "add", "--insee", "61001")
    seeded("key", "add", "--station", "laigle", "--role", "read", "--label", "x")
    refused = seeded("station", "remove", "laigle", given="no\n")
    assert refused.exit_code == 6
    for said in ("300 people who follow no other station", "3 groups", "1 API key", "0 alerts"):
        assert said in refused.stdout
    assert json.loads(seeded("station", "show", "laigle", "--json").stdout)["followers"] == 300
    removed = seeded("station", "remove", "laigle", given="laigle\n")
    assert removed.exit_code == 0, removed.output
    assert [each["slug"] for each in json.loads(seeded("station", "list", "--json").stdout)] == ["alencon"]
