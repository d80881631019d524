"""The reach in a terminal: who is reachable now, who by another channel, who not at all; one is told from several."""

from __future__ import annotations

import pytest
from rich.console import Console

from broadcaster.commands.foresight import show_reach

REACH = {
    "people": 9, "registered": 9, "others": 0, "others_fewer_than": None, "unconfirmed": 0, "devices": 1,
    "reachable": 9, "unused": 0, "no_contact": 0, "further": {}, "opted_out": 0, "paused": 0,
    "channels": {}, "sms": (), "cost_minor": 0, "currency": "EUR",
    "seconds_to_95": None, "area_km2": None, "sandbox": [], "warned": (),
    "hearing": {"now": 9, "later": 0, "digest": 0, "unwanted": 0, "missed": 0},
    "woken": 0,
    "expected": {
        "messages": {"sms": 12}, "cost_minor": 96,
        "reached": {
            "accepted": {"share": 0.97, "seconds_to_95": 2.0}, "displayed": {"share": 0.98, "seconds_to_95": 400.0},
            "confirmed": {"share": 0.4, "seconds_to_95": None},
        },
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("reach", "said", "unsaid"),
    [
        (
            {"no_contact": 2, "warned": [{"code": "no-contact", "params": {"some": 2, "n": 9}}]},
            ["warning: 2 of 9 people have no contact at all."],
            ["2 people have"],
        ),
        (
            {"unused": 3, "further": {"sms": {"people": 3, "cost_minor": 24}, "voice": {"people": 1, "cost_minor": 0}}},
            ["sms would reach 3 more people (€0.24)", "1 more person (free)"],
            ["no contact"],
        ),
        (
            {"hearing": {"now": 5, "later": 0, "digest": 0, "unwanted": 0, "missed": 4}},
            ["4 people sleep then, and will NEVER get it", "--wakes"],
            ["woken"],
        ),
        ({"woken": 4}, ["4 people of them will be woken"], ["NEVER"]),
        ({}, ["expected with the steps: €0.96", "seen by 95 in 100 within 6 min 40 s", "confirmed by 40 in 100"], []),
        ({"reachable": 8, "no_contact": 1}, ["1 device, 8 reachable now"], ["opted out"]),
    ],
)
def test_the_reach_says_each_thing_once(reach, said, unsaid):
    console = Console(width=100)
    with console.capture() as shown:
        show_reach(console, {**REACH, **reach})
    lines = " ".join(shown.get().split())
    assert [each for each in said if each not in lines] == []
    assert [each for each in unsaid if each in lines] == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en_GB.UTF-8", ["warning: 2 of 9 people have no contact at all: go and see them.", "sms or phone call would"]),
        ("fr_FR.UTF-8", ["2 sur 9 personnes. Allez les voir.", "joignables par SMS ou appel"]),
    ],
)
def test_warnings_are_said_in_the_terminals_language_and_a_newer_services_by_code(monkeypatch, language, said):
    monkeypatch.setenv("LC_ALL", language)
    warned = [
        {"code": "no-contact-visit", "params": {"some": 2, "n": 9}},
        {"code": "contact-not-used", "params": {"some": 3, "n": 9, "channels": ["sms", "voice"]}},
        {"code": "not-known-here", "params": {"n": 1}},
    ]
    console = Console(width=200)
    with console.capture() as shown:
        show_reach(console, {**REACH, "warned": warned})
    assert [each for each in (*said, "not-known-here") if each.lower() not in shown.get().lower()] == []
