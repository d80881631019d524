"""Follow an alert, with a progress bar, until everyone is accounted for."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from broadcaster.commands.accounting import settled
from broadcaster.commands.api import Api, Lost

_POLL_S = 1.0


async def follow(api: Api, alert_id: str, *, wait_s: float, console: Console) -> dict[str, Any] | None:
    """Follow an alert; return its last account, None if none arrived.

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
            task = bar.add_task("sending", total=None, told="")
            async with asyncio.timeout(wait_s), aclosing(_accounts(api, alert_id)) as accounts:
                async for account in accounts:
                    last = account
                    done = account["matched"] - account["unaccounted"]
                    bar.update(task, total=account["matched"] or None, completed=done, told=_told(account))
    except TimeoutError:
        return last
    return last


async def _accounts(api: Api, alert_id: str) -> AsyncGenerator[dict[str, Any]]:
    """Yield accounts from the stream, or by polling without one, until the alert is settled."""
    while True:
        try:
            async with aclosing(api.accounts(alert_id)) as stream:
                async for account in stream:
                    yield account
                    if settled(account):
                        return
        except Lost:
            pass
        try:
            account = await api.get(f"/v1/alerts/{alert_id}/account")
        except Lost:
            continue  # it has retried for seconds; the service may come back
        yield account
        if settled(account):
            return
        await asyncio.sleep(_POLL_S)


def _told(account: dict[str, Any]) -> str:
    people = account["people"]
    shown = (state for state in ("accepted", "delivered", "displayed", "opened", "acknowledged", "unreached"))
    return ", ".join(f"{people[state]:,} {state}" for state in shown if people.get(state))
