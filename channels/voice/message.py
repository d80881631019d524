"""The text of a call."""

import re
from dataclasses import dataclass

from channels.twilio.account import is_url

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z]{2,8}){0,2}")
_LONGEST_PROMPT = 700
_LONGEST_TEXT = 20_000
_LONGEST_URL = 600
_TIMEOUT_S = range(5, 601)
# XML 1.0, 2.2: not allowed in a document, even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Twilio's Say needs a country for some languages.
_COUNTRIES = {
    "ar": "arb",
    "ca": "ca-ES",
    "de": "de-DE",
    "en": "en-GB",
    "es": "es-ES",
    "fr": "fr-FR",
    "it": "it-IT",
    "nl": "nl-NL",
    "pl": "pl-PL",
    "pt": "pt-PT",
    "ro": "ro-RO",
    "ru": "ru-RU",
    "tr": "tr-TR",
    "uk": "uk-UA",
    "zh": "cmn-CN",
}


def voice_language(tag: str) -> str:
    """Return Twilio's Say language for a plain tag (fr becomes fr-FR); others are unchanged."""
    return _COUNTRIES.get(tag.lower(), tag)


def speakable(text: str) -> str:
    """Strip space and characters that XML can't contain."""
    return _NOT_XML.sub("", text).strip()


@dataclass(frozen=True, slots=True)
class VoiceMessage:
    """A text to say, and how it is answered. A pause is made between lines, so that it can be followed.

    ``opening`` is said before the text, and ``menu`` after it (« Pour confirmer, appuyez sur 1 »), both in
    ``prompt_language``, which without one is ``language``. ``gather_url``: public URL that receives the key and answers
    with TwiML; without it no key is requested. ``status_callback`` receives ringing, answer and end. ``timeout_s``: how
    long it may ring, in seconds. ``detect_machine``: detect answering machines (billed; does not delay the text).
    Raises ``ValueError``.
    """

    say: str
    language: str
    menu: str = ""
    gather_url: str | None = None
    status_callback: str | None = None
    timeout_s: int = 30
    detect_machine: bool = True
    opening: str = ""
    prompt_language: str = ""

    @property
    def prompts(self) -> str:
        return self.prompt_language or self.language

    def __post_init__(self) -> None:
        if not speakable(self.say):
            raise ValueError("a call needs something to say")
        if len(self.say) > _LONGEST_TEXT:
            raise ValueError(f"a call says at most {_LONGEST_TEXT} characters")
        if not all(_LANGUAGE.fullmatch(each) for each in (self.language, self.prompts)):
            raise ValueError("language is a tag such as fr-FR or en-GB")
        for name in ("opening", "menu"):
            if len(getattr(self, name)) > _LONGEST_PROMPT:
                raise ValueError(f"{name} has at most {_LONGEST_PROMPT} characters")
        for name in ("gather_url", "status_callback"):
            url = getattr(self, name)
            if url is not None and (not is_url(url) or len(url) > _LONGEST_URL):
                raise ValueError(
                    f"{name} is an http or https URL, percent-encoded, of at most {_LONGEST_URL} characters"
                )
        if self.gather_url is not None and not speakable(self.menu):
            raise ValueError("menu says which keys to press, since gather_url wants one")
        if self.timeout_s not in _TIMEOUT_S:
            raise ValueError("timeout_s is between 5 and 600 seconds")
