"""Which escalation policy an alert follows: its own, its previous version's, or its station's for the severity."""

from dataclasses import replace

from broadcaster.domain.alerts import RULES, Alert, Message, Severity
from broadcaster.domain.escalation import Policy
from broadcaster.domain.people import ChannelName
from broadcaster.domain.stations import Station


def policy_of(station: Station, severity: Severity) -> Policy:
    return station.policies.get(severity, RULES[severity].policy)


def policy_for(station: Station, message: Message, before: Alert | None = None) -> Policy | None:
    """Return the policy that a message would be sent with; None: by all of its channels at once.

    ``before``: the version that it updates. At the same severity it keeps that one's policy, even if the station's was
    changed since; at another it follows the station's for that.
    """
    if message.channels:
        return None
    kept = before.policy if before is not None and before.severity is message.severity else None
    return message.own_policy or kept or policy_of(station, message.severity)


def channels_for(station: Station, message: Message, before: Alert | None = None) -> tuple[ChannelName, ...]:
    """Return the channels that a message would be sent by, sooner or later; ``before``: as for ``policy_for``."""
    policy = policy_for(station, message, before)
    return message.channels if policy is None else policy.channels


def sent_like(message: Message, alert: Alert) -> Message:
    """Return an update's message with what it can't change: the channels or own policy of ``alert``, which it updates.

    Without either it follows ``policy_for``.
    """
    return replace(message, channels=alert.channels if alert.policy is None else (), own_policy=alert.own_policy)
