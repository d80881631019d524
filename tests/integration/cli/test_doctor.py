"""``tocsin doctor``: the data folder and its settings, and what is really running: service, geocoder, clock."""

from __future__ import annotations

import json
import os
import socket
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from broadcaster.commands import examine_running
from tests.servers.certificates import self_signed
from tests.servers.ports import free_port

PLACE = {"type": "Point", "coordinates": [0.63, 48.76]}
FOUND = {"features": [{"geometry": PLACE, "properties": {"label": "Place de la Mairie"}}]}


def findings(result: Any, subject: str) -> list[tuple[str, str]]:
    return [(each["level"], each["what"]) for each in json.loads(result.stdout) if each["subject"] == subject]


@asynccontextmanager
async def answering(answer, tls=None):
    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0, ssl_context=tls).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


def test_a_service_that_is_named_and_does_not_answer_is_an_error(seeded: Any):
    result = seeded("doctor", "--json", TOCSIN_URL="http://127.0.0.1:9")
    assert result.exit_code == 1
    assert findings(result, "service") == [("error", "no service answers at TOCSIN_URL, http://127.0.0.1:9")]


async def test_a_service_that_is_named_is_asked_and_what_it_finds_is_told(seeded: Any):
    told = {"severity": "error", "what": "No sender is running.", "to_do": "Start one.", "detail": ""}

    async def answer(request: web.BaseRequest) -> web.Response:
        return web.json_response({"findings": [told]} if request.path == "/readyz" else {})

    async with answering(answer) as port:
        ended = await seeded.beside("doctor", "--json", TOCSIN_URL=f"http://localhost:{port}")
    assert ended.code == 1
    (_, found) = (each for each in ended.document if each["subject"] == "service")
    assert (found["level"], found["what"], found["hint"]) == ("error", "No sender is running.", "Start one.")


@pytest.mark.parametrize(("status", "level"), [(200, "ok"), (500, "warning")])
async def test_the_geocoder_is_asked(seeded: Any, status, level):
    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.json_response(FOUND, status=status)

    async with answering(answer) as port:
        ended = await seeded.beside("doctor", "--json", TOCSIN_GEOCODER_URL=f"http://localhost:{port}")
    assert [each["level"] for each in ended.document if each["subject"] == "geocoder"] == [level]


@pytest.mark.parametrize("hsts", [True, False])
async def test_a_public_address_without_hsts_is_told(seeded: Any, tmp_path, hsts):
    headers = {"Strict-Transport-Security": "max-age=31536000"} if hsts else {}

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(headers=headers)

    tls, trusted = self_signed(tmp_path, ("localhost",))
    async with answering(answer, tls) as port:
        env = {"TOCSIN_PUBLIC_URL": f"https://localhost:{port}", "SSL_CERT_FILE": str(trusted)}
        process = await seeded.begun("doctor", "--json", **env)  # not forked: its trust is read with its imports
        out, _ = await process.communicate()
    told = [each["what"] for each in json.loads(out) if each["subject"] == "public address"]
    assert f"https://localhost:{port} answers" in told
    assert any("HSTS" in each for each in told) is not hsts


@pytest.mark.parametrize(("kept", "levels"), [(True, ["ok", "ok"]), (False, ["ok", "warning"]), (None, ["ok"])])
def test_a_clock_that_nothing_keeps_right_is_told(seeded: Any, monkeypatch, kept, levels):
    monkeypatch.setattr(examine_running, "synchronised", lambda: kept)
    assert [level for level, _ in findings(seeded("doctor", "--json"), "clock")] == levels


def test_the_kernel_is_asked_whether_the_clock_is_kept_right():
    assert examine_running.synchronised() in {True, False, None}


def test_doctor_finds_nothing_wrong_with_a_seeded_service(seeded: Any):
    result = seeded("doctor", "--json")
    assert result.exit_code == 0
    assert ("ok", "what is sealed opens with the secret key") in findings(result, "database")
    assert [level for level, _ in findings(result, "sms")] == ["warning"]
    assert "0 errors" in seeded("doctor").stdout


def test_doctor_finds_an_empty_folder_and_makes_nothing_in_it(tocsin: Any):
    result = tocsin("doctor", "--json")
    assert result.exit_code == 1
    assert "there is no database" in findings(result, "database")[0][1]
    assert not tocsin.data.exists()


def test_doctor_finds_a_key_that_others_can_read(seeded: Any):
    (seeded.data / "secret.key").chmod(0o644)
    result = seeded("doctor", "--json")
    assert result.exit_code == 1
    assert findings(result, "secret key")[0][0] == "error"


def test_doctor_finds_a_lost_key_and_does_not_hide_it_by_a_new_one(seeded: Any):
    (seeded.data / "secret.key").unlink()
    result = seeded("doctor", "--json")
    assert result.exit_code == 1
    assert "is gone" in findings(result, "secret key")[0][1]
    assert not (seeded.data / "secret.key").exists()


def test_doctor_finds_the_wrong_key(seeded: Any):
    result = seeded("doctor", "--json", TOCSIN_SECRET_KEY=os.urandom(32).hex())
    assert result.exit_code == 1
    assert any("does not open" in what for level, what in findings(result, "database") if level == "error")


def test_doctor_finds_a_port_that_is_taken(seeded: Any):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = seeded("doctor", "--json", TOCSIN_PORT=port)
    assert findings(result, "service")[0][0] == "error"


def test_doctor_names_wrong_settings(seeded: Any):
    result = seeded("doctor", "--json", TOCSIN_PORT="many")
    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["what"].startswith("TOCSIN_PORT: ")


def test_doctor_reaches_a_relay_that_is_not_there(seeded: Any):
    result = seeded(
        "doctor", "--json", TOCSIN_SMTP_URL=f"smtp://127.0.0.1:{free_port()}?from=L'Aigle <mairie@laigle.example>"
    )
    assert result.exit_code == 1
    assert any(level == "error" for level, _ in findings(result, "email"))
