"""The map in the service: tiles for the places around its stations, and pictures that are drawn on them."""

from __future__ import annotations

import asyncio
import re

import pytest

from broadcaster.config import Settings
from broadcaster.store.alerts import alerts as rows
from broadcaster.store.stations import stations
from tests.integration.http.conftest import open_api
from tests.integration.http.test_live import look, town_of
from tests.servers.ban import Ban
from tests.servers.tiles import TileServer


@pytest.fixture
async def server():
    async with TileServer() as running:
        yield running


@pytest.fixture
async def api(tmp_path, server):
    settings = Settings(host="127.0.0.1", port=0, data_dir=tmp_path, requests_per_minute=10_000, tiles_url=server.url)
    async for each in open_api(settings):
        yield each


async def tile(api, path):
    async with api.http.get(api.running.url + path) as answer:
        return answer.status, answer.content_type, await answer.read()


async def test_only_tiles_around_stations_are_fetched(api, server):
    far = ("/tiles/15/16873/11978", "/tiles/20/526000/361000", "/tiles/15/-1/4", "/tiles/15/99999/4", "/tiles/a/b/c")
    for path in far:
        assert (await tile(api, path))[:2] == (404, "application/problem+json"), path
    assert server.asked == []
    status, kind, body = await tile(api, "/tiles/15/16441/11299")
    assert (status, kind) == (200, "image/png")
    assert b"15/16441/11299" in body
    assert (await tile(api, "/tiles/5/16/11"))[0] == 200  # what a screen shows around the town from far away
    server.faults = ["broken"]
    assert (await tile(api, "/tiles/15/16442/11299"))[:2] == (503, "application/problem+json")


async def test_the_area_of_an_alert_is_drawn_on_the_map_on_every_page_and_in_the_pdf(tmp_path, server):
    async with town_of(tmp_path, people=1, gone=0, tiles_url=server.url) as (_, served, api):
        alert = await served.issue()
        await served.finished(alert["id"])
        mine = await api.sign_in()
        for path in (f"/a/{alert['url'].rpartition('/')[2]}", f"/console/alerts/{alert['id']}/report"):
            _, _, page = await look(api, path, **mine)
            addresses = re.findall(r'<image href="([^"]+)"', page)
            assert 4 <= len(addresses) <= 16, path
            assert "© IGN, Plan IGN v2" in page
            assert 'data-tiles="/tiles/{z}/{x}/{y}"' in page
        assert {(await tile(api, each))[0] for each in addresses} == {200}
        asked = len(server.asked)
        async with api.http.get(f"{api.running.url}/console/alerts/{alert['id']}/report.pdf", headers=mine) as answer:
            assert (await answer.read()).count(b"/Subtype /Image") == len(addresses)
        assert len(server.asked) == asked  # the PDF holds the tiles that the page showed
        poster = "/console/stations/laigle/poster"
        _, _, drawn = await look(api, f"{poster}.svg", **mine)
        tiles = drawn.count('<image href="data:image/png;base64,')
        assert tiles >= 4
        assert "© IGN, Plan IGN v2" in drawn
        async with api.http.get(f"{api.running.url}{poster}.pdf", headers=mine) as answer:
            assert (await answer.read()).count(b"/Subtype /Image") == tiles


async def named(town, alert):
    """Wait until the place of an alert was looked up."""
    while True:
        async with town.store.read() as unit:
            found = await rows.by_id(unit, alert["id"])
        if found.places is not None:
            return
        await asyncio.sleep(0.02)


async def pages_of(api, alert):
    mine = await api.sign_in()
    console = f"/console/alerts/{alert['id']}"
    for path in (f"/a/{alert['url'].rpartition('/')[2]}", console, f"{console}/report"):
        yield path, (await look(api, path, **mine))[2]


async def test_pages_say_where_an_alert_is_by_its_address_or_by_the_way_from_the_town_hall(tmp_path, monkeypatch):
    monkeypatch.setattr("broadcaster.workers._PLACE_S", 0.05)
    async with Ban() as ban, town_of(tmp_path, people=1, gone=0, geocoder_url=ban.url) as (town, served, api):
        alert = await served.issue()
        await named(town, alert)
        async for path, page in pages_of(api, alert):
            assert re.search(r"Within [\d,]+\u202fm of 12 Rue Saint-Jean 61300 L'Aigle", page), path
        at = "/console/place?lon=0.6283&lat=48.7631"  # before it is sent
        assert (await look(api, at, **await api.sign_in()))[2] == {"label": ban.here}
        ban.here = ""
        async with town.store.write() as unit:
            station = await stations.by_slug(unit, "laigle")
            await stations.change(unit, station.id, {"lon": 0.6283, "lat": 48.7631})
        far = await served.issue(area={"circles": [{"lon": 0.60, "lat": 48.74, "radius_m": 500}]})
        await named(town, far)
        async for path, page in pages_of(api, far):
            assert re.search(r"Within 500\u202fm of a point [\d.]+\u202fkm south-west of the town hall", page), path
