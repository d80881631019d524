"""Applies what a station corrects because somebody of its list asked for it."""

from datetime import datetime

from broadcaster.domain.consents import Consent
from broadcaster.domain.corrections import Correction
from broadcaster.domain.refusals import Conflict
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import confirmations
from broadcaster.store.register import by_hand, persons


async def apply(unit: Unit, done: Correction, now: datetime, consent: Consent) -> None:
    """Write the new name, and add the contacts, which their owner proved. An address is the operator's to place.

    Raises ``Conflict`` for somebody who left the station meanwhile.
    """
    if await persons.person(unit, done.station_id, done.subscriber_id) is None:
        raise Conflict("help-taken")
    if done.wanted.name:
        await by_hand.rename(unit, done.station_id, done.subscriber_id, done.wanted.name)
    for each in done.wanted.contacts:
        await confirmations.add_contact(unit, done.subscriber_id, each, now, consent)
