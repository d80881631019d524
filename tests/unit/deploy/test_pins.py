"""What is installed is what was locked: packages by hash, images by a version that can be held by digest."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from tests.servers.ports import free_port

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
LOCKS = ROOT / "requirements"
COMPOSE = (DEPLOY / "compose.yaml").read_text()


def locked(name):
    """Return {package: version} of a list, each with a hash at least."""
    found = {}
    for entry in re.split(r"\n(?=\S)", (LOCKS / name).read_text().strip()):
        package, version = re.match(r"([\w.-]+)==([^ ;]+)", entry).groups()
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
        found[package.lower().replace("_", "-")] = version
    return found


def test_every_list_has_hashes_and_the_versions_of_the_constraints():
    wanted = dict(
        line.lower().replace("_", "-").split("==") for line in (ROOT / "constraints.txt").read_text().splitlines()
    )
    bench, test, run = locked("bench.txt"), locked("test.txt"), locked("run.txt")
    assert {name: wanted.get(name, bench[name]) for name in bench} == bench, (
        "constraints.txt was changed: run `make lock`"
    )
    assert run.items() <= test.items() <= bench.items()


def test_every_list_covers_what_the_project_asks_for():
    import tomllib  # noqa: PLC0415

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name, asked in (
        ("run.txt", project["dependencies"]),
        ("test.txt", project["optional-dependencies"]["test"]),
        ("bench.txt", project["optional-dependencies"]["bench"]),
    ):
        names = {re.match(r"[\w-]+", each)[0].lower().replace("_", "-") for each in asked}
        assert names <= set(locked(name)), "pyproject.toml was changed: run `make lock`"


@pytest.mark.parametrize("path", ["Makefile", "deploy/Dockerfile", "deploy/systemd/README.md"])
def test_nothing_is_installed_without_its_hash_but_our_own_package(path):
    for line in re.findall(r"pip install .*", (ROOT / path).read_text()):
        ours = re.search(r"--no-deps (-e )?(\.|dist/\S+)", line)
        assert "--require-hashes" in line or ours or line.endswith("-check uv"), line


def test_each_image_is_held_to_its_digest_and_another_may_be_given():
    images = re.findall(r"^ +image: (\S+)$", COMPOSE, re.MULTILINE)
    assert images
    pinned = re.compile(r"\$\{[A-Z]+_IMAGE:-[^}:@]+:[^}@]*\d[^}@]*@sha256:[0-9a-f]{64}\}")
    ours = re.compile(r"tocsin:\$\{IMAGE_TAG:-[\d.]+\}")
    for image in images:
        assert ours.fullmatch(image) or pinned.fullmatch(image), image
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    assert set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) == {"${NODE_IMAGE}", "${PYTHON_IMAGE}"}
    bases = re.findall(r"^ARG [A-Z]+_IMAGE=(\S+)$", dockerfile, re.MULTILINE)
    assert set(bases) == set(re.findall(r"\$\{(?:PYTHON|NODE)_IMAGE:-([^}]+)\}", COMPOSE))
    assert all(re.fullmatch(r"[a-z]+:[\w.-]+@sha256:[0-9a-f]{64}", base) for base in bases)
    for path in (*DEPLOY.rglob("*.y*ml"), DEPLOY / "example.env", DEPLOY / "Dockerfile"):
        assert not re.search(r"(:|=|-)latest\b", path.read_text()), path
    assert "digest" in yaml.safe_load((DEPLOY / "helm/tocsin/values.yaml").read_text())["image"]


def test_the_images_to_pin_are_those_of_compose(tmp_path):
    (tmp_path / "docker").write_text("#!/bin/sh\necho sha256:0123\n")
    (tmp_path / "docker").chmod(0o755)
    said = subprocess.run(
        [DEPLOY / "pin-images"], env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    pinned = dict(line.split("=", 1) for line in said.splitlines())
    assert pinned == {
        name: f"{image}@sha256:0123" for name, image in re.findall(r"\$\{([A-Z]+_IMAGE):-([^}@]+)@[^}]+\}", COMPOSE)
    }


def test_valkey_in_compose_answers_only_to_its_password(tmp_path):
    """The very command of compose.yaml, with the Redis of this machine."""
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("no redis-server here")
    valkey = yaml.safe_load(COMPOSE)["services"]["valkey"]
    assert valkey["secrets"] == ["valkey_password"]
    secret = tmp_path / "valkey_password"
    secret.write_text("0123456789abcdef\n")
    port = free_port()
    script = valkey["command"][2].replace("$$", "$").replace("/run/secrets/valkey_password", str(secret))
    script = script.replace("valkey-server -", f"{server} - --port {port} --bind 127.0.0.1", 1)
    assert "0123456789abcdef" not in script
    with subprocess.Popen(["sh", "-c", script], cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        try:
            assert b"NOAUTH" in asked(port, b"PING\r\n")
            assert b"+PONG" in asked(port, b"AUTH 0123456789abcdef\r\nPING\r\n")
            assert "0123456789abcdef" not in Path(f"/proc/{process.pid}/cmdline").read_text()
        finally:
            process.terminate()


def asked(port, words):
    until = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
                line.sendall(words + b"QUIT\r\n")
                said = b""
                while piece := line.recv(4096):
                    said += piece
                return said
        except ConnectionRefusedError:
            assert time.monotonic() < until
            time.sleep(0.05)
