"""Twilio parts shared by SMS and voice: account, client, error codes, webhooks."""

from channels.twilio.account import InvalidAccount, TwilioAccount, is_alphanumeric
from channels.twilio.errors import CODES, Policy, rule_for
from channels.twilio.webhooks import StatusReport, message_reply, parse_status, verify

__all__ = [
    "CODES",
    "InvalidAccount",
    "Policy",
    "StatusReport",
    "TwilioAccount",
    "is_alphanumeric",
    "message_reply",
    "parse_status",
    "rule_for",
    "verify",
]
