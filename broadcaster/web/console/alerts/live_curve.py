"""Draws the curve of people reached over time: SVG, in hundredths of its width and height.

The time axis is compressed (logarithm of one and the seconds by five), so that both the first seconds and the last hour
are visible, and the curve of a running alert does not jump.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from broadcaster.domain.latency import middle_s, percentile_s
from broadcaster.web.console.alerts.live_words import span
from broadcaster.web.i18n import Words

_SCALE_S = 5.0
_LEAST_S = 10.0
_TICKS_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400, 259_200)
_APART = 12.0
_RIGHT = 58.0
_LEFT = 22.0
_HEADROOM = 1.08
_WIDE = 1000


@dataclass(frozen=True, slots=True)
class Mark:
    """A percentile's point on the curve; ``left``: its label is to its left."""

    x: float
    y: float
    label: str
    left: bool


@dataclass(frozen=True, slots=True)
class Level:
    """A number of people; ``right``: its label is at the right, below its line, where the curve has passed it."""

    y: float
    label: str
    right: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """``line``, ``area`` and ``confirmed``: paths 1,000 wide; other fields in hundredths, y downwards."""

    line: str
    area: str
    confirmed: str
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    levels: tuple[Level, ...]
    spoken: str


def curve_of(
    accepted: Mapping[int, int],
    delivered: Mapping[int, int],
    *,
    matched: int,
    elapsed_s: float | None,
    words: Words,
    height: int = _WIDE,
) -> Curve | None:
    """Draw an alert's histograms; None if nobody was reached yet.

    ``matched``: people to reach, the top of the picture. ``elapsed_s``: seconds since a running alert, so that a
    stalled curve is visible. ``height``: of the paths, which are 1,000 wide.
    """
    reached = sum(accepted.values())
    if reached == 0:
        return None
    longest = max(middle_s(number) for number in (*accepted, *delivered))
    until = max(_LEAST_S, longest * _HEADROOM, elapsed_s or 0.0)
    whole = max(matched, reached)
    top = whole * _HEADROOM

    def x(seconds: float) -> float:
        return 100 * min(1.0, math.log1p(seconds / _SCALE_S) / math.log1p(until / _SCALE_S))

    def y(people: float) -> float:
        return 100 * (1 - people / top)

    def path(counts: Mapping[int, int]) -> str:
        points, seen = [(0.0, 100.0)], 0
        for bucket in sorted(counts):
            seen += counts[bucket]
            points.append((x(middle_s(bucket)), y(seen)))
        points.append((100.0, points[-1][1]))
        return "M" + "L".join(f"{left * 10:.1f} {down * height / 100:.1f}" for left, down in points)

    marks: list[Mark] = []
    for share, word in ((0.50, "50"), (0.95, "95")):
        seconds = percentile_s(accepted, share)
        if seconds is not None:
            at = x(seconds)
            label = words("%(share)s%% in %(time)s", share=word, time=span(seconds, words))
            told = sum(n for number, n in accepted.items() if middle_s(number) <= seconds)
            mark = Mark(round(at, 2), round(y(told), 2), label, left=at > _RIGHT)
            if marks and (marks[-1].x, marks[-1].y) == (mark.x, mark.y):
                marks.pop()  # the later says more, at the same place
            marks.append(mark)
    line = path(accepted)
    half = whole // 2
    levels = [Level(round(y(whole), 2), words.number(whole))]
    if half > 1:
        early = sum(n for number, n in accepted.items() if x(middle_s(number)) < _LEFT)
        levels.append(Level(round(y(half), 2), words.number(half), right=early > half))
    return Curve(
        line=line,
        area=f"{line}L{_WIDE} {height}L0 {height}Z",
        confirmed=path(delivered) if delivered else "",
        marks=tuple(marks),
        ticks=tuple(_ticks(x, until, words)),
        levels=tuple(levels),
        spoken=words("People reached over time. %(marks)s", marks=", ".join(mark.label for mark in marks)),
    )


def _ticks(x: Callable[[float], float], until: float, words: Words) -> list[tuple[float, str]]:
    made: list[tuple[float, str]] = []
    for seconds in _TICKS_S:
        at = x(seconds)
        if seconds < until and at - (made[-1][0] if made else 0.0) >= _APART and at <= 100 - _APART / 2:
            made.append((round(at, 2), span(seconds, words)))
    return made
