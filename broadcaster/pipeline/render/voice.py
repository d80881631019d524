"""Voice call text."""

from broadcaster.domain.alerts import Status, Text
from broadcaster.pipeline.render.context import Context, Fill, kind_of
from channels.voice import VoiceMessage, voice_language


def render_voice(context: Context, language: str, text: Text) -> Fill:
    """Render the call; each person gets their own webhooks."""
    words = context.words(language)
    alert = context.alert
    spoken = {
        Status.EXERCISE: words("Exercise, exercise, exercise. This is not a real alert."),
        Status.TEST: words("Technical test. This is not a real alert."),
    }.get(alert.status, "")
    kind = kind_of(alert, words).capitalize()
    opening = _joined(spoken, words("A message from %(station)s.", station=context.station.name), kind and f"{kind}.")
    said = _joined(_sentence(text.headline), _sentence(text.description), _sentence(text.instruction))
    alike = words.language == language.partition("-")[0]

    def fill(delivery_id: int) -> VoiceMessage:
        return VoiceMessage(
            say=_joined(opening, said) if alike else said,
            language=voice_language(language),
            opening="" if alike else opening,
            prompt_language=voice_language(words.language),
            confirm_prompt=words("To confirm that you have heard this message, press 1."),
            thanks=words("Thank you. Your answer is recorded. Goodbye."),
            gather_url=f"{context.links.hook('voice', delivery_id)}&lang={language}",
            status_callback=context.links.hook("status", delivery_id),
        )

    return fill


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?…" else f"{text}."
