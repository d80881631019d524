"""``tocsin serve``."""

import errno
import os
import sys

import click

from broadcaster.app import Running, run
from broadcaster.clock import SystemClock
from broadcaster.commands.exits import Exit
from broadcaster.commands.failing import Stop, wait_for
from broadcaster.commands.opened import opened, settings
from broadcaster.commands.operator_key import first_secret
from broadcaster.domain.operators import welcome_url
from broadcaster.pipeline.services import ProcessRole


@click.command()
@click.option(
    "--roles", help="What this process does: web, resolver, sender, scheduler, comma-separated; all if left out."
)
def serve(roles: str | None) -> None:
    """Serve until stopped (Ctrl-C, SIGTERM): the API, the pages, and the loops that send.

    At a stop no new work is taken, messages under way may end (TOCSIN_GRACE_S), and the rest waits in the database.
    """
    where = settings(roles=roles) if roles else settings()

    async def prepare() -> str | None:
        async with opened(where) as store:
            return await first_secret(store, SystemClock())

    first = wait_for(prepare())

    def say(running: Running) -> None:
        click.echo(f"address         {running.services.base_url}")
        if running.services.base_url != running.url:
            click.echo(f"listens at      {running.url}")
        if len(running.services.roles) < len(ProcessRole):
            click.echo(f"roles           {', '.join(sorted(running.services.roles))}")
        for line in () if first is None else _first_sign_in(running.services.base_url, first):
            click.echo(line)
        for name in running.services.sandboxed:
            click.echo(f"SANDBOX         {name} sends nothing: {running.services.senders[name].hint}")
        if running.services.sandboxed:
            click.echo(f"                what they would have sent is at {running.services.base_url}/console/sandbox")
        sys.stdout.flush()

    try:
        run(where, say)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
            raise
        raise Stop(
            f"can't listen at {where.host}:{where.port}: {os.strerror(error.errno)}",
            Exit.REFUSED,
            "another program may be there: set TOCSIN_PORT or TOCSIN_HOST, or stop it",
        ) from error


def _first_sign_in(base_url: str, secret: str) -> tuple[str, ...]:
    """Return what is said where no administrator can sign in; without a secret, how to make a link."""
    if not secret:
        return ("first sign-in   `tocsin operator invite NAME --admin` on this machine makes a link",)
    return (
        f"first sign-in   {welcome_url(base_url, secret)}",
        "                opens once, within an hour, and makes you the administrator",
    )
