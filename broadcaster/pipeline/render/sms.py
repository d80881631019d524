"""SMS text."""

from collections.abc import Iterator

from broadcaster.domain.alerts import Text
from broadcaster.pipeline.render.context import Context, Fill, prefix
from channels.sms import SmsMessage, count, plain
from channels.twilio import is_alphanumeric

SMS_SEGMENTS = 3
"""Longest generated SMS in segments; an author's own SMS text is never shortened."""

_MOST_VALIDITY_S = 36_000
_TOKEN = "x" * 18
"""As long as an opt-out token, for delivery ids up to 4 thousand million; leads nowhere."""


def sms_text(context: Context, language: str, text: Text, page: str) -> str:
    """Return the SMS for preview and counting; its opt-out link, if any, leads nowhere."""
    way_out = _way_out(context, language, f"{context.links.base_url}/u/{_TOKEN}")
    return _joined(_said(context, language, text, page, way_out), way_out)


def cheap_sms(context: Context, language: str, text: Text) -> str:
    """Return a cheaper spelling of the SMS for the author to choose, without its link.

    It is used only if chosen (``Text.sms``).
    """
    letters = Text(plain(text.headline), plain(text.description), plain(text.instruction))
    before = prefix(context.alert, context.words(language), letters.headline)
    around = (f"[{before}] " if before else "", context.links.page(context.alert))
    way_out = _way_out(context, language, f"{context.links.base_url}/u/{_TOKEN}")
    said = ""
    for head, middle in _shorter(plain(context.station.name), letters):
        said = _joined(head, middle)
        if count(_joined(f"{around[0]}{said}", around[1], way_out)).segments <= SMS_SEGMENTS:
            break
    return said


def _said(context: Context, language: str, text: Text, page: str, way_out: str) -> str:
    """Return station, headline, instruction, link; shortened to ``SMS_SEGMENTS`` together with ``way_out``.

    No letter is replaced: the author is shown beforehand what makes it cost more. The description is shortened first,
    then the station's name is dropped, then the headline is cut; never its prefix or the link.
    """
    before = prefix(context.alert, context.words(language), text.sms or text.headline)
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
    """Yield (head, middle), each shorter than the last."""
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
    # An alphanumeric sender can't receive STOP: the opt-out is a link.
    words = context.words(language)
    return words.typed("Stop: %(url)s", url=url) if is_alphanumeric(context.links.sms_sender) else ""


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def render_sms(context: Context, language: str, text: Text) -> Fill:
    """Render the text; each person gets their callback and, without STOP, an opt-out link."""
    longest = _way_out(context, language, f"{context.links.base_url}/u/{_TOKEN}")
    said = _said(context, language, text, context.links.page(context.alert), longest)
    left = int((context.alert.expires_at - context.now).total_seconds())
    validity_s = max(1, min(_MOST_VALIDITY_S, left))

    def fill(delivery_id: int) -> SmsMessage:
        way_out = _way_out(context, language, context.links.way_out(delivery_id)) if longest else ""
        return SmsMessage(_joined(said, way_out), context.links.hook("status", delivery_id), validity_s)

    return fill
