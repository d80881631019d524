"""Reasons and message states, in words for operators."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import CHANNEL_NUMBER, ChannelName
from broadcaster.domain.reasons import SENTENCES, Reason, Why, sentence, unpack
from broadcaster.web.i18n import Words


@dataclass(frozen=True, slots=True)
class Missed:
    """People missed for the same reasons. ``slug``: the group in URLs; ``packed``: their stored reasons."""

    slug: str
    sentence: str
    people: int
    packed: tuple[str, ...]


def grouped(found: Mapping[str, int], words: Words) -> list[Missed]:
    """Group people by channels and reasons, ignoring providers' codes; largest group first."""
    groups: defaultdict[tuple[Why, ...], list[str]] = defaultdict(list)
    for packed in found:
        kinds = {each._replace(code=None) for each in unpack(packed)} or {Why(Reason.OTHER)}
        groups[tuple(sorted(kinds, key=lambda each: (_order(each.channel), each.reason)))].append(packed)
    made = [
        Missed(
            ".".join(f"{each.channel}-{each.reason}" if each.channel else each.reason for each in kinds),
            sentence(kinds, words),
            sum(found[each] for each in packed),
            tuple(sorted(packed)),
        )
        for kinds, packed in groups.items()
    ]
    return sorted(made, key=lambda missed: (-missed.people, missed.slug))


def _order(channel: ChannelName | None) -> int:
    return -1 if channel is None else CHANNEL_NUMBER[channel]


def state_word(state: DeliveryState, words: Words) -> str:
    if state.failure:
        return words(SENTENCES[state.reason])
    return {
        DeliveryState.QUEUED: words("waiting to leave"),
        DeliveryState.ACCEPTED: words("handed over, no proof of arrival"),
        DeliveryState.DELIVERED: words("arrived"),
        DeliveryState.DISPLAYED: words("shown on the device"),
        DeliveryState.OPENED: words("opened"),
        DeliveryState.ACKNOWLEDGED: words("confirmed by the person"),
    }[state]
