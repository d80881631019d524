"""Troubles in the operator's language; the English is in ``domain.health``."""

from datetime import date

from broadcaster.domain.health import SENTENCES, Grade, Trouble
from broadcaster.web.i18n import Words


def told(trouble: Trouble, words: Words) -> dict[str, str]:
    """Return a trouble for ``console/troubles.html``; ``detail`` may be in a provider's words."""
    sentence = SENTENCES[trouble.code]
    gaps = dict(trouble.params)
    if trouble.channel is not None:
        gaps["channel"] = words.channel(trouble.channel)
    if "day" in gaps:
        gaps["day"] = words.day(date.fromisoformat(str(gaps["day"])))
    return {
        "look": "bad" if trouble.grade is Grade.ERROR else "warn",
        "said": words(sentence.said, **gaps) if gaps else words(sentence.said),
        "to_do": words(sentence.to_do),
        "detail": trouble.reason(words),
        "language": "en" if trouble.detail else words.language,
    }
