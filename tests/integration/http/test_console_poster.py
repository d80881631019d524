"""The poster: what its code says, whoever reads it, and that what is written fits."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import zxingcpp

from broadcaster.domain.stations import Station, StationKind
from broadcaster.web.console.stations.poster import reachable
from broadcaster.web.console.stations.poster_drawing import fitted, measured, poster
from broadcaster.web.i18n import catalogs
from tests.integration.http.test_console_people import look

LAIGLE = Station(1, "laigle", "L'Aigle", StationKind.AUTHORITY, ("fr", "en"), None, 0.0, phone="+33233841616")


def drawn(station, base_url="https://alertes.example"):
    return poster(station, base_url, catalogs().words("fr"), catalogs().words("en"))


def scanned(svg):
    """What a telephone reads of the code: its squares painted, eight pixels each, on white."""
    transform, squares = re.search(r'<path transform="(translate[^"]*)" fill="#000"[^>]* d="([^"]*)"', svg).groups()
    assert float(re.search(r"scale\((.*?)\)", transform)[1]) > 1.5  # millimetres: it is read from two metres away
    modules = np.full((80, 80), 255, dtype=np.uint8)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", squares):
        modules[int(y), int(x) : int(x) + int(length)] = 0
    found = zxingcpp.read_barcodes(np.kron(modules, np.ones((8, 8), dtype=np.uint8)))
    return [each.text for each in found]


@pytest.mark.parametrize("slug", ["laigle", "saint-remy-en-bouzemont-saint-genest-et-isson", "a" * 60])
def test_the_code_leads_to_the_stations_own_page(slug):
    assert scanned(drawn(replace(LAIGLE, slug=slug))) == [f"https://alertes.example/s/{slug}?via=qr"]


@pytest.mark.parametrize(
    "name", ["L'Aigle", "Y", "Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson", "W" * 120, "Œ <&> \N{FIRE}" * 10]
)
def test_whatever_a_station_is_called_its_name_stays_in_its_place(name):
    svg = drawn(replace(LAIGLE, name=name))
    assert "<&>" not in svg
    written = re.findall(
        r'<text x="16" y="([\d.]+)" font-size="([\d.]+)" fill="#fff" font-weight="700">(.*?)</text>', svg
    )
    assert 1 <= len(written) <= 3
    for y, size, line in written:
        assert 28 < float(y) < 56
        assert measured(line.replace("&lt;", "<").replace("&amp;", "&").replace("&gt;", ">")) * float(size) <= 122.01


def test_what_does_not_fit_at_any_size_ends_with_an_ellipsis():
    lines, size = fitted("one two three four", 10, sizes=(4, 2), most=1)
    assert size == 2
    assert lines[0].endswith("…")
    assert measured(lines[0]) * size <= 10


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("https://alertes.laigle.fr", True),
        ("http://alertes.laigle.fr", False),
        ("http://127.0.0.1:8080", False),
        ("https://[::1]", False),
        ("https://localhost", False),
    ],
)
def test_an_address_that_no_other_telephone_reaches_is_known(url, there):
    assert reachable(url) is there


async def test_the_poster_is_there_as_page_svg_and_pdf_for_who_may_see_the_station(api):
    mine = await api.sign_in("laigle-read")
    status, _, page = await look(api, "/console/stations/laigle/poster", mine)
    assert status == 200
    assert "Do not print it yet." in page  # this service is on this machine alone
    status, headers, svg = await look(api, "/console/stations/laigle/poster.svg", mine)
    assert (status, headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert scanned(svg) == [f"{api.running.url}/s/laigle?via=qr"]
    assert "Scannez ce code" in svg
    assert "Ces alertes concernent ce territoire." in svg  # its outline, without tiles
    assert "<image" not in svg
    assert "Scan this code" in svg
    cookie = {"Cookie": mine["Cookie"]}
    async with api.http.get(f"{api.running.url}/console/stations/laigle/poster.pdf", headers=cookie) as answer:
        body = await answer.read()
        assert (answer.status, answer.content_type) == (200, "application/pdf")
    assert body.startswith(b"%PDF-")
    for path in ("poster", "poster.svg", "poster.pdf"):
        assert (await look(api, f"/console/stations/rugles/{path}", mine))[0] == 403
        assert (await look(api, f"/console/stations/nowhere/{path}", mine))[0] == 404
