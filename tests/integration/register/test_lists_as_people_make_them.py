"""Lists as a school, a club and a town make them are imported without help; a damaged one loses nothing in silence."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from broadcaster.register.applying import apply
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.store.register import persons, search, vulnerable
from broadcaster.store.register.search import Only
from broadcaster.store.stations import stations
from tests.contract.stores import BY

LISTS = Path(__file__).parent / "lists"


async def imported(store, station, path):
    with await plan(store, station, open_source(path), vulnerable=True) as made:
        await apply(store, made, BY)
        return made


async def there(store, station):
    async with store.read() as unit:
        found = await search.page(unit, station.id, Only(), after=None, limit=500)
        return {each.external_id: each for each in await persons.people_of(unit, station.id, found.ids)}


def channels(people):
    return Counter(contact.channel.value for each in people.values() for contact in each.contacts)


@pytest.mark.parametrize("name", ["school.xlsx", "club.csv", "town.txt"])
async def test_every_line_of_a_list_is_taken_and_a_second_time_nothing_changes(store, station, name):
    made = await imported(store, station, LISTS / name)
    assert made.refusals == []
    assert (made.lines, made.new, made.mangled) == (15, 15, 0)
    again = await imported(store, station, LISTS / name)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 15)


async def test_a_schools_workbook_with_a_title_reaches_both_parents(store, station):
    made = await imported(store, station, LISTS / "school.xlsx")
    assert made.source.header == 3
    assert made.overlooked == ()
    people = await there(store, station)
    assert channels(people) == {"sms": 22, "email": 11}
    paul = people["120045601AB"]
    assert (paul.name, sorted(paul.groups.values())) == ("Paul HOUX", ["5e B"])
    assert [contact.address for contact in paul.contacts] == ["+33639980101", "+33639980201", "houx@famille.example"]
    assert people["120045600"].name == "Zoé ORME"


async def test_a_clubs_csv_of_excel_has_both_telephones_and_the_name_in_use(store, station):
    made = await imported(store, station, LISTS / "club.csv")
    assert (made.source.encoding_name, made.source.header, made.overlooked) == ("Windows-1252", 2, ())
    people = await there(store, station)
    assert channels(people) == {"sms": 12, "voice": 8, "email": 16}
    assert people["61002304"].name == "Chloé Martin"
    assert [contact.address for contact in people["61002300"].contacts] == [
        "+33639980400",
        "+33261910300",
        "Zoe.Orme@club.example",
        "secretariat.orme@club.example",
    ]
    async with store.read() as unit:
        assert sorted(slug for slug, _, _ in await stations.group_list(unit, station.id)) == [
            "loisir",
            "seniors",
            "u15",
        ]


async def test_a_towns_register_has_homes_the_vulnerable_and_a_warning_for_a_column_that_is_not_read(store, station):
    made = await imported(store, station, LISTS / "town.txt")
    assert made.source.encoding_name == "UTF-16"
    assert made.overlooked == ("Tél. personne à prévenir",)
    assert made.without_contact == 2
    people = await there(store, station)
    async with store.read() as unit:
        assert len(await vulnerable.listed(unit, station.id)) == 7
    assert sum(len(each.places) for each in people.values()) == 12
    assert people["REG-2026001"].name == "Paul DUPONT"
    assert people["REG-2026002"].name == "Inès CHARME"


async def test_every_line_of_a_list_with_a_stray_quote_is_imported_or_named_as_refused(store, station, tmp_path):
    lines = [f"{n};Personne {n};06 39 98 {n // 100:02} {n % 100:02}" for n in range(1, 201)]
    lines[3] = lines[3].replace("Personne", '"Personne')
    (tmp_path / "list.csv").write_text("\n".join(["identifiant;nom;téléphone", *lines]))
    made = await imported(store, station, tmp_path / "list.csv")
    assert (made.lines, made.new, [each.line for each in made.refusals]) == (200, 199, [5])
    assert set(await there(store, station)) == {str(n) for n in range(1, 201) if n != 4}


async def test_whatever_is_done_to_a_file_its_lines_are_added_changed_unchanged_or_refused(store, station, tmp_path):
    chance = random.Random(7)
    text = (LISTS / "club.csv").read_bytes().decode("cp1252")
    for turn in range(12):
        signs = list(text)
        for _ in range(chance.randrange(1, 12)):
            signs[chance.randrange(200, len(signs))] = chance.choice('";\n\r,x')
        path = tmp_path / f"{turn}.csv"
        path.write_bytes("".join(signs).encode("cp1252"))
        made = await imported(store, station, path)
        assert made.lines == made.new + made.changed + made.unchanged + made.refused_lines
        assert len(await there(store, station)) >= made.new + made.changed + made.unchanged
