"""Whoever is enrolled as vulnerable is told first, and nobody can read from a stolen database who that is."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sqlalchemy import LargeBinary, select, update

from broadcaster.atlas import Atlas
from broadcaster.domain.refusals import sentence
from broadcaster.domain.vulnerable import Details
from broadcaster.register.applying import apply
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.store import SealBroken
from broadcaster.store.people import feed, people, profiles
from broadcaster.store.register import vulnerable
from broadcaster.store.tables import subscribers, vulnerable_people
from tests.contract.stores import BY, NOW, add_station, an_alert, phone, register, resident
from zones import Area, Circle

AREA = Area(circles=(Circle(0.63, 48.76, 2000.0),))


@pytest.fixture
async def station(store):
    async with store.write() as unit:
        return await add_station(unit, "laigle", lon=0.63, lat=48.76)


async def flags(store):
    """External id to flag, as each profile says."""
    async with store.read() as unit:
        ids = list(await unit.conn.scalars(select(subscribers.c.id).order_by(subscribers.c.id)))
        found = [await profiles.read(unit, each) for each in ids]
    return {each.follows[0][1]: each.vulnerable for each in found}


async def import_list(store, station, tmp_path, text, *, empty_clears=False):
    (tmp_path / "list.csv").write_text(text)
    with await plan(
        store, station, open_source(tmp_path / "list.csv"), empty_clears=empty_clears, vulnerable=True
    ) as made:
        await apply(store, made, BY)
        return made


async def test_the_vulnerable_go_before_the_nearest_loaded_or_followed(store, station):
    followed = Atlas(store)
    await followed.load()
    async with store.write() as unit:
        far, near, frail_far, frail_near, frail_outside = ids = await register(
            unit,
            station.id,
            resident(at=(0.645, 48.76)),
            resident(at=(0.631, 48.76)),
            resident(at=(0.650, 48.76), vulnerable=True),
            resident(at=(0.640, 48.76), vulnerable=True),
            resident(at=(0.70, 48.80), vulnerable=True),
        )
    loaded = Atlas(store)
    await loaded.load()
    await followed.follow()
    for atlas in (loaded, followed):
        found = atlas.most_exposed_first(np.array(sorted(ids), np.int64), AREA)
        assert found.tolist() == [frail_near, frail_far, frail_outside, near, far]
        assert atlas.most_exposed(an_alert(station.id, area=AREA), 3, None) == [frail_near, frail_far, near]
        assert atlas.most_exposed_first(np.array([near, frail_far], np.int64), None).tolist() == [frail_far, near]
        assert atlas.most_exposed_first(np.empty(0, np.int64), AREA).tolist() == []


async def test_anybody_who_is_no_longer_vulnerable_goes_with_the_others_again(store, station):
    async with store.write() as unit:
        near, frail = await register(unit, station.id, resident(at=(0.631, 48.76)), resident(at=(0.640, 48.76)))
        await vulnerable.add(unit, station.id, Details("Rose"), asked_at=NOW, now=NOW, person=frail)
    atlas = Atlas(store)
    await atlas.load()
    assert atlas.most_exposed_first(np.array([near, frail], np.int64), AREA).tolist() == [frail, near]
    async with store.write() as unit:
        (entry,) = await vulnerable.leave(unit, frail)
        assert await vulnerable.by_id(unit, station.id, entry.id) is None
    await atlas.follow()
    assert atlas.most_exposed_first(np.array([near, frail], np.int64), AREA).tolist() == [near, frail]


async def test_another_stations_register_keeps_somebody_first_and_an_erased_person_stays_in_it(store, station):
    async with store.write() as unit:
        rugles = await add_station(unit, "rugles", lon=0.7, lat=48.82)
        (frail,) = await register(unit, station.id, resident(at=(0.640, 48.76)))
        entries = [
            await vulnerable.add(unit, each.id, Details("Rose"), asked_at=NOW, now=NOW, person=frail)
            for each in (station, rugles)
        ]
        await vulnerable.remove(unit, await vulnerable.by_id(unit, station.id, entries[0]))
        assert (await profiles.read(unit, frail)).vulnerable, "Rugles's register still names them"
        await vulnerable.follow_list(unit, station.id, {frail: False}, NOW)
        assert (await profiles.read(unit, frail)).vulnerable, "a list of L'Aigle says nothing of Rugles"
        assert await people.erase(unit, frail)
        (left,) = await vulnerable.listed(unit, rugles.id)
    assert (left.details.name, left.person) == ("Rose", None), "by another law: the entry stays, parted from the list"


async def test_a_stolen_register_names_nobody_and_joins_nobody_to_the_alert_list(store, station):
    async with store.write() as unit:
        (frail,) = await register(unit, station.id, resident(at=(0.640, 48.76)))
        await vulnerable.add(unit, station.id, Details("Rose Orme"), asked_at=NOW, now=NOW, person=frail)
        row = (await unit.conn.execute(select(vulnerable_people))).one()
    kept = [bytes(each) for each in row if isinstance(each, (bytes, memoryview))]
    assert not any(b"Rose" in each or each == b"%d" % frail for each in kept)
    assert {"person_mark", "person", "sealed"} == {
        column.name for column in vulnerable_people.columns if isinstance(column.type, LargeBinary)
    }


async def test_a_change_that_says_nothing_of_it_leaves_it(store, station):
    async with store.write() as unit:
        (frail,) = await register(unit, station.id, resident(vulnerable=True))
        await people.replace(unit, station.id, frail, resident(phone("+33639980001")), groups_by_slug={}, now=NOW)
        profile = await profiles.read(unit, frail)
    assert profile.vulnerable is True


async def test_a_list_enrols_and_takes_back_and_one_without_the_column_leaves_it(store, station, tmp_path):
    await import_list(store, station, tmp_path, "id,vulnérable\nA,oui\nB,non\nC,\nD,1\n")
    assert await flags(store) == {"A": True, "B": False, "C": False, "D": True}
    made = await import_list(store, station, tmp_path, "id,vulnerable\nA,yes\nB,no\nC,0\nD,vrai\n")
    assert (made.changed, made.unchanged) == (0, 4)
    made = await import_list(store, station, tmp_path, "id,vulnerable\nA,no\nB,x\nC,0\nD,1\n")
    assert (made.changed, await flags(store)) == (2, {"A": False, "B": True, "C": False, "D": True})
    made = await import_list(store, station, tmp_path, "id,name\nA,Zoé\nB,Paul\n")
    assert (made.changed, await flags(store)) == (2, {"A": False, "B": True, "C": False, "D": True})
    async with store.read() as unit:
        entries = await vulnerable.listed(unit, station.id)
        assert [(each.details.asker, each.letter_due) for each in entries] == [("list", None)] * 2
    made = await import_list(store, station, tmp_path, "id,vulnérable\nA,oui\nB,\n", empty_clears=True)
    assert (made.withheld, (await flags(store))["A"], (await flags(store))["B"]) == (False, True, True)


async def test_a_list_of_somebody_without_the_permission_leaves_the_register(store, station, tmp_path):
    (tmp_path / "list.csv").write_text("id,nom,vulnérable\nA,Zoé,oui\n")
    with await plan(store, station, open_source(tmp_path / "list.csv")) as made:
        await apply(store, made, BY)
    assert made.withheld
    assert (made.new, await flags(store)) == (1, {"A": False})


async def test_a_cell_that_is_neither_yes_nor_no_is_refused_without_repeating_it(store, station, tmp_path):
    made = await import_list(store, station, tmp_path, "id,vulnérable\nA,diabète\n")
    assert [(each.line, each.field) for each in made.refusals] == [(2, "vulnérable")]
    assert "diab" not in sentence(made.refusals[0])
    assert await flags(store) == {}


async def test_a_stolen_database_does_not_tell_the_vulnerable_from_others(store, station):
    half = [resident(external_id=str(n), vulnerable=n % 2 == 0) for n in range(400)]
    async with store.write() as unit:
        await register(unit, station.id, *half)
    async with store.read() as unit:
        sealed = list(await unit.conn.scalars(select(subscribers.c.vulnerable).order_by(subscribers.c.id)))
    assert len({len(each) for each in sealed}) == 1, "both are of one length"
    assert len(set(sealed)) == 400, "no two are alike, so that none can be compared with one that is known"
    # Judged by each byte: of the random ones, any value is about as frequent with the one half as with the other.
    for position in range(1, len(sealed[0])):
        values = (Counter(each[position] for each in sealed[start::2]) for start in (0, 1))
        assert all(n < 20 for counted in values for n in counted.values()), position
    assert sum(flag for flag in (await flags(store)).values()) == 200


async def test_a_flag_put_on_another_person_does_not_open(store, station, monkeypatch):
    async with store.write() as unit:
        one, other, _ = await register(unit, station.id, resident(vulnerable=True), resident(), resident())
        sealed = await unit.conn.scalar(select(subscribers.c.vulnerable).where(subscribers.c.id == one))
        await unit.conn.execute(update(subscribers).where(subscribers.c.id == other).values(vulnerable=sealed))
    async with store.read() as unit:
        with pytest.raises(SealBroken):
            await profiles.read(unit, other)
    monkeypatch.setattr(feed, "_PART", 1)  # while one is opened, the next is being read
    with pytest.raises(SealBroken):
        await Atlas(store).load()


async def test_anybody_who_was_registered_before_there_was_the_flag_is_not_vulnerable(store, station):
    async with store.write() as unit:
        one, other = await register(unit, station.id, resident(at=(0.63, 48.76)), resident(vulnerable=True))
        await unit.conn.execute(update(subscribers).where(subscribers.c.id == one).values(vulnerable=None))
    atlas = Atlas(store)
    await atlas.load()
    assert atlas.roster.vulnerable(np.array([one, other], np.int64)).tolist() == [False, True]
    async with store.read() as unit:
        assert (await profiles.read(unit, one)).vulnerable is False
