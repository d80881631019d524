"""Severities on pages: words and styles."""

from broadcaster.domain.alerts import Message, Severity, Status
from broadcaster.web.i18n import Words


def severity_words(words: Words) -> dict[str, str]:
    """Return each severity in a reader's words."""
    return {
        Severity.EXTREME.value: words("Extreme danger"),
        Severity.SEVERE.value: words("Grave danger"),
        Severity.MODERATE.value: words("Danger"),
        Severity.MINOR.value: words("Information"),
    }


def look_of(message: Message) -> str:
    """Return a severity's style: drills differ from real alerts."""
    return str(message.severity) if message.status is Status.ACTUAL else "drill"
