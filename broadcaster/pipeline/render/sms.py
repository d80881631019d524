"""The text of an SMS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.pipeline.render.context import prefix
from broadcaster.pipeline.wording import wording
from channels.sms import SmsMessage, count
from channels.twilio_api import is_alphanumeric

if TYPE_CHECKING:
    from broadcaster.domain.alerts import Text
    from broadcaster.pipeline.render.context import Context, Fill

SMS_SEGMENTS = 3
"""How many segments an SMS may take before its text is shortened; an author's own SMS text never is."""

_MOST_VALIDITY_S = 36_000


def sms_text(context: Context, language: str, text: Text, page: str) -> str:
    """Give what an SMS says: station, headline, what to do, link; the middle shortened to ``SMS_SEGMENTS``.

    No letter is replaced by another: what makes it dearer is shown to the author beforehand.
    """
    before = prefix(context.alert, wording(language))
    if text.sms:
        return "\n".join(part for part in (f"[{before}] {text.sms}" if before else text.sms, page) if part)
    head = f"{context.station.name}: {text.headline}"
    head = f"[{before}] {head}" if before else head
    body = " ".join(part for part in (text.instruction, text.description) if part)
    words = body.split()
    kept = len(words)
    while kept >= 0:
        middle = " ".join(words[:kept]) + ("" if kept == len(words) else " ...") if kept else ""
        whole = "\n".join(part for part in (head, middle, page) if part)
        if count(whole).segments <= SMS_SEGMENTS or kept == 0:
            return whole
        kept = min(kept - 1, kept * 9 // 10)
    return head


def render_sms(context: Context, language: str, text: Text) -> Fill:
    """Render the text, for each person with their callback and, where there is no STOP, their way out."""
    said = sms_text(context, language, text, context.links.page(context.alert))
    left = int((context.alert.expires_at - context.now).total_seconds())
    validity_s = max(1, min(_MOST_VALIDITY_S, left))
    # Whoever writes under a name can't be answered STOP: the way out is a link.
    way_out = wording(language).stop if is_alphanumeric(context.links.sms_sender) else ""

    def fill(delivery_id: int) -> SmsMessage:
        whole = f"{said}\n{way_out.format(url=context.links.way_out(delivery_id))}" if way_out else said
        return SmsMessage(whole, context.links.hook("status", delivery_id), validity_s)

    return fill
