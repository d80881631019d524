"""How soon a page shows something on a slow telephone: Chromium, its cache empty, over a slow 4G,
with a quarter of a core.

The tiles of maps are in the service's cache. 150 ms for a round trip, 1.6 Mbit/s down, 750 kbit/s up: what Lighthouse
takes for a slow telephone. Connecting to loopback costs no round trip, so two are added for TCP and TLS.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from tests.bench.running import run
from tests.bench.table import Row
from tests.browser.machine import lacking, start_chromium
from tests.browser.village import Village, village
from tests.browser.visiting import Visits, sign_in
from tests.servers.autopush import Autopush
from tests.servers.tiles import TileServer

_ROUND_TRIP_MS = 150
_NETWORK = {
    "offline": False,
    "latency": _ROUND_TRIP_MS,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
_CPU = {"rate": 4}
_CONNECTING_MS = 2 * _ROUND_TRIP_MS
_GOAL_S = 2.0
_TIMES = 3
# The largest thing on the first screen, which is its heading, its text or its map.
_PAINTED_MS = """() => new Promise((done) => {
  let at = 0;
  new PerformanceObserver((list) => { at = list.getEntries().at(-1).startTime; })
    .observe({type: "largest-contentful-paint", buffered: true});
  setTimeout(() => done(at), 2500);
})"""


async def measure() -> list[Row]:
    if why := lacking():
        return [Row("paint", "a page on a slow telephone", "", _GOAL_S, unit="s", at_most=True, why=why)]
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        async with (
            Autopush() as push,
            TileServer() as tiles,
            village(Path(folder), push, sandboxed=("sms", "voice"), geocoder_url="off", tiles_url=tiles.url) as town,
            async_playwright() as driver,
        ):
            lon, lat = town.middle
            area = {"circles": [{"lon": lon, "lat": lat, "radius_m": 800}]}
            texts = {"fr": {"headline": "La Risle déborde", "instruction": "Montez à l'étage."}}
            said = {"station": town.station, "event": "Crue", "severity": "severe", "texts": texts, "area": area}
            alert = await town.api.call("POST", "/v1/alerts", said, expect=202)
            pages = {
                "an alert's page": alert["url"].removeprefix(town.url),
                "follow": f"/s/{town.station}",
                "here": "/here",
                "my alerts": "/me",
                "the console's home": "/console",
                "new alert": "/console/new",
                "an alert, live": f"/console/alerts/{alert['id']}",
            }
            browser = await start_chromium(driver)
            try:
                return [await _row(name, path, town, browser) for name, path in pages.items()]
            finally:
                await browser.close()


async def _row(name: str, path: str, town: Village, browser: Any) -> Row:
    took = [await _painted_ms(path, town, browser) for _ in range(1 + _TIMES)][1:]  # the first one caches the tiles
    seconds = (statistics.median(took) + _CONNECTING_MS) / 1000
    what = f"{name}: the largest thing of the first screen on a slow telephone"
    return Row("paint", what, "", _GOAL_S, seconds, unit="s", at_most=True)


async def _painted_ms(path: str, town: Village, browser: Any) -> float:
    async with Visits(town, browser) as visit:
        page = await visit("/healthz")
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("Network.enable")
        await devtools.send("Network.emulateNetworkConditions", _NETWORK)
        await devtools.send("Emulation.setCPUThrottlingRate", _CPU)
        if path.startswith("/console"):
            await sign_in(page.context, town)
        await page.goto(town.url + path)
        return float(await page.evaluate(_PAINTED_MS))


if __name__ == "__main__":
    run(measure)
