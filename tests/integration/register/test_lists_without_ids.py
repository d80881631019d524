"""A list without ids: a name and a contact say who is who, and nobody's data ever goes to somebody else."""

from __future__ import annotations

import pytest

from broadcaster.domain.people import NewSubscriber
from broadcaster.domain.refusals import Conflict
from broadcaster.register.applying import apply
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.store.register import persons, search
from broadcaster.store.register.search import Only
from tests.contract.stores import BY, mail, phone, register

GOOGLE = """\
First Name,Middle Name,Last Name,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value
Zoé,,Orme,* myContacts ::: Choir,,zoe@example.org,Mobile,06 39 98 00 01
Paul,,Houx,* myContacts,,,Home,02 61 91 00 01
Léa,,Houx,* myContacts,,,Home,02 61 91 00 01
,,,* myContacts,,mairie@example.org,,
Bob,,,* myContacts,,,,
"""
OUTLOOK = """\
First Name,Middle Name,Last Name,E-mail Address,Home Phone,Mobile Phone,Home Street,Home City,Home Postal Code
Zoé,,Orme,zoe@example.org,,06 39 98 00 01,,,
Paul,,Houx,,02 61 91 00 01,,12 rue de la Gare,L'Aigle,61300
"""
MAILCHIMP = """\
"Email Address","First Name","Last Name","Phone Number",OPTIN_IP,LATITUDE,LONGITUDE,GMTOFF,LEID,EUID,TAGS
zoe@example.org,Zoé,Orme,"06 39 98 00 01",192.0.2.1,48.85,2.35,1,1001,abcdef0123,"""
MAILCHIMP += '"""Choir"",""Parents"""\n'


async def planned(store, station, tmp_path, text):
    path = tmp_path / "list.csv"
    path.write_text(text)
    return await plan(store, station, open_source(path))


async def imported(store, station, tmp_path, text):
    with await planned(store, station, tmp_path, text) as made:
        await apply(store, made, BY)
        return made


async def there(store, station):
    async with store.read() as unit:
        found = await search.page(unit, station.id, Only(), after=None, limit=100)
        people = await persons.people_of(unit, station.id, found.ids)
    return sorted((each.name or "", *sorted(one.address for one in each.contacts)) for each in people)


@pytest.mark.parametrize(("text", "counts"), [(GOOGLE, (4, 1)), (OUTLOOK, (2, 0)), (MAILCHIMP, (1, 0))])
async def test_an_address_book_is_imported_and_a_second_time_nothing_changes(store, station, tmp_path, text, counts):
    n, refused = counts
    made = await imported(store, station, tmp_path, text)
    assert (made.new, made.refused_lines) == (n, refused)
    before = await there(store, station)
    again = await imported(store, station, tmp_path, text)
    assert (again.new, again.changed, again.unchanged, again.refused_lines) == (0, 0, n, refused)
    assert again.recognised == (n if again.by_name else 0)
    assert await there(store, station) == before


async def test_a_line_without_an_id_and_without_a_contact_is_refused_in_a_sentence(store, station, tmp_path):
    made = await imported(store, station, tmp_path, GOOGLE)
    (refusal,) = made.refusals
    assert refusal.line == 6
    assert refusal.code == "line-of-nobody"


async def test_what_an_address_book_adds_is_added_and_what_it_would_take_away_is_refused(store, station, tmp_path):
    await imported(store, station, tmp_path, "nom,portable,courriel\nZoé Orme,06 39 98 00 01,zoe@example.org\n")
    more = "nom,portable,courriel,fixe\nZoé Orme,06 39 98 00 01,zoe@example.org,02 61 91 00 01\n"
    assert (await imported(store, station, tmp_path, more)).changed == 1
    whole = [("Zoé Orme", "+33261910001", "+33639980001", "zoe@example.org")]
    assert await there(store, station) == whole
    for other in ("06 39 98 00 01,z@example.org,", "06 39 98 00 02,zoe@example.org,", "06 39 98 00 02,,02 61 91 00 01"):
        made = await imported(store, station, tmp_path, f"nom,portable,courriel,fixe\nZoé Orme,{other}\n")
        assert (made.new, made.changed, made.refused_lines) == (0, 0, 1)
        assert made.refusals[0].code == "line-of-somebody-else"
        assert await there(store, station) == whole


async def test_a_father_and_a_son_of_one_name_never_share_a_record(store, station, tmp_path):
    """With ids, without, in one list, in two: each keeps what is his."""
    async with store.write() as unit:
        father = NewSubscriber(
            "fr", (phone("+33639980001"), mail("houx@example.org")), external_id="A1", name="Paul Houx"
        )
        await register(unit, station.id, father)
    before = await there(store, station)
    same = await imported(store, station, tmp_path, "nom,courriel\nPaul Houx,houx@example.org\n")
    assert (same.unchanged, same.recognised) == (1, 1)
    son = await imported(store, station, tmp_path, "nom,courriel,portable\nPaul Houx,houx@example.org,06 39 98 00 02\n")
    assert (son.new, son.changed, son.refused_lines) == (0, 0, 1)
    assert await there(store, station) == before
    alone = await imported(store, station, tmp_path, "nom,portable\nPaul Houx,06 39 98 00 02\n")
    assert alone.new == 1
    assert await there(store, station) == sorted([*before, ("Paul Houx", "+33639980002")])
    both = "nom,portable,groupe\nPaul Houx,06 39 98 00 01,Choir\nPaul Houx,06 39 98 00 02,U15\n"
    made = await imported(store, station, tmp_path, both)
    assert (made.changed, made.refused_lines) == (1, 1)  # the son's own line; the father's came with an id


async def test_people_who_share_a_contact_or_a_name_alone_are_different_people(store, station, tmp_path):
    text = "nom,téléphone\nPaul Houx,02 61 91 00 01\nLéa Houx,02 61 91 00 01\nPaul Houx,02 61 91 00 02\n"
    assert (await imported(store, station, tmp_path, text)).new == 3
    assert (await imported(store, station, tmp_path, text)).unchanged == 3


async def test_one_name_and_contact_twice_in_a_list_is_refused_at_each_place(store, station, tmp_path):
    text = "nom,portable,groupe\nPaul Houx,06 39 98 00 01,A\nPAUL  HOUX,+33 6 39 98 00 01,B\n"
    made = await imported(store, station, tmp_path, text)
    assert (made.new, [each.line for each in made.refusals]) == (0, [2, 3])
    assert (made.refusals[0].code, made.refusals[0].params) == ("line-of-same-name", {"line": 3})


async def test_several_people_of_one_name_and_contact_are_left_alone(store, station, tmp_path):
    async with store.write() as unit:
        people = [NewSubscriber("fr", (phone("+33639980001"),), external_id=each, name="Paul Houx") for each in "AB"]
        await register(unit, station.id, *people)
    made = await imported(store, station, tmp_path, "nom,portable\nPaul Houx,06 39 98 00 01\n")
    assert (made.new, made.changed, made.unchanged, made.refused_lines) == (0, 0, 0, 1)
    assert made.refusals[0].code == "line-of-several"


async def test_a_sign_up_under_somebody_elses_name_does_not_take_their_line(store, station, tmp_path):
    async with store.write() as unit:
        stranger = NewSubscriber("fr", (mail("zoe@example.org"),), name="Zoé Orme")
        await register(unit, station.id, stranger, themselves=True)
    made = await imported(store, station, tmp_path, "nom,portable,courriel\nZoé Orme,06 39 98 00 01,zoe@example.org\n")
    assert (made.new, made.refused_lines) == (1, 0)


async def test_of_two_imports_at_once_of_a_list_without_ids_one_wins(store, station, tmp_path):
    text = "nom,portable\nPaul Houx,06 39 98 00 01\n"
    with await planned(store, station, tmp_path, text) as one, await planned(store, station, tmp_path, text) as other:
        await apply(store, one, BY)
        with pytest.raises(Conflict):
            await apply(store, other, BY)
    assert len(await there(store, station)) == 1
