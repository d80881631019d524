"""Message texts per channel: rendered once per language, then filled per person.

On every channel, an exercise says in its first word that it is one.
"""

from collections.abc import Callable

from broadcaster.domain.alerts import Text
from broadcaster.domain.people import ChannelName
from broadcaster.pipeline.render.context import Context, Fill, Links, foreseen
from broadcaster.pipeline.render.mail import render_mail
from broadcaster.pipeline.render.push import render_push
from broadcaster.pipeline.render.sms import cheap_sms, cut_in_sms, render_sms, sms_text
from broadcaster.pipeline.render.voice import render_voice
from channels.voice import VoiceMessage

__all__ = ["Context", "Fill", "Links", "cheap_sms", "cut_in_sms", "foreseen", "render", "sms_text", "voice_message"]

_RENDERERS: dict[ChannelName, Callable[[Context, str, Text], Fill]] = {
    ChannelName.PUSH: render_push,
    ChannelName.SMS: render_sms,
    ChannelName.VOICE: render_voice,
    ChannelName.EMAIL: render_mail,
}


def render(channel: ChannelName, context: Context, locale: str) -> Fill:
    """Render an alert for ``channel`` in the best language for ``locale``."""
    language, text = context.in_language(locale)
    return _RENDERERS[channel](context, language, text)


def voice_message(context: Context, locale: str, delivery_id: int) -> VoiceMessage:
    """Return a call's text, for the webhook that handles a key press."""
    language, text = context.in_language(locale)
    message = render_voice(context, language, text)(delivery_id)
    if not isinstance(message, VoiceMessage):
        raise TypeError
    return message
