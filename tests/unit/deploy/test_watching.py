"""Rules, dashboard and autoscaler look at figures that exist; every alarm has its section in the runbook."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY

import broadcaster.app
import broadcaster.http.metrics

DEPLOY = Path(__file__).parents[3] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus/tocsin.rules.yaml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((DEPLOY / "grafana/tocsin.json").read_text())
RUNBOOK = (DEPLOY / "RUNBOOK.md").read_text()

GROUPING = ("by", "without", "on", "ignoring", "group_left", "group_right")
WORDS = frozenset((*GROUPING, "and", "or", "unless", "bool", "offset"))
BESIDE = frozenset({"up", "process_resident_memory_bytes", "process_cpu_seconds_total"})
"""What Prometheus and its client's own collectors give; the latter only on Linux."""


def named(expression: str) -> set[str]:
    """The names of figures in PromQL: what is neither a function, a label, a word of the language nor a text."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    bare = re.sub(rf"\b(?:{'|'.join(GROUPING)})\s*\([^)]*\)", " ", bare)
    return set(re.findall(r"(?<![\w.$])[a-zA-Z_:][\w:]*(?!\w)(?!\s*\()", bare)) - WORDS


def labelled(expression: str) -> set[tuple[str, str]]:
    """(figure, label) of each selector."""
    found = set()
    for name, inside in re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", expression):
        found.update((name, label) for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', inside)))
    return found


def known() -> dict[str, set[str]]:
    """Every name that the service gives, as Prometheus keeps it, with its labels."""
    found: dict[str, set[str]] = {}
    for collector in list(REGISTRY._collector_to_names):
        labels = set(getattr(collector, "_labelnames", None) or ())
        for name in REGISTRY._collector_to_names[collector]:
            found[name] = labels
    for name, (_, labels) in broadcaster.metrics._GAUGES.items():
        found[name] = set(labels)
    for tally in (broadcaster.metrics.STAGE, broadcaster.metrics.PERSON):
        for ending in ("", "_bucket", "_sum", "_count"):
            found[tally._name + ending] = set(tally._labels)
    return found


def expressions() -> list[tuple[str, str]]:
    adapter = yaml.safe_load((DEPLOY / "prometheus/adapter.values.yaml").read_text())["rules"]["external"][0]
    return [
        *[(rule["alert"], rule["expr"]) for rule in RULES],
        *[(panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel.get("targets", ())],
        ("adapter, the series", adapter["seriesQuery"]),
        ("adapter, the query", adapter["metricsQuery"].replace(",<<.LabelMatchers>>", "")),
    ]


@pytest.mark.parametrize(("where", "expression"), expressions(), ids=[where for where, _ in expressions()])
def test_what_is_looked_at_exists_with_its_labels(where, expression):
    names = named(expression)
    assert names, "an expression that looks at nothing"
    there = known()
    assert names - BESIDE <= set(there)
    for name, label in labelled(expression):
        assert name in BESIDE or label in there[name] | {"le", "job", "instance"}, (name, label)


def test_names_are_found_in_whatever_promql_has():
    text = """sum by (le, lane) (rate(tocsin_a_bucket{x="by (tocsin_no)", y!~"a"}[5m])) / on (job) group_left (z)
    tocsin_b offset 5m > 1e3 or absent(tocsin_c) and histogram_quantile(0.95, tocsin_d)"""
    assert named(text) == {"tocsin_a_bucket", "tocsin_b", "tocsin_c", "tocsin_d"}
    assert labelled(text) == {("tocsin_a_bucket", "x"), ("tocsin_a_bucket", "y")}


UNSEEN = {"tocsin_channel_stopped": "of one process: tocsin_channel_stop_seconds is of the service"}
"""Figures that neither a panel nor an alarm looks at, with why."""


def test_every_figure_of_ours_is_looked_at_by_somebody():
    looked_at = {re.sub(r"_bucket$", "", name) for _, expression in expressions() for name in named(expression)}
    families = {re.sub(r"_(?:bucket|count|sum|created)$", "", name) for name in known() if name.startswith("tocsin_")}
    unseen = {name for name in families if name not in looked_at and f"{name}_total" not in looked_at}
    assert unseen == set(UNSEEN)


def test_prometheus_finds_every_role_of_compose_where_it_listens_under_the_name_that_the_rules_have():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    [job] = yaml.safe_load((DEPLOY / "prometheus/compose.yaml").read_text())["scrape_configs"]
    [found] = job["dns_sd_configs"]
    assert (job["job_name"], found["port"]) == ("tocsin", 8080)
    assert set(found["names"]) == {name for name, each in services.items() if each.get("command", [""])[0] == "serve"}
    assert set(services["prometheus"]["networks"]) & set(services["sender"]["networks"])
    assert job["authorization"]["credentials_file"] == f"/run/secrets/{services['prometheus']['secrets'][0]}"


def test_the_autoscaler_goes_by_what_the_adapter_serves():
    adapter = yaml.safe_load((DEPLOY / "prometheus/adapter.values.yaml").read_text())["rules"]["external"][0]
    values = yaml.safe_load((DEPLOY / "helm/tocsin/values.yaml").read_text())
    assert values["autoscaling"]["metric"] == adapter["name"]["as"]
    assert values["autoscaling"]["metric"] in known()


def sections() -> dict[str, str]:
    """Each section of the runbook by its anchor, as GitHub makes it."""
    parts = re.split(r"^## (.+)$", RUNBOOK, flags=re.MULTILINE)[1:]
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-"): text
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alarm_has_a_section_that_names_it_and_says_what_to_do(rule):
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert page == "RUNBOOK.md"
    section = sections()[anchor]
    assert f"`{rule['alert']}`" in section
    says_all(section)


def says_all(section: str) -> None:
    parts = ("**You see**", "**It means**", "**For people**", "**Do**", "**It is over when**")
    assert [each for each in re.findall(r"^\*\*[A-Z][^*]+\*\*", section, re.MULTILINE) if each in parts] == [*parts]


def test_a_section_without_an_alarm_says_as_much():
    for title, text in sections().items():
        assert text.strip(), title
        says_all(text)


def test_the_runbook_asks_about_alerts_where_somebody_answers():
    """Only *web* processes have the API: a scheduler's container answers, and knows no alerts."""
    for asked in re.findall(r"`((?:docker compose|kubectl) exec [^`]+)`", RUNBOOK):
        assert re.search(r"\bweb\b", asked), asked
        assert "TOCSIN_KEY" in asked


def test_the_runbook_names_no_alarm_and_no_figure_that_is_none():
    alarms = {rule["alert"] for rule in RULES}
    assert set(re.findall(r"`(Tocsin[A-Z]\w+)`", RUNBOOK)) == alarms
    figures = {each.partition("{")[0] for each in re.findall(r"`(tocsin_[^`]+)`", RUNBOOK)}
    assert figures <= set(known())


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_the_rules_right_and_they_ring_when_they_are_to():
    for arguments in (["check", "rules", "tocsin.rules.yaml"], ["test", "rules", "tocsin.tests.yaml"]):
        done = subprocess.run(
            ["promtool", *arguments], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
