"""Counts the codes sent to each number or mailbox, for all purposes and channels together, and those who asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from broadcaster.domain.people import CHANNEL_NUMBER, PHONES, ChannelName
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people.confirmations import KEPT, PENDING, ConfirmationRequest, sent_to
from broadcaster.store.tables import confirmations


@dataclass(frozen=True, slots=True)
class CodeCounts:
    """Codes sent to one number within an hour and a day, by one station within an hour; and the caller's own.

    ``asked_hour``, ``asked_day``: requests by the caller for this number. ``caller_hour``: the caller's unconfirmed
    codes for any number. ``next_s``: seconds until the caller's oldest code is an hour old.
    """

    number_hour: int
    number_day: int
    asked_hour: int
    asked_day: int
    caller_hour: int
    station_hour: int
    next_s: int


async def counted(unit: Unit, asked: ConfirmationRequest, now: datetime) -> CodeCounts:
    """Count the codes of the last day; concurrent counts are serialized."""
    await unit.in_turn("confirmations")
    of, hour = confirmations.c, now - timedelta(hours=1)
    phone = asked.contact.channel in PHONES
    same = sent_to(unit, asked.contact, PHONES if phone else (asked.contact.channel,))
    recent = of.created_at > hour
    paid = (of.channel == CHANNEL_NUMBER[ChannelName.EMAIL]) == (asked.contact.channel is ChannelName.EMAIL)

    async def number(*where: ColumnElement[bool]) -> int:
        return await unit.conn.scalar(select(func.count()).select_from(confirmations).where(*where)) or 0

    mine, sent, day = of.caller == asked.caller, of.code_of.is_(None), of.created_at > now - KEPT
    oldest = await unit.conn.scalar(select(func.min(of.created_at)).where(recent, mine))
    wait = timedelta(hours=1) if oldest is None else oldest + timedelta(hours=1) - now
    return CodeCounts(
        number_hour=await number(same, recent, sent),
        number_day=await number(same, day, sent),
        asked_hour=await number(same, recent, mine),
        asked_day=await number(same, day, mine),
        caller_hour=await number(mine, recent, of.state.in_(PENDING)),
        station_hour=await number(of.station_id == asked.station_id, paid, recent, sent),
        next_s=max(1, int(wait.total_seconds()) + 1),
    )
