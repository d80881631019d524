"""The files that deploy: they parse, they set what there is to set, and hold what was promised of them.

No container engine and no Helm is needed here; where ``helm`` is installed the chart is rendered too.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from broadcaster import workers
from broadcaster.app import _SHUTDOWN_S
from broadcaster.config import Settings, load
from broadcaster.config.loading import _ELSEWHERE, _SECRETS
from broadcaster.pipeline.services import ProcessRole
from broadcaster.server.routes import ROUTES

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm/tocsin"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
OURS = {"web", "resolver", "sender", "scheduler", "migrate"}
SERVING = ("tocsin.service", "tocsin@.service")
UNITS = (*SERVING, "tocsin-migrate.service", "tocsin-backup.service")


def known() -> set[str]:
    names = {f"TOCSIN_{name.upper()}" for name in Settings.model_fields}
    return names | {f"TOCSIN_{name.upper()}_FILE" for name in _SECRETS}


def texts() -> list[Path]:
    return sorted(path for path in DEPLOY.rglob("*") if path.is_file() and path.name != ".env")


@pytest.mark.parametrize("path", texts(), ids=lambda path: str(path.relative_to(DEPLOY)))
def test_every_setting_that_is_named_exists(path):
    named = set(re.findall(r"\bTOCSIN_[A-Z][A-Z0-9_]*[A-Z0-9]\b", path.read_text()))
    # TOCSIN_…_PER_SECOND and TOCSIN_<KEY>_FILE stand for several.
    assert named <= known() | _ELSEWHERE


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
        assert service["command"] == (["migrate"] if name == "migrate" else ["serve", "--roles", ProcessRole(name)])
    for name in ("web", "resolver", "sender"):
        assert services[name]["deploy"]["replicas"] == 2
    assert services["scheduler"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    for name in ("postgres", "valkey"):
        assert services[name]["networks"] == ["inside"]
        assert "healthcheck" in services[name]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def lines_of_example(*, all_of_them: bool) -> dict[str, str]:
    """What example.env sets, or would set with every # taken away."""
    text = (DEPLOY / "example.env").read_text()
    found = re.findall(r"^(# )?([A-Z][A-Z0-9_]*)=(.*)$", text, re.MULTILINE)
    return {name: value for hidden, name, value in found if all_of_them or not hidden}


def in_a_container(tmp_path, given: dict[str, str]) -> dict[str, str]:
    """The environment of a process: what .env says, under what compose.yaml sets; each secret a file that is there."""
    sides = {
        "TOCSIN_DATABASE_URL_FILE": "postgresql://tocsin:x@postgres:5432/tocsin",
        "TOCSIN_SECRET_KEY_FILE": "ab" * 32,
        "TOCSIN_REDIS_URL_FILE": "redis://:secret@valkey:6379/0",
    }
    environment = {}
    for name, value in {**given, **COMPOSE["services"]["web"]["environment"]}.items():
        environment[name] = re.sub(r"\$\{SITE_DOMAIN.*\}", given["SITE_DOMAIN"], str(value))
        if name.endswith("_FILE"):
            path = tmp_path / name
            path.write_text(sides.get(name, "smtp://a:b@c.example:587?from=d@e.example"))
            environment[name] = str(path)
    return environment


@pytest.mark.parametrize("all_of_them", [False, True])
def test_compose_has_settings_that_the_service_starts_with(tmp_path, all_of_them):
    settings = load(in_a_container(tmp_path, lines_of_example(all_of_them=all_of_them)))
    assert (settings.embedded, settings.trusted_proxies) == (False, 1)
    assert settings.public_url == "https://alertes.ville.example"
    assert (settings.smtp_url is not None) is all_of_them


def test_whatever_compose_is_told_beside_settings_is_no_setting():
    """The processes read the same .env, and refuse what begins with TOCSIN_ and is none."""
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    assert {name for name in asked if not name.endswith("_IMAGE")} <= set(lines_of_example(all_of_them=False))
    assert not [name for name in asked if name.startswith("TOCSIN_")]
    for name in OURS:
        assert COMPOSE["services"][name]["env_file"] == ".env"


def test_every_credential_of_a_channel_is_in_the_examples():
    providers = {f"TOCSIN_{name.upper()}_FILE" for name in _SECRETS} - {
        "TOCSIN_DATABASE_URL_FILE",
        "TOCSIN_REDIS_URL_FILE",
        "TOCSIN_SECRET_KEY_FILE",
    }
    assert providers <= set(lines_of_example(all_of_them=True))
    assert providers <= set(re.findall(r"TOCSIN_\w+_FILE", (DEPLOY / "systemd/providers.conf").read_text()))


def test_anybody_who_stops_a_process_waits_until_it_has_written_down_what_it_sent():
    """What is under way may end (grace), is cancelled, its outcomes are written (grace again), and HTTP ends."""
    grace = Settings().grace_s
    longest = 2 * grace + workers._SETTLE_S + 2 * workers._CANCELLED_S + _SHUTDOWN_S
    set_to = [COMPOSE["services"]["sender"]["environment"]["TOCSIN_GRACE_S"], VALUES["settings"]["TOCSIN_GRACE_S"]]
    assert [float(each) for each in set_to] == [grace, grace]
    assert int(COMPOSE["services"]["sender"]["stop_grace_period"].removesuffix("s")) > longest
    asked_still = int(re.search(r'\[sleep, "(\d+)"\]', (CHART / "templates/deployments.yaml").read_text())[1])
    assert VALUES["terminationGracePeriodSeconds"] > longest + asked_still
    for name in SERVING:
        assert f"Environment=TOCSIN_GRACE_S={grace:g}\n" in (DEPLOY / "systemd" / name).read_text()
        assert int(unit(name)["Service"]["TimeoutStopSec"]) > longest


def test_every_process_has_a_bound_of_its_memory_with_room_over_what_was_measured():
    """docs/operating.md: 151 MB a web process, 205 a resolver of 100,000, 164 a sender, 148 a scheduler."""
    least_mb = {"web": 300, "resolver": 1000, "sender": 400, "scheduler": 300}
    for role, least in least_mb.items():
        compose = COMPOSE["services"][role]["deploy"]["resources"]["limits"]["memory"]
        chart = VALUES["roles"][role]["resources"]["limits"]["memory"]
        assert compose == chart.removesuffix("i")
        amount, factor = int(compose[:-1]), {"M": 1, "G": 1024}[compose[-1]]
        assert amount * factor >= least


def test_no_log_fills_the_disk():
    for name, service in COMPOSE["services"].items():
        assert "max-size" in service["logging"]["options"], name


@pytest.mark.parametrize("name", SERVING)
def test_a_unit_is_tried_for_ever_holds_many_connections_and_can_tell_its_memory(name):
    parsed = unit(name)
    assert parsed["Unit"]["StartLimitIntervalSec"] == "0"
    assert parsed["Service"]["Restart"] == "always"
    assert int(parsed["Service"]["LimitNOFILE"]) > 50_000
    # prometheus_client needs /proc/stat.
    assert "ProcSubset" not in parsed["Service"]
    assert COMPOSE["services"]["web"]["ulimits"]["nofile"] == 65536


def test_caddy_holds_back_no_live_events_and_shows_no_figures():
    snippet = (DEPLOY / "caddy/tocsin.caddy").read_text()
    streams = {re.sub(r"\{\w+\}", "*", route.path) for route in ROUTES if route.path.endswith("/events")}
    assert set(re.search(r"@whole not path (.+)", snippet)[1].split()) == streams
    assert set(re.search(r"@inside path (.+)", snippet)[1].split()) == {"/metrics", "/readyz"}
    for name in ("Caddyfile", "one-machine.Caddyfile"):
        assert "import tocsin.caddy" in (DEPLOY / "caddy" / name).read_text()


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed")
@pytest.mark.parametrize("name", ["Caddyfile", "one-machine.Caddyfile"])
def test_caddy_finds_its_file_right(name):
    done = subprocess.run(
        ["caddy", "adapt", "--validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "caddy" / name)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SITE_DOMAIN": "alertes.ville.example"},
    )
    assert done.returncode == 0, done.stderr


def test_probes_ask_what_there_is_and_where_the_image_listens():
    template = (CHART / "templates/deployments.yaml").read_text()
    port = re.search(r"TOCSIN_PORT=(\d+)", DOCKERFILE)[1]
    assert f"containerPort: {port}" in template
    assert f"EXPOSE {port}" in DOCKERFILE
    paths = set(re.findall(r"/\w+z\b", template))
    assert paths == {"/healthz", "/readyz"}
    assert paths <= {route.path for route in ROUTES}
    # A web pod whose database is away answers 503 with Retry-After: nobody would, were all taken out of the Service.
    assert '{{ if eq $role "web" }}/healthz{{ else }}/readyz{{ end }}' in template


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
    # Started from a file system that is read-only: what is not compiled here is at every start.
    assert "NO_COMPILE" not in DOCKERFILE
    assert not re.search(r"\bnode\b|\bnpm\b", stages[1] + final)
    assert not re.search(r"pip install|gcc|build-essential|-dev\b", final)
    assert re.findall(
        r"(?:lib|fonts-|ca-)[a-z0-9.-]+[a-z0-9]", re.search(r"apt-get install.*?&&", final, re.DOTALL)[0]
    ) == ["ca-certificates", "libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core"]
    for line in re.findall(r"pip install .*", stages[1]):
        assert "--require-hashes -r requirements/" in line or re.search(r"--no-deps \. ", line), line


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


@pytest.mark.parametrize("name", ["tocsin@.service", "tocsin-migrate.service", "providers.conf", "scaled.conf"])
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


def test_every_unit_that_reads_settings_is_given_the_secrets_of_the_channels():
    """One that knows the account and not its token refuses to start, be it only to migrate."""
    said = (DEPLOY / "systemd/README.md").read_text()
    named = set(re.search(r"^for unit in (.+)$", said, re.MULTILINE)[1].split())
    assert named == {name.removesuffix(".service") for name in UNITS}


def test_what_systemd_is_told_to_install_is_what_make_and_the_image_install():
    said = (DEPLOY / "systemd/README.md").read_text()
    assert "make wheel" in said
    packages = set(re.search(r"^apt install (.+)$", said, re.MULTILINE)[1].split())
    assert packages - {"python3-venv"} == set(
        re.findall(
            r"(?:lib|fonts-|ca-)[a-z0-9.-]+[a-z0-9]", re.search(r"no-install-recommends.*?&&", DOCKERFILE, re.DOTALL)[0]
        )
    )
    for name in re.findall(r"[\w@.-]+\.(?:service|timer|conf|caddy|Caddyfile)\b", said):
        there = [*DEPLOY.glob(f"systemd/{name}"), *DEPLOY.glob(f"caddy/{name}")]
        # What it is called where it is put, and a variable of the shell.
        assert there or name in {"tocsin.conf", "unit.service"}, name


def test_the_command_line_under_systemd_has_what_the_service_has(tmp_path):
    """With a stand-in for systemd-run: what it is asked for, and what the program then finds."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "smtp_url").write_text("smtp://a:b@c.example")
    script = (DEPLOY / "systemd/tocsinctl").read_text()
    for was, now in {
        "/etc/tocsin/secrets": str(secrets),
        "/opt/tocsin/bin/tocsin": str(tmp_path / "tocsin"),
        "exec systemd-run": f"exec {tmp_path / 'systemd-run'}",
    }.items():
        assert was in script
        script = script.replace(was, now)
    for name, text in {
        "tocsinctl": script,
        "systemd-run": '#!/bin/sh\nprintf "%s\\n" "$@"\n',
        "tocsin": '#!/bin/sh\nenv | grep ^TOCSIN_\nprintf "%s\\n" "$@"\n',
    }.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)

    def said(*arguments: str, **environment: str) -> list[str]:
        done = subprocess.run(
            [str(tmp_path / "tocsinctl"), *arguments],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": "/usr/bin:/bin", **environment},
        )
        return done.stdout.splitlines()

    asked = said("key", "add", "--label", "a name")
    assert asked[-6:] == [str(tmp_path / "tocsinctl"), "--inside", "key", "add", "--label", "a name"]
    assert {f"LoadCredential=smtp_url:{secrets}/smtp_url", "User=tocsin", "TOCSIN_DATA_DIR=/var/lib/tocsin"} <= set(
        asked
    )
    assert asked[:2] == ["--quiet", "--collect"]
    assert "TOCSIN_KEY" not in asked
    asked = said("alert", "list", TOCSIN_KEY="tk_x")
    assert asked[asked.index("TOCSIN_KEY") - 1] == "--setenv"  # its value is in no list of processes
    found = said("--inside", "doctor", CREDENTIALS_DIRECTORY=str(secrets))
    assert found == [f"TOCSIN_SMTP_URL_FILE={secrets}/smtp_url", "doctor"]


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
    assert set(VALUES["roles"]) == set(ProcessRole)
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
    assert kinds.count("Deployment") == len(ProcessRole)
    assert {"Job", "HorizontalPodAutoscaler", "PodDisruptionBudget", "ServiceMonitor", "NetworkPolicy"} <= set(kinds)
