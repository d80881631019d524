"""Troubles in the operator's language; the English is in ``domain.health``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.domain.health import SENTENCES, Grade

if TYPE_CHECKING:
    from broadcaster.domain.health import Trouble
    from broadcaster.web.i18n import Words


def told(trouble: Trouble, words: Words) -> dict[str, str]:
    """Return a trouble for ``console/troubles.html``; ``detail`` stays in its original words."""
    sentence = SENTENCES[trouble.code]
    gaps = dict(trouble.params)
    if trouble.channel is not None:
        gaps["channel"] = words.channel(trouble.channel)
    return {
        "look": "bad" if trouble.grade is Grade.ERROR else "warn",
        "said": words(sentence.said, **gaps) if gaps else words(sentence.said),
        "to_do": words(sentence.to_do),
        "detail": trouble.detail,
    }
