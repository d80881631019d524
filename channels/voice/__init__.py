"""Phone calls by Twilio: a text said twice, and a key to confirm it."""

from channels.voice.channel import Voice
from channels.voice.message import VoiceMessage, voice_language
from channels.voice.twiml import answer, confirms, opening

__all__ = ["Voice", "VoiceMessage", "answer", "confirms", "opening", "voice_language"]
