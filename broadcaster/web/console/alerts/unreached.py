"""/console/alerts/{id}/unreached: people not reached, and why, as a page and as CSV."""

from collections.abc import AsyncIterator, Sequence

from aiohttp import web
from pydantic import Field

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.domain.reasons import sentence
from broadcaster.domain.report import Unreached
from broadcaster.domain.stations import Station
from broadcaster.domain.visits import Visited, found_words
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import PageQuery
from broadcaster.store.alerts import alerts, breakdown
from broadcaster.store.alerts import report as reports
from broadcaster.web.console.alerts.live import asked, heading
from broadcaster.web.console.alerts.live_reasons import grouped
from broadcaster.web.console.alerts.live_words import people_of
from broadcaster.web.console.downloads import csv_of, streamed
from broadcaster.web.console.frame import show
from broadcaster.web.i18n import Words
from broadcaster.web.pages import written_short

PAGE = 100
_FEW = 5
_AT_ONCE = 500


class UnreachedQuery(PageQuery):
    """``reason``: only this group; ``after``: last person of the previous page."""

    reason: str = Field("", max_length=200)
    after: int = Field(0, ge=0, le=(1 << 63) - 1)


async def page(call: Call[None, UnreachedQuery]) -> web.StreamResponse:
    """Show the reasons, each with its first people; or one reason, page by page."""
    alert, station, words = await asked(call)
    named = call.may(Permission.REGISTER, station.id)
    wanted = call.query.reason
    async with call.services.store.read() as unit:
        # Read together, so that the alert and its sums are consistent.
        alert = await alerts.by_id(unit, alert.id) or alert
        people = people_of((await breakdown.glances(unit, [alert.id])).get(alert.id, {}))
        reasons = grouped(await breakdown.reasons(unit, alert.id), words)
        chosen = [each for each in reasons if each.slug == wanted] if wanted else reasons
        several = len(chosen) > 1
        limit = _FEW if several else PAGE
        groups = []
        for each in chosen:
            rows: Sequence[Unreached] = ()
            if named:
                rows = await reports.unreached(unit, alert, after=call.query.after, limit=limit + 1, packed=each.packed)
            groups.append(
                {
                    "reason": each,
                    "count": words.number(each.people),
                    "people": [_person(row, station, words) for row in rows[:limit]],
                    "more": len(rows) > limit,
                    "next": rows[limit - 1].subscriber_id if len(rows) > limit and not several else None,
                }
            )
    facts = {
        **heading(alert, station, words, call.services.clock.now()),
        "people": people,
        "count": words.number(people.unreached),
        "groups": groups,
        "several": several,
        "named": named,
        "chosen": chosen[0] if wanted and chosen else None,
        "reason": wanted,
        "from_start": call.query.after == 0,
        "going_on": alert.finished_at is None,
    }
    return show(call.request, "alerts/unreached.html", words, facts, tab="alerts", where=station)


def _person(row: Unreached, station: Station, words: Words) -> dict[str, str]:
    return {
        "name": row.name or "",
        "external_id": row.external_id or "",
        "number": str(row.subscriber_id),
        "visited": visited_words(row.visited, station, words),
    }


def visited_words(visited: Visited | None, station: Station, words: Words) -> str:
    """Return a visit by a volunteer in words; empty without one."""
    if visited is None:
        return ""
    at = written_short(visited.at, zone_of(station.region), words)
    return words("visited on %(time)s: %(found)s", time=at, found=found_words(visited.finding, words))


async def table(call: Call[None, UnreachedQuery]) -> web.StreamResponse:
    """Return everyone not reached as CSV (RFC 4180), for publishers; the audit log records it first."""
    alert, station, words = await asked(call)
    async with call.services.store.write() as unit:
        await call.record(unit, Action.UNREACHED_EXPORTED, alert.id, station_id=station.id)
    header = [words("Number"), words("External id"), words("Name"), words("Reason"), words("In detail")]
    header.append(words("Visited"))

    async def lines() -> AsyncIterator[list[list[str]]]:
        yield [header]
        after, more = 0, True
        while more:
            # One transaction per page, since a single one for a slow reader's download would block the store.
            async with call.services.store.read() as unit:
                rows = await reports.unreached(unit, alert, after=after, limit=_AT_ONCE)
            yield [
                [
                    str(row.subscriber_id),
                    row.external_id or "",
                    row.name or "",
                    *_why(row, words),
                    visited_words(row.visited, station, words),
                ]
                for row in rows
            ]
            more = len(rows) == _AT_ONCE
            after = rows[-1].subscriber_id if more else after

    name = f"{words('unreached')}-{station.slug}-{alert.id}.csv"
    return await streamed(call.request, name, csv_of(lines(), words))


def _why(row: Unreached, words: Words) -> tuple[str, str]:
    return sentence(row.reasons, words), sentence(row.reasons, words, codes=True)
