"""Digest: one daily push or mail with the alerts of topics that a follower wants collected.

A digest is an alert of its own for people with the same content: it has retries, receipts and a report like any other.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from broadcaster.domain.alerts import Alert, Severity, Text
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.policies import policy_of
from broadcaster.domain.stations import Station
from broadcaster.ids import new_id, new_token
from broadcaster.languages import LANGUAGES, catalogs
from broadcaster.pipeline.dispatch import dispatch
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, waiting
from broadcaster.store.alerts.waiting import Digest
from broadcaster.store.stations import stations

PEOPLE = 1000
"""People per run; there is a run every two seconds."""
_HOLDS = timedelta(hours=12)
_MOST_LINES = 20


async def send_digests(services: Services) -> None:
    """Send due digests. Idempotent: after a crash it finds existing digests, and the people who got theirs."""
    now = services.clock.now()
    for digest in await services.store.run_read(lambda unit: waiting.digests(unit, now, PEOPLE)):
        alert = await _alert_of(services, digest, now)
        if alert is not None:
            await services.precedence.give_way(alert.rank)
            await dispatch(services, alert, digest.subscriber_ids, since=now)
        async with services.store.write() as unit:
            await waiting.in_digest(unit, digest)


async def _alert_of(services: Services, digest: Digest, now: datetime) -> Alert | None:
    """Return the digest's alert, creating it if missing; None if it would be empty."""
    ids = ",".join(map(str, digest.alert_ids))
    key = f"digest {digest.due_at:%Y-%m-%d} {hashlib.sha256(ids.encode()).hexdigest()[:20]}"

    async def keep(unit: Unit) -> Alert | None:
        there = await alerts.by_idempotency_key(unit, digest.station_id, key)
        station = await stations.by_id(unit, digest.station_id)
        told = [each for each in await alerts.by_ids(unit, digest.alert_ids) if each.cancelled_at is None]
        if there is not None or station is None or not told:
            return None if there is None else there[0]
        made = _written(station, told, services.links.base_url, now)
        await alerts.add(unit, made, key_id=None, idempotency_key=key, request_hash=None)
        return made

    return await services.store.transact(keep)


def _written(station: Station, told: Sequence[Alert], base_url: str, now: datetime) -> Alert:
    texts = {}
    for language in dict.fromkeys((*station.languages, *LANGUAGES)):
        lines = [
            f"{each.text_in(language, station.languages[0])[1].headline}\n{base_url}/a/{each.token}"
            for each in told[:_MOST_LINES]
        ]
        texts[language] = Text(f"{_title(language, station)} ({len(told)})", "\n".join(lines))
    policy = policy_of(station, Severity.MINOR)  # one message per person
    return Alert(
        id=new_id(),
        token=new_token(),
        station_id=station.id,
        event=_title(station.languages[0], station),
        texts=texts,
        audience=Audience(AudienceKind.DIGEST),
        channels=policy.channels,
        policy=policy,
        sent_at=now,
        expires_at=now + _HOLDS,
    )


def _title(language: str, station: Station) -> str:
    words = catalogs().words(language, *station.languages)
    return words("Today's digest")
