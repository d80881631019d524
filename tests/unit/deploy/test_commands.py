"""Every command that the files of ``deploy`` tell somebody, or a unit, to run is one, with options that it has."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from broadcaster.cli import main

DEPLOY = Path(__file__).parents[3] / "deploy"
SAID = re.compile(r"(?:(?<![\w/.@:=-])|(?<=/opt/tocsin/bin/))(?:tocsin|tocsinctl) (?P<rest>[a-z][^\n|#;`]*)")
"""A command as it stands in a text: up to the end of its line, or whatever the shell ends it with."""


def told() -> list[tuple[str, str]]:
    """(file, what follows the name of the program)."""
    found = []
    for path in sorted(DEPLOY.rglob("*")):
        if not path.is_file() or path.name == ".env":
            continue
        text = path.read_text()
        if path.suffix == ".md":
            # In prose only what is set as code; its lines may be broken.
            text = "\n".join(re.sub(r"\s+", " ", each) for each in re.findall(r"`([^`]+)`", text.replace("```", "")))
            text += "\n" + "\n".join(re.findall(r"^```\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL))
        for match in SAID.finditer(text):
            before = text[: match.start()].rpartition("\n")[2]
            if re.search(r"systemctl [\w -]+ $|^for unit in $", before):
                continue  # names of units
            if path.suffix == ".md" or re.search(r"ExecStart|docker|kubectl|^#   |`$", before):
                found.append((str(path.relative_to(DEPLOY)), match["rest"].strip()))
    return found


def words_of(said: str) -> list[str]:
    text = re.split(r" && | > |\)|  ", said)[0]
    try:
        return shlex.split(text)
    except ValueError:  # a quotation mark that the shell around it closes
        return text.replace('"', " ").replace("'", " ").split()


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command, and what is said to it. Raises ``KeyError`` where there is none of that name."""
    command: click.Command = main
    while isinstance(command, click.Group) and words[0] != "…":  # any of that group
        found = command.get_command(click.Context(command), words[0])
        if found is None:
            raise KeyError(words[0])
        command, words = found, words[1:]
    return command, words


@pytest.mark.parametrize(("where", "said"), told(), ids=[f"{where}: {said[:40]}" for where, said in told()])
def test_a_command_that_is_told_exists_with_its_options(where, said):
    command, rest = command_of(words_of(said))
    known = {name for each in command.params for name in each.opts}
    assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= known
    if command.name == "add" and "read" in rest:
        # Only an admin's key may be good for every station.
        assert "--station" in rest


def test_commands_are_found_in_whatever_tells_them():
    files = {where for where, _ in told()}
    assert {"RUNBOOK.md", "compose.yaml", "systemd/README.md", "systemd/tocsin.service"} <= files
    assert len(told()) > 30


def test_what_containers_are_started_with_is_a_command():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    for service in services.values():
        if str(service["image"]).startswith("tocsin:"):
            command_of(service["command"])
    for name in ("deployments.yaml", "migrate.yaml"):
        words = re.search(r"args: \[(\w+)", (DEPLOY / "helm/tocsin/templates" / name).read_text())[1]
        command_of([words])
