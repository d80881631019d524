"""The service as such: limits, health, figures, its document, and its mistakes."""

from __future__ import annotations

import asyncio
import re
from unittest.mock import AsyncMock, Mock

import pytest

from broadcaster import workers
from broadcaster.config import Settings
from broadcaster.domain.deliveries import DeliveryState
from broadcaster.http import connections
from broadcaster.store import StoreUnavailable
from broadcaster.store.alerts import tracking
from tests.integration.http.conftest import an_alert, open_api
from tests.integration.http.test_people import push


@pytest.fixture
async def slow(tmp_path):
    async for each in open_api(
        Settings(host="127.0.0.1", port=0, data_dir=tmp_path, requests_per_minute=5, trusted_proxies=1)
    ):
        yield each


async def test_an_address_that_asks_too_often_is_told_when_to_come_back(slow):
    paths = ["/v1/nearby?lon=0&lat=0"] * 5
    assert [(await slow.call("GET", path, key=None))[0] for path in paths] == [200] * 5
    status, headers, problem = await slow.call("GET", paths[0], key=None)
    assert (status, problem["type"]) == (429, "urn:tocsin:problem:too-many")
    assert 1 <= int(headers["Retry-After"]) <= 60
    other = {"X-Forwarded-For": "203.0.113.9"}
    assert (await slow.call("GET", paths[0], key=None, headers=other))[0] == 200
    # Whatever stands left of our own proxy's entry is invented, and helps nobody.
    invented = {"X-Forwarded-For": "198.51.100.1, 127.0.0.1"}
    assert (await slow.call("GET", paths[0], key=None, headers=invented))[0] == 429
    # A key is not counted, and health never.
    assert (await slow.call("GET", "/v1/alerts"))[0] == 200
    assert (await slow.call("GET", "/healthz", key=None))[0] == 200


async def test_a_town_behind_one_address_may_read_its_alert_and_who_guesses_links_is_counted(slow):
    _, _, alert = await slow.call("POST", "/v1/alerts", an_alert())
    path = alert["url"].removeprefix(slow.running.url)
    assert {(await slow.call("GET", path, key=None))[0] for _ in range(20)} == {200}
    assert [(await slow.call("GET", f"/a/guess{n}", key=None))[0] for n in range(6)] == [404] * 5 + [429]
    assert (await slow.call("GET", path, key=None))[0] == 200


async def test_keys_that_are_guessed_are_counted(slow):
    answers = [(await slow.call("GET", "/v1/alerts", key=f"tk_{n}"))[0] for n in range(7)]
    assert answers == [401] * 5 + [429] * 2


async def test_it_is_alive_and_ready_and_says_which_channels_are_sandboxed(api):
    assert (await api.call("GET", "/healthz", key=None))[2] == {"status": "alive"}
    status, _, ready = await api.call("GET", "/readyz", key=None)
    assert (status, ready["status"], ready["problems"]) == (200, "ready", [])
    assert ready["sandbox"] == ["push", "sms", "voice", "email"]


async def test_a_disk_that_is_almost_full_is_told_in_words_before_it_is(api, monkeypatch):
    class Usage:
        free = 499_999_999

    monkeypatch.setattr("broadcaster.health.shutil.disk_usage", lambda _: Usage)
    status, _, ready = await api.call("GET", "/readyz", key=None)
    assert (status, ready["status"]) == (200, "ready"), "an alert can still be taken"
    assert ready["degraded"] == [
        "The disk of the data folder is almost full: 499 MB are free. With none, no alert can be taken."
    ]
    Usage.free += 1_000_000
    assert (await api.call("GET", "/readyz", key=None))[2]["degraded"] == []


async def test_a_store_that_is_away_is_503_with_retry_after_and_not_ready(api, monkeypatch):
    def away():
        message = "disk I/O error"
        raise StoreUnavailable(message)

    monkeypatch.setattr(api.running.services.store, "read", away)
    status, headers, problem = await api.call("GET", "/v1/stations/laigle", key=None)
    assert (status, problem["type"]) == (503, "urn:tocsin:problem:unavailable")
    assert int(headers["Retry-After"]) > 0
    assert "disk" not in problem["detail"]
    status, _, ready = await api.call("GET", "/readyz", key=None)
    assert (status, ready["status"]) == (503, "not ready")
    assert ready["problems"]


async def test_a_mistake_of_ours_is_a_number_and_no_trace(api, monkeypatch, capfd):
    def broken():
        message = "the secret inside"
        raise KeyError(message)

    monkeypatch.setattr(api.running.services.store, "read", broken)
    status, headers, problem = await api.call("GET", "/v1/stations/laigle", key=None)
    assert (status, headers["Content-Type"]) == (500, "application/problem+json")
    assert "secret" not in str(problem)
    assert "Traceback" not in str(problem)
    number = re.fullmatch(r"urn:tocsin:error:([0-9a-f]{12})", problem["instance"])[1]
    out, err = capfd.readouterr()
    assert number in out + err


async def test_figures_are_for_this_machine_and_for_keys(api):
    status, headers, text = await api.call("GET", "/metrics", key=None)
    assert (status, headers["Content-Type"].split(";")[0]) == (200, "text/plain")
    assert "tocsin_http_requests_total" in text
    proxied = {"X-Forwarded-For": "203.0.113.9"}
    assert (await api.call("GET", "/metrics", key=None, headers=proxied))[0] == 401
    assert (await api.call("GET", "/metrics", key="laigle-read", headers=proxied))[0] == 200


async def test_a_path_is_counted_by_its_template_and_an_invention_not_at_all(api):
    await api.call("GET", "/v1/alerts/12345")
    await api.call("GET", "/invented/by/a/scanner")
    _, _, text = await api.call("GET", "/metrics")
    assert 'route="/v1/alerts/{id}"' in text
    assert "alerts/12345" not in text
    assert "scanner" not in text


async def test_head_answers_as_get_without_a_body(api):
    status, headers, text = await api.call("HEAD", "/", key=None)
    assert (status, text) == (200, "")
    assert headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("line", "header"),
    [
        (b"GET /\xff\xfe HTTP/1.1", b""),
        (b"GET /v1/stations/%00 HTTP/1.1", b""),
        (b"GET /v1/stations/%ff HTTP/1.1", b""),
        (b"GET /a/%00 HTTP/1.1", b""),
        (b"GET /a/\xc3\xa9 HTTP/1.1", b"Accept-Language: \xff\xfe"),
        (b"GET /u/%00%ff HTTP/1.1", b""),
        (b"GET /console/sandbox/%00 HTTP/1.1", b"Cookie: tocsin_operator=\xff"),
        (b"GET /v1/alerts/%00/report HTTP/1.1", b"Authorization: Bearer \xff"),
        (b"GET /v1/nearby?lon=%ff&lat=\xff HTTP/1.1", b""),
        (b"POST /v1/receipts/%ff HTTP/1.1", b"Content-Type: \xff/json"),
        (b"POST /v1/reach HTTP/1.1", b"Content-Type: application/json; charset=\xff"),
        (b"POST /console/sign-in/go-on HTTP/1.1", b"Content-Type: multipart/form-data"),
        (b"POST /u/x HTTP/1.1", b"Content-Type: multipart/form-data; boundary=x"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_bytes_that_are_no_text_are_answered_and_never_with_a_5xx(refusing, line, header):
    port = int(refusing.running.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = [line, b"Host: x", b"Connection: close", header, b"Content-Length: 2", b"", b"{}"]
    writer.write(b"\r\n".join(part for part in request[:-2] if part) + b"\r\n\r\n{}")
    answer = await reader.read()
    writer.close()
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 303")), answer[:300]


async def test_a_device_gone_wild_is_held_back_and_delays_no_other(slow):
    tokens = []
    for _ in range(2):
        _, _, made = await slow.call("POST", "/v1/stations/laigle/subscribers", {"contacts": [push()]}, key=None)
        tokens.append(made["token"])
    move = ("PUT", "/v1/subscribers/me/position", {"lon": 0.6283, "lat": 48.7631})
    assert [(await slow.call(*move, key=tokens[0]))[0] for _ in range(6)] == [204] * 5 + [429]
    status, _, _ = await slow.call(*move, key=tokens[1])
    assert status == 204


async def half_said(api, said):
    port = int(api.running.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    async with asyncio.timeout(30):
        answer = await reader.read(4096)
    writer.close()
    return answer


async def test_anybody_who_never_ends_a_request_is_not_waited_for(api, monkeypatch):
    monkeypatch.setattr(connections, "FIRST_S", 0.5)
    assert await half_said(api, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ") == b""


async def test_a_store_that_cannot_be_written_holds_up_no_stop(tmp_path, monkeypatch):
    async def full(_unit, _outcomes):
        tried.set()
        raise StoreUnavailable("database or disk is full")

    tried = asyncio.Event()
    monkeypatch.setattr(tracking, "apply", full)
    for name, warming in (("warm_store", AsyncMock), ("warm", Mock)):  # neither keeps the service down
        monkeypatch.setattr(workers, name, warming(side_effect=RuntimeError("an error of ours")))
    async with asyncio.timeout(30):
        async for api in open_api(Settings(host="127.0.0.1", port=0, data_dir=tmp_path, grace_s=0.5)):
            receipt = asyncio.create_task(api.running.services.ledger.receipt(1, DeliveryState.DELIVERED))
            await tried.wait()
    receipt.cancel()
