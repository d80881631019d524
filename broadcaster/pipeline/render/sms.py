"""The text of an SMS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.domain.alerts import Text
from broadcaster.pipeline.render.context import prefix
from broadcaster.pipeline.wording import wording
from channels.sms import SmsMessage, count, plain
from channels.twilio import is_alphanumeric

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadcaster.pipeline.render.context import Context, Fill

SMS_SEGMENTS = 3
"""How many segments an SMS may take before its text is shortened; an author's own SMS text never is."""

_MOST_VALIDITY_S = 36_000
_TOKEN = "x" * 18
"""As long as the token of a way out, for deliveries up to 4 thousand million; it leads nowhere."""


def sms_text(context: Context, language: str, text: Text, page: str) -> str:
    """Return what an SMS says, to look at and to count: its way out, where it has one, leads nowhere."""
    way_out = _way_out(context, language, f"{context.links.base_url}/u/{_TOKEN}")
    return _joined(_said(context, language, text, page, way_out), way_out)


def cheap_sms(context: Context, language: str, text: Text) -> str:
    """Return what an author may have an SMS say instead: the same in letters that cost less; without its link.

    It is offered, and stands in an SMS only where its author chose it (``Text.sms``).
    """
    letters = Text(plain(text.headline), plain(text.description), plain(text.instruction))
    before = prefix(context.alert, wording(language), letters.headline)
    around = (f"[{before}] " if before else "", context.links.page(context.alert))
    way_out = _way_out(context, language, f"{context.links.base_url}/u/{_TOKEN}")
    said = ""
    for head, middle in _shorter(plain(context.station.name), letters):
        said = _joined(head, middle)
        if count(_joined(f"{around[0]}{said}", around[1], way_out)).segments <= SMS_SEGMENTS:
            break
    return said


def _said(context: Context, language: str, text: Text, page: str, way_out: str) -> str:
    """Return station, headline, what to do, link; shortened to ``SMS_SEGMENTS`` together with ``way_out``.

    No letter is replaced by another: what makes it dearer is shown to the author beforehand. Shortened is what happens,
    then the station's name goes, then the headline is cut; never what stands before it, nor the link.
    """
    before = prefix(context.alert, wording(language), text.sms or text.headline)
    before = f"[{before}] " if before else ""
    if text.sms:
        return _joined(f"{before}{text.sms}", page)
    whole = ""
    for head, middle in _shorter(context.station.name, text):
        whole = _joined(f"{before}{head}", middle, page)
        if count(_joined(whole, way_out)).segments <= SMS_SEGMENTS:
            break
    return whole


def _shorter(station: str, text: Text) -> Iterator[tuple[str, str]]:
    """Return (head, middle), each shorter than the one before."""
    words = " ".join(part for part in (text.instruction, text.description) if part).split()
    head = f"{station}: {text.headline}"
    yield head, " ".join(words)
    kept = len(words)
    while kept > 0:
        kept = min(kept - 1, kept * 9 // 10)
        yield head, " ".join([*words[:kept], "..."]) if kept else ""
    yield text.headline, ""
    for length in range(len(text.headline) - 1, 0, -1):
        yield f"{text.headline[:length].rstrip()}...", ""


def _way_out(context: Context, language: str, url: str) -> str:
    # Whoever writes under a name can't be answered STOP: the way out is a link.
    return wording(language).stop.format(url=url) if is_alphanumeric(context.links.sms_sender) else ""


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def render_sms(context: Context, language: str, text: Text) -> Fill:
    """Render the text, for each person with their callback and, where there is no STOP, their way out."""
    longest = _way_out(context, language, f"{context.links.base_url}/u/{_TOKEN}")
    said = _said(context, language, text, context.links.page(context.alert), longest)
    left = int((context.alert.expires_at - context.now).total_seconds())
    validity_s = max(1, min(_MOST_VALIDITY_S, left))

    def fill(delivery_id: int) -> SmsMessage:
        way_out = _way_out(context, language, context.links.way_out(delivery_id)) if longest else ""
        return SmsMessage(_joined(said, way_out), context.links.hook("status", delivery_id), validity_s)

    return fill
