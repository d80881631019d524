"""Phone numbers and mail addresses not yet confirmed by the code sent to them.

Until then they are not contacts, and no alert uses them. They are sealed, and deleted once confirmed or expired; the
row stays for a day without them, so that codes can be counted.
"""

import hmac
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Literal

from sqlalchemy import ColumnElement, delete, select, update

from broadcaster.domain.audit import Actor
from broadcaster.domain.consents import Consent, Way
from broadcaster.domain.corrections import Wanted
from broadcaster.domain.people import CHANNELS, PHONES, ChannelName, LinkStatus, NewContact, NewPlace, NewSubscriber
from broadcaster.store import sandbox
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people import consents, corrections, listed, people, suppression, welcomes
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.stations.stations import hash_of
from broadcaster.store.tables import confirmations, follows, links

LIFE, BUSY_LIFE = timedelta(minutes=15), timedelta(hours=1)
"""Lifetime of a request and its code; the second is that of a code to a number that many codes are requested for: it
counts for all who ask meanwhile, so that few messages go there. A request's end never tells which it was.
"""

_LEAST_LEFT = timedelta(minutes=5)

MOST_TRIES = 5
"""Attempts per code: five guesses at one in a million succeed once in 200,000 times."""

KEPT = timedelta(days=1)
_DIGITS = 6
_SECRET_BYTES = 24
_SECRET, _TOKEN = "cf_", "sb_"


class Purpose(IntEnum):
    """What the message with a code says it is for; a code counts for nothing else. ``ANY``: it says both."""

    SIGN_UP = 0
    SHOW = 1
    ANY = 2


class State(IntEnum):
    """A confirmation's state. ``UNSENT``: no provider accepted the message, which is not its owner's fault.

    ``SHOWN``: confirmed, to see what a list says about them (``listed``).
    """

    OPEN = 0
    CONFIRMED = 1
    UNSENT = 2
    SHOWN = 3

    @property
    def is_confirmed(self) -> bool:
        return self in (State.CONFIRMED, State.SHOWN)

    @property
    def word(self) -> Literal["open", "confirmed", "unsent"]:
        return _WORDS[self]


_WORDS: dict[State, Literal["open", "confirmed", "unsent"]] = {
    State.OPEN: "open",
    State.CONFIRMED: "confirmed",
    State.UNSENT: "unsent",
    State.SHOWN: "confirmed",
}
PENDING = (State.OPEN, State.UNSENT)


@dataclass(frozen=True, slots=True)
class ConfirmationRequest:
    """A contact to confirm. ``subscriber_id``: the subscriber it is added to; None creates one with ``locale``.

    ``caller``: the requester's mark (``caller_mark``). ``way``, ``text``: how they agree, and to what. ``name``: of who
    asks what the station's list says about them; nothing is created then. ``told``: of who asked for a correction: the
    contact joins their request, not them, and the answer goes to ``told``.
    """

    station_id: int
    contact: NewContact
    locale: str
    caller: bytes
    places: tuple[NewPlace, ...] = ()
    subscriber_id: int | None = None
    way: Way = Way.PAGE
    text: str = ""
    name: str | None = None
    told: NewContact | None = None

    @property
    def purpose(self) -> Purpose:
        return Purpose.SIGN_UP if self.name is None else Purpose.SHOW


@dataclass(frozen=True, slots=True)
class StartedConfirmation:
    """``secret`` goes to the requester, ``code`` to the number or mailbox; None: the earlier code is still valid.

    ``minutes``: the code's lifetime; ``expires_at``: the request's. ``purpose``: what the message has to say.
    """

    id: int
    secret: str
    code: str | None
    expires_at: datetime
    minutes: int
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A confirmation, without its secrets. ``over``: it can no longer be used."""

    id: int
    station_id: int
    channel: ChannelName
    state: State
    tries_left: int
    expires_at: datetime
    over: bool


def caller_mark(vault: Vault, address: str) -> bytes:
    """Return the mark by which a caller's address is counted."""
    return vault.fingerprint("caller", address)


def token_of(secret: str) -> str:
    """Return the token of the subscriber that a confirmation creates: the requester can derive it from the start."""
    return _TOKEN + secret.removeprefix(_SECRET)


def sent_to(unit: Unit, contact: NewContact, channels: Collection[ChannelName]) -> ColumnElement[bool]:
    """Return the condition of a number's or mailbox's codes by these channels: a number is one for SMS and calls."""
    return confirmations.c.fingerprint.in_([unit.vault.fingerprint(each, contact.canonical) for each in channels])


async def begin(unit: Unit, asked: ConfirmationRequest, now: datetime, *, busy: bool = False) -> StartedConfirmation:
    """Store a contact to confirm, and make its code.

    ``busy``: many codes went to this number. Then a valid code sent there earlier counts for this request too: only the
    owner has it. So strangers can't keep the owner from signing up. Without one, the code sent now is for any purpose.
    """
    secret = _SECRET + secrets.token_urlsafe(_SECRET_BYTES)
    there = await _holding(unit, asked, now) if busy else None
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
    secret_hash = hash_of(secret)
    channel, mark = contact_rows.key_with(unit.vault, asked.contact)
    given = {
        "address": asked.contact.address,
        "canonical": asked.contact.canonical,
        "locale": asked.locale,
        "token": token_of(secret),
        "way": int(asked.way),
        "text": asked.text,
        "places": [[place.label, place.lon, place.lat] for place in asked.places],
        **({} if asked.name is None else {"name": asked.name}),
        **({} if asked.told is None else {"told": corrections.plain_contact(asked.told)}),
    }
    purpose, life = (Purpose.ANY, BUSY_LIFE) if busy and there is None else (asked.purpose, LIFE)
    expires_at = now + LIFE
    made = await unit.conn.execute(
        confirmations.insert()
        .returning(confirmations.c.id)
        .values(
            secret_hash=secret_hash,
            station_id=asked.station_id,
            subscriber_id=asked.subscriber_id,
            channel=channel,
            fingerprint=mark,
            caller=asked.caller,
            code=_code_mark(unit, secret_hash, code),
            sealed=unit.vault.seal(json.dumps(given).encode(), b"confirmation:" + secret_hash),
            tries=0,
            state=State.OPEN,
            created_at=now,
            expires_at=expires_at,
            code_of=there,
            code_until=now + life if there is None else None,
            purpose=purpose,
        )
    )
    number, minutes = made.scalar_one(), int(life.total_seconds() // 60)
    return StartedConfirmation(number, secret, code if there is None else None, expires_at, minutes, purpose)


async def _holding(unit: Unit, asked: ConfirmationRequest, now: datetime) -> int | None:
    """Return the newest code sent to this number that stays valid for some minutes, in a message that said what for.

    A code sent by SMS also serves a request for a call, not the reverse: they may have missed the call.
    """
    of, channel = confirmations.c, asked.contact.channel
    query = select(of.id).where(
        sent_to(unit, asked.contact, PHONES if channel is ChannelName.VOICE else (channel,)),
        of.purpose.in_((asked.purpose, Purpose.ANY)),
        of.state != State.UNSENT,
        of.code_until > now + _LEAST_LEFT,
    )
    return await unit.conn.scalar(query.order_by(of.id.desc()).limit(1))


async def by_secret(unit: Unit, secret: str, now: datetime) -> Confirmation | None:
    return await _one(unit, confirmations.c.secret_hash == hash_of(secret), now)


async def by_id(unit: Unit, confirmation_id: int, now: datetime) -> Confirmation | None:
    """Return the confirmation that a mailed link refers to."""
    return await _one(unit, confirmations.c.id == confirmation_id, now)


async def try_code(unit: Unit, confirmation_id: int, code: str, now: datetime) -> bool:
    """Return whether a code is right; each attempt counts, and after ``MOST_TRIES`` every code is wrong."""
    of = confirmations.c
    counted = (
        update(confirmations)
        .where(of.id == confirmation_id, of.tries < MOST_TRIES, of.expires_at > now, of.state.in_(PENDING))
        .values(tries=of.tries + 1)
        .returning(of.secret_hash, of.code, of.code_of, of.purpose)
    )
    tried = (await unit.conn.execute(counted)).one_or_none()
    if tried is not None and tried.code_of is not None:
        over = tried.purpose == Purpose.SHOW and await listed.is_guessed(unit, tried.code_of, now - BUSY_LIFE)
        sent = select(of.secret_hash, of.code).where(of.id == tried.code_of, of.code_until > now)
        tried = None if over else (await unit.conn.execute(sent)).one_or_none()
    return tried is not None and hmac.compare_digest(tried.code, _code_mark(unit, tried.secret_hash, code))


async def confirm(
    unit: Unit, confirmation_id: int, now: datetime, actor: Actor | None = None, *, by_link: bool = False
) -> Consent | None:
    """Create the contact: for the subscriber who added it, or a new one; return their consent. Idempotent.

    For who asks what a list says about them, find that person instead. ``by_link``: of a mail, which is not enough
    here: the person who asked would see the data once the mailbox's owner pressed it.
    """
    of = confirmations.c
    await unit.in_turn("confirmation", confirmation_id)
    waits = of.id == confirmation_id, of.state.in_(PENDING), of.expires_at > now, of.sealed.is_not(None)
    row = (await unit.conn.execute(select(confirmations).where(*waits))).one_or_none()
    if row is None:
        return None
    given = json.loads(unit.vault.open(row.sealed, b"confirmation:" + row.secret_hash))
    contact = NewContact(CHANNELS[row.channel], given["canonical"], given["address"])
    if "name" in given:
        if not by_link:
            who = await listed.find(unit, row.station_id, contact, given["name"])
            shown = {"state": State.SHOWN, "sealed": None, "subscriber_id": who, "expires_at": now + listed.OPEN_FOR}
            await unit.conn.execute(update(confirmations).where(of.id == row.id).values(shown))
        return None
    subscriber_id = row.subscriber_id
    if "told" in given:
        wanted = Wanted(corrections.contact_of(given["told"]), contacts=(contact,))
        await corrections.ask(unit, row.station_id, subscriber_id, wanted, now)
        await use_up(unit, row.id)
        return None
    consent = None if actor is None else Consent(Way(given.get("way", Way.PAGE)), actor, given.get("text", ""))
    if subscriber_id is None:
        person = NewSubscriber(given["locale"], (contact,), tuple(NewPlace(*place) for place in given["places"]))
        (subscriber_id,) = await people.register(
            unit,
            row.station_id,
            [person],
            [given["token"]],
            groups_by_slug={},
            now=now,
            themselves=True,
            consent=consent,
        )
    else:
        await add_contact(unit, subscriber_id, contact, now, consent)
        await welcomes.confirm_person(unit, subscriber_id)
    done = {"state": State.CONFIRMED, "sealed": None, "subscriber_id": subscriber_id}
    await unit.conn.execute(update(confirmations).where(of.id == row.id).values(done))
    return consent


async def use_up(unit: Unit, confirmation_id: int) -> None:
    """Record that a code was right where it makes no contact: it proved who holds a telephone."""
    mine = confirmations.c.id == confirmation_id
    await unit.conn.execute(update(confirmations).where(mine).values(state=State.CONFIRMED, sealed=None))


async def add_contact(
    unit: Unit, subscriber_id: int, contact: NewContact, now: datetime, consent: Consent | None = None
) -> None:
    """Add a confirmed contact; active alerts at the subscriber's places go to it too."""
    (contact_id,) = (await contact_rows.ensure(unit, [contact], now)).values()
    mine = links.c.subscriber_id == subscriber_id, links.c.contact_id == contact_id
    there = await unit.conn.scalar(select(links.c.contact_id).where(*mine))
    if there is None:
        row = {"subscriber_id": subscriber_id, "contact_id": contact_id, "status": LinkStatus.CONFIRMED}
        await unit.conn.execute(links.insert().values(row | {"created_at": now}))
    if there is None or (consent is not None and consent.way is not Way.RENEWED):
        await consents.note(unit, consent, [contact_id], now, given=True, subscriber_id=subscriber_id)
    followed = select(follows.c.station_id).where(follows.c.subscriber_id == subscriber_id)
    station_ids = list(await unit.conn.scalars(followed))
    await contact_rows.take_back_stop(unit, [contact_id], now)
    for station_id in station_ids:
        await contact_rows.opt_in(unit, [contact_id], station_id)
    await suppression.lift(unit, [suppression.mark_of(unit.vault, contact)], now, station_ids, consent)
    await people.touched(unit, [subscriber_id])


async def unsent(unit: Unit, confirmation_id: int) -> None:
    """Record that no provider accepted the message, so that the requester can be told."""
    mine = confirmations.c.id == confirmation_id, confirmations.c.state == State.OPEN
    await unit.conn.execute(update(confirmations).where(*mine).values(state=State.UNSENT))


async def is_due(unit: Unit, now: datetime) -> bool:
    """Return whether ``trim`` has anything to delete."""
    of = confirmations.c
    late = ((of.expires_at <= now) & of.sealed.is_not(None)) | (of.created_at <= now - KEPT)
    return await unit.conn.scalar(select(of.id).where(late).limit(1)) is not None


async def trim(unit: Unit, now: datetime) -> None:
    """Delete what expired unconfirmed, and what is too old to count."""
    of = confirmations.c
    await unit.conn.execute(
        update(confirmations).where(of.expires_at <= now, of.sealed.is_not(None)).values(sealed=None)
    )
    old = list(await unit.conn.scalars(select(of.id).where(of.created_at <= now - KEPT)))
    for start in range(0, len(old), contact_rows.CHUNK):
        part = old[start : start + contact_rows.CHUNK]
        await sandbox.forget_codes(unit, part)
        await unit.conn.execute(delete(confirmations).where(of.id.in_(part)))


async def _one(unit: Unit, where: ColumnElement[bool], now: datetime) -> Confirmation | None:
    row = (await unit.conn.execute(select(confirmations).where(where))).one_or_none()
    if row is None:
        return None
    state = State(row.state)
    over = not state.is_confirmed and (row.expires_at <= now or row.tries >= MOST_TRIES)
    left = MOST_TRIES - row.tries
    return of_row(Confirmation, row, channel=CHANNELS[row.channel], state=state, tries_left=left, over=over)


def _code_mark(unit: Unit, secret_hash: bytes, code: str) -> bytes:
    """Return the stored form of a code: without the key, somebody who stole the database can't try all million."""
    return unit.vault.fingerprint("code", f"{secret_hash.hex()} {code}")
