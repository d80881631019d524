"""Renders calls: kind and severity, said slowly; the text; the keys that answer it, the same in every call."""

from broadcaster.domain.alerts import GRAVE, SEVERITY_WORDS, Alert, MsgType, Severity, Status, Text, ThreadRole
from broadcaster.languages import Words
from broadcaster.pipeline.render.context import Context, Fill, kind_of
from channels.voice import VoiceMessage, voice_language

REPEAT, STOP = "0", "9"


def render_voice(context: Context, language: str, text: Text) -> Fill:
    """Render the call; each person gets their own webhooks."""
    words = context.words(language)
    opening = "\n".join(opening_lines(context, words))
    said = spoken_text(text)
    menu = _menu(context, words, language)

    def fill(delivery_id: int) -> VoiceMessage:
        return VoiceMessage(
            say=said,
            language=voice_language(language),
            opening=opening,
            prompt_language=voice_language(words.language),
            menu=menu,
            gather_url=f"{context.links.hook('voice', delivery_id)}&lang={language}",
            status_callback=context.links.hook("status", delivery_id),
        )

    return fill


def opening_lines(context: Context, words: Words) -> list[str]:
    """Return the opening: drill or not, the kind of message, how serious it is, and who speaks."""
    alert = context.alert
    spoken = {
        Status.EXERCISE: words("Exercise, exercise, exercise. This is not a real alert."),
        Status.TEST: words("Technical test. This is not a real alert."),
    }.get(alert.status, "")
    lines = [spoken, *_kind(alert, words), words("A message from %(station)s.", station=context.station.name)]
    return [each for each in lines if each]


def _kind(alert: Alert, words: Words) -> list[str]:
    kind = kind_of(alert, words).capitalize()
    first = f"{kind}." if kind else ""
    if alert.msg_type is MsgType.CANCEL or alert.role is ThreadRole.LEFT:
        return [first]
    serious = f"{words(SEVERITY_WORDS[alert.severity])}."
    is_alert = alert.severity is not Severity.MINOR and alert.status is Status.ACTUAL
    return [first, words("This is an alert.") if is_alert else "", serious]


def spoken_text(text: Text) -> str:
    """Return an author's text in sentences, one part per line."""
    return "\n".join(_sentence(part) for part in (text.headline, text.description, text.instruction) if part.strip())


def may_stop(alert: Alert) -> bool:
    """Return whether a call offers to opt out of calls: not when lives may depend on it."""
    return alert.severity not in GRAVE


def _menu(context: Context, words: Words, language: str) -> str:
    alert = context.alert
    lines = []
    if alert.own_answers:
        question, own = alert.question_in(language, context.station.languages[0])
        lines.append(question)
        lines += [words("For %(answer)s, press %(key)s.", answer=each, key=key) for key, each in enumerate(own, 1)]
    elif alert.msg_type is MsgType.CANCEL or alert.role is ThreadRole.LEFT:
        lines.append(words("To confirm that you have heard this message, press 1."))
    else:
        lines.append(words("To confirm that you have heard this message, press 1."))
        lines.append(words("If you are safe, press 2."))
        if context.helps:
            lines.append(words("If you need help, call 112 first; then press 3."))
    lines.append(words("To hear it again, press 0."))
    if may_stop(alert):
        lines.append(words("To get no more calls, press 9."))
    return "\n".join(lines)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?…" else f"{text}."
