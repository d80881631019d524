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
    Command.STOP: "stop, arret, stopall, stop all, arretez, arreter, unsubscribe, desabonner, opt out, optout,"
    " stopp, abmelden, stoppen, baja, parar, pare, ferma, basta, إيقاف, توقف",
    Command.START: "start, unstop, reprendre, reabonner, reinscrire",
    Command.HELP: "help, aide, info, infos, hilfe, hulp, ayuda, aiuto, ajuda, مساعدة",
}
_ANSWERS = {
    RECEIVED: "recu, bien recu, message recu, ok, received, got it, vu, erhalten, ontvangen, recibido,"
    " ricevuto, recebido, استلمت, وصلت",
    SAFE: "safe, i am safe, i m safe, im safe, sauf, sauve, sain et sauf, en securite, a l abri, je vais bien,"
    " sicher, in sicherheit, ich bin in sicherheit, veilig, ik ben veilig, a salvo, estoy a salvo, al sicuro,"
    " sono al sicuro, estou a salvo, em seguranca, بأمان, أنا بأمان, أنا في أمان, في أمان",
    HELP: "help, aide, help me, i need help, need help, besoin d aide, j ai besoin d aide, sos, au secours, secours,"
    " hilfe, ich brauche hilfe, hulp, ik heb hulp nodig, ayuda, necesito ayuda, socorro, aiuto, ho bisogno di aiuto,"
    " ajuda, preciso de ajuda, مساعدة, أحتاج مساعدة, أحتاج إلى مساعدة, النجدة",
}
_COMMAND_OF = {searched(word): each for each, words in _COMMANDS.items() for word in words.split(", ")}
_CHOICE_OF = {searched(word): each for each, words in _ANSWERS.items() for word in words.split(", ")}


def command_in(text: str) -> Command | None:
    """Return a text's command, ignoring accents, capitals and punctuation."""
    return _COMMAND_OF.get(searched(text))


def choice_in(text: str, alert: Alert) -> int | None:
    """Return a text's answer (a number as in calls, or a word); None for anything else."""
    said = searched(text)
    if len(said) == 1 and said.isdigit():
        return of_digit(alert, said)
    for each in alert.texts.values():
        for number, own in enumerate(each.answers, 1):
            if searched(own) == said:
                return number
    choice = _CHOICE_OF.get(said)
    return None if alert.own_answers and choice != HELP else choice
