"""Applies what a station corrects because somebody of its list asked for it."""

from datetime import datetime

from sqlalchemy import select

from broadcaster.domain.addresses import Address
from broadcaster.domain.consents import Consent
from broadcaster.domain.corrections import Correction
from broadcaster.domain.people import ContactStatus, NewContact
from broadcaster.domain.refusals import Conflict
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import confirmations, suppression
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.register import by_hand, intake, persons
from broadcaster.store.tables import contacts, opt_outs, suppressions


async def apply(unit: Unit, done: Correction, address: Address, now: datetime, consent: Consent) -> None:
    """Write the new name and address, and add the contacts, which their owner proved.

    The address is looked up like those of a list: if the result is not sure, an operator places it. Their line of the
    list counts as changed. Raises ``Conflict`` for somebody who left the station meanwhile, and for a contact whose
    owner said no since.
    """
    if await persons.person(unit, done.station_id, done.subscriber_id) is None:
        raise Conflict("help-taken")
    if done.wanted.name:
        await by_hand.rename(unit, done.station_id, done.subscriber_id, done.wanted.name)
    if address:
        await intake.put_address(unit, done.station_id, done.subscriber_id, address)
        await by_hand.outdate(unit, done.station_id, done.subscriber_id)
    for each in done.wanted.contacts:
        await _check_still_wanted(unit, done, each)
        await confirmations.add_contact(unit, done.subscriber_id, each, now, consent)


async def _check_still_wanted(unit: Unit, asked: Correction, contact: NewContact) -> None:
    since, station_id = asked.asked_at, asked.station_id
    channel, fingerprint = contact_rows.key_with(unit.vault, contact)
    this = contacts.c.channel == channel, contacts.c.fingerprint == fingerprint
    stopped = contacts.c.status == ContactStatus.STOPPED, contacts.c.status_at > since
    left = select(opt_outs.c.contact_id).join(contacts).where(*this, opt_outs.c.station_id == station_id)
    mark = suppression.mark_of(unit.vault, contact)
    listed = suppressions.c.mark == mark, suppressions.c.station_id.in_((suppression.EVERYWHERE, station_id))
    if (
        await unit.conn.scalar(select(contacts.c.id).where(*this, *stopped)) is not None
        or await unit.conn.scalar(left.where(opt_outs.c.at > since)) is not None
        or await suppression.all_of(unit, *listed, suppressions.c.at > since)
    ):
        raise Conflict(suppression.CODE)
