"""Words an alert's progress as one sentence and a style; formats numbers and durations."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_time
from babel.numbers import format_decimal

from broadcaster.domain.alerts import Alert, MsgType, ThreadRole
from broadcaster.domain.deliveries import CHOSEN, PersonState
from broadcaster.domain.report import Report
from broadcaster.web.i18n import Words

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_TENTHS_BELOW_S = 10
_WELL, _POORLY, _PICTURED = 0.95, 0.5, 0.6


@dataclass(frozen=True, slots=True)
class People:
    """A report's people in four figures for operators. ``reached`` includes ``confirmed``."""

    matched: int
    reached: int
    confirmed: int
    pending: int
    unreached: int

    @property
    def share(self) -> float:
        """Return the share reached, 0 to 1."""
        return self.reached / self.matched if self.matched else 0.0

    @property
    def reachable(self) -> int:
        """Return the top of the curve: everyone, or only the reachable people if most are unreachable."""
        able = self.matched - self.unreached
        return self.matched if able >= _PICTURED * self.matched else able

    @property
    def percent(self) -> int:
        """Return the percentage, rounded down: 100 only for everyone."""
        return int(100 * self.reached / self.matched) if self.matched else 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """``look``: good, busy, warn, bad or still. ``sentence``: the verdict; ``more``: details."""

    look: str
    sentence: str
    more: str = ""


def people_of(by_state: dict[PersonState, int]) -> People:
    """Sum up people by state, without those who chose a digest or no alert."""
    return People(
        matched=sum(n for state, n in by_state.items() if state not in CHOSEN),
        reached=sum(n for state, n in by_state.items() if state >= PersonState.ACCEPTED),
        confirmed=sum(n for state, n in by_state.items() if state >= PersonState.DELIVERED),
        pending=by_state.get(PersonState.PENDING, 0),
        unreached=by_state.get(PersonState.UNREACHED, 0),
    )


def people_in(report: Report) -> People:
    """Sum up the people of a report."""
    return people_of({state: report.people.get(state.word, 0) for state in PersonState})


def sandboxed(alert: Alert) -> bool:
    """Return whether all channels are sandboxed, so that nothing is sent."""
    return bool(alert.channels) and set(alert.channels) <= set(alert.sandbox)


def verdict(alert: Alert, people: People, words: Words) -> Verdict:
    """Return the progress, which a mayor must grasp in one second."""
    gaps = {"matched": words.number(people.matched)}
    if people.matched == 0 and alert.resolved_at is None:
        return Verdict("busy", words("We are finding out who is concerned."), words("It takes some seconds at most."))
    if people.matched == 0:
        return _to_nobody(alert, words)
    if sandboxed(alert):
        return Verdict(
            "still",
            words("Nothing was sent: this service is in the sandbox."),
            words("The messages were composed and kept. The figures say what would have happened."),
        )
    if people.pending or alert.resolved_at is None:
        sentence = words.many(
            "%(n)s person of %(matched)s is told. Sending goes on.",
            "%(n)s people of %(matched)s are told. Sending goes on.",
            people.reached,
            **gaps,
        )
        # Unreachable people are known early: a mayor need not wait for the rest.
        poor = people.unreached > (1 - _WELL) * people.matched
        return Verdict("warn" if poor else "busy", sentence, _missed(people, words) if poor else "")
    return _finished(people, words, gaps)


def _to_nobody(alert: Alert, words: Words) -> Verdict:
    if alert.msg_type is MsgType.CANCEL:
        return Verdict("still", words("Nobody had been told of the alert: the all-clear went to no one."))
    if alert.role is ThreadRole.LEFT:
        return Verdict("still", words("Nobody had to be told that the alert no longer applies to them."))
    sentence = words("Nobody was told: nobody is concerned.")
    return Verdict("bad", sentence, words("Nobody whom this alert is for lives, or is, in its area."))


def _finished(people: People, words: Words, gaps: dict[str, str]) -> Verdict:
    if people.unreached == 0:
        everyone = words.many("Everyone is told: %(n)s person.", "Everyone is told: %(n)s people.", people.matched)
        return Verdict("good", everyone)
    if people.reached == 0:
        return Verdict("bad", words("Nobody is told: no message went through."))
    sentence = words.many(
        "%(n)s person of %(matched)s is told.", "%(n)s people of %(matched)s are told.", people.reached, **gaps
    )
    look = "good" if people.share >= _WELL else "warn" if people.share >= _POORLY else "bad"
    return Verdict(look, sentence, _missed(people, words))


def _missed(people: People, words: Words) -> str:
    return words.many("%(n)s person could not be reached.", "%(n)s people could not be reached.", people.unreached)


def span(seconds: float | None, words: Words) -> str:
    """Format a duration: 0,4 s, 12 s, 3 min 20 s, 2 h 05 min, 3 d 4 h."""
    if seconds is None:
        return "–"
    if seconds < _TENTHS_BELOW_S and seconds != int(seconds):
        return f"{format_decimal(seconds, '0.0', locale=words.locale)}\u00a0s"
    whole = round(seconds)
    parts: tuple[tuple[int, str], ...]
    if whole < _MINUTE_S:
        parts = ((whole, "s"),)
    elif whole < _HOUR_S:
        parts = ((whole // _MINUTE_S, "min"), (whole % _MINUTE_S, "s"))
    elif whole < _DAY_S:
        parts = ((whole // _HOUR_S, "h"), (whole % _HOUR_S // _MINUTE_S, "min"))
    else:
        parts = ((whole // _DAY_S, words("d")), (whole % _DAY_S // _HOUR_S, "h"))
    first, *rest = parts
    said = [f"{first[0]}\u00a0{first[1]}"]
    said += [f"{value:{'d' if unit == 'h' else '02d'}}\u00a0{unit}" for value, unit in rest if value]
    return "\u00a0".join(said)


def clock_time(moment: datetime, zone: ZoneInfo, words: Words) -> str:
    """Format a time of day to the second: 03:12:07."""
    return format_time(moment.astimezone(zone), "HH:mm:ss", locale=words.locale)
