"""The terminal speaks the language of its locale, and shows the station's time."""

from __future__ import annotations

import pytest
from rich.console import Console

from broadcaster.commands.foresight import show_reach
from broadcaster.commands.showing import moment, money
from broadcaster.commands.wording import reader
from tests.unit.cli.test_foresight import REACH

LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")


@pytest.mark.parametrize(
    ("given", "language"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB", "LC_MESSAGES": "C", "LC_ALL": "fr_CA@euro"}, "fr"),
        ({"LANG": "fr_FR", "LC_ALL": ""}, "fr"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_first_variable_that_is_set_chooses_the_language(monkeypatch, given, language):
    for name in LOCALES:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert reader().language == language


def test_a_french_terminal_reads_figures_and_names_of_channels_in_french(monkeypatch):
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    push = {"people": 8, "contacts": 8, "units": 8, "cost_minor": 0, "seconds": 0.4}
    console = Console(width=100)
    with console.capture() as shown:
        show_reach(console, {**REACH, "channels": {"push": push}, "sandbox": ["push"]})
    said = shown.get().replace("\u00a0", " ").replace("\u202f", " ")
    for part in ("9 personnes", "notification (bac à sable)", "0,4 s", "0,00 €"):
        assert part in said
    assert money(123456, "EUR").replace("\u202f", " ").replace("\u00a0", " ") == "1 234,56 €"


def test_a_time_is_that_of_the_station():
    assert moment("2026-07-01T16:30:00+00:00", "Europe/Paris") == "2026-07-01 18:30:00 CEST"
    assert moment("2026-07-01T16:30:00+00:00", "Indian/Reunion") == "2026-07-01 20:30:00 +04"
