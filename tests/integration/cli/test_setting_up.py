"""Setting up a service from the command line: database, seed, stations, keys, lists, doctor."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from broadcaster import config
from broadcaster.app import open_store
from broadcaster.store.people import suppression
from broadcaster.store.stations import stations
from tests.servers.ban import Ban, Known

if TYPE_CHECKING:
    from pathlib import Path

BOUNDARY = {
    "type": "Polygon",
    "coordinates": [[[0.60, 48.74], [0.66, 48.74], [0.66, 48.78], [0.60, 48.78], [0.60, 48.74]]],
}


def key_of(out: str) -> str:
    found = re.search(r"tk_\S+", out)
    assert found is not None
    return found[0]


def sea_of(tocsin: Any, slug: str) -> Any:
    with sqlite3.connect(tocsin.data / "tocsin.db") as database:
        return json.loads(database.execute("SELECT sea FROM stations WHERE slug = ?", (slug,)).fetchone()[0])


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
    (seeded.data / "operator.key").write_text("tk_of_an_earlier_version\n")
    assert "lies beside the secret" in seeded("doctor").output
    third = seeded("key", "operator", "--rotate")
    assert third.stdout.strip().startswith("tk_")
    assert not (seeded.data / "operator.key").exists()
    kept = json.loads(seeded("key", "list", "--json").stdout)
    assert [each["revoked_at"] is None for each in kept] == [False, False, True]
    assert all(each["expires_at"] for each in kept)
    for file in seeded.data.iterdir():
        assert third.stdout.strip().encode() not in file.read_bytes()


def test_a_key_for_every_station_always_expires_and_another_when_it_is_said(seeded: Any):
    def add(*more: str) -> Any:
        assert seeded("key", "add", "--label", "x", *more).exit_code == 0
        return json.loads(seeded("key", "list", "--json").stdout)[-1]["expires_at"]

    assert add("--role", "admin") is not None
    assert add("--role", "read", "--station", "laigle") is None
    assert add("--role", "read", "--station", "laigle", "--days", "7") is not None


def test_a_database_that_is_not_migrated_is_told_with_what_to_do(tocsin: Any):
    result = tocsin("seed")
    assert result.exit_code == 2
    assert "run `tocsin migrate` first" in result.stderr


def test_wrong_settings_are_each_named(tocsin: Any):
    result = tocsin("migrate", TOCSIN_LOG_LEVEL="loud", TOCSIN_COLOUR="red")
    assert result.exit_code == 2
    assert "TOCSIN_LOG_LEVEL: This is not known here: write one of debug, info, warning, error." in result.stderr
    assert "TOCSIN_COLOUR: This is no setting" in result.stderr


def test_a_commune_becomes_a_station_and_only_once(seeded: Any):
    added = seeded("station", "add", "--insee", "97411")
    assert added.exit_code == 0
    assert json.loads(seeded("station", "show", "saint-denis", "--json").stdout)["region"] == "RE"
    again = seeded("station", "add", "--insee", "97411")
    assert again.exit_code == 2
    assert "another --slug" in again.stderr


def test_a_stations_policies_are_changed_by_a_file_and_what_is_wrong_in_it_is_named(seeded: Any, tmp_path: Path):
    path = tmp_path / "policies.json"
    before = json.loads(seeded("station", "policies", "laigle").stdout)
    assert (before["own"], before["budgets"]["sms"]) == ([], {"alert": None, "month": None})
    steps = [{"channels": ["push"]}, {"channels": ["sms"], "after_s": 30, "until": "displayed"}]
    path.write_text(json.dumps({"policies": {"severe": {"steps": steps}}, "budgets": {"sms": {"month": 900}}}))
    after = json.loads(seeded("station", "policies", "laigle", str(path)).stdout)
    assert (after["own"], after["budgets"]["sms"]["month"]) == (["severe"], 900)
    assert [each["after_s"] for each in after["policies"]["severe"]["steps"]] == [0, 30]
    for wrong, said in (
        ({"policies": {"severe": {"steps": [*steps, {"channels": ["sms"]}]}}}, "Each channel stands in one step"),
        ({"policies": {"severe": {"steps": steps, "loud": True}}}, "loud"),
    ):
        path.write_text(json.dumps(wrong))
        refused = seeded("station", "policies", "laigle", str(path))
        assert refused.exit_code != 0
        assert said in refused.stderr
    assert json.loads(seeded("station", "policies", "laigle").stdout) == after
    path.write_text(json.dumps({"policies": {"severe": None}}))
    assert json.loads(seeded("station", "policies", "laigle", str(path)).stdout)["own"] == []


def test_a_signed_request_takes_somebody_off_the_list_of_those_to_be_left_out(seeded: Any):
    async def leave_out() -> None:
        store = open_store(config.load(seeded.env))
        async with store.write() as unit:
            station = await stations.by_slug(unit, "laigle")
            assert station is not None
            await suppression.add(
                unit, station.id, [suppression.mark_of_id(unit.vault, station.id, "R-7")], datetime.now(UTC)
            )
        await store.close()

    asyncio.run(leave_out())
    for who, on, said in (("R-8", "2020-01-05", "Nobody with this number"), ("R-7", "2999-01-01", "Write the day")):
        refused = seeded("station", "signed", "laigle", who, "--on", on, "--kept", "dossier 12")
        assert refused.exit_code != 0
        assert said in refused.stderr
    done = seeded("station", "signed", "laigle", "R-7", "--on", "2020-01-05", "--kept", "dossier 12")
    assert done.exit_code == 0, done.stderr
    assert "left_out_undone" in seeded("audit", "list", "--json").stdout


def test_a_postal_code_is_taken_for_what_it_is(seeded: Any):
    result = seeded("station", "add", "--insee", "61000")
    assert result.exit_code == 2
    assert "61001 (Alençon)" in result.stderr


def test_a_boundary_becomes_a_station(seeded: Any, tmp_path: Path):
    path = tmp_path / "campus.geojson"
    path.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": BOUNDARY}))
    args = ("--name", "Lycée Napoléon", "--kind", "school", "--languages", "fr,en", "--margin-m", "50")
    added = seeded("station", "add", "--boundary", str(path), *args)
    assert added.exit_code == 0, added.stderr
    shown = json.loads(seeded("station", "show", "lycee-napoleon", "--json").stdout)
    assert (shown["kind"], shown["margin_m"], shown["languages"]) == ("school", 50.0, ["fr", "en"])


def test_swapped_coordinates_are_asked_about_and_outlines_mended_only_when_told_to(seeded: Any, tmp_path: Path):
    path = tmp_path / "campus.geojson"
    ring = [[lat, lon] for lon, lat in BOUNDARY["coordinates"][0]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    add = ("station", "add", "--boundary", str(path), "--name", "Campus")
    asked = seeded(*add)
    assert asked.exit_code == 2
    assert "near Somalia" in asked.stderr
    assert "give --swap, or --no-swap" in asked.stderr
    assert seeded(*add, "--swap").exit_code == 0
    assert json.loads(seeded("station", "show", "campus", "--json").stdout)["lat"] > 48
    crossing = [[0.61, 48.75], [0.64, 48.77], [0.64, 48.75], [0.61, 48.77], [0.61, 48.75]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [crossing]}))
    add = ("station", "add", "--boundary", str(path), "--name", "Papillon")
    asked = seeded(*add)
    assert "(parts: 2): is that right?" in asked.stderr
    assert "--mend" in asked.stderr
    assert seeded(*add, "--mend").exit_code == 0


def test_a_person_at_the_terminal_is_asked_whether_to_swap(seeded: Any, tmp_path: Path, monkeypatch: Any):
    path = tmp_path / "campus.geojson"
    ring = [[lat, lon] for lon, lat in BOUNDARY["coordinates"][0]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    monkeypatch.setattr("broadcaster.commands.stations._may_ask", lambda: True)
    added = seeded("station", "add", "--boundary", str(path), "--name", "Campus", given="y\n")
    assert added.exit_code == 0, added.stderr
    assert "Latitude and longitude were swapped." in added.stderr


def test_a_margin_can_be_widened(seeded: Any):
    assert "it was 1000 m" in seeded("station", "margin", "laigle", "2500").stdout
    assert json.loads(seeded("station", "show", "laigle", "--json").stdout)["margin_m"] == 2500


def test_the_sea_is_found_for_stations_that_are_older_than_the_question(seeded: Any):
    added = seeded("station", "add", "--insee", "29239", "--margin-m", "0")
    assert added.exit_code == 0
    found = sea_of(seeded, "roscoff")
    assert found["coordinates"]
    with sqlite3.connect(seeded.data / "tocsin.db") as database:
        database.execute("UPDATE stations SET sea = NULL")
    assert seeded("migrate").exit_code == 0
    assert sea_of(seeded, "roscoff") == found


def test_only_a_commune_is_an_authority_without_being_said_so(seeded: Any, tmp_path: Path):
    path = tmp_path / "stade.geojson"
    path.write_text(json.dumps(BOUNDARY))
    assert seeded("station", "add", "--boundary", str(path), "--name", "Stade").exit_code == 0
    kinds = {each["slug"]: each["kind"] for each in json.loads(seeded("station", "list", "--json").stdout)}
    assert kinds == {"laigle": "authority", "stade": "association"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is no GeoJSON"),
        (json.dumps({"type": "Point", "coordinates": [0, 0]}), "boundary"),
        (json.dumps({**BOUNDARY, "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}), "boundary"),
    ],
)
def test_a_boundary_that_can_not_be_used_is_refused(seeded: Any, tmp_path: Path, content: str, told: str):
    path = tmp_path / "campus.geojson"
    path.write_text(content)
    result = seeded("station", "add", "--boundary", str(path), "--name", "Campus")
    assert result.exit_code == 2
    assert told in result.stderr


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


def test_an_unknown_station_is_told_with_those_there_are(seeded: Any):
    result = seeded("station", "show", "laigel")
    assert result.exit_code == 2
    assert "there are: laigle" in result.stderr


def test_a_vapid_key_can_be_put_into_the_settings(seeded: Any):
    lines = dict(line.split("=", 1) for line in seeded("vapid").stdout.splitlines())
    lines["TOCSIN_VAPID_SUBJECT"] = "mailto:mairie@laigle.example"
    found = json.loads(seeded("doctor", "--json", **lines, TOCSIN_PUSH_ORIGINS="https://127.0.0.1:9").stdout)
    assert any(each["subject"] == "push" and "VAPID key" in each["what"] for each in found)


def test_a_list_is_imported_and_its_bad_lines_are_written_down(seeded: Any, tmp_path: Path):
    path = tmp_path / "club.csv"
    path.write_bytes("Licence;Nom;Portable\n1;Zoé Orme;0639980001\n2;=Houx;123\n".encode("cp1252"))
    refused = seeded("import", "subscribers", str(path), "--station", "laigle")
    assert refused.exit_code == 2
    assert "refused: 1 of 2 lines, so nothing was changed" in refused.stderr
    errors = (tmp_path / "club.csv.errors.csv").read_text(encoding="utf-8-sig").splitlines()
    assert errors == [
        "line,external_id,field,reason",
        "3,2,Portable,This number is too short: a service number can't be reached.",
    ]
    assert json.loads(seeded("station", "show", "laigle", "--json").stdout)["followers"] == 300
    done = seeded("import", "subscribers", str(path), "--station", "laigle", "--skip-bad")
    assert done.exit_code == 0
    assert "1 added" in done.stdout
    assert json.loads(seeded("station", "show", "laigle", "--json").stdout)["followers"] == 301


def test_a_list_without_fault_takes_its_old_error_file_away(seeded: Any, tmp_path: Path):
    path = tmp_path / "club.csv"
    path.write_text("id,mobile\n1,12\n")
    seeded("import", "subscribers", str(path), "--station", "laigle")
    path.write_text("id,mobile\n1,0639980001\n")
    assert seeded("import", "subscribers", str(path), "--station", "laigle").exit_code == 0
    assert not (tmp_path / "club.csv.errors.csv").exists()
    again = seeded("import", "subscribers", str(path), "--station", "laigle")
    assert "nothing to change" in again.stdout


def test_a_dry_run_of_an_import_changes_nothing(seeded: Any, tmp_path: Path):
    path = tmp_path / "club.csv"
    path.write_text("id,mobile\n1,0639980001\n")
    result = seeded("import", "subscribers", str(path), "--station", "laigle", "--dry-run")
    assert result.exit_code == 0
    assert "1 new" in result.stdout
    assert json.loads(seeded("station", "show", "laigle", "--json").stdout)["followers"] == 300


def findings(result: Any, subject: str) -> list[tuple[str, str]]:
    return [(each["level"], each["what"]) for each in json.loads(result.stdout) if each["subject"] == subject]


def test_a_doctor_finds_nothing_wrong_with_a_seeded_service(seeded: Any):
    result = seeded("doctor", "--json")
    assert result.exit_code == 0
    assert ("ok", "what is sealed opens with the secret key") in findings(result, "database")
    assert [level for level, _ in findings(result, "sms")] == ["warning"]
    assert "0 errors" in seeded("doctor").stdout


def test_a_doctor_finds_an_empty_folder_and_makes_nothing_in_it(tocsin: Any):
    result = tocsin("doctor", "--json")
    assert result.exit_code == 1
    assert "there is no database" in findings(result, "database")[0][1]
    assert not tocsin.data.exists()


def test_a_doctor_finds_a_key_that_others_can_read(seeded: Any):
    (seeded.data / "secret.key").chmod(0o644)
    result = seeded("doctor", "--json")
    assert result.exit_code == 1
    assert findings(result, "secret key")[0][0] == "error"


def test_a_doctor_finds_a_lost_key_and_does_not_hide_it_by_a_new_one(seeded: Any):
    (seeded.data / "secret.key").unlink()
    result = seeded("doctor", "--json")
    assert result.exit_code == 1
    assert "is gone" in findings(result, "secret key")[0][1]
    assert not (seeded.data / "secret.key").exists()


def test_a_doctor_finds_the_wrong_key(seeded: Any):
    result = seeded("doctor", "--json", TOCSIN_SECRET_KEY=os.urandom(32).hex())
    assert result.exit_code == 1
    assert any("does not open" in what for level, what in findings(result, "database") if level == "error")


def test_a_doctor_finds_a_port_that_is_taken(seeded: Any):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = seeded("doctor", "--json", TOCSIN_PORT=port)
    assert findings(result, "service")[0][0] == "error"


def test_a_doctor_names_wrong_settings(seeded: Any):
    result = seeded("doctor", "--json", TOCSIN_PORT="many")
    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["what"].startswith("TOCSIN_PORT: ")


def test_a_doctor_reaches_a_relay_that_is_not_there(seeded: Any):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    result = seeded("doctor", "--json", TOCSIN_SMTP_URL=f"smtp://127.0.0.1:{port}?from=L'Aigle <mairie@laigle.example>")
    assert result.exit_code == 1
    assert any(level == "error" for level, _ in findings(result, "email"))


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


async def test_two_people_whose_ids_are_one_now_are_listed(seeded: Any, tmp_path: Path):
    again = ("import", "same-ids", "--station", "laigle")
    assert (await seeded.beside(*again)).out == "every id is one person's\n"
    path = tmp_path / "liste.csv"
    path.write_text("id;nom\nR-1;Zoé Orme\nX-1;Paul Houx\n")
    assert (await seeded.beside("import", "subscribers", str(path), "--station", "laigle")).code == 0
    with sqlite3.connect(seeded.data / "tocsin.db") as plain:
        one, two = (row[0] for row in plain.execute("SELECT id FROM subscribers ORDER BY id DESC LIMIT 2"))
        plain.execute("UPDATE follows SET same_id_as = ? WHERE subscriber_id = ?", (two, one))
    told = f"'X-1' Paul Houx (/console/people/{one}) and 'R-1' Zoé Orme (/console/people/{two})\n"
    assert (await seeded.beside(*again)).out == told


def test_one_is_one_and_several_are_several(seeded: Any, tmp_path: Path):
    path = tmp_path / "liste.csv"
    path.write_text("id;nom;portable\n1;Zoé;\n")
    said = seeded("import", "subscribers", str(path), "--station", "laigle", "--dry-run").output
    assert "1 line: 1 new" in said
    assert "warning: 1 person has no contact at all" in said
    path.write_text("id;nom;portable\n1;Zoé;\n2;Paul;\n")
    said = seeded("import", "subscribers", str(path), "--station", "laigle", "--dry-run").output
    assert "2 lines: 2 new" in said
    assert "warning: 2 people have no contact at all" in said


def test_a_list_that_removes_a_lot_changes_nothing_until_that_is_allowed(seeded: Any, tmp_path: Path):
    path = tmp_path / "liste.csv"
    path.write_text("id;portable\n" + "".join(f"B{n};06 39 98 01 {n:02}\n" for n in range(30)))
    args = ("import", "subscribers", str(path), "--station", "laigle")
    assert seeded(*args).exit_code == 0
    path.write_text("id;portable\n" + "".join(f"B{n};\n" for n in range(30)))
    assert "0 new, 0 changed, 30 unchanged" in seeded(*args).output
    refused = seeded(*args, "--empty-clears")
    assert refused.exit_code == 2
    assert "would be removed: 30 contacts, 0 homes, 0 memberships of groups" in refused.output
    assert "so nothing was changed" in refused.output
    assert "--allow-removals" in refused.output
    done = seeded(*args, "--empty-clears", "--allow-removals")
    assert "0 added, 30 changed" in done.output


async def test_addresses_of_a_list_are_looked_up_by_the_command_and_gone_on_with_later(seeded: Any, tmp_path: Path):
    path = tmp_path / "liste.csv"
    path.write_text(
        "identifiant;nom;portable;adresse;code postal;commune\n"
        "Z1;Rose;06 39 98 00 01;12 rue de la Gare;61300;L'Aigle\nZ2;Léa;06 39 98 00 02;rue Basse;61300;L'Aigle\n"
    )
    async with Ban(known={"rue Basse": Known(0.4)}, faults=["broken"] * 3) as ban:
        add = ("import", "subscribers", str(path), "--station", "laigle")
        first = await seeded.beside(*add, TOCSIN_GEOCODER_URL=ban.url)
        assert first.code == 0, first.err
        assert "2 addresses to look up" in first.out
        assert "2 waiting" in first.out
        assert "tocsin import addresses --station laigle" in first.err
        again = await seeded.beside("import", "addresses", "--station", "laigle", TOCSIN_GEOCODER_URL=ban.url)
        assert "1 placed, 1 uncertain, 0 not found, 0 waiting" in again.out
        assert "/console/people/addresses?station=laigle" in again.out
        asked = len(ban.asked)
        assert "nothing to change" in (await seeded.beside(*add, TOCSIN_GEOCODER_URL=ban.url)).out
        assert len(ban.asked) == asked


async def test_addresses_are_not_sent_anywhere_where_that_is_switched_off(seeded: Any, tmp_path: Path):
    path = tmp_path / "liste.csv"
    path.write_text("identifiant;nom;adresse;commune\nZ1;Rose;12 rue de la Gare;L'Aigle\nZ2;Léa;;\n")
    add = ("import", "subscribers", str(path), "--station", "laigle")
    done = await seeded.beside(*add, TOCSIN_GEOCODER_URL="off")
    assert done.code == 0, done.err
    assert "TOCSIN_GEOCODER_URL is off" in done.err
    assert "warning: 1 person has no address and no coordinates: no circle will reach them" in done.out
