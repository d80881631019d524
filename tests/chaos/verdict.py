"""What a scenario came to: who got nothing, who got it twice, and whether that is within what the code promises."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from broadcaster.pipeline.track import GROUP
from broadcaster.store.tables import batches
from tests.servers.town_audit import check_words, expected, inside, of_alert, recount
from tests.servers.town_facts import STATION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.servers.town import Resident, Town
    from tests.servers.town_audit import Arrived

AT_ONCE = {"push_concurrency": 16, "smtp_concurrency": 4, "sms_concurrency": 8, "voice_concurrency": 4}
RATES = {"push_per_second": 350, "smtp_per_second": 120, "sms_per_second": 120, "voice_per_second": 20}

MOST_TWICE = sum(AT_ONCE.values()) + GROUP
"""What the death of one sender may send twice: what is on the wire, and what was sent and not written down yet. The
ledger writes every 50 ms, groups of at most GROUP; at these rates less than a group comes together
while one is written.
"""


@dataclass(frozen=True)
class Verdict:
    """``unlike``: doubles that do not bear the key of the first. ``strays``: messages to nobody of the audience."""

    deliveries: int
    lost: int
    doubled: int
    unlike: int
    strays: int

    def __add__(self, other: Verdict) -> Verdict:
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Verdict(*(one + two for one, two in pairs))


def matched(people: Iterable[Resident]) -> list[Resident]:
    return [each for each in people if each.station == STATION and inside(each)]


def doubles(came: Iterable[Arrived]) -> list[list[Arrived]]:
    by_contact: defaultdict[tuple[str, str], list[Arrived]] = defaultdict(list)
    for each in came:
        by_contact[each.channel, each.to].append(each)
    return [several for several in by_contact.values() if len(several) > 1]


async def judge(town: Town, alert_id: int | str, people: Iterable[Resident]) -> Verdict:
    """Compare store, push service, mail and telephone person by person.

    Fails where the store's rows and sums contradict each other, or a message says something else than it should. Fails
    too while another alert is under way: the providers live in this process, which judging may keep busy for longer
    than a provider may take (28 s measured on a loaded machine), and what gets no answer is rightly sent again.
    """
    async with town.store.read() as unit:
        under_way = await unit.conn.scalar(select(func.count()).where(batches.c.done.is_(False)))
    assert not under_way, "batches are open: end all alerts before one is judged"
    await recount(town.store, alert_id)
    came = await of_alert(town, alert_id)
    await check_words(town, int(alert_id), came)
    times = Counter((each.channel, each.to) for each in came)
    wanted = expected(people)
    return Verdict(
        deliveries=wanted.total(),
        lost=len(wanted.keys() - times.keys()),
        doubled=sum(times[each] - 1 for each in wanted.keys() & times.keys()),
        unlike=sum(len({each.key for each in several}) > 1 for several in doubles(came)),
        strays=len(times.keys() - wanted.keys()),
    )
