"""Tiles from a tile server: each fetched once, kept on disk, none while the server is in trouble."""

from __future__ import annotations

import asyncio

import pytest
from mercantile import Tile

from broadcaster.domain.stations import Station
from broadcaster.tiles import MapSource, NoTile, TileFolder, Tiles, TilesDisabled, TilesUnavailable, source
from broadcaster.tiles.territory import TerritoryFetch, box_of, wanted_of
from tests.servers.tiles import TileServer

HERE = Tile(16441, 11299, 15)


@pytest.fixture
async def server():
    async with TileServer() as running:
        yield running


@pytest.fixture
async def tiles(server, tmp_path):
    made = Tiles(MapSource(server.url, "us"), TileFolder(tmp_path, 1))
    yield made
    await made.close()


async def test_a_tile_is_fetched_once_however_many_ask_and_is_there_after_a_restart(tiles, server):
    server.slow_s = 0.05
    bodies = await asyncio.gather(*(tiles.get(HERE) for _ in range(20)))
    assert b"15/16441/11299" in bodies[0]
    assert set(bodies) == {bodies[0]}
    assert server.asked == ["15/16441/11299"]
    assert await Tiles(tiles.source, tiles.folder).kept(HERE) == bodies[0]


@pytest.mark.parametrize("fault", ["broken", "lie", "huge", "cut", "hang"])
async def test_nothing_that_is_wrong_is_kept(tiles, server, fault, monkeypatch):
    monkeypatch.setattr(source, "_PATIENCE_S", 0.2)
    server.faults = [fault]
    with pytest.raises(TilesUnavailable):
        await tiles.get(HERE)
    assert b"15/16441/11299" in await tiles.get(HERE)


async def test_a_server_that_is_down_is_left_alone_and_old_tiles_are_shown_meanwhile(tiles, server, monkeypatch):
    before = await tiles.get(HERE)
    monkeypatch.setattr(source, "_FRESH_S", -1.0)
    tiles._used.clear()
    server.faults = ["broken"] * 50
    assert await tiles.get(HERE) == before
    for number in range(20):
        with pytest.raises(TilesUnavailable):
            await tiles.get(Tile(1 + number, 2, 15))
    assert len(server.asked) < 10  # the breaker opened
    assert await tiles.get(HERE) == before


async def test_a_tile_that_the_map_does_not_have_is_not_asked_for_again(tiles, server):
    server.missing = {"15/16441/11299"}
    for _ in range(3):
        with pytest.raises(NoTile):
            await tiles.get(HERE)
    assert len(server.asked) == 1


async def test_without_a_source_nothing_is_fetched(tmp_path):
    with pytest.raises(TilesDisabled):
        await Tiles(MapSource("", ""), TileFolder(tmp_path, 1)).get(HERE)


async def test_the_least_recently_used_tiles_make_way_and_pinned_ones_never(tmp_path):
    now = [1000.0]
    folder = TileFolder(tmp_path, 1, clock=lambda: now[0])
    pinned, *others = (Tile(n, 1, 17) for n in range(13))
    folder.write(pinned, bytes(400_000), pinned=True)
    for each in others:
        now[0] += 1
        folder.write(each, bytes(100_000))
        folder.read(others[0])
    kept = [each for each in others if folder.read(each) is not None]
    assert others[0] in kept
    assert others[1] not in kept
    assert others[-1] in kept
    assert folder.read(pinned) is not None


def laigle(**changes):
    square = [[0.60, 48.74], [0.66, 48.74], [0.66, 48.79], [0.60, 48.79], [0.60, 48.74]]
    fields = {"boundary": {"type": "Polygon", "coordinates": [square]}, "lon": 0.63, "lat": 48.76} | changes
    return Station(
        id=1, slug="laigle", name="L'Aigle", kind="authority", languages=("fr",), margin_m=0, region="FR", **fields
    )


def test_a_territory_of_15_km_and_its_surroundings_have_some_seven_thousand_tiles():
    half_lon, half_lat = 2500 / (111_320 * 0.6594), 2500 / 111_320  # 5 km, and 5 km around it
    west, east, south, north = 0.63 - half_lon, 0.63 + half_lon, 48.76 - half_lat, 48.76 + half_lat
    square = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    assert 7000 < len(wanted_of(laigle(boundary={"type": "Polygon", "coordinates": [square]}))) < 8000


def test_a_station_without_a_territory_has_the_tiles_around_its_position():
    assert box_of(laigle(boundary=None)) == (0.63, 48.76, 0.63, 48.76)
    assert wanted_of(laigle(boundary=None, lon=None, lat=None)) == []


async def test_the_fetch_of_a_territory_goes_on_where_it_stopped(tiles, server, monkeypatch):
    wanted = [tile for tile in wanted_of(laigle()) if tile.z <= 14]
    monkeypatch.setattr("broadcaster.tiles.territory._TRIES", 1)
    server.faults = [""] * 10 + ["broken"]
    first = TerritoryFetch(tiles, wanted)
    with pytest.raises(TilesUnavailable):
        await first.run()
    assert 0 < first.held < len(wanted)
    seen = []
    second = TerritoryFetch(tiles, wanted)
    await second.run(seen.append)
    assert second.held == seen[-1] == second.total == len(wanted)
    assert len(server.asked) == len(wanted) + 1  # the broken one alone was asked for twice
    third = TerritoryFetch(tiles, wanted)
    assert await third.missing() == []
    held, more = await third.megabytes(0)
    assert held > 0
    assert more == 0
