"""The channels as the settings say: real where there are credentials, sandboxed where there are none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from broadcaster.domain.people import ChannelName
from broadcaster.errors import BadSettings
from broadcaster.pipeline.gate import Gate, SharedGate
from broadcaster.services import Sender
from channels.email import DkimKey, Email, SmtpConfig
from channels.sandbox import Sandbox
from channels.sms import Sms
from channels.twilio_api import TwilioAccount, is_alphanumeric
from channels.voice import Voice
from channels.webpush import KNOWN_ORIGINS, VapidKey, WebPush, WebPushConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from broadcaster.bus import Bus
    from broadcaster.config import Settings
    from channels.base import Channel

SYNTHETIC_ORIGIN = "https://push.example.invalid"
"""Where the synthetic residents' devices are: a name that can lead nowhere (RFC 2606)."""

_SANDBOX_SID = "AC" + "0" * 32
_SANDBOX_RATE = 10_000.0
_BATCH = {ChannelName.PUSH: 250, ChannelName.EMAIL: 100, ChannelName.SMS: 50, ChannelName.VOICE: 10}


def open_senders(settings: Settings, bus: Bus | None = None) -> dict[ChannelName, Sender]:
    """Make every channel. Raises ``BadSettings``, naming each setting that is wrong.

    With a ``bus`` that several processes share, a channel's rate holds for all of them together.
    """
    findings: list[tuple[str, str]] = []
    made: dict[ChannelName, Sender] = {}
    for name, (make, setting, hint) in _MAKERS.items():
        try:
            channel, real = make(settings)
        except ValueError as error:
            named = _FIELDS.get(getattr(error, "field", ""), setting)
            finding = (named, f"{getattr(error, 'problem', error)}")
            if finding not in findings:
                findings.append(finding)
            continue
        made[name] = Sender(
            name,
            channel if real else Sandbox(channel, hint),
            _gate(settings, name, bus, rate_of(settings, name) if real else _SANDBOX_RATE),
            sandboxed=not real,
            batch_size=_BATCH[name],
            hint="" if real else hint,
        )
    if findings:
        raise BadSettings(findings)
    return made


def _gate(settings: Settings, name: ChannelName, bus: Bus | None, per_second: float) -> Gate:
    if bus is None:
        return Gate(settings.send_at_once(name), per_second)

    async def grant(wanted: float) -> tuple[float, float]:
        return await bus.grant(name, per_second, max(1.0, per_second), wanted)

    return SharedGate(settings.send_at_once(name), per_second, grant)


def rate_of(settings: Settings, name: ChannelName) -> float:
    """Give the messages (SMS: segments) a second that the settings allow a channel, sandboxed or not."""
    return {
        ChannelName.PUSH: settings.push_per_second,
        ChannelName.SMS: settings.sms_per_second,
        ChannelName.VOICE: settings.voice_per_second,
        ChannelName.EMAIL: settings.smtp_per_second,
    }[name]


def _push(settings: Settings) -> tuple[Channel[Any, Any], bool]:
    real = settings.vapid_private_key is not None
    key = VapidKey.load(settings.vapid_private_key.get_secret_value()) if settings.vapid_private_key else None
    return WebPush(
        WebPushConfig(
            vapid=key or VapidKey.generate(),
            subject=settings.vapid_subject if real else "mailto:sandbox@example.org",
            origins=settings.push_origins or (KNOWN_ORIGINS if real else (*KNOWN_ORIGINS, SYNTHETIC_ORIGIN)),
            timeout_s=settings.send_timeout_s,
            concurrency=settings.push_concurrency,
        )
    ), real


def _email(settings: Settings) -> tuple[Channel[Any, Any], bool]:
    real = settings.smtp_url is not None
    url = settings.smtp_url.get_secret_value() if settings.smtp_url else _SANDBOX_RELAY
    config = SmtpConfig.from_url(url)
    dkim = None
    if real and settings.dkim_private_key is not None:
        domain = settings.dkim_domain or config.sender.address.rpartition("@")[2]
        dkim = DkimKey(domain, settings.dkim_selector, settings.dkim_private_key.get_secret_value())
    return Email(
        replace(config, pool_size=settings.smtp_concurrency, timeout_s=settings.send_timeout_s, dkim=dkim)
    ), real


_SANDBOX_RELAY = "smtp://127.0.0.1:25?from=Tocsin <sandbox@tocsin.example>"


def _account(settings: Settings, sender: str) -> TwilioAccount:
    token = settings.twilio_auth_token.get_secret_value() if settings.twilio_auth_token else "sandbox"
    return TwilioAccount(
        settings.twilio_account_sid or _SANDBOX_SID,
        token,
        sender,
        base_url=settings.twilio_base_url or None,
        timeout_s=settings.send_timeout_s,
    )


_SANDBOX_NUMBER = "+33199000000"


def _sms(settings: Settings) -> tuple[Channel[Any, Any], bool]:
    return Sms(_account(settings, settings.twilio_from or _SANDBOX_NUMBER)), bool(settings.twilio_account_sid)


def _voice(settings: Settings) -> tuple[Channel[Any, Any], bool]:
    sender = settings.twilio_voice_from or settings.twilio_from
    can_call = sender != "" and not is_alphanumeric(sender) and not sender.startswith("MG")
    real = bool(settings.twilio_account_sid) and can_call
    return Voice(_account(settings, sender if can_call else _SANDBOX_NUMBER)), real


_FIELDS = {
    "account_sid": "TOCSIN_TWILIO_ACCOUNT_SID",
    "auth_token": "TOCSIN_TWILIO_AUTH_TOKEN",
    "base_url": "TOCSIN_TWILIO_BASE_URL",
}
_Made = tuple["Callable[[Settings], tuple[Channel[Any, Any], bool]]", str, str]
_MAKERS: dict[ChannelName, _Made] = {
    ChannelName.PUSH: (
        _push,
        "TOCSIN_VAPID_PRIVATE_KEY",
        "set TOCSIN_VAPID_PRIVATE_KEY and TOCSIN_VAPID_SUBJECT; `tocsin vapid` makes a key",
    ),
    ChannelName.SMS: (
        _sms,
        "TOCSIN_TWILIO_FROM",
        "set TOCSIN_TWILIO_ACCOUNT_SID, TOCSIN_TWILIO_AUTH_TOKEN and TOCSIN_TWILIO_FROM",
    ),
    ChannelName.VOICE: (
        _voice,
        "TOCSIN_TWILIO_VOICE_FROM",
        "set the Twilio settings, and a number that may call in TOCSIN_TWILIO_VOICE_FROM",
    ),
    ChannelName.EMAIL: (_email, "TOCSIN_SMTP_URL", "set TOCSIN_SMTP_URL, as smtp://user:password@host:587?from=…"),
}
