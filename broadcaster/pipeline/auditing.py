"""Audit: chain new entries, send the newest hash outside the database every day, drop old months.

The leading scheduler runs all three. Actions never wait for the chain, which is built right after them.
"""

from datetime import UTC, datetime, timedelta

import structlog

from broadcaster.domain.audit import Action, Actor, ActorKind
from broadcaster.pipeline.operator_mail import send_mail, words_for
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit
from broadcaster.store.operations import audit
from broadcaster.store.operators import operators

_HEAD_EVERY = timedelta(days=1)
_log = structlog.get_logger(__name__)


async def chain_entries(services: Services) -> None:
    while await services.store.run_read(audit.waits):
        await services.store.run_write(audit.chain)


async def send_head(services: Services) -> None:
    """Log the newest hash and mail it to the administrators once a day, so that cutting the log's end is noticed."""
    now = services.clock.now()

    async def read(unit: Unit) -> tuple[datetime | None, int, bytes]:
        return await audit.last_at(unit, Action.HEAD_SENT), *await audit.head(unit)

    last, seq, mark = await services.store.run_read(read)
    if not seq or (last is not None and now - last < _HEAD_EVERY):
        return
    async with services.store.read() as unit:
        receivers = [each for each in await operators.administrators(unit) if each.mail]
    words = words_for(None)
    head = f"{seq}:{mark.hex()}"
    _log.info("the audit log's newest hash", head=head)
    kept = words("Keep this e-mail: it holds the newest hash of the audit log, %(head)s.", head=head)
    use = words("With it, tocsin audit verify --head finds out whether anything before was changed or removed.")
    said = f"{kept} {use}"
    sent = 0
    for each in receivers:
        subject = words("The audit log of %(host)s, %(day)s", host=services.links.host, day=now.date().isoformat())
        name = f"audit.{seq}.{each.id}"
        sent += await send_mail(services, name, each.mail or "", station=None, subject=subject, said=said)
    async with services.store.write() as unit:
        await audit.record(unit, Actor(ActorKind.SERVICE, now), Action.HEAD_SENT, seq=seq, hash=mark.hex(), mails=sent)


async def drop_old(services: Services) -> None:
    """Drop months older than the setting allows."""
    now = services.clock.now().astimezone(UTC)
    months = now.year * 12 + now.month - 1 - services.settings.audit_months
    before = datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
    async with services.store.write() as unit:
        await audit.drop(unit, Actor(ActorKind.SERVICE, now), before)
