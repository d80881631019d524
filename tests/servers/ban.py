"""A geocoder with the API of the Base Adresse Nationale: /search and /search/csv, with scores as a test wants them.

What it is asked about it keeps, so that a test can say what left the service. ``faults`` are met in order, one a
question: ``hang``, ``broken`` (503), ``garbage``, ``cut`` (the body breaks off), ``partial`` (half of the rows).
"""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

_ADDED = (
    *("longitude", "latitude", "result_score", "result_label", "result_type", "result_id", "result_housenumber"),
    *("result_postcode", "result_city", "result_citycode", "result_status"),
)


@dataclass(frozen=True)
class Known:
    """What the geocoder takes an address for."""

    score: float = 0.97
    lon: float = 0.6283
    lat: float = 48.7631
    kind: str = "housenumber"
    label: str = ""


@dataclass
class Ban:
    """``known``: by street; a street that begins with “introuvable” is not found, any other has ``Known()``."""

    known: dict[str, Known] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    asked: list[bytes] = field(default_factory=list)
    searched: list[str] = field(default_factory=list)
    searches_fail: bool = False
    here: str = "12 Rue Saint-Jean 61300 L'Aigle"
    url: str = ""
    _runner: Any = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [web.get("/search", self._search), web.post("/search/csv", self._csv), web.get("/reverse", self._reverse)]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def rows_asked(self) -> list[dict[str, str]]:
        """Every row of every list that came, by column."""
        return [row for body in self.asked for row in csv.DictReader(io.StringIO(body.decode()))]

    async def _search(self, request: web.Request) -> web.Response:
        self.searched.append(request.query["q"])
        if self.searches_fail:
            return web.Response(status=503, text="try later")
        points = [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [0.63 + at / 1000, 48.76]},
                "properties": {"label": f"{at + 1} Rue de la Gare 61300 L'Aigle", "score": 0.9 - at / 10},
            }
            for at in range(3)
        ]
        return web.json_response({"type": "FeatureCollection", "features": points})

    async def _reverse(self, request: web.Request) -> web.Response:
        if self.searches_fail:
            return web.Response(status=503, text="try later")
        at = [float(request.query["lon"]), float(request.query["lat"])]
        point = {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": at},
            "properties": {"label": self.here},
        }
        return web.json_response({"type": "FeatureCollection", "features": [point] if self.here else []})

    async def _csv(self, request: web.Request) -> web.StreamResponse:
        columns: list[str] = []
        body = b""
        async for part in await request.multipart():
            if part.name == "data":  # type: ignore[union-attr]
                body = await part.read()  # type: ignore[union-attr]
            elif part.name == "columns":  # type: ignore[union-attr]
                columns.append(await part.text())  # type: ignore[union-attr]
        self.asked.append(bytes(body))
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "broken":
            return web.Response(status=503, text="try later")
        if fault == "garbage":
            return web.Response(body=b"\xff\xfe<html>\x00", content_type="text/csv")
        answer = self._answered(bytes(body), columns, half=fault == "partial")
        if fault == "cut":
            response = web.StreamResponse(headers={"Content-Length": str(len(answer)), "Content-Type": "text/csv"})
            await response.prepare(request)
            await response.write(answer[: len(answer) // 2])
            assert request.transport is not None
            request.transport.abort()
            return response
        return web.Response(body=answer, content_type="text/csv")

    def _answered(self, body: bytes, columns: list[str], *, half: bool) -> bytes:
        rows = list(csv.DictReader(io.StringIO(body.decode())))
        assert columns == list(rows[0])
        text = io.StringIO()
        written = csv.DictWriter(text, [*rows[0], *_ADDED])
        written.writeheader()
        for row in rows[: (len(rows) + 1) // 2] if half else rows:
            known = self.known.get(row["adresse"], Known())
            label = known.label or f"{row['adresse']} {row['code_postal']} {row['commune']}".title()
            found = not row["adresse"].startswith("introuvable")
            result = {
                "longitude": known.lon, "latitude": known.lat, "result_score": known.score, "result_label": label,
                "result_type": known.kind, "result_status": "ok",
            }  # fmt: skip
            written.writerow({**row, **(result if found else {"result_status": "not-found"})})
        return text.getvalue().encode()
