"""A village whose address service knows one house."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from aiohttp import web

from tests.browser.residents.following import HOUSE
from tests.browser.village import village as founded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from tests.browser.village import Village
    from tests.servers.autopush import Autopush


async def _search(request: web.Request) -> web.Response:
    """France's address service, as far as we speak to it: GeoJSON, the same for all but those who look for nothing."""
    point = {"type": "Point", "coordinates": [HOUSE["lon"], HOUSE["lat"]]}
    found = {"type": "Feature", "geometry": point, "properties": {"label": HOUSE["label"]}}
    return web.json_response(
        {"type": "FeatureCollection", "features": [] if "nulle part" in request.query["q"] else [found]}
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def village(tmp_path_factory: pytest.TempPathFactory, autopush: Autopush) -> AsyncIterator[Village]:
    app = web.Application()
    app.router.add_get("/search", _search)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with founded(tmp_path_factory.mktemp("residents"), autopush, residents=4, geocoder_url=url) as made:
        yield made
    await runner.cleanup()
