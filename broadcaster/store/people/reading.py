"""Which languages a station's followers read, without revealing anybody's."""

from collections import Counter

from sqlalchemy import func, select

from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rounding import rounded
from broadcaster.store.tables import follows, subscribers


async def readers(unit: Unit, station_id: int) -> dict[str, int]:
    """Return about how many confirmed followers read each language (BCP 47, its first part), most first.

    Rounded to tens; without languages that too few read.
    """
    query = select(subscribers.c.locale, func.count()).join(follows, follows.c.subscriber_id == subscribers.c.id)
    mine = query.where(follows.c.station_id == station_id, subscribers.c.unconfirmed_at.is_(None))
    found: Counter[str] = Counter()
    for locale, n in await unit.conn.execute(mine.group_by(subscribers.c.locale)):
        found[locale.split("-", 1)[0].lower()] += n
    return {
        language: told
        for language, n in found.most_common()
        if (told := rounded(unit.vault, n, f"reads {station_id} {language}"))
    }
