"""Builds the configured channels: real where there are credentials, else sandboxed."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from broadcaster.bus import Bus
from broadcaster.config import Settings
from broadcaster.domain.people import ChannelName
from broadcaster.errors import BadSetting, BadSettings
from broadcaster.metrics import BREAKER, BY_PROVIDER, FIRST_SHARE
from broadcaster.sending.gate import Gate, SharedGate
from broadcaster.sending.origins import Origins
from broadcaster.sending.sender import Sender
from channels.base import Channel
from channels.email import DkimKey, Email, SmtpConfig
from channels.invalid import Invalid
from channels.sandbox import Sandbox
from channels.sms import Sms
from channels.sms.smpp import Smpp, SmppConfig
from channels.transport.failover import Failover, Provider
from channels.twilio import TwilioAccount, is_alphanumeric
from channels.voice import Voice
from channels.webpush import KNOWN_ORIGINS, VapidKey, WebPush, WebPushConfig, service_of

SYNTHETIC_ORIGIN = "https://push.example.invalid"
"""Push origin of synthetic residents' devices; its name never resolves (RFC 2606)."""

_SANDBOX_SID = "AC" + "0" * 32
_SANDBOX_RATE = 10_000.0
# Small batches where a sender is slow, so that a restart loses little; large ones where it is fast, to save overhead.
_BATCH_S, _LARGEST_BATCH = 5, 250
_BATCH = {ChannelName.PUSH: 250, ChannelName.EMAIL: 100, ChannelName.SMS: 50, ChannelName.VOICE: 10}


def open_senders(settings: Settings, bus: Bus | None = None) -> dict[ChannelName, Sender]:
    """Build every channel. Raises ``BadSettings``, naming each wrong setting.

    With a ``bus`` shared by several processes, a channel's rate holds for all of them together.
    """
    findings: dict[str, BadSetting] = {}
    made: dict[ChannelName, Sender] = {}
    for name, (make, setting, hint) in _MAKERS.items():
        try:
            channels = make(settings)
        except Invalid as error:
            finding = BadSetting(error.code, _FIELDS.get(error.field, setting), **error.params)
            findings[str(finding)] = finding
            continue
        made[name] = _sender(settings, name, channels, hint, bus)
    if findings:
        raise BadSettings(*findings.values())
    return made


def _sender(settings: Settings, name: ChannelName, made: "Made", hint: str, bus: Bus | None) -> Sender:
    failover: Failover[Any, Any] | None = None
    if len(made.providers) > 1:
        failover = _failover(settings, name, *made.providers)
    channel: Channel[Any, Any] = failover or made.providers[0].channel
    provider = "+".join(each.name for each in made.providers)
    places = settings.send_at_once(name) if name is ChannelName.PUSH else 0
    rate = rate_of(settings, name) if made.real else _SANDBOX_RATE
    return Sender(
        name,
        channel if made.real else Sandbox(channel, hint),
        _gate(settings, name, bus, rate),
        sandboxed=not made.real,
        batch_size=batch_size(name, rate),
        hint="" if made.real else hint,
        failover=failover,
        listener=next((each.channel for each in made.providers if isinstance(each.channel, Smpp)), None),
        signs_as=made.signs_as,
        patience_s=None if failover is None else 2 * _patience_s(settings) + 1.0,
        origins=Origins(name, places if made.real else 0, made.label or (lambda _: provider)),
        providers=made.providers,
    )


def batch_size(name: ChannelName, per_second: float) -> int:
    """Return how many messages of a channel one sender leases at once at this rate."""
    return max(_BATCH[name], int(min(_LARGEST_BATCH, per_second * _BATCH_S)))


def _patience_s(settings: Settings) -> float:
    return settings.send_timeout_s * 2


def _failover(
    settings: Settings, name: ChannelName, first: Provider[Any, Any], second: Provider[Any, Any]
) -> Failover[Any, Any]:
    def told(provider: str, result: str) -> None:
        BY_PROVIDER.labels(name, provider, result).inc()
        FIRST_SHARE.labels(name).set(failover.share)
        for each in (first, second):
            BREAKER.labels(name, each.name).set(each.breaker.state)

    failover = Failover(first, second, attempt_s=_patience_s(settings), told=told)
    FIRST_SHARE.labels(name).set(1.0)
    return failover


def _gate(settings: Settings, name: ChannelName, bus: Bus | None, per_second: float) -> Gate:
    if bus is None:
        return Gate(settings.send_at_once(name), per_second)

    async def grant(wanted: float, first: tuple[int, int]) -> tuple[float, float]:
        return await bus.grant(name, per_second, max(1.0, per_second), wanted, first)

    return SharedGate(settings.send_at_once(name), per_second, grant)


def rate_of(settings: Settings, name: ChannelName) -> float:
    """Return a channel's configured rate in messages (SMS: segments) a second, sandboxed or not."""
    return {
        ChannelName.PUSH: settings.push_per_second,
        ChannelName.SMS: settings.sms_per_second,
        ChannelName.VOICE: settings.voice_per_second,
        ChannelName.EMAIL: settings.smtp_per_second,
    }[name]


@dataclass(frozen=True)
class Made:
    """A channel's providers, preferred first; ``signs_as``: the sender of its texts.

    ``label`` maps an address to the metrics label of its origin, for channels whose addresses name one.
    """

    providers: tuple[Provider[Any, Any], ...]
    real: bool
    signs_as: str = ""
    label: Callable[[str], str] | None = None


def _push(settings: Settings) -> Made:
    real = settings.vapid_private_key is not None
    key = VapidKey.load(settings.vapid_private_key.get_secret_value()) if settings.vapid_private_key else None
    origins = settings.push_origins or (KNOWN_ORIGINS if real else (*KNOWN_ORIGINS, SYNTHETIC_ORIGIN))
    channel = WebPush(
        WebPushConfig(
            vapid=key or VapidKey.generate(),
            subject=settings.vapid_subject if real else "mailto:sandbox@example.org",
            origins=origins,
            timeout_s=settings.send_timeout_s,
            concurrency=settings.push_concurrency,
            helpers=settings.helpers,
        )
    )
    return Made((Provider("push", channel),), real, label=functools.partial(service_of, origins=origins))


def _email(settings: Settings) -> Made:
    relays: list[Provider[Any, Any]] = []
    for name, field, url in (("relay", "smtp_url", settings.smtp_url), ("relay-2", "smtp_url_2", settings.smtp_url_2)):
        if url is not None:
            with _about(field):
                relays.append(_relay(settings, name, url.get_secret_value()))
    return Made(tuple(relays) or (_relay(settings, "relay", _SANDBOX_RELAY),), real=bool(relays))


def _relay(settings: Settings, name: str, url: str) -> Provider[Any, Any]:
    config = SmtpConfig.from_url(url)
    dkim = None
    if url != _SANDBOX_RELAY and settings.dkim_private_key is not None:
        domain = settings.dkim_domain or config.sender.address.rpartition("@")[2]
        dkim = DkimKey(domain, settings.dkim_selector, settings.dkim_private_key.get_secret_value())
    config = replace(config, pool_size=settings.smtp_concurrency, timeout_s=settings.send_timeout_s, dkim=dkim)
    return Provider(name, Email(config), endpoint=(config.host, config.port))


_SANDBOX_RELAY = "smtp://127.0.0.1:25?from=sandbox@tocsin.example"


def _account(settings: Settings, sender: str) -> TwilioAccount:
    token = settings.twilio_auth_token.get_secret_value() if settings.twilio_auth_token else "sandbox"
    return TwilioAccount(
        settings.twilio_account_sid or _SANDBOX_SID,
        token,
        sender,
        base_url=settings.twilio_base_url or None,
        timeout_s=settings.send_timeout_s,
        helpers=settings.helpers,
    )


_SANDBOX_NUMBER = "+33199000000"


def _sms(settings: Settings) -> Made:
    """Return Twilio, an SMPP carrier, or both. ``signs_as`` prefers an alphanumeric sender, which gets no STOP."""
    providers: list[Provider[Any, Any]] = []
    senders: list[str] = []
    if settings.twilio_account_sid or settings.smpp_url is None:
        sender = settings.twilio_from or _SANDBOX_NUMBER
        account = _account(settings, sender)
        providers.append(Provider("twilio", Sms(account), endpoint=account.endpoint))
        senders.append(settings.twilio_from)
    if settings.smpp_url is not None:
        with _about("smpp_url"):
            config = SmppConfig.from_url(settings.smpp_url.get_secret_value())
        timeout_s = min(config.timeout_s, settings.send_timeout_s)
        providers.append(Provider("smpp", Smpp(replace(config, timeout_s=timeout_s))))
        senders.append(config.sender)
    signs_as = next((each for each in senders if is_alphanumeric(each)), senders[0])
    return Made(tuple(providers), bool(settings.twilio_account_sid or settings.smpp_url), signs_as)


def _voice(settings: Settings) -> Made:
    sender = settings.twilio_voice_from or settings.twilio_from
    can_call = sender != "" and not is_alphanumeric(sender) and not sender.startswith("MG")
    real = bool(settings.twilio_account_sid) and can_call
    account = _account(settings, sender if can_call else _SANDBOX_NUMBER)
    return Made((Provider("twilio", Voice(account), endpoint=account.endpoint),), real)


@contextmanager
def _about(field: str) -> Iterator[None]:
    """Attribute errors within the block to a setting."""
    try:
        yield
    except Invalid as error:
        raise Invalid(error.code, error.field or field, **error.params) from error


_FIELDS = {
    "account_sid": "TOCSIN_TWILIO_ACCOUNT_SID",
    "auth_token": "TOCSIN_TWILIO_AUTH_TOKEN",
    "base_url": "TOCSIN_TWILIO_BASE_URL",
    "dkim_domain": "TOCSIN_DKIM_DOMAIN",
    "dkim_private_key": "TOCSIN_DKIM_PRIVATE_KEY",
    "origins": "TOCSIN_PUSH_ORIGINS",
    "subject": "TOCSIN_VAPID_SUBJECT",
    "smtp_url": "TOCSIN_SMTP_URL",
    "smtp_url_2": "TOCSIN_SMTP_URL_2",
    "smpp_url": "TOCSIN_SMPP_URL",
}
_MAKERS: dict[ChannelName, tuple[Callable[[Settings], Made], str, str]] = {
    ChannelName.PUSH: (
        _push,
        "TOCSIN_VAPID_PRIVATE_KEY",
        "set TOCSIN_VAPID_PRIVATE_KEY and TOCSIN_VAPID_SUBJECT; `tocsin vapid` makes a key",
    ),
    ChannelName.SMS: (
        _sms,
        "TOCSIN_TWILIO_FROM",
        "set TOCSIN_TWILIO_ACCOUNT_SID, TOCSIN_TWILIO_AUTH_TOKEN and TOCSIN_TWILIO_FROM; or TOCSIN_SMPP_URL",
    ),
    ChannelName.VOICE: (
        _voice,
        "TOCSIN_TWILIO_VOICE_FROM",
        "set the Twilio settings, and a number that may call in TOCSIN_TWILIO_VOICE_FROM",
    ),
    ChannelName.EMAIL: (_email, "TOCSIN_SMTP_URL", "set TOCSIN_SMTP_URL, as smtp://user:password@host:587?from=…"),
}
