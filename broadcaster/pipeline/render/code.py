"""The message with a confirmation code for a phone number or mailbox."""

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from broadcaster.domain.people import ChannelName
from broadcaster.domain.stations import Station
from broadcaster.pipeline.render.context import Links
from channels.email import Mail, MailTemplate
from channels.sms import SmsMessage
from channels.voice import VoiceMessage, voice_language

_jinja = Environment(
    loader=PackageLoader("broadcaster.pipeline.render"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_LONGEST_STATION = 40


@dataclass(frozen=True, slots=True)
class _Words:
    """Texts of one language; those of the SMS are GSM-7 and fit one segment with the longest name."""

    sms: str
    spoken: str
    subject: str
    hello: str
    button: str
    or_code: str
    minutes: str
    not_you: str


_WORDS = {
    "fr": _Words(
        sms="{station} : votre code {code}, valable {minutes} min. Rien demandé ? Ignorez.",
        spoken="Bonjour. Voici votre code pour recevoir les alertes de {station}. Votre code est : {code}. Je répète : "
        "{code}. Si vous n'avez rien demandé, raccrochez simplement.",
        subject="Confirmez votre adresse : {code}",
        hello="Vous avez demandé à recevoir les alertes de {station} à cette adresse.",
        button="Confirmer mon adresse",
        or_code="Ou saisissez ce code dans la page où vous vous êtes inscrit :",
        minutes="Le lien et le code sont valables {minutes} minutes.",
        not_you="Vous n'avez rien demandé ? Ne faites rien : vous ne recevrez aucun autre message.",
    ),
    "en": _Words(
        sms="{station}: your code {code}, good for {minutes} min. Not you? Ignore this.",
        spoken="Hello. This is your code to get alerts from {station}. Your code is: {code}. Once more: {code}. "
        "If you did not ask for it, simply hang up.",
        subject="Confirm your address: {code}",
        hello="You asked for alerts from {station} at this address.",
        button="Confirm my address",
        or_code="Or enter this code in the page where you signed up:",
        minutes="The link and the code hold for {minutes} minutes.",
        not_you="You did not ask for this? Do nothing: you will get no further message.",
    ),
}


@dataclass(frozen=True, slots=True)
class Code:
    """``code`` in ``language``, for a station; ``id`` is the confirmation's. ``minutes``: its lifetime."""

    station: Station
    links: Links
    language: str
    code: str
    id: int
    minutes: int = 15

    @property
    def name(self) -> str:
        return " ".join(self.station.name.split())


def render_code(channel: ChannelName, told: Code) -> SmsMessage | VoiceMessage | Mail:
    """Return the message for ``channel``, in French or else in English."""
    plain = told.language[:2].lower()
    tag = plain if plain in _WORDS else "en"
    words, name = _WORDS[tag], told.name
    if channel is ChannelName.EMAIL:
        return _mail(words, tag, told)
    if channel is ChannelName.VOICE:
        say = words.spoken.format(station=name, code=", ".join(told.code))
        return VoiceMessage(say=say, language=voice_language(tag), detect_machine=False)
    short = name if len(name) <= _LONGEST_STATION else f"{name[: _LONGEST_STATION - 3]}..."
    # Phones use the last line to offer autofill (WICG: origin-bound one-time codes).
    bound = f"@{told.links.host} #{told.code}"
    said = words.sms.format(station=short, code=told.code, minutes=told.minutes)
    return SmsMessage(f"{said}\n\n{bound}", validity_s=told.minutes * 60)


def _mail(words: _Words, tag: str, told: Code) -> Mail:
    parts = {
        "language": tag,
        "hello": words.hello.format(station=told.name),
        "button": words.button,
        "link": told.links.confirm(told.id),
        "or_code": words.or_code,
        "code": told.code,
        "minutes": words.minutes.format(minutes=told.minutes),
        "not_you": words.not_you,
    }
    template = MailTemplate(
        subject=words.subject.format(code=told.code),
        text=_jinja.get_template("code.txt").render(parts),
        html=_jinja.get_template("code.html").render(parts),
        language=tag,
        list_id=f"{told.station.slug}.{told.links.host}",
        sender_name=told.name,
    )
    return Mail(template, message_id=f"code.{told.id}")
