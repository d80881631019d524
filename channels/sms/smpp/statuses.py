"""Meaning of each command_status, in one table (SMPP 3.4, 5.1.3).

``Misconfigured`` stops the channel, so it is only for errors that hold for every receiver. For refused addresses, see
``error_for``.
"""

from typing import NamedTuple

from channels.errors import ChannelError, Gone, Misconfigured, Permanent, Transient, Unexplained

OK = 0x00
SYSTEM_ERROR = 0x08
BAD_DESTINATION = 0x0B
ALREADY_BOUND = 0x05
WRONG_STATE = 0x04
QUEUE_FULL, THROTTLED = 0x14, 0x58
TRY_LATER = 0x64
"""ESME_RX_T_APPN: our answer to a receipt that can't be stored yet."""

SLOW_DOWN = frozenset({QUEUE_FULL, THROTTLED})


class Rule(NamedTuple):
    """The error to raise, and the operator's sentence; ``wait_s``: retry delay, if there is a good guess."""

    error: type[ChannelError]
    sentence: str
    wait_s: float | None = None


STATUSES: dict[int, Rule] = {
    0x01: Rule(Permanent, "The message's length is not allowed."),
    0x02: Rule(Permanent, "The message centre read another length of the command."),
    0x03: Rule(Misconfigured, "The message centre does not know submit_sm: may the account send?"),
    WRONG_STATE: Rule(Transient, "The message centre does not take us for bound."),
    ALREADY_BOUND: Rule(Transient, "The account is bound as often as it may already.", 15.0),
    SYSTEM_ERROR: Rule(Transient, "The message centre had an error of its own.", 10.0),
    0x0A: Rule(Misconfigured, "The sender is refused: set from= to one that the carrier gave you."),
    BAD_DESTINATION: Rule(Gone, "The receiver's number is refused."),
    0x0D: Rule(Misconfigured, "The bind failed: is this account meant for SMPP transceivers, from this address?"),
    0x0E: Rule(Misconfigured, "The password is wrong."),
    0x0F: Rule(Misconfigured, "The system_id is wrong."),
    QUEUE_FULL: Rule(Transient, "The message centre's queue is full.", 10.0),
    0x15: Rule(Misconfigured, "The service type is refused."),
    0x43: Rule(Misconfigured, "Long messages are refused in this form: set long= to udh or payload."),
    0x45: Rule(Transient, "The message centre could not take the message.", 30.0),
    0x48: Rule(Misconfigured, "The sender's type of number is refused: set ton=."),
    0x49: Rule(Misconfigured, "The sender's numbering plan is refused: set npi=."),
    0x50: Rule(Misconfigured, "The receivers' type of number (international) is refused."),
    0x51: Rule(Misconfigured, "The receivers' numbering plan (ISDN) is refused."),
    0x53: Rule(Misconfigured, "The system type is refused: set system_type=."),
    THROTTLED: Rule(Transient, "Messages come faster than the account may send.", 5.0),
    0x61: Rule(Permanent, "The time of sending is refused."),
    0x62: Rule(Permanent, "How long the message may wait is refused."),
    0x64: Rule(Transient, "The receiver's side could not take the message for now.", 30.0),
    0x65: Rule(Unexplained, "The receiver's side can't take the message."),
    0x66: Rule(Unexplained, "The receiver's side rejected the message."),
    0xC0: Rule(Permanent, "The optional parameters are refused."),
    0xC1: Rule(Permanent, "An optional parameter is not allowed here."),
    0xC2: Rule(Permanent, "The length of a parameter is refused."),
    0xC3: Rule(Permanent, "A parameter is missing."),
    0xC4: Rule(Permanent, "A parameter's value is refused."),
    0xFE: Rule(Unexplained, "The message can't be delivered."),
    0xFF: Rule(Transient, "The message centre met an error that it does not name.", 30.0),
}
_OWN = range(0x400, 0x500)


def rule_for(status: int) -> Rule:
    """Return a status's rule; carriers' own statuses have a generic one."""
    if status in STATUSES:
        return STATUSES[status]
    whose = "the carrier's own" if status in _OWN else "unknown"
    return Rule(Unexplained, f"The message was refused; status 0x{status:X} is {whose}: see the carrier's list.")


def error_for(status: int, *, proven: bool, may_have_left: bool = False) -> ChannelError:
    """Return the error for a refused message.

    ``proven``: this account had a message accepted already. Before that, a refused receiver may mean that all are (a
    wrong type of number), and must not retire a town's numbers. ``may_have_left``: a part was accepted.
    """
    rule = rule_for(status)
    code = f"smpp:0x{status:02X}"
    if rule.error is Transient:
        return Transient(code, rule.sentence, retry_after=rule.wait_s, may_have_left=may_have_left)
    if rule.error is Gone and not proven:
        return Permanent(code, rule.sentence, may_have_left=may_have_left)
    return rule.error(code, rule.sentence, may_have_left=may_have_left)
