"""One alert to two million people of a nation, simulated: ``python -m tests.bench.nation [--results FOLDER]``.

A discrete simulation of the scaled road: parts are written down one after the other, the relay carries their batches to
the bus, runners of each sender lease them, a batch's messages flow through the sender's core, the channel's bucket and
places and the provider's own limit, and their outcomes are written in groups (``nation_run``). Its steps take what was
measured (``nation_plan``). Not in it: retries, providers in trouble, other alerts, and what readers of its page cost.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.nation_plan import measured, plans
from tests.bench.nation_run import Nation

if TYPE_CHECKING:
    from tests.bench.nation_run import Told

_RESULTS = Path(__file__).parent / "results"
_SHARES = (50, 95, 99)
_MOST_TOLD = 3


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.bench.nation", description=__doc__.splitlines()[0])
    asked.add_argument("--measured", type=Path, default=_RESULTS, help="folder of bench.json and nation_times.json")
    asked.add_argument("--results", type=Path, help="folder to write nation.json into")
    given = asked.parse_args()
    times = measured(given.measured)
    print("What a step takes (wall; of that the database's core; the alert's sums locked), and who says so:")
    for name, took in times.items():
        figures = " ".join(f"{1e6 * each:9,.1f}" for each in (took.wall_s, took.server_s, took.locked_s))
        print(f"  {name:14} {figures} µs  {took.source}")
    began = time.perf_counter()
    told = [Nation(plan, times).run() for plan in plans()]
    _show(told)
    print(f"simulated in {time.perf_counter() - began:.1f} s")
    if given.results:
        given.results.mkdir(parents=True, exist_ok=True)
        (given.results / "nation.json").write_text(json.dumps([_kept(each) for each in told], indent=1))
    return 0


def _kept(told: Told) -> dict[str, Any]:
    by = {name: {f"p{share}_s": told.seconds(share, name) for share in _SHARES} for name in told.plan.channels}
    whole = {f"p{share}_s": told.seconds(share) for share in _SHARES}
    return {
        "plan": told.plan.name,
        "people": told.plan.people,
        "channels": {**by, "all": whole},
        "written_s": told.written_s,
        "accounted_s": told.accounted_s,
        "busy": {name: told.busy(name) for name in told.plan.channels},
        "bound_by": {name: told.bound_by(name) for name in told.plan.channels},
    }


def _show(every: list[Told]) -> None:
    print(
        f"\nSeconds from the acceptance until providers took p50 / p95 / p99 of {every[0].plan.people:,} messages,"
        " and what bounds them"
    )
    for told in every:
        plan = told.plan
        print(f"\n{plan.name}")
        print(f"  senders {plan.senders}, web {plan.webs}, cores of the database {plan.database_cores};", end=" ")
        print(f"written down after {told.written_s:,.0f} s, accounted for after {told.accounted_s:,.0f} s")
        for name in plan.channels:
            busy = sorted(told.busy(name).items(), key=lambda each: -each[1])[:_MOST_TOLD]
            most = ", ".join(f"{each} {share:.0%}" for each, share in busy)
            print(f"  {name:6}{_percentiles(told, name)}   {told.bound_by(name)}; busy: {most}")
        print(f"  {'all':6}{_percentiles(told)}")
    print()


def _percentiles(told: Told, channel: str | None = None) -> str:
    return " / ".join(f"{told.seconds(share, channel):9,.1f}" for share in _SHARES)


if __name__ == "__main__":
    sys.exit(main())
