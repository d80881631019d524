"""SMS: the Twilio channel, phone numbers, and cost."""

from channels.sms.channel import Sms, SmsMessage
from channels.sms.phone import InvalidPhone, PhoneNumber, parse_phone, region_of_insee, written
from channels.sms.price import SmsPrice
from channels.sms.segments import Segments, count, fits_gsm7
from channels.sms.spelling import plain

__all__ = [
    "InvalidPhone",
    "PhoneNumber",
    "Segments",
    "Sms",
    "SmsMessage",
    "SmsPrice",
    "count",
    "fits_gsm7",
    "parse_phone",
    "plain",
    "region_of_insee",
    "written",
]
