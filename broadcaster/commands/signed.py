"""``tocsin station signed``."""

import click

from broadcaster.clock import SystemClock
from broadcaster.commands.failing import Told
from broadcaster.commands.opened import in_store, machine, station_of
from broadcaster.commands.wording import reader, say
from broadcaster.domain.refusals import NotFound, Refused, sentence
from broadcaster.register import left_out
from broadcaster.store import Unit


@click.command("signed")
@click.argument("slug")
@click.argument("who")
@click.option("--on", "on", required=True, help="Day of the signature, as 2027-03-01.")
@click.option("--kept", required=True, help="Where the paper is kept.")
def signed(*, slug: str, who: str, on: str, kept: str) -> None:
    """Record that somebody who asked to be left out signed that they want to be in again: WHO is a telephone number,
    an e-mail address, or a number in the register.
    """
    now = SystemClock().now()

    async def work(unit: Unit) -> bool:
        station = await station_of(unit, slug)
        try:
            return await left_out.undo(unit, station, who, left_out.paper_of(on, kept, now, None), machine())
        except Refused as error:
            raise Told(sentence(error, reader())) from error

    if not in_store(work, write=True):
        raise Told(sentence(NotFound("not-left-out"), reader()))
    say("recorded: lists and operators may enter this person again")
