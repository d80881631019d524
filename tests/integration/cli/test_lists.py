"""Lists of residents, and of people to leave out, by the command line."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from broadcaster import config
from broadcaster.app import open_store
from broadcaster.store.people import suppression
from broadcaster.store.stations import stations
from tests.servers.ban import Ban, Known

if TYPE_CHECKING:
    from pathlib import Path


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


def test_a_list_is_imported_and_its_bad_lines_are_written_down(seeded: Any, tmp_path: Path):
    path = tmp_path / "club.csv"
    path.write_bytes("Licence;Nom;Portable\n1;Zoé Orme;0639980001\n2;=Houx;123\n".encode("cp1252"))
    refused = seeded("import", "subscribers", str(path), "--station", "laigle")
    assert refused.exit_code == 2
    assert "refused: 1 of 2 lines, so nothing was changed" in refused.stderr
    errors = (tmp_path / "club.csv.errors.csv").read_text(encoding="utf-8-sig").splitlines()
    assert errors == [
        "Licence;Nom;Portable;line of the file;to fix",
        "2;'=Houx;123;3;Portable: This number is too short: write all its digits.",
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


def test_counts_are_singular_for_one_and_plural_for_several(seeded: Any, tmp_path: Path):
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


async def test_an_import_looks_addresses_up_and_a_later_command_continues(seeded: Any, tmp_path: Path):
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
