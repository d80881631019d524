"""``tocsin backup`` and ``tocsin restore``."""

from pathlib import Path

import click
from pydantic import SecretStr

from broadcaster.app import alone
from broadcaster.backup import Archive, Manifest, Restored, back_up
from broadcaster.backup import erasures as erasure_lists
from broadcaster.backup import restore as restore_from
from broadcaster.backup.erasures import FILE, Erasures, load
from broadcaster.backup.restoring import NONE
from broadcaster.clock import SystemClock
from broadcaster.commands import options
from broadcaster.commands.failing import Stop, wait_for
from broadcaster.commands.opened import machine, opened, settings
from broadcaster.commands.operator_key import write_private
from broadcaster.commands.progress import bar
from broadcaster.commands.showing import number
from broadcaster.commands.wording import many, note, say, say_many, words
from broadcaster.config import Settings
from broadcaster.domain.audit import Action
from broadcaster.store.operations import audit

KEY_FILE = "secret.key"
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--with-key", is_flag=True, help="Write the secret beside it, as FILE.key: with both, all can be read.")
def backup(file: Path, *, with_key: bool) -> None:
    """Write the whole database into FILE, of one moment, while the service runs.

    What is sealed stays sealed in it, and THE SECRET IS NOT IN IT: keep secret.key (or TOCSIN_SECRET_KEY) as well, in
    another place. Without it no address, name or home in the backup can ever be read again.

    The file can be restored into SQLite or PostgreSQL, whichever it came from, by this version or a later one.
    """
    where = settings()
    beside = file.with_name(file.name + ".key")
    for each in (file, beside) if with_key else (file,):  # also checked before the work starts
        if each.exists():
            raise Stop("file-there", path=each)
    made = wait_for(_back_up(where, file))
    size = file.stat().st_size
    gaps = {"rows": number(made.rows), "tables": len(made.tables), "mb": number(round(size / 1e6, 1))}
    say("%(file)s: %(rows)s rows in %(tables)s tables, %(mb)s MB", file=file, **gaps)
    if with_key:
        write_private(beside, _key_text(where))
        say(
            "%(file)s: THE SECRET. With both files every number and every home can be read: keep them apart.",
            file=beside,
        )
    else:
        place = "TOCSIN_SECRET_KEY" if where.secret_key else where.data_dir / KEY_FILE
        say(
            "THE SECRET IS NOT IN IT: keep %(place)s too, elsewhere. Without it nobody can read the backup.",
            place=place,
        )


async def _back_up(where: Settings, file: Path) -> Manifest:
    async with opened(where) as store:
        with bar(words("writing"), None) as count:
            made = await back_up(store, file, now=SystemClock().now(), progress=count)
        async with store.write() as unit:
            await audit.record(unit, machine(), Action.BACKUP_TAKEN, rows=made.rows)
        return made


def _key_text(where: Settings) -> str:
    if where.secret_key is not None:
        return where.secret_key.get_secret_value()
    return (where.data_dir / KEY_FILE).read_text().strip()


def _needed_key(where: Settings, given: Path | None) -> SecretStr | None:
    """Return the secret of ``--key`` if the settings lack one; stops if both lack it, or differ."""
    kept = where.data_dir / KEY_FILE
    has_one = where.secret_key is not None or kept.exists()
    if given is None:
        if not has_one:
            raise Stop("secret-needed", path=kept)
        return None
    text = given.read_text().strip()
    if has_one:
        if _key_text(where) == text:
            return None
        place = "TOCSIN_SECRET_KEY" if where.secret_key else kept
        raise Stop("another-secret", place=place, given=given)
    if "," in text:
        raise Stop("several-secrets", given=given)
    return SecretStr(text)


@click.command()
@click.argument("file", type=options.FILE)
@click.option(
    "--key", type=_FILE, help="File of the secret that the backup was taken with, where the settings have none."
)
@click.option(
    "--erasures",
    type=options.FILE,
    help="A newer list of erasures, to be done again; without it, erasures.json in the data folder.",
)
@click.option("--keep-stations", is_flag=True, help="Bring back stations that were removed after the backup.")
@click.option("--force", is_flag=True, help="Into a database that is not empty: what it holds is lost.")
def restore(file: Path, *, key: Path | None, erasures: Path | None, keep_stations: bool, force: bool) -> None:
    """Make the database of the settings from FILE, a backup of this version or an older one.

    Stop the service first. It is done whole or not at all; at the next start an alert that was in flight goes on: who
    had been sent it when the backup was taken is not sent it again, the others are, also those who had it after that.
    People and stations that were erased after the backup are erased again.
    """
    where = settings()
    adopted = _needed_key(where, key)
    if adopted is not None:
        where = where.model_copy(update={"secret_key": adopted})
    kept = where.data_dir / FILE
    since = load(erasures or kept) if erasures or kept.exists() else NONE
    with Archive(file) as archive, alone(where):
        made = archive.manifest
        gaps = {"file": file, "time": made.taken_at, "version": made.version, "store": made.store}
        note("%(file)s: of %(time)s, by Tocsin %(version)s on %(store)s, %(rows)s rows", rows=number(made.rows), **gaps)
        restored = wait_for(_restore(where, archive, since, keep_stations=keep_stations, force=force))
    if adopted is not None:
        where.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(where.data_dir / KEY_FILE, adopted.get_secret_value())
        say("the secret is kept in %(path)s", path=where.data_dir / KEY_FILE)
    parts = (
        many("%(n)s station", "%(n)s stations", restored.stations),
        many("%(n)s subscriber", "%(n)s subscribers", restored.subscribers),
        many("%(n)s row", "%(n)s rows", restored.rows),
    )
    say("restored %(what)s", what=", ".join(parts))
    say_many(
        "%(n)s person who was erased after the backup was erased again",
        "%(n)s people who were erased after the backup were erased again",
        restored.erased,
    )
    say_many(
        "%(n)s station removed after the backup was removed again: --keep-stations brings it back",
        "%(n)s stations removed after the backup were removed again: --keep-stations brings them back",
        restored.removed,
    )
    if restored.in_flight:
        unsent = many("%(n)s message unsent", "%(n)s messages unsent", restored.queued)
        say("ALERTS IN FLIGHT: %(ids)s, with %(unsent)s when it was taken.", ids=restored.in_flight, unsent=unsent)
        say("They go out at the next start; people who got theirs after the backup get it twice.")


async def _restore(where: Settings, archive: Archive, since: Erasures, *, keep_stations: bool, force: bool) -> Restored:
    async with opened(where, migrated=False) as store:
        archive.check_secret(store.vault)
        with bar(words("checking"), archive.manifest.rows) as count:
            archive.verify(count)
        with bar(words("restoring"), archive.manifest.rows) as count:
            made = await restore_from(
                store,
                archive,
                now=SystemClock().now(),
                force=force,
                erasures=since,
                keep_stations=keep_stations,
                progress=count,
            )
        async with store.write() as unit:
            await audit.record(unit, machine(), Action.RESTORED, rows=made.rows, erased=made.erased)
            lists = await erasure_lists.read(unit)
        if (kept := where.data_dir / FILE).exists():  # no later restore does again what was forgotten now
            erasure_lists.write(kept, lists)
        return made
