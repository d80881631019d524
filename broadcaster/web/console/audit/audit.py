"""/console/audit: the audit log with filters, and its export as CSV or JSON."""

import json
from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field

from broadcaster.domain.audit import Action, Entry
from broadcaster.domain.permissions import Permission
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call, forbidden
from broadcaster.http.schemas.base import PageQuery
from broadcaster.http.sessions import PATH
from broadcaster.store import Unit
from broadcaster.store.operations import audit_reading
from broadcaster.store.operations.audit_reading import Only
from broadcaster.store.operators import operators
from broadcaster.web.console.audit.param_words import param_words
from broadcaster.web.console.audit.words import ALERTS, about_words, action_words, named_in, who_words
from broadcaster.web.console.downloads import csv_of, streamed
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import written_exact

AUDIT = f"{PATH}/audit"
_PAGE, _AT_ONCE = 50, 500
_LARGEST = (1 << 63) - 1
_FOR_MACHINES = "action", "about", "params"
"""Columns that are the same in each language, named as in the JSON export."""
_Number = Annotated[int, Field(ge=1, le=_LARGEST)]
_Text = Annotated[str, Field(max_length=40)]
_DAY = r"^(?:\d{4}-\d\d-\d\d)?$"


class AuditQuery(PageQuery):
    """Filters; ``before``: last entry of the previous page."""

    who: _Number | _Text = Field("", union_mode="left_to_right")
    what: Action | _Text = Field("", union_mode="left_to_right")
    about: _Number | _Text = Field("", union_mode="left_to_right")
    since: str = Field("", pattern=_DAY)
    until: str = Field("", pattern=_DAY)
    before: int | None = Field(None, ge=1, le=_LARGEST)


async def page(call: Call[None, AuditQuery]) -> web.Response:
    """Show a page of entries, newest first."""
    words, zone, query = words_of(call.request), zone_of("FR"), call.query
    async with call.services.store.read() as unit:
        only = await _only(unit, call, zone)
        found = await audit_reading.page(unit, only, before=query.before, limit=_PAGE + 1)
        reasons = await audit_reading.reasons(unit, found)
        names = await audit_reading.names(unit, named_in(found))
        known = [(each.id, each.name) for each in await operators.listed(unit, call.stations())]
    called = action_words(words)
    facts = {
        "entries": [_shown(each, names, reasons, zone, words) for each in found[:_PAGE]],
        "operators": known,
        "actions": sorted(called.items(), key=lambda each: each[1].casefold()),
        "query": query,
        "filters": call.request.query_string,
        "filtered": bool(query.who or query.what or query.about or query.since or query.until),
        "next": str(call.request.rel_url.update_query(before=found[_PAGE - 1].id)) if len(found) > _PAGE else "",
        "here": AUDIT,
    }
    return show(call.request, "audit/audit.html", words, facts)


async def as_csv(call: Call[None, AuditQuery]) -> web.StreamResponse:
    words, zone = words_of(call.request), zone_of("FR")
    called = action_words(words)

    async def lines() -> AsyncIterator[list[list[Any]]]:
        head = [words("Number"), words("When"), words("Who"), words("Origin"), words("What"), words("About")]
        head += [words("Reason"), words("In detail"), *_FOR_MACHINES, "SHA-256"]
        yield [head]
        async for found, reasons, names in _batches(call, zone):
            rows = []
            for each in found:
                when = each.actor.at.astimezone(zone).isoformat(timespec="seconds")
                said = called[each.action], about_words(each, names, words), reasons.get(each.id, "")
                plain = audit_reading.as_json(each, None)
                codes = [plain[name] for name in _FOR_MACHINES]
                rows.append(
                    [
                        *(each.id, when, who_words(each, names, words), each.actor.origin),
                        *(*said, param_words(each.params, words)),
                        *(
                            "" if code is None else code if isinstance(code, str) else json.dumps(code)
                            for code in codes
                        ),
                        "" if each.hash is None else each.hash.hex(),
                    ]
                )
            yield rows

    return await _sent(call, csv_of(lines(), words), "text/csv", "csv")


async def as_json(call: Call[None, AuditQuery]) -> web.StreamResponse:
    """Return the entries as JSON, one per line; anybody can verify them by the rule in ``docs/audit.md``."""

    async def lines() -> AsyncIterator[str]:
        async for found, reasons, _ in _batches(call, zone_of("FR")):
            told = (json.dumps(audit_reading.as_json(each, reasons.get(each.id))) for each in found)
            yield "".join(f"{each}\n" for each in told)

    return await _sent(call, lines(), "application/jsonl", "jsonl")


async def _sent(
    call: Call[None, AuditQuery], lines: AsyncIterator[str], content_type: str, ending: str
) -> web.StreamResponse:
    async with call.services.store.write() as unit:
        await call.record(unit, Action.AUDIT_EXPORTED, form=ending)
    day = call.services.clock.now().date().isoformat()
    return await streamed(call.request, f"audit-{day}.{ending}", lines, content_type)


async def _batches(
    call: Call[None, AuditQuery], zone: ZoneInfo
) -> AsyncIterator[tuple[list[Entry], dict[int, str], dict[int, str]]]:
    """Yield batches of entries, with reasons and names. One transaction each, so that a slow reader blocks nobody."""
    before = call.query.before
    while True:
        async with call.services.store.read() as unit:
            found = await audit_reading.page(unit, await _only(unit, call, zone), before=before, limit=_AT_ONCE)
            reasons = await audit_reading.reasons(unit, found)
            names = await audit_reading.names(unit, named_in(found))
        yield found, reasons, names
        if len(found) < _AT_ONCE:
            return
        before = found[-1].id


async def _only(unit: Unit, call: Call[None, AuditQuery], zone: ZoneInfo) -> Only:
    """Return the filters, limited to what the caller may see: their stations, and the people who act for these."""
    if call.caller is None:
        raise forbidden(Permission.OPERATORS)
    query, theirs = call.query, call.stations()
    people = None if theirs is None else {each.id for each in await operators.listed(unit, theirs)}
    return Only(
        stations=theirs,
        people=people or (),
        actor_id=query.who if isinstance(query.who, int) else None,
        action=query.what if isinstance(query.what, Action) else None,
        about=query.about if isinstance(query.about, int) else None,
        since=_midnight(query.since, zone),
        until=_midnight(query.until, zone, days=1),
    )


def _midnight(day: str, zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=days), time(), zone) if day else None
    except (ValueError, OverflowError):
        return None


def _shown(
    entry: Entry, names: dict[int, str], reasons: dict[int, str], zone: ZoneInfo, words: Words
) -> dict[str, Any]:
    return {
        "who": who_words(entry, names, words),
        "what": action_words(words)[entry.action],
        "when": written_exact(entry.actor.at, zone, words),
        "origin": entry.actor.origin,
        "about": about_words(entry, names, words),
        "link": f"{PATH}/alerts/{entry.about}" if entry.action in ALERTS else "",
        "params": param_words(entry.params, words),
        "why": reasons.get(entry.id, words("The reason was erased.") if entry.note is not None else ""),
        "erased": entry.note is not None and entry.id not in reasons,
    }
