"""Meaning of each Twilio code, in one table.

``CONTACT_DEAD`` concerns the number alone, and retires it. ``SENDER_REFUSED`` concerns us (the sender's registration, a
carrier's filter, account permissions): the number is fine, and operators are told. ``UNEXPLAINED`` may be either.
``CHANNEL_BROKEN`` stops a channel for everyone, so it is only for errors that hold for every receiver: credentials, the
sender, our own URLs and settings. A fault of one destination country or carrier does not qualify: one foreign number
must not silence a town.

Source: https://www.twilio.com/docs/api/errors, one page a code.
"""

from enum import StrEnum
from typing import NamedTuple

from channels.errors import ChannelError, Gone, Misconfigured, Permanent, SenderRefused, Stopped, Transient, Unexplained


class Policy(StrEnum):
    """What to do about a failure."""

    RETRY = "retry"
    GIVE_UP = "give-up"
    SENDER_REFUSED = "sender-refused"
    UNEXPLAINED = "unexplained"
    CONTACT_DEAD = "contact-dead"
    STOPPED = "stopped"
    CHANNEL_BROKEN = "channel-broken"


class Rule(NamedTuple):
    """A policy, and the operator's sentence, which never contains a number."""

    policy: Policy
    sentence: str


_RETRY, _GIVE_UP, _SENDER, _UNEXPLAINED, _DEAD, _STOPPED, _BROKEN = Policy

CODES: dict[int, Rule] = {
    # Account and permissions.
    10001: Rule(_BROKEN, "The Twilio account is not active: see the console."),
    10002: Rule(_BROKEN, "A trial account can't do this: upgrade it."),
    10004: Rule(_RETRY, "The account already has as many calls at once as it may."),
    10005: Rule(_BROKEN, "Voice calls are disabled for this account."),
    20003: Rule(_BROKEN, "Twilio refused the credentials: check the Account SID and the auth token in the console."),
    20004: Rule(_BROKEN, "Twilio does not allow this method here: is the base URL right?"),
    20005: Rule(_BROKEN, "The Twilio account is not active: see the console."),
    20006: Rule(_BROKEN, "The account may not do this: see its permissions in the console."),
    20008: Rule(_BROKEN, "These are test credentials: they send nothing."),
    20403: Rule(_BROKEN, "Twilio forbids this to the account: see its permissions in the console."),
    20404: Rule(_BROKEN, "Twilio does not know this account or resource: check the Account SID and the region."),
    20409: Rule(_RETRY, "Twilio met a conflict with another request."),
    20422: Rule(_GIVE_UP, "Twilio refused a parameter of the request."),
    20429: Rule(_RETRY, "Too many requests at once: Twilio asks to slow down."),
    20500: Rule(_RETRY, "Twilio had an internal error."),
    20503: Rule(_RETRY, "Twilio is unavailable for the moment."),
    20504: Rule(_RETRY, "Twilio did not answer itself in time."),
    # The receiver, on requests for messages and calls.
    13223: Rule(_DEAD, "The number is not written as a telephone number."),
    13224: Rule(_DEAD, "The number is not a valid telephone number."),
    13225: Rule(_UNEXPLAINED, "Twilio does not call this number."),
    13226: Rule(_DEAD, "The number's country code does not exist."),
    13227: Rule(_SENDER, "Calls to this country are not enabled: see Voice geographic permissions in the console."),
    14101: Rule(_DEAD, "The receiver's number is invalid."),
    14102: Rule(_BROKEN, "The sender's number is invalid."),
    14103: Rule(_GIVE_UP, "The text of the message is invalid."),
    14107: Rule(_RETRY, "Messages were sent faster than the account's limit."),
    14108: Rule(_BROKEN, "The sender can't send SMS."),
    14111: Rule(_SENDER, "A trial account sends to verified numbers only."),
    21201: Rule(_GIVE_UP, "The request named no receiver."),
    21202: Rule(_DEAD, "The receiver is a premium-rate number."),
    21203: Rule(_SENDER, "International calls are not enabled for this account."),
    21205: Rule(_BROKEN, "Twilio refused a URL in the request: is the public URL right?"),
    21208: Rule(_BROKEN, "Twilio refused the time-out of the call."),
    21210: Rule(_BROKEN, "The caller's number is not verified for this account."),
    21211: Rule(_DEAD, "The receiver's number is invalid."),
    21212: Rule(_BROKEN, "The sender's number is invalid."),
    21213: Rule(_BROKEN, "No caller's number is set."),
    21214: Rule(_UNEXPLAINED, "The receiver's number can't be reached by Twilio."),
    21215: Rule(_SENDER, "Calls to this country are not enabled: see Voice geographic permissions in the console."),
    21216: Rule(_UNEXPLAINED, "Twilio blocks calls to this number."),
    21217: Rule(_DEAD, "The receiver's number does not look valid."),
    21219: Rule(_SENDER, "A trial account calls verified numbers only."),
    21220: Rule(_GIVE_UP, "The call was over already."),
    21234: Rule(_BROKEN, "Twilio refused how answering machines are to be detected."),
    21262: Rule(_BROKEN, "No URL was given for who answered the call."),
    21263: Rule(_BROKEN, "Twilio refused how answering machines are to be detected."),
    21264: Rule(_BROKEN, "The sender's number is not verified for this account."),
    21265: Rule(_DEAD, "The receiver is a short code."),
    21266: Rule(_GIVE_UP, "The receiver is the sender itself."),
    21267: Rule(_BROKEN, "A trial account can't send from a name: use a number, or upgrade."),
    21268: Rule(_DEAD, "The receiver is a premium-rate or information number."),
    21401: Rule(_DEAD, "The number is invalid."),
    21402: Rule(_BROKEN, "Twilio refused a URL in the request: is the public URL right?"),
    21407: Rule(_BROKEN, "The sender's kind of number can't send SMS."),
    21408: Rule(_SENDER, "SMS to this country are not enabled: see Messaging geographic permissions in the console."),
    21421: Rule(_DEAD, "The number is invalid."),
    21470: Rule(_BROKEN, "The Account SID is invalid."),
    21471: Rule(_BROKEN, "The account does not exist."),
    21472: Rule(_BROKEN, "The account is not active: see the console."),
    21601: Rule(_BROKEN, "The sender can't send SMS."),
    21602: Rule(_GIVE_UP, "The message has no text."),
    21603: Rule(_BROKEN, "No sender is set."),
    21604: Rule(_GIVE_UP, "The request named no receiver."),
    21605: Rule(_GIVE_UP, "The text is too long."),
    21606: Rule(_BROKEN, "The sender is not a number of this account that can send SMS."),
    21607: Rule(_BROKEN, "A trial account must send from its sandbox number."),
    21608: Rule(_SENDER, "A trial account sends to verified numbers only."),
    21609: Rule(_BROKEN, "Twilio refused the status callback: its host must have a public name without underscores."),
    21610: Rule(_STOPPED, "The receiver answered STOP: no SMS may be sent to them."),
    21611: Rule(_RETRY, "The sender's queue at Twilio is full."),
    21612: Rule(_SENDER, "This sender can't reach this receiver by SMS."),
    21613: Rule(_BROKEN, "The sender's number needs a certification first."),
    21614: Rule(_DEAD, "The receiver's number is not a mobile: it can't take SMS."),
    21616: Rule(_BROKEN, "The sender matches several numbers of the account."),
    21617: Rule(_GIVE_UP, "The text is longer than 1600 characters."),
    21618: Rule(_GIVE_UP, "Twilio can't send this text."),
    21619: Rule(_GIVE_UP, "The message has no text."),
    21624: Rule(_GIVE_UP, "Twilio refused how long the message may wait."),
    21626: Rule(_BROKEN, "Twilio refused which events of the call are to be told."),
    21635: Rule(_DEAD, "The receiver's number is a landline: it can't take SMS."),
    21654: Rule(_GIVE_UP, "Twilio wanted a content template."),
    21657: Rule(_BROKEN, "The sender's name is invalid."),
    21658: Rule(_GIVE_UP, "A parameter of the request is too long."),
    21659: Rule(_BROKEN, "The sender is not a Twilio number, or a short code of another country."),
    21660: Rule(_BROKEN, "The sender belongs to another account."),
    21661: Rule(_BROKEN, "The sender can't send SMS."),
    21662: Rule(_SENDER, "This sender can't reach this receiver from the Ireland region."),
    21663: Rule(_BROKEN, "The sender's number is not routed to this region: see the console."),
    21668: Rule(_BROKEN, "The sender's kind of number is not supported in the Ireland region."),
    21701: Rule(_BROKEN, "The Messaging Service does not exist."),
    21702: Rule(_BROKEN, "The Messaging Service sends nothing any more."),
    21703: Rule(_BROKEN, "The Messaging Service has no number to send from."),
    21704: Rule(_BROKEN, "The Messaging Service holds no numbers."),
    21705: Rule(_BROKEN, "The Messaging Service is invalid."),
    21709: Rule(_BROKEN, "The sender's name is not allowed for this Messaging Service."),
    21711: Rule(_BROKEN, "The sender is not part of the Messaging Service."),
    21730: Rule(_RETRY, "Twilio is under maintenance."),
    21910: Rule(_GIVE_UP, "Sender and receiver are not of the same kind."),
    22001: Rule(_RETRY, "The call was not placed in time."),
    22005: Rule(_RETRY, "The account's queue of calls is full."),
    32018: Rule(_GIVE_UP, "What is to be said is longer than a call may carry."),
    # ErrorCode of a message's status callback.
    30001: Rule(_RETRY, "The sender's queue at Twilio overflowed."),
    30002: Rule(_BROKEN, "The account was suspended before the message left."),
    30003: Rule(_RETRY, "The telephone is switched off or out of reach."),
    30004: Rule(_GIVE_UP, "The message was blocked on its way to this receiver."),
    30005: Rule(_DEAD, "The number is unknown and may no longer exist."),
    30006: Rule(_UNEXPLAINED, "The number is a landline or its carrier can't be reached by SMS."),
    30007: Rule(_SENDER, "A carrier filtered the message as unwanted."),
    30008: Rule(_RETRY, "The carrier did not say why the message failed."),
    30009: Rule(_GIVE_UP, "A segment of the message was lost."),
    30010: Rule(_SENDER, "The message costs more than the highest price set."),
    30011: Rule(_GIVE_UP, "The receiver's country does not take such messages."),
    30017: Rule(_RETRY, "The carrier's network is congested."),
    30018: Rule(_SENDER, "The receiver's carrier wants senders to be registered first."),
    30019: Rule(_GIVE_UP, "The message is larger than the carrier takes."),
    30020: Rule(_RETRY, "Twilio's scheduling had an internal error."),
    30021: Rule(_RETRY, "Twilio's Messaging Service had an internal error."),
    30022: Rule(_RETRY, "The US carriers' rate for this sender was exceeded."),
    30023: Rule(_RETRY, "The US carriers' cap of the day for this sender was reached."),
    30024: Rule(_SENDER, "The sender is not provisioned on the receiver's carrier."),
    30027: Rule(_RETRY, "T-Mobile's limit of the day for this sender was reached."),
    30032: Rule(_SENDER, "The sender is a toll-free number that was not verified."),
    30033: Rule(_SENDER, "The sender's US campaign is suspended."),
    30034: Rule(_SENDER, "The sender is not registered for US carriers (A2P 10DLC)."),
    30035: Rule(_SENDER, "The sender's US campaign is not ready."),
    30036: Rule(_GIVE_UP, "The message waited longer than it stays useful, and was not sent."),
    30037: Rule(_BROKEN, "Twilio disabled outgoing messages for this account."),
    30038: Rule(_SENDER, "A carrier took the message for a one-time code and filtered it."),
    30039: Rule(_GIVE_UP, "Twilio stopped a loop of messages with this receiver."),
    30040: Rule(_SENDER, "The receiver's carrier wants the sender's name to be registered first."),
    30041: Rule(_SENDER, "The sender is not registered for the United Kingdom."),
    30043: Rule(_SENDER, "The receiver's country refuses international messages on this road."),
    30044: Rule(_SENDER, "The text is longer than a trial account may send."),
    30045: Rule(_GIVE_UP, "Twilio refused how long the message may wait."),
    30404: Rule(_GIVE_UP, "Twilio lost sight of the message."),
    30410: Rule(_RETRY, "The carrier did not answer in time; the message may have arrived all the same."),
    30450: Rule(_SENDER, "Twilio blocked the message as likely fraud."),
    30454: Rule(_BROKEN, "The account has sent as many messages as it may."),
    30485: Rule(_UNEXPLAINED, "The message could not be delivered."),
    30500: Rule(_RETRY, "Twilio had an internal error while it sent the message."),
    63038: Rule(_BROKEN, "The account has sent as many messages as it may in a day."),
}

# By HTTP status, where the body has no known code.
_BY_STATUS: dict[int, Rule] = {
    400: Rule(_GIVE_UP, "Twilio refused the request."),
    401: Rule(_BROKEN, "Twilio refused the credentials: check the Account SID and the auth token in the console."),
    402: Rule(_BROKEN, "Twilio wants to be paid: see the balance in the console."),
    403: Rule(_BROKEN, "Twilio forbids this to the account: see its permissions in the console."),
    404: Rule(_BROKEN, "Twilio does not know this account or path: check the Account SID and the base URL."),
    405: Rule(_BROKEN, "Twilio does not allow this method here: is the base URL right?"),
    407: Rule(_BROKEN, "A proxy in between wants credentials."),
    408: Rule(_RETRY, "Twilio waited too long for the request."),
    409: Rule(_RETRY, "Twilio met a conflict with another request."),
    410: Rule(_BROKEN, "This address of Twilio's is no more: is the base URL right?"),
    425: Rule(_RETRY, "Twilio asks to send the request again."),
    429: Rule(_RETRY, "Too many requests at once: Twilio asks to slow down."),
}
_REFUSED = Rule(_GIVE_UP, "Twilio refused the request.")
_FAILED = Rule(_RETRY, "Twilio failed.")
_NOT_TWILIO = Rule(_BROKEN, "What answered is not Twilio's API: is the base URL right?")

_ERRORS: dict[Policy, type[ChannelError]] = {
    _GIVE_UP: Permanent,
    _SENDER: SenderRefused,
    _UNEXPLAINED: Unexplained,
    _DEAD: Gone,
    _STOPPED: Stopped,
    _BROKEN: Misconfigured,
}
_CODE_RANGE = range(10_000, 100_000)
_CLIENT_FAULTS = range(400, 500)
_SERVER_FAULTS = range(500, 600)
# Refused before anything was done; after other 5xx the message may be under way.
_NOTHING_DONE = frozenset({501, 503, 505})


def rule_for(status: int | None = None, code: int | None = None) -> Rule:
    """Return a code's rule, else the HTTP status's; an unknown code refers to Twilio's explanation."""
    if code is not None and code in CODES:
        return CODES[code]
    if status is None:
        rule = Rule(_GIVE_UP, "The message failed.")
    elif status in _CLIENT_FAULTS:
        rule = _BY_STATUS.get(status, _REFUSED)
    elif status in _SERVER_FAULTS:
        rule = _FAILED
    else:
        rule = _NOT_TWILIO
    if code is not None and code in _CODE_RANGE:
        where = f" Its code is {code}: see https://www.twilio.com/docs/errors/{code}"
        return Rule(rule.policy, rule.sentence + where)
    return rule


def error_for(status: int, code: int | None = None, *, retry_after: float | None = None) -> ChannelError:
    """Return the error for a refused request; ``retry_after`` in seconds, from the header."""
    rule = rule_for(status, code)
    name = f"twilio:{code}" if code is not None and code in _CODE_RANGE else f"twilio:{status}"
    may_have_left = status in _SERVER_FAULTS and status not in _NOTHING_DONE
    if rule.policy is _RETRY:
        return Transient(name, rule.sentence, retry_after=retry_after, may_have_left=may_have_left)
    return _ERRORS[rule.policy](name, rule.sentence)
