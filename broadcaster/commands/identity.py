"""``tocsin vapid``."""

import click

from broadcaster.commands.wording import note
from channels.webpush import VapidKey


@click.command()
def vapid() -> None:
    """Make a web push identity (RFC 8292), to be set in the environment.

    Browsers subscribe to its public half: keep it, for with another one every subscription is lost.
    """
    made = VapidKey.generate()
    click.echo(f"TOCSIN_VAPID_PRIVATE_KEY={made.to_raw()}")
    click.echo("TOCSIN_VAPID_SUBJECT=mailto:you@your-domain")
    note("# its public half, which pages subscribe with: %(key)s", key=made.public)
    note("# put your own address into the subject: push services write to it when something is wrong")
