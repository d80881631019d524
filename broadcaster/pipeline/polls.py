"""Polls: a question to followers, groups or the people of an area, announced by a message of its own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from broadcaster.domain.alerts import Alert, Message, Severity, Text
from broadcaster.domain.answers import FEWEST, LONGEST_ANSWER, LONGEST_QUESTION, MOST, differ
from broadcaster.domain.audience import Audience
from broadcaster.domain.audit import Actor
from broadcaster.domain.people import ChannelName
from broadcaster.domain.refusals import Refused
from broadcaster.domain.stations import Station
from broadcaster.ids import new_id, new_token
from broadcaster.languages import catalogs
from broadcaster.pipeline.approving import submit
from broadcaster.pipeline.issue import LONGEST, IssueAlert
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit, polls
from broadcaster.store.polls import Poll
from zones import Area

_LEAST = timedelta(minutes=10)


async def open_poll(
    services: Services,
    station: Station,
    actor: Actor,
    texts: Mapping[str, tuple[str, tuple[str, ...]]],
    *,
    audience: Audience,
    area: Area | None,
    closes_at: datetime,
    channels: tuple[ChannelName, ...] = (),
    identity: bool = False,
) -> Poll:
    """Store a poll, and send the message that announces it, in one transaction: by push and mail if no channels are
    named. Each message has a link by which its person votes. Raises ``Refused``.

    Like an alert it is sent by somebody on duty (``Forbidden``), and may need approval: then the poll ``waits``.
    ``identity``: only for people who have proven their identity.
    """
    now, token = services.clock.now(), new_token()
    if not now + _LEAST <= closes_at <= now + LONGEST:
        raise Refused("poll-closes", "closes", days=LONGEST.days)
    sizes = {len(own) for _, own in texts.values()}
    for question, own in texts.values():
        if not question or len(question) > LONGEST_QUESTION or any(len(each) > LONGEST_ANSWER for each in own):
            raise Refused("answers-number", "question", least=FEWEST, most=MOST)
    sound = len(sizes) == 1 and FEWEST <= min(sizes) <= MOST and all(differ(own) for _, own in texts.values())
    if not sound or station.languages[0] not in texts:
        raise Refused("answers-number", "answers", least=FEWEST, most=MOST)
    said = {}
    for language, (question, _) in texts.items():
        words = catalogs().words(language, *station.languages)
        about = words.typed("%(station)s asks for your opinion. Your vote is secret.", station=station.name)
        said[language] = Text(question, about)
    message = Message(
        severity=Severity.MINOR,
        event=catalogs().words(*station.languages)("Poll"),
        texts=said,
        area=area,
        audience=audience,
        channels=channels or (ChannelName.PUSH, ChannelName.EMAIL),
    )
    made: list[Poll] = []

    async def keep(unit: Unit, alert: Alert) -> None:
        poll = Poll(new_id(), token, station.id, dict(texts), alert.id, closes_at, None, None, identity)
        made[:] = [poll]
        await polls.add(unit, poll, actor.key_id)

    command = IssueAlert(station=station, actor=actor, message=message, expires_at=closes_at)
    _, waits = await submit(services, command, first=keep)
    return replace(made[0], waits=waits)


async def close_polls(services: Services) -> None:
    """Close each due poll, once."""
    now = services.clock.now()
    for poll in await services.store.run_read(lambda unit: polls.due(unit, now)):

        async def close(unit: Unit, poll: Poll = poll) -> None:
            await polls.close(unit, poll, now)

        await services.store.transact(close)
