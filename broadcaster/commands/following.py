"""Follow an alert, with a progress bar, until everyone is accounted for."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from broadcaster.commands.api import Api, Lost
from broadcaster.commands.report import settled
from broadcaster.commands.wording import many, words

_POLL_S = 1.0


async def follow(api: Api, alert_id: str, *, wait_s: float, console: Console) -> dict[str, Any] | None:
    """Follow an alert; return its last report, None if none arrived.

    Returns when all are accounted for, or after ``wait_s`` seconds. Reconnects after a lost connection.
    """
    last: dict[str, Any] | None = None
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(words("sending"), total=None, told="")
            async with asyncio.timeout(wait_s), aclosing(_reports(api, alert_id)) as reports:
                async for report in reports:
                    last = report
                    done = report["matched"] - report["unaccounted"]
                    bar.update(task, total=report["matched"] or None, completed=done, told=_told(report))
    except TimeoutError:
        return last
    return last


async def _reports(api: Api, alert_id: str) -> AsyncGenerator[dict[str, Any]]:
    """Yield reports from the stream, or by polling without one, until the alert is settled."""
    while True:
        try:
            async with aclosing(api.reports(alert_id)) as stream:
                async for report in stream:
                    yield report
                    if settled(report):
                        return
        except Lost:
            pass
        try:
            report = await api.get(f"/v1/alerts/{alert_id}/report")
        except Lost:
            continue  # the request was already retried for seconds; the service may come back
        yield report
        if settled(report):
            return
        await asyncio.sleep(_POLL_S)


def _told(report: dict[str, Any]) -> str:
    people = report["people"]

    def n(state: str) -> int:
        return int(people.get(state) or 0)

    told = {
        "accepted": many("%(n)s accepted", "%(n)s accepted", n("accepted")),
        "delivered": many("%(n)s delivered", "%(n)s delivered", n("delivered")),
        "displayed": many("%(n)s displayed", "%(n)s displayed", n("displayed")),
        "opened": many("%(n)s opened", "%(n)s opened", n("opened")),
        "acknowledged": many("%(n)s acknowledged", "%(n)s acknowledged", n("acknowledged")),
        "unreached": many("%(n)s not reached", "%(n)s not reached", n("unreached")),
    }
    return ", ".join(said for state, said in told.items() if n(state))
