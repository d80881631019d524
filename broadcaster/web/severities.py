"""Severities on pages: words and styles."""

from broadcaster.domain.alerts import SEVERITY_WORDS, Message, Status
from broadcaster.web.i18n import Words


def severity_words(words: Words) -> dict[str, str]:
    return {severity.value: words(said) for severity, said in SEVERITY_WORDS.items()}


def look_of(message: Message) -> str:
    """Return a severity's style: drills differ from real alerts."""
    return str(message.severity) if message.status is Status.ACTUAL else "drill"
