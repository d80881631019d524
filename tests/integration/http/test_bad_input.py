"""Every bad input is refused whole: a problem that names the field, and nothing stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.http.conftest import an_alert, circle

pytestmark = pytest.mark.asyncio(loop_scope="module")


def polygon(*points):
    return {"polygons": {"type": "Polygon", "coordinates": [[list(point) for point in points]]}}


CROSSED = polygon((0.62, 48.76), (0.64, 48.77), (0.64, 48.76), (0.62, 48.77), (0.62, 48.76))
WORLD = polygon((-180, -90), (180, -90), (180, 90), (-180, 90), (-180, -90))
PAST = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()

BAD = {
    "a radius of 299 m": ({"area": circle(299)}, "area.circles[0].radius_m"),
    "a radius of 5001 m": ({"area": circle(5001)}, "area.circles[0].radius_m"),
    "a radius that is NaN": ({"area": circle(float("nan"))}, "area.circles[0].radius_m"),
    "a radius that is infinite": ({"area": circle(float("inf"))}, "area.circles[0].radius_m"),
    "a radius in quotes": ({"area": circle("1500")}, "area.circles[0].radius_m"),
    "a radius that is true": ({"area": circle(True)}, "area.circles[0].radius_m"),
    "a longitude of 181": ({"area": circle(lon=181)}, "area.circles[0].lon"),
    "a latitude in quotes": ({"area": circle(lat="48.7")}, "area.circles[0].lat"),
    "a latitude that is NaN": ({"area": circle(lat=float("nan"))}, "area.circles[0].lat"),
    "no area": ({"area": ...}, "area"),
    "an area of nothing": ({"area": {"circles": []}}, "area"),
    "a circle without a radius": ({"area": {"circles": [{"lon": 0.6, "lat": 48.7}]}}, "area.circles[0].radius_m"),
    "a self-crossing polygon": ({"area": CROSSED}, "area.polygons"),
    "an empty polygon": ({"area": {"polygons": {"type": "Polygon", "coordinates": []}}}, "area.polygons"),
    "a polygon of the world": ({"area": WORLD}, "area.polygons"),
    "an area outside the jurisdiction": ({"area": circle(lon=2.35, lat=48.85)}, "area.circles[0]"),
    "an unknown station": ({"station": "atlantis"}, "station"),
    "an unknown audience": ({"audience": {"kind": "friends"}}, "audience.kind"),
    "an unknown audience by its word": ({"audience": "friends"}, "audience"),
    "an unknown group": ({"audience": {"kind": "groups", "groups": ["nobody"]}}, "audience.groups"),
    "an unknown channel": ({"channels": ["pigeon"]}, "channels[0]"),
    "no channel": ({"channels": []}, "channels"),
    "no language code": ({"texts": {"Klingon": {"headline": "nuqneH"}}}, "texts.Klingon"),
    "expires in the past": ({"expires": PAST}, "expires"),
    "expires without an offset": ({"expires": "2099-01-01T00:00:00"}, "expires"),
    "expires as a number": ({"expires": 4070908800}, "expires"),
    "a headline over 160": ({"headline": "x" * 161}, "headline"),
    "a description over 4000": ({"description": "x" * 4001}, "description"),
    "an instruction over 2000": ({"instruction": "x" * 2001}, "instruction"),
    "an event over 100": ({"event": "x" * 101}, "event"),
    "a headline of blanks": ({"headline": "   "}, "headline"),
    "a headline of signs without ink": ({"headline": "\u200b\u00ad\ufeff"}, "texts.fr.headline"),
    "an SMS of signs without ink": ({"sms": "\u200d"}, "texts.fr.sms"),
    "an event of the blank of Braille": ({"event": "\u2800"}, "event"),
    "an answer without ink": ({"question": "Quand ?", "answers": ["Oui", "\u3164"]}, "texts.fr.answers"),
    "a headline that turns the direction of writing": ({"headline": "Crue \u202emorf"}, "headline"),
    "a description with an isolate that is never ended": ({"description": "a \u2067b"}, "description"),
    "an instruction with an embedding": ({"instruction": "\u202ba"}, "instruction"),
    "an SMS with an override": ({"sms": "\u202dgro.elpmaxe"}, "sms"),
    "an event with an override": ({"event": "\u202eCrue"}, "event"),
    "an English headline with an isolate": ({"texts": {"en": {"headline": "\u2066Flood"}}}, "texts.en.headline"),
    "a headline of two lines": ({"headline": "one\ntwo"}, "headline"),
    "no text in the station's language": (
        {"headline": ..., "description": ..., "instruction": ..., "texts": {"en": {"headline": "Flood"}}},
        "texts.fr",
    ),
    "no text at all": ({"headline": ..., "description": ..., "instruction": ...}, "headline"),
    "an unknown field": ({"colour": "red"}, "colour"),
    "an unknown severity": ({"severity": "purple"}, "severity"),
    "no severity": ({"severity": ...}, "severity"),
}


# What reach does not ask for, or not yet: words, a severity, a time that is still to come.
NOT_REACH = {"no text at all", "no severity", "expires in the past", "an event of the blank of Braille"}
CASES = [
    pytest.param(path, changes, field, id=f"{path}: {name}")
    for name, (changes, field) in BAD.items()
    for path in ("/v1/alerts", "/v1/reach")
    if path == "/v1/alerts" or name not in NOT_REACH
]


@pytest.mark.parametrize(("path", "changes", "field"), CASES)
async def test_a_bad_alert_is_refused_whole_and_its_field_named(refusing, path, changes, field):
    before = await refusing.counts()
    status, headers, problem = await refusing.call("POST", path, raw=json.dumps(an_alert(**changes)))
    assert (status, headers["Content-Type"].split(";")[0]) == (422, "application/problem+json"), problem
    named = [each["field"] for each in problem["errors"]]
    assert field in [name[: len(field)] for name in named], problem
    assert all(each["problem"] for each in problem["errors"])
    assert problem["status"] == 422
    assert problem["type"].startswith("urn:")
    assert await refusing.counts() == before


async def test_every_wrong_field_is_named_at_once(refusing):
    status, _, problem = await refusing.call(
        "POST", "/v1/alerts", raw=json.dumps(an_alert(area=circle(1), headline="x" * 200, channels=["pigeon"]))
    )
    assert status == 422
    assert {each["field"] for each in problem["errors"]} == {"area.circles[0].radius_m", "headline", "channels[0]"}


@pytest.mark.parametrize("raw", ["", "{", "not json", '{"a": 1,}', "[" * 100_000, '{"a": "\\ud800"}', b"\xff\xfe{}"])
async def test_what_is_not_json_is_answered_400(refusing, raw):
    before = await refusing.counts()
    status, headers, problem = await refusing.call("POST", "/v1/alerts", raw=raw)
    assert (status, headers["Content-Type"]) == (400, "application/problem+json"), problem
    assert problem["type"] == "urn:tocsin:problem:not-json"
    assert await refusing.counts() == before


@pytest.mark.parametrize("raw", ["[]", "1", "null", '"text"'])
async def test_json_that_is_no_object_is_answered_422(refusing, raw):
    status, _, _ = await refusing.call("POST", "/v1/alerts", raw=raw)
    assert status == 422


async def test_a_draft_over_a_mebibyte_is_answered_413(refusing):
    before = await refusing.counts()
    status, headers, problem = await refusing.call(
        "POST", "/v1/alerts", raw=json.dumps(an_alert(description="x" * (1 << 20)))
    )
    assert (status, headers["Content-Type"]) == (413, "application/problem+json")
    assert problem["type"] == "urn:tocsin:problem:too-large"
    assert await refusing.counts() == before


async def test_another_content_type_is_answered_415(refusing):
    status, _, problem = await refusing.call("POST", "/v1/alerts", raw="{}", headers={"Content-Type": "text/plain"})
    assert (status, problem["title"]) == (415, "This is not sent as JSON")


async def test_an_unknown_path_is_404_and_a_wrong_method_405_with_allow(refusing):
    status, headers, problem = await refusing.call("GET", "/v1/nothing")
    assert (status, headers["Content-Type"], problem["status"]) == (404, "application/problem+json", 404)
    status, headers, problem = await refusing.call("PUT", "/v1/alerts")
    assert (status, headers["Content-Type"], problem["status"]) == (405, "application/problem+json", 405)
    assert headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("lon=181&lat=0", "lon"),
        ("lon=nan&lat=0", "lon"),
        ("lon=0", "lat"),
        ("lon=0&lat=x", "lat"),
        ("lon=0&lon=1&lat=0", "lon"),
        ("lon=0&lat=0&radius=3", "radius"),
    ],
)
async def test_a_bad_point_is_refused_by_nearby(refusing, query, field):
    status, _, problem = await refusing.call("GET", f"/v1/nearby?{query}", key=None)
    assert status == 422, problem
    assert [each["field"] for each in problem["errors"]] == [field]
