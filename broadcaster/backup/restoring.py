"""Restores a backup in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from broadcaster.backup import erasures as erasure_lists
from broadcaster.backup.archive import Archive, BackupRefused
from broadcaster.backup.erasures import Erasures
from broadcaster.domain.refusals import Conflict
from broadcaster.store import Store, Unit
from broadcaster.store.alerts import alerts
from broadcaster.store.alerts import report as reports
from broadcaster.store.operations import copying, rotating
from broadcaster.store.operations.copying import RowRefused
from broadcaster.store.operations.migrate import known
from broadcaster.store.tables import to_micros

NONE = Erasures()


@dataclass(frozen=True, slots=True)
class Restored:
    """Content of a restored database. ``in_flight``: alerts that continue, with ``queued`` messages. ``erased``: people
    who were erased again, and ``removed``: stations removed again, as they had been since the backup.
    """

    rows: int
    stations: int
    subscribers: int
    in_flight: int
    queued: int
    erased: int = 0
    removed: int = 0


async def restore(
    store: Store,
    archive: Archive,
    *,
    now: datetime,
    force: bool = False,
    erasures: Erasures = NONE,
    keep_stations: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Restored:
    """Replace the database's content with ``archive``, which was checked before (``check_secret``, ``verify``).

    A backup of an older version is migrated. ``force``: discard the present content. Leases are ended and numbering
    continues, so that an alert in flight goes on at the next start. Erasures that the present content or ``erasures``
    has are done again, removals of stations too, unless ``keep_stations``. Raises ``BackupRefused``, ``Conflict`` (the
    database is not empty, or in use), ``SealBroken``, ``StoreUnavailable``.
    """
    manifest = archive.manifest
    if manifest.migration not in known():
        ours = {"first": known()[0], "newest": known()[-1]}
        code = "backup-too-old" if manifest.migration < ours["first"] else "backup-newer"
        raise BackupRefused(code, path=archive.path, found=manifest.migration, version=manifest.version, **ours)
    async with store.write() as unit:
        present = await erasure_lists.read(unit)
        await _make_room(unit, now, force=force)
        await copying.make(unit, manifest.migration)
        done = 0
        for name, part in manifest.tables.items():
            put = 0
            for rows in archive.rows(name):
                try:
                    await copying.put(unit, name, part.columns, rows)
                except RowRefused as error:
                    table, reason = error.args
                    raise BackupRefused("backup-row", table=table, reason=reason) from error
                put += len(rows)
                progress(done + put)
            if not put == part.rows == await copying.count_of(unit, name):
                raise BackupRefused("backup-rows-missing", table=name)
            done += put
        await copying.make(unit, "head")
        await copying.settle(unit, manifest.numbering)
        await copying.open_some(unit)
        await rotating.check_keys(unit)
        erased, removed = await erasure_lists.do_again(unit, present, erasures, keep_stations=keep_stations)
        await copying.settle(unit, manifest.numbering)
        return replace(await _sum_up(unit, done), erased=erased, removed=removed)


async def _make_room(unit: Unit, now: datetime, *, force: bool) -> None:
    if await copying.leads_until(unit) > to_micros(await unit.now(now)):
        raise Conflict("restore-in-use")
    there = await copying.holds(unit)
    if there and not force:
        some = ", ".join(f"{n:,} {name}" for name, n in there.items() if n)
        raise Conflict("restore-not-empty", holds=some)
    await copying.clear(unit)


async def _sum_up(unit: Unit, rows: int) -> Restored:
    there = await copying.holds(unit)
    going_on = await alerts.unfinished_ids(unit)
    queued = sum([await reports.unsettled(unit, each) for each in going_on])
    return Restored(rows, there.get("stations", 0), there.get("subscribers", 0), len(going_on), queued)
