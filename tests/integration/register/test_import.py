"""A list goes into a real SQLite file whole or not at all, and a second time without a trace."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from broadcaster.domain.people import ContactStatus
from broadcaster.domain.refusals import Conflict
from broadcaster.register.applying import apply
from broadcaster.register.planning import Plan, plan
from broadcaster.register.reading import open_source
from broadcaster.store.engine.engine import Store
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.operations import migrate
from broadcaster.store.people import confirmations, contacts, people, profiles, suppression
from broadcaster.store.register import erasing
from broadcaster.store.stations import stations
from broadcaster.store.tables import subscribers
from tests.contract.stores import BY, push

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from broadcaster.domain.stations import Station

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
SECRET = b"0" * 32
FIELDS = {
    "slug": "laigle", "name": "L'Aigle", "kind": "authority", "languages": ["fr", "en"], "boundary": None,
    "margin_m": 0.0, "region": "FR", "insee": None, "lon": 0.63, "lat": 48.76, "email": None, "phone": None,
}  # fmt: skip
LIST = """\
Identifiant;Nom;Portable;Fixe;Courriel;Longitude;Latitude;Groupes
A1;Zoé Orme;06 39 98 00 01;02 61 91 00 01;zoe@laigle.example;0,6283;48,7631;Club|École
A2;Paul Orme;06 39 98 00 02;02 61 91 00 01;;0,6283;48,7631;Club
A3;Inès Houx;;;ines@laigle.example;;;
"""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = Store(f"sqlite+aiosqlite:///{tmp_path}/tocsin.db", Vault([SECRET]))
    await migrate.migrate(made)
    yield made
    await made.close()


@pytest.fixture
async def station(store: Store) -> Station:
    async with store.write() as unit:
        made = await stations.add(unit, FIELDS, NOW)
    assert made is not None
    return made


def write(tmp_path: Path, text: str, encoding: str = "cp1252") -> Path:
    path = tmp_path / "liste.csv"
    path.write_bytes(text.encode(encoding))
    return path


async def planned(store: Store, station: Station, path: Path) -> Plan:
    return await plan(store, station, open_source(path))


async def imported(store: Store, station: Station, path: Path) -> Plan:
    with await planned(store, station, path) as made:
        await apply(store, made, BY)
        return made


async def profile(store: Store, station: Station, external_id: str) -> profiles.Profile:
    async with store.read() as unit:
        found = await people.by_external_ids(unit, station.id, [external_id])
        known = await profiles.read(unit, found[external_id][0])
    assert known is not None
    return known


def rows(tmp_path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything that an import may write, as it stands in the file."""
    with sqlite3.connect(tmp_path / "tocsin.db") as plain:
        tables = ("subscribers", "follows", "contacts", "links", "places", "groups", "memberships", "changes", "outbox")
        return {table: plain.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables}


async def test_a_french_spreadsheet_becomes_residents(store: Store, station: Station, tmp_path: Path):
    made = await imported(store, station, write(tmp_path, LIST))
    assert (made.lines, made.new, made.changed, made.unchanged, made.refused_lines) == (3, 3, 0, 0, 0)
    known = await profile(store, station, "A1")
    assert known.name == "Zoé Orme"
    assert known.locale == "fr"
    assert [(channel.value, address, status) for channel, address, status in known.contacts] == [
        ("sms", "+33639980001", "active"),
        ("voice", "+33261910001", "active"),
        ("email", "zoe@laigle.example", "active"),
    ]
    assert [(place.lon, place.lat) for place in known.places] == [(0.6283, 48.7631)]
    assert known.groups == ("club", "ecole")


async def test_a_household_shares_one_row_of_its_landline(store: Store, station: Station, tmp_path: Path):
    await imported(store, station, write(tmp_path, LIST))
    kept = rows(tmp_path)
    assert len(kept["contacts"]) == 5  # two mobiles, one landline, two mails
    assert len(kept["links"]) == 6


async def test_the_file_shows_no_number_no_name_and_no_address(store: Store, station: Station, tmp_path: Path):
    await imported(store, station, write(tmp_path, LIST))
    await store.close()
    content = (tmp_path / "tocsin.db").read_bytes()
    for secret in (b"39980001", b"Orme", b"zoe@", b"laigle.example"):
        assert secret not in content


async def test_a_second_import_writes_nothing_at_all(store: Store, station: Station, tmp_path: Path):
    path = write(tmp_path, LIST)
    await imported(store, station, path)
    before = rows(tmp_path)
    again = await imported(store, station, path)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 3)
    assert rows(tmp_path) == before


async def test_another_encoding_and_order_is_the_same_list(store: Store, station: Station, tmp_path: Path):
    await imported(store, station, write(tmp_path, LIST))
    header, *lines = LIST.splitlines()
    again = await imported(store, station, write(tmp_path, "\n".join([header, *reversed(lines)]), "utf-8-sig"))
    assert (again.new, again.changed, again.unchanged) == (0, 0, 3)


async def test_a_changed_line_changes_that_person_only(store: Store, station: Station, tmp_path: Path):
    await imported(store, station, write(tmp_path, LIST))
    before = {each: await profile(store, station, each) for each in ("A1", "A2")}
    changed = LIST.replace("06 39 98 00 01;02 61 91 00 01", "06 39 98 00 09;").replace("Zoé Orme", "Zoé Charme")
    made = await imported(store, station, write(tmp_path, changed.replace("Club|École", "École")))
    assert (made.new, made.changed, made.unchanged) == (0, 1, 2)
    known = await profile(store, station, "A1")
    assert known.id == before["A1"].id
    assert known.name == "Zoé Charme"
    assert [address for _, address, _ in known.contacts] == ["+33261910001", "zoe@laigle.example", "+33639980009"]
    assert known.groups == ("ecole",)
    assert await profile(store, station, "A2") == before["A2"]
    with sqlite3.connect(tmp_path / "tocsin.db") as plain:  # the old mobile is nobody's, and forgotten
        assert plain.execute("SELECT count(*) FROM contacts").fetchone() == (5,)


async def test_a_device_that_someone_follows_with_stays_when_their_line_changes(
    store: Store, station: Station, tmp_path: Path
):
    await imported(store, station, write(tmp_path, LIST))
    someone = (await profile(store, station, "A1")).id
    async with store.write() as unit:
        await confirmations.add_contact(unit, someone, push("https://push.example/1"), NOW)
    before = [each for each in (await profile(store, station, "A1")).contacts if each[0] == "push"]
    assert len(before) == 1
    await imported(store, station, write(tmp_path, LIST.replace("Zoé Orme", "Zoé Charme")))
    after = await profile(store, station, "A1")
    assert after.name == "Zoé Charme"
    assert [each for each in after.contacts if each[0] == "push"] == before
    assert len(after.contacts) == 4


async def test_who_asked_to_be_left_out_is_left_out_and_counted(store: Store, station: Station, tmp_path: Path):
    await imported(store, station, write(tmp_path, LIST))
    known = {each: await profile(store, station, each) for each in ("A1", "A2", "A3")}
    async with store.write() as unit:
        await erasing.erase(unit, known["A3"].id, erasing.Way.REQUEST, NOW, station_id=station.id)
        await erasing.erase(unit, known["A1"].id, erasing.Way.THEMSELVES, NOW)
    with await planned(store, station, write(tmp_path, LIST)) as made:
        assert (made.new, made.unchanged, made.left_out, made.not_taken) == (0, 1, 2, 0)
    text = LIST.replace("A1;", "B1;").replace("A2;Paul Orme;06 39 98 00 02;", "A2;Paul If;06 39 98 00 01;")
    made = await imported(store, station, write(tmp_path, text.replace("A3;", "B3;").replace("ines@", "INES@")))
    assert (made.new, made.changed, made.left_out, made.not_taken) == (0, 1, 2, 1)
    paul = await profile(store, station, "A2")
    assert paul.name == "Paul If", "the rest of his line is taken over, and nothing of his is lost"
    assert [address for _, address, _ in paul.contacts] == ["+33261910001", "+33639980002"]
    async with store.write() as unit:
        await erasing.erase(unit, paul.id, erasing.Way.THEMSELVES, NOW)
    with await planned(
        store, station, write(tmp_path, "Nom;Portable;Courriel\nInès Houx;;ines@laigle.example\n")
    ) as made:
        assert (made.new, made.left_out) == (0, 1), "by her address too, without an id"
    async with store.write() as unit:
        assert await unit.conn.scalar(select(func.count()).select_from(subscribers)) == 0


async def test_who_asks_to_be_left_out_between_preview_and_import_is_not_written(
    store: Store, station: Station, tmp_path: Path
):
    with await planned(store, station, write(tmp_path, LIST)) as made:
        async with store.write() as unit:
            mark = suppression.mark_of_id(store.vault, station.id, "a2")
            await suppression.add(unit, station.id, [mark], NOW)
        with pytest.raises(Conflict):
            await apply(store, made, BY)
    async with store.write() as unit:
        assert await unit.conn.scalar(select(func.count()).select_from(subscribers)) == 0


async def test_people_who_are_not_in_the_list_stay_and_are_counted(store: Store, station: Station, tmp_path: Path):
    await imported(store, station, write(tmp_path, LIST))
    made = await imported(store, station, write(tmp_path, "\n".join(LIST.splitlines()[:2])))
    assert (made.unchanged, made.missing) == (1, 2)
    assert (await profile(store, station, "A3")).name == "Inès Houx"


async def test_an_id_that_stands_there_twice_is_refused_at_each_place(store: Store, station: Station, tmp_path: Path):
    text = LIST + "A1;Zoé Double;;;;;;\nA4;Léo If;06 39 98 00 04;;;;;\n"
    with await planned(store, station, write(tmp_path, text)) as made:
        assert [(each.line, each.who) for each in made.refusals] == [(2, "A1"), (5, "A1")]
        assert made.new == 3
        await apply(store, made, BY)
    async with store.read() as unit:
        assert set(await people.by_external_ids(unit, station.id, ["A1", "A2", "A3", "A4"])) == {"A2", "A3", "A4"}


async def test_a_plan_alone_writes_nothing(store: Store, station: Station, tmp_path: Path):
    before = rows(tmp_path)
    (await planned(store, station, write(tmp_path, LIST))).close()
    assert rows(tmp_path) == before


async def test_what_is_doubtful_is_counted(store: Store, station: Station, tmp_path: Path):
    text = "id;portable;lon;lat\n1;;0,63;48,76\n2;0639980002;48,76;0,63\n"
    with await planned(store, station, write(tmp_path, text)) as made:
        assert (made.without_contact, made.far) == (1, 1)


@pytest.mark.parametrize("changed", ["Zoé Orme", "Zoé Charme"], ids=["the same line", "another"])
async def test_a_dead_contact_is_alive_again_and_an_opt_out_stays(
    store: Store, station: Station, tmp_path: Path, changed: str
):
    await imported(store, station, write(tmp_path, LIST))
    with sqlite3.connect(tmp_path / "tocsin.db") as plain:
        (mobile,) = plain.execute("SELECT id FROM contacts WHERE channel = 1 ORDER BY id").fetchone()
    async with store.write() as unit:
        await contacts.retire(unit, [mobile], ContactStatus.GONE, "twilio:30005", NOW)
        await contacts.opt_out(unit, mobile, station.id, NOW)
    await imported(store, station, write(tmp_path, LIST.replace("Zoé Orme", changed)))
    assert (await profile(store, station, "A1")).contacts[0][2] == "active"
    with sqlite3.connect(tmp_path / "tocsin.db") as plain:
        assert plain.execute("SELECT contact_id FROM opt_outs").fetchall() == [(mobile,)]


async def test_a_number_that_said_stop_before_any_list_had_it_is_listed_and_gets_nothing(
    store: Store, station: Station, tmp_path: Path
):
    async with store.write() as unit:
        await contacts.stop(unit, "+33639980001", "sms:stop", NOW)
    made = await imported(store, station, write(tmp_path, LIST))
    assert (made.new, made.left_out) == (3, 0)
    assert [each[2] for each in (await profile(store, station, "A1")).contacts] == ["stopped", "active", "active"]


async def test_a_list_that_says_what_it_said_before_revives_what_was_found_dead(
    store: Store, station: Station, tmp_path: Path
):
    await imported(store, station, write(tmp_path, LIST))
    with sqlite3.connect(tmp_path / "tocsin.db") as plain:
        (mobile,) = plain.execute("SELECT id FROM contacts WHERE channel = 1 ORDER BY id").fetchone()
    async with store.write() as unit:
        await contacts.retire(unit, [mobile], ContactStatus.GONE, "twilio:30005", NOW)
    with await planned(store, station, write(tmp_path, LIST)) as made:
        assert (made.new, made.changed) == (0, 1)
        await apply(store, made, BY)
    assert (await profile(store, station, "A1")).contacts[0][2] == "active"
    with await planned(store, station, write(tmp_path, LIST)) as made:
        assert made.changed == 0


async def test_a_landline_that_lives_again_changes_all_who_share_it(store: Store, station: Station, tmp_path: Path):
    await imported(store, station, write(tmp_path, LIST))
    with sqlite3.connect(tmp_path / "tocsin.db") as plain:
        (landline,) = plain.execute("SELECT id FROM contacts WHERE channel = 2").fetchone()
    async with store.write() as unit:
        await contacts.retire(unit, [landline], ContactStatus.GONE, "twilio:30005", NOW)
    before = len(rows(tmp_path)["changes"])
    await imported(store, station, write(tmp_path, LIST.replace("Zoé Orme", "Zoé Charme")))
    told = {row[1] for row in rows(tmp_path)["changes"][before:]}
    assert told == {(await profile(store, station, each)).id for each in ("A1", "A2")}


async def test_every_change_is_told_to_the_index_of_places(store: Store, station: Station, tmp_path: Path):
    await imported(store, station, write(tmp_path, LIST))
    kept = rows(tmp_path)
    assert [row[1] for row in kept["changes"]] == [row[0] for row in kept["subscribers"]]
    assert "people" in [row[1] for row in kept["outbox"]]


async def test_of_two_imports_at_once_one_wins_whole(store: Store, station: Station, tmp_path: Path):
    path = write(tmp_path, LIST)
    with await planned(store, station, path) as one, await planned(store, station, path) as other:
        await apply(store, one, BY)
        before = rows(tmp_path)
        with pytest.raises(Conflict, match="import the file again"):
            await apply(store, other, BY)
    assert rows(tmp_path) == before


async def test_ids_that_were_taken_are_not_given_to_anyone_else(store: Store, station: Station, tmp_path: Path):
    await imported(store, station, write(tmp_path, LIST))
    async with store.write() as unit:
        person = people.NewSubscriber("fr")
        (one,) = await people.register(unit, station.id, [person], [people.new_token()], groups_by_slug={}, now=NOW)
    assert one == 4


KILLED = """
import asyncio, os, sys
from datetime import UTC, datetime
from pathlib import Path
from broadcaster.register import applying
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.store.register import intake
from broadcaster.store.stations import stations
from broadcaster.store import Store
from broadcaster.store import Vault
from tests.contract.stores import BY

real, calls = intake._many, []
async def many(unit, statement, rows, now):
    await real(unit, statement, rows, now)
    calls.append(statement)
    if len(calls) == 6:  # subscribers, follows, contacts and links of the first batch are written
        print("in the middle", flush=True)
        await asyncio.Event().wait()
intake._many = many

async def main(folder):
    store = Store(f"sqlite+aiosqlite:///{folder}/tocsin.db", Vault([b"0" * 32]))
    async with store.read() as unit:
        station = await stations.by_slug(unit, "laigle")
    with await plan(store, station, open_source(Path(folder) / "liste.csv")) as made:
        await applying.apply(store, made, BY)

asyncio.run(main(sys.argv[1]))
"""


async def test_a_kill_in_the_middle_of_writing_leaves_nothing(
    store: Store, station: Station, tmp_path: Path, pytestconfig: pytest.Config
):
    write(tmp_path, LIST)
    before = rows(tmp_path)
    here = {**os.environ, "PYTHONPATH": str(pytestconfig.rootpath)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(tmp_path), stdout=subprocess.PIPE, env=here
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"in the middle\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert rows(tmp_path) == before
    made = await imported(store, station, tmp_path / "liste.csv")
    assert made.new == 3
