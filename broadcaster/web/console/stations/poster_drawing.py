"""The poster for the town hall's door: one A4 SVG in millimetres, also the source of the PDF.

No font is embedded: text is measured for the widest of the usual sans-serif faces, so that it fits in any. The QR code
(ISO/IEC 18004) has its quiet zone of four modules, and corrects errors in up to a quarter of it. Beside it is the map
of the territory, if the station has one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import segno
from markupsafe import escape

from broadcaster.domain.stations import Station
from broadcaster.palette import PALETTE
from broadcaster.web.drawing import Picture
from broadcaster.web.i18n import Words
from channels.sms import written

WIDTH, HEIGHT = 210.0, 297.0
"""A4, in millimetres."""

_FACES = "Liberation Sans, Arial, Helvetica, Noto Sans, DejaVu Sans, sans-serif"
_DEEP, _BRASS, _INK, _QUIET, _PALE, _LINE = (
    PALETTE[name] for name in ("act", "icon-bell", "ink", "quiet", "act-soft", "severe")
)
_EDGE = 16.0
_BAND = 72.0
_LOGO = 40.0
_CODE = 98.0
_CODE_BESIDE_MAP = 8.0
_MAP_LEFT, _MAP_TOP, _MAP_WIDTH = 108.0, 83.0, 86.0
_QUIET_MODULES = 4
_NARROW, _WIDE = "iljtfrI.,:;!'’|()[] -\u202f\u00a0", "mwMW@%Œœ—"
_BELL = (
    "M16 2.5a2.3 2.3 0 0 1 2.3 2.3v.7c4.6 1 7.4 4.7 7.4 9.9 0 5.2 1.3 7.2 2.9 8.8.9.9.3 2.3-1 2.3H4.4"
    "c-1.3 0-1.9-1.4-1-2.3 1.6-1.6 2.9-3.6 2.9-8.8 0-5.2 2.8-8.9 7.4-9.9v-.7A2.3 2.3 0 0 1 16 2.5z"
    " M12.4 28h7.2a3.6 3.6 0 0 1-7.2 0z"
)
_NAME_SIZES = ((17, 1), (15, 1), (13, 1), (11.5, 2), (10, 2), (7.6, 3), (6.6, 3))


@dataclass(frozen=True, slots=True)
class Step:
    """One step, in the station's own language and in the second."""

    own: str
    other: str


def address_of(base_url: str, slug: str) -> str:
    """Return the address in the QR code, which is also printed below it."""
    return f"{base_url.rstrip('/')}/s/{slug}"


def poster(
    station: Station, base_url: str, own: Words, other: Words, *, picture: Picture | None = None, map_by: str = ""
) -> str:
    """Return the poster as SVG; ``own`` first and large, ``other`` below it.

    ``picture``: the territory; ``map_by``: the attribution of the tiles under it.
    """
    address = address_of(base_url, station.slug)
    steps = [Step(words_own, words_other) for words_own, words_other in zip(_steps(own), _steps(other), strict=True)]
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="{WIDTH:g}mm"'
        f' height="{HEIGHT:g}mm" font-family="{_FACES}" role="img" aria-label="{escape(address)}">'
    )
    parts = [
        opening,
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#fff"/>',
        *_top(station.name, own, other),
        *_code(f"{address}?via=qr", (WIDTH - _CODE) / 2 if picture is None else _CODE_BESIDE_MAP),
        *(() if picture is None else _map(picture, station.name, map_by, own, other)),
        *_address(address),
        *_stairs(steps),
        *_bottom(station, own, other),
        "</svg>",
    ]
    return "".join(parts)


def _steps(words: Words) -> tuple[str, str, str]:
    return (
        words("Scan this code with your telephone."),
        words("Choose: notification, SMS or e-mail."),
        words("Say where you live, if you like."),
    )


def _promise(words: Words) -> str:
    return words("Get alerts when there is danger.")


def _top(name: str, own: Words, other: Words) -> Iterable[str]:
    yield f'<rect width="{WIDTH:g}" height="{_BAND:g}" fill="{_DEEP}"/>'
    # Room for the town's arms or logo.
    yield f'<rect x="{WIDTH - _EDGE - _LOGO:g}" y="{_EDGE:g}" width="{_LOGO:g}" height="{_LOGO:g}" rx="3" fill="#fff"/>'
    yield f'<path transform="translate({_EDGE:g} 13) scale(.44)" fill="{_BRASS}" d="{_BELL}"/>'
    yield _text(own("Alerts"), _EDGE + 18, 24, 7, fill=_BRASS, bold=True)
    room = WIDTH - 3 * _EDGE - _LOGO
    for size, most in _NAME_SIZES:
        lines, fits = fitted(name, room, sizes=(size,), most=most)
        if not lines[-1].endswith("…"):
            break
    y = 32.0 + fits * 0.8
    for line in lines:
        yield _text(line, _EDGE, y, fits, fill="#fff", bold=True)
        y += fits * 1.1
    yield _text(_promise(own), _EDGE, _BAND - 13.5, 6, fill="#fff")
    if other.language != own.language:
        yield _text(_promise(other), _EDGE, _BAND - 6.5, 4.6, fill=_PALE)


def _code(address: str, left: float) -> Iterable[str]:
    matrix = [list(row) for row in segno.make_qr(address, error="q", boost_error=True).matrix]
    modules = len(matrix) + 2 * _QUIET_MODULES
    scale = _CODE / modules
    runs = "".join(
        f"M{x + _QUIET_MODULES} {y + _QUIET_MODULES}h{length}v1h-{length}z"
        for y, row in enumerate(matrix)
        for x, length in _runs(row)
    )
    yield (
        f'<path transform="translate({left:.3f} {_BAND + 1:.3f}) scale({scale:.5f})" fill="#000"'
        f' shape-rendering="crispEdges" d="{runs}"/>'
    )


def _runs(row: Sequence[int]) -> Iterable[tuple[int, int]]:
    begun = None
    for at, dark in enumerate([*row, 0]):
        if dark and begun is None:
            begun = at
        elif not dark and begun is not None:
            yield begun, at - begun
            begun = None


def _map(picture: Picture, name: str, by: str, own: Words, other: Words) -> Iterable[str]:
    """Draw the territory over its tiles; without tiles, with the town's name."""
    height = _MAP_WIDTH * picture.height / picture.width
    yield (
        f'<svg x="{_MAP_LEFT:g}" y="{_MAP_TOP:g}" width="{_MAP_WIDTH:g}" height="{height:.2f}" viewBox="{picture.left}'
        f' {picture.top} {picture.width} {picture.height}">'
        f'<rect x="{picture.left}" y="{picture.top}" width="{picture.width}" height="{picture.height}" fill="{_PALE}"/>'
    )
    for each in picture.tiles:
        yield (
            f'<image href="{each.href}" x="{each.left}" y="{each.top}" width="{each.width}" height="{each.height}"'
            ' preserveAspectRatio="none"/>'
        )
    yield (
        f'<path d="{picture.area}" fill="{_LINE}" fill-opacity=".08" stroke="{_LINE}" stroke-width="{picture.stroke}"'
        ' fill-rule="evenodd"/>'
    )
    if picture.town and not picture.tiles:
        (x, y), size = picture.town, picture.width / 22
        yield f'<circle cx="{x}" cy="{y}" r="{picture.width / 140:.0f}" fill="{_INK}"/>'
        yield _text(name, x + size / 2, y - size / 3, size, fill=_INK, bold=True)
    yield "</svg>"
    if picture.tiles:
        yield _text(by, _MAP_LEFT + 1, _MAP_TOP + height + 3.4, 2.6, fill=_QUIET)
    y = _MAP_TOP + height + 10
    for words, size, fill in ((own, 4.6, _INK), (other, 3.9, _QUIET)):
        if words is own or other.language != own.language:
            said = words("These alerts are for this area.")
            lines, fits = fitted(said, _MAP_WIDTH, sizes=(size, size * 0.9, size * 0.8), most=1)
            yield _text(lines[0], _MAP_LEFT + _MAP_WIDTH / 2, y, fits, fill=fill, middle=True)
            y += 6


def _address(address: str) -> Iterable[str]:
    parts = urlsplit(address)
    shown = f"{parts.netloc}{parts.path}" if parts.scheme == "https" else address
    lines, size = fitted(shown, WIDTH - 2 * _EDGE, sizes=(9, 8, 7, 6, 5), most=2)
    y = _BAND + _CODE + (9 if len(lines) == 1 else 7)
    for line in lines:
        yield _text(line, WIDTH / 2, y, size, fill=_DEEP, bold=True, middle=True)
        y += size * 1.15


def _stairs(steps: Sequence[Step]) -> Iterable[str]:
    room = WIDTH - 2 * _EDGE - 24
    own_size = min(fitted(step.own, room, sizes=(6.6, 6.2, 5.8, 5.4, 5), most=1)[1] for step in steps)
    small = min(fitted(step.other, room, sizes=(4.8, 4.4, 4), most=1)[1] for step in steps)
    y = 203.0
    for number, step in enumerate(steps, start=1):
        yield f'<circle cx="{_EDGE + 8:g}" cy="{y:g}" r="8" fill="{_DEEP}"/>'
        yield _text(str(number), _EDGE + 8, y + 3.1, 9, fill="#fff", bold=True, middle=True)
        yield _text(
            fitted(step.own, room, sizes=(own_size,), most=1)[0][0], _EDGE + 23, y, own_size, fill=_INK, bold=True
        )
        if step.other != step.own:
            yield _text(fitted(step.other, room, sizes=(small,), most=1)[0][0], _EDGE + 23, y + 6.4, small, fill=_QUIET)
        y += 22.0


def _bottom(station: Station, own: Words, other: Words) -> Iterable[str]:
    top = 265.0
    yield f'<rect y="{top:g}" width="{WIDTH:g}" height="{HEIGHT - top:g}" fill="{_PALE}"/>'
    y = top + 9
    for words, size, fill in ((own, 5.0, _INK), (other, 3.9, _QUIET)):
        if words is other and other.language == own.language:
            continue
        said = [words("Free, without an account. You can stop at any time.")]
        if station.phone:
            said.append(words("No mobile? Call us: %(phone)s.", phone=written(station.phone)))
        for sentence in said if words is own else [" ".join(said)]:
            lines, fits = fitted(sentence, WIDTH - 2 * _EDGE, sizes=(size, size * 0.9, size * 0.8, size * 0.7), most=1)
            yield _text(lines[0], _EDGE, y, fits, fill=fill)
            y += 7.2


def fitted(text: str, room: float, *, sizes: Sequence[float], most: int) -> tuple[list[str], float]:
    """Break a text into at most ``most`` lines no wider than ``room``, at the largest size that fits.

    At the smallest size, overflow ends with an ellipsis.
    """
    for size in sizes:
        lines = _broken(text, room / size)
        if len(lines) <= most:
            return lines, size
    size = sizes[-1]
    lines = _broken(text, room / size, anywhere=True)[:most]
    while lines[-1] and measured(lines[-1] + "…") > room / size:
        lines[-1] = lines[-1][:-1]
    lines[-1] += "…"
    return lines, size


def _broken(text: str, room: float, *, anywhere: bool = False) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in _pieces(text, anywhere=anywhere):
        if line and measured((line + word).rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        line += word
    lines.append(line.rstrip())
    if any(measured(each) > room for each in lines) and not anywhere:
        return [*lines, *[""] * len(text)]  # a single word is too wide at this size
    return lines


def _pieces(text: str, *, anywhere: bool) -> list[str]:
    if anywhere:
        return list(text)
    pieces: list[str] = []
    word = ""
    for sign in text:
        word += sign
        if sign in " -/":
            pieces.append(word)
            word = ""
    return [*pieces, word] if word else pieces


def measured(text: str) -> float:
    """Return a bold text's maximum width, in ems."""
    return sum(
        0.39 if sign in _NARROW else 1.05 if sign in _WIDE else 0.77 if sign.isupper() else 0.67 for sign in text
    )


def _text(text: str, x: float, y: float, size: float, *, fill: str, bold: bool = False, middle: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    anchor = ' text-anchor="middle"' if middle else ""
    return f'<text x="{x:g}" y="{y:.2f}" font-size="{size:g}" fill="{fill}"{weight}{anchor}>{escape(text)}</text>'
