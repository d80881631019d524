"""Stations in the console: found by name or INSEE code, added once, changed by who may."""

from __future__ import annotations

import json
import re

import pytest

from broadcaster.store.stations import stations
from tests.integration.http.conftest import an_alert
from tests.integration.http.test_console_people import look, send


async def station(api, slug):
    async with api.running.services.store.read() as unit:
        return await stations.by_slug(unit, slug)


def offered(page):
    return re.findall(r'href="/console/stations/new\?insee=(\w+)"', page)


async def test_a_commune_is_found_by_its_name_however_it_is_written_or_by_its_code(api):
    mine = await api.sign_in()
    for search in ("L%27Aigle", "laigle", "AIGLE"):
        _, _, page = await look(api, f"/console/stations/new?q={search}", mine)
        assert "61214" in offered(page)
    status, headers, _ = await look(api, "/console/stations/new?q=61214", mine)
    assert (status, headers["Location"]) == (303, "/console/stations/new?insee=61214")
    _, _, page = await look(api, "/console/stations/new?q=Nulle-Part-sur-Rien", mine)
    assert offered(page) == []
    assert 'role="status">No commune is called so.' in page
    _, _, told = await look(api, "/console/communes?q=rennes", mine)
    assert told["communes"][0]["insee"] == "35238"
    assert told["communes"][0]["name"] == "Rennes"


async def test_a_commune_is_added_once_with_what_the_data_knows_of_it(api):
    mine = await api.sign_in()
    _, _, page = await look(api, "/console/stations/new?insee=35238", mine)
    prefilled = dict(re.findall(r'<input id="(\w+)"[^>]*? value="(.*?)"', page))
    assert prefilled["slug"] == "rennes"
    _, _, told = await look(api, "/console/communes/35238/ground.json", mine)
    assert told["name"] == "Rennes"
    assert told["boundary"]["type"] in ("Polygon", "MultiPolygon")
    fields = {**prefilled, "insee": "35238", "kind": "authority", "language": "fr", "also": ["en"], "margin": "500"}
    for _ in range(2):
        status, headers, _ = await send(api, "/console/stations/new?insee=35238", mine, **fields)
        assert (status, headers["Location"]) == (303, "/console/stations/rennes?done=added")
    made = await station(api, "rennes")
    assert (made.name, made.insee, made.languages, made.margin_m) == ("Rennes", "35238", ("fr", "en"), 500.0)
    assert made.boundary is not None
    status, _, page = await send(api, "/console/stations/new?insee=35238", mine, **{**fields, "slug": "laigle"})
    assert status == 422
    assert "There is a station “laigle” already" in page
    _, _, page = await send(api, "/console/stations/new?insee=35238&lang=fr", mine, **{**fields, "slug": "laigle"})
    assert "Il y a déjà une station «\u202flaigle\u202f»" in page
    _, _, page = await send(api, "/console/stations/new?insee=35238&lang=fr", mine, **{**fields, "phone": "12"})
    assert "Ce numéro est trop court" in page


async def test_a_school_has_no_territory_and_a_name_of_its_own_making(api):
    mine = await api.sign_in()
    fields = {"kind": "school", "name": "École de l'Étang", "language": "fr", "lon": "0,63", "lat": "48.76"}
    status, headers, _ = await send(api, "/console/stations/new?kind=school", mine, **fields)
    assert (status, headers["Location"]) == (303, "/console/stations/ecole-de-letang?done=added")
    made = await station(api, "ecole-de-letang")
    assert (made.kind, made.boundary, made.lon, made.lat) == ("school", None, 0.63, 48.76)
    status, _, page = await look(api, headers["Location"], mine)
    assert status == 200
    assert "This station has no territory" in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "École\x07"}, "name"),
        ({"slug": "Éc ole"}, "slug"),
        ({"slug": "-"}, "slug"),
        ({"phone": "12"}, "phone"),
        ({"email": "x"}, "email"),
        ({"lon": "abc", "lat": "1"}, "lon"),
        ({"lon": "200", "lat": "nan"}, "lon"),
        ({"margin": "-1"}, "form"),
        ({"kind": "authority"}, "form"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_wrong_with_a_station_is_said_and_nothing_is_added(refusing, change, field):
    mine = await refusing.sign_in()
    fields = {"kind": "school", "name": "École", "language": "fr", **change}
    status, _, page = await send(refusing, "/console/stations/new?kind=school", mine, **fields)
    assert status == 422
    if field != "form":
        assert f'id="{field}-wrong"' in page
    assert (await refusing.counts())["stations"] == 2


async def test_contact_languages_and_margin_are_changed_by_an_administrator_only(api):
    fields = {"name": "L'Aigle", "language": "en", "also": ["fr"], "margin": "2 500", "email": "mairie@example.org",
              "topics": "Traffic", "phone": "02 33 84 44 44"}  # fmt: skip
    for key in ("laigle-publish", "laigle-read", "rugles-admin"):
        mine = await api.sign_in(key)
        assert (await look(api, "/console/stations/laigle/edit", mine))[0] == 403
        assert (await send(api, "/console/stations/laigle/edit", mine, **fields))[0] == 403
        assert (await look(api, "/console/stations/new", mine))[0] == 403
        assert (await send(api, "/console/stations/new", mine, kind="school", name="X"))[0] == 403
    mine = await api.sign_in("laigle-admin")
    status, _, page = await send(api, "/console/stations/laigle/edit", mine, **{**fields, "margin": "99999"})
    assert status == 422
    assert "A margin is a number of metres from 0 to 50000." in page
    assert (await send(api, "/console/stations/laigle/edit", mine, **fields))[0] == 303
    made = await station(api, "laigle")
    assert (made.languages, made.margin_m, made.email, made.phone) == (
        ("en", "fr"),
        2500.0,
        "mairie@example.org",
        "+33233844444",
    )
    _, _, page = await look(api, "/console/stations/laigle/edit", mine)
    assert 'value="02 33 84 44 44"' in page.replace("\N{NO-BREAK SPACE}", " ")
    assert (
        await send(api, "/console/stations/laigle/edit", mine, **{**fields, "phone": "02\N{NO-BREAK SPACE}33 84 44 44"})
    )[0] == 303
    assert (await look(api, "/console/stations/new", mine))[0] == 403  # a station's own key makes no others


async def test_topics_are_added_and_taken_away_in_either_language_and_one_that_is_needed_stays(api):
    mine = await api.sign_in("laigle-admin")

    async def keep(language, *topics):
        fields = {"name": "L'Aigle", "language": "fr", "topics": "\r\n".join(topics)}
        return await send(api, f"/console/stations/laigle/edit?lang={language}", mine, **fields)

    assert (await keep("fr", "Circulation", "Travaux", "Marché du samedi"))[0] == 303
    there = {"traffic": "", "works": "", "marche-du-samedi": "Marché du samedi"}
    assert (await station(api, "laigle")).topics == there
    assert (await keep("en", "Traffic", "Works", "Marché du samedi"))[0] == 303
    assert (await station(api, "laigle")).topics == there, "the same in the other language"
    market = an_alert(severity="minor", topic="marche-du-samedi", at="2030-12-02T07:30")
    assert (await api.call("POST", "/v1/schedules", market))[0] == 201
    status, _, page = await keep("fr", "Circulation")
    assert (status, "Le sujet marche-du-samedi est celui d’une alerte programmée" in page) == (422, True)
    refused = await api.call("PUT", "/v1/stations/laigle/topics", {"topics": ["traffic"]})
    assert (refused[0], refused[2]["errors"][0]["code"]) == (422, "topic-scheduled")
    assert (await station(api, "laigle")).topics == there
    assert (await keep("fr", "Circulation", "Marché du samedi"))[0] == 303
    assert "works" not in (await station(api, "laigle")).topics


async def test_a_key_of_one_station_sees_that_one(api):
    mine = await api.sign_in("laigle-read")
    _, _, page = await look(api, "/console/stations", mine)
    assert re.findall('href="/console/stations/([a-z]+)"', page) == ["laigle"]
    assert (await look(api, "/console/stations/laigle", mine))[0] == 200
    assert (await look(api, "/console/stations/rugles", mine))[0] == 403
    assert (await look(api, "/console/stations/nowhere", mine))[0] == 404


SQUARE = [[0.61, 48.755], [0.64, 48.755], [0.64, 48.77], [0.61, 48.77], [0.61, 48.755]]
BOW_TIE = [[0.61, 48.75], [0.64, 48.77], [0.64, 48.75], [0.61, 48.77], [0.61, 48.75]]


async def upload(api, mine, document, lang="en", kind=""):
    """Choose a file of a boundary; give the status and the page."""
    body = (
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.geojson"\r\n'
        f"Content-Type: application/geo+json\r\n\r\n{document if isinstance(document, str) else json.dumps(document)}"
        "\r\n--x--\r\n"
    )
    headers = {**mine, "Content-Type": "multipart/form-data; boundary=x", "Accept-Language": lang}
    status, _, page = await api.call(
        "POST", f"/console/stations/boundary?kind={kind}", key=None, raw=body, headers=headers
    )
    return status, page


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


async def test_a_territory_from_a_file_is_seen_with_what_was_left_out_then_added(api):
    mine = await api.sign_in()
    point = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [0.63, 48.76]}}
    empty = {"type": "Feature", "properties": {}, "geometry": None}
    outline = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [BOW_TIE]}}
    status, page = await upload(api, mine, {"type": "FeatureCollection", "features": [point, empty, outline]})
    assert status == 200
    assert "Points and lines left out, because they cover no ground: 1." in page
    assert "Entries left out, because nothing is drawn in them: 1." in page
    assert "The outline crossed or touched itself. It was repaired" in page
    shown = json.loads(re.search(r'id="ground">(.*?)</script>', page)[1])
    assert len(shown["boundary"]["coordinates"]) == 2
    fields = {
        "kind": "school",
        "name": "Campus",
        "language": "fr",
        "margin": "200",
        "boundary": hidden(page, "boundary"),
    }
    status, _, again = await send(api, "/console/stations/new", mine, **{**fields, "name": ""})
    assert status == 422
    assert hidden(again, "boundary") == fields["boundary"]
    status, headers, _ = await send(api, "/console/stations/new", mine, **fields)
    assert (status, headers["Location"]) == (303, "/console/stations/campus?done=added")
    made = await station(api, "campus")
    assert (made.kind, made.margin_m, len(made.boundary["coordinates"])) == ("school", 200.0, 2)


@pytest.mark.parametrize("kind", ["", "school", "association", "authority"])
async def test_a_territory_from_a_file_is_that_of_the_kind_that_was_chosen_and_else_asks(api, kind):
    mine = await api.sign_in()
    _, page = await upload(api, mine, {"type": "Polygon", "coordinates": [SQUARE]}, kind=kind)
    assert re.findall(r'name="kind" value="(\w+)" checked', page) == ([kind] if kind else [])
    fields = {"name": "Campus", "language": "fr", "boundary": hidden(page, "boundary")}
    for wrong in ({}, {"kind": "moon"}):
        status, _, page = await send(api, "/console/stations/new", mine, **fields, **wrong)
        assert (status, "Say what the station is." in page) == (422, True)
    _, _, page = await look(api, f"/console/stations/new?kind={kind}", mine)
    assert f'href="/console/stations/boundary{"?kind=" + kind if kind in {"school", "association"} else ""}"' in page


async def test_swapped_coordinates_of_a_file_are_shown_put_right_and_may_be_left_as_written(api):
    mine = await api.sign_in()
    ring = [[lat, lon] for lon, lat in SQUARE]
    status, page = await upload(api, mine, {"type": "Polygon", "coordinates": [ring]})
    assert status == 200
    assert "As it is written, this territory lies near Somalia" in page
    assert json.loads(re.search(r'id="ground">(.*?)</script>', page)[1])["centre"][1] > 48
    _, french = await upload(api, mine, {"type": "Polygon", "coordinates": [ring]}, lang="fr")
    assert re.search(r"latitude 0,\d\d, longitude 48,\d\d", french)
    as_written = hidden(page, "as_written")
    status, _, page = await send(api, "/console/stations/boundary", mine, as_written=as_written)
    assert status == 200
    assert "Somalia" not in page
    assert json.loads(re.search(r'id="ground">(.*?)</script>', page)[1])["centre"][0] > 48


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("{", "This file is no GeoJSON."),
        ({"type": "Point", "coordinates": [0, 0]}, "There is no polygon here, only"),
        ({"type": "Polygon", "coordinates": [SQUARE], "crs": {"properties": {"name": "EPSG:2154"}}}, "WGS 84"),
        ({"type": "Polygon", "coordinates": [SQUARE[:2]]}, "as an outline: boundary"),
    ],
)
async def test_a_file_that_is_no_boundary_is_told_in_words(api, document, told):
    mine = await api.sign_in()
    status, page = await upload(api, mine, document)
    assert status == 422
    assert told in page


async def test_only_an_administrator_of_all_uploads_a_territory(api):
    mine = await api.sign_in("laigle-admin")
    assert (await look(api, "/console/stations/boundary", mine))[0] == 403
    assert (await upload(api, mine, {}))[0] == 403
