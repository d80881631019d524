"""What SMS and voice share of Twilio: the account, the client, the meaning of its codes, its webhooks."""

from channels.twilio_api.account import InvalidAccount, TwilioAccount, is_alphanumeric
from channels.twilio_api.errors import CODES, Policy, Rule, rule_for
from channels.twilio_api.rest import Answer, Request, TwilioRest
from channels.twilio_api.webhooks import StatusReport, parse_status, verify

__all__ = [
    "CODES",
    "Answer",
    "InvalidAccount",
    "Policy",
    "Request",
    "Rule",
    "StatusReport",
    "TwilioAccount",
    "TwilioRest",
    "is_alphanumeric",
    "parse_status",
    "rule_for",
    "verify",
]
