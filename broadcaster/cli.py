"""``tocsin``: the command line."""

from __future__ import annotations

from importlib.metadata import version

import click

from broadcaster.commands.alerts import alert
from broadcaster.commands.backups import backup, restore
from broadcaster.commands.database import migrate, seed
from broadcaster.commands.doctor import doctor
from broadcaster.commands.failing import Sentences
from broadcaster.commands.identity import vapid
from broadcaster.commands.imports import import_
from broadcaster.commands.keys import key
from broadcaster.commands.send import send
from broadcaster.commands.serving import serve
from broadcaster.commands.stations import station


@click.group(
    cls=Sentences,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Settings are TOCSIN_* in the environment; docs/operating.md has the table. `tocsin doctor` checks them.",
)
@click.version_option(version("tocsin"), prog_name="tocsin")
def main() -> None:
    """Geofenced alerts: draw a circle, reach everyone concerned in it, account for every one of them."""


for each in (migrate, seed, serve, send, alert, import_, station, key, doctor, vapid, backup, restore):
    main.add_command(each)
