"""Voice call text."""

from broadcaster.domain.alerts import MsgType, Status, Text
from broadcaster.pipeline.render.context import Context, Fill
from broadcaster.pipeline.wording import wording
from channels.voice import VoiceMessage, voice_language


def render_voice(context: Context, language: str, text: Text) -> Fill:
    """Render the call; each person gets their own webhooks."""
    words = wording(language)
    alert = context.alert
    spoken = {Status.EXERCISE: words.exercise_spoken, Status.TEST: words.test_spoken}.get(alert.status, "")
    kind = {MsgType.UPDATE: words.update, MsgType.CANCEL: words.cancel.capitalize()}.get(alert.msg_type, "")
    parts = (
        spoken,
        words.from_station.format(station=context.station.name),
        kind and f"{kind}.",
        _sentence(text.headline),
        _sentence(text.description),
        _sentence(text.instruction),
    )
    say = " ".join(part for part in parts if part)

    def fill(delivery_id: int) -> VoiceMessage:
        return VoiceMessage(
            say=say,
            language=voice_language(language),
            confirm_prompt=words.confirm_prompt,
            thanks=words.thanks,
            gather_url=f"{context.links.hook('voice', delivery_id)}&lang={language}",
            status_callback=context.links.hook("status", delivery_id),
        )

    return fill


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?…" else f"{text}."
