"""What a stranger sends costs little: it is counted, bounded and refused before it is read."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import threading
from contextlib import asynccontextmanager
from urllib.parse import quote

import pytest

from broadcaster.config import Settings
from broadcaster.http import reading
from broadcaster.http.problems import HttpProblem
from broadcaster.http.route import Access
from broadcaster.server import application as server
from broadcaster.server.routes import ROUTES
from broadcaster.store.operators import operators
from broadcaster.store.stations import stations
from broadcaster.web.resident import public
from tests.integration.http.conftest import LAIGLE, an_alert, open_api
from tests.integration.http.test_people import push
from zones import Area

SECRET = "swordfish"
NEVER_READ = {"/u/{token}", "/c/{token}", "/k/{token}", "/v1/subscribers/me/follows/{slug}"}
TAKING = [route for route in ROUTES if route.largest and route.path not in NEVER_READ]


@pytest.fixture
async def counting(tmp_path):
    """A service that lets an address ask five times a minute."""
    async for each in open_api(Settings(host="127.0.0.1", port=0, data_dir=tmp_path, requests_per_minute=5)):
        yield each


async def said(api, head, body=b"", *, wait=True):
    """Say a request's head, and as much of its body; return the answer, or the connection if it is not waited for."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(api.running.url.rpartition(":")[2]))
    writer.write("\r\n".join([*head, "Host: x", "", ""]).encode() + body)
    if not wait:
        return reader, writer
    try:
        async with asyncio.timeout(20):
            return await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()


def status(answer):
    return int(answer.split()[1])


def link(api, number, use="receipt"):
    return api.running.services.store.vault.link(use, number)


async def test_an_unknown_receipt_is_counted_before_its_body_is_read_and_a_known_one_is_not_counted(counting):
    head = ["POST /v1/receipts/x HTTP/1.1", "Content-Type: application/json", "Content-Length: 4000"]
    assert [status(await said(counting, head)) for _ in range(7)] == [404] * 5 + [429] * 2
    for number in range(1, 11):  # a town behind one address
        path = f"/v1/receipts/{link(counting, number)}"
        assert (await counting.call("POST", path, {"event": "displayed"}, key=None))[0] == 204


async def test_no_refusal_waits_for_the_garbage_collector(counting):
    post = [f"POST /v1/receipts/{link(counting, 1)} HTTP/1.1", "Content-Type: application/json"]
    half = [*post, "Content-Length: 4000"]
    gc.collect()
    gc.disable()
    try:
        for head, body in ((half, b"{"), (half, b"{" * 4000), ([*half, "Content-Encoding: gzip"], b"")):
            _, writer = await said(counting, head, body, wait=False)
            await asyncio.sleep(0)
            writer.close()
        for _ in range(3):
            await said(counting, [*post, "Content-Length: 1"], b"x")
        answers = [said(counting, ["GET /v1/nowhere HTTP/1.1"]) for _ in range(8)]
        assert {404, 429} == {status(each) for each in await asyncio.gather(*answers)}
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        assert [each for each in gc.garbage if isinstance(each, HttpProblem)] == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def test_one_token_used_again_and_again_is_held_back_and_delays_no_other(counting):
    one, other = (f"/v1/receipts/{link(counting, number)}" for number in (1, 2))
    sent = [(await counting.call("POST", one, {"event": "displayed"}, key=None))[0] for _ in range(6)]
    assert sent == [204] * 5 + [429]
    assert (await counting.call("POST", other, {"event": "displayed"}, key=None))[0] == 204


@pytest.mark.parametrize("path", ["/hooks/twilio/status?d=x", "/hooks/twilio/voice?d=x"])
async def test_a_callback_with_an_unknown_link_is_counted_before_its_body_is_read(counting, path):
    head = [f"POST {path} HTTP/1.1", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 4000"]
    assert [status(await said(counting, head)) for _ in range(6)] == [404] * 5 + [429]


# The secret of a confirmation is in its small body, and counts only where it is unknown: /v1/confirmations is not here.
@pytest.mark.parametrize("path", ["/v1/stations/laigle/subscribers", "/v1/stations/laigle/confirmations", "/v1/visits"])
async def test_a_stranger_is_counted_before_the_body_is_read(counting, path):
    for _ in range(5):
        await counting.call("GET", "/v1/nearby?lon=0&lat=0", key=None)
    assert status(await said(counting, [f"POST {path} HTTP/1.1", "Content-Length: 4000"])) == 429


async def authority(api, route):
    """The headers by which a route lets its body be read."""
    if route.access is Access.OPERATOR:
        return [f"{name}: {value}" for name, value in (await api.sign_in()).items()]
    if route.access in (Access.SUBSCRIBER, Access.DEVICE):
        device = push(f"https://fcm.googleapis.com/fcm/send/{route.method}{quote(route.path)}")
        _, _, made = await api.call("POST", "/v1/stations/laigle/subscribers", {"contacts": [device]}, key=None)
        return [f"Authorization: Bearer {made['token']}"]
    return [f"Authorization: Bearer {api.keys['admin']}"] if route.access is not Access.PUBLIC else []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("route", TAKING, ids=[f"{route.method} {route.path}" for route in TAKING])
async def test_a_body_over_the_limit_of_its_route_is_refused_before_it_comes(refusing, route):
    path = route.path.replace("{slug}", "laigle").replace("{token}", link(refusing, 1))
    if "/hooks/" in path:
        path += f"?d={link(refusing, 1)}"
    kind = "application/x-www-form-urlencoded" if route.page or route.form else "application/json"
    head = [
        f"{route.method} {path} HTTP/1.1",
        f"Content-Length: {route.largest + 1}",
        *await authority(refusing, route),
    ]
    answer = await said(refusing, [*head, f"Content-Type: {kind}", "X-Twilio-Signature: x", "Idempotency-Key: x"])
    # A station, alert, list or person that is not there, or a form of which nothing is read, is told first.
    unread = ("{id}", "{slug}/", "{token}", "/sign-out", "/mail", "/import", "/hooks", "/codes", "/password/remove",
              "/identity", "/vulnerable", "/templates/{name}", "/ppms/{name}")  # fmt: skip
    assert status(answer) == 413 or any(part in route.path for part in unread), answer
    assert status(answer) in (303, 400, 403, 404, 413, 422), answer


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/v1/stations/laigle/subscribers", None),
        ("/v1/visits", None),
        ("/v1/alerts", "admin"),
        ("/v1/reach", "admin"),
        ("/v1/stations", "admin"),
        ("/console/sign-in/go-on", None),
        ("/console/people/import?csrf=", "operator"),
        ("/console/people/import?csrf=", None),
    ],
)
async def test_a_compressed_body_is_refused_and_never_inflated(refusing, path, key):
    signed_in = await refusing.sign_in() if key == "operator" else {}
    bomb = gzip.compress(b"--x\r\n" + b"\0" * 50_000_000, 1)
    headers = {"Content-Encoding": "gzip", "Content-Type": "multipart/form-data; boundary=x", **signed_in}
    if signed_in:
        path += headers["X-CSRF"]
    answered, said_, _ = await refusing.call("POST", path, key=None if signed_in else key, raw=bomb, headers=headers)
    assert answered in ((415, 422) if signed_in else (401, 413, 415)), answered
    assert answered != 415 or said_["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    "body",
    [
        {f"{SECRET}{n:05d}": SECRET for n in range(400)},
        {"contacts": [{"channel": "push", "subscription": SECRET}] * 200},
        {"contacts": [{}] * 4000},
        {"groups": [SECRET * 20] * 80},
        {"locale": SECRET, "places": [{"lon": SECRET, "lat": SECRET}]},
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_validation_stops_at_the_first_few_errors_and_says_nothing_of_what_was_sent(refusing, body):
    answered, _, problem = await refusing.call("POST", "/v1/stations/laigle/subscribers", body, key=None)
    assert answered == 422
    assert 1 <= len(problem["errors"]) <= 50
    assert SECRET not in json.dumps([each["problem"] for each in problem["errors"]])
    assert len(json.dumps(problem)) < 8000


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/reach", "/v1/stations"])
async def test_a_hundred_thousand_unknown_fields_are_told_in_one_sentence(refusing, path):
    answered, _, problem = await refusing.call("POST", path, {f"f{n}": 1 for n in range(80_000)})
    assert (answered, len(problem["errors"])) == (422, 1)


def corners(count):
    ring = [[LAIGLE[0] + n * 1e-6, LAIGLE[1]] for n in range(count)]
    return {"polygons": {"type": "Polygon", "coordinates": [[*ring, [LAIGLE[0], LAIGLE[1] + 0.01], ring[0]]]}}


@pytest.mark.parametrize("path", ["/v1/reach", "/v1/alerts", "/console/reach", "/console/send"])
async def test_a_large_area_is_read_beside_the_event_loop_at_every_door(api, monkeypatch, path):
    threads = set()
    really = Area.from_json.__func__

    def watched(cls, obj, field=""):
        if len(str(obj)) > 10_000:  # the reach draws small squares of its own
            threads.add(threading.current_thread() is threading.main_thread())
        return really(cls, obj, field)

    monkeypatch.setattr(Area, "from_json", classmethod(watched))
    headers = {"Idempotency-Key": "a-draft", **(await api.sign_in() if path.startswith("/console") else {})}
    draft = an_alert(
        area=corners(2000), headline=..., description=..., instruction=..., texts={"fr": {"headline": "x"}}
    )
    answered, _, found = await api.call(
        "POST", path, draft, key=None if path.startswith("/console") else "admin", headers=headers
    )
    assert answered in (200, 202), found
    assert False in threads
    assert path.endswith(("send", "alerts")) or threads == {False}, "an alert that is taken is read from the store too"


async def test_a_stored_area_is_read_once_however_often_its_alert_is_shown(api, monkeypatch):
    read = []
    really = Area.from_json.__func__
    monkeypatch.setattr(Area, "from_json", classmethod(lambda cls, *given: read.append(1) or really(cls, *given)))
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(area=corners(2000)))
    for _ in range(20):
        assert (await api.call("GET", f"/v1/alerts/{alert['id']}"))[0] == 200
    assert len(read) <= 2, "as it came, and out of the store"


async def test_twenty_thousand_rings_are_refused_before_one_is_read(api):
    ring = [[0.6, 48.7], [0.61, 48.7], [0.61, 48.71], [0.6, 48.7]]
    shape = {"type": "Polygon", "coordinates": [ring] * 15_000}
    for path, body, field in (
        ("/v1/reach", an_alert(area={"polygons": shape}), "area.polygons"),
        ("/v1/alerts", an_alert(area={"polygons": shape}), "area.polygons"),
    ):
        answered, _, problem = await api.call("POST", path, body)
        assert (answered, problem["errors"][0]["field"]) == (422, field)
        assert "rings" in problem["errors"][0]["problem"]


async def test_a_stalled_body_is_cut_off_and_a_slow_one_is_read(api, monkeypatch):
    monkeypatch.setattr(reading, "WINDOW_S", 1.5)
    monkeypatch.setattr(reading, "LEAST", 4)
    head = [f"POST /v1/receipts/{link(api, 1)} HTTP/1.1", "Content-Type: application/json", "Content-Length: 200"]
    reader, writer = await said(api, head, b'{"event"', wait=False)
    async with asyncio.timeout(20):
        assert status(await reader.readuntil(b"\r\n\r\n")) == 408
        assert b"urn:tocsin:problem:slow" in await reader.read()
    writer.close()
    body = b'{"event": "displayed"' + b" " * 178 + b"}"
    reader, writer = await said(api, head, wait=False)
    for at in range(0, len(body), 20):
        writer.write(body[at : at + 20])
        await asyncio.sleep(0.35)  # more than two windows in all
    async with asyncio.timeout(20):
        assert status(await reader.readuntil(b"\r\n\r\n")) == 204
    writer.close()


async def test_a_key_or_a_session_that_ends_while_a_slow_body_comes_opens_nothing(api, monkeypatch):
    incoming, waits = reading.incoming, asyncio.Event()

    @asynccontextmanager
    async def noted(request):
        async with incoming(request):
            waits.set()
            yield

    monkeypatch.setattr(reading, "TRUSTED_S", 0.0)
    monkeypatch.setattr(reading, "incoming", noted)
    store, now = api.running.services.store, api.running.services.clock.now()
    operator, before = await api.sign_in("laigle-publish"), await api.counts()
    key, body = api.keys["laigle-publish"], json.dumps(an_alert()).encode()
    async with store.read() as unit:
        key_id = (await stations.caller_of(unit, key, now)).key_id
    for path, who, end, which in (
        ("/v1/alerts", {"Authorization": f"Bearer {key}"}, stations.revoke_key, key_id),
        ("/console/send", operator, operators.disable, api.operators["laigle-publish"]),
    ):
        lines = [f"{name}: {value}" for name, value in who.items()]
        length = f"Content-Length: {len(body)}"
        head = [f"POST {path} HTTP/1.1", "Content-Type: application/json", length, "Idempotency-Key: one", *lines]
        waits.clear()
        reader, writer = await said(api, head, body[:-1], wait=False)
        await waits.wait()
        async with store.write() as unit:
            await end(unit, which, now)
        writer.write(body[-1:])
        async with asyncio.timeout(20):
            assert status(await reader.readuntil(b"\r\n\r\n")) == 401, path
        writer.close()
    assert await api.counts() == before


async def test_requests_that_lead_nowhere_are_counted(counting):
    sent = [(await counting.call("GET", f"/nowhere/{n}", key=None))[0] for n in range(6)]
    assert sent == [404] * 5 + [429]
    assert (await counting.call("PUT", "/v1/alerts"))[0] == 429


async def test_a_public_page_is_not_made_anew_for_each_way_to_write_a_language(api, monkeypatch):
    made = []
    really = public.rendered
    monkeypatch.setattr(public, "rendered", lambda *given, **more: made.append(1) or really(*given, **more))
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    path = alert["url"].removeprefix(api.running.url)
    for n in range(20):
        wanted = {"Accept-Language": f"fr;q=0.{n + 1:02d}, x{n}"}
        assert (await api.call("GET", f"{path}?lang=nowhere{n}", key=None, headers=wanted))[0] == 200
    assert len(made) == 1


async def test_a_caller_over_the_limit_waits_for_the_refusal(counting, monkeypatch):
    monkeypatch.setattr(server, "PATIENCE_S", 0.5)
    for _ in range(5):
        await counting.call("GET", "/v1/nearby?lon=0&lat=0", key=None)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert (await counting.call("GET", "/v1/nearby?lon=0&lat=0", key=None))[0] == 429
    assert loop.time() - began >= 0.5
