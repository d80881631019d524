"""SMS: the Twilio channel, phone numbers, and segments."""

from channels.sms.channel import Sms, SmsMessage
from channels.sms.phone import InvalidPhone, PhoneNumber, parse_phone, region_of_insee, written
from channels.sms.segments import Segments, count
from channels.sms.spelling import plain

__all__ = [
    "InvalidPhone",
    "PhoneNumber",
    "Segments",
    "Sms",
    "SmsMessage",
    "count",
    "parse_phone",
    "plain",
    "region_of_insee",
    "written",
]
