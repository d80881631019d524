"""Reach: whom an alert would reach, at what cost and how fast, before it goes out. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from broadcaster.domain.account import ChannelReach, Reach, SmsPreview
from broadcaster.domain.alerts import Alert, Category, Certainty, MsgType, Severity, Status, Text, Urgency
from broadcaster.domain.audience import Audience
from broadcaster.domain.people import CHANNEL_NUMBER, ChannelName
from broadcaster.pipeline.issue import check_rules, check_texts
from broadcaster.pipeline.render import Context, sms_text
from broadcaster.providers import rate_of
from broadcaster.store import stations
from channels.sms import Segments, count, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from broadcaster.domain.stations import Station
    from broadcaster.services import Services
    from zones import Area

_TOKEN = "x" * 11
_NOBODY = Audience()
_SHARE = 0.95
_SLOW_S = 600.0


async def reach(
    services: Services,
    station: Station,
    *,
    area: Area | None,
    audience: Audience,
    channels: Sequence[ChannelName],
    texts: Mapping[str, Text],
    severity: Severity,
    status: Status,
) -> Reach:
    """Give whom an alert like this would reach now. ``texts`` may be empty. Raises ``Refused`` as ``issue`` does."""
    async with services.store.read() as unit:
        known = await stations.group_ids(unit, station.id)
    check_rules(station, area, audience, severity, known)
    if texts:
        check_texts(station, texts)
    await services.atlas.follow()
    people = services.atlas.nearest_first(services.atlas.concerned(station.id, area, audience), area)
    numbers = [CHANNEL_NUMBER[name] for name in channels]
    ways = services.atlas.roster.phonebook.ways(people, station.id)
    counts = ways.counts(len(people))[:, numbers]
    sent = ways.counts(len(people), first=True)[:, numbers]  # a contact that two people share gets one message
    context = _context(services, station, texts, area, status)
    previews, units = _sms(services, context, people)
    without = int((counts.sum(axis=1) == 0).sum())
    price = {
        ChannelName.SMS: services.settings.sms_price_minor,
        ChannelName.VOICE: services.settings.voice_price_minor,
    }
    found: dict[ChannelName, ChannelReach] = {}
    for at, name in enumerate(channels):
        billed = sent[:, at] * (units if name is ChannelName.SMS else 1)
        total = int(billed.sum())
        found[name] = ChannelReach(
            people=int((counts[:, at] > 0).sum()),
            contacts=int(sent[:, at].sum()),
            units=total,
            cost_minor=total * price.get(name, 0),
            seconds=round(total / rate_of(services.settings, name), 1),
        )
    seconds = _seconds_to(services, channels, counts, sent, units)
    return Reach(
        people=len(people),
        devices=found[ChannelName.PUSH].contacts if ChannelName.PUSH in found else 0,
        no_channel=without,
        channels=found,
        sms=previews,
        cost_minor=sum(each.cost_minor for each in found.values()),
        currency=services.settings.currency,
        seconds_to_95=seconds,
        area_km2=None if area is None else round(area.area_m2 / 1e6, 3),
        sandbox=tuple(name for name in channels if name in services.sandboxed),
        warnings=tuple(_warnings(len(people), without, seconds, previews)),
    )


def _sms(
    services: Services, context: Context, people: NDArray[np.int64]
) -> tuple[tuple[SmsPreview, ...], NDArray[np.int64]]:
    """Give the SMS in each language, and how many segments each person's takes."""
    units = np.ones(len(people), np.int64)
    texts = context.alert.texts
    if not texts:
        return (), units
    cut: dict[str, Segments] = {}
    previews = []
    for language, text in texts.items():
        said = sms_text(context, language, text, context.links.page(context.alert))
        cut[language] = count(said)
        previews.append(
            SmsPreview(language, said, cut[language].encoding, cut[language].segments, cut[language].culprits)
        )
    for locale, which in services.atlas.roster.locales(people).items():
        language, _ = context.in_language(locale)
        units[which] = cut[language].segments
    return tuple(previews), units


def _context(
    services: Services, station: Station, texts: Mapping[str, Text], area: Area | None, status: Status
) -> Context:
    now = services.clock.now()
    alert = Alert(
        id=0,
        token=_TOKEN,
        station_id=station.id,
        msg_type=MsgType.ALERT,
        status=status,
        severity=Severity.UNKNOWN,
        urgency=Urgency.UNKNOWN,
        certainty=Certainty.UNKNOWN,
        category=Category.OTHER,
        event="",
        texts=texts,
        area=area,
        audience=_NOBODY,
        channels=(),
        sent_at=now,
        expires_at=now,
    )
    return Context(alert, station, _TOKEN, services.links, now)


def _seconds_to(
    services: Services,
    channels: Sequence[ChannelName],
    counts: NDArray[np.int64],
    sent: NDArray[np.int64],
    units: NDArray[np.int64],
) -> float | None:
    """Give the seconds until 95 % of those who can be reached have a first message with a provider.

    Each channel works through its people in order at its rate; a person's time is that of their fastest channel.
    """
    if len(counts) == 0:
        return None
    first = np.full(len(counts), np.inf)
    for at, name in enumerate(channels):
        cost = sent[:, at] * (units if name is ChannelName.SMS else 1)
        done = np.cumsum(cost) / rate_of(services.settings, name)
        first = np.where(counts[:, at] > 0, np.minimum(first, done), first)
    reachable = first[np.isfinite(first)]
    return None if len(reachable) == 0 else round(float(np.quantile(reachable, _SHARE)), 1)


def _warnings(people: int, without: int, seconds: float | None, previews: Sequence[SmsPreview]) -> list[str]:
    found = []
    if people == 0:
        found.append("NOBODY is concerned: 0 people match. Check the area and the audience.")
    elif without == people:
        found.append("NOBODY can be reached: no one who matches has a contact by these channels.")
    elif without:
        found.append(f"{without} of {people} people have no contact by these channels: reach them another way.")
    if seconds is not None and seconds > _SLOW_S:
        found.append(f"At the configured rates it takes {seconds / 60:.0f} minutes until 95 % have a first message.")
    for preview in previews:
        cheaper = count(plain(preview.text)).segments
        if cheaper < preview.segments:
            letters = " ".join(preview.culprits)
            found.append(
                f"The SMS in '{preview.language}' takes {preview.segments} segments; without {letters} it would take"
                f" {cheaper}."
            )
    return found
