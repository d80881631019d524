"""Digest: once a day, one push or mail with the alerts of the topics that a follower wants together.

A digest is an alert of its own for those who get the same: it is tried again, receipted and accounted for as any other.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from broadcaster.domain.alerts import Alert, Category, Certainty, MsgType, Severity, Status, Text, Urgency
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.people import ChannelName
from broadcaster.ids import new_id, new_token
from broadcaster.pipeline.dispatch import dispatch
from broadcaster.pipeline.wording import LANGUAGES, wording
from broadcaster.store.alerts import alerts, waiting
from broadcaster.store.stations import stations

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from broadcaster.domain.stations import Station
    from broadcaster.pipeline.services import Services
    from broadcaster.store import Unit
    from broadcaster.store.alerts.waiting import Digest

PEOPLE = 1000
"""How many people are sent their digest in a turn, of which there is one each two seconds."""
_HOLDS = timedelta(hours=12)
_MOST_LINES = 20


async def send_digests(services: Services) -> None:
    """Send what is due. Begun anew after a crash, it finds the digests that are there, and who has theirs."""
    now = services.clock.now()
    for digest in await services.store.look(lambda unit: waiting.digests(unit, now, PEOPLE)):
        alert = await _alert_of(services, digest, now)
        if alert is not None:
            await services.precedence.give_way(alert.rank)
            await dispatch(services, alert, digest.subscriber_ids, since=now)
        async with services.store.write() as unit:
            await waiting.in_digest(unit, digest)


async def _alert_of(services: Services, digest: Digest, now: datetime) -> Alert | None:
    """Return the alert that is this digest, made if it is not there; None where nothing is left to tell of."""
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
    for language in LANGUAGES:
        lines = [
            f"{each.text_in(language, station.languages[0])[1].headline}\n{base_url}/a/{each.token}"
            for each in told[:_MOST_LINES]
        ]
        texts[language] = Text(f"{wording(language).digest} ({len(told)})", "\n".join(lines))
    return Alert(
        id=new_id(),
        token=new_token(),
        station_id=station.id,
        msg_type=MsgType.ALERT,
        status=Status.ACTUAL,
        severity=Severity.MINOR,
        urgency=Urgency.UNKNOWN,
        certainty=Certainty.UNKNOWN,
        category=Category.OTHER,
        event=wording(station.languages[0]).digest,
        texts=texts,
        area=None,
        audience=Audience(AudienceKind.DIGEST),
        channels=(ChannelName.PUSH, ChannelName.EMAIL),
        sent_at=now,
        expires_at=now + _HOLDS,
    )
