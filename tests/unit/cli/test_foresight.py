"""The reach in a terminal tells who opted out or paused apart from who has no means, one from several."""

from __future__ import annotations

import pytest
from rich.console import Console

from broadcaster.commands.foresight import show_reach

REACH = {
    "people": 9, "registered": 9, "others": 0, "others_fewer_than": None, "unconfirmed": 0, "devices": 1,
    "no_channel": 0, "opted_out": 0, "paused": 0, "channels": {}, "sms": (), "cost_minor": 0, "currency": "EUR",
    "seconds_to_95": None, "area_km2": None, "sandbox": [], "warnings": (),
    "hearing": {"now": 9, "later": 0, "digest": 0, "unwanted": 0, "missed": 0},
    "woken": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("reach", "said", "unsaid"),
    [
        ({"no_channel": 3, "opted_out": 1}, ["2 people have no channel that works", "1 person opted out"], []),
        ({"no_channel": 2, "opted_out": 2}, ["2 people opted out"], ["no channel"]),
        ({"no_channel": 2, "paused": 2}, ["2 people paused all messages"], ["no channel", "opted out"]),
        (
            {"hearing": {"now": 5, "later": 0, "digest": 0, "unwanted": 0, "missed": 4}},
            ["4 people sleep then, and will NEVER get it", "--wakes"],
            ["woken"],
        ),
        ({"woken": 4}, ["4 people of them will be woken"], ["NEVER"]),
        ({"no_channel": 1}, ["9 people, 1 device, 8 reachable", "1 person has no channel that works"], ["opted out"]),
    ],
)
def test_who_opted_out_is_counted_apart(reach, said, unsaid):
    console = Console(width=100)
    with console.capture() as shown:
        show_reach(console, {**REACH, **reach})
    assert [each for each in said if each not in shown.get()] == []
    assert [each for each in unsaid if each in shown.get()] == []
