"""``tocsin serve``."""

import errno
import os
import sys
from datetime import datetime
from urllib.parse import urlsplit

import click

from broadcaster.app import Running, run
from broadcaster.clock import SystemClock
from broadcaster.commands.failing import Stop, wait_for
from broadcaster.commands.opened import opened, settings
from broadcaster.commands.operator_key import first_secret
from broadcaster.commands.showing import moment, show_facts
from broadcaster.commands.wording import reader, words
from broadcaster.domain.operators import welcome_url
from broadcaster.domain.people import ChannelName
from broadcaster.pipeline.services import ProcessRole, Services
from broadcaster.store.operators import operators


@click.command()
@click.option(
    "--roles", help="What this process does: web, resolver, sender, scheduler, comma-separated; all if left out."
)
def serve(roles: str | None) -> None:
    """Serve until stopped (Ctrl-C, SIGTERM): the API, the pages, and the loops that send.

    At a stop no new work is taken, messages under way may end (TOCSIN_GRACE_S), and the rest waits in the database.
    """
    where = settings(roles=roles) if roles else settings()

    async def prepare() -> tuple[str | None, datetime | None]:
        async with opened(where) as store:
            async with store.read() as unit:
                opens_until = await operators.link_ends(unit, SystemClock().now())
            return await first_secret(store, SystemClock()), opens_until

    first, opens_until = wait_for(prepare())

    def say(running: Running) -> None:
        services = running.services
        told = [(words("address"), services.base_url)]
        if services.base_url != running.url:
            told.append((words("listens at"), running.url))
        if len(services.roles) < len(ProcessRole):
            told.append((words("roles"), ", ".join(sorted(services.roles))))
        told += [] if first is None else first_sign_in(services.base_url, first, opens_until)
        told += [(words("SANDBOX"), _sandboxed(services, name)) for name in services.sandboxed]
        if services.sandboxed:
            seen = f"{services.base_url}/console/sandbox"
            told.append(("", words("what they would have sent is at %(address)s", address=seen)))
        show_facts(told)
        sys.stdout.flush()

    try:
        run(where, say)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
            raise
        raise Stop("can-not-listen", host=where.host, port=str(where.port), reason=os.strerror(error.errno)) from error


def first_sign_in(base_url: str, secret: str, opens_until: datetime | None = None) -> list[tuple[str, str]]:
    """Return the notice for when no administrator can sign in; without a secret, it says how to make a link.

    ``opens_until``: of the link that was shown before, as by `tocsin init`; a new one ends it.
    """
    if not secret:
        command = "tocsin operator invite NAME --admin"
        told = [words("`%(command)s` on this machine makes a link", command=command)]
        if opens_until is not None:
            still = words("the link of `tocsin init` still opens, until %(time)s", time=moment(opens_until))
            told.insert(0, still)
    else:
        link = urlsplit(welcome_url(base_url, secret))
        told = [link.geturl(), words("opens once, within an hour, and makes you the administrator")]
        if opens_until is not None:
            told.append(words("the link that was shown before no longer opens"))
        if link.hostname == "localhost":
            tunnel = f"ssh -L {link.port}:localhost:{link.port} …"
            told.append(words("from another computer, first: %(command)s", command=tunnel))
    return [(words("first sign-in"), told[0]), *(("", each) for each in told[1:])]


def _sandboxed(services: Services, name: ChannelName) -> str:
    return words(
        "%(channel)s sends nothing: %(hint)s", channel=reader().channel(name), hint=words(services.senders[name].hint)
    )
