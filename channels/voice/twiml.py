"""TwiML for calls, made with twilio's classes.

Everything is inside one Gather, so a key works from the first word. The text is said twice, so that an answering
machine that starts recording late, or a slow listener, gets it whole once.
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

from twilio.twiml.voice_response import Gather, VoiceResponse  # type: ignore[import-untyped]

from channels.voice.message import VoiceMessage, speakable

LONGEST_TWIML = 4000  # characters within a request; Twilio's error 32018
_TIMES = 2
_SENTENCE_END = re.compile(r"[.!?…。؟]+[»\"')\]]*(?=\s|$)|\n+")
_WORD_END = re.compile(r"\s+")
_SECONDS_FOR_KEY = 8


def opening(message: VoiceMessage) -> str:
    """Return a call's initial TwiML, cut at the end of a sentence if too long."""
    return _fitting(message)[0]


def spoken(message: VoiceMessage) -> str:
    """Return the text as said once."""
    return _fitting(message)[1]


def reply(*lines: tuple[str, str], gather_url: str | None = None) -> str:
    """Return the TwiML that says texts, each with its language; with ``gather_url`` it takes a further key."""
    response = VoiceResponse()
    voice = response if gather_url is None else _gather(response, gather_url)
    for number, (text, language) in enumerate(lines):
        if number:
            voice.pause(length=1)
        _say(voice, text, language)
    response.hangup()
    return _xml(response)


def _fitting(message: VoiceMessage) -> tuple[str, str]:
    text = speakable(message.say)
    whole = _render(message, text)
    if len(whole) <= LONGEST_TWIML:
        return whole, text
    for shorter in _shorter(text):
        rendered = _render(message, shorter)
        if len(rendered) <= LONGEST_TWIML:
            return rendered, shorter
    raise AssertionError("prompts and URLs are bounded, so one character always fits")


def _shorter(text: str) -> Iterator[str]:
    # No longer text can fit, whatever its characters: avoids rendering most of a long one.
    most = LONGEST_TWIML // _TIMES
    for ends in (_SENTENCE_END, _WORD_END):
        cuts = [end.end() if ends is _SENTENCE_END else end.start() for end in ends.finditer(text[: most + 1])]
        for cut in reversed(cuts):
            shorter = text[:cut].strip()
            if shorter and len(shorter) < len(text):
                yield shorter if ends is _SENTENCE_END else shorter + "…"
    for cut in range(min(most, len(text) - 1), 0, -1):
        yield text[:cut].strip() + "…"


def _render(message: VoiceMessage, text: str) -> str:
    response = VoiceResponse()
    response.pause(length=1)
    voice: Any = response if message.gather_url is None else _gather(response, message.gather_url)
    for _ in range(_TIMES):
        if message.opening:
            _say(voice, message.opening, message.prompts)
            voice.pause(length=1)
        _say(voice, text, message.language)
        voice.pause(length=1)
        if message.gather_url is not None:
            _say(voice, message.menu, message.prompts)
            voice.pause(length=1)
    response.hangup()
    return _xml(response)


def _gather(response: Any, url: str) -> Any:
    voice = Gather(input="dtmf", num_digits=1, finish_on_key="", timeout=_SECONDS_FOR_KEY, action=url, method="POST")
    response.append(voice)
    return voice


def _say(voice: Any, text: str, language: str) -> None:
    """Say line by line, with a pause between: people must be able to follow."""
    for number, line in enumerate(filter(None, map(speakable, text.split("\n")))):
        if number:
            voice.pause(length=1)
        voice.say(line, language=language)


def _xml(response: Any) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>' + ET.tostring(response.xml(), encoding="unicode")
