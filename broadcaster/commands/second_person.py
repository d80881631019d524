"""Output and exit of commands for an alert that waits for approval."""

from collections.abc import Callable
from typing import Any

import click

from broadcaster.commands.exits import Exit
from broadcaster.commands.wording import note

with_stake: Callable[..., Any] = click.option(
    "--life-at-stake", "stake", metavar="WHY", default="",
    help="Send it now where a second person should approve it; all approvers are told, and read why.",
)  # fmt: skip
AWAITING = "awaiting_approval"


def with_reason(body: dict[str, Any], stake: str) -> dict[str, Any]:
    return {**body, "life_at_stake": stake} if stake else body


def end_if_it_waits(made: dict[str, Any]) -> None:
    """End the command if nothing was sent yet."""
    if made["state"] == AWAITING:
        say_it_waits(f"{made['url'].rpartition('/a/')[0]}/console/approvals/{made['id']}")
        raise click.exceptions.Exit(int(Exit.WAITING))


def say_it_waits(url: str) -> None:
    note("a second person must approve it, and nothing was sent yet: %(url)s", url=url)
