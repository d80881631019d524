"""Dependencies of the stages; built once in ``broadcaster.app``."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from broadcaster.atlas import ActiveAlerts, Atlas
from broadcaster.bus import Bus
from broadcaster.bus.base import Signal
from broadcaster.clock import Clock
from broadcaster.config import Settings
from broadcaster.domain.alerts import RULES, Alert
from broadcaster.domain.health import Trouble
from broadcaster.domain.people import ChannelName
from broadcaster.domain.reactions import Reactions
from broadcaster.domain.stations import Station
from broadcaster.domain.timing import Wishes
from broadcaster.domain.zones import zone_of
from broadcaster.health import Health
from broadcaster.ids import new_token
from broadcaster.pipeline.move import Movements
from broadcaster.pipeline.render import Context, Links
from broadcaster.pipeline.track import Ledger
from broadcaster.sending.precedence import Precedence
from broadcaster.sending.sender import Sender
from broadcaster.store import Store, Unit, duties, polls
from broadcaster.store.alerts import alerts, reacting
from broadcaster.store.engine.grouping import Grouped
from broadcaster.store.operations.alive import Deaths
from broadcaster.store.people import reading
from broadcaster.store.register.registering import Registration
from broadcaster.store.stations import stations
from channels.base import Channel
from schedules import QuietHours, SchoolCalendar

_SENDS = 0.75
"""Share of a lease in which messages may leave; the rest is for their answers to come and to be recorded."""
_CONTEXTS = 64
_BEGUN = 10_000
_DUTY_KNOWN = timedelta(seconds=5)
_REACTIONS_KNOWN = timedelta(minutes=10)
_READERS_KNOWN = timedelta(minutes=15)


class ProcessRole(StrEnum):
    """A role of a process. Any number of processes may have it, on any machines; one process may have all roles."""

    WEB = "web"
    RESOLVER = "resolver"
    SENDER = "sender"
    SCHEDULER = "scheduler"


@dataclass
class Services:
    """Dependencies of stages, pages and commands, which never build their own.

    ``atlas``: only with the role *resolver*; other processes ask one (``pipeline.reach``). ``probed``: problems found
    by the last probe of each channel. ``held_batches``: each with the time until which its messages may leave
    (monotonic seconds; 0 before it is leased).
    """

    settings: Settings
    store: Store
    clock: Clock
    bus: Bus
    atlas: Atlas | None
    active: ActiveAlerts
    ledger: Ledger
    movements: Movements
    school: SchoolCalendar
    registrations: Grouped[Registration, int]
    senders: dict[ChannelName, Sender]
    base_url: str
    roles: frozenset[ProcessRole]
    owner: str = field(default_factory=lambda: new_token(9))
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    held_batches: dict[int, float] = field(default_factory=dict)
    held_alerts: set[int] = field(default_factory=set)
    lingering: set[asyncio.Task[None]] = field(default_factory=set)
    precedence: Precedence = field(default_factory=Precedence)
    deaths: Deaths = field(default_factory=Deaths)
    probed: dict[ChannelName, list[Trouble]] = field(default_factory=dict)
    begun: OrderedDict[int, None] = field(default_factory=OrderedDict)
    _contexts: OrderedDict[int, Context] = field(default_factory=OrderedDict)
    _helps: dict[int, tuple[datetime, bool]] = field(default_factory=dict)
    _reactions: dict[int, tuple[datetime, Mapping[ChannelName, Reactions]]] = field(default_factory=dict)
    _readers: dict[int, tuple[datetime, Mapping[str, int]]] = field(default_factory=dict)
    health: Health = field(init=False)

    def __post_init__(self) -> None:
        self.health = Health(self)

    @property
    def channels(self) -> dict[ChannelName, Channel[Any, Any]]:
        return {name: sender.channel for name, sender in self.senders.items()}

    @property
    def sandboxed(self) -> tuple[ChannelName, ...]:
        """Return the channels that send nothing because they have no credentials."""
        return tuple(name for name, sender in self.senders.items() if sender.sandboxed)

    @property
    def mail_is_sandboxed(self) -> bool:
        return self.senders[ChannelName.EMAIL].sandboxed

    @property
    def links(self) -> Links:
        return Links(self.base_url, self.store.vault, self.senders[ChannelName.SMS].signs_as)

    @property
    def here(self) -> Atlas:
        """Return this process's indexes. Raises ``RuntimeError`` if it is not a resolver."""
        if self.atlas is None:
            message = "this process holds no index: it is no resolver"
            raise RuntimeError(message)
        return self.atlas

    def watch(self, alert_id: int) -> AbstractAsyncContextManager[Signal]:
        """Listen for changes of an alert's report: ``await signal.wait(timeout_s)`` within the block."""
        return self.bus.listen(f"alert:{alert_id}")

    async def context(self, alert_id: int) -> Context | None:
        """Return an alert's context for rendering, cached for a while; None for an unknown id."""
        kept = self._contexts.get(alert_id)
        if kept is not None:
            self._contexts.move_to_end(alert_id)
            # Refreshed, as message lifetimes count from now, and help is offered only while somebody is on duty.
            now = self.clock.now()
            return replace(kept, now=now, helps=await self.helps(kept.station.id))
        made = await self.store.run_read(lambda unit: self._read_context(unit, alert_id))
        if made is None:
            return None
        made = replace(made, helps=await self.helps(made.station.id))
        self._contexts[alert_id] = made
        while len(self._contexts) > _CONTEXTS:
            self._contexts.popitem(last=False)
        return made

    async def _read_context(self, unit: Unit, alert_id: int) -> Context | None:
        alert = await alerts.by_id(unit, alert_id)
        station = None if alert is None else await stations.by_id(unit, alert.station_id)
        if alert is None or station is None:
            return None
        poll = None if RULES[alert.severity].answers else await polls.by_alert(unit, alert_id)
        earlier = {each.id: each.token for each in await alerts.by_ids(unit, alert.references)}
        thread = next((earlier[each] for each in alert.references if each in earlier), alert.token)
        token = "" if poll is None else poll.token
        return Context(alert, station, thread, self.links, self.clock.now(), poll=token)

    async def helps(self, station_id: int) -> bool:
        """Return whether somebody is on duty for requests for help; the answer may be some seconds old."""
        now = self.clock.now()
        known = self._helps.get(station_id)
        if known is None or not now <= known[0] <= now + _DUTY_KNOWN:
            duty = await self.store.run_read(lambda unit: duties.on_duty(unit, station_id, now))
            known = self._helps[station_id] = (now + _DUTY_KNOWN, bool(duty))
        return known[1]

    def duty_changed(self, station_id: int) -> None:
        """Offer help, or no longer, from the next message on; other processes follow within seconds."""
        self._helps.pop(station_id, None)

    async def reactions(self, station_id: int) -> Mapping[ChannelName, Reactions]:
        """Return how people react to a station's messages, by channel; the answer may be some minutes old."""
        now = self.clock.now()
        known = self._reactions.get(station_id)
        if known is None or not now <= known[0] <= now + _REACTIONS_KNOWN:
            found = await self.store.run_read(lambda unit: reacting.reactions(unit, station_id, now))
            known = self._reactions[station_id] = (now + _REACTIONS_KNOWN, found)
        return known[1]

    async def readers(self, station_id: int) -> Mapping[str, int]:
        """Return about how many followers read each language, most first; at most a quarter of an hour old."""
        now = self.clock.now()
        known = self._readers.get(station_id)
        if known is None or not now <= known[0] <= now + _READERS_KNOWN:
            found = await self.store.run_read(lambda unit: reading.readers(unit, station_id))
            known = self._readers[station_id] = (now + _READERS_KNOWN, found)
        return known[1]

    async def usual_wishes(self, alert: Alert) -> Wishes | None:
        """Return the default wishes; None for an alert that may not wait, or is over."""
        if not alert.may_wait or alert.cancelled_at is not None or self.clock.now() >= alert.expires_at:
            return None
        context = await self.context(alert.id)
        return None if context is None else self.usual_of(context.station)

    def usual_of(self, station: Station) -> Wishes:
        """Return the default wishes of a station's followers."""
        return Wishes(QuietHours.read(self.settings.quiet_hours), zone_of(station.region).key)

    def leased(self, batch_id: int, asked_at: float) -> None:
        """Let a held batch's messages leave under the lease taken or renewed at ``asked_at`` (monotonic seconds)."""
        if batch_id in self.held_batches:
            self.held_batches[batch_id] = asked_at + _SENDS * self.settings.lease_s

    def begins(self, alert_id: int) -> bool:
        """Return whether this process handles the alert's messages for the first time."""
        known = alert_id in self.begun
        self.begun[alert_id] = None
        while len(self.begun) > _BEGUN:
            self.begun.popitem(last=False)
        return not known

    def forget(self, alert_id: int) -> None:
        """Drop the cached context: the alert was changed."""
        self._contexts.pop(alert_id, None)

    def expect(self, alert: Alert) -> None:
        """Make routine work yield to an alert that was just issued, if it is urgent."""
        self.precedence.expect(alert.rank, (self.clock.now() - alert.sent_at).total_seconds())

    def changed(self, alert: Alert) -> None:
        """Apply an issued or changed alert."""
        self.forget(alert.id)
        if alert.active(self.clock.now()):
            self.active.put(alert)
        else:
            self.active.remove(alert.id)
