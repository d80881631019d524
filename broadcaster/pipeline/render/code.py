"""The message with a confirmation code for a phone number or mailbox."""

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from broadcaster.domain.people import ChannelName
from broadcaster.domain.stations import Station
from broadcaster.languages import Words, catalogs, direction
from broadcaster.palette import PALETTE
from broadcaster.pipeline.render.context import Links
from broadcaster.store.people.confirmations import Purpose
from channels.email import Mail, MailTemplate
from channels.sms import SmsMessage
from channels.voice import VoiceMessage, voice_language

TEMPLATES = Environment(
    loader=PackageLoader("broadcaster.pipeline.render"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
TEMPLATES.globals["palette"] = PALETTE
_LONGEST_STATION = 40


@dataclass(frozen=True, slots=True)
class Code:
    """``code`` in ``language``, for a station; ``id`` is the confirmation's. ``minutes``: its lifetime.

    ``purpose``: to sign up, to see what the station's list says about a person, or either. Only the mail of a sign-up
    has a link: pressed by the owner of the mailbox, it would show that to the person who asked.
    """

    station: Station
    links: Links
    language: str
    code: str
    id: int
    minutes: int = 15
    purpose: Purpose = Purpose.SIGN_UP


def render_code(channel: ChannelName, told: Code) -> SmsMessage | VoiceMessage | Mail:
    words, name = catalogs().words(told.language), told.station.plain_name
    if channel is ChannelName.EMAIL:
        return _mail(words, told)
    if channel is ChannelName.VOICE:
        code = ", ".join(told.code)
        parts = (
            _hello(words, told.purpose, name),
            words("Your code is: %(code)s. Once more: %(code)s.", code=code),
            words("If you did not ask for it, simply hang up."),
        )
        return VoiceMessage(say=" ".join(parts), language=voice_language(words.language), detect_machine=False)
    # Phones use the last line to offer autofill (WICG: origin-bound one-time codes).
    bound = f"@{told.links.host} #{told.code}"
    gaps = {"station": short_name(told.station), "code": told.code, "minutes": told.minutes}
    # Each fits one segment of GSM-7 with the longest name.
    if told.purpose is Purpose.SHOW:
        said = words.typed("%(station)s: %(code)s shows your data, for %(minutes)s min. Tell nobody.", **gaps)
    elif told.purpose is Purpose.ANY:
        said = words.typed("%(station)s: %(code)s, for alerts or your data, %(minutes)s min. Tell nobody.", **gaps)
    else:
        said = words.typed("%(station)s: your code %(code)s, good for %(minutes)s min. Not you? Ignore this.", **gaps)
    return SmsMessage(f"{said}\n\n{bound}", validity_s=told.minutes * 60)


def _hello(words: Words, purpose: Purpose, name: str) -> str:
    if purpose is Purpose.SHOW:
        return words("Hello. This is your code to see what %(station)s keeps about you.", station=name)
    if purpose is Purpose.ANY:
        return words(
            "Hello. This is your code for alerts from %(station)s or for what it keeps about you.", station=name
        )
    return words("Hello. This is your code to get alerts from %(station)s.", station=name)


def short_name(station: Station) -> str:
    """Return a station's name for an SMS, cut after 40 characters."""
    name = station.plain_name
    return name if len(name) <= _LONGEST_STATION else f"{name[: _LONGEST_STATION - 3]}..."


def _mail(words: Words, told: Code) -> Mail:
    parts = {
        "words": words,
        "direction": direction(words.language),
        "station": told.station.plain_name,
        "link": told.links.confirm(told.id) if told.purpose is Purpose.SIGN_UP else "",
        "shows": told.purpose is Purpose.SHOW,
        "code": told.code,
        "minutes": told.minutes,
    }
    template = MailTemplate(
        subject=(
            words("Confirm your address: %(code)s", code=told.code)
            if told.purpose is Purpose.SIGN_UP
            else words("Your code: %(code)s", code=told.code)
        ),
        text=TEMPLATES.get_template("code.txt").render(parts),
        html=TEMPLATES.get_template("code.html").render(parts),
        language=words.language,
        list_id=f"{told.station.slug}.{told.links.host}",
        sender_name=told.station.plain_name,
    )
    return Mail(template, message_id=f"code.{told.id}")
