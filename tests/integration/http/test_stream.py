"""The live stream: paced, kept alive, and ended when the service stops."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from itertools import count

import aiohttp
import pytest
from prometheus_client import REGISTRY

from broadcaster import app
from broadcaster.config import Settings
from broadcaster.http import deliveries
from broadcaster.store.alerts import report as reports
from broadcaster.store.stations import stations
from tests.integration.http.conftest import an_alert, open_api


@pytest.fixture
def never_finished(monkeypatch):
    """An account that is another each time it is read, of an alert that goes on."""
    figures, really = count(1), reports.report

    async def moving(unit, alert):
        return replace(await really(unit, alert), finished_at=None, matched=next(figures))

    monkeypatch.setattr(reports, "report", moving)


async def follow(api, alert, key="admin"):
    headers = {"Authorization": f"Bearer {api.keys[key]}"}
    answer = await api.http.get(f"{api.running.url}/v1/alerts/{alert['id']}/events", headers=headers)
    assert answer.status == 200
    return answer


async def test_however_often_the_account_changes_it_is_told_four_times_a_second_at_most(api, never_finished):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    answer = await follow(api, alert)
    began, told = time.monotonic(), 0
    bus = api.running.services.bus

    async def change():
        while True:
            await bus.publish(f"alert:{alert['id']}")
            await asyncio.sleep(0.005)

    changing = asyncio.create_task(change())
    async with asyncio.timeout(20):
        while told < 6:
            told += (await answer.content.readline()).startswith(b"event: report")
    changing.cancel()
    answer.close()
    assert time.monotonic() - began >= 5 * 0.25 - 0.05


async def test_a_quiet_stream_has_a_heartbeat(api, never_finished, monkeypatch):
    assert deliveries.HEARTBEAT_S <= 15
    monkeypatch.setattr(deliveries, "HEARTBEAT_S", 0.1)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    answer = await follow(api, alert)
    async with asyncio.timeout(30):
        while not (await answer.content.readline()).startswith(b":"):
            pass
    answer.close()


async def test_more_streams_than_there_may_be_are_told_to_come_back(api, never_finished, monkeypatch):
    monkeypatch.setattr(deliveries, "MOST_STREAMS", 1)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    answer = await follow(api, alert)
    status, headers, problem = await api.call("GET", f"/v1/alerts/{alert['id']}/events")
    assert (status, headers["Retry-After"], problem["status"]) == (503, "10", 503)
    answer.close()


async def test_a_key_that_has_its_most_streams_leaves_the_others_theirs(api, never_finished, monkeypatch):
    monkeypatch.setattr(deliveries, "MOST_OF_A_KEY", 1)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    answer = await follow(api, alert)
    status, headers, problem = await api.call("GET", f"/v1/alerts/{alert['id']}/events")
    assert (status, headers["Retry-After"]) == (503, "10")
    assert "key" in problem["detail"]
    other = await follow(api, alert, "laigle-read")
    for each in (answer, other):
        each.close()


async def test_a_key_that_is_revoked_sees_nothing_more(api, never_finished, monkeypatch):
    monkeypatch.setattr(deliveries, "HEARTBEAT_S", 0.1)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    answer, other = await follow(api, alert, "laigle-read"), await follow(api, alert)
    store = api.running.services.store
    async with store.write() as unit:
        caller = await stations.caller_of(unit, api.keys["laigle-read"], api.running.services.clock.now())
        await stations.revoke_key(unit, caller.key_id, api.running.services.clock.now())
    async with asyncio.timeout(30):
        await answer.content.read()
    answer.close()
    assert (await api.call("GET", f"/v1/alerts/{alert['id']}/events", key="laigle-read"))[0] == 401
    assert not other.content.at_eof(), "another key's stream goes on"
    other.close()


async def test_a_reader_who_leaves_frees_the_place(api, never_finished, monkeypatch):
    monkeypatch.setattr(deliveries, "MOST_STREAMS", 1)
    monkeypatch.setattr(deliveries, "HEARTBEAT_S", 0.05)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    (await follow(api, alert)).close()
    async with asyncio.timeout(30):
        while (
            again := await api.http.get(
                f"{api.running.url}/v1/alerts/{alert['id']}/events",
                headers={"Authorization": f"Bearer {api.keys['admin']}"},
            )
        ).status == 503:
            again.close()
    assert again.status == 200
    again.close()


async def test_a_service_that_stops_ends_its_streams_at_once(tmp_path, never_finished, monkeypatch):
    monkeypatch.setattr(app, "_SHUTDOWN_S", 100.0)  # for so long the runner would wait for requests that go on
    async with aiohttp.ClientSession() as reader, asyncio.timeout(50):
        async for api in open_api(Settings(host="127.0.0.1", port=0, data_dir=tmp_path)):
            _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
            answer = await follow(replace(api, http=reader), alert)
            await answer.content.readline()
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.content.read()
        answer.close()  # or its connection complains when it is collected, in a later test


async def test_however_many_follow_an_alert_its_account_is_read_once_for_all(api, never_finished, monkeypatch):
    read, moving = count(), reports.report

    async def counted(unit, alert):
        next(read)
        return await moving(unit, alert)

    monkeypatch.setattr(reports, "report", counted)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    answers = [await follow(api, alert) for _ in range(20)]
    bus, began = api.running.services.bus, time.monotonic()

    async def three(answer):
        told = 0
        while told < 3:
            told += (await answer.content.readline()).startswith(b"event: report")

    async with asyncio.timeout(60):
        reading = asyncio.gather(*map(three, answers))
        while not reading.done():
            await bus.publish(f"alert:{alert['id']}")
            await asyncio.sleep(0.01)
        await reading
    for answer in answers:
        answer.close()
    # Twenty readers, three accounts each: sixty readings, were they not shared.
    assert next(read) <= (time.monotonic() - began) / deliveries.PACE_S + 20


async def test_a_reader_gone_before_the_first_word_is_no_mistake_of_ours(api, monkeypatch):
    found, really = asyncio.Event(), deliveries.alert_of

    async def slowly(call):
        alert = await really(call)
        found.set()
        while call.request.transport is not None:  # noqa: ASYNC110  aiohttp tells nobody
            await asyncio.sleep(0.01)
        return alert

    def answered(status):
        route = {"method": "GET", "route": "/v1/alerts/{id}/events", "status": status}
        return REGISTRY.get_sample_value("tocsin_http_requests_total", route) or 0

    monkeypatch.setattr(deliveries, "alert_of", slowly)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    before = {status: answered(status) for status in ("200", "204", "500")}
    following = asyncio.create_task(follow(api, alert))
    async with asyncio.timeout(30):
        await found.wait()
        following.cancel()
        while all(answered(status) == earlier for status, earlier in before.items()):  # noqa: ASYNC110  counters
            await asyncio.sleep(0.01)
    assert answered("500") == before["500"]
