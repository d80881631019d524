"""Whom a station registered itself, by whichever way they came: only they are counted exactly before sending."""

from __future__ import annotations

import numpy as np

from broadcaster.atlas import Atlas
from broadcaster.domain.audience import Audience
from broadcaster.register.applying import apply
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.store.people import people, residents
from tests.contract.stores import BY, NOW, add_station, push, register, resident
from zones import Area, Circle

HERE = Area(circles=(Circle(0.63, 48.76, 1000.0),))
HOME = (0.63, 48.76)


async def test_a_list_and_a_key_register_and_those_who_sign_up_or_follow_do_not(store, tmp_path):
    async with store.write() as unit:
        town = await add_station(unit, "laigle")
        club = await add_station(unit, "club")
        (keyed,) = await register(unit, town.id, resident(at=HOME))
        (alone,) = await register(unit, town.id, resident(push("https://p.example/1"), at=HOME), themselves=True)
        (members,) = await register(unit, club.id, resident(at=HOME))
        await residents.follow(unit, members, town.id, NOW)
    path = tmp_path / "list.csv"
    path.write_text("id,name,lon,lat\n1,Ann,0.63,48.76\n2,Bea,0.63,48.76\n")
    with await plan(store, town, open_source(path)) as made:
        await apply(store, made, BY)
    async with store.read() as unit:
        listed = {number for number, _ in (await people.by_external_ids(unit, town.id, ["1", "2"])).values()}
    followed = Atlas(store)
    await followed.load()
    late = Atlas(store)
    late.seq = -1
    await late.follow()
    for atlas in (followed, late):
        assert set(atlas.roster.registered(town.id).tolist()) == {keyed, *listed}
        counted = atlas.counted(town.id, HERE, Audience())
        assert set(counted.own.tolist()) == {keyed, *listed}
        assert (counted.others, set(counted.pool.tolist())) == (0, {alone, members})
    async with store.write() as unit:
        await people.erase(unit, keyed)
    await followed.follow()
    assert np.array_equal(followed.roster.registered(town.id), sorted(listed))
