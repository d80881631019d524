"""Converts contacts between the API and the store.

A push contact is stored as the JSON text of ``{"endpoint", "p256dh", "auth"}``, identified by its endpoint; a phone
number as E.164; a mail address normalized.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from broadcaster.domain.people import ChannelName, NewContact
from broadcaster.domain.refusals import Refused, refused
from broadcaster.domain.spelling import group_slug
from broadcaster.http.schemas.subscribers import ContactOut, EmailContactIn, PhoneContactIn, PushContactIn
from broadcaster.register.contacts import mail_contact, phone_contact, push_contact
from channels.email import InvalidMailAddress
from channels.sms import InvalidPhone
from channels.webpush import KNOWN_ORIGINS, InvalidSubscription, PushSubscription


def read_contacts(
    given: Sequence[PushContactIn | PhoneContactIn | EmailContactIn], *, region: str, origins: tuple[str, ...]
) -> tuple[NewContact, ...]:
    """Return distinct contacts for the store. Raises ``Refused`` with the contact's field."""
    found: dict[tuple[ChannelName, str], NewContact] = {}
    for at, contact in enumerate(given):
        read = replace(_read(contact, f"contacts[{at}]", region, origins), guardian=contact.guardian)
        found[read.channel, read.canonical] = read
    return tuple(found.values())


def _read(
    contact: PushContactIn | PhoneContactIn | EmailContactIn, field: str, region: str, origins: tuple[str, ...]
) -> NewContact:
    if isinstance(contact, PushContactIn):
        return read_push(contact.subscription, f"{field}.subscription", origins)
    if isinstance(contact, PhoneContactIn):
        with read_as(f"{field}.phone"):
            read = phone_contact(contact.phone, region)
        if contact.channel == "sms" and read.channel is not ChannelName.SMS:
            raise Refused("phone-without-sms", f"{field}.phone")
        return replace(read, channel=ChannelName(contact.channel))
    with read_as(f"{field}.email"):
        return mail_contact(contact.email)


@contextmanager
def read_as(field: str) -> Iterator[None]:
    """Convert a channel's errors within the block to ``Refused`` with this field."""
    try:
        yield
    except (InvalidPhone, InvalidMailAddress) as error:
        raise refused(error, field) from error


def read_push(given: dict[str, Any], field: str, origins: tuple[str, ...]) -> NewContact:
    """Return a browser's push subscription for the store. Raises ``Refused`` with its field."""
    try:
        subscription = PushSubscription.parse(given, origins or KNOWN_ORIGINS)
    except InvalidSubscription as error:
        where = field if error.field == "subscription" else f"{field}.{error.field}"
        raise refused(error, where) from error
    return push_contact(subscription)


def show_contact(channel: ChannelName, address: str, status: str, guardian: int) -> ContactOut:
    """Return a contact for its owner, in the form that can be sent back."""
    if channel is ChannelName.PUSH:
        kept = json.loads(address)
        keys = {"p256dh": kept["p256dh"], "auth": kept["auth"]}
        whole = {"endpoint": kept["endpoint"], "keys": keys}
        return ContactOut(channel=channel, status=status, subscription=whole, guardian=guardian)
    if channel is ChannelName.EMAIL:
        return ContactOut(channel=channel, status=status, email=address, guardian=guardian)
    return ContactOut(channel=channel, status=status, phone=address, guardian=guardian)


def group_slugs(names: Iterable[str]) -> dict[str, str]:
    """Return groups' names by slug, as ecole-victor-hugo. Raises ``Refused`` for one without letters and digits."""
    found: dict[str, str] = {}
    for at, name in enumerate(names):
        slug = group_slug(name)
        if not slug:
            raise Refused("group-name", f"groups[{at}]")
        found.setdefault(slug, name)
    return found
