"""``tocsin audit verify|list|erase-reason``."""

import re

import click

from broadcaster.commands.failing import Stop
from broadcaster.commands.opened import in_store, machine
from broadcaster.commands.options import with_json
from broadcaster.commands.showing import moment, out, print_json, table
from broadcaster.commands.wording import many, reader, say, say_many, words
from broadcaster.domain.audit import Action, Entry
from broadcaster.store import Unit
from broadcaster.store.operations import audit as log
from broadcaster.store.operations import audit_reading as reading
from broadcaster.store.operations.audit_reading import Fault, Only
from broadcaster.web.console.audit.param_words import param_words
from broadcaster.web.console.audit.words import about_words, action_words, named_in, who_words

_HEAD = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")


@click.group()
def audit() -> None:
    """The audit log: who did what, when and from where."""


@audit.command("verify")
@click.option("--head", help="A hash that left the database earlier, as in the daily e-mail or the service's log.")
def verify(*, head: str | None) -> None:
    """Check the whole log: that nothing was changed, removed or moved; with --head, that its end was not cut off."""
    given = None
    if head is not None:
        read = _HEAD.fullmatch(head.strip().lower())
        if read is None:
            raise Stop("audit-head")
        given = int(read[1]), bytes.fromhex(read[2])

    found = in_store(lambda unit: reading.verify(unit, given))
    for fault, seq in found.faults:
        click.echo(_sentence(fault, seq))
    click.echo(many("%(n)s entry", "%(n)s entries", found.entries))
    say_many("%(n)s waits to be chained", "%(n)s wait to be chained", found.waiting)
    say("newest hash: %(head)s", head=f"{found.seq}:{found.hash.hex()}")
    if found.faults:
        raise Stop("audit-touched")
    say("the log is whole")


def _sentence(fault: Fault, seq: int) -> str:
    return {
        Fault.CHANGED: words("entry %(seq)s does not fit its hash: it was changed or moved", seq=seq),
        Fault.MISSING: words("entry %(seq)s is missing: it was removed", seq=seq),
        Fault.CUT: words("entry %(seq)s has not the hash that was given: the end was cut off or rewritten", seq=seq),
        Fault.DROPPED: words("what was before entry %(seq)s is gone, and the log does not tell of it", seq=seq),
    }[fault]


@audit.command("list")
@click.option("--action", type=click.Choice([each.value for each in Action]), help="Only this.")
@click.option("--actor", type=int, help="Only by the operator or key with this id.")
@click.option("--about", type=int, help="Only about what has this id: an alert, a person, an operator.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@with_json
def list_(*, action: str | None, actor: int | None, about: int | None, limit: int, as_json: bool) -> None:
    """List entries, newest first."""
    only = Only(actor_id=actor, action=None if action is None else Action(action), about=about)

    async def work(unit: Unit) -> tuple[list[Entry], dict[int, str], dict[int, str]]:
        found = await reading.page(unit, only, limit=limit)
        return found, await reading.reasons(unit, found), await reading.names(unit, named_in(found))

    found, reasons, names = in_store(work)
    if as_json:
        print_json([reading.as_json(each, reasons.get(each.id)) for each in found])
        return
    called = action_words(reader())
    rows = [
        (
            each.id,
            moment(each.actor.at),
            _numbered(who_words(each, names, reader()), each.actor.id),
            each.actor.origin,
            f"{called[each.action]} ({each.action})",
            _numbered(about_words(each, names, reader()), each.about),
            param_words(each.params, reader()),
            reasons.get(each.id, ""),
        )
        for each in found
    ]
    columns = words("when"), words("who"), words("from"), words("what"), words("about"), words("more"), words("why")
    out().print(table((f"#{words('id')}", *columns), rows))


def _numbered(said: str, number: int | None) -> str:
    """Return words with the id that ``--actor`` and ``--about`` take."""
    return said if number is None or str(number) in said else f"{said} ({number})".strip()


@audit.command("erase-reason")
@click.argument("entry_id", metavar="ID", type=int)
def erase_reason(entry_id: int) -> None:
    """Delete the reason that somebody wrote for an entry, as where it names a person. The chain still holds."""

    async def work(unit: Unit) -> bool:
        done = await log.erase_reason(unit, entry_id)
        if done:
            await log.record(unit, machine(), Action.REASON_ERASED, entry=entry_id)
        return done

    if not in_store(work, write=True):
        raise Stop("audit-no-reason", id=entry_id)
    say("the reason is erased")
