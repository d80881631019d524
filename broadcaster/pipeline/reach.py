"""Reach: computes whom an alert would reach, at what cost and how fast. Read-only."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import TypeAdapter

from broadcaster.atlas.atlas import Counted
from broadcaster.domain.alerts import GRAVE, RULES, Alert, Message, Status
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.escalation import Policy, Until, at_once, from_json
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, ChannelName
from broadcaster.domain.policies import policy_for, sent_like
from broadcaster.domain.refusals import Refused
from broadcaster.domain.report import ChannelReach, Delta, Expected, Further, Reach, SmsPreview
from broadcaster.domain.stations import Station
from broadcaster.domain.timing import Timing
from broadcaster.domain.warned import Warned
from broadcaster.pipeline import coverage, expected, reach_density
from broadcaster.pipeline.render import Context, foreseen, sms_text
from broadcaster.pipeline.rules import check_receivers, check_texts
from broadcaster.pipeline.services import Services
from broadcaster.sending.providers import rate_of
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, budgets, threads
from broadcaster.store.alerts.messages import read_message
from broadcaster.store.engine.rounding import TENS
from broadcaster.store.stations import stations
from channels.sms import Segments, count, plain

_IN_ORDER = 20_000
ASKED = reach_density.ASKED
_ANSWER_S = 5.0
_REACH = TypeAdapter(Reach)
_SLOW_S = 600.0


@dataclass(frozen=True, slots=True)
class Question:
    """A reach query: a station's message, whose texts may be empty. ``sent_at`` None: sent now.

    ``updates``: the alert that it would update, by whose channels or policy it goes. ``policy`` None: the message's
    own, the station's, or all of the message's channels at once.
    """

    station: Station
    message: Message
    sent_at: datetime | None = None
    expires_at: datetime | None = None
    updates: int | None = None
    policy: Policy | None = None


async def reach(services: Services, question: Question) -> Reach:
    """Return whom a message would reach. Raises ``Refused`` like ``issue``.

    It counts the people of now; their quiet hours are judged at ``sent_at``.

    A process without indexes asks a resolver; raises ``NoAnswer`` on timeout.
    """
    station, message = question.station, question.message
    async with services.store.read() as unit:
        known = await stations.group_ids(unit, station.id)
        before = None if question.updates is None else await _updated(unit, question)
    if before is not None:
        message = sent_like(message, before)
    policy = policy_for(station, message, before) or at_once(message.channels)
    message = replace(message, channels=policy.channels)
    question = replace(question, message=message, policy=policy)
    await asyncio.to_thread(check_receivers, station, message, known)
    if message.texts:
        check_texts(station, message.texts)
    if services.atlas is None:
        said = await services.bus.ask(ASKED, _written(question), _ANSWER_S)
        return _REACH.validate_json(said)
    return await foresee(services, question)


async def answer(services: Services, asked: bytes) -> bytes:
    """Answer, in a resolver, other processes' queries about reach or density."""
    wanted = orjson.loads(asked)
    pictured, housed = wanted.get(reach_density.QUESTION), wanted.get(coverage.QUESTION)
    async with services.store.read() as unit:
        station = await stations.by_id(unit, pictured or housed or wanted["station"])
    if station is None:
        return b""
    if pictured is not None:
        return orjson.dumps([list(each) for each in await reach_density.foresee(services, station)])
    if housed is not None:
        return await coverage.answer(services, station)
    question = Question(
        station,
        read_message(wanted, Audience(AudienceKind(wanted["audience"]["kind"]), tuple(wanted["audience"]["groups"]))),
        sent_at=_moment(wanted["sent_at"]),
        expires_at=_moment(wanted["expires_at"]),
        updates=wanted["updates"],
        policy=None if wanted["policy"] is None else from_json(wanted["policy"]),
    )
    return orjson.dumps(await foresee(services, question), option=orjson.OPT_NON_STR_KEYS)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _written(question: Question) -> bytes:
    return orjson.dumps(
        {
            "station": question.station.id,
            **question.message.to_json(),
            "audience": {"kind": question.message.audience.kind, "groups": question.message.audience.groups},
            "sent_at": question.sent_at,
            "expires_at": question.expires_at,
            "updates": question.updates,
            "policy": None if question.policy is None else question.policy.to_json(),
        }
    )


async def foresee(services: Services, question: Question) -> Reach:
    """Return the reach from this process's indexes."""
    station, area, channels = question.station, question.message.area, question.message.channels
    atlas = services.here
    await atlas.follow()
    counted = atlas.counted(station.id, area, question.message.audience)
    # The order matters for the time to 95 %; in a very large group it reveals no more than a map does.
    own = atlas.most_exposed_first(counted.own, area if len(counted.own) <= _IN_ORDER else None)
    concerned = np.concatenate((own, _stand_ins(counted.pool, counted.others)))
    context = _context(services, question)
    timings = await _timings(services, context, len(concerned))
    woken = timings.pop(Timing.MISSED, 0) if question.message.wakes else 0
    timings[Timing.NOW] += woken
    people = _stand_ins(concerned, timings[Timing.NOW] + timings[Timing.LATER])
    numbers = [CHANNEL_NUMBER[name] for name in channels]
    ways = atlas.roster.phonebook.contacts_of(people, station.id)
    every = ways.counts(len(people))
    sent = ways.counts(len(people), first=True)  # a contact shared by two people gets one message
    previews, units = _sms(services, context, people)
    billed = sent.copy()
    billed[:, CHANNEL_NUMBER[ChannelName.SMS]] *= units
    lacking = np.ones(len(people), np.bool_)
    for number in numbers:
        lacking &= every[:, number] == 0
    spare = lacking.copy()
    spare[lacking] = every[lacking].any(axis=1)
    nothing = lacking & ~spare
    opted_out = int(ways.refusals(len(people))[nothing].any(axis=1).sum())
    paused = int(np.isin(people, atlas.roster.paused()).sum())
    without, unused = int(lacking.sum()), int(spare.sum())
    lack = _Lack(without, opted_out, paused, unused)
    price = {ChannelName.SMS: services.settings.sms_price_minor, ChannelName.VOICE: services.settings.voice_price_minor}
    found: dict[ChannelName, ChannelReach] = {}
    for name, number in zip(channels, numbers, strict=True):
        total = int(billed[:, number].sum())
        found[name] = ChannelReach(
            people=int((every[:, number] > 0).sum()),
            contacts=int(sent[:, number].sum()),
            units=total,
            cost_minor=total * price.get(name, 0),
            seconds=round(total / rate_of(services.settings, name), 1),
        )
    further = {
        name: Further(int((spare & (every[:, number] > 0)).sum()), int(billed[:, number].sum()) * price.get(name, 0))
        for number, name in enumerate(CHANNELS)
        if name not in channels
    }
    course = await _course(services, question, context, every, billed)
    said = _expected(course, found, answers=RULES[question.message.severity].answers)
    async with services.store.read() as unit:
        allowed = await budgets.left(unit, station.id, context.now)
    over = {name: said.messages[name] - most for name, most in allowed.items() if said.messages.get(name, 0) > most}
    fewer_than = TENS if len(counted.pool) and not counted.others else None
    return Reach(
        people=len(concerned),
        woken=woken,
        hearing={each.value: timings[each] for each in Timing},
        registered=len(own),
        others=counted.others,
        others_fewer_than=fewer_than,
        devices=found[ChannelName.PUSH].contacts if ChannelName.PUSH in found else 0,
        reachable=len(people) - without,
        no_channel=without,
        opted_out=opted_out,
        paused=paused,
        unused=unused,
        no_contact=lack.no_contact,
        channels=found,
        further={name: each for name, each in further.items() if each.people},
        sms=previews,
        cost_minor=sum(each.cost_minor for each in found.values()),
        currency=services.settings.currency,
        seconds_to_95=course.seconds_to_95,
        expected=said,
        area_km2=None if area is None else round(area.area_m2 / 1e6, 3),
        sandbox=tuple(name for name in channels if name in services.sandboxed),
        warned=(
            *_nobody(len(concerned), fewer_than, len(people), without),
            *_lacking(lack, len(people), further, question.message),
            *_dear(course.seconds_to_95, previews),
            *_beyond(over, question.message),
        ),
        unconfirmed=counted.unconfirmed,
        delta=await _delta(services, question, counted),
        over_budget=over,
    )


async def _delta(services: Services, question: Question, counted: Counted) -> Delta | None:
    """Return people by how an update concerns them. Raises like ``_updated``."""
    if question.updates is None:
        return None
    async with services.store.read() as unit:
        alert = await _updated(unit, question)
        informed = await threads.informed_of(unit, alert)
    area = question.message.area
    local = question.message.audience.is_local(area=area is not None)
    return services.here.delta(alert, area if local else None, counted, informed)


async def _updated(unit: Unit, question: Question) -> Alert:
    """Return the alert that the message would update. Raises ``Refused`` if the station has no such alert."""
    alert = await alerts.by_id(unit, question.updates or 0)
    if alert is None or alert.station_id != question.station.id:
        raise Refused("alert-missing", "updates", id=str(question.updates))
    return alert


async def _timings(services: Services, context: Context, people: int) -> Counter[Timing]:
    """Estimate how these people would get the alert (now, later, in a digest, or not) if it woke nobody."""
    if not context.alert.may_wait:
        return Counter({Timing.NOW: people})
    usual = services.usual_of(context.station)
    return await services.here.choices.timings(replace(context.alert, wakes=False), people, usual, context.now)


def _stand_ins(pool: NDArray[np.int64], people: int) -> NDArray[np.int64]:
    """Return a fixed sample of ids from a pool, with the channels and languages of its people.

    It stands in for the people in the area, or who would be told, so that these stay private.
    """
    if len(pool) < people:
        return np.resize(pool, people if len(pool) else 0)
    return pool[np.arange(people) * len(pool) // people] if people else pool[:0]


def _sms(
    services: Services, context: Context, people: NDArray[np.int64]
) -> tuple[tuple[SmsPreview, ...], NDArray[np.int64]]:
    """Return the SMS in each language, and the segments of each person's."""
    units = np.ones(len(people), np.int64)
    if not context.alert.texts:
        return (), units
    cut: dict[str, Segments] = {}
    previews = []
    for language in context.alert.texts:
        _, text = context.in_language(language)
        said = sms_text(context, language, text)
        cut[language] = count(said)
        previews.append(
            SmsPreview(language, said, cut[language].encoding, cut[language].segments, cut[language].culprits)
        )
    for locale, which in services.here.roster.locales(people).items():
        language, _ = context.in_language(locale)
        units[which] = cut[language].segments
    return tuple(previews), units


def _context(services: Services, question: Question) -> Context:
    now = question.sent_at or services.clock.now()
    return foreseen(
        question.message,
        question.station,
        services.links,
        sent_at=now,
        expires_at=question.expires_at or now + timedelta(hours=services.settings.default_expiry_hours),
        updates=question.updates is not None,
    )


async def _course(
    services: Services, question: Question, context: Context, every: NDArray[np.int64], billed: NDArray[np.int64]
) -> expected.Course:
    """Simulate the policy for people with these contacts, and units by channel that a provider counts for them."""
    return expected.simulate(
        (question.policy or at_once(question.message.channels)).rounds,
        every,
        billed,
        reactions=await services.reactions(question.station.id),
        rates={name: rate_of(services.settings, name) for name in question.message.channels},
        ends_s=(context.alert.expires_at - context.now).total_seconds(),
    )


def _expected(course: expected.Course, found: Mapping[ChannelName, ChannelReach], *, answers: bool) -> Expected:
    """``answers``: whether people are asked to confirm."""
    return Expected(
        messages={name: round(each.contacts * course.sent[name]) for name, each in found.items()},
        cost_minor=round(sum(each.cost_minor * course.sent[name] for name, each in found.items())),
        reached={until: each for until, each in course.reached.items() if answers or until is not Until.CONFIRMED},
    )


def _nobody(people: int, fewer_than: int | None, hear: int, without: int) -> Iterator[Warned]:
    if people == 0 and fewer_than:
        yield Warned("nobody-on-list", {"fewer": fewer_than})
    elif people == 0:
        yield Warned("nobody-concerned")
    elif hear == 0:
        yield Warned("nobody-told")
    elif without == hear:
        yield Warned("nobody-reachable")


@dataclass(frozen=True, slots=True)
class _Lack:
    """People without a contact by an alert's channels, and why."""

    without: int
    opted_out: int
    paused: int
    unused: int

    @property
    def no_contact(self) -> int:
        return self.without - self.opted_out - self.paused - self.unused


def _lacking(lack: _Lack, hear: int, further: Mapping[ChannelName, Further], message: Message) -> Iterator[Warned]:
    """Yield warnings about the people, among ``hear``, whom these channels do not reach."""
    if lack.unused:
        by = [name for name, each in further.items() if each.people]
        yield Warned("contact-not-used", {"some": lack.unused, "n": hear, "channels": by})
    if lack.no_contact:
        lives = message.severity in GRAVE and message.status is Status.ACTUAL
        yield Warned("no-contact-visit" if lives else "no-contact", {"some": lack.no_contact, "n": hear})
    if lack.opted_out:
        yield Warned("opted-out", {"n": lack.opted_out})
    if lack.paused:
        yield Warned("paused", {"n": lack.paused})


def _dear(seconds: float | None, previews: Sequence[SmsPreview]) -> Iterator[Warned]:
    if seconds is not None and seconds > _SLOW_S:
        yield Warned("slow", {"minutes": round(seconds / 60)})
    for preview in previews:
        cheaper, signs = count(plain(preview.text)).segments, " ".join(preview.culprits)
        if cheaper < preview.segments:
            gaps = {"language": preview.language, "now": preview.segments, "signs": signs, "cheaper": cheaper}
            yield Warned("sms-dear", gaps)


def _beyond(over: Mapping[ChannelName, int], message: Message) -> Iterator[Warned]:
    outcome = "exceeded" if message.severity in GRAVE and message.status is Status.ACTUAL else "stops"
    for name, n in over.items():
        yield Warned(f"budget-{outcome}-{name}", {"n": n})
