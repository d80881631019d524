"""Taking somebody off the list of people who asked to be left out: by their own act, or by their signed request."""

import contextlib
from datetime import date, datetime

from broadcaster.domain.audit import Action, Actor
from broadcaster.domain.consents import Consent
from broadcaster.domain.people import NewContact
from broadcaster.domain.refusals import Refused
from broadcaster.domain.stations import Station
from broadcaster.register.contacts import mail_contact, phone_contact
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.operations import audit
from broadcaster.store.people import suppression
from broadcaster.store.register import by_hand
from broadcaster.store.register.by_hand import NOBODY, Signed
from channels.email import InvalidMailAddress
from channels.sms import InvalidPhone

LONGEST, LONGEST_PLACE = 254, 120
"""Most characters that say who it is, and where the paper is kept."""


async def log(unit: Unit, consent: Consent | None) -> None:
    """Write in the audit log for which stations a person's own act took them off the list."""
    if consent is not None:
        for station_id in consent.lifted:
            what = consent.actor, Action.LEFT_OUT_UNDONE
            await audit.record(unit, *what, station_id=station_id, way=consent.way.word)


def paper_of(on: str, kept: str, now: datetime, key_id: int | None) -> Signed:
    """Return a signed request. Raises ``Refused`` without its day (ISO 8601), or where the paper is kept."""
    kept = " ".join(kept.split())
    try:
        day = date.fromisoformat(on)
    except ValueError:
        day = date.max
    if not kept or len(kept) > LONGEST_PLACE or not kept.isprintable() or day > now.date():
        raise Refused("signature-needed", "on")
    return Signed(day.isoformat(), kept, now, key_id)


async def undo(unit: Unit, station: Station, who: str, signed: Signed, actor: Actor) -> bool:
    """Take a number, an address or an id off a station's list for its owner's signed request, and log it.

    Return False if it is not on the list. Raises ``Refused`` for an empty or overlong ``who``.
    """
    if not await suppression.lift(unit, _marks(unit.vault, station, who.strip()), signed.at, [station.id]):
        return False
    await by_hand.keep_signed(unit, station.id, NOBODY, NOBODY, signed)
    await audit.record(unit, actor, Action.LEFT_OUT_UNDONE, station_id=station.id, signed_on=signed.on)
    return True


def _marks(vault: Vault, station: Station, who: str) -> list[bytes]:
    """Return the marks that a text may stand for: a number, a mail address, an id of the register."""
    if not who or len(who) > LONGEST or not who.isprintable():
        raise Refused("needed", "who")
    found: list[NewContact] = []
    with contextlib.suppress(InvalidMailAddress, InvalidPhone):
        found.append(mail_contact(who) if "@" in who else phone_contact(who, station.region))
    return [*(suppression.mark_of(vault, each) for each in found), suppression.mark_of_id(vault, station.id, who)]
