"""Renders messages about the receiver's own contacts: a test that they asked for, and a device that went silent."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from broadcaster.domain.corrections import Correction, CorrectionState
from broadcaster.domain.people import ChannelName
from broadcaster.domain.stations import Station
from broadcaster.languages import Words, catalogs, direction
from broadcaster.pipeline.render.code import TEMPLATES, short_name
from broadcaster.pipeline.render.context import Links
from channels.email import Mail, MailTemplate
from channels.sms import SmsMessage
from channels.voice import VoiceMessage, voice_language
from channels.webpush import PushMessage

_TTL_S = 900


@dataclass(frozen=True, slots=True)
class Notice:
    """``subject`` and ``sentences`` in ``words``. ``name`` identifies the message; ``receipt`` takes a push's.

    ``page``: what a push opens; empty: *My alerts*.
    """

    station: Station
    links: Links
    words: Words
    subject: str
    sentences: tuple[str, ...]
    name: str
    receipt: str = ""
    page: str = ""


def trial(station: Station, links: Links, language: str, channel: ChannelName, trial_id: int) -> Notice:
    """Return a contact's test message."""
    words = catalogs().words(language)
    name = station.plain_name
    said: tuple[str, ...]
    if channel is ChannelName.VOICE:
        said = (
            words("Hello. This is a test that you asked for."),
            words("An alert from %(station)s would call you at this number, as now.", station=name),
            words("Nothing is happening. You can hang up."),
        )
    elif channel is ChannelName.SMS:
        asked = words.typed(
            "%(station)s: test that you asked for. Alerts reach this number.", station=short_name(station)
        )
        said = (asked,)
    else:
        said = (words("Alerts from %(station)s arrive here. Nothing is happening.", station=name),)
    subject = words("Test: it arrives")
    return Notice(station, links, words, subject, said, f"trial-{trial_id}", links.trial(trial_id))


def silent_device(station: Station, links: Links, language: str, channel: ChannelName, contact_id: int) -> Notice:
    """Return the message about a dead push subscription, for its owner at another contact."""
    words = catalogs().words(language)
    name, page = station.plain_name, f"{links.base_url}/me"
    said: tuple[str, ...]
    if channel is ChannelName.SMS:
        gaps = {"station": short_name(station), "page": page}
        said = (
            words.typed("%(station)s: your device no longer gets notifications. Turn them on again: %(page)s", **gaps),
        )
    else:
        said = (
            words("The notifications of %(station)s no longer arrive on your device.", station=name),
            words("Open this page on it to turn them on again: %(page)s", page=page),
        )
    return Notice(station, links, words, words("Your device no longer gets alerts"), said, f"silent-{contact_id}")


def fading(
    station: Station, links: Links, language: str, channel: ChannelName, *, subscriber_id: int, until: datetime
) -> Notice:
    """Return the warning of a person who gave no sign for long, before they are erased."""
    words = catalogs().words(language)
    name, page = station.plain_name, links.stay(subscriber_id)
    day = words.day(until)
    gaps = {"station": name, "day": day, "page": page}
    said: tuple[str, ...]
    if channel is ChannelName.SMS:
        gaps["station"] = short_name(station)
        said = (
            words.typed(
                "%(station)s: to keep our alerts, confirm before %(day)s, or your data is erased: %(page)s", **gaps
            ),
        )
    elif channel is ChannelName.VOICE:
        said = (
            words("Hello. %(station)s has heard nothing from you for a long time.", station=name),
            words("If you do nothing, your data is erased on %(day)s, and you get no more alerts.", day=day),
            words("To stay, call your town hall."),
        )
    else:
        said = (
            words("%(station)s has heard nothing from you for a long time.", station=name),
            words("To go on getting its alerts, open this page and press the button: %(page)s", page=page),
            words("Otherwise your data is erased on %(day)s, and you get no more alerts.", day=day),
        )
    subject = words("Do you still want these alerts?")
    return Notice(station, links, words, subject, said, f"stay-{subscriber_id}", page=page)


def corrected(station: Station, links: Links, language: str, channel: ChannelName, asked: Correction) -> Notice:
    """Return the answer to a request for a correction."""
    words, short = catalogs().words(language), channel is ChannelName.SMS
    reason = asked.reason if asked.reason.endswith((".", "!", "?", "…")) else f"{asked.reason}."
    gaps = {"station": short_name(station) if short else station.plain_name, "reason": reason}
    say = words.typed if short else words
    said: tuple[str, ...]
    if asked.state is CorrectionState.ACCEPTED:
        said = (say("%(station)s: what our list says about you has been corrected, as you asked.", **gaps),)
    else:
        said = (
            say("%(station)s: we have refused your request for a correction. The reason: %(reason)s", **gaps),
            say("You may complain to the data protection authority (in France: the CNIL)."),
        )
    return Notice(station, links, words, words("Your request for a correction"), said, f"correction-{asked.id}")


def render_notice(channel: ChannelName, notice: Notice) -> PushMessage | SmsMessage | VoiceMessage | Mail:
    if channel is ChannelName.PUSH:
        return _push(notice)
    if channel is ChannelName.SMS:
        return SmsMessage(" ".join(notice.sentences), validity_s=_TTL_S)
    if channel is ChannelName.VOICE:
        say, language = " ".join(notice.sentences), voice_language(notice.words.language)
        return VoiceMessage(say=say, language=language, detect_machine=False)
    name = notice.station.plain_name
    template = MailTemplate(
        subject=f"{notice.subject} - {name}",
        text="\n\n".join(notice.sentences) + "\n",
        html=TEMPLATES.get_template("notice.html").render(
            language=notice.words.language,
            direction=direction(notice.words.language),
            title=notice.subject,
            sentences=notice.sentences,
        ),
        language=notice.words.language,
        list_id=f"{notice.station.slug}.{notice.links.host}",
        sender_name=name,
    )
    return Mail(template, message_id=notice.name)


def _push(notice: Notice) -> PushMessage:
    told = {
        "type": "welcome",  # shown, and answered by its receipt, like the first push
        "lang": notice.words.language,
        "dir": direction(notice.words.language),
        "title": notice.subject,
        "body": " ".join(notice.sentences),
        "tag": notice.name,
        "url": notice.page or f"{notice.links.base_url}/me",
        "receipt": notice.receipt,
    }
    payload = orjson.dumps(told)
    return PushMessage(payload, payload, _TTL_S, "high", notice.name)
