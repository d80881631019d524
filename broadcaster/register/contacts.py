"""Makes normalized contacts from written addresses."""

from broadcaster.domain.people import ChannelName, NewContact
from broadcaster.domain.spelling import key
from channels.addresses import push_text
from channels.email.address import parse_address
from channels.sms import PhoneNumber, parse_phone
from channels.webpush import PushSubscription


def mail_contact(text: str) -> NewContact:
    """Parse a mail address. Raises ``channels.email.address.InvalidMailAddress``."""
    address = parse_address(text)
    return NewContact(ChannelName.EMAIL, key(address), address)


def phone_contact(text: str, region: str, channel: ChannelName | None = None) -> NewContact:
    """Parse a phone number as dialled in ``region`` (ISO 3166). Raises ``channels.sms.InvalidPhone``.

    Without ``channel`` the number decides: SMS if possible, else voice.
    """
    return contact_of(parse_phone(text, region), channel)


def contact_of(number: PhoneNumber, channel: ChannelName | None = None) -> NewContact:
    chosen = channel or (ChannelName.SMS if number.takes_sms else ChannelName.VOICE)
    return NewContact(chosen, number.e164, number.e164)


def push_contact(subscription: PushSubscription) -> NewContact:
    """Return a browser subscription's contact; its address is the text that channels read."""
    return NewContact(ChannelName.PUSH, subscription.canonical, push_text(subscription))
