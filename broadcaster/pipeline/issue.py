"""Issue: validate and authorize an alert, make it durable and send it off. Cancel is here too."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.domain.alerts import GRAVE, Alert, Category, Certainty, MsgType, Severity, Status, Text, Urgency
from broadcaster.domain.audience import Audience, AudienceKind, Pool
from broadcaster.domain.people import ChannelName
from broadcaster.domain.refusals import Conflict, Refused, refused
from broadcaster.domain.signs import unfit
from broadcaster.domain.stations import Station, StationKind
from broadcaster.ids import new_id, new_token
from broadcaster.languages import catalogs
from broadcaster.metrics import ISSUED
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit, schedules
from broadcaster.store.alerts import alerts, batches, waiting
from broadcaster.store.stations import stations
from zones import Area, Jurisdiction, OutsideJurisdiction

LONGEST = timedelta(days=30)
HEADLINE, DESCRIPTION, INSTRUCTION, EVENT, SMS = 160, 4000, 2000, 100, 800
"""Maximum length of each text, in characters."""

_ALL_CLEAR_HOLDS = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class IssueAlert:
    """The command; fields as in ``domain.alerts.Alert``. ``expires_at`` None: the settings' default."""

    station: Station
    key_id: int | None
    status: Status
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    category: Category
    event: str
    texts: Mapping[str, Text]
    area: Area | None
    audience: Audience
    channels: tuple[ChannelName, ...]
    expires_at: datetime | None = None
    onset_at: datetime | None = None
    topic: str | None = None
    wakes: bool = False
    idempotency_key: str | None = None
    request_hash: bytes | None = None
    msg_type: MsgType = MsgType.ALERT
    references: tuple[int, ...] = ()


async def issue(services: Services, command: IssueAlert) -> tuple[Alert, bool]:
    """Accept an alert: once this returns it is durable, and is sent even if this process dies.

    Return it, and whether the same idempotency key had issued it before. Raises ``Refused``, or ``Conflict`` when that
    key was used for a different request.
    """
    now = services.clock.now()
    if command.idempotency_key is not None:
        async with services.store.read() as unit:
            earlier = await _repeated(unit, command)
        if earlier is not None:
            return earlier, True
    async with services.store.read() as unit:
        known = await stations.group_ids(unit, command.station.id)
    alert = await draw_up(services, command, known, now)

    async def keep(unit: Unit) -> Alert | None:
        earlier = await _repeated(unit, command)
        if earlier is None:
            await alerts.add(
                unit,
                alert,
                key_id=command.key_id,
                idempotency_key=command.idempotency_key,
                request_hash=command.request_hash,
            )
        return earlier

    with services.precedence.holding(alert.rank):
        earlier = await services.store.at_once(keep)
    if earlier is not None:
        return earlier, True
    ISSUED.labels(alert.status, alert.severity).inc()
    services.changed(alert)
    services.expect(alert)
    return alert, False


async def draw_up(services: Services, command: IssueAlert, known_groups: Mapping[str, int], now: datetime) -> Alert:
    """Build the alert of a command without storing it. Raises ``Refused``."""
    # In a thread: a boundary may have half a million corners.
    return await asyncio.to_thread(drawn_up, services, command, known_groups, now)


def drawn_up(
    services: Services,
    command: IssueAlert,
    known_groups: Mapping[str, int],
    now: datetime,
    ground: Jurisdiction | None = None,
) -> Alert:
    """Do the same in the caller's thread; ``ground``: the station's, if it was parsed already."""
    check_rules(command.station, command.area, command.audience, command.severity, known_groups, ground=ground)
    check_texts(command.station, command.texts)
    check_channels(command.channels)
    check_topic(command.station, command.topic)
    if not command.event.strip() or len(command.event) > EVENT:
        raise Refused("event-needed", "event", most=EVENT)
    check_signs("event", command.event, one_line=True)
    return Alert(
        id=new_id(),
        token=new_token(),
        station_id=command.station.id,
        msg_type=command.msg_type,
        status=command.status,
        severity=command.severity,
        urgency=command.urgency,
        certainty=command.certainty,
        category=command.category,
        event=command.event,
        texts=command.texts,
        area=command.area,
        audience=command.audience,
        channels=command.channels,
        sent_at=now,
        expires_at=_expiry(services, command, now),
        onset_at=command.onset_at,
        references=command.references,
        sandbox=tuple(name for name in command.channels if name in services.sandboxed),
        topic=command.topic,
        wakes=command.wakes,
    )


async def _repeated(unit: Unit, command: IssueAlert) -> Alert | None:
    """Return the alert issued with the same key. Raises ``Conflict`` if it differs."""
    if command.idempotency_key is None:
        return None
    found = await alerts.by_idempotency_key(unit, command.station.id, command.idempotency_key)
    if found is None:
        return None
    earlier, request_hash = found
    if request_hash != (command.request_hash or b""):
        raise Conflict("key-of-another-alert", alert=str(earlier.id))
    return earlier


def check_rules(
    station: Station,
    area: Area | None,
    audience: Audience,
    severity: Severity,
    known_groups: Mapping[str, int],
    *,
    ground: Jurisdiction | None = None,
) -> None:
    """Raise ``Refused`` unless the station may address this audience in this area."""
    if audience.needs_area and area is None:
        raise Refused("area-needed", "area")
    _check_audience(station, audience, severity, known_groups)
    if area is not None:
        try:
            (ground or ground_of(station)).check(area)
        except OutsideJurisdiction as error:
            raise refused(error) from error


def ground_of(station: Station) -> Jurisdiction:
    """Return where a station may publish. Parsing a large boundary takes a while."""
    return Jurisdiction.from_geojson(station.boundary, station.margin_m, station.sea)


def _check_audience(station: Station, audience: Audience, severity: Severity, known_groups: Mapping[str, int]) -> None:
    if audience.pool is Pool.STORED:
        raise Refused("audience-of-all-clears", "audience")
    if audience.kind is AudienceKind.EVERYONE:
        if station.kind is not StationKind.AUTHORITY:
            raise Refused("audience-of-authorities", "audience")
        if severity not in GRAVE:
            raise Refused("audience-of-grave-dangers", "audience")
    if audience.kind is AudienceKind.GROUPS:
        if not audience.groups:
            raise Refused("groups-needed", "audience.groups")
        unknown = [slug for slug in audience.groups if slug not in known_groups]
        if unknown:
            there = ", ".join(sorted(known_groups)) or "–"
            raise Refused("group-unknown", "audience.groups", name=unknown[0], known=there)


def check_texts(station: Station, texts: Mapping[str, Text]) -> None:
    """Raise ``Refused`` unless there is a text in the station's language, and all are within their limits."""
    for language, text in texts.items():
        where = f"texts.{language}"
        if not text.headline.strip():
            raise Refused("headline-empty", f"{where}.headline")
        for name, limit in (
            ("headline", HEADLINE),
            ("description", DESCRIPTION),
            ("instruction", INSTRUCTION),
            ("sms", SMS),
        ):
            said = getattr(text, name)
            if len(said) > limit:
                raise Refused("text-too-long", f"{where}.{name}", n=len(said) - limit, most=limit)
            check_signs(f"{where}.{name}", said, one_line=name == "headline")
    if station.languages[0] not in texts:
        raise Refused("text-in-own-language", "texts", language=station.languages[0])


def check_channels(channels: Sequence[ChannelName]) -> None:
    """Raise ``Refused`` if no channel is named."""
    if not channels:
        raise Refused("channels-needed", "channels")


def check_topic(station: Station, topic: str | None) -> None:
    """Raise ``Refused`` if the station has no such topic."""
    if topic is not None and topic not in station.topics:
        raise Refused("topic-unknown", "topic", name=topic, known=", ".join(station.topics))


def check_signs(field: str, said: str, *, one_line: bool) -> None:
    """Raise ``Refused`` for a character that a channel can't carry: all its messages would fail."""
    found = unfit(said, one_line=one_line, field=field)
    if found is not None:
        raise found


def _expiry(services: Services, command: IssueAlert, now: datetime) -> datetime:
    expires_at = command.expires_at or now + timedelta(hours=services.settings.default_expiry_hours)
    if expires_at <= now:
        raise Refused("expires-past", "expires")
    if expires_at > now + LONGEST:
        raise Refused("expires-too-late", "expires", days=LONGEST.days)
    if command.onset_at is not None and command.onset_at >= expires_at:
        raise Refused("onset-not-before-expires", "onset")
    return expires_at


async def cancel(
    services: Services, alert: Alert, station: Station, key_id: int | None, texts: Mapping[str, Text] | None
) -> Alert:
    """Stop an alert's unsent messages, and send the all-clear to everyone who was told; return the all-clear.

    Without ``texts``, the prepared ones are used. Idempotent: returns the first all-clear again.
    """
    if alert.msg_type is MsgType.CANCEL:
        raise Refused("all-clear-of-all-clear", "id")
    said = texts or prepared_all_clear(alert, station)
    check_texts(station, said)
    now = services.clock.now()
    all_clear = Alert(
        id=new_id(),
        token=new_token(),
        station_id=alert.station_id,
        msg_type=MsgType.CANCEL,
        status=alert.status,
        severity=alert.severity,
        urgency=alert.urgency,
        certainty=alert.certainty,
        category=alert.category,
        event=alert.event,
        texts=said,
        area=alert.area,
        audience=Audience(AudienceKind.TOLD, told=alert.id),
        channels=alert.channels,
        sent_at=now,
        expires_at=now + _ALL_CLEAR_HOLDS,
        references=(alert.id,),
        sandbox=tuple(name for name in alert.channels if name in services.sandboxed),
        topic=alert.topic,
        wakes=alert.wakes,
    )

    async def keep(unit: Unit) -> Alert | None:
        await unit.in_turn("cancel", alert.id)
        earlier = await alerts.all_clear_of(unit, alert.id, alert.station_id)
        if earlier is None:
            await alerts.cancelled(unit, alert.id, now)
            await batches.hasten(unit, alert.id, now)
            await schedules.end_reminders(unit, alert.id, now)
            await waiting.hasten(unit, alert.id, now)
            await alerts.add(unit, all_clear, key_id=key_id, idempotency_key=None, request_hash=None)
        return earlier

    with services.precedence.holding(all_clear.rank):
        earlier = await services.store.transact(keep)
    if earlier is not None:
        return earlier
    await services.bus.publish(f"cancelled:{alert.id}")
    services.active.remove(alert.id)
    services.forget(alert.id)
    services.expect(all_clear)
    return all_clear


def prepared_all_clear(alert: Alert, station: Station) -> dict[str, Text]:
    """Return the prepared all-clear texts for each language of the alert."""
    ready = {}
    for language, text in alert.texts.items():
        words = catalogs().words(language, *station.languages)
        around = words.typed('All clear: "%(headline)s"', headline="%s")
        headline = around % _within(text.headline, HEADLINE - len(around) + len("%s"))
        ended = words.typed("The alert is over. What it told you to do no longer holds.")
        ready[language] = Text(headline=headline, description=ended)
    return ready


def _within(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
