"""Web Push: RFC 8030 over pyreqwest, encrypted (RFC 8291) and signed (RFC 8292)."""

from channels.webpush.channel import WebPush, WebPushConfig
from channels.webpush.message import MAX_PLAINTEXT, PushMessage, Urgency
from channels.webpush.origins import KNOWN_ORIGINS, allowed, service_of
from channels.webpush.subscription import InvalidSubscription, PushSubscription
from channels.webpush.vapid import InvalidVapidKey, VapidKey, is_subject, subject_warning

__all__ = [
    "KNOWN_ORIGINS",
    "MAX_PLAINTEXT",
    "InvalidSubscription",
    "InvalidVapidKey",
    "PushMessage",
    "PushSubscription",
    "Urgency",
    "VapidKey",
    "WebPush",
    "WebPushConfig",
    "allowed",
    "is_subject",
    "service_of",
    "subject_warning",
]
