"""/console/retention: how long each kind of data is kept, and when that was last enforced."""

from datetime import datetime, timedelta

from aiohttp import web

from broadcaster.config import PREFIX
from broadcaster.domain.retention import PERIODS, Kind
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call
from broadcaster.pipeline.retention import period
from broadcaster.store.operations import retention
from broadcaster.store.operations.retention import Enforcement
from broadcaster.store.register import search
from broadcaster.store.stations import stations
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import written_short

RETENTION = "/console/retention"
_NEVER = Enforcement(None, 0, None, None)


async def page(call: Call[None, None]) -> web.Response:
    """Show each kind, its period and setting, and when it was last enforced."""
    words, zone = words_of(call.request), zone_of("FR")
    async with call.services.store.read() as unit:
        found = await retention.enforced(unit)
        theirs = call.stations()
        known = [each for each in await stations.listed(unit) if theirs is None or each.id in theirs]
        silent = [(each, n) for each in known if (n := await search.unwarned(unit, each.id))]
    rows, now = [], call.services.clock.now()

    def written(at: datetime | None) -> str:
        return "" if at is None else written_short(at, zone, words)

    for kind, said in kind_words(words).items():
        last, setting = found.get(kind, _NEVER), PERIODS[kind].setting
        rows.append(
            {
                "kind": said,
                "kept": written_period(period(call.services, kind), words),
                "setting": f"{PREFIX}{setting.upper()}" if setting else "",
                "starts_at": written(last.starts_at) if last.starts_at and last.starts_at > now else "",
                "at": written(last.at),
                "removed": last.removed,
                "removed_at": written(last.removed_at),
            }
        )
    facts = {"rows": rows, "silent": silent, "audit_months": call.services.settings.audit_months}
    return show(call.request, "retention.html", words, facts)


def written_period(length: timedelta, words: Words) -> str:
    """Return a period in months, or in days where it is less than a whole number of these."""
    months, rest = divmod(length, timedelta(days=365.25 / 12))
    if rest or not months:
        return words.many("%(n)s day", "%(n)s days", length.days)
    return words.many("%(n)s month", "%(n)s months", months)


def kind_words(words: Words) -> dict[Kind, str]:
    """Return what each kind of data is called."""
    return {
        Kind.INACTIVE: words(
            "residents who signed up themselves and gave no sign since; they are warned 91, 30 and 7 days before"
        ),
        Kind.UNANSWERED: words("sign-ups by notification that no device answered"),
        Kind.DEAD_CONTACTS: words("numbers, addresses and devices that no longer work"),
        Kind.POSITIONS: words("last positions of devices"),
        Kind.REPORTS: words("who an alert was for, what was sent to them, and their answers; the totals stay"),
        Kind.PROOFS: words("signed requests"),
        Kind.NAMES: words("names of disabled operators, and of keys that expired or were revoked"),
        Kind.HELP_POSITIONS: words("positions in requests for help"),
        Kind.VOLUNTEERS: words("volunteers and their streets"),
        Kind.INBOX: words("texts from residents"),
        Kind.CORRECTIONS: words("requests for a correction, after their answer"),
        Kind.TRIALS: words("test messages"),
        Kind.REFUSALS: words("refusals by providers"),
        Kind.SCHEDULES: words("past scheduled alerts"),
        Kind.APPROVALS: words("requests to approve, after their alert’s end"),
        Kind.SANDBOX: words("messages of the sandbox"),
    }
