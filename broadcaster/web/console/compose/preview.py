"""Previews each channel's message with the real renderer, and reports errors by field."""

import json
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from itertools import islice
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from broadcaster.domain.people import ChannelName
from broadcaster.domain.refusals import Refused, sentence
from broadcaster.http.answers import answer
from broadcaster.http.messages import texts_in
from broadcaster.http.problems import HttpProblem
from broadcaster.http.reading import body_of, checked, form_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.alerts import Draft
from broadcaster.http.schemas.base import Shown
from broadcaster.http.stations import station_asked
from broadcaster.http.validation import findings
from broadcaster.pipeline.render import Context, cheap_sms, cut_in_sms, render, sms_text
from broadcaster.pipeline.rules import check_questions
from broadcaster.web.console.compose.draft import Page, context_of
from broadcaster.web.console.compose.easy import easy_of
from broadcaster.web.console.compose.findings import field_of, unreadable
from broadcaster.web.console.downloads import framed_mail
from broadcaster.web.console.frame import words_of
from channels.sms import count

_SHOWN = ("status", "severity", "urgency", "certainty", "category", "event", "expires")
_MOST_LANGUAGES = 10
_NOBODY = 0  # not a real delivery id, so its links are dummies


class PushPreview(Shown):
    """``answers``: its buttons."""

    title: str
    body: str
    answers: tuple[str, ...]


class Cheaper(Shown):
    text: str
    segments: int


class SmsPreview(Shown):
    text: str
    encoding: str
    units: int
    segments: int
    cut: str
    culprits: tuple[str, ...]
    cheaper: Cheaper | None


class MailPreview(Shown):
    subject: str
    sender: str
    text: str


class VoicePreview(Shown):
    say: str


class Previews(Shown):
    push: PushPreview
    sms: SmsPreview
    mail: MailPreview
    voice: VoicePreview


class Finding(Shown):
    field: str
    problem: str


class PreviewOut(Shown):
    """``easy``: what the alert's page would offer as easy to read."""

    languages: dict[str, Previews]
    easy: dict[str, str]
    findings: tuple[Finding, ...]


async def preview(call: Call[None, None]) -> web.Response:
    """Return each channel's message for valid languages, and the errors of the others."""
    words = words_of(call.request)
    page = await body_of(call.request, Page)
    if page is None:
        raise Refused("draft-missing")
    station = await station_asked(call, page.station)
    draft, wrong = _as_far_as_sound(page)
    texts = texts_in(draft.texts)
    try:
        check_questions(texts)
    except Refused as refused:
        wrong.append(refused)
    updates = bool((page.model_extra or {}).get("updates"))
    context = context_of(call.services, station, draft, texts, updates=updates)
    shown = {language: previews_of(context, language, cheap=language in page.cheap) for language in texts}
    written = (page.model_extra or {}).get("texts")
    readable = (
        {name: text for name, text in written.items() if isinstance(text, dict)} if isinstance(written, dict) else {}
    )
    found = reversed([*wrong, *unreadable(readable)])
    told = {field_of(each): sentence(each, words) for each in found}  # the first counts
    return answer(
        PreviewOut(
            languages=shown,
            easy=await easy_of(call, page, station, texts),
            findings=tuple(Finding(field=where, problem=what) for where, what in told.items()),
        )
    )


def _as_far_as_sound(page: Page) -> tuple[Draft, list[Refused]]:
    """Validate each field and language on its own; return a draft of the valid ones, and the errors."""
    wrong: list[Refused] = []
    sound: dict[str, Any] = {"station": page.station, "texts": {}}

    def try_one(given: dict[str, Any]) -> bool:
        try:
            Draft.model_validate_json(json.dumps({"station": page.station, **given}))
        except ValidationError as error:
            wrong.extend(findings(error, given))
            return False
        return True

    for name, value in (page.model_extra or {}).items():
        if name == "texts" and isinstance(value, dict):
            first = islice(value.items(), _MOST_LANGUAGES)
            sound["texts"] = {each: text for each, text in first if try_one({"texts": {each: text}})}
        elif name in _SHOWN and try_one({name: value}):
            sound[name] = value
    return Draft.model_validate_json(json.dumps(sound)), wrong


async def mail(call: Call[None, None]) -> web.Response:
    """Return a draft's mail for a frame, as a mail program would show it."""
    form = await form_of(call.request)
    try:
        draft = await checked(call.request, Draft, form.get("draft", "").encode())
    except HttpProblem:
        return web.Response(status=204)
    station = await station_asked(call, draft.station)
    language = form.get("language", "")
    texts = texts_in(draft.texts)
    if language not in texts:
        return web.Response(status=204)
    context = context_of(call.services, station, draft, texts, updates=bool(form.get("updates")))
    message = render(ChannelName.EMAIL, context, language)(_NOBODY)
    return framed_mail(_filled(message.template.html, {name: escape(value) for name, value in message.fill.items()}))


def _filled(body: str, fill: Mapping[str, str]) -> str:
    for name, value in fill.items():
        body = body.replace(f"{{{{{name}}}}}", value)
    return body


def previews_of(context: Context, language: str, *, cheap: bool) -> Previews:
    _, text = context.in_language(language)
    push = json.loads(render(ChannelName.PUSH, context, language)(_NOBODY).payload)
    voice = render(ChannelName.VOICE, context, language)(_NOBODY)
    sent = render(ChannelName.EMAIL, context, language)(_NOBODY)
    usual = sms_text(context, language, text)
    spelled = sms_text(context, language, replace(text, sms=cheap_sms(context, language, text)))
    counted, cheaper = count(usual), count(spelled)
    if cheap:
        usual, counted = spelled, cheaper
    offered = not cheap and cheaper.segments < counted.segments
    return Previews(
        push=PushPreview(title=push["title"], body=push["body"], answers=[each for _, each in push.get("answers", ())]),
        sms=SmsPreview(
            text=usual,
            encoding=counted.encoding,
            units=counted.units,
            segments=counted.segments,
            cut="" if cheap else cut_in_sms(context, language, text),
            culprits=counted.culprits,
            cheaper=Cheaper(text=spelled, segments=cheaper.segments) if offered else None,
        ),
        mail=MailPreview(
            subject=sent.template.subject, sender=sent.template.sender_name, text=_filled(sent.template.text, sent.fill)
        ),
        voice=VoicePreview(say=f"{voice.opening}\n{voice.say}\n{voice.menu}"),
    )
