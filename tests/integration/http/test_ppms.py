"""The PPMS button: one press, several at once, and one whose process was killed in the middle."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager

import aiohttp
import pytest

from broadcaster.app import serving
from broadcaster.config import Settings
from tests.contract.stores import URLS
from tests.integration.http.conftest import BOUNDARY, Api, open_api
from tests.integration.http.test_templates import post
from tests.servers.ports import free_port

DIES = """
import os, signal
from broadcaster.cli import main
from broadcaster.pipeline import approving

submit, asked = approving.submit, []

async def dies(*given, **more):
    asked.append(given)
    if len(asked) == 2:  # the staff's alert is stored, and the town hall's is not
        os.kill(os.getpid(), signal.SIGKILL)
    return await submit(*given, **more)

approving.submit = dies
main(["serve"])
"""
INTRUDER = "/console/ppms/ppms-intruder"
GROUPS = {"staff": "personnel", "town_hall": "mairie"}


async def a_school(api):
    school = {"slug": "ecole", "name": "École", "kind": "school", "boundary": BOUNDARY, "languages": ["fr"]}
    assert (await api.call("POST", "/v1/stations", school))[0] == 201
    for number, group in (("11", "Personnel"), ("12", "Mairie")):
        person = {"external_id": number, "groups": [group]}
        person["contacts"] = [{"channel": "email", "email": f"p{number}@example.org"}]
        assert (await api.call("POST", "/v1/stations/ecole/subscribers", person))[0] == 201


async def test_one_press_alerts_the_staff_silently_and_calls_the_town_hall(api):
    await a_school(api)
    mine = await api.sign_in()
    csrf = {"csrf": mine["X-CSRF"]}
    path = INTRUDER
    assert (await post(api, mine, path, csrf | {"key": "a"}, "ecole"))[0] == 422, "no groups yet"
    chosen = csrf | GROUPS
    assert (await post(api, mine, "/console/ppms", chosen | {"staff": "nobody"}, "ecole"))[0] == 422
    assert (await post(api, mine, "/console/ppms", chosen, "ecole"))[0] == 303
    _, _, page = await api.call("GET", "/console/ppms?station=ecole&lang=fr", key=None, headers=mine)
    assert "PPMS : intrusion" in page
    assert page.count("data-held=") == 3
    for _ in range(2):
        status, headers, _ = await post(api, mine, path, csrf | {"key": "a", "exercise": "1"}, "ecole")
        assert status == 303
    _, _, found = await api.call("GET", "/v1/alerts?station=ecole")
    outside, staff = found["alerts"]
    assert headers["Location"] == f"/console/alerts/{staff['id']}"
    assert (staff["audience"]["groups"], staff["channels"], staff["quietly"]) == (
        ["personnel"],
        ["push", "email"],
        True,
    )
    assert (outside["audience"]["groups"], outside["quietly"], "voice" in outside["channels"]) == (
        ["mairie"],
        False,
        True,
    )
    assert outside["texts"]["fr"]["instruction"].startswith("Appelez le 17. Ne téléphonez pas")
    assert [each["policy"] and each["policy"]["steps"][0]["channels"] for each in (staff, outside)] == [
        ["push", "email"],
        None,
    ]
    assert {each["status"] for each in found["alerts"]} == {"exercise"}


async def test_a_second_press_shows_the_alert_that_runs_and_sends_another_only_if_asked(api):
    await a_school(api)
    mine = await api.sign_in()
    csrf, path = {"csrf": mine["X-CSRF"]}, INTRUDER
    await post(api, mine, "/console/ppms", csrf | GROUPS, "ecole")

    async def running():
        _, _, found = await api.call("GET", "/v1/alerts?station=ecole")
        return [each["status"] for each in found["alerts"]]

    async def press(key, **more):
        return (await post(api, mine, path, csrf | {"key": key} | more, "ecole"))[1]["Location"]

    await press("an exercise", exercise="1")
    await asyncio.gather(press("a"), press("b"))
    assert await running() == ["actual", "actual", "exercise", "exercise"], "an exercise holds back no alert"
    there = await press("c")
    assert "running=" in there
    _, _, page = await api.call("GET", there, key=None, headers=mine | {"Accept-Language": "en"})
    assert "is already running: it was sent at" in page
    assert "send a second alert" in page
    assert "running=" in await press("another exercise", exercise="1"), "nor does an exercise disturb an alert"
    assert len(await running()) == 4
    assert "running=" not in await press("d", second="1")
    assert len(await running()) == 6
    _, _, found = await api.call("GET", "/v1/alerts?station=ecole")
    for each in found["alerts"]:
        await api.call("POST", f"/v1/alerts/{each['id']}/cancel")
    assert "running=" not in await press("e"), "those that are over are no longer running"


@pytest.mark.parametrize("kind", URLS)
async def test_a_press_that_was_killed_between_its_two_alerts_is_completed_by_the_next(kind, request, tmp_path):
    where = {"database_url": URLS[kind](request, tmp_path)} if kind == "postgresql" else {}
    alone = {"tiles_url": "off", "geocoder_url": "off", "requests_per_minute": 10_000}
    settings = Settings(host="127.0.0.1", port=0, data_dir=tmp_path, **where, **alone)
    async with asynccontextmanager(open_api)(settings) as api:
        await a_school(api)
        mine = await api.sign_in()
        csrf = {"csrf": mine["X-CSRF"]}
        await post(api, mine, "/console/ppms", csrf | GROUPS, "ecole")
    await pressed_and_killed(settings, mine, csrf | {"key": "a"})
    async with serving(settings) as running, aiohttp.ClientSession() as http:
        again = Api(running, http, api.keys)

        async def receivers():
            _, _, found = await again.call("GET", "/v1/alerts?station=ecole")
            return [each["audience"]["groups"] for each in found["alerts"]]

        assert await receivers() == [["personnel"]]
        for _ in range(2):
            there = (await post(again, mine, INTRUDER, csrf | {"key": "b"}, "ecole"))[1]["Location"]
            assert "running=" in there, "the press that ran is shown, and nothing is sent beside it"
            assert await receivers() == [["mairie"], ["personnel"]]


async def pressed_and_killed(settings, mine, form):
    """Serve in a process of its own, which a press of the button kills."""
    port = str(free_port())
    around = {name: each for name, each in os.environ.items() if not name.startswith("TOCSIN_")}
    named = {"port": port, "data_dir": str(settings.data_dir), "tiles_url": "off", "geocoder_url": "off"}
    if settings.database_url:
        named["database_url"] = settings.database_url.get_secret_value()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        DIES,
        env=around | {f"TOCSIN_{name.upper()}": each for name, each in named.items()},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert (await process.stdout.readline()).startswith(b"address")
        async with aiohttp.ClientSession() as http:
            url = f"http://127.0.0.1:{port}{INTRUDER}?station=ecole"
            with pytest.raises(aiohttp.ClientError):
                await http.post(url, data=form, headers=mine)
        assert await process.wait() == -signal.SIGKILL
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
