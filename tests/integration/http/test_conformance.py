"""Schemathesis against the whole service: it never fails of itself, and answers as its document says."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import sys

import pytest

from tests.integration.http.conftest import an_alert
from tests.integration.http.test_alerts import someone, until_finished
from tests.integration.http.test_people import push, register

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = int(os.environ.get("TOCSIN_FUZZ_EXAMPLES", "1"))
LONG = "TOCSIN_FUZZ_EXAMPLES" in os.environ
"""``make fuzz``: each role, seed after seed until it has ``LEAST`` cases; the suite has a short form in one run."""
LEAST = 20_000
EVERYBODY = "admin and a subscriber"
WHO = ["admin", "laigle-admin", "laigle-publish", "laigle-read", "nobody", "subscriber"] if LONG else [EVERYBODY]
OWN = "--exclude-path-regex=^(/v1/subscribers/me|/me/data)", "--include-path-regex=^(/v1/subscribers/me|/me/data)"
"""What a subscriber asks of their own is 401 to an operator."""


async def ask_everything(api, folder, key, *options, phases, seed):
    """Return schemathesis' exit code, its output and its number of cases, from a fixed seed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        f"{api.running.url}/openapi.json",
        "--header",
        f"Authorization: Bearer {key}",
        f"--checks={CHECKS}",
        f"--phases={phases}",
        f"--max-examples={EXAMPLES}",
        f"--seed={seed}",
        "--mode=all",
        "--generation-database=none",
        "--no-color",
        "--exclude-path=/places",  # another service answers that, and is not there
        "--request-timeout=60",  # a busy machine is slow
        *options,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    told = output.decode()
    generated = re.search(r"(\d[\d,]*) generated", told)
    assert generated is not None, told[-6000:]
    return process.returncode, told, int(generated[1].replace(",", ""))


@pytest.mark.timeout(36_000 if LONG else 480)
@pytest.mark.parametrize("who", WHO)
async def test_whatever_is_asked_is_answered_as_the_document_says(api, tmp_path, who):
    """Of an alert, a delivery and a schedule that are there, so that the answers are more than 404."""
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    await until_finished(api, alert["id"])
    _, _, page = await api.call("GET", f"/v1/alerts/{alert['id']}/deliveries")
    receipt = api.running.services.store.vault.link("receipt", int(page["deliveries"][0]["id"]))
    token = alert["url"].rpartition("/")[2]
    later = an_alert(at="2030-01-01T10:00", lasts_minutes=60, reason="rehearsed")
    _, _, schedule = await api.call("POST", "/v1/schedules", later)
    _, _, subscriber = await register(api, {"contacts": [push()]})  # a key would get no token
    (tmp_path / "schemathesis.toml").write_text(
        f"""
[parameters]
"path.id" = "{alert["id"]}"
"path.slug" = "laigle"
"path.token" = "{token}"

[[operations]]
include-path = "/v1/receipts/{{token}}"
parameters = {{ "path.token" = "{receipt}" }}

[[operations]]
include-path-regex = "^/v1/schedules/"
parameters = {{ "path.id" = "{schedule["id"]}" }}

[[operations]]
include-name-regex = "^(GET|PUT|POST|PATCH) (/v1/subscribers/me|/me/data)"
headers = {{ Authorization = "Bearer {subscriber["token"]}" }}

[[operations]]
include-name-regex = "^DELETE /v1/subscribers/me"
enabled = false
"""
    )
    options = () if who == EVERYBODY else (OWN[who == "subscriber"],)
    key = api.keys.get(who, api.keys["admin"] if who == EVERYBODY else "tk_nobody")
    cases = 0
    for seed in itertools.count(1) if LONG else (1,):
        phases = "examples,coverage,fuzzing" if seed == 1 else "fuzzing"  # the others are the same for every seed
        code, output, made = await ask_everything(api, tmp_path, key, *options, phases=phases, seed=seed)
        assert code == 0, output[-6000:]
        refused = output.partition("returned only 401/403")[2].partition("💡")[0]
        mine = re.search(r" (/v1/subscribers/me|/me/data)", refused)
        assert not mine or who not in (EVERYBODY, "subscriber"), refused
        assert "401 Unauthorized" not in refused or who not in (EVERYBODY, "admin"), refused
        assert made
        cases += made
        if LONG:
            print(f"{who}: {cases:,} cases after {seed} seeds", flush=True)
        if cases >= LEAST:
            break
    assert (await api.call("GET", "/v1/subscribers/me", key=subscriber["token"]))[0] == 200
    if who != "subscriber":
        _, _, after = await api.call("GET", f"/v1/alerts/{alert['id']}")
        assert (after["cancelled_at"] is not None) is (who not in ("laigle-read", "nobody"))
