"""The list of erasures, kept beside the database: what it says is done again after a restore.

A backup is older than the erasures that came after it. Their list is therefore also a file in the data folder
(``erasures.json``), written anew when it changes. It has keyed hashes, ids and times, nothing that names anybody.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from broadcaster.backup.archive import BackupRefused
from broadcaster.store import Unit
from broadcaster.store.operations import copying
from broadcaster.store.people import suppression
from broadcaster.store.people.suppression import Suppressed
from broadcaster.store.register import erasing
from broadcaster.store.register.erasing import Erasure, Way

FILE = "erasures.json"
_TABLES = frozenset({"erasures", "suppressions"})


@dataclass(frozen=True, slots=True)
class Erasures:
    """The lists: who was erased, who asked to be left out, and what was taken off that since."""

    done: Sequence[Erasure] = ()
    left_out: Sequence[Suppressed] = ()
    lifted: Sequence[Suppressed] = ()

    def lacks(self, other: "Erasures") -> bool:
        """Return whether ``other`` has erasures that are not in here, or newer opt-out records."""
        erased = {each.whom for each in other.done} <= {each.whom for each in self.done}
        return not erased or bool(suppression.news(other.newest(), self.newest()))

    def newest(self) -> suppression.Newest:
        """Return the newest act about each contact that is, or was, left out."""
        return suppression.newest(self.left_out, self.lifted)


async def read(unit: Unit) -> Erasures:
    """Return the database's lists; empty ones if it has no such tables yet."""
    if not await copying.has_tables(unit, _TABLES):
        return Erasures()
    lifted = await suppression.lifted(unit) if await copying.has_tables(unit, {"lifts"}) else ()
    return Erasures(await erasing.all_of(unit), await suppression.all_of(unit), lifted)


def write(path: Path, lists: Erasures) -> bool:
    """Write the file if it says something else; return whether it did. Raises ``OSError``."""
    rows = [[*_plain(each)] for each in lists.done]
    out, back = ([_plain_mark(each) for each in part] for part in (lists.left_out, lists.lifted))
    text = json.dumps({"erasures": rows, "left_out": out, "lifted": back}, indent=0)
    if path.exists() and path.read_text() == text:
        return False
    draft = path.with_name(path.name + ".part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return True


def load(path: Path) -> Erasures:
    """Read ``write``'s file. Raises ``BackupRefused``."""
    try:
        body = json.loads(path.read_text())
        return Erasures(
            [_erasure(each) for each in body["erasures"]],
            [_suppressed(each) for each in body["left_out"]],
            [_suppressed(each) for each in body.get("lifted", ())],  # none in files of earlier versions
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupRefused("erasures-unreadable", path=path) from error


async def do_again(unit: Unit, *lists: Erasures, keep_stations: bool) -> tuple[int, int]:
    """Do what these lists say again; return how many people and stations of them the restored database had.

    ``keep_stations``: except removals of stations that are there, which are forgotten.
    """
    for each in lists:
        await suppression.merge(unit, each.left_out, each.lifted)
    done = {one.whom: one for each in lists for one in each.done}.values()
    return await erasing.again(unit, done, keep_stations=keep_stations)


def _plain(each: Erasure) -> tuple[Any, ...]:
    return each.id, each.person.hex(), each.station_id, int(each.way), each.whole, each.at.isoformat()


def _plain_mark(each: Suppressed) -> tuple[Any, ...]:
    return each.mark.hex(), each.station_id, each.at.isoformat()


def _suppressed(plain: Any) -> Suppressed:
    mark, station_id, at = plain
    return Suppressed(bytes.fromhex(mark), station_id, datetime.fromisoformat(at))


def _erasure(plain: Any) -> Erasure:
    number, person, station_id, way, whole, at = plain
    return Erasure(number, bytes.fromhex(person), station_id, Way(way), whole, datetime.fromisoformat(at))
