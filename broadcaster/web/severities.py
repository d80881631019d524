"""Severities on pages: words and styles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.domain.alerts import Severity, Status

if TYPE_CHECKING:
    from broadcaster.domain.alerts import Alert
    from broadcaster.web.i18n import Words


def severity_words(words: Words) -> dict[str, str]:
    """Return each severity in a reader's words."""
    return {
        Severity.EXTREME.value: words("Extreme danger"),
        Severity.SEVERE.value: words("Grave danger"),
        Severity.MODERATE.value: words("Danger"),
        Severity.MINOR.value: words("Information"),
    }


def look_of(alert: Alert) -> str:
    """Return a severity's style: drills differ from real alerts."""
    return str(alert.severity) if alert.status is Status.ACTUAL else "drill"
