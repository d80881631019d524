"""Reads people's SMS: a command, or an answer to an alert, in the languages of residents' pages."""

from enum import Enum, auto

from broadcaster.domain.alerts import Alert
from broadcaster.domain.answers import HELP, RECEIVED, SAFE, of_digit
from broadcaster.domain.spelling import searched

LONGEST = 1600
"""How many characters of an incoming text are kept."""


class Command(Enum):
    """``HELP`` asks what this number is."""

    STOP = auto()
    START = auto()
    HELP = auto()


_COMMANDS = {
    Command.STOP: "stop, arret, stopall, stop all, stop sms, stop svp, arretez, arreter, unsubscribe, desabonner,"
    " opt out, optout, stopp, abmelden, stoppen, baja, parar, pare, ferma, basta, إيقاف, توقف",
    Command.START: "start, unstop, reprendre, reabonner, reinscrire",
    Command.HELP: "help, aide, info, infos, hilfe, hulp, ayuda, aiuto, ajuda, مساعدة",
}
_ANSWERS = {
    RECEIVED: "recu, bien recu, message recu, bien recu merci, ok, ok merci, received, got it, vu, erhalten, ontvangen,"
    " recibido, ricevuto, recebido, استلمت, وصلت",
    SAFE: "safe, i am safe, i m safe, im safe, sauf, sauve, sain et sauf, en securite, je suis en securite, a l abri,"
    " je suis a l abri, je vais bien, tout va bien,"
    " sicher, in sicherheit, ich bin in sicherheit, veilig, ik ben veilig, a salvo, estoy a salvo, al sicuro,"
    " sono al sicuro, estou a salvo, em seguranca, بأمان, أنا بأمان, أنا في أمان, في أمان",
    HELP: "help, aide, help me, i need help, need help, besoin d aide, j ai besoin d aide, a l aide, aidez moi,"
    " aide moi, sos, au secours, secours,"
    " hilfe, ich brauche hilfe, hulp, ik heb hulp nodig, ayuda, necesito ayuda, socorro, aiuto, ho bisogno di aiuto,"
    " ajuda, preciso de ajuda, مساعدة, أحتاج مساعدة, أحتاج إلى مساعدة, النجدة",
}
_NUMBERS = {
    "1": "un, une, one, eins, een, uno, um, واحد",
    "2": "deux, two, zwei, twee, dos, due, dois, اثنان",
    "3": "trois, three, drei, drie, tres, tre, ثلاثة",
    "4": "quatre, four, vier, cuatro, quattro, quatro, أربعة",
    "5": "cinq, five, funf, vijf, cinco, cinque, خمسة",
}
_BEFORE_NUMBERS = frozenset({"n", "no", "numero", "number", "nummer", "reponse", "answer", "antwort", "antwoord"})
_COMMAND_OF = {searched(word): each for each, words in _COMMANDS.items() for word in words.split(", ")}
_CHOICE_OF = {searched(word): each for each, words in _ANSWERS.items() for word in words.split(", ")}
_DIGIT_OF = {searched(word): each for each, words in _NUMBERS.items() for word in words.split(", ")}


def command_in(text: str) -> Command | None:
    """Return a text's command, ignoring accents, capitals and punctuation."""
    return _COMMAND_OF.get(searched(text))


def choice_in(text: str, alert: Alert) -> int | None:
    """Return a text's answer; None for anything else.

    A number as in calls (*2.*, *deux*, *n° 2*), words, or both if they mean the same: *2 enfants* is no answer.
    """
    said = searched(text)
    whole = _by_words(said, alert)
    if whole is not None:
        return whole
    first, _, rest = said.partition(" ")
    if first in _BEFORE_NUMBERS:
        return _by_number(rest, alert)
    number = _by_number(first, alert)
    return number if not rest or number == _by_words(rest, alert) else None


def _by_number(said: str, alert: Alert) -> int | None:
    digit = _DIGIT_OF.get(said, said)
    return of_digit(alert, digit) if len(digit) == 1 and digit.isdigit() else None


def _by_words(said: str, alert: Alert) -> int | None:
    for each in alert.texts.values():
        for number, own in enumerate(each.answers, 1):
            if searched(own) == said:
                return number
    choice = _CHOICE_OF.get(said)
    return None if alert.own_answers and choice != HELP else choice
