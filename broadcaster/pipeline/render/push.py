"""The push payload: JSON for the service worker."""

import orjson

from broadcaster.domain.alerts import Alert, Lane, MsgType, Severity, Status, Text
from broadcaster.domain.answers import offered, word_of
from broadcaster.languages import direction
from broadcaster.pipeline.render.context import Context, Fill, titled
from broadcaster.pipeline.render.replies import label
from channels.webpush import MAX_PLAINTEXT, PushMessage
from channels.webpush import Urgency as PushUrgency

# As serialized: quotes in an author's text are escaped, so this can't match inside it.
_RECEIPT = b'"receipt":"@receipt@"'
_LONGEST_RECEIPT = 240
_SHORT = 120


def render_push(context: Context, language: str, text: Text) -> Fill:
    """Render the payload, and a shorter one for services with a lower limit."""
    alert, words = context.alert, context.words(language)
    title = titled(alert, words, text)
    facts = {
        "id": str(alert.id),
        "type": alert.msg_type,
        "status": alert.status,
        "severity": alert.severity,
        "urgent": alert.lane is Lane.URGENT,
        "lang": language,
        "dir": direction(language),
        "station": context.station.name,
        "title": title,
        "tag": context.thread,
        "url": context.links.poll(context.poll) if context.poll else context.links.page(alert),
        "sent": alert.sent_at.isoformat(timespec="seconds"),
        "expires": alert.expires_at.isoformat(timespec="seconds"),
        "receipt": "@receipt@",
        **({"quiet": True} if alert.silent or alert.quietly else {}),
    }
    asked = offered(alert, helps=context.helps)
    if asked:
        facts["answers"] = [[word_of(each), label(alert, context.station, words, each)] for each in asked]
        facts["kept"] = words("No network: your answer is kept, and is sent by itself. In an emergency, call 112.")
    question = alert.question_in(language, context.station.languages[0])[0]
    room = MAX_PLAINTEXT - len(orjson.dumps(facts)) - _LONGEST_RECEIPT - len(orjson.dumps(question)) - len(r"\n")
    whole = orjson.dumps({**facts, "body": _asking(_body(text, room), question)})
    brief = _within(text.instruction or text.description, _SHORT)
    short = orjson.dumps({**facts, "title": _within(title, _SHORT), "body": _asking(brief, question)})
    ttl_s = max(0, int((alert.expires_at - context.now).total_seconds()))
    urgency = _urgency(alert)

    def fill(delivery_id: int) -> PushMessage:
        receipt = b'"receipt":' + orjson.dumps(context.links.receipt(delivery_id))
        if asked:
            receipt += b',"answer":' + orjson.dumps(context.links.answer_token(delivery_id))
        return PushMessage(
            whole.replace(_RECEIPT, receipt), short.replace(_RECEIPT, receipt), ttl_s, urgency, context.thread
        )

    return fill


def _urgency(alert: Alert) -> PushUrgency:
    """RFC 8030, section 5.3: *high* reaches a device with a low battery."""
    if alert.status is not Status.ACTUAL or alert.severity is Severity.MINOR:
        return "low"
    return "high" if alert.lane is Lane.URGENT or alert.msg_type is MsgType.CANCEL else "normal"


def _body(text: Text, room: int) -> str:
    """Join both parts; beyond ``room``, the instruction takes precedence over the description."""
    instruction = _within(text.instruction, max(room * 2 // 3, room - len(orjson.dumps(text.description)) - len(r"\n")))
    left = room - len(orjson.dumps(instruction)) - len(r"\n")
    return "\n".join(part for part in (_within(text.description, left), instruction) if part)


def _asking(said: str, question: str) -> str:
    return "\n".join(part for part in (said, question) if part)


def _within(text: str, room: int) -> str:
    """Cut a text at a word so that its JSON takes at most ``room`` octets."""
    shown = text
    while shown and len(orjson.dumps(shown)) > room:
        cut = shown[: min(len(shown) - 2, len(shown) * 9 // 10)]
        shown = f"{cut.rsplit(maxsplit=1)[0] if ' ' in cut.strip() else cut}…" if cut.strip() else ""
    return shown
