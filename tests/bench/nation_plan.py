"""What a nation's alert is simulated with: the plan (who, how many, which limits), and what each step takes.

Times are measured: of ``bench.json`` and ``nation_times.json`` in a folder of results, where they are there; else those
of ``MEASURED`` below, each with the command that measures it. What can't be measured here is said to be assumed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PUSH, SMS, MAIL, VOICE = CHANNELS = ("push", "sms", "email", "voice")
FIRST_PART, PART, GROUP, RELAYED = 100, 1000, 500, 500
"""As in ``pipeline.resolve``, ``pipeline.track`` and ``workers``; a test holds them together."""

_PUSH_ROW, _STORE = "python -m tests.bench --only push", "python -m tests.bench.nation_times"
_TEN_MILLION = "python -m tests.bench --only growth (10 M places)"
_ASSUMED = "assumed"


@dataclass(frozen=True)
class Took:
    """What one step takes: ``wall_s`` for whoever waits for it.

    Of that, ``server_s`` of one core of the database's server, and ``locked_s`` while nobody else may change the
    alert's sums.
    """

    wall_s: float
    source: str
    server_s: float = 0.0
    locked_s: float = 0.0


# Two cores at 2.6 GHz or so, PostgreSQL 18 beside us, each commit on the disk.
MEASURED: dict[str, Took] = {
    "cpu push": Took(482e-6, _PUSH_ROW),
    "cpu sms": Took(528e-6, "python -m tests.bench --only sms"),
    "cpu email": Took(342e-6, "python -m tests.bench --only mail"),
    "cpu voice": Took(528e-6, "as an SMS: the same client"),
    "find a person": Took(2.03e-6, _TEN_MILLION),
    "issue": Took(6.3e-3, _STORE),
    "part": Took(40e-3, _STORE, 20e-3, 3e-3),
    "relay": Took(2.5e-3, _STORE, 0.3e-3),
    "take push": Took(5.2e-3, _STORE, 1.2e-3),
    "take sms": Took(4.0e-3, _STORE, 0.8e-3),
    "take email": Took(4.3e-3, _STORE, 0.7e-3),
    "take voice": Took(3.7e-3, _STORE, 0.8e-3),
    "group": Took(29e-3, _STORE, 13e-3, 3e-3),
    "release": Took(3.2e-3, _STORE, 0.6e-3),
    "bus": Took(0.5e-3, _ASSUMED, 30e-6),
    "cpu receipt": Took(500e-6, _ASSUMED),
}
_OF_STORE = {
    "issue": "issue",
    "part": "part of 1,000 people",
    "relay": "relay of up to 500",
    "group": "group of 500 outcomes",
    "release": "release",
    **{f"take {name}": f"lease and read, {name}" for name in CHANNELS},
}
_OF_BENCH = {
    "cpu push": ("senders", "push bare"),
    "cpu sms": ("sms",),
    "cpu voice": ("sms",),
    "cpu email": ("mail",),
    "find a person": ("growth places",),
}
_NOTHING = Took(0.0, "none")


def free() -> dict[str, Took]:
    """Steps that cost nothing: what is left is what a test wants to see."""
    return dict.fromkeys(MEASURED, _NOTHING)


def measured(folder: Path) -> dict[str, Took]:
    """Return the times of the results in ``folder``, those of ``MEASURED`` where they are not there."""
    times = dict(MEASURED)
    bench, store = folder / "bench.json", folder / "nation_times.json"
    if bench.exists():
        told = json.loads(bench.read_text())
        rows = {} if told["machine"]["small"] else {row["name"]: row for row in told["rows"]}
        for name, candidates in _OF_BENCH.items():
            for each in candidates:
                took = _of_row(rows.get(each, {}), name)
                if took is not None:
                    times[name] = Took(took, f"{bench.name}, “{each}”")
                    break
    if store.exists():
        steps = json.loads(store.read_text())
        for name, step in _OF_STORE.items():
            if step in steps:
                found = steps[step]
                seconds = [found[key] / 1e3 for key in ("wall_ms", "server_cpu_ms", "locked_ms")]
                times[name] = Took(seconds[0], f"{store.name}, “{step}”", *seconds[1:])
    return times


def _of_row(row: Mapping[str, object], name: str) -> float | None:
    if name == "find a person":
        figures = row.get("figures") or {}
        found = figures.get("find_us") if isinstance(figures, dict) else None
    else:
        found = row.get("cpu_us")
    return found / 1e6 if isinstance(found, (int, float)) else None


@dataclass(frozen=True)
class Channel:
    """``share`` of the people have it. ``per_second`` tokens for all senders together, ``cost`` of them a message.

    ``places`` messages are under way at once in a sender; ``latency_s`` passes until a provider's answer, in the
    middle, and it spreads (sigma of a lognormal).
    """

    share: float
    per_second: float = float("inf")
    cost: float = 1.0
    places: float = float("inf")
    latency_s: float = 0.0
    spread: float = 0.0


@dataclass(frozen=True)
class PushService:
    """``share`` of the push contacts are with it; so many a second it takes of one sender of messages."""

    share: float
    per_second: float = float("inf")


# Of France's browsers and phones, roughly; limits are those that are published (see docs/nation.md).
SERVICES = {
    "FCM": PushService(0.70, 10_000.0),
    "Apple": PushService(0.22),
    "Mozilla": PushService(0.06),
    "Windows": PushService(0.02),
}


@dataclass(frozen=True)
class Plan:
    """One alert to ``people``, a channel each; how many processes of each role, and the database's cores.

    ``side_by_side``: how many parts are written down at once; the service writes one.
    """

    name: str
    channels: Mapping[str, Channel]
    people: int = 2_000_000
    webs: int = 4
    senders: int = 4
    runners: int = 6
    database_cores: int = 8
    side_by_side: int = 1
    services: Mapping[str, PushService] = field(default_factory=lambda: dict(SERVICES))
    receipts: float = 0.7
    receipt_s: float = 2.0

    def with_channel(self, name: str, **changes: float) -> Plan:
        return replace(self, channels={**self.channels, name: replace(self.channels[name], **changes)})


_CHANNELS = {
    PUSH: Channel(0.60, 20_000.0, 1.0, 200, 0.060, 0.6),
    SMS: Channel(0.25, 1_000.0, 2.0, 50, 0.120, 0.5),
    MAIL: Channel(0.10, 1_000.0, 1.0, 32, 0.080, 0.5),
    VOICE: Channel(0.05, 100.0, 1.0, 20, 0.200, 0.5),
}
BASE = Plan("4 senders, carrier 1,000/s", _CHANNELS)


def plans() -> list[Plan]:
    """Return what is compared: senders first, then the carrier, then all that can be had."""
    several = [
        replace(BASE, name=f"{n} sender{'s' * (n > 1)}, carrier 1,000/s", senders=n, webs=webs)
        for n, webs in ((1, 4), (4, 4), (16, 8))
    ]
    wide = several[-1]
    carriers = [
        replace(wide.with_channel(SMS, per_second=float(rate)), name=f"16 senders, carrier {rate:,}/s")
        for rate in (100, 5_000)
    ]
    best = carriers[-1].with_channel(VOICE, per_second=1_000.0).with_channel(MAIL, per_second=5_000.0)
    best = replace(best, name="32 senders, carrier 5,000/s, 1,000 calls/s, 5,000 mails/s", senders=32, webs=16)
    best = replace(best, database_cores=16)
    quicker = replace(best, name="the same, were parts written 4 at once (the service does not)", side_by_side=4)
    return [*several, *carriers, best, quicker]
