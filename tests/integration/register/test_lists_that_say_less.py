"""A list changes what it speaks of: a missing column or an empty cell takes nothing from anybody."""

from __future__ import annotations

import pytest

from broadcaster.register.applying import apply
from broadcaster.register.merging import Removed
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.store.people import confirmations
from broadcaster.store.register import by_hand, persons, search
from broadcaster.store.register.search import Only
from broadcaster.store.stations import stations
from tests.contract.stores import BY, NOW, phone, push

MOBILE = "06 39 98 06 {:02}"
WHOLE = ["identifiant;nom;portable;groupes;longitude;latitude"] + [
    f"H{n};Personne {n};{MOBILE.format(n)};Conseil;0.6283;48.7631" for n in range(1, 31)
]
MAILS_ONLY = ["identifiant;nom;courriel"] + [f"H{n};Personne {n};h{n}@example.org" for n in range(1, 31)]


async def imported(store, station, tmp_path, *lines, **options):
    path = tmp_path / "list.csv"
    path.write_text("\n".join(lines))
    with await plan(store, station, open_source(path), **options) as made:
        await apply(store, made, BY)
        return made


async def there(store, station):
    """External id to what the register shows of each."""
    async with store.read() as unit:
        found = await search.page(unit, station.id, Only(), after=None, limit=100)
        return {each.external_id: each for each in await persons.people_of(unit, station.id, found.ids)}


def shown(person):
    return (
        person.name,
        [each.address for each in person.contacts],
        [(place.label, place.lon, place.lat) for place in person.places.values()],
        sorted(person.groups),
    )


async def test_a_list_of_mails_only_takes_no_mobile_no_home_and_no_group(store, station, tmp_path):
    await imported(store, station, tmp_path, *WHOLE)
    made = await imported(store, station, tmp_path, *MAILS_ONLY)
    assert (made.changed, made.removed) == (30, Removed())
    people = await there(store, station)
    assert shown(people["H7"]) == (
        "Personne 7",
        ["+33639980607", "h7@example.org"],
        [("", 0.6283, 48.7631)],
        ["conseil"],
    )
    for lines in (WHOLE, MAILS_ONLY):
        made = await imported(store, station, tmp_path, *lines)
        assert (made.changed, made.unchanged) == (0, 30)


async def test_an_empty_cell_changes_nothing_unless_empty_cells_clear(store, station, tmp_path):
    header = "id;nom;langue;portable;fixe;courriel;vulnérable;groupes;lon;lat"
    whole = "A1;Zoé Orme;en;06 39 98 00 01;02 61 91 00 01;zoe@example.org;oui;Club;0.6283;48.7631"
    await imported(store, station, tmp_path, header, whole)
    before = shown((await there(store, station))["A1"])
    made = await imported(store, station, tmp_path, header, "A1;;;;;;;;;")
    assert (made.changed, made.unchanged, made.without_contact, made.removed) == (0, 1, 0, Removed())
    assert shown((await there(store, station))["A1"]) == before
    made = await imported(store, station, tmp_path, header, "A1;;;;;;;;;", empty_clears=True)
    assert (made.changed, made.without_contact, made.removed) == (1, 1, Removed(3, 1, 1))
    assert made.removes_many
    person = (await there(store, station))["A1"]
    assert shown(person) == (None, [], [], [])
    assert person.locale == "fr"


async def test_only_the_columns_of_a_list_are_cleared(store, station, tmp_path):
    await imported(store, station, tmp_path, *WHOLE)
    made = await imported(store, station, tmp_path, "id;courriel", "H1;", empty_clears=True)
    assert (made.unchanged, made.removed) == (1, Removed())
    assert (await there(store, station))["H1"].contacts


async def test_a_new_landline_leaves_the_mobile_and_a_new_mobile_replaces_it(store, station, tmp_path):
    await imported(store, station, tmp_path, "id;portable", "A1;06 39 98 00 01")
    await imported(store, station, tmp_path, "id;téléphone", "A1;02 61 91 00 01")
    assert shown((await there(store, station))["A1"])[1] == ["+33639980001", "+33261910001"]
    made = await imported(store, station, tmp_path, "id;téléphone", "A1;06 39 98 00 02")
    assert made.removed == Removed(contacts=1)
    assert sorted(shown((await there(store, station))["A1"])[1]) == ["+33261910001", "+33639980002"]


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("A1;0.61;48.71;;", ([("home", 0.61, 48.71), ("work", 0.62, 48.72)], 0)),
        ("A1;;;0.62;48.72", ([("home", 0.61, 48.71), ("work", 0.62, 48.72)], 0)),
        ("A1;0.65;48.75;;", ([("", 0.65, 48.75), ("work", 0.62, 48.72)], 1)),
        ("A1;;;0.65;48.75", ([("home", 0.61, 48.71), ("", 0.65, 48.75)], 1)),
    ],
)
async def test_a_place_takes_the_stead_of_its_own_columns_place_only(store, station, tmp_path, line, after):
    await imported(store, station, tmp_path, "id;lon;lat;label;lon2;lat2;label2", "A1;0.61;48.71;home;0.62;48.72;work")
    made = await imported(store, station, tmp_path, "id;lon;lat;lon2;lat2", line)
    assert (shown((await there(store, station))["A1"])[2], made.removed.homes) == after


async def test_what_was_added_by_hand_or_by_the_person_stays_when_other_cells_change(store, station, tmp_path):
    await imported(store, station, tmp_path, "id;nom;portable", "A1;Zoé Orme;06 39 98 00 01")
    zoe = (await there(store, station))["A1"].id
    async with store.write() as unit:
        await confirmations.add_contact(unit, zoe, push("https://push.example/1"), NOW)
        await confirmations.add_contact(unit, zoe, phone("+33261910001"), NOW)
        ids = await stations.ensure_groups(unit, station.id, {"club": "Club"})
        await by_hand.amend(unit, station.id, zoe, by_hand.Change("Zoé", "fr", groups=(ids["club"],)), NOW)
    made = await imported(store, station, tmp_path, "id;nom;courriel", "A1;Zoé Charme;zoe@example.org")
    assert made.removed == Removed()
    name, addresses, _, member = shown((await there(store, station))["A1"])
    assert (name, len(addresses), member) == ("Zoé Charme", 4, ["club"])


async def test_people_with_a_device_are_not_said_to_be_out_of_reach(store, station, tmp_path):
    await imported(store, station, tmp_path, "id;nom", "A1;Zoé", "A2;Paul")
    async with store.write() as unit:
        await confirmations.add_contact(
            unit, (await there(store, station))["A1"].id, push("https://push.example/1"), NOW
        )
    for lines in (("A1;Zoé", "A2;Paul"), ("A1;Zoé Orme", "A2;Paul Orme")):
        made = await imported(store, station, tmp_path, "id;nom", *lines)
        assert made.without_contact == 1


async def test_a_lot_is_only_removed_when_somebody_says_so(store, station, tmp_path):
    await imported(store, station, tmp_path, *WHOLE)
    shifted = [WHOLE[0], *(line.replace("98 06", "98 07") for line in WHOLE[1:])]
    made = await imported(store, station, tmp_path, *shifted)
    assert (made.removed, made.removes_many) == (Removed(contacts=30), True)
    made = await imported(store, station, tmp_path, *shifted[:2], shifted[2].replace("98 07", "98 08"))
    assert (made.removed, made.removes_many) == (Removed(contacts=1), False)


async def test_a_group_is_not_made_for_lines_that_are_refused(store, station, tmp_path):
    made = await imported(
        store, station, tmp_path, "id;portable;groupes", "A1;12;Wrong", "A2;;Twice", "A2;;Twice", "A3;;Club"
    )
    assert made.refused_lines == 3
    async with store.read() as unit:
        assert [slug for slug, _, _ in await stations.group_list(unit, station.id)] == ["club"]


async def test_a_number_that_passes_from_one_person_to_another_is_never_forgotten(store, station, tmp_path):
    await imported(store, station, tmp_path, "id;portable", "A1;06 39 98 00 01", "A2;06 39 98 00 02")
    await imported(store, station, tmp_path, "id;portable", "A1;06 39 98 00 02", "A2;06 39 98 00 01")
    people = await there(store, station)
    assert [shown(people[each])[1] for each in ("A1", "A2")] == [["+33639980002"], ["+33639980001"]]
