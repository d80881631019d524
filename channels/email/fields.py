"""Header fields, folded (RFC 5322) and encoded (RFC 2047) so that no value can end its own field."""

import base64
import re

_WIDTH = 76  # RFC 2047 section 2: a line with encoded words has at most 76 characters
_WORD_FRAME = len("=?utf-8?q??=")
_LONGEST_WORD = 75
# Ends a field or a line for some parsers; lone surrogates have no UTF-8
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PLAIN = re.compile(r"[!-~]{1,60}(?: [!-~]{1,60})*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,60}(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,60})*")
_QUOTABLE = re.compile(r"[ -~]{1,60}")
# Safe wherever an encoded word may be (RFC 2047 section 5, rule 3)
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q = {byte: chr(byte) if byte in _Q_SAFE else f"={byte:02X}" for byte in range(256)} | {0x20: "_"}


def check_value(what: str, value: str) -> None:
    """Raise ``ValueError`` if ``value`` contains a line break or another control character."""
    if _FORBIDDEN.search(value):
        raise ValueError(f"{what} holds a line break or a control character")


def unstructured(name: str, value: str) -> bytes:
    """Return a whole free-text field (Subject), folded, with its final CRLF."""
    check_value(name, value)
    if not value:
        return f"{name}:\r\n".encode("ascii")
    if _PLAIN.fullmatch(value) and "=?" not in value:
        return _folded(f"{name}:", value.split(" "))
    return f"{name}: {_encoded_words(value, len(name) + 2)}\r\n".encode("ascii")


def mailbox(name: str, phrase: str | None, address: str, *, brackets: bool = False) -> bytes:
    """Return a whole field with a name before an address or id in angle brackets (From, List-Id)."""
    if not phrase:
        return f"{name}: {f'<{address}>' if brackets else address}\r\n".encode()
    check_value(name, phrase)
    looks_encoded = "=?" in phrase  # many clients decode it even within quotes
    if _ATOMS.fullmatch(phrase) and not looks_encoded:
        words = phrase.split(" ")
    elif _QUOTABLE.fullmatch(phrase) and not looks_encoded:
        words = ['"' + phrase.replace("\\", r"\\").replace('"', r"\"") + '"']
    else:
        words = _encoded_words(phrase, len(name) + 2).split("\r\n ")
    return _folded(f"{name}:", [*words, f"<{address}>"])


def _folded(line: str, words: list[str]) -> bytes:
    lines = []
    for index, word in enumerate(words):
        if index and len(line) + 1 + len(word) > _WIDTH:
            lines.append(line)
            line = ""
        line += f" {word}"
    return ("\r\n".join([*lines, line]) + "\r\n").encode()


def _encoded_words(text: str, used: int) -> str:
    """Return RFC 2047 words on separate lines, the first after ``used`` columns; characters are never split."""
    quoted = [("".join(_Q[byte] for byte in char.encode()), char) for char in text]
    binary = sum(len(q) for q, _ in quoted) > len(text.encode()) * 4 / 3
    words: list[str] = []
    chunk, room = "", _WIDTH - used - _WORD_FRAME
    for q, char in quoted:
        cost = len(_payload(chunk + char, binary=True)) if binary else len(chunk) + len(q)
        if cost > room and chunk:
            words.append(_word(chunk, binary=binary))
            chunk, room = "", _LONGEST_WORD - _WORD_FRAME
        chunk += char if binary else q
    return "\r\n ".join([*words, _word(chunk, binary=binary)])


def _word(chunk: str, *, binary: bool) -> str:
    return f"=?utf-8?{'b' if binary else 'q'}?{_payload(chunk, binary=binary)}?="


def _payload(chunk: str, *, binary: bool) -> str:
    return base64.b64encode(chunk.encode()).decode("ascii") if binary else chunk
