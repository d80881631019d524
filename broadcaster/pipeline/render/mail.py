"""The mail: text and HTML, compiled once per language."""

import secrets

from jinja2 import Environment, PackageLoader, StrictUndefined

from broadcaster.domain.alerts import Alert, Lane, MsgType, Status, Text, ThreadRole
from broadcaster.domain.answers import asks
from broadcaster.domain.templates import easy_in
from broadcaster.languages import Words, direction
from broadcaster.palette import PALETTE
from broadcaster.pipeline.render.context import Context, Fill, prefix, titled, until
from channels.email import Mail, MailTemplate

# Unguessable, so braces in an author's text stay text.
_SLOT = f"way_out_{secrets.token_hex(8)}"
_PAGE_SLOT = f"page_{secrets.token_hex(8)}"
_jinja = Environment(
    loader=PackageLoader("broadcaster.pipeline.render"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_jinja.globals["palette"] = PALETTE


def render_mail(context: Context, language: str, text: Text) -> Fill:
    """Render both parts; each person gets their own opt-out link. Mails about one alert share a thread."""
    alert, station, links = context.alert, context.station, context.links
    words, personal = context.words(language), context.personal
    title = titled(alert, words, text)
    name = station.plain_name
    parts = {
        "language": language,
        "direction": direction(language),
        "words": words,
        "fixed": direction(words.language),
        "title": title,
        "text": text,
        "easy": easy_in(alert.prepared, alert.role, alert.texts).get(language, ""),
        "asks": alert.question_in(language, station.languages[0]),
        "station": name,
        "before": prefix(alert, words, text.headline),
        "page": f"{{{{{_PAGE_SLOT}}}}}" if personal else links.page(alert),
        "link": _link(context, words),
        "until": "" if alert.msg_type is MsgType.CANCEL or alert.role is ThreadRole.LEFT else until(context, words),
        "why_you": words(
            "You get this message because you follow %(station)s, or because you are there.", station=name
        ),
        "unsubscribe": words("No more e-mail from %(station)s", station=name),
        "way_out": f"{{{{{_SLOT}}}}}",
        "colour": _colour(alert),
    }
    template = MailTemplate(
        subject=f"{title} - {name}",
        text=_jinja.get_template("mail.txt").render(parts),
        html=_jinja.get_template("mail.html").render(parts),
        language=language,
        list_id=f"{station.slug}.{links.host}",
        sender_name=name,
        urgent=alert.lane is Lane.URGENT,
        placeholders=(_SLOT, _PAGE_SLOT) if personal else (_SLOT,),
    )

    def fill(delivery_id: int) -> Mail:
        way_out = links.way_out(delivery_id)
        return Mail(
            template,
            message_id=f"{alert.id}.{delivery_id}",
            unsubscribe_url=way_out,
            fill={_SLOT: way_out, _PAGE_SLOT: links.answer(delivery_id)} if personal else {_SLOT: way_out},
            date=alert.sent_at,
            # Never sent: the common parent of all mails in the thread.
            references=f"{context.thread}.thread",
        )

    return fill


def _link(context: Context, words: Words) -> str:
    if context.poll:
        return words("Vote by your own link")
    if asks(context.alert):
        return words("Answer, and read what else is known")
    return words("See the area on the map") if context.alert.area is not None else words("Details and updates")


def _colour(alert: Alert) -> str:
    if alert.status is not Status.ACTUAL:
        return PALETTE["quiet"]
    if alert.role in (ThreadRole.MISTAKE, ThreadRole.LEFT):
        return PALETTE["quiet"]
    if alert.msg_type is MsgType.CANCEL:
        return PALETTE["good"]
    return PALETTE.get(f"{alert.severity}-edge", PALETTE["act"])
