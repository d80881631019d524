"""Phone calls by Twilio: a text said twice, and keys to answer it."""

from channels.voice.channel import Voice
from channels.voice.message import VoiceMessage, voice_language
from channels.voice.twiml import opening, reply

__all__ = ["Voice", "VoiceMessage", "opening", "reply", "voice_language"]
