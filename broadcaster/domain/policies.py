"""Which escalation policy an alert follows: its own, or its station's for the severity."""

from dataclasses import replace

from broadcaster.domain.alerts import RULES, Alert, Message, Severity
from broadcaster.domain.escalation import Policy
from broadcaster.domain.people import ChannelName
from broadcaster.domain.stations import Station


def policy_of(station: Station, severity: Severity) -> Policy:
    return station.policies.get(severity, RULES[severity].policy)


def policy_for(station: Station, message: Message) -> Policy | None:
    """Return the policy that a message would be sent with; None: by all of its channels at once."""
    return None if message.channels else message.own_policy or policy_of(station, message.severity)


def channels_for(station: Station, message: Message) -> tuple[ChannelName, ...]:
    """Return the channels that a message would be sent by, sooner or later."""
    policy = policy_for(station, message)
    return message.channels if policy is None else policy.channels


def sent_like(message: Message, alert: Alert) -> Message:
    """Return an update's message with what it can't change: the channels or own policy of ``alert``, which it updates.

    Without either it follows the station's policy for its severity.
    """
    return replace(message, channels=alert.channels if alert.policy is None else (), own_policy=alert.own_policy)
