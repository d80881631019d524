"""Schemathesis against the whole service: it never fails of itself, and answers as its document says."""

from __future__ import annotations

import asyncio
import sys

import pytest

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.timeout(180)
async def test_whatever_is_asked_is_answered_as_the_document_says(api, tmp_path):
    """Bounded: a few examples an operation, from a fixed seed; nothing in it may end in a 5xx."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        f"{api.running.url}/openapi.json",
        "--header",
        f"Authorization: Bearer {api.keys['admin']}",
        "--checks",
        CHECKS,
        "--phases",
        "examples,coverage,fuzzing",
        "--max-examples",
        "12",
        "--seed",
        "1",
        "--mode",
        "all",
        "--generation-database",
        "none",
        "--no-color",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-6000:]
