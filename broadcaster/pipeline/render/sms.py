"""Renders SMS."""

from collections.abc import Iterator, Sequence

from broadcaster.domain.alerts import GRAVE, Text
from broadcaster.domain.answers import asks
from broadcaster.languages import Words
from broadcaster.pipeline.render.context import Context, Fill, prefix
from channels.sms import SmsMessage, count, plain
from channels.twilio import is_alphanumeric

SMS_SEGMENTS = 3
"""Longest generated SMS in segments, unless its instruction needs more; an author's own SMS text is never shortened."""

MOST_SEGMENTS = 9
"""Longest SMS with an instruction: providers take 1,600 characters at most."""

_MOST_VALIDITY_S = 36_000
_TOKEN = "x" * 18
"""A dummy as long as a delivery's token, for ids up to 4 thousand million."""


def sms_text(context: Context, language: str, text: Text) -> str:
    """Return the SMS for preview and counting, with dummy links."""
    tail = _tail(context, language)
    return _joined(_said(context, language, text, _page(context), tail), tail)


def cut_in_sms(context: Context, language: str, text: Text) -> str:
    """Return which part of the text the SMS shortens: ``description``, ``instruction``, or empty."""
    if text.sms:
        return ""
    said = " ".join(sms_text(context, language, text).split())
    for name in ("instruction", "description"):
        if " ".join(getattr(text, name).split()) not in said:
            return name
    return ""


def cheap_sms(context: Context, language: str, text: Text) -> str:
    """Return a cheaper spelling of the SMS for the author to choose, without its link.

    It is used only if chosen (``Text.sms``).
    """
    letters = Text(plain(text.headline), plain(text.description), plain(text.instruction))
    before = prefix(context.alert, context.words(language), letters.headline)
    around = (f"[{before}] " if before else "", _page(context))
    tail = _tail(context, language)
    said = ""
    for head, middle, most in _shorter(plain(context.station.name), letters):
        said = _joined(head, middle)
        if count(_joined(f"{around[0]}{said}", around[1], tail)).segments <= most:
            break
    return said


def _said(context: Context, language: str, text: Text, page: str, tail: str) -> str:
    """Return station, headline, instruction, link; shortened to ``SMS_SEGMENTS`` together with ``tail``.

    No letter is replaced: the author sees beforehand which characters raise the cost. The description is shortened
    first, then the station's name is dropped. The instruction stays whole up to ``MOST_SEGMENTS``; without one, the
    headline is cut. The prefix and the link always stay.
    """
    before = prefix(context.alert, context.words(language), text.sms or text.headline)
    before = f"[{before}] " if before else ""
    if text.sms:
        return _joined(f"{before}{text.sms}", page)
    whole = ""
    for head, middle, most in _shorter(context.station.name, text):
        whole = _joined(f"{before}{head}", middle, page)
        if count(_joined(whole, tail)).segments <= most:
            break
    return whole


def _shorter(station: str, text: Text) -> Iterator[tuple[str, str, int]]:
    """Yield (head, middle, most segments), each shorter than the last."""
    instruction = text.instruction.split()
    head = f"{station}: {text.headline}"
    for kept in _fewer(text.description.split()):
        yield head, " ".join([*instruction, *kept]), SMS_SEGMENTS
    if instruction:
        for kept in _fewer(instruction):
            yield text.headline, " ".join(kept), MOST_SEGMENTS if kept else SMS_SEGMENTS
    else:
        yield text.headline, "", SMS_SEGMENTS
    for length in range(len(text.headline) - 1, 0, -1):
        yield f"{text.headline[:length].rstrip()}...", "", SMS_SEGMENTS


def _fewer(words: Sequence[str]) -> Iterator[list[str]]:
    """Yield all words, then ever fewer followed by dots, then none."""
    yield list(words)
    kept = len(words)
    while kept > 0:
        kept = min(kept - 1, kept * 9 // 10)
        yield [*words[:kept], "..."] if kept else []


def _page(context: Context) -> str:
    """Return the link of the alert's page; where people answer or vote, one that is as long as theirs."""
    return f"{context.links.base_url}/r/{_TOKEN}" if context.personal else context.links.page(context.alert)


def _nowhere(context: Context) -> str:
    return f"{context.links.base_url}/u/{_TOKEN}"


def _tail(context: Context, language: str) -> str:
    """Return the last line: how to answer; from an alphanumeric sender, which gets no texts, a dummy opt-out link."""
    words, sender = context.words(language), context.links.sms_sender
    if is_alphanumeric(sender):
        return words.typed("Stop: %(url)s", url=_nowhere(context))
    line = _numbers(context, words, language) if sender and asks(context.alert) else ""
    return line if count(_joined(_page(context), line)).segments < SMS_SEGMENTS else ""


def _numbers(context: Context, words: Words, language: str) -> str:
    """Return the number for each answer; empty for a minor alert, unless its author asks a question."""
    alert = context.alert
    if alert.own_answers:
        question, own = alert.question_in(language, context.station.languages[0])
        numbered = ", ".join(f"{number} {each}" for number, each in enumerate(own, 1))
        return words.typed("%(question)s Reply %(answers)s", question=question, answers=numbered)
    if alert.severity not in GRAVE:
        return ""
    if context.helps:
        return words.typed("In danger: 112 (SMS 114). Reply 1 received, 2 safe, 3 help")
    return words.typed("Reply 1 received, 2 safe")


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def render_sms(context: Context, language: str, text: Text) -> Fill:
    """Render the text; each person gets their own callback and, if STOP does not work, an opt-out link."""
    links, page, tail = context.links, _page(context), _tail(context, language)
    said = _said(context, language, text, page, tail)
    before, leaves, after = tail.partition(_nowhere(context))
    personal, whole = context.personal, said.removesuffix(page)
    left = int((context.alert.expires_at - context.now).total_seconds())
    validity_s = max(1, min(_MOST_VALIDITY_S, left))

    def fill(delivery_id: int) -> SmsMessage:
        mine = whole + links.answer(delivery_id) if personal else said
        ending = before + links.way_out(delivery_id) + after if leaves else tail
        return SmsMessage(_joined(mine, ending), links.hook("status", delivery_id), validity_s)

    return fill
