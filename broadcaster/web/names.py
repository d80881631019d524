"""Names in the reader's language."""

from broadcaster.domain.operators import KEY_OF_COMMAND, KEY_OF_MACHINE
from broadcaster.domain.people import ChannelName
from broadcaster.web.i18n import Words

CHANNEL_ICONS = {
    ChannelName.PUSH: "bell",
    ChannelName.SMS: "text",
    ChannelName.VOICE: "phone",
    ChannelName.EMAIL: "mail",
}


def author_word(label: str, words: Words) -> str:
    """Return an author's name; names of keys made by commands are translated."""
    return words(label) if label in (KEY_OF_MACHINE, KEY_OF_COMMAND) else label


def language_word(locale: str, words: Words) -> str:
    """Return a language's name in the reader's language, else its tag."""
    name = words.locale.languages.get(locale.split("-", maxsplit=1)[0], locale)
    return first_large(name)


def first_large(text: str) -> str:
    """Begin a name or a sentence with a capital."""
    return text[:1].upper() + text[1:]
